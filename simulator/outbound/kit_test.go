package outbound_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"database/sql"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

func TestOutbound(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "outbound")
}

const (
	bank  = "demo-bank"
	other = "second-bank"
	// number of a test card of the bank, and the one that takes its place.
	number, replacement = "4000009010000019", "4000009010000027"
	tokenReference      = "DNITHE000000000000000001"
	panReference        = "V-0000000000000000000001"
	newPANReference     = "V-0000000000000000000002"
	tokenNumber         = "4900000000000010"
	requestorID         = "40010030273"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// shared is what all tests use and none changes.
var shared struct {
	contract  *contract.Contract
	fixtures  *fixtures.Set
	directory *keys.Directory
}

var _ = BeforeSuite(func() {
	var err error
	shared.contract, err = contract.Load()
	Expect(err).NotTo(HaveOccurred())
	shared.fixtures, err = fixtures.Load()
	Expect(err).NotTo(HaveOccurred())
	shared.directory, err = keys.LoadFS(fixturekeys.TestOnly(), keys.Settings{Facts: keys.FactsOf(shared.contract), Now: func() time.Time { return noon }})
	Expect(err).NotTo(HaveOccurred())
})

// seen is a request as an issuer got it.
type seen struct {
	requestID, path, proto, remote string
	header                         http.Header
	body                           []byte
	peer                           int // client certificates shown
}

// issuer is an endpoint behind mutual TLS that keeps what it got.
type issuer struct {
	*httptest.Server
	mu     sync.Mutex
	seen   []seen
	answer http.HandlerFunc
}

func newIssuer(answer http.HandlerFunc, change ...func(*tls.Config)) *issuer {
	GinkgoHelper()
	i := &issuer{answer: answer}
	i.Server = httptest.NewUnstartedServer(i)
	i.Server.TLS = &tls.Config{Certificates: []tls.Certificate{shared.directory.Issuers[bank].Server.TLS()}, ClientAuth: tls.RequireAndVerifyClientCert,
		ClientCAs: shared.directory.CA.Pool(), Time: func() time.Time { return noon }, NextProtos: []string{"h2", "http/1.1"}}
	for _, c := range change {
		c(i.Server.TLS)
	}
	i.Server.Config.ErrorLog = log.New(io.Discard, "", 0)
	i.Server.EnableHTTP2 = true
	i.Server.StartTLS()
	DeferCleanup(i.Server.Close)
	return i
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	i.mu.Lock()
	i.seen = append(i.seen, seen{r.Header.Get("X-REQUEST-ID"), r.URL.RequestURI(), r.Proto, r.RemoteAddr, r.Header, body, len(r.TLS.PeerCertificates)})
	i.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	i.answer(w, r)
}

func (i *issuer) requests() []seen {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]seen(nil), i.seen...)
}

