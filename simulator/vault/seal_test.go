package vault_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("sensitive numbers at rest", func() {
	var (
		ctx       = context.Background()
		directory string
		file      string
	)
	BeforeEach(func() {
		directory = GinkgoT().TempDir()
		file = filepath.Join(directory, "vtsim.db")
	})

	// inClear are the files of the directory that hold any of the texts.
	inClear := func(texts []string) (found []string) {
		GinkgoHelper()
		files, err := os.ReadDir(directory)
		Expect(err).NotTo(HaveOccurred())
		for _, f := range files {
			content, err := os.ReadFile(filepath.Join(directory, f.Name()))
			Expect(err).NotTo(HaveOccurred())
			for _, text := range texts {
				if bytes.Contains(content, []byte(text)) {
					found = append(found, f.Name()+": "+text)
				}
			}
		}
		return found
	}

	It("are nowhere in clear: not in the database, its log, its index or a snapshot", func() {
		s := open(vault.Options{File: file})
		secrets := []string{string(key())}
		for _, name := range []string{"alpha", "beta"} {
			secrets = append(secrets, putIssuer(s, name).SharedSecret)
			for n := range 100 {
				update(s, name, func(tx vault.Tx) {
					Expect(tx.PutPAN(aPAN(n))).To(Succeed())
					t, err := tx.PutToken(aToken(n, n))
					Expect(err).NotTo(HaveOccurred())
					t.Status = "SUSPENDED"
					_, err = tx.PutToken(t)
					Expect(err).NotTo(HaveOccurred())
					otp := fmt.Sprintf("otp-%06d", n)
					Expect(tx.PutOTP(vault.OTP{TokenReferenceID: tokenID(n), ValueHash: tx.Hash(otp)})).To(Succeed())
					Expect(tx.Enqueue(vault.Notification{TokenID: tokenID(n), PANID: panID(n)})).To(Succeed())
					Expect(tx.Journal(vault.Traffic{Request: vault.Message{Path: "/" + tokenID(n)}})).To(Succeed())
					secrets = append(secrets, panNumber(n), tokenNumber(n), otp)
				})
			}
		}
		Expect(s.Snapshot(ctx, filepath.Join(directory, "snapshot.db"))).To(Succeed())
		Expect(filepath.Glob(file + "*")).To(ConsistOf(file, file+"-wal", file+"-shm"))
		Expect(inClear(secrets)).To(BeEmpty())
		Expect(inClear([]string{tokenID(1)})).NotTo(BeEmpty(), "the search itself finds what is there")
		Expect(s.Close()).To(Succeed())
		Expect(inClear(secrets)).To(BeEmpty())
		Expect(inClear([]string{tokenID(1)})).NotTo(BeEmpty())
	})

	It("are readable by their owner alone, as files", func() {
		s := open(vault.Options{File: file})
		putIssuer(s, "alpha")
		Expect(s.Snapshot(ctx, filepath.Join(directory, "snapshot.db"))).To(Succeed())
		for _, name := range []string{file, file + "-wal", filepath.Join(directory, "snapshot.db")} {
			info, err := os.Stat(name)
			Expect(err).NotTo(HaveOccurred())
			Expect(info.Mode().Perm()).To(Equal(os.FileMode(0o600)), name)
		}
	})

	It("can't be read with another key, and the vault says so at once", func() {
		Expect(open(vault.Options{File: file}).Close()).To(Succeed())
		_, err := vault.Open(ctx, vault.Options{File: file, Key: bytes.Repeat([]byte{1}, vault.KeySize)})
		Expect(err).To(MatchError(vault.ErrKey))
		open(vault.Options{File: file})
	})

	It("need a key of the right length, but for a vault in memory that makes its own", func() {
		_, err := vault.Open(ctx, vault.Options{File: file})
		Expect(err).To(MatchError(ContainSubstring("0 bytes, it must have 32")))
		_, err = vault.Open(ctx, vault.Options{File: file, Key: key()[1:]})
		Expect(err).To(MatchError(ContainSubstring("31 bytes, it must have 32")))
		Expect(file).NotTo(BeAnExistingFile())
		s, err := vault.Open(ctx, vault.Options{})
		Expect(err).NotTo(HaveOccurred())
		Expect(s.Close()).To(Succeed())
	})

	DescribeTable("can't be moved to another row, table or issuer", func(query string) {
		s := open(vault.Options{File: file})
		for _, name := range []string{"alpha", "beta"} {
			putIssuer(s, name)
			stock(s, name, 2)
			update(s, name, func(tx vault.Tx) { Expect(tx.PutPAN(aPAN(2))).To(Succeed()) })
		}
		_, err := s.Writer().Exec(query)
		Expect(err).NotTo(HaveOccurred())
		_, issuerErr := s.Issuer(ctx, "alpha")
		viewErr := s.View(ctx, "alpha", func(tx vault.Tx) error {
			_, panErr := tx.PAN(panID(1))
			_, tokenErr := tx.TokenByReference(tokenID(1))
			if panErr != nil {
				return panErr
			}
			return tokenErr
		})
		if viewErr == nil {
			viewErr = issuerErr
		}
		Expect(viewErr).To(MatchError(ContainSubstring("tampered with or moved")))
	},
		Entry("a PAN of another row", `UPDATE pans SET number_sealed = (SELECT number_sealed FROM pans WHERE reference_id LIKE '%2') WHERE reference_id LIKE '%1'`),
		Entry("a PAN of another issuer", `UPDATE pans SET number_sealed = (SELECT number_sealed FROM pans p WHERE p.issuer = 'beta' AND p.reference_id = pans.reference_id) WHERE issuer = 'alpha'`),
		Entry("a token's number", `UPDATE tokens SET number_sealed = (SELECT number_sealed FROM tokens WHERE reference_id LIKE '%2') WHERE reference_id LIKE '%1'`),
		Entry("a number of another table", `UPDATE tokens SET number_sealed = (SELECT number_sealed FROM pans LIMIT 1)`),
		Entry("a secret", `UPDATE issuers SET secret_sealed = (SELECT secret_sealed FROM issuers WHERE name = 'beta') WHERE name = 'alpha'`),
		Entry("a number cut short", `UPDATE pans SET number_sealed = x'00'`),
	)
})

