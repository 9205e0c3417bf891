package fault_test

import (
	"encoding/json"
	"math"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/fault"
)

var _ = Describe("a set of faults", func() {
	var s *fault.Set
	BeforeEach(func() { s = fault.NewSet() })

	drop := fault.Respond{Drop: true}
	add := func(f fault.Fault) fault.Fault {
		GinkgoHelper()
		if f.Issuer == "" {
			f.Issuer = "alpha"
		}
		if f.Respond == (fault.Respond{}) {
			f.Respond = drop
		}
		added, err := s.Add(f)
		Expect(err).NotTo(HaveOccurred())
		return added
	}
	// struck are the numbers of those of n calls that a fault strikes.
	struck := func(n int) (numbers []int) {
		for call := 1; call <= n; call++ {
			if _, ok := s.Next("alpha", "tokenLifecycle", fault.BeforeCommit); ok {
				numbers = append(numbers, call)
			}
		}
		return numbers
	}

	It("strikes nothing while it is empty", func() {
		Expect(struck(100)).To(BeEmpty())
		Expect(s.List("alpha")).To(BeEmpty())
	})

	It("gives a fault its ID, before-commit when nothing is said, and fresh counters", func() {
		f := add(fault.Fault{ID: "mine", Operation: "tokenInquiry", Times: 2, Seen: 5, Struck: 5, Remaining: 9})
		Expect(f).To(Equal(fault.Fault{
			ID: "fault-1", Issuer: "alpha", Operation: "tokenInquiry", When: fault.BeforeCommit, Respond: drop, Times: 2, Remaining: 2,
		}))
		Expect(add(fault.Fault{When: fault.AfterCommit})).To(And(
			HaveField("ID", "fault-2"), HaveField("When", fault.AfterCommit), HaveField("Remaining", fault.Unlimited)))
		Expect(s.List("alpha")).To(HaveLen(2))
	})

	DescribeTable("strikes", func(f fault.Fault, expected []int) {
		added := add(f)
		Expect(struck(10)).To(Equal(expected))
		after := s.List("alpha")[0]
		Expect(after.Struck).To(Equal(len(expected)))
		if added.Times > 0 {
			Expect(after.Remaining).To(Equal(added.Times - len(expected)))
		} else {
			Expect(after.Remaining).To(Equal(fault.Unlimited))
			Expect(after.Seen).To(Equal(10))
		}
	},
		Entry("all", fault.Fault{}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}),
		Entry("the first three", fault.Fault{Times: 3}, []int{1, 2, 3}),
		Entry("every third", fault.Fault{Every: 3}, []int{3, 6, 9}),
		Entry("every third, twice", fault.Fault{Every: 3, Times: 2}, []int{3, 6}),
		Entry("every one", fault.Fault{Every: 1, Times: 20}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}),
		Entry("all with certainty", fault.Fault{Probability: 1, Times: 4}, []int{1, 2, 3, 4}),
	)

	It("strikes at random as often as it should, the same calls for the same seed, others for another", func() {
		runs := make(map[uint64][]int)
		for _, seed := range []uint64{1, 2, 1} {
			s = fault.NewSet()
			add(fault.Fault{Probability: 0.25, Seed: seed})
			numbers := struck(4000)
			Expect(len(numbers)).To(BeNumerically("~", 1000, 120))
			if before, ok := runs[seed]; ok {
				Expect(numbers).To(Equal(before))
			}
			runs[seed] = numbers
		}
		Expect(runs[1]).NotTo(Equal(runs[2]))
	})

	It("doesn't let other faults disturb what a seed draws", func() {
		f := fault.Fault{Probability: 0.5, Seed: 3, Respond: fault.Respond{Status: 503}}
		late := func() (numbers []int) { // which of the calls after the twentieth it strikes
			for call := range 200 {
				if f, _ := s.Next("alpha", "x", fault.BeforeCommit); call >= 20 && f.Respond.Status == 503 {
					numbers = append(numbers, call)
				}
			}
			return numbers
		}
		add(f)
		alone := late()
		s = fault.NewSet()
		add(fault.Fault{Times: 20})
		add(f)
		Expect(late()).To(Equal(alone))
		Expect(len(alone)).To(BeNumerically(">", 50))
	})

	It("keeps issuers and operations apart", func() {
		add(fault.Fault{Operation: "tokenLifecycle"})
		add(fault.Fault{Issuer: "beta"})
		for call, expected := range map[[2]string]bool{
			{"alpha", "tokenLifecycle"}: true, {"alpha", "tokenInquiry"}: false, {"beta", "tokenInquiry"}: true, {"gamma", "tokenLifecycle"}: false, {"", ""}: false,
		} {
			f, ok := s.Next(call[0], call[1], fault.BeforeCommit)
			Expect(ok).To(Equal(expected), "%v", call)
			if ok {
				Expect(f.Issuer).To(Equal(call[0]))
			}
		}
		Expect(s.List("beta")).To(HaveLen(1))
		Expect(s.List("")).To(HaveLen(2))
		s.Reset("alpha")
		Expect(s.List("alpha")).To(BeEmpty())
		Expect(s.List("beta")).To(HaveLen(1))
		s.Reset("")
		Expect(s.List("")).To(BeEmpty())
	})

	It("strikes at one of the two moments, and counts only there", func() {
		add(fault.Fault{When: fault.AfterCommit, Every: 2})
		Expect(struck(10)).To(BeEmpty())
		var after []bool
		for range 4 {
			f, ok := s.Next("alpha", "tokenLifecycle", fault.AfterCommit)
			after = append(after, ok)
			Expect(!ok || f.When == fault.AfterCommit).To(BeTrue())
		}
		Expect(after).To(Equal([]bool{false, true, false, true}))
		Expect(s.List("alpha")[0]).To(HaveField("Seen", 4))
	})

	It("may be for the calls of all issuers", func() {
		everybody, err := s.Add(fault.Fault{Respond: drop, Times: 2})
		Expect(err).NotTo(HaveOccurred())
		for _, issuer := range []string{"alpha", "beta"} {
			f, ok := s.Next(issuer, "tokenInquiry", fault.BeforeCommit)
			Expect(ok).To(BeTrue())
			Expect(f.ID).To(Equal(everybody.ID))
		}
		Expect(struck(3)).To(BeEmpty())
		s.Reset("alpha")
		Expect(s.List("")).To(HaveLen(1))
	})

	It("asks faults in the order of their adding: one after the other, and each counts all calls", func() {
		add(fault.Fault{Times: 1, Respond: fault.Respond{Status: 500}})
		add(fault.Fault{Times: 1, Respond: fault.Respond{Status: 503}})
		add(fault.Fault{Every: 4, Respond: fault.Respond{Status: 429}})
		var statuses []int
		for range 8 {
			f, _ := s.Next("alpha", "tokenInquiry", fault.BeforeCommit)
			statuses = append(statuses, f.Respond.Status)
		}
		Expect(statuses).To(Equal([]int{500, 503, 0, 429, 0, 0, 0, 429}))
	})

	It("returns the fault as it is after striking, and lists it when it is spent", func() {
		add(fault.Fault{Times: 1})
		f, ok := s.Next("alpha", "x", fault.BeforeCommit)
		Expect(ok).To(BeTrue())
		Expect(f).To(And(HaveField("Struck", 1), HaveField("Seen", 1), HaveField("Remaining", 0)))
		Expect(s.List("alpha")).To(ConsistOf(f))
		_, ok = s.Next("alpha", "x", fault.BeforeCommit)
		Expect(ok).To(BeFalse())
	})

	It("forgets what is removed, and goes on with the others", func() {
		first, second := add(fault.Fault{Times: 5}), add(fault.Fault{Every: 2})
		listed := s.List("alpha")
		Expect(s.Remove(first.ID)).To(BeTrue())
		Expect(s.Remove(first.ID)).To(BeFalse())
		Expect(listed[0].ID).To(Equal(first.ID), "a list that was returned stays as it is")
		Expect(struck(4)).To(Equal([]int{2, 4}))
		Expect(s.Remove(second.ID)).To(BeTrue())
		Expect(struck(4)).To(BeEmpty())
		add(fault.Fault{})
		s.Reset("alpha")
		Expect(struck(4)).To(BeEmpty())
		add(fault.Fault{Times: 1})
		Expect(struck(4)).To(Equal([]int{1}))
		s.Reset("alpha")
		add(fault.Fault{Times: 1})
		Expect(struck(4)).To(Equal([]int{1}))
	})

	It("counts right however many ask at once", func() {
		add(fault.Fault{Times: 100})
		add(fault.Fault{Every: 7})
		var fired [2]atomic.Int32
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() {
				for range 140 {
					if f, ok := s.Next("alpha", "tokenLifecycle", fault.BeforeCommit); ok {
						fired[min(f.Every, 1)].Add(1)
					}
				}
			})
			wait.Go(func() { s.List("alpha") })
		}
		wait.Wait()
		Expect(fired[0].Load()).To(Equal(int32(100)))
		Expect(fired[1].Load()).To(Equal(int32(1000 - 14)))
		Expect(s.List("alpha")[1]).To(And(HaveField("Seen", 7000), HaveField("Struck", 986)))
	})

	DescribeTable("refuses, and says how to mend", func(f fault.Fault, message string) {
		_, err := s.Add(f)
		Expect(err).To(MatchError(ContainSubstring(message)))
		Expect(s.List(f.Issuer)).To(BeEmpty())
	},
		Entry("a code alone", fault.Fault{Issuer: "a", Respond: fault.Respond{Code: "X"}}, "without a status"),
		Entry("one that does nothing", fault.Fault{Issuer: "a"}, "give respond a status"),
		Entry("another moment", fault.Fault{Issuer: "a", Respond: drop, When: "later"}, `must be "before-commit" or "after-commit"`),
		Entry("drop and status", fault.Fault{Issuer: "a", Respond: fault.Respond{Drop: true, Status: 500}}, "either drop, or status"),
		Entry("drop and code", fault.Fault{Issuer: "a", Respond: fault.Respond{Drop: true, Code: "X"}}, "either drop, or status"),
		Entry("a status too low", fault.Fault{Issuer: "a", Respond: fault.Respond{Status: 199}}, "200 to 599"),
		Entry("a status too high", fault.Fault{Issuer: "a", Respond: fault.Respond{Status: 600}}, "200 to 599"),
		Entry("a negative delay", fault.Fault{Issuer: "a", Respond: fault.Respond{Delay: -1}}, "must not be negative"),
		Entry("negative times", fault.Fault{Issuer: "a", Respond: drop, Times: -1}, "times is -1"),
		Entry("negative every", fault.Fault{Issuer: "a", Respond: drop, Every: -1}, "every is -1"),
		Entry("more than certain", fault.Fault{Issuer: "a", Respond: drop, Probability: 1.1}, "between 0 and 1"),
		Entry("no probability at all", fault.Fault{Issuer: "a", Respond: drop, Probability: math.NaN()}, "between 0 and 1"),
		Entry("two ways at once", fault.Fault{Issuer: "a", Respond: drop, Probability: 0.5, Every: 2}, "either every or probability"),
	)

	It("takes and gives the console's JSON", func() {
		var f fault.Fault
		Expect(json.Unmarshal([]byte(`{"issuer":"alpha","operation":"tokenLifecycle","when":"after-commit","respond":{"status":400,"code":"X","delayMs":1500},"times":2}`), &f)).To(Succeed())
		Expect(f).To(Equal(fault.Fault{
			Issuer: "alpha", Operation: "tokenLifecycle", When: fault.AfterCommit, Times: 2,
			Respond: fault.Respond{Status: 400, Code: "X", Delay: 1500 * time.Millisecond},
		}))
		text, err := json.Marshal(add(f))
		Expect(err).NotTo(HaveOccurred())
		Expect(text).To(MatchJSON(`{"id":"fault-1","issuer":"alpha","operation":"tokenLifecycle","when":"after-commit",
			"respond":{"status":400,"code":"X","delayMs":1500},"times":2,"seen":0,"struck":0,"remaining":2}`))
		Expect(json.Unmarshal([]byte(`{"respond":{"drop":true}}`), &f)).To(Succeed())
		Expect(f.Respond).To(Equal(drop))
		Expect(json.Unmarshal([]byte(`{"respond":{"delayMs":9223372036854775807}}`), &f)).To(MatchError(ContainSubstring("beyond all time")))
		Expect(json.Unmarshal([]byte(`{"respond":{"delayMs":"1"}}`), &f)).NotTo(Succeed())
	})

	It("accepts every fault of the catalogue, each with a name of its own and a reason", func() {
		names := make(map[string]bool)
		for _, kind := range fault.Catalogue() {
			Expect(names).NotTo(HaveKey(kind.Name))
			names[kind.Name] = true
			Expect(kind.Effect).NotTo(BeEmpty(), kind.Name)
			Expect(kind.Proves).NotTo(BeEmpty(), kind.Name)
			kind.Fault.Issuer = "alpha"
			_, err := s.Add(kind.Fault)
			Expect(err).NotTo(HaveOccurred(), kind.Name)
		}
		Expect(names).To(HaveKey("answer-lost"))
	})
})
