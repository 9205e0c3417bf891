package conformance

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/conformance/judge"
)

// KnownFailure excuses what is known to be wrong, for a time. Case or Rule is
// a pattern with * and ?, exactly one of the two.
type KnownFailure struct {
	Case    string `yaml:"case"`
	Rule    string `yaml:"rule"`
	Reason  string `yaml:"reason"`
	Owner   string `yaml:"owner"`
	Expires string `yaml:"expires"` // a date, such as 2027-01-31; excused up to and including it
	line    int
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
	k := KnownFailure{line: node.Line}
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
	if k.expires, err = time.Parse(time.DateOnly, k.Expires); err != nil {
		return k, failedAt(file, node, "expires is %q, want a date such as 2027-01-31", k.Expires)
	}
	return k, nil
}

// timingRule marks the rules that nothing excuses.
const timingRule = "#budget"

// excuse applies the known failures to the cases.
func (r *Result) excuse(known []KnownFailure, now time.Time) {
	for _, k := range known {
		use := KnownFailureUse{Case: k.Case, Rule: k.Rule, Reason: k.Reason, Owner: k.Owner, Expires: k.Expires}
		if now.UTC().After(k.expires.AddDate(0, 0, 1)) {
			use.Problem = "expired on " + k.Expires
			r.KnownFailures = append(r.KnownFailures, use)
			continue
		}
		met := false
		for i := range r.Cases {
			uses, exercised := k.apply(&r.Cases[i])
			use.Uses += uses
			met = met || exercised
		}
		switch {
		case use.Uses > 0:
		case r.Interrupted: // what it excuses may not have been reached
		case met:
			use.Problem = "is excused but passes; take the entry out"
		default:
			use.Problem = "matches nothing that ran; take the entry out or mend its pattern"
		}
		r.KnownFailures = append(r.KnownFailures, use)
	}
}

// apply excuses the case if all that fails in it is known by the entry; met
// says that the entry is about something that ran.
func (k KnownFailure) apply(one *Case) (uses int, met bool) {
	if one.Outcome == Skipped || one.Outcome == Broken {
		return 0, false
	}
	if k.Rule != "" {
		for _, id := range one.Exercised {
			met = met || globbed(k.Rule, id)
		}
	} else if met = globbed(k.Case, one.ID); !met {
		return 0, false
	}
	for _, f := range one.Findings {
		switch {
		case f.Outcome == judge.Noted:
		case strings.HasSuffix(f.Rule, timingRule), k.Rule != "" && !globbed(k.Rule, f.Rule):
			if f.Outcome == judge.Failed {
				return 0, met // something else is wrong too
			}
		default:
			uses++
		}
	}
	if uses > 0 {
		met, one.Known = true, k.Reason
	}
	return uses, met
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
