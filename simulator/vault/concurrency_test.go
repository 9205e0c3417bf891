package vault_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = inBothPlaces("transactions", func(open func(vault.Options) *vault.Store) {
	var (
		ctx = context.Background()
		s   *vault.Store
	)
	BeforeEach(func() {
		s = open(vault.Options{})
		putIssuer(s, "alpha")
		stock(s, "alpha", 3)
	})
	// version changes token n once.
	change := func(tx vault.Tx, n int) error {
		t, err := tx.TokenByReference(tokenID(n))
		if err != nil {
			return err
		}
		_, err = tx.PutToken(t)
		return err
	}
	version := func(n int) (v int64) {
		GinkgoHelper()
		view(s, "alpha", func(tx vault.Tx) {
			t, err := tx.TokenByReference(tokenID(n))
			Expect(err).NotTo(HaveOccurred())
			v = t.Version
		})
		return v
	}

	It("serialise on one token: of 2,000 suspensions exactly one wins, and each sees the one before", func() {
		var wait sync.WaitGroup
		var won, lost atomic.Int32
		for range 2000 {
			wait.Go(func() {
				defer GinkgoRecover()
				err := s.Update(ctx, "alpha", func(tx vault.Tx) error {
					if err := change(tx, 2); err != nil {
						return err
					}
					t, err := tx.TokenByReference(tokenID(1))
					if err != nil {
						return err
					}
					if t.Status == "SUSPENDED" {
						return errRefused
					}
					t.Status = "SUSPENDED"
					_, err = tx.PutToken(t)
					return err
				})
				if errors.Is(err, errRefused) {
					lost.Add(1)
				} else if err == nil {
					won.Add(1)
				}
			})
			wait.Go(func() {
				defer GinkgoRecover()
				Expect(s.Update(ctx, "alpha", func(tx vault.Tx) error { return change(tx, 3) })).To(Succeed())
			})
		}
		wait.Wait()
		Expect(won.Load()).To(Equal(int32(1)))
		Expect(lost.Load()).To(Equal(int32(1999)))
		Expect(version(1)).To(Equal(int64(2)))
		Expect(version(2)).To(Equal(int64(2)), "what a refused update did is undone")
		Expect(version(3)).To(Equal(int64(2001)))
	})

	It("let readers read what was committed, while a writer writes", func() {
		update(s, "alpha", func(tx vault.Tx) {
			Expect(change(tx, 1)).To(Succeed())
			Expect(version(1)).To(Equal(int64(1)), "a view inside an update sees the vault before it")
			read := make(chan int64)
			go func() {
				defer GinkgoRecover()
				read <- version(1)
			}()
			Eventually(read).Should(Receive(Equal(int64(1))))
			_, _, err := s.Notifications(ctx, vault.NotificationQuery{})
			Expect(err).NotTo(HaveOccurred())
		})
		Expect(version(1)).To(Equal(int64(2)))
	})

	It("show a view one moment, whatever is committed meanwhile", func() {
		view(s, "alpha", func(tx vault.Tx) {
			Expect(tx.TokenByReference(tokenID(1))).To(HaveField("Version", int64(1)))
			update(s, "alpha", func(tx vault.Tx) { Expect(change(tx, 1)).To(Succeed()) })
			Expect(tx.TokenByReference(tokenID(1))).To(HaveField("Version", int64(1)))
		})
		Expect(version(1)).To(Equal(int64(2)))
	})

	It("have more readers than connections", func() {
		var wait sync.WaitGroup
		for range 200 {
			wait.Go(func() {
				defer GinkgoRecover()
				Expect(s.View(ctx, "alpha", func(tx vault.Tx) error {
					_, err := tx.TokensOfPAN(panID(1), 0)
					if err == nil {
						_, err = tx.Records("any", "", 0)
					}
					return err
				})).To(Succeed())
			})
		}
		wait.Wait()
	})

	It("write nothing in a view", func() {
		view(s, "alpha", func(tx vault.Tx) {
			_, err := tx.PutToken(aToken(9, 1))
			Expect(err).To(MatchError(vault.ErrReadOnly))
			for _, err := range []error{
				tx.PutPAN(aPAN(9)), tx.PutBinding(vault.Binding{}), tx.DropBinding("", 1), tx.PutVerification(vault.Verification{}), tx.PutOTP(vault.OTP{}),
				tx.PutRecord(vault.Record{}), tx.AddRecord(vault.Record{}), tx.DropRecord("", ""), tx.Enqueue(vault.Notification{}),
				tx.PutNotification(vault.Notification{}), tx.CountInquiry(tokenID(1)), tx.Journal(vault.Traffic{}),
			} {
				Expect(err).To(MatchError(vault.ErrReadOnly))
			}
		})
	})

	It("are over when their function has returned", func() {
		var kept []vault.Tx
		keep := func(tx vault.Tx) { kept = append(kept, tx) }
		update(s, "alpha", keep)
		view(s, "alpha", keep)
		for _, tx := range kept {
			_, err := tx.TokenByReference(tokenID(1))
			Expect(err).To(MatchError(ContainSubstring("over")))
		}
		Expect(kept[0].PutRecord(vault.Record{Kind: "k", Key: "k"})).To(MatchError(ContainSubstring("over")))
	})

	It("undo the update that panics or ends its goroutine, and no other", func() {
		Expect(func() {
			s.Update(ctx, "alpha", func(tx vault.Tx) error {
				Expect(change(tx, 1)).To(Succeed())
				panic("at the disco")
			})
		}).To(PanicWith("at the disco"))
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			s.Update(ctx, "alpha", func(tx vault.Tx) error {
				change(tx, 2)
				runtime.Goexit()
				return nil
			})
		}()
		Eventually(gone).Should(BeClosed())
		update(s, "alpha", func(tx vault.Tx) { Expect(change(tx, 3)).To(Succeed()) })
		Expect([]int64{version(1), version(2), version(3)}).To(Equal([]int64{1, 1, 2}))
		Expect(func() {
			s.View(ctx, "alpha", func(vault.Tx) error { panic("again") })
		}).To(PanicWith("again"))
		Expect(version(1)).To(Equal(int64(1)))
	})

	It("end with their context while they wait, and not half-way", func() {
		cancelled, cancel := context.WithCancel(ctx)
		update(s, "alpha", func(tx vault.Tx) {
			waiting := make(chan error)
			go func() {
				waiting <- s.Update(cancelled, "alpha", func(tx vault.Tx) error { return change(tx, 1) })
			}()
			Consistently(waiting, "20ms").ShouldNot(Receive())
			cancel()
			Eventually(waiting).Should(Receive(MatchError(context.Canceled)))
		})
		Expect(version(1)).To(Equal(int64(1)))

		midway, cancel := context.WithCancel(ctx)
		err := s.Update(midway, "alpha", func(tx vault.Tx) error {
			Expect(change(tx, 1)).To(Succeed())
			cancel()
			Expect(tx.PutRecord(vault.Record{Kind: "late", Key: "1"})).To(MatchError(context.Canceled))
			_, err := tx.TokenByReference(tokenID(1))
			return err
		})
		Expect(err).To(MatchError(context.Canceled))
		Expect(version(1)).To(Equal(int64(1)))

		late, cancel := context.WithCancel(ctx)
		Expect(s.Update(late, "alpha", func(tx vault.Tx) error {
			defer cancel()
			return change(tx, 1)
		})).To(Succeed())
		Expect(version(1)).To(Equal(int64(2)))
		Expect(s.View(late, "alpha", func(vault.Tx) error { return nil })).To(MatchError(context.Canceled))
		Expect(s.View(ctx, "alpha", func(tx vault.Tx) error { return errRefused })).To(MatchError(errRefused))
	})

	It("are refused by a vault that is closed, and those under way are finished", func() {
		begun, closed := make(chan struct{}), make(chan error)
		ended := make(chan error)
		go func() {
			ended <- s.Update(ctx, "alpha", func(tx vault.Tx) error {
				close(begun)
				return change(tx, 1)
			})
		}()
		<-begun
		go func() { closed <- s.Close() }()
		Expect(<-ended).To(Succeed())
		Expect(<-closed).To(Succeed())
		Expect(s.Update(ctx, "alpha", func(vault.Tx) error { return nil })).To(MatchError(vault.ErrClosed))
		Expect(s.Restore(ctx, "nothing")).NotTo(Succeed())
		Expect(s.View(ctx, "alpha", func(vault.Tx) error { return nil })).NotTo(Succeed())
		Expect(s.Close()).To(Succeed())
	})

	It("survive a full disk: what fails is undone as a whole, and the vault works again once there is room", func() {
		pages := count(s, "PRAGMA page_count")
		limit := func(n int) {
			GinkgoHelper()
			_, err := s.Writer().Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n))
			Expect(err).NotTo(HaveOccurred())
		}
		limit(pages + 2)
		big := vault.Record{Kind: "big", Key: "1", Content: map[string]any{"text": strings.Repeat("x", 1<<20)}}
		var swallowed error
		err := s.Update(ctx, "alpha", func(tx vault.Tx) error {
			Expect(change(tx, 1)).To(Succeed())
			swallowed = tx.PutRecord(big)
			Expect(tx.PutRecord(vault.Record{Kind: "small", Key: "1"})).NotTo(Succeed(), "nothing may follow such a failure")
			return nil
		})
		Expect(swallowed).To(MatchError(ContainSubstring("full")))
		Expect(err).To(MatchError(ContainSubstring("full")))
		var wait sync.WaitGroup
		for n := range 40 {
			wait.Go(func() {
				defer GinkgoRecover()
				err := s.Update(ctx, "alpha", func(tx vault.Tx) error {
					if n%2 == 0 {
						return tx.PutRecord(big)
					}
					return change(tx, 2)
				})
				if n%2 == 0 {
					Expect(err).To(MatchError(ContainSubstring("full")))
				}
			})
		}
		wait.Wait()
		Expect(version(1)).To(Equal(int64(1)))
		limit(1 << 30)
		update(s, "alpha", func(tx vault.Tx) {
			Expect(tx.PutRecord(big)).To(Succeed())
			_, err := tx.Record("small", "1")
			Expect(err).To(MatchError(vault.ErrNotFound))
		})
		var verdict string
		Expect(s.Writer().QueryRow("PRAGMA integrity_check").Scan(&verdict)).To(Succeed())
		Expect(verdict).To(Equal("ok"))
	})

	It("share the writing connection with a queue that has its own transactions", func() {
		var wait sync.WaitGroup
		_, err := s.Writer().Exec("CREATE TABLE jobs (n INTEGER)")
		Expect(err).NotTo(HaveOccurred())
		for n := range 50 {
			wait.Go(func() {
				defer GinkgoRecover()
				tx, err := s.Writer().BeginTx(ctx, &sql.TxOptions{})
				Expect(err).NotTo(HaveOccurred())
				_, err = tx.Exec("INSERT INTO jobs (n) VALUES (?)", n)
				Expect(err).NotTo(HaveOccurred())
				Expect(tx.Commit()).To(Succeed())
			})
			wait.Go(func() {
				defer GinkgoRecover()
				Expect(s.Update(ctx, "alpha", func(tx vault.Tx) error { return change(tx, 1) })).To(Succeed())
			})
		}
		wait.Wait()
		Expect(count(s, "SELECT COUNT(*) FROM jobs")).To(Equal(50))
		Expect(version(1)).To(Equal(int64(51)))
	})
})
