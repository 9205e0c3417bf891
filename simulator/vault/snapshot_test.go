package vault_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = inBothPlaces("snapshots", func(open func(vault.Options) *vault.Store) {
	var (
		ctx  = context.Background()
		s    *vault.Store
		file string
	)
	BeforeEach(func() {
		file = filepath.Join(GinkgoT().TempDir(), "snapshot.db")
		s = open(vault.Options{})
		putIssuer(s, "alpha")
		stock(s, "alpha", 3)
	})
	tokens := func(s *vault.Store) (n int) {
		GinkgoHelper()
		view(s, "alpha", func(tx vault.Tx) {
			found, err := tx.Tokens("", 0)
			Expect(err).NotTo(HaveOccurred())
			n = len(found)
		})
		return n
	}
	more := func(first, last int) {
		GinkgoHelper()
		update(s, "alpha", func(tx vault.Tx) {
			for n := first; n <= last; n++ {
				_, err := tx.PutToken(aToken(n, 1))
				Expect(err).NotTo(HaveOccurred())
			}
		})
	}

	It("bring back everything as it was, accepted traffic rows included, and the vault works on", func() {
		Expect(s.Journal(ctx, vault.Traffic{ID: "before"})).To(Succeed())
		Expect(s.Snapshot(ctx, file)).To(Succeed())
		more(4, 6)
		putIssuer(s, "beta")
		Expect(s.Journal(ctx, vault.Traffic{ID: "after"})).To(Succeed())
		Expect(s.Restore(ctx, file)).To(Succeed())
		Expect(tokens(s)).To(Equal(3))
		Expect(s.Issuers(ctx)).To(HaveLen(1))
		rows, _, err := s.Traffic(ctx, vault.TrafficQuery{})
		Expect(err).NotTo(HaveOccurred())
		Expect(rows).To(ConsistOf(HaveField("ID", "before")))
		Expect(count(s, "SELECT row_count FROM journal_size")).To(Equal(1))
		more(4, 5)
		Expect(tokens(s)).To(Equal(5))
		var mode string
		Expect(s.Writer().QueryRow("PRAGMA journal_mode").Scan(&mode)).To(Succeed())
		Expect(mode).To(Equal("wal"))
	})

	It("can be restored by another vault with the same key, wherever that is", func() {
		Expect(s.Snapshot(ctx, file)).To(Succeed())
		other := open(vault.Options{})
		Expect(other.Restore(ctx, file)).To(Succeed())
		view(other, "alpha", func(tx vault.Tx) {
			Expect(tx.TokenByNumber(tokenNumber(2))).To(And(HaveField("ReferenceID", tokenID(2)), HaveField("Number", tokenNumber(2))))
		})
		Expect(other.Issuer(ctx, "alpha")).To(HaveField("SharedSecret", "secret-of-alpha"))
	})

	It("bring a larger ring back within the bounds", func() {
		update(s, "alpha", func(tx vault.Tx) {
			for range 40 {
				Expect(tx.Journal(vault.Traffic{})).To(Succeed())
			}
		})
		Expect(s.Snapshot(ctx, file)).To(Succeed())
		small := open(vault.Options{JournalRows: 10})
		Expect(small.Restore(ctx, file)).To(Succeed())
		Eventually(func() int { return count(small, "SELECT COUNT(*) FROM journal") }).Should(Equal(10))
	})

	It("don't overwrite a file", func() {
		Expect(os.WriteFile(file, []byte("precious"), 0o600)).To(Succeed())
		Expect(s.Snapshot(ctx, file)).To(MatchError(vault.ErrExists))
		Expect(os.ReadFile(file)).To(BeEquivalentTo("precious"))
		Expect(s.Snapshot(ctx, filepath.Join(file, "below"))).NotTo(Succeed())
		Expect(os.ReadDir(filepath.Dir(file))).To(HaveLen(1), "no draft is left")
	})

	DescribeTable("are refused, and nothing is changed, when", func(spoil func(), message string, cause error) {
		Expect(s.Snapshot(ctx, file)).To(Succeed())
		more(4, 4)
		spoil()
		err := s.Restore(ctx, file)
		Expect(err).To(MatchError(ContainSubstring(message)))
		if cause != nil {
			Expect(err).To(MatchError(cause))
		}
		Expect(tokens(s)).To(Equal(4))
		more(5, 5)
	},
		Entry("the key is another", func() {
			other, err := vault.Open(ctx, vault.Options{Key: bytes.Repeat([]byte{9}, vault.KeySize)})
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(other.Close)
			Expect(os.Remove(file)).To(Succeed())
			Expect(other.Snapshot(ctx, file)).To(Succeed())
		}, "not the one", vault.ErrKey),
		Entry("the schema is another", func() {
			db, err := sql.Open("sqlite", file)
			Expect(err).NotTo(HaveOccurred())
			_, err = db.Exec("UPDATE goose_db_version SET version_id = 7 WHERE version_id = 2")
			Expect(err).NotTo(HaveOccurred())
			Expect(db.Close()).To(Succeed())
		}, "schema version 7 and this vault 2", nil),
		Entry("the file is no database", func() {
			Expect(os.WriteFile(file, bytes.Repeat([]byte("text "), 1000), 0o600)).To(Succeed())
		}, "not a database", nil),
		Entry("the file is a database of something else", func() {
			Expect(os.Remove(file)).To(Succeed())
			db, err := sql.Open("sqlite", file)
			Expect(err).NotTo(HaveOccurred())
			_, err = db.Exec("CREATE TABLE t (n INTEGER)")
			Expect(err).NotTo(HaveOccurred())
			Expect(db.Close()).To(Succeed())
		}, "it is no vault", nil),
		Entry("the file is damaged", func() {
			content, err := os.ReadFile(file)
			Expect(err).NotTo(HaveOccurred())
			for i := 4096; i < len(content)-4096; i += 512 {
				copy(content[i:], "damage")
			}
			Expect(os.WriteFile(file, content, 0o600)).To(Succeed())
		}, "", nil),
		Entry("there is none", func() { Expect(os.Remove(file)).To(Succeed()) }, "", os.ErrNotExist),
	)

	It("are consistent while many write", func() {
		update(s, "alpha", func(tx vault.Tx) {
			Expect(tx.PutRecord(vault.Record{Kind: "sum", Key: "a", Content: map[string]any{"n": 0}})).To(Succeed())
			Expect(tx.PutRecord(vault.Record{Kind: "sum", Key: "b", Content: map[string]any{"n": 0}})).To(Succeed())
		})
		stop := make(chan struct{})
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				defer GinkgoRecover()
				for {
					select {
					case <-stop:
						return
					default:
					}
					Expect(s.Update(ctx, "alpha", func(tx vault.Tx) error {
						for _, key := range []string{"a", "b"} {
							r, err := tx.Record("sum", key)
							if err != nil {
								return err
							}
							r.Content["n"] = r.Content["n"].(float64) + 1
							if err := tx.PutRecord(r); err != nil {
								return err
							}
						}
						return nil
					})).To(Succeed())
				}
			})
		}
		for range 5 {
			Expect(s.Snapshot(ctx, file)).To(Succeed())
			Expect(s.Restore(ctx, file)).To(Succeed())
			Expect(os.Remove(file)).To(Succeed())
		}
		close(stop)
		wait.Wait()
		view(s, "alpha", func(tx vault.Tx) {
			a, err := tx.Record("sum", "a")
			Expect(err).NotTo(HaveOccurred())
			b, err := tx.Record("sum", "b")
			Expect(err).NotTo(HaveOccurred())
			Expect(a.Content).To(Equal(b.Content))
		})
	})
})
