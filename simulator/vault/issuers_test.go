package vault_test

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = inBothPlaces("issuers", func(open func(vault.Options) *vault.Store) {
	var (
		ctx = context.Background()
		s   *vault.Store
	)
	BeforeEach(func() { s = open(vault.Options{Clock: newClock().Now}) })

	It("come back as they were stored, by name and by API key, secret included (p.27-28)", func() {
		issuer := vault.Issuer{
			Name: "alpha", Endpoint: "https://alpha.test", AccountRanges: []string{"411111111", "411111112"}, APIKey: "key",
			ClientID: "client", SigningKeyID: "0A1B2C3D", SharedSecret: "very secret", EncryptionCertificate: "pem 1",
			SigningCertificate: "pem 2", ClientCertificate: "pem 3", Settings: map[string]any{"standIn": true},
		}
		Expect(s.PutIssuer(ctx, issuer)).To(Succeed())
		issuer.CreatedAt = newClock().Now()
		Expect(s.Issuer(ctx, "alpha")).To(Equal(issuer))
		Expect(s.IssuerByAPIKey(ctx, "key")).To(Equal(issuer))
		Expect(s.Issuers(ctx)).To(Equal([]vault.Issuer{issuer}))
	})

	It("are not found when unknown, and an empty API key finds nobody", func() {
		Expect(s.PutIssuer(ctx, vault.Issuer{Name: "keyless"})).To(Succeed())
		Expect(s.PutIssuer(ctx, vault.Issuer{Name: "keyless-too"})).To(Succeed())
		_, err := s.Issuer(ctx, "beta")
		Expect(err).To(MatchError(vault.ErrNotFound))
		_, err = s.IssuerByAPIKey(ctx, "")
		Expect(err).To(MatchError(vault.ErrNotFound))
	})

	It("can't take the API key or the account range of another, and then nothing of them is stored", func() {
		alpha := putIssuer(s, "alpha")
		thief := vault.Issuer{Name: "beta", APIKey: alpha.APIKey}
		Expect(s.PutIssuer(ctx, thief)).To(MatchError(vault.ErrExists))
		thief = vault.Issuer{Name: "beta", APIKey: "beta", AccountRanges: []string{"499999999", alpha.AccountRanges[0]}}
		err := s.PutIssuer(ctx, thief)
		Expect(err).To(MatchError(vault.ErrExists))
		Expect(err).To(MatchError(ContainSubstring(alpha.AccountRanges[0])))
		_, err = s.Issuer(ctx, "beta")
		Expect(err).To(MatchError(vault.ErrNotFound))
		thief.AccountRanges = thief.AccountRanges[:1]
		Expect(s.PutIssuer(ctx, thief)).To(Succeed())
	})

	It("are replaced as a whole: ranges and keys that they give up are free again", func() {
		alpha := putIssuer(s, "alpha")
		given := alpha.AccountRanges[0]
		Expect(s.PutIssuer(ctx, vault.Issuer{Name: "alpha", APIKey: "new", AccountRanges: []string{"422222222"}})).To(Succeed())
		Expect(s.PutIssuer(ctx, vault.Issuer{Name: "beta", APIKey: alpha.APIKey, AccountRanges: []string{given}})).To(Succeed())
		Expect(s.IssuerByAPIKey(ctx, alpha.APIKey)).To(HaveField("Name", "beta"))
		Expect(s.Issuers(ctx)).To(HaveLen(2))
	})

	DescribeTable("have names that fit into paths", func(name string, good bool) {
		err := s.PutIssuer(ctx, vault.Issuer{Name: name})
		if good {
			Expect(err).NotTo(HaveOccurred())
		} else {
			Expect(err).To(MatchError(ContainSubstring("letters, digits, hyphens")))
		}
	},
		Entry(nil, "Bank-1_test", true), Entry(nil, "", false), Entry(nil, "../x", false), Entry(nil, "a b", false), Entry(nil, "bänk", false))

	// own gives an issuer a row in every table that has issuers.
	own := func(issuer string) {
		GinkgoHelper()
		stock(s, issuer, 2)
		update(s, issuer, func(tx vault.Tx) {
			Expect(tx.PutBinding(vault.Binding{TokenReferenceID: tokenID(1), Index: 1})).To(Succeed())
			Expect(tx.PutVerification(vault.Verification{TokenReferenceID: tokenID(1), LifeCycleTraceID: 1})).To(Succeed())
			Expect(tx.PutOTP(vault.OTP{TokenReferenceID: tokenID(1), ValueHash: tx.Hash("123456")})).To(Succeed())
			Expect(tx.PutRecord(vault.Record{Kind: "task", Key: "1"})).To(Succeed())
			Expect(tx.Enqueue(vault.Notification{Operation: "tokenNotification"})).To(Succeed())
			for range 5 { // more than the ring holds, so that it leaves a mark
				Expect(tx.Journal(vault.Traffic{Operation: "tokenLifecycle"})).To(Succeed())
			}
		})
		used, err := s.UsedPayToken(ctx, issuer, "digest", newClock().Now().AddDate(1, 0, 0))
		Expect(err).NotTo(HaveOccurred())
		Expect(used).To(BeFalse())
	}
	// owned counts the rows of an issuer in every table that has issuers.
	owned := func(issuer string) map[string]int {
		GinkgoHelper()
		rows := make(map[string]int)
		for _, table := range tenantTables(s) {
			rows[table] = count(s, "SELECT COUNT(*) FROM "+table+" WHERE issuer = ?", issuer)
		}
		return rows
	}
	emptied := func(issuer string, but ...string) {
		GinkgoHelper()
		for table, rows := range owned(issuer) {
			if strings.Join(but, " ") != table {
				Expect(rows).To(BeZero(), table)
			}
		}
	}

	Describe("with all that they own", func() {
		BeforeEach(func() {
			Expect(s.Close()).To(Succeed())
			s = open(vault.Options{JournalRows: 12})
			for _, name := range []string{"alpha", "beta"} {
				putIssuer(s, name)
			}
			own("beta")
			own("alpha")
			own2 := func() map[string]int { return owned("beta") }
			Eventually(own2).Should(HaveKeyWithValue("journal", 5))
		})

		It("fill every table, so that the two tests below mean something", func() {
			update(s, "beta", func(tx vault.Tx) {
				for range 5 {
					Expect(tx.Journal(vault.Traffic{Operation: "tokenLifecycle"})).To(Succeed())
				}
			})
			Eventually(func() map[string]int { return owned("beta") }).Should(HaveEach(BeNumerically(">", 0)))
		})

		It("are reset without a trace, and others are left alone", func() {
			before := owned("beta")
			Expect(s.Journal(ctx, vault.Traffic{Issuer: "alpha"})).To(Succeed())
			Expect(s.Reset(ctx, "alpha")).To(Succeed())
			emptied("alpha", "account_ranges")
			Expect(s.Issuer(ctx, "alpha")).To(HaveField("AccountRanges", HaveLen(1)))
			Expect(owned("beta")).To(Equal(before))
			Expect(count(s, "SELECT row_count FROM journal_size")).To(Equal(count(s, "SELECT COUNT(*) FROM journal")))
			Expect(count(s, "SELECT byte_count FROM journal_size")).To(Equal(count(s, "SELECT SUM(bytes) FROM journal")))
			own("alpha")
		})

		It("are dropped, and their name, ranges and keys are free again", func() {
			Expect(s.DropIssuer(ctx, "alpha")).To(Succeed())
			emptied("alpha")
			_, err := s.Issuer(ctx, "alpha")
			Expect(err).To(MatchError(vault.ErrNotFound))
			putIssuer(s, "alpha")
		})
	})

	It("can neither be dropped nor reset when unknown, nor own anything", func() {
		Expect(s.DropIssuer(ctx, "nobody")).To(MatchError(vault.ErrNotFound))
		Expect(s.Reset(ctx, "nobody")).To(MatchError(vault.ErrNotFound))
		err := s.Update(ctx, "nobody", func(tx vault.Tx) error { return tx.PutPAN(aPAN(1)) })
		Expect(err).To(MatchError(vault.ErrNotFound))
	})
})

