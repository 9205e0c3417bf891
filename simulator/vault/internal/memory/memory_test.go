package memory_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	_ "modernc.org/sqlite"

	"github.com/vtsim/vtsim/simulator/vault/internal/memory"
)

var _ = Describe("files in memory", func() {
	var files *memory.Files

	open := func(pragmas string) *sql.DB {
		GinkgoHelper()
		db, err := sql.Open("sqlite", "file:/a.db?vfs="+files.Name+"&_pragma=busy_timeout(5000)"+pragmas)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(db.Close)
		return db
	}
	number := func(q interface {
		QueryRow(string, ...any) *sql.Row
	}, query string) (n int) {
		GinkgoHelper()
		Expect(q.QueryRow(query).Scan(&n)).To(Succeed())
		return n
	}
	exec := func(db interface {
		Exec(string, ...any) (sql.Result, error)
	}, query string, args ...any) {
		GinkgoHelper()
		_, err := db.Exec(query, args...)
		Expect(err).NotTo(HaveOccurred())
	}

	BeforeEach(func() {
		var err error
		files, err = memory.Register()
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { Expect(files.Close()).To(Succeed()) })
	})

	It("take a write-ahead log, so that a reader sees the last commit while a writer writes", func() {
		writer, reader := open("&_pragma=journal_mode(WAL)"), open("&_pragma=query_only(1)")
		var mode string
		Expect(writer.QueryRow("PRAGMA journal_mode").Scan(&mode)).To(Succeed())
		Expect(mode).To(Equal("wal"))
		exec(writer, "CREATE TABLE t (n INTEGER)")
		exec(writer, "INSERT INTO t VALUES (1)")
		tx, err := writer.Begin()
		Expect(err).NotTo(HaveOccurred())
		exec(tx, "INSERT INTO t VALUES (2)")
		Expect(number(reader, "SELECT COUNT(*) FROM t")).To(Equal(1))
		Expect(tx.Commit()).To(Succeed())
		Expect(number(reader, "SELECT COUNT(*) FROM t")).To(Equal(2))
	})

	It("give a reader one snapshot for its whole transaction", func() {
		writer, reader := open("&_pragma=journal_mode(WAL)"), open("")
		exec(writer, "CREATE TABLE t (n INTEGER)")
		tx, err := reader.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
		Expect(err).NotTo(HaveOccurred())
		Expect(number(tx, "SELECT COUNT(*) FROM t")).To(BeZero())
		exec(writer, "INSERT INTO t VALUES (1)")
		Expect(number(tx, "SELECT COUNT(*) FROM t")).To(BeZero())
		Expect(tx.Rollback()).To(Succeed())
		Expect(number(reader, "SELECT COUNT(*) FROM t")).To(Equal(1))
	})

	It("outlive their connections but not their file system", func() {
		first, err := sql.Open("sqlite", "file:/a.db?vfs="+files.Name+"&_pragma=journal_mode(WAL)")
		Expect(err).NotTo(HaveOccurred())
		exec(first, "CREATE TABLE t (n INTEGER)")
		Expect(files.Close()).To(MatchError(ContainSubstring("still open")))
		Expect(first.Close()).To(Succeed())
		Expect(number(open(""), "SELECT COUNT(*) FROM t")).To(BeZero())

		other, err := memory.Register()
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(other.Close)
		elsewhere, err := sql.Open("sqlite", "file:/a.db?vfs="+other.Name)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(elsewhere.Close)
		_, err = elsewhere.Exec("SELECT * FROM t")
		Expect(err).To(MatchError(ContainSubstring("no such table")))
	})

	It("serve the rollback journal too, undoing what is not committed", func() {
		db := open("&_pragma=journal_mode(DELETE)&_pragma=cache_size(4)")
		exec(db, "CREATE TABLE t (n INTEGER, b BLOB)")
		exec(db, "INSERT INTO t VALUES (1, randomblob(100000))")
		tx, err := db.Begin()
		Expect(err).NotTo(HaveOccurred())
		for range 20 { // spills the cache into the file
			exec(tx, "INSERT INTO t VALUES (2, randomblob(100000))")
		}
		Expect(tx.Rollback()).To(Succeed())
		Expect(number(db, "SELECT COUNT(*) FROM t")).To(Equal(1))
		var verdict string
		Expect(db.QueryRow("PRAGMA integrity_check").Scan(&verdict)).To(Succeed())
		Expect(verdict).To(Equal("ok"))
	})

	It("grow, shrink and keep their content whole over many writers and readers", func() {
		db := open("&_pragma=journal_mode(WAL)&_pragma=wal_autocheckpoint(20)&_pragma=cache_size(50)&_txlock=immediate")
		db.SetMaxOpenConns(6)
		exec(db, "CREATE TABLE t (worker INTEGER, n INTEGER, b BLOB)")
		var wait sync.WaitGroup
		for worker := range 4 {
			wait.Go(func() {
				defer GinkgoRecover()
				for n := range 40 {
					exec(db, "INSERT INTO t VALUES (?, ?, randomblob(?))", worker, n, 100+n*997%20000)
				}
			})
			wait.Go(func() {
				defer GinkgoRecover()
				for last := 0; last < 40; {
					now := number(db, fmt.Sprintf("SELECT COUNT(*) FROM t WHERE worker = %d", worker))
					Expect(now).To(BeNumerically(">=", last))
					last = now
				}
			})
		}
		wait.Wait()
		exec(db, "DELETE FROM t WHERE n % 2 = 0")
		exec(db, "VACUUM")
		Expect(number(db, "SELECT COUNT(*) FROM t")).To(Equal(80))
		var verdict string
		Expect(db.QueryRow("PRAGMA integrity_check").Scan(&verdict)).To(Succeed())
		Expect(verdict).To(Equal("ok"))
	})

	It("can be copied to a disk", func() {
		db := open("&_pragma=journal_mode(WAL)")
		exec(db, "CREATE TABLE t (n INTEGER)")
		exec(db, "INSERT INTO t VALUES (7)")
		copied := filepath.Join(GinkgoT().TempDir(), "copy.db")
		exec(db, "VACUUM INTO ?", "file:"+copied+"?vfs="+files.Disk)
		Expect(copied).To(BeARegularFile())
		disk, err := sql.Open("sqlite", copied)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(disk.Close)
		Expect(number(disk, "SELECT n FROM t")).To(Equal(7))
	})

	It("leave nothing on the disk", func() {
		directory := GinkgoT().TempDir()
		GinkgoT().Chdir(directory)
		GinkgoT().Setenv("TMPDIR", directory)
		GinkgoT().Setenv("SQLITE_TMPDIR", directory)
		db := open("&_pragma=journal_mode(WAL)&_pragma=temp_store(FILE)")
		exec(db, "CREATE TABLE t (n INTEGER, b BLOB)")
		for range 50 {
			exec(db, "INSERT INTO t VALUES (1, randomblob(50000))")
		}
		Expect(number(db, "SELECT COUNT(*) FROM (SELECT DISTINCT b FROM t ORDER BY b DESC)")).To(Equal(50))
		Expect(os.ReadDir(directory)).To(BeEmpty())
	})
})
