package jose_test

import (
	"flag"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/keys/jose"
)

// update rewrites the vectors: go test ./keys/jose -update. The blobs are new each time, the rest comes out the same.
var update = flag.Bool("update", false, "write the JOSE vectors anew")

func TestJOSE(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "jose")
}

const (
	envelopeFile = "../../conformance/contract/spec/tables/envelope.yaml"
	vectorsFile  = "../../fixtures/vectors/jose.json"
	keysFile     = "../../fixtures/vectors/jose-keys.test-only.json"
)

// contractRules are the rules as the contract states them, with our own decision about clocks that run fast.
func contractRules() jose.Rules {
	rules, err := readRules()
	ExpectWithOffset(1, err).NotTo(HaveOccurred())
	return rules
}

func readRules() (jose.Rules, error) {
	type suite struct {
		Page     int
		Alg, Enc string
	}
	var facts struct {
		JOSE struct {
			Pages, Typ, Cty string
			TTLSeconds      int `yaml:"ttlSeconds"`
			KID, ISS, AUD   struct {
				MaxLength int `yaml:"maxLength"`
				MaxItems  int `yaml:"maxItems"`
				Page      int
			}
			JWE, JWS  suite
			RSABits   int `yaml:"rsaBits"`
			MaxLength struct {
				API                        int
				PushCardEnrollmentToWallet int `yaml:"pushCardEnrollmentToWallet"`
			} `yaml:"maxLength"`
		}
		Hub struct {
			Pages    string
			JWE, JWS suite
			AudItems int `yaml:"audItems"`
		}
	}
	text, err := os.ReadFile(envelopeFile)
	if err != nil {
		return jose.Rules{}, err
	}
	if err := yaml.Unmarshal(text, &facts); err != nil {
		return jose.Rules{}, err
	}
	j, h := facts.JOSE, facts.Hub
	return jose.Rules{
		Type: j.Typ, ContentType: j.Cty,
		TTL: time.Duration(j.TTLSeconds) * time.Second, FutureAllowance: jose.DefaultFutureAllowance,
		KeyID:    jose.Limit{MaxLength: j.KID.MaxLength, Page: j.KID.Page},
		Issuer:   jose.Limit{MaxLength: j.ISS.MaxLength, Page: j.ISS.Page},
		Audience: jose.Limit{MaxLength: j.AUD.MaxLength, MaxItems: j.AUD.MaxItems, Page: j.AUD.Page},
		API:      jose.Suite{KeyAlgorithm: j.JWE.Alg, Encryption: j.JWE.Enc, Signature: j.JWS.Alg, JWEPage: j.JWE.Page, JWSPage: j.JWS.Page},
		Hub:      jose.Suite{KeyAlgorithm: h.JWE.Alg, Encryption: h.JWE.Enc, Signature: h.JWS.Alg, JWEPage: h.JWE.Page, JWSPage: h.JWS.Page},

		HubAudienceItems: h.AudItems, RSABits: j.RSABits,
		APIMaxLength: j.MaxLength.API, PushCardEnrollmentMaxLength: j.MaxLength.PushCardEnrollmentToWallet,
		HubMaxLength: j.MaxLength.PushCardEnrollmentToWallet,
		Pages:        j.Pages, HubPages: h.Pages,
	}, nil
}

// at is a clock that stands still.
func at(instant time.Time) func() time.Time { return func() time.Time { return instant } }

// noon is the clock of the vectors.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// envelope applies the contract's rules at an instant.
func envelope(now time.Time, change ...func(*jose.Rules)) *jose.Envelope {
	rules := contractRules()
	for _, c := range change {
		c(&rules)
	}
	made, err := jose.New(rules, at(now))
	ExpectWithOffset(1, err).NotTo(HaveOccurred())
	return made
}
