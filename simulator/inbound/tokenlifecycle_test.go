package inbound_test

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

const lifecyclePAN = "4000000010000018"

// lifecycle calls tokenLifecycle for the token; members override the body, a
// nil one is left out.
func (l *lab) lifecycle(t token.Token, operationType string, members map[string]any) answer {
	GinkgoHelper()
	return l.call(request{path: tokenPath(t, "lifecycle"), body: lifecycleBody(operationType, members)})
}

func lifecycleBody(operationType string, members map[string]any) map[string]any {
	body := map[string]any{"operatorID": "op-7", "operationType": operationType, "operationReason": "Suspended due to lost device"}
	if operationType == "CALL_CENTER_ACTIVATION" {
		body["activationCode"] = "A1B2C3"
	}
	for name, value := range members {
		if body[name] = value; value == nil {
			delete(body, name)
		}
	}
	return body
}

// in gives a token its state.
func in(status string) func(*token.Token) {
	return func(t *token.Token) {
		t.Status, t.ActivatedAt = token.Status(status), time.Time{}
		switch status {
		case "ACTIVE":
			t.ActivatedAt = noon.Add(-time.Hour)
		case "SUSPENDED":
			t.SuspendedBy, t.EntityOfLastAction = token.Issuer, token.Issuer
		case "DEACTIVATED":
			t.DeactivatedAt = noon.Add(-time.Hour)
		}
	}
}

