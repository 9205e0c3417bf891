package inbound_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/inbound"
)

// pushChange is one change of pushPayload.
func pushChange(path string, value any) map[string]any { return map[string]any{path: value} }

var _ = Describe("pushCardEnrollmentToWallet, its members (p.213-220)", func() {
	const provider, client = "encryptedData/provider", "encryptedData/provider/issuerClientInformation"

	DescribeTable("takes every value of the enumerations", func(path string, values []string, alongside ...map[string]any) {
		l := newLab()
		Expect(values).To(ConsistOf(l.enumAt(pushID, contract.SealedRequest, strings.Split(path, "/")...)))
		for _, value := range values {
			change := map[string]any{"provider/issuerTraceID": value}
			if value == "PUSH_PROV_ONFILE" {
				change = onFile(change)
			}
			for _, more := range alongside {
				for at, with := range more {
					change[at] = with
				}
			}
			change[path] = value
			l.expectPushed(l.push(bank, pushPayload(change, visaCard(freshPAN(bankRange))), nil, amazon))
		}
	},
		Entry("intent (p.216)", "provider/intent", []string{"PUSH_PROV_CROSS_USER", "PUSH_PROV_CROSS_DEVICE", "PUSH_PROV_ONFILE", "PUSH_PROV_MOBILE"}),
		Entry("source (p.218)", "provider/issuerClientInformation/source", []string{"ISSUER", "TOKEN_REQUESTOR"}),
		Entry("returnURIType (p.217)", "provider/returnURIType", []string{"IOS", "ANDROID", "WEB"}),
		Entry("passcode type (p.219)", "provider/passcode/type", []string{"PASSCODE"}, pushChange("provider/passcode", map[string]any{"value": "zOZYuS"})),
	)

	It("takes every value of tsp (p.214)", func() {
		l := newLab()
		Expect(l.enumAt(pushID, contract.SealedRequest, "enrollments", "*", "tsp")).To(ConsistOf("V", "MC"))
		l.expectPushed(l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange)), mastercard()), nil, amazon))
	})

	DescribeTable("takes booleans and numbers in both forms (p.217, p.220, INT-091)", func(path string, value any) {
		l := newLab()
		payload := pushPayload(map[string]any{"provider/passcode": map[string]any{"type": "PASSCODE", "value": "zOZYuS"}}, visaCard(freshPAN(bankRange)))
		steps := strings.Split(path, "/")
		at := payload["provider"].(map[string]any)
		if len(steps) == 2 {
			at = at[steps[0]].(map[string]any)
		}
		at[steps[len(steps)-1]] = value
		l.expectPushed(l.push(bank, payload, nil, amazon))
	},
		Entry(nil, "isTsAndCsAccepted", true), Entry(nil, "isTsAndCsAccepted", "true"), Entry(nil, "isTsAndCsAccepted", "false"),
		Entry(nil, "isIDnV", true), Entry(nil, "passcode/maxRetries", 3), Entry(nil, "passcode/maxRetries", "3"),
	)

	DescribeTable("answers VSE40000 for a member that is missing (INT-093)", func(change map[string]any, locations ...string) {
		l := newLab()
		expectRefusal(l.push(bank, pushPayload(change, visaCard(freshPAN(bankRange))), nil, amazon), "VSE40000", locations...)
		l.expectNoPush(bank)
	},
		Entry("p.222", pushChange("provider", nil), provider),
		Entry("p.222", pushChange("enrollments", nil), "encryptedData/enrollments"),
		Entry("no card at all (p.222)", pushChange("enrollments", []any{}), "encryptedData/enrollments"),
		Entry("p.216", pushChange("provider/intent", nil), provider+"/intent"),
		Entry("p.217", pushChange("provider/issuerClientInformation", nil), client),
		Entry("p.217", pushChange("provider/issuerTraceID", nil), provider+"/issuerTraceID"),
		Entry("blank (p.217)", pushChange("provider/issuerTraceID", ""), provider+"/issuerTraceID"),
		Entry("p.214", pushChange("enrollments", []any{map[string]any{}}), "encryptedData/enrollments/0/tsp"),
		Entry("p.214", pushChange("enrollments", []any{map[string]any{"tsp": "V"}}), "encryptedData/enrollments/0/paymentInstrument"),
		Entry("p.214", pushChange("enrollments", []any{map[string]any{"tsp": "MC"}}), "encryptedData/enrollments/0/payload"),
		Entry("p.214", pushChange("enrollments", []any{map[string]any{"tsp": "V", "paymentInstrument": map[string]any{}}}), "encryptedData/enrollments/0/paymentInstrument/accountNumber"),
		Entry("neither phone nor e-mail (p.219)", pushChange("provider/issuerClientInformation/contactEmail", nil), client+"/phoneNumber"),
		Entry("across devices (p.218)", pushChange("provider/issuerClientInformation/firstName", nil), client+"/firstName"),
		Entry("across users (p.218)", map[string]any{"provider/intent": "PUSH_PROV_CROSS_USER", "provider/issuerClientInformation/lastName": nil}, client+"/lastName"),
		Entry("on file (p.216)", onFile(pushChange("provider/issuerAccountID", nil)), provider+"/issuerAccountID"),
		Entry("on file (p.218)", onFile(pushChange("provider/issuerClientInformation/issuerAccountID", nil)), client+"/issuerAccountID"),
		Entry("passcode without type (p.219)", pushChange("provider/passcode", map[string]any{"value": "1"}), provider+"/passcode/type"),
		Entry("passcode without value (p.219)", pushChange("provider/passcode", map[string]any{"type": "PASSCODE"}), provider+"/passcode/value"),
	)

	DescribeTable("does not demand what the intent does not need (p.218)", func(change map[string]any) {
		l := newLab()
		l.expectPushed(l.push(bank, pushPayload(change, visaCard(freshPAN(bankRange), "expirationDate", "billingAddress", "name")), nil, amazon))
	},
		Entry("names on one's own device", map[string]any{"provider/intent": "PUSH_PROV_MOBILE", "provider/issuerClientInformation/firstName": nil, "provider/issuerClientInformation/lastName": nil}),
		Entry("names on file", onFile(map[string]any{"provider/issuerClientInformation/firstName": nil, "provider/issuerClientInformation/lastName": nil})),
		Entry("middle name across users (INT-090)", map[string]any{"provider/intent": "PUSH_PROV_CROSS_USER"}),
		Entry("an e-mail address beside a phone number (p.219)", map[string]any{"provider/issuerClientInformation/contactEmail": nil, "provider/issuerClientInformation/phoneNumber": "4155550123"}),
	)

	DescribeTable("answers VSE40000 for a wrong value (p.221)", func(change map[string]any, locations ...string) {
		l := newLab()
		expectRefusal(l.push(bank, pushPayload(change, visaCard(freshPAN(bankRange))), nil, amazon), "VSE40000", locations...)
		l.expectNoPush(bank)
	},
		Entry("intent outside its list (p.216)", pushChange("provider/intent", "PUSH_PROV_WEARABLE"), provider+"/intent"),
		Entry("source outside its list (p.218)", pushChange("provider/issuerClientInformation/source", "VISA"), client+"/source"),
		Entry("returnURIType outside its list (p.217)", pushChange("provider/returnURIType", "WINDOWS"), provider+"/returnURIType"),
		Entry("tsp outside its list (p.214)", pushChange("enrollments", []any{map[string]any{"tsp": "AX", "payload": "x"}}), "encryptedData/enrollments/0/tsp"),
		Entry("isTsAndCsAccepted outside its list (p.217)", pushChange("provider/isTsAndCsAccepted", "yes"), provider+"/isTsAndCsAccepted"),
		Entry("isIDnV in words (p.216)", pushChange("provider/isIDnV", "true"), provider+"/isIDnV"),
		Entry("issuerTraceID of 33 characters (p.217)", pushChange("provider/issuerTraceID", strings.Repeat("x", 33)), provider+"/issuerTraceID"),
		Entry("returnURI that is no Base64URL (p.217)", pushChange("provider/returnURI", "https://bank.example"), provider+"/returnURI"),
		Entry("clientWalletProvider with a blank (p.216)", pushChange("provider/clientWalletProvider", "4001 0051602"), provider+"/clientWalletProvider"),
		Entry("an accountNumber of 20 digits (p.214)", pushChange("enrollments", []any{visaCard("40000000100000000000")}), "encryptedData/enrollments/0/paymentInstrument/accountNumber"),
		Entry("month 13 (p.215)", pushChange("enrollments", []any{map[string]any{"tsp": "V", "paymentInstrument": map[string]any{"accountNumber": "4000000010000018",
			"expirationDate": map[string]any{"month": "13", "year": "2031"}}}}), "encryptedData/enrollments/0/paymentInstrument/expirationDate/month"),
		Entry("paymentInstrument of another provider (p.214)", pushChange("enrollments", []any{map[string]any{"tsp": "MC", "payload": "x",
			"paymentInstrument": map[string]any{"accountNumber": "4000000010000018"}}}), "encryptedData/enrollments/0/paymentInstrument"),
		Entry("payload of a Visa card (p.214)", pushChange("enrollments", []any{map[string]any{"tsp": "V", "payload": "x",
			"paymentInstrument": map[string]any{"accountNumber": "4000000010000018"}}}), "encryptedData/enrollments/0/payload"),
		Entry("payload of 257 characters (p.214)", pushChange("enrollments", []any{map[string]any{"tsp": "MC", "payload": strings.Repeat("x", 257)}}), "encryptedData/enrollments/0/payload"),
		Entry("passcode on file (p.217, INT-155)", onFile(pushChange("provider/passcode", map[string]any{"type": "PASSCODE"})), provider+"/passcode"),
		Entry("eleven cards (p.225)", pushChange("enrollments", []any{mastercard(), mastercard(), mastercard(), mastercard(), mastercard(), mastercard(),
			mastercard(), mastercard(), mastercard(), mastercard(), mastercard()}), "encryptedData/enrollments"),
	)

	DescribeTable("answers VSE40000 for a wrong body (p.213, p.221)", func(body map[string]any, locations ...string) {
		l := newLab()
		expectRefusal(l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), body, amazon), "VSE40000", locations...)
		l.expectNoPush(bank)
	},
		Entry("SYNC_DIRECT without uriType", map[string]any{"route": "SYNC_DIRECT"}, "uriType"),
		Entry("the route of the web proxy (p.220, INT-088)", map[string]any{"route": "SYNC_VCEH_WEB"}, "route"),
		Entry("route in lower case", map[string]any{"route": "async"}, "route"),
		Entry("uriType outside its list", map[string]any{"uriType": "WINDOWS"}, "uriType"),
		Entry("route of another JSON type", map[string]any{"route": 1}, "route"),
	)

	It("answers VSE40000 for a call without encryptedData (INT-093)", func() {
		expectRefusal(newLab().call(request{path: pushPath, body: map[string]any{"route": "ASYNC"}}), "VSE40000", "encryptedData")
	})

	It("only notes what p.226 demands of cards on file", func() {
		l := newLab()
		l.expectPushed(l.push(bank, pushPayload(onFile(), visaCard(freshPAN(bankRange), "expirationDate", "billingAddress")), nil, amazon))
		Expect(l.traffic(bank)[0].Violations).To(ContainElements(
			HaveField("Rule", ContainSubstring("expirationDate#required-with-push-prov-onfile")), HaveField("Rule", ContainSubstring("billingAddress#required-with-push-prov-onfile"))))
	})
})

