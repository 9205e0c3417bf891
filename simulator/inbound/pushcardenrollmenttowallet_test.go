package inbound_test

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("pushCardEnrollmentToWallet (p.212-223)", func() {
	It("takes a push over, records it for the wallet and tells how it ended (p.220, p.235)", func() {
		l, number := newLab(), freshPAN(bankRange)
		l.expectPushed(l.push(bank, pushPayload(nil, visaCard(number)), nil, amazon))

		pan := l.pan(bank, number)
		Expect(pan.Expiration).To(And(HaveField("Month", "9"), HaveField("Year", "2031")))
		records := l.pushes(bank)
		Expect(records).To(HaveLen(1))
		for key, record := range records {
			reference := record["pushData"].(string)
			Expect(key).To(Equal(amazon + "/" + reference + "/00"))
			Expect(record).To(And(HaveKeyWithValue("clientID", amazon), HaveKeyWithValue("tokenRequestorID", amazonID),
				HaveKeyWithValue("route", "ASYNC"), HaveKeyWithValue("panReferenceID", pan.ReferenceID), HaveKeyWithValue("requestID", "test-1")))
			Expect(record["enrollment"]).To(HaveKeyWithValue("paymentInstrument", And(HaveKeyWithValue("name", "Vera Visa"),
				HaveKeyWithValue("expirationDate", HaveKeyWithValue("year", "2031")), HaveKeyWithValue("billingAddress", HaveKeyWithValue("city", "Foster City")))))
			Expect(record["provider"]).To(And(HaveKeyWithValue("issuerTraceID", trace), HaveKeyWithValue("intent", "PUSH_PROV_CROSS_DEVICE")))

			queued := l.notifications(bank)
			Expect(queued).To(HaveLen(1))
			l.expectStatus(queued[0])
			Expect(queued[0].PANID).To(Equal(pan.ReferenceID))
			Expect(queued[0].Cause).To(Equal(l.traffic(bank)[0].ID))
			Expect(queued[0].Facts).To(Equal(map[string]any{"tokenRequestorID": amazonID, "clientID": amazon, "statusCode": "SUCCESS",
				"issuerTraceID": trace, "push": key, "clientInformation": map[string]any{"source": "ISSUER", "firstName": "Vera",
					"lastName": "Visa", "contactEmail": "vera@example.com", "clientDeviceID": "0_enOI"}}))
		}
	})

	DescribeTable("tells the end that the issuer's setting says, for every value of the contract (p.237)", func(set func(*lab) []string) {
		l := newLab()
		for i, code := range set(l) {
			row := l.issuer(bank)
			row.Settings = map[string]any{"outcomes": map[string]any{statusID: code}}
			Expect(l.vault.PutIssuer(GinkgoT().Context(), row)).To(Succeed())
			payload := pushPayload(map[string]any{"provider/issuerTraceID": string(rune('a' + i))}, visaCard(freshPAN(bankRange)))
			l.expectPushed(l.push(bank, payload, nil, amazon))
			told := l.notifications(bank)
			Expect(told).To(HaveLen(i + 1))
			l.expectStatus(told[i])
			Expect(told[i].Facts["statusCode"]).To(Equal(code))
		}
	},
		Entry(nil, func(l *lab) []string { return l.enumAt(statusID, contract.Request, "statusCode") }),
	)

	It("leaves a push to the wallet that is played, where the setting says so", func() {
		l := newLab()
		row := l.issuer(bank)
		row.Settings = map[string]any{"outcomes": map[string]any{statusID: "wallet"}}
		Expect(l.vault.PutIssuer(GinkgoT().Context(), row)).To(Succeed())
		l.expectPushed(l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange)), mastercard()), nil, amazon))
		Expect(l.notifications(bank)).To(BeEmpty())
		for key, record := range l.pushes(bank) {
			Expect(record).NotTo(HaveKey("statusCode"))
			if strings.HasSuffix(key, "/00") {
				Expect(record["status"]).To(HaveKeyWithValue("push", key))
			}
		}
	})

	It("fails on its own side for an outcome that the contract does not have", func() {
		l := newLab()
		row := l.issuer(bank)
		row.Settings = map[string]any{"outcomes": map[string]any{statusID: "LOST"}}
		Expect(l.vault.PutIssuer(GinkgoT().Context(), row)).To(Succeed())
		got := l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), nil, amazon)
		Expect(got.status).To(Equal(http.StatusInternalServerError))
		l.expectNoPush(bank)
	})

	It("tells once for each wallet and each Visa card, and nothing about another provider's card (p.212, p.235)", func() {
		l, first, second := newLab(), freshPAN(bankRange), freshPAN(bankRange)
		l.expectPushed(l.push(bank, pushPayload(nil, visaCard(first), mastercard(), visaCard(second)), nil, amazon, netflix))
		records := l.pushes(bank)
		Expect(records).To(HaveLen(6))
		foreign := 0
		for key, record := range records {
			if strings.HasSuffix(key, "/01") {
				foreign++
				Expect(record).NotTo(HaveKey("panReferenceID"))
				Expect(record["enrollment"]).To(Equal(mastercard()))
			}
		}
		Expect(foreign).To(Equal(2))
		told := map[string][]string{}
		for _, n := range l.notifications(bank) {
			l.expectStatus(n)
			Expect(records).To(HaveKey(n.Facts["push"]))
			wallet := n.Facts["tokenRequestorID"].(string)
			told[wallet] = append(told[wallet], n.PANID)
		}
		cards := []string{l.pan(bank, first).ReferenceID, l.pan(bank, second).ReferenceID}
		Expect(told).To(Equal(map[string][]string{amazonID: cards, "40010075839": cards}))
	})

	It("records other providers' cards alone without telling (p.214)", func() {
		l := newLab()
		l.expectPushed(l.push(bank, pushPayload(nil, mastercard()), nil, amazon))
		Expect(l.pushes(bank)).To(HaveLen(1))
		Expect(l.notifications(bank)).To(BeEmpty())
	})

	It("keeps the row of a card that the vault knows", func() {
		l, number := newLab(), freshPAN(bankRange)
		pan := l.givenPAN(bank, number)
		l.expectPushed(l.push(bank, pushPayload(nil, visaCard(number)), nil, amazon))
		Expect(l.notifications(bank)[0].PANID).To(Equal(pan.ReferenceID))
		Expect(l.pan(bank, number).Expiration).To(Equal(pan.Expiration))
	})

	It("tells when the issuer's transition for it says (p.235)", func() {
		l := newLab()
		row := l.issuer(bank)
		row.Settings = map[string]any{"transitions": map[string]any{statusID: map[string]any{"after": "10m"}}}
		Expect(l.vault.PutIssuer(GinkgoT().Context(), row)).To(Succeed())
		l.expectPushed(l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), nil, amazon))
		Expect(l.notifications(bank)[0].DueAt).To(BeTemporally("==", noon.Add(10*time.Minute)))
	})

	DescribeTable("answers SYNC_DIRECT with the uri of the recipient's app (p.213, p.220)", func(uriType, uri string, audience ...string) {
		l, number := newLab(), freshPAN(bankRange)
		got := l.push(bank, pushPayload(nil, visaCard(number)), map[string]any{"route": "SYNC_DIRECT", "uriType": uriType}, audience...)
		l.expectByContract(pushID, got)
		Expect(got.body).To(And(HaveLen(2), HaveKeyWithValue("status", "ACCEPTED")))
		launched, err := url.Parse(got.body["uri"].(string))
		Expect(err).NotTo(HaveOccurred())
		reference := launched.Query().Get("pushData")
		Expect(got.body["uri"]).To(Equal(uri + "pushData=" + reference))
		Expect(reference).To(MatchRegexp(`^[A-Za-z0-9_-]{32}$`))
		Expect(got.raw).NotTo(ContainSubstring(number))
		Expect(l.pushes(bank)).To(HaveLen(len(audience)))
		for _, record := range l.pushes(bank) {
			Expect(record).To(And(HaveKeyWithValue("pushData", reference), HaveKeyWithValue("route", "SYNC_DIRECT"), HaveKeyWithValue("uriType", uriType)))
		}
		Expect(l.notifications(bank)).To(HaveLen(len(audience)))
	},
		Entry(nil, "IOS", "https://amazon.example/ios/push?", amazon),
		Entry(nil, "ANDROID", "https://amazon.example/android/push?", amazon),
		Entry(nil, "WEB", "https://amazon.example/web/push?", amazon),
		Entry("an app's own scheme", "ANDROID", "samsungwallet://push?", samsung),
		Entry("the first recipient of several", "ANDROID", "samsungwallet://push?", samsung, amazon),
		Entry("the first that has such an app", "WEB", "https://amazon.example/web/push?", samsung, netflix, amazon),
		Entry("not the platform without a uri", "WEB", "https://lumen-streaming.example/push?", lumen),
	)

	It("adds pushData to a uri that has a query and a fragment already", func() {
		l := newLab(withFixtures("nhppprofiles.json", "https://amazon.example/ios/push", "https://amazon.example/push?os=ios#top"))
		got := l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), map[string]any{"route": "SYNC_DIRECT", "uriType": "IOS"}, amazon)
		Expect(got.body["uri"]).To(MatchRegexp(`^https://amazon\.example/push\?os=ios&pushData=[A-Za-z0-9_-]{32}#top$`))
	})

	It("opens each push with a reference of its own", func() {
		l := newLab()
		seen := map[any]bool{}
		for _, id := range []string{"a", "b", "c"} {
			got := l.push(bank, pushPayload(map[string]any{"provider/issuerTraceID": id}, visaCard(freshPAN(bankRange))),
				map[string]any{"route": "SYNC_DIRECT", "uriType": "WEB"}, amazon)
			seen[got.body["uri"]] = true
		}
		Expect(seen).To(HaveLen(3))
	})

	It("gives no uri for ASYNC, said or not, even with a uriType (p.213, p.223)", func() {
		l := newLab()
		for i, body := range []map[string]any{nil, {"route": "ASYNC"}, {"route": "ASYNC", "uriType": "IOS"}, {"uriType": "WEB"}, {"route": nil}, {"route": ""}} {
			payload := pushPayload(map[string]any{"provider/issuerTraceID": string(rune('a' + i))}, visaCard(freshPAN(bankRange)))
			l.expectPushed(l.push(bank, payload, body, amazon))
		}
	})

	It("refuses SYNC_DIRECT when no recipient has an app of the uriType (INT-026)", func() {
		l := newLab()
		got := l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), map[string]any{"route": "SYNC_DIRECT", "uriType": "IOS"}, samsung, netflix)
		expectRefusal(got, "VSE40000", "uriType")
		l.expectNoPush(bank)
	})

	It("takes every value of route and uriType that the contract lists (p.213)", func() {
		l := newLab()
		Expect(l.enumAt(pushID, contract.Request, "route")).To(ConsistOf("SYNC_DIRECT", "ASYNC"))
		for _, route := range l.enumAt(pushID, contract.Request, "route") {
			for _, uriType := range l.enumAt(pushID, contract.Request, "uriType") {
				payload := pushPayload(map[string]any{"provider/issuerTraceID": route + uriType}, visaCard(freshPAN(bankRange)))
				l.expectByContract(pushID, l.push(bank, payload, map[string]any{"route": route, "uriType": uriType}, amazon))
			}
		}
	})

	It("records one push for each wallet, however often aud names it (p.41)", func() {
		l := newLab()
		l.expectPushed(l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), nil, amazon, netflix, amazon))
		Expect(l.pushes(bank)).To(HaveLen(2))
		Expect(l.notifications(bank)).To(HaveLen(2))
	})

	It("reaches as many wallets as aud has room for (p.41, INT-026)", func() {
		l := newLab()
		var audience []string
		for _, profile := range l.fixtures.NHPPProfiles[:6] {
			audience = append(audience, profile.ClientID)
		}
		l.expectPushed(l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange))), nil, audience...))
		Expect(l.pushes(bank)).To(HaveLen(6))
	})

	It("keeps each issuer's pushes apart, its trace ids too", func() {
		l, mine, theirs := newLab(), freshPAN(bankRange), freshPAN(otherRange)
		l.expectPushed(l.push(bank, pushPayload(nil, visaCard(mine)), nil, amazon))
		l.expectPushed(l.push(other, pushPayload(nil, visaCard(theirs)), nil, amazon))
		Expect(l.pushes(bank)).To(HaveLen(1))
		Expect(l.pushes(other)).To(HaveLen(1))
		Expect(l.notifications(bank)).To(HaveEach(HaveField("PANID", l.pan(bank, mine).ReferenceID)))
		Expect(l.notifications(other)).To(HaveEach(HaveField("PANID", l.pan(other, theirs).ReferenceID)))
	})

	It("does not tell a card of another issuer from one of nobody (p.214)", func() {
		l := newLab()
		var raw []string
		for _, number := range []string{freshPAN(otherRange), withCheckDigit("4999999990000000"), "4000000010000019"} {
			got := l.push(bank, pushPayload(nil, visaCard(freshPAN(bankRange)), visaCard(number)), nil, amazon)
			expectRefusal(got, "VSE40000", "encryptedData/enrollments/1/paymentInstrument/accountNumber")
			Expect(got.raw).NotTo(ContainSubstring(number))
			raw = append(raw, got.raw)
		}
		Expect(raw).To(HaveEach(raw[0]))
		l.expectNoPush(bank)
		l.expectNoPush(other)
		Expect(l.traffic(bank)[0].Violations).To(ContainElement(And(HaveField("Rule", pushID+"/request#card-known"), HaveField("Page", 214))))
	})

	It("creates no card for a push that is refused", func() {
		l, number := newLab(), freshPAN(bankRange)
		l.push(bank, pushPayload(nil, visaCard(number), visaCard(freshPAN(otherRange))), nil, amazon)
		Expect(l.vault.View(GinkgoT().Context(), bank, func(tx vault.Tx) error {
			_, err := tx.PANByNumber(number)
			return err
		})).To(MatchError(vault.ErrNotFound))
	})

	It("names every card that is none", func() {
		l := newLab()
		got := l.push(bank, pushPayload(nil, visaCard("4000000010000019"), mastercard(), visaCard(freshPAN(otherRange))), nil, amazon)
		expectRefusal(got, "VSE40000", "encryptedData/enrollments/0/paymentInstrument/accountNumber", "encryptedData/enrollments/2/paymentInstrument/accountNumber")
	})

	It("takes ten cards in an envelope longer than those of other operations (p.213, INT-028)", func() {
		l := newLab()
		var cards []map[string]any
		for range 10 {
			cards = append(cards, visaCard(freshPAN(bankRange)))
		}
		payload := pushPayload(map[string]any{"provider/issuerClientInformation/campaignDescription": strings.Repeat("word ", 49) + "words"}, cards...)
		payload["enrollments"].([]any)[0].(map[string]any)["paymentInstrument"].(map[string]any)["name"] = strings.Repeat("n", 256)
		blob := l.seal(request{sealed: payload, audience: []string{amazon}}, l.directory.Issuers[bank])
		limits := l.contract.Tables.Envelope.JOSE
		Expect(len(blob)).To(And(BeNumerically(">", limits.MaxLengthOf("api")), BeNumerically("<=", limits.MaxLengthOf(pushID))), "the test's own premise")
		got := l.call(request{path: pushPath, body: map[string]any{"encryptedData": blob}})
		Expect(got.status).To(Equal(http.StatusOK), got.raw)
		Expect(l.notifications(bank)).To(HaveLen(10))
	})
})
