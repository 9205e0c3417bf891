package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/calls"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/console"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// bank and other are two issuers that must not see each other.
const (
	bank  = "demo-bank"
	other = "second-bank"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// lab is a console over a vault of its own, with the issuers of the throw-away
// keys in it. Every answer that it gets is held against the description.
type lab struct {
	contract  *contract.Contract
	fixtures  *fixtures.Set
	directory *keys.Directory
	vault     *vault.Store
	clock     *clock.Clock
	faults    *fault.Set
	calls     *calls.Calls
	console   *console.Console
	server    *httptest.Server
	shapes    *shapes
	token     string
}

// setting is what a test changes before the console is made.
type setting struct {
	vault  vault.Options
	calls  calls.Config
	config console.Config
	// sending says that the queue delivers.
	sending bool
}

func newLab(change ...func(*setting)) *lab {
	GinkgoHelper()
	l := &lab{faults: fault.NewSet(), clock: clock.New(nil)}
	l.clock.Freeze(noon)
	var err error
	l.contract, err = contract.Load()
	Expect(err).NotTo(HaveOccurred())
	l.fixtures, err = fixtures.Load()
	Expect(err).NotTo(HaveOccurred())
	spares, err := keys.NewSpares(fixturekeys.Spare(), nil)
	Expect(err).NotTo(HaveOccurred())
	settings := keys.Settings{Facts: keys.FactsOf(l.contract), Keys: spares}
	l.directory, err = keys.LoadFS(fixturekeys.TestOnly(), settings)
	Expect(err).NotTo(HaveOccurred())
	s := setting{vault: vault.Options{Key: l.directory.VaultKey, Clock: l.clock.Now},
		config: console.Config{Contract: l.contract, Fixtures: l.fixtures, Clock: l.clock, Faults: l.faults, Authority: l.directory.CA, Settings: settings,
			Cards: map[string][]keys.Card{bank: l.directory.Issuers[bank].Profile.Cards}},
		calls: calls.Config{Contract: l.contract, Fixtures: l.fixtures, Clock: l.clock, Targets: calls.NewTargets(l.directory, settings).Of,
			Signing: jose.SigningKey{ID: l.directory.VisaSigning.ID, RSA: l.directory.VisaSigning.Key}}}
	for _, c := range change {
		c(&s)
	}
	l.calls, err = calls.New(s.calls)
	Expect(err).NotTo(HaveOccurred())
	if s.sending {
		s.vault.OnEnqueue = l.calls.Enqueued
	}
	l.vault, err = vault.Open(context.Background(), s.vault)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(l.vault.Close)
	for _, issuer := range l.directory.Issuers {
		Expect(l.vault.PutIssuer(context.Background(), inbound.Registered(issuer, noon))).To(Succeed())
	}
	if s.config.Vault == nil {
		s.config.Vault = l.vault
	}
	Expect(l.calls.Attach(context.Background(), l.vault)).To(Succeed())
	if s.sending {
		Expect(l.calls.Start()).To(Succeed())
		DeferCleanup(l.calls.Close)
	}
	s.config.Calls = l.calls
	l.console, err = console.New(s.config)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(l.console.Close)
	l.token = s.config.Token
	l.server = httptest.NewServer(l.console.Handler())
	DeferCleanup(l.server.Close)
	l.shapes = described(l.console)
	return l
}

// answer is what came back.
type answer struct {
	status  int
	headers http.Header
	raw     []byte
	body    map[string]any // of JSON
}

// items is the list of a list.
func (a answer) items() []map[string]any {
	GinkgoHelper()
	list, ok := a.body["items"].([]any)
	Expect(ok).To(BeTrue(), string(a.raw))
	items := make([]map[string]any, len(list))
	for i, item := range list {
		items[i] = item.(map[string]any)
	}
	return items
}

// problem is the message and the field of a refusal.
func (a answer) problem() (message, field string) {
	GinkgoHelper()
	inner, ok := a.body["error"].(map[string]any)
	Expect(ok).To(BeTrue(), string(a.raw))
	message, _ = inner["message"].(string)
	field, _ = inner["field"].(string)
	return message, field
}

// refused expects a refusal with that status about that field, which says all
// the parts.
func (a answer) refused(status int, field string, parts ...string) {
	GinkgoHelper()
	Expect(a.status).To(Equal(status), string(a.raw))
	message, about := a.problem()
	Expect(about).To(Equal(field), message)
	for _, part := range parts {
		Expect(message).To(ContainSubstring(part))
	}
}

// ok expects a success with that status.
func (a answer) ok(status int) answer {
	GinkgoHelper()
	Expect(a.status).To(Equal(status), string(a.raw))
	return a
}

func (l *lab) get(path string) answer {
	GinkgoHelper()
	return l.call(http.MethodGet, path, nil)
}

func (l *lab) post(path string, body any) answer {
	GinkgoHelper()
	return l.call(http.MethodPost, path, body)
}

// call sends a request; body is JSON text, bytes as they are, or a value.
func (l *lab) call(method, path string, body any, edit ...func(*http.Request)) answer {
	GinkgoHelper()
	var content []byte
	switch b := body.(type) {
	case nil:
	case string:
		content = []byte(b)
	case []byte:
		content = b
	default:
		var err error
		content, err = json.Marshal(b)
		Expect(err).NotTo(HaveOccurred())
	}
	r, err := http.NewRequest(method, l.server.URL+path, bytes.NewReader(content))
	Expect(err).NotTo(HaveOccurred())
	r.Header.Set("Content-Type", "application/json")
	if l.token != "" {
		r.Header.Set("Authorization", "Bearer "+l.token)
	}
	for _, e := range edit {
		e(r)
	}
	response, err := l.server.Client().Do(r)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	a := answer{status: response.StatusCode, headers: response.Header}
	a.raw, err = io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	if strings.HasPrefix(a.headers.Get("Content-Type"), "application/json") {
		Expect(json.Unmarshal(a.raw, &a.body)).To(Succeed(), string(a.raw))
	}
	l.shapes.check(method, strings.Split(path, "?")[0], a)
	return a
}

// number is a card of the issuer that nobody has met yet.
func (l *lab) number(issuer string) string {
	GinkgoHelper()
	digits := l.directory.Issuers[issuer].Profile.AccountRanges[0]
	pan, err := fixtures.NewPAN(digits, randomness)
	Expect(err).NotTo(HaveOccurred())
	return pan
}

// tokenOf is a request for a token of the issuer, with changes.
func (l *lab) tokenOf(issuer string, change map[string]any) map[string]any {
	GinkgoHelper()
	wanted := map[string]any{"issuer": issuer, "pan": l.number(issuer), "tokenRequestorID": "40010075001", "tokenType": "SECURE_ELEMENT", "tokenStatus": "ACTIVE"}
	for name, value := range change {
		wanted[name] = value
	}
	return wanted
}

// givenToken makes a token and returns its reference.
func (l *lab) givenToken(issuer string, change map[string]any) string {
	GinkgoHelper()
	return l.post("/api/v1/tokens", l.tokenOf(issuer, change)).ok(http.StatusCreated).body["tokenReferenceID"].(string)
}

// within runs f in a transaction of the issuer.
func (l *lab) within(issuer string, f func(vault.Tx) error) {
	GinkgoHelper()
	Expect(l.vault.Update(context.Background(), issuer, f)).To(Succeed())
}

// queued are the notifications of the issuer.
func (l *lab) queued(issuer string) []vault.Notification {
	GinkgoHelper()
	list, _, err := l.vault.Notifications(context.Background(), vault.NotificationQuery{Issuer: issuer})
	Expect(err).NotTo(HaveOccurred())
	return list
}
