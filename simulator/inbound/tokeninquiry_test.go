package inbound_test

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// inquire calls tokenInquiry; query begins with a question mark or is empty.
func (l *lab) inquire(t token.Token, query string) answer {
	GinkgoHelper()
	return l.call(request{method: "GET", path: tokenPath(t, "details") + query})
}

// complete gives a token everything that an inquiry can show.
func complete(t *token.Token) {
	t.OperatorID, t.ConsumerEntryMode, t.CardMetadataProfileID, t.LastFourOfPreviousPAN = "op-1", "CAMERA_CAPTURED", "profile-1", "0042"
	t.Discretionary = map[string]any{"fileControlInformation": strings.Repeat("0F", 128), "issuerApplicationDiscretionaryData": "00" + strings.Repeat("AB", 14), "note": "unknown"}
	t.Device = map[string]any{"deviceID": strings.Repeat("D", 48), "deviceType": "MOBILE_PHONE", "deviceNumber": "5815", "deviceName": "TXkgUGhvbmU", "osType": "IOS", "deviceIPAddressV4": "127.0.0.1"}
	t.Risk = map[string]any{"walletProviderDeviceScore": "3", "walletProviderAccountScore": "5", "riskAssessmentScore": "5", "visaTokenScore": "81", "visaTokenDecisioning": "85",
		"walletProviderReasonCodes": "01,02,0G", "issuerSpecialConditionCodes": "A1", "walletProviderRiskAssessment": "0"}
}

