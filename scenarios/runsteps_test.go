package scenarios_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("A call", func() {
	It("goes through the step-up by a passcode, with what was saved (p.127, 171, 182, 205)", func() {
		l := newLab("")
		s := steps(
			call(scenarios.Call{Operation: "approveProvisioning", Expect: scenarios.Expect{Status: []string{"2xx"}, Budget: true,
				Body: has(map[string]*scenarios.Match{"actionCode": is("85")})}}),
			call(scenarios.Call{Operation: "retrieveStepUpMethods", With: map[string]any{"otpReason": "PROVISIONING"},
				Expect: scenarios.Expect{Body: has(map[string]*scenarios.Match{"stepUpMethods": {Contains: has(map[string]*scenarios.Match{"type": is("OTPSMS")})}})},
				Save:   map[string]scenarios.Save{"method": {From: "/stepUpMethods", Where: has(map[string]*scenarios.Match{"type": is("OTPSMS")}), Take: "/identifier"}}}),
			call(scenarios.Call{Operation: "sendPasscode", With: map[string]any{"otpMethodIdentifier": "{{method}}", "otpValue": "123456"},
				Expect: scenarios.Expect{Status: []string{"200"}, Body: &scenarios.Match{Empty: true}}}),
			scenarios.Step{Token: &scenarios.TokenAction{Do: "activate-by-otp", Expect: "ACTIVE"}},
			call(scenarios.Call{Operation: "tokenNotification",
				With:   map[string]any{"messageReasonCode": "OTP_VERIFICATION_RESULT", "activationVerificationResult": "VERIFICATION_SUCCESS"},
				Expect: scenarios.Expect{Status: []string{"200"}, Body: &scenarios.Match{Empty: true}}}),
		)
		s.Card = "stepUp"
		records := l.good(s)
		Expect(records).To(HaveLen(5))
		Expect(records[0].Exchanges[0].Request.URL).To(ContainSubstring(records[1].Exchanges[0].Request.Members["tokenReferenceID"].(string)))
		Expect(records[2].Exchanges[0].Request.Members["otpMethodIdentifier"]).To(HaveLen(32))
		first := records[0].Exchanges[0].Request
		Expect(first.Sealed).NotTo(BeNil())
	})

	It("has the members of its reason", func() {
		l := newLab("")
		made := l.good(steps(call(scenarios.Call{Operation: "tokenNotification", With: map[string]any{"messageReasonCode": "OTP_VERIFICATION_RESULT"}})))
		Expect(made[0].Exchanges[0].Request.Members).To(HaveKey("activationVerificationResult"))
	})

	It("is patched in the clear and inside the sealed payload, also into what is wrong", func() {
		l := newLab("")
		made := l.good(steps(call(scenarios.Call{Operation: "approveProvisioning",
			Patch: []byte(`[{"op": "replace", "path": "/encryptedData/cardholderInfo/primaryAccountNumber", "value": 1e400},
				{"op": "add", "path": "/tokenInfo/tokenType", "value": null}]`)})))
		sent := made[0].Exchanges[0].Request
		Expect(sent.Sealed["cardholderInfo"]).To(HaveKeyWithValue("primaryAccountNumber", BeEquivalentTo("1e400")))
		Expect(sent.Members["tokenInfo"]).To(HaveKeyWithValue("tokenType", BeNil()))
		Expect(sent.Members).NotTo(HaveKey("encryptedData"))
	})

	It("loses its sealed payload by a patch, and gets one of another kind", func() {
		l := newLab("")
		records, err := l.attempt(steps(call(scenarios.Call{Operation: "approveProvisioning", Patch: []byte(`[{"op": "remove", "path": "/encryptedData"}]`)}),
			call(scenarios.Call{Operation: "approveProvisioning", Patch: []byte(`[{"op": "replace", "path": "/encryptedData", "value": "{{token.type}}"}]`)})))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(records[0].Exchanges[0].Request.Body)).NotTo(ContainSubstring("encryptedData"))
		Expect(string(records[1].Exchanges[0].Request.Body)).To(ContainSubstring(`"encryptedData":"HCE"`))
	})

	DescribeTable("is refused when it is corrupted", func(id string) {
		l := newLab("")
		made := l.good(steps(call(scenarios.Call{Operation: "approveProvisioning", Corrupt: []string{id},
			Expect: scenarios.Expect{ErrorCode: []string{l.Contract.ErrorOn("approveProvisioning", contract.TriggerCrypto).Code}}})))
		Expect(made[0].Exchanges[0].Corruptions).To(Equal([]string{id}))
	}, Entry(nil, "jws/signature"), Entry(nil, "jwe/tag"))

	It("that is cut on purpose is not broken", func() {
		made := newLab("").good(steps(call(scenarios.Call{Operation: "approveProvisioning", Corrupt: []string{"http/drop-after-request"}})))
		Expect(made[0].Exchanges[0].Failure.Kind).To(Equal(outbound.FailureCanceled))
	})

	It("is made several times at once, and shows both of a duplicate", func() {
		l := newLab("")
		made := l.good(steps(call(scenarios.Call{Operation: "checkEligibility", AtOnce: 4}),
			call(scenarios.Call{Operation: "tokenNotification", Corrupt: []string{"http/duplicate"}})))
		ids := map[string]bool{}
		for _, x := range made[0].Exchanges {
			ids[x.RequestID] = true
		}
		Expect(ids).To(HaveLen(4))
		Expect(made[1].Exchanges).To(HaveLen(2))
		Expect(made[1].Exchanges[0].RequestID).To(Equal(made[1].Exchanges[1].RequestID))
		rows, _, err := l.store.Traffic(context.Background(), vault.TrafficQuery{Issuer: bank, Direction: "outbound"})
		Expect(err).NotTo(HaveOccurred())
		Expect(rows).To(HaveLen(6))
	})

	It("that is answered late is measured and not cut", func() {
		spec, err := contract.Load()
		Expect(err).NotTo(HaveOccurred())
		budget := spec.Budget("checkEligibility")
		var asked time.Duration
		l := newLab("", func(s *scenarios.Stage) {
			s.Deadline = func(budget time.Duration) time.Duration { asked = budget; return time.Minute }
		})
		m := l.bad(steps(call(scenarios.Call{Operation: "checkEligibility", Expect: scenarios.Expect{Within: time.Nanosecond}})))
		Expect(asked).To(Equal(budget))
		Expect(m).To(HaveLen(1))
		Expect(m[0].Want).To(Equal("an answer within 1ns"))
	})

	DescribeTable("that is answered otherwise says where, what was wanted and what came", func(expect scenarios.Expect, want scenarios.Mismatch) {
		expect.At = scenarios.Position{File: "a.yaml", Line: 3, Column: 5}
		want.At = expect.At
		l := newLab("")
		m := l.bad(steps(call(scenarios.Call{Operation: "approveProvisioning", Card: "stepUp", Expect: expect})))
		Expect(m).To(Equal([]scenarios.Mismatch{want}))
	},
		Entry("status", scenarios.Expect{Status: []string{"400", "5xx"}}, scenarios.Mismatch{Want: "status 400 or 5xx", Got: "status 200"}),
		Entry("code", scenarios.Expect{ErrorCode: []string{"E1"}}, scenarios.Mismatch{Where: "/errorCode", Want: "E1", Got: "no error code"}),
		Entry("body", scenarios.Expect{Body: has(map[string]*scenarios.Match{"actionCode": is("00")})}, scenarios.Mismatch{Where: "/actionCode", Want: `"00"`, Got: `"85"`}),
		Entry("a member that is not there", scenarios.Expect{Body: has(map[string]*scenarios.Match{"x/y": is("00")})}, scenarios.Mismatch{Where: "/x~1y", Want: `"00"`, Got: "nothing"}),
	)

	It("finds the code of a decline", func() {
		l := newLab("")
		code := l.Contract.ErrorOn("checkEligibility", contract.TriggerSuspectedFraud).Code
		s := steps(call(scenarios.Call{Operation: "checkEligibility", Card: "fraud", Expect: scenarios.Expect{ErrorCode: []string{"none", code}}}),
			call(scenarios.Call{Operation: "checkEligibility", Card: "fraud", Expect: scenarios.Expect{ErrorCode: []string{"none"}}}))
		Expect(l.bad(s)).To(ConsistOf(scenarios.Mismatch{Where: "/errorCode", Want: "no error code", Got: code}))
	})

	It("ends the case when the answer lacks what should be saved", func() {
		l := newLab("")
		records, err := l.attempt(steps(call(scenarios.Call{Operation: "approveProvisioning", Save: map[string]scenarios.Save{"code": {From: "/errorCode"}}}),
			call(scenarios.Call{Operation: "checkEligibility"})))
		Expect(err).NotTo(HaveOccurred())
		Expect(records).To(HaveLen(1))
		Expect(records[0].Mismatches).To(ConsistOf(scenarios.Mismatch{Where: "/errorCode", Want: "a value to save as code", Got: "nothing"}))
	})

	It("shows nothing secret in a mismatch", func() {
		l := newLab("")
		m := l.bad(steps(call(scenarios.Call{Operation: "sendPasscode", With: map[string]any{"otpValue": "918273"},
			Expect: scenarios.Expect{Body: has(map[string]*scenarios.Match{"a": is("{{card.pan}} / {{card.cvv2}} 918273 {{card.pan}}"), "b": is("{{token.number}}")})}})))
		Expect(m).To(HaveLen(2))
		Expect(m[0].Want).To(Equal(`"400000******0018 / *** *** 400000******0018"`))
		Expect(m[1].Want).To(MatchRegexp(`^"[0-9]{6}\*{6}[0-9]{4}"$`))
	})

	It("that no issuer can be reached for is in the record, and no error of ours", func() {
		l := newLab("", func(s *scenarios.Stage) { s.Target.Endpoint = "https://127.0.0.1:1" })
		m := l.bad(steps(call(scenarios.Call{Operation: "checkEligibility", Expect: scenarios.Expect{Status: []string{"200"}}})))
		Expect(m).To(HaveLen(1))
		Expect(m[0].Got).To(ContainSubstring("no connection"))
	})
})