var _ = Describe("tokenLifecycle, the matrix (p.89)", func() {
	var (
		l   *lab
		pan vault.PAN
	)
	BeforeEach(func() {
		l = newLab()
		pan = l.givenPAN(bank, lifecyclePAN)
	})

	DescribeTable("permits", func(state, operationType, result, reasonCode string) {
		t := l.givenToken(bank, pan, in(state))
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, operationType, nil))

		after := l.token(bank, t.ReferenceID)
		Expect(string(after.Status)).To(Equal(result))
		Expect(after.EntityOfLastAction).To(Equal(token.Issuer))
		Expect(after.OperatorID).To(Equal("op-7"))
		Expect(after.StatusUpdatedAt).To(BeTemporally("==", noon))
		Expect(after.SuspendedBy == token.Issuer).To(Equal(result == "SUSPENDED"))
		Expect(after.DeactivatedAt.Equal(noon)).To(Equal(result == "DEACTIVATED"))
		Expect(after.ActivatedAt.Equal(noon)).To(Equal(result == "ACTIVE"), "activation and resumption set it anew (p.50)")

		queued := l.notifications(bank)
		Expect(queued).To(HaveLen(1))
		Expect(queued[0].Operation).To(Equal("tokenNotification"))
		Expect(queued[0].TokenID).To(Equal(t.ReferenceID))
		Expect(queued[0].PANID).To(Equal(pan.ReferenceID))
		Expect(queued[0].Facts).To(Equal(map[string]any{"actionCode": "00", "messageReasonCode": reasonCode}))
		Expect(queued[0].Cause).To(Equal(l.traffic(bank)[0].ID))
		Expect(queued[0].State).To(Equal("pending"))
		Expect(queued[0].DueAt).To(BeTemporally("==", noon))
		Expect(queued[0].RequestID).To(MatchRegexp(`^[0-9a-f-]{36}$`))
		Expect(l.notifications(other)).To(BeEmpty())

		audit := l.records(bank, "audit")
		Expect(audit).To(HaveLen(1))
		Expect(audit[0].Content).To(And(HaveKeyWithValue("operationType", operationType), HaveKeyWithValue("operatorID", "op-7"),
			HaveKeyWithValue("operationReason", "Suspended due to lost device"), HaveKeyWithValue("tokenStatus", result)))
	},
		Entry("activating an inactive token", "INACTIVE", "CALL_CENTER_ACTIVATION", "ACTIVE", "CALL_CENTER_ACTIVATION"),
		Entry("deleting an inactive token", "INACTIVE", "DELETE", "DEACTIVATED", "TOKEN_DEACTIVATED"),
		Entry("suspending an active token", "ACTIVE", "SUSPEND", "SUSPENDED", "TOKEN_SUSPEND"),
		Entry("deleting an active token", "ACTIVE", "DELETE", "DEACTIVATED", "TOKEN_DEACTIVATED"),
		Entry("resuming a suspended token", "SUSPENDED", "RESUME", "ACTIVE", "TOKEN_RESUME"),
		Entry("deleting a suspended token", "SUSPENDED", "DELETE", "DEACTIVATED", "TOKEN_DEACTIVATED"),
	)

	DescribeTable("refuses, with nothing changed (p.94, INT-050),", func(state, operationType, code string) {
		t := l.givenToken(bank, pan, in(state))
		got := l.lifecycle(t, operationType, nil)
		got.mustRefuse(400, code, "operationType")
		Expect(got.raw).To(ContainSubstring(state))
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
		Expect(l.notifications(bank)).To(BeEmpty())
		Expect(l.records(bank, "audit")).To(BeEmpty())
		Expect(rulesOf(l.lastRow())).To(ConsistOf("tokenLifecycle/request#action-allowed-in-state"))
	},
		Entry("suspending an inactive token", "INACTIVE", "SUSPEND", "VSE40011"),
		Entry("resuming an inactive token", "INACTIVE", "RESUME", "VSE40011"),
		Entry("activating an active token", "ACTIVE", "CALL_CENTER_ACTIVATION", "VSE40002"),
		Entry("resuming an active token", "ACTIVE", "RESUME", "VSE40002"),
		Entry("activating a suspended token", "SUSPENDED", "CALL_CENTER_ACTIVATION", "VSE40011"),
		Entry("suspending a suspended token", "SUSPENDED", "SUSPEND", "VSE40002"),
		Entry("activating a deactivated token", "DEACTIVATED", "CALL_CENTER_ACTIVATION", "VSE40011"),
		Entry("suspending a deactivated token", "DEACTIVATED", "SUSPEND", "VSE40011"),
		Entry("resuming a deactivated token", "DEACTIVATED", "RESUME", "VSE40011"),
		Entry("deleting a deactivated token", "DEACTIVATED", "DELETE", "VSE40002"),
	)

	It("lets only who suspended resume, and names the actor (p.76, INT-051)", func() {
		t := l.givenToken(bank, pan, in("SUSPENDED"), func(t *token.Token) { t.SuspendedBy = token.TokenRequestor })
		got := l.lifecycle(t, "RESUME", nil)
		got.mustRefuse(400, "VSE40000", "operationType")
		Expect(got.raw).To(ContainSubstring("TOKEN_REQUESTOR"))
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
		Expect(l.notifications(bank)).To(BeEmpty())
		Expect(rulesOf(l.lastRow())).To(ConsistOf("tokenLifecycle/request#resume-by-suspender"))
	})

	It("lets the issuer delete what the token requestor suspended (p.89)", func() {
		t := l.givenToken(bank, pan, in("SUSPENDED"), func(t *token.Token) { t.SuspendedBy = token.TokenRequestor })
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "DELETE", nil))
		Expect(string(l.token(bank, t.ReferenceID).Status)).To(Equal("DEACTIVATED"))
	})

	It("forgets the operator of an earlier action when the last status update names none (p.75)", func() {
		t := l.givenToken(bank, pan, func(t *token.Token) { t.OperatorID = "op-1" })
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "SUSPEND", map[string]any{"operatorID": nil}))
		Expect(l.token(bank, t.ReferenceID).OperatorID).To(BeEmpty())
	})

	It("delays a notification as the issuer's transition settings say", func() {
		issuer := l.issuer(bank)
		issuer.Settings = map[string]any{"transitions": map[string]any{"TOKEN_SUSPEND": map[string]any{"after": "10m"}, "TOKEN_RESUME": map[string]any{"inquiries": 2}}}
		Expect(l.vault.PutIssuer(GinkgoT().Context(), issuer)).To(Succeed())
		t := l.givenToken(bank, pan)
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "SUSPEND", nil))
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "RESUME", nil))
		queued := l.notifications(bank)
		Expect(queued).To(HaveLen(2))
		Expect(queued[0].DueAt).To(BeTemporally("==", noon.Add(10*time.Minute)))
		Expect(queued[1].DueAt).To(BeTemporally("==", noon))
		Expect(queued[1].Inquiries).To(Equal(2))
		path := tokenPath(t, "details")
		for left := 1; left >= 0; left-- {
			l.mustSucceed("tokenInquiry", l.call(request{method: "GET", path: path}))
			Expect(l.notifications(bank)[1].Inquiries).To(Equal(left))
		}
	})
})

var _ = Describe("tokenLifecycle, the activation code (p.91)", func() {
	var (
		l *lab
		t token.Token
	)
	BeforeEach(func() {
		l = newLab()
		t = l.givenToken(bank, l.givenPAN(bank, lifecyclePAN), in("INACTIVE"))
	})

	It("is kept for audit and nowhere else", func() {
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "CALL_CENTER_ACTIVATION", nil))
		Expect(l.records(bank, "audit")[0].Content).To(HaveKeyWithValue("activationCode", "A1B2C3"))
		Expect(l.notifications(bank)[0].Facts).NotTo(HaveKey("activationCode"))
	})

	It("is required for an activation", func() {
		l.lifecycle(t, "CALL_CENTER_ACTIVATION", map[string]any{"activationCode": nil}).mustRefuse(400, "VSE40001", "activationCode")
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
	})

	It("is not judged, whatever it says", func() {
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "CALL_CENTER_ACTIVATION", map[string]any{"activationCode": "!"}))
	})

	It("is asked for by no other operation", func() {
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "DELETE", nil))
		Expect(l.records(bank, "audit")[0].Content).NotTo(HaveKey("activationCode"))
	})
})

