package inbound_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// failing is a vault that fails where a test wants it to.
type failing struct {
	vault.Vault
	update  func(vault.Tx) vault.Tx
	commit  error
	journal error
	issuer  error
}

func (f *failing) Update(ctx context.Context, issuer string, work func(vault.Tx) error) error {
	return f.Vault.Update(ctx, issuer, func(tx vault.Tx) error {
		if f.update != nil {
			tx = f.update(tx)
		}
		if err := work(tx); err != nil {
			return err
		}
		return f.commit
	})
}

func (f *failing) Journal(ctx context.Context, row vault.Traffic) error {
	if f.journal != nil {
		return f.journal
	}
	return f.Vault.Journal(ctx, row)
}

func (f *failing) IssuerByAPIKey(ctx context.Context, key string) (vault.Issuer, error) {
	if f.issuer != nil {
		return vault.Issuer{}, f.issuer
	}
	return f.Vault.IssuerByAPIKey(ctx, key)
}

// failingTx is a transaction that fails where a test wants it to.
type failingTx struct {
	vault.Tx
	put     func() error
	journal error
}

func (f failingTx) PutToken(t token.Token) (token.Token, error) {
	if f.put != nil {
		if err := f.put(); err != nil {
			return t, err
		}
	}
	return f.Tx.PutToken(t)
}

func (f failingTx) Journal(row vault.Traffic) error {
	if f.journal != nil {
		return f.journal
	}
	return f.Tx.Journal(row)
}

// weakCertificate is a certificate of an RSA key that is too small (p.40).
func weakCertificate() string {
	GinkgoHelper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: noon, NotAfter: noon.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	Expect(err).NotTo(HaveOccurred())
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

var _ = Describe("The way out, faults of our own (p.31, p.94)", func() {
	const secret = "the database says 4000000010000018"
	var (
		l     *lab
		t     token.Token
		store *failing
		log   *lockedBuffer
	)
	BeforeEach(func() {
		log = new(lockedBuffer)
		l = newLab(func(c *inbound.Config) {
			store = &failing{Vault: c.Vault}
			c.Vault, c.Log = store, slog.New(slog.NewTextHandler(log, nil))
		})
		t = l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
	})
	// failed checks the internal error, and that neither answer nor log nor
	// journal tells more than it may.
	failed := func(got answer) {
		GinkgoHelper()
		got.mustRefuse(500, "VSE40009")
		Expect(got.raw).To(MatchJSON(`{"errorResponse":{"status":500,"reason":"VSE40009","message":"The simulator failed; its log tells why. The call may be sent again."}}`))
		Expect(got.headers.Get("X-RESPONSE-ID")).To(HavePrefix("test-"))
		Expect(log.String()).To(ContainSubstring("call failed"))
		Expect(log.String()).NotTo(ContainSubstring(lifecyclePAN))
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
		Expect(l.notifications(bank)).To(BeEmpty())
	}

	It("answers a panic of an act as an internal error, changes nothing, and serves on", func() {
		store.update = func(tx vault.Tx) vault.Tx {
			return failingTx{Tx: tx, put: func() error { panic(secret) }}
		}
		failed(l.lifecycle(t, "SUSPEND", nil))
		Expect(log.String()).To(And(ContainSubstring("panic: the database says"), ContainSubstring("tokenlifecycle.go")))
		rows := l.traffic(bank)
		Expect(rows).To(HaveLen(1))
		Expect(rows[0].Response.Status).To(Equal(500))
		store.update = nil
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "SUSPEND", nil))
	})

	It("answers an error of the vault as an internal error", func() {
		store.update = func(tx vault.Tx) vault.Tx {
			return failingTx{Tx: tx, put: func() error { return errors.New(secret) }}
		}
		failed(l.lifecycle(t, "SUSPEND", nil))
	})

	It("changes nothing when the journal row cannot be written (one transaction)", func() {
		store.update = func(tx vault.Tx) vault.Tx { return failingTx{Tx: tx, journal: errors.New(secret)} }
		failed(l.lifecycle(t, "SUSPEND", nil))
	})

	It("changes nothing when the commit fails, and says so", func() {
		store.commit = errors.New(secret)
		failed(l.lifecycle(t, "SUSPEND", nil))
		Expect(l.traffic(bank)[0].Response.Status).To(Equal(500))
	})

	It("still answers a refused call when its journal row is lost, and tells the log", func() {
		store.journal = errors.New(secret)
		l.lifecycle(t, "RESUME", nil).mustRefuse(400, "VSE40002", "operationType")
		Expect(log.String()).To(ContainSubstring("journal row lost"))
		Expect(log.String()).NotTo(ContainSubstring(lifecyclePAN))
	})

	It("answers a vault that cannot find issuers as an internal error, not as a wrong credential", func() {
		store.issuer = errors.New(secret)
		failed(l.lifecycle(t, "SUSPEND", nil))
	})

	It("answers an unknown path as one even when the vault cannot tell who asks", func() {
		store.issuer = errors.New(secret)
		l.call(request{path: "/nowhere", raw: suspension}).mustRefuse(404, "Not Found")
		Expect(l.lastRow().Issuer).To(BeEmpty())
	})

	It("tells in a second row what the caller saw when the answer fails after the commit", func() {
		issuer := l.issuer(bank)
		issuer.EncryptionCertificate = weakCertificate() // the envelope refuses to seal for it
		Expect(l.vault.PutIssuer(context.Background(), issuer)).To(Succeed())
		got := l.call(request{method: "GET", path: tokenPath(t, "details")})
		got.mustRefuse(500, "VSE40009")
		rows := l.traffic(bank)
		Expect(rows).To(HaveLen(2))
		Expect(rows[0].Response.Status).To(Equal(200))
		Expect(rows[1].Response.Status).To(Equal(500))
		Expect(rows[1].Cause).To(Equal(rows[0].ID))
	})
})

