package conformance

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/scenarios"
)

// KnownFailure excuses what is known to be wrong, for a time. Case or Rule is
// a pattern with * and ?, exactly one of the two.
type KnownFailure struct {
	Case    string `yaml:"case"`
	Rule    string `yaml:"rule"`
	Reason  string `yaml:"reason"`
	Owner   string `yaml:"owner"`
	Expires string `yaml:"expires"` // a date, such as 2027-01-31; excused up to and including it
	expires time.Time
}

// ParseKnownFailures reads a list of known failures in YAML; file is its name
// for errors, which tell file, line and column and wrap ErrUsage.
func ParseKnownFailures(data []byte, file string) ([]KnownFailure, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("%w: %s: %s", ErrUsage, file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 {
		return nil, nil
	}
	list := document.Content[0]
	if list.Kind != yaml.SequenceNode {
		return nil, failedAt(file, list, "a list of known failures belongs here, each with case or rule, reason, owner and expires")
	}
	var known []KnownFailure
	for _, node := range list.Content {
		k, err := knownFailure(node, file)
		if err != nil {
			return nil, err
		}
		known = append(known, k)
	}
	return known, nil
}

func failedAt(file string, node *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%w: %s:%d:%d: %s", ErrUsage, file, node.Line, node.Column, fmt.Sprintf(format, args...))
}

func knownFailure(node *yaml.Node, file string) (KnownFailure, error) {
	k := KnownFailure{}
	content, err := yaml.Marshal(node)
	if err != nil {
		return k, failedAt(file, node, "%v", err)
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(content)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&k); err != nil && !errors.Is(err, io.EOF) {
		return k, failedAt(file, node, "an entry has case or rule, reason, owner and expires, each a text")
	}
	switch {
	case (k.Case == "") == (k.Rule == ""):
		return k, failedAt(file, node, "an entry names a case or a rule, exactly one of the two")
	case k.Reason == "" || k.Owner == "" || k.Expires == "":
		return k, failedAt(file, node, "an entry needs reason, owner and expires")
	}
	if _, err := path.Match(k.Case+k.Rule, ""); err != nil {
		return k, failedAt(file, node, "%q is no pattern; * and ? are", k.Case+k.Rule)
	}
	if k.expires, err = time.Parse(time.DateOnly, k.Expires); err != nil {
		return k, failedAt(file, node, "expires is %q, want a date such as 2027-01-31", k.Expires)
	}
	return k, nil
}

// timingRule marks the rules that nothing excuses.
const timingRule = "#budget"

// excuse applies the known failures to the cases.
func (r *run) excuse(known []KnownFailure, now time.Time) {
	for _, k := range known {
		use := KnownFailureUse{Case: k.Case, Rule: k.Rule, Reason: k.Reason, Owner: k.Owner, Expires: k.Expires}
		if now.UTC().After(k.expires.AddDate(0, 0, 1)) {
			use.Problem = "expired on " + k.Expires
		} else {
			use.Uses, use.Problem = r.apply(k)
		}
		r.result.KnownFailures = append(r.result.KnownFailures, use)
	}
}

// apply applies one entry to all cases, counts the findings that it is about,
// and says what is wrong with the entry.
func (r *run) apply(k KnownFailure) (uses int, problem string) {
	met, late := false, false
	for i := range r.result.Cases {
		seen := k.apply(&r.result.Cases[i])
		uses += seen.uses
		met, late = met || seen.met, late || seen.late
	}
	switch {
	case late && uses == 0:
		return uses, "is about response times, which nothing excuses; take the entry out"
	case uses > 0:
		return uses, ""
	case !r.reaches(k):
		return uses, "matches no case or rule that there is; mend its pattern or take the entry out"
	case met:
		return uses, "is excused but passes; take the entry out"
	case r.partial():
		return uses, "" // what it excuses may stand in what did not run
	}
	return uses, "matches nothing that ran; take the entry out or mend its pattern"
}

// partial says that not all of the library ran: chosen away, interrupted, or
// broken.
func (r *run) partial() bool {
	return r.Case != "" || len(r.filter) > 0 || r.Options.Profile == ProfileCore || r.result.Interrupted ||
		slices.ContainsFunc(r.result.Cases, func(c Case) bool { return c.Outcome == Broken })
}

// reaches tells whether the entry's pattern matches anything of the library or
// the contract: one that does not is a slip of the pen.
func (r *run) reaches(k KnownFailure) bool {
	if k.Case != "" {
		return slices.ContainsFunc(r.Cases, func(c scenarios.Case) bool { return globbed(k.Case, c.ID) })
	}
	return slices.ContainsFunc(r.Contract.Rules(), func(rule contract.Rule) bool { return globbed(k.Rule, rule.ID) }) ||
		slices.ContainsFunc(r.Cases, func(c scenarios.Case) bool {
			for i := range c.Scenario.Steps {
				if globbed(k.Rule, ruleOfStep(c.Scenario, i+1)) {
					return true
				}
			}
			return false
		})
}

// applied is what an entry was to one case: uses counts the findings that it
// is about, met says that it is about something that ran, late that all it
// would excuse is a response time.
type applied struct {
	uses      int
	met, late bool
}

// apply excuses the case if all that fails in it is known by the entry.
func (k KnownFailure) apply(one *Case) applied {
	var a applied
	if one.Outcome == Skipped || one.Outcome == Broken {
		return a
	}
	a.met = k.Case != "" && globbed(k.Case, one.ID)
	if k.Case != "" && !a.met {
		return a
	}
	for _, id := range one.Exercised {
		a.met = a.met || globbed(k.Rule, id)
	}
	other := false // something else is wrong too
	for _, f := range one.Findings {
		about := k.Case != "" || globbed(k.Rule, f.Rule)
		switch timing := strings.HasSuffix(f.Rule, timingRule); {
		case f.Outcome == judge.Noted:
		case about && !timing:
			a.uses++
		default:
			a.late = a.late || about
			other = other || f.Outcome == judge.Failed
		}
	}
	if a.uses > 0 {
		a.met = true
	}
	if a.uses > 0 && !other {
		one.Known = k.Reason
	}
	return a
}

// subject is what the entry is about.
func (u KnownFailureUse) subject() string {
	if u.Rule != "" {
		return "of rule " + u.Rule
	}
	return "of case " + u.Case
}

// Entries are known failures to paste, one for each rule that is broken and
// not excused.
func (r *Result) Entries() string {
	var b strings.Builder
	for _, broken := range r.byRule() {
		if broken.finding.Outcome == judge.Failed && !strings.HasSuffix(broken.finding.Rule, timingRule) {
			fmt.Fprintf(&b, "- {rule: %q, reason: \"\", owner: \"\", expires: \"\"}\n", broken.finding.Rule)
		}
	}
	return b.String()
}
