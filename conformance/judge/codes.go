package judge

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/vtsim/vtsim/conformance/contract"
)

const interpretationNoRow = "INT-124"

// refusal judges the answer to a call that should be refused, and says whether
// it failed.
func (r *ruling) refusal() bool {
	trigger := r.want.Refused
	rows := slices.DeleteFunc(r.rowsOn(trigger), func(row contract.ErrorRow) bool { return row.Code == "" })
	r.exercise(r.want.Rule, r.missed(), r.own("code-on-"+trigger))
	if len(rows) > 0 {
		r.exercise(ruleFieldError)
		return r.withCode(rows)
	}
	if standard, ok := r.standardOn(trigger); ok {
		return r.withStatus(standard)
	}
	return r.withoutRow()
}

// withCode judges a refusal that the operation's table has rows for.
func (r *ruling) withCode(rows []contract.ErrorRow) bool {
	want := allowed(rows, r.want.Refused)
	right := func(code, action string) bool {
		return slices.ContainsFunc(rows, func(row contract.ErrorRow) bool {
			return row.Code == code && (action == "" || row.ActionCode == "" || row.ActionCode == action)
		})
	}
	switch {
	case r.stands == taken:
		r.broken(r.missed(), fault{came: r.came(), want: want})
	case r.a.success() && r.a.code == "":
		// A decline without code: whether it may be so, another rule says.
		if slices.ContainsFunc(rows, func(row contract.ErrorRow) bool { return row.ActionCode == r.a.action }) {
			return false
		}
		r.broken(r.wrongCode(), fault{came: r.came(), want: want})
	case r.a.success() && !right(r.a.code, r.a.action):
		r.broken(r.wrongCode(), fault{came: r.came(), want: want, location: "/" + memberError})
	case r.a.success():
		return false
	case r.a.status != http.StatusBadRequest, r.businessCode() != "" && !right(r.businessCode(), r.a.action):
		r.broken(r.wrongCode(), fault{came: r.came(), want: fmt.Sprintf("HTTP %d and %s", rows[0].HTTP, want)})
	default:
		r.broken(ruleFieldError, fault{came: r.came(), want: fmt.Sprintf("HTTP %d and %s", rows[0].HTTP, want), interpretation: interpretationFieldError})
	}
	return true
}

// businessCode of an error status: as errorCode, or as the reason of the
// standard structure.
func (r *ruling) businessCode() string {
	if r.a.code != "" {
		return r.a.code
	}
	if codeLike(r.a.reason) {
		return r.a.reason
	}
	return ""
}

// withStatus judges a refusal that chapter 1 has a status for, and the
// operation no code.
func (r *ruling) withStatus(standard contract.StandardError) bool {
	if r.a.status == standard.HTTP {
		return false
	}
	r.broken(r.or(ruleStatus), fault{came: r.came(), want: fmt.Sprintf("HTTP %d (%s) for %s", standard.HTTP, standard.Reason, spoken(r.want.Refused)), page: standard.Page})
	return true
}

// withoutRow judges a decline that the operation's table has no row for: the
// plain decline, with or without a code (INT-124).
func (r *ruling) withoutRow() bool {
	f := fault{want: "a decline for " + spoken(r.want.Refused), interpretation: interpretationNoRow}
	if r.op.decline != "" {
		f.want = fmt.Sprintf("%s %s with or without %s for %s", memberAction, r.op.decline, memberError, spoken(r.want.Refused))
	}
	declined := r.stands == refused || r.a.response == responseDeclined
	switch f.came = r.came(); {
	case !declined:
		r.broken(r.missed(), f)
	case !r.a.success() && r.a.status == http.StatusBadRequest:
		f.interpretation = interpretationFieldError
		r.broken(ruleFieldError, f)
	case !r.a.success():
		r.broken(r.missed(), f)
	case r.op.decline == "" || r.a.action == "" || r.a.action == r.op.decline, r.codeMissing():
		return false
	default:
		f.location = "/" + memberAction
		r.broken(r.missed(), f)
	}
	return true
}

// codeMissing tells a decline that a rule of the schema asks a code for: that
// is its fault then.
func (r *ruling) codeMissing() bool {
	return r.a.code == "" && slices.ContainsFunc(r.op.Errors, func(row contract.ErrorRow) bool { return row.ActionCode == r.a.action })
}

// wrongCode is the rule about which code refuses the call.
func (r *ruling) wrongCode() string {
	if rule := r.own("code-on-" + r.want.Refused); r.has(rule) {
		return rule
	}
	return r.missed()
}

// missed is the rule that a call which should be refused is broken by when it
// is taken: the one that was asked about, else the most telling one of the
// operation.
func (r *ruling) missed() string {
	if r.want.Rule != "" {
		return r.want.Rule
	}
	ofCard := !slices.Contains([]string{string(contract.KindRequired), string(contract.KindLength), string(contract.KindType),
		string(contract.KindValue), contract.TriggerCrypto}, r.want.Refused)
	candidates := []string{r.own("code-on-" + r.want.Refused), r.own("decline-of-card-state"), ruleStatus}
	if ofCard {
		// A card that is answered as eligible is worse than one with the wrong code.
		candidates = append([]string{r.own("decline-needs-errorCode")}, candidates...)
	}
	return candidates[slices.IndexFunc(candidates, r.has)]
}

// or is the rule that was asked about, else the one given.
func (r *ruling) or(rule string) string {
	if r.want.Rule != "" {
		return r.want.Rule
	}
	return rule
}
