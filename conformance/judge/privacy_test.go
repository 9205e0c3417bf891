package judge_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// What the calls of these tests send in confidence.
const pan, cvv2, otp = "4000000010000018", "739", "918273"

func holding(answer string, headers map[string][]string) *outbound.Exchange {
	return exchangeOf(passcode, map[string]any{"otpValue": otp, "tokenReferenceID": "t"},
		map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": pan}}, &outbound.Received{Status: 200, Headers: headers, Body: []byte(answer)})
}

var _ = Describe("What a call said in confidence", func() {
	const noPAN, noCVV2, noOTP = "outbound/response#no-pan", "outbound/response#no-cvv2", "outbound/response#no-passcode"
	// The case sent a CVV2 with an earlier call.
	rules := func(x *outbound.Exchange) []string {
		GinkgoHelper()
		trial := theWorld().judge.Begin(nil)
		trial.Exchange(1, exchangeOf(approve, nil, map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": pan, "cvv2": cvv2}},
			&outbound.Received{Status: 200, Body: []byte(`{"actionCode":"00"}`)}), judge.Want{Open: true})
		ruling := trial.Exchange(2, x, judge.Want{Open: true})
		for _, f := range ruling.Findings {
			Expect(f.Message + f.Actual + f.Expected + f.Location).NotTo(SatisfyAny(ContainSubstring(pan), ContainSubstring(otp), ContainSubstring(cvv2)))
		}
		return rulesOf(ruling)
	}

	DescribeTable("is found in a body:", func(body, rule string) {
		Expect(rules(holding(body, nil))).To(ContainElement(rule))
	},
		Entry("as a string", `{"errorCode":"ISE40504","a":"`+pan+`"}`, noPAN),
		Entry("as a number", `{"a":4000000010000018}`, noPAN),
		Entry("as a number with an exponent", `{"a":4.000000010000018e15}`, noPAN),
		Entry("escaped", `{"a":"\u0034000000010000018"}`, noPAN),
		Entry("grouped by blanks", `{"a":"4000 0000 1000 0018"}`, noPAN),
		Entry("grouped by hyphens in a longer text", `{"a":["card 4000-0000-1000-0018 is unknown"]}`, noPAN),
		Entry("inside a track", `{"a":";4000000010000018=2512"}`, noPAN),
		Entry("as a name", `{"4000000010000018":true}`, noPAN),
		Entry("in what is no JSON", `<b>4000000010000018</b>`, noPAN),
		Entry("as the CVV2 of a member", `{"cvv2":"739"}`, noCVV2),
		Entry("as a CVV2 under any name", `{"x":{"given":"739"}}`, noCVV2),
		Entry("as a CVV2 in words", `{"message":"CVV2 739 is wrong"}`, noCVV2),
		Entry("as a number called cvv2", `{"cvv2":739}`, noCVV2),
		Entry("as a passcode", `{"errorResponse":{"message":"OTP 918273 refused"}}`, noOTP),
		Entry("as a passcode and a number", `{"a":918273}`, noOTP),
		Entry("as a passcode in two halves", `{"a":"918 273"}`, noOTP),
	)

	It("is found in a header", func() {
		Expect(rules(holding(``, map[string][]string{"X-Card": {pan}}))).To(ContainElement(noPAN))
	})

	DescribeTable("is not found where it is not:", func(body string) {
		Expect(rules(holding(body, map[string][]string{"Date": {"Sun, 01 Nov 2026 12:00:00 GMT"}, "X-RESPONSE-ID": {"request-1"}}))).NotTo(ContainElement(ContainSubstring("#no-")))
	},
		Entry("first six and last four", `{"a":"400000******0018"}`),
		Entry("the last four", `{"a":"0018"}`),
		Entry("another number of the same length", `{"a":"4000000010000026"}`),
		Entry("a number of three digits", `{"status":739,"id":"a739b","color":"rgb(739,1,1)"}`),
		Entry("a longer identifier with the digits of the passcode", `{"id":"5918273a","n":19182734}`),
	)
})