var _ = Describe("tokenLifecycle, its errors (p.94)", func() {
	var (
		l *lab
		t token.Token
	)
	BeforeEach(func() {
		l = newLab()
		t = l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
	})

	DescribeTable("answers VSE40001 for missing data (p.90):", func(member string, value any) {
		l.lifecycle(t, "SUSPEND", map[string]any{member: value}).mustRefuse(400, "VSE40001", member)
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
	},
		Entry("operationType", "operationType", nil),
		Entry("operationReason", "operationReason", nil),
		Entry("an empty operationReason (INT-125)", "operationReason", ""),
	)

	DescribeTable("answers VSE40000 for invalid data (p.90-93):", func(location string, members map[string]any) {
		got := l.lifecycle(t, "SUSPEND", members)
		got.mustRefuse(400, "VSE40000", location)
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
	},
		Entry("an operationType outside its list", "operationType", map[string]any{"operationType": "PAUSE"}),
		Entry("an operationType in lower case", "operationType", map[string]any{"operationType": "suspend"}),
		Entry("an operationType that is a number", "operationType", map[string]any{"operationType": 3702}),
		Entry("an operatorID of 17 characters", "operatorID", map[string]any{"operatorID": strings.Repeat("o", 17)}),
		Entry("an operationReason of 255 characters", "operationReason", map[string]any{"operationReason": strings.Repeat("r", 255)}),
		Entry("an activationCode of 9 characters", "activationCode", map[string]any{"activationCode": "123456789"}),
		Entry("a deviceInfo that is a string", "deviceInfo", map[string]any{"deviceInfo": "phone"}),
		Entry("a deviceType outside its list", "deviceInfo/deviceType", map[string]any{"deviceInfo": map[string]any{"deviceType": "CAR"}}),
		Entry("an osType outside its list", "deviceInfo/osType", map[string]any{"deviceInfo": map[string]any{"osType": "SYMBIAN"}}),
		Entry("a locationSource outside its list", "deviceInfo/locationSource", map[string]any{"deviceInfo": map[string]any{"locationSource": "STARS"}}),
		Entry("a tokenProtectionMethod outside its list", "deviceInfo/tokenProtectionMethod", map[string]any{"deviceInfo": map[string]any{"tokenProtectionMethod": "HOPE"}}),
		Entry("a deviceIndex of 100", "deviceInfo/deviceIndex", map[string]any{"deviceInfo": map[string]any{"deviceIndex": 100}}),
	)

	It("takes texts of exactly the greatest length (p.90-91)", func() {
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "SUSPEND", map[string]any{"operatorID": strings.Repeat("o", 16),
			"operationReason": strings.Repeat("ü", 254), "activationCode": "12345678"}))
	})

	It("names every failing place at once; missing data decide (INT-153)", func() {
		got := l.lifecycle(t, "PAUSE", map[string]any{"operatorID": strings.Repeat("o", 17), "operationReason": nil, "deviceInfo": "phone"})
		got.mustRefuse(400, "VSE40001", "deviceInfo", "operationReason", "operationType", "operatorID")
	})

	It("names parameters and body together (INT-153)", func() {
		path := "/vtis/v1/tokenRequestors/not-digits/tokens/" + strings.Repeat("T", 33) + "/lifecycle"
		l.call(request{path: path, body: lifecycleBody("PAUSE", nil)}).mustRefuse(400, "VSE40000", "tokenRequestorID", "tokenReferenceID", "operationType")
	})

	It("answers VSE40003 alike for an unknown token, one of another token requestor and one of another issuer (INT-058)", func() {
		foreign := l.givenToken(other, l.givenPAN(other, "4000000020000017"))
		elsewhere, nowhere := t, t
		elsewhere.RequestorID, nowhere.ReferenceID = "40010030273", "DNITHE000000000000000000"
		var bodies []string
		for _, named := range []token.Token{foreign, elsewhere, nowhere} {
			got := l.lifecycle(named, "SUSPEND", nil)
			got.mustRefuse(400, "VSE40003", "tokenReferenceID")
			bodies = append(bodies, got.raw)
			Expect(rulesOf(l.lastRow())).To(ConsistOf("tokenLifecycle/request#token-known"))
		}
		Expect(bodies).To(HaveEach(bodies[0]))
		Expect(l.token(other, foreign.ReferenceID)).To(Equal(foreign))
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
		Expect(l.notifications(bank)).To(BeEmpty())
		Expect(l.notifications(other)).To(BeEmpty())
	})

	It("serves the same call by the issuer whose token it is", func() {
		foreign := l.givenToken(other, l.givenPAN(other, "4000000020000017"))
		l.mustSucceed("tokenLifecycle", l.call(request{as: other, path: tokenPath(foreign, "lifecycle"), body: lifecycleBody("SUSPEND", nil)}))
		Expect(string(l.token(other, foreign.ReferenceID).Status)).To(Equal("SUSPENDED"))
		Expect(l.notifications(bank)).To(BeEmpty())
		Expect(l.traffic(bank)).To(BeEmpty())
	})

	It("has no use for VSE40010: nothing of the request is sealed, so an envelope is an unknown member (p.94)", func() {
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "SUSPEND", map[string]any{"encryptedData": "not.an.envelope"}))
	})
})
