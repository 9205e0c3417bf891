package wallet_test

import (
	"context"
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

var _ = Describe("A token that is there", func() {
	var (
		l   *lab
		ctx = context.Background()
	)
	BeforeEach(func() {
		l = newLab()
		l.answers["approveProvisioning"] = action("00")
		l.answers["retrieveStepUpMethods"] = offers("OTPSMS")
	})
	// given makes a token of the type and forgets what was called and told.
	given := func(kind string) string {
		reference := l.provision(l.card("eligible", func(r *wallet.Request) { r.Type = kind })).Token.ReferenceID
		l.forget()
		return reference
	}
	// since are the notifications after those of the new token.
	since := func(kind string) []vault.Notification {
		list := l.queued()
		if kind == "CARD_ON_FILE" || kind == "ECOMMERCE" {
			return list[1:]
		}
		return list[2:]
	}
	bindings := func(reference string) (list []vault.Binding) {
		Expect(l.vault.View(ctx, bank, func(tx vault.Tx) (err error) {
			list, err = tx.Bindings(reference)
			return err
		})).To(Succeed())
		return list
	}

	It("is suspended, resumed and deleted by its requestor (p.89)", func() {
		reference := given("HCE")
		for _, act := range []func(context.Context, string, string) (*wallet.Result, error){l.Suspend, l.Resume, l.Delete} {
			l.must(act(ctx, bank, reference))
		}
		Expect(l.token(reference).Status).To(Equal(token.Status("DEACTIVATED")))
		Expect(l.told()[2:]).To(Equal([]string{"TOKEN_SUSPEND 00", "TOKEN_RESUME 00", "TOKEN_DEACTIVATED 00"}))
		_, err := l.Suspend(ctx, bank, reference)
		var refusal *token.Refusal
		Expect(errors.As(err, &refusal)).To(BeTrue())
	})

	It("gets keys, another personalization, another date (p.203)", func() {
		phone, chip := given("HCE"), given("SECURE_ELEMENT")
		l.must(l.Replenish(ctx, bank, phone, true))
		l.must(l.Replenish(ctx, bank, phone, false))
		l.must(l.Repersonalize(ctx, bank, chip, true))
		l.must(l.Extend(ctx, bank, phone, token.Expiration{Month: "01", Year: "2031"}))
		Expect(l.told()[4:]).To(Equal([]string{"LUK_REPLENISHMENT 00", "LUK_REPLENISHMENT 06", "DEVICE_PROVISIONING_REPERSONALIZATION_RESULT 00", "TOKEN_EXPIRY_DATE_UPDATED 00"}))
		Expect(l.token(phone).Expiration.Year).To(Equal("2031"))
		_, err := l.Replenish(ctx, bank, chip, true)
		Expect(err).To(MatchError(wallet.ErrRequest))
	})

	DescribeTable("asks for a device to be bound (p.149-158):",
		func(answers map[string]any, status string, results ...string) {
			reference := given("ECOMMERCE")
			l.answers["deviceTokenBinding"] = says(answers)
			result := l.must(l.Bind(ctx, wallet.BindRequest{Issuer: bank, TokenReferenceID: reference, Name: "Laptop"}))
			Expect(bindings(reference)).To(ConsistOf(And(HaveField("Index", 1), HaveField("Status", status), HaveField("DeviceName", "Laptop"))))
			Expect(l.call("deviceTokenBinding").body["deviceInfo"]).To(And(HaveKeyWithValue("deviceIndex", BeEquivalentTo("1")), HaveKey("deviceID")))
			Expect(l.call("deviceTokenBinding").body["tokenInfo"]).NotTo(HaveKey("token"))
			var told []string
			for _, n := range since("ECOMMERCE") {
				Expect(n.Facts["messageReasonCode"]).To(Equal("TOKEN_DEVICE_BINDING_RESULT"))
				told = append(told, n.Facts["deviceBindingResult"].(string))
			}
			Expect(told).To(HaveExactElements(asAny(results)...))
			Expect(result.ActionCode).NotTo(BeEmpty())
		},
		Entry("approved", map[string]any{"actionCode": "00"}, "APPROVED", "DEVICE_BINDING_APPROVED"),
		Entry("on condition, by passcode", map[string]any{"actionCode": "85"}, "APPROVED", "DEVICE_BINDING_OTP"),
		Entry("declined", map[string]any{"actionCode": "54", "errorCode": "ISE40013"}, "DECLINED"),
		Entry("no decision", map[string]any{}, "DECLINED"),
	)

	It("gives a step-up for a binding the reason, and the index where that is listed (p.162, p.182)", func() {
		reference := given("CARD_ON_FILE")
		l.answers["deviceTokenBinding"] = action("85")
		l.must(l.Bind(ctx, wallet.BindRequest{Issuer: bank, TokenReferenceID: reference, Index: 99, Passcode: wallet.PasscodeWrong}))
		Expect(bindings(reference)[0].Status).To(Equal("CHALLENGED"))
		for _, operation := range []string{"retrieveStepUpMethods", "sendPasscode"} {
			Expect(l.call(operation).body).To(HaveKeyWithValue("otpReason", "TOKEN_DEVICE_BINDING"))
		}
		Expect(l.call("retrieveStepUpMethods").body["deviceInfo"]).To(HaveKeyWithValue("deviceIndex", BeEquivalentTo("99")))
		Expect(since("CARD_ON_FILE")).To(BeEmpty())
	})

	It("binds to 1 to 99 only, not to a phone's token, and removes again (p.58, p.90)", func() {
		reference, phone := given("ECOMMERCE"), given("HCE")
		l.answers["deviceTokenBinding"] = action("00")
		for _, r := range []wallet.BindRequest{{Issuer: bank, TokenReferenceID: reference, Index: 100}, {Issuer: bank, TokenReferenceID: reference, Index: -1}, {Issuer: bank, TokenReferenceID: phone}} {
			_, err := l.Bind(ctx, r)
			Expect(err).To(MatchError(wallet.ErrRequest))
		}
		l.must(l.Bind(ctx, wallet.BindRequest{Issuer: bank, TokenReferenceID: reference}))
		l.must(l.Bind(ctx, wallet.BindRequest{Issuer: bank, TokenReferenceID: reference}))
		Expect(bindings(reference)).To(HaveLen(2))
		l.must(l.Unbind(ctx, bank, reference, 1))
		Expect(bindings(reference)).To(ConsistOf(HaveField("Index", 2)))
		told := l.told()
		Expect(told[len(told)-1]).To(Equal("TOKEN_DEVICE_BINDING_REMOVED 00"))
	})

	DescribeTable("has its cardholder verified (p.170, p.205):",
		func(reason string, answer map[string]any, path fixtures.Path, told string) {
			reference := given("ECOMMERCE")
			if answer != nil {
				l.answers["retrieveStepUpMethods"] = says(answer)
			}
			result := l.must(l.StepUp(ctx, wallet.StepUpRequest{Issuer: bank, TokenReferenceID: reference, Reason: reason}))
			Expect(l.call("retrieveStepUpMethods").body).To(HaveKeyWithValue("otpReason", reason))
			Expect(result.Path).To(Equal(path))
			if told == "" {
				Expect(since("ECOMMERCE")).To(BeEmpty())
				return
			}
			n := since("ECOMMERCE")[0]
			Expect(n.Facts).To(ContainElement(told))
			Expect(l.vault.View(ctx, bank, func(tx vault.Tx) error {
				list, err := tx.Verifications(reference)
				Expect(list).To(HaveEach(HaveField("Status", Not(Equal("PENDING")))))
				return err
			})).To(Succeed())
		},
		Entry("by a passcode", "CARDHOLDER_STEPUP", nil, fixtures.Path(""), "CARDHOLDER_STEPUP_OTP"),
		Entry("at once", "CARDHOLDER_STEPUP", map[string]any{"responseCode": "APPROVED"}, fixtures.PathGreen, "CARDHOLDER_STEPUP_APPROVED"),
		Entry("or not", "CARDHOLDER_STEPUP", map[string]any{"responseCode": "DECLINED"}, fixtures.PathRed, "05"),
		Entry("for a trusted list", "TRUSTED_LISTING_ENROLLMENT", nil, fixtures.Path(""), "TRUSTED_LISTING_ADDED"),
		Entry("for a payment, of which nothing is told", "PAYMENT", nil, fixtures.Path(""), ""),
	)

	It("keeps a verification pending until somebody reports (p.79)", func() {
		reference := given("ECOMMERCE")
		l.answers["retrieveStepUpMethods"] = offers("CUSTOMERSERVICE")
		l.must(l.StepUp(ctx, wallet.StepUpRequest{Issuer: bank, TokenReferenceID: reference}))
		Expect(l.vault.View(ctx, bank, func(tx vault.Tx) error {
			list, err := tx.Verifications(reference)
			Expect(list).To(ConsistOf(HaveField("Status", "PENDING")))
			return err
		})).To(Succeed())
	})

	It("uses every otpReason of both calls (p.161, p.182)", func() {
		asked, sent := map[string]bool{}, map[string]bool{}
		l.answers["deviceTokenBinding"] = action("85")
		for _, reason := range l.values("retrieveStepUpMethods", "otpReason") {
			reference := given("ECOMMERCE")
			switch reason {
			case "PROVISIONING":
				l.answers["approveProvisioning"] = action("85")
				l.provision(l.card("stepUp"))
				l.answers["approveProvisioning"] = action("00")
			case "TOKEN_DEVICE_BINDING":
				l.must(l.Bind(ctx, wallet.BindRequest{Issuer: bank, TokenReferenceID: reference}))
			default:
				l.must(l.StepUp(ctx, wallet.StepUpRequest{Issuer: bank, TokenReferenceID: reference, Reason: reason.(string)}))
			}
			for _, call := range l.calls {
				name, _ := call.body["otpReason"].(string)
				asked[name] = asked[name] || call.operation == "retrieveStepUpMethods"
				if call.operation == "sendPasscode" {
					sent[name] = true
				}
			}
		}
		Expect(keysOf(asked)).To(ConsistOf(l.values("retrieveStepUpMethods", "otpReason")))
		Expect(keysOf(sent)).To(ContainElements(l.values("sendPasscode", "otpReason")))
		l.queued()
	})
})

func asAny(list []string) []any {
	elements := make([]any, len(list))
	for i, element := range list {
		elements[i] = element
	}
	return elements
}
