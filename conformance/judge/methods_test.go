package judge_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// offer is an answer of retrieveStepUpMethods to a call with these members.
func offer(members map[string]any, body string) *outbound.Exchange {
	all := map[string]any{"otpReason": "PROVISIONING", "tokenReferenceID": "t"}
	for name, value := range members {
		all[name] = value
	}
	return exchangeOf(stepUp, all, map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": pan}}, &outbound.Received{Status: 200, Body: []byte(body)})
}

func send(identifier, body string) *outbound.Exchange {
	return exchangeOf(passcode, map[string]any{"otpValue": otp, "tokenReferenceID": "t", "otpMethodIdentifier": identifier},
		map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": pan}}, &outbound.Received{Status: 200, Body: []byte(body)})
}

var _ = Describe("Step-up methods", func() {
	const at = stepUp + "/response/stepUpMethods"
	rules := func(choices map[string]string, all ...*outbound.Exchange) []string {
		trial := theWorld().judge.Begin(choices)
		found := []string{}
		for i, x := range all {
			found = append(found, rulesOf(trial.Exchange(i+1, x, judge.Want{}))...)
		}
		return append(found, rulesOf(trial.End())...)
	}

	DescribeTable("of consumers are masked by at least half (INT-110):", func(kind, value string, masked bool) {
		found := rules(nil, offer(nil, methodsAnswer(methodOf(kind, value, "1"))))
		if masked {
			Expect(found).To(BeEmpty())
		} else {
			Expect(found).To(Equal([]string{at + "/*/value#consumer-masked"}))
		}
	},
		Entry("half of the digits", "OTPSMS", "****-5045", true),
		Entry("one digit more", "OTPSMS", "***-45045", false),
		Entry("none", "OTPSMS", "+1 202 555 5045", false),
		Entry("the last four alone", "OUTBOUNDCALL", "5045", true),
		Entry("the last five alone", "OUTBOUNDCALL", "55045", false),
		Entry("an extension is no mask", "OUTBOUNDCALL", "202 555 5045 x12", false),
		Entry("half of the box", "OTPEMAIL", "ab**@bank.example", true),
		Entry("less than half of it", "OTPEMAIL", "abc**@bank.example", false),
		Entry("a box in full", "OTPEMAIL", "ada.x@bank.example", false),
		Entry("a digit in the domain says nothing", "OTPEMAIL", "a***@bank24.example", true),
		Entry("words", "OTPSMS", "my telephone", true),
	)

	DescribeTable("of call centers are given in full:", func(value string, rule ...string) {
		Expect(rules(nil, offer(nil, methodsAnswer(methodOf("CUSTOMERSERVICE", value, "1"))))).To(HaveExactElements(rule))
	},
		Entry("in full", "1-800-555-5555"), Entry("with a key", "*611"), Entry("with letters", "1-800-EXXON"),
		Entry("masked", "1-800-***-5555", at+"/*/value#call-center-unmasked"))

	DescribeTable("have identifiers that give nothing away:", func(value, identifier string, rule ...string) {
		Expect(rules(nil, offer(nil, methodsAnswer(methodOf("CUSTOMERSERVICE", value, identifier))))).To(HaveExactElements(rule))
	},
		Entry("a hash", "1-800-555-5555", "45b0c1d2e3f405060708090a0b0c0d0e"), Entry("a number of its own", "1-800-555-5555", "4711"),
		Entry("the value", "1-800-555-5555", "1-800-555-5555", at+"/*/identifier#opaque"),
		Entry("its digits", "1-800-555-5555", "tel:18005555555", at+"/*/identifier#opaque"),
		Entry("an address", "1-800-555-5555", "ada@bank.example", at+"/*/identifier#opaque"))

	sms, email := methodOf("OTPSMS", "****-5045", "1"), methodOf("OTPEMAIL", "ip****@gmail.com", "2")
	DescribeTable("keep their identifiers from answer to answer:", func(second string, rule ...string) {
		Expect(rules(nil, offer(nil, methodsAnswer(sms, email)), offer(nil, second))).To(HaveExactElements(rule))
	},
		Entry("all the same, in another order", methodsAnswer(email, sms)),
		Entry("one is gone", methodsAnswer(email)),
		Entry("one is new", methodsAnswer(sms, email, methodOf("APP_TO_APP", "App", "3"))),
		Entry("a second one that looks alike", methodsAnswer(sms, methodOf("OTPSMS", "****-5045", "9"), email)),
		Entry("another identifier", methodsAnswer(methodOf("OTPSMS", "****-5045", "9"), email), at+"/*/identifier#stable"),
		Entry("exchanged", methodsAnswer(methodOf("OTPSMS", "****-5045", "2"), methodOf("OTPEMAIL", "ip****@gmail.com", "1")), at+"/*/identifier#stable"),
		Entry("one of another method", methodsAnswer(methodOf("OUTBOUNDCALL", "****-5045", "1")), at+"/*/identifier#stable"),
	)

	It("may have other identifiers for another token", func() {
		Expect(rules(nil, offer(nil, methodsAnswer(sms)), offer(map[string]any{"tokenReferenceID": "u"}, methodsAnswer(methodOf("OTPSMS", "****-5045", "9"))))).To(BeEmpty())
	})

	It("are remembered over an answer without them", func() {
		Expect(rules(nil, offer(nil, methodsAnswer(sms, email)), offer(nil, methodsAnswer(email)), offer(nil, methodsAnswer(methodOf("OTPSMS", "****-5045", "9"))))).
			To(Equal([]string{at + "/*/identifier#stable"}))
	})

	It("are accepted by sendPasscode", func() {
		unknown := theWorld().spec.ErrorOn(passcode, contract.TriggerMethodUnknown).Code
		refusal := `{"errorCode":"` + unknown + `"}`
		Expect(rules(nil, offer(nil, methodsAnswer(sms)), send("1", refusal))).To(Equal([]string{at + "/*/identifier#accepted-by-sendPasscode"}))
		Expect(rules(nil, offer(nil, methodsAnswer(sms)), send("7", refusal))).To(Equal([]string{passcode + "/response#accepted"}))
		Expect(rules(nil, offer(nil, methodsAnswer(sms)), send("1", ``))).To(BeEmpty())
	})

	DescribeTable("are restricted (INT-140), as a should where the issuer's profile chooses it:", func(members map[string]any, body, rule string) {
		for choice, outcome := range map[string]judge.Outcome{"": judge.Failed, "stepUpRestrictionsAsShould": judge.Warned} {
			ruling := theWorld().judge.Begin(map[string]string{"INT-140": choice}).Exchange(1, offer(members, body), judge.Want{})
			Expect(rulesOf(ruling)).To(Equal([]string{at + rule}))
			Expect(ruling.Findings[0].Outcome).To(Equal(outcome))
			Expect(ruling.Findings[0].Interpretation).To(Equal("INT-140"))
		}
	},
		Entry("the banking app", map[string]any{"panSource": "MOBILE_BANKING_APP"}, methodsAnswer(methodOf("APP_TO_APP", "App", "1")), "#no-app-to-app-from-banking-app"),
		Entry("the limit of passcodes", map[string]any{"otpMaxReached": true}, methodsAnswer(sms, email), "#no-passcode-methods-past-limit"))

	DescribeTable("come with a decision for three reasons only (INT-111):", func(reason string, rule ...string) {
		Expect(rules(nil, offer(map[string]any{"otpReason": reason}, `{"responseCode":"APPROVED"}`))).To(HaveExactElements(rule))
	},
		Entry(nil, "TOKEN_DEVICE_BINDING"), Entry(nil, "CARDHOLDER_STEPUP"), Entry(nil, "TRUSTED_LISTING_ENROLLMENT"),
		Entry(nil, "PROVISIONING", stepUp+"/response/responseCode#only-for-binding-reasons"),
		Entry(nil, "PAYMENT", stepUp+"/response/responseCode#only-for-binding-reasons"))

	It("are named as the contract names them", func() {
		op, err := theWorld().spec.Operation(stepUp)
		Expect(err).NotTo(HaveOccurred())
		response, request := op.Field(contract.Response), op.Field(contract.Request)
		Expect(response.Member("stepUpMethods").Items.Member("type").Enum).To(ConsistOf("OTPSMS", "OTPEMAIL", "OUTBOUNDCALL", "APP_TO_APP", "CUSTOMERSERVICE"))
		Expect(response.Member("responseCode").Enum).To(ContainElement("DECLINED"))
		Expect(request.Member("panSource").Enum).To(ContainElement("MOBILE_BANKING_APP"))
		Expect(request.Member("otpReason").Enum).To(ContainElements("TOKEN_DEVICE_BINDING", "CARDHOLDER_STEPUP", "TRUSTED_LISTING_ENROLLMENT"))
	})
})