var _ = Describe("separation of issuers", func() {
	It("shows nothing of one issuer to another, by any method", func() {
		s := open(vault.Options{})
		putIssuer(s, "alpha")
		putIssuer(s, "beta")
		stock(s, "alpha", 1)
		update(s, "alpha", func(tx vault.Tx) {
			Expect(tx.PutBinding(vault.Binding{TokenReferenceID: tokenID(1), Index: 1})).To(Succeed())
			Expect(tx.PutVerification(vault.Verification{TokenReferenceID: tokenID(1), LifeCycleTraceID: 1})).To(Succeed())
			Expect(tx.PutOTP(vault.OTP{TokenReferenceID: tokenID(1)})).To(Succeed())
			Expect(tx.PutRecord(vault.Record{Kind: "task", Key: "1"})).To(Succeed())
			Expect(tx.Enqueue(vault.Notification{ID: "n", TokenID: tokenID(1), Inquiries: 1})).To(Succeed())
			Expect(tx.Journal(vault.Traffic{ID: "row"})).To(Succeed())
		})
		missing := func(_ any, err error) {
			GinkgoHelper()
			Expect(err).To(MatchError(vault.ErrNotFound))
		}
		empty := func(list any, err error) {
			GinkgoHelper()
			Expect(err).NotTo(HaveOccurred())
			Expect(list).To(BeEmpty())
		}
		update(s, "beta", func(tx vault.Tx) {
			missing(tx.PAN(panID(1)))
			missing(tx.PANByNumber(panNumber(1)))
			missing(tx.Token(requestor, tokenID(1)))
			missing(tx.TokenByReference(tokenID(1)))
			missing(tx.TokenByNumber(tokenNumber(1)))
			empty(tx.TokensOfPAN(panID(1), 0))
			empty(tx.Tokens("", 0))
			empty(tx.Bindings(tokenID(1)))
			empty(tx.Verifications(tokenID(1)))
			missing(tx.OTP(tokenID(1)))
			missing(tx.Record("task", "1"))
			empty(tx.Records("task", "", 0))
			missing(tx.Notification("n"))

			stolen := aToken(1, 1)
			stolen.Version = 1
			missing(tx.PutToken(stolen))
			missing(nil, tx.PutBinding(vault.Binding{TokenReferenceID: tokenID(1), Index: 2}))
			missing(nil, tx.DropBinding(tokenID(1), 1))
			missing(nil, tx.PutVerification(vault.Verification{TokenReferenceID: tokenID(1), LifeCycleTraceID: 2}))
			missing(nil, tx.PutOTP(vault.OTP{TokenReferenceID: tokenID(1)}))
			missing(nil, tx.DropRecord("task", "1"))
			missing(nil, tx.PutNotification(vault.Notification{ID: "n"}))
			Expect(tx.CountInquiry(tokenID(1))).To(Succeed())
			stolen.Issuer, stolen.Version = "alpha", 0
			_, err := tx.PutToken(stolen)
			Expect(err).To(MatchError(ContainSubstring(`belongs to issuer "alpha"`)))
			Expect(tx.Journal(vault.Traffic{Issuer: "alpha"})).To(MatchError(ContainSubstring(`belongs to issuer "alpha"`)))
			Expect(tx.Enqueue(vault.Notification{Issuer: "alpha"})).To(MatchError(ContainSubstring(`belongs to issuer "alpha"`)))
		})
		ctx := context.Background()
		missing(s.FindToken(ctx, "beta", tokenID(1)))
		rows, _, err := s.Traffic(ctx, vault.TrafficQuery{Issuer: "beta"})
		empty(rows, err)
		_, _, err = s.Traffic(ctx, vault.TrafficQuery{Issuer: "beta", After: "row"})
		Expect(err).To(MatchError(vault.ErrEvicted))
		queued, _, err := s.Notifications(ctx, vault.NotificationQuery{Issuer: "beta"})
		empty(queued, err)
		view(s, "alpha", func(tx vault.Tx) {
			Expect(tx.Notification("n")).To(HaveField("Inquiries", 1))
			Expect(tx.TokenByReference(tokenID(1))).To(HaveField("Version", int64(1)))
		})
	})

	It("lets two issuers have the same references, numbers and keys, with different hashes", func() {
		s := open(vault.Options{})
		var hashes [][]byte
		for _, name := range []string{"alpha", "beta"} {
			putIssuer(s, name)
			stock(s, name, 1)
			update(s, name, func(tx vault.Tx) {
				hashes = append(hashes, tx.Hash("123456"))
				Expect(tx.Hash("123456")).To(Equal(tx.Hash("123456")))
				Expect(tx.Issuer()).To(Equal(name))
			})
		}
		Expect(hashes[0]).NotTo(Equal(hashes[1]))
		Expect(count(s, "SELECT COUNT(DISTINCT number_hash) FROM pans")).To(Equal(2))
		_, err := s.FindToken(context.Background(), "", tokenID(1))
		Expect(err).To(MatchError(ContainSubstring("name the issuer")))
		Expect(s.FindToken(context.Background(), "beta", tokenID(1))).To(HaveField("Issuer", "beta"))
		update(s, "beta", func(tx vault.Tx) {
			_, err := tx.PutToken(aToken(2, 1))
			Expect(err).NotTo(HaveOccurred())
		})
		Expect(s.FindToken(context.Background(), "", tokenID(2))).To(And(
			HaveField("Issuer", "beta"), HaveField("Number", tokenNumber(2)), BeAssignableToTypeOf(token.Token{})))
		_, err = s.FindToken(context.Background(), "", "nothing")
		Expect(err).To(MatchError(vault.ErrNotFound))
	})
})
