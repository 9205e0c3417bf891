package wallet_test

import (
	"context"
	"crypto/tls"
	"database/sql"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

const bank = "demo-bank"

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// got is a call as the issuer saw it, opened.
type got struct {
	operation    string
	path, event  string
	body, sealed map[string]any
}

// lab is a wallet, its vault and an issuer that answers what a test says.
type lab struct {
	*wallet.Wallet
	contract  *contract.Contract
	fixtures  *fixtures.Set
	directory *keys.Directory
	vault     *vault.Store
	clock     *clock.Clock
	builder   *outbound.Builder
	server    *httptest.Server
	config    wallet.Config
	queue     *outbound.Queue
	// deadlines by operation; zero is the budget. Budgets are real time, of
	// which a busy machine may not have enough, so all others are long.
	deadlines map[string]time.Duration

	mu      sync.Mutex
	calls   []got
	judged  int // of the calls
	answers map[string]http.HandlerFunc
}

func newLab() *lab {
	GinkgoHelper()
	l := &lab{clock: clock.New(func() time.Time { return noon }), deadlines: map[string]time.Duration{}, answers: map[string]http.HandlerFunc{}}
	l.clock.Freeze(noon)
	var err error
	l.contract, err = contract.Load()
	Expect(err).NotTo(HaveOccurred())
	l.fixtures, err = fixtures.Load()
	Expect(err).NotTo(HaveOccurred())
	l.directory, err = keys.LoadFS(fixturekeys.TestOnly(), keys.Settings{Facts: keys.FactsOf(l.contract)})
	Expect(err).NotTo(HaveOccurred())
	l.vault, err = vault.Open(context.Background(), vault.Options{Clock: l.clock.Now, OnEnqueue: func(ctx context.Context, tx *sql.Tx, n vault.Notification) error {
		return l.queue.Enqueued(ctx, tx, n) // nothing is sent where there is no queue
	}})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(l.vault.Close)
	row := inbound.Registered(l.directory.Issuers[bank], noon)
	row.AccountRanges = nil
	for _, r := range l.fixtures.RangesOf(bank) {
		row.AccountRanges = append(row.AccountRanges, r.Range)
	}
	Expect(l.vault.PutIssuer(context.Background(), row)).To(Succeed())
	l.serve()
	l.Wallet, l.config = l.wallet(7)
	return l
}

// wallet makes one that draws from the seed.
func (l *lab) wallet(seed byte) (*wallet.Wallet, wallet.Config) {
	GinkgoHelper()
	envelope, err := jose.New(keys.JOSERules(l.contract.Tables.Envelope), l.clock.Now)
	Expect(err).NotTo(HaveOccurred())
	client, err := outbound.NewClient(outbound.Config{Contract: l.contract, Envelope: envelope, Clock: l.clock,
		Signing: jose.SigningKey{ID: l.directory.VisaSigning.ID, RSA: l.directory.VisaSigning.Key}})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(client.Close)
	l.builder = outbound.NewBuilder(l.contract)
	issuer := l.directory.Issuers[bank]
	config := wallet.Config{Contract: l.contract, Vault: l.vault, Client: client, Builder: l.builder, Fixtures: l.fixtures, Clock: l.clock,
		Rand: rand.NewChaCha8([32]byte{seed}), Deadline: l.deadline,
		Targets: func(vault.Issuer) (outbound.Target, error) {
			return outbound.Target{Issuer: bank, Endpoint: l.server.URL + "/base", Roots: l.directory.CA.Pool(), Client: &l.directory.Client,
				Encrypt: jose.EncryptionKey{ID: issuer.Credentials.APIKey, RSA: issuer.Encryption.Public()}}, nil
		}}
	w, err := wallet.New(config)
	Expect(err).NotTo(HaveOccurred())
	return w, config
}

func (l *lab) deadline(operation string) time.Duration {
	if deadline, ok := l.deadlines[operation]; ok {
		return deadline
	}
	return time.Minute
}

// serve is the issuer's endpoint with mutual TLS.
func (l *lab) serve() {
	l.server = httptest.NewUnstartedServer(http.HandlerFunc(l.handle))
	l.server.TLS = &tls.Config{Certificates: []tls.Certificate{l.directory.Issuers[bank].Server.TLS()}, ClientAuth: tls.RequireAndVerifyClientCert,
		ClientCAs: l.directory.CA.Pool(), MinVersion: tls.VersionTLS12}
	l.server.Config.ErrorLog = nil
	l.server.StartTLS()
	DeferCleanup(l.server.Close)
}

// operationAt finds the operation of the contract by the path and the event.
func (l *lab) operationAt(r *http.Request) string {
	GinkgoHelper()
	for _, op := range l.contract.Operations() {
		if op.Direction != contract.Outbound || !sameSteps(op.Path, strings.TrimPrefix(r.URL.Path, "/base")) {
			continue
		}
		fits := true
		for name, values := range op.FixedQuery {
			fits = fits && slices.Contains(values, r.URL.Query().Get(name))
		}
		if fits {
			return op.ID
		}
	}
	Fail("no operation has the address " + r.URL.RequestURI())
	return ""
}

// sameSteps compares a path with a template of one.
func sameSteps(template, path string) bool {
	wanted, steps := strings.Split(template, "/"), strings.Split(path, "/")
	for i, step := range wanted {
		if i >= len(steps) || step != steps[i] && !strings.HasPrefix(step, "{") {
			return false
		}
	}
	return len(wanted) == len(steps)
}

func (l *lab) handle(w http.ResponseWriter, r *http.Request) {
	defer GinkgoRecover()
	content, err := io.ReadAll(r.Body)
	Expect(err).NotTo(HaveOccurred())
	call := got{operation: l.operationAt(r), path: r.URL.Path, event: r.URL.Query().Get("eventType"), body: decoded(content)}
	if blob, ok := call.body["encryptedData"].(string); ok {
		call.sealed = l.opened(blob)
	}
	l.mu.Lock()
	l.calls = append(l.calls, call)
	answer := l.answers[call.operation]
	l.mu.Unlock()
	if answer == nil {
		answer = says(map[string]any{})
	}
	answer(w, r)
}

// opened is a sealed payload, as the issuer opens it.
func (l *lab) opened(blob string) map[string]any {
	GinkgoHelper()
	issuer := l.directory.Issuers[bank]
	envelope, err := jose.New(keys.JOSERules(l.contract.Tables.Envelope), l.clock.Now)
	Expect(err).NotTo(HaveOccurred())
	opened, err := envelope.Open(jose.UseAPI, blob, jose.Keyring{
		Decryption:   []jose.DecryptionKey{{ID: issuer.Credentials.APIKey, RSA: issuer.Encryption.Key}},
		Verification: []jose.VerificationKey{{ID: l.directory.VisaSigning.ID, RSA: l.directory.VisaSigning.Public()}}})
	Expect(err).NotTo(HaveOccurred())
	return decoded(opened.Payload)
}

func decoded(content []byte) map[string]any {
	GinkgoHelper()
	value, err := contract.Decode(content)
	Expect(err).NotTo(HaveOccurred())
	return value.(map[string]any)
}

// says answers 200 with the members.
func says(members map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(members)
	}
}

