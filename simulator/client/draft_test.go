package client_test

import (
	"encoding/json"
	"net/http"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/client"
)

var _ = Describe("a draft", func() {
	var v *visa
	BeforeEach(func() { v = newVisa() })

	// sent are body and sealed payload of the draft as they arrived.
	sent := func(draft *client.Draft) (body, sealed map[string]any) {
		GinkgoHelper()
		v.send(v.client(), draft)
		if len(v.body) > 0 {
			Expect(json.Unmarshal(v.body, &body)).To(Succeed())
		}
		if v.opened != nil {
			Expect(json.Unmarshal(v.opened.Payload, &sealed)).To(Succeed())
		}
		return body, sealed
	}

	It("puts members where the contract has them: path, query and body (p.74, p.90)", func() {
		body, _ := sent(v.draft("tokenLifecycle", "tokenRequestorID=40010075001", "tokenReferenceID=DNITHE1", "operationType=SUSPEND", "operationReason=lost = stolen"))
		Expect(v.request.URL.Path).To(Equal("/vtis/v1/tokenRequestors/40010075001/tokens/DNITHE1/lifecycle"))
		Expect(body).To(Equal(map[string]any{"operationType": "SUSPEND", "operationReason": "lost = stolen"}))
		sent(v.draft("tokenInquiry", "tokenRequestorID=1", "tokenReferenceID=a/b c", "deviceBindingInfo=true"))
		Expect(v.request.Method).To(Equal(http.MethodGet))
		Expect(v.request.URL.EscapedPath()).To(Equal("/vtis/v1/tokenRequestors/1/tokens/a%2Fb%20c/details"))
		Expect(v.request.URL.Query()).To(BeEquivalentTo(map[string][]string{"deviceBindingInfo": {"true"}, "apiKey": {v.issuer().Credentials.APIKey}}))
		Expect(v.body).To(BeEmpty())
	})

	It("seals what the contract seals, found by the end of its path (p.65)", func() {
		body, sealed := sent(v.draft("panLifecycle", "operationType=UPDATE", "operationReason=x", "operationReasonCode=EXP_DATE_UPDATE",
			"cardholderInfo.primaryAccountNumber=4000000010000018", "replaceCardholderInfo.expirationDate.year=2031",
			"group.groupType=LOC", "linkEnrollment.group.1.groupType=VIP1", `customerContactInfo={"action":"Add"}`))
		Expect(body).To(HaveKeyWithValue("operationReasonCode", "EXP_DATE_UPDATE"))
		Expect(body).To(HaveKey("encryptedData"))
		Expect(sealed).To(Equal(map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": "4000000010000018"},
			"replaceCardholderInfo": map[string]any{"expirationDate": map[string]any{"year": "2031"}},
			"accountLevelInfo": map[string]any{"customerContactInfo": map[string]any{"action": "Add"},
				"linkEnrollment": map[string]any{"group": []any{map[string]any{"groupType": "LOC"}, map[string]any{"groupType": "VIP1"}}}}}))
	})

	It("types values as the contract does, and keeps what is of no type as text (p.93, p.105)", func() {
		body, _ := sent(v.draft("updateCardMetadata", "supportsTokenNotifications=true", "supportsFPANNotifications=perhaps", "cardArtRefID=a.png", `associatedStoreIdentifiers=["1","2"]`))
		info := body["cardMetadataInfo"].(map[string]any)
		Expect(info["applicationInfo"]).To(Equal(map[string]any{"supportsTokenNotifications": true, "supportsFPANNotifications": "perhaps", "associatedStoreIdentifiers": []any{"1", "2"}}))
		Expect(info["cardArtData"]).To(Equal(map[string]any{"cardArtRefID": []any{"a.png"}}))
		body, _ = sent(v.draft("tokenLifecycle", "tokenRequestorID=1", "tokenReferenceID=1", "deviceIndex=7"))
		Expect(body["deviceInfo"]).To(HaveKeyWithValue("deviceIndex", BeNumerically("==", 7)))
	})

	It("names the audience and the caller of a push in the envelope (p.41)", func() {
		draft := v.draft("pushCardEnrollmentToWallet", "issuerTraceID=t1")
		draft.Audience = []string{"5f0d2c1e-0000-4000-8000-000000000001"}
		sent(draft)
		Expect(v.opened.JWE.Issuer).To(Equal(v.issuer().Credentials.ClientID))
		Expect(v.opened.JWE.Audience).To(Equal(draft.Audience))
	})

	It("sends a loaded body byte for byte, right or wrong, and puts members into one that is right", func() {
		draft := v.draft("tokenLifecycle", "tokenRequestorID=1", "tokenReferenceID=1")
		draft.LoadBody([]byte(`{"operationType": broken`))
		v.send(v.client(), draft)
		Expect(string(v.body)).To(Equal(`{"operationType": broken`))
		Expect(draft.Assign("operationReason=x")).To(MatchError(ContainSubstring("is not JSON")))

		draft = v.draft("tokenInquiryByPAN")
		draft.LoadBody([]byte(`{"invented": 1.50}`))
		Expect(draft.LoadSealed([]byte(`[ "no object" ]`))).To(Succeed())
		body, _ := sentRaw(v, draft)
		Expect(body).To(HaveKeyWithValue("invented", BeNumerically("==", 1.5)))
		Expect(string(v.opened.Payload)).To(Equal(`[ "no object" ]`))
	})

	DescribeTable("explains a name or a value that it can't take", func(operation, assignment string, parts ...string) {
		op, err := v.contract.Operation(operation)
		Expect(err).NotTo(HaveOccurred())
		draft, err := client.NewDraft(op)
		Expect(err).NotTo(HaveOccurred())
		err = draft.Assign(assignment)
		Expect(err).To(HaveOccurred())
		for _, part := range parts {
			Expect(err.Error()).To(ContainSubstring(part))
		}
	},
		Entry("a typing mistake", "tokenLifecycle", "operationTyp=RESUME", "did you mean operationType?"),
		Entry("a wrong letter case", "tokenInquiry", "cardholderVerificationRetrieve=true", "did you mean cardHolderVerificationRetrieve?"),
		Entry("a name that is in two places", "panLifecycle", "primaryAccountNumber=4", "cardholderInfo.primaryAccountNumber or replaceCardholderInfo.primaryAccountNumber"),
		Entry("nothing like it", "tokenInquiry", "zzzzzzzzzzzzzzzz=1", "it has:", "tokenReferenceID"),
		Entry("no value", "tokenInquiry", "tokenReferenceID", "name=value"),
		Entry("an object as text", "tokenInquiryByPAN", "cardholderInfo=x", "give it as JSON", "cardholderInfo.primaryAccountNumber"),
		Entry("an array of objects as text", "panLifecycle", "group=x", "give it as JSON", "group.0."),
		Entry("elements out of order", "panLifecycle", "group.1.groupType=LOC", "in order"),
		Entry("a member of a text", "panLifecycle", "operationType.x=1", "has no member"),
		Entry("an index into an object", "tokenInquiryByPAN", "cardholderInfo.0.primaryAccountNumber=4", "has no member"),
	)

	It("refuses a blob beside what is to be sealed, a path without its parameters, and what issuers don't call", func() {
		draft := v.draft("tokenInquiryByPAN", "encryptedData=blob", "primaryAccountNumber=4000000010000018")
		_, err := v.client().Prepare(draft)
		Expect(err).To(MatchError(ContainSubstring("one of the two")))
		_, err = v.client().Prepare(v.draft("tokenInquiry", "tokenRequestorID=1"))
		Expect(err).To(MatchError(And(ContainSubstring("tokenReferenceID=…"), ContainSubstring("p.74"))))
		op, err := v.contract.Operation("sendPasscode")
		Expect(err).NotTo(HaveOccurred())
		_, err = client.NewDraft(op)
		Expect(err).To(MatchError(ContainSubstring("not called by issuers")))
		Expect(v.draft("tokenInquiry").LoadSealed([]byte("{}"))).To(MatchError(ContainSubstring("seals nothing")))
	})

	It("is judged by the contract before it is sent, the sealed part too", func() {
		rules := func(draft *client.Draft) (ids []string) {
			GinkgoHelper()
			violations, err := draft.Check(v.contract)
			Expect(err).NotTo(HaveOccurred())
			for _, violation := range violations {
				ids = append(ids, violation.Rule)
			}
			return ids
		}
		right := v.draft("tokenInquiryByPAN", "primaryAccountNumber=4000000010000018")
		Expect(rules(right)).To(BeEmpty())
		wrong := v.draft("tokenInquiryByPAN", "primaryAccountNumber=4000 00", "panReferenceID=V-1")
		Expect(rules(wrong)).To(ConsistOf("tokenInquiryByPAN/request/encryptedData#not-with-pan-reference", "tokenInquiryByPAN/request/encryptedData/cardholderInfo/primaryAccountNumber#pattern"))
		Expect(rules(v.draft("tokenRequestorReport", "page=0"))).To(ContainElement("tokenRequestorReport/query/limit#required"))
		broken := v.draft("tokenLifecycle")
		broken.LoadBody([]byte("["))
		Expect(rules(broken)).To(ContainElement("tokenLifecycle/request#type"))
	})

	It("lists the names of its members for completion", func() {
		op, err := v.contract.Operation("panLifecycle")
		Expect(err).NotTo(HaveOccurred())
		names := client.Names(op)
		Expect(names).To(ContainElements("operationType", "apiKey", "cardholderInfo.expirationDate.month", "accountLevelInfo.linkEnrollment.group.0.groupType"))
		Expect(slices.ContainsFunc(names, func(name string) bool { return name == "" })).To(BeFalse())
		for _, name := range names {
			Expect(v.draft("panLifecycle").Set(name, sample(op, name))).To(Succeed(), name)
		}
	})
})

// sentRaw sends without decoding the sealed part.
func sentRaw(v *visa, draft *client.Draft) (map[string]any, []byte) {
	GinkgoHelper()
	v.send(v.client(), draft)
	var body map[string]any
	Expect(json.Unmarshal(v.body, &body)).To(Succeed())
	return body, v.opened.Payload
}

// sample is a text that the member of that name takes.
func sample(op *contract.Operation, name string) string {
	for _, part := range []contract.Part{contract.Query, contract.Request, contract.SealedRequest} {
		field := op.Field(part)
		if field == nil {
			continue
		}
		at := field
		for _, step := range split(name) {
			switch {
			case at == nil:
			case step == "0":
				at = at.Items
			default:
				at = at.Member(step)
			}
		}
		switch {
		case at == nil:
		case slices.Contains(at.Types, "object"):
			return "{}"
		case slices.Contains(at.Types, "array"):
			return "[]"
		}
	}
	return "1"
}
