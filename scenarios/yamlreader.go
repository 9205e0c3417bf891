package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/conformance/contract"
)

// yamlReader reads YAML strictly and goes on after a mistake, so that all
// mistakes of a file are told at once.
type yamlReader struct {
	file     string
	problems Problems
}

// valueReader reads the value under a key.
type valueReader = func(*yaml.Node)

func (r *yamlReader) at(n *yaml.Node) Position {
	return Position{File: r.file, Line: max(n.Line, 1), Column: max(n.Column, 1)}
}

func (r *yamlReader) fail(n *yaml.Node, what, mend string) {
	r.problems = append(r.problems, Problem{r.at(n), what, mend})
}

// unknown tells of a word that is not one of the known ones.
func (r *yamlReader) unknown(n *yaml.Node, kind string, known []string) {
	r.fail(n, "unknown "+kind+" "+printable(n.Value), nearest(n.Value, known))
}

// nearest is the hint for a word: what was probably meant, or all there is.
func nearest(word string, known []string) string {
	const few = 40
	switch near := contract.Nearest(word, known); {
	case near != "":
		return "did you mean " + near + "?"
	case len(known) == 0:
		return ""
	case len(known) > few:
		return fmt.Sprintf("there are %d, none is near", len(known))
	}
	return "known are " + strings.Join(known, ", ")
}

// documents decodes every YAML document of the file.
func (r *yamlReader) documents(data []byte) []*yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var roots []*yaml.Node
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return roots
		}
		if err != nil {
			r.syntax(data, err)
			return roots
		}
		if len(document.Content) > 0 && !isNull(document.Content[0]) {
			roots = append(roots, document.Content[0])
		}
	}
}

var yamlPrefix = regexp.MustCompile(`^yaml: (?:line \d+: )?`)

// syntax gives the parser's error a place. The parser often names the line at
// which the surrounding mapping starts, so the line is looked for: it is the
// one after the longest beginning that is YAML.
func (r *yamlReader) syntax(data []byte, err error) {
	what := yamlPrefix.ReplaceAllString(strings.Join(strings.Fields(err.Error()), " "), "")
	if strings.HasPrefix(what, "unknown anchor") {
		what = "a value that begins with * has to stand in quotes"
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	bad := len(lines)
	for tries := 0; bad > 1 && !readable(bytes.Join(lines[:bad-1], nil)); tries++ {
		if bad--; tries == mostTries {
			break
		}
	}
	text := lines[bad-1]
	column := len(text) - len(bytes.TrimLeft(text, " \t")) + 1
	r.problems = append(r.problems, Problem{Position{r.file, bad, column}, "is not YAML: " + what, ""})
}

// mostTries bounds the search for the line in a long file.
const mostTries = 500

func readable(data []byte) bool {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var document yaml.Node
		if err := decoder.Decode(&document); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// each goes through a mapping; a key that is none or stands twice is left out.
func (r *yamlReader) each(n *yaml.Node, visit func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "a mapping (key: value) belongs here, not "+kindOf(n), "")
		return
	}
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.fail(key, "a plain key belongs here, not "+kindOf(key), "")
		case key.Tag == "!!merge":
			r.fail(key, "merge keys are not read here", "write the members out")
		case seen[key.Value]:
			r.fail(key, "key "+printable(key.Value)+" stands here a second time", "")
		default:
			seen[key.Value] = true
			visit(key, n.Content[i+1])
		}
	}
}

// object reads a mapping of known keys.
func (r *yamlReader) object(n *yaml.Node, members map[string]valueReader) {
	r.each(n, func(key, value *yaml.Node) {
		if read, ok := members[key.Value]; ok {
			read(value)
			return
		}
		r.unknown(key, "key", sortedNames(members))
	})
}

// list goes through a sequence.
func (r *yamlReader) list(n *yaml.Node, visit valueReader) {
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "a list belongs here, not "+kindOf(n), "")
		return
	}
	for _, item := range n.Content {
		visit(item)
	}
}

