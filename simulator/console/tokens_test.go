package console_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("a token made in the console", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })

	stored := func(issuer, reference string) token.Token {
		GinkgoHelper()
		found, err := l.vault.FindToken(context.Background(), issuer, reference)
		Expect(err).NotTo(HaveOccurred())
		return found
	}

	It("has exactly the members that outside tests rely on, made and read alike", func() {
		pan := l.number(bank)
		a := l.post("/api/v1/tokens", map[string]any{"issuer": bank, "pan": pan, "tokenRequestorID": "40010075001", "tokenType": "HCE", "tokenStatus": "ACTIVE"}).ok(http.StatusCreated)
		reference := a.body["tokenReferenceID"].(string)
		Expect(reference).To(MatchRegexp(`^DNITHE[0-9]{18}$`))
		Expect(a.body["panReferenceID"]).To(MatchRegexp(`^V-[0-9]{22}$`))
		number := a.body["token"].(string)
		Expect(fixtures.Luhn(number)).To(BeTrue())
		Expect(l.fixtures.IsToken(number)).To(BeTrue())
		Expect(a.raw).To(MatchJSON(fmt.Sprintf(`{"issuer": "demo-bank", "tokenReferenceID": %q, "tokenRequestorID": "40010075001", "panReferenceID": %q, "token": %q,
			"tokenType": "HCE", "tokenStatus": "ACTIVE", "entityOfLastAction": "TOKEN_REQUESTOR", "tokenExpirationDate": {"month": "06", "year": "2029"},
			"panExpirationDate": {"month": "06", "year": "2030"}, "lastFourOfPAN": %q}`, reference, a.body["panReferenceID"], number, pan[12:])))
		Expect(a.headers.Get("Location")).To(Equal("/api/v1/tokens/" + reference))
		Expect(l.get("/api/v1/tokens/" + reference).ok(http.StatusOK).raw).To(MatchJSON(a.raw))
		Expect(l.get("/api/v1/tokens/" + reference + "?issuer=demo-bank").ok(http.StatusOK).raw).To(MatchJSON(a.raw))
		Expect(l.queued(bank)).To(BeEmpty())
	})

	It("belongs to its issuer alone", func() {
		reference := l.givenToken(bank, nil)
		l.get("/api/v1/tokens/"+reference+"?issuer=second-bank").refused(http.StatusNotFound, "tokenReferenceID", "no token")
		l.post("/api/v1/tokens/"+reference+"/actions?issuer=second-bank", `{"action": "suspend", "by": "ISSUER"}`).refused(http.StatusNotFound, "tokenReferenceID")
		Expect(l.get("/api/v1/tokens?issuer=second-bank").items()).To(BeEmpty())
		Expect(stored(bank, reference).Status).To(Equal(token.Status("ACTIVE")))
		l.post("/api/v1/tokens", l.tokenOf(bank, map[string]any{"issuer": other})).refused(http.StatusBadRequest, "pan", "account ranges")
	})

	It("makes the PAN known, once for all of its tokens", func() {
		pan := l.number(bank)
		first := l.post("/api/v1/tokens", l.tokenOf(bank, map[string]any{"pan": pan})).ok(http.StatusCreated)
		second := l.post("/api/v1/tokens", l.tokenOf(bank, map[string]any{"pan": pan, "panExpirationDate": map[string]any{"month": "2", "year": "2031"}})).ok(http.StatusCreated)
		Expect(second.body["panReferenceID"]).To(Equal(first.body["panReferenceID"]))
		Expect(second.body["token"]).NotTo(Equal(first.body["token"]))
		l.within(bank, func(tx vault.Tx) error {
			row, err := tx.PANByNumber(pan)
			Expect(row.Expiration).To(Equal(token.Expiration{Month: "2", Year: "2031"}))
			return err
		})
	})

	It("gets identifiers that are free, however often the randomness repeats itself", func() {
		zeros := new(repeating)
		l = newLab(func(s *setting) { s.config.Settings.Rand = zeros })
		pan := l.number(bank)
		zeros.bytes = 22 + 15 + 18 + 9 // PAN reference, trace, reference and number of the first
		first := l.post("/api/v1/tokens", l.tokenOf(bank, map[string]any{"pan": pan})).ok(http.StatusCreated)
		Expect(first.body["panReferenceID"]).To(Equal("V-" + strings.Repeat("0", 22)))
		zeros.bytes = 15 + 18 + 9
		second := l.post("/api/v1/tokens", l.tokenOf(bank, map[string]any{"pan": pan})).ok(http.StatusCreated)
		Expect(second.body["tokenReferenceID"]).NotTo(Equal(first.body["tokenReferenceID"]))
		zeros.bytes = 22
		third := l.post("/api/v1/tokens", l.tokenOf(bank, nil)).ok(http.StatusCreated)
		Expect(third.body["panReferenceID"]).NotTo(Equal(first.body["panReferenceID"]))
		zeros.bytes = 1 << 20
		l.post("/api/v1/tokens", l.tokenOf(bank, nil)).refused(http.StatusInternalServerError, "", "its log tells why")
	})

	It("takes the date of a test card", func() {
		card := l.directory.Issuers[bank].Profile.Cards[0]
		a := l.post("/api/v1/tokens", l.tokenOf(bank, map[string]any{"pan": card.PAN})).ok(http.StatusCreated)
		Expect(a.body["panExpirationDate"]).To(Equal(map[string]any{"month": card.ExpMonth, "year": card.ExpYear}))
	})

	It("may be of every type and in every state, by either actor", func() {
		op, err := l.contract.Operation("tokenInquiry")
		Expect(err).NotTo(HaveOccurred())
		info := op.Field(contract.SealedResponse).Member("tokenInfo")
		for _, kind := range info.Member("tokenType").Enum {
			a := l.post("/api/v1/tokens", l.tokenOf(bank, map[string]any{"tokenType": kind})).ok(http.StatusCreated)
			Expect(a.body["tokenType"]).To(Equal(kind))
		}
		for _, status := range info.Member("tokenStatus").Enum {
			for _, entity := range op.Field(contract.Response).Member("entityOfLastAction").Enum {
				reference := l.givenToken(bank, map[string]any{"tokenStatus": status, "entityOfLastAction": entity})
				got := stored(bank, reference)
				Expect(got.Status).To(BeEquivalentTo(status))
				Expect(got.EntityOfLastAction).To(BeEquivalentTo(entity))
				Expect(got.SuspendedBy == "").To(Equal(status != "SUSPENDED"))
				Expect(got.DeactivatedAt.IsZero()).To(Equal(status != "DEACTIVATED"))
				Expect(got.ActivatedAt.IsZero()).To(Equal(status == "INACTIVE" || status == "DEACTIVATED"))
				Expect(got.StatusUpdatedAt).To(BeTemporally("==", noon))
			}
		}
	})

	It("can carry everything that tokenInquiry answers with", func() {
		reference := l.givenToken(bank, map[string]any{
			"tokenRequestorID": 40010030273, "tokenAssuranceMethod": "13", "operatorID": "operator-1", "autoFillIndicator": true,
			"tokenExpirationDate": map[string]any{"month": "1", "year": "2030"}, "tokenActivationDate": "2026-05-01T10:00:00.123Z",
			"tokenDeactivationDate": "2026-05-03", "lastTokenStatusUpdatedTime": "2026-05-02T10:00:00.000z", "tokenRequestorTspID": "40010099999",
			"lifeCycleTraceID": 123456789012345, "walletAccountEmailAddressHash": "5DA27", "clientWalletAccountID": "wallet-1", "panSource": "ON_FILE",
			"consumerEntryMode": "CAMERA_CAPTURED", "cardMetadataProfileID": "profile-1", "lastFourOfPreviousPAN": "0042", "trustedListed": true,
			"issuerDiscretionaryData": map[string]any{"fileControlInformation": "BF0C"},
			"deviceInfo":              map[string]any{"deviceID": "device-1", "deviceType": "WATCH", "deviceNumber": "1234567890123", "osType": "IOS"},
			"riskInfo":                map[string]any{"visaTokenScore": "7", "visaTokenDecisioning": "85", "walletProviderReasonCodes": "A0,A1"},
			"deviceBindingInfoList":   []any{map[string]any{"deviceIndex": 2, "deviceID": "device-1", "deviceName": "phone", "deviceBindingStatus": "CHALLENGED"}},
			"cardholderVerificationList": []any{map[string]any{"lifeCycleTraceID": 77, "status": "PENDING", "timestamp": 1780000000},
				map[string]any{"lifeCycleTraceID": 78}},
			"otpInfo": map[string]any{"otpValue": "123456", "otpCodeExpiration": "2026-06-01T12:10:00.000Z", "otpVerificationAttempts": 2, "otpVerificationRetryCounts": 1},
		})
		got := stored(bank, reference)
		fill := true
		Expect(got).To(Equal(token.Token{Issuer: bank, ReferenceID: reference, RequestorID: "40010030273", PANReferenceID: got.PANReferenceID, Number: got.Number,
			Type: "SECURE_ELEMENT", Status: "ACTIVE", EntityOfLastAction: token.TokenRequestor, OperatorID: "operator-1", Expiration: token.Expiration{Month: "1", Year: "2030"},
			AssuranceMethod: "13", LastFourOfPreviousPAN: "0042", CreatedAt: noon, ActivatedAt: time.Date(2026, 5, 1, 10, 0, 0, 123e6, time.UTC),
			DeactivatedAt: time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC), StatusUpdatedAt: time.Date(2026, 5, 2, 10, 0, 0, 0, time.UTC),
			WalletAccountEmailAddressHash: "5DA27", ClientWalletAccountID: "wallet-1", PANSource: "ON_FILE", ConsumerEntryMode: "CAMERA_CAPTURED", AutoFill: &fill,
			RequestorTspID: "40010099999", LifeCycleTraceID: 123456789012345, CardMetadataProfileID: "profile-1", Listed: true, Version: got.Version,
			Device:        map[string]any{"deviceID": "device-1", "deviceType": "WATCH", "deviceNumber": "1234567890123", "osType": "IOS"},
			Risk:          map[string]any{"visaTokenScore": "7", "visaTokenDecisioning": "85", "walletProviderReasonCodes": "A0,A1"},
			Discretionary: map[string]any{"fileControlInformation": "BF0C"}}))
		l.within(bank, func(tx vault.Tx) error {
			bindings, err := tx.Bindings(reference)
			Expect(bindings).To(ConsistOf(And(HaveField("Index", 2), HaveField("DeviceID", "device-1"), HaveField("DeviceName", "phone"), HaveField("Status", "CHALLENGED"))))
			verifications, failed := tx.Verifications(reference)
			Expect(verifications).To(ConsistOf(
				And(HaveField("LifeCycleTraceID", int64(77)), HaveField("Status", "PENDING"), HaveField("StartedAt", time.Unix(1780000000, 0).UTC())),
				And(HaveField("LifeCycleTraceID", int64(78)), HaveField("Status", "PENDING"), HaveField("StartedAt", noon))))
			otp, missing := tx.OTP(reference)
			Expect(otp).To(And(HaveField("ExpiresAt", noon.Add(10*time.Minute)), HaveField("Attempts", 2), HaveField("Retries", 1), HaveField("ValueHash", tx.Hash("123456"))))
			return errors.Join(err, failed, missing)
		})
	})

	It("tells the issuer only when asked to, when and as the issuer's settings say", func() {
		l.call(http.MethodPut, "/api/v1/issuers/demo-bank", `{"settings": {"transitions": {"TOKEN_CREATED": {"after": "10m"}, "TOKEN_SUSPEND": {"inquiries": 2}}}}`).ok(http.StatusOK)
		reference := l.givenToken(bank, map[string]any{"notify": true})
		queued := l.queued(bank)
		Expect(queued).To(HaveLen(1))
		Expect(queued[0]).To(And(HaveField("Operation", "tokenCreateNotification"), HaveField("EventType", "TOKEN_CREATED"), HaveField("TokenID", reference),
			HaveField("Facts", HaveKeyWithValue("messageReasonCode", "TOKEN_CREATED")), HaveField("DueAt", noon.Add(10*time.Minute)), HaveField("State", "pending")))
		l.post("/api/v1/tokens/"+reference+"/actions", `{"action": "suspend", "by": "ISSUER", "notify": true}`).ok(http.StatusOK)
		queued = l.queued(bank)
		Expect(queued).To(HaveLen(2))
		Expect(queued[1]).To(And(HaveField("Operation", "tokenNotification"), HaveField("EventType", "TOKEN_STATUS_UPDATED"), HaveField("Inquiries", 2), HaveField("DueAt", noon)))
		Expect(l.queued(other)).To(BeEmpty())
	})

	DescribeTable("is not made from a request that is not right", func(change map[string]any, status int, field string, parts ...string) {
		wanted := l.tokenOf(bank, change)
		for name, value := range change {
			if value == nil {
				delete(wanted, name)
			}
		}
		a := l.post("/api/v1/tokens", wanted)
		a.refused(status, field, parts...)
		if pan, ok := wanted["pan"].(string); ok && len(pan) > 8 {
			Expect(string(a.raw)).NotTo(ContainSubstring(pan[:9]))
		}
		Expect(l.get("/api/v1/tokens?issuer=demo-bank").items()).To(BeEmpty())
	},
		Entry("no issuer", map[string]any{"issuer": nil}, http.StatusBadRequest, "issuer", "required"),
		Entry("an unknown issuer", map[string]any{"issuer": "nobody"}, http.StatusNotFound, "issuer", "no issuer"),
		Entry("no pan", map[string]any{"pan": nil}, http.StatusBadRequest, "pan", "required"),
		Entry("a wrong check digit", map[string]any{"pan": "4000000010000001"}, http.StatusBadRequest, "pan", "Luhn"),
		Entry("letters in the pan", map[string]any{"pan": "400000001000000X"}, http.StatusBadRequest, "pan", "form"),
		Entry("a pan that is too long", map[string]any{"pan": "40000000100000010000"}, http.StatusBadRequest, "pan", "at most 19"),
		Entry("a pan that is a number", map[string]any{"pan": 4000000010000018}, http.StatusBadRequest, "pan", "type string"),
		Entry("a pan of nobody", map[string]any{"pan": "4111111111111111"}, http.StatusBadRequest, "pan", "account ranges"),
		Entry("an unknown type", map[string]any{"tokenType": "PLASTIC"}, http.StatusBadRequest, "tokenType", "SECURE_ELEMENT"),
		Entry("an unknown state", map[string]any{"tokenStatus": "DELETED"}, http.StatusBadRequest, "tokenStatus", "SUSPENDED"),
		Entry("an unknown actor", map[string]any{"entityOfLastAction": "VISA"}, http.StatusBadRequest, "entityOfLastAction", "ISSUER"),
		Entry("a requestor that is no number", map[string]any{"tokenRequestorID": "wallet"}, http.StatusBadRequest, "tokenRequestorID", "form"),
		Entry("an unknown member", map[string]any{"tokenState": "ACTIVE"}, http.StatusBadRequest, "tokenState", "unknown"),
		Entry("an unknown member of the device", map[string]any{"deviceInfo": map[string]any{"colour": "red"}}, http.StatusBadRequest, "deviceInfo/colour", "unknown"),
		Entry("an unknown device type", map[string]any{"deviceInfo": map[string]any{"deviceType": "TOASTER"}}, http.StatusBadRequest, "deviceInfo/deviceType", "WATCH"),
		Entry("a risk score too high", map[string]any{"riskInfo": map[string]any{"visaTokenScore": "100"}}, http.StatusBadRequest, "riskInfo/visaTokenScore"),
		Entry("a binding without its index", map[string]any{"deviceBindingInfoList": []any{map[string]any{"deviceID": "x", "deviceBindingStatus": "APPROVED"}}},
			http.StatusBadRequest, "deviceBindingInfoList/0/deviceIndex", "required"),
		Entry("an unknown state of a binding", map[string]any{"deviceBindingInfoList": []any{map[string]any{"deviceIndex": 1, "deviceID": "x", "deviceBindingStatus": "BOUND"}}},
			http.StatusBadRequest, "deviceBindingInfoList/0/deviceBindingStatus", "APPROVED"),
		Entry("two bindings of one index", map[string]any{"deviceBindingInfoList": []any{map[string]any{"deviceIndex": 1, "deviceID": "x", "deviceBindingStatus": "APPROVED"},
			map[string]any{"deviceIndex": 1, "deviceID": "y", "deviceBindingStatus": "DECLINED"}}}, http.StatusBadRequest, "deviceBindingInfoList", "same deviceIndex"),
		Entry("two verifications of one trace", map[string]any{"cardholderVerificationList": []any{map[string]any{"lifeCycleTraceID": 1}, map[string]any{"lifeCycleTraceID": 1}}},
			http.StatusBadRequest, "cardholderVerificationList", "same lifeCycleTraceID"),
		Entry("a verification in the year 10000", map[string]any{"cardholderVerificationList": []any{map[string]any{"lifeCycleTraceID": 1, "timestamp": 253402300800}}},
			http.StatusBadRequest, "cardholderVerificationList/0/timestamp", "9999"),
		Entry("a passcode that never expires", map[string]any{"otpInfo": map[string]any{"otpValue": "123456"}}, http.StatusBadRequest, "otpInfo/otpCodeExpiration", "beside otpValue"),
		Entry("a month that does not exist", map[string]any{"tokenExpirationDate": map[string]any{"month": "13", "year": "2030"}}, http.StatusBadRequest, "tokenExpirationDate/month", "form"),
		Entry("a month without its year", map[string]any{"panExpirationDate": map[string]any{"month": "12"}}, http.StatusBadRequest, "panExpirationDate/year", "required"),
		Entry("a day that does not exist", map[string]any{"tokenDeactivationDate": "2026-02-30"}, http.StatusBadRequest, "tokenDeactivationDate", "calendar"),
		Entry("a time that is none", map[string]any{"tokenActivationDate": "yesterday"}, http.StatusBadRequest, "tokenActivationDate", "form"),
	)
})

