package judge_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/keys"
)

// probe is one exchange, after those that it takes.
type probe struct {
	op, name string
	call     func(p *peer) sent
	want     judge.Want
}

var decisionCalls = []string{"approveProvisioning", "checkEligibility", "deviceTokenBinding", "retrieveStepUpMethods", "sendPasscode"}

// run is a trial of its own; it returns the rules found broken.
func (pr probe) run(p *peer) []string {
	p.begin()
	p.exchange(pr.call(p), pr.want)
	ruling := p.trial.End()
	p.ran = append(p.ran, ruling.Exercised...)
	return p.broken()
}

func refusedFor(trigger string) judge.Want { return judge.Want{Refused: trigger} }

// of makes a call of the operation about the card of a role, changed.
func of(op, role string, change ...func(*peer, *sent)) func(*peer) sent {
	return func(p *peer) sent {
		s := p.call(op, p.card(role))
		if op == "deviceTokenBinding" { // it carries no PAN: the issuer knows it from before
			p.prepare(p.call("approveProvisioning", p.card(role)))
		}
		if op == "sendPasscode" && role == keys.RoleEligible {
			s.body["otpMethodIdentifier"] = methods(p, s, nil)["OTPSMS"]
		}
		for _, c := range change {
			c(p, &s)
		}
		return s
	}
}

// methods asks for the identifiers of the step-up methods by type.
func methods(p *peer, like sent, with map[string]any) map[string]any {
	s := p.call("retrieveStepUpMethods", p.card(keys.RoleEligible))
	s.body["tokenReferenceID"] = like.body["tokenReferenceID"]
	maps.Copy(s.body, with)
	found := map[string]any{}
	offered, _ := member(p.exchange(s, judge.Want{}), "stepUpMethods").([]any)
	for _, element := range offered {
		method, _ := element.(map[string]any)
		kind, _ := method["type"].(string)
		found[kind] = method["identifier"]
	}
	return found
}

func setting(name string, value any) func(*peer, *sent) {
	return func(_ *peer, s *sent) { s.body[name] = value }
}

func without(name string) func(*peer, *sent) {
	return func(_ *peer, s *sent) { delete(s.body, name) }
}

// held adds a member to the sealed cardholder, or changes it.
func held(name string, value any) func(*peer, *sent) {
	return func(_ *peer, s *sent) { s.sealed["cardholderInfo"].(map[string]any)[name] = value }
}

// notification is a right notification, from the samples of the contract.
func notification(op string, p *peer) sent {
	s := sent{op: op, body: sample(op, "request")}
	delete(s.body, "encryptedData")
	s.path = p.token()
	if strings.HasPrefix(op, "pan") {
		s.path = nil
	}
	if op != "cardMetadataUpdateNotification" {
		s.sealed = sample(op, "request-encryptedData")
	}
	if info, ok := s.sealed["tokenInfo"].(map[string]any); ok {
		info["autoFillIndicator"] = false
	}
	switch op {
	case "tokenCreateNotification":
		maps.Copy(s.body, map[string]any{"clientWalletAccountID": "40010000030", "lifeCycleTraceID": 1, "actionCode": "00"})
	case "pushProvisioningStatusNotification":
		s.body["statusCode"] = "SUCCESS"
	}
	return s
}

// introduced lets the issuer know the token of a notification.
func introduced(p *peer, s sent) sent {
	if s.path["tokenReferenceID"] != "" {
		create := p.call("approveProvisioning", p.card(keys.RoleEligible))
		create.path = s.path
		p.exchange(create, judge.Want{})
	}
	return s
}

// ended tells the issuer that the token of the call was deactivated.
func ended(p *peer, s *sent) {
	n := notification("tokenNotification", p)
	n.path["tokenReferenceID"] = s.body["tokenReferenceID"].(string)
	n.sealed["tokenInfo"].(map[string]any)["tokenStatus"] = "DEACTIVATED"
	n.sealed["cardholderInfo"] = s.sealed["cardholderInfo"]
	p.prepare(n)
}

// renumbered asks with another number than the token's.
func renumbered(p *peer, s *sent) {
	n := notification("tokenNotification", p)
	n.path["tokenReferenceID"] = s.body["tokenReferenceID"].(string)
	n.sealed["cardholderInfo"] = s.sealed["cardholderInfo"]
	p.prepare(n)
	s.body["tokenInfo"] = map[string]any{"token": "4895370012009999"}
}

// concerned are the probes that an issuer with a fault against the rule is
// sent.
func concerned(rule contract.Rule) []probe {
	about := func(pr probe) bool { return pr.op == rule.Operation }
	if rule.Operation == "" {
		about = func(pr probe) bool {
			return pr.op == "approveProvisioning" || slices.Contains([]string{"delivered", "unknown method", "unknown-open-value-tolerated"}, pr.name)
		}
	}
	return slices.DeleteFunc(probes(), func(pr probe) bool { return !about(pr) })
}
