package suite_test

import (
	"bytes"
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/reference"
	"github.com/vtsim/vtsim/conformance/suite"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
)

var _ = Describe("cases that are run one by one", func() {
	It("count once each, and are blamed on none once the issuer fell over", func(ctx SpecContext) {
		setup, err := conformance.NewSetup(conformance.Options{Filter: eligibility, Seed: "7"})
		Expect(err).NotTo(HaveOccurred())
		setup.Directory, err = keys.LoadFS(fixturekeys.TestOnly(), setup.Settings)
		Expect(err).NotTo(HaveOccurred())
		pair, err := reference.Open(ctx, setup, "demo-bank")
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(pair.Session.Close(context.WithoutCancel(ctx))).To(Succeed()) })

		cases := pair.OneByOne()
		one, exchanges := cases.Run(ctx, pair.Planned[0])
		Expect(one.Outcome).To(Equal(conformance.Passed))
		Expect(exchanges).NotTo(BeEmpty())
		again, _ := cases.Run(ctx, pair.Planned[0])
		Expect(again.ID).To(Equal(one.ID))
		Expect(cases.Result().Counts).To(Equal(conformance.Counts{Passed: 1}))
		Expect(cases.Result().Verdict).To(Equal(conformance.Conformant))
		Expect(cases.Down()).To(BeEmpty())

		Expect(pair.Issuer.Close(ctx)).To(Succeed())
		one, _ = cases.Run(ctx, pair.Planned[1])
		Expect(one.Outcome).To(Equal(conformance.Failed))
		Expect(cases.Down()).To(ContainSubstring(one.ID))
		one, exchanges = cases.Run(ctx, pair.Planned[2])
		Expect(one.Outcome).To(Equal(conformance.Broken))
		Expect(one.Reason).To(Equal(cases.Down()))
		Expect(exchanges).To(BeEmpty())
		Expect(cases.Result().Counts).To(Equal(conformance.Counts{Passed: 1, Failed: 1, Broken: 1}))
	})

	It("tell an interrupted one from a broken one", func(ctx SpecContext) {
		setup, err := conformance.NewSetup(conformance.Options{Filter: eligibility, Seed: "7"})
		Expect(err).NotTo(HaveOccurred())
		setup.Directory, err = keys.LoadFS(fixturekeys.TestOnly(), setup.Settings)
		Expect(err).NotTo(HaveOccurred())
		pair, err := reference.Open(ctx, setup, "demo-bank")
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(pair.Close(context.WithoutCancel(ctx))).To(Succeed()) })

		cases := pair.OneByOne()
		cases.Run(ctx, pair.Planned[0])
		ended, cancel := context.WithCancel(ctx)
		cancel()
		one, _ := cases.Run(ended, pair.Planned[1])
		Expect(one.Outcome).To(Equal(conformance.Broken))
		Expect(cases.Result().Interrupted).To(BeTrue())
		Expect(cases.Result().ExitCode()).To(Equal(conformance.ExitInterrupted))
	})
})

var _ = DescribeTable("what the issuer sent is shown as one line that nothing acts on", func(sent, shown string) {
	Expect(suite.Printable(sent)).To(Equal(shown))
},
	Entry("plain text", "ISE, déjà vu", "ISE, déjà vu"),
	Entry("a terminal's colours", "\x1b[31mred", "\ufffd[31mred"),
	Entry("a line of its own", "a\n::error::b", "a\ufffd::error::b"),
	Entry("writing turned around", "a\u202eb", "a\ufffdb"),
	Entry("Ginkgo's colours", "{{red}}{{/}}", "{ {red}}{ {/}}"),
	Entry("no UTF-8", string([]byte{'a', 0xff}), "a\ufffd"),
	Entry("too much", strings.Repeat("a", 4003), string(bytes.Repeat([]byte("a"), 4000))+"… (3 bytes more)"),
)
