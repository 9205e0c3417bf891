package outbound_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("the queue of notifications", func() {
	ctx := context.Background()

	ids := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("n%03d", i)
		}
		return list
	}

	It("delivers what is due at once, with the token as it is and what led to it in the journal (p.201-206)", func() {
		at := newIssuer(approve)
		l := newLab(map[string]string{bank: at.URL + "/base/"}).start()
		l.enqueue(bank, "one")
		Eventually(func() string { return l.notification(bank, "one").State }, "5s").Should(Equal(vault.StateDelivered))
		Expect(at.requests()).To(HaveLen(1))
		got := at.requests()[0]
		Expect(got.path).To(Equal("/base/vtis/v2/tokenRequestors/" + requestorID + "/tokens/" + tokenReference + "/tokenChanged?eventType=TOKEN_STATUS_UPDATED"))
		Expect(got.requestID).To(Equal("request-one"))
		payload, err := open(bank, got.body)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(payload)).To(And(ContainSubstring(number), ContainSubstring(tokenNumber)))
		rows, _, err := l.vault.Traffic(ctx, vault.TrafficQuery{Issuer: bank, Direction: "outbound"})
		Expect(err).NotTo(HaveOccurred())
		Expect(rows).To(HaveLen(1))
		Expect(rows[0].Cause).To(Equal("cause-one"))
		Expect(rows[0].Response.Status).To(Equal(200))
		text, err := json.Marshal(rows[0])
		Expect(err).NotTo(HaveOccurred())
		Expect(string(text)).NotTo(Or(ContainSubstring(number), ContainSubstring(tokenNumber)))
		Expect(rows[0].Request.Decrypted).NotTo(BeNil())
	})

	It("delivers all to an issuer who fails a third of the first attempts, each with one request id", func() {
		var mu sync.Mutex
		tries := map[string]int{}
		at := newIssuer(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			tries[r.Header.Get("X-REQUEST-ID")]++
			first, nth := tries[r.Header.Get("X-REQUEST-ID")] == 1, len(tries)
			mu.Unlock()
			if first && nth%3 == 0 {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			approve(w, r)
		})
		l := newLab(map[string]string{bank: at.URL}).start()
		l.enqueue(bank, ids(60)...)
		Eventually(func() map[string]int { return l.states(bank) }, "20s").Should(Equal(map[string]int{vault.StateDelivered: 60}))
		mu.Lock()
		defer mu.Unlock()
		Expect(tries).To(HaveLen(60))
		twice := 0
		for id, count := range tries {
			Expect(count).To(BeNumerically("<=", 2), id)
			twice += count - 1
		}
		Expect(twice).To(Equal(20))
	})

	It("lets an issuer who never answers cost another nothing", func() {
		silent := newIssuer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		quick := newIssuer(approve)
		l := newLab(map[string]string{bank: silent.URL, other: quick.URL}, func(c *outbound.QueueConfig) { c.Concurrency = 2 }).start()
		l.enqueue(bank, ids(30)...)
		Eventually(silent.requests, "5s").Should(HaveLen(2))
		began := time.Now()
		l.enqueue(other, ids(30)...)
		Eventually(func() int { return l.states(other)[vault.StateDelivered] }, "10s").Should(Equal(30))
		Expect(time.Since(began)).To(BeNumerically("<", 5*time.Second))
		Expect(silent.requests()).To(HaveLen(2), "no more calls at a time than the concurrency")
		Expect(l.states(bank)).To(Equal(map[string]int{vault.StatePending: 30}))
	})

	DescribeTable("decides by the category of the answer whether to go on (INT-148)", func(status int, body, state string) {
		at := newIssuer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); _, _ = w.Write([]byte(body)) })
		l := newLab(map[string]string{bank: at.URL}, func(c *outbound.QueueConfig) { c.MaxAttempts = 3; c.Backoff.First = time.Hour }).start()
		l.enqueue(bank, "one")
		Eventually(func() string { return l.notification(bank, "one").State }, "5s").Should(Equal(state))
		n := l.notification(bank, "one")
		Expect(n.Attempts).To(Equal(1))
		if state != vault.StateDelivered {
			Expect(n.LastError).To(ContainSubstring(fmt.Sprint("HTTP ", status)))
		}
	},
		Entry("200", 200, "{}", vault.StateDelivered),
		Entry("204", 204, "", vault.StateDelivered),
		Entry("302 is not followed", 302, "", vault.StateDead),
		Entry("400", 400, "", vault.StateDead),
		Entry("404", 404, "", vault.StateDead),
		Entry("429", 429, "", vault.StateRetrying),
		Entry("500", 500, "", vault.StateRetrying),
		Entry("500 with a data error as its reason", 500, `{"errorResponse":{"reason":"VSE40000"}}`, vault.StateDead),
		Entry("400 with a system error as its reason", 400, `{"errorResponse":{"reason":"VSE40009"}}`, vault.StateRetrying),
	)

	It("gives up after the last attempt, and redelivers a dead one with the same request id", func() {
		status := http.StatusServiceUnavailable
		var mu sync.Mutex
		at := newIssuer(func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			w.WriteHeader(status)
		})
		l := newLab(map[string]string{bank: at.URL}, func(c *outbound.QueueConfig) { c.MaxAttempts = 3 }).start()
		l.enqueue(bank, "one")
		Eventually(func() string { return l.notification(bank, "one").State }, "5s").Should(Equal(vault.StateDead))
		Expect(l.notification(bank, "one").Attempts).To(Equal(3))
		Expect(l.notification(bank, "one").LastError).To(ContainSubstring("3 times"))
		mu.Lock()
		status = http.StatusOK
		mu.Unlock()
		Expect(l.queue.Redeliver(ctx, bank, "one")).To(Succeed())
		Eventually(func() string { return l.notification(bank, "one").State }, "5s").Should(Equal(vault.StateDelivered))
		for _, r := range at.requests() {
			Expect(r.requestID).To(Equal("request-one"))
		}
		Expect(at.requests()).To(HaveLen(4))
		Expect(l.queue.Redeliver(ctx, bank, "none")).To(MatchError(vault.ErrNotFound))
	})

	It("waits as long as the simulator's clock says, before the first attempt and between two", func() {
		fail := true
		var mu sync.Mutex
		at := newIssuer(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if fail {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		l := newLab(map[string]string{bank: at.URL}, func(c *outbound.QueueConfig) { c.Backoff.First = time.Hour; c.Backoff.Most = time.Hour })
		l.clock.Freeze(noon)
		l.start()
		l.update(bank, func(tx vault.Tx) error {
			n := suspended("one")
			n.DueAt = noon.Add(8 * time.Minute)
			return tx.Enqueue(n)
		})
		Consistently(at.requests, "300ms").Should(BeEmpty())
		l.clock.Advance(8 * time.Minute)
		Eventually(at.requests, "5s").Should(HaveLen(1))
		Eventually(func() string { return l.notification(bank, "one").State }, "5s").Should(Equal(vault.StateRetrying))
		// Half an hour and half of another: the jitter is fixed.
		Expect(l.notification(bank, "one").DueAt).To(BeTemporally("==", noon.Add(53*time.Minute)))
		mu.Lock()
		fail = false
		mu.Unlock()
		l.clock.Advance(time.Hour)
		Eventually(func() string { return l.notification(bank, "one").State }, "5s").Should(Equal(vault.StateDelivered))
	})

	It("waits for the inquiries that come first", func() {
		at := newIssuer(approve)
		l := newLab(map[string]string{bank: at.URL}).start()
		l.update(bank, func(tx vault.Tx) error {
			n := suspended("one")
			n.Inquiries = 1
			return tx.Enqueue(n)
		})
		Consistently(at.requests, "250ms").Should(BeEmpty())
		l.update(bank, func(tx vault.Tx) error { return tx.CountInquiry(tokenReference) })
		Eventually(at.requests, "5s").Should(HaveLen(1))
	})

	It("sends nothing that its transaction took back", func() {
		at := newIssuer(approve)
		l := newLab(map[string]string{bank: at.URL}).start()
		Expect(l.vault.Update(ctx, bank, func(tx vault.Tx) error {
			Expect(tx.Enqueue(suspended("one"))).To(Succeed())
			return context.Canceled
		})).To(MatchError(context.Canceled))
		l.enqueue(bank, "two")
		Expect(l.queue.Wait(ctx, bank)).To(Succeed())
		Expect(at.requests()).To(HaveLen(1))
		Expect(at.requests()[0].requestID).To(Equal("request-two"))
	})

	It("pauses one issuer, reorders what waits for him, and resumes", func() {
		at, free := newIssuer(approve), newIssuer(approve)
		l := newLab(map[string]string{bank: at.URL, other: free.URL}, func(c *outbound.QueueConfig) { c.Concurrency = 1 }).start()
		Expect(l.queue.Pause(ctx, bank)).To(Succeed())
		l.enqueue(bank, ids(5)...)
		l.enqueue(other, "one")
		Eventually(free.requests, "5s").Should(HaveLen(1))
		Expect(at.requests()).To(BeEmpty())
		Expect(l.queue.Reorder(ctx, bank)).To(Equal(5))
		Expect(l.queue.Resume(ctx, bank)).To(Succeed())
		Expect(l.queue.Wait(ctx, bank)).To(Succeed())
		var order []string
		for _, r := range at.requests() {
			order = append(order, r.requestID)
		}
		Expect(order).To(HaveLen(5))
		Expect(order[0]).NotTo(Equal("request-n000"))
		Expect(order).To(ConsistOf("request-n000", "request-n001", "request-n002", "request-n003", "request-n004"))
	})

	It("tells an issuer twice where a duplicate is asked for, with one request id", func() {
		at := newIssuer(approve)
		l := newLab(map[string]string{bank: at.URL}).start()
		l.enqueue(bank, "one")
		Expect(l.queue.Wait(ctx, bank)).To(Succeed())
		second, err := l.queue.Duplicate(ctx, bank, "one")
		Expect(err).NotTo(HaveOccurred())
		Expect(second.ID).NotTo(Equal("one"))
		Expect(l.queue.Wait(ctx, bank)).To(Succeed())
		Expect(at.requests()).To(HaveLen(2))
		Expect(at.requests()[1].requestID).To(Equal("request-one"))
	})

	It("keeps what was not sent for the next start, and a pause with it", func() {
		silent := newIssuer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		l := newLab(map[string]string{bank: silent.URL, other: silent.URL})
		Expect(l.queue.Start()).To(Succeed())
		Expect(l.queue.Pause(ctx, other)).To(Succeed())
		l.enqueue(bank, "one")
		Eventually(silent.requests, "5s").Should(HaveLen(1))
		ended, cancel := context.WithCancel(ctx)
		cancel()
		Expect(l.queue.Close(ended)).To(Succeed())
		Expect(l.notification(bank, "one")).To(And(HaveField("State", vault.StatePending), HaveField("Attempts", 0)))
		at := newIssuer(approve)
		next, err := outbound.NewQueue(ctx, outbound.QueueConfig{Vault: l.vault, Client: newClient(), Builder: outbound.NewBuilder(shared.contract), Clock: l.clock,
			Targets: func(i vault.Issuer) (outbound.Target, error) { return target(i.Name, at.URL), nil }})
		Expect(err).NotTo(HaveOccurred())
		l.queue = next
		l.start()
		Eventually(func() string { return l.notification(bank, "one").State }, "5s").Should(Equal(vault.StateDelivered))
		Expect(at.requests()[0].requestID).To(Equal("request-one"))
		Expect(next.Paused(other)).To(BeTrue())
	})

	It("ends a notification that cannot be built or addressed, and says why", func() {
		l := newLab(map[string]string{bank: "https://localhost"}, func(c *outbound.QueueConfig) {
			c.Targets = func(vault.Issuer) (outbound.Target, error) { return outbound.Target{}, fmt.Errorf("no endpoint") }
		}).start()
		l.enqueue(bank, "one")
		l.update(bank, func(tx vault.Tx) error {
			n := suspended("two")
			n.TokenID = "DNITHE999999999999999999"
			return tx.Enqueue(n)
		})
		Expect(l.queue.Wait(ctx, bank)).To(Succeed())
		Expect(l.notification(bank, "one")).To(And(HaveField("State", vault.StateDead), HaveField("LastError", ContainSubstring("no endpoint"))))
		Expect(l.notification(bank, "two")).To(And(HaveField("State", vault.StateDead), HaveField("LastError", ContainSubstring("not found"))))
	})

	It("puts the numbers in the place of the references of a PAN update (p.175-176)", func() {
		at := newIssuer(approve)
		l := newLab(map[string]string{bank: at.URL}).start()
		l.update(bank, func(tx vault.Tx) error {
			card := func(reference string) map[string]any {
				return map[string]any{"panReferenceID": reference, "expirationDate": map[string]any{"month": "12", "year": "2035"}}
			}
			return tx.Enqueue(vault.Notification{Operation: "panUpdateNotification", EventType: "PAN_UPDATED", PANID: newPANReference, Facts: map[string]any{
				"messageReasonCode": "ACCOUNT_UPDATE", "cardholderInfo": card(panReference), "replaceCardholderInfo": card(newPANReference)}})
		})
		Eventually(at.requests, "5s").Should(HaveLen(1))
		payload, err := open(bank, at.requests()[0].body)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(payload)).To(MatchJSON(`{"cardholderInfo":{"primaryAccountNumber":"` + number + `","expirationDate":{"month":"12","year":"2035"}},
			"replaceCardholderInfo":{"primaryAccountNumber":"` + replacement + `","expirationDate":{"month":"12","year":"2035"}}}`))
		Expect(at.requests()[0].path).To(HaveSuffix("?eventType=PAN_UPDATED"))
	})
})

var _ = DescribeTable("a backoff doubles, with jitter, up to its bound", func(attempts int, chance float64, wait time.Duration) {
	Expect(outbound.Backoff{First: time.Second, Most: 10 * time.Second}.After(attempts, chance)).To(Equal(wait))
},
	Entry(nil, 1, 0.0, 500*time.Millisecond),
	Entry(nil, 1, 0.5, 750*time.Millisecond),
	Entry(nil, 3, 0.0, 2*time.Second),
	Entry(nil, 4, 0.0, 4*time.Second),
	Entry(nil, 5, 0.0, 5*time.Second),
	Entry(nil, 1000, 0.0, 5*time.Second),
)
