package judge_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// noon is the time of all tests.
var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

// world is what all tests share and none changes.
type world struct {
	spec      *contract.Contract
	judge     *judge.Judge
	directory *keys.Directory
}

var shared = sync.OnceValues(func() (*world, error) {
	spec, err := contract.Load()
	if err != nil {
		return nil, err
	}
	w := &world{spec: spec, judge: judge.New(spec)}
	w.directory, err = keys.LoadFS(fixturekeys.TestOnly(), keys.Settings{Facts: keys.FactsOf(spec), Now: now})
	return w, err
})

func theWorld() *world {
	GinkgoHelper()
	w, err := shared()
	Expect(err).NotTo(HaveOccurred())
	return w
}

// peer is the reference issuer, Visa's client of it, and the trial that all
// calls belong to.
type peer struct {
	*world
	client *outbound.Client
	target outbound.Target
	of     *keys.Issuer
	cards  []keys.Card
	paused atomic.Int64 // longest pause that the issuer asked for
	calls  int
	trial  *judge.Trial
	step   int
	found  []judge.Finding
	ran    []string // rules exercised
	last   *outbound.Exchange
}

// begin starts another trial.
func (p *peer) begin() {
	p.trial, p.step, p.found = p.judge.Begin(nil), 0, nil
}

func targetOf(w *world, endpoint string) outbound.Target {
	of, client := w.directory.Issuers[keys.DefaultIssuer], w.directory.Client
	return outbound.Target{Issuer: of.Name, Endpoint: endpoint, Roots: w.directory.CA.Pool(), ServerName: "localhost", Client: &client,
		Encrypt: jose.EncryptionKey{ID: of.Credentials.APIKey, RSA: of.Encryption.Public()}}
}

// card of a role.
func (p *peer) card(role string) keys.Card {
	GinkgoHelper()
	i := slices.IndexFunc(p.cards, func(c keys.Card) bool { return c.Role == role })
	Expect(i).To(BeNumerically(">=", 0), role)
	return p.cards[i]
}

// sent is a call of Visa before it is sealed.
type sent struct {
	op           string
	path         map[string]string
	query        map[string]string
	body, sealed map[string]any
	requestID    string
	corrupt      []outbound.Corruption
}

// exchange makes the call and has it judged.
func (p *peer) exchange(s sent, want judge.Want) *outbound.Exchange {
	GinkgoHelper()
	before := p.paused.Swap(0)
	x := p.client.Do(context.Background(), p.target, s.call(p.spec), outbound.Options{RequestID: s.requestID, Corrupt: s.corrupt, Deadline: 10 * time.Second})
	if x.Failure != nil {
		Expect(x.Failure.Kind).NotTo(Equal(outbound.FailureSetup), x.Failure.Error())
	}
	x.Timing.Total += time.Duration(p.paused.Load()) // the issuer only said that it would wait
	p.paused.Store(max(before, p.paused.Load()))
	p.rule(x, want)
	return x
}

func (p *peer) rule(x *outbound.Exchange, want judge.Want) {
	p.step++
	p.last = x
	ruling := p.trial.Exchange(p.step, x, want)
	p.found = append(p.found, ruling.Findings...)
	p.ran = append(p.ran, ruling.Exercised...)
	for _, f := range ruling.Findings {
		Expect(ruling.Exercised).To(ContainElement(f.Rule), "a broken rule was exercised")
	}
}

// broken are the rules that were found broken, sorted, each once.
func (p *peer) broken() []string {
	var rules []string
	for _, f := range p.found {
		rules = append(rules, f.Rule)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

func (s sent) call(spec *contract.Contract) *outbound.Call {
	op, err := spec.Operation(s.op)
	Expect(err).NotTo(HaveOccurred())
	query := map[string]string{}
	for name, values := range op.FixedQuery {
		query[name] = values[0]
	}
	maps.Copy(query, s.query)
	return &outbound.Call{Operation: s.op, Path: s.path, Query: query, Members: s.body, Sealed: s.sealed}
}

// token is the path of a token that no other call has.
func (p *peer) token() map[string]string {
	p.calls++
	return tokenPath(p.calls)
}

// call is a right call of a decision operation about the card.
func (p *peer) call(op string, card keys.Card) sent {
	s := sent{op: op, path: p.token(), body: map[string]any{"panReferenceID": "V-58220417563201948" + card.PAN[12:], "lifeCycleTraceID": 381203948571269},
		sealed: map[string]any{"cardholderInfo": holder(card)}}
	switch op {
	case "approveProvisioning":
		maps.Copy(s.body, map[string]any{"tokenInfo": map[string]any{"tokenType": "HCE", "autoFillIndicator": false}, "walletAccountEmailAddressHash": "55C4F1C9E07B26D83A5F0C17E92D4B86",
			"clientWalletAccountID": "40010000030", "panSource": "KEY_ENTERED"})
		s.sealed["cardholderInfo"].(map[string]any)["cvv2"] = card.CVV2
	case "deviceTokenBinding":
		maps.Copy(s.body, map[string]any{"walletAccountEmailAddressHash": "55C4F1C9E07B26D83A5F0C17E92D4B86", "clientWalletAccountID": "40010000030",
			"deviceInfo": map[string]any{"deviceID": "7a8b9c", "deviceIndex": 1}})
		s.sealed = map[string]any{"tokenInfo": map[string]any{"tokenType": "ECOMMERCE", "token": "4895370012003478", "tokenStatus": "ACTIVE", "autoFillIndicator": false}}
	default:
		maps.Copy(s.body, map[string]any{"tokenRequestorID": s.path["tokenRequestorID"], "tokenReferenceID": s.path["tokenReferenceID"]})
		s.path = nil
		s.sealed["cardholderInfo"] = map[string]any{"primaryAccountNumber": card.PAN}
	}
	switch op {
	case "checkEligibility":
		s.body["panSource"] = "KEY_ENTERED"
	case "retrieveStepUpMethods":
		s.body["otpReason"] = "PROVISIONING"
	case "sendPasscode":
		maps.Copy(s.body, map[string]any{"otpMethodIdentifier": "none", "otpValue": "918273"})
	}
	return s
}

func tokenPath(n int) map[string]string {
	number := strings.Repeat("0", 8)
	digits := []byte(number)
	for i := len(digits) - 1; n > 0; i, n = i-1, n/10 {
		digits[i] = byte('0' + n%10)
	}
	return map[string]string{"tokenRequestorID": "40010075001", "tokenReferenceID": "DNITHE3819197766" + string(digits)}
}

func holder(card keys.Card) map[string]any {
	return map[string]any{"primaryAccountNumber": card.PAN, "expirationDate": map[string]any{"month": card.ExpMonth, "year": card.ExpYear}}
}

// sample is a payload of the contract's.
func sample(op, part string) map[string]any {
	content, err := os.ReadFile("../contract/testdata/samples/" + op + "-" + part + "-1.json")
	Expect(err).NotTo(HaveOccurred())
	file := struct{ Payload map[string]any }{}
	Expect(json.Unmarshal(content, &file)).To(Succeed())
	return file.Payload
}

func envelope(w *world) *jose.Envelope {
	e, err := jose.New(keys.JOSERules(w.spec.Tables.Envelope), now)
	Expect(err).NotTo(HaveOccurred())
	return e
}

func frozen() *clock.Clock {
	c := clock.New(time.Now)
	c.Freeze(noon)
	return c
}
