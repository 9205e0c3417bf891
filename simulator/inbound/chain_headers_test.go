package inbound_test

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/token"
)

var _ = Describe("The way in, headers (p.26-28)", func() {
	var (
		l *lab
		t token.Token
	)
	BeforeEach(func() {
		l = newLab()
		t = l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
	})
	suspend := func(edit func(*http.Request)) answer {
		GinkgoHelper()
		return l.call(request{path: tokenPath(t, "lifecycle"), raw: suspension, edit: edit})
	}
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}

	DescribeTable("answers 400 invalidRequest and names the header", func(edit func(*http.Request), name string, rules ...string) {
		got := suspend(edit)
		got.mustRefuse(400, "invalidRequest")
		Expect(got.body["errorResponse"]).To(HaveKeyWithValue("message", ContainSubstring(name)))
		Expect(rulesOf(l.lastRow())).To(ConsistOf(rules))
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
	},
		Entry("without X-REQUEST-ID (INT-010)", func(r *http.Request) { r.Header.Del("X-REQUEST-ID") }, "X-REQUEST-ID", "headers/request/X-REQUEST-ID#required"),
		Entry("with an empty X-REQUEST-ID", set("X-REQUEST-ID", ""), "X-REQUEST-ID", "headers/request/X-REQUEST-ID#required"),
		Entry("with an X-REQUEST-ID of 37 characters", set("X-REQUEST-ID", strings.Repeat("a", 37)), "X-REQUEST-ID", "headers/request/X-REQUEST-ID#maxLength"),
		Entry("with a blank in X-REQUEST-ID", set("X-REQUEST-ID", "a b"), "X-REQUEST-ID", "headers/request/X-REQUEST-ID#pattern"),
		Entry("with an underscore in X-REQUEST-ID", set("X-REQUEST-ID", "a_b"), "X-REQUEST-ID", "headers/request/X-REQUEST-ID#pattern"),
		Entry("with two X-REQUEST-IDs", func(r *http.Request) { r.Header.Add("X-REQUEST-ID", "second") }, "X-REQUEST-ID", "headers/request/X-REQUEST-ID#single"),
		Entry("without Accept (INT-013)", func(r *http.Request) { r.Header.Del("Accept") }, "Accept", "headers/request/Accept#required"),
		Entry("without Content-Type (INT-013)", func(r *http.Request) { r.Header.Del("Content-Type") }, "Content-Type", "headers/request/Content-Type#required"),
		Entry("with another Content-Type (INT-127)", set("Content-Type", "text/plain"), "Content-Type", "headers/request/Content-Type#pattern"),
		Entry("with a form", set("Content-Type", "application/x-www-form-urlencoded"), "Content-Type", "headers/request/Content-Type#pattern"),
		Entry("with JSON in another charset", set("Content-Type", "application/json; charset=ISO-8859-1"), "Content-Type", "headers/request/Content-Type#pattern"),
		Entry("with two headers missing, both named", func(r *http.Request) {
			r.Header.Del("X-REQUEST-ID")
			r.Header.Del("Accept")
		}, "header Accept is missing", "headers/request/Accept#required", "headers/request/X-REQUEST-ID#required"),
	)

	DescribeTable("takes", func(edit func(*http.Request)) {
		l.mustSucceed("tokenLifecycle", suspend(edit))
	},
		Entry("an X-REQUEST-ID of 36 letters, digits and hyphens", set("X-REQUEST-ID", "aZ0-"+strings.Repeat("9", 32))),
		Entry("any Accept (INT-126)", set("Accept", "text/html")),
		Entry("JSON in capitals", set("Content-Type", "APPLICATION/JSON;CHARSET=UTF-8")),
		Entry("JSON without charset", set("Content-Type", "application/json")),
		Entry("languages", func(r *http.Request) {
			r.Header.Set("Accept-Language", "de-DE, en;q=0.5")
			r.Header.Set("Content-Language", "en-US")
		}),
		Entry("an Authorization header, which is not used (INT-008)", set("Authorization", "Basic abc")),
	)

	It("asks for no Content-Type where there is no body (p.26)", func() {
		l.mustSucceed("tokenInquiry", l.inquire(t, ""))
	})

	DescribeTable("gives X-REQUEST-ID back as X-RESPONSE-ID (p.28, INT-012)", func(id, back string, status int, edit func(*http.Request)) {
		got := suspend(func(r *http.Request) {
			r.Header.Set("X-REQUEST-ID", id)
			edit(r)
		})
		Expect(got.status).To(Equal(status), got.raw)
		Expect(got.headers.Get("X-RESPONSE-ID")).To(Equal(back))
		Expect(got.headers["X-Response-Id"]).To(HaveLen(min(1, len(back))))
	},
		Entry("on success", "id-1", "id-1", 200, func(*http.Request) {}),
		Entry("on a refusal of headers", "id-2", "id-2", 400, func(r *http.Request) { r.Header.Del("Accept") }),
		Entry("on a refusal of credentials", "id-3", "id-3", 401, func(r *http.Request) { r.Header.Del("x-pay-token") }),
		Entry("on an unknown path", "id-4", "id-4", 404, func(r *http.Request) { r.URL.Path = "/nowhere" }),
		Entry("malformed as it is", "a b", "a b", 400, func(*http.Request) {}),
		Entry("but not one that is too long for it", strings.Repeat("x", 37), "", 400, func(*http.Request) {}),
		Entry("but nothing that is not ASCII", "ä", "", 400, func(*http.Request) {}),
	)

	It("warns of an X-REQUEST-ID that came before with another request, and serves it (INT-150)", func() {
		second := l.givenToken(bank, l.givenPAN(bank, "4000000010000026"))
		same := set("X-REQUEST-ID", "same")
		l.mustSucceed("tokenLifecycle", suspend(same))
		Expect(rulesOf(l.lastRow())).To(BeEmpty())
		suspend(same).mustRefuse(400, "VSE40002", "operationType")
		Expect(rulesOf(l.lastRow())).NotTo(ContainElement("headers/request/X-REQUEST-ID#unique"), "it is a resend")
		l.mustSucceed("tokenLifecycle", l.call(request{path: tokenPath(second, "lifecycle"), raw: suspension, edit: same}))
		Expect(rulesOf(l.lastRow())).To(ConsistOf("headers/request/X-REQUEST-ID#unique"))

		foreign := l.givenToken(other, l.givenPAN(other, "4000000020000017"))
		l.mustSucceed("tokenLifecycle", l.call(request{as: other, path: tokenPath(foreign, "lifecycle"), raw: suspension, edit: same}))
		Expect(rulesOf(l.lastRow())).To(BeEmpty(), "another issuer counts by itself")
	})
})

