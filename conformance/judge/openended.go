package judge

import (
	"net/http"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// leftUndecided reports what is no decision about a call that may be taken
// or refused: an internal error, upon which Visa's side decides in the issuer's
// place, and, where nothing is wrong with the members, a refusal for them. How a
// call is answered that was broken on the wire is another matter.
func (r *ruling) leftUndecided() bool {
	if len(r.x.Corruptions) > 0 {
		return false
	}
	rule := r.want.Rule
	if rule == "" {
		rule = r.own("accepted")
	}
	r.exercise(rule)
	if !r.failedInside() && !(r.want.Decided && r.blamesMembers()) {
		return false
	}
	r.broken(rule, fault{came: r.came(), want: "a decision, whichever"})
	return true
}

// undeclined reports what is no decline of a card that the issuer blocked.
func (r *ruling) undeclined() bool {
	rule := r.own("decline-of-card-state")
	r.exercise(rule)
	if r.a.success() && r.stands == refused && !r.failedInside() {
		return false
	}
	r.broken(rule, fault{came: r.came(), want: "a decline, with any " + memberAction + " but " + strings.Join(r.op.approvals, " and ")})
	return true
}

// failedInside tells an internal error.
func (r *ruling) failedInside() bool {
	return r.a.status >= http.StatusInternalServerError ||
		r.a.code != "" && r.a.code == r.judge.contract.ErrorOn(r.op.ID, contract.TriggerInternal).Code
}

// blamesMembers tells a refusal for the form of the call or of its members.
func (r *ruling) blamesMembers() bool {
	if !r.a.success() {
		return true
	}
	return slices.ContainsFunc(r.op.Errors, func(row contract.ErrorRow) bool {
		return row.Code != "" && row.Code == r.a.code && slices.ContainsFunc(row.On, func(on string) bool {
			return slices.Contains([]string{string(contract.KindRequired), string(contract.KindLength), string(contract.KindType), string(contract.KindValue),
				contract.TriggerCrypto}, on)
		})
	})
}
