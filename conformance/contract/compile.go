package contract

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// base is the name under which the document is known to the validator, meta
// that of its metaschema.
const (
	base = "https://vtsim.invalid/contract"
	meta = "https://vtsim.invalid/meta"
)

// metaschema is that of JSON Schema 2020-12 without its own demands: annotate
// has checked every keyword already, more strictly, and checking them again
// is a quarter of the loading time.
func metaschema() map[string]any {
	vocabulary := map[string]any{}
	for _, name := range []string{"core", "applicator", "unevaluated", "validation"} {
		vocabulary["https://json-schema.org/draft/2020-12/vocab/"+name] = true
	}
	return map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": meta, "$dynamicAnchor": "meta", "$vocabulary": vocabulary}
}

// compile walks and compiles every part, and the payloads sealed in them.
func (c *Contract) compile() error {
	walk := &walker{document: c.document, named: c.named}
	for _, op := range c.ordered {
		for _, name := range op.Parts() {
			p := op.parts[name]
			schema := asMap(asMap(section(c.document, "x-parts")[op.ID])[string(name)])
			field, err := walk.field(schema, partLocation(op.ID, name), "", "", &Field{Page: op.Page, Level: Must})
			if err != nil {
				return err
			}
			p.field = field
			if sealed := field.sealedMember(); sealed != nil {
				c.layOut(op, name+Sealed, sealed.encrypted)
				inner, err := walk.field(sealed.encrypted, partLocation(op.ID, name+Sealed), "", "", &Field{Page: sealed.Page, Level: Must})
				if err != nil {
					return err
				}
				op.parts[name+Sealed].field = inner
			}
		}
	}
	return c.compileSchemas()
}

// sealedMember returns the member that carries a sealed payload, nil when
// there is none. The specification has at most one, at the top.
func (f *Field) sealedMember() *Field {
	for _, member := range f.Fields {
		if member.Sealed {
			return member
		}
	}
	return nil
}

// compileSchemas hands the schemas to the JSON Schema compiler. They stand
// under $defs there: the compiler knows that place for one of schemas, while
// it would copy the whole document for each schema that it meets elsewhere.
func (c *Contract) compileSchemas() error {
	definitions := map[string]any{}
	for name, schema := range asMap(asMap(c.document["components"])["schemas"]) {
		definitions[name] = relocated(schema)
	}
	for _, op := range c.ordered {
		for _, name := range op.Parts() {
			definitions[partName(op.ID, name)] = relocated(asMap(section(c.document, "x-parts")[op.ID])[string(name)])
		}
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource(meta, metaschema()); err != nil {
		return err
	}
	if err := compiler.AddResource(base, map[string]any{"$schema": meta, "$defs": definitions}); err != nil {
		return err
	}
	for _, op := range c.ordered {
		for _, name := range op.Parts() {
			schema, err := compiler.Compile(base + definition + escape(partName(op.ID, name)))
			if err != nil {
				return fmt.Errorf("%s %s: %w", op.ID, name, err)
			}
			op.parts[name].schema = schema
		}
	}
	return nil
}

// partLocation is where layOut put the part's schema.
func partLocation(operation string, name Part) string {
	return "#/x-parts/" + operation + "/" + escape(string(name))
}

// Where a component stands in our document, and where for the compiler.
const (
	component  = "#/components/schemas/"
	definition = "#/$defs/"
)

// partName is the definition that holds a part for the compiler.
func partName(operation string, name Part) string { return operation + " " + string(name) }

// relocated copies a schema with its references turned to the definitions.
func relocated(schema any) any {
	switch v := schema.(type) {
	case map[string]any:
		copied := make(map[string]any, len(v))
		for key, value := range v {
			if ref, ok := value.(string); ok && key == "$ref" {
				copied[key] = definition + strings.TrimPrefix(ref, component)
				continue
			}
			copied[key] = relocated(value)
		}
		return copied
	case []any:
		copied := make([]any, len(v))
		for i, value := range v {
			copied[i] = relocated(value)
		}
		return copied
	}
	return schema
}

// sourceLocation turns a location of the compiler into one of our document.
func sourceLocation(fragment string) string {
	name, rest, _ := strings.Cut(strings.TrimPrefix("#"+fragment, definition), "/")
	if rest != "" {
		rest = "/" + rest
	}
	if operation, part, ok := strings.Cut(unescape(name), " "); ok {
		return partLocation(operation, Part(part)) + rest
	}
	return component + name + rest
}

// conditionAt returns the named rule that the schema location stands in, nil
// when it stands in none, and how many steps below the rule's own object the
// location applies. Locations come from the validator: absolute, with a
// percent-encoded fragment.
func (c *Contract) conditionAt(location string) (rule *condition, below int) {
	_, fragment, found := strings.Cut(location, "#")
	if !found {
		return nil, 0
	}
	if decoded, err := url.PathUnescape(fragment); err == nil {
		fragment = decoded
	}
	location = sourceLocation(fragment)
	for at := location; at != "#"; at = at[:strings.LastIndexByte(at, '/')] {
		if rule, ok := c.named[at]; ok {
			return rule, instanceSteps(location[len(at):])
		}
	}
	return nil, 0
}

// instanceSteps counts how many members or elements deep a path of schema
// keywords leads.
func instanceSteps(path string) int {
	steps := 0
	tokens := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i := 0; i < len(tokens); i++ {
		switch tokens[i] {
		case "properties":
			steps++
			i++ // the member's name
		case "items", "contains":
			steps++
		}
	}
	return steps
}
