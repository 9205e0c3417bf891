package inbound_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("tokenLifecycle, device bindings (p.90-91)", func() {
	const phone, watch = "phone-00000000000000000000000000000000000000000001", "w"
	var (
		l   *lab
		pan vault.PAN
		t   token.Token
	)
	device := func(id any, index any) map[string]any {
		members := map[string]any{}
		for name, value := range map[string]any{"deviceID": id, "deviceIndex": index} {
			if value != nil {
				members[name] = value
			}
		}
		return map[string]any{"deviceInfo": members}
	}
	statuses := func() map[int]string {
		found := map[int]string{}
		for _, b := range l.bindings(bank, t.ReferenceID) {
			found[b.Index] = b.Status
		}
		return found
	}
	BeforeEach(func() {
		l = newLab()
		pan = l.givenPAN(bank, lifecyclePAN)
		t = l.givenToken(bank, pan, func(t *token.Token) { t.OperatorID = "op-1" })
		l.givenBinding(bank, vault.Binding{TokenReferenceID: t.ReferenceID, Index: 1, DeviceID: phone[:48], DeviceName: "Phone", Status: "CHALLENGED"})
		l.givenBinding(bank, vault.Binding{TokenReferenceID: t.ReferenceID, Index: 99, DeviceID: watch, DeviceName: "Watch", Status: "DECLINED"})
	})

	DescribeTable("approves the one binding that index and id name, and tells how", func(operationType, result string) {
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, operationType, device(phone[:48], 1)))
		Expect(statuses()).To(Equal(map[int]string{1: "APPROVED", 99: "DECLINED"}))
		queued := l.notifications(bank)
		Expect(queued).To(HaveLen(1))
		Expect(queued[0].Operation).To(Equal("tokenNotification"))
		Expect(queued[0].TokenID).To(Equal(t.ReferenceID))
		Expect(queued[0].Facts).To(Equal(map[string]any{"actionCode": "00", "messageReasonCode": "TOKEN_DEVICE_BINDING_RESULT", "deviceBindingResult": result,
			"deviceInfo": map[string]any{"deviceID": phone[:48], "deviceIndex": 1.0}}))

		after := l.token(bank, t.ReferenceID)
		Expect(after.Status).To(Equal(t.Status))
		Expect(after.EntityOfLastAction).To(Equal(token.Issuer))
		Expect(after.StatusUpdatedAt).To(BeTemporally("==", t.StatusUpdatedAt), "it is no status update")
		Expect(after.OperatorID).To(Equal("op-1"), "nor has its operator performed the last one (p.75)")
		Expect(l.records(bank, "audit")[0].Content).To(And(HaveKeyWithValue("operationType", operationType), HaveKeyWithValue("operatorID", "op-7")))
	},
		Entry("by the issuer", "TOKEN_DEVICE_BINDING_APPROVE", "DEVICE_BINDING_APPROVED"),
		Entry("by the call centre", "TOKEN_DEVICE_BINDING_APPROVE_CALL_CENTER", "DEVICE_BINDING_CALL_CENTER"),
		Entry("by the bank's app", "TOKEN_DEVICE_BINDING_APPROVE_BANK_APP", "DEVICE_BINDING_ISSUER_APP"),
	)

	It("approves a binding that was declined, and one that was approved before (INT-144)", func() {
		for range 2 {
			l.mustSucceed("tokenLifecycle", l.lifecycle(t, "TOKEN_DEVICE_BINDING_APPROVE", device(watch, 99)))
			Expect(statuses()).To(Equal(map[int]string{1: "CHALLENGED", 99: "APPROVED"}))
		}
		Expect(l.notifications(bank)).To(HaveLen(2))
	})

	It("removes a binding and tells of it under the reason of its own (INT-145)", func() {
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "TOKEN_DEVICE_BINDING_REMOVE", device(phone[:48], 1)))
		Expect(statuses()).To(Equal(map[int]string{99: "DECLINED"}))
		Expect(l.notifications(bank)[0].Facts).To(And(HaveKeyWithValue("messageReasonCode", "TOKEN_DEVICE_BINDING_REMOVED"),
			HaveKeyWithValue("deviceBindingResult", "DEVICE_BINDING_REMOVED")))
		l.lifecycle(t, "TOKEN_DEVICE_BINDING_REMOVE", device(phone[:48], 1)).mustRefuse(400, "VSE40000", "deviceInfo")
	})

	DescribeTable("refuses what names no binding (INT-144):", func(id string, index int) {
		for _, operationType := range []string{"TOKEN_DEVICE_BINDING_APPROVE", "TOKEN_DEVICE_BINDING_APPROVE_CALL_CENTER", "TOKEN_DEVICE_BINDING_APPROVE_BANK_APP", "TOKEN_DEVICE_BINDING_REMOVE"} {
			l.lifecycle(t, operationType, device(id, index)).mustRefuse(400, "VSE40000", "deviceInfo")
			Expect(rulesOf(l.lastRow())).To(ConsistOf("tokenLifecycle/request#device-binding-known"))
		}
		Expect(statuses()).To(Equal(map[int]string{1: "CHALLENGED", 99: "DECLINED"}))
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
		Expect(l.notifications(bank)).To(BeEmpty())
	},
		Entry("the id of one and the index of the other", watch, 1),
		Entry("an unknown index", watch, 2),
		Entry("an unknown id", "tablet", 1),
	)

	DescribeTable("demands id and index (p.91, INT-054):", func(members map[string]any, locations ...string) {
		for _, operationType := range []string{"TOKEN_DEVICE_BINDING_APPROVE", "TOKEN_DEVICE_BINDING_APPROVE_CALL_CENTER", "TOKEN_DEVICE_BINDING_APPROVE_BANK_APP", "TOKEN_DEVICE_BINDING_REMOVE"} {
			l.lifecycle(t, operationType, members).mustRefuse(400, "VSE40001", locations...)
		}
		Expect(statuses()).To(Equal(map[int]string{1: "CHALLENGED", 99: "DECLINED"}))
	},
		Entry("no deviceInfo", map[string]any{}, "deviceInfo"),
		Entry("no deviceID", device(nil, 1), "deviceInfo/deviceID"),
		Entry("no deviceIndex", device(phone[:48], nil), "deviceInfo/deviceIndex"),
		Entry("neither", device(nil, nil), "deviceInfo/deviceID", "deviceInfo/deviceIndex"),
	)

	DescribeTable("refuses values out of bounds (p.91, p.93):", func(id, index any, location string) {
		l.lifecycle(t, "TOKEN_DEVICE_BINDING_APPROVE", device(id, index)).mustRefuse(400, "VSE40000", location)
	},
		Entry("a deviceID of 49 characters", phone[:49], 1, "deviceInfo/deviceID"),
		Entry("a deviceIndex of 0", watch, 0, "deviceInfo/deviceIndex"),
		Entry("a deviceIndex in a string", watch, "99", "deviceInfo/deviceIndex"),
	)

	It("notifies of the device without members that nobody described", func() {
		members := device(watch, 99)
		members["deviceInfo"].(map[string]any)["note"] = lifecyclePAN
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "TOKEN_DEVICE_BINDING_APPROVE", members))
		Expect(l.notifications(bank)[0].Facts["deviceInfo"]).To(Equal(map[string]any{"deviceID": watch, "deviceIndex": 99.0}))
	})

	It("does not touch a binding of another issuer's token", func() {
		foreign := l.givenToken(other, l.givenPAN(other, "4000000020000017"))
		l.givenBinding(other, vault.Binding{TokenReferenceID: foreign.ReferenceID, Index: 1, DeviceID: watch, Status: "CHALLENGED"})
		l.lifecycle(foreign, "TOKEN_DEVICE_BINDING_APPROVE", device(watch, 1)).mustRefuse(400, "VSE40003", "tokenReferenceID")
		Expect(l.bindings(other, foreign.ReferenceID)[0].Status).To(Equal("CHALLENGED"))
	})
})

