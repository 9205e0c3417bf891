package conformance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/reference"
	"github.com/vtsim/vtsim/fixtures/issuer"
	"github.com/vtsim/vtsim/keys"
)

var _ = Describe("A run", func() {
	It("finds the core of a right issuer conformant, and counts its progress", func(ctx SpecContext) {
		s := setup("few")
		var told []conformance.Progress
		s.Progress = func(p conformance.Progress) { told = append(told, p) }
		r := paired(ctx, s)
		Expect(r.Verdict).To(Equal(conformance.Conformant), summary(r))
		Expect(r.ExitCode()).To(Equal(conformance.ExitConformant))
		Expect(r.Counts.Passed).To(Equal(len(r.Cases)))
		Expect(told).To(HaveLen(len(r.Cases)))
		Expect(told[len(told)-1]).To(And(HaveField("Done", len(r.Cases)), HaveField("Planned", len(r.Cases)), HaveField("Failed", 0)))
	})

	It("names the rule that a defect breaks, with the page and a command", func(ctx SpecContext) {
		r := paired(ctx, setup("few", "approve-declines-wrong-cvv2", "approve-hce"), "approve-provisioning-code-on-cvv2")
		Expect(r.ExitCode()).To(Equal(conformance.ExitNotConformant), summary(r))
		Expect(brokenRules(r)).To(ConsistOf("approveProvisioning/response#code-on-cvv2"))
		Expect(r.NextSteps[0]).To(And(HavePrefix("approveProvisioning/response#code-on-cvv2 (p.128, 1 case)"),
			HaveSuffix("vtsim certify -f issuer.yaml --seed few --case approve-declines-wrong-cvv2")))
	})

	It("judges and shows what the queue sends, after an act of the wallet or of the issuer", func(ctx SpecContext) {
		r := paired(ctx, setup("few", "flow-lifecycle-by-token-requestor", "issuer-updates-pan"), "token-notification-with-body", "pan-update-notification-accepted-202")
		Expect(brokenRules(r)).To(ConsistOf("tokenNotification/response#empty-body", "panUpdateNotification/response#status-200"), summary(r))
		for _, x := range r.Exchanges {
			if x.Title == "wait for notifications" {
				Expect(x.Response.Status).To(BeElementOf(200, 202))
				Expect(x.Request.Body).To(HaveKey("messageReasonCode"))
			}
		}
	})

	It("blames an issuer that takes one call at a time for that alone, whatever it refuses meanwhile", func(ctx SpecContext) {
		s := setup("few")
		s.Parallel = 8
		r := paired(ctx, s, "one-call-at-a-time")
		Expect(r.Counts.Failed+r.Counts.Warned).To(BeNumerically(">", 0), summary(r))
		Expect(brokenRules(r)).To(ConsistOf("outbound/request#concurrent-calls-accepted"), summary(r))
	})

	It("believes a case that fails alone as well, and asks for it again only as long as its rule is new", func(ctx SpecContext) {
		s := setup("few")
		s.Parallel = 8
		r := paired(ctx, s, "approve-provisioning-code-on-cvv2")
		Expect(brokenRules(r)).To(ConsistOf("approveProvisioning/response#code-on-cvv2"), summary(r))
		Expect(r.Verdict).To(Equal(conformance.NotConformant))
	})

	It("tells of each rule that is found broken at once, and once", func(ctx SpecContext) {
		s := setup("few", "approve-declines-wrong-cvv2", "flow-red-wrong-cvv2-then-right", "approve-hce")
		var told []string
		s.Progress = func(p conformance.Progress) {
			for _, f := range p.New {
				told = append(told, fmt.Sprintf("%s after %d", f.Rule, p.Failed))
			}
		}
		r := paired(ctx, s, "approve-provisioning-code-on-cvv2")
		Expect(r.Counts.Failed).To(Equal(2), summary(r))
		Expect(told).To(Equal([]string{"approveProvisioning/response#code-on-cvv2 after 1"}))
	})

	DescribeTable("lets a should rule count as it is told to", func(ctx SpecContext, failOn contract.Level, verdict conformance.Verdict) {
		s := setup("few", "approve-hce")
		s.FailOn = failOn
		r := paired(ctx, s, "content-type-twice")
		Expect(r.Verdict).To(Equal(verdict), summary(r))
		Expect(r.Counts.Warned).To(Equal(1))
		Expect(brokenRules(r)).To(ConsistOf("headers/response/Content-Type#single"))
	},
		Entry("not, by default", contract.Level(""), conformance.Conformant),
		Entry("not", contract.Must, conformance.Conformant),
		Entry("fully", contract.Should, conformance.NotConformant),
	)

	It("ends soon when the issuer falls over in the middle, and names the case", func(ctx SpecContext) {
		s := setup("few")
		var pair *reference.Pair
		s.Progress = func(p conformance.Progress) {
			if p.Done == 20 {
				gone, cancel := context.WithCancel(ctx)
				cancel()
				_ = pair.Issuer.Close(gone)
			}
		}
		pair = must(reference.Open(ctx, s, demoBank))
		defer func() { Expect(pair.Close(context.WithoutCancel(ctx))).To(Succeed()) }()
		started := time.Now()
		r := pair.Run(ctx)
		Expect(time.Since(started)).To(BeNumerically("<", time.Minute))
		Expect(r.Reason).To(MatchRegexp(`could not be run: the issuer fell over: it has taken no connection since case \S+`))
		Expect(r.Counts.Broken).To(BeNumerically(">", 20))
		Expect(r.Counts.Passed).To(BeNumerically(">=", 20))
		Expect(r.Verdict).To(Equal(conformance.NotConformant))
		Expect(brokenRules(r)).To(ConsistOf("transport#answer-complete"))
		Expect(r.Counts.Failed).To(BeNumerically("<=", 8)) // that were on their way
	})

	It("that is interrupted says so and has what it found until then", func(ctx SpecContext) {
		ctx2, cancel := context.WithCancel(ctx)
		s := setup("few")
		s.Progress = func(p conformance.Progress) {
			if p.Done == 10 {
				cancel()
			}
		}
		r := paired(ctx2, s)
		Expect(r.ExitCode()).To(Equal(conformance.ExitInterrupted))
		Expect(r.Interrupted).To(BeTrue())
		Expect(r.Verdict).To(Equal(conformance.Incomplete), summary(r))
		Expect(r.Counts.Failed).To(BeZero())
		Expect(r.Counts.Passed).To(BeNumerically(">=", 10))
		Expect(r.Reason).To(HavePrefix("interrupted; "))
	})

	It("that is interrupted before it begins blames nobody", func(ctx SpecContext) {
		ended, cancel := context.WithCancel(ctx)
		pair := must(reference.Open(ctx, few(), demoBank))
		defer func() { Expect(pair.Close(context.WithoutCancel(ctx))).To(Succeed()) }()
		cancel()
		r := pair.Run(ended)
		Expect(r.ExitCode()).To(Equal(conformance.ExitInterrupted))
		Expect(r.Counts.Broken).To(Equal(3))
	})

	It("that ends while it is interrupted is whole", func(ctx SpecContext) {
		ended, cancel := context.WithCancel(ctx)
		s := few()
		s.Progress = func(p conformance.Progress) {
			if p.Done == p.Planned {
				cancel()
			}
		}
		Expect(paired(ended, s).ExitCode()).To(Equal(conformance.ExitConformant))
	})

	It("gives out what it has so far, marked as a part", func(ctx SpecContext) {
		s := setup("few")
		var given []*conformance.Result
		s.Checkpoint = func(r *conformance.Result) { given = append(given, r) }
		whole := paired(ctx, s)
		Expect(given).NotTo(BeEmpty())
		Expect(given[0].Interrupted).To(BeTrue())
		Expect(len(given[0].Cases)).To(And(BeNumerically(">", 0), BeNumerically("<", len(whole.Cases))))
		Expect(given[0].Plan.Planned).To(Equal(len(whole.Cases)))
		Expect(whole.Interrupted).To(BeFalse())
	})

	It("makes the same plan, requests and findings of the same seed, and others of another", func(ctx SpecContext) {
		defects := []string{"step-up-identifier-long", "approve-provisioning-code-on-cvv2"}
		ids := []string{"approve-hce", "approve-declines-wrong-cvv2", "flow-yellow-by-passcode", "token-changed-redelivered", "envelope-altered-tag"}
		first, again := paired(ctx, setup("one", ids...), defects...), paired(ctx, setup("one", ids...), defects...)
		Expect(timeless(again)).To(Equal(timeless(first)))
		other := paired(ctx, setup("two", ids...), defects...)
		Expect(brokenRules(other)).To(Equal(brokenRules(first)))
		Expect(references(first)).NotTo(BeEmpty())
		Expect(references(first)).To(Equal(references(again)))
		for _, reference := range references(first) {
			Expect(references(other)).NotTo(ContainElement(reference))
		}
	})

	It("asks a person for one thing at a time, and gives up with the case", func(ctx SpecContext) {
		entered, release, done := make(chan string, 2), make(chan struct{}), make(chan error, 1)
		ask := conformance.InTurn(func(ctx context.Context, text string) error {
			entered <- text
			select {
			case <-release:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		go func() { done <- ask(ctx, "first") }()
		Eventually(entered).Should(Receive(Equal("first")))
		Expect(ask(ended(), "second")).To(MatchError(context.Canceled))
		Expect(entered).NotTo(Receive())
		close(release)
		Eventually(done).Should(Receive(BeNil()))
		Expect(ask(ctx, "third")).To(Succeed())
	})

	It("lets a person act where there is no trigger", func(ctx SpecContext) {
		s := setup("person", "issuer-suspends", "issuer-deletes", "issuer-resumes")
		server := played(func(*issuer.Config) {})
		var visa func() string
		var mu sync.Mutex
		var texts []string
		s.Prompt = func(ctx context.Context, text string) error {
			mu.Lock()
			texts = append(texts, text)
			mu.Unlock()
			if err := server.Visa.At(visa()); err != nil {
				return err
			}
			return acted(ctx, server, text)
		}
		known := *s.Directory.Issuers[demoBank].Profile
		known.Endpoint = server.URL()
		row := *s.Directory.Issuers[demoBank]
		row.Profile = &known
		s.Directory.Issuers = map[string]*keys.Issuer{demoBank: &row}
		s.Issuer, s.Listen = &known, "127.0.0.1:0"
		session := must(conformance.Open(ctx, s))
		defer func() {
			server.Visa.Rest()
			Expect(session.Close(ctx)).To(Succeed())
		}()
		visa = session.Visa.URL
		r := session.Run(ctx)
		Expect(r.Verdict).To(Equal(conformance.Conformant), summary(r))
		Expect(texts).To(ConsistOf(HavePrefix("Suspend"), HavePrefix("Suspend"), HavePrefix("Resume"), HavePrefix("Delete")))
	})

	It("leaves nothing behind, and does not take long to end", func(ctx SpecContext) {
		before := gleak.Goroutines()
		pair := must(reference.Open(ctx, few(), demoBank))
		Expect(pair.Run(ctx).Verdict).To(Equal(conformance.Conformant))
		started := time.Now()
		Expect(pair.Close(ctx)).To(Succeed())
		Expect(time.Since(started)).To(BeNumerically("<", 30*time.Second))
		Eventually(gleak.Goroutines).Within(5 * time.Second).ShouldNot(gleak.HaveLeaked(before))
	})
})

// acted does what a person is asked for.
func acted(ctx context.Context, server *issuer.Server, text string) error {
	known := regexp.MustCompile(`^(\w+) the token (\S+)`).FindStringSubmatch(text)
	Expect(known).NotTo(BeNil(), text)
	token, ok := server.Token(known[2])
	Expect(ok).To(BeTrue(), text)
	do := map[string]func(context.Context, issuer.Reference, string) (*issuer.Reply, error){"Suspend": server.Visa.Suspend, "Resume": server.Visa.Resume, "Delete": server.Visa.Delete}
	_, err := do[known[1]](ctx, issuer.Reference{RequestorID: token.RequestorID, ReferenceID: known[2]}, "a person asked")
	return err
}

// timeless is what a run says and sends, without times, durations and the ids
// of exchanges: what should come again when it is made again. Each line has
// one thing, so that a difference can be read.
func timeless(r *conformance.Result) []string {
	GinkgoHelper()
	lines := []string{fmt.Sprint(r.Plan, r.Verdict, r.Reason, r.Score, r.Counts, r.Rules, r.NextSteps)}
	for _, one := range r.Cases {
		lines = append(lines, fmt.Sprint(one.ID, one.Outcome, one.Reason, one.Rerun, one.Exercised))
		for _, f := range one.Findings {
			f.Exchange = ""
			lines = append(lines, fmt.Sprintf("%+v", f))
		}
	}
	for _, x := range r.Exchanges {
		lines = append(lines, fmt.Sprint(x.Case, x.Step, x.Title, x.Operation, x.Direction, x.RequestID, x.Request.Method, strings.TrimPrefix(x.Request.Path, r.Issuer.Endpoint),
			string(must(json.Marshal(x.Request.Decrypted)))))
	}
	for i, line := range lines {
		lines[i] = moments.ReplaceAllString(line, "TIME")
	}
	return lines
}

// moments are times in texts.
var moments = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z?|\b1[78]\d{8,11}\b`)

// references are those of tokens in the requests.
func references(r *conformance.Result) []string {
	found := map[string]bool{}
	for _, x := range r.Exchanges {
		for _, one := range regexp.MustCompile(`DNITHE\w+`).FindAllString(string(must(json.Marshal(x.Request))), -1) {
			found[one] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
