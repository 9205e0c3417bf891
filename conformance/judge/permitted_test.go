package judge_test

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
)

// method is one element of an answer.
func methodOf(kind, value, identifier string) string {
	return `{"type":"` + kind + `","value":"` + value + `","identifier":"` + identifier + `"}`
}

func methodsAnswer(list ...string) string {
	return `{"stepUpMethods":[` + strings.Join(list, ",") + `]}`
}

const allMetadata = `{"cardMetadataInfo":{"cardIssuer":"First Bank","foregroundColor":"rgb(0,0,0)","backgroundColor":"rgb(255,255,255)","labelColor":"rgb(1,2,3)",
 "shortDescription":"Card","longDescription":"A card","profileID":"3fb1c2d4e5f60718293a4b5c6d7e8f90",
 "cardArtData":{"cardArtRefID":["3fb1c2d4e5f60718293a4b5c6d7e8f90"]},
 "contactInfo":{"contactWebsite":"https://bank.example","contactEmail":"help@bank.example","contactNumber":"18005550101","contactName":"First Bank"},
 "applicationInfo":{"supportsTokenNotifications":true}}}`

var _ = Describe("An answer that the specification permits", func() {
	taken, crypto := judge.Want{}, judge.Want{Refused: contract.TriggerCrypto}
	DescribeTable("has no finding:", func(op string, want judge.Want, raw string) {
		s := answering(raw)
		Expect(s.judged(op, want)).To(BeEmpty(), "%s", said(s.peer))
	},
		Entry("an approval", "approveProvisioning", taken, ok(`{"actionCode":"00"}`)),
		Entry("a conditional one", "approveProvisioning", taken, ok(`{"actionCode":"85","cvv2ResultsCode":"M"}`)),
		Entry("null in optional members (INT-122)", "approveProvisioning", taken, ok(`{"actionCode":"00","errorCode":null,"cvv2ResultsCode":null,"issuerDiscretionaryData":null}`)),
		Entry("empty strings in optional members (INT-122)", "approveProvisioning", taken, ok(`{"actionCode":"00","errorCode":"","cvv2ResultsCode":"","issuerSpecialConditionCodes":""}`)),
		Entry("every optional member", "approveProvisioning", taken, ok(`{"issuerDiscretionaryData":{"fileControlInformation":"6F10"},"issuerSpecialConditionCodes":"01,02","addressVerificationResultCode":"Y","cvv2ResultsCode":"M","actionCode":"00"}`)),
		Entry("members in another order, with blanks", "approveProvisioning", taken, ok("\n {\t\"cvv2ResultsCode\" : \"M\" ,\r\n \"actionCode\":\"00\" } \n")),
		Entry("members that nobody knows (p.25)", "approveProvisioning", taken, ok(`{"actionCode":"00","since":2024,"more":{"a":[1,null,{"b":false}]}}`)),
		Entry("an escaped name and value", "approveProvisioning", taken, ok(`{"action\u0043ode":"\u00300"}`)),
		Entry("letters of all the world", "checkEligibility", taken, ok(`{"cardMetadataInfo":{"cardIssuer":"Bänk 銀行 🏦"}}`)),
		Entry("a masked PAN in a member of its own", "approveProvisioning", taken, ok(`{"actionCode":"00","card":"400000******0018","last4":"0018"}`)),
		Entry("the digits of a CVV2 inside others", "approveProvisioning", taken, ok(`{"actionCode":"00","issuerSpecialConditionCodes":"0123,1110","n":1234567}`)),
		Entry("no X-RESPONSE-ID (INT-012)", "approveProvisioning", taken, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n"+`{"actionCode":"00"}`),
		Entry("no Content-Type (INT-127)", "approveProvisioning", taken, "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n"+`{"actionCode":"00"}`),
		Entry("headers in another letter case", "approveProvisioning", taken, "HTTP/1.1 200 OK\r\nCONTENT-TYPE: Application/JSON; Charset=\"UTF-8\"\r\nx-response-id: {id}\r\ncontent-length: 19\r\n\r\n"+`{"actionCode":"00"}`),
		Entry("a chunked body", "approveProvisioning", taken, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"actionC\r\na\r\node\":\"00\"}\r\n0\r\n\r\n"),
		Entry("a body to the end of the connection", "approveProvisioning", taken, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"+`{"actionCode":"00"}`),
		Entry("HTTP/1.0", "approveProvisioning", taken, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"+`{"actionCode":"00"}`),
		Entry("further headers", "approveProvisioning", taken, answer(200, `{"actionCode":"00"}`, "Content-Type: application/json", "Content-Language: de-DE", "Server: nginx", "X-Trace: 4711")),
		Entry("another 2xx with a decision (p.29)", "approveProvisioning", taken, answer(201, `{"actionCode":"00"}`)),
		Entry("eligible with an empty object (INT-123)", "checkEligibility", taken, ok(`{}`)),
		Entry("eligible with an empty body (INT-123)", "checkEligibility", taken, answer(200, "")),
		Entry("eligible with 204 (INT-123)", "checkEligibility", taken, "HTTP/1.1 204 No Content\r\n\r\n"),
		Entry("eligible with all metadata", "checkEligibility", taken, ok(allMetadata)),
		Entry("a binding", "deviceTokenBinding", taken, ok(`{"actionCode":"85","errorCode":null}`)),
		Entry("one method", "retrieveStepUpMethods", taken, ok(methodsAnswer(methodOf("OTPSMS", "****-5045", "a")))),
		Entry("ten methods", "retrieveStepUpMethods", taken, ok(methodsAnswer(tenMethods()...))),
		Entry("methods without masks where nothing is to be masked", "retrieveStepUpMethods", taken,
			ok(methodsAnswer(methodOf("APP_TO_APP", "Mobile Banking App", "app"), methodOf("CUSTOMERSERVICE", "1-800-555-5555", "line")))),
		Entry("the examples of p.171", "retrieveStepUpMethods", taken,
			ok(methodsAnswer(methodOf("OTPEMAIL", "ip****@gmail.com", "1"), methodOf("OTPSMS", "****-5045", "2"), methodOf("CUSTOMERSERVICE", "1-800-555-5555", "3")))),
		Entry("other ways to mask", "retrieveStepUpMethods", taken,
			ok(methodsAnswer(methodOf("OTPSMS", "xxx-xxx-5045", "1"), methodOf("OTPSMS", "•••• •• 45", "2"), methodOf("OUTBOUNDCALL", "ends in 5045", "3"), methodOf("OTPEMAIL", "a***b@bank.example", "4")))),
		Entry("two telephones that look alike", "retrieveStepUpMethods", taken, ok(methodsAnswer(methodOf("OTPSMS", "****-5045", "1"), methodOf("OTPSMS", "****-5045", "2")))),
		Entry("a passcode that was sent", "sendPasscode", taken, answer(200, "")),
		Entry("a refusal for cryptography", "approveProvisioning", crypto, ok(`{"actionCode":"05","errorCode":"ISE40010"}`)),
		Entry("a refusal with the code alone", "approveProvisioning", crypto, ok(`{"errorCode":"ISE40010"}`)),
		Entry("a declined card without code (INT-124)", "approveProvisioning", judge.Want{Refused: contract.TriggerSuspectedFraud}, ok(`{"actionCode":"05"}`)),
		Entry("a declined card with a code of the same action (INT-124)", "approveProvisioning", judge.Want{Refused: contract.TriggerCardReplaced}, ok(`{"actionCode":"05","errorCode":"ISE40011"}`)),
		Entry("broken JSON with the standard error", "approveProvisioning", judge.Want{Refused: contract.TriggerMalformed},
			answer(400, `{"errorResponse":{"status":"400","reason":"invalidRequest","message":"no JSON"}}`)),
		Entry("broken JSON without any body (p.29)", "approveProvisioning", judge.Want{Refused: contract.TriggerMalformed}, answer(400, "")),
		Entry("either way, when both are right", "approveProvisioning", judge.Want{Open: true}, ok(`{"actionCode":"14","errorCode":"ISE40001"}`)),
		Entry("a notification that was taken", "tokenNotification", taken, answer(200, "")),
		Entry("a token that nobody told of, with 404 (INT-117)", "tokenNotification", taken, answer(404, "")),
		Entry("a notification that cannot be read", "tokenNotification", crypto, answer(400, "")),
		Entry("a notification and either way", "panUpdateNotification", judge.Want{Open: true}, answer(500, "")),
	)

	It("may come over HTTP/2", func() {
		s := serving(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-RESPONSE-ID", r.Header.Get("X-REQUEST-ID"))
			_, _ = w.Write([]byte(`{"actionCode":"00"}`))
		}, true)
		Expect(s.judged("approveProvisioning", judge.Want{})).To(BeEmpty(), "%s", said(s.peer))
	})

	It("is only noted when a delivered passcode comes with an empty object (INT-112)", func() {
		for _, body := range []string{`{}`, `{"errorCode":null}`} {
			s := answering(ok(body))
			Expect(s.judged("sendPasscode", judge.Want{})).To(Equal([]string{"sendPasscode/response#empty-body"}))
			Expect(s.found[0].Outcome).To(Equal(judge.Noted))
		}
	})

	It("is only warned of when a field error comes as the standard error (INT-121)", func() {
		s := answering(answer(400, `{"errorResponse":{"status":400,"reason":"invalidParameter","details":[{"location":"panReferenceID"}]}}`))
		Expect(s.judged("approveProvisioning", judge.Want{Refused: "length"})).To(Equal([]string{"outbound/response#field-error-status"}))
		Expect(s.found[0].Outcome).To(Equal(judge.Warned))
		Expect(s.found[0].Interpretation).To(Equal("INT-121"))
	})
})

func tenMethods() []string {
	var list []string
	for _, n := range "0123456789" {
		list = append(list, methodOf("OTPSMS", "****-504"+string(n), "id-"+string(n)))
	}
	return list
}
