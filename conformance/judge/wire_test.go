package judge_test

import (
	"crypto/rsa"

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