var _ = Describe("pushCardEnrollmentToWallet, its envelope (p.41, p.221)", func() {
	DescribeTable("answers VSE40000 for a recipient that nobody is (INT-026)", func(audience ...string) {
		l := newLab()
		got := l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), nil, audience...)
		Expect(got.status).To(Equal(400), got.raw)
		Expect(got.reason()).To(Equal("VSE40000"))
		Expect(got.details()).To(HaveEach("encryptedData"))
		Expect(l.traffic(bank)[0].Violations).To(ContainElement(And(HaveField("Rule", "envelope/jwe/aud#known"), HaveField("Page", 41))))
		l.expectNoPush(bank)
	},
		Entry("alone", "00000000-0000-4000-8000-000000000000"),
		Entry("beside one that is known", amazon, "nobody"),
		Entry("in another case", strings.ToUpper(amazon)),
		Entry("by tokenRequestorID", amazonID),
		Entry("ten of them, as many as are allowed", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j"),
	)

	DescribeTable("answers VSE40010 for a header that names the parties wrongly (p.41, p.221)", func(use jose.Use, change func(*lab, *jose.Sealing), diagnosis string) {
		l := newLab()
		got := l.pushSealed(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), use, func(s *jose.Sealing) { change(l, s) })
		expectRefusal(got, "VSE40010", "encryptedData")
		Expect(l.traffic(bank)[0].Diagnosis).To(ContainSubstring(diagnosis))
		Expect(got.raw).NotTo(ContainSubstring(diagnosis))
		l.expectNoPush(bank)
	},
		Entry("no aud", jose.UseAPI, func(_ *lab, s *jose.Sealing) { s.Audience = nil }, "aud"),
		Entry("no iss", jose.UseAPI, func(_ *lab, s *jose.Sealing) { s.Issuer = "" }, "iss"),
		Entry("iss of another issuer", jose.UsePushCardEnrollment, func(l *lab, s *jose.Sealing) {
			s.Issuer = l.directory.Issuers[other].Credentials.ClientID
		}, "iss"),
		Entry("iss too long", jose.UsePushCardEnrollment, func(_ *lab, s *jose.Sealing) { s.Issuer = strings.Repeat("i", 65) }, "iss"),
		Entry("eleven recipients (INT-026)", jose.UsePushCardEnrollment, func(_ *lab, s *jose.Sealing) {
			s.Audience = []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}
		}, "aud"),
		Entry("aud too long", jose.UsePushCardEnrollment, func(l *lab, s *jose.Sealing) {
			s.Audience = nil
			for _, profile := range l.fixtures.NHPPProfiles[:7] {
				s.Audience = append(s.Audience, profile.ClientID)
			}
		}, "aud"),
	)

	It("answers VSE40010 for an envelope that another issuer signed", func() {
		l := newLab()
		blob := l.seal(request{sealed: pushPayload(nil, visaCard(freshPAN(bankRange))), audience: []string{amazon}}, l.directory.Issuers[other])
		expectRefusal(l.call(request{path: pushPath, body: map[string]any{"encryptedData": blob}}), "VSE40010", "encryptedData")
	})

	It("answers VSE40009 when the simulator itself fails (p.221)", func() {
		l := newLab(func(c *inbound.Config) { c.Vault = fullDisk{c.Vault} })
		got := l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), nil, amazon)
		Expect(got.status).To(Equal(500))
		Expect(got.reason()).To(Equal("VSE40009"))
		l.expectNoPush(bank)
	})

	It("answers VSE40009 when there is no randomness for a reference", func() {
		l := newLab(func(c *inbound.Config) { c.Rand = exhausted{} })
		got := l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), nil, amazon)
		Expect(got.reason()).To(Equal("VSE40009"), got.raw)
		l.expectNoPush(bank)
	})
})