var _ = Describe("opening a vault", func() {
	ctx := context.Background()

	It("refuses a database of a newer program, and one that is none", func() {
		file := filepath.Join(GinkgoT().TempDir(), "vtsim.db")
		s := open(vault.Options{File: file})
		_, err := s.Writer().Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
		Expect(err).NotTo(HaveOccurred())
		Expect(s.Close()).To(Succeed())
		_, err = vault.Open(ctx, vault.Options{File: file, Key: key()})
		Expect(err).To(MatchError(ContainSubstring("schema version 99 and this program knows 2")))
		Expect(os.WriteFile(file, bytes.Repeat([]byte("no database "), 100), 0o600)).To(Succeed())
		_, err = vault.Open(ctx, vault.Options{File: file, Key: key()})
		Expect(err).To(MatchError(ContainSubstring("not a database")))
	})

	It("takes any file name, and names a directory that isn't there", func() {
		directory := filepath.Join(GinkgoT().TempDir(), "a b?c#d%20e&f=g")
		Expect(os.Mkdir(directory, 0o700)).To(Succeed())
		file := filepath.Join(directory, "x?mode=memory.db")
		s := open(vault.Options{File: file})
		putIssuer(s, "alpha")
		Expect(s.Snapshot(ctx, filepath.Join(directory, "copy?.db"))).To(Succeed())
		Expect(s.Restore(ctx, filepath.Join(directory, "copy?.db"))).To(Succeed())
		Expect(s.Close()).To(Succeed())
		Expect(file).To(BeARegularFile())
		Expect(open(vault.Options{File: file}).Issuer(ctx, "alpha")).To(HaveField("Name", "alpha"))
		_, err := vault.Open(ctx, vault.Options{File: filepath.Join(directory, "missing", "x.db"), Key: key()})
		Expect(err).To(MatchError(os.ErrNotExist))
	})

	It("refuses a journal of negative size", func() {
		_, err := vault.Open(ctx, vault.Options{JournalRows: -1})
		Expect(err).To(MatchError(ContainSubstring("can't hold -1 rows")))
	})

	It("waits for the disk at each commit, keeps references whole and lets readers write nothing", func() {
		s := open(vault.Options{File: filepath.Join(GinkgoT().TempDir(), "vtsim.db")})
		Expect(count(s, "PRAGMA synchronous")).To(Equal(2), "FULL")
		Expect(count(s, "PRAGMA foreign_keys")).To(Equal(1))
		var mode string
		Expect(s.Writer().QueryRow("PRAGMA journal_mode").Scan(&mode)).To(Succeed())
		Expect(mode).To(Equal("wal"))
	})

	It("leaves nothing on the disk for a vault in memory", func() {
		directory := GinkgoT().TempDir()
		GinkgoT().Chdir(directory)
		GinkgoT().Setenv("TMPDIR", directory)
		GinkgoT().Setenv("SQLITE_TMPDIR", directory)
		s := open(vault.Options{})
		putIssuer(s, "alpha")
		stock(s, "alpha", 300)
		Expect(s.Close()).To(Succeed())
		Expect(os.ReadDir(directory)).To(BeEmpty())
	})
})
