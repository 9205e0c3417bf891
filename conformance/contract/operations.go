package contract

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// readOperations finds the operations in paths and webhooks and the documents
// in the table, and lays out their parts.
func (c *Contract) readOperations() error {
	for template, item := range section(c.document, "paths") {
		for method, raw := range asMap(item) {
			if err := c.readOperation(Inbound, "#/paths/"+escape(template)+"/"+method, template, method, asMap(raw)); err != nil {
				return err
			}
		}
	}
	for name, item := range section(c.document, "webhooks") {
		for method, raw := range asMap(item) {
			if err := c.readOperation(Outbound, "#/webhooks/"+escape(name)+"/"+method, "", method, asMap(raw)); err != nil {
				return err
			}
			if id := asMap(raw)["operationId"]; id != name {
				return fmt.Errorf("webhook %s has operationId %v, want the same name", name, id)
			}
		}
	}
	for _, d := range c.Tables.Documents {
		op := &Operation{ID: d.ID, Direction: Document, Section: d.ID, Page: d.Page, maker: d.Party, parts: map[Part]*part{}}
		c.layOut(op, Body, map[string]any{"$ref": "#/components/schemas/" + d.Schema})
		if err := c.keep(op); err != nil {
			return err
		}
	}
	sort.Slice(c.ordered, func(i, j int) bool {
		a, b := c.ordered[i], c.ordered[j]
		if a.Direction != b.Direction {
			return rank[a.Direction] < rank[b.Direction]
		}
		return a.Page < b.Page || a.Page == b.Page && a.ID < b.ID
	})
	return nil
}

var rank = map[Direction]int{Inbound: 0, Outbound: 1, Document: 2}

func (c *Contract) keep(op *Operation) error {
	if _, twice := c.operations[op.ID]; twice {
		return fmt.Errorf("operation %s stands twice", op.ID)
	}
	c.operations[op.ID] = op
	c.ordered = append(c.ordered, op)
	return nil
}

// readOperation reads one operation object.
func (c *Contract) readOperation(direction Direction, location, template, method string, raw map[string]any) error {
	id, _ := raw["operationId"].(string)
	if id == "" {
		return fmt.Errorf("%s: no operationId", location)
	}
	op := &Operation{ID: id, Direction: direction, Path: template, Method: strings.ToUpper(method),
		FixedQuery: map[string][]string{}, parts: map[Part]*part{}}
	op.Summary, _ = raw["summary"].(string)
	spec := asMap(raw["x-spec"])
	op.Section, _ = spec["section"].(string)
	op.Pages = fmt.Sprint(spec["pages"])
	var err error
	if op.Page, err = asPage(raw["x-page"]); err != nil {
		return fmt.Errorf("%s/x-page: %w", location, err)
	}
	if budget, ok := raw["x-budget"].(string); ok {
		if op.Budget, err = time.ParseDuration(budget); err != nil {
			return fmt.Errorf("%s/x-budget: %w", location, err)
		}
	}
	if op.Errors, err = readErrors(raw["x-errors"], location); err != nil {
		return err
	}
	parameters, _ := raw["parameters"].([]any)
	if direction == Outbound {
		target := asMap(raw["x-target"])
		op.Path, _ = target["path"].(string)
		parameters, _ = target["parameters"].([]any)
		op.FixedQuery = readQuery(target["query"])
	}
	if op.Window, err = c.readWindow(raw["x-window"], parameters, location); err != nil {
		return err
	}
	if err := c.layOutParameters(op, parameters, location); err != nil {
		return err
	}
	if schema := bodySchema(asMap(raw["requestBody"])); schema != nil {
		c.layOut(op, Request, schema)
	}
	if schema := bodySchema(asMap(section(raw, "responses")["200"])); schema != nil {
		c.layOut(op, Response, schema)
	}
	return c.keep(op)
}

// readErrors decodes x-errors and checks each row.
func readErrors(raw any, location string) ([]ErrorRow, error) {
	list, _ := raw.([]any)
	rows := make([]ErrorRow, 0, len(list))
	for i, item := range list {
		at := fmt.Sprintf("%s/x-errors/%d", location, i)
		fields := asMap(item)
		row := ErrorRow{}
		row.HTTP, _ = fields["http"].(int)
		row.ActionCode, _ = fields["actionCode"].(string)
		row.Code, _ = fields["code"].(string)
		row.Name, _ = fields["name"].(string)
		var err error
		if row.Page, err = asPage(fields["page"]); err != nil {
			return nil, fmt.Errorf("%s/page: %w", at, err)
		}
		triggers, _ := fields["on"].([]any)
		for _, raw := range triggers {
			trigger := fmt.Sprint(raw)
			if !triggerWords[trigger] {
				return nil, fmt.Errorf("%s/on: unknown trigger %q", at, trigger)
			}
			row.On = append(row.On, trigger)
		}
		for key := range fields {
			if !strings.Contains(" http actionCode code name page on ", " "+key+" ") {
				return nil, fmt.Errorf("%s: unknown key %q", at, key)
			}
		}
		if row.HTTP < 200 || row.HTTP > 599 || row.Name == "" || len(row.On) == 0 {
			return nil, fmt.Errorf("%s: a row needs http, name and on", at)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func readQuery(raw any) map[string][]string {
	query := map[string][]string{}
	for name, value := range asMap(raw) {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		for _, v := range list {
			query[name] = append(query[name], fmt.Sprint(v))
		}
	}
	return query
}

// layOutParameters makes one object schema each of the path and the query
// parameters, so that they are validated like any other part.
func (c *Contract) layOutParameters(op *Operation, parameters []any, location string) error {
	for _, in := range []Part{Path, Query} {
		properties, required := map[string]any{}, []any{}
		for i, raw := range parameters {
			parameter := asMap(raw)
			if parameter["in"] != string(in) {
				continue
			}
			name, _ := parameter["name"].(string)
			schema := asMap(parameter["schema"])
			if name == "" || schema == nil {
				return fmt.Errorf("%s/parameters/%d: needs name and schema", location, i)
			}
			property := map[string]any{}
			for key, value := range schema {
				property[key] = value
			}
			for _, key := range []string{"x-page", "x-requirement", "x-condition", "description"} {
				if value, ok := parameter[key]; ok {
					property[key] = value
				}
			}
			properties[name] = property
			if parameter["required"] == true {
				required = append(required, name)
			}
		}
		if len(properties) > 0 {
			c.layOut(op, in, map[string]any{"type": "object", "x-page": op.Page, "properties": properties, "required": required})
		}
	}
	return nil
}

// layOut puts the schema of a part into the document, under x-parts, where
// its references resolve.
func (c *Contract) layOut(op *Operation, name Part, schema map[string]any) {
	parts, _ := c.document["x-parts"].(map[string]any)
	if parts == nil {
		parts = map[string]any{}
		c.document["x-parts"] = parts
	}
	own, _ := parts[op.ID].(map[string]any)
	if own == nil {
		own = map[string]any{}
		parts[op.ID] = own
	}
	own[string(name)] = schema
	op.parts[name] = &part{name: name}
}

// bodySchema returns the JSON schema of a request body or a response.
func bodySchema(body map[string]any) map[string]any {
	content := asMap(body["content"])
	return asMap(asMap(content["application/json"])["schema"])
}

func asMap(v any) map[string]any { m, _ := v.(map[string]any); return m }

func section(document map[string]any, key string) map[string]any { return asMap(document[key]) }
