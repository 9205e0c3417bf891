package scenarios

import "gopkg.in/yaml.v3"

// generate reads what the contract should make cases of.
func (p *parser) generate(n *yaml.Node) {
	wanted := &Generate{}
	operations := map[string]*yaml.Node{}
	p.object(n, map[string]valueReader{
		"kind": p.word(&wanted.Kind, "kind", p.words.generations),
		"operations": func(n *yaml.Node) {
			p.known(&wanted.Operations, "operation", p.words.outbound)(n)
			for _, item := range n.Content {
				operations[item.Value] = item
			}
			if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
				p.fail(n, "the list of operations is empty", "leave it out for all that the kind applies to")
			}
		},
	})
	p.missing(n, "kind", "nothing says what to generate", "add kind: "+Kinds()[0])
	p.scenario.Generate = wanted
	k, ok := kindNamed(wanted.Kind)
	if !ok {
		return
	}
	for _, id := range wanted.Operations {
		if op := p.operation(id); op != nil && !p.generates(k, id) {
			p.fail(operations[id], k.name+" makes no case of "+id, "take the operation out")
		}
	}
}

// generates tells whether the kind makes any case of the operation.
func (p *parser) generates(k kind, operation string) bool {
	op := p.operation(operation)
	if op == nil || !k.applies(op) {
		return false
	}
	if p.generator == nil {
		g, err := newGenerator(p.contract)
		if err != nil {
			return true // and the expansion will say why not
		}
		p.generator = g
	}
	cases, err := p.generator.of(k, op)
	return err != nil || len(cases) > 0
}
