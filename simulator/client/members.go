package client

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// parts are where the caller's members may stand, by the words that pick one.
var parts = []struct {
	name contract.Part
	word string
}{
	{contract.Path, "path"}, {contract.Query, "query"}, {contract.Request, "body"}, {contract.SealedRequest, "sealed"},
}

// place is where a member stands. Steps are member names and array indexes.
type place struct {
	part  contract.Part
	steps []string
	field *contract.Field
}

func (p place) String() string { return strings.Join(p.steps, ".") }

// element stands for an array's elements in the steps of a place that was
// not yet asked for.
const element = "*"

// Names are the members that the operation's callers can set, dotted; "0"
// stands for each element of an array.
func Names(op *contract.Operation) []string {
	var names []string
	for _, p := range places(op) {
		name := strings.ReplaceAll(p.String(), element, "0")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// places lists every member of every part of a request, parents first.
func places(op *contract.Operation) []place {
	var found []place
	for _, p := range parts {
		if root := op.Field(p.name); root != nil {
			found = walk(found, p.name, nil, root)
		}
	}
	return found
}

func walk(found []place, part contract.Part, at []string, field *contract.Field) []place {
	if len(at) > 0 {
		found = append(found, place{part, at, field})
	}
	for _, member := range field.Fields {
		found = walk(found, part, append(slices.Clone(at), member.Name), member)
	}
	if field.Items != nil {
		found = walk(found, part, append(slices.Clone(at), element), field.Items)
	}
	return found
}

// locate finds the one member that a name means: a whole dotted path, or the
// end of one where only one member ends so. The first word may pick the part
// (path, query, body, sealed).
func locate(op *contract.Operation, name string) (place, error) {
	segments := strings.Split(name, ".")
	all := places(op)
	if found, err := choose(name, matches(all, segments)); found != nil || err != nil {
		return deref(found), err
	}
	for _, p := range parts {
		if len(segments) > 1 && segments[0] == p.word {
			within := slices.DeleteFunc(slices.Clone(all), func(candidate place) bool { return candidate.part != p.name })
			if found, err := choose(name, matches(within, segments[1:])); found != nil || err != nil {
				return deref(found), err
			}
		}
	}
	return place{}, unknown(op, name, all)
}

func deref(found *place) place {
	if found == nil {
		return place{}
	}
	return *found
}

// choose takes the only match, or the only one whose whole path is the name.
func choose(name string, found []match) (*place, error) {
	whole := slices.DeleteFunc(slices.Clone(found), func(m match) bool { return !m.whole })
	switch {
	case len(found) == 0:
		return nil, nil
	case len(whole) > 0:
		return &whole[0].place, nil
	case len(found) == 1:
		return &found[0].place, nil
	}
	list := make([]string, len(found))
	for i, m := range found {
		list[i] = m.String()
	}
	return nil, fmt.Errorf("%s may mean %s; write one of these", name, strings.Join(list, " or "))
}

// match is a place with its array indexes filled in; whole says that the
// name was all of its path.
type match struct {
	place
	whole bool
}

func matches(all []place, segments []string) []match {
	var found []match
	for _, candidate := range all {
		if steps, whole, ok := fit(candidate.steps, segments); ok {
			found = append(found, match{place{candidate.part, steps, candidate.field}, whole})
		}
	}
	return found
}

// fit compares the end of a path with the segments of a name. An array that
// the name gives no index of is entered at its first element.
func fit(path, segments []string) (steps []string, whole, ok bool) {
	steps = slices.Clone(path)
	i, j := len(path)-1, len(segments)-1
	for ; j >= 0; i-- {
		switch {
		case i < 0:
			return nil, false, false
		case path[i] == segments[j]:
			j--
		case path[i] == element && isIndex(segments[j]):
			steps[i] = segments[j]
			j--
		case path[i] == element && i < len(path)-1:
			steps[i] = "0"
		default:
			return nil, false, false
		}
	}
	whole = i < 0
	for ; i >= 0; i-- {
		if path[i] == element {
			steps[i] = "0"
		}
	}
	return steps, whole, true
}

func isIndex(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n >= 0 && strconv.Itoa(n) == text
}

// unknown names the nearest member of the contract.
func unknown(op *contract.Operation, name string, all []place) error {
	var candidates []string
	for _, p := range all {
		candidates = append(candidates, p.steps[len(p.steps)-1], strings.ReplaceAll(p.String(), element, "0"))
	}
	if near := contract.Nearest(name, candidates); near != "" {
		return fmt.Errorf("%s has no member %q, did you mean %s?", op.ID, name, near)
	}
	var top []string
	for _, p := range all {
		if len(p.steps) == 1 {
			top = append(top, p.steps[0])
		}
	}
	return fmt.Errorf("%s has no member %q, it has: %s", op.ID, name, strings.Join(top, ", "))
}
