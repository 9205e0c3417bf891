package wallet_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// google is a wallet on phones, by its profile.
const google = "5f0c2a3e-7b1d-4e8a-9c46-0d2b8e6f1a01"

var _ = Describe("A push of a card (p.212-223, p.235-239)", func() {
	var (
		w      *world
		number string
	)
	BeforeEach(func() {
		w = newWorld()
		w.set(map[string]any{"outcomes": map[string]any{"pushProvisioningStatusNotification": "wallet"}})
		w.answer("approveProvisioning", action("00"))
		number = w.fresh()
	})
	receive := func(r wallet.PushRequest) wallet.Pushed {
		GinkgoHelper()
		r.Issuer = bank
		ended, err := w.Push(ctx, r)
		Expect(err).NotTo(HaveOccurred())
		Expect(ended).To(HaveLen(1))
		return ended[0]
	}
	// calls are those that the notifications of the operation become.
	calls := func(operation string) (found []*outbound.Call) {
		for _, n := range w.queued() {
			if n.Operation == operation {
				found = append(found, w.built(n))
			}
		}
		return found
	}
	// statuses tell how pushes ended.
	statuses := func() []*outbound.Call { return calls("pushProvisioningStatusNotification") }

	It("becomes a token of the wallet's, with the issuer's app as PAN source, and is told once with the token (p.118, p.237)", func() {
		data := w.push(number, "trace-1", google)
		Expect(statuses()).To(BeEmpty())
		ended := receive(wallet.PushRequest{PushData: data, Passcode: "4711"})
		Expect(ended.StatusCode).To(Equal("SUCCESS"))
		made := w.token(ended.Provisioning.Token.ReferenceID)
		Expect(made.Status).To(Equal(token.Status("ACTIVE")))
		Expect(made.Type).To(Equal("HCE"))
		Expect(w.call("approveProvisioning").body).To(HaveKeyWithValue("panSource", "MOBILE_BANKING_APP"))
		Expect(calls("tokenCreateNotification")[0].Sealed["cardholderInfo"]).To(HaveKeyWithValue("primaryAccountNumber", number))
		told := statuses()
		Expect(told).To(HaveLen(1))
		Expect(told[0].Path).To(HaveKeyWithValue("tokenRequestorID", made.RequestorID))
		Expect(told[0].Members).To(And(HaveKeyWithValue("statusCode", "SUCCESS"), HaveKeyWithValue("issuerTraceID", "trace-1")))
		Expect(told[0].Sealed).To(And(HaveKeyWithValue("tokenReferenceID", made.ReferenceID), HaveKeyWithValue("firstName", "Vera"), HaveKeyWithValue("contactEmail", "vera@example.com")))

		_, err := w.Push(ctx, wallet.PushRequest{Issuer: bank, PushData: data})
		Expect(err).To(MatchError(ContainSubstring("told before")))
	})

	DescribeTable("fails, and is told so without a token",
		func(change func(*wallet.PushRequest), answer, statusCode string) {
			w.answer("approveProvisioning", action(answer))
			r := wallet.PushRequest{PushData: w.push(number, "trace-1", google)}
			change(&r)
			ended := receive(r)
			Expect(ended.StatusCode).To(Equal(statusCode))
			Expect(ended.Why).NotTo(BeEmpty())
			Expect(statuses()).To(HaveLen(1))
			Expect(statuses()[0].Members).To(HaveKeyWithValue("statusCode", statusCode))
			Expect(statuses()[0].Sealed).NotTo(HaveKey("tokenReferenceID"))
		},
		Entry("it does not reach the wallet", func(r *wallet.PushRequest) { r.Reception = wallet.ReceptionUnreached }, "00", "NOTIFICATION_FAILURE"),
		Entry("the wallet refuses", func(r *wallet.PushRequest) { r.Reception = wallet.ReceptionRefused }, "00", "PROVISION_FAILURE"),
		Entry("the passcode is wrong (p.219)", func(r *wallet.PushRequest) { r.Passcode = "0815" }, "00", "PROVISION_FAILURE"),
		Entry("the issuer declines", func(*wallet.PushRequest) {}, "05", "PROVISION_FAILURE"),
		Entry("the device does not get the token", func(r *wallet.PushRequest) { r.Ask.Personalization = wallet.PersonalizationFailed }, "00", "PROVISION_FAILURE"),
	)

	It("goes to each wallet by itself, and waits for one while another is done", func() {
		data := w.push(number, "trace-1", google)
		_, err := w.Push(ctx, wallet.PushRequest{Issuer: bank, PushData: data, ClientID: merchant})
		Expect(err).To(MatchError(wallet.ErrRequest))
		receive(wallet.PushRequest{PushData: data, ClientID: google})
		other := w.push(number, "trace-2", merchant)
		Expect(receive(wallet.PushRequest{PushData: other}).Provisioning.Token.Type).To(Equal("CARD_ON_FILE"))
		Expect(statuses()).To(HaveLen(2))
	})

	It("asks nobody what makes no sense", func() {
		for _, r := range []wallet.PushRequest{{Issuer: bank, PushData: "unknown"}, {Issuer: bank, Reception: "lost"}} {
			_, err := w.Push(ctx, r)
			Expect(err).To(MatchError(wallet.ErrRequest))
		}
	})

	It("is told to nobody who does not take part, and links what is told to the last call", func() {
		data := w.push(number, "trace-1", google)
		receive(wallet.PushRequest{PushData: data})
		list, _, err := w.vault.Notifications(ctx, vault.NotificationQuery{Issuer: bank, Operation: "pushProvisioningStatusNotification"})
		Expect(err).NotTo(HaveOccurred())
		rows, _, err := w.vault.Traffic(ctx, vault.TrafficQuery{Issuer: bank, Operation: "approveProvisioning"})
		Expect(err).NotTo(HaveOccurred())
		Expect(list[0].Cause).To(Equal(rows[0].ID))

		w.set(map[string]any{"outcomes": map[string]any{"pushProvisioningStatusNotification": "wallet"},
			"participation": map[string]any{"approveProvisioning": true}})
		receive(wallet.PushRequest{PushData: w.push(number, "trace-2", google)})
		Expect(statuses()).To(HaveLen(1))
	})
})
