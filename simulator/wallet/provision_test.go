package wallet_test

import (
	"context"
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

var _ = Describe("Provisioning", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })

	It("asks whether the card may have a token, then for approval, and activates the token (p.116, p.140)", func() {
		l.answers["checkEligibility"] = says(map[string]any{"cardMetadataInfo": map[string]any{"profileID": "7d3c1f0a5b9e4c62a8f01b2c3d4e5f60"}})
		l.answers["approveProvisioning"] = action("00")
		result := l.provision(l.card("eligible"))
		Expect(l.called()).To(Equal([]string{"checkEligibility", "approveProvisioning"}))
		Expect(result.Path).To(Equal(fixtures.PathGreen))
		t := l.token(result.Token.ReferenceID)
		Expect(t).To(Equal(result.Token))
		Expect(t.Status).To(Equal(token.Status("ACTIVE")))
		Expect(t.ActivatedAt).To(BeTemporally("==", noon))
		Expect(t.CardMetadataProfileID).To(Equal("7d3c1f0a5b9e4c62a8f01b2c3d4e5f60"))
		Expect(l.told()).To(Equal([]string{"TOKEN_CREATED 00", "DEVICE_PROVISIONING_RESULT 00"}))
		call := l.call("approveProvisioning")
		Expect(call.path).To(Equal("/base/vtis/v2/tokenRequestors/" + t.RequestorID + "/tokens/" + t.ReferenceID + "/approveProvisioning"))
		Expect(call.body["tokenInfo"]).NotTo(HaveKey("token"), "it is too early, and in clear")
		Expect(call.sealed["cardholderInfo"]).To(And(HaveKeyWithValue("cvv2", "220"), HaveKeyWithValue("primaryAccountNumber", "4000009010000019")))
	})

	It("links every notification to the call that led to it, and journals nothing in clear", func() {
		l.answers["approveProvisioning"] = action("00")
		result := l.provision(l.card("eligible"))
		rows, _, err := l.vault.Traffic(context.Background(), vault.TrafficQuery{Issuer: bank, Direction: "outbound"})
		Expect(err).NotTo(HaveOccurred())
		Expect(rows).To(HaveLen(2))
		Expect(rows[1].Cause).To(Equal(rows[0].ID))
		for _, n := range l.queued() {
			Expect(n.Cause).To(Equal(rows[1].ID))
		}
		text, err := json.Marshal(rows)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(text)).NotTo(Or(ContainSubstring("4000009010000019"), ContainSubstring(result.Token.Number), ContainSubstring(`"220"`)))
	})

	DescribeTable("ends with a decline of the issuer, and nothing comes into being (p.127):",
		func(members map[string]any, actionCode, errorCode string) {
			l.answers["approveProvisioning"] = says(members)
			result := l.provision(l.card("declined"))
			Expect(result.Path).To(Equal(fixtures.PathRed))
			Expect(result.ActionCode).To(Equal(actionCode))
			Expect(result.ErrorCode).To(Equal(errorCode))
			Expect(result.StipReasonCode).To(BeEmpty())
			Expect(result.Token).To(BeZero())
			Expect(l.queued()).To(BeEmpty())
		},
		Entry("plain", map[string]any{"actionCode": "05"}, "05", ""),
		Entry("the CVV2", map[string]any{"actionCode": "N7", "errorCode": "ISE40106"}, "N7", "ISE40106"),
		Entry("the number", map[string]any{"actionCode": "14", "errorCode": "ISE40001"}, "14", "ISE40001"),
		Entry("the date", map[string]any{"actionCode": "54", "errorCode": "ISE40013"}, "54", "ISE40013"),
		Entry("an error code alone declines as the table pairs it (p.128)", map[string]any{"errorCode": "ISE40013"}, "54", "ISE40013"),
		Entry("96 without an error code", map[string]any{"actionCode": "96"}, "96", ""),
	)

	It("ends with an error code of checkEligibility; approval is not asked for (p.147)", func() {
		l.answers["checkEligibility"] = says(map[string]any{"errorCode": "ISE40101"})
		result := l.provision(l.card("ineligible"))
		Expect(result.Path).To(Equal(fixtures.PathRed))
		Expect(result.ErrorCode).To(Equal("ISE40101"))
		Expect(l.called()).To(Equal([]string{"checkEligibility"}))
	})

	It("does not ask for eligibility an issuer who does not take part", func() {
		l.set(map[string]any{"participation": map[string]any{"approveProvisioning": true, "tokenCreateNotification": true}})
		l.answers["approveProvisioning"] = action("00")
		l.provision(l.card("eligible"))
		Expect(l.called()).To(Equal([]string{"approveProvisioning"}))
		Expect(l.told()).To(Equal([]string{"TOKEN_CREATED 00"}), "nor is it told what it does not listen to")
	})

	DescribeTable("knows every token type (p.123):",
		func(tokenType string, device bool, told ...string) {
			l.answers["approveProvisioning"] = action("00")
			result := l.provision(l.card("eligible", func(r *wallet.Request) { r.Type = tokenType }))
			body := l.call("approveProvisioning").body
			Expect(body["tokenInfo"]).To(HaveKeyWithValue("tokenType", tokenType))
			Expect(body["deviceInfo"] != nil).To(Equal(device))
			Expect(result.Token.Status).To(Equal(token.Status("ACTIVE")))
			Expect(l.told()).To(Equal(told))
			known, ok := l.fixtures.TokenRequestor(result.Token.RequestorID)
			Expect(ok).To(BeTrue())
			Expect(known.TokenTypes).To(ContainElement(tokenType))
		},
		Entry("secure element", "SECURE_ELEMENT", true, "TOKEN_CREATED 00", "DEVICE_PROVISIONING_RESULT 00"),
		Entry("card emulation", "HCE", true, "TOKEN_CREATED 00", "DEVICE_PROVISIONING_RESULT 00"),
		Entry("card on file, without a device (p.56)", "CARD_ON_FILE", false, "TOKEN_CREATED 00"),
		Entry("e-commerce", "ECOMMERCE", true, "TOKEN_CREATED 00"),
		Entry("QR code", "QRC", true, "TOKEN_CREATED 00", "DEVICE_PROVISIONING_RESULT 00"),
	)

	It("sends every PAN source (p.118)", func() {
		l.answers["approveProvisioning"] = action("00")
		for _, source := range l.builder.Values("approveProvisioning", "panSource") {
			r := l.card("eligible", func(r *wallet.Request) { r.Source = source })
			if source == "TOKEN" {
				r.Original = l.provision(l.card("eligible")).Token.ReferenceID
			}
			Expect(l.provision(r).Token.PANSource).To(Equal(source))
		}
		l.queued()
	})

	It("makes a token from a token and names the original (p.122, p.125)", func() {
		l.answers["approveProvisioning"] = action("00")
		original := l.provision(l.card("tokenForToken", func(r *wallet.Request) { r.Type, r.Source = "SECURE_ELEMENT", "" })).Token
		l.forget()
		l.provision(wallet.Request{Issuer: bank, Original: original.ReferenceID})
		body := l.call("approveProvisioning").body
		Expect(body).To(HaveKeyWithValue("panSource", "TOKEN"))
		Expect(body["tokenInfo"]).To(And(HaveKeyWithValue("originalTokenReferenceID", original.ReferenceID), HaveKeyWithValue("originalTokenType", "SECURE_ELEMENT"),
			HaveKeyWithValue("originaltokenAssuranceMethod", "10")))
		Expect(body["deviceInfo"]).To(HaveKeyWithValue("originalDeviceID", original.Device["deviceID"]))
	})

	It("names the original in TOKEN_CREATED too, whenever that is built (p.194-197)", func() {
		l.answers["approveProvisioning"] = action("00")
		original := l.provision(l.card("tokenForToken", func(r *wallet.Request) { r.Type, r.Source = "SECURE_ELEMENT", "" })).Token
		made := l.provision(wallet.Request{Issuer: bank, Original: original.ReferenceID}).Token
		Expect(l.token(made.ReferenceID).OriginalReferenceID).To(Equal(original.ReferenceID))
		for _, n := range l.queued() {
			call := l.built(n)
			info := call.Sealed["tokenInfo"].(map[string]any)
			if n.TokenID != made.ReferenceID {
				Expect(info).NotTo(HaveKey("originalToken"))
				continue
			}
			Expect(info).To(And(HaveKeyWithValue("originalToken", original.Number), HaveKeyWithValue("originalTokenReferenceID", original.ReferenceID),
				HaveKeyWithValue("originalTokenRequestorID", BeNumerically(">", 0)), HaveKeyWithValue("originaltokenAssuranceMethod", "10")))
			if n.Operation == "tokenCreateNotification" {
				Expect(info).To(HaveKeyWithValue("originalTokenType", "SECURE_ELEMENT"))
				Expect(call.Members["deviceInfo"]).To(HaveKeyWithValue("originalDeviceID", original.Device["deviceID"]))
				continue
			}
			Expect(info).NotTo(HaveKey("originalTokenType"), "p.208")
		}
	})

	It("names the token service provider and the automatic filling of forms (p.119, p.126)", func() {
		l.answers["approveProvisioning"] = action("00")
		l.provision(l.card("cardOnFile", func(r *wallet.Request) {
			r.Type, r.AutoFill, r.TSP, r.RequestorID = "CARD_ON_FILE", true, "40010099999", "40010075196"
		}))
		body := l.call("approveProvisioning").body
		Expect(body).To(HaveKeyWithValue("tokenRequestorTspID", "40010099999"))
		Expect(body["tokenInfo"]).To(HaveKeyWithValue("autoFillIndicator", true))
	})

	DescribeTable("tells what the device made of the token (p.195, p.204):",
		func(p wallet.Personalization, told ...string) {
			l.answers["approveProvisioning"] = action("00")
			result := l.provision(l.card("eligible", func(r *wallet.Request) { r.Personalization = p }))
			Expect(result.Token.Status).To(Equal(token.Status("INACTIVE")))
			Expect(l.told()).To(Equal(told))
		},
		Entry("it refuses it", wallet.PersonalizationDeclined, "TOKEN_CREATED 00", "DEVICE_PROVISIONING_RESULT 05"),
		Entry("it never gets it", wallet.PersonalizationFailed, "TOKEN_CREATED 05", "DEVICE_PROVISIONING_RESULT 06"),
	)

	It("comes out the same for the same seed, clock and answers", func() {
		l.answers["approveProvisioning"] = action("00")
		first := l.provision(l.card("eligible"))
		l2 := newLab()
		l2.answers["approveProvisioning"] = action("00")
		second := l2.provision(l2.card("eligible"))
		Expect(second.Token).To(Equal(first.Token))
		Expect(l2.calls[1].body).To(HaveKeyWithValue("lifeCycleTraceID", l.calls[1].body["lifeCycleTraceID"]))
	})

	DescribeTable("refuses what no wallet can ask for:",
		func(change func(*wallet.Request)) {
			_, err := l.Provision(context.Background(), l.card("eligible", change))
			Expect(err).To(MatchError(wallet.ErrRequest))
			Expect(l.calls).To(BeEmpty())
		},
		Entry("an unknown token type", func(r *wallet.Request) { r.Type = "PLASTIC" }),
		Entry("an unknown PAN source", func(r *wallet.Request) { r.Source = "LETTER" }),
		Entry("a token-for-token without the token", func(r *wallet.Request) { r.Source = "TOKEN" }),
		Entry("automatic filling on a phone", func(r *wallet.Request) { r.AutoFill = true }),
		Entry("a card of nobody", func(r *wallet.Request) { r.PAN = "4999999999999996" }),
	)
})
