package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/vtsim/vtsim/conformance"
)

// Describe adds a container with one spec for each case of the plan. Args are
// Ginkgo's decorators, such as labels. What is wrong with the configuration
// fails one spec and leaves the others of the suite alone.
func Describe(text string, config Config, args ...any) bool {
	s := &certification{config: config, at: types.NewCodeLocation(1)}
	args = append([]any{s.at, ginkgo.Ordered, ginkgo.Serial, ginkgo.ContinueOnFailure}, args...)
	return ginkgo.Describe(text, append(args, s.build)...)
}

// certification is one container.
type certification struct {
	config Config
	// at is where the issuer wrote it.
	at    types.CodeLocation
	setup conformance.Setup

	// Of the run, from BeforeAll on.
	session *conformance.Session
	cases   *conformance.OneByOne
	// failed says that a spec is red; obstacle is what the last one said is in
	// the way of those that follow.
	failed   bool
	obstacle string
}

// build makes the tree.
func (s *certification) build() {
	plan, err := s.plan(context.Background())
	if err != nil {
		ginkgo.It("can be planned", s.at, func() { ginkgo.Fail(broken + err.Error()) })
		return
	}
	ginkgo.BeforeAll(s.begin, s.at)
	for _, planned := range plan.Planned {
		one := plan.Describe(planned)
		ginkgo.It(one.ID+": "+strings.TrimSuffix(one.Title, "."), labelsOf(planned, one), s.at, func(ctx ginkgo.SpecContext) {
			s.run(ctx, planned.ID)
		})
	}
}

// plan makes the plan and keeps nothing open: every process of ginkgo -p makes
// it, and one runs it.
func (s *certification) plan(ctx context.Context) (*conformance.Certification, error) {
	var err error
	if s.setup, err = s.config.setup(); err != nil {
		return nil, err
	}
	sketch := s.setup
	sketch.Listen = ""
	session, err := conformance.Open(ctx, sketch)
	if err != nil {
		return nil, err
	}
	if err := session.Close(ctx); err != nil {
		return nil, fmt.Errorf("close what the plan was made with: %w", err)
	}
	switch skipped := session.Skipped(); {
	case len(session.Planned) == 0:
		return nil, errors.New("the plan is empty: no case is left by filter and profile")
	case skipped == len(session.Planned):
		return nil, fmt.Errorf("no case can run: all %d are skipped, the first because %s", skipped, session.Planned[0].Skip)
	}
	return session.Certification, nil
}

// labelsOf the spec: sets of operation, level, tag and area. Characters that
// Ginkgo keeps for its filters are replaced.
func labelsOf(planned conformance.Planned, one conformance.Case) ginkgo.Labels {
	labels := ginkgo.Labels{"level:" + string(planned.Level()), "area:" + one.Area}
	for _, operation := range one.Operations {
		labels = append(labels, "operation:"+operation)
	}
	for _, tag := range one.Tags {
		labels = append(labels, "tag:"+tag)
	}
	reserved := func(r rune) rune {
		if strings.ContainsRune("&|!,()/", r) {
			return '-'
		}
		return r
	}
	for i := range labels {
		labels[i] = strings.Map(reserved, labels[i])
	}
	return labels
}

// begin opens what the cases need. It ends after the last of them.
func (s *certification) begin(ctx ginkgo.SpecContext) {
	lasting := context.WithoutCancel(ctx) // ctx ends with this node
	session, err := conformance.Open(lasting, s.setup)
	if err != nil {
		ginkgo.Fail(broken + err.Error())
	}
	s.session, s.cases, s.failed, s.obstacle = session, session.OneByOne(), false, ""
	ginkgo.DeferCleanup(s.end, s.at)
}

// run runs one case. That of the session's plan, not the tree's: which address
// is free is known only now.
func (s *certification) run(ctx context.Context, id string) {
	at := slices.IndexFunc(s.session.Planned, func(p conformance.Planned) bool { return p.ID == id })
	if at < 0 {
		ginkgo.Fail(broken + "the plan that is run has no case " + id + ", though the tree was built with it")
	}
	one, exchanges := s.cases.Run(ctx, s.session.Planned[at])
	s.show(one, exchanges)
}

// end gives the verdict and closes everything.
func (s *certification) end(ctx ginkgo.SpecContext) {
	result := s.cases.Result()
	problem := errors.Join(s.session.Close(context.WithoutCancel(ctx)), s.write(result))
	ginkgo.AddReportEntry("verdict", s.at, ginkgo.ReportEntryVisibilityFailureOrVerbose, plain(string(result.Verdict)+": "+result.Reason))
	switch {
	case problem != nil:
		ginkgo.Fail(broken + problem.Error())
	case result.Verdict != conformance.Conformant && !s.failed: // no case says it
		ginkgo.Fail("the verdict is " + string(result.Verdict) + ": " + printable(result.Reason))
	}
}