var _ = Describe("The way in, paths and methods (p.31, INT-129)", func() {
	var (
		l *lab
		t token.Token
	)
	BeforeEach(func() {
		l = newLab()
		t = l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
	})

	DescribeTable("answers 404 Not Found in its own words", func(method, path string) {
		path = strings.ReplaceAll(path, "{token}", tokenPath(t, ""))
		got := l.call(request{method: method, path: path, raw: suspension})
		got.mustRefuse(404, "Not Found")
		Expect(got.headers).NotTo(HaveKey("Allow"))
		row := l.lastRow()
		Expect(row.Operation).To(BeEmpty())
		Expect(row.Issuer).To(Equal(bank), "who asks by its own certificate and apiKey finds the row in its own journal")
		Expect(rulesOf(row)).To(ConsistOf("inbound/request#path-known"))
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
	},
		Entry("for another path", "POST", "/vtis/v1/nothing"),
		Entry("for the root", "GET", "/"),
		Entry("for another version", "POST", "/vtis/v2/pan/retrieveTokenInfo"),
		Entry("for a path in other capitals", "POST", "/vtis/v1/pan/retrievetokeninfo"),
		Entry("for a slash at the end", "POST", "{token}lifecycle/"),
		Entry("for two slashes, without a redirect", "POST", "/vtis//v1/pan/retrieveTokenInfo"),
		Entry("for dots, without a redirect", "POST", "/vtis/v1/../v1/pan/retrieveTokenInfo"),
		Entry("for GET where POST is served", "GET", "{token}lifecycle"),
		Entry("for POST where GET is served", "POST", "{token}details"),
		Entry("for DELETE", "DELETE", "{token}lifecycle"),
		Entry("for OPTIONS", "OPTIONS", "{token}lifecycle"),
		Entry("for a method that nobody knows", "SUSPEND", "{token}lifecycle"),
	)

	It("answers HEAD with 404 and no body", func() {
		got := l.call(request{method: "HEAD", path: tokenPath(t, "details")})
		Expect(got.status).To(Equal(404))
		Expect(got.raw).To(BeEmpty())
	})

	It("attributes a call to nobody whose credentials do not fit", func() {
		r := l.target(t, bank, "?apiKey="+l.directory.Issuers[bank].Credentials.APIKey)
		r.URL.Path = "/nowhere"
		l.send(r, l.directory.Issuers[other]).mustRefuse(404, "Not Found")
		Expect(l.lastRow().Issuer).To(BeEmpty())
		Expect(l.traffic(bank)).To(BeEmpty())
	})
})
