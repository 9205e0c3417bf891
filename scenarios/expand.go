package scenarios

import (
	"fmt"

	"github.com/vtsim/vtsim/conformance/contract"
)

// Expand makes the cases of a scenario: one of a scenario with steps, one per
// member of the contract that applies of one that generates. The seed of each
// case is made of the given one and the case's id. Ids and their order depend
// on contract and scenario alone.
func Expand(c *contract.Contract, s *Scenario, seed string) ([]Case, error) {
	if s.Generate == nil {
		return []Case{newCase(s.Name, s, seed)}, nil
	}
	g, err := newGenerator(c)
	if err != nil {
		return nil, err
	}
	return g.cases(s, seed)
}

// Cases expands every scenario of the library, in its order.
func (l *Library) Cases(seed string) ([]Case, error) {
	g, err := newGenerator(l.contract)
	if err != nil {
		return nil, err
	}
	var all []Case
	for _, s := range l.Scenarios {
		cases, err := g.cases(s, seed)
		if err != nil {
			return nil, err
		}
		all = append(all, cases...)
	}
	return all, nil
}

func (g *generator) cases(s *Scenario, seed string) ([]Case, error) {
	if s.Generate == nil {
		return []Case{newCase(s.Name, s, seed)}, nil
	}
	made, err := g.expand(s)
	if err != nil {
		return nil, err
	}
	if len(made) == 0 {
		return nil, fmt.Errorf("%s: %s makes no case at all", s.At, s.Generate.Kind)
	}
	cases := make([]Case, len(made))
	for i, one := range made {
		last := one.scenario.Steps[len(one.scenario.Steps)-1].Call
		cases[i] = newCase(s.Name+"/"+one.suffix(last.Operation), one.scenario, seed)
	}
	return cases, nil
}

func newCase(id string, s *Scenario, seed string) Case {
	return Case{ID: id, Scenario: s, Seed: seed + "/" + id}
}
