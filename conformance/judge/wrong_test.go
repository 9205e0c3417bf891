package judge_test

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/simulator/outbound"
)

const approve, bind, eligible, stepUp, passcode, notice = "approveProvisioning", "deviceTokenBinding", "checkEligibility", "retrieveStepUpMethods", "sendPasscode", "tokenNotification"

var _ = Describe("An answer that is wrong", func() {
	taken, crypto := judge.Want{}, judge.Want{Refused: contract.TriggerCrypto}
	tolerant := judge.Want{Rule: "outbound/request#unknown-member-tolerated"}
	signature := judge.Want{Refused: contract.TriggerCrypto, Rule: "envelope/outbound#bad-signature-refused"}
	DescribeTable("has one finding for one cause:", func(op string, want judge.Want, raw string, rules ...string) {
		s := answering(raw)
		Expect(s.judged(op, want)).To(Equal(rules), "%s", said(s.peer))
		Expect(s.found).To(HaveLen(len(rules)))
	},
		Entry("refused for nothing", approve, taken, ok(`{"actionCode":"05","errorCode":"ISE40000"}`), approve+"/response#accepted"),
		Entry("refused for nothing, with a status", bind, taken, answer(500, `<html>sorry</html>`, "Content-Type: text/html"), bind+"/response#accepted"),
		Entry("refused for a member that is to be tolerated", approve, tolerant, ok(`{"actionCode":"05","errorCode":"ISE40011"}`), tolerant.Rule),
		Entry("the same by a status", approve, tolerant, answer(400, ``), tolerant.Rule),
		Entry("taken in spite of its signature", approve, signature, ok(`{"actionCode":"00"}`), signature.Rule),
		Entry("refused for its signature, with another code", approve, signature, ok(`{"actionCode":"05","errorCode":"ISE40000"}`), approve+"/response#code-on-crypto"),
		Entry("refused with a code of no table", approve, crypto, ok(`{"actionCode":"05","errorCode":"ISE99999"}`), approve+"/response#error-code-allowed"),
		Entry("refused with what is no code", eligible, crypto, ok(`{"errorCode":"BROKEN"}`), eligible+"/response/errorCode#pattern"),
		Entry("an internal error where any decision is right", approve, judge.Want{Open: true}, ok(`{"actionCode":"96","errorCode":"ISE40504"}`), approve+"/response#accepted"),
		Entry("an internal error for a blocked card", approve, judge.Want{Declined: true}, ok(`{"actionCode":"96","errorCode":"ISE40504"}`), approve+"/response#decline-of-card-state"),
		Entry("a crash for a blocked card", approve, judge.Want{Declined: true}, answer(500, ``), approve+"/response#decline-of-card-state"),
		Entry("an approval of a blocked card", approve, judge.Want{Declined: true}, ok(`{"actionCode":"85"}`), approve+"/response#decline-of-card-state"),
		Entry("a known value that is refused for itself", approve, judge.Want{Decided: true}, ok(`{"actionCode":"05","errorCode":"ISE40011"}`), approve+"/response#accepted"),
		Entry("a known value that is refused with 400", approve, judge.Want{Decided: true}, answer(400, ``), approve+"/response#accepted"),
		Entry("refused with a code that is too long", eligible, crypto, ok(`{"errorCode":"ISE400010"}`), eligible+"/response/errorCode#maxLength"),
		Entry("refused with a code of no table", eligible, crypto, ok(`{"errorCode":"ISE49999"}`), eligible+"/response#error-code-allowed"),
		Entry("a code with the action of another", approve, crypto, ok(`{"actionCode":"14","errorCode":"ISE40010"}`), approve+"/response#actionCode-matches-errorCode"),
		Entry("a code of another operation", passcode, crypto, ok(`{"errorCode":"ISE40101"}`), passcode+"/response#error-code-allowed"),
		Entry("a plain decline in place of a code", approve, judge.Want{Refused: contract.TriggerInvalidPAN}, ok(`{"actionCode":"05"}`), approve+"/response#code-on-invalid-pan"),
		Entry("the right decline without its code", approve, judge.Want{Refused: contract.TriggerInvalidPAN}, ok(`{"actionCode":"14"}`), approve+"/response/errorCode#error-code-expected-with-decline"),
		Entry("a wrong decline without a code", approve, judge.Want{Refused: contract.TriggerInvalidPAN}, ok(`{"actionCode":"54"}`), approve+"/response#code-on-invalid-pan"),
		Entry("a decline for another reason (INT-124)", approve, judge.Want{Refused: contract.TriggerSuspectedFraud}, ok(`{"actionCode":"14","errorCode":"ISE40001"}`), approve+"/response#decline-of-card-state"),
		Entry("a blocked card that is bound", bind, judge.Want{Refused: contract.TriggerAuthFailed}, ok(`{"actionCode":"00"}`), bind+"/response#decline-of-card-state"),
		Entry("an ineligible card that is eligible", eligible, judge.Want{Refused: contract.TriggerPANIneligible}, ok(`{}`), eligible+"/response#decline-needs-errorCode"),
		Entry("a field fault that is not seen", eligible, judge.Want{Refused: "length"}, ok(`{}`), eligible+"/response#code-on-length"),
		Entry("a field fault with 500", eligible, judge.Want{Refused: "length"}, answer(500, ``), eligible+"/response#code-on-length"),
		Entry("a field fault with 400 and another code", eligible, judge.Want{Refused: "length"}, answer(400, `{"errorCode":"ISE40000"}`), eligible+"/response#code-on-length"),
		Entry("broken JSON that is taken", approve, judge.Want{Refused: contract.TriggerMalformed}, ok(`{"actionCode":"00"}`), "outbound/response#status-allowed"),
		Entry("an approval with a code", approve, taken, ok(`{"actionCode":"85","errorCode":"ISE99999"}`), approve+"/response#approval-without-errorCode"),
		Entry("an action that is not listed (INT-103)", approve, taken, ok(`{"actionCode":"N0"}`), approve+"/response/actionCode#enum"),
		Entry("an action of another type", bind, crypto, ok(`{"actionCode":0,"errorCode":"ISE40010"}`), bind+"/response/actionCode#type"),
		Entry("no decision", approve, taken, answer(204, ``), approve+"/response/actionCode#answer-carries-a-decision"),
		Entry("no decision where it should be refused", approve, signature, ok(`{}`), approve+"/response/actionCode#answer-carries-a-decision"),
		Entry("no object", eligible, taken, ok(`["00"]`), eligible+"/response#type"),
		Entry("null", eligible, taken, ok(`null`), eligible+"/response#type"),
		Entry("no JSON", approve, taken, ok(`actionCode=00`), "outbound/response#body-json"),
		Entry("a member twice", approve, taken, ok(`{"actionCode":"05","actionCode":"00"}`), "outbound/response#body-json"),
		Entry("a member twice, once escaped, below an array", approve, taken, ok(`{"actionCode":"00","a":[{"b":1,"\u0062":2}]}`), "outbound/response#body-json"),
		Entry("two values", approve, taken, ok(`{"actionCode":"00"}{}`), "outbound/response#body-json"),
		Entry("Latin-1", eligible, taken, ok("{\"cardMetadataInfo\":{\"cardIssuer\":\"B\xe4nk\"}}"), "outbound/response#body-json"),
		Entry("a status of its own", approve, taken, answer(418, ``), "outbound/response#status-allowed"),
		Entry("a redirect", approve, taken, answer(302, ``, "Location: /elsewhere"), "outbound/response#status-allowed"),
		Entry("a status of its own where it is to be refused", approve, crypto, answer(403, ``), "outbound/response#status-allowed"),
		Entry("a notification with 404 although it needs no token", "panUpdateNotification", taken, answer(404, `{"error":"x"}`), "panUpdateNotification/response#accepted"),
		Entry("a notification with 500 for a token that nobody told of", notice, taken, answer(500, ``), notice+"/response#unknown-token-tolerated"),
		Entry("a notification with 202 and a text", notice, taken, answer(202, `OK`), notice+"/response#empty-body", notice+"/response#status-200"),
		Entry("a broken notification that is taken", notice, judge.Want{Refused: contract.TriggerMalformed}, answer(200, ``), notice+"/response#malformed-refused"),
		Entry("a broken envelope with 401", notice, crypto, answer(401, ``), notice+"/response#broken-envelope-refused"),
		Entry("another X-RESPONSE-ID", approve, taken, answer(200, `{"actionCode":"00"}`, "Content-Type: application/json", "X-Response-Id: other"), "headers/response/X-RESPONSE-ID#single"),
		Entry("a body that never ends", approve, taken, ok(`{"actionCode":"00","a":"`+strings.Repeat("x", 1<<20)+`"}`), "outbound/response#body-json"),
		Entry("eleven methods", stepUp, taken, ok(methodsAnswer(append(tenMethods(), methodOf("OTPSMS", "****-5049", "id-a"))...)), stepUp+"/response/stepUpMethods#maxItems"),
		Entry("an empty list and nothing else (INT-164)", stepUp, taken, ok(`{"stepUpMethods":[]}`), stepUp+"/response/stepUpMethods#methods-decision-or-error"),
		Entry("an empty list beside a decline (INT-164)", stepUp, judge.Want{Open: true}, ok(`{"errorCode":"ISE40001","stepUpMethods":[]}`), stepUp+"/response/stepUpMethods#one-method-or-more"),
		Entry("a passcode with 202 and a body", passcode, taken, answer(202, `{"sent":true}`), passcode+"/response#empty-body", passcode+"/response#status-200"),
	)

	It("says what came, all that is right and the page, and how Visa's side treats it", func() {
		s := answering(ok(`{"actionCode":"05","errorCode":"ISE40000"}`))
		s.judged(approve, judge.Want{Refused: contract.TriggerInvalidPAN})
		f := s.found[0]
		Expect(f.Message).To(Equal("approveProvisioning: actionCode 05 with errorCode ISE40000 (ISS_ERROR_REQUIRED_DATA_MISSING) came, want ISE40001 (ISS_ERROR_PAN_INELIGIBLE) with actionCode 14 for an invalid PAN (p.128)"))
		Expect(f.Treated).To(Equal("data error, not retried"))
		Expect([]any{f.Level, f.Outcome, f.Operation, f.Step, f.Exchange, f.Location}).To(Equal([]any{contract.Must, judge.Failed, approve, 1, s.last.ID, "/errorCode"}))
		Expect(f.Cite.Page).To(Equal(128))
		Expect(f.Cite.Section).NotTo(BeEmpty())
		s = answering(ok(`{"actionCode":"96","errorCode":"ISE40504"}`))
		s.judged(approve, taken)
		Expect(s.found[0].Treated).To(Equal("system error, retried"))
	})

	It("is late whatever else it is", func() {
		j := theWorld().judge
		x := exchangeOf(eligible, nil, nil, &outbound.Received{Status: 418})
		x.Timing.Total = theWorld().spec.Budget(eligible) + time.Nanosecond
		Expect(rulesOf(j.Begin(nil).Exchange(1, x, taken))).To(ConsistOf(eligible+"/response#budget", "outbound/response#status-allowed"))
		x.Timing.Total = theWorld().spec.Budget(eligible)
		x.Timing.Connect = time.Hour // is apart
		Expect(rulesOf(j.Begin(nil).Exchange(1, x, taken))).To(ConsistOf("outbound/response#status-allowed"))
	})
})

