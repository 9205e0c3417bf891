package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("A case", func() {
	It("calls every operation of the issuer with a payload that is right, and is answered right", func() {
		l := newLab("")
		var names []string
		for _, op := range l.Contract.Operations() {
			if op.Direction != contract.Outbound {
				continue
			}
			names = append(names, op.ID)
			made := l.good(steps(call(scenarios.Call{Operation: op.ID, Expect: scenarios.Expect{Status: []string{"2xx"}}})))[0].Exchanges
			Expect(made).To(HaveLen(1))
			row := l.client.Row(made[0], "")
			Expect(row.Violations).To(BeEmpty(), op.ID)
			broken, err := l.Builder.Check(&outbound.Call{Operation: op.ID, Members: made[0].Request.Members, Sealed: made[0].Request.Sealed})
			Expect(err).NotTo(HaveOccurred())
			Expect(broken).To(BeEmpty(), op.ID)
		}
		Expect(names).To(HaveLen(11))
	})

	It("introduces its token first, as step 0, where the scenario says so", func() {
		l := newLab("")
		s := steps(call(scenarios.Call{Operation: "tokenNotification"}))
		s.Token.Introduced = true
		records := l.good(s)
		Expect(records).To(HaveLen(2))
		Expect(records[0].Step).To(Equal(0))
		Expect(records[0].Call.Operation).To(Equal("approveProvisioning"))
		Expect(records[0].Call.Expect.Open).To(BeTrue())
		Expect(records[0].Exchanges[0].Response.Status).To(Equal(200))
	})

	It("sends the same payloads for the same seeds, and others for another", func() {
		s := steps(call(scenarios.Call{Operation: "approveProvisioning"}), call(scenarios.Call{Operation: "sendPasscode"}))
		sent := func(seed string) (all, sealed []any) {
			records, err := run(newLab("").runner(), scenarios.Case{ID: "test", Scenario: &s, Seed: seed})
			Expect(err).NotTo(HaveOccurred())
			for _, r := range records {
				all = append(all, r.Exchanges[0].RequestID, r.Exchanges[0].Request.Members)
				sealed = append(sealed, r.Exchanges[0].Request.Sealed)
			}
			return all, sealed
		}
		one, sealed := sent("one")
		again, sealedAgain := sent("one")
		Expect(again).To(Equal(one))
		Expect(sealedAgain).To(Equal(sealed))
		other, _ := sent("two")
		for i := range one {
			Expect(other[i]).NotTo(Equal(one[i]))
		}
		passcode := func(all []any) map[string]any { return all[3].(map[string]any) }
		Expect(passcode(one)["tokenReferenceID"]).NotTo(BeEmpty())
		Expect(passcode(other)["tokenReferenceID"]).NotTo(Equal(passcode(one)["tokenReferenceID"]))
	})

	It("has the reference of a card in common with the other cases of the run, and a token of its own", func() {
		l := newLab("")
		seen := map[string]bool{}
		var pan []any
		for i := range 3 {
			s := steps(call(scenarios.Call{Operation: "approveProvisioning"}))
			records, err := run(l.runner(), scenarios.Case{ID: fmt.Sprint("case-", i), Scenario: &s, Seed: "seed"})
			Expect(err).NotTo(HaveOccurred())
			pan = append(pan, records[0].Exchanges[0].Request.Members["panReferenceID"])
			seen[records[0].Exchanges[0].Request.URL] = true
		}
		Expect(seen).To(HaveLen(3))
		Expect(pan[1]).To(Equal(pan[0]))
		Expect(pan[2]).To(Equal(pan[0]))
	})

	It("shares no card with another that runs beside it", func() {
		l := newLab("")
		s := steps(call(scenarios.Call{Operation: "checkEligibility"}), call(scenarios.Call{Operation: "approveProvisioning"}))
		var inside, most atomic.Int64
		var group sync.WaitGroup
		runner := l.runner()
		for i := range 6 {
			group.Go(func() {
				defer GinkgoRecover()
				first := true
				err := runner.Run(context.Background(), scenarios.Case{ID: fmt.Sprint(i), Scenario: &s, Seed: "seed"}, func(r scenarios.Record) bool {
					if first {
						most.Store(max(most.Load(), inside.Add(1)))
					} else {
						inside.Add(-1)
					}
					first = false
					return true
				})
				Expect(err).NotTo(HaveOccurred())
			})
		}
		group.Wait()
		Expect(most.Load()).To(BeEquivalentTo(1))
	})

	It("ends when the observer has seen enough", func() {
		l := newLab("")
		s := steps(call(scenarios.Call{Operation: "checkEligibility"}), call(scenarios.Call{Operation: "approveProvisioning"}))
		seen := 0
		Expect(l.runner().Run(context.Background(), scenarios.Case{ID: "test", Scenario: &s}, func(scenarios.Record) bool { seen++; return false })).To(Succeed())
		Expect(seen).To(Equal(1))
	})

	It("is broken, and not the issuer's fault, when it is given up", func() {
		l := newLab("")
		ctx, cancel := context.WithCancel(context.Background())
		s := steps(call(scenarios.Call{Operation: "checkEligibility"}), scenarios.Step{Await: &scenarios.Await{Operation: "tokenLifecycle"}})
		err := l.runner().Run(ctx, scenarios.Case{ID: "test", Scenario: &s}, func(scenarios.Record) bool { cancel(); return true })
		var broken *scenarios.Broken
		Expect(errors.As(err, &broken)).To(BeTrue())
		Expect(errors.Is(err, context.Canceled)).To(BeTrue())
	})

	DescribeTable("is broken when this side is wrong", func(hint string, s scenarios.Scenario) {
		Expect(newLab("").broken(s).Error()).To(ContainSubstring(hint))
	},
		Entry("no such card", "no card of role", scenarios.Scenario{Card: "gold"}),
		Entry("no such value", "{{method}}", steps(call(scenarios.Call{Operation: "sendPasscode", With: map[string]any{"otpMethodIdentifier": "{{method}}"}}))),
		Entry("no such member", "no member", steps(call(scenarios.Call{Operation: "sendPasscode", With: map[string]any{"otpMethod": "1"}}))),
		Entry("a patch that does not apply", "patch", steps(call(scenarios.Call{Operation: "sendPasscode", Patch: []byte(`[{"op": "remove", "path": "/nowhere"}]`)}))),
		Entry("a corruption without the key for it", "key", steps(call(scenarios.Call{Operation: "sendPasscode", Corrupt: []string{"jws/wrong-key"}}))),
		Entry("no such corruption", "did you mean", steps(call(scenarios.Call{Operation: "sendPasscode", Corrupt: []string{"jws/signatur"}}))),
		Entry("no such state", "status", scenarios.Scenario{Token: scenarios.Token{Status: "ASLEEP"}}),
		Entry("no such token type", "requestor", scenarios.Scenario{Token: scenarios.Token{Type: "SOFT"}}),
		Entry("an action that the state forbids", "not permitted", steps(scenarios.Step{Token: &scenarios.TokenAction{Do: "resume"}})),
		Entry("an action that nobody knows", "did you mean", steps(scenarios.Step{Token: &scenarios.TokenAction{Do: "suspnd"}})),
		Entry("a step that does nothing", "does nothing", steps(scenarios.Step{})),
	)

	It("leaves fault and clock as they were", func() {
		l := newLab("")
		s := steps(scenarios.Step{Fault: &scenarios.Fault{Operation: "tokenLifecycle", Status: 503}},
			scenarios.Step{Clock: &scenarios.ClockMove{Advance: 1e9}}, call(scenarios.Call{Operation: "checkEligibility"}))
		records := l.good(s)
		Expect(records[2].Exchanges[0].Started).To(Equal(noon.Add(1e9)))
		Expect(l.clock.Now()).To(Equal(noon))
		Expect(l.Faults.(*fault.Set).List("")).To(BeEmpty())
	})
})

