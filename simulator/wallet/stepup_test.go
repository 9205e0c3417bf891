package wallet_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

var _ = Describe("Step-up of a token on condition (p.159-191)", func() {
	var l *lab
	BeforeEach(func() {
		l = newLab()
		l.answers["approveProvisioning"] = action("85")
		l.answers["retrieveStepUpMethods"] = offers("CUSTOMERSERVICE", "OTPSMS", "APP_TO_APP")
	})
	how := func(p wallet.Passcode, method string) func(*wallet.Request) {
		return func(r *wallet.Request) { r.Passcode, r.Method = p, method }
	}
	// sent is the passcode that the issuer was given last.
	sent := func() string {
		value := ""
		for _, call := range l.calls {
			if call.operation == "sendPasscode" {
				value = call.body["otpValue"].(string)
			}
		}
		return value
	}

	It("sends a passcode of six digits by the chosen method and activates the token once it is entered (p.182)", func() {
		result := l.provision(l.card("stepUp"))
		Expect(l.called()).To(Equal([]string{"checkEligibility", "approveProvisioning", "retrieveStepUpMethods", "sendPasscode"}))
		Expect(l.call("retrieveStepUpMethods").body).To(And(HaveKeyWithValue("otpReason", "PROVISIONING"), Not(HaveKeyWithValue("otpMaxReached", true))))
		body := l.call("sendPasscode").body
		Expect(body["otpValue"]).To(MatchRegexp(`^[0-9]{6}$`))
		Expect(body).To(And(HaveKeyWithValue("otpMethodIdentifier", "id-OTPSMS"), HaveKeyWithValue("otpExpirationDate", "2026-03-02T12:10:00.000Z"), Not(HaveKey("otpReason"))), "INT-163")
		Expect(result.Token.Status).To(Equal(token.Status("ACTIVE")))
		Expect(result.Token.AssuranceMethod).To(Equal("11"))
		Expect(result.ActionCode).To(Equal("85"))
		Expect(l.told()).To(Equal([]string{"TOKEN_CREATED 85", "DEVICE_PROVISIONING_RESULT 00", "OTP_VERIFICATION_RESULT 00"}))
	})

	DescribeTable("tells how the passcode was entered (p.205):",
		func(p wallet.Passcode, results ...string) {
			result := l.provision(l.card("stepUp", how(p, "")))
			var told []string
			for _, n := range l.queued()[2:] {
				told = append(told, n.Facts["activationVerificationResult"].(string)+" "+n.Facts["actionCode"].(string))
			}
			Expect(told).To(Equal(results))
			Expect(result.Token.Status).To(Equal(token.Status("INACTIVE")))
			Expect(result.Verification + " 05").To(Equal(results[len(results)-1]))
		},
		Entry("wrong", wallet.PasscodeWrong, "VERIFICATION_CODE_FAILED 05"),
		Entry("too late", wallet.PasscodeExpired, "VERIFICATION_CODE_EXPIRED 05"),
		Entry("not at all", wallet.PasscodeMissing, "VERIFICATION_CODE_MISSING 05"),
		Entry("wrong too often", wallet.PasscodeExhausted, "VERIFICATION_CODE_FAILED 05", "VERIFICATION_CODE_FAILED 05", "VERIFICATION_CODE_RETRIES_EXCEEDED 05"),
	)

	It("takes the right passcode after a wrong one, until the simulator's clock says that it is over", func() {
		reference := l.provision(l.card("stepUp", how(wallet.PasscodeWrong, ""))).Token.ReferenceID
		l.clock.Advance(10*time.Minute - time.Millisecond)
		result := l.must(l.EnterPasscode(context.Background(), bank, reference, sent()))
		Expect(result.Verification).To(Equal("VERIFICATION_SUCCESS"))
		Expect(l.token(reference).Status).To(Equal(token.Status("ACTIVE")))

		other := l.provision(l.card("eligible", how(wallet.PasscodeLater, ""))).Token.ReferenceID
		l.clock.Advance(10 * time.Minute)
		Expect(l.must(l.EnterPasscode(context.Background(), bank, other, sent())).Verification).To(Equal("VERIFICATION_CODE_EXPIRED"))
	})

	It("takes no passcode any more after three wrong ones, not even the right one", func() {
		reference := l.provision(l.card("stepUp", how(wallet.PasscodeExhausted, ""))).Token.ReferenceID
		Expect(l.must(l.EnterPasscode(context.Background(), bank, reference, sent())).Verification).To(Equal("VERIFICATION_CODE_RETRIES_EXCEEDED"))
		Expect(l.token(reference).Status).To(Equal(token.Status("INACTIVE")))
	})

	It("does not take a passcode twice", func() {
		reference := l.provision(l.card("stepUp")).Token.ReferenceID
		Expect(l.must(l.EnterPasscode(context.Background(), bank, reference, sent())).Verification).To(Equal("VERIFICATION_CODE_MISSING"))
	})

	It("keeps the passcode as a hash and out of the journal", func() {
		reference := l.provision(l.card("stepUp", how(wallet.PasscodeLater, ""))).Token.ReferenceID
		Expect(l.vault.View(context.Background(), bank, func(tx vault.Tx) error {
			otp, err := tx.OTP(reference)
			Expect(otp.ValueHash).To(Equal(tx.Hash(sent())))
			Expect(otp.Generated).To(Equal(1))
			return err
		})).To(Succeed())
		rows, _, err := l.vault.Traffic(context.Background(), vault.TrafficQuery{Issuer: bank})
		Expect(err).NotTo(HaveOccurred())
		Expect(rows[len(rows)-1].Request.Body).To(HaveKeyWithValue("otpValue", Not(Equal(sent()))))
	})

	It("leaves an app or a call centre to the issuer, and takes the app's report (p.203)", func() {
		result := l.provision(l.card("stepUp", how("", "APP_TO_APP")))
		Expect(result.Method.Type).To(Equal("APP_TO_APP"))
		Expect(l.called()).NotTo(ContainElement("sendPasscode"))
		Expect(result.Token.Status).To(Equal(token.Status("INACTIVE")))
		l.must(l.ActivateByApp(context.Background(), bank, result.Token.ReferenceID, "VERIFICATION_CODE_FAILED"))
		Expect(l.token(result.Token.ReferenceID).Status).To(Equal(token.Status("INACTIVE")))
		l.must(l.ActivateByApp(context.Background(), bank, result.Token.ReferenceID, "VERIFICATION_SUCCESS"))
		Expect(l.token(result.Token.ReferenceID).Status).To(Equal(token.Status("ACTIVE")))
		Expect(l.told()[2:]).To(Equal([]string{"MOBILE_BANK_APP_ACTIVATION 05", "MOBILE_BANK_APP_ACTIVATION 00"}))
	})

	It("offers the call centre that was left with Visa when the issuer does not answer (p.159)", func() {
		l.answers["retrieveStepUpMethods"] = status(500)
		result := l.provision(l.card("stepUp"))
		Expect(result.Method.Type).To(Equal("CUSTOMERSERVICE"))
		Expect(result.Path).To(Equal(fixtures.PathYellow))
	})

	It("gives the token up where nothing was left (p.160)", func() {
		l.set(map[string]any{"standIn": map[string]any{"path": "red"}})
		l.answers["retrieveStepUpMethods"] = offers()
		result := l.provision(l.card("stepUp"))
		Expect(result.Path).To(Equal(fixtures.PathRed))
		Expect(l.token(result.Token.ReferenceID).Status).To(Equal(token.Status("DEACTIVATED")))
		Expect(l.told()).To(Equal([]string{"TOKEN_CREATED 85", "DEVICE_PROVISIONING_RESULT 00", "TOKEN_DEACTIVATED 00"}))
	})

	It("makes a passcode that the issuer does not deliver worthless", func() {
		l.answers["sendPasscode"] = says(map[string]any{"errorCode": "ISE40501"})
		reference := l.provision(l.card("stepUp")).Token.ReferenceID
		Expect(l.must(l.EnterPasscode(context.Background(), bank, reference, sent())).Verification).To(Equal("VERIFICATION_CODE_MISSING"))
	})

	It("tells the issuer when a token has had all its passcodes (p.161)", func() {
		l.answers["approveProvisioning"] = action("00")
		reference := l.provision(l.card("eligible")).Token.ReferenceID
		ask := wallet.StepUpRequest{Issuer: bank, TokenReferenceID: reference, Passcode: wallet.PasscodeLater}
		for range 3 {
			l.must(l.StepUp(context.Background(), ask))
		}
		l.forget()
		_, err := l.StepUp(context.Background(), ask)
		Expect(errors.Is(err, wallet.ErrPasscodeLimit)).To(BeTrue(), "the issuer should not have offered one")
		Expect(l.call("retrieveStepUpMethods").body).To(HaveKeyWithValue("otpMaxReached", true))
		Expect(l.called()).To(Equal([]string{"retrieveStepUpMethods"}))
	})
})
