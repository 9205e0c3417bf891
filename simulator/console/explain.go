package console

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// explained turns what the validator found into a problem about one member.
// Values are never repeated: they may be PANs. name is that of a parameter, ""
// for a body.
func explained(name string, err error) *problem {
	var failed *jsonschema.ValidationError
	if !errors.As(err, &failed) {
		return bad(name, "The value is not usable.")
	}
	leaf := firstLeaf(failed)
	at := slices.Clone(leaf.InstanceLocation)
	if name != "" {
		at = append([]string{name}, at...)
	}
	switch k := leaf.ErrorKind.(type) {
	case *kind.Required:
		field := strings.Join(append(at, slices.Min(k.Missing)), "/")
		return bad(field, "%s is required.", field)
	case *kind.DependentRequired:
		field := strings.Join(append(at, slices.Min(k.Missing)), "/")
		return bad(field, "%s is required beside %s.", field, k.Prop)
	case *kind.AdditionalProperties:
		field := strings.Join(append(at, slices.Min(k.Properties)), "/")
		return bad(field, "%s is an unknown member here.", field)
	}
	field := strings.Join(at, "/")
	what := field
	if what == "" {
		what = "The body"
	}
	return bad(field, "%s %s.", what, demand(leaf.ErrorKind))
}

// firstLeaf is the first thing that is wrong, by place.
func firstLeaf(e *jsonschema.ValidationError) *jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return e
	}
	if _, alternatives := e.ErrorKind.(*kind.AnyOf); alternatives {
		return e // what is below tells less
	}
	leaves := make([]*jsonschema.ValidationError, len(e.Causes))
	for i, cause := range e.Causes {
		leaves[i] = firstLeaf(cause)
	}
	return slices.MinFunc(leaves, func(a, b *jsonschema.ValidationError) int {
		return strings.Compare(strings.Join(a.InstanceLocation, "/"), strings.Join(b.InstanceLocation, "/"))
	})
}

// demand says what the keyword wants.
func demand(found jsonschema.ErrorKind) string {
	switch k := found.(type) {
	case *kind.Type:
		return "must be of type " + strings.Join(k.Want, " or ")
	case *kind.Enum:
		words := make([]string, len(k.Want))
		for i, value := range k.Want {
			words[i] = fmt.Sprint(value)
		}
		return "must be one of " + strings.Join(words, ", ")
	case *kind.Pattern:
		return "must be of the form " + k.Want
	case *kind.MaxLength:
		return fmt.Sprintf("has %d characters, at most %d are allowed", k.Got, k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("has %d characters, at least %d are wanted", k.Got, k.Want)
	case *kind.Minimum:
		return "must be at least " + k.Want.RatString()
	case *kind.Maximum:
		return "must be at most " + k.Want.RatString()
	case *kind.MaxItems:
		return fmt.Sprintf("has %d elements, at most %d are allowed", k.Got, k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("has %d elements, at least %d are wanted", k.Got, k.Want)
	case *kind.UniqueItems:
		return "has the same element twice"
	case *kind.MinProperties:
		return fmt.Sprintf("has %d members, at least %d are wanted", k.Got, k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("has %d members, at most %d are allowed", k.Got, k.Want)
	}
	return "is not of the form that openapi.json describes"
}

// list names the keys of a map for a message.
func list[V any](known map[string]V) string {
	if len(known) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(known)), ", ")
}
