package console_test

import (
	"context"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/fixtures/issuer"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// newCallingLab is a lab that delivers, with the reference issuer as the bank.
func newCallingLab(change ...func(*setting)) *lab {
	GinkgoHelper()
	l := newLab(append(change, func(s *setting) {
		s.sending = true
		s.calls.Limits = wallet.Limits{Digits: 1, Attempts: 20}
	})...)
	played, err := issuer.New(issuer.Config{Contract: l.contract, Issuer: l.directory.Issuers[bank], Authority: l.directory.CA.Pool(), VisaClient: l.directory.Client.Leaf,
		VisaSigning: l.directory.VisaSigning, VisaEncryption: l.directory.VisaEncryption, Now: l.clock.Now})
	Expect(err).NotTo(HaveOccurred())
	Expect(played.Start()).To(Succeed())
	DeferCleanup(func(ctx context.Context) { Expect(played.Close(ctx)).To(Succeed()) })
	DeferCleanup(l.calls.Client().Close) // first: the server waits for open connections
	l.call(http.MethodPut, "/api/v1/issuers/"+bank, map[string]any{"endpoint": played.URL()}).ok(http.StatusOK)
	return l
}

// provision asks for a token of the bank.
func (l *lab) provision(members map[string]any) map[string]any {
	GinkgoHelper()
	body := map[string]any{"issuer": bank}
	for name, value := range members {
		body[name] = value
	}
	return l.post("/api/v1/provision", body).ok(http.StatusOK).body
}

// provisioned is the reference of a token of that type that was asked for.
func (l *lab) provisioned(tokenType string) string {
	GinkgoHelper()
	flow := l.provision(map[string]any{"tokenType": tokenType})
	Expect(flow).To(HaveKeyWithValue("path", "green"))
	return flow["token"].(map[string]any)["tokenReferenceID"].(string)
}

// act lets the wallet do something to a token.
func (l *lab) act(reference string, body any) answer {
	GinkgoHelper()
	return l.post("/api/v1/tokens/"+reference+"/wallet", body)
}

// settle waits until everything that is due was sent.
func (l *lab) settle() {
	GinkgoHelper()
	Expect(l.post("/api/v1/notifications/wait", `{"issuer": "demo-bank", "wait": "20s"}`).ok(http.StatusOK).body).To(HaveKeyWithValue("settled", true))
}

// told are the reasons of the bank's notifications, each with its state.
func (l *lab) told() []string {
	GinkgoHelper()
	var reasons []string
	for _, n := range l.queued(bank) {
		reason, _ := n.Facts["messageReasonCode"].(string)
		reasons = append(reasons, reason+" "+n.State)
	}
	return reasons
}

var _ = Describe("provisioning over the console", func() {
	var l *lab
	BeforeEach(func() { l = newCallingLab() })

	DescribeTable("plays each path at the reference issuer", func(card, path, status string, operations ...string) {
		flow := l.provision(map[string]any{"card": card})
		Expect(flow).To(HaveKeyWithValue("path", path))
		if status == "" {
			Expect(flow).NotTo(HaveKey("token"))
		} else {
			Expect(flow["token"]).To(HaveKeyWithValue("tokenStatus", status))
		}
		var called []string
		for _, step := range flow["steps"].([]any) {
			if operation, ok := step.(map[string]any)["operation"].(string); ok {
				called = append(called, operation)
				Expect(step).To(HaveKey("traffic"))
			}
			Expect(step).NotTo(HaveKey("broken"))
		}
		Expect(called).To(Equal(operations))
		l.settle()
		for _, told := range l.told() {
			Expect(told).To(HaveSuffix(" delivered"))
		}
	},
		Entry("green", "eligible", "green", "ACTIVE", "checkEligibility", "approveProvisioning"),
		Entry("yellow", "stepUp", "yellow", "ACTIVE", "checkEligibility", "approveProvisioning", "retrieveStepUpMethods", "sendPasscode"),
		Entry("red, at once", "declined", "red", "", "checkEligibility"),
		Entry("red, by the CVV2", "wrongCvv2", "red", "", "checkEligibility", "approveProvisioning"),
	)

	It("shows no number and no passcode, and links each delivery to the call that led to it", func() {
		l.provision(map[string]any{"card": "stepUp", "cvv2": "020"})
		l.settle()
		a := l.get("/api/v1/traffic?issuer=demo-bank&direction=outbound").ok(http.StatusOK)
		Expect(string(a.raw)).NotTo(Or(ContainSubstring("4000000010000026"), ContainSubstring(`"otpValue":"`+"0"), ContainSubstring(`"020"`)))
		rows := map[string]string{}
		for _, row := range a.items() {
			rows[row["id"].(string)] = row["operation"].(string)
		}
		deliveries := 0
		for _, row := range a.items() {
			if strings.HasSuffix(row["operation"].(string), "Notification") {
				deliveries++
				Expect(rows).To(HaveKey(row["cause"]), row["operation"].(string))
			}
		}
		Expect(deliveries).To(Equal(len(l.queued(bank))))
	})

	It("makes a token from a token (p.125)", func() {
		original := l.provisioned("SECURE_ELEMENT")
		flow := l.provision(map[string]any{"originalTokenReferenceID": original})
		Expect(flow).To(HaveKeyWithValue("path", "green"))
		l.post("/api/v1/provision", map[string]any{"issuer": bank, "originalTokenReferenceID": "DNITHE000000000000000000"}).refused(http.StatusNotFound, "originalTokenReferenceID")
	})

	It("leaves the passcode to who enters it", func() {
		flow := l.provision(map[string]any{"card": "stepUp", "otp": "later"})
		reference := flow["token"].(map[string]any)["tokenReferenceID"].(string)
		Expect(flow["token"]).To(HaveKeyWithValue("tokenStatus", "INACTIVE"))
		result := ""
		for _, digit := range "0123456789" { // it has one digit here
			if result != "VERIFICATION_SUCCESS" {
				result = l.act(reference, map[string]any{"action": "enterPasscode", "otpValue": string(digit)}).ok(http.StatusOK).body["activationVerificationResult"].(string)
			}
		}
		Expect(result).To(Equal("VERIFICATION_SUCCESS"))
		Expect(l.get("/api/v1/tokens/" + reference).body).To(HaveKeyWithValue("tokenStatus", "ACTIVE"))
	})

	It("lets Visa stand in where nobody answers (p.131)", func() {
		l.call(http.MethodPut, "/api/v1/issuers/"+bank, `{"endpoint": "https://127.0.0.1:1"}`).ok(http.StatusOK)
		Expect(l.provision(nil)).To(HaveKeyWithValue("stipReasonCode", "9011"))
	})

	DescribeTable("refuses what makes no sense", func(body string, status int, field string, parts ...string) {
		l.post("/api/v1/provision", body).refused(status, field, parts...)
	},
		Entry("an unknown issuer", `{"issuer": "nobody"}`, http.StatusNotFound, "issuer"),
		Entry("an unknown role", `{"issuer": "demo-bank", "card": "platinum"}`, http.StatusNotFound, "card", "/api/v1/cards"),
		Entry("two cards", `{"issuer": "demo-bank", "card": "eligible", "pan": "4000000010000018"}`, http.StatusBadRequest, "card", "not both"),
		Entry("a card of another", `{"issuer": "demo-bank", "pan": "4000000020000017"}`, http.StatusBadRequest, "pan"),
		Entry("a card beside an original token", `{"issuer": "demo-bank", "card": "eligible", "originalTokenReferenceID": "x"}`, http.StatusBadRequest, "originalTokenReferenceID"),
		Entry("an unknown type", `{"issuer": "demo-bank", "tokenType": "PLASTIC"}`, http.StatusBadRequest, "tokenType", "HCE"),
		Entry("an unknown habit", `{"issuer": "demo-bank", "otp": "guess"}`, http.StatusBadRequest, "otp", "exhausted"),
		Entry("automatic filling by a phone", `{"issuer": "demo-bank", "autoFillIndicator": true}`, http.StatusBadRequest, "", "p.126"),
		Entry("a token as the source, and none", `{"issuer": "demo-bank", "panSource": "TOKEN"}`, http.StatusBadRequest, "", "original token"),
	)
})

var _ = Describe("what a wallet does to its token, over the console", func() {
	var l *lab
	BeforeEach(func() { l = newCallingLab() })

	It("is told to the issuer, each with its reason (p.203)", func() {
		hce, element, merchant := l.provisioned("HCE"), l.provisioned("SECURE_ELEMENT"), l.provisioned("ECOMMERCE")
		for _, step := range []struct{ reference, body, reason string }{
			{hce, `{"action": "suspend"}`, "TOKEN_SUSPEND"},
			{hce, `{"action": "resume"}`, "TOKEN_RESUME"},
			{hce, `{"action": "replenish"}`, "LUK_REPLENISHMENT"},
			{hce, `{"action": "replenish", "failed": true}`, "LUK_REPLENISHMENT"},
			{element, `{"action": "repersonalize"}`, "DEVICE_PROVISIONING_REPERSONALIZATION_RESULT"},
			{element, `{"action": "extend", "tokenExpirationDate": {"month": "11", "year": "2034"}}`, "TOKEN_EXPIRY_DATE_UPDATED"},
			{merchant, `{"action": "bindDevice", "deviceIndex": 7, "deviceName": "laptop"}`, "TOKEN_DEVICE_BINDING_RESULT"},
			{merchant, `{"action": "unbindDevice", "deviceIndex": 7}`, "TOKEN_DEVICE_BINDING_REMOVED"},
			{merchant, `{"action": "stepUp"}`, "CARDHOLDER_STEPUP_RESULT"},
			{hce, `{"action": "delete"}`, "TOKEN_DEACTIVATED"},
		} {
			before := len(l.queued(bank))
			l.act(step.reference, step.body).ok(http.StatusOK)
			after := l.queued(bank)[before:]
			Expect(after).NotTo(BeEmpty(), step.body)
			Expect(after[len(after)-1].Facts).To(HaveKeyWithValue("messageReasonCode", step.reason), step.body)
		}
		l.settle()
		for _, told := range l.told() {
			Expect(told).To(HaveSuffix(" delivered"))
		}
	})

	It("activates a token on condition by the issuer's app", func() {
		flow := l.provision(map[string]any{"card": "stepUp", "otp": "later"})
		reference := flow["token"].(map[string]any)["tokenReferenceID"].(string)
		a := l.act(reference, `{"action": "activateByApp", "activationVerificationResult": "VERIFICATION_SUCCESS"}`).ok(http.StatusOK)
		Expect(a.body["token"]).To(HaveKeyWithValue("tokenStatus", "ACTIVE"))
	})

	DescribeTable("is refused when it makes no sense", func(body string, status int, field string, parts ...string) {
		l.act(l.provisioned("HCE"), body).refused(status, field, parts...)
	},
		Entry("nothing", `{}`, http.StatusBadRequest, "action", "required"),
		Entry("an unknown action", `{"action": "explode"}`, http.StatusBadRequest, "action", "suspend"),
		Entry("no passcode", `{"action": "enterPasscode"}`, http.StatusBadRequest, "otpValue", "needs"),
		Entry("a member for nothing", `{"action": "suspend", "deviceIndex": 1}`, http.StatusBadRequest, "deviceIndex", "takes no"),
		Entry("another type of token", `{"action": "repersonalize"}`, http.StatusBadRequest, "", "SECURE_ELEMENT"),
		Entry("a device at a phone's token", `{"action": "bindDevice"}`, http.StatusBadRequest, "", "p.149"),
		Entry("a binding that is not there", `{"action": "unbindDevice", "deviceIndex": 3}`, http.StatusNotFound, "deviceIndex"),
		Entry("an action that the matrix refuses", `{"action": "resume"}`, http.StatusConflict, "action", "resume"),
		Entry("a reason of another flow", `{"action": "stepUp", "otpReason": "PROVISIONING"}`, http.StatusBadRequest, "", "PROVISIONING"),
	)

	It("upon no token finds none", func() {
		l.act("DNITHE000000000000000000", `{"action": "suspend"}`).refused(http.StatusNotFound, "tokenReferenceID")
	})
})

var _ = Describe("single calls over the console", func() {
	var l *lab
	BeforeEach(func() { l = newCallingLab() })
	call := func(members map[string]any) map[string]any {
		GinkgoHelper()
		members["issuer"] = bank
		return l.post("/api/v1/calls", members).ok(http.StatusOK).body
	}

	It("make each of Visa's operations, answered within the rules and in the journal", func() {
		made := 0
		for _, op := range l.contract.Operations() {
			if op.Direction != contract.Outbound {
				continue
			}
			made++
			a := call(map[string]any{"operation": op.ID})
			row := a["traffic"].(map[string]any)
			Expect(row["response"]).To(HaveKeyWithValue("status", BeNumerically("<", 300)), op.ID)
			Expect(row["violations"]).To(BeEmpty(), op.ID)
			Expect(a["broken"]).To(BeEmpty(), op.ID)
			Expect(ids(l.get("/api/v1/traffic?issuer=demo-bank&operation=" + op.ID).items())).To(ContainElement(row["id"]))
		}
		Expect(made).To(Equal(11))
	})

	It("are about a token of the vault, with other members, or broken on purpose", func() {
		reference := l.provisioned("SECURE_ELEMENT")
		row := call(map[string]any{"operation": "tokenNotification", "tokenReferenceID": reference, "with": map[string]any{"messageReasonCode": "TOKEN_RESUME"}})["traffic"].(map[string]any)
		Expect(row["request"].(map[string]any)["path"]).To(ContainSubstring(reference))
		Expect(row["request"].(map[string]any)["body"]).To(HaveKeyWithValue("messageReasonCode", "TOKEN_RESUME"))
		row = call(map[string]any{"operation": "approveProvisioning", "corrupt": []string{"jws/signature"}})["traffic"].(map[string]any)
		Expect(row["diagnosis"]).To(ContainSubstring("jws/signature"))
		Expect(call(map[string]any{"operation": "tokenNotification", "with": map[string]any{"messageReasonCode": "NO_SUCH_REASON"}})["broken"]).NotTo(BeEmpty())
	})

	DescribeTable("are refused when they make no sense", func(body string, status int, field string, parts ...string) {
		l.post("/api/v1/calls", body).refused(status, field, parts...)
	},
		Entry("a call of issuers", `{"issuer": "demo-bank", "operation": "tokenInquiry"}`, http.StatusBadRequest, "operation", "approveProvisioning"),
		Entry("an unknown member", `{"issuer": "demo-bank", "operation": "sendPasscode", "with": {"otp": 1}}`, http.StatusBadRequest, "with", `"otp"`),
		Entry("an unknown corruption", `{"issuer": "demo-bank", "operation": "sendPasscode", "corrupt": ["jwe/tags"]}`, http.StatusBadRequest, "corrupt", "jwe/tag"),
		Entry("an unknown token", `{"issuer": "demo-bank", "operation": "sendPasscode", "tokenReferenceID": "x"}`, http.StatusNotFound, "tokenReferenceID"),
		Entry("a token and a card", `{"issuer": "demo-bank", "operation": "sendPasscode", "tokenReferenceID": "x", "card": "eligible"}`, http.StatusBadRequest, "tokenReferenceID"),
	)
})

var _ = Describe("an issuer that cannot be called as it is configured", func() {
	It("is told apart from one that does not answer", func() {
		l := newLab()
		known, err := l.vault.Issuer(context.Background(), bank)
		Expect(err).NotTo(HaveOccurred())
		known.Name, known.APIKey, known.AccountRanges, known.EncryptionCertificate = "odd-bank", "another-key", []string{"400000555"}, "nothing"
		Expect(l.vault.PutIssuer(context.Background(), known)).To(Succeed())
		pan, err := fixtures.NewPAN("400000555", randomness)
		Expect(err).NotTo(HaveOccurred())
		l.post("/api/v1/calls", map[string]any{"issuer": "odd-bank", "operation": "approveProvisioning", "pan": pan}).refused(http.StatusConflict, "issuer", "encryption certificate")
	})
})

var _ = Describe("A push", func() {
	const google, data = "5f0c2a3e-7b1d-4e8a-9c46-0d2b8e6f1a01", "push-1"
	pushed := func() *lab {
		l := newCallingLab()
		card := l.directory.Issuers[bank].Profile.Cards[0]
		Expect(l.vault.Update(context.Background(), bank, func(tx vault.Tx) error {
			pan := vault.PAN{ReferenceID: "V-0000000000000000000077", Number: card.PAN, Expiration: token.Expiration{Month: card.ExpMonth, Year: card.ExpYear}, CreatedAt: noon}
			if err := tx.PutPAN(pan); err != nil {
				return err
			}
			return tx.PutRecord(vault.Record{Kind: "push", Key: google + "/" + data + "/1", UpdatedAt: noon, Content: map[string]any{
				"clientID": google, "pushData": data, "panReferenceID": pan.ReferenceID, "cause": "",
				"status": map[string]any{"issuerTraceID": "trace-1", "clientInformation": map[string]any{"source": "ISSUER"}}}})
		})).To(Succeed())
		return l
	}

	It("is worked on by the wallet that it went to, and the issuer is told once how it ended", func() {
		l := pushed()
		items := l.post("/api/v1/pushes", map[string]any{"issuer": bank, "pushData": data}).ok(http.StatusOK).items()
		Expect(items).To(HaveLen(1))
		Expect(items[0]).To(And(HaveKeyWithValue("clientID", google), HaveKeyWithValue("statusCode", "SUCCESS"), HaveKey("flow")))
		l.settle()
		told := l.get("/api/v1/notifications?issuer=" + bank + "&operation=pushProvisioningStatusNotification").ok(http.StatusOK).items()
		Expect(told).To(HaveLen(1))
		Expect(told[0]).To(HaveKeyWithValue("state", "delivered"))
		l.post("/api/v1/pushes", map[string]any{"issuer": bank, "pushData": data}).refused(http.StatusBadRequest, "", "was told before")
	})

	It("that does not reach the wallet ends so, and one that nobody made is refused", func() {
		l := pushed()
		items := l.post("/api/v1/pushes", map[string]any{"issuer": bank, "pushData": data, "reception": "unreached"}).ok(http.StatusOK).items()
		Expect(items[0]).To(And(HaveKeyWithValue("statusCode", "NOTIFICATION_FAILURE"), HaveKeyWithValue("why", "the push did not reach the wallet")))
		l.post("/api/v1/pushes", map[string]any{"issuer": bank, "pushData": "other"}).refused(http.StatusBadRequest, "", "has pushed no card")
		l.post("/api/v1/pushes", map[string]any{"issuer": bank, "pushData": data, "reception": "eaten"}).refused(http.StatusBadRequest, "reception")
	})
})
