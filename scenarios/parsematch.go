package scenarios

import (
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"
)

// operators of a match.
var operators = []string{"oneOf", "matches", "present", "absent", "contains", "length", "not", "empty"}

// match reads a partial match: a plain value is a literal, a mapping matches
// members, and a mapping with one operator and nothing else is that operator.
func (p *parser) match(n *yaml.Node) *Match {
	if n.Kind != yaml.MappingNode {
		return &Match{At: p.at(n), Literal: p.value(n), Literally: true}
	}
	if only := len(n.Content) > 0 && !slices.ContainsFunc(evens(n.Content), func(key *yaml.Node) bool { return !slices.Contains(operators, key.Value) }); only {
		return p.operator(n)
	}
	m := &Match{At: p.at(n), Members: map[string]*Match{}}
	p.each(n, func(key, value *yaml.Node) {
		member := p.match(value)
		member.At = p.at(key)
		m.Members[key.Value] = member
	})
	return m
}

func evens(content []*yaml.Node) []*yaml.Node {
	keys := make([]*yaml.Node, 0, len(content)/2)
	for i := 0; i < len(content); i += 2 {
		keys = append(keys, content[i])
	}
	return keys
}

func (p *parser) operator(n *yaml.Node) *Match {
	m := &Match{At: p.at(n)}
	if len(n.Content) > 2 {
		p.fail(n.Content[2], "a match has one operator, and this one has "+n.Content[0].Value+" and "+n.Content[2].Value, "give one of them")
		return m
	}
	p.object(n, map[string]valueReader{
		"oneOf": func(n *yaml.Node) {
			if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
				p.fail(n, "oneOf has nothing to choose from", "")
			}
			p.list(n, func(item *yaml.Node) { m.OneOf = append(m.OneOf, p.match(item)) })
		},
		"matches": func(n *yaml.Node) {
			text, ok := p.text(n)
			if _, err := regexp.Compile(text); ok && err != nil {
				p.fail(n, "is no regular expression: "+err.Error(), "RE2 syntax, as Go has it")
			}
			m.Matches = text
		},
		"present": func(n *yaml.Node) { m.Present = new(bool); p.boolean(m.Present)(n) },
		"absent": func(n *yaml.Node) {
			var absent bool
			p.boolean(&absent)(n)
			present := !absent
			m.Present = &present
		},
		"contains": func(n *yaml.Node) { m.Contains = p.match(n) },
		"not":      func(n *yaml.Node) { m.Not = p.match(n) },
		"length":   func(n *yaml.Node) { m.Length = p.length(n) },
		"empty": func(n *yaml.Node) {
			var empty bool
			if p.boolean(&empty)(n); empty {
				m.Empty = true
				return
			}
			m.Not = &Match{At: p.at(n), Empty: true}
		},
	})
	return m
}

// mostLength bounds what a length may ask for.
const mostLength = 1 << 20

func (p *parser) length(n *yaml.Node) *Length {
	if n.Kind != yaml.MappingNode {
		exact := 0
		p.integer(&exact, 0, mostLength)(n)
		return &Length{Min: &exact, Max: &exact}
	}
	length := &Length{}
	end := func(target **int) valueReader {
		return func(n *yaml.Node) { *target = new(int); p.integer(*target, 0, mostLength)(n) }
	}
	p.object(n, map[string]valueReader{"min": end(&length.Min), "max": end(&length.Max)})
	if length.Min == nil && length.Max == nil {
		p.fail(n, "the length has no bounds", "write a number, or min and max")
	} else if length.Min != nil && length.Max != nil && *length.Min > *length.Max {
		p.fail(n, "no length is at least min and at most max here", "")
	}
	return length
}