var _ = Describe("the list of tokens", func() {
	It("goes on where the page before ended, for an issuer or one PAN", func() {
		l := newLab()
		pan := l.number(bank)
		for i := range 5 {
			change := map[string]any{}
			if i < 3 {
				change["pan"] = pan
			}
			l.givenToken(bank, change)
			l.givenToken(other, nil)
		}
		for query, want := range map[string]int{"issuer=demo-bank": 5, "issuer=demo-bank&pan=" + pan: 3} {
			var seen []string
			next, pages := "", 0
			for next != "" || pages == 0 {
				path := "/api/v1/tokens?" + query + "&limit=2"
				if next != "" {
					path += "&after=" + next
				}
				a := l.get(path)
				for _, item := range a.ok(http.StatusOK).items() {
					Expect(item["issuer"]).To(Equal(bank))
					seen = append(seen, item["tokenReferenceID"].(string))
				}
				next, pages = a.body["next"].(string), pages+1
			}
			Expect(pages).To(Equal((want + 1) / 2))
			Expect(seen).To(HaveLen(want))
			Expect(slices.IsSorted(seen)).To(BeTrue())
			Expect(slices.Compact(slices.Clone(seen))).To(HaveLen(want))
		}
		Expect(l.get("/api/v1/tokens?issuer=demo-bank&pan=" + l.number(bank)).items()).To(BeEmpty())
	})

	It("is refused without an issuer, with a wrong PAN or a limit out of bounds", func() {
		l := newLab()
		l.get("/api/v1/tokens").refused(http.StatusBadRequest, "issuer", "required")
		l.get("/api/v1/tokens?issuer=nobody").refused(http.StatusNotFound, "issuer")
		l.get("/api/v1/tokens?issuer=demo-bank&pan=4000000010000001").refused(http.StatusBadRequest, "pan", "Luhn")
		l.get("/api/v1/tokens?issuer=demo-bank&limit=0").refused(http.StatusBadRequest, "limit", "at least 1")
		l.get("/api/v1/tokens?issuer=demo-bank&limit=1001").refused(http.StatusBadRequest, "limit", "at most 1000")
		l.get("/api/v1/tokens?issuer=demo-bank&limit=many").refused(http.StatusBadRequest, "limit", "whole number")
		l.get("/api/v1/tokens?issuer=demo-bank&issuer=second-bank").refused(http.StatusBadRequest, "issuer", "2 times")
		l.get("/api/v1/tokens?issuer=demo-bank&after=").refused(http.StatusBadRequest, "after", "empty")
	})
})
