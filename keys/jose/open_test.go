package jose_test

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys/jose"
)

var _ = Describe("Open (pp.39-45)", func() {
	var keys testKeys
	BeforeEach(func() {
		var err error
		keys, err = readKeys()
		Expect(err).NotTo(HaveOccurred())
	})
	apiRing := func() jose.Keyring { return keys.ring(standardRing(jose.UseAPI)) }

	It("tells what the headers say, whose keys fitted and until when the envelope is good", func() {
		f := newForge(keys, jose.UseAPI, noon)
		f.inside.set("channel", `"app"`)
		f.inside.text("exp", "2026-03-02T12:04:00.000Z")
		opened, err := envelope(noon).Open(jose.UseAPI, f.blob(), apiRing())
		Expect(err).NotTo(HaveOccurred())
		Expect(opened.JWE).To(Equal(jose.Header{Algorithm: "RSA-OAEP-256", Encryption: "A256GCM", Type: "JOSE", KeyID: apiKey,
			IssuedAt: noon, IssuedAtForm: jose.FormSecondsText, Expires: noon.Add(4 * time.Minute), ExpiresForm: jose.FormDateTime, Ignored: []string{"channel"}}))
		Expect(opened.JWS).To(Equal(jose.Header{Algorithm: "PS256", Type: "JOSE", ContentType: "JWE", KeyID: signerID}))
		Expect(opened.Until).To(Equal(noon.Add(4 * time.Minute)))
		Expect(opened.OpenedWith).To(Equal("Visa encryption key, sandbox"))
		Expect(opened.SignedBy).To(Equal("issuer's signing key"))
	})

	DescribeTable("holds the window to the second (p.41, INT-021)",
		func(offset time.Duration, change func(*jose.Rules), reason jose.Reason) {
			blob := newForge(keys, jose.UseAPI, noon).blob()
			_, err := envelope(noon.Add(offset), change).Open(jose.UseAPI, blob, apiRing())
			Expect(jose.ReasonOf(err)).To(Equal(reason))
		},
		Entry("480 s later", 480*time.Second, func(*jose.Rules) {}, jose.Reason("")),
		Entry("a millisecond after that", 480*time.Second+time.Millisecond, func(*jose.Rules) {}, jose.ReasonStale),
		Entry("60 s earlier", -60*time.Second, func(*jose.Rules) {}, jose.Reason("")),
		Entry("a millisecond before that", -60*time.Second-time.Millisecond, func(*jose.Rules) {}, jose.ReasonEarly),
		Entry("with no allowance", -time.Second, func(r *jose.Rules) { r.FutureAllowance = 0 }, jose.ReasonEarly),
		Entry("with a shorter life", 11*time.Second, func(r *jose.Rules) { r.TTL = 10 * time.Second }, jose.ReasonStale),
		Entry("a century later", 36500*24*time.Hour, func(*jose.Rules) {}, jose.ReasonStale),
	)

	It("lets exp shorten the life and never lengthen it (p.41, INT-021)", func() {
		for exp, until := range map[string]time.Time{
			epoch(noon.Add(time.Hour)):       noon.Add(480 * time.Second),
			epoch(noon.Add(7 * time.Minute)): noon.Add(7 * time.Minute),
			"2026-03-02T12:07:59.500Z":       noon.Add(479*time.Second + 500*time.Millisecond),
		} {
			f := newForge(keys, jose.UseAPI, noon)
			f.inside.text("exp", exp)
			opened, err := envelope(noon).Open(jose.UseAPI, f.blob(), apiRing())
			Expect(err).NotTo(HaveOccurred(), exp)
			Expect(opened.Until).To(Equal(until), exp)
		}
	})

	It("counts the hub's life from the older of its two iat (p.224)", func() {
		f := newForge(keys, jose.UseHubResults, noon)
		f.outside.text("iat", epoch(noon.Add(-time.Minute)))
		opened, err := envelope(noon).Open(jose.UseHubResults, f.blob(), keys.ring(standardRing(jose.UseHubResults)))
		Expect(err).NotTo(HaveOccurred())
		Expect(opened.Until).To(Equal(noon.Add(7 * time.Minute)))
		Expect(opened.JWS.IssuedAt).To(Equal(noon.Add(-time.Minute)))
	})

	It("names the first wrong layer of several", func() {
		f := newForge(keys, jose.UseAPI, noon)
		f.inside.drop("iat")
		f.inside.text("enc", "A128GCM")
		f.sign = signPKCS1
		_, err := envelope(noon).Open(jose.UseAPI, f.blob(), apiRing())
		Expect(jose.ReasonOf(err)).To(Equal(jose.ReasonSignature))
	})

	It("decrypts nothing before the signature is verified (p.45)", func() {
		// The recipient's key is a trap: go-jose would fail on it in another way than the signature does.
		ring := apiRing()
		ring.Decryption[0].RSA = &rsa.PrivateKey{PublicKey: ring.Decryption[0].RSA.PublicKey}
		f := newForge(keys, jose.UseAPI, noon)
		f.signer = "unknown-signing"
		_, err := envelope(noon).Open(jose.UseAPI, f.blob(), ring)
		Expect(jose.ReasonOf(err)).To(Equal(jose.ReasonSignature))
	})

	It("takes a long blob by its length alone", func() {
		_, err := envelope(noon).Open(jose.UseAPI, strings.Repeat("{", 1<<20), apiRing())
		Expect(jose.ReasonOf(err)).To(Equal(jose.ReasonTooLong))
	})

	It("says so when the ring has no key of the right kind", func() {
		blob := newForge(keys, jose.UseAPI, noon).blob()
		hubRing := keys.ring(standardRing(jose.UseHubResults))
		_, err := envelope(noon).Open(jose.UseAPI, blob, hubRing)
		Expect(jose.ReasonOf(err)).To(Equal(jose.ReasonKeyIDUnknown))
		_, err = envelope(noon, func(r *jose.Rules) { r.UnknownKeyIDFallsBack = true }).Open(jose.UseAPI, blob, jose.Keyring{})
		Expect(jose.ReasonOf(err)).To(Equal(jose.ReasonKeyIDUnknown))
	})

	It("falls back to the first key only where the deployment wants it, and never past a wrong signature (INT-025)", func() {
		fallBack := func(r *jose.Rules) { r.UnknownKeyIDFallsBack = true }
		f := newForge(keys, jose.UseAPI, noon)
		f.outside.text("kid", "77777777")
		opened, err := envelope(noon, fallBack).Open(jose.UseAPI, f.blob(), apiRing())
		Expect(err).NotTo(HaveOccurred())
		Expect(warningIDs(opened.Warnings)).To(Equal([]jose.WarningID{jose.WarningKeyIDFellBack}))
		f.signer = "unknown-signing"
		_, err = envelope(noon, fallBack).Open(jose.UseAPI, f.blob(), apiRing())
		Expect(jose.ReasonOf(err)).To(Equal(jose.ReasonSignature))
	})

	It("puts no secret, payload or API key into its errors", func() {
		file, err := readVectors()
		Expect(err).NotTo(HaveOccurred())
		for _, v := range file.Vectors {
			if _, err := v.envelope().Open(v.Use, v.Blob, v.ring(keys)); err != nil {
				for _, hidden := range []string{apiKey, otherAPIKey, "4111111111111111", "cvv2", keys["hub-secret"].Secret} {
					Expect(err.Error()).NotTo(ContainSubstring(hidden), v.ID)
				}
			}
		}
	})

	It("hides what a sender smuggles into header values", func() {
		f := newForge(keys, jose.UseAPI, noon)
		f.outside.text("typ", "4111111111111111"+strings.Repeat("x", 100))
		_, err := envelope(noon).Open(jose.UseAPI, f.blob(), apiRing())
		Expect(err).To(MatchError(And(ContainSubstring("411111******1111"), ContainSubstring("(116 characters)"))))
	})

	It("may be used by many at once", func() {
		e := envelope(noon)
		var group sync.WaitGroup
		failures := make(chan error, 64)
		for i := range 16 {
			group.Go(func() {
				use := []jose.Use{jose.UseAPI, jose.UseHubResults}[i%2]
				payload := fmt.Appendf(nil, `{"n":%d}`, i)
				blob, err := e.Seal(use, payload, sealing(keys, use))
				if err != nil {
					failures <- err
					return
				}
				opened, err := e.Open(use, blob, keys.ring(standardRing(use)))
				if err != nil || !bytes.Equal(opened.Payload, payload) {
					failures <- fmt.Errorf("%d: %w", i, err)
				}
			})
		}
		group.Wait()
		Expect(failures).To(BeEmpty())
	})
})

