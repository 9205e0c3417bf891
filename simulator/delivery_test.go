package simulator_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/fixtures/issuer"
	"github.com/vtsim/vtsim/simulator"
	"github.com/vtsim/vtsim/simulator/calls"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// states counts the issuer's notifications by state.
func (r *running) states(issuer string) map[string]int {
	GinkgoHelper()
	found, _, err := r.Vault().Notifications(context.Background(), vault.NotificationQuery{Issuer: issuer, Limit: 10_000})
	Expect(err).NotTo(HaveOccurred())
	counted := map[string]int{}
	for _, n := range found {
		counted[n.State]++
	}
	return counted
}

// settled waits until nothing is left that is due.
func (r *running) settled(ctx context.Context, issuer string) {
	GinkgoHelper()
	Expect(r.Queue().Wait(ctx, issuer)).To(Succeed())
}

// quickly lets the queue try again soon and give up soon.
func quickly(c *simulator.Config) {
	c.Calls = calls.Tuning{Backoff: outbound.Backoff{First: 20 * time.Millisecond, Most: 100 * time.Millisecond}, Grace: 100 * time.Millisecond}
}

var _ = Describe("a simulator that serves", func() {
	var p *place
	BeforeEach(func() { p = newPlace() })

	It("delivers what an issuer's call leads to, linked to that call", func(ctx SpecContext) {
		at := p.serves("demo-bank", nil)
		r := p.run()
		reference := r.madeToken("demo-bank", pan)
		answer, err := r.suspend(r.directory.Issuers["demo-bank"], reference)
		Expect(err).NotTo(HaveOccurred())
		Expect(answer.Status).To(Equal(http.StatusOK))
		r.settled(ctx, "demo-bank")
		Expect(at.got()).To(HaveLen(1))
		var inbound, outbound []vault.Traffic
		for _, row := range trafficOf(r.Vault(), "demo-bank") {
			if row.Direction == "inbound" {
				inbound = append(inbound, row)
			} else {
				outbound = append(outbound, row)
			}
		}
		Expect(inbound).To(HaveLen(1))
		Expect(outbound).To(HaveLen(1))
		Expect(outbound[0].Cause).To(Equal(inbound[0].ID))
		Expect(outbound[0].Operation).To(Equal("tokenNotification"))
	}, SpecTimeout(time.Minute))

	It("delivers to an issuer that the console made, with the keys that it got", func(ctx SpecContext) {
		r := p.run()
		status, body := r.manage(http.MethodPost, "/api/v1/issuers", `{"name": "ci-bank", "endpoint": "https://ci.example"}`)
		Expect(status).To(Equal(http.StatusCreated), body)
		played, err := issuer.New(issuer.Config{Contract: p.contract, Issuer: madeIssuer(p, body), Authority: r.directory.CA.Pool(), VisaClient: r.directory.Client.Leaf,
			VisaSigning: r.directory.VisaSigning, VisaEncryption: r.directory.VisaEncryption, Now: r.Clock().Now})
		Expect(err).NotTo(HaveOccurred())
		Expect(played.Start()).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(played.Close(ctx)).To(Succeed()) })
		DeferCleanup(r.Client().Close) // first: the server waits for open connections
		status, body = r.manage(http.MethodPut, "/api/v1/issuers/ci-bank", fmt.Sprintf(`{"endpoint": %q}`, played.URL()))
		Expect(status).To(Equal(http.StatusOK), body)
		status, body = r.manage(http.MethodPost, "/api/v1/provision", `{"issuer": "ci-bank"}`)
		Expect(status).To(Equal(http.StatusOK), body)
		Expect(body).To(ContainSubstring(`"actionCode":`))
		Expect(body).NotTo(ContainSubstring(`stipReasonCode`), "the issuer opened what was sealed for it")
		r.settled(ctx, "ci-bank")
		Expect(r.states("ci-bank")).NotTo(HaveKey(vault.StateDead))
		for _, row := range trafficOf(r.Vault(), "ci-bank") {
			Expect(row.Violations).To(BeEmpty(), row.Operation)
			Expect(row.Response.Status).To(BeNumerically("<", 300), row.Operation)
		}
	}, SpecTimeout(time.Minute))

	It("gives up a delivery that outlasts its grace, and makes it again after the next start", func(ctx SpecContext) {
		at := p.serves("demo-bank", hang)
		r := p.run(quickly)
		reference := r.madeToken("demo-bank", pan)
		Expect(enqueue(r.Vault(), "demo-bank", reference, "r-1")).To(Succeed())
		Eventually(at.got, "20s").Should(Equal([]string{"r-1"}))
		started := time.Now()
		Expect(r.Close(ctx)).To(Succeed())
		Expect(time.Since(started)).To(BeNumerically("<", 10*time.Second))
		Expect(r.Close(ctx)).To(Succeed(), "once more does nothing")

		free := p.serves("demo-bank", nil)
		again := p.run()
		again.settled(ctx, "demo-bank")
		Expect(free.got()).To(Equal([]string{"r-1"}))
		Expect(again.states("demo-bank")).To(Equal(map[string]int{vault.StateDelivered: 1}))
	}, SpecTimeout(time.Minute))

	It("finds its pauses again after a restart, and its dead letters", func(ctx SpecContext) {
		at := p.serves("demo-bank", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-REQUEST-ID") == "bad" {
				w.WriteHeader(http.StatusBadRequest)
			}
		})
		r := p.run(quickly)
		reference := r.madeToken("demo-bank", pan)
		Expect(enqueue(r.Vault(), "demo-bank", reference, "bad")).To(Succeed())
		r.settled(ctx, "demo-bank")
		status, body := r.manage(http.MethodPost, "/api/v1/issuers/demo-bank/queue", `{"action": "pause"}`)
		Expect(status).To(Equal(http.StatusOK), body)
		Expect(enqueue(r.Vault(), "demo-bank", reference, requestIDs("r", 3)...)).To(Succeed())
		Expect(r.Close(ctx)).To(Succeed())

		again := p.run(quickly)
		_, body = again.manage(http.MethodGet, "/api/v1/issuers/demo-bank/queue", "")
		Expect(body).To(MatchJSON(`{"issuer": "demo-bank", "paused": true, "notifications": {"pending": 3, "retrying": 0, "delivered": 0, "dead": 1}}`))
		Expect(at.got()).To(Equal([]string{"bad"}))
		status, body = again.manage(http.MethodPost, "/api/v1/issuers/demo-bank/queue", `{"action": "resume"}`)
		Expect(status).To(Equal(http.StatusOK), body)
		again.settled(ctx, "demo-bank")
		Expect(at.got()).To(ConsistOf("bad", "r-0000", "r-0001", "r-0002"))
	}, SpecTimeout(time.Minute))

	It("sends what a restored snapshot has to be sent, and goes on", func(ctx SpecContext) {
		at, silent := p.serves("demo-bank", nil), p.serves("second-bank", hang)
		r := p.run(quickly)
		reference := r.madeToken("demo-bank", pan)
		other := r.madeToken("second-bank", r.directory.Issuers["second-bank"].Profile.Cards[0].PAN)
		act := func(action string) {
			GinkgoHelper()
			status, body := r.manage(http.MethodPost, "/api/v1/issuers/demo-bank/queue", fmt.Sprintf(`{"action": %q}`, action))
			Expect(status).To(Equal(http.StatusOK), body)
		}
		act("pause")
		Expect(enqueue(r.Vault(), "demo-bank", reference, requestIDs("kept", 3)...)).To(Succeed())
		status, snapshot := r.manage(http.MethodPost, "/api/v1/snapshot", "")
		Expect(status).To(Equal(http.StatusOK))
		act("resume")
		r.settled(ctx, "demo-bank")
		Expect(at.got()).To(HaveLen(3))
		Expect(enqueue(r.Vault(), "second-bank", other, requestIDs("under-way", 8)...)).To(Succeed())
		Eventually(silent.got, "20s").ShouldNot(BeEmpty()) // a job that the snapshot does not have

		status, body := r.manage(http.MethodPost, "/api/v1/restore", snapshot)
		Expect(status).To(Equal(http.StatusNoContent), body)
		Expect(r.states("demo-bank")).To(Equal(map[string]int{vault.StatePending: 3}))
		Expect(r.Queue().Paused("demo-bank")).To(BeTrue(), "as it was in the snapshot")
		act("resume")
		Expect(enqueue(r.Vault(), "demo-bank", reference, "after")).To(Succeed())
		r.settled(ctx, "demo-bank")
		Expect(r.states("demo-bank")).To(Equal(map[string]int{vault.StateDelivered: 4}))
		Expect(at.got()).To(HaveLen(7))
		Expect(r.states("second-bank")).To(BeEmpty())
		Expect(at.got()[3:]).To(ConsistOf("after", "kept-0000", "kept-0001", "kept-0002"))
	}, SpecTimeout(time.Minute))

	It("lets an issuer who never answers cost another nothing", func(ctx SpecContext) {
		silent, quick := p.serves("demo-bank", hang), p.serves("second-bank", nil)
		r := p.run(quickly)
		other := r.directory.Issuers["second-bank"].Profile.Cards[0].PAN
		hanging, healthy := r.madeToken("demo-bank", pan), r.madeToken("second-bank", other)
		Expect(enqueue(r.Vault(), "demo-bank", hanging, requestIDs("hanging", 100)...)).To(Succeed())
		Eventually(silent.got, "20s").Should(HaveLen(4), "as many at a time as the concurrency")
		Expect(enqueue(r.Vault(), "second-bank", healthy, requestIDs("healthy", 100)...)).To(Succeed())
		r.settled(ctx, "second-bank")
		Expect(r.states("second-bank")).To(Equal(map[string]int{vault.StateDelivered: 100}))
		Expect(quick.got()).To(ConsistOf(requestIDs("healthy", 100)))
		Expect(r.states("demo-bank")).To(Equal(map[string]int{vault.StatePending: 100}), "which are still on their way")
		Expect(silent.got()).To(HaveLen(4))
		answer, err := r.suspend(r.directory.Issuers["demo-bank"], hanging)
		Expect(err).NotTo(HaveOccurred())
		Expect(answer.Status).To(Equal(http.StatusOK), "nor does it hold up the calls that it makes itself")
	}, SpecTimeout(time.Minute))

	It("decides in the issuer's place after the time that the configuration gives", func() {
		p.serves("demo-bank", hang)
		r := p.run(quickly, func(c *simulator.Config) { c.Calls.Decision = 50 * time.Millisecond })
		started := time.Now()
		status, body := r.manage(http.MethodPost, "/api/v1/provision", `{"issuer": "demo-bank"}`)
		Expect(status).To(Equal(http.StatusOK), body)
		Expect(body).To(ContainSubstring("no whole answer within 50ms"))
		Expect(time.Since(started)).To(BeNumerically("<", 20*time.Second))
	})

	It("knows of each issuer where and how it is called", func(ctx SpecContext) {
		at := p.serves("demo-bank", nil)
		r := p.run()
		target, err := r.Target(ctx, "demo-bank")
		Expect(err).NotTo(HaveOccurred())
		Expect(target.Endpoint).To(Equal(at.URL))
		_, err = r.Target(ctx, "nobody")
		Expect(err).To(MatchError(vault.ErrNotFound))
	})
})

