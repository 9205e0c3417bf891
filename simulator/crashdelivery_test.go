package simulator_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

// How many notifications wait when the process is started, and after how many
// of them it is killed.
const (
	crashNotices = 1000
	killedAfter  = 400
)

var _ = Describe("vtsim serve, killed in the middle of 1,000 queued notifications", Ordered, func() {
	It("delivers each at least once and loses none, to an issuer who fails a third of the first attempts", func(ctx SpecContext) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		c := newCrash("https://" + listener.Addr().String())
		u := newUnsteady(killedAfter)
		at := newEndpoint(c.directory, c.issuer().Name, u.answer, listener)
		DeferCleanup(func() { at.CloseClientConnections(); at.Close() })
		wanted := c.queueNotices()

		first := c.serve()
		Eventually(ctx, u.reached).Should(BeClosed())
		first.kill()
		Expect(len(at.successes())).To(BeNumerically("<", crashNotices), "the kill came too late to be in the middle")
		began := at.got()

		again := c.serve()
		Eventually(ctx, func() map[string]int { return again.queue(c.issuer().Name) }).WithPolling(250 * time.Millisecond).
			Should(Equal(map[string]int{"delivered": crashNotices, "pending": 0, "retrying": 0, "dead": 0}))
		again.interrupt()

		taken := at.successes()
		Expect(taken).To(HaveLen(crashNotices))
		twice := 0
		for _, id := range wanted {
			Expect(taken[id]).To(BeNumerically(">=", 1), id)
			twice += taken[id] - 1
		}
		Expect(u.refused()).To(BeNumerically("~", crashNotices/3, 1))
		Expect(twice).To(BeNumerically("<=", 16), "only what was under way is sent twice")
		Expect(len(began)).To(BeNumerically(">=", killedAfter))
		c.compareNotices(wanted)
	}, SpecTimeout(2*time.Minute))
})

// unsteady answers 500 to the first attempt of every third notification, and
// says when it has met so many of them.
type unsteady struct {
	reached chan struct{}

	mu    sync.Mutex
	met   map[string]bool
	after int
	no    int
}

func newUnsteady(after int) *unsteady {
	return &unsteady{reached: make(chan struct{}), met: map[string]bool{}, after: after}
}

func (u *unsteady) answer(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	id := r.Header.Get("X-REQUEST-ID")
	if u.met[id] {
		return
	}
	u.met[id] = true
	if len(u.met) == u.after {
		close(u.reached)
	}
	if len(u.met)%3 == 0 {
		u.no++
		w.WriteHeader(http.StatusInternalServerError)
	}
}

func (u *unsteady) refused() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.no
}

// queueNotices queues them while no simulator runs and returns their
// X-REQUEST-IDs.
func (c *crash) queueNotices() []string {
	GinkgoHelper()
	v := c.open()
	defer func() { Expect(v.Close()).To(Succeed()) }()
	ids := requestIDs("notice", crashNotices)
	for i, h := range c.tokens {
		share := crashNotices / len(c.tokens)
		Expect(enqueue(v, c.issuer().Name, h.token.ReferenceID, ids[i*share:(i+1)*share]...)).To(Succeed())
	}
	return ids
}

// queue counts the issuer's notifications by state, by the console.
func (s *server) queue(issuer string) map[string]int {
	GinkgoHelper()
	response, err := http.Get(fmt.Sprintf("%s/api/v1/issuers/%s/queue", s.console, issuer))
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	var view struct{ Notifications map[string]int }
	Expect(json.NewDecoder(response.Body).Decode(&view)).To(Succeed())
	return view.Notifications
}

// compareNotices compares what is queued with the journal: each is delivered,
// and has a row with an answer of success under its X-REQUEST-ID.
func (c *crash) compareNotices(wanted []string) {
	GinkgoHelper()
	v := c.open()
	defer func() { Expect(v.Close()).To(Succeed()) }()
	rows := map[string]bool{}
	for _, row := range trafficOf(v, c.issuer().Name) {
		if row.Response.Status == http.StatusOK {
			rows[requestID(row)] = true
		}
	}
	var told []string
	for _, n := range notificationsOf(v, c.issuer().Name) {
		Expect(n.State).To(Equal(vault.StateDelivered), n.RequestID)
		Expect(rows).To(HaveKey(n.RequestID))
		told = append(told, n.RequestID)
	}
	Expect(told).To(ConsistOf(wanted))
}
