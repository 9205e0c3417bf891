package console_test

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gorilla/mux"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/console"
)

func lower(method string) string { return strings.ToLower(method) }

var _ = Describe("the description", func() {
	var l *lab
	var document *openapi3.T
	BeforeEach(func() {
		l = newLab()
		a := l.get("/api/v1/openapi.json").ok(http.StatusOK)
		var err error
		document, err = openapi3.NewLoader().LoadFromData(a.raw)
		Expect(err).NotTo(HaveOccurred())
	})

	It("is an OpenAPI 3.1 document that an outside validator accepts", func() {
		Expect(document.OpenAPI).To(Equal("3.1.0"))
		Expect(document.Validate(context.Background())).To(Succeed())
	})

	It("has every route, and every path of it is routed", func() {
		var routed, documented []string
		Expect(l.console.Handler().(*mux.Router).Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
			path, err := route.GetPathTemplate()
			Expect(err).NotTo(HaveOccurred())
			methods, err := route.GetMethods()
			Expect(err).NotTo(HaveOccurred())
			for _, method := range methods {
				routed = append(routed, method+" "+path)
			}
			return nil
		})).To(Succeed())
		for path, item := range document.Paths.Map() {
			for method := range item.Operations() {
				documented = append(documented, method+" "+path)
			}
		}
		Expect(documented).To(ConsistOf(routed))
		Expect(documented).To(ContainElements("POST /api/v1/tokens", "GET /api/v1/tokens/{tokenReferenceID}", "GET /api/v1/traffic", "GET /api/v1/notifications",
			"POST /api/v1/faults", "POST /api/v1/clock", "GET /api/v1/clock", "POST /api/v1/reset", "GET /api/v1/cards", "GET /api/v1/issuers/{name}", "POST /api/v1/issuers",
			"GET /metrics", "GET /healthz", "GET /readyz"))
	})

	It("takes enumerations and lengths from the contract", func() {
		properties := document.Components.Schemas["TokenRequest"].Value.Properties
		op, err := l.contract.Operation("tokenInquiry")
		Expect(err).NotTo(HaveOccurred())
		token := op.Field(contract.SealedResponse).Member("tokenInfo")
		Expect(properties["tokenType"].Value.Enum).To(Equal(token.Member("tokenType").Enum))
		Expect(properties["tokenStatus"].Value.Enum).To(Equal(token.Member("tokenStatus").Enum))
		Expect(*properties["clientWalletAccountID"].Value.MaxLength).To(BeEquivalentTo(*op.Field(contract.Response).Member("clientWalletAccountID").MaxLength))
		actions := document.Components.Schemas["TokenAction"].Value.Properties["action"].Value.Enum
		Expect(actions).To(HaveLen(len(l.contract.Tables.Lifecycle.Actions)))
	})

	It("says of every request and answer what it looks like", func() {
		for path, item := range document.Paths.Map() {
			for method, op := range item.Operations() {
				Expect(op.Summary).NotTo(BeEmpty(), path)
				Expect(op.Responses.Default()).NotTo(BeNil(), path)
				if slices.Contains([]string{http.MethodPost, http.MethodPut}, method) && path != "/api/v1/snapshot" {
					Expect(op.RequestBody).NotTo(BeNil(), path)
				}
			}
		}
	})
})

var _ = Describe("what is not served", func() {
	It("is answered in the one shape of errors", func() {
		l := newLab()
		l.get("/api/v1/nowhere").refused(http.StatusNotFound, "", "openapi.json")
		l.get("/").refused(http.StatusNotFound, "")
		a := l.call(http.MethodDelete, "/api/v1/clock", nil)
		a.refused(http.StatusMethodNotAllowed, "", "method")
		Expect(a.headers.Get("Allow")).To(Equal("GET, POST"))
		Expect(a.headers.Get("Content-Type")).To(Equal("application/json"))
	})
})

var _ = It("New refuses a console that lacks something", func() {
	_, err := console.New(console.Config{})
	Expect(err).To(MatchError(ContainSubstring("required")))
})
