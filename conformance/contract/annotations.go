package contract

import (
	"fmt"
	"strconv"
	"strings"
)

// keywords that a schema of the contract may use; anything else is a typing
// error or a construct that the rules could not name.
var keywords = map[string]bool{
	"$ref": true, "description": true, "type": true, "properties": true, "required": true, "items": true,
	"maxLength": true, "maxItems": true, "minItems": true, "minimum": true, "maximum": true, "pattern": true,
	"enum": true, "const": true, "allOf": true, "default": true,
	"x-page": true, "x-requirement": true, "x-condition": true, "x-sensitive": true, "x-blank-allowed": true,
	"x-extensible-enum": true, "x-encrypted": true, "x-interpretation": true, "x-level": true, "x-reject": true,
	"x-only-in": true, "x-use-case": true, "x-with": true,
}

// annotate reads the schema's own constraints and annotations.
func (f *Field) annotate(schema map[string]any, location string) error {
	for key, value := range schema {
		if !keywords[key] {
			return fmt.Errorf("%s: keyword %q is not used in the contract (a typing error, or a rule without a name)", location, key)
		}
		if err := f.set(key, value, location); err != nil {
			return fmt.Errorf("%s/%s: %w", location, key, err)
		}
	}
	if f.Requirement == Conditional && f.Condition == "" {
		return fmt.Errorf("%s: conditional without x-condition", location)
	}
	return nil
}

// set takes over one keyword.
func (f *Field) set(key string, value any, location string) (err error) {
	switch key {
	case "description":
		f.Description, err = asText(value)
	case "type":
		f.Types, err = asTypes(value)
	case "maxLength":
		f.MaxLength, err = asCount(value)
	case "maxItems":
		f.MaxItems, err = asCount(value)
	case "minimum":
		f.Minimum = fmt.Sprint(value)
	case "maximum":
		f.Maximum = fmt.Sprint(value)
	case "pattern":
		f.Pattern, err = asText(value)
	case "enum":
		f.Enum, err = asEnum(value)
	case "const":
		f.Enum = []any{value}
	case "x-page":
		f.Page, err = asPage(value)
	case "x-requirement":
		f.Requirement, err = asRequirement(value)
	case "x-condition":
		f.Condition, err = asText(value)
	case "x-sensitive":
		f.Sensitive, err = asText(value)
	case "x-blank-allowed":
		f.BlankAllowed, err = asBool(value)
	case "x-extensible-enum":
		f.ExtensibleEnum, err = asBool(value)
	case "x-interpretation":
		f.Interpretation, err = asText(value)
	case "x-level":
		f.Level, err = asLevel(value)
	case "x-reject":
		f.Reject, err = asReject(value)
	case "x-only-in":
		f.OnlyIn, err = asNames(value)
	case "x-use-case":
		f.UseCase, err = asText(value)
	case "x-with":
		f.With, err = asWith(value)
	case "x-encrypted":
		f.Sealed = true
		f.encrypted, err = asSealed(value)
	}
	return err
}

func asText(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return "", fmt.Errorf("is %v, want text", v)
}

func asBool(v any) (bool, error) {
	if b, ok := v.(bool); ok {
		return b, nil
	}
	return false, fmt.Errorf("is %v, want true or false", v)
}

func asCount(v any) (*int, error) {
	n, ok := v.(int)
	if !ok || n < 1 {
		return nil, fmt.Errorf("is %v, want a positive whole number", v)
	}
	return &n, nil
}

// firstPage and lastPage bound the specification.
const firstPage, lastPage = 14, 252

func asPage(v any) (int, error) {
	n, ok := v.(int)
	if !ok || n < firstPage || n > lastPage {
		return 0, fmt.Errorf("is %v, want a page from %d to %d", v, firstPage, lastPage)
	}
	return n, nil
}

func asTypes(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	types := make([]string, 0, len(list))
	for _, raw := range list {
		name, ok := raw.(string)
		if !ok || !strings.Contains(" string integer number boolean object array ", " "+name+" ") {
			return nil, fmt.Errorf("is %v, want JSON types other than null (null counts as absent)", v)
		}
		types = append(types, name)
	}
	return types, nil
}

func asEnum(v any) ([]any, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("is %v, want a list of values", v)
	}
	seen := map[string]bool{}
	for _, value := range list {
		key := fmt.Sprintf("%T %v", value, value)
		if seen[key] {
			return nil, fmt.Errorf("value %v stands twice", value)
		}
		seen[key] = true
	}
	return list, nil
}

func asRequirement(v any) (Requirement, error) {
	switch r := Requirement(fmt.Sprint(v)); r {
	case Required, Conditional, Optional, Unstated, Future:
		return r, nil
	}
	return "", fmt.Errorf("is %v, want required, conditional, optional, unstated or future", v)
}

func asLevel(v any) (Level, error) {
	if level := Level(fmt.Sprint(v)); level.known() {
		return level, nil
	}
	return "", fmt.Errorf("is %v, want must, should or info", v)
}

func asReject(v any) (map[string]string, error) {
	if code, ok := v.(string); ok {
		return map[string]string{"*": code}, nil
	}
	table, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("is %v, want a reject code or a map from keyword to reject code", v)
	}
	codes := make(map[string]string, len(table))
	for keyword, raw := range table {
		code, err := asText(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w (quote codes that look like numbers)", keyword, err)
		}
		codes[keyword] = code
	}
	return codes, nil
}

func asNames(v any) ([]string, error) {
	list, err := asEnum(v)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(list))
	for i, raw := range list {
		if names[i], err = asText(raw); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func asWith(v any) (map[string][]string, error) {
	table, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("is %v, want a map from member to values", v)
	}
	with := make(map[string][]string, len(table))
	for member, raw := range table {
		values, err := asNames(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", member, err)
		}
		with[member] = values
	}
	return with, nil
}

func asSealed(v any) (map[string]any, error) {
	if table, ok := v.(map[string]any); ok && len(table) == 1 {
		if schema, ok := table["schema"].(map[string]any); ok {
			return schema, nil
		}
	}
	return nil, fmt.Errorf("want {schema: …}, the schema of the decrypted payload")
}

// resolve follows a local reference.
func resolve(document map[string]any, ref string) (map[string]any, error) {
	if !strings.HasPrefix(ref, "#/") {
		return nil, fmt.Errorf("$ref %q is not local", ref)
	}
	var at any = document
	for _, token := range strings.Split(ref[2:], "/") {
		switch container := at.(type) {
		case map[string]any:
			at = container[unescape(token)]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(container) {
				return nil, fmt.Errorf("$ref %q leads nowhere", ref)
			}
			at = container[i]
		default:
			return nil, fmt.Errorf("$ref %q leads nowhere", ref)
		}
	}
	schema, ok := at.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("$ref %q leads nowhere", ref)
	}
	return schema, nil
}
