package judge

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/vtsim/vtsim/simulator/outbound"
)

// RuleConcurrent is about calls that are under way at the same time (p.32).
const RuleConcurrent = "outbound/request#concurrent-calls-accepted"

// memory is what a case remembers of its exchanges.
type memory struct {
	past []past
	// secrets are what any of its calls sent in confidence.
	secrets secrets
	// offered are the methods of the last answer by card and token.
	offered map[string]methods
	// taken are the tokens that the issuer was told of and took.
	taken map[string]bool
	// faulty are identifiers that were found wrong when they were offered.
	faulty map[string]bool
	// oldOnly says that no connection of today's TLS could be made.
	oldOnly bool
}

// past is one exchange that was judged.
type past struct {
	operation, requestID, token, event string
	step                               int
	body                               []byte
	success, decided                   bool
	status                             int
	began, ended                       time.Time
}

// methods are identifiers by what they stand for.
type methods map[standsFor][]string

type standsFor struct{ kind, value string }

// remember keeps what rules over several exchanges ask for.
func (t *Trial) remember(r *ruling) {
	p := past{operation: r.op.ID, requestID: r.x.RequestID, token: r.sent.token(), event: text(r.sent.members, "dateTimeOfEvent"), step: r.step,
		body: r.x.Request.Body, status: r.a.status, success: r.x.Failure == nil && r.a.success(), began: r.x.Started}
	p.ended = p.began.Add(r.x.Timing.Connect + r.x.Timing.Total)
	p.decided = p.success && r.a.action != ""
	t.past = append(t.past, p)
	if r.stands == taken && p.token != "" && r.tellsOfToken() {
		t.taken[p.token] = true
	}
}

// tellsOfToken tells the operations that bring a token into being.
func (r *ruling) tellsOfToken() bool {
	return slices.Contains([]string{"approveProvisioning", "approveProvisioningStandIn", "tokenCreateNotification"}, r.op.ID)
}

// unknownToken says that the case never told the issuer of the token, so that
// 404 is as right as 200 (INT-117).
func (r *ruling) unknownToken() bool {
	rule := r.own("unknown-token-tolerated")
	return r.has(rule) && (r.want.Rule == rule || !r.taken[r.sent.token()])
}

// redelivered says that the same notification was taken before, with the same
// X-REQUEST-ID (INT-118).
func (r *ruling) redelivered() bool {
	return slices.ContainsFunc(r.past, func(p past) bool {
		return p.success && p.operation == r.op.ID && p.requestID == r.x.RequestID && bytes.Equal(p.body, r.x.Request.Body)
	})
}

// tookOne says that a notification like this one was taken before.
func (r *ruling) tookOne() bool {
	return slices.ContainsFunc(r.past, func(p past) bool { return p.success && p.operation == r.op.ID })
}

// outOfOrder says that a later event of the same token was taken before.
func (r *ruling) outOfOrder() bool {
	event := text(r.sent.members, "dateTimeOfEvent")
	return event != "" && slices.ContainsFunc(r.past, func(p past) bool {
		return p.success && p.operation == r.op.ID && p.token == r.sent.token() && p.requestID != r.x.RequestID && p.event > event
	})
}

// bound says that the issuer gave its decision on the device of the token.
func (r *ruling) bound(token string) bool {
	return token != "" && slices.ContainsFunc(r.past, func(p past) bool {
		return p.operation == "deviceTokenBinding" && p.token == token && p.decided
	})
}

// alongside says that a call of the same step was under way at the same time
// and was taken: then it was not the call that was refused, but the second
// one.
func (r *ruling) alongside() bool {
	return slices.ContainsFunc(r.past, func(p past) bool {
		return p.step == r.step && p.operation == r.op.ID && p.success && overlap(p, r.x)
	})
}

func overlap(p past, x *outbound.Exchange) bool {
	return p.began.Before(x.Started.Add(x.Timing.Connect+x.Timing.Total)) && x.Started.Before(p.ended)
}

// atOnce is the rule about calls at the same time, where the case had some.
func (t *Trial) atOnce() []string {
	for i, p := range t.past {
		for _, q := range t.past[:i] {
			if p.step == q.step && p.began.Before(q.ended) && q.began.Before(p.ended) {
				return []string{RuleConcurrent}
			}
		}
	}
	return nil
}

// subject is whom methods belong to: a card and a token.
func (s sent) subject() string { return s.account() + " " + s.token() }

// sameAsBefore holds the methods against those of the answer before, for the
// same card and token (p.171).
func (r *ruling) sameAsBefore(offered []method) {
	now := methods{}
	for _, m := range offered {
		if m.identifier != "" && !m.misformed["identifier"] {
			key := standsFor{m.kind, m.value}
			now[key] = append(now[key], m.identifier)
		}
	}
	before, known := r.offered[r.sent.subject()]
	if known {
		r.exercise(ruleStable)
		if what := before.changed(now); what != "" {
			r.broken(ruleStable, fault{came: what, want: "the identifiers of the answer before for the methods that it had", location: "/" + memberMethods})
		}
	}
	if known {
		now = before.joined(now)
	}
	r.offered[r.sent.subject()] = now
}

// changed says what does not stand for the same as before; empty when all
// does. A method that is new or gone is no change.
func (m methods) changed(now methods) string {
	for key, was := range m {
		is := now[key]
		if len(is) > 0 && !within(is, was) && !within(was, is) {
			return fmt.Sprintf("another identifier for the same %s", key.kind)
		}
	}
	for key, is := range now {
		for _, identifier := range is {
			if stood := m.of(identifier); len(stood) > 0 && !slices.Contains(stood, key) {
				return fmt.Sprintf("the identifier of another method for %s", key.kind)
			}
		}
	}
	return ""
}

// within tells whether all of the list are in the other.
func within(list, other []string) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(other, s) })
}

// of is all that the identifier stands for.
func (m methods) of(identifier string) []standsFor {
	var list []standsFor
	for key, identifiers := range m {
		if slices.Contains(identifiers, identifier) {
			list = append(list, key)
		}
	}
	return list
}

// joined keeps what was offered before and is not now: the limit of passcodes
// may have taken it out of one answer only.
func (m methods) joined(now methods) methods {
	all := maps.Clone(m)
	maps.Copy(all, now)
	return all
}

// offeredForPasscodes says that the case was offered the identifier for the
// card and token of the call, for a method that carries passcodes.
func (r *ruling) offeredForPasscodes(identifier string) bool {
	return identifier != "" && slices.ContainsFunc(r.offered[r.sent.subject()].of(identifier), func(s standsFor) bool { return carriesPasscode(s.kind) })
}
