package scenarios_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/outbound"
)

var update = flag.Bool("update", false, "write scenario.schema.json anew")

// m is a JSON object.
type m = map[string]any

func object(properties m, required ...string) m {
	o := m{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

func enum(values []string) m { return m{"enum": values} }

func ref(name string) m { return m{"$ref": "#/$defs/" + name} }

func list(items m) m { return m{"type": "array", "items": items} }

func oneOrMore(item m) m {
	return m{"anyOf": []any{item, m{"type": "array", "minItems": 1, "items": item}}}
}

func text(pattern string) m { return m{"type": "string", "pattern": pattern} }

// words of the contract that the schema lists.
func words(c *contract.Contract) (outboundIDs, inboundIDs, types, statuses, corruptions []string) {
	for _, op := range c.Operations() {
		switch op.Direction {
		case contract.Outbound:
			outboundIDs = append(outboundIDs, op.ID)
		case contract.Inbound:
			inboundIDs = append(inboundIDs, op.ID)
		}
	}
	approve, err := c.Operation("approveProvisioning")
	Expect(err).NotTo(HaveOccurred())
	values := func(name string) (list []string) {
		for _, value := range approve.Field(contract.Request).Member("tokenInfo").Member(name).Enum {
			list = append(list, value.(string))
		}
		return list
	}
	for _, corruption := range outbound.Corruptions() {
		corruptions = append(corruptions, corruption.ID)
	}
	return outboundIDs, inboundIDs, values("tokenType"), values("tokenStatus"), corruptions
}

// groups lays the corruptions out as group: name.
func groups() m {
	properties := m{}
	for _, corruption := range outbound.Corruptions() {
		group, ok := properties[corruption.Group()].(m)
		if !ok {
			group = enum(nil)
			properties[corruption.Group()] = group
		}
		group["enum"] = append(group["enum"].([]string), corruption.Name())
	}
	o := object(properties)
	o["minProperties"] = 1
	return o
}

// derived is the schema as the contract makes it.
func derived(c *contract.Contract) []byte {
	calls, awaited, types, statuses, corruptions := words(c)
	var actions []string
	for _, entry := range scenarios.TokenActions() {
		actions = append(actions, entry.Name)
	}
	anything, status := m{}, oneOrMore(m{"anyOf": []any{text("^[1-5](xx|[0-9]{2})$"), m{"type": "integer", "minimum": 100, "maximum": 599}}})
	operator := func(name string, value m) m {
		o := object(m{name: value}, name)
		return o
	}
	defs := m{
		"name": text("^[a-z0-9]+(-[a-z0-9]+)*$"), "duration": text("^-?([0-9.]+(ns|us|µs|ms|s|m|h))+$"), "pointer": text("^(/([^~]|~[01])*)?$"),
		"role": enum(keys.Roles()), "tokenStatus": enum(statuses), "outbound": enum(calls), "inbound": enum(awaited), "status": status,
		"rule":        text("^[A-Za-z][A-Za-z0-9*/_-]*#[A-Za-z][A-Za-z0-9-]*$"),
		"corruption":  m{"anyOf": []any{groups(), enum(corruptions)}},
		"corruptions": oneOrMore(ref("corruption")),
		"length":      m{"anyOf": []any{m{"type": "integer", "minimum": 0}, object(m{"min": m{"type": "integer", "minimum": 0}, "max": m{"type": "integer", "minimum": 0}})}},
		"match": m{"anyOf": []any{
			operator("oneOf", m{"type": "array", "minItems": 1, "items": ref("match")}), operator("matches", m{"type": "string", "format": "regex"}),
			operator("present", m{"type": "boolean"}), operator("absent", m{"type": "boolean"}), operator("contains", ref("match")),
			operator("length", ref("length")), operator("not", ref("match")), operator("empty", m{"type": "boolean"}),
			m{"type": []string{"string", "number", "boolean", "null", "array"}}, m{"type": "object", "additionalProperties": ref("match")}}},
		"save": m{"anyOf": []any{ref("pointer"), object(m{"from": ref("pointer"), "where": ref("match"), "take": ref("pointer")}, "from")}},
		"saves": m{"type": "object", "additionalProperties": ref("save"),
			"propertyNames": text("^[A-Za-z][A-Za-z0-9_]*$")},
		"patch": m{"type": "array", "minItems": 1, "items": object(m{"op": enum([]string{"add", "copy", "move", "remove", "replace", "test"}),
			"path": ref("pointer"), "from": ref("pointer"), "value": anything}, "op", "path")},
		"expect": object(m{"refused": enum(contract.Triggers()), "open": m{"type": "boolean"}, "decided": m{"type": "boolean"}, "declined": m{"type": "boolean"}, "tls": enum([]string{"refused"}), "status": ref("status"),
			"errorCode": oneOrMore(m{"type": "string"}), "body": ref("match"), "within": m{"anyOf": []any{enum([]string{"budget"}), ref("duration")}}}),
		"step": m{"oneOf": []any{
			object(m{"call": ref("outbound"), "card": ref("role"), "with": m{"type": "object", "minProperties": 1}, "patch": ref("patch"),
				"corrupt": ref("corruptions"), "atOnce": m{"type": "integer", "minimum": 2, "maximum": 100}, "rule": ref("rule"), "expect": ref("expect"), "save": ref("saves")}, "call"),
			object(m{"await": ref("inbound"), "ask": m{"type": "string"}, "where": ref("match"), "within": ref("duration"), "status": ref("status"),
				"tokenStatus": ref("tokenStatus"), "rule": ref("rule"), "save": ref("saves")}, "await"),
			object(m{"trigger": ref("name"), "ask": m{"type": "string"}}, "trigger"),
			object(m{"fault": object(m{"operation": ref("inbound"), "status": m{"type": "integer", "minimum": 200, "maximum": 599}, "code": m{"type": "string"},
				"delay": ref("duration"), "drop": m{"type": "boolean"}, "when": enum([]string{"before-commit", "after-commit"}),
				"times": m{"type": "integer", "minimum": 1, "maximum": 1000}}, "operation")}, "fault"),
			object(m{"token": object(m{"do": enum(actions), "expect": ref("tokenStatus")}, "do")}, "token"),
			object(m{"clock": object(m{"advance": ref("duration")}, "advance")}, "clock"),
			object(m{"wait": m{"anyOf": []any{enum([]string{"notifications"}), ref("duration")}}}, "wait"),
		}},
	}
	root := object(m{"scenario": ref("name"), "title": m{"type": "string", "minLength": 1}, "cites": list(text("^[A-Za-z]+ p\\.[0-9]+$")),
		"level": enum([]string{"must", "should", "info"}), "tags": list(ref("name")),
		"needs": object(m{"apis": list(ref("outbound")), "cards": list(ref("role")), "triggers": list(ref("name"))}),
		"card":  ref("role"), "token": object(m{"type": enum(types), "status": ref("tokenStatus"), "introduced": m{"type": "boolean"}}),
		"steps":    m{"type": "array", "minItems": 1, "items": ref("step")},
		"generate": object(m{"kind": enum(scenarios.Kinds()), "operations": m{"type": "array", "minItems": 1, "items": ref("outbound")}}, "kind"),
	}, "scenario", "title")
	root["$schema"], root["title"], root["$defs"] = "https://json-schema.org/draft/2020-12/schema", "A scenario of vtsim", defs
	root["oneOf"] = []any{m{"required": []string{"steps", "cites"}}, m{"required": []string{"generate"}}}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	Expect(encoder.Encode(root)).To(Succeed())
	return out.Bytes()
}

// documents of a YAML file, as JSON has them.
func documents(data []byte) []any {
	GinkgoHelper()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var all []any
	for {
		var document any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return all
		}
		Expect(err).NotTo(HaveOccurred())
		content, err := json.Marshal(document)
		Expect(err).NotTo(HaveOccurred())
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
		Expect(err).NotTo(HaveOccurred())
		all = append(all, value)
	}
}

var _ = Describe("the JSON Schema", Ordered, func() {
	var compiled *jsonschema.Schema

	BeforeAll(func() {
		made := derived(specification())
		if *update {
			Expect(os.WriteFile("scenario.schema.json", made, 0o600)).To(Succeed())
		}
		Expect(string(scenarios.Schema())).To(Equal(string(made)), "run: go test ./scenarios -update")
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(scenarios.Schema()))
		Expect(err).NotTo(HaveOccurred())
		compiler := jsonschema.NewCompiler()
		Expect(compiler.AddResource("scenario.schema.json", value)).To(Succeed())
		compiled, err = compiler.Compile("scenario.schema.json")
		Expect(err).NotTo(HaveOccurred())
	})

	It("takes the shipped library and the examples", func() {
		seen := 0
		for _, folder := range []string{"library", "testdata/good"} {
			Expect(filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				data, err := os.ReadFile(name)
				Expect(err).NotTo(HaveOccurred())
				for _, document := range documents(data) {
					Expect(compiled.Validate(document)).To(Succeed(), name)
					seen++
				}
				return nil
			})).To(Succeed())
		}
		Expect(seen).To(BeNumerically(">=", 4))
	})

	DescribeTable("refuses", func(yaml string) {
		for _, document := range documents([]byte(yaml)) {
			Expect(compiled.Validate(document)).NotTo(Succeed())
		}
	},
		Entry("an unknown key", "{scenario: a, title: t, cites: [x p.1], stepz: []}"),
		Entry("an unknown operation", "{scenario: a, title: t, cites: [checkEligibility p.142], steps: [{call: checkEligibilty}]}"),
		Entry("two verbs", "{scenario: a, title: t, cites: [checkEligibility p.142], steps: [{call: checkEligibility, wait: 1s}]}"),
		Entry("an unknown corruption", "{scenario: a, title: t, cites: [checkEligibility p.142], steps: [{call: checkEligibility, corrupt: {jws: sig}}]}"),
		Entry("steps and generate", "{scenario: a, title: t, cites: [], steps: [{wait: 1s}], generate: {kind: over-length}}"),
	)
})
