package contract

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"
)

// source is the text of one table file. It is parsed a second time only when
// something is wrong, to find the line.
type source struct {
	file    string
	content []byte
	root    *yaml.Node
}

// line returns the line of the value at the path of keys and indexes; of a
// value that is not there, the line of the nearest that holds its place.
func (s *source) line(steps []any) int {
	if s.root == nil {
		var document yaml.Node
		if err := yaml.Unmarshal(s.content, &document); err != nil || len(document.Content) == 0 {
			return 1
		}
		s.root = document.Content[0]
	}
	node, line := s.root, s.root.Line
	for _, step := range steps {
		if node = child(node, step); node == nil {
			break
		}
		line = node.Line
	}
	return line
}

// child returns the value below a key or at an index, nil when there is none.
func child(node *yaml.Node, step any) *yaml.Node {
	switch step := step.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && step < len(node.Content) {
			return node.Content[step]
		}
	case string:
		if node.Kind != yaml.MappingNode {
			return nil
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	}
	return nil
}

// problems collects what is wrong with the tables, so that all of it is
// reported at once.
type problems struct{ list []error }

func (p *problems) err() error { return errors.Join(p.list...) }

func (p *problems) addf(file string, line int, format string, args ...any) {
	p.list = append(p.list, fmt.Errorf("%s: line %d: %s", file, line, fmt.Sprintf(format, args...)))
}

// place is a position inside a table.
type place struct {
	source   *source
	steps    []any
	problems *problems
}

// at returns the place below this one.
func (p place) at(steps ...any) place {
	p.steps = append(append([]any{}, p.steps...), steps...)
	return p
}

// failf records a problem with file and line.
func (p place) failf(format string, args ...any) {
	p.problems.addf(p.source.file, p.source.line(p.steps), format, args...)
}

// page demands a page of the specification.
func (p place) page(page int) {
	if page < firstPage || page > lastPage {
		p.at("page").failf("page is %d, want one from %d to %d", page, firstPage, lastPage)
	}
}

// pages demands at least one page range of the specification.
func (p place) pages(pages Pages) {
	if len(pages) == 0 {
		p.failf("no pages")
	}
	for _, r := range pages {
		if r.First < firstPage || r.Last > lastPage || r.First > r.Last {
			p.at("pages").failf("pages %s are not within %d to %d", r, firstPage, lastPage)
		}
	}
}

// filled demands a value for each of the named texts.
func (p place) filled(texts map[string]string) {
	for _, name := range sortedKeys(texts) {
		if strings.TrimSpace(texts[name]) == "" {
			p.at(name).failf("%s is missing", name)
		}
	}
}

// unique demands that the value was not seen before.
func (p place) unique(seen map[string]bool, what, value string) {
	if seen[value] {
		p.failf("%s %s stands twice", what, value)
	}
	seen[value] = true
}

// distinct demands that no value of the list stands twice.
func (p place) distinct(what string, list []string) {
	seen := map[string]bool{}
	for i, value := range list {
		p.at(i).unique(seen, what, value)
	}
}

// known demands that the value is one of the set.
func (p place) known(what, value string, set map[string]bool) {
	if set[value] {
		return
	}
	if near := Nearest(value, sortedKeys(set)); near != "" {
		p.failf("%s %q is not known, did you mean %s?", what, value, near)
		return
	}
	p.failf("%s %q is not known", what, value)
}

func sortedKeys[V any](set map[string]V) []string {
	keys := make([]string, 0, len(set))
	for key := range set {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// positive demands numbers above zero.
func (p place) positive(numbers map[string]int) {
	for _, name := range sortedKeys(numbers) {
		if numbers[name] < 1 {
			p.at(name).failf("%s is %d, want a number above 0", name, numbers[name])
		}
	}
}
