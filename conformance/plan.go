package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
)

// Planned is a case of the plan. Skip says why it does not run; it is empty
// for one that does.
type Planned struct {
	scenarios.Case
	Skip string
}

// tagCore marks what the core profile runs.
const tagCore = "core"

// plan chooses cases and finds out what cannot run.
func (c *Certification) plan() error {
	for _, one := range c.Cases {
		switch {
		case c.Case != "" && one.ID != c.Case:
			continue
		case c.Case == "" && c.Options.Profile == ProfileCore && !slices.Contains(one.Scenario.Tags, tagCore):
			continue
		case c.Case == "" && !c.filter.Matches(one):
			continue
		}
		c.Planned = append(c.Planned, Planned{Case: one, Skip: c.skip(one.Scenario)})
	}
	if c.Case == "" || len(c.Planned) > 0 {
		return nil
	}
	ids := make([]string, len(c.Cases))
	for i, one := range c.Cases {
		ids[i] = one.ID
	}
	hint := "vtsim certify --dry-run lists them"
	if near := contract.Nearest(c.Case, ids); near != "" {
		hint = "did you mean " + near + "?"
	}
	return fmt.Errorf("%w: there is no case %q; %s", ErrUsage, c.Case, hint)
}

// skip says why the scenario cannot run at this issuer; empty when it can.
func (c *Certification) skip(s *scenarios.Scenario) string {
	for _, operation := range operationsOf(s) {
		if op, err := c.Contract.Operation(operation); err == nil && op.Direction == contract.Outbound && !c.Profile.Participation[operation] {
			return "the issuer does not serve " + operation + " (participation in issuer.yaml)"
		}
	}
	for _, role := range rolesOf(s) {
		if !slices.ContainsFunc(c.Profile.Cards, func(card keys.Card) bool { return card.Role == role }) {
			return "issuer.yaml has no card of role " + role
		}
	}
	for _, step := range s.Steps {
		if step.Await != nil && c.Unserved != "" {
			return c.Unserved
		}
	}
	asked := map[string]bool{}
	for _, step := range s.Steps {
		if step.Trigger != nil {
			asked[step.Trigger.Name] = step.Trigger.Ask != ""
		}
	}
	for _, name := range triggersOf(s) {
		if _, ok := c.Profile.Triggers[name]; !ok && (!c.Prompt || !asked[name]) {
			return "issuer.yaml has no trigger " + name + ", and nobody is there to act instead"
		}
	}
	return ""
}

// operationsOf are the operations that the scenario is about, the main one
// first: the last call is what the steps before it lead to.
func operationsOf(s *scenarios.Scenario) []string {
	var list []string
	for _, step := range slices.Backward(s.Steps) {
		switch {
		case step.Call != nil:
			list = append(list, step.Call.Operation)
		case step.Await != nil:
			list = append(list, step.Await.Operation)
		}
	}
	return unique(append(list, s.Needs.APIs...))
}

// rolesOf are the cards that the scenario needs.
func rolesOf(s *scenarios.Scenario) []string {
	main := s.Card
	if main == "" {
		main = keys.RoleEligible
	}
	list := []string{main}
	for _, step := range s.Steps {
		if step.Call != nil && step.Call.Card != "" {
			list = append(list, step.Call.Card)
		}
	}
	return unique(append(list, s.Needs.Cards...))
}

func triggersOf(s *scenarios.Scenario) []string {
	var list []string
	for _, step := range s.Steps {
		if step.Trigger != nil {
			list = append(list, step.Trigger.Name)
		}
	}
	return unique(append(list, s.Needs.Triggers...))
}

func rulesOf(s *scenarios.Scenario) []string {
	var list []string
	for _, step := range s.Steps {
		if step.Call != nil && step.Call.Rule != "" {
			list = append(list, step.Call.Rule)
		}
		if step.Await != nil && step.Await.Rule != "" {
			list = append(list, step.Await.Rule)
		}
	}
	return unique(list)
}

// levelOf the scenario's own expectations.
func levelOf(s *scenarios.Scenario) contract.Level {
	if s.Level == "" {
		return contract.Must
	}
	return s.Level
}

// Areas of the score, as a scenario's tags name them.
func Areas() []string {
	return []string{"contract", "errors", "timing", "envelope", "transport", "lifecycle", "robustness"}
}

// areaOf is the first area among the scenario's tags; what names none checks
// answers by the contract.
func areaOf(s *scenarios.Scenario) string {
	for _, tag := range s.Tags {
		if slices.Contains(Areas(), tag) {
			return tag
		}
	}
	return Areas()[0]
}

// unique keeps the first of equals, and the order.
func unique(list []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(s string) bool {
		twice := seen[s]
		seen[s] = true
		return twice
	})
}

// rerun is the command that runs just this case.
func (c *Certification) rerun(id string) string {
	words := []string{"vtsim certify -f", quoted(c.File)}
	for _, word := range c.Flags {
		words = append(words, quoted(word))
	}
	return strings.Join(append(words, "--seed", quoted(c.Seed), "--case", quoted(id)), " ")
}

// quoted is a word of a shell's command line.
func quoted(text string) string {
	plain := strings.IndexFunc(text, func(r rune) bool {
		return !strings.ContainsRune("-_./:=,@%+", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) < 0
	if plain && text != "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