func action(code string) http.HandlerFunc { return says(map[string]any{"actionCode": code}) }

func offers(types ...string) http.HandlerFunc {
	methods := []map[string]any{}
	for _, t := range types {
		methods = append(methods, map[string]any{"type": t, "value": "****-0142", "identifier": "id-" + t})
	}
	return says(map[string]any{"stepUpMethods": methods})
}

// card is a request with the issuer's card of the role.
func (l *lab) card(role string, change ...func(*wallet.Request)) wallet.Request {
	GinkgoHelper()
	card, ok := l.fixtures.CardOf(bank, role)
	Expect(ok).To(BeTrue(), role)
	r := wallet.Request{Issuer: bank, PAN: card.PAN, CVV2: card.CVV2, Source: card.PANSource,
		Expiration: token.Expiration{Month: card.ExpMonth, Year: card.ExpYear}}
	for _, f := range change {
		f(&r)
	}
	return r
}

// provision runs a flow; every call that it makes must fit the contract.
func (l *lab) provision(r wallet.Request) *wallet.Result {
	GinkgoHelper()
	return l.must(l.Provision(context.Background(), r))
}

func (l *lab) must(result *wallet.Result, err error) *wallet.Result {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())
	for _, step := range result.Steps {
		Expect(step.Broken).To(BeEmpty(), step.Operation)
	}
	l.judge()
	return result
}