var _ = Describe("An issuer that answers everything alike", func() {
	outboundOps := func() []string {
		var ids []string
		for _, op := range theWorld().spec.Operations() {
			if op.Direction == contract.Outbound {
				ids = append(ids, op.ID)
			}
		}
		return ids
	}
	wants := func(op string) []judge.Want {
		return []judge.Want{{}, {Refused: contract.TriggerCrypto}, {Refused: contract.TriggerMalformed}}
	}

	It("passes nothing when it drops every connection", func() {
		s := answering("")
		Expect(s.judged(approve, judge.Want{})).To(Equal([]string{"transport#answer-complete"}))
		Expect(s.last.Failure.Kind).To(Equal(outbound.FailureDropped))
		for _, op := range outboundOps() {
			for _, want := range append(wants(op), judge.Want{Open: true}) {
				x := exchangeOf(op, nil, nil, nil)
				x.Failure = s.last.Failure
				Expect(rulesOf(s.judge.Begin(nil).Exchange(1, x, want))).To(Equal([]string{"transport#answer-complete"}), op)
			}
		}
	})

	It("has findings wherever 200 and an empty object is no answer", func() {
		s := answering(ok(`{}`))
		for _, op := range outboundOps() {
			for _, want := range wants(op) {
				s.begin()
				if found := s.judged(op, want); op == eligible && want.Refused == "" || op == "cardMetadataUpdateNotification" && want.Refused == contract.TriggerCrypto {
					continue
				} else {
					Expect(found).NotTo(BeEmpty(), "%s %v", op, want)
				}
			}
		}
	})

	It("has findings for every call when it always reports an internal error", func() {
		for _, op := range []string{approve, bind, eligible, stepUp, passcode} {
			body := `{"errorCode":"ISE40504"}`
			if op == approve || op == bind {
				body = `{"actionCode":"96","errorCode":"ISE40504"}`
			}
			s := answering(ok(body))
			for _, want := range append(wants(op), judge.Want{Refused: "length"}, judge.Want{Refused: contract.TriggerAuthFailed}) {
				if op != approve && op != bind && op != eligible && want.Refused == contract.TriggerAuthFailed {
					continue // there is no such code
				}
				s.begin()
				Expect(s.judged(op, want)).To(HaveLen(1), "%s %v", op, want)
				Expect(s.found[0].Outcome).To(Equal(judge.Failed))
			}
		}
	})
})

func rulesOf(r judge.Ruling) []string {
	rules := []string{}
	for _, f := range r.Findings {
		rules = append(rules, f.Rule)
	}
	return rules
}
