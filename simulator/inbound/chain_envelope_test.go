package inbound_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("The way in, envelopes (p.39-45)", func() {
	var (
		l   *lab
		pan vault.PAN
	)
	BeforeEach(func() {
		l = newLab()
		pan = l.givenPAN(bank, lifecyclePAN)
		l.givenToken(bank, pan)
	})
	payload := []byte(`{"cardholderInfo":{"primaryAccountNumber":"` + lifecyclePAN + `"}}`)

	// sealing is how the bank seals as it should.
	sealing := func() jose.Sealing {
		mine := l.directory.Issuers[bank]
		return jose.Sealing{To: jose.EncryptionKey{ID: mine.Credentials.APIKey, RSA: l.directory.VisaEncryption.Public()},
			By: jose.SigningKey{ID: mine.Credentials.SigningKeyID, RSA: mine.Signing.Key}}
	}
	sealed := func(content []byte, how jose.Sealing, at time.Time) string {
		GinkgoHelper()
		envelope, err := jose.New(keys.JOSERules(l.contract.Tables.Envelope), func() time.Time { return at })
		Expect(err).NotTo(HaveOccurred())
		blob, err := envelope.Seal(jose.UseAPI, content, how)
		Expect(err).NotTo(HaveOccurred())
		return blob
	}
	send := func(blob any) answer {
		GinkgoHelper()
		return l.call(request{path: byPANPath, body: map[string]any{"encryptedData": blob}})
	}
	// part changes one part of the JWS or, inside it, of the JWE.
	part := func(blob string, index int, change func(string) string) string {
		parts := strings.Split(blob, ".")
		parts[index] = change(parts[index])
		return strings.Join(parts, ".")
	}
	DescribeTable("answers VSE40010 alike, the doctor explains in the journal only:", func(spoil func() any, diagnosis, rule string) {
		blob := spoil()
		got := send(blob)
		got.mustRefuse(400, "VSE40010", "encryptedData")
		Expect(got.body["errorResponse"]).To(HaveKeyWithValue("message", "Unable to decrypt."))
		Expect(got.raw).To(MatchJSON(`{"errorResponse":{"status":400,"reason":"VSE40010","message":"Unable to decrypt.","details":[{"location":"encryptedData","message":"Unable to decrypt."}]}}`))
		row := l.lastRow()
		Expect(row.Diagnosis).To(ContainSubstring(diagnosis))
		Expect(rulesOf(row)).To(ContainElement(rule))
		shown, err := json.Marshal(row)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(shown)).NotTo(ContainSubstring(lifecyclePAN))
		if text, _ := blob.(string); len(text) > 64 {
			Expect(string(shown)).NotTo(ContainSubstring(text[len(text)-64:]), "nor is the blob kept")
		}
	},
		Entry("no envelope at all", func() any { return "none" }, "[not-an-envelope]", "envelope#compact-serialization"),
		Entry("a JWE without signature", func() any {
			raw, _ := base64.RawURLEncoding.DecodeString(strings.Split(sealed(payload, sealing(), noon), ".")[1])
			return string(raw)
		}, "[jwe-not-signed]", "envelope#jws-around-jwe"),
		Entry("a line break in it", func() any { return sealed(payload, sealing(), noon) + "\n" }, "[line-breaks]", "envelope#base64url-unpadded"),
		Entry("a changed signature", func() any {
			return part(sealed(payload, sealing(), noon), 2, func(s string) string { return strings.Map(flip, s[:8]) + s[8:] })
		}, "signature", "envelope/jws#signature"),
		Entry("signed by another issuer", func() any {
			how := sealing()
			how.By.RSA = l.directory.Issuers[other].Signing.Key
			return sealed(payload, how, noon)
		}, "issuer second-bank signing key", "envelope/jws#signature"),
		Entry("signed under another key id", func() any {
			how := sealing()
			how.By.ID = "00000000"
			return sealed(payload, how, noon)
		}, "kid", "envelope/jws/kid#known"),
		Entry("sealed under another key id", func() any {
			how := sealing()
			how.To.ID = "somebody"
			return sealed(payload, how, noon)
		}, "kid", "envelope/jwe/kid#known"),
		Entry("sealed for somebody else", func() any {
			how := sealing()
			how.To.RSA = l.directory.Issuers[bank].Encryption.Public()
			return sealed(payload, how, noon)
		}, "recipient", "envelope/jwe#opens"),
		Entry("481 seconds old", func() any { return sealed(payload, sealing(), noon.Add(-481*time.Second)) }, "[iat-stale]", "envelope/jwe/iat#fresh"),
		Entry("an hour early", func() any { return sealed(payload, sealing(), noon.Add(time.Hour)) }, "iat", "envelope/jwe/iat#fresh"),
		Entry("expired by its own exp", func() any {
			how := sealing()
			how.Expires = noon.Add(-time.Minute)
			return sealed(payload, how, noon.Add(-2*time.Minute))
		}, "exp", "envelope/jwe/exp#not-passed"),
		Entry("an array inside", func() any { return sealed([]byte(`[]`), sealing(), noon) }, "not a JSON object", "envelope#payload-json"),
		Entry("no JSON inside", func() any { return sealed([]byte(lifecyclePAN+"x"), sealing(), noon) }, "content is not usable", "envelope#payload-json"),
		Entry("a member twice inside", func() any { return sealed([]byte(`{"a":1,"a":2}`), sealing(), noon) }, "stands twice", "envelope#payload-json"),
		Entry("no UTF-8 inside", func() any { return sealed([]byte("{\"a\":\"\xff\"}"), sealing(), noon) }, "UTF-8", "envelope#payload-json"),
		Entry("too deep inside", func() any {
			return sealed([]byte(strings.Repeat(`{"a":`, 40)+"1"+strings.Repeat("}", 40)), sealing(), noon)
		}, "too deep", "envelope#payload-json"),
	)

	It("answers VSE40000 to a blob that is no string or too long: that is the field's own rule (p.84)", func() {
		send(7).mustRefuse(400, "VSE40000", "encryptedData")
		send(map[string]any{"a": 1}).mustRefuse(400, "VSE40000", "encryptedData")
		send(strings.Repeat("a", 7001)).mustRefuse(400, "VSE40000", "encryptedData")
	})

	It("judges the envelope before the fields (INT-153)", func() {
		l.call(request{path: byPANPath, body: map[string]any{"encryptedData": "none", "panReferenceID": strings.Repeat("V", 33)}}).mustRefuse(400, "VSE40010", "encryptedData")
	})

	It("names faults of the sealed payload under encryptedData, together with those of the body (INT-005, INT-153)", func() {
		got := l.call(request{path: byPANPath, body: map[string]any{"panReferenceID": strings.Repeat("V", 33)},
			sealed: map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": "4000 0000"}}})
		got.mustRefuse(400, "VSE40000", "panReferenceID", "encryptedData", "encryptedData/cardholderInfo/primaryAccountNumber")
		Expect(rulesOf(l.lastRow())).To(ContainElement("tokenInquiryByPAN/request/encryptedData/cardholderInfo/primaryAccountNumber#pattern"))
	})

	It("opens an unknown key id with the only key where the deployment chose so (INT-025)", func() {
		l = newLab(func(c *inbound.Config) { c.Knobs["fallBackToOnlyKey"] = true })
		l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
		how := sealing()
		how.By.ID = "00000000"
		l.mustSucceed("tokenInquiryByPAN", send(sealed(payload, how, noon)))
		Expect(rulesOf(l.lastRow())).To(ContainElement(HavePrefix("envelope")))
	})

	It("takes an envelope to the last second of its life, by the simulator's clock (INT-021)", func() {
		l.mustSucceed("tokenInquiryByPAN", send(sealed(payload, sealing(), noon.Add(-480*time.Second))))
		blob := sealed(payload, sealing(), noon)
		l.clock.Advance(481 * time.Second)
		send(blob).mustRefuse(400, "VSE40010", "encryptedData")
		l.clock.Advance(-time.Second)
		l.mustSucceed("tokenInquiryByPAN", send(blob))
	})
})

// flip changes a character of base64url into another one.
func flip(r rune) rune {
	if r == 'A' {
		return 'B'
	}
	return 'A'
}
