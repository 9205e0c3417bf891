package console_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

// watched is a vault that tells when somebody looks at its lists.
type watched struct {
	*vault.Store
	looked chan struct{}
}

func (w *watched) tell() {
	select {
	case w.looked <- struct{}{}:
	default:
	}
}

func (w *watched) Traffic(ctx context.Context, q vault.TrafficQuery) ([]vault.Traffic, string, error) {
	defer w.tell()
	return w.Store.Traffic(ctx, q)
}

func (w *watched) Notifications(ctx context.Context, q vault.NotificationQuery) ([]vault.Notification, string, error) {
	defer w.tell()
	return w.Store.Notifications(ctx, q)
}

// late is a vault whose only row comes after the first look.
type late struct {
	*vault.Store
	looks int
}

func (v *late) Traffic(context.Context, vault.TrafficQuery) ([]vault.Traffic, string, error) {
	if v.looks++; v.looks == 1 {
		return nil, "", nil
	}
	return []vault.Traffic{{ID: "row-1", Direction: "inbound"}}, "", nil
}

// newWatchedLab is a lab that tells when a list is looked at.
func newWatchedLab() (*lab, chan struct{}) {
	GinkgoHelper()
	w := &watched{looked: make(chan struct{}, 1)}
	l := newLab(func(s *setting) { s.config.Vault = w })
	w.Store = l.vault
	return l, w.looked
}

// journal writes a row at so many minutes after noon.
func (l *lab) journal(issuer string, minutes int, change ...func(*vault.Traffic)) vault.Traffic {
	GinkgoHelper()
	row := vault.Traffic{ID: l.vault.NewID(), Time: noon.Add(time.Duration(minutes) * time.Minute), Direction: "inbound", Operation: "tokenLifecycle", Issuer: issuer,
		Request:  vault.Message{Method: "POST", Path: "/vtis/v1/x", Headers: map[string]string{"X-Request-Id": "r-1"}, Body: map[string]any{"operationType": "SUSPEND"}},
		Response: vault.Message{Status: 200}, Elapsed: 1500 * time.Microsecond}
	for _, c := range change {
		c(&row)
	}
	Expect(l.vault.Journal(context.Background(), row)).To(Succeed())
	return row
}

func ids(items []map[string]any) []string {
	list := []string{}
	for _, item := range items {
		list = append(list, item["id"].(string))
	}
	return list
}

func at(minutes int) string {
	return url.QueryEscape(noon.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339))
}

