package vault

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/vtsim/vtsim/simulator/token"
)

// stocked opens a vault with one issuer, one PAN and some tokens.
func stocked(b *testing.B, o Options, tokens int) *Store {
	b.Helper()
	ctx := context.Background()
	o.Key = make([]byte, KeySize)
	s, err := Open(ctx, o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	if err := s.PutIssuer(ctx, Issuer{Name: "alpha", APIKey: "key", SharedSecret: "secret"}); err != nil {
		b.Fatal(err)
	}
	err = s.Update(ctx, "alpha", func(tx Tx) error {
		if err := tx.PutPAN(PAN{ReferenceID: "V-1", Number: "4111111111111111"}); err != nil {
			return err
		}
		for n := range tokens {
			_, err := tx.PutToken(token.Token{
				ReferenceID: reference(n), RequestorID: "40010030273", PANReferenceID: "V-1", Number: fmt.Sprintf("49%014d", n),
				Type: "SECURE_ELEMENT", Status: "ACTIVE", Device: map[string]any{"deviceType": "MOBILE_PHONE", "deviceName": "phone"},
				Risk: map[string]any{"walletProviderRiskAssessment": "0", "deviceScore": "5"},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func reference(n int) string { return fmt.Sprintf("DNITHE%018d", n) }

// suspendLike does what a lifecycle call does: reads and replaces a token,
// queues a notification and writes its traffic row.
func suspendLike(ctx context.Context, s *Store, n int) error {
	return s.Update(ctx, "alpha", func(tx Tx) error {
		t, err := tx.Token("40010030273", reference(n))
		if err != nil {
			return err
		}
		t.StatusUpdatedAt = time.Now()
		if _, err := tx.PutToken(t); err != nil {
			return err
		}
		if err := tx.Enqueue(Notification{Operation: "tokenNotification", TokenID: t.ReferenceID}); err != nil {
			return err
		}
		return tx.Journal(Traffic{
			Direction: "inbound", Operation: "tokenLifecycle",
			Request: Message{Method: "PUT", Path: "/vtis/v1/x", Headers: map[string]string{"X-REQUEST-ID": "1"}, Body: map[string]any{"encryptedData": "…"}},
		})
	})
}

// share runs f b.N times from several goroutines.
func share(b *testing.B, goroutines int, f func(n int) error) {
	b.Helper()
	work := make(chan int)
	var wait sync.WaitGroup
	for range goroutines {
		wait.Go(func() {
			for n := range work {
				if err := f(n); err != nil {
					b.Error(err)
				}
			}
		})
	}
	b.ResetTimer()
	for n := range b.N {
		work <- n
	}
	close(work)
	wait.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkUpdate measures what waiting for the disk costs, and what sharing
// a commit brings.
func BenchmarkUpdate(b *testing.B) {
	for _, place := range []struct {
		name        string
		file        bool
		synchronous string
		group       int
	}{
		{"memory", false, "OFF", largestGroup},
		{"file/full", true, "FULL", largestGroup},
		{"file/full/alone", true, "FULL", 1},
		{"file/normal", true, "NORMAL", largestGroup},
		{"file/normal/alone", true, "NORMAL", 1},
	} {
		for _, goroutines := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", place.name, goroutines), func(b *testing.B) {
				o := Options{synchronous: place.synchronous, group: place.group}
				if place.file {
					o.File = filepath.Join(b.TempDir(), "vtsim.db")
				}
				s := stocked(b, o, 1000)
				share(b, goroutines, func(n int) error { return suspendLike(context.Background(), s, n%1000) })
			})
		}
	}
}

func BenchmarkView(b *testing.B) {
	for _, file := range []bool{false, true} {
		for _, goroutines := range []int{1, 64} {
			b.Run(fmt.Sprintf("file=%t/%d", file, goroutines), func(b *testing.B) {
				var o Options
				if file {
					o.File = filepath.Join(b.TempDir(), "vtsim.db")
				}
				s := stocked(b, o, 1000)
				share(b, goroutines, func(n int) error {
					return s.View(context.Background(), "alpha", func(tx Tx) error {
						_, err := tx.Token("40010030273", reference(n%1000))
						return err
					})
				})
			})
		}
	}
}

// BenchmarkJournal accepts traffic rows of calls that change nothing.
func BenchmarkJournal(b *testing.B) {
	s := stocked(b, Options{File: filepath.Join(b.TempDir(), "vtsim.db"), JournalRows: 5000}, 1)
	share(b, 8, func(int) error {
		return s.Journal(context.Background(), Traffic{Issuer: "alpha", Direction: "inbound", Operation: "tokenInquiry"})
	})
}

// BenchmarkOpen opens a vault that is there.
func BenchmarkOpen(b *testing.B) {
	file := filepath.Join(b.TempDir(), "vtsim.db")
	stocked(b, Options{File: file}, 1000)
	for b.Loop() {
		s, err := Open(context.Background(), Options{File: file, Key: make([]byte, KeySize)})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
