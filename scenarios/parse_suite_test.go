package scenarios_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
)

func TestScenarios(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "scenarios")
}

// specification is the contract that is built in.
func specification() *contract.Contract {
	GinkgoHelper()
	c, err := contract.Load()
	Expect(err).NotTo(HaveOccurred())
	return c
}
