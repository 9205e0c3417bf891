package suite_test

import (
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
)

var _ = Describe("an issuer's test package", func() {
	It("is green for a conformant issuer", func(ctx SpecContext) {
		o := tested(ctx, settings{endpoint: issuerWith(ctx), profile: conformance.ProfileCore})
		GinkgoWriter.Println(o.text)
		Expect(o.green).To(BeTrue())
	})
})

var _ = os.Stderr
var _ = filepath.Join
