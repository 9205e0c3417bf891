package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// ruling is the work on one exchange.
type ruling struct {
	*Trial
	x    *outbound.Exchange
	op   *facts
	want Want
	step int
	sent sent
	a    answer
	// stands is what the answer does with the call.
	stands standing
	// bodiless says that the answer's body is not looked at any further: that
	// it is there, or the status over it, is the fault already.
	bodiless bool

	out  Ruling
	seen map[string]bool
}

// standing is what an answer does with the call.
type standing int

const (
	// unclear: the answer says nothing, or something that is no decision.
	unclear standing = iota
	taken
	refused
)

// fault is what a finding says beside its rule. All texts may hold what came
// from the issuer; they are masked when the finding is made.
type fault struct {
	// came and want are what came and all that was allowed, in words.
	came, want string
	// message takes the place of the sentence made of them.
	message        string
	location       string
	interpretation string
	// level takes the place of the rule's.
	level contract.Level
	page  int
}

// broken adds a finding. Of one rule at one place there is one for each
// exchange; a rule that the contract does not have is none.
func (r *ruling) broken(id string, f fault) {
	rule, known := r.judge.rules[id]
	if !known || r.seen[id+" "+f.location] {
		return
	}
	r.seen[id+" "+f.location] = true
	if f.level == "" {
		f.level = rule.Level
	}
	if f.page == 0 {
		f.page = rule.Page
	}
	if f.interpretation == "" {
		f.interpretation = rule.Interpretation
	}
	if f.message == "" {
		f.message = fmt.Sprintf("%s: %s came, want %s (p.%d)", r.op.ID, f.came, f.want, f.page)
	}
	section := rule.Section
	if section == "" && (rule.Operation != "" || strings.HasPrefix(id, r.op.ID+"/")) {
		section = r.op.Section
	}
	r.out.Findings = append(r.out.Findings, Finding{Rule: id, Level: f.level, Outcome: OutcomeOf(f.level), Operation: r.op.ID,
		Message: contract.Mask(f.message), Expected: contract.Mask(f.want), Actual: contract.Mask(f.came), Location: f.location,
		Cite: Cite{Section: section, Page: f.page}, Interpretation: f.interpretation, Treated: r.treated(), Step: r.step, Exchange: r.x.ID})
	r.exercise(id)
}

// exercise notes rules that the exchange could have broken.
func (r *ruling) exercise(ids ...string) {
	for _, id := range ids {
		if _, known := r.judge.rules[id]; known && !r.seen[id] {
			r.seen[id] = true
			r.out.Exercised = append(r.out.Exercised, id)
		}
	}
}

// own is the id of a rule about the operation's answer.
func (r *ruling) own(name string) string { return r.op.ID + "/response#" + name }

// has tells whether the contract has the rule.
func (r *ruling) has(id string) bool { _, ok := r.judge.rules[id]; return ok }

// treated says how Visa's side treats the answer, by the taxonomy of D1
// (INT-148).
func (r *ruling) treated() string {
	status := 0
	if r.x.Response != nil && r.x.Failure == nil {
		status = r.x.Response.Status
	}
	category := r.judge.contract.Tables.D1.CategoryOf(status, r.a.treatedCode())
	if category.Retry {
		return category.Name + ", retried"
	}
	return category.Name + ", not retried"
}

// shown is a text of the issuer as a message may repeat it: short, and nothing
// that was sent in confidence.
func (r *ruling) shown(text string) string {
	const longest = 48
	if len([]rune(text)) > longest || r.secretIn(text) {
		return fmt.Sprintf("a text of %d characters", len([]rune(text)))
	}
	return contract.Mask(text)
}

// add joins another ruling to this one.
func (r *Ruling) add(other Ruling) {
	r.Findings = append(r.Findings, other.Findings...)
	for _, id := range other.Exercised {
		if !slices.Contains(r.Exercised, id) {
			r.Exercised = append(r.Exercised, id)
		}
	}
}

// sort puts the findings that count most first, and keeps the order in which
// they were found otherwise.
func (r *Ruling) sort() {
	weight := map[Outcome]int{Failed: 0, Warned: 1, Noted: 2}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return weight[a.Outcome] - weight[b.Outcome] })
	slices.Sort(r.Exercised)
}
