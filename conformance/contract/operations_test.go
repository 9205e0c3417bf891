package contract_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
)

var _ = Describe("the operations", func() {
	It("are the eight that issuers call and the eleven that Visa calls", func() {
		ids := map[contract.Direction][]string{}
		for _, op := range loaded().Operations() {
			ids[op.Direction] = append(ids[op.Direction], op.ID)
		}
		Expect(ids[contract.Inbound]).To(ConsistOf("panLifecycle", "tokenInquiry", "tokenInquiryByPAN", "tokenLifecycle",
			"retrieveNHPPParticipants", "updateCardMetadata", "tokenRequestorReport", "pushCardEnrollmentToWallet"))
		Expect(ids[contract.Outbound]).To(ConsistOf("approveProvisioning", "approveProvisioningStandIn", "cardMetadataUpdateNotification",
			"checkEligibility", "deviceTokenBinding", "retrieveStepUpMethods", "panUpdateNotification", "sendPasscode",
			"tokenCreateNotification", "tokenNotification", "pushProvisioningStatusNotification"))
	})

	DescribeTable("have the budgets of p.247", func(id string, want time.Duration) {
		Expect(loaded().Budget(id)).To(Equal(want))
	},
		Entry(nil, "approveProvisioning", 1500*time.Millisecond),
		Entry(nil, "deviceTokenBinding", 1500*time.Millisecond),
		Entry(nil, "checkEligibility", 2500*time.Millisecond),
		Entry(nil, "retrieveStepUpMethods", 2500*time.Millisecond),
		Entry(nil, "sendPasscode", 2500*time.Millisecond),
		Entry("none is given", "tokenNotification", time.Duration(0)),
	)

	DescribeTable("have whole names where the text wraps them", func(id string, part contract.Part, path ...string) {
		op, err := loaded().Operation(id)
		Expect(err).NotTo(HaveOccurred())
		field := op.Field(part)
		for _, name := range path {
			field = field.Member(name)
			Expect(field).NotTo(BeNil(), name)
		}
	},
		Entry(nil, "approveProvisioning", contract.SealedRequest, "riskInformation", "walletProviderRiskAssessmentVersion"),
		Entry(nil, "approveProvisioning", contract.SealedRequest, "riskInformation", "provisioningAttemptsOnDeviceIn24Hours"),
		Entry(nil, "approveProvisioning", contract.SealedRequest, "riskInformation", "daysSinceConsumerDataLastAccountChange"),
		Entry(nil, "approveProvisioning", contract.SealedRequest, "riskInformation", "numberOfTransactionsInLast12months"),
		Entry(nil, "approveProvisioning", contract.SealedRequest, "riskInformation", "activeTokensOnAllDeviceForAccount"),
		Entry(nil, "approveProvisioning", contract.Response, "issuerDiscretionaryData", "issuerApplicationDiscretionaryData"),
		Entry(nil, "tokenInquiry", contract.Response, "issuerDiscretionaryData", "issuerApplicationDiscretionaryData"),
		Entry(nil, "tokenRequestorReport", contract.Response, "maxTokenRequestorIDAssignedDateTime"),
	)

	DescribeTable("answer a violation with the code of their own table", func(id string, part contract.Part, payload, code string, status int) {
		found := validate(id, part, payload)
		Expect(found).NotTo(BeEmpty())
		row := loaded().ErrorFor(id, found[0])
		Expect(row.Reason()).To(Equal(code))
		Expect(row.HTTP).To(Equal(status))
	},
		Entry("missing (p.94)", "tokenLifecycle", contract.Request, `{"operationType":"SUSPEND"}`, "VSE40001", 400),
		Entry("wrong value (p.94)", "tokenLifecycle", contract.Request, `{"operationType":"X","operationReason":"y"}`, "VSE40000", 400),
		Entry("missing where the table has no such code (p.221, INT-093)", "pushCardEnrollmentToWallet", contract.Request, `{}`, "VSE40000", 400),
		Entry("an operation with standard errors only (p.114)", "tokenRequestorReport", contract.Query, `{}`, "invalidParameter", 400),
		Entry("request-level error of a code printed with 200 too (p.108, INT-080)", "updateCardMetadata", contract.Request,
			`{"panReferenceID":"V-1","operationReason":5,"cardMetadataInfo":{}}`, "VSE40000", 400),
		Entry("missing on the issuer's side (p.128)", "approveProvisioning", contract.Request, `{}`, "ISE40000", 200),
		Entry("over length on the issuer's side (p.128)", "approveProvisioning", contract.Path,
			`{"tokenRequestorID":"400100629411","tokenReferenceID":"DNITHE1"}`, "ISE40005", 200),
	)

	It("have a code for every row that the simulator needs by trigger", func() {
		c := loaded()
		Expect(c.ErrorOn("tokenLifecycle", contract.TriggerStateExists).Code).To(Equal("VSE40002"))
		Expect(c.ErrorOn("tokenLifecycle", contract.TriggerStateRefused).Code).To(Equal("VSE40011"))
		Expect(c.ErrorOn("tokenInquiry", contract.TriggerTokenNotFound).Code).To(Equal("VSE40003"))
		Expect(c.ErrorOn("panLifecycle", contract.TriggerReplacementPAN).Code).To(Equal("VSE40006"))
		for _, op := range c.Operations() {
			if op.Direction != contract.Inbound || len(op.Errors) == 0 {
				continue
			}
			Expect(c.ErrorOn(op.ID, contract.TriggerCrypto).Code).To(Equal("VSE40010"), op.ID)
			Expect(c.ErrorOn(op.ID, contract.TriggerInternal).HTTP).To(Equal(500), op.ID)
		}
		partial, ok := c.PartialErrorOn("updateCardMetadata", contract.TriggerTokenNotFound)
		Expect(ok).To(BeTrue())
		Expect(partial.Code).To(Equal("VSE40003"))
	})

	It("say which error code belongs to which action code (p.128)", func() {
		op, err := loaded().Operation("approveProvisioning")
		Expect(err).NotTo(HaveOccurred())
		Expect(op.Allows("ISE40106", "N7")).To(BeTrue())
		Expect(op.Allows("ISE40106", "05")).To(BeFalse())
		Expect(op.Allows("ISE40300", "05")).To(BeFalse())
	})
})

