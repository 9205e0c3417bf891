package contract_test

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/vtsim/vtsim/conformance/contract"
)

// exported parses the export with a library that is not ours.
func exported(role contract.Party) *openapi3.T {
	GinkgoHelper()
	content, err := loaded().Export(role)
	Expect(err).NotTo(HaveOccurred())
	loader := openapi3.NewLoader()
	document, err := loader.LoadFromData(content)
	Expect(err).NotTo(HaveOccurred())
	return document
}

var _ = Describe("Export", func() {
	It("is an OpenAPI 3.1 document that an outside validator accepts", func() {
		document := exported(contract.Visa)
		Expect(document.OpenAPI).To(Equal("3.1.0"))
		Expect(document.Validate(context.Background())).To(Succeed())
	})

	It("is valid for the issuer's side too, with the webhooks as paths", func() {
		document := exported(contract.Issuer)
		Expect(document.Validate(context.Background())).To(Succeed())
		paths := []string{}
		for path := range document.Paths.Map() {
			paths = append(paths, path)
		}
		Expect(paths).To(ConsistOf(
			"/vtis/v2/tokenRequestors/{tokenRequestorID}/tokens/{tokenReferenceID}/approveProvisioning",
			"/vtis/v2/tokenRequestors/{tokenRequestorID}/tokens/{tokenReferenceID}/tokenChanged",
			"/vtis/v1/tokenRequestors/{tokenRequestorID}/tokens/{tokenReferenceID}/notification",
			"/vtis/v1/checkEligibility",
			"/vtis/v1/tokenRequestors/{tokenRequestorID}/tokens/{tokenReferenceID}/deviceBinding",
			"/vtis/v1/retrieveStepUpMethods",
			"/vtis/v1/pan/notification",
			"/vtis/v1/sendPasscode",
			"/vtis/v1/tokenRequestors/{tokenRequestorID}/cardEnrollment/notification"))
	})

	It("has only local references and none of the loader's own scaffolding", func() {
		content, err := loaded().Export(contract.Visa)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(content)).NotTo(ContainSubstring("x-parts"))
		for _, ref := range strings.Split(string(content), `"$ref": "`)[1:] {
			Expect(ref).To(HavePrefix("#/"))
		}
	})

	It("has the tables", func() {
		content, err := loaded().Export(contract.Visa)
		Expect(err).NotTo(HaveOccurred())
		var document struct {
			Tables map[string]any `json:"x-tables"`
		}
		Expect(json.Unmarshal(content, &document)).To(Succeed())
		for name, table := range document.Tables {
			Expect(table).NotTo(BeEmpty(), name)
		}
		Expect(len(document.Tables)).To(BeNumerically(">=", 8))
	})
})

var _ = It("Schema gives one part as a schema that stands alone", func() {
	content, err := loaded().Schema("tokenLifecycle", contract.Request)
	Expect(err).NotTo(HaveOccurred())
	document, err := contract.Decode(content)
	Expect(err).NotTo(HaveOccurred())
	compiler := jsonschema.NewCompiler()
	Expect(compiler.AddResource("https://example.com/alone", document)).To(Succeed())
	schema, err := compiler.Compile("https://example.com/alone")
	Expect(err).NotTo(HaveOccurred())
	right, _ := contract.Decode([]byte(suspend))
	Expect(schema.Validate(right)).To(Succeed())
	wrong, _ := contract.Decode([]byte(`{}`))
	Expect(schema.Validate(wrong)).NotTo(Succeed())
})