var _ = Describe("pushCardEnrollmentToWallet, replays (p.217, INT-146)", func() {
	It("refuses an issuerTraceID that was used, whatever else is new", func() {
		l := newLab()
		l.expectPushed(l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), nil, amazon))
		before := l.pushes(bank)
		got := l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), nil, netflix)
		expectRefusal(got, "VSE40000", traceLocation)
		Expect(got.raw).NotTo(ContainSubstring(trace))
		Expect(l.pushes(bank)).To(Equal(before))
		Expect(l.notifications(bank)).To(HaveLen(1))
		Expect(l.traffic(bank)[1].Violations).To(ContainElement(And(HaveField("Rule", pushID+"/request#trace-id-unused"), HaveField("Page", 217))))
	})

	It("tells trace ids by every character, case included", func() {
		l := newLab()
		for _, id := range []string{trace, strings.ToLower(trace), trace[:31]} {
			l.expectPushed(l.push(bank, pushPayload(map[string]any{"provider/issuerTraceID": id}, visaCard(freshPAN(bankRange))), nil, amazon))
		}
	})

	It("leaves the trace id of a refused push unused", func() {
		l := newLab()
		expectRefusal(l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), nil, "nobody"), "VSE40000", "encryptedData")
		l.expectPushed(l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), nil, amazon))
	})

	It("forgets with the rest of the issuer", func() {
		l := newLab()
		l.expectPushed(l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), nil, amazon))
		Expect(l.vault.Reset(context.Background(), bank)).To(Succeed())
		l.expectPushed(l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), nil, amazon))
	})

	It("lets exactly one of several at once through", func() {
		l, number := newLab(), freshPAN(bankRange)
		var accepted, refused atomic.Int32
		var done sync.WaitGroup
		for range 8 {
			done.Go(func() {
				defer GinkgoRecover()
				switch got := l.push(bank, pushPayload(nil, visaCard(number)), nil, amazon); got.reason() {
				case "":
					accepted.Add(1)
				case "VSE40000":
					refused.Add(1)
				}
			})
		}
		done.Wait()
		Expect(accepted.Load()).To(BeEquivalentTo(1))
		Expect(refused.Load()).To(BeEquivalentTo(7))
		Expect(l.pushes(bank)).To(HaveLen(1))
		Expect(l.notifications(bank)).To(HaveLen(1))
	})
})