var _ = Describe("the rules", func() {
	It("have unique ids, a page, a title and a party", func() {
		seen := map[string]bool{}
		for _, rule := range loaded().Rules() {
			Expect(seen).NotTo(HaveKey(rule.ID))
			seen[rule.ID] = true
			Expect(rule.Page).To(BeNumerically(">=", 14), rule.ID)
			Expect(rule.Title).NotTo(BeEmpty(), rule.ID)
			Expect(rule.Party).To(BeElementOf(contract.Issuer, contract.Visa), rule.ID)
			Expect(rule.Level).To(BeElementOf(contract.Must, contract.Should, contract.Info), rule.ID)
		}
	})

	It("belong to who fills in the part", func() {
		c := loaded()
		for id, party := range map[string]contract.Party{
			"approveProvisioning/response/actionCode#enum":                                         contract.Issuer,
			"approveProvisioning/request/panReferenceID#required":                                  contract.Visa,
			"tokenLifecycle/request/operationType#enum":                                            contract.Issuer,
			"tokenInquiryByPAN/response/tokenDetails#maxItems":                                     contract.Visa,
			"tokenInquiry/response/encryptedData/tokenInfo#type":                                   contract.Visa,
			"tokenInquiryByPAN/request/encryptedData/cardholderInfo/primaryAccountNumber#required": contract.Issuer,
			"pushData/document/provider#required":                                                  contract.Issuer,
			"pushResults/document/enrollments#maxItems":                                            contract.Visa,
		} {
			rule, err := c.Rule(id)
			Expect(err).NotTo(HaveOccurred())
			Expect(rule.Party).To(Equal(party), id)
		}
	})

	It("are named by a near miss", func() {
		_, err := loaded().Rule("tokenLifecycle/request/operationTyp#enum")
		Expect(err).To(MatchError(ContainSubstring("did you mean tokenLifecycle/request/operationType#enum?")))
	})

	It("add up", func() {
		counts := loaded().Counts()
		total := counts[len(counts)-1]
		Expect(total.Total).To(Equal(len(loaded().Rules())))
		Expect(total.Must + total.Should + total.Info).To(Equal(total.Total))
		Expect(total.Issuer + total.Visa).To(Equal(total.Total))
	})
})

var _ = It("UnusedCode has the form of the one given and stands in no table", func() {
	c := loaded()
	code := c.UnusedCode("VSE40001")
	Expect(code).To(MatchRegexp(`^VSE4[0-9]{4}$`))
	Expect(c.ErrorUses(code)).To(BeEmpty())
	Expect(c.UnusedCode("nonsense")).To(BeEmpty())
})
