package scenarios_test

import (
	"encoding/json"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/scenarios"
)

var _ = Describe("A template", func() {
	s := scenarios.NewScope(map[string]any{"n": json.Number("12345678901234567"), "list": []any{"a"}, "odd": `a"\ b/?&`, "pan": "saved"}, map[string]any{"pan": "known"})

	It("that is a whole text keeps the type of the value, also far inside", func() {
		Expect(s.Resolve(map[string]any{"a": []any{"{{ n }}", "x{{n}}", 1, nil}, "b": "{{list}}"})).
			To(Equal(map[string]any{"a": []any{json.Number("12345678901234567"), "x12345678901234567", 1, nil}, "b": []any{"a"}}))
	})

	It("finds what was saved before what is known anyway", func() {
		Expect(s.Text("{{pan}}")).To(Equal("saved"))
	})

	DescribeTable("is refused", func(text, hint string) {
		_, err := s.Text(text)
		Expect(err).To(MatchError(ContainSubstring(hint)))
	},
		Entry("unknown", "{{methd}}", "nothing is known as {{methd}}; there are list, n, odd, pan"),
		Entry("open", "a {{ b", "without a name"),
		Entry("a list in a text", "a {{list}}", "cannot stand in a text"),
	)

	It("is put into JSON inside and outside of quotes", func() {
		Expect(s.JSON(`{"a": "\"{{odd}}", "b": {{odd}}, "c": {{n}}, "d": {{list}}}`)).
			To(MatchJSON(`{"a": "\"a\"\\ b/?&", "b": "a\"\\ b/?&", "c": 12345678901234567, "d": ["a"]}`))
	})

	It("is put into paths, parameters and forms", func() {
		Expect(s.URL("http://h/{{odd}}?a={{odd}}")).To(Equal("http://h/a%22%5C%20b%2F%3F&?a=a%22%5C+b%2F%3F%26"))
		Expect(s.Form("a={{odd}}&b=1")).To(Equal("a=a%22%5C+b%2F%3F%26&b=1"))
	})

	It("stands for itself in a regular expression", func() {
		m, err := s.Match(&scenarios.Match{Matches: "^{{odd}}$"})
		Expect(err).NotTo(HaveOccurred())
		Expect(scenarios.Evaluate(m, `a"\ b/?&`, nil)).To(BeEmpty())
		Expect(s.Match(&scenarios.Match{Matches: "a{{2}"})).To(HaveField("Matches", "a{{2}"))
	})
})

func FuzzTemplateInJSON(f *testing.F) {
	f.Add(`{"a": "{{v}}"}`, `x"y`)
	f.Add(`{"a": {{v}}}`, "\x00\\")
	f.Add(`["\\{{v}}", "\"{{v}}"]`, `\`)
	f.Fuzz(func(t *testing.T, text, value string) {
		// With a harmless value it is JSON; so it is with any other.
		plain, err := scenarios.NewScope(map[string]any{"v": "x"}, nil).JSON(text)
		if err != nil || !json.Valid([]byte(plain)) || strings.Contains(text, `\u`) {
			return
		}
		odd, err := scenarios.NewScope(map[string]any{"v": value}, nil).JSON(text)
		if err != nil || !json.Valid([]byte(odd)) {
			t.Errorf("%q with %q became %q: %v", text, value, odd, err)
		}
	})
}
