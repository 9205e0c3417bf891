package simulator_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator"
	"github.com/vtsim/vtsim/simulator/client"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// The issuers of the throw-away keys that the tests call as: bank is the one
// whose things are at stake, rival the one that must not get at them.
const (
	bank  = "demo-bank"
	rival = "second-bank"
)

// sandbox is a whole simulator in this process, on free ports, with
// throw-away keys and an empty vault in memory. What it is asked travels as an
// issuer's call does: sealed, signed, over mutual TLS.
type sandbox struct {
	*simulator.Simulator
	contract  *contract.Contract
	directory *keys.Directory
	fixtures  *fixtures.Set
	clients   map[string]*client.Client
}

func newSandbox() *sandbox {
	GinkgoHelper()
	s := &sandbox{clients: map[string]*client.Client{}}
	var err error
	s.contract, err = contract.Load()
	Expect(err).NotTo(HaveOccurred())
	s.fixtures, err = fixtures.Load()
	Expect(err).NotTo(HaveOccurred())
	settings := keys.Settings{Facts: keys.FactsOf(s.contract)}
	s.directory, err = keys.LoadFS(fixturekeys.TestOnly(), settings)
	Expect(err).NotTo(HaveOccurred())
	s.Simulator, err = simulator.New(context.Background(), simulator.Config{Directory: s.directory, Settings: settings, Ephemeral: true})
	Expect(err).NotTo(HaveOccurred())
	Expect(s.Start()).To(Succeed())
	DeferCleanup(s.stop)
	for name, issuer := range s.directory.Issuers {
		// Nobody serves their endpoints here: what is queued stays as it is.
		Expect(s.Queue().Pause(context.Background(), name)).To(Succeed())
		config := client.Of(s.directory, issuer)
		config.Contract, config.URL, config.Now = s.contract, s.URL(), s.Clock().Now
		s.clients[name], err = client.New(config)
		Expect(err).NotTo(HaveOccurred())
	}
	return s
}

func (s *sandbox) stop(ctx context.Context) {
	for _, c := range s.clients {
		c.Close()
	}
	Expect(s.Close(ctx)).To(Succeed())
}

// ask is one call in the terms of the contract. Zero values are right ones.
type ask struct {
	operation string
	as        string   // bank by default
	with      []string // members by name, name=value
	body      map[string]any
	sealed    map[string]any
	audience  []string
	change    func(*client.Call) // last, after sealing and signing
}

// ask makes the call. Every success must keep to the contract and open.
func (s *sandbox) ask(a ask) *client.Answer {
	GinkgoHelper()
	op, err := s.contract.Operation(a.operation)
	Expect(err).NotTo(HaveOccurred())
	draft, err := client.NewDraft(op)
	Expect(err).NotTo(HaveOccurred())
	if a.body != nil {
		draft.LoadBody(jsonOf(a.body))
	}
	if a.sealed != nil {
		Expect(draft.LoadSealed(jsonOf(a.sealed))).To(Succeed())
	}
	draft.Audience = a.audience
	Expect(draft.Assign(a.with...)).To(Succeed())
	if a.as == "" {
		a.as = bank
	}
	call, err := s.clients[a.as].Prepare(draft)
	Expect(err).NotTo(HaveOccurred())
	if a.change != nil {
		a.change(call)
	}
	answer, err := s.clients[a.as].Send(context.Background(), call)
	Expect(err).NotTo(HaveOccurred())
	Expect(answer.Faults).To(BeEmpty(), a.operation)
	return answer
}

func jsonOf(value any) []byte {
	GinkgoHelper()
	content, err := json.Marshal(value)
	Expect(err).NotTo(HaveOccurred())
	return content
}

// admin calls the console and decodes its answer.
func (s *sandbox) admin(method, path string, body any) (status int, answer map[string]any) {
	GinkgoHelper()
	return console(s.ConsoleURL(), method, path, body)
}

func console(url, method, path string, body any) (status int, answer map[string]any) {
	GinkgoHelper()
	var content []byte
	if body != nil {
		content = jsonOf(body)
	}
	request, err := http.NewRequest(method, url+path, bytes.NewReader(content))
	Expect(err).NotTo(HaveOccurred())
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	received, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	if len(received) > 0 {
		Expect(json.Unmarshal(received, &answer)).To(Succeed(), string(received))
	}
	return response.StatusCode, answer
}

