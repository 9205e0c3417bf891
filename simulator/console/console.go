package console

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/gorilla/mux"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/calls"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Config is what the console is made of. Contract, Vault, Fixtures, Clock,
// Faults, Authority and Calls are required.
type Config struct {
	Contract *contract.Contract
	Vault    vault.Vault
	Fixtures *fixtures.Set
	Clock    *clock.Clock
	Faults   *fault.Set
	// Calls are Visa's calls to issuers, attached to the same vault.
	Calls *calls.Calls
	// Authority signs the TLS certificates of issuers that are made here.
	Authority *keys.Authority
	// Settings make their keys; facts that are left out come from Contract.
	Settings keys.Settings
	// Cards are the test cards of issuers that have a profile, by name.
	Cards map[string][]keys.Card
	// Token is the bearer token; without one only loopback is served.
	Token string
	Log   *slog.Logger
}

// Console is the admin API.
type Console struct {
	Config
	document *document
	machine  *token.Machine
	metrics  *metrics

	closing chan struct{}
	once    sync.Once

	changing sync.Mutex // one change of an issuer at a time

	mu       sync.Mutex
	creating map[string]bool // names of issuers in the making
	reserved map[string]bool // and their account ranges

	cardsMu sync.Mutex
	cards   map[string][]keys.Card // of issuers that were made here
}

// endpoint answers a request that was found right.
type endpoint func(ctx context.Context, r *request) (*reply, error)

// reply is a success. Its status is the one that the description gives.
type reply struct {
	body     any // JSON; nil is no body
	location string
	serve    http.Handler // writes the answer itself, instead of body
}

// New makes the console. It refuses a configuration that lacks something, and
// a description that its endpoints do not match.
func New(config Config) (*Console, error) {
	if config.Contract == nil || config.Vault == nil || config.Fixtures == nil || config.Clock == nil || config.Faults == nil || config.Authority == nil || config.Calls == nil {
		return nil, errors.New("console: contract, vault, fixtures, clock, faults, authority and calls are required")
	}
	if config.Settings.Facts.RSABits == 0 {
		config.Settings.Facts = keys.FactsOf(config.Contract)
	}
	if config.Settings.Rand == nil {
		config.Settings.Rand = rand.Reader
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	described, err := documentOf(config.Contract)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	c := &Console{Config: config, document: described, machine: token.NewMachine(&config.Contract.Tables.Lifecycle),
		closing: make(chan struct{}), creating: map[string]bool{}, reserved: map[string]bool{}, cards: map[string][]keys.Card{}}
	c.metrics = newMetrics(config.Vault)
	endpoints := c.endpoints()
	for _, op := range described.operations {
		if endpoints[op.id] == nil {
			return nil, fmt.Errorf("console: nothing carries out %s", op.id)
		}
		delete(endpoints, op.id)
	}
	if len(endpoints) > 0 {
		return nil, fmt.Errorf("console: not described: %s", list(endpoints))
	}
	return c, nil
}

// endpoints names the function behind each operation of the description.
func (c *Console) endpoints() map[string]endpoint {
	return map[string]endpoint{
		"listIssuers": c.listIssuers, "createIssuer": c.createIssuer, "getIssuer": c.getIssuer, "updateIssuer": c.updateIssuer, "deleteIssuer": c.deleteIssuer,
		"listCards": c.listCards, "listTokens": c.listTokens, "createToken": c.createToken, "getToken": c.getToken, "actOnToken": c.actOnToken,
		"listTraffic": c.listTraffic, "verifyTraffic": c.verifyTraffic,
		"listNotifications": c.listNotifications, "getNotification": c.getNotification, "actOnNotification": c.actOnNotification,
		"awaitNotifications": c.awaitNotifications, "readQueue": c.readQueue, "actOnQueue": c.actOnQueue,
		"provisionToken": c.provisionToken, "receivePush": c.receivePush, "actAsWallet": c.actAsWallet, "callIssuer": c.callIssuer,
		"listFaults": c.listFaults, "addFault": c.addFault, "getFault": c.getFault, "removeFault": c.removeFault, "removeFaults": c.removeFaults,
		"readClock": c.readClock, "moveClock": c.moveClock,
		"takeSnapshot": c.takeSnapshot, "restoreSnapshot": c.restoreSnapshot, "resetIssuer": c.resetIssuer,
		"describe": c.describe, "healthz": c.healthz, "readyz": c.readyz, "metrics": c.showMetrics,
	}
}

// Handler serves the paths of the description.
func (c *Console) Handler() http.Handler {
	router := mux.NewRouter()
	endpoints := c.endpoints()
	for _, op := range c.document.operations {
		router.Path(op.path).Methods(op.method).Handler(c.serve(op, endpoints[op.id]))
	}
	router.NotFoundHandler = c.serve(nil, func(context.Context, *request) (*reply, error) {
		return nil, missing("", "Nothing is served under this path; /api/v1/openapi.json says what is.")
	})
	refused := c.serve(nil, func(context.Context, *request) (*reply, error) {
		return nil, &problem{status: http.StatusMethodNotAllowed, Message: "This path does not take this method; /api/v1/openapi.json says which it takes."}
	})
	router.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allowed(router, r))
		refused.ServeHTTP(w, r)
	})
	return router
}

// allowed lists the methods that the path of the request takes.
func allowed(router *mux.Router, r *http.Request) string {
	var methods []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := &http.Request{Method: method, URL: r.URL, Host: r.Host, Header: http.Header{}}
		if match := (mux.RouteMatch{}); router.Match(other, &match) && match.MatchErr == nil {
			methods = append(methods, method)
		}
	}
	return strings.Join(methods, ", ")
}

// Close ends all waiting requests. It does not close what Config gave.
func (c *Console) Close() { c.once.Do(func() { close(c.closing) }) }

// serve handles one operation; nil is none of them.
func (c *Console) serve(op *operation, act endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer c.recovered(w, r)
		if refused := c.guard(r, op); refused != nil {
			if refused.status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			c.write(w, r, refused)
			return
		}
		answer, err := c.answer(w, r, op, act)
		if err != nil {
			c.write(w, r, asProblem(err))
			return
		}
		if answer.location != "" {
			w.Header().Set("Location", answer.location)
		}
		switch {
		case answer.serve != nil:
			answer.serve.ServeHTTP(w, r)
		case answer.body == nil:
			w.WriteHeader(op.success)
		default:
			c.writeJSON(w, op.success, answer.body)
		}
	})
}

func (c *Console) answer(w http.ResponseWriter, r *http.Request, op *operation, act endpoint) (*reply, error) {
	if op == nil {
		return act(r.Context(), nil)
	}
	req, err := read(w, r, op)
	if err != nil {
		return nil, err
	}
	return act(r.Context(), req)
}

// recovered answers a fault of ours.
func (c *Console) recovered(w http.ResponseWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	c.write(w, r, asProblem(fmt.Errorf("panic: %v\n%s", cause, debug.Stack())))
}
