package jose_test

import (
	"errors"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys/jose"
)

// sealing is a right order for the use.
func sealing(keys testKeys, use jose.Use) jose.Sealing {
	how := jose.Sealing{
		To: jose.EncryptionKey{ID: apiKey, RSA: &keys["visa-encryption"].rsa.PublicKey},
		By: jose.SigningKey{ID: signerID, RSA: keys["issuer-signing"].rsa},
	}
	if isHub(use) {
		how.To = jose.EncryptionKey{ID: apiKey, Secret: jose.NewSecret([]byte(keys["hub-secret"].Secret))}
	}
	if use == jose.UsePushCardEnrollment || use == jose.UseHubPushData {
		how.Issuer, how.Audience = "issuer-1", []string{"wallet-1"}
	}
	return how
}

// expectHeaders: the headers that Seal makes for a use, as another implementation reads them.
func expectHeaders(use jose.Use, inside, outside map[string]any) {
	wantInside := map[string]any{"alg": "RSA-OAEP-256", "enc": "A256GCM", "typ": "JOSE", "kid": apiKey, "iat": epoch(noon)}
	wantOutside := map[string]any{"alg": "PS256", "typ": "JOSE", "cty": "JWE", "kid": signerID}
	if isHub(use) {
		wantInside["alg"], wantOutside["iat"] = "A256GCMKW", epoch(noon)
		ExpectWithOffset(1, inside).To(And(HaveKey("iv"), HaveKey("tag")))
		wantInside["iv"], wantInside["tag"] = inside["iv"], inside["tag"]
	}
	if use == jose.UsePushCardEnrollment || use == jose.UseHubPushData {
		wantInside["iss"], wantInside["aud"] = "issuer-1", "wallet-1"
	}
	ExpectWithOffset(1, inside).To(Equal(wantInside))
	ExpectWithOffset(1, outside).To(Equal(wantOutside))
}