// number is a card of the issuer that nobody has used yet.
func (s *sandbox) number(issuer string) string {
	GinkgoHelper()
	for {
		number, err := fixtures.NewPAN(s.directory.Issuers[issuer].Profile.AccountRanges[0], rand.Reader)
		Expect(err).NotTo(HaveOccurred())
		err = s.Vault().View(context.Background(), issuer, func(tx vault.Tx) error {
			_, err := tx.PANByNumber(number)
			return err
		})
		if errors.Is(err, vault.ErrNotFound) { // there are only a million of them
			return number
		}
		Expect(err).NotTo(HaveOccurred())
	}
}

// givenPAN puts a PAN of the issuer into the vault.
func (s *sandbox) givenPAN(issuer, number string) vault.PAN {
	GinkgoHelper()
	reference, err := fixtures.NewPANReferenceID(rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	now := s.Clock().Now()
	pan := vault.PAN{ReferenceID: reference, Number: number, Expiration: token.Expiration{Month: "12", Year: "2035"}, CreatedAt: now, UpdatedAt: now}
	s.update(issuer, func(tx vault.Tx) error { return tx.PutPAN(pan) })
	return pan
}

// givenToken puts an active token of the PAN into the vault.
func (s *sandbox) givenToken(issuer string, pan vault.PAN, change ...func(*token.Token)) token.Token {
	GinkgoHelper()
	reference, err := fixtures.NewTokenReferenceID(rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	number, err := s.fixtures.NewTokenNumber(rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	before := s.Clock().Now().Add(-time.Hour)
	t := token.Token{Issuer: issuer, ReferenceID: reference, RequestorID: "40010030273", PANReferenceID: pan.ReferenceID, Number: number,
		Type: "SECURE_ELEMENT", Status: "ACTIVE", EntityOfLastAction: token.TokenRequestor, Expiration: token.Expiration{Month: "11", Year: "2034"},
		CreatedAt: before, ActivatedAt: before, StatusUpdatedAt: before, PANSource: "KEY_ENTERED"}
	for _, c := range change {
		c(&t)
	}
	s.update(issuer, func(tx vault.Tx) error {
		var err error
		t, err = tx.PutToken(t)
		return err
	})
	return t
}

func (s *sandbox) update(issuer string, f func(vault.Tx) error) {
	GinkgoHelper()
	Expect(s.Vault().Update(context.Background(), issuer, f)).To(Succeed())
}

func (s *sandbox) notifications(issuer string) []vault.Notification {
	GinkgoHelper()
	return notificationsOf(s.Vault(), issuer)
}

func notificationsOf(v vault.Vault, issuer string) []vault.Notification {
	GinkgoHelper()
	var all []vault.Notification
	q := vault.NotificationQuery{Issuer: issuer, Limit: 1000}
	for {
		page, next, err := v.Notifications(context.Background(), q)
		Expect(err).NotTo(HaveOccurred())
		all = append(all, page...)
		if next == "" || len(page) == 0 {
			return all
		}
		q.After = next
	}
}

// trafficOf is the journal of the issuer, oldest first.
func trafficOf(v vault.Vault, issuer string) []vault.Traffic {
	GinkgoHelper()
	var all []vault.Traffic
	q := vault.TrafficQuery{Issuer: issuer, Limit: 1000}
	for {
		page, next, err := v.Traffic(context.Background(), q)
		Expect(err).NotTo(HaveOccurred())
		all = append(all, page...)
		if next == "" || len(page) == 0 {
			return all
		}
		q.After = next
	}
}

// row is the journal row of the call that the answer belongs to.
func (s *sandbox) row(issuer string, answer *client.Answer) vault.Traffic {
	GinkgoHelper()
	for _, row := range trafficOf(s.Vault(), issuer) {
		if requestID(row) == answer.Header.Get("X-RESPONSE-ID") {
			return row
		}
	}
	Fail("the call has no journal row")
	return vault.Traffic{}
}

// requestID is the X-REQUEST-ID of a journal row.
func requestID(row vault.Traffic) string {
	for name, value := range row.Request.Headers {
		if strings.EqualFold(name, "X-REQUEST-ID") {
			return value
		}
	}
	return ""
}

// of names the token in the path of an API.
func of(t token.Token) []string {
	return []string{"tokenRequestorID=" + t.RequestorID, "tokenReferenceID=" + t.ReferenceID}
}

// card seals nothing but a PAN.
func card(number string) map[string]any {
	return map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": number}}
}

// nhppProfile is one of the fixtures.
type nhppProfile = fixtures.NHPPProfile

func inactive(t *token.Token) { t.Status, t.ActivatedAt = "INACTIVE", time.Time{} }

// unique is a text of 20 letters that no other call has. Digits could look
// like a card number, which is masked, or refused in a groupID.
func unique() string {
	letters := make([]byte, 20)
	rand.Read(letters)
	for i := range letters {
		letters[i] = 'a' + letters[i]%26
	}
	return string(letters)
}
