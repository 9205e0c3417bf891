package certificate_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/certificate"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
)

func TestCertificate(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "conformance/certificate")
}

const result = `{"schema":"vtsim-result/1","tool":{"version":"1.0.0"},"spec":"3.7 (23.05)","issuer":{"name":"demo-bank","endpoint":"https://localhost:9443"},
"plan":{"profile":"full","seed":"demo","parallel":8,"failOn":"must","planned":3,"skipped":1},"startedAt":"2026-03-14T09:26:53.5Z","durationMs":12,"verdict":"conformant",
"reason":"2 cases ran","counts":{"passed":2,"failed":0,"warned":0,"skipped":1,"broken":0,"known":0},"rules":{"total":304,"exercised":260,"proven":206},"cases":[]}
`

var issued = time.Date(2026, 3, 14, 10, 0, 0, 123, time.UTC)

// throwAway are two keys that exist for tests alone.
func throwAway(name string) *rsa.PrivateKey {
	text, err := fs.ReadFile(fixturekeys.Spare(), name)
	if err != nil {
		panic(err)
	}
	key, err := certificate.PrivateKey(text)
	if err != nil {
		panic(err)
	}
	return key
}

// signed signs any payload with any header, as vtsim does not.
func signed(algorithm jose.SignatureAlgorithm, key any, typ, kid string, payload string) []byte {
	GinkgoHelper()
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("kid", kid)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	Expect(err).NotTo(HaveOccurred())
	object, err := signer.Sign([]byte(payload))
	Expect(err).NotTo(HaveOccurred())
	text, err := object.CompactSerialize()
	Expect(err).NotTo(HaveOccurred())
	return []byte(text)
}

// unsigned is a certificate whose header was replaced.
func unsigned(of []byte, header string) []byte {
	parts := strings.Split(strings.TrimSpace(string(of)), ".")
	return []byte(base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1] + ".")
}