var _ = Describe("the participation of an issuer.yaml", func() {
	It("reaches the settings of the issuer, beside those of the console, and follows the file", func(ctx SpecContext) {
		p := newPlace()
		file := filepath.Join(p.path, "issuers", "demo-bank", "issuer.yaml")
		settings := func(r *running) map[string]any {
			GinkgoHelper()
			known, err := r.Vault().Issuer(ctx, "demo-bank")
			Expect(err).NotTo(HaveOccurred())
			return known.Settings
		}
		first := p.run()
		Expect(settings(first)[vault.SettingParticipation]).To(And(HaveLen(11), HaveKeyWithValue("checkEligibility", true)))
		status, body := first.manage(http.MethodPut, "/api/v1/issuers/demo-bank", `{"settings": {"transitions": {"TOKEN_SUSPEND": {"after": "10m"}}}}`)
		Expect(status).To(Equal(http.StatusOK), body)
		Expect(settings(first)).To(HaveKey(vault.SettingParticipation), "the console leaves it alone")
		Expect(first.Close(ctx)).To(Succeed())

		profile, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(file, []byte(strings.Replace(string(profile), "checkEligibility: true", "checkEligibility: false", 1)), 0o600)).To(Succeed())
		second := p.run()
		Expect(settings(second)).To(HaveKey("transitions"))
		known, err := second.Vault().Issuer(ctx, "demo-bank")
		Expect(err).NotTo(HaveOccurred())
		Expect(known.Serves("checkEligibility")).To(BeFalse())
		Expect(known.Serves("approveProvisioning")).To(BeTrue())
		Expect(second.Close(ctx)).To(Succeed())

		without := regexp.MustCompile(`(?m)^participation:\n(  .*\n)+`).ReplaceAll(profile, nil)
		Expect(os.WriteFile(file, without, 0o600)).To(Succeed())
		third := p.run()
		Expect(settings(third)[vault.SettingParticipation]).To(And(HaveLen(11), HaveKeyWithValue("checkEligibility", true)), "who says nothing serves all")
	}, SpecTimeout(time.Minute))
})
