package conformance_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// mute is a runner whose calls get the same failure, but for the first ones.
type mute struct {
	still
	answered int
	failure  outbound.FailureKind
	calls    int
}

func (m *mute) Run(_ context.Context, c scenarios.Case, observe scenarios.Observer) error {
	if m.calls++; m.calls <= m.answered {
		return nil
	}
	x := &outbound.Exchange{ID: fmt.Sprint(m.calls), Operation: "approveProvisioning", Failure: &outbound.Failure{Kind: m.failure, Message: "nothing came"}}
	observe(scenarios.Record{Step: 1, Title: "call", Call: &scenarios.Call{Operation: x.Operation}, Exchanges: []*outbound.Exchange{x}})
	return nil
}

var _ = Describe("An issuer that takes connections", func() {
	run := func(ctx context.Context, runner *mute, endpoint string) *conformance.Result {
		GinkgoHelper()
		c := must(planned(func(c *conformance.Config) {
			c.Runner, c.Filter, c.Parallel = runner, "id:approve-*", 1
			c.Target = outbound.Target{Endpoint: endpoint, Roots: directory().CA.Pool()}
		}))
		return c.Run(ctx)
	}

	It("and answers nothing any more is given up after eight calls", func(ctx SpecContext) {
		r := run(ctx, &mute{answered: 3, failure: outbound.FailureTimeout}, secure(http.StatusOK, nil))
		Expect(r.Counts.Failed).To(Equal(8))
		Expect(r.Counts.Broken).To(Equal(len(r.Cases) - 8 - 2)) // the first was before the run
		Expect(r.Reason).To(MatchRegexp(`the issuer fell silent: nothing came back to 8 calls in a row, the last of case approve-\S+`))
	})

	It("and cuts them is asked to the end", func(ctx SpecContext) {
		r := run(ctx, &mute{answered: 1, failure: outbound.FailureDropped}, secure(http.StatusOK, nil))
		Expect(r.Counts).To(Equal(conformance.Counts{Failed: len(r.Cases)}))
	})

	It("until the first case is down from then on, and one case shows it", func(ctx SpecContext) {
		var taken atomic.Int32
		config := shown()
		endpoint := secure(http.StatusOK, func(t *tls.Config) {
			t.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
				if taken.Add(1) > 1 {
					return nil, fmt.Errorf("gone")
				}
				return config, nil
			}
		})
		r := run(ctx, &mute{answered: 1, failure: outbound.FailureConnect}, endpoint)
		Expect(r.Counts).To(Equal(conformance.Counts{Failed: 1, Broken: len(r.Cases) - 1}))
		Expect(r.Cases[0].Outcome).To(Equal(conformance.Failed))
		Expect(r.Cases[1].Reason).To(Equal("the issuer fell over: it has taken no connection since case " + r.Cases[0].ID))
		Expect(r.Verdict).To(Equal(conformance.NotConformant))
	})
})
