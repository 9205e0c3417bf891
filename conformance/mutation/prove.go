package mutation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/conformance/reference"
	"github.com/vtsim/vtsim/fixtures/issuer"
	"github.com/vtsim/vtsim/scenarios"
)

// Config is what a proof is made of. Setup has contract, directory, settings
// and seed; the rest of it is made here.
type Config struct {
	Setup conformance.Setup
	// Issuer is the name of the issuer in the directory that is played.
	Issuer string
	// Defects to prove, all of the catalogue when empty.
	Defects []string
	// Most cases of a defect's own rule that are run at first, 6 when zero;
	// more are only run as long as none of them catches it.
	Most int
	// Share of all other cases that are run too, from 0 to 1: they show that
	// the defect breaks nothing else.
	Share float64
	// Parallel defects at a time, 4 when zero: each waits for itself now and then.
	Parallel int
	// Progress is told of each proof; it is called by one goroutine at a time.
	Progress func(Proof)
}

// Proof is what became of one defect.
type Proof struct {
	Defect string `json:"defect"`
	Rule   string `json:"rule"`
	// Level of the rule.
	Level contract.Level `json:"level"`
	// Caught says that the rule was found broken.
	Caught bool `json:"caught"`
	// Cases that were run, and of them those that caught it.
	Cases    int      `json:"cases"`
	CaughtBy []string `json:"caughtBy,omitempty"`
	// Others are rules beside that were found broken.
	Others []string `json:"others,omitempty"`
	// Problem is why it could not be tried at all.
	Problem string `json:"problem,omitempty"`
}

// Report is the proof of the verdict.
type Report struct {
	Seed string `json:"seed"`
	// Clean is the certification of the issuer without defects.
	Clean *conformance.Result `json:"-"`
	// Alarms are the findings that the clean issuer got: false ones.
	Alarms []judge.Finding `json:"alarms,omitempty"`
	Proofs []Proof         `json:"proofs"`

	contract *contract.Contract
}

const (
	defaultMost     = 6
	defaultParallel = 4
)

// Prove runs the clean certification and one for each defect.
func Prove(ctx context.Context, c Config) (*Report, error) {
	if c.Most == 0 {
		c.Most = defaultMost
	}
	if c.Parallel == 0 {
		c.Parallel = defaultParallel
	}
	if c.Progress == nil {
		c.Progress = func(Proof) {}
	}
	catalogue, err := issuer.Catalogue(c.Setup.Contract)
	if err != nil {
		return nil, err
	}
	chosen := slices.DeleteFunc(catalogue, func(d issuer.Defect) bool { return len(c.Defects) > 0 && !slices.Contains(c.Defects, d.ID) })
	p := &prover{Config: c, report: &Report{Seed: c.Setup.Seed, contract: c.Setup.Contract}, cases: map[string]scenarios.Case{}, exercising: map[string][]string{}}
	if err := p.clean(ctx); err != nil {
		return nil, err
	}
	p.all(ctx, chosen)
	return p.report, ctx.Err()
}

// prover is one proof on its way.
type prover struct {
	Config
	report *Report
	// cases by id, with the ids in their order, and the ids of the cases that
	// exercise a rule.
	cases      map[string]scenarios.Case
	ids        []string
	exercising map[string][]string
	mu         sync.Mutex
}

// clean certifies the issuer as it should be.
func (p *prover) clean(ctx context.Context) (failed error) {
	pair, err := reference.Open(ctx, p.Setup, p.Issuer)
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, pair.Close(context.WithoutCancel(ctx))) }()
	for _, one := range pair.Cases {
		p.cases[one.ID] = one
		p.ids = append(p.ids, one.ID)
	}
	p.report.Clean = pair.Run(ctx)
	for _, one := range p.report.Clean.Cases {
		for _, f := range one.Findings {
			if f.Outcome != judge.Noted {
				p.report.Alarms = append(p.report.Alarms, f)
			}
		}
		if one.Outcome == conformance.Broken {
			return fmt.Errorf("case %s of the clean issuer is broken: %s", one.ID, one.Reason)
		}
		for _, rule := range one.Exercised {
			p.exercising[rule] = append(p.exercising[rule], one.ID)
		}
	}
	return nil
}

// all tries the defects, several at a time, and keeps their order.
func (p *prover) all(ctx context.Context, defects []issuer.Defect) {
	p.report.Proofs = make([]Proof, len(defects))
	next := make(chan int)
	var workers sync.WaitGroup
	for range p.Parallel {
		workers.Go(func() {
			for i := range next {
				proof := p.one(ctx, defects[i])
				p.mu.Lock()
				p.report.Proofs[i] = proof
				p.Progress(proof)
				p.mu.Unlock()
			}
		})
	}
	for i := range defects {
		next <- i
	}
	close(next)
	workers.Wait()
}

// one tries one defect.
func (p *prover) one(ctx context.Context, d issuer.Defect) Proof {
	proof := Proof{Defect: d.ID, Rule: d.Rule}
	if rule, err := p.Setup.Contract.Rule(d.Rule); err == nil {
		proof.Level = rule.Level
	}
	for _, cases := range p.rounds(d, proof.Rule) {
		setup := p.Setup
		setup.Cases, setup.Case, setup.Filter = cases, "", ""
		setup.Parallel = 1 // what an issuer cannot do at once, only the cases about that shall show
		proof.Cases += len(cases)
		result, err := certified(ctx, setup, p.Issuer, d.ID)
		if err != nil {
			proof.Problem = err.Error()
			return proof
		}
		if proof.read(result); proof.Caught || proof.Problem != "" {
			return proof
		}
	}
	if proof.Cases == 0 {
		proof.Problem = "no case is about the rule or its operation"
	}
	return proof
}

func certified(ctx context.Context, setup conformance.Setup, name, defect string) (result *conformance.Result, failed error) {
	pair, err := reference.Open(ctx, setup, name, defect)
	if err != nil {
		return nil, err
	}
	defer func() { failed = errors.Join(failed, pair.Close(context.WithoutCancel(ctx))) }()
	return pair.Run(ctx), nil
}

// read takes from the result what it says about the defect.
func (p *Proof) read(result *conformance.Result) {
	for _, one := range result.Cases {
		for _, f := range one.Findings {
			switch {
			case f.Rule == p.Rule:
				p.Caught = true
				if !slices.Contains(p.CaughtBy, one.ID) {
					p.CaughtBy = append(p.CaughtBy, one.ID)
				}
			case f.Outcome != judge.Noted && !slices.Contains(p.Others, f.Rule):
				p.Others = append(p.Others, f.Rule)
			}
		}
	}
	slices.Sort(p.Others)
	for _, one := range result.Cases {
		if one.Outcome == conformance.Broken && p.Problem == "" && !p.stopped(result, one) {
			p.Problem = one.ID + ": " + one.Reason
		}
	}
}

// stopped tells a case that did not run because of the defect: the first call
// of all found the rule broken, and the case that shows it gives the reason for
// the others.
func (p *Proof) stopped(result *conformance.Result, broken conformance.Case) bool {
	return slices.ContainsFunc(result.Cases, func(one conformance.Case) bool {
		return one.Outcome == conformance.Failed && one.Reason == broken.Reason && one.Findings[0].Rule == p.Rule
	})
}
