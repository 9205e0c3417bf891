package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// filler puts into the description what the contract knows.
type filler struct{ contract *contract.Contract }

// Keys of the description that stand for something else; they stay in it, as
// extensions, and tell where the rest comes from.
const (
	fromContract   = "x-contract"
	fromOperations = "x-operations"
	fromLifecycle  = "x-lifecycle"
)

// fill replaces the keys in a part of the description, in place. What stands
// beside such a key wins.
func (f filler) fill(value any) error {
	switch v := value.(type) {
	case members:
		if err := f.expand(v); err != nil {
			return err
		}
		for name, member := range v {
			if err := f.fill(member); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	case []any:
		for _, element := range v {
			if err := f.fill(element); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f filler) expand(schema members) error {
	if direction, ok := schema[fromOperations].(string); ok {
		schema["enum"] = f.operations(direction)
	}
	if _, ok := schema[fromLifecycle]; ok {
		var names []any
		for _, action := range f.contract.Tables.Lifecycle.Actions {
			names = append(names, action.Name)
		}
		schema["enum"] = names
	}
	place, ok := schema[fromContract].(string)
	if !ok {
		return nil
	}
	field, err := f.field(place)
	if err != nil {
		return err
	}
	found := schemaOf(field)
	maps.Copy(found, schema)
	maps.Copy(schema, found)
	return nil
}

func (f filler) operations(direction string) []any {
	var names []any
	for _, op := range f.contract.Operations() {
		if direction == string(op.Direction) || direction == "any" && op.Direction != contract.Document {
			names = append(names, op.ID)
		}
	}
	return names
}

// field follows "OPERATION PART POINTER" into the contract.
func (f filler) field(place string) (*contract.Field, error) {
	words := strings.Fields(place)
	if len(words) != 3 {
		return nil, fmt.Errorf("%s %q: want operation, part and pointer", fromContract, place)
	}
	op, err := f.contract.Operation(words[0])
	if err != nil {
		return nil, err
	}
	at := op.Field(contract.Part(words[1]))
	for _, step := range strings.Split(strings.TrimPrefix(words[2], "/"), "/") {
		switch {
		case at == nil:
		case step == "*":
			at = at.Items
		default:
			at = at.Member(step)
		}
	}
	if at == nil {
		return nil, fmt.Errorf("%s %q: the contract has no such member", fromContract, place)
	}
	return at, nil
}

// schemaOf is the shape of a member of the contract. No member of an object is
// required: the console takes less than the wire.
func schemaOf(f *contract.Field) members {
	schema := members{}
	if len(f.Types) == 1 {
		schema["type"] = f.Types[0]
	} else if len(f.Types) > 1 {
		types := make([]any, len(f.Types))
		for i, name := range f.Types {
			types[i] = name
		}
		schema["type"] = types
	}
	if f.Description != "" {
		schema["description"] = fmt.Sprintf("%s (p.%d)", strings.TrimSuffix(f.Description, "."), f.Page)
	}
	for name, limit := range map[string]*int{"maxLength": f.MaxLength, "maxItems": f.MaxItems} {
		if limit != nil {
			schema[name] = *limit
		}
	}
	for name, limit := range map[string]string{"minimum": f.Minimum, "maximum": f.Maximum} {
		if limit != "" {
			schema[name] = json.Number(limit)
		}
	}
	if f.Pattern != "" {
		schema["pattern"] = f.Pattern
	}
	if len(f.Enum) > 0 {
		schema["enum"] = f.Enum
	}
	if f.Items != nil {
		schema["items"] = schemaOf(f.Items)
	}
	if len(f.Fields) > 0 {
		properties := members{}
		for _, member := range f.Fields {
			properties[member.Name] = schemaOf(member)
		}
		schema["properties"], schema["additionalProperties"] = properties, false
	}
	return schema
}
