package contract

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// Export writes the whole contract as one OpenAPI 3.1 document in JSON with
// local references. From Visa's side the outbound operations are webhooks;
// from the issuer's they are paths, to generate a server stub from.
func (c *Contract) Export(role Party) ([]byte, error) {
	document := map[string]any{}
	for key, value := range c.document {
		if key != "x-parts" {
			document[key] = value
		}
	}
	if role == Issuer {
		delete(document, "webhooks")
		document["paths"] = c.issuerPaths()
	}
	document["x-tables"] = c.Tables
	return json.MarshalIndent(document, "", "  ")
}

// issuerPaths turns the webhooks into paths. Operations that share a path and
// differ in eventType only become one operation with a choice of bodies.
func (c *Contract) issuerPaths() map[string]any {
	groups := map[string][]*Operation{}
	for _, op := range c.ordered {
		if op.Direction == Outbound {
			groups[op.Path] = append(groups[op.Path], op)
		}
	}
	paths := map[string]any{}
	for template, group := range groups {
		paths[template] = map[string]any{strings.ToLower(group[0].Method): c.issuerOperation(group)}
	}
	return paths
}

func (c *Contract) issuerOperation(group []*Operation) map[string]any {
	raw := func(op *Operation) map[string]any {
		return asMap(asMap(section(c.document, "webhooks")[op.ID])[strings.ToLower(op.Method)])
	}
	merged := map[string]any{}
	for key, value := range raw(group[0]) {
		if key != "x-target" {
			merged[key] = value
		}
	}
	parameters, _ := asMap(raw(group[0])["x-target"])["parameters"].([]any)
	merged["parameters"] = append(append([]any{}, parameters...), eventTypes(group)...)
	if len(group) == 1 {
		return merged
	}
	ids, choices, errors := []string{}, []any{}, []any{}
	for _, op := range group {
		ids = append(ids, op.ID)
		choices = append(choices, bodySchema(asMap(raw(op)["requestBody"])))
		rows, _ := raw(op)["x-errors"].([]any)
		errors = append(errors, rows...)
	}
	merged["operationId"] = strings.Join(ids, "_")
	merged["summary"] = "By eventType: " + strings.Join(ids, ", ")
	merged["x-errors"] = errors
	merged["requestBody"] = map[string]any{"required": true, "content": map[string]any{
		"application/json": map[string]any{"schema": map[string]any{"anyOf": choices}}}}
	return merged
}

// eventTypes describes the fixed query parameters of the group.
func eventTypes(group []*Operation) []any {
	values := map[string][]any{}
	for _, op := range group {
		for name, allowed := range op.FixedQuery {
			for _, value := range allowed {
				values[name] = append(values[name], value)
			}
		}
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	list := make([]any, 0, len(names))
	for _, name := range names {
		list = append(list, map[string]any{"name": name, "in": "query", "required": true,
			"schema": map[string]any{"type": "string", "enum": values[name]}})
	}
	return list
}

// Schema returns the JSON Schema of one part with everything that it refers
// to, as one document of its own.
func (c *Contract) Schema(operation string, name Part) ([]byte, error) {
	op, err := c.Operation(operation)
	if err != nil {
		return nil, err
	}
	if op.parts[name] == nil {
		return nil, fmt.Errorf("operation %s has no part %q, it has %v", operation, name, op.Parts())
	}
	document := map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema",
		"$ref": partLocation(operation, name), "x-parts": c.document["x-parts"], "components": c.document["components"]}
	return json.MarshalIndent(document, "", "  ")
}
