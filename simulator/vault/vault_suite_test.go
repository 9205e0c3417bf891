package vault_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// TestMain plays the process that is killed when crash_test.go asks for it.
func TestMain(m *testing.M) {
	if file := os.Getenv(crashFile); file != "" {
		workUntilKilled(file)
		return
	}
	os.Exit(m.Run())
}

func TestVault(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(20 * time.Second) // a busy machine is no failure
	RunSpecs(t, "Vault")
}

// errRefused stands for a refusal of the simulator's own.
var errRefused = errors.New("refused")

const requestor = "40010030273"

func key() []byte { return []byte("0123456789abcdef0123456789ABCDEF") }

// manual is a clock that stands still until it is moved.
type manual struct {
	mu  sync.Mutex
	now time.Time
}

func (m *manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

func newClock() *manual {
	return &manual{now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
}

func open(o vault.Options) *vault.Store {
	GinkgoHelper()
	if o.Key == nil {
		o.Key = key()
	}
	s, err := vault.Open(context.Background(), o)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(s.Close()).To(Succeed()) })
	return s
}

// inBothPlaces describes behaviour that doesn't depend on where the vault is.
func inBothPlaces(text string, body func(open func(vault.Options) *vault.Store)) bool {
	return Describe(text, func() {
		Context("in memory", func() { body(open) })
		Context("in a file", func() {
			body(func(o vault.Options) *vault.Store {
				GinkgoHelper()
				o.File = filepath.Join(GinkgoT().TempDir(), "vtsim.db")
				return open(o)
			})
		})
	})
}

func putIssuer(s *vault.Store, name string) vault.Issuer {
	GinkgoHelper()
	issuer := vault.Issuer{
		Name: name, Endpoint: "https://" + name + ".test", APIKey: "apikey-of-" + name, SharedSecret: "secret-of-" + name,
		ClientID: "client-" + name, AccountRanges: []string{fmt.Sprintf("4%08d", crc32.ChecksumIEEE([]byte(name))%100_000_000)},
	}
	Expect(s.PutIssuer(context.Background(), issuer)).To(Succeed())
	return issuer
}

func update(s *vault.Store, issuer string, f func(vault.Tx)) {
	GinkgoHelper()
	Expect(s.Update(context.Background(), issuer, func(tx vault.Tx) error { f(tx); return nil })).To(Succeed())
}

func view(s *vault.Store, issuer string, f func(vault.Tx)) {
	GinkgoHelper()
	Expect(s.View(context.Background(), issuer, func(tx vault.Tx) error { f(tx); return nil })).To(Succeed())
}

func panNumber(n int) string   { return fmt.Sprintf("411111%010d", n) }
func tokenNumber(n int) string { return fmt.Sprintf("489537%010d", n) }
func panID(n int) string       { return fmt.Sprintf("V-%022d", n) }
func tokenID(n int) string     { return fmt.Sprintf("DNITHE%018d", n) }

func aPAN(n int) vault.PAN {
	return vault.PAN{ReferenceID: panID(n), Number: panNumber(n), Expiration: token.Expiration{Month: "12", Year: "2030"}}
}

func aToken(n, pan int) token.Token {
	return token.Token{
		ReferenceID: tokenID(n), RequestorID: requestor, PANReferenceID: panID(pan), Number: tokenNumber(n),
		Type: "SECURE_ELEMENT", Status: "ACTIVE", Device: map[string]any{"deviceType": "MOBILE_PHONE"},
	}
}

// stock stores PAN 1 and tokens 1 to n of it.
func stock(s *vault.Store, issuer string, n int) {
	GinkgoHelper()
	update(s, issuer, func(tx vault.Tx) {
		Expect(tx.PutPAN(aPAN(1))).To(Succeed())
		for i := 1; i <= n; i++ {
			_, err := tx.PutToken(aToken(i, 1))
			Expect(err).NotTo(HaveOccurred())
		}
	})
}

func count(s *vault.Store, query string, arguments ...any) (n int) {
	GinkgoHelper()
	Expect(s.Writer().QueryRow(query, arguments...).Scan(&n)).To(Succeed())
	return n
}
