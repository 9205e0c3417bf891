package wallet_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/wallet"
)

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func raw(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

// cut ends the connection without an answer.
func cut(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = connection.Close()
	}
}

// timedOut is the stipReasonCode of an answer that was too late (p.134).
const timedOut = "9020"

// never answers before the caller gives up.
func never(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func standIn(path fixtures.Path) map[string]any {
	return map[string]any{"standIn": map[string]any{"path": string(path), "stepUpMethods": []any{
		map[string]any{"type": "CUSTOMERSERVICE", "value": "1-800-555-0101", "identifier": "call"}}}}
}

var _ = Describe("Stand-in (p.131-137)", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })

	DescribeTable("takes the issuer's place and tells why (p.134, INT-120):",
		func(answer http.HandlerFunc, reason string) {
			l.set(standIn(fixtures.PathGreen))
			l.answers["approveProvisioning"] = answer
			if reason == timedOut {
				l.deadlines["approveProvisioning"] = 0 // the contract's budget
			}
			result := l.provision(l.card("eligible"))
			Expect(result.StipReasonCode).To(Equal(reason))
			Expect(result.Path).To(Equal(fixtures.PathGreen))
			Expect(result.Token.Status).To(Equal(token.Status("ACTIVE")))
			Expect(l.told()).To(Equal([]string{"approveProvisioningStandIn 00", "TOKEN_CREATED 00", "DEVICE_PROVISIONING_RESULT 00"}))
			Expect(l.queued()[0].Facts).To(And(HaveKeyWithValue("stipReasonCode", reason), HaveKeyWithValue("cvv2ResultsCode", "U")))
		},
		Entry("the connection is cut", http.HandlerFunc(cut), "9011"),
		Entry("the answer N0 (INT-149)", action("N0"), "9012"),
		Entry("no answer within the budget", http.HandlerFunc(never), timedOut),
		Entry("status 500", status(500), "9061"),
		Entry("status 400", status(400), "9061"),
		Entry("ISE40504", says(map[string]any{"actionCode": "96", "errorCode": "ISE40504"}), "9061"),
		Entry("no JSON", raw("<html>"), "9061"),
		Entry("a JSON array", raw("[]"), "9061"),
		Entry("nothing at all", status(200), "9061"),
		Entry("neither decision nor error", says(map[string]any{}), "9061"),
		Entry("an unlisted action code (INT-103)", action("01"), "9061"),
		Entry("an approval with an error", says(map[string]any{"actionCode": "00", "errorCode": "ISE40000"}), "9061"),
	)

	It("takes the place of an issuer who does not listen at all", func() {
		l.set(map[string]any{"standIn": map[string]any{"path": "green"}, "participation": map[string]any{"approveProvisioning": true, "approveProvisioningStandIn": true}})
		l.server.Close()
		Expect(l.provision(l.card("eligible")).StipReasonCode).To(Equal("9011"))
	})

	DescribeTable("goes by the issuer's rule:",
		func(settings map[string]any, role string, after time.Time, action string, status string, told ...string) {
			l.set(settings)
			l.clock.Set(after)
			l.answers["approveProvisioning"] = http.HandlerFunc(cut)
			result := l.provision(l.card(role))
			Expect(result.ActionCode).To(Equal(action))
			Expect(result.Token.Status).To(Equal(token.Status(status)))
			Expect(l.told()).To(Equal(told))
		},
		Entry("on condition, and the call centre verifies", standIn(fixtures.PathYellow), "eligible", noon, "85", "INACTIVE",
			"approveProvisioningStandIn 85", "TOKEN_CREATED 85", "DEVICE_PROVISIONING_RESULT 00"),
		Entry("declined: the token is there to be told about and can't be used", standIn(fixtures.PathRed), "eligible", noon, "05", "DEACTIVATED", "approveProvisioningStandIn 05"),
		Entry("no rule approves an expired card", standIn(fixtures.PathGreen), "expired", noon, "54", "DEACTIVATED", "approveProvisioningStandIn 54"),
		Entry("a card is good until its month is over", standIn(fixtures.PathGreen), "eligible", time.Date(2035, 12, 31, 23, 59, 0, 0, time.UTC), "00", "ACTIVE",
			"approveProvisioningStandIn 00", "TOKEN_CREATED 00", "DEVICE_PROVISIONING_RESULT 00"),
		Entry("and not longer", standIn(fixtures.PathGreen), "eligible", time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC), "54", "DEACTIVATED", "approveProvisioningStandIn 54"),
		Entry("without any rule it is declined", map[string]any{"standIn": map[string]any{}}, "eligible", noon, "96", "DEACTIVATED", "approveProvisioningStandIn 96"),
		Entry("else by the fixtures' rule", nil, "eligible", noon, "85", "INACTIVE",
			"approveProvisioningStandIn 85", "TOKEN_CREATED 85", "DEVICE_PROVISIONING_RESULT 00"),
	)

	It("produces every stipReasonCode and every actionCode of the contract (p.134)", func() {
		reasons, actions := map[string]bool{}, map[string]bool{}
		seen := func(r *wallet.Result) { reasons[r.StipReasonCode], actions[r.ActionCode] = true, true }
		for _, card := range l.fixtures.CardsOf(bank) {
			if card.StandIn == nil {
				continue
			}
			l.forget()
			l.answers["approveProvisioning"] = map[string]http.HandlerFunc{"9011": cut, "9012": action("N0"), timedOut: never, "9061": status(503)}[card.StandIn.StipReasonCode]
			if card.StandIn.StipReasonCode == timedOut {
				l.deadlines["approveProvisioning"] = 100 * time.Millisecond
			} else {
				delete(l.deadlines, "approveProvisioning")
			}
			r := l.provision(l.card(card.Role))
			Expect(r.StipReasonCode).To(Equal(card.StandIn.StipReasonCode), card.Role)
			if card.StandIn.By == fixtures.ByVisa {
				Expect(l.calls).To(BeEmpty(), "Visa decides without asking")
			}
			seen(r)
		}
		l.answers["approveProvisioning"] = status(500)
		seen(l.provision(l.card("expired")))
		l.set(standIn(fixtures.PathGreen))
		seen(l.provision(l.card("eligible")))
		l.set(map[string]any{"standIn": map[string]any{}})
		seen(l.provision(l.card("eligible")))
		seen(l.provision(l.card("standInCheckDigit")))
		Expect(keysOf(reasons)).To(ConsistOf(l.values("approveProvisioningStandIn", "stipReasonCode")))
		Expect(keysOf(actions)).To(ConsistOf(l.values("approveProvisioningStandIn", "actionCode")))
		l.queued()
	})

	Context("for checkEligibility (p.140)", func() {
		BeforeEach(func() { l.answers["approveProvisioning"] = action("00") })

		It("goes on with the preset card metadata", func() {
			l.answers["checkEligibility"] = status(500)
			preset, ok := l.fixtures.DefaultMetadata(bank)
			Expect(ok).To(BeTrue())
			result := l.provision(l.card("eligible"))
			Expect(result.Path).To(Equal(fixtures.PathGreen))
			Expect(result.Token.CardMetadataProfileID).To(Equal(preset.ProfileID))
		})

		It("declines where none are preset", func() {
			l.answers["checkEligibility"] = says(map[string]any{"errorCode": "ISE40504"})
			bare := *l.fixtures
			bare.MetadataProfiles = nil
			l.config.Fixtures = &bare
			var err error
			l.Wallet, err = wallet.New(l.config)
			Expect(err).NotTo(HaveOccurred())
			Expect(l.provision(l.card("eligible")).Path).To(Equal(fixtures.PathRed))
			Expect(l.called()).To(Equal([]string{"checkEligibility"}))
		})
	})
})

func keysOf(set map[string]bool) []any {
	var names []any
	for name := range set {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// values are the contract's values of a member of a request.
func (l *lab) values(operation, member string) []any {
	GinkgoHelper()
	op, err := l.contract.Operation(operation)
	Expect(err).NotTo(HaveOccurred())
	return op.Field(contract.Request).Member(member).Enum
}
