package scenarios_test

import (
	"context"
	"database/sql"
	"io"
	"log"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/fixtures/issuer"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

const bank = keys.DefaultIssuer

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// world is what all tests share: reading keys takes a while.
var world = sync.OnceValues(func() (*keys.Directory, error) {
	c, err := contract.Load()
	if err != nil {
		return nil, err
	}
	return keys.LoadFS(fixturekeys.TestOnly(), keys.Settings{Facts: keys.FactsOf(c), Now: func() time.Time { return noon }})
})

// lab is a stage: Visa's side that the issuer can call, and the reference
// issuer, both behind real TLS.
type lab struct {
	scenarios.Stage
	directory *keys.Directory
	issuer    *issuer.Server
	client    *outbound.Client
	clock     *clock.Clock
	store     *vault.Store
	visa      *httptest.Server
}

// newLab starts an issuer with that defect, "" for none.
func newLab(defect string, change ...func(*scenarios.Stage)) *lab {
	GinkgoHelper()
	l := &lab{clock: clock.New(func() time.Time { return noon })}
	l.clock.Freeze(noon)
	spec, err := contract.Load()
	Expect(err).NotTo(HaveOccurred())
	samples, err := fixtures.Load()
	Expect(err).NotTo(HaveOccurred())
	l.directory, err = world()
	Expect(err).NotTo(HaveOccurred())
	faults := fault.NewSet()
	var queue *outbound.Queue
	l.store, err = vault.Open(context.Background(), vault.Options{Clock: l.clock.Now,
		OnEnqueue: func(ctx context.Context, tx *sql.Tx, n vault.Notification) error { return queue.Enqueued(ctx, tx, n) }})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(l.store.Close)
	row := inbound.Registered(l.directory.Issuers[bank], noon)
	Expect(l.store.PutIssuer(context.Background(), row)).To(Succeed())
	l.serve(spec, samples, faults)
	l.play(spec, defect)

	envelope, err := jose.New(keys.JOSERules(spec.Tables.Envelope), l.clock.Now)
	Expect(err).NotTo(HaveOccurred())
	player := l.directory.Issuers[bank]
	l.client, err = outbound.NewClient(outbound.Config{Contract: spec, Envelope: envelope, Clock: l.clock,
		Signing: jose.SigningKey{ID: l.directory.VisaSigning.ID, RSA: l.directory.VisaSigning.Key}})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(l.client.Close)
	target := outbound.Target{Issuer: bank, Endpoint: l.issuer.URL(), Roots: l.directory.CA.Pool(), Client: &l.directory.Client,
		Encrypt: jose.EncryptionKey{ID: player.Credentials.APIKey, RSA: player.Encryption.Public()}}
	targets := func(vault.Issuer) (outbound.Target, error) { return target, nil }
	builder := outbound.NewBuilder(spec)
	queue, err = outbound.NewQueue(context.Background(), outbound.QueueConfig{Vault: l.store, Client: l.client, Builder: builder, Targets: targets,
		Clock: l.clock, Requestor: samples.TokenRequestor})
	Expect(err).NotTo(HaveOccurred())
	Expect(queue.Start()).To(Succeed())
	DeferCleanup(func(ctx context.Context) { Expect(queue.Close(ctx)).To(Succeed()) })
	player2, err := wallet.New(wallet.Config{Contract: spec, Vault: l.store, Client: l.client, Builder: builder, Targets: targets, Fixtures: samples,
		Clock: l.clock, Rand: rand.NewChaCha8([32]byte{7})})
	Expect(err).NotTo(HaveOccurred())
	l.Stage = scenarios.Stage{Contract: spec, Builder: builder, Client: l.client, Target: target, Issuer: row, Vault: l.store, Fixtures: samples,
		Clock: l.clock, Cards: scenarios.NewCardPool(player.Profile.Cards), Faults: faults, Queue: queue, Wallet: player2,
		Profile: &keys.Profile{Name: bank, Triggers: map[string]keys.Trigger{}}, Seed: "run"}
	for _, action := range []string{"suspend", "resume", "delete"} {
		l.Profile.Triggers[action] = keys.Trigger{HTTP: &keys.HTTPTrigger{URL: l.issuer.ControlURL() + "/trigger/" + action,
			Body: `{"tokenRequestorID": "{{token.requestor}}", "tokenReferenceID": "{{token.reference}}"}`}}
	}
	for _, f := range change {
		f(&l.Stage)
	}
	return l
}

// serve is Visa's side for the issuer's own calls.
func (l *lab) serve(spec *contract.Contract, samples *fixtures.Set, faults *fault.Set) {
	GinkgoHelper()
	server, err := inbound.New(inbound.Config{Contract: spec, Vault: l.store, Fixtures: samples, Clock: l.clock, Faults: faults,
		VisaEncryption: l.directory.VisaEncryption, VisaSigning: l.directory.VisaSigning})
	Expect(err).NotTo(HaveOccurred())
	l.visa = httptest.NewUnstartedServer(server.Handler())
	l.visa.TLS = inbound.TLSConfig(l.directory.Server, l.directory.ClientCAs)
	l.visa.Config.ErrorLog = log.New(io.Discard, "", 0)
	l.visa.StartTLS()
	DeferCleanup(l.visa.Close)
}

// play starts the reference issuer.
func (l *lab) play(spec *contract.Contract, defect string) {
	GinkgoHelper()
	var err error
	l.issuer, err = issuer.New(issuer.Config{Contract: spec, Issuer: l.directory.Issuers[bank], Authority: l.directory.CA.Pool(), VisaClient: l.directory.Client.Leaf,
		VisaSigning: l.directory.VisaSigning, VisaEncryption: l.directory.VisaEncryption, Defects: strings.Fields(defect), Now: l.clock.Now, Control: "127.0.0.1:0",
		VisaURL: "https://localhost:" + l.visa.URL[strings.LastIndex(l.visa.URL, ":")+1:]})
	Expect(err).NotTo(HaveOccurred())
	Expect(l.issuer.Start()).To(Succeed())
	DeferCleanup(func(ctx context.Context) { Expect(l.issuer.Close(ctx)).To(Succeed()) })
}

// runner on the lab's stage.
func (l *lab) runner() *scenarios.Runner {
	GinkgoHelper()
	r, err := scenarios.NewRunner(l.Stage)
	Expect(err).NotTo(HaveOccurred())
	return r
}

// attempt runs a scenario and returns its records.
func (l *lab) attempt(s scenarios.Scenario) ([]scenarios.Record, error) {
	GinkgoHelper()
	return run(l.runner(), scenarios.Case{ID: "test", Scenario: &s, Seed: "seed"})
}

// good runs a scenario that must meet all its expectations.
func (l *lab) good(s scenarios.Scenario) []scenarios.Record {
	GinkgoHelper()
	records, err := l.attempt(s)
	Expect(err).NotTo(HaveOccurred())
	for _, r := range records {
		Expect(r.Mismatches).To(BeEmpty(), r.Title)
	}
	return records
}

// bad runs a scenario and returns the mismatches of its last record.
func (l *lab) bad(s scenarios.Scenario) []scenarios.Mismatch {
	GinkgoHelper()
	records, err := l.attempt(s)
	Expect(err).NotTo(HaveOccurred())
	Expect(records).NotTo(BeEmpty())
	return records[len(records)-1].Mismatches
}

// broken runs a scenario that cannot be run.
func (l *lab) broken(s scenarios.Scenario) *scenarios.Broken {
	GinkgoHelper()
	_, err := l.attempt(s)
	var broken *scenarios.Broken
	Expect(err).To(BeAssignableToTypeOf(broken))
	return err.(*scenarios.Broken)
}

func run(r *scenarios.Runner, c scenarios.Case) ([]scenarios.Record, error) {
	var records []scenarios.Record
	err := r.Run(context.Background(), c, func(record scenarios.Record) bool {
		records = append(records, record)
		return true
	})
	return records, err
}

// calls is a scenario of steps.
func steps(list ...scenarios.Step) scenarios.Scenario {
	return scenarios.Scenario{Name: "test", Steps: list}
}

func call(c scenarios.Call) scenarios.Step { return scenarios.Step{Call: &c} }

// is matches a value, has the members of an object.
func is(value any) *scenarios.Match { return &scenarios.Match{Literal: value, Literally: true} }

func has(members map[string]*scenarios.Match) *scenarios.Match {
	return &scenarios.Match{Members: members}
}
