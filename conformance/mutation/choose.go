package mutation

import (
	"hash/fnv"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/fixtures/issuer"
	"github.com/vtsim/vtsim/scenarios"
)

// rounds are the cases that a defect is tried with, one list after the other
// until it is caught: a few of those that exercise its rule, with a share of
// all others, then more of them, then all. A defect bites where it bites; that
// a case could have broken the rule says that some defect of it would be
// caught there, not that this one is. Where no case exercises the rule, because
// a right answer does not hold what it is about, those of its operation are
// taken: the defect brings it in.
func (p *prover) rounds(d issuer.Defect, rule string) [][]scenarios.Case {
	own := p.exercising[rule]
	if len(own) == 0 {
		own = p.about(rule)
	}
	if len(own) == 0 {
		return nil
	}
	var rounds [][]scenarios.Case
	tried := map[string]bool{}
	const growth = 4
	for most := p.Most; len(tried) < len(own); most *= growth {
		picked := spread(slices.DeleteFunc(slices.Clone(own), func(id string) bool { return tried[id] }), most)
		for _, id := range picked {
			tried[id] = true
		}
		first := len(rounds) == 0
		rounds = append(rounds, p.casesOf(func(id string) bool { return slices.Contains(picked, id) || first && p.drawn(d.ID, id) }))
	}
	return rounds
}

// about are the cases that call the rule's operation.
func (p *prover) about(id string) []string {
	rule, err := p.Setup.Contract.Rule(id)
	if err != nil {
		return nil
	}
	var found []string
	for _, one := range p.report.Clean.Cases {
		if len(one.Exercised) > 0 && slices.Contains(one.Operations, rule.Operation) {
			found = append(found, one.ID)
		}
	}
	return found
}

// casesOf keeps the wanted ones, in the order of the library.
func (p *prover) casesOf(wanted func(id string) bool) []scenarios.Case {
	var cases []scenarios.Case
	for _, id := range p.ids {
		if wanted(id) {
			cases = append(cases, p.cases[id])
		}
	}
	return cases
}

// spread takes as many as are wanted from all over the list: neighbours are
// alike.
func spread(ids []string, most int) []string {
	if len(ids) <= most {
		return ids
	}
	spread := make([]string, most)
	for i := range spread {
		spread[i] = ids[i*len(ids)/most]
	}
	return spread
}

// drawn decides by chance that hangs on nothing but the seed and the names.
func (p *prover) drawn(defect, id string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.Join([]string{p.Setup.Seed, defect, id}, "\x00")))
	const whole = 1 << 32
	return float64(h.Sum32()) < p.Share*whole
}