func approve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-REQUEST-ID", r.Header.Get("X-REQUEST-ID"))
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{}`)
}

// open opens the sealed payload of a body as the issuer does.
func open(name string, body []byte) ([]byte, error) {
	GinkgoHelper()
	var members struct{ EncryptedData string }
	Expect(json.Unmarshal(body, &members)).To(Succeed())
	of := shared.directory.Issuers[name]
	opened, err := envelope().Open(jose.UseAPI, members.EncryptedData, jose.Keyring{
		Decryption:   []jose.DecryptionKey{{ID: of.Credentials.APIKey, RSA: of.Encryption.Key}},
		Verification: []jose.VerificationKey{{ID: shared.directory.VisaSigning.ID, RSA: shared.directory.VisaSigning.Public()}}})
	if err != nil {
		return nil, err
	}
	return opened.Payload, nil
}

func envelope() *jose.Envelope {
	GinkgoHelper()
	e, err := jose.New(keys.JOSERules(shared.contract.Tables.Envelope), func() time.Time { return noon })
	Expect(err).NotTo(HaveOccurred())
	return e
}

func newClient(change ...func(*outbound.Config)) *outbound.Client {
	GinkgoHelper()
	frozen := clock.New(time.Now)
	frozen.Freeze(noon)
	config := outbound.Config{Contract: shared.contract, Envelope: envelope(), Clock: frozen,
		Signing: jose.SigningKey{ID: shared.directory.VisaSigning.ID, RSA: shared.directory.VisaSigning.Key}}
	for _, c := range change {
		c(&config)
	}
	client, err := outbound.NewClient(config)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(client.Close)
	return client
}

// target is where the issuer of that name listens; its certificate is the
// bank's, for localhost.
func target(name, endpoint string) outbound.Target {
	client := shared.directory.Client
	of := shared.directory.Issuers[name]
	return outbound.Target{Issuer: name, Endpoint: endpoint, Roots: shared.directory.CA.Pool(), ServerName: "localhost", Client: &client,
		Encrypt: jose.EncryptionKey{ID: of.Credentials.APIKey, RSA: of.Encryption.Public()}}
}

// sampleToken is an active token of that type with all that a wallet says.
func sampleToken(tokenType string) token.Token {
	return token.Token{Issuer: bank, ReferenceID: tokenReference, RequestorID: requestorID, PANReferenceID: panReference, Number: tokenNumber, Type: tokenType,
		Status: "ACTIVE", EntityOfLastAction: "TOKEN_REQUESTOR", Expiration: token.Expiration{Month: "12", Year: "2030"}, AssuranceMethod: "11",
		CreatedAt: noon, ActivatedAt: noon, StatusUpdatedAt: noon, LifeCycleTraceID: 12345678901234, PANSource: "KEY_ENTERED", ConsumerEntryMode: "KEY_ENTERED",
		WalletAccountEmailAddressHash: "2fd4e1c67a2d28fced849ee1bb76e7391b93eb122fd4e1c67a2d28fced849ee1", ClientWalletAccountID: "WALLET0000000001",
		Device: outbound.SampleDevice(tokenType, tokenReference), Risk: outbound.SampleRisk(tokenType, tokenReference)}
}

func samplePAN(reference, number string) vault.PAN {
	return vault.PAN{ReferenceID: reference, Number: number, Expiration: token.Expiration{Month: "12", Year: "2035"}, CreatedAt: noon}
}

// lab is a vault with a queue in front of issuers' endpoints.
type lab struct {
	vault   *vault.Store
	clock   *clock.Clock
	queue   *outbound.Queue
	targets map[string]string
}

func newLab(targets map[string]string, change ...func(*outbound.QueueConfig)) *lab {
	GinkgoHelper()
	l := &lab{clock: clock.New(time.Now), targets: targets}
	var err error
	l.vault, err = vault.Open(context.Background(), vault.Options{Key: shared.directory.VaultKey, Clock: l.clock.Now,
		OnEnqueue: func(ctx context.Context, tx *sql.Tx, n vault.Notification) error { return l.queue.Enqueued(ctx, tx, n) }})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(l.vault.Close)
	for name := range targets {
		Expect(l.vault.PutIssuer(context.Background(), vault.Issuer{Name: name, APIKey: name, CreatedAt: noon})).To(Succeed())
		l.update(name, func(tx vault.Tx) error {
			if err := tx.PutPAN(samplePAN(panReference, number)); err != nil {
				return err
			}
			if err := tx.PutPAN(samplePAN(newPANReference, replacement)); err != nil {
				return err
			}
			t := sampleToken("SECURE_ELEMENT")
			t.Issuer = name
			_, err := tx.PutToken(t)
			return err
		})
	}
	config := outbound.QueueConfig{Vault: l.vault, Client: newClient(), Builder: outbound.NewBuilder(shared.contract), Clock: l.clock,
		Targets:   func(i vault.Issuer) (outbound.Target, error) { return target(i.Name, targets[i.Name]), nil },
		Requestor: shared.fixtures.TokenRequestor, Rand: func() float64 { return 0.5 }, Backoff: outbound.Backoff{First: 20 * time.Millisecond, Most: time.Second}}
	for _, c := range change {
		c(&config)
	}
	l.queue, err = outbound.NewQueue(context.Background(), config)
	Expect(err).NotTo(HaveOccurred())
	return l
}

func (l *lab) start() *lab {
	GinkgoHelper()
	Expect(l.queue.Start()).To(Succeed())
	DeferCleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		Expect(l.queue.Close(ctx)).To(Succeed())
	})
	return l
}

func (l *lab) update(name string, f func(vault.Tx) error) {
	GinkgoHelper()
	Expect(l.vault.Update(context.Background(), name, f)).To(Succeed())
}

// enqueue queues notifications that the token was suspended, one for each id.
func (l *lab) enqueue(name string, ids ...string) {
	GinkgoHelper()
	l.update(name, func(tx vault.Tx) error {
		for _, id := range ids {
			if err := tx.Enqueue(suspended(id)); err != nil {
				return err
			}
		}
		return nil
	})
}

func suspended(id string) vault.Notification {
	return vault.Notification{ID: id, Operation: "tokenNotification", TokenID: tokenReference, PANID: panReference, RequestID: "request-" + id, Cause: "cause-" + id,
		Facts: map[string]any{"messageReasonCode": "TOKEN_SUSPEND", "actionCode": "00"}}
}

func (l *lab) notification(name, id string) vault.Notification {
	GinkgoHelper()
	var n vault.Notification
	Expect(l.vault.View(context.Background(), name, func(tx vault.Tx) error {
		var err error
		n, err = tx.Notification(id)
		return err
	})).To(Succeed())
	return n
}

// states counts the issuer's notifications by state.
func (l *lab) states(name string) map[string]int {
	GinkgoHelper()
	found, _, err := l.vault.Notifications(context.Background(), vault.NotificationQuery{Issuer: name, Limit: 10000})
	Expect(err).NotTo(HaveOccurred())
	states := map[string]int{}
	for _, n := range found {
		states[n.State]++
	}
	return states
}
