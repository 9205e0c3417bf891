package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// yamlFile reads one YAML document strictly: every key is known and stands
// once, every error names line and column, and no error quotes a value, since
// values may be secrets.
type yamlFile struct {
	file   string
	lookup func(name string) (string, bool)
}

// field reads one value.
type field = func(*yaml.Node) error

// root parses the document. An empty file is an error.
func (y yamlFile) root(data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &Problem{File: y.file, What: "is empty where YAML belongs"}
		}
		return nil, y.syntax(data, err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, y.fail(&second, "a second YAML document starts here, one is allowed", "")
	case !errors.Is(err, io.EOF):
		return nil, y.syntax(data, err)
	}
	return document.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line \d+: )?`)

// syntax turns the parser's error into one with a place. The parser often
// names the line at which the surrounding mapping starts, so the line is
// looked for: it is the one after the longest beginning that is YAML.
func (y yamlFile) syntax(data []byte, err error) error {
	what := yamlLine.ReplaceAllString(oneLine(err.Error()), "")
	if strings.HasPrefix(what, "unknown anchor") { // it goes on with the value
		what = "a value that begins with * has to stand in quotes"
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	line := len(lines)
	for line > 1 {
		var document yaml.Node
		if yaml.Unmarshal(bytes.Join(lines[:line-1], nil), &document) == nil {
			break
		}
		line--
	}
	text := lines[line-1]
	column := len(text) - len(bytes.TrimLeft(text, " \t")) + 1
	return &Problem{File: y.file, Line: line, Column: column, What: "is not YAML: " + what, Err: err}
}

func (y yamlFile) fail(n *yaml.Node, what, mend string) error {
	return &Problem{File: y.file, Line: max(n.Line, 1), Column: max(n.Column, 1), What: what, Mend: mend}
}

// object reads a mapping; a null value counts as an empty one.
func (y yamlFile) object(n *yaml.Node, members map[string]field) error {
	return y.each(n, func(key, value *yaml.Node) error {
		read, ok := members[key.Value]
		if !ok {
			known := make([]string, 0, len(members))
			for name := range members {
				known = append(known, name)
			}
			slices.Sort(known)
			return y.fail(key, "unknown key "+printable(key.Value), "known here are "+strings.Join(known, ", "))
		}
		return read(value)
	})
}

// each goes through a mapping with keys of the user's choice.
func (y yamlFile) each(n *yaml.Node, visit func(key, value *yaml.Node) error) error {
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return y.fail(n, "a mapping (key: value) belongs here, not "+kindOf(n), "")
	}
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode {
			return y.fail(key, "a plain key belongs here, not "+kindOf(key), "")
		}
		if seen[key.Value] {
			return y.fail(key, "key "+printable(key.Value)+" stands here a second time", "")
		}
		seen[key.Value] = true
		if err := visit(key, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// list goes through a sequence; a null value counts as an empty one.
func (y yamlFile) list(visit field) field {
	return func(n *yaml.Node) error {
		if isNull(n) {
			return nil
		}
		if n.Kind != yaml.SequenceNode {
			return y.fail(n, "a list belongs here, not "+kindOf(n), "")
		}
		for _, item := range n.Content {
			if err := visit(item); err != nil {
				return err
			}
		}
		return nil
	}
}

// text reads a scalar and puts environment variables in. Numbers are taken as
// they are written, so that leading zeros stay.
func (y yamlFile) text(into *string) field {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || isNull(n) {
			return y.fail(n, "a text belongs here, not "+kindOf(n), "")
		}
		value, err := y.expand(n)
		*into = value
		return err
	}
}

// matching is text that has to match.
func (y yamlFile) matching(into *string, pattern *regexp.Regexp, shape string) field {
	return func(n *yaml.Node) error {
		if err := y.text(into)(n); err != nil {
			return err
		}
		if !pattern.MatchString(*into) {
			return y.fail(n, shape+" belongs here", "")
		}
		return nil
	}
}

func (y yamlFile) texts(into *[]string) field {
	return y.list(func(n *yaml.Node) error {
		var s string
		if err := y.text(&s)(n); err != nil {
			return err
		}
		*into = append(*into, s)
		return nil
	})
}

func (y yamlFile) boolean(into *bool) field {
	return func(n *yaml.Node) error {
		if n.Kind == yaml.ScalarNode && n.Tag == "!!bool" && n.Decode(into) == nil {
			return nil
		}
		return y.fail(n, "true or false belongs here", "")
	}
}

func (y yamlFile) integer(into **int) field {
	return func(n *yaml.Node) error {
		var value int
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || n.Decode(&value) != nil {
			return y.fail(n, "a whole number belongs here", "")
		}
		*into = &value
		return nil
	}
}

func (y yamlFile) duration(into *time.Duration) field {
	return func(n *yaml.Node) error {
		var s string
		if err := y.text(&s)(n); err != nil {
			return err
		}
		d, err := time.ParseDuration(s)
		if err != nil || d <= 0 {
			return y.fail(n, "a positive duration such as 10s or 500ms belongs here", "")
		}
		*into = d
		return nil
	}
}

// expand replaces ${NAME} by the environment variable's value; $${ stands for
// a literal ${. Values are put in after parsing, so they can't change the
// document's structure.
func (y yamlFile) expand(n *yaml.Node) (string, error) {
	rest := n.Value
	var b strings.Builder
	for {
		before, after, found := strings.Cut(rest, "${")
		if !found {
			b.WriteString(rest)
			return b.String(), nil
		}
		if literal, ok := strings.CutSuffix(before, "$"); ok {
			b.WriteString(literal + "${")
			rest = after
			continue
		}
		name, remainder, closed := strings.Cut(after, "}")
		if !closed || !variableName.MatchString(name) {
			return "", y.fail(n, "${ does not start a variable such as ${NAME}", "write $${ for the characters themselves")
		}
		value, ok := y.lookup(name)
		if !ok || value == "" {
			return "", y.fail(n, "environment variable "+name+" is not set", "export it before the start")
		}
		b.WriteString(before + value)
		rest = remainder
	}
}

// fromEnvironment reports whether the value is not in the file itself.
func (y yamlFile) fromEnvironment(n *yaml.Node) bool {
	return strings.Contains(strings.ReplaceAll(n.Value, "$${", ""), "${")
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

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
	return fmt.Sprintf("a single value (%s)", strings.TrimPrefix(n.Tag, "!!"))
}
