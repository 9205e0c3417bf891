package contract_test

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
)

// payToken has the form of an x-pay-token (p.27).
var payToken = "xv2:1440199445:" + strings.Repeat("4a3b", 16)

// rightHeaders are those of a request with a body.
func rightHeaders() http.Header {
	return http.Header{
		"X-Request-Id": {"3b8a1c2e-0f4d-4d0e-9f51-6c1f5b1f0a01"},
		"Accept":       {"application/json; charset=UTF-8"},
		"Content-Type": {"application/json; charset=UTF-8"},
		"X-Pay-Token":  {payToken},
	}
}

func headerRules(violations []contract.HeaderViolation) []string {
	ids := []string{}
	for _, v := range violations {
		ids = append(ids, strings.TrimPrefix(v.Rule, "headers/"))
	}
	return ids
}

var _ = Describe("request headers", func() {
	DescribeTable("are right (p.26-27)", func(change func(http.Header), body bool) {
		h := rightHeaders()
		change(h)
		Expect(loaded().Tables.ValidateRequestHeaders(h, body)).To(BeEmpty())
	},
		Entry("as the specification shows them", func(http.Header) {}, true),
		Entry("without Content-Type when there is no body", func(h http.Header) { h.Del("Content-Type") }, false),
		Entry("with any Content-Type when there is no body", func(h http.Header) { h.Set("Content-Type", "text/plain") }, false),
		Entry("with a bare Content-Type", func(h http.Header) { h.Set("Content-Type", "application/json") }, true),
		Entry("with a Content-Type in other letter case and quotes", func(h http.Header) { h.Set("Content-Type", `Application/JSON;charset="utf-8"`) }, true),
		Entry("with names in another letter case", func(h http.Header) { h["x-request-id"] = h["X-Request-Id"]; h.Del("X-Request-Id") }, true),
		Entry("with an upper-case digest (INT-001)", func(h http.Header) {
			h.Set("X-Pay-Token", "xv2:1440199445:"+strings.Repeat("4A3B", 16))
		}, true),
		Entry("with an Accept that asks for something else (INT-126)", func(h http.Header) { h.Set("Accept", "text/html") }, true),
		Entry("with optional ones", func(h http.Header) { h.Set("Accept-Language", "en-US"); h.Set("Content-Language", "en-US") }, true),
		Entry("with an X-REQUEST-ID of 36 characters", func(h http.Header) { h.Set("X-Request-Id", strings.Repeat("a", 36)) }, true),
	)

	DescribeTable("are wrong (p.26-27)", func(change func(http.Header), want ...string) {
		h := rightHeaders()
		change(h)
		Expect(headerRules(loaded().Tables.ValidateRequestHeaders(h, true))).To(Equal(want))
	},
		Entry("X-REQUEST-ID missing", func(h http.Header) { h.Del("X-Request-Id") }, "request/X-REQUEST-ID#required"),
		Entry("X-REQUEST-ID empty", func(h http.Header) { h.Set("X-Request-Id", " ") }, "request/X-REQUEST-ID#required"),
		Entry("X-REQUEST-ID of 37 characters", func(h http.Header) { h.Set("X-Request-Id", strings.Repeat("a", 37)) }, "request/X-REQUEST-ID#maxLength"),
		Entry("X-REQUEST-ID with a blank", func(h http.Header) { h.Set("X-Request-Id", "a b") }, "request/X-REQUEST-ID#pattern"),
		Entry("X-REQUEST-ID with an underscore", func(h http.Header) { h.Set("X-Request-Id", "a_b") }, "request/X-REQUEST-ID#pattern"),
		Entry("X-REQUEST-ID twice", func(h http.Header) { h.Add("X-Request-Id", "b") }, "request/X-REQUEST-ID#single"),
		Entry("Accept missing", func(h http.Header) { h.Del("Accept") }, "request/Accept#required"),
		Entry("Content-Type missing", func(h http.Header) { h.Del("Content-Type") }, "request/Content-Type#required"),
		Entry("Content-Type of a form", func(h http.Header) { h.Set("Content-Type", "application/x-www-form-urlencoded") }, "request/Content-Type#pattern"),
		Entry("Content-Type of another charset", func(h http.Header) { h.Set("Content-Type", "application/json; charset=latin1") }, "request/Content-Type#pattern"),
		Entry("x-pay-token missing", func(h http.Header) { h.Del("X-Pay-Token") }, "request/x-pay-token#required"),
		Entry("x-pay-token of another scheme", func(h http.Header) { h.Set("X-Pay-Token", strings.Replace(payToken, "xv2", "xv1", 1)) }, "request/x-pay-token#pattern"),
		Entry("x-pay-token with a short digest", func(h http.Header) { h.Set("X-Pay-Token", payToken[:70]) }, "request/x-pay-token#pattern"),
		Entry("x-pay-token past 256 characters", func(h http.Header) { h.Set("X-Pay-Token", payToken+strings.Repeat("0", 200)) }, "request/x-pay-token#maxLength"),
		Entry("all of them missing", func(h http.Header) { clear(h) }, "request/X-REQUEST-ID#required", "request/Accept#required", "request/Content-Type#required", "request/x-pay-token#required"),
	)

	It("lead to 400 invalidRequest or 401 Unauthorized (p.31, INT-010, INT-013)", func() {
		reasons := []string{}
		for _, v := range loaded().Tables.ValidateRequestHeaders(http.Header{}, true) {
			row := loaded().ErrorOn("tokenLifecycle", v.Trigger)
			reasons = append(reasons, row.Reason())
			Expect(v.Page).To(BeElementOf(26, 27))
		}
		Expect(reasons).To(Equal([]string{"invalidRequest", "invalidRequest", "invalidRequest", "Unauthorized"}))
	})

	It("are explained without giving a credential or a card number away", func() {
		h := rightHeaders()
		h.Set("X-Pay-Token", "xv2:secret")
		h.Set("X-Request-Id", "4111 1111 1111 1111")
		found := loaded().Tables.ValidateRequestHeaders(h, true)
		Expect(found).To(HaveLen(2))
		for _, v := range found {
			for _, text := range []string{v.Message, v.Got} {
				Expect(text).NotTo(ContainSubstring("secret"))
				Expect(text).NotTo(ContainSubstring("1111 1111 1111"))
			}
			Expect(v.Message).To(ContainSubstring(v.Header))
			Expect(v.Message).To(ContainSubstring(v.Expected))
		}
	})

	It("break rules that the list of rules has", func() {
		for _, v := range loaded().Tables.ValidateRequestHeaders(http.Header{}, true) {
			rule, err := loaded().Rule(v.Rule)
			Expect(err).NotTo(HaveOccurred())
			Expect(rule.Page).To(Equal(v.Page))
			Expect(rule.Level).To(Equal(v.Level))
		}
	})
})