// judge holds every call that arrived since it did so before against the
// contract.
func (l *lab) judge() {
	GinkgoHelper()
	// The lock orders what handlers of calls that were given up did before this.
	l.mu.Lock()
	calls := slices.Clone(l.calls[l.judged:])
	l.judged = len(l.calls)
	l.mu.Unlock()
	for _, call := range calls {
		for part, payload := range map[contract.Part]map[string]any{contract.Request: call.body, contract.SealedRequest: call.sealed} {
			if payload == nil {
				continue
			}
			violations, err := l.contract.Validate(call.operation, part, payload)
			Expect(err).NotTo(HaveOccurred())
			Expect(violations).To(BeEmpty(), "%s %s", call.operation, part)
		}
	}
}

// forget forgets the calls that arrived.
func (l *lab) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls, l.judged = nil, 0
}

// called are the operations that arrived, in order.
func (l *lab) called() []string {
	var names []string
	for _, call := range l.calls {
		names = append(names, call.operation)
	}
	return names
}

func (l *lab) call(operation string) got {
	GinkgoHelper()
	for _, call := range l.calls {
		if call.operation == operation {
			return call
		}
	}
	Fail("no call of " + operation)
	return got{}
}

// queued are the notifications in the vault; each is built as the queue would
// and held against the contract.
func (l *lab) queued() []vault.Notification {
	GinkgoHelper()
	list, _, err := l.vault.Notifications(context.Background(), vault.NotificationQuery{Issuer: bank})
	Expect(err).NotTo(HaveOccurred())
	for _, n := range list {
		broken, err := l.builder.Check(l.built(n))
		Expect(err).NotTo(HaveOccurred())
		Expect(broken).To(BeEmpty(), "%s %v", n.Operation, n.Facts)
		Expect(n.RequestID).To(HaveLen(36))
	}
	return list
}

// built is the notification's call as the queue would make it now.
func (l *lab) built(n vault.Notification) *outbound.Call {
	GinkgoHelper()
	issuer, err := l.vault.Issuer(context.Background(), bank)
	Expect(err).NotTo(HaveOccurred())
	var call *outbound.Call
	Expect(l.vault.View(context.Background(), bank, func(tx vault.Tx) error {
		subject, err := l.builder.SubjectOf(tx, issuer, n, l.fixtures.TokenRequestor)
		if err != nil {
			return err
		}
		call, err = l.builder.Build(n.Operation, outbound.FactsOf(subject, l.clock.Now()), nil)
		return err
	})).To(Succeed())
	return call
}

// told are the queued notifications in short: operation or reason, and action.
func (l *lab) told() []string {
	GinkgoHelper()
	var short []string
	for _, n := range l.queued() {
		name := n.Operation
		if reason, ok := n.Facts["messageReasonCode"].(string); ok {
			name = reason
		}
		short = append(short, name+" "+n.Facts["actionCode"].(string))
	}
	return short
}

func (l *lab) token(reference string) token.Token {
	GinkgoHelper()
	t, err := l.vault.FindToken(context.Background(), bank, reference)
	Expect(err).NotTo(HaveOccurred())
	return t
}

func (l *lab) set(settings map[string]any) {
	GinkgoHelper()
	issuer, err := l.vault.Issuer(context.Background(), bank)
	Expect(err).NotTo(HaveOccurred())
	issuer.Settings = settings
	Expect(l.vault.PutIssuer(context.Background(), issuer)).To(Succeed())
}
