package vault_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("participation", func() {
	DescribeTable("is read from the issuer's settings",
		func(settings map[string]any, takesPart bool) {
			Expect(vault.Issuer{Settings: settings}.Serves("tokenNotification")).To(Equal(takesPart))
		},
		Entry("everything without a table", nil, true),
		Entry("what the table has", map[string]any{"participation": map[string]any{"tokenNotification": true}}, true),
		Entry("not what it denies", map[string]any{"participation": map[string]any{"tokenNotification": false}}, false),
		Entry("nor what it leaves out", map[string]any{"participation": map[string]any{}}, false),
		Entry("a table of Go's own", map[string]any{"participation": map[string]bool{"tokenNotification": true}}, true),
	)
})