var _ = Describe("A pool of cards", func() {
	cards := []keys.Card{{Role: "a", PAN: "1"}, {Role: "a", PAN: "2"}, {Role: "b", PAN: "2"}, {Role: "c", PAN: "3"}, {Role: "d", PAN: "3"}}
	take := func(p *scenarios.CardPool, roles ...string) *scenarios.Lease {
		GinkgoHelper()
		lease, err := p.Take(context.Background(), "case", roles, false)
		Expect(err).NotTo(HaveOccurred())
		return lease
	}

	It("lends accounts of their own where there are as many, and else one for several roles", func() {
		p := scenarios.NewCardPool(cards)
		lease := take(p, "a", "b")
		Expect(lease.Cards["a"].PAN).To(Equal("1"))
		Expect(lease.Cards["b"].PAN).To(Equal("2"))
		shared := take(p, "c", "d")
		Expect(shared.Cards["c"].PAN).To(Equal(shared.Cards["d"].PAN))
	})

	It("keeps a card for who waits longer, and forgets who gave up", func() {
		p := scenarios.NewCardPool(cards)
		first := take(p, "b")
		ctx, cancel := context.WithCancel(context.Background())
		gaveUp := make(chan error)
		go func() {
			_, err := p.Take(ctx, "case", []string{"b", "c"}, false)
			gaveUp <- err
		}()
		younger := make(chan *scenarios.Lease)
		Eventually(func() int { return p.Waiting() }).Should(Equal(1))
		go func() {
			lease, _ := p.Take(context.Background(), "case", []string{"c"}, false)
			younger <- lease
		}()
		Eventually(func() int { return p.Waiting() }).Should(Equal(2))
		Consistently(younger, "20ms").ShouldNot(Receive())
		cancel()
		Expect(<-gaveUp).To(MatchError(context.Canceled))
		(<-younger).Return()
		first.Return()
		first.Return() // once more harms nobody
		take(p, "a", "b").Return()
	})

	It("lets one be alone, and keeps the others waiting meanwhile", func() {
		p := scenarios.NewCardPool(cards)
		alone, err := p.Take(context.Background(), "case", []string{"c"}, true)
		Expect(err).NotTo(HaveOccurred())
		done := make(chan *scenarios.Lease)
		go func() {
			lease, _ := p.Take(context.Background(), "case", []string{"a"}, false)
			done <- lease
		}()
		Eventually(func() int { return p.Waiting() }).Should(Equal(1))
		alone.Return()
		(<-done).Return()
	})
})

var _ scenarios.Store = (*vault.Store)(nil)