var _ = Describe("An awaited call of the issuer", func() {
	trigger := func(name string) scenarios.Step { return scenarios.Step{Trigger: &scenarios.Trigger{Name: name}} }
	await := func(a scenarios.Await) scenarios.Step {
		a.Operation = "tokenLifecycle"
		return scenarios.Step{Await: &a}
	}

	It("comes by a trigger over HTTP, is matched, saved from, and changes the token", func() {
		l := newLab("")
		records := l.good(steps(trigger("suspend"),
			await(scenarios.Await{Where: has(map[string]*scenarios.Match{"operationType": is("SUSPEND")}), TokenStatus: "SUSPENDED",
				Save: map[string]scenarios.Save{"what": {From: "/operationType"}}}),
			call(scenarios.Call{Operation: "tokenNotification", With: map[string]any{"messageReasonCode": "TOKEN_SUSPEND"}}),
			trigger("resume"), await(scenarios.Await{TokenStatus: "ACTIVE", Where: has(map[string]*scenarios.Match{"operationType": {Not: is("{{what}}")}})})))
		Expect(records[1].Inbound.Operation).To(Equal("tokenLifecycle"))
		Expect(records[2].Exchanges[0].Request.Members["tokenInfo"]).To(BeNil()) // it is sealed
		Expect(records[4].Inbound.ID).NotTo(Equal(records[1].Inbound.ID))
	})

	It("that does not come is named, with since when", func() {
		l := newLab("")
		m := l.bad(steps(trigger("suspend"), await(scenarios.Await{}), await(scenarios.Await{Within: 30 * time.Millisecond})))
		Expect(m).To(HaveLen(1))
		Expect(m[0].Want).To(ContainSubstring("tokenLifecycle for token DNITHE"))
		Expect(m[0].Got).To(And(ContainSubstring("none within"), ContainSubstring("since trigger suspend")))
	})

	It("of an earlier trigger does not count", func() {
		l := newLab("", func(s *scenarios.Stage) {
			s.Profile.Triggers["nothing"] = keys.Trigger{Command: []string{"true"}}
		})
		Expect(l.bad(steps(trigger("suspend"), trigger("nothing"), await(scenarios.Await{Within: 30 * time.Millisecond})))).To(HaveLen(1))
	})

	It("that fits not says what came", func() {
		l := newLab("")
		m := l.bad(steps(trigger("suspend"), await(scenarios.Await{Within: 30 * time.Millisecond, Where: has(map[string]*scenarios.Match{"operationType": is("DELETE")})})))
		Expect(m[0].Got).To(ContainSubstring("SUSPEND"))
	})

	It("that Visa refuses is a mismatch with the reason", func() {
		l := newLab("")
		m := l.bad(steps(trigger("resume"), await(scenarios.Await{})))
		Expect(m).To(HaveLen(1))
		Expect(m[0].Got).To(HavePrefix("status 4"))
	})

	It("is answered as a fault says, and the token stays", func() {
		l := newLab("")
		l.good(steps(scenarios.Step{Fault: &scenarios.Fault{Operation: "tokenLifecycle", Status: 503}}, trigger("suspend"),
			await(scenarios.Await{Status: []string{"503"}, TokenStatus: "ACTIVE"}), trigger("suspend"), await(scenarios.Await{TokenStatus: "SUSPENDED"})))
	})

	It("of another case is left to that case", func() {
		l := newLab("")
		other := steps(trigger("suspend"))
		_, err := run(l.runner(), scenarios.Case{ID: "other", Scenario: &other, Seed: "other"})
		Expect(err).NotTo(HaveOccurred())
		asked := 0
		l.Prompt = func(context.Context, string) error {
			asked++
			beside := steps(trigger("suspend"))
			beside.Card = "stepUp"
			_, err := run(l.runner(), scenarios.Case{ID: "beside", Scenario: &beside, Seed: "beside"})
			return err
		}
		m := l.bad(steps(scenarios.Step{Trigger: &scenarios.Trigger{Name: "by-hand", Ask: "suspend {{token.reference}} of {{card.pan}}"}},
			await(scenarios.Await{Within: 30 * time.Millisecond})))
		Expect(asked).To(Equal(1))
		Expect(m).To(HaveLen(1))
	})
})

