package judge

import (
	"fmt"
	"net/http"

	"github.com/vtsim/vtsim/conformance/contract"
)

// notification judges the answer to a notification: a status and nothing else
// (p.135, INT-113).
func (r *ruling) notification() {
	r.bodiless = true                                                // there should be none, whatever is in it
	again := r.want.Refused == "" && !r.lenient() && r.redelivered() // whatever the status, it is that
	if !again && r.strangeStatus() {
		return
	}
	r.stands = refused
	if r.a.success() {
		r.stands = taken
	}
	fine := true
	switch {
	case r.lenient():
	case r.want.Refused != "":
		fine = r.refusedNotification()
	default:
		fine = r.takenNotification()
	}
	r.exercise(r.own("empty-body"))
	if fine && r.a.body {
		r.broken(r.own("empty-body"), fault{came: fmt.Sprintf("HTTP %d with a body of %d bytes", r.a.status, len(r.x.Response.Body)), want: "no body"})
	}
}

// lenient says that a notification may be taken or not.
func (r *ruling) lenient() bool { return r.want.Open || r.want.Told }

// takenNotification judges the answer to a right one.
func (r *ruling) takenNotification() bool {
	r.exercise(r.want.Rule)
	rule, why := r.notificationRule()
	r.exercise(rule)
	switch {
	case !r.a.success() && r.unknownToken() && r.a.status == http.StatusNotFound:
		return true
	case !r.a.success():
		want := "2xx"
		if r.unknownToken() {
			want = fmt.Sprintf("2xx or %d", http.StatusNotFound)
		}
		r.broken(rule, fault{came: fmt.Sprintf("HTTP %d%s", r.a.status, why), want: want})
		return false
	}
	r.exercise(r.own("status-200"))
	if !r.plainSuccess() {
		r.broken(r.own("status-200"), fault{came: fmt.Sprintf("HTTP %d", r.a.status), want: "HTTP 200"})
	}
	return true
}

// notificationRule is the rule that a right notification is refused against.
func (r *ruling) notificationRule() (rule, why string) {
	redelivery, order, unknown := r.op.ID+"/request#redelivery-accepted", r.op.ID+"/request#any-order-accepted", r.own("unknown-token-tolerated")
	switch {
	case r.redelivered():
		return redelivery, " to the same notification that was taken before"
	case r.want.Rule == redelivery, r.want.Rule == order && !r.tookOne():
		// Neither can be blamed where the first one was refused as well.
	case r.want.Rule != "":
		return r.want.Rule, ""
	case r.outOfOrder():
		return order, " to an event that is older than one that was taken before"
	}
	if r.unknownToken() {
		return unknown, " for a token that the issuer was not told of"
	}
	return r.own("accepted"), ""
}

// refusedNotification judges the answer to a notification that cannot be read
// (INT-147).
func (r *ruling) refusedNotification() bool {
	rule := r.want.Rule
	if rule == "" {
		switch r.want.Refused {
		case contract.TriggerMalformed:
			rule = r.own("malformed-refused")
		case contract.TriggerCrypto:
			rule = r.own("broken-envelope-refused")
		default:
			return true // the specification asks for no check of a notification's members
		}
	}
	r.exercise(rule)
	status := r.judge.contract.ErrorOn(r.op.ID, contract.TriggerMalformed).HTTP
	if r.a.status == status {
		return true
	}
	r.broken(rule, fault{came: fmt.Sprintf("HTTP %d", r.a.status), want: fmt.Sprintf("HTTP %d for %s", status, spoken(r.want.Refused))})
	return false
}
