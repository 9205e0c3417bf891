package outbound_test

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("the builder", func() {
	var builder *outbound.Builder

	BeforeEach(func() { builder = outbound.NewBuilder(shared.contract) })

	subject := func(tokenType string) outbound.Subject {
		t, pan, next := sampleToken(tokenType), samplePAN(panReference, number), samplePAN(newPANReference, replacement)
		requestor, ok := shared.fixtures.TokenRequestor(requestorID)
		Expect(ok).To(BeTrue())
		return outbound.Subject{Issuer: vault.Issuer{Name: bank}, Token: &t, PAN: &pan, Replacement: &next, Requestor: &requestor,
			Tokens: map[token.Status]int{"ACTIVE": 2, "SUSPENDED": 1}}
	}

	// build makes the call for the occasion and lets the contract judge it at
	// every level.
	build := func(operation, tokenType string, occasion outbound.Facts) *outbound.Call {
		GinkgoHelper()
		s := subject(tokenType)
		sample, err := builder.Sample(operation, s, "seed", noon)
		Expect(err).NotTo(HaveOccurred())
		sample["cardholderInfo"] = outbound.SampleCardholder("123")
		for name, value := range occasion {
			sample[name] = value
		}
		s.Given = sample
		call, err := builder.Build(operation, outbound.FactsOf(s, noon), nil)
		Expect(err).NotTo(HaveOccurred())
		violations, err := builder.Violations(call)
		Expect(err).NotTo(HaveOccurred())
		Expect(violations).To(BeEmpty())
		return call
	}

	types := []string{"SECURE_ELEMENT", "HCE", "CARD_ON_FILE", "ECOMMERCE", "QRC"}
	payloads := map[string]string{
		"checkEligibility": "p.141-142", "approveProvisioning": "p.117-126", "approveProvisioningStandIn": "p.131-135", "tokenCreateNotification": "p.192-198",
		"retrieveStepUpMethods": "p.160-173", "sendPasscode": "p.181-189", "deviceTokenBinding": "p.150-154", "tokenNotification": "p.202-209",
		"panUpdateNotification": "p.175-179", "cardMetadataUpdateNotification": "p.138-139", "pushProvisioningStatusNotification": "p.236-237",
	}

	It("is tried with every token type and every outbound operation of the contract (p.49)", func() {
		var outboundOnes []string
		for _, op := range shared.contract.Operations() {
			if op.Direction == contract.Outbound {
				outboundOnes = append(outboundOnes, op.ID)
				Expect(payloads).To(HaveKey(op.ID))
			}
		}
		Expect(payloads).To(HaveLen(len(outboundOnes)))
		op, err := shared.contract.Operation("approveProvisioning")
		Expect(err).NotTo(HaveOccurred())
		for i, known := range op.Field(contract.Request).Member("tokenInfo").Member("tokenType").Enum {
			Expect(types[i]).To(Equal(known))
		}
	})

	for operation, pages := range payloads {
		for _, tokenType := range types {
			It("fills a "+operation+" of a "+tokenType+" token that the contract accepts ("+pages+")", func() {
				if operation == "deviceTokenBinding" && tokenType == "CARD_ON_FILE" {
					// The device is the merchant's customer's, and of no token yet.
					build(operation, tokenType, outbound.Facts{"deviceInfo": outbound.Facts{"deviceID": "0123456789abcdef", "deviceIndex": 1}})
					return
				}
				call := build(operation, tokenType, nil)
				op, err := shared.contract.Operation(operation)
				Expect(err).NotTo(HaveOccurred())
				for name := range op.FixedQuery {
					Expect(call.Query).To(HaveKeyWithValue(name, op.FixedQuery[name][0]))
				}
				for name, value := range call.Path {
					Expect(value).NotTo(Or(BeEmpty(), Equal("<nil>")), name)
				}
			})
		}
	}

	It("leaves no required or known member out of an approval, and gives cardholder, device and risk (p.117-119)", func() {
		call := build("approveProvisioning", "SECURE_ELEMENT", nil)
		Expect(call.Members).To(And(HaveKey("deviceInfo"), HaveKey("tokenInfo"), HaveKey("locale"), HaveKey("cvv2ResultsCode")))
		Expect(call.Sealed["cardholderInfo"]).To(And(HaveKeyWithValue("primaryAccountNumber", number), HaveKeyWithValue("cvv2", "123"), HaveKey("name"), HaveKey("billingAddress")))
		Expect(call.Sealed["riskInformation"]).To(And(HaveKey("visaTokenScore"), HaveKey("deviceIMEI")))
		Expect(call.Members["deviceInfo"].(map[string]any)["deviceID"]).To(MatchRegexp("^[0-9a-f]{48}$"))
		Expect(call.Members["tokenInfo"]).NotTo(HaveKey("token"), "the number is no member of an approval (p.123)")
	})

	It("has no device for a card on file (p.57) and no id of it in notifications of other wallets (p.204)", func() {
		Expect(build("approveProvisioning", "CARD_ON_FILE", nil).Members).NotTo(HaveKey("deviceInfo"))
		Expect(build("tokenNotification", "ECOMMERCE", nil).Members).NotTo(HaveKey("deviceID"))
		Expect(build("tokenNotification", "HCE", nil).Members).To(HaveKey("deviceID"))
	})

	It("sends a token's structure in clear in use cases of the cloud token framework only (p.206)", func() {
		Expect(build("tokenNotification", "SECURE_ELEMENT", nil).Members).NotTo(HaveKey("tokenInfo"))
		Expect(build("tokenNotification", "ECOMMERCE", nil).Members).To(HaveKey("tokenInfo"))
	})

	It("carries the device members that an operation lists, and no others (p.162, 182)", func() {
		device := func(operation string) map[string]any {
			return build(operation, "SECURE_ELEMENT", nil).Members["deviceInfo"].(map[string]any)
		}
		Expect(device("retrieveStepUpMethods")).To(And(HaveLen(5), HaveKey("deviceIndex"), HaveKey("deviceName")))
		Expect(device("sendPasscode")).To(And(HaveLen(4), HaveKey("deviceNumber")))
		Expect(len(device("approveProvisioning"))).To(BeNumerically(">", 10))
	})

	It("makes a good notification for every messageReasonCode, with its conditional members (p.203-205)", func() {
		reasons := builder.Values("tokenNotification", "messageReasonCode")
		Expect(reasons).To(HaveLen(14))
		for _, reason := range reasons {
			for _, tokenType := range types {
				if strings.Contains(reason, "DEVICE_BINDING") && tokenType == "CARD_ON_FILE" {
					continue // there is no device of its own to name
				}
				call := build("tokenNotification", tokenType, builder.Reason("tokenNotification", reason))
				Expect(call.Members).To(HaveKeyWithValue("messageReasonCode", reason))
			}
		}
		Expect(builder.Reason("tokenNotification", "OTP_VERIFICATION_RESULT")).To(HaveKeyWithValue("activationVerificationResult", "VERIFICATION_SUCCESS"))
		Expect(builder.Reason("tokenNotification", "TOKEN_DEVICE_BINDING_RESULT")).To(HaveKeyWithValue("deviceBindingResult", "DEVICE_BINDING_APPROVED"))
		Expect(builder.Reason("tokenNotification", "TOKEN_SUSPEND")).To(HaveLen(1))
	})

	DescribeTable("takes every value of", func(member, operation string, least int) {
		values := builder.Values(operation, member)
		Expect(len(values)).To(BeNumerically(">=", least))
		for _, value := range values {
			Expect(build(operation, "SECURE_ELEMENT", outbound.Facts{member: value}).Members).To(HaveKeyWithValue(member, value))
		}
	},
		Entry("panSource at the eligibility check (p.142)", "panSource", "checkEligibility", 6),
		Entry("panSource at the approval (p.118)", "panSource", "approveProvisioning", 6),
		Entry("panSource at a stand-in (p.132)", "panSource", "approveProvisioningStandIn", 6),
		Entry("panSource at creation (p.193)", "panSource", "tokenCreateNotification", 6),
		Entry("panSource at step-up (p.161)", "panSource", "retrieveStepUpMethods", 6),
		Entry("stipReasonCode (p.134)", "stipReasonCode", "approveProvisioningStandIn", 12),
		Entry("actionCode of a stand-in (p.134)", "actionCode", "approveProvisioningStandIn", 7),
		Entry("otpReason at step-up (p.161)", "otpReason", "retrieveStepUpMethods", 6),
		Entry("otpReason at a passcode (p.182)", "otpReason", "sendPasscode", 4),
	)

	It("overrides members by name, in the body, the sealed payload, the path and the query, and takes them out", func() {
		s := subject("SECURE_ELEMENT")
		s.Given, _ = builder.Sample("approveProvisioning", s, "seed", noon)
		call, err := builder.Build("approveProvisioning", outbound.FactsOf(s, noon), map[string]any{"locale": nil, "panSource": "ON_FILE",
			"primaryAccountNumber": "1", "tokenInfo.tokenType": "HCE", "tokenReferenceID": "x"})
		Expect(err).NotTo(HaveOccurred())
		Expect(call.Members).NotTo(HaveKey("locale"))
		Expect(call.Members).To(And(HaveKeyWithValue("panSource", "ON_FILE"), HaveKeyWithValue("tokenInfo", HaveKeyWithValue("tokenType", "HCE"))))
		Expect(call.Sealed["cardholderInfo"]).To(HaveKeyWithValue("primaryAccountNumber", "1"))
		Expect(call.Path).To(HaveKeyWithValue("tokenReferenceID", "x"))
		_, err = builder.Build("approveProvisioning", outbound.FactsOf(s, noon), map[string]any{"panSauce": 1})
		Expect(err).To(MatchError(ContainSubstring(`no member "panSauce"`)))
		_, err = builder.Build("tokenInquiry", nil, nil)
		Expect(err).To(MatchError(ContainSubstring("no call from Visa")))
	})

	It("tells of a token that was made from another (p.124-126)", func() {
		s := subject("ECOMMERCE")
		original := sampleToken("SECURE_ELEMENT")
		s.Original, s.Given = &original, nil
		s.Given, _ = builder.Sample("approveProvisioning", s, "seed", noon)
		s.Given["panSource"] = "TOKEN"
		call, err := builder.Build("approveProvisioning", outbound.FactsOf(s, noon), nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(builder.Violations(call)).To(BeEmpty())
		Expect(call.Members["tokenInfo"]).To(And(HaveKeyWithValue("originalTokenType", "SECURE_ELEMENT"), HaveKey("originalTokenRequestorID")))
	})

	It("samples the same for the same seed, and something else for another", func() {
		Expect(outbound.SampleDevice("HCE", "a")).To(Equal(outbound.SampleDevice("HCE", "a")))
		Expect(outbound.SampleDevice("HCE", "a")).NotTo(Equal(outbound.SampleDevice("HCE", "b")))
		Expect(outbound.SampleRisk("HCE", "a")).To(Equal(outbound.SampleRisk("HCE", "a")))
		Expect(outbound.SampleRisk("CARD_ON_FILE", "a")).NotTo(HaveKey("deviceIMEI"))
		Expect(outbound.SampleDevice("CARD_ON_FILE", "a")).To(BeNil())
	})

	It("samples devices in values of the contract (p.57-59)", func() {
		op, err := shared.contract.Operation("approveProvisioning")
		Expect(err).NotTo(HaveOccurred())
		field := op.Field(contract.Request).Member("deviceInfo")
		for _, tokenType := range types {
			for name, value := range outbound.SampleDevice(tokenType, "seed") {
				member := field.Member(name)
				Expect(member).NotTo(BeNil(), name)
				if len(member.Enum) > 0 {
					Expect(slices.Contains(member.Enum, value)).To(BeTrue(), name)
				}
			}
		}
	})

	It("says every fact of a token in the form of the contract, and no time that there is none of (p.50)", func() {
		s := subject("SECURE_ELEMENT")
		s.Token.StatusUpdatedAt, s.Token.ActivatedAt = time.Time{}, time.Time{}
		facts := outbound.FactsOf(s, noon)
		Expect(facts["dateTimeOfEvent"]).To(Equal("2026-06-01T12:00:00.000Z"))
		Expect(facts["tokenInfo"]).NotTo(Or(HaveKey("lastTokenStatusUpdatedTime"), HaveKey("tokenActivationDate")))
		_, err := json.Marshal(facts)
		Expect(err).NotTo(HaveOccurred())
	})
})
