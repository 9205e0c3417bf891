package console_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/vtsim/vtsim/simulator/console"
)

// shapes holds answers against the description that the console serves.
type shapes struct {
	tree map[string]any

	mu       sync.Mutex
	compiler *jsonschema.Compiler
}

const shapesAt = "https://test.invalid/openapi"

// described reads the description once: it is the same for all consoles.
func described(c *console.Console) *shapes {
	GinkgoHelper()
	compiled.Do(func() { allShapes = readShapes(c) })
	return allShapes
}

var (
	compiled  sync.Once
	allShapes *shapes
)

func readShapes(c *console.Console) *shapes {
	GinkgoHelper()
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: must("/api/v1/openapi.json"), Host: "localhost", Header: http.Header{"Authorization": {"Bearer " + testToken}}})
	Expect(w.Code).To(Equal(http.StatusOK), w.Body.String())
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
	Expect(err).NotTo(HaveOccurred())
	s := &shapes{tree: value.(map[string]any), compiler: jsonschema.NewCompiler()}
	s.compiler.AssertFormat()
	Expect(s.compiler.AddResource(shapesAt, s.tree)).To(Succeed())
	return s
}

// operation finds the path of the description that the path of a request is
// one of, "" when there is none.
func (s *shapes) operation(method, path string) string {
	found := ""
	for template, item := range s.tree["paths"].(map[string]any) {
		pattern := regexp.MustCompile("^" + regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(template, "[^/]+") + "$")
		if _, served := item.(map[string]any)[strings.ToLower(method)]; served && pattern.MatchString(path) && (found == "" || !strings.Contains(template, "{")) {
			found = template
		}
	}
	return found
}

// check expects the answer to be one that the description allows.
func (s *shapes) check(method, path string, a answer) {
	GinkgoHelper()
	schema := "#/components/schemas/Problem"
	if template := s.operation(method, path); template != "" {
		escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(template)
		responses := s.tree["paths"].(map[string]any)[template].(map[string]any)[strings.ToLower(method)].(map[string]any)["responses"].(map[string]any)
		code := fmt.Sprint(a.status)
		response, listed := responses[code].(map[string]any)
		if !listed {
			Expect(a.status).To(BeNumerically(">=", 400), "%s %s answers %d, which is not described", method, path, a.status)
		} else {
			content, _ := response["content"].(map[string]any)
			if content == nil {
				Expect(a.raw).To(BeEmpty())
				return
			}
			if content["application/json"] == nil {
				return
			}
			schema = "#/paths/" + escaped + "/" + strings.ToLower(method) + "/responses/" + code + "/content/application~1json/schema"
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	compiled, err := s.compiler.Compile(shapesAt + schema)
	Expect(err).NotTo(HaveOccurred())
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.raw))
	Expect(err).NotTo(HaveOccurred(), string(a.raw))
	Expect(compiled.Validate(value)).To(Succeed(), "%s %s: %s", method, path, a.raw)
}
