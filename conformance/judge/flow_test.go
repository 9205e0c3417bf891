package judge_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// event is a notification about the token of that time, and its answer.
func event(id, at string, status int) *outbound.Exchange {
	x := exchangeOf(notice, map[string]any{"dateTimeOfEvent": at}, nil, &outbound.Received{Status: status})
	x.RequestID, x.Request.Headers = id, http.Header{"X-Request-Id": {id}}
	x.Request.URL = "https://issuer.example/base/vtis/v1/tokenRequestors/40010075001/tokens/DNITHE1/notification?eventType=TOKEN_STATUS_UPDATED"
	x.Request.Body = []byte(id + at)
	return x
}

func approval(action string) *outbound.Exchange {
	x := exchangeOf(approve, nil, nil, &outbound.Received{Status: 200, Body: []byte(`{"actionCode":"` + action + `"}`)})
	x.Request.URL = tokenURL(approve)
	return x
}

// tokenURL is the address of an operation about the token of these tests.
func tokenURL(operation string) string {
	op, err := theWorld().spec.Operation(operation)
	Expect(err).NotTo(HaveOccurred())
	path := op.Path
	for name, value := range map[string]string{"{tokenRequestorID}": "40010075001", "{tokenReferenceID}": "DNITHE1"} {
		for i := 0; i+len(name) <= len(path); i++ {
			if path[i:i+len(name)] == name {
				path = path[:i] + value + path[i+len(name):]
			}
		}
	}
	return "https://issuer.example/base" + path + "?eventType=TOKEN"
}

var _ = Describe("A case of several exchanges", func() {
	const early, late = "2026-11-01T10:00:00.000Z", "2026-11-01T11:00:00.000Z"
	last := func(all ...*outbound.Exchange) []string {
		GinkgoHelper()
		trial := theWorld().judge.Begin(nil)
		var found []string
		for i, x := range all {
			if x.Operation == notice {
				x.Request.URL = tokenURL(notice)
			}
			found = rulesOf(trial.Exchange(i+1, x, judge.Want{}))
		}
		return found
	}

	It("takes a notification again", func() {
		Expect(last(event("a", late, 200), event("a", late, 409))).To(Equal([]string{notice + "/request#redelivery-accepted"}))
		trial, again := theWorld().judge.Begin(nil), judge.Want{Rule: notice + "/request#redelivery-accepted"}
		for range 2 {
			Expect(rulesOf(trial.Exchange(1, event("a", late, 500), again))).To(Equal([]string{notice + "/response#unknown-token-tolerated"}), "a first delivery that was refused")
		}
		Expect(last(event("a", late, 200), event("a", late, 200))).To(BeEmpty())
	})

	It("takes notifications in any order", func() {
		Expect(last(event("a", late, 200), event("b", early, 400))).To(Equal([]string{notice + "/request#any-order-accepted"}))
		Expect(last(approval("00"), event("a", early, 200), event("b", late, 400))).To(Equal([]string{notice + "/response#accepted"}))
	})

	It("knows a token once it was approved, and not when it was declined (INT-117)", func() {
		Expect(last(event("a", late, 404))).To(BeEmpty())
		Expect(last(approval("05"), event("a", late, 404))).To(BeEmpty())
		Expect(last(approval("85"), event("a", late, 404))).To(Equal([]string{notice + "/response#accepted"}))
	})

	It("gets no second decision on a binding, once there was one (INT-142)", func() {
		bound := func(body string) *outbound.Exchange {
			x := exchangeOf(bind, nil, nil, &outbound.Received{Status: 200, Body: []byte(body)})
			x.Request.URL = tokenURL(bind)
			return x
		}
		again := offer(map[string]any{"otpReason": "TOKEN_DEVICE_BINDING", "tokenReferenceID": "DNITHE1"}, `{"responseCode":"APPROVED"}`)
		Expect(last(bound(`{"actionCode":"85"}`), again)).To(Equal([]string{stepUp + "/response/responseCode#absent-after-device-binding"}))
		Expect(last(bound(``), again)).To(BeEmpty())
	})

	It("gets an answer to each of two calls at the same time", func() {
		trial := theWorld().judge.Begin(nil)
		first, second := approval("00"), exchangeOf(approve, nil, nil, &outbound.Received{Status: 200, Body: []byte(`{"actionCode":"96","errorCode":"` + theWorld().spec.ErrorOn(approve, contract.TriggerInternal).Code + `"}`)})
		first.Timing.Total = time.Second
		Expect(rulesOf(trial.Exchange(1, first, judge.Want{}))).To(BeEmpty())
		ruling := trial.Exchange(1, second, judge.Want{})
		Expect(rulesOf(ruling)).To(Equal([]string{"outbound/request#concurrent-calls-accepted"}))
		Expect(ruling.Findings[0].Outcome).To(Equal(judge.Warned))
		Expect(trial.End().Exercised).To(Equal([]string{"outbound/request#concurrent-calls-accepted"}))
	})

	It("is exercised by what could have gone wrong only", func() {
		ruling := theWorld().judge.Begin(nil).Exchange(1, approval("00"), judge.Want{Refused: ""})
		Expect(ruling.Exercised).To(ContainElements("transport#tls-version", "outbound/response#status-allowed", "outbound/response#body-json",
			approve+"/response#budget", approve+"/response/actionCode#enum", approve+"/response/actionCode#answer-carries-a-decision", approve+"/response#accepted"))
		Expect(ruling.Exercised).NotTo(ContainElements(approve + "/response/cvv2ResultsCode#enum"))
		Expect(ruling.Exercised).NotTo(ContainElement(ContainSubstring("code-on")))
		Expect(ruling.Exercised).NotTo(ContainElement("outbound/response#no-pan"))
	})

	It("is the same every time it is judged", func() {
		for range 5 {
			x := holding(`{"a":"`+pan+`","b":"`+otp+`","errorCode":"X"}`, nil)
			Expect(rulesOf(theWorld().judge.Begin(nil).Exchange(1, x, judge.Want{}))).
				To(Equal([]string{"outbound/response#no-pan", "outbound/response#no-passcode", passcode + "/response/errorCode#pattern"}))
		}
	})
})
