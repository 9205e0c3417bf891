package policy_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/policy"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/outbound"
)

type caseOf = scenarios.Case

func answered(operation string, status int, body string) *outbound.Exchange {
	return &outbound.Exchange{Operation: operation, Response: &outbound.Received{Status: status, Body: []byte(body)}}
}

var _ = Describe("An answer is held against the row", func() {
	row := func(path string, methods ...string) *policy.Row {
		return &policy.Row{Policy: keys.Policy{Name: "row", Path: path, StepUpMethods: methods, Line: 7}}
	}

	DescribeTable("by the path that it takes", func(body, path string) {
		for _, wanted := range []string{keys.PathGreen, keys.PathYellow, keys.PathRed} {
			deviation, decided := row(wanted).Judge(answered(keys.PolicyOperation, 200, body))
			Expect(decided).To(BeTrue())
			Expect(deviation == nil).To(Equal(wanted == path), wanted)
			if deviation != nil {
				Expect(deviation.Actual).To(HavePrefix(path))
			}
		}
	},
		Entry("approved", `{"actionCode":"00"}`, keys.PathGreen),
		Entry("approved, with a blank code (INT-122)", `{"actionCode":"00","errorCode":""}`, keys.PathGreen),
		Entry("on condition", `{"actionCode":"85"}`, keys.PathYellow),
		Entry("declined", `{"actionCode":"05"}`, keys.PathRed),
		Entry("declined for a wrong CVV2", `{"actionCode":"N7","errorCode":"any"}`, keys.PathRed),
		Entry("an error code alone", `{"errorCode":"any"}`, keys.PathRed),
		Entry("an approval with an error code approves nothing", `{"actionCode":"00","errorCode":"any"}`, keys.PathRed),
	)

	DescribeTable("and nothing is said of one that decides nothing", func(x *outbound.Exchange) {
		deviation, decided := row(keys.PathRed).Judge(x)
		Expect(decided).To(BeFalse())
		Expect(deviation).To(BeNil())
	},
		Entry("none", nil),
		Entry("no answer", &outbound.Exchange{Failure: &outbound.Failure{}}),
		Entry("an error status", answered(keys.PolicyOperation, 500, `{"actionCode":"05"}`)),
		Entry("no JSON", answered(keys.PolicyOperation, 200, `<html>`)),
		Entry("no object", answered(keys.PolicyOperation, 200, `[]`)),
		Entry("an empty object", answered(keys.PolicyOperation, 200, `{}`)),
		Entry("codes that are no texts", answered(keys.PolicyOperation, 200, `{"actionCode":85}`)),
	)

	It("by the step-up methods that it offers", func() {
		offer := answered("retrieveStepUpMethods", 200, `{"stepUpMethods":[{"type":"OTPSMS"},{"type":"OTPEMAIL"},{},7]}`)
		deviation, decided := row(keys.PathYellow, "OTPEMAIL").Judge(offer)
		Expect(decided).To(BeTrue())
		Expect(deviation).To(BeNil(), "others may be offered beside")
		deviation, _ = row(keys.PathYellow, "OTPSMS", "APP_TO_APP").Judge(offer)
		Expect(deviation.Message).To(Equal(`the policy "row" (line 7 of the profile) says step-up methods OTPSMS, APP_TO_APP, the issuer answered step-up methods OTPSMS, OTPEMAIL, without APP_TO_APP`))
		deviation, _ = row(keys.PathYellow, "OTPSMS").Judge(answered("retrieveStepUpMethods", 200, `{}`))
		Expect(deviation.Actual).To(Equal("no step-up method, without OTPSMS"))
	})

	It("without repeating a card number that came instead of a code", func() {
		deviation, _ := row(keys.PathGreen).Judge(answered(keys.PolicyOperation, 200, `{"actionCode":"4000000010000018"}`))
		Expect(deviation.Actual).NotTo(ContainSubstring("4000000010000018"))
	})
})
