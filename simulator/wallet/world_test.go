package wallet_test

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/client"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// world is a lab whose issuer can call Visa's APIs, and whose notifications
// can be sent.
type world struct {
	*lab
	issuer *client.Client
}

func newWorld() *world {
	GinkgoHelper()
	w := &world{lab: newLab()}
	w.serveVisa()
	return w
}

// sending lets the queue send what is told.
func (w *world) sending() *world {
	GinkgoHelper()
	var err error
	w.queue, err = outbound.NewQueue(context.Background(), outbound.QueueConfig{Vault: w.vault, Client: w.config.Client.(*outbound.Client), Builder: w.builder,
		Targets: w.config.Targets, Clock: w.clock, Requestor: w.fixtures.TokenRequestor, Deadline: time.Minute})
	Expect(err).NotTo(HaveOccurred())
	Expect(w.queue.Start()).To(Succeed())
	DeferCleanup(func(ctx context.Context) { Expect(w.queue.Close(ctx)).To(Succeed()) })
	return w
}

// serveVisa are the APIs that issuers call, and one issuer who does.
func (w *world) serveVisa() {
	GinkgoHelper()
	side, err := inbound.New(inbound.Config{Contract: w.contract, Vault: w.vault, Fixtures: w.fixtures, Clock: w.clock, Faults: fault.NewSet(),
		VisaEncryption: w.directory.VisaEncryption, VisaSigning: w.directory.VisaSigning})
	Expect(err).NotTo(HaveOccurred())
	server := httptest.NewUnstartedServer(side.Handler())
	server.TLS = inbound.TLSConfig(w.directory.Server, w.directory.ClientCAs)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	DeferCleanup(server.Close)
	config := client.Of(w.directory, w.directory.Issuers[bank])
	config.Contract, config.URL, config.Now = w.contract, server.URL, w.clock.Now
	w.issuer, err = client.New(config)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(w.issuer.Close)
}

// merchant is a wallet that cards are pushed to, by its profile (p.97).
const merchant = "c7e2b8d4-5a19-4f36-b0c8-9e4d1a6f2b04"

// said is what the issuer says in a call: members by name, and what is sealed.
type said struct {
	members  map[string]string
	sealed   map[string]any
	audience []string
}

// issuerCalls makes a call of the issuer, which must be taken.
func (w *world) issuerCalls(operation string, s said) *client.Answer {
	GinkgoHelper()
	op, err := w.contract.Operation(operation)
	Expect(err).NotTo(HaveOccurred())
	draft, err := client.NewDraft(op)
	Expect(err).NotTo(HaveOccurred())
	draft.Audience = s.audience
	if s.sealed != nil {
		content, err := json.Marshal(s.sealed)
		Expect(err).NotTo(HaveOccurred())
		Expect(draft.LoadSealed(content)).To(Succeed())
	}
	for name, value := range s.members {
		Expect(draft.Set(name, value)).To(Succeed())
	}
	call, err := w.issuer.Prepare(draft)
	Expect(err).NotTo(HaveOccurred())
	answer, err := w.issuer.Send(context.Background(), call)
	Expect(err).NotTo(HaveOccurred())
	Expect(answer.OK()).To(BeTrue(), "%s: %s", operation, answer.Body)
	return answer
}

// lifecycle makes the issuer do something to a token (p.90).
func (w *world) lifecycle(reference, operationType string, more map[string]string) {
	GinkgoHelper()
	members := map[string]string{"tokenRequestorID": w.token(reference).RequestorID, "tokenReferenceID": reference, "operationType": operationType, "operationReason": "asked by phone"}
	for name, value := range more {
		members[name] = value
	}
	w.issuerCalls("tokenLifecycle", said{members: members})
}

// push pushes a card to a wallet (p.212) and gives the pushData.
func (w *world) push(number, trace, wallet string) string {
	GinkgoHelper()
	w.issuerCalls("pushCardEnrollmentToWallet", said{audience: []string{wallet}, sealed: map[string]any{
		"enrollments": []any{map[string]any{"tsp": "V", "paymentInstrument": map[string]any{"accountNumber": number, "name": "Vera Visa",
			"expirationDate": map[string]any{"month": "12", "year": "2035"}}}},
		"provider": map[string]any{"intent": "PUSH_PROV_CROSS_DEVICE", "issuerTraceID": trace, "passcode": map[string]any{"type": "PASSCODE", "value": "4711"},
			"issuerClientInformation": map[string]any{"source": "ISSUER", "firstName": "Vera", "lastName": "Visa", "contactEmail": "vera@example.com"}}}})
	data := ""
	Expect(w.vault.View(context.Background(), bank, func(tx vault.Tx) error {
		list, err := tx.Records("push", wallet+"/", 0)
		for _, record := range list {
			if record.Content["provider"].(map[string]any)["issuerTraceID"] == trace {
				data = record.Content["pushData"].(string)
			}
		}
		return err
	})).To(Succeed())
	Expect(data).NotTo(BeEmpty())
	return data
}

// delivered waits for all notifications, none of which may be left or lost:
// the calls of the world are then all that was sent.
func (w *world) delivered() {
	GinkgoHelper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	Expect(w.queue.Wait(ctx, bank)).To(Succeed())
	for _, state := range []string{vault.StatePending, vault.StateRetrying, vault.StateDead} {
		list, _, err := w.vault.Notifications(context.Background(), vault.NotificationQuery{Issuer: bank, State: state})
		Expect(err).NotTo(HaveOccurred())
		Expect(list).To(BeEmpty(), state)
	}
	w.judge()
}

// anew forgets what the issuer answers and how it is set up.
func (w *world) anew() {
	GinkgoHelper()
	w.mu.Lock()
	w.answers, w.deadlines = map[string]http.HandlerFunc{}, map[string]time.Duration{}
	w.mu.Unlock()
	w.set(nil)
}

// fresh is a card of the issuer that nobody has met.
func (w *world) fresh() string {
	GinkgoHelper()
	number, err := fixtures.NewPAN("400000901", w.config.Rand)
	Expect(err).NotTo(HaveOccurred())
	return number
}
