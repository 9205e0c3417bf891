package console_test

import (
	"fmt"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("the queue of an issuer, over the console", func() {
	var l *lab
	var reference string
	BeforeEach(func() {
		l = newCallingLab()
		reference = l.givenToken(bank, nil)
	})
	queue := func(action string) map[string]any {
		GinkgoHelper()
		return l.post("/api/v1/issuers/"+bank+"/queue", map[string]any{"action": action}).ok(http.StatusOK).body
	}
	suspended := func(requestID string) vault.Notification {
		GinkgoHelper()
		return l.enqueue(bank, func(n *vault.Notification) {
			n.TokenID, n.RequestID, n.EventType = reference, requestID, "TOKEN_STATUS_UPDATED"
			n.Facts = map[string]any{"messageReasonCode": "TOKEN_SUSPEND", "actionCode": "00"}
		})
	}
	// delivered are the X-REQUEST-IDs that went out, in order.
	delivered := func() []string {
		GinkgoHelper()
		var list []string
		for _, row := range l.get("/api/v1/traffic?issuer=demo-bank&direction=outbound").items() {
			list = append(list, row["request"].(map[string]any)["headers"].(map[string]any)["X-Request-Id"].(string))
		}
		return list
	}

	It("delivers, and shows how many there are of each state", func() {
		n := suspended("r-1")
		l.settle()
		Expect(l.get("/api/v1/notifications/" + n.ID).ok(http.StatusOK).body).To(And(HaveKeyWithValue("state", "delivered"), HaveKeyWithValue("attempts", BeEquivalentTo(1))))
		Expect(l.get("/api/v1/issuers/demo-bank/queue").ok(http.StatusOK).raw).To(MatchJSON(
			`{"issuer": "demo-bank", "paused": false, "notifications": {"pending": 0, "retrying": 0, "delivered": 1, "dead": 0}}`))
	})

	It("sends again, and sends a second one, with the X-REQUEST-ID of the first", func() {
		n := suspended("r-1")
		l.settle()
		Expect(l.post("/api/v1/notifications/"+n.ID+"/actions", `{"action": "redeliver"}`).ok(http.StatusOK).body).To(HaveKeyWithValue("id", n.ID))
		l.settle()
		second := l.post("/api/v1/notifications/"+n.ID+"/actions?issuer=demo-bank", `{"action": "duplicate"}`).ok(http.StatusOK).body
		Expect(second["id"]).NotTo(Equal(n.ID))
		l.settle()
		Expect(delivered()).To(Equal([]string{"r-1", "r-1", "r-1"}))
		Expect(l.get("/api/v1/notifications/" + second["id"].(string)).body).To(HaveKeyWithValue("state", "delivered"))
	})

	It("pauses, reorders what waits, and resumes", func() {
		Expect(queue("pause")).To(HaveKeyWithValue("paused", true))
		var wanted []string
		for i := range 6 {
			wanted = append(wanted, fmt.Sprint("r-", i))
			suspended(wanted[i])
		}
		Expect(l.post("/api/v1/notifications/wait", `{"issuer": "demo-bank", "wait": "200ms"}`).ok(http.StatusOK).body).To(HaveKeyWithValue("settled", false))
		Expect(queue("reorder")).To(HaveKeyWithValue("changed", BeEquivalentTo(6)))
		Expect(queue("resume")).To(HaveKeyWithValue("paused", false))
		l.settle()
		Expect(delivered()).To(ConsistOf(wanted))
	})

	It("revives its dead letters", func() {
		for i := range 3 {
			n := suspended(fmt.Sprint("r-", i))
			l.settle()
			l.within(bank, func(tx vault.Tx) error {
				n.State = vault.StateDead
				return tx.PutNotification(n)
			})
		}
		Expect(l.get("/api/v1/notifications?issuer=demo-bank&state=dead").items()).To(HaveLen(3))
		Expect(queue("redeliver")).To(HaveKeyWithValue("changed", BeEquivalentTo(3)))
		l.settle()
		Expect(l.get("/api/v1/notifications?issuer=demo-bank&state=delivered").items()).To(HaveLen(3))
	})

	It("forgets its pause with a reset", func() {
		queue("pause")
		l.post("/api/v1/reset", `{"issuer": "demo-bank"}`).ok(http.StatusNoContent)
		Expect(l.get("/api/v1/issuers/demo-bank/queue").body).To(HaveKeyWithValue("paused", false))
	})

	It("tells an issuer nothing that it does not serve", func() {
		known, err := l.vault.Issuer(GinkgoT().Context(), bank)
		Expect(err).NotTo(HaveOccurred())
		known.Settings = map[string]any{vault.SettingParticipation: map[string]any{"approveProvisioning": true}}
		Expect(l.vault.PutIssuer(GinkgoT().Context(), known)).To(Succeed())
		l.givenToken(bank, map[string]any{"notify": true})
		Expect(l.queued(bank)).To(BeEmpty())
	})

	DescribeTable("refuses what it does not understand", func(method, path, body string, status int, field string, parts ...string) {
		l.call(method, path, body).refused(status, field, parts...)
	},
		Entry("an unknown notification", http.MethodGet, "/api/v1/notifications/none", "", http.StatusNotFound, "id"),
		Entry("one of nobody", http.MethodPost, "/api/v1/notifications/none/actions", `{"action": "redeliver"}`, http.StatusNotFound, "id"),
		Entry("an unknown action", http.MethodPost, "/api/v1/notifications/none/actions", `{"action": "forget"}`, http.StatusBadRequest, "action", "redeliver"),
		Entry("an unknown issuer", http.MethodPost, "/api/v1/issuers/nobody/queue", `{"action": "pause"}`, http.StatusNotFound, "name"),
		Entry("an unknown action of a queue", http.MethodPost, "/api/v1/issuers/demo-bank/queue", `{"action": "empty"}`, http.StatusBadRequest, "action", "reorder"),
		Entry("nobody to wait for", http.MethodPost, "/api/v1/notifications/wait", `{"issuer": "nobody"}`, http.StatusNotFound, "issuer"),
		Entry("a long wait", http.MethodPost, "/api/v1/notifications/wait", `{"wait": "1h"}`, http.StatusBadRequest, "wait", "30s"),
	)
})
