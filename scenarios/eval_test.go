package scenarios_test

import (
	"encoding/json"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/scenarios"
)

func decoded(text string) any {
	GinkgoHelper()
	value, err := contract.Decode([]byte(text))
	Expect(err).NotTo(HaveOccurred())
	return value
}

func ptr[T any](value T) *T { return &value }

var _ = Describe("A match", func() {
	oneOf := func(values ...any) *scenarios.Match {
		m := &scenarios.Match{OneOf: []*scenarios.Match{}}
		for _, value := range values {
			m.OneOf = append(m.OneOf, is(value))
		}
		return m
	}
	length := func(low, high *int) *scenarios.Match {
		return &scenarios.Match{Length: &scenarios.Length{Min: low, Max: high}}
	}

	DescribeTable("fits or does not", func(m *scenarios.Match, value string, fits bool) {
		found := scenarios.Evaluate(m, decoded(value), nil)
		Expect(len(found) == 0).To(Equal(fits), "%v", found)
	},
		Entry("a text", is("85"), `"85"`, true),
		Entry("a text is no number", is("85"), `85`, false),
		Entry("numbers by value", is(1), `1.0`, true),
		Entry("numbers by value, scientific", is(1.5), `15e-1`, true),
		Entry("numbers of JSON", is(json.Number("100")), `1e2`, true),
		Entry("numbers that floats cannot tell apart", is(json.Number("12345678901234567")), `12345678901234568`, false),
		Entry("zeros", is(0), `-0.000`, true),
		Entry("signs", is(1), `-1`, false),
		Entry("a number beyond all bounds", is(1), `1e99999999999`, false),
		Entry("true", is(true), `true`, true),
		Entry("true is no text", is(true), `"true"`, false),
		Entry("null is nothing", is(nil), `null`, true),
		Entry("an empty text is nothing (INT-122)", is(nil), `""`, true),
		Entry("nothing is no value", is("a"), `null`, false),
		Entry("a whole object", is(map[string]any{"a": 1}), `{"a": 1, "b": null}`, true),
		Entry("a whole object and no member more", is(map[string]any{"a": 1}), `{"a": 1, "b": 2}`, false),
		Entry("a whole array", is([]any{1, "b"}), `[1, "b"]`, true),
		Entry("a whole array in its order", is([]any{1, "b"}), `["b", 1]`, false),
		Entry("members in part", has(map[string]*scenarios.Match{"a": is(1)}), `{"a": 1, "b": 2}`, true),
		Entry("members below", has(map[string]*scenarios.Match{"a": has(map[string]*scenarios.Match{"b": is(1)})}), `{"a": {"b": 2}}`, false),
		Entry("members of no object", has(map[string]*scenarios.Match{"a": is(1)}), `[]`, false),
		Entry("absent members of nothing", has(map[string]*scenarios.Match{"a": {Present: ptr(false)}}), `null`, true),
		Entry("any object", has(map[string]*scenarios.Match{}), `{}`, true),
		Entry("no object", has(map[string]*scenarios.Match{}), `null`, false),
		Entry("one of", oneOf("a", 2), `2`, true),
		Entry("none of", oneOf("a", 2), `3`, false),
		Entry("one of no values", oneOf(), `3`, false),
		Entry("a part by a regular expression", &scenarios.Match{Matches: "b+"}, `"abbc"`, true),
		Entry("the whole by an anchored one", &scenarios.Match{Matches: "^b+$"}, `"abbc"`, false),
		Entry("the text of a number", &scenarios.Match{Matches: "^[0-9]+$"}, `12`, true),
		Entry("nothing by an expression", &scenarios.Match{Matches: ".*"}, `null`, false),
		Entry("a bad expression", &scenarios.Match{Matches: "("}, `"a"`, false),
		Entry("present", &scenarios.Match{Present: ptr(true)}, `false`, true),
		Entry("not present", &scenarios.Match{Present: ptr(true)}, `""`, false),
		Entry("absent", &scenarios.Match{Present: ptr(false)}, `null`, true),
		Entry("not absent", &scenarios.Match{Present: ptr(false)}, `0`, false),
		Entry("an element", &scenarios.Match{Contains: is("b")}, `["a", "b"]`, true),
		Entry("no such element", &scenarios.Match{Contains: is("c")}, `["a", "b"]`, false),
		Entry("a part of a text", &scenarios.Match{Contains: is("b")}, `"abc"`, true),
		Entry("an element of no array", &scenarios.Match{Contains: is("b")}, `{"b": "b"}`, false),
		Entry("characters", length(ptr(4), ptr(4)), `"äöü€"`, true),
		Entry("too many characters", length(nil, ptr(3)), `"äöü€"`, false),
		Entry("elements", length(ptr(2), nil), `[1, 2]`, true),
		Entry("too few elements", length(ptr(2), nil), `[1]`, false),
		Entry("the length of nothing", length(nil, ptr(3)), `null`, true),
		Entry("a number has no length", length(nil, ptr(3)), `1`, false),
		Entry("not", &scenarios.Match{Not: is("a")}, `"b"`, true),
		Entry("but", &scenarios.Match{Not: is("a")}, `"a"`, false),
		Entry("empty object", &scenarios.Match{Empty: true}, `{}`, true),
		Entry("empty array", &scenarios.Match{Empty: true}, `[]`, true),
		Entry("empty text", &scenarios.Match{Empty: true}, `""`, true),
		Entry("not empty", &scenarios.Match{Empty: true}, `{"a": null}`, false),
	)

	DescribeTable("says in words what it wants and what came", func(m *scenarios.Match, value, want, got string) {
		spec, err := contract.Load()
		Expect(err).NotTo(HaveOccurred())
		op, err := spec.Operation("retrieveStepUpMethods")
		Expect(err).NotTo(HaveOccurred())
		found := scenarios.Evaluate(m, decoded(value), op.Field(contract.Response))
		Expect(found).To(HaveLen(1))
		Expect([]string{found[0].Want, found[0].Got}).To(Equal([]string{want, got}))
	},
		Entry(nil, has(map[string]*scenarios.Match{"responseCode": oneOf("APPROVED", "STEPUP")}), `{"responseCode": "DECLINED"}`, `"APPROVED" or "STEPUP"`, `"DECLINED"`),
		Entry(nil, has(map[string]*scenarios.Match{"stepUpMethods": {Contains: has(map[string]*scenarios.Match{"type": is("OTPSMS")})}}),
			`{"stepUpMethods": [{"type": "OTPEMAIL"}]}`, `something that contains {type: "OTPSMS"}`, `[{"type":"OTPEMAIL"}]`),
		Entry(nil, has(map[string]*scenarios.Match{"stepUpMethods": length(ptr(1), ptr(3))}), `{"stepUpMethods": []}`, "a length of 1 to 3", "0: []"),
		Entry(nil, has(map[string]*scenarios.Match{"pan": {Present: ptr(false)}}), `{"pan": "4000000010000018"}`, "nothing", "not in the contract: a string of 16 characters"),
		Entry(nil, has(map[string]*scenarios.Match{"responseCode": {Not: is(nil)}}), `{}`, "anything but nothing", "nothing"),
		Entry(nil, has(map[string]*scenarios.Match{"responseCode": is("4000000010000018")}), `{"responseCode": "4000000010000026"}`, `"400000******0018"`, `"400000******0026"`),
	)

	It("names every member that differs, in the order of names", func() {
		found := scenarios.Evaluate(has(map[string]*scenarios.Match{"b": is(1), "a": has(map[string]*scenarios.Match{"c/d": is(1)}), "e": is(1)}), decoded(`{"e": 1}`), nil)
		Expect(found).To(HaveLen(2))
		Expect([]string{found[0].Where, found[1].Where}).To(Equal([]string{"/a/c~1d", "/b"}))
	})
})

func FuzzEvaluate(f *testing.F) {
	for _, seed := range []string{`{"a": [1, {"b": "x"}]}`, `1e999999999`, `-0`, `[]`, `"\ud800"`, `null`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := contract.Decode([]byte(text))
		if err != nil {
			return
		}
		if found := scenarios.Evaluate(is(value), value, nil); len(found) > 0 && !beyond(value) {
			t.Errorf("%s is not itself: %v", text, found)
		}
		if found := scenarios.Evaluate(&scenarios.Match{Not: is(value)}, value, nil); len(found) == 0 && !beyond(value) {
			t.Errorf("%s is something else than itself", text)
		}
	})
}

// beyond tells whether a number in the value is larger than any that is meant.
func beyond(value any) bool {
	switch v := value.(type) {
	case json.Number:
		return len(scenarios.Evaluate(is(v), v, nil)) > 0
	case map[string]any:
		for _, member := range v {
			if beyond(member) {
				return true
			}
		}
	case []any:
		for _, element := range v {
			if beyond(element) {
				return true
			}
		}
	}
	return false
}
