package conformance

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/scenarios"
)

// Filter chooses cases: every term must hold.
type Filter []term

// term is one word of a filter.
type term struct {
	not    bool
	key    string
	values []string
}

// keysOfFilter are the words before a colon, and what each looks at.
var keysOfFilter = map[string]func(scenarios.Case) []string{
	"id":        func(c scenarios.Case) []string { return []string{c.ID} },
	"tag":       func(c scenarios.Case) []string { return c.Scenario.Tags },
	"area":      func(c scenarios.Case) []string { return []string{areaOf(c.Scenario)} },
	"operation": func(c scenarios.Case) []string { return operationsOf(c.Scenario) },
	"rule":      func(c scenarios.Case) []string { return rulesOf(c.Scenario) },
	"level":     func(c scenarios.Case) []string { return []string{string(levelOf(c.Scenario))} },
}

// ParseFilter reads terms with blanks between them: tag:step-up,
// operation:approveProvisioning, id:*otp*, area:, rule:, level:, several
// values with commas between them, not in front of a term excludes what it
// matches (-tag:timing), and a word without a colon is searched in id and
// title. Values may hold * and ?. An empty text chooses everything.
func ParseFilter(text string) (Filter, error) {
	var f Filter
	for _, word := range strings.Fields(text) {
		t := term{}
		rest, not := strings.CutPrefix(word, "-")
		t.not = not
		key, values, keyed := strings.Cut(rest, ":")
		if !keyed {
			key, values = "", rest
		}
		known := make([]string, 0, len(keysOfFilter))
		for name := range keysOfFilter {
			known = append(known, name)
		}
		slices.Sort(known)
		if keyed && keysOfFilter[key] == nil {
			hint := "it takes " + strings.Join(known, ", ")
			if near := contract.Nearest(key, known); near != "" {
				hint = "did you mean " + near + "?"
			}
			return nil, fmt.Errorf("%w: the filter has no %q; %s", ErrUsage, key, hint)
		}
		if values == "" {
			return nil, fmt.Errorf("%w: nothing stands behind %q in the filter", ErrUsage, word)
		}
		t.key, t.values = key, strings.Split(strings.ToLower(values), ",")
		for _, value := range t.values {
			if _, err := path.Match(value, ""); err != nil {
				return nil, fmt.Errorf("%w: the filter's %q is no pattern; * and ? are", ErrUsage, value)
			}
		}
		f = append(f, t)
	}
	return f, nil
}

// Matches tells whether the case is chosen.
func (f Filter) Matches(c scenarios.Case) bool {
	return !slices.ContainsFunc(f, func(t term) bool { return t.matches(c) == t.not })
}

func (t term) matches(c scenarios.Case) bool {
	if t.key == "" {
		text := strings.ToLower(c.ID + " " + c.Scenario.Title)
		return slices.ContainsFunc(t.values, func(v string) bool { return strings.Contains(text, v) })
	}
	return slices.ContainsFunc(keysOfFilter[t.key](c), func(have string) bool {
		return slices.ContainsFunc(t.values, func(v string) bool { return globbed(v, strings.ToLower(have)) })
	})
}

// globbed matches * over everything, slashes too.
func globbed(pattern, text string) bool {
	const slash = "\x00"
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", slash), strings.ReplaceAll(text, "/", slash))
	return err == nil && ok
}
