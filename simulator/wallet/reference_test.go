package wallet_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/fixtures/issuer"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

var _ = Describe("The wallet and the reference issuer", func() {
	var l *lab
	BeforeEach(func() {
		l = newLab()
		var cards []keys.Card
		for _, card := range l.fixtures.CardsOf(bank) {
			cards = append(cards, keys.Card{Role: card.Role, PAN: card.PAN, ExpMonth: card.ExpMonth, ExpYear: card.ExpYear, CVV2: card.CVV2})
		}
		player := l.directory.Issuers[bank]
		s, err := issuer.New(issuer.Config{Contract: l.contract, Issuer: player, Authority: l.directory.CA.Pool(), VisaClient: l.directory.Client.Leaf,
			VisaSigning: l.directory.VisaSigning, VisaEncryption: l.directory.VisaEncryption, Cards: cards, Now: l.clock.Now})
		Expect(err).NotTo(HaveOccurred())
		Expect(s.Start()).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(s.Close(ctx)).To(Succeed()) })
		DeferCleanup(l.config.Client.(*outbound.Client).Close) // first: the server waits for open connections
		l.config.Targets = func(vault.Issuer) (outbound.Target, error) {
			return outbound.Target{Issuer: bank, Endpoint: s.URL(), Roots: l.directory.CA.Pool(), Client: &l.directory.Client,
				Encrypt: jose.EncryptionKey{ID: player.Credentials.APIKey, RSA: player.Encryption.Public()}}, nil
		}
		l.Wallet, err = wallet.New(l.config)
		Expect(err).NotTo(HaveOccurred())
	})

	DescribeTable("agree on each card's path, and the answers break no rule:",
		func(role string, path fixtures.Path) {
			Expect(l.provision(l.card(role)).Path).To(Equal(path))
			rows, _, err := l.vault.Traffic(context.Background(), vault.TrafficQuery{Issuer: bank})
			Expect(err).NotTo(HaveOccurred())
			Expect(rows).NotTo(BeEmpty())
			for _, row := range rows {
				Expect(row.Violations).To(BeEmpty(), row.Operation)
			}
			l.queued()
		},
		Entry(nil, "eligible", fixtures.PathGreen),
		Entry(nil, "stepUp", fixtures.PathYellow),
		Entry(nil, "declined", fixtures.PathRed),
		Entry(nil, "wrongCvv2", fixtures.PathRed),
		Entry(nil, "ineligible", fixtures.PathRed),
		Entry(nil, "expired", fixtures.PathRed),
		Entry(nil, "callCenterOnly", fixtures.PathYellow),
		Entry(nil, "pushProvisioned", fixtures.PathYellow),
		Entry(nil, "contactless", fixtures.PathGreen),
	)
})
