package jose_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys/jose"
)

// declared are the values of the constants of one type in a source file, and whether each has a doc comment.
func declared(file, typeName string) map[string]bool {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	ExpectWithOffset(1, err).NotTo(HaveOccurred())
	found := map[string]bool{}
	ast.Inspect(parsed, func(node ast.Node) bool {
		spec, isValue := node.(*ast.ValueSpec)
		if !isValue {
			return true
		}
		if name, isIdent := spec.Type.(*ast.Ident); isIdent && name.Name == typeName {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			ExpectWithOffset(1, err).NotTo(HaveOccurred())
			found[text] = strings.HasPrefix(spec.Doc.Text(), spec.Names[0].Name)
		}
		return true
	})
	ExpectWithOffset(1, found).NotTo(BeEmpty())
	return found
}

var _ = Describe("the catalogue of mistakes (pp.39-45)", Ordered, ContinueOnFailure, func() {
	var file vectorFile
	BeforeAll(func() {
		var err error
		file, err = readVectors()
		Expect(err).NotTo(HaveOccurred())
	})

	It("documents every mistake, and has exactly one entry with texts for each", func() {
		ids := declared("mistake.go", "MistakeID")
		all, err := envelope(noon).Catalogue(jose.UsePushCardEnrollment)
		Expect(err).NotTo(HaveOccurred())
		seen := map[string]bool{}
		for _, m := range all {
			Expect(ids).To(HaveKeyWithValue(string(m.ID), true), "declared with a doc comment")
			Expect(seen).NotTo(HaveKey(string(m.ID)))
			seen[string(m.ID)] = true
			for _, text := range []string{m.Title, m.Mend, m.Cite} {
				Expect(text).NotTo(BeEmpty(), string(m.ID))
				Expect(text).NotTo(ContainSubstring("{"), string(m.ID))
			}
		}
		Expect(seen).To(HaveLen(len(ids)))
	})

	It("is proven: each mistake is the first finding of some vector", func() {
		proven := map[string]bool{}
		for _, v := range file.Vectors {
			proven[string(v.Mistake)] = true
		}
		for id := range declared("mistake.go", "MistakeID") {
			Expect(proven).To(HaveKey(id))
		}
	})

	It("is proven: each reason and each warning has a vector", func() {
		reasons, warnings := map[string]bool{string(jose.ReasonMisconfigured): true}, map[string]bool{}
		for _, v := range file.Vectors {
			reasons[string(v.Reason)] = true
			for _, w := range v.Warnings {
				warnings[string(w)] = true
			}
		}
		for reason := range declared("refused.go", "Reason") {
			Expect(reasons).To(HaveKey(reason))
		}
		for warning := range declared("refused.go", "WarningID") {
			Expect(warnings).To(HaveKey(warning))
		}
	})

	It("claims only what a vector shows", func() {
		keys, err := readKeys()
		Expect(err).NotTo(HaveOccurred())
		shown := map[jose.Explanation]bool{}
		for _, v := range file.Vectors {
			for _, m := range v.diagnose(keys, file.Known).Mistakes {
				if m.Explains {
					shown[jose.Explanation{Mistake: m.ID, Layer: v.Layer, Reason: v.Reason}] = true
				}
			}
		}
		var unproven []jose.Explanation
		for _, claim := range jose.Explanations() {
			if !shown[claim] {
				unproven = append(unproven, claim)
			}
		}
		Expect(unproven).To(BeEmpty())
	})
})
