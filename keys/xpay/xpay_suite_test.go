package xpay_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/keys/xpay"
)

func TestXPay(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "x-pay-token")
}

// contractRules are the rules as the contract's table has them.
func contractRules() (xpay.Rules, error) {
	text, err := os.ReadFile("../../conformance/contract/spec/tables/envelope.yaml")
	if err != nil {
		return xpay.Rules{}, err
	}
	var table struct {
		XPayToken struct {
			Page            int    `yaml:"page"`
			Header          string `yaml:"header"`
			Scheme          string `yaml:"scheme"`
			WindowSeconds   int    `yaml:"windowSeconds"`
			MaxLength       int    `yaml:"maxLength"`
			APIKeyParameter string `yaml:"apiKeyParameter"`
		} `yaml:"xPayToken"`
	}
	if err := yaml.Unmarshal(text, &table); err != nil {
		return xpay.Rules{}, err
	}
	facts := table.XPayToken
	return xpay.Rules{
		Header:          facts.Header,
		Scheme:          facts.Scheme,
		Window:          time.Duration(facts.WindowSeconds) * time.Second,
		MaxLength:       facts.MaxLength,
		APIKeyParameter: facts.APIKeyParameter,
		Page:            facts.Page,
	}, nil
}

func rules() xpay.Rules {
	GinkgoHelper()
	r, err := contractRules()
	Expect(err).NotTo(HaveOccurred())
	return r
}

const (
	sharedSecret = "Zq7$kP2-shared-secret_9f"
	sampleKey    = "A1B2C3D4E5F6G7H8I9J0"
	// second is a timestamp, and instant the clock that goes with it.
	second = "1700000000"
)

var instant = time.Unix(1700000000, 250_000_000)

func secret() xpay.Secret { return xpay.NewSecret("issuer demo", []byte(sharedSecret)) }

func clockAt(at time.Time) func() time.Time { return func() time.Time { return at } }

// hmacHex is made here without the package, so that tests say what a token is.
func hmacHex(key, message string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(message))
	return hex.EncodeToString(mac.Sum(nil))
}

func tokenOf(timestamp, message string) string {
	return fmt.Sprintf("xv2:%s:%s", timestamp, hmacHex(sharedSecret, message))
}

func lifecycle() xpay.Call {
	return xpay.Call{
		Method: "POST",
		Host:   "vts.example:8443",
		Path:   "/vtis/v1/tokenRequestors/40010030273/tokens/DNITHE3022/lifecycle",
		Query:  "apiKey=" + sampleKey,
		Body:   []byte(`{"operationReason":"CUSTOMER_CONFIRMED","encryptedData":"eyJ0.c2Ft"}`),
	}
}

func report(query string) xpay.Call {
	return xpay.Call{Method: "GET", Host: "vts.example", Path: "/vtis/v1/reports/tokenRequestor", Query: query}
}
