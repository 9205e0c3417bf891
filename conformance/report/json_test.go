package report_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/report"
)

var _ = Describe("The Result document", func() {
	for name, build := range examples {
		It("of a "+name+" run is valid, and reads back as it was written", func() {
			written := formats["json"](build())
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(written))
			Expect(err).NotTo(HaveOccurred())
			Expect(schema().Validate(document)).To(Succeed())

			result, err := report.Read(bytes.NewReader(written))
			Expect(err).NotTo(HaveOccurred())
			Expect(string(formats["json"](result))).To(Equal(string(written)))
		})
	}

	It("keeps the issuer's numbers digit by digit", func() {
		result := clean()
		result.Exchanges[0].Response.Body = map[string]any{"big": json.Number("12345678901234567890.10")}
		again, err := report.Read(bytes.NewReader(formats["json"](result)))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(formats["html"](again))).To(ContainSubstring("12345678901234567890.10"))
	})

	It("of a large run reads back", func() {
		written := formats["json"](huge(1000))
		result, err := report.Read(bytes.NewReader(written))
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Cases).To(HaveLen(1000))
	})

	It("has a schema that knows every member of the Go types, and no other", func() {
		var document map[string]any
		Expect(json.Unmarshal(report.Schema(), &document)).To(Succeed())
		seen := map[reflect.Type]bool{}
		compareType(document, document, reflect.TypeFor[conformance.Result](), "Result", seen)
		Expect(document["$defs"]).To(HaveLen(len(seen)-1), "a definition that no type has")
	})

	DescribeTable("is refused with a sentence that helps when it is", func(document string, parts ...string) {
		_, err := report.Read(strings.NewReader(document))
		Expect(err).To(HaveOccurred())
		for _, part := range parts {
			Expect(err.Error()).To(ContainSubstring(part))
		}
	},
		Entry("empty", " \n", "empty"),
		Entry("no JSON", "<html>", "not JSON", "line 1, column 1"),
		Entry("broken in its second line", "{\n  \"schema\": x}", "not JSON", "line 2, column 13"),
		Entry("JSON of another kind", `{"swagger": "2.0"}`, "no result", `"schema"`),
		Entry("a list", `[]`, "no result"),
		Entry("of another tool", `{"schema": "junit/1"}`, `"junit/1"`, conformance.Schema),
		Entry("of a newer vtsim", `{"schema": "vtsim-result/2"}`, "newer vtsim", "update"),
		Entry("of an older vtsim", `{"schema": "vtsim-result/0"}`, "make it anew"),
		Entry("cut off", string(cutFile()), "cut off after 900 bytes"),
		Entry("without a member", edited(`"reason": "No must rule is broken.",`, ``), "reason", "missing"),
		Entry("with a member too many", edited(`"spec": `, `"speck": 1, "spec": `), "speck"),
		Entry("with an unknown verdict", edited(`"verdict": "conformant"`, `"verdict": "great"`), "/verdict", "conformant"),
		Entry("with an unknown outcome", edited(`"outcome": "skipped"`, `"outcome": "ignored"`), "/cases/3/outcome"),
		Entry("with a time that is none", edited(`"startedAt": "2026-03-14T09:26:53Z"`, `"startedAt": "noon"`), "/startedAt"),
		Entry("with a number out of range", edited(`"durationMs": 8421`, `"durationMs": 1e30`), "can't be read"),
		Entry("followed by something", edited("\n}\n", "\n}\n{}"), "not JSON"),
		Entry("naming an exchange that it doesn't hold", edited(`"id": "x1"`, `"id": "x9"`), "contradicts itself", `"x1"`),
		Entry("holding an exchange twice", edited(`"id": "x2"`, `"id": "x1"`), "twice"),
		Entry("holding a case twice", edited(`"id": "step-up.fraud"`, `"id": "sendPasscode.good"`), "twice"),
	)
})

func schema() *jsonschema.Schema {
	GinkgoHelper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema()))
	Expect(err).NotTo(HaveOccurred())
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	Expect(compiler.AddResource("urn:vtsim:result:1", document)).To(Succeed())
	compiled, err := compiler.Compile("urn:vtsim:result:1")
	Expect(err).NotTo(HaveOccurred())
	return compiled
}

// compareType holds a schema against a Go type, member by member.
func compareType(root, node map[string]any, t reflect.Type, path string, seen map[reflect.Type]bool) {
	GinkgoHelper()
	if ref, ok := node["$ref"].(string); ok {
		node = root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	kinds := map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer", reflect.Slice: "array", reflect.Map: "object", reflect.Struct: "object"}
	switch {
	case t == reflect.TypeFor[time.Time]():
		Expect(node).To(HaveKeyWithValue("format", "date-time"), path)
		return
	case t.Kind() == reflect.Interface || node["const"] != nil:
		return
	}
	Expect(node).To(HaveKeyWithValue("type", kinds[t.Kind()]), path)
	switch t.Kind() {
	case reflect.Slice:
		compareType(root, node["items"].(map[string]any), t.Elem(), path+"[]", seen)
	case reflect.Map:
		compareType(root, node["additionalProperties"].(map[string]any), t.Elem(), path+"{}", seen)
	case reflect.Struct:
		seen[t] = true
		Expect(node).To(HaveKeyWithValue("additionalProperties", false), path)
		properties := node["properties"].(map[string]any)
		names, required := []string{}, []any{}
		for i := range t.NumField() {
			name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			names = append(names, name)
			if options == "" {
				required = append(required, name)
			}
			Expect(properties).To(HaveKey(name), path)
			compareType(root, properties[name].(map[string]any), t.Field(i).Type, path+"."+name, seen)
		}
		Expect(properties).To(HaveLen(len(names)), "%s has members that the type hasn't", path)
		if len(required) > 0 || node["required"] != nil {
			Expect(node["required"]).To(ConsistOf(required...), path)
		}
	}
}

func cutFile() []byte {
	var b bytes.Buffer
	if err := report.JSON(&b, clean()); err != nil {
		panic(err)
	}
	return b.Bytes()[:900]
}

// edited is the clean Result with its first such text replaced.
func edited(old, changed string) string {
	var b bytes.Buffer
	if err := report.JSON(&b, clean()); err != nil {
		panic(err)
	}
	if !strings.Contains(b.String(), old) {
		panic("the clean Result does not hold " + old)
	}
	if strings.HasPrefix(old, "\n}") {
		return strings.TrimSuffix(b.String(), old) + changed
	}
	return strings.Replace(b.String(), old, changed, 1)
}
