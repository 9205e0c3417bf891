package outbound_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/xpay"
	"github.com/vtsim/vtsim/simulator/outbound"
)

var _ = Describe("the options of a call", func() {
	ctx := context.Background()

	// sent is the request that arrives, and the exchange.
	sent := func(call *outbound.Call, o outbound.Options) (seen, *outbound.Exchange) {
		GinkgoHelper()
		at := newIssuer(approve)
		x := newClient().Do(ctx, target(bank, at.URL), call, o)
		Expect(x.Failure).To(BeNil())
		Expect(at.requests()).To(HaveLen(1))
		return at.requests()[0], x
	}
	failure := func(o outbound.Options) *outbound.Failure {
		GinkgoHelper()
		return newClient().Do(ctx, target(bank, "https://localhost"), passcodeCall(), o).Failure
	}
	object := func(content []byte) (members map[string]any) {
		GinkgoHelper()
		Expect(json.Unmarshal(content, &members)).To(Succeed())
		return members
	}

	It("patch the payload before it is sealed, and the body around it (RFC 6902)", func() {
		call := passcodeCall()
		got, x := sent(call, outbound.Options{
			PatchSealed: json.RawMessage(`[{"op":"replace","path":"/cardholderInfo/primaryAccountNumber","value":"` + replacement + `"},{"op":"add","path":"/more","value":{"a":1}}]`),
			PatchBody:   json.RawMessage(`[{"op":"remove","path":"/otpValue"},{"op":"add","path":"/new","value":[true]}]`)})
		payload, err := open(bank, got.body)
		Expect(err).NotTo(HaveOccurred())
		Expect(payload).To(MatchJSON(`{"cardholderInfo":{"primaryAccountNumber":"` + replacement + `"},"more":{"a":1}}`))
		Expect(object(got.body)).To(And(Not(HaveKey("otpValue")), HaveKeyWithValue("new", []any{true}), HaveKey("encryptedData")))
		Expect(x.Request.Members).To(And(HaveKey("new"), Not(HaveKey("encryptedData"))))
		Expect(x.Request.Sealed).To(HaveKey("more"))
		Expect(call.Members).To(HaveKey("otpValue"), "the call itself stays what it was")
	})

	It("patch the sealed text too", func() {
		got, x := sent(passcodeCall(), outbound.Options{PatchBody: json.RawMessage(`[{"op":"replace","path":"/encryptedData","value":"a.b.c"}]`)})
		Expect(object(got.body)).To(HaveKeyWithValue("encryptedData", "a.b.c"))
		Expect(x.Request.Members).To(HaveKeyWithValue("encryptedData", "a.b.c"))
	})

	It("refuse a patch that is none, or does not fit, without its values", func() {
		Expect(failure(outbound.Options{PatchBody: json.RawMessage(`{}`)})).To(And(HaveField("Kind", outbound.FailureSetup), HaveField("Message", ContainSubstring("no JSON Patch"))))
		misfit := failure(outbound.Options{PatchSealed: json.RawMessage(`[{"op":"test","path":"/cardholderInfo/primaryAccountNumber","value":"` + replacement + `"}]`)})
		Expect(misfit.Message).To(And(ContainSubstring("sealed payload"), ContainSubstring("does not fit"), Not(ContainSubstring(replacement))))
		Expect(failure(outbound.Options{PatchBody: json.RawMessage(`[{"op":"replace","path":"","value":[]}]`)}).Message).To(ContainSubstring("no JSON object"))
		x := newClient().Do(ctx, target(bank, "https://localhost"), metadataCall(), outbound.Options{PatchSealed: json.RawMessage(`[]`)})
		Expect(x.Failure.Message).To(ContainSubstring("nothing to patch"))
	})

	It("add parameters to the query, and set, repeat and drop headers", func() {
		got, _ := sent(metadataCall(), outbound.Options{Query: url.Values{"unknown": {"1", "2"}},
			Header: http.Header{"accept": nil, "X-Extra": {"a", "b"}, "content-type": {"application/json"}}})
		at, err := url.Parse(got.path)
		Expect(err).NotTo(HaveOccurred())
		Expect(at.Query()).To(Equal(url.Values{"eventType": {"CARD_METADATA_UPDATED"}, "unknown": {"1", "2"}}))
		Expect(got.header).NotTo(HaveKey("Accept"))
		Expect(got.header["X-Extra"]).To(Equal([]string{"a", "b"}))
		Expect(got.header.Get("Content-Type")).To(Equal("application/json"))
	})

	It("write the members in another order, or other bytes altogether", func() {
		got, _ := sent(metadataCall(), outbound.Options{Encode: outbound.InReverse,
			PatchBody: json.RawMessage(`[{"op":"add","path":"/list","value":[{"a":"<","b":1.50}]}]`)})
		Expect(string(got.body)).To(MatchRegexp(`^\{"taskID":.*"statusCode":.*"list":\[\{"b":1\.50,"a":.*\}\]\}$`))
		Expect(got.body).To(MatchJSON(`{"taskID":"task-1","statusCode":"SUCCESS","list":[{"a":"<","b":1.50}]}`))
		got, _ = sent(metadataCall(), outbound.Options{Encode: func(map[string]any) ([]byte, error) { return []byte("{ }"), nil }})
		Expect(string(got.body)).To(Equal("{ }"))
	})

	It("sign with an x-pay-token where the target wants one, over what is sent (p.27, INT-009)", func() {
		rules := keys.PayTokenRules(shared.contract.Tables.Envelope)
		secret := xpay.NewSecret("bank", []byte(shared.directory.Issuers[bank].Credentials.SharedSecret))
		truncated, err := outbound.CorruptionByID("body/truncated")
		Expect(err).NotTo(HaveOccurred())
		for _, o := range []outbound.Options{{}, {Corrupt: []outbound.Corruption{truncated}}} {
			at := newIssuer(approve)
			to := target(bank, at.URL+"/base")
			to.PayToken, to.APIKey = &secret, "key-1"
			x := newClient().Do(ctx, to, passcodeCall(), o)
			Expect(x.Failure).To(BeNil())
			got := at.requests()[0]
			path, err := url.Parse(got.path)
			Expect(err).NotTo(HaveOccurred())
			Expect(path.Query().Get("apiKey")).To(Equal("key-1"))
			wanted, err := xpay.Sign(rules, secret, noon, xpay.Call{Path: path.EscapedPath(), Query: path.RawQuery, Body: got.body})
			Expect(err).NotTo(HaveOccurred())
			Expect(got.header.Get("x-pay-token")).To(Equal(wanted))
			Expect(newClient().Row(x, "").Request.Headers["X-Pay-Token"]).To(Equal("hidden"))
		}
		got, _ := sent(passcodeCall(), outbound.Options{})
		Expect(got.header).NotTo(HaveKey("X-Pay-Token"))
		Expect(got.path).NotTo(ContainSubstring("apiKey"))
	})
})
