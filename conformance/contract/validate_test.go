package contract_test

import (
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
)

func loaded() *contract.Contract {
	GinkgoHelper()
	c, err := contract.Load()
	Expect(err).NotTo(HaveOccurred())
	return c
}

func validate(operation string, part contract.Part, payload string) []contract.Violation {
	GinkgoHelper()
	value, err := contract.Decode([]byte(payload))
	Expect(err).NotTo(HaveOccurred())
	violations, err := loaded().Validate(operation, part, value)
	Expect(err).NotTo(HaveOccurred())
	return violations
}

func rules(violations []contract.Violation) []string {
	ids := []string{}
	for _, v := range violations {
		ids = append(ids, v.Rule)
	}
	return ids
}

const suspend = `{"operationType":"SUSPEND","operationReason":"lost device"}`

var _ = Describe("Validate", func() {
	It("accepts a right payload", func() {
		Expect(validate("tokenLifecycle", contract.Request, suspend)).To(BeEmpty())
	})

	It("names every violation with rule, pointer, page, expectation and what came", func() {
		found := validate("tokenLifecycle", contract.Request, `{"operationType":"EXPLODE","operatorID":"12345678901234567"}`)
		Expect(rules(found)).To(ConsistOf(
			"tokenLifecycle/request/operationType#enum",
			"tokenLifecycle/request/operatorID#maxLength",
			"tokenLifecycle/request/operationReason#required"))
		for _, v := range found {
			Expect(v.Page).To(Equal(90), v.Rule)
			Expect(v.Level).To(Equal(contract.Must))
			Expect(v.Message).To(ContainSubstring(v.Path()))
			if v.Keyword == "enum" {
				Expect(v.Location).To(Equal("/operationType"))
				Expect(v.Expected).To(ContainSubstring("SUSPEND"))
				Expect(v.Got).To(Equal(`"EXPLODE"`))
				Expect(v.Kind).To(Equal(contract.KindValue))
			}
		}
	})

	It("tolerates unknown members (p.24-25)", func() {
		Expect(validate("tokenLifecycle", contract.Request, `{"operationType":"SUSPEND","operationReason":"x","newMember":{"a":[1]}}`)).To(BeEmpty())
	})

	DescribeTable("counts null and empty members as absent (INT-122, INT-125)", func(payload string, want ...string) {
		Expect(rules(validate("tokenLifecycle", contract.Request, payload))).To(ConsistOf(want))
	},
		Entry("null in an optional member", `{"operationType":"SUSPEND","operationReason":"x","operatorID":null,"deviceInfo":null}`),
		Entry("empty optional member", `{"operationType":"SUSPEND","operationReason":"x","operatorID":""}`),
		Entry("null deep inside", `{"operationType":"TOKEN_DEVICE_BINDING_APPROVE","operationReason":"x","deviceInfo":{"deviceID":"a","deviceIndex":1,"deviceName":null,"osType":""}}`),
		Entry("null in a required member", `{"operationType":"SUSPEND","operationReason":null}`, "tokenLifecycle/request/operationReason#required"),
		Entry("empty required member", `{"operationType":"SUSPEND","operationReason":""}`, "tokenLifecycle/request/operationReason#required"),
	)

	It("checks a condition between members and points at the member it is about (p.91)", func() {
		found := validate("tokenLifecycle", contract.Request, `{"operationType":"CALL_CENTER_ACTIVATION","operationReason":"x"}`)
		Expect(rules(found)).To(ConsistOf("tokenLifecycle/request/activationCode#required-with-call-center-activation"))
		Expect(found[0].Page).To(Equal(91))
		Expect(found[0].Kind).To(Equal(contract.KindRequired))
		Expect(found[0].Location).To(Equal("/activationCode"))
	})

	It("writes array indexes as * in rule ids and as numbers in locations (p.171)", func() {
		found := validate("retrieveStepUpMethods", contract.Response,
			`{"stepUpMethods":[{"type":"OTPSMS","value":"****-5045","identifier":"a"},{"type":"OTPSMS","value":"****-5046","identifier":"`+strings.Repeat("b", 33)+`"}]}`)
		Expect(rules(found)).To(ConsistOf("retrieveStepUpMethods/response/stepUpMethods/*/identifier#maxLength"))
		Expect(found[0].Location).To(Equal("/stepUpMethods/1/identifier"))
		Expect(found[0].Page).To(Equal(171))
	})

	It("never repeats a PAN, whatever member it stands in", func() {
		for _, pan := range []string{"4111111111111111", "4111 1111 1111 1111"} {
			for _, v := range validate("tokenLifecycle", contract.Request, `{"operationType":"`+pan+`","operationReason":"x","operatorID":"`+pan+`0"}`) {
				Expect(v.Message + v.Got).NotTo(ContainSubstring(pan))
			}
			for _, v := range validate("checkEligibility", contract.SealedRequest, `{"cardholderInfo":{"primaryAccountNumber":"`+pan+`/"}}`) {
				Expect(v.Message + v.Got).NotTo(ContainSubstring(pan))
			}
		}
	})

	It("does not change the payload that it is given", func() {
		value, err := contract.Decode([]byte(`{"operationType":"SUSPEND","operationReason":"x","operatorID":null,"deviceInfo":{"deviceID":""}}`))
		Expect(err).NotTo(HaveOccurred())
		before, _ := contract.Decode([]byte(`{"operationType":"SUSPEND","operationReason":"x","operatorID":null,"deviceInfo":{"deviceID":""}}`))
		_, err = loaded().Validate("tokenLifecycle", contract.Request, value)
		Expect(err).NotTo(HaveOccurred())
		Expect(value).To(Equal(before))
	})

	DescribeTable("takes any JSON value without panic", func(payload string) {
		Expect(validate("tokenLifecycle", contract.Request, payload)).NotTo(BeEmpty())
	}, Entry("null", `null`), Entry("number", `1e400`), Entry("array", `[{}]`), Entry("string", `"x"`),
		Entry("array for an object", `{"operationType":["SUSPEND"],"operationReason":{},"deviceInfo":[1,null]}`))

	It("says which operations and parts there are when asked for others", func() {
		_, err := loaded().Validate("tokenLifcycle", contract.Request, nil)
		Expect(err).To(MatchError(ContainSubstring("did you mean tokenLifecycle?")))
		_, err = loaded().Validate("tokenLifecycle", contract.Response, nil)
		Expect(err).To(MatchError(ContainSubstring(`no part "response"`)))
	})

	It("is safe for concurrent use", func() {
		c := loaded()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				defer GinkgoRecover()
				value, err := contract.Decode([]byte(`{"operationType":"SUSPEND"}`))
				Expect(err).NotTo(HaveOccurred())
				for range 50 {
					found, err := c.Validate("tokenLifecycle", contract.Request, value)
					Expect(err).NotTo(HaveOccurred())
					Expect(found).To(HaveLen(1))
				}
			})
		}
		all.Wait()
	})
})

var _ = DescribeTable("Mask hides what may be a card number", func(text, want string) {
	Expect(contract.Mask(text)).To(Equal(want))
},
	Entry("a PAN", "4111111111111111", "411111******1111"),
	Entry("grouped", "pan 4111-1111-1111-1111.", "pan 4111-11**-****-1111."),
	Entry("a GUID with digits enough", "id 56581249-1065-b632-5e96-b1e4eeff8ca2", "id 56581249-1065-b632-5e96-b1e4eeff8ca2"),
	Entry("a PAN beside a GUID", "4111111111111111 56581249-1065-b632-5e96-b1e4eeff8ca2 4111111111111111", "411111******1111 56581249-1065-b632-5e96-b1e4eeff8ca2 411111******1111"),
	Entry("groups that only begin like a GUID", "56581249-1065-b632", "565812**-1065-b632"),
	Entry("two of them", "4111111111111111,4000000000000002", "411111******1111,400000******0002"),
	Entry("a token reference stays", "DNITHE381919776682001531", "DNITHE381919776682001531"),
	Entry("a PAN reference stays", "V-4200000000000000000090", "V-4200000000000000000090"),
	Entry("short numbers stay", "40010062941", "40010062941"),
)