var _ = Describe("tokenInquiry (p.73-83)", func() {
	var (
		l   *lab
		pan vault.PAN
	)
	BeforeEach(func() {
		l = newLab()
		pan = l.givenPAN(bank, lifecyclePAN)
	})

	It("shows every member of the answer that the token has (p.75-77)", func() {
		t := l.givenToken(bank, pan, complete)
		l.inTx(bank, func(tx vault.Tx) error {
			return tx.PutOTP(vault.OTP{TokenReferenceID: t.ReferenceID, ValueHash: tx.Hash("123456"), ExpiresAt: noon.Add(time.Minute), Attempts: 2, Retries: 1})
		})
		l.givenBinding(bank, vault.Binding{TokenReferenceID: t.ReferenceID, Index: 1, DeviceID: "d-1", DeviceName: "Phone", Status: "APPROVED"})
		l.givenVerification(bank, vault.Verification{TokenReferenceID: t.ReferenceID, LifeCycleTraceID: 239000000000047, Status: "PENDING", StartedAt: time.Unix(1592869947, 0)})
		got := l.inquire(t, "?cardHolderVerificationRetrieve=true&deviceBindingInfo=true")
		l.mustSucceed("tokenInquiry", got)
		delete(got.body, "encryptedData")
		Expect(got.body).To(Equal(map[string]any{
			"panReferenceID": pan.ReferenceID, "operatorID": "op-1", "entityOfLastAction": "TOKEN_REQUESTOR",
			"walletAccountEmailAddressHash": "5DA27", "clientWalletAccountID": "wallet-1", "panSource": "KEY_ENTERED", "consumerEntryMode": "CAMERA_CAPTURED",
			"cardMetadataProfileID": "profile-1", "lastFourOfPAN": "0018", "lastFourOfPreviousPAN": "0042",
			"otpInfo": map[string]any{"otpCodeIndicator": "PRESENT", "otpCodeExpiration": "2026-06-01T12:01:00.000Z",
				"otpVerificationAttempts": 2.0, "otpVerificationRetryCounts": 1.0},
			"issuerDiscretionaryData":    map[string]any{"fileControlInformation": strings.Repeat("0F", 128), "issuerApplicationDiscretionaryData": "00" + strings.Repeat("AB", 14)},
			"cardholderVerificationList": []any{map[string]any{"lifeCycleTraceID": 239000000000047.0, "status": "PENDING", "timestamp": 1592869947.0}},
			"deviceBindingInfoList":      []any{map[string]any{"deviceIndex": 1.0, "deviceID": "d-1", "deviceName": "Phone", "deviceBindingStatus": "APPROVED"}},
		}))
		Expect(got.raw).To(ContainSubstring(`"lifeCycleTraceID":239000000000047`), "an integer without exponent (p.79)")
	})

	It("seals token, device and risk, of the latter two the members that an inquiry shows (p.80)", func() {
		t := l.givenToken(bank, pan, complete)
		got := l.inquire(t, "")
		l.mustSucceed("tokenInquiry", got)
		Expect(got.sealed).To(Equal(map[string]any{
			"tokenInfo": map[string]any{"token": t.Number, "tokenType": "SECURE_ELEMENT", "tokenStatus": "ACTIVE",
				"tokenExpirationDate": map[string]any{"month": "11", "year": "2028"}, "tokenAssuranceMethod": "00",
				"numberOfActiveTokensForPAN": 1.0, "numberOfInactiveTokensForPAN": 0.0, "numberOfSuspendedTokensForPAN": 0.0,
				"tokenActivationDate": "2026-06-01T11:00:00.000Z", "lastTokenStatusUpdatedTime": "2026-06-01T11:00:00.000Z"},
			"deviceInfo": map[string]any{"deviceID": strings.Repeat("D", 48), "deviceType": "MOBILE_PHONE", "deviceNumber": "5815", "deviceName": "TXkgUGhvbmU"},
			"riskInfo": map[string]any{"walletProviderDeviceScore": "3", "walletProviderAccountScore": "5", "riskAssessmentScore": "5", "visaTokenScore": "81",
				"visaTokenDecisioning": "85", "walletProviderReasonCodes": "01,02,0G", "issuerSpecialConditionCodes": "A1"},
		}))
		Expect(got.raw).NotTo(ContainSubstring(t.Number))
	})

	It("leaves out what the token does not have", func() {
		t := l.givenToken(bank, pan, func(t *token.Token) {
			t.WalletAccountEmailAddressHash, t.ClientWalletAccountID, t.PANSource, t.AssuranceMethod, t.Expiration = "", "", "", "", token.Expiration{}
			in("INACTIVE")(t)
		})
		got := l.inquire(t, "")
		l.mustSucceed("tokenInquiry", got)
		delete(got.body, "encryptedData")
		Expect(got.body).To(Equal(map[string]any{"panReferenceID": pan.ReferenceID, "entityOfLastAction": "TOKEN_REQUESTOR", "lastFourOfPAN": "0018",
			"otpInfo": map[string]any{"otpCodeIndicator": "NOT_PRESENT"}}))
		Expect(got.sealed).To(HaveLen(1))
		Expect(got.sealed["tokenInfo"]).NotTo(Or(HaveKey("tokenActivationDate"), HaveKey("tokenDeactivationDate"), HaveKey("tokenExpirationDate"), HaveKey("tokenAssuranceMethod")))
	})

	DescribeTable("shows the enumerated members as they are stored (p.76)", func(member, value string, set func(*token.Token, string)) {
		t := l.givenToken(bank, pan, func(t *token.Token) { set(t, value) })
		got := l.inquire(t, "")
		l.mustSucceed("tokenInquiry", got)
		Expect(got.body).To(HaveKeyWithValue(member, value))
	}, func() []TableEntry {
		var entries []TableEntry
		for _, value := range []string{"KEY_ENTERED", "ON_FILE", "MOBILE_BANKING_APP", "TOKEN", "CHIP_DIP", "CONTACTLESS_TAP"} {
			entries = append(entries, Entry("panSource "+value, "panSource", value, func(t *token.Token, v string) { t.PANSource = v }))
		}
		for _, value := range []string{"KEY_ENTERED", "CAMERA_CAPTURED", "UNKNOWN"} {
			entries = append(entries, Entry("consumerEntryMode "+value, "consumerEntryMode", value, func(t *token.Token, v string) { t.ConsumerEntryMode = v }))
		}
		for _, value := range []string{"TOKEN_REQUESTOR", "ISSUER"} {
			entries = append(entries, Entry("entityOfLastAction "+value, "entityOfLastAction", value, func(t *token.Token, v string) { t.EntityOfLastAction = token.Entity(v) }))
		}
		return entries
	}())

	DescribeTable("shows every token type and state sealed (p.49)", func(tokenType, status string) {
		t := l.givenToken(bank, pan, in(status), func(t *token.Token) { t.Type = tokenType })
		got := l.inquire(t, "")
		l.mustSucceed("tokenInquiry", got)
		Expect(got.sealed["tokenInfo"]).To(And(HaveKeyWithValue("tokenType", tokenType), HaveKeyWithValue("tokenStatus", status)))
	},
		Entry(nil, "SECURE_ELEMENT", "ACTIVE"),
		Entry(nil, "HCE", "INACTIVE"),
		Entry(nil, "CARD_ON_FILE", "SUSPENDED"),
		Entry(nil, "ECOMMERCE", "DEACTIVATED"),
		Entry(nil, "QRC", "ACTIVE"),
	)

	It("returns a deactivated token still, with the day of its end (p.83, INT-059)", func() {
		t := l.givenToken(bank, pan)
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "DELETE", nil))
		got := l.inquire(t, "")
		l.mustSucceed("tokenInquiry", got)
		Expect(got.sealed["tokenInfo"]).To(And(HaveKeyWithValue("tokenStatus", "DEACTIVATED"), HaveKeyWithValue("tokenDeactivationDate", "2026-06-01"),
			HaveKeyWithValue("lastTokenStatusUpdatedTime", "2026-06-01T12:00:00.000Z")))
		Expect(got.body).To(HaveKeyWithValue("operatorID", "op-7"))
	})

	It("counts the tokens of the PAN by state, of every type, and not those of other PANs (p.50, INT-168)", func() {
		t := l.givenToken(bank, pan)
		for _, status := range []string{"ACTIVE", "INACTIVE", "SUSPENDED", "SUSPENDED", "INACTIVE", "SUSPENDED", "DEACTIVATED"} {
			l.givenToken(bank, pan, in(status), func(t *token.Token) { t.Type = "CARD_ON_FILE" })
		}
		l.givenToken(bank, l.givenPAN(bank, "4000000010000026"))
		l.givenToken(other, l.givenPAN(other, "4000000020000017"))
		got := l.inquire(t, "")
		l.mustSucceed("tokenInquiry", got)
		Expect(got.sealed["tokenInfo"]).To(And(HaveKeyWithValue("numberOfActiveTokensForPAN", 2.0), HaveKeyWithValue("numberOfInactiveTokensForPAN", 2.0),
			HaveKeyWithValue("numberOfSuspendedTokensForPAN", 3.0)))
	})

	It("shows when a token became active again (p.50)", func() {
		t := l.givenToken(bank, pan)
		l.clock.Advance(time.Minute)
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "SUSPEND", nil))
		l.clock.Advance(time.Minute + 7*time.Millisecond)
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "RESUME", nil))
		Expect(l.inquire(t, "").sealed["tokenInfo"]).To(HaveKeyWithValue("tokenActivationDate", "2026-06-01T12:02:00.007Z"))
	})

	DescribeTable("tells the state of the passcode and never the passcode (p.77):", func(otp vault.OTP, known bool, indicator string) {
		t := l.givenToken(bank, pan)
		l.inTx(bank, func(tx vault.Tx) error {
			if otp.TokenReferenceID = t.ReferenceID; known {
				otp.ValueHash = tx.Hash("867530")
			}
			return tx.PutOTP(otp)
		})
		got := l.inquire(t, "")
		l.mustSucceed("tokenInquiry", got)
		Expect(got.body["otpInfo"]).To(HaveKeyWithValue("otpCodeIndicator", indicator))
		Expect(got.raw).NotTo(ContainSubstring("867530"))
	},
		Entry("there is one", vault.OTP{ExpiresAt: noon.Add(time.Nanosecond)}, true, "PRESENT"),
		Entry("it expires this very moment", vault.OTP{ExpiresAt: noon}, true, "EXPIRED"),
		Entry("it has expired", vault.OTP{ExpiresAt: noon.Add(-time.Hour)}, true, "EXPIRED"),
		Entry("it was used up", vault.OTP{ExpiresAt: noon.Add(time.Hour), Attempts: 1}, false, "NOT_PRESENT"),
	)

	It("counts attempts up to three digits (p.77)", func() {
		t := l.givenToken(bank, pan)
		l.inTx(bank, func(tx vault.Tx) error {
			return tx.PutOTP(vault.OTP{TokenReferenceID: t.ReferenceID, Attempts: 1000, Retries: 5000})
		})
		got := l.inquire(t, "")
		l.mustSucceed("tokenInquiry", got)
		Expect(got.body["otpInfo"]).To(And(HaveKeyWithValue("otpVerificationAttempts", 999.0), HaveKeyWithValue("otpVerificationRetryCounts", 999.0)))
	})

	DescribeTable("gives the lists only when they are asked for (p.75, INT-043):", func(query string, wanted ...string) {
		t := l.givenToken(bank, pan)
		l.givenBinding(bank, vault.Binding{TokenReferenceID: t.ReferenceID, Index: 1, DeviceID: "d", Status: "CHALLENGED"})
		l.givenVerification(bank, vault.Verification{TokenReferenceID: t.ReferenceID, LifeCycleTraceID: 1, Status: "PENDING"})
		got := l.inquire(t, query)
		l.mustSucceed("tokenInquiry", got)
		for _, list := range []string{"cardholderVerificationList", "deviceBindingInfoList"} {
			_, there := got.body[list]
			Expect(there).To(Equal(slices.Contains(wanted, list)), list)
		}
	},
		Entry("neither by default", ""),
		Entry("neither when both are declined", "?cardHolderVerificationRetrieve=false&deviceBindingInfo=false"),
		Entry("verifications", "?cardHolderVerificationRetrieve=true", "cardholderVerificationList"),
		Entry("bindings", "?deviceBindingInfo=true&cardHolderVerificationRetrieve=false", "deviceBindingInfoList"),
		Entry("both", "?deviceBindingInfo=true&cardHolderVerificationRetrieve=true", "cardholderVerificationList", "deviceBindingInfoList"),
		Entry("a parameter in other capitals asks for nothing", "?cardholderVerificationRetrieve=true&DeviceBindingInfo=true"),
	)

	It("lists pending verifications only, and none at all when none is (p.75, p.79)", func() {
		t := l.givenToken(bank, pan)
		for id, status := range []string{"DONE", "PENDING", "DONE"} {
			l.givenVerification(bank, vault.Verification{TokenReferenceID: t.ReferenceID, LifeCycleTraceID: int64(id), Status: status, StartedAt: noon})
		}
		got := l.inquire(t, "?cardHolderVerificationRetrieve=true")
		l.mustSucceed("tokenInquiry", got)
		Expect(got.body["cardholderVerificationList"]).To(HaveLen(1))
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "CARDHOLDER_STEPUP_CALL_CENTER", nil))
		got = l.inquire(t, "?cardHolderVerificationRetrieve=true")
		l.mustSucceed("tokenInquiry", got)
		Expect(got.body).NotTo(HaveKey("cardholderVerificationList"))
	})

	It("lists the bindings in each status by index, and an empty list where there is none (p.79-80)", func() {
		t := l.givenToken(bank, pan)
		got := l.inquire(t, "?deviceBindingInfo=true")
		l.mustSucceed("tokenInquiry", got)
		Expect(got.body).To(HaveKeyWithValue("deviceBindingInfoList", BeEmpty()))
		for index, status := range map[int]string{3: "APPROVED", 1: "DECLINED", 2: "CHALLENGED"} {
			l.givenBinding(bank, vault.Binding{TokenReferenceID: t.ReferenceID, Index: index, Status: status})
		}
		got = l.inquire(t, "?deviceBindingInfo=true")
		l.mustSucceed("tokenInquiry", got)
		Expect(json.Marshal(got.body["deviceBindingInfoList"])).To(MatchJSON(
			`[{"deviceIndex":1,"deviceBindingStatus":"DECLINED"},{"deviceIndex":2,"deviceBindingStatus":"CHALLENGED"},{"deviceIndex":3,"deviceBindingStatus":"APPROVED"}]`))
	})
})