var _ = Describe("A certificate", func() {
	key, other := throwAway("01.key"), throwAway("02.key")
	kid := keys.KeyID(&key.PublicKey)
	var good []byte
	BeforeEach(func() {
		var err error
		good, err = certificate.Sign([]byte(result), key, issued)
		Expect(err).NotTo(HaveOccurred())
	})
	payload := func() string {
		GinkgoHelper()
		object, err := certificate.Parse(good)
		Expect(err).NotTo(HaveOccurred())
		return string(object.UnsafePayloadWithoutVerification())
	}

	It("states verdict, digest, versions, issuer, dates, counts and rule figures of the Result", func() {
		s, err := certificate.Verify(good, []byte(result), &key.PublicKey)
		Expect(err).NotTo(HaveOccurred())
		Expect(s).To(Equal(certificate.Statement{Schema: "vtsim-certificate/1", Verdict: conformance.Conformant,
			Result: certificate.Digest{SHA256: s.Result.SHA256, Bytes: len(result)}, Tool: conformance.Tool{Version: "1.0.0"}, Spec: "3.7 (23.05)",
			Issuer: conformance.Issuer{Name: "demo-bank", Endpoint: "https://localhost:9443"}, Profile: "full", FailOn: "must", Seed: "demo",
			Counts: conformance.Counts{Passed: 2, Skipped: 1}, Rules: certificate.Rules{Total: 304, Exercised: 260, Proven: 206},
			StartedAt: time.Date(2026, 3, 14, 9, 26, 53, 5e8, time.UTC), IssuedAt: issued.Truncate(time.Second)}))
		Expect(s.Result.SHA256).To(MatchRegexp(`^[0-9a-f]{64}$`))
	})

	It("is refused for a Result with one byte changed, wherever it is", func() {
		for i := range result {
			changed := []byte(result)
			changed[i] ^= 1
			_, err := certificate.Verify(good, changed, &key.PublicKey)
			Expect(err).To(HaveOccurred())
		}
		_, err := certificate.Verify(good, []byte(strings.Replace(result, "2 cases ran", "3 cases ran", 1)), &key.PublicKey)
		Expect(err).To(MatchError(ContainSubstring("not the one that was certified")))
	})

	It("is refused when a character of it is changed, wherever it is", func() {
		compact := bytes.TrimSpace(good)
		for i := 0; i < len(compact); i += 3 {
			changed := bytes.Clone(compact)
			if changed[i]++; bytes.Equal(changed, compact) {
				continue
			}
			// The last character of a part may carry bits that stand for nothing.
			if i+1 == len(compact) || compact[i+1] == '.' {
				continue
			}
			_, err := certificate.Verify(changed, []byte(result), &key.PublicKey)
			Expect(err).To(HaveOccurred(), "character %d", i)
		}
	})

	It("is refused with another key, also when it names that key", func() {
		_, err := certificate.Verify(good, []byte(result), &other.PublicKey)
		Expect(err).To(MatchError(ContainSubstring("another key")))
		forged := signed(jose.PS256, other, certificate.Type, kid, payload())
		_, err = certificate.Verify(forged, []byte(result), &key.PublicKey)
		Expect(err).To(MatchError(ContainSubstring("does not fit the key")))
	})

	DescribeTable("is refused when it is signed by another algorithm", func(make func() []byte, algorithm string) {
		_, err := certificate.Verify(make(), []byte(result), &key.PublicKey)
		Expect(err).To(MatchError(And(ContainSubstring(algorithm), ContainSubstring("only PS256 counts"))))
	},
		Entry("none", func() []byte { return unsigned(good, `{"alg":"none","kid":"`+kid+`","typ":"`+certificate.Type+`"}`) }, `"none"`),
		Entry("RS256 with the right key", func() []byte { return signed(jose.RS256, key, certificate.Type, kid, payload()) }, `"RS256"`),
		Entry("HMAC with the public key as secret", func() []byte {
			return signed(jose.HS256, key.PublicKey.N.Bytes(), certificate.Type, kid, payload())
		}, `"HS256"`),
	)

	DescribeTable("is refused, though the key signed it, when its statement is", func(change func(string) string, what string) {
		_, err := certificate.Verify(signed(jose.PS256, key, certificate.Type, kid, change(payload())), []byte(result), &key.PublicKey)
		Expect(err).To(MatchError(ContainSubstring(what)))
	},
		Entry("another verdict than the Result's", func(p string) string {
			return strings.Replace(p, `"verdict":"conformant"`, `"verdict":"not-conformant"`, 1)
		}, "contradicts"),
		Entry("of a newer schema", func(p string) string { return strings.Replace(p, "certificate/1", "certificate/2", 1) }, "certificate/2"),
		Entry("one with a member too many", func(p string) string { return strings.Replace(p, "{", `{"extra":1,`, 1) }, "extra"),
		Entry("no JSON", func(string) string { return "x" }, "can't be read"),
		Entry("followed by another", func(p string) string { return p + p }, "followed"),
	)

	It("is refused when the key signed it as something else", func() {
		_, err := certificate.Verify(signed(jose.PS256, key, "JOSE", kid, payload()), []byte(result), &key.PublicKey)
		Expect(err).To(MatchError(ContainSubstring("type")))
	})

	DescribeTable("is refused when it is none", func(text string) {
		_, err := certificate.Verify([]byte(text), []byte(result), throwAwayPublic())
		Expect(err).To(MatchError(ContainSubstring("certificate")))
	},
		Entry("empty", ""), Entry("a text", "hello"), Entry("JSON", `{"payload":"a.b.c"}`), Entry("five parts", "a.b.c.d.e"), Entry("dots", ".."), Entry("too long", strings.Repeat("a", 70_000)))

	DescribeTable("is not made of what is no Result", func(text, what string) {
		_, err := certificate.Sign([]byte(text), key, issued)
		Expect(err).To(MatchError(ContainSubstring(what)))
	},
		Entry("no JSON", "x", "not JSON"), Entry("another document", `{"schema":"junit/1"}`, "junit/1"), Entry("one without a verdict", `{"schema":"vtsim-result/1"}`, "no verdict"))

	It("carries no key that a reader could take for the certifier's", func() {
		var header map[string]any
		raw, err := base64.RawURLEncoding.DecodeString(strings.Split(string(good), ".")[0])
		Expect(err).NotTo(HaveOccurred())
		Expect(json.Unmarshal(raw, &header)).To(Succeed())
		Expect(header).To(Equal(map[string]any{"alg": "PS256", "kid": kid, "typ": certificate.Type}))
	})
})

func throwAwayPublic() *rsa.PublicKey { return &throwAway("01.key").PublicKey }

var _ = Describe("A certifier's key", func() {
	It("is made as a pair of PEM files that read back", func() {
		source, err := keys.NewSpares(fixturekeys.Spare(), nil)
		Expect(err).NotTo(HaveOccurred())
		private, public, err := certificate.NewKey(context.Background(), source)
		Expect(err).NotTo(HaveOccurred())
		key, err := certificate.PrivateKey(private)
		Expect(err).NotTo(HaveOccurred())
		read, err := certificate.PublicKey(public)
		Expect(err).NotTo(HaveOccurred())
		Expect(read.Equal(&key.PublicKey)).To(BeTrue())
		_, err = certificate.PublicKey(private)
		Expect(err).To(MatchError(ContainSubstring("private key")))
		_, err = certificate.PrivateKey(public)
		Expect(err).To(MatchError(ContainSubstring("vtsim report key")))
	})

	It("may be verified with by its X.509 certificate", func() {
		text, err := fs.ReadFile(fixturekeys.TestOnly(), "pki/client.crt")
		Expect(err).NotTo(HaveOccurred())
		_, err = certificate.PublicKey(text)
		Expect(err).NotTo(HaveOccurred())
	})

	It("says what is wrong with a file that is none", func() {
		_, err := certificate.PublicKey([]byte("x"))
		Expect(err).To(MatchError(ContainSubstring("PEM")))
		_, err = certificate.PublicKey([]byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"))
		Expect(err).To(MatchError(ContainSubstring("can't be read")))
		_, err = certificate.PublicKey([]byte("-----BEGIN X-----\nAAAA\n-----END X-----\n"))
		Expect(err).To(MatchError(ContainSubstring(`"X"`)))
	})
})
