package contract

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Decode reads one JSON value as Validate wants it: numbers stay as written.
func Decode(content []byte) (any, error) {
	return jsonschema.UnmarshalJSON(bytes.NewReader(content))
}

// Validate returns every violation of the part by the payload, ordered by
// location; none when the payload is right. The payload is a decoded JSON
// value (see Decode) and is not changed. Members that are null, or "" where
// blanks are no value, count as absent (INT-122, INT-125). An operation or
// part that does not exist is an error of the caller.
func (c *Contract) Validate(operation string, name Part, payload any) ([]Violation, error) {
	op, err := c.Operation(operation)
	if err != nil {
		return nil, err
	}
	p, ok := op.parts[name]
	if !ok {
		return nil, fmt.Errorf("operation %s has no part %q, it has %v", operation, name, op.Parts())
	}
	if _, object := payload.(map[string]any); !object && (name == Path || name == Query) {
		return nil, fmt.Errorf("%s %s: parameters come as an object by name, got %T", operation, name, payload)
	}
	present := p.field.present(payload)
	err = p.schema.Validate(present)
	if err == nil {
		return nil, nil
	}
	var failed *jsonschema.ValidationError
	if !errors.As(err, &failed) {
		return nil, fmt.Errorf("%s %s: %w", operation, name, err)
	}
	report := &report{contract: c, prefix: operation + "/" + string(name), root: p.field, payload: present, seen: map[string]bool{}}
	report.collect(failed)
	sort.SliceStable(report.found, func(i, j int) bool { return report.found[i].Location < report.found[j].Location })
	return report.found, nil
}

// present returns the value without absent members, sharing what is unchanged.
func (f *Field) present(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return f.presentMembers(v)
	case []any:
		if f.Items == nil {
			return v
		}
		var changed []any
		for i, element := range v {
			kept := f.Items.present(element)
			if changed == nil && !same(kept, element) {
				changed = append(make([]any, 0, len(v)), v...)
			}
			if changed != nil {
				changed[i] = kept
			}
		}
		if changed != nil {
			return changed
		}
	}
	return value
}

func (f *Field) presentMembers(object map[string]any) any {
	var changed map[string]any
	change := func() {
		if changed == nil {
			changed = make(map[string]any, len(object))
			for name, value := range object {
				changed[name] = value
			}
		}
	}
	for name, value := range object {
		member := f.byName[name]
		if absent(member, value) {
			change()
			delete(changed, name)
			continue
		}
		if member == nil {
			continue
		}
		if kept := member.present(value); !same(kept, value) {
			change()
			changed[name] = kept
		}
	}
	if changed != nil {
		return changed
	}
	return object
}

// absent tells whether the member counts as not sent.
func absent(member *Field, value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == "" && member != nil && !member.BlankAllowed
	}
	return false
}

// same reports whether present returned its argument; only containers can
// come back changed.
func same(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && len(x) == len(y) && pointerOf(x) == pointerOf(y)
	case []any:
		y, ok := b.([]any)
		return ok && (len(x) == 0 && len(y) == 0 || len(x) == len(y) && &x[0] == &y[0])
	}
	return true
}

// report gathers the violations of one validation.
type report struct {
	contract *Contract
	prefix   string
	root     *Field
	payload  any
	seen     map[string]bool
	found    []Violation
}

// collect walks the validator's error tree. A node inside a named rule is one
// violation of that rule, whatever is below it.
func (r *report) collect(e *jsonschema.ValidationError) {
	if rule, below := r.contract.conditionAt(e.SchemaURL); rule != nil {
		r.addCondition(rule, e.InstanceLocation, max(0, len(e.InstanceLocation)-below))
		return
	}
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			r.collect(cause)
		}
		return
	}
	if missing, ok := e.ErrorKind.(*kind.Required); ok {
		for _, name := range missing.Missing {
			at := append(append([]string{}, e.InstanceLocation...), name)
			r.addKeyword(at, "required", KindRequired, "present", "nothing")
		}
		return
	}
	r.addLeaf(e)
}

// addCondition reports a named rule. The first steps of the failing location
// lead to the rule's own object; indexes below it stand in for the rule's "*".
func (r *report) addCondition(rule *condition, failing []string, steps int) {
	at := append([]string{}, failing[:steps]...)
	if rule.at != "" {
		at = append(at, strings.Split(rule.at, "/")...)
	}
	for i := steps; i < len(at) && i < len(failing); i++ {
		if at[i] == "*" {
			at[i] = failing[i]
		}
	}
	r.add(Violation{Rule: ruleID(r.prefix, patternOf(r.root, at), rule.name), Keyword: rule.name, Level: rule.level, Kind: rule.kind,
		Location: pointer(at), Page: rule.page, Message: rule.message, Expected: rule.message,
		Got: r.gotAt(at), Interpretation: rule.interpretation, Reject: rule.reject})
}

// addLeaf turns a failed keyword into a violation.
func (r *report) addLeaf(e *jsonschema.ValidationError) {
	field := r.root.fieldAt(e.InstanceLocation)
	if field == nil {
		field = r.root
	}
	keyword := "schema"
	if path := e.ErrorKind.KeywordPath(); len(path) > 0 {
		keyword = path[0]
	}
	got := r.gotAt(e.InstanceLocation)
	if long, ok := e.ErrorKind.(*kind.MaxLength); ok {
		got = fmt.Sprintf("%d characters", long.Got)
	}
	r.addKeyword(e.InstanceLocation, keyword, field.kindOf(keyword), field.expected(keyword), got)
}

func (r *report) addKeyword(at []string, keyword string, nature Kind, expected, got string) {
	field := r.root.fieldAt(at)
	if field == nil {
		field = r.root
	}
	v := Violation{Rule: ruleID(r.prefix, patternOf(r.root, at), keyword), Keyword: keyword, Level: field.Level, Kind: nature,
		Location: pointer(at), Page: field.Page, Expected: expected, Got: got,
		Interpretation: field.Interpretation, Extensible: keyword == "enum" && field.ExtensibleEnum, Reject: field.Reject[keyword]}
	if v.Reject == "" {
		v.Reject = field.Reject["*"]
	}
	name := strings.Join(at, "/")
	if name == "" {
		name = "the body"
	}
	if nature == KindRequired {
		v.Message = fmt.Sprintf("%s is required and was not sent", name)
	} else {
		v.Message = fmt.Sprintf("%s must be %s, got %s", name, expected, got)
	}
	r.add(v)
}

func (r *report) add(v Violation) {
	key := v.Rule + " " + v.Location
	if r.seen[key] {
		return
	}
	r.seen[key] = true
	r.found = append(r.found, v)
}

// gotAt describes the value at the location without giving away secrets.
func (r *report) gotAt(at []string) string {
	value, ok := valueAt(r.payload, at)
	if !ok {
		return "nothing"
	}
	return describe(value, r.root.fieldAt(at))
}

// patternOf is the location with array indexes written as "*", the form that
// rule ids use.
func patternOf(root *Field, at []string) string {
	var b strings.Builder
	field := root
	for _, step := range at {
		if field != nil && field.Items != nil && (isIndex(step) || step == "*") {
			b.WriteString("/*")
			field = field.Items
			continue
		}
		b.WriteString("/" + escape(step))
		if field != nil {
			field = field.byName[step]
		}
	}
	return b.String()
}

// pointer writes a location as a JSON Pointer.
func pointer(at []string) string {
	var b strings.Builder
	for _, step := range at {
		b.WriteString("/" + escape(step))
	}
	return b.String()
}