var _ = Describe("Simultaneous calls", func() {
	It("suspend a token once: of fifty one wins and the others get the state error (p.94)", func() {
		l := newLab()
		t := l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
		const callers = 50
		answers := make([]answer, callers)
		start := make(chan struct{})
		var done sync.WaitGroup
		for i := range callers {
			done.Go(func() {
				defer GinkgoRecover()
				<-start
				answers[i] = l.lifecycle(t, "SUSPEND", nil)
			})
		}
		close(start)
		done.Wait()
		won := 0
		for _, got := range answers {
			if got.status == 200 {
				won++
				continue
			}
			got.mustRefuse(400, "VSE40002", "operationType")
		}
		Expect(won).To(Equal(1))
		after := l.token(bank, t.ReferenceID)
		Expect(string(after.Status)).To(Equal("SUSPENDED"))
		Expect(after.Version).To(Equal(t.Version + 1))
		Expect(l.notifications(bank)).To(HaveLen(1))
		Expect(l.records(bank, "audit")).To(HaveLen(1))
		Expect(l.traffic(bank)).To(HaveLen(callers))
	})

	It("with tokens that explain themselves in no way are all refused alike, whether or not the doctor has time for them", func() {
		l := newLab()
		t := l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
		const callers = 12
		var done sync.WaitGroup
		for range callers {
			done.Go(func() {
				defer GinkgoRecover()
				got := l.call(request{path: tokenPath(t, "lifecycle"), raw: suspension, headers: map[string]string{"x-pay-token": "xv2:1780315200:" + strings.Repeat("0a", 32)}})
				got.mustRefuse(401, "Unauthorized")
			})
		}
		done.Wait()
		rows := l.traffic(bank)
		Expect(rows).To(HaveLen(callers))
		Expect(rows).To(HaveEach(HaveField("Diagnosis", ContainSubstring("the digest is not the one of this call"))))
		Expect(rows).To(ContainElement(HaveField("Diagnosis", ContainSubstring("none of"))), "one at least was examined")
	})

	It("wait for a place, and all are served", func() {
		l := newLab(func(c *inbound.Config) { c.Limits.Calls = 1 })
		pan := l.givenPAN(bank, lifecyclePAN)
		var done sync.WaitGroup
		for range 8 {
			t := l.givenToken(bank, pan)
			done.Go(func() {
				defer GinkgoRecover()
				l.mustSucceed("tokenLifecycle", l.lifecycle(t, "SUSPEND", nil))
			})
		}
		done.Wait()
		Expect(l.notifications(bank)).To(HaveLen(8))
	})
})
