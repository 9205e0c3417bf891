// Package bank_test is the test package of an issuer. The tests of package
// suite compile and run it.
package bank_test

import (
	"os"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/suite"
)

var _ = suite.Describe("VTS issuer API", suite.Config{File: os.Getenv("BANK_FILE"), Profile: os.Getenv("BANK_PROFILE"), Filter: os.Getenv("BANK_FILTER"),
	Listen: "127.0.0.1:0", KnownFailures: os.Getenv("BANK_KNOWN"), Out: os.Getenv("BANK_OUT")}, Label("certification"))

var _ = It("has specs of its own", func() { Expect(true).To(BeTrue()) })

func TestConformance(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Bank")
}
