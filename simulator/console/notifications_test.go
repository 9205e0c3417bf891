package console_test

import (
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

// enqueue queues a notification of the issuer and returns it as stored.
func (l *lab) enqueue(issuer string, change func(*vault.Notification)) vault.Notification {
	GinkgoHelper()
	n := vault.Notification{ID: l.vault.NewID(), Operation: "tokenNotification", TokenID: "DNITHE000000000000000001", RequestID: "r-1", Cause: "row-1"}
	change(&n)
	l.within(issuer, func(tx vault.Tx) error { return tx.Enqueue(n) })
	list := l.queued(issuer)
	return list[len(list)-1]
}

var _ = Describe("notifications", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })
	as := func(operation, state, tokenID string) func(*vault.Notification) {
		return func(n *vault.Notification) { n.Operation, n.State, n.TokenID = operation, state, tokenID }
	}

	It("are shown with what led to them and when they are due, masked", func() {
		n := l.enqueue(bank, func(n *vault.Notification) {
			n.EventType, n.PANID, n.DueAt, n.Inquiries, n.Attempts = "TOKEN_STATUS_UPDATED", "V-1", noon.Add(time.Hour), 2, 1
			n.LastError = "refused for 4000000010000018"
			n.Facts = map[string]any{"messageReasonCode": "TOKEN_SUSPEND", "odd": "4000000010000018"}
		})
		a := l.get("/api/v1/notifications?issuer=demo-bank").ok(http.StatusOK)
		Expect(a.raw).To(MatchJSON(fmt.Sprintf(`{"next": %q, "items": [{"id": %q, "issuer": "demo-bank", "operation": "tokenNotification", "eventType": "TOKEN_STATUS_UPDATED",
			"requestID": "r-1", "cause": "row-1", "tokenReferenceID": "DNITHE000000000000000001", "panReferenceID": "V-1",
			"facts": {"messageReasonCode": "TOKEN_SUSPEND", "odd": "400000******0018"}, "state": "pending", "dueAt": "2026-06-01T13:00:00Z", "inquiries": 2, "attempts": 1,
			"lastError": "refused for 400000******0018", "createdAt": "2026-06-01T12:00:00Z", "updatedAt": "2026-06-01T12:00:00Z"}]}`, a.body["next"], n.ID)))
	})

	It("are filtered by issuer, state, operation and token", func() {
		a := l.enqueue(bank, as("tokenNotification", "pending", "T1"))
		b := l.enqueue(bank, as("panUpdateNotification", "retrying", "T2"))
		c := l.enqueue(bank, as("tokenNotification", "dead", "T2"))
		d := l.enqueue(other, as("tokenNotification", "delivered", "T1"))
		for query, want := range map[string][]string{
			"":                                  {a.ID, b.ID, c.ID, d.ID},
			"?issuer=demo-bank":                 {a.ID, b.ID, c.ID},
			"?issuer=second-bank":               {d.ID},
			"?state=pending":                    {a.ID},
			"?state=retrying":                   {b.ID},
			"?state=dead":                       {c.ID},
			"?state=delivered":                  {d.ID},
			"?operation=panUpdateNotification":  {b.ID},
			"?tokenReferenceID=T2":              {b.ID, c.ID},
			"?issuer=demo-bank&state=delivered": {},
			"?issuer=demo-bank&limit=2":         {a.ID, b.ID},
		} {
			Expect(ids(l.get("/api/v1/notifications"+query).ok(http.StatusOK).items())).To(Equal(want), query)
		}
		next := l.get("/api/v1/notifications?limit=3").body["next"].(string)
		Expect(ids(l.get("/api/v1/notifications?after=" + next).items())).To(Equal([]string{d.ID}))
	})

	It("are waited for", func() {
		l, looked := newWatchedLab()
		answers := make(chan answer)
		go func() {
			defer GinkgoRecover()
			answers <- l.get("/api/v1/notifications?issuer=demo-bank&state=pending&wait=20s")
		}()
		Eventually(looked).Should(Receive())
		l.enqueue(other, as("tokenNotification", "pending", "T1"))
		l.enqueue(bank, as("tokenNotification", "pending", "T1"))
		Expect((<-answers).ok(http.StatusOK).items()).To(ConsistOf(HaveKeyWithValue("issuer", bank)))
		Expect(l.get("/api/v1/notifications?issuer=demo-bank&state=dead&wait=20ms").ok(http.StatusOK).items()).To(BeEmpty())
	})

	DescribeTable("refuses what it does not understand", func(query string, status int, field string, parts ...string) {
		l.get("/api/v1/notifications?"+query).refused(status, field, parts...)
	},
		Entry(nil, "state=lost", http.StatusBadRequest, "state", "pending, delivered, retrying, dead"),
		Entry(nil, "issuer=nobody", http.StatusNotFound, "issuer"),
		Entry(nil, "operation=tokenInquiry", http.StatusBadRequest, "operation", "tokenNotification"),
		Entry(nil, "after=nonsense", http.StatusBadRequest, "after", "position"),
		Entry(nil, "wait=-1s", http.StatusBadRequest, "wait"),
	)
})
