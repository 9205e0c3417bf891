package judge_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/outbound"
)

func newClient(w *world, foreign *rsa.PrivateKey) *outbound.Client {
	client, err := outbound.NewClient(outbound.Config{Contract: w.spec, Envelope: envelope(w), Clock: frozen(), Foreign: foreign,
		Signing: jose.SigningKey{ID: w.directory.VisaSigning.ID, RSA: w.directory.VisaSigning.Key}})
	Expect(err).NotTo(HaveOccurred())
	return client
}

// corrupted is an entry of the catalogue of corruptions.
func corrupted(id string) func(*peer, *sent) {
	return func(_ *peer, s *sent) {
		c, err := outbound.CorruptionByID(id)
		Expect(err).NotTo(HaveOccurred())
		s.corrupt = append(s.corrupt, c)
	}
}

// written puts another body on the wire.
func written(change func(body []byte) []byte) func(*peer, *sent) {
	return func(_ *peer, s *sent) {
		s.corrupt = append(s.corrupt, outbound.Corruption{ID: "body/other", Wire: func(d *outbound.Draft) { d.Body = change(d.Body) }})
	}
}

// cut seals the payload and loses most of it.
func cut(_ *peer, s *sent) {
	s.corrupt = append(s.corrupt, outbound.Corruption{ID: "jws/cut", Seal: func(c *outbound.Client, t outbound.Target, payload []byte) (string, error) {
		blob, err := c.Envelope.Seal(jose.UseAPI, payload, jose.Sealing{To: t.Encrypt, By: c.Signing})
		return blob[:200], err
	}})
}

// otherJWS signs with Visa's key, but calls the signature another one.
func otherJWS(_ *peer, s *sent) {
	s.corrupt = append(s.corrupt, outbound.Corruption{ID: "jws/alg", Seal: func(c *outbound.Client, t outbound.Target, payload []byte) (string, error) {
		blob, err := c.Envelope.Seal(jose.UseAPI, payload, jose.Sealing{To: t.Encrypt, By: c.Signing})
		if err != nil {
			return "", err
		}
		header, err := json.Marshal(map[string]any{"alg": "RS256", "typ": "JOSE", "cty": "JWE", "kid": c.Signing.ID})
		if err != nil {
			return "", err
		}
		input := base64.RawURLEncoding.EncodeToString(header) + "." + strings.Split(blob, ".")[1]
		digest := sha256.Sum256([]byte(input))
		signature, err := rsa.SignPSS(rand.Reader, c.Signing.RSA, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		return input + "." + base64.RawURLEncoding.EncodeToString(signature), err
	}})
}
