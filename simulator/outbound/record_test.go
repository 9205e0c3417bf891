package outbound_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("the journal's row of an exchange", func() {
	row := func(answer http.HandlerFunc, call *outbound.Call, o outbound.Options) (vault.Traffic, string) {
		GinkgoHelper()
		client := newClient()
		x := client.Do(context.Background(), target(bank, newIssuer(answer).URL), call, o)
		row := client.Row(x, "cause")
		text, err := json.Marshal(row)
		Expect(err).NotTo(HaveOccurred())
		return row, string(text)
	}

	It("has both sides, masked, with the payload that was sealed", func() {
		r, text := row(approve, passcodeCall(), outbound.Options{RequestID: "id-1"})
		Expect(text).NotTo(Or(ContainSubstring(number), ContainSubstring(`"123456"`)))
		Expect(r).To(And(HaveField("Direction", "outbound"), HaveField("Issuer", bank), HaveField("Operation", "sendPasscode"), HaveField("Cause", "cause")))
		Expect(r.Request).To(And(HaveField("Method", "POST"), HaveField("Path", "/vtis/v1/sendPasscode"), HaveField("Headers", HaveKeyWithValue("X-Request-Id", "id-1"))))
		Expect(r.Request.Decrypted).To(HaveKeyWithValue("cardholderInfo", HaveKeyWithValue("primaryAccountNumber", HaveSuffix(number[12:]))))
		Expect(r.Elapsed).To(BeNumerically(">", 0))
		Expect(r.Violations).To(BeEmpty())
	})

	It("lists what the issuer's answer breaks, and hides what the contract does not know of it", func() {
		r, text := row(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Set-Cookie", "session=secret")
			_, _ = io.WriteString(w, `{"actionCode":"77","echo":"a secret `+number+`"}`)
		}, &outbound.Call{Operation: "approveProvisioning", Members: map[string]any{}, Path: map[string]string{}}, outbound.Options{})
		Expect(text).NotTo(Or(ContainSubstring(number), ContainSubstring("secret")))
		var rules []string
		for _, v := range r.Violations {
			rules = append(rules, v.Rule)
			Expect(v.Page).To(BeNumerically(">", 0))
		}
		Expect(rules).To(ContainElement("approveProvisioning/response/actionCode#enum"))
		Expect(rules).To(ContainElement(HavePrefix("headers/response/")))
	})

	It("says why there is no answer, and what was broken on purpose", func() {
		cut, err := outbound.CorruptionByID("http/drop-after-request")
		Expect(err).NotTo(HaveOccurred())
		r, _ := row(approve, passcodeCall(), outbound.Options{Corrupt: []outbound.Corruption{cut}})
		Expect(r.Response.Status).To(BeZero())
		Expect(r.Diagnosis).To(And(ContainSubstring("canceled"), ContainSubstring("http/drop-after-request")))
	})

	It("calls an answer that is no JSON just that", func() {
		r, text := row(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>"+number) }, metadataCall(), outbound.Options{})
		Expect(r.Response.Body).To(Equal("no JSON: 22 bytes"))
		Expect(text).NotTo(ContainSubstring(number))
	})
})
