package contract_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
)

const report = "inbound/tokenrequestorreport.yaml"

var _ = Describe("the window of time of a query", func() {
	It("is that of the token requestor report: 60 days back, 14 days wide (p.112)", func() {
		op, err := loaded().Operation("tokenRequestorReport")
		Expect(err).NotTo(HaveOccurred())
		Expect(op.Window).To(Equal(&contract.Window{From: "fromIDAssignedDateTime", To: "toIDAssignedDateTime",
			MaxAge: 60 * 24 * time.Hour, MaxSpan: 14 * 24 * time.Hour, Page: 112, Interpretation: "INT-086"}))
	})

	It("is there for no other operation", func() {
		for _, op := range loaded().Operations() {
			if op.ID != "tokenRequestorReport" {
				Expect(op.Window).To(BeNil(), op.ID)
			}
		}
	})

	DescribeTable("is refused when it is wrong", func(old, replacement string, want ...string) {
		_, err := contract.LoadFS(edited(report, old, replacement))
		Expect(err).To(HaveOccurred())
		for _, part := range want {
			Expect(err.Error()).To(ContainSubstring(part))
		}
	},
		Entry("a key that nobody reads", "maxAgeDays:", "maxAge:", "x-window", `"maxAge"`),
		Entry("a start that is no parameter", "from: fromIDAssignedDateTime", "from: fromDateTime", "x-window/from", "fromDateTime"),
		Entry("an end that is no parameter", "to: toIDAssignedDateTime", "to: pageTo", "x-window/to", "pageTo"),
		Entry("a width of nothing", "maxSpanDays: 14", "maxSpanDays: 0", "x-window/maxSpanDays"),
		Entry("no bound to the past", "maxAgeDays: 60, ", "", "x-window", "maxAgeDays"),
		Entry("a page outside the specification", "page: 112, interpretation", "page: 12, interpretation", "x-window/page"),
		Entry("an interpretation that is not there", "interpretation: INT-086}", "interpretation: INT-986}", "x-window/interpretation", "INT-986"),
	)
})
