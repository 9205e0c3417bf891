package contract

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// PageRange is one page, or a range of pages, of the specification; First and
// Last are inclusive.
type PageRange struct{ First, Last int }

// String writes the range as it is printed: 27 or 29-30.
func (r PageRange) String() string {
	if r.First == r.Last {
		return strconv.Itoa(r.First)
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}

// MarshalJSON writes one page as a number and a range as a string.
func (r PageRange) MarshalJSON() ([]byte, error) {
	if r.First == r.Last {
		return json.Marshal(r.First)
	}
	return json.Marshal(r.String())
}

func parsePageRange(text string) (PageRange, error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	from, err := strconv.Atoi(first)
	if err != nil {
		return PageRange{}, fmt.Errorf("%q is no page, want 27 or 29-30", text)
	}
	to, err := strconv.Atoi(last)
	if err != nil {
		return PageRange{}, fmt.Errorf("%q is no range of pages, want 29-30", text)
	}
	return PageRange{from, to}, nil
}

// Pages are the pages that a fact rests on.
type Pages []PageRange

// String lists the ranges with commas between them.
func (p Pages) String() string {
	parts := make([]string, len(p))
	for i, r := range p {
		parts[i] = r.String()
	}
	return strings.Join(parts, ", ")
}

// UnmarshalYAML reads one page, one range, or a list of both.
func (p *Pages) UnmarshalYAML(node *yaml.Node) error {
	items := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		items = node.Content
	}
	*p = nil
	for _, item := range items {
		if item.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: pages hold numbers and ranges only", item.Line)
		}
		r, err := parsePageRange(item.Value)
		if err != nil {
			return fmt.Errorf("line %d: %w", item.Line, err)
		}
		*p = append(*p, r)
	}
	return nil
}