var _ = Describe("response headers of the issuer", func() {
	request := http.Header{"X-Request-Id": {"abc-1"}}

	DescribeTable("are right (p.28)", func(h http.Header, body bool) {
		Expect(loaded().Tables.ValidateResponseHeaders(h, request, body)).To(BeEmpty())
	},
		Entry("none at all, as all are optional", http.Header{}, true),
		Entry("with the request's id given back", http.Header{"X-Response-Id": {"abc-1"}}, true),
		Entry("with any Content-Type on an empty body", http.Header{"Content-Type": {"text/plain"}}, false),
		Entry("with the printed Content-Type", http.Header{"Content-Type": {"application/json;charset=UTF-8"}}, true),
	)

	It("must not give another id back (p.28, INT-012)", func() {
		found := loaded().Tables.ValidateResponseHeaders(http.Header{"X-Response-Id": {"abc-2"}}, request, false)
		Expect(headerRules(found)).To(Equal([]string{"response/X-RESPONSE-ID#equals-request"}))
		Expect(found[0].Level).To(Equal(contract.Must))
		Expect(found[0].Got).To(ContainSubstring("abc-2"))
	})

	It("should name JSON for a body (p.28, INT-127)", func() {
		found := loaded().Tables.ValidateResponseHeaders(http.Header{"Content-Type": {"text/plain"}}, request, true)
		Expect(headerRules(found)).To(Equal([]string{"response/Content-Type#pattern"}))
		Expect(found[0].Level).To(Equal(contract.Should))
	})
})