var _ = Describe("pushCardEnrollmentToWallet, what it keeps", func() {
	It("holds neither PAN nor passcode nor CVV2 in clear, and nothing that the contract does not know", func() {
		l, number := newLab(), freshPAN(bankRange)
		card := visaCard(number)
		card["paymentInstrument"].(map[string]any)["cvv2"] = "987"
		card["paymentInstrument"].(map[string]any)["track2"] = "stripe data"
		payload := pushPayload(map[string]any{"provider/passcode": map[string]any{"type": "PASSCODE", "value": "zOZYuS", "maxRetries": 3, "passCodeConversationID": "conversation-7"},
			"provider/issuerClientInformation/userPersonalID": "w214234"}, card)
		l.expectPushed(l.push(bank, payload, nil, amazon))
		kept := l.everythingStored(bank)
		Expect(kept).NotTo(Or(ContainSubstring(number), ContainSubstring("zOZYuS"), ContainSubstring("987\"")))
		for _, record := range l.pushes(bank) {
			Expect(record["enrollment"]).To(HaveKeyWithValue("paymentInstrument", Not(Or(HaveKey("accountNumber"), HaveKey("cvv2"), HaveKey("track2")))))
			Expect(record["provider"]).To(HaveKeyWithValue("passcode", And(HaveLen(3), HaveKeyWithValue("type", "PASSCODE"), HaveKeyWithValue("maxRetries", 3.0),
				HaveKeyWithValue("valueHash", MatchRegexp("^[0-9a-f]{64}$")))))
			Expect(record["provider"]).To(HaveKeyWithValue("issuerClientInformation", Not(HaveKey("userPersonalID"))))
		}
		Expect(l.traffic(bank)[0].Violations).To(ContainElement(HaveField("Rule", ContainSubstring("passCodeConversationID#not-from-issuer"))))
	})

	DescribeTable("leaves out a text that has a card number of the issuer in it, and says so", func(path string, write func(number string) string) {
		l, number := newLab(), freshPAN(bankRange)
		payload := pushPayload(map[string]any{path: write(number), "provider/issuerClientInformation/phoneNumber": "4155550123"}, visaCard(number))
		l.expectPushed(l.push(bank, payload, nil, amazon))
		kept := l.everythingStored(bank)
		Expect(kept).NotTo(ContainSubstring(number))
		Expect(kept).NotTo(ContainSubstring(write(number)))
		l.expectStatus(l.notifications(bank)[0])
		Expect(l.traffic(bank)[0].Violations).To(ContainElement(HaveField("Rule", pushID+"/request#card-number-left-out")))
		if path == "provider/issuerTraceID" {
			expectRefusal(l.push(bank, payload, nil, amazon), "VSE40000", traceLocation)
		}
	},
		Entry("as it is", "provider/issuerClientInformation/issuerAccountID", func(n string) string { return n }),
		Entry("among words", "provider/issuerClientInformation/campaignDescription", func(n string) string { return "card " + n + " again" }),
		Entry("with blanks", "provider/issuerClientInformation/campaignDescription", func(n string) string { return n[:4] + " " + n[4:8] + " " + n[8:12] + " " + n[12:] }),
		Entry("with hyphens", "provider/issuerAccountID", func(n string) string { return n[:4] + "-" + n[4:8] + "-" + n[8:12] + "-" + n[12:] }),
		Entry("between other digits", "provider/issuerClientInformation/issuerAccountID", func(n string) string { return "77" + n + "1" }),
		Entry("as trace id", "provider/issuerTraceID", func(n string) string { return n }),
	)

	It("keeps numbers that are no card of the issuer", func() {
		l := newLab()
		change := onFile(map[string]any{"provider/issuerClientInformation/issuerAccountID": "4147780005805070", "provider/issuerTraceID": "123456789012345"})
		l.expectPushed(l.push(bank, pushPayload(change, visaCard(freshPAN(bankRange))), nil, amazon))
		Expect(l.notifications(bank)[0].Facts).To(And(HaveKeyWithValue("issuerTraceID", "123456789012345"),
			HaveKeyWithValue("clientInformation", HaveKeyWithValue("issuerAccountID", "4147780005805070"))))
	})

	It("fills what the client information lacks from the provider's members of the same name (p.216-218)", func() {
		l := newLab()
		change := map[string]any{"provider/clientWalletAccountID": "wallet-9", "provider/issuerAccountID": "outer", "provider/issuerClientInformation/issuerAccountID": "inner"}
		l.expectPushed(l.push(bank, pushPayload(change, visaCard(freshPAN(bankRange))), nil, amazon))
		Expect(l.notifications(bank)[0].Facts["clientInformation"]).To(And(HaveKeyWithValue("clientWalletAccountID", "wallet-9"),
			HaveKeyWithValue("issuerAccountID", "inner"), HaveKeyWithValue("clientDeviceID", "0_enOI"), Not(HaveKey("intent"))))
	})
})