// oneOrMore reads a scalar as a list of one.
func (r *yamlReader) oneOrMore(n *yaml.Node, visit valueReader) {
	if n.Kind == yaml.SequenceNode {
		if len(n.Content) == 0 {
			r.fail(n, "the list is empty", "")
		}
		r.list(n, visit)
		return
	}
	visit(n)
}

// text reads a scalar as it is written, so that leading zeros stay; ok is
// false when it is none.
func (r *yamlReader) text(n *yaml.Node) (string, bool) {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		r.fail(n, "a text belongs here, not "+kindOf(n), "")
		return "", false
	}
	if n.Value == "" {
		r.fail(n, "a text belongs here, and this one is empty", "")
		return "", false
	}
	return n.Value, true
}

func (r *yamlReader) into(target *string) valueReader {
	return func(n *yaml.Node) { *target, _ = r.text(n) }
}

// word reads one of the known words.
func (r *yamlReader) word(target *string, kind string, known []string) valueReader {
	return func(n *yaml.Node) {
		text, ok := r.text(n)
		if ok && !slices.Contains(known, text) {
			r.unknown(n, kind, known)
			return
		}
		*target = text
	}
}

// known reads a list of known words, each once.
func (r *yamlReader) known(target *[]string, kind string, known []string) valueReader {
	return func(n *yaml.Node) {
		r.list(n, func(item *yaml.Node) {
			var word string
			r.word(&word, kind, known)(item)
			if word == "" {
				return
			}
			if slices.Contains(*target, word) {
				r.fail(item, kind+" "+printable(word)+" stands here a second time", "")
				return
			}
			*target = append(*target, word)
		})
	}
}

func (r *yamlReader) boolean(target *bool) valueReader {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Decode(target) != nil {
			r.fail(n, "true or false belongs here, not "+kindOf(n), "")
		}
	}
}

func (r *yamlReader) integer(target *int, low, high int) valueReader {
	return func(n *yaml.Node) {
		var value int
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || n.Decode(&value) != nil || value < low || value > high {
			r.fail(n, fmt.Sprintf("a whole number from %d to %d belongs here", low, high), "")
			return
		}
		*target = value
	}
}

// duration reads a time such as 1.5s; a negative one only where that means
// something.
func (r *yamlReader) duration(target *time.Duration, negative bool) valueReader {
	return func(n *yaml.Node) {
		text, ok := r.text(n)
		if !ok {
			return
		}
		d, err := time.ParseDuration(text)
		if err != nil || d == 0 || d < 0 && !negative {
			r.fail(n, "a duration belongs here, not "+printable(text), "write it like 10s, 500ms or 1.5s")
			return
		}
		*target = d
	}
}

// value turns a node into what contract.Decode makes of the same JSON; numbers
// are json.Number. A time stays the text that it is written as.
func (r *yamlReader) value(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		members := map[string]any{}
		r.each(n, func(key, value *yaml.Node) { members[key.Value] = r.value(value) })
		return members
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			list = append(list, r.value(item))
		}
		return list
	case yaml.ScalarNode:
		return r.scalar(n)
	}
	r.fail(n, kindOf(n)+" is not read here", "write the value out")
	return nil
}

func (r *yamlReader) scalar(n *yaml.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		var value bool
		if n.Decode(&value) == nil {
			return value
		}
	case "!!int", "!!float":
		if jsonNumber.MatchString(n.Value) {
			return json.Number(n.Value)
		}
		r.fail(n, printable(n.Value)+" is no number as JSON writes them", "write it in decimal, or in quotes if it is a text")
		return nil
	case "!!str", "!!timestamp":
		return n.Value
	}
	r.fail(n, "a value with the tag "+printable(n.Tag)+" is not read here", "leave the tag out")
	return nil
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias (*name)"
	case isNull(n):
		return "nothing"
	}
	return "a single value (" + strings.TrimPrefix(n.Tag, "!!") + ")"
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