var _ = Describe("Rules and keys", func() {
	DescribeTable("rules that make no sense are refused (pp.39-45)",
		func(spoil func(*jose.Rules)) {
			rules := contractRules()
			Expect(rules.Validate()).To(Succeed())
			spoil(&rules)
			_, err := jose.New(rules, at(noon))
			Expect(jose.ReasonOf(err)).To(Equal(jose.ReasonMisconfigured))
			Expect(err).To(MatchError(ContainSubstring("contract")))
		},
		Entry("nothing at all", func(r *jose.Rules) { *r = jose.Rules{} }),
		Entry("no cty", func(r *jose.Rules) { r.ContentType = "" }),
		Entry("no life", func(r *jose.Rules) { r.TTL = 0 }),
		Entry("a negative allowance", func(r *jose.Rules) { r.FutureAllowance = -1 }),
		Entry("no length of kid", func(r *jose.Rules) { r.KeyID.MaxLength = 0 }),
		Entry("no recipients", func(r *jose.Rules) { r.Audience.MaxItems = 0 }),
		Entry("no size of RSA keys", func(r *jose.Rules) { r.RSABits = 0 }),
		Entry("no size of the hub's blobs", func(r *jose.Rules) { r.HubMaxLength = 0 }),
		Entry("RS256", func(r *jose.Rules) { r.API.Signature = "RS256" }),
		Entry("the hub's algorithm for the API", func(r *jose.Rules) { r.API.KeyAlgorithm = r.Hub.KeyAlgorithm }),
	)

	It("need a clock", func() {
		_, err := jose.New(contractRules(), nil)
		Expect(jose.ReasonOf(err)).To(Equal(jose.ReasonMisconfigured))
	})

	It("a secret cannot be printed, logged or marshalled", func() {
		const text = "very-secret"
		secret := jose.NewSecret([]byte(text))
		key := jose.DecryptionKey{ID: "1", Secret: secret}
		marshalled, err := json.Marshal(key)
		Expect(err).NotTo(HaveOccurred())
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "secret", secret)
		slog.New(slog.NewTextHandler(&log, nil)).Info("key", "secret", secret, "key", key)
		for _, shown := range []string{fmt.Sprint(secret), fmt.Sprintf("%v %+v %#v %s %q %x", key, key, key, secret, secret, secret), string(marshalled), log.String()} {
			Expect(shown).NotTo(ContainSubstring(text))
			Expect(shown).NotTo(ContainSubstring(fmt.Sprintf("%x", text)))
		}
	})

	It("an error that is none of ours has no reason", func() {
		Expect(jose.ReasonOf(nil)).To(BeEmpty())
		Expect(jose.ReasonOf(fmt.Errorf("other"))).To(BeEmpty())
		Expect(jose.ReasonOf(fmt.Errorf("wrapped: %w", &jose.Refused{Reason: jose.ReasonTag}))).To(Equal(jose.ReasonTag))
	})
})