var _ = Describe("A trigger", func() {
	fire := func(t keys.Trigger, change ...func(*scenarios.Stage)) *scenarios.Broken {
		GinkgoHelper()
		l := newLab("", append(change, func(s *scenarios.Stage) { s.Profile.Triggers["it"] = t })...)
		_, err := l.attempt(steps(scenarios.Step{Trigger: &scenarios.Trigger{Name: "it"}}))
		if err == nil {
			return nil
		}
		Expect(err).To(BeAssignableToTypeOf(&scenarios.Broken{}))
		return err.(*scenarios.Broken)
	}

	It("escapes values in URL, header and body", func() {
		var path, query, body, header string
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			content, err := io.ReadAll(r.Body)
			Expect(err).NotTo(HaveOccurred())
			path, query, body, header = r.URL.EscapedPath(), r.URL.RawQuery, string(content), r.Header.Get("X-Card")
		}))
		DeferCleanup(server.Close)
		l := newLab("", func(s *scenarios.Stage) {
			s.Profile.Triggers["it"] = keys.Trigger{HTTP: &keys.HTTPTrigger{Method: "PUT", URL: server.URL + "/a/{{odd}}?b={{odd}}", Headers: map[string]string{"X-Card": "{{card.pan}}"},
				Body: `{"a": "\"{{odd}}", "b": {{odd}}, "c": {{token.type}}}`}}
			s.Profile.Triggers["suspend"] = keys.Trigger{HTTP: &keys.HTTPTrigger{URL: s.Profile.Triggers["suspend"].HTTP.URL,
				Body: `{"tokenRequestorID": "{{token.requestor}}", "tokenReferenceID": "{{token.reference}}", "operationReason": "a\"/ ?&"}`}}
		})
		l.good(steps(scenarios.Step{Trigger: &scenarios.Trigger{Name: "suspend"}},
			scenarios.Step{Await: &scenarios.Await{Operation: "tokenLifecycle", Save: map[string]scenarios.Save{"odd": {From: "/operationReason"}}}},
			scenarios.Step{Trigger: &scenarios.Trigger{Name: "it"}}))
		Expect(path).To(Equal("/a/a%22%2F%20%3F&"))
		Expect(query).To(Equal("b=a%22%2F+%3F%26"))
		Expect(header).To(Equal("4000000010000018"))
		Expect(body).To(MatchJSON(`{"a": "\"a\"/ ?&", "b": "a\"/ ?&", "c": "HCE"}`))
	})

	It("that fails is broken, names itself and the status, and no card", func() {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write([]byte("no " + r.URL.Query().Get("pan")))
		}))
		DeferCleanup(server.Close)
		text := fire(keys.Trigger{HTTP: &keys.HTTPTrigger{URL: server.URL + "/?pan={{card.pan}}"}}).Error()
		Expect(text).To(And(ContainSubstring("trigger it"), ContainSubstring("418"), ContainSubstring("no 400000******0018")))
		server.Close()
		text = fire(keys.Trigger{HTTP: &keys.HTTPTrigger{URL: server.URL + "/?pan={{card.pan}}"}}).Error()
		Expect(text).To(And(ContainSubstring("trigger it"), Not(ContainSubstring("0018"))))
	})

	It("that hangs is broken after its time", func() {
		release := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
		DeferCleanup(server.Close)
		DeferCleanup(func() { close(release) })
		Expect(fire(keys.Trigger{HTTP: &keys.HTTPTrigger{URL: server.URL}, Timeout: 20 * time.Millisecond}).Error()).To(ContainSubstring("longer than 20ms"))
		Expect(fire(keys.Trigger{Command: []string{"cat", "/dev/zero"}, Timeout: 20 * time.Millisecond}).Error()).To(ContainSubstring("longer than 20ms"))
	})

	It("runs a command in the profile's folder, without a shell", func() {
		folder := GinkgoT().TempDir()
		in := func(s *scenarios.Stage) { s.Profile.File = filepath.Join(folder, "issuer.yaml") }
		Expect(fire(keys.Trigger{Command: []string{"touch", "$HOME {{token.type}}"}}, in)).To(BeNil())
		_, err := os.Stat(filepath.Join(folder, "$HOME HCE"))
		Expect(err).NotTo(HaveOccurred())
		text := fire(keys.Trigger{Command: []string{"ls", "{{card.pan}}-" + strings.Repeat("x", 2000)}}, in).Error()
		Expect(len(text)).To(BeNumerically("<", 1000))
		Expect(text).To(And(ContainSubstring("trigger it"), Not(ContainSubstring("4000000010000018"))))
	})

	It("needs somebody who can do it", func() {
		l := newLab("")
		Expect(l.broken(steps(scenarios.Step{Trigger: &scenarios.Trigger{Name: "x"}})).Error()).To(ContainSubstring("no trigger x"))
		Expect(l.broken(steps(scenarios.Step{Trigger: &scenarios.Trigger{Name: "x", Ask: "do it"}})).Error()).To(ContainSubstring("no person"))
		said := ""
		l.Prompt = func(_ context.Context, text string) error { said = text; return nil }
		l.good(steps(scenarios.Step{Trigger: &scenarios.Trigger{Name: "x", Ask: "block {{card.pan}}"}}))
		Expect(said).To(Equal("block 400000******0018"))
	})
})