var _ = Describe("tokenLifecycle, step-ups and trusted listing (p.90)", func() {
	var (
		l   *lab
		pan vault.PAN
		t   token.Token
	)
	BeforeEach(func() {
		l = newLab()
		pan = l.givenPAN(bank, lifecyclePAN)
		t = l.givenToken(bank, pan)
	})

	DescribeTable("reports a step-up that is pending", func(operationType, result string) {
		l.givenVerification(bank, vault.Verification{TokenReferenceID: t.ReferenceID, LifeCycleTraceID: 239000000000047, Status: "PENDING", StartedAt: noon.Add(-time.Minute)})
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, operationType, nil))
		ended := l.verifications(bank, t.ReferenceID)
		Expect(ended).To(HaveLen(1))
		Expect(ended[0].Status).NotTo(Equal("PENDING"))
		Expect(ended[0].Result).To(Equal(operationType))
		queued := l.notifications(bank)
		Expect(queued).To(HaveLen(1))
		Expect(queued[0].Facts).To(Equal(map[string]any{"actionCode": "00", "messageReasonCode": "CARDHOLDER_STEPUP_RESULT", "cardHolderStepupResult": result}))
		Expect(l.token(bank, t.ReferenceID).EntityOfLastAction).To(Equal(token.Issuer))

		got := l.lifecycle(t, operationType, nil)
		got.mustRefuse(400, "VSE40000", "operationType")
		Expect(l.notifications(bank)).To(HaveLen(1))
		Expect(rulesOf(l.lastRow())).To(ConsistOf("tokenLifecycle/request#step-up-pending"))
	},
		Entry("by the call centre", "CARDHOLDER_STEPUP_CALL_CENTER", "CARDHOLDER_STEPUP_CALL_CENTER"),
		Entry("from app to app", "CARDHOLDER_STEPUP_APP_TO_APP", "CARDHOLDER_STEPUP_ISSUER_APP"),
	)

	DescribeTable("refuses a step-up that nobody waits for (INT-055):", func(operationType string) {
		l.lifecycle(t, operationType, nil).mustRefuse(400, "VSE40000", "operationType")
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
		Expect(l.notifications(bank)).To(BeEmpty())
	},
		Entry(nil, "CARDHOLDER_STEPUP_CALL_CENTER"),
		Entry(nil, "CARDHOLDER_STEPUP_APP_TO_APP"),
	)

	It("lists a token as trusted and takes it off again, with the reserved reason (INT-053)", func() {
		for i, step := range []struct {
			operationType, result string
			listed                bool
		}{
			{"TOKEN_TRUSTED_LISTING_ADD", "TRUSTED_LISTING_ADDED", true},
			{"TOKEN_TRUSTED_LISTING_REMOVE", "TRUSTED_LISTING_REMOVED", false},
		} {
			l.mustSucceed("tokenLifecycle", l.lifecycle(t, step.operationType, nil))
			Expect(l.token(bank, t.ReferenceID).Listed).To(Equal(step.listed))
			Expect(l.notifications(bank)[i].Facts).To(Equal(map[string]any{"actionCode": "00", "messageReasonCode": "TRUSTED_LISTING_ENROLLMENT_RESULT", "trustedListingResult": step.result}))
		}
	})

	DescribeTable("takes each operation outside the matrix from active tokens only (p.94, INT-144):", func(operationType string) {
		device := map[string]any{"deviceInfo": map[string]any{"deviceID": "w", "deviceIndex": 1}}
		for _, state := range []string{"INACTIVE", "SUSPENDED", "DEACTIVATED"} {
			sleeping := l.givenToken(bank, pan, in(state))
			l.givenBinding(bank, vault.Binding{TokenReferenceID: sleeping.ReferenceID, Index: 1, DeviceID: "w", Status: "CHALLENGED"})
			l.givenVerification(bank, vault.Verification{TokenReferenceID: sleeping.ReferenceID, LifeCycleTraceID: 1, Status: "PENDING"})
			got := l.lifecycle(sleeping, operationType, device)
			got.mustRefuse(400, "VSE40011", "operationType")
			Expect(rulesOf(l.lastRow())).To(ContainElement("tokenLifecycle/request#active-token-needed"))
			Expect(l.token(bank, sleeping.ReferenceID)).To(Equal(sleeping))
			Expect(l.bindings(bank, sleeping.ReferenceID)[0].Status).To(Equal("CHALLENGED"))
			Expect(l.verifications(bank, sleeping.ReferenceID)[0].Status).To(Equal("PENDING"))
		}
		Expect(l.notifications(bank)).To(BeEmpty())
	},
		Entry(nil, "TOKEN_DEVICE_BINDING_APPROVE"),
		Entry(nil, "TOKEN_DEVICE_BINDING_REMOVE"),
		Entry(nil, "TOKEN_TRUSTED_LISTING_ADD"),
		Entry(nil, "TOKEN_TRUSTED_LISTING_REMOVE"),
		Entry(nil, "TOKEN_DEVICE_BINDING_APPROVE_CALL_CENTER"),
		Entry(nil, "TOKEN_DEVICE_BINDING_APPROVE_BANK_APP"),
		Entry(nil, "CARDHOLDER_STEPUP_CALL_CENTER"),
		Entry(nil, "CARDHOLDER_STEPUP_APP_TO_APP"),
	)

	It("warns of a device where none belongs, and tells nobody of it (p.91)", func() {
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "TOKEN_TRUSTED_LISTING_ADD", map[string]any{"deviceInfo": map[string]any{"deviceID": "w"}}))
		Expect(rulesOf(l.lastRow())).To(ConsistOf("tokenLifecycle/request/deviceInfo#only-with-device-binding"))
		Expect(l.notifications(bank)[0].Facts).NotTo(HaveKey("deviceInfo"))
	})
})
