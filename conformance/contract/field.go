package contract

import (
	"fmt"
	"sort"
	"strings"
)

// Requirement of a field as the specification tags it.
type Requirement string

// The tags of the specification's tables; Unstated where a table has none.
const (
	Required    Requirement = "required"
	Conditional Requirement = "conditional"
	Optional    Requirement = "optional"
	Unstated    Requirement = "unstated"
	Future      Requirement = "future"
)

// Field is one member of a part with everything the specification says about
// it alone.
type Field struct {
	// Name of the member; "*" for the items of an array; empty at the root.
	Name string
	// Pointer inside the part, array indexes written as "*".
	Pointer     string
	Description string
	// Page of the specification.
	Page        int
	Requirement Requirement
	// Condition under which a conditional field is required, in own words.
	Condition string
	// OnlyIn are the operations that carry the member, where not every one
	// that has the structure does; UseCase is the use case outside of which it
	// does not travel, "cloud-token-framework" being the only one (p.162); and
	// With are values of members beside it that ask for it. They say to
	// programs what Condition says to people.
	OnlyIn  []string
	UseCase string
	With    map[string][]string
	// Types are the JSON types that are accepted.
	Types []string
	// MaxLength in characters, MaxItems in elements; nil when unbounded.
	MaxLength, MaxItems *int
	// Minimum and Maximum of numbers, as written; "" when unbounded.
	Minimum, Maximum string
	Pattern          string
	// Enum are the accepted values; ExtensibleEnum says that the list may
	// grow and receivers must tolerate others.
	Enum           []any
	ExtensibleEnum bool
	// Sensitive says what must be masked: pan, cvv2, otp, name, secret.
	Sensitive string
	// BlankAllowed says that "" is a value and not an absent member.
	BlankAllowed bool
	// Interpretation that the field's constraints rest on, if any.
	Interpretation string
	// Level of the field's rules.
	Level Level
	// Reject gives, by keyword, the appendix A code that reports a fault of
	// this field later instead of refusing the call; "*" stands for any.
	Reject map[string]string
	// Fields are the members of an object, by page and name.
	Fields []*Field
	// Items describes the elements of an array.
	Items *Field
	// Sealed is set when the member carries a sealed payload.
	Sealed bool

	byName     map[string]*Field
	conditions []*condition
	encrypted  map[string]any // schema of the sealed payload
}

// Member returns the field of that name, nil when unknown.
func (f *Field) Member(name string) *Field { return f.byName[name] }

// condition is a named rule over several members of one object.
type condition struct {
	name, at, message string
	kind              Kind
	page              int
	level             Level
	interpretation    string
	reject            string
}

// walker turns schemas into fields, resolving references.
type walker struct {
	document map[string]any
	named    map[string]*condition
	depth    int
}

const maxDepth = 24

// field walks the schema found at the location and returns its field. Parent
// gives what is inherited.
func (w *walker) field(schema map[string]any, location, name, pointer string, inherited *Field) (*Field, error) {
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > maxDepth {
		return nil, fmt.Errorf("%s: nested deeper than %d, a reference goes in circles", location, maxDepth)
	}
	f := &Field{Name: name, Pointer: pointer, Level: Must, byName: map[string]*Field{}}
	if inherited != nil {
		f.Page, f.Level = inherited.Page, inherited.Level
	}
	if err := w.read(f, schema, location); err != nil {
		return nil, err
	}
	sort.SliceStable(f.Fields, func(i, j int) bool {
		a, b := f.Fields[i], f.Fields[j]
		return a.Page < b.Page || a.Page == b.Page && a.Name < b.Name
	})
	return f, nil
}

// read adds what the schema says to the field: first what it refers to, then
// its own words, so that a use site overrides the shared component.
func (w *walker) read(f *Field, schema map[string]any, location string) error {
	if ref, ok := schema["$ref"].(string); ok {
		target, err := resolve(w.document, ref)
		if err != nil {
			return fmt.Errorf("%s: %w", location, err)
		}
		if err := w.read(f, target, ref); err != nil {
			return err
		}
	}
	if err := f.annotate(schema, location); err != nil {
		return err
	}
	if err := w.members(f, schema, location); err != nil {
		return err
	}
	if items, ok := schema["items"].(map[string]any); ok {
		item, err := w.field(items, location+"/items", "*", f.Pointer+"/*", f)
		if err != nil {
			return err
		}
		f.Items = item
	}
	return w.conditions(f, schema, location)
}

