package suite_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/suite"
)

// In a test package the two stand at the top level, beside its other specs.
func Example() {
	var _ = suite.Describe("VTS issuer API", suite.Config{File: "issuer.yaml", Profile: "core"})

	TestConformance := func(t *testing.T) { RegisterFailHandler(Fail); RunSpecs(t, "Bank") }

	_ = TestConformance // go test runs it
}