var _ = Describe("Seal (pp.39-44, p.224)", func() {
	var keys testKeys
	BeforeEach(func() {
		var err error
		keys, err = readKeys()
		Expect(err).NotTo(HaveOccurred())
	})
	opener := func(use jose.Use) testKey {
		if isHub(use) {
			return keys["hub-secret"]
		}
		return keys["visa-encryption"]
	}

	DescribeTable("makes what the standard library opens, with the headers of the specification and a salt of 32 bytes",
		func(use jose.Use) {
			blob, err := envelope(noon).Seal(use, pan, sealing(keys, use))
			Expect(err).NotTo(HaveOccurred())
			u, err := unforge(blob, opener(use), &keys["issuer-signing"].rsa.PublicKey)
			Expect(err).NotTo(HaveOccurred())
			Expect(u.payload).To(Equal(pan))
			expectHeaders(use, u.inside, u.outside)
		},
		Entry("API", jose.UseAPI), Entry("push enrolment", jose.UsePushCardEnrollment),
		Entry("hub, push data", jose.UseHubPushData), Entry("hub, results", jose.UseHubResults),
	)

	It("makes again, for every valid vector, what the standard library opens", func() {
		file, err := readVectors()
		Expect(err).NotTo(HaveOccurred())
		valid := 0
		for _, v := range file.Vectors {
			if v.Expect == refuse {
				continue
			}
			valid++
			blob, err := envelope(noon).Seal(v.Use, []byte(*v.Payload), sealing(keys, v.Use))
			Expect(err).NotTo(HaveOccurred(), v.ID)
			u, err := unforge(blob, opener(v.Use), &keys["issuer-signing"].rsa.PublicKey)
			Expect(err).NotTo(HaveOccurred(), v.ID)
			Expect(string(u.payload)).To(Equal(*v.Payload), v.ID)
		}
		Expect(valid).To(BeNumerically(">", 20))
	})

	It("uses a new content key and vector every time", func() {
		first, err := envelope(noon).Seal(jose.UseAPI, pan, sealing(keys, jose.UseAPI))
		Expect(err).NotTo(HaveOccurred())
		second, err := envelope(noon).Seal(jose.UseAPI, pan, sealing(keys, jose.UseAPI))
		Expect(err).NotTo(HaveOccurred())
		outer, err := split(first, 3)
		Expect(err).NotTo(HaveOccurred())
		one, err := split(string(outer[1]), 5)
		Expect(err).NotTo(HaveOccurred())
		outer, err = split(second, 3)
		Expect(err).NotTo(HaveOccurred())
		two, err := split(string(outer[1]), 5)
		Expect(err).NotTo(HaveOccurred())
		Expect(one[0]).To(Equal(two[0]))
		for part := 1; part < 5; part++ {
			Expect(one[part]).NotTo(Equal(two[part]))
		}
	})

	It("writes exp as a date-time in UTC and several recipients with commas (p.41)", func() {
		how := sealing(keys, jose.UsePushCardEnrollment)
		how.Audience = []string{"wallet-1", "wallet-2"}
		how.Expires = time.Date(2026, 3, 2, 14, 5, 0, 0, time.FixedZone("east", 2*60*60))
		blob, err := envelope(noon).Seal(jose.UsePushCardEnrollment, pan, how)
		Expect(err).NotTo(HaveOccurred())
		opened, err := envelope(noon).Open(jose.UsePushCardEnrollment, blob, keys.ring(standardRing(jose.UsePushCardEnrollment)))
		Expect(err).NotTo(HaveOccurred())
		Expect(opened.JWE.Audience).To(Equal([]string{"wallet-1", "wallet-2"}))
		Expect(opened.JWE.Issuer).To(Equal("issuer-1"))
		Expect(opened.JWE.ExpiresForm).To(Equal(jose.FormDateTime))
		Expect(opened.Until).To(Equal(noon.Add(5 * time.Minute)))
	})

	It("gives up before sending what the receiver must refuse for its length (INT-028)", func() {
		_, err := envelope(noon).Seal(jose.UseAPI, longPayload(3600), sealing(keys, jose.UseAPI))
		Expect(jose.ReasonOf(err)).To(Equal(jose.ReasonTooLong))
		_, err = envelope(noon).Seal(jose.UsePushCardEnrollment, longPayload(3600), sealing(keys, jose.UsePushCardEnrollment))
		Expect(err).NotTo(HaveOccurred())
	})

	DescribeTable("refuses an order that no right envelope comes out of",
		func(use jose.Use, spoil func(*jose.Sealing), layer jose.Layer, reason jose.Reason) {
			how := sealing(keys, use)
			spoil(&how)
			blob, err := envelope(noon).Seal(use, pan, how)
			Expect(blob).To(BeEmpty())
			var refused *jose.Refused
			Expect(errors.As(err, &refused)).To(BeTrue())
			Expect([]any{refused.Layer, refused.Reason}).To(Equal([]any{layer, reason}), err.Error())
		},
		Entry("no signing key", jose.UseAPI, func(s *jose.Sealing) { s.By.RSA = nil }, jose.LayerSetup, jose.ReasonMisconfigured),
		Entry("no recipient's key", jose.UseAPI, func(s *jose.Sealing) { s.To.RSA = nil }, jose.LayerSetup, jose.ReasonMisconfigured),
		Entry("no secret at the hub", jose.UseHubResults, func(s *jose.Sealing) { s.To.Secret = jose.Secret{} }, jose.LayerSetup, jose.ReasonMisconfigured),
		Entry("a signing key of 1024 bits (p.44)", jose.UseAPI, func(s *jose.Sealing) { s.By.RSA = keys["weak"].rsa }, jose.LayerJWSSignature, jose.ReasonWeakKey),
		Entry("a recipient's key of 1024 bits (p.40)", jose.UseAPI, func(s *jose.Sealing) { s.To.RSA = &keys["weak"].rsa.PublicKey }, jose.LayerJWEKey, jose.ReasonWeakKey),
		Entry("no kid for the JWE (p.40)", jose.UseAPI, func(s *jose.Sealing) { s.To.ID = "" }, jose.LayerJWEHeader, jose.ReasonKeyIDMalformed),
		Entry("a kid of 65 characters for the JWS (p.43)", jose.UseAPI, func(s *jose.Sealing) { s.By.ID = strings.Repeat("k", 65) }, jose.LayerJWSHeader, jose.ReasonKeyIDMalformed),
		Entry("push without iss (p.41)", jose.UsePushCardEnrollment, func(s *jose.Sealing) { s.Issuer = "" }, jose.LayerAudience, jose.ReasonIssuerMissing),
		Entry("push without aud (p.41)", jose.UsePushCardEnrollment, func(s *jose.Sealing) { s.Audience = nil }, jose.LayerAudience, jose.ReasonAudienceMissing),
		Entry("push to eleven (p.41)", jose.UsePushCardEnrollment, func(s *jose.Sealing) { s.Audience = strings.Split("1,2,3,4,5,6,7,8,9,a,b", ",") }, jose.LayerAudience, jose.ReasonAudienceTooMany),
		Entry("two recipients at the hub (p.224)", jose.UseHubPushData, func(s *jose.Sealing) { s.Audience = []string{"a", "b"} }, jose.LayerAudience, jose.ReasonAudienceTooMany),
		Entry("a comma smuggled into an id", jose.UseHubPushData, func(s *jose.Sealing) { s.Issuer = "a,b" }, jose.LayerAudience, jose.ReasonIssuerMalformed),
		Entry("a use that does not exist", jose.Use("fax"), func(*jose.Sealing) {}, jose.LayerSetup, jose.ReasonMisconfigured),
	)
})
