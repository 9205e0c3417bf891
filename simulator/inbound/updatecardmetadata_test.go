package inbound_test

import (
	"encoding/json"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("updateCardMetadata (p.101-110)", func() {
	var (
		l   *lab
		pan vault.PAN
	)
	BeforeEach(func() {
		l = newLab()
		pan = l.givenPAN(bank, freshPAN(bankRange))
	})
	update := func(r request, members ...map[string]any) answer {
		GinkgoHelper()
		r.path, r.body = metadataPath, metadataBody(members...)
		return l.call(r)
	}
	byNumber := func(number string, members ...map[string]any) answer {
		GinkgoHelper()
		return update(request{sealed: sealPAN(number)}, members...)
	}

	Describe("its selectors (p.101-103)", func() {
		It("updates the one token of tokenRequestorID and tokenReferenceID", func() {
			t := l.givenToken(bank, pan)
			l.givenToken(bank, pan)
			details := l.updated(update(request{}, selectToken(t)))
			Expect(details).To(ConsistOf(And(HaveField("TaskID", MatchRegexp(guid.String())), HaveField("TokenReferenceID", t.ReferenceID),
				HaveField("PANReferenceID", pan.ReferenceID), HaveField("StatusCode", "PENDING"), HaveField("ErrorCode", ""))))
			Expect(l.metadataRecords(bank, "cardmetadata")).To(And(HaveLen(1), HaveKeyWithValue(t.ReferenceID, HaveKeyWithValue("cardMetadataInfo", sampleMetadata()))))
		})

		It("answers tokenRequestorID as a number and takes it as number and as text (INT-042)", func() {
			t := l.givenToken(bank, pan)
			for _, id := range []any{t.RequestorID, 40010075001, json.RawMessage("4.0010075001e10")} {
				details := l.updated(update(request{}, selectToken(t), map[string]any{"tokenRequestorID": id}))
				Expect(details).To(ConsistOf(And(HaveField("TokenRequestorID", 40010075001.0), HaveField("StatusCode", "PENDING"))))
			}
		})

		DescribeTable("updates all tokens of the PAN, the last changed first", func(call func(vault.PAN) answer) {
			first, second, third := l.givenToken(bank, pan), l.givenToken(bank, pan), l.givenToken(bank, pan)
			stranger := l.givenToken(bank, l.givenPAN(bank, freshPAN(bankRange)))
			details := l.updated(call(pan))
			Expect(details).To(HaveExactElements(HaveField("TokenReferenceID", third.ReferenceID), HaveField("TokenReferenceID", second.ReferenceID), HaveField("TokenReferenceID", first.ReferenceID)))
			Expect(details).To(HaveEach(And(HaveField("StatusCode", "PENDING"), HaveField("PANReferenceID", pan.ReferenceID), HaveField("TaskID", MatchRegexp(guid.String())))))
			Expect(l.metadataRecords(bank, "task")).To(HaveLen(3))
			Expect(l.notifications(bank)).To(HaveLen(3))
			Expect(l.notifications(bank)).NotTo(ContainElement(HaveField("TokenID", stranger.ReferenceID)))
			Expect(l.metadataRecords(bank, "cardmetadata")).To(And(HaveLen(1), HaveKeyWithValue(pan.ReferenceID, HaveKeyWithValue("cardMetadataInfo", sampleMetadata()))))
		},
			Entry("by panReferenceID", func(pan vault.PAN) answer { return update(request{}, selectPAN(pan)) }),
			Entry("by encryptedData", func(pan vault.PAN) answer { return byNumber(pan.Number) }),
		)

		It("needs one of them (p.103)", func() {
			expectRefusal(update(request{}), "VSE40001", "encryptedData")
			expectRefusal(update(request{}, map[string]any{"panReferenceID": ""}), "VSE40001", "encryptedData")
			l.untouched(bank)
		})

		It("needs both halves of the token (p.102)", func() {
			t := l.givenToken(bank, pan)
			expectRefusal(update(request{}, map[string]any{"tokenReferenceID": t.ReferenceID}), "VSE40001", "tokenRequestorID")
			expectRefusal(update(request{}, map[string]any{"tokenRequestorID": t.RequestorID}), "VSE40001", "tokenReferenceID")
			l.untouched(bank)
		})

		It("takes no two of them (p.103)", func() {
			t := l.givenToken(bank, pan)
			expectRefusal(update(request{}, selectToken(t), selectPAN(pan)), "VSE40000", "panReferenceID")
			expectRefusal(byNumber(pan.Number, selectPAN(pan)), "VSE40000", "panReferenceID")
			expectRefusal(byNumber(pan.Number, selectToken(t)), "VSE40000", "encryptedData")
			expectRefusal(byNumber(pan.Number, selectToken(t), selectPAN(pan)), "VSE40000", "panReferenceID", "encryptedData")
			l.untouched(bank)
		})
	})

	Describe("what it does with each token (p.107-108)", func() {
		DescribeTable("queues the update of a token that can take it, inactive ones too", func(state token.Status) {
			t := l.givenToken(bank, pan, status(state))
			Expect(l.updated(update(request{}, selectPAN(pan)))).To(ConsistOf(And(HaveField("StatusCode", "PENDING"), HaveField("TaskID", Not(BeEmpty())), HaveField("ErrorCode", ""))))
			Expect(l.notifications(bank)).To(HaveLen(1))
			Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
		},
			Entry(nil, token.Status("INACTIVE")), Entry(nil, token.Status("ACTIVE")), Entry(nil, token.Status("SUSPENDED")),
		)

		DescribeTable("reports a deactivated token as NOT_ALLOWED with VSE40007, and makes no task (INT-151)", func(call func(token.Token) answer) {
			t := l.givenToken(bank, pan, status("DEACTIVATED"))
			Expect(l.updated(call(t))).To(ConsistOf(metadataDetail{TokenRequestorID: 40010075001.0, TokenReferenceID: t.ReferenceID,
				PANReferenceID: pan.ReferenceID, StatusCode: "NOT_ALLOWED", ErrorCode: "VSE40007"}))
			l.untouched(bank)
		},
			Entry("named itself", func(t token.Token) answer { return update(request{}, selectToken(t)) }),
			Entry("as one of the PAN", func(t token.Token) answer { return update(request{}, selectPAN(pan)) }),
		)

		It("keeps a deactivated token from no other", func() {
			gone, kept := l.givenToken(bank, pan, status("DEACTIVATED")), l.givenToken(bank, pan)
			Expect(l.updated(update(request{}, selectPAN(pan)))).To(HaveExactElements(
				And(HaveField("TokenReferenceID", kept.ReferenceID), HaveField("StatusCode", "PENDING")),
				And(HaveField("TokenReferenceID", gone.ReferenceID), HaveField("StatusCode", "NOT_ALLOWED"))))
			Expect(l.metadataRecords(bank, "cardmetadata")).To(HaveKey(pan.ReferenceID))
		})

		It("queues the notification of the outcome, with the task that the answer named (p.137-139)", func() {
			t := l.givenToken(bank, pan)
			details := l.updated(update(request{}, selectToken(t)))
			Expect(l.notifications(bank)).To(ConsistOf(And(HaveField("Operation", "cardMetadataUpdateNotification"), HaveField("State", "pending"),
				HaveField("TokenID", t.ReferenceID), HaveField("PANID", pan.ReferenceID), HaveField("DueAt", noon), HaveField("Cause", l.traffic(bank)[0].ID),
				HaveField("Facts", Equal(map[string]any{"taskID": details[0].TaskID, "statusCode": "SUCCESS"})))))
		})

		DescribeTable("tells of the outcome for secure elements only (p.137)", func(kind string, told int) {
			l.givenToken(bank, pan, func(t *token.Token) { t.Type = kind })
			Expect(l.updated(update(request{}, selectPAN(pan)))).To(ConsistOf(HaveField("StatusCode", "PENDING")))
			Expect(l.notifications(bank)).To(HaveLen(told))
		},
			Entry(nil, "SECURE_ELEMENT", 1), Entry(nil, "HCE", 0), Entry(nil, "CARD_ON_FILE", 0), Entry(nil, "ECOMMERCE", 0), Entry(nil, "QRC", 0),
		)

		It("tells of it when the issuer's transition says so", func() {
			issuer := l.issuer(bank)
			issuer.Settings = map[string]any{"transitions": map[string]any{"cardMetadataUpdateNotification": map[string]any{"after": "10m"}}}
			Expect(l.vault.PutIssuer(GinkgoT().Context(), issuer)).To(Succeed())
			update(request{}, selectToken(l.givenToken(bank, pan)))
			Expect(l.notifications(bank)).To(ConsistOf(HaveField("DueAt", noon.Add(10*time.Minute))))
		})

		It("keeps the task", func() {
			t := l.givenToken(bank, pan)
			details := l.updated(update(request{}, selectToken(t)))
			Expect(l.metadataRecords(bank, "task")).To(And(HaveLen(1), HaveKeyWithValue(details[0].TaskID, And(
				HaveKeyWithValue("operation", "updateCardMetadata"), HaveKeyWithValue("tokenReferenceID", t.ReferenceID), HaveKeyWithValue("tokenRequestorID", t.RequestorID),
				HaveKeyWithValue("panReferenceID", pan.ReferenceID), HaveKeyWithValue("statusCode", "PENDING"), HaveKeyWithValue("operatorID", "Operator1"),
				HaveKeyWithValue("cause", l.traffic(bank)[0].ID)))))
		})
	})

	Describe("the metadata (p.101-107)", func() {
		It("replaces what was there, and merges nothing (p.101)", func() {
			t := l.givenToken(bank, pan)
			update(request{}, selectToken(t))
			update(request{}, selectToken(t), map[string]any{"cardMetadataInfo": map[string]any{"cardIssuer": "Bank2"}, "operationReason": "renamed", "operatorID": nil})
			Expect(l.metadataRecords(bank, "cardmetadata")).To(Equal(map[string]map[string]any{t.ReferenceID: {"cardMetadataInfo": map[string]any{"cardIssuer": "Bank2"},
				"operationReason": "renamed", "operatorID": "", "requestID": l.traffic(bank)[1].Request.Headers["X-Request-Id"], "cause": l.traffic(bank)[1].ID}}))
		})

		It("of the PAN replaces that of its tokens; that of a token stands beside that of the PAN", func() {
			t, second := l.givenToken(bank, pan), l.givenToken(bank, pan)
			update(request{}, selectPAN(pan))
			update(request{}, selectToken(t))
			Expect(l.metadataRecords(bank, "cardmetadata")).To(And(HaveLen(2), HaveKey(pan.ReferenceID), HaveKey(t.ReferenceID)))
			update(request{}, selectToken(second))
			update(request{}, selectPAN(pan))
			Expect(l.metadataRecords(bank, "cardmetadata")).To(And(HaveLen(1), HaveKey(pan.ReferenceID)))
		})

		It("leaves out what counts as not sent, as the sample has it (p.109, INT-122)", func() {
			t := l.givenToken(bank, pan)
			Expect(l.updated(update(request{}, selectToken(t), map[string]any{"cardMetadataInfo": map[string]any{"cardIssuer": "Bank1", "shortDescription": "",
				"cardArtData": map[string]any{}, "applicationInfo": map[string]any{"messageServiceURL": nil, "supportsFPANNotifications": false}}}))).To(HaveLen(1))
			Expect(l.metadataRecords(bank, "cardmetadata")[t.ReferenceID]["cardMetadataInfo"]).To(Equal(map[string]any{"cardIssuer": "Bank1",
				"applicationInfo": map[string]any{"supportsFPANNotifications": false}}))
		})

		It("never keeps a PAN in clear, wherever it was put", func() {
			t := l.givenToken(bank, pan)
			spaced := pan.Number[:4] + " " + pan.Number[4:8] + " " + pan.Number[8:12] + " " + pan.Number[12:]
			for _, number := range []string{pan.Number, spaced} {
				update(request{}, selectToken(t), map[string]any{"operationReason": "for " + number, "cardMetadataInfo": map[string]any{"longDescription": "card " + number}})
				record := l.metadataRecords(bank, "cardmetadata")[t.ReferenceID]
				Expect(record["operationReason"]).To(And(HavePrefix("for 4000"), ContainSubstring("*"), Not(ContainSubstring(number))))
				Expect(record["cardMetadataInfo"]).To(HaveKeyWithValue("longDescription", And(HavePrefix("card 4000"), ContainSubstring("*"), Not(ContainSubstring(number)))))
			}
		})
	})
})
