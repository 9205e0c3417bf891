package vault_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = inBothPlaces("tokens and PANs", func(open func(vault.Options) *vault.Store) {
	var (
		ctx   = context.Background()
		clock *manual
		s     *vault.Store
	)
	BeforeEach(func() {
		clock = newClock()
		s = open(vault.Options{Clock: clock.Now})
		putIssuer(s, "alpha")
		update(s, "alpha", func(tx vault.Tx) { Expect(tx.PutPAN(aPAN(1))).To(Succeed()) })
	})

	Describe("a PAN", func() {
		It("is found by reference and by number, with all that was stored (p.48)", func() {
			pan := aPAN(2)
			pan.Replaced, pan.ClosedAt = panID(1), clock.Now()
			pan.Updates = []vault.PANUpdate{{At: clock.Now(), OldReference: panID(1), NewReference: panID(2), Tokens: []string{tokenID(1)}}}
			pan.Advice = map[string]time.Time{"CONTACT": clock.Now()}
			update(s, "alpha", func(tx vault.Tx) { Expect(tx.PutPAN(pan)).To(Succeed()) })
			pan.CreatedAt, pan.UpdatedAt = clock.Now(), clock.Now()
			view(s, "alpha", func(tx vault.Tx) {
				Expect(tx.PAN(panID(2))).To(Equal(pan))
				Expect(tx.PANByNumber(panNumber(2))).To(Equal(pan))
				_, err := tx.PANByNumber(panNumber(3))
				Expect(err).To(MatchError(vault.ErrNotFound))
			})
		})

		It("changes, and keeps its number and its creation", func() {
			clock.Advance(time.Hour)
			update(s, "alpha", func(tx vault.Tx) {
				pan, err := tx.PAN(panID(1))
				Expect(err).NotTo(HaveOccurred())
				pan.Expiration.Year = "2033"
				Expect(tx.PutPAN(pan)).To(Succeed())
				Expect(tx.PAN(panID(1))).To(And(HaveField("Expiration.Year", "2033"), HaveField("Number", panNumber(1)),
					HaveField("CreatedAt", newClock().Now()), HaveField("UpdatedAt", clock.Now())))
			})
		})

		It("shares neither its reference nor its number with another", func() {
			update(s, "alpha", func(tx vault.Tx) {
				other := aPAN(2)
				other.Number = panNumber(1)
				err := tx.PutPAN(other)
				Expect(err).To(MatchError(vault.ErrExists))
				Expect(err.Error()).NotTo(ContainSubstring(panNumber(1)))
				other = aPAN(1)
				other.Number = panNumber(2)
				Expect(tx.PutPAN(other)).To(MatchError(vault.ErrExists))
				Expect(tx.PAN(panID(1))).To(HaveField("Number", panNumber(1)))
			})
		})
	})

	Describe("a token", func() {
		It("comes back as it was stored, by each of its names", func() {
			filled := aToken(1, 1)
			listed := true
			filled.AutoFill, filled.Listed, filled.LifeCycleTraceID = &listed, true, 123456789012345
			filled.Expiration = token.Expiration{Month: "1", Year: "2031"}
			filled.ActivatedAt, filled.StatusUpdatedAt = clock.Now(), clock.Now()
			filled.Risk = map[string]any{"deviceScore": "5"}
			filled.Discretionary = map[string]any{"data": "abc"}
			update(s, "alpha", func(tx vault.Tx) {
				stored, err := tx.PutToken(filled)
				Expect(err).NotTo(HaveOccurred())
				filled.Issuer, filled.Version, filled.CreatedAt = "alpha", 1, clock.Now()
				Expect(stored).To(Equal(filled))
			})
			view(s, "alpha", func(tx vault.Tx) {
				Expect(tx.Token(requestor, tokenID(1))).To(Equal(filled))
				Expect(tx.TokenByReference(tokenID(1))).To(Equal(filled))
				Expect(tx.TokenByNumber(tokenNumber(1))).To(Equal(filled))
				_, err := tx.Token("40010075001", tokenID(1))
				Expect(err).To(MatchError(vault.ErrNotFound))
			})
			Expect(s.FindToken(ctx, "", tokenID(1))).To(Equal(filled))
		})

		It("is replaced only in the version that was read", func() {
			stock(s, "alpha", 1)
			update(s, "alpha", func(tx vault.Tx) {
				read, err := tx.TokenByReference(tokenID(1))
				Expect(err).NotTo(HaveOccurred())
				read.Status = "SUSPENDED"
				stored, err := tx.PutToken(read)
				Expect(err).NotTo(HaveOccurred())
				Expect(stored.Version).To(Equal(int64(2)))
				read.Status = "DEACTIVATED"
				_, err = tx.PutToken(read)
				Expect(err).To(MatchError(vault.ErrChanged))
				Expect(err).To(MatchError(ContainSubstring("version 2 and not 1")))
				Expect(tx.TokenByReference(tokenID(1))).To(And(HaveField("Status", token.Status("SUSPENDED")), HaveField("Version", int64(2))))
			})
		})

		It("is not made twice, neither by reference nor by number", func() {
			stock(s, "alpha", 1)
			update(s, "alpha", func(tx vault.Tx) {
				_, err := tx.PutToken(aToken(1, 1))
				Expect(err).To(MatchError(vault.ErrExists))
				twin := aToken(2, 1)
				twin.Number = tokenNumber(1)
				_, err = tx.PutToken(twin)
				Expect(err).To(MatchError(vault.ErrExists))
				Expect(err.Error()).NotTo(ContainSubstring(tokenNumber(1)))
			})
		})

		It("can't be replaced when it is gone, and keeps its number", func() {
			stock(s, "alpha", 1)
			update(s, "alpha", func(tx vault.Tx) {
				gone := aToken(9, 1)
				gone.Version = 3
				_, err := tx.PutToken(gone)
				Expect(err).To(MatchError(vault.ErrNotFound))
				other := aToken(1, 1)
				other.Version, other.Number = 1, tokenNumber(2)
				_, err = tx.PutToken(other)
				Expect(err).To(MatchError(ContainSubstring("keeps its number")))
			})
		})

		It("needs its PAN, and the update can go on when it is missing", func() {
			update(s, "alpha", func(tx vault.Tx) {
				_, err := tx.PutToken(aToken(1, 7))
				Expect(err).To(MatchError(vault.ErrNotFound))
				Expect(tx.PutPAN(aPAN(7))).To(Succeed())
				_, err = tx.PutToken(aToken(1, 7))
				Expect(err).NotTo(HaveOccurred())
			})
			view(s, "alpha", func(tx vault.Tx) { Expect(tx.TokenByReference(tokenID(1))).To(HaveField("PANReferenceID", panID(7))) })
		})
	})

	It("lists the tokens of a PAN by their last change, also when the clock stands still (p.85)", func() {
		stock(s, "alpha", 4)
		change := func(n, pan int) {
			update(s, "alpha", func(tx vault.Tx) {
				t, err := tx.TokenByReference(tokenID(n))
				Expect(err).NotTo(HaveOccurred())
				t.PANReferenceID = panID(pan)
				_, err = tx.PutToken(t)
				Expect(err).NotTo(HaveOccurred())
			})
		}
		listed := func(pan, limit int) (references []string) {
			view(s, "alpha", func(tx vault.Tx) {
				tokens, err := tx.TokensOfPAN(panID(pan), limit)
				Expect(err).NotTo(HaveOccurred())
				for _, t := range tokens {
					references = append(references, t.ReferenceID)
				}
			})
			return references
		}
		change(2, 1)
		change(1, 1)
		Expect(listed(1, 0)).To(Equal([]string{tokenID(1), tokenID(2), tokenID(4), tokenID(3)}))
		Expect(listed(1, 2)).To(Equal([]string{tokenID(1), tokenID(2)}))
		update(s, "alpha", func(tx vault.Tx) { Expect(tx.PutPAN(aPAN(2))).To(Succeed()) })
		change(4, 2) // its PAN is replaced
		change(3, 2)
		Expect(listed(2, 0)).To(Equal([]string{tokenID(3), tokenID(4)}))
		Expect(listed(1, 0)).To(Equal([]string{tokenID(1), tokenID(2)}))
		Expect(listed(3, 0)).To(BeEmpty())
	})

	It("pages through all tokens by reference", func() {
		stock(s, "alpha", 25)
		var seen []string
		view(s, "alpha", func(tx vault.Tx) {
			for after := ""; ; {
				page, err := tx.Tokens(after, 10)
				Expect(err).NotTo(HaveOccurred())
				for _, t := range page {
					seen = append(seen, t.ReferenceID)
					after = t.ReferenceID
				}
				if len(page) < 10 {
					break
				}
			}
			Expect(tx.Tokens("", 0)).To(HaveLen(25))
		})
		Expect(seen).To(HaveLen(25))
		Expect(seen[24]).To(Equal(tokenID(25)))
	})
})