var _ = Describe("A wallet's action", func() {
	It("tells the issuer, and the case waits until he knows", func() {
		l := newLab("")
		records := l.good(steps(scenarios.Step{Token: &scenarios.TokenAction{Do: "wallet-suspend", Expect: "SUSPENDED"}},
			scenarios.Step{Wait: &scenarios.Wait{Notifications: true}}))
		known, ok := l.issuer.Token(l.only().TokenID)
		Expect(ok).To(BeTrue())
		Expect(known.LastReason).To(Equal("TOKEN_SUSPEND"))
		Expect(records).To(HaveLen(2))
		Expect(records[1].Delivered).To(BeTrue())
		Expect(records[1].Exchanges).To(ConsistOf(And(HaveField("Operation", "tokenNotification"), HaveField("RequestID", l.only().RequestID),
			HaveField("Request.Members", HaveKeyWithValue("messageReasonCode", "TOKEN_SUSPEND")), HaveField("Response.Status", http.StatusOK))))
	})

	It("that the issuer does not take is a mismatch", func() {
		l := newLab("", func(s *scenarios.Stage) { s.NotifyWithin = 30 * time.Millisecond })
		l.issuer.Close(context.Background())
		m := l.bad(steps(scenarios.Step{Token: &scenarios.TokenAction{Do: "wallet-suspend"}}, scenarios.Step{Wait: &scenarios.Wait{Notifications: true}}))
		Expect(m).To(HaveLen(1))
		Expect(m[0].Want).To(ContainSubstring("tokenNotification"))
	})

	It("verifies the passcode that the case has sent, right or wrong", func() {
		l := newLab("")
		send := call(scenarios.Call{Operation: "sendPasscode", With: map[string]any{"otpValue": "123456"}})
		l.good(steps(send, scenarios.Step{Token: &scenarios.TokenAction{Do: "wallet-verify-otp", Expect: "ACTIVE"}}))
		s := steps(send, scenarios.Step{Token: &scenarios.TokenAction{Do: "wallet-wrong-otp", Expect: "INACTIVE"}},
			scenarios.Step{Token: &scenarios.TokenAction{Do: "wallet-verify-otp", Expect: "ACTIVE"}})
		s.Token.Status = "INACTIVE"
		l.good(s)
		Expect(l.broken(steps(scenarios.Step{Token: &scenarios.TokenAction{Do: "activate-by-otp"}})).Error()).To(ContainSubstring("sendPasscode"))
	})

	It("leaves another state than expected as a mismatch", func() {
		m := newLab("").bad(steps(scenarios.Step{Token: &scenarios.TokenAction{Do: "suspend", Expect: "ACTIVE"}}))
		Expect(m).To(ConsistOf(scenarios.Mismatch{Want: "the token to be ACTIVE", Got: "SUSPENDED"}))
	})
})

// only is the one notification that there is.
func (l *lab) only() vault.Notification {
	GinkgoHelper()
	list, _, err := l.store.Notifications(context.Background(), vault.NotificationQuery{Issuer: bank})
	Expect(err).NotTo(HaveOccurred())
	Expect(list).To(HaveLen(1))
	return list[0]
}