// members reads properties and required.
func (w *walker) members(f *Field, schema map[string]any, location string) error {
	properties, _ := schema["properties"].(map[string]any)
	for name, raw := range properties {
		property, ok := raw.(map[string]any)
		if !ok {
			return fmt.Errorf("%s/properties/%s: is %T, want a schema", location, name, raw)
		}
		member, err := w.field(property, location+"/properties/"+escape(name), name, f.Pointer+"/"+escape(name), f)
		if err != nil {
			return err
		}
		if member.Requirement == "" {
			member.Requirement = Optional
		}
		if old, ok := f.byName[name]; ok {
			*old = *member // a use site that restates a member of the shared component
			continue
		}
		f.byName[name] = member
		f.Fields = append(f.Fields, member)
	}
	required, _ := schema["required"].([]any)
	for _, raw := range required {
		name, _ := raw.(string)
		member, ok := f.byName[name]
		if !ok {
			return fmt.Errorf("%s/required: %q is no property here", location, raw)
		}
		member.Requirement = Required
	}
	return nil
}

// conditions reads the named rules in allOf.
func (w *walker) conditions(f *Field, schema map[string]any, location string) error {
	list, _ := schema["allOf"].([]any)
	for i, raw := range list {
		at := fmt.Sprintf("%s/allOf/%d", location, i)
		element, ok := raw.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: is %T, want a schema", at, raw)
		}
		rule, err := newCondition(element, at, f)
		if err != nil {
			return err
		}
		w.named[at] = rule
		f.conditions = append(f.conditions, rule)
	}
	return nil
}

// newCondition reads one element of allOf.
func newCondition(element map[string]any, at string, f *Field) (*condition, error) {
	text := func(key string) string { s, _ := element[key].(string); return s }
	rule := &condition{name: text("x-rule"), at: text("x-at"), message: text("x-message"),
		kind: Kind(text("x-kind")), level: Level(text("x-level")), page: f.Page,
		interpretation: text("x-interpretation"), reject: text("x-reject")}
	if rule.level == "" {
		rule.level = Must
	}
	if page, ok := element["x-page"].(int); ok {
		rule.page = page
	}
	switch {
	case rule.name == "":
		return nil, fmt.Errorf("%s: an element of allOf needs x-rule, the name of its rule", at)
	case rule.message == "":
		return nil, fmt.Errorf("%s: rule %s has no x-message", at, rule.name)
	case !rule.kind.known():
		return nil, fmt.Errorf("%s: rule %s has x-kind %q, want required, length, type or value", at, rule.name, rule.kind)
	case !rule.level.known():
		return nil, fmt.Errorf("%s: rule %s has x-level %q, want must, should or info", at, rule.name, rule.level)
	}
	target := f
	for _, step := range strings.Split(rule.at, "/") {
		if step == "" {
			continue
		}
		if step == "*" {
			target = target.Items
		} else {
			target = target.byName[step]
		}
		if target == nil {
			return nil, fmt.Errorf("%s: rule %s points at %q, which is no member here", at, rule.name, rule.at)
		}
	}
	return rule, nil
}

// fieldAt follows an instance location (names and array indexes) from f and
// returns the field with its pattern pointer; unknown members end at nil.
func (f *Field) fieldAt(location []string) *Field {
	at := f
	for _, step := range location {
		switch {
		case at == nil:
			return nil
		case at.Items != nil && isIndex(step):
			at = at.Items
		default:
			at = at.byName[step]
		}
	}
	return at
}

func isIndex(s string) bool {
	if s == "" {
		return false
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// escape writes a name as a JSON Pointer token (RFC 6901).
func escape(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// unescape reads a JSON Pointer token.
func unescape(token string) string {
	if !strings.Contains(token, "~") {
		return token
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
}
