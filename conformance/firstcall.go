package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// refusal is what every operation of an endpoint must answer before it is the
// set-up and not the issuer that is looked at.
type refusal int

const (
	served        refusal = iota // or refused for a reason of the operation's own
	refusedPath                  // there is nothing at the operation's path
	refusedAccess                // the caller is not let in
	refusedSeal                  // the envelope does not open
	unanswered
)

// firstCalls makes a good call of one operation after the other until one is
// answered in a way that can be judged. An endpoint that turns all away for
// the same reason is one that this side is not set up for, or that is not set
// up for this side: nobody can tell from here whose mistake that is.
func (r *run) firstCalls(ctx context.Context) *obstacle {
	operations := r.operations()
	if len(operations) == 0 {
		return r.unreachable("the issuer takes part in nothing", "set participation in issuer.yaml")
	}
	var first *obstacle
	var why refusal
	for _, op := range operations {
		if why == refusedSeal && op.Budget == 0 {
			break // notifications have no code for it
		}
		x, broken := r.firstCall(ctx, op)
		if broken != nil {
			return broken
		}
		refused, o := r.refused(ctx, op, x)
		switch {
		case refused == served:
			return nil
		case refused == unanswered:
			return o
		case first != nil && refused != why:
			return nil // that is more than the set-up
		case first == nil:
			first, why = o, refused
		}
	}
	return first
}

// operations are those that the issuer serves, decisions first: those say
// in their answers who they are.
func (r *run) operations() []*contract.Operation {
	var decisions, others []*contract.Operation
	for _, op := range r.Contract.Operations() {
		switch {
		case op.Direction != contract.Outbound || !r.Profile.Participation[op.ID]:
		case op.Budget > 0:
			decisions = append(decisions, op)
		default:
			others = append(others, op)
		}
	}
	return append(decisions, others...)
}

func (r *run) pathOf(op *contract.Operation) string {
	at, err := url.Parse(r.Target.Endpoint)
	if err != nil {
		return op.Path
	}
	return strings.TrimSuffix(at.Path, "/") + strings.NewReplacer("{", "", "}", "").Replace(op.Path)
}

// firstCall makes one good call and returns what came of it; nil when nothing
// was sent.
func (r *run) firstCall(ctx context.Context, op *contract.Operation) (*outbound.Exchange, *obstacle) {
	s := &scenarios.Scenario{Name: "preflight", Title: "One good call before the first case", Level: contract.Must,
		Steps: []scenarios.Step{{Call: &scenarios.Call{Operation: op.ID, Expect: scenarios.Expect{Open: true}}}}}
	if good := func(card keys.Card) bool { return card.Role == keys.RoleEligible }; len(r.Profile.Cards) > 0 && !slices.ContainsFunc(r.Profile.Cards, good) {
		s.Card = r.Profile.Cards[0].Role
	}
	var seen *outbound.Exchange
	err := r.Runner.Run(ctx, scenarios.Case{ID: s.Name + "/" + op.ID, Scenario: s, Seed: r.Seed}, func(record scenarios.Record) bool {
		for _, x := range record.Exchanges {
			seen = x
		}
		return true
	})
	if err != nil {
		return nil, &obstacle{reason: "a first call could not be made: " + contract.Mask(err.Error()), mend: "this is an error of this side: look at keys, cards and credentials in issuer.yaml"}
	}
	return seen, nil
}

// refused says what stands in the way of a call that nothing is wrong with.
func (r *run) refused(ctx context.Context, op *contract.Operation, x *outbound.Exchange) (refusal, *obstacle) {
	switch {
	case x == nil:
		return served, nil
	case x.Failure == nil:
		return r.turnedAway(op, x)
	case x.Failure.Kind == outbound.FailureDropped:
		if r.slams(ctx) {
			return unanswered, r.unreachable("the endpoint makes a TLS session and ends it before a word is said on it", "look at what stands in front of the issuer: a balancer without a server behind it, or a limit for callers, does that")
		}
		return served, nil // a connection that is cut on a call is a case's business
	case x.Failure.Kind == outbound.FailureTimeout:
		return unanswered, r.unreachable(fmt.Sprintf("the endpoint takes connections and answers no call: %s got %s", op.ID, x.Failure.Message), "look at the issuer's log: does the call arrive, and what does it wait for?")
	}
	return unanswered, r.unreachable(contract.Mask(x.Failure.Message), x.Failure.Mend)
}

// turnedAway looks at an answer.
func (r *run) turnedAway(op *contract.Operation, x *outbound.Exchange) (refusal, *obstacle) {
	code := codeOf(x.Response)
	switch status := x.Response.Status; {
	case code != "" && slices.ContainsFunc(op.Errors, func(row contract.ErrorRow) bool {
		return row.Code == code && slices.Contains(row.On, contract.TriggerCrypto)
	}):
		return refusedSeal, r.unreachable(fmt.Sprintf("a good %s is refused with %s, for an envelope that does not open: the keys of the two sides do not fit", op.ID, code), r.Keys.compare())
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired:
		return refusedAccess, r.unreachable(fmt.Sprintf("it answers HTTP %d to every call, %s for one", status, op.ID),
			"let the endpoint, and what stands in front of it, accept Visa's client certificate (tls.certificate in issuer.yaml); an endpoint that wants an x-pay-token needs sendXPayToken: true")
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusGone, status/100 == 3:
		return refusedPath, r.unreachable(fmt.Sprintf("it answers HTTP %d to every call, as to %s %s", status, op.Method, r.pathOf(op)),
			"look at the path of endpoint in issuer.yaml: the operations' paths follow it; and whether another service has this port")
	}
	return served, nil
}

// slams tells an endpoint that ends connections on which nothing was said yet.
func (r *run) slams(ctx context.Context) bool {
	connection, err := r.dial(ctx, oldest, newest)
	if err != nil {
		return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)
	}
	defer func() { _ = connection.Close() }()
	_ = connection.SetReadDeadline(time.Now().Add(reachTimeout))
	_, err = connection.Read(make([]byte, 1))
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

// Keys names the keys of the two sides, for a run in which they do not fit.
// Nothing in it is secret.
type Keys struct {
	// SealedFor is the certificate that payloads are sealed for, SignedBy the
	// one that they are signed with, both as SHA-256; SignerID is the kid of
	// the latter.
	SealedFor, SignedBy, SignerID string
}

// compare says what the two sides have to look at.
func (k Keys) compare() string {
	return fmt.Sprintf("compare with the issuer: calls are sealed for its encryption certificate with SHA-256 %s (keys.issuerEncryption in issuer.yaml) under its apiKey (credentials) as kid, and signed by Visa's signing certificate with SHA-256 %s, kid %s (keys.visaSigning)",
		k.SealedFor, k.SignedBy, k.SignerID)
}
