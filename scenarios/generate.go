package scenarios

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/outbound"
)

//go:embed generate.yaml
var baseScenarios []byte

// generator makes cases from the contract. It is not safe for concurrent use.
type generator struct {
	contract *contract.Contract
	builder  *outbound.Builder
	fixtures *fixtures.Set
	bases    map[string]*Scenario // by operation
	samples  map[string]*sample
	shoulds  map[string]bool // the rules that make refusing an absence a should
}

func newGenerator(c *contract.Contract) (*generator, error) {
	set, err := fixtures.Load()
	if err != nil {
		return nil, err
	}
	bases, err := Parse(c, "generate.yaml", baseScenarios)
	if err != nil {
		return nil, err
	}
	g := &generator{contract: c, builder: outbound.NewBuilder(c), fixtures: set, bases: map[string]*Scenario{}, samples: map[string]*sample{}, shoulds: map[string]bool{}}
	for _, rule := range c.Tables.NamedRules {
		if strings.HasSuffix(rule.ID, absenceRefused) {
			g.shoulds[rule.ID] = true
		}
	}
	for _, base := range bases {
		g.bases[base.Steps[len(base.Steps)-1].Call.Operation] = base
	}
	return g, nil
}

// base is the good call of the operation and what prepares it.
func (g *generator) base(operation string) *Scenario {
	if base, ok := g.bases[operation]; ok {
		return base
	}
	return &Scenario{Steps: []Step{{Call: &Call{Operation: operation}}}}
}

func (g *generator) sample(op *contract.Operation) (*sample, error) {
	if s, ok := g.samples[op.ID]; ok {
		return s, nil
	}
	base := g.base(op.ID)
	s, err := newSample(g.contract, g.builder, g.fixtures, op, base.Token, base.Steps[len(base.Steps)-1].Call.With)
	if err == nil {
		g.samples[op.ID] = s
	}
	return s, err
}

// operations are those that the scenario names, or all that its kind applies
// to.
func (g *generator) operations(wanted *Generate, k kind) ([]*contract.Operation, error) {
	var list []*contract.Operation
	for _, id := range wanted.Operations {
		op, err := g.contract.Operation(id)
		if err != nil {
			return nil, err
		}
		list = append(list, op)
	}
	if len(wanted.Operations) > 0 {
		return list, nil
	}
	for _, op := range g.contract.Operations() {
		if op.Direction == contract.Outbound && k.applies(op) {
			list = append(list, op)
		}
	}
	return list, nil
}

// expand makes the cases of a generating scenario, by operation and then in
// the order of the contract.
func (g *generator) expand(s *Scenario) ([]*generated, error) {
	k, ok := kindNamed(s.Generate.Kind)
	if !ok {
		return nil, fmt.Errorf("%s: unknown kind %q; %s", s.At, s.Generate.Kind, nearest(s.Generate.Kind, Kinds()))
	}
	operations, err := g.operations(s.Generate, k)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.At, err)
	}
	var all []*generated
	for _, op := range operations {
		cases, err := g.of(k, op)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.At, err)
		}
		for _, one := range cases {
			one.scenario = g.scenario(s, k, op, one)
		}
		all = append(all, cases...)
	}
	return all, nil
}

// generated is one change of one operation's good call.
type generated struct {
	place    memberPlace
	change   change
	scenario *Scenario
	// each says that the place has a case for every value.
	each bool
}

// suffix is what follows the scenario's name in the case's id. Parameters of
// the path stand below "path".
func (g *generated) suffix(operation string) string {
	if g.place.part == contract.Path {
		return operation + "/path" + g.change.pointer
	}
	if g.each {
		return fmt.Sprintf("%s%s/%v", operation, g.change.pointer, g.change.value)
	}
	return operation + g.change.pointer
}

// of finds every place of the operation to which the kind applies, with the
// first change that breaks what the kind means and nothing else.
func (g *generator) of(k kind, op *contract.Operation) ([]*generated, error) {
	if !k.applies(op) {
		return nil, nil
	}
	s, err := g.sample(op)
	if err != nil {
		return nil, err
	}
	var all []*generated
	for _, p := range s.places {
		for _, c := range k.changes(p) {
			var found []contract.Violation
			if p.part == contract.Path {
				found, err = s.pathViolations(g.contract, p.field.Name, c.value)
			} else {
				found, err = s.violations(g.contract, c)
			}
			if err != nil {
				return nil, fmt.Errorf("%s of %s%s: %w", k.name, op.ID, p.pointer, err)
			}
			if k.fits(found) {
				all = append(all, &generated{place: p, change: c, each: k.each})
				if !k.each {
					break
				}
			}
		}
	}
	return all, nil
}

// scenario is the base with the one change in its last call.
func (g *generator) scenario(s *Scenario, k kind, op *contract.Operation, one *generated) *Scenario {
	base := g.base(op.ID)
	made := *s
	made.Generate = nil
	made.Title = fmt.Sprintf("%s: %s %s %s", s.Title, op.ID, k.title, strings.TrimPrefix(one.suffix(""), "/"))
	made.Cites = append(slices.Clone(s.Cites), Cite{op.ID, one.place.field.Page})
	if made.Card == "" {
		made.Card = base.Card
	}
	if made.Token == (Token{}) {
		made.Token = base.Token
	}
	made.Steps = slices.Clone(base.Steps)
	for i := range made.Steps {
		made.Steps[i].At = s.At
	}
	last := &made.Steps[len(made.Steps)-1]
	call := *last.Call
	last.Call = &call
	call.Rule = g.rule(k, op, one.place)
	call.Expect = Expect{At: s.At, Refused: string(k.refused), Decided: k.name == KnownEnum && op.Field(contract.Response) != nil}
	if one.place.part == contract.Path {
		with := map[string]any{one.place.field.Name: one.change.value}
		for name, value := range call.With {
			with[name] = value
		}
		call.With = with
	} else {
		call.Patch, _ = one.change.patch() // it was written before, when it was tried
	}
	made.Needs = made.needed()
	return &made
}

// rule is what the case proves, where that is no rule that the judge finds by
// itself.
func (g *generator) rule(k kind, op *contract.Operation, p memberPlace) string {
	switch k.name {
	case MissingRequired:
		id := op.ID + "/" + string(p.part) + p.field.Pointer + absenceRefused
		if g.shoulds[id] {
			return id
		}
	case ExactLength:
		if slices.Contains(madeByVisa, p.field.Name) {
			return ruleIdentifierFormat
		}
	}
	return k.rule
}
