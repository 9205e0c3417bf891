package conformance

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// stage answers each call after the next of these times, the last of them for
// good; late says how long of it this process was late itself, in the first
// calls.
type stage struct {
	took []time.Duration
	late []time.Duration
	lag  func(from, to time.Time)
	ran  int
}

func (s *stage) Run(_ context.Context, c scenarios.Case, observe scenarios.Observer) error {
	if c.ID == "preflight" {
		return nil
	}
	if s.ran < len(s.late) {
		now := time.Now()
		s.lag(now.Add(-s.late[s.ran]), now)
	}
	took := s.took[min(s.ran, len(s.took)-1)]
	s.ran++
	call := &scenarios.Call{Operation: "checkEligibility"}
	observe(scenarios.Record{Step: 1, Title: "call", Call: call, Exchanges: []*outbound.Exchange{{ID: "x", Operation: call.Operation,
		Response: &outbound.Received{Status: 200, Proto: "HTTP/1.1"}, TLS: outbound.TLSFacts{Version: "TLS 1.3"}, Timing: outbound.Timing{Total: took}}}})
	return nil
}

func (s *stage) Row(x *outbound.Exchange, _ string) vault.Traffic {
	return vault.Traffic{ID: x.ID, Operation: x.Operation}
}

var _ = Describe("The lateness of this process", func() {
	It("is kept from a length on that matters, and summed up in a time", func() {
		w, noon := &lagWatch{}, time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
		w.note(noon, noon.Add(lagTick))
		w.note(noon.Add(time.Second), noon.Add(1500*time.Millisecond))
		w.note(noon.Add(2*time.Second), noon.Add(3*time.Second))
		Expect(w.during(noon, noon.Add(900*time.Millisecond))).To(BeZero())
		Expect(w.during(noon, noon.Add(10*time.Second))).To(Equal(1500 * time.Millisecond))
		Expect(w.during(noon.Add(1200*time.Millisecond), noon.Add(2100*time.Millisecond))).To(Equal(400 * time.Millisecond))
	})

	DescribeTable("is never held against the issuer", func(took, late []time.Duration, outcome Outcome, runs int, reason string) {
		c, err := contract.Load()
		Expect(err).NotTo(HaveOccurred())
		s := &stage{took: took, late: late}
		certification := &Certification{Config: Config{Contract: c, Profile: &keys.Profile{}, Runner: s, Journal: s, Progress: func(Progress) {}},
			judge: judge.New(c)}
		certification.setDefaults()
		r := &run{Certification: certification, exchanges: map[string][]Exchange{}, tried: map[string]tried{}, result: &Result{}, stop: func() {}}
		s.lag = r.lag.note
		planned := Planned{Case: scenarios.Case{ID: "one", Scenario: &scenarios.Scenario{Name: "one"}}}
		got := r.described(planned)
		r.one(context.Background(), planned, &got)
		Expect(got.Outcome).To(Equal(outcome), "%+v", got.Findings)
		Expect(got.Reason).To(ContainSubstring(reason))
		Expect(s.ran).To(Equal(runs))
	},
		Entry("an answer in time", []time.Duration{time.Second}, nil, Passed, 1, ""),
		Entry("a late answer", []time.Duration{3 * time.Second}, nil, Failed, 1, ""),
		Entry("a late answer that is too late all the same", []time.Duration{5 * time.Second}, []time.Duration{time.Second}, Failed, 1, ""),
		Entry("a late answer that this side may have made late, and in time when it is alone", []time.Duration{3 * time.Second, time.Second}, []time.Duration{time.Second}, Passed, 2, ""),
		Entry("a machine that stays too busy", []time.Duration{3 * time.Second}, []time.Duration{time.Second, time.Second, time.Second, time.Second}, Broken, 4, "too busy to measure"),
	)
})