var _ = Describe("traffic", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })

	It("has exactly the members that outside tests rely on", func() {
		row := l.journal(bank, 0)
		a := l.get("/api/v1/traffic?issuer=demo-bank").ok(http.StatusOK)
		Expect(a.items()).To(HaveLen(1))
		Expect(a.raw).To(MatchJSON(fmt.Sprintf(`{"next": %q, "items": [{"id": %q, "time": "2026-06-01T12:00:00Z", "direction": "inbound", "operation": "tokenLifecycle",
			"issuer": "demo-bank", "request": {"method": "POST", "path": "/vtis/v1/x", "headers": {"X-Request-Id": "r-1"}, "body": {"operationType": "SUSPEND"}, "decrypted": null},
			"response": {"status": 200, "headers": {}, "body": null, "decrypted": null}, "elapsedMs": 1.5, "violations": []}]}`, a.body["next"], row.ID)))
	})

	It("shows what was wrong with a call, and why it was refused", func() {
		l.journal(bank, 0, func(row *vault.Traffic) {
			row.Violations = []vault.Violation{{Rule: "tokenLifecycle/request/operationType#enum", Page: 91, Message: "operationType must be one of"}}
			row.Diagnosis, row.Cause = "the digest is that of another body", "row-0"
		})
		item := l.get("/api/v1/traffic").ok(http.StatusOK).items()[0]
		Expect(item["violations"]).To(Equal([]any{map[string]any{"rule": "tokenLifecycle/request/operationType#enum", "page": 91.0, "message": "operationType must be one of"}}))
		Expect(item["diagnosis"]).To(ContainSubstring("digest"))
		Expect(item["cause"]).To(Equal("row-0"))
	})

	It("masks PANs, even if whoever wrote the row did not", func() {
		const pan = "4000000010000018"
		l.journal(bank, 0, func(row *vault.Traffic) {
			row.Request.Path, row.Diagnosis = "/pan/"+pan, "about "+pan
			row.Request.Headers = map[string]string{"X-Odd": pan}
			row.Request.Body, row.Response.Decrypted = map[string]any{"a": []any{pan}}, map[string]any{"token": "4000 9900 0000 0012"}
			row.Violations = []vault.Violation{{Rule: "r", Page: 1, Message: "got " + pan}}
		})
		a := l.get("/api/v1/traffic").ok(http.StatusOK)
		Expect(string(a.raw)).NotTo(ContainSubstring(pan))
		Expect(string(a.raw)).NotTo(ContainSubstring("9900 0000"))
		Expect(a.items()[0]["diagnosis"]).To(Equal("about 400000******0018"))
	})

	It("is filtered by issuer, direction, operation and time", func() {
		a := l.journal(bank, 0)
		b := l.journal(bank, 1, func(row *vault.Traffic) { row.Operation = "tokenInquiry" })
		c := l.journal(bank, 2, func(row *vault.Traffic) { row.Direction, row.Operation = "outbound", "tokenNotification" })
		d := l.journal(other, 3)
		for query, want := range map[string][]string{
			"":                                          {a.ID, b.ID, c.ID, d.ID},
			"?issuer=demo-bank":                         {a.ID, b.ID, c.ID},
			"?issuer=second-bank":                       {d.ID},
			"?direction=outbound":                       {c.ID},
			"?direction=inbound&issuer=demo-bank":       {a.ID, b.ID},
			"?operation=tokenInquiry":                   {b.ID},
			"?since=" + at(2):                           {c.ID, d.ID},
			"?issuer=demo-bank&since=" + at(1):          {b.ID, c.ID},
			"?after=" + b.ID:                            {c.ID, d.ID},
			"?issuer=third-bank":                        {},
			"?operation=panLifecycle&direction=inbound": {},
		} {
			Expect(ids(l.get("/api/v1/traffic"+query).ok(http.StatusOK).items())).To(Equal(want), query)
		}
	})

	It("goes on where the page before ended, also with what comes later", func() {
		var want []string
		for i := range 5 {
			want = append(want, l.journal(bank, i).ID)
		}
		first := l.get("/api/v1/traffic?issuer=demo-bank&limit=3").ok(http.StatusOK)
		Expect(ids(first.items())).To(Equal(want[:3]))
		second := l.get("/api/v1/traffic?issuer=demo-bank&limit=3&after=" + first.body["next"].(string)).ok(http.StatusOK)
		Expect(ids(second.items())).To(Equal(want[3:]))
		later := l.journal(bank, 9)
		third := l.get("/api/v1/traffic?issuer=demo-bank&after=" + second.body["next"].(string)).ok(http.StatusOK)
		Expect(ids(third.items())).To(Equal([]string{later.ID}))
	})

	DescribeTable("refuses what it does not understand", func(query string, status int, field string, parts ...string) {
		l.get("/api/v1/traffic?"+query).refused(status, field, parts...)
	},
		Entry(nil, "issuer=nobody", http.StatusNotFound, "issuer"),
		Entry(nil, "direction=sideways", http.StatusBadRequest, "direction", "inbound, outbound"),
		Entry(nil, "operation=tokenDance", http.StatusBadRequest, "operation", "tokenLifecycle"),
		Entry(nil, "since=yesterday", http.StatusBadRequest, "since", "RFC 3339"),
		Entry(nil, "wait=long", http.StatusBadRequest, "wait", "duration"),
		Entry(nil, "wait=31s", http.StatusBadRequest, "wait", "30s"),
		Entry(nil, "isuer=demo-bank", http.StatusBadRequest, "isuer", "known here: after, direction, issuer"),
		Entry(nil, "after=nonsense", http.StatusGone, "", "evicted"),
	)

	It("waits for the first row", func() {
		l, looked := newWatchedLab()
		answers := make(chan answer)
		go func() {
			defer GinkgoRecover()
			answers <- l.get("/api/v1/traffic?issuer=demo-bank&operation=tokenInquiry&wait=20s")
		}()
		Eventually(looked).Should(Receive())
		l.journal(bank, 0) // of another operation
		row := l.journal(bank, 1, func(row *vault.Traffic) { row.Operation = "tokenInquiry" })
		Expect(ids((<-answers).ok(http.StatusOK).items())).To(Equal([]string{row.ID}))
	})

	It("waits no longer than it is told, and not beyond the console's end", func() {
		l, looked := newWatchedLab()
		Expect(l.get("/api/v1/traffic?wait=30ms").ok(http.StatusOK).items()).To(BeEmpty())
		Eventually(looked).Should(Receive())
		answers := make(chan answer)
		go func() {
			defer GinkgoRecover()
			answers <- l.get("/api/v1/traffic?wait=30s")
		}()
		Eventually(looked).Should(Receive())
		l.console.Close()
		var a answer
		Eventually(answers).Should(Receive(&a))
		Expect(a.ok(http.StatusOK).items()).To(BeEmpty())
	})

	It("looks once more when the wait is over", func() {
		l := newLab(func(s *setting) { s.config.Vault = new(late) })
		Expect(l.get("/api/v1/traffic?wait=2ms").ok(http.StatusOK).items()).To(HaveLen(1))
	})

	It("says evicted where rows that were asked for are gone", func() {
		l := newLab(func(s *setting) { s.vault.JournalRows = 4 })
		first := l.journal(bank, 0)
		for i := range 8 {
			l.journal(bank, i+1)
		}
		Eventually(func() int {
			rows, _, err := l.vault.Traffic(context.Background(), vault.TrafficQuery{Issuer: bank})
			Expect(err).NotTo(HaveOccurred())
			return len(rows)
		}).Should(BeNumerically("<=", 4))
		l.get("/api/v1/traffic?issuer=demo-bank&since="+at(0)).refused(http.StatusGone, "", "evicted")
		l.get("/api/v1/traffic?issuer=demo-bank&after="+first.ID).refused(http.StatusGone, "", "evicted")
		Expect(l.get("/api/v1/traffic?issuer=demo-bank").ok(http.StatusOK).items()).NotTo(BeEmpty())
		Expect(l.get("/api/v1/traffic?issuer=demo-bank&since=" + at(8)).ok(http.StatusOK).items()).To(HaveLen(1))
	})
})
