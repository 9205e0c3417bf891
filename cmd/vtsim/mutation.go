package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/mutation"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
)

// mutating are the flags of vtsim mutation.
type mutating struct {
	seed     string
	defects  []string
	share    float64
	most     int
	parallel int
	json     string
}

func (a *app) mutationCommand() *cobra.Command {
	var o mutating
	cmd := &cobra.Command{Use: "mutation", Short: "Prove the verdict: certify the reference issuer with each of its defects", Args: cobra.NoArgs,
		Long: `Certifies the reference issuer in this process, with throw-away keys: once as it should be, which must
find nothing, and once with each of its defects, which must find the rule that the defect names broken
and nothing else. Each defect is tried with cases of its rule and a share of all others.

Exit codes: 0 all as it must be, 1 a false alarm, a survivor or a rule beside, 2 wrong usage, 3 a defect
could not be tried.`,
		Example: `  vtsim mutation
  vtsim mutation --defect envelope-tag-not-checked --share 1`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.mutation(cmd.Context(), o) }}
	flags := cmd.Flags()
	flags.StringVar(&o.seed, "seed", "", "makes everything that is drawn (default: drawn, and printed)")
	flags.StringArrayVar(&o.defects, "defect", nil, "defect to try (repeatable; default: all)")
	flags.Float64Var(&o.share, "share", 0.1, "share of the other cases, from 0 to 1")
	flags.IntVar(&o.most, "most", 6, "cases of a defect's own rule at first; more only until one catches it")
	flags.IntVar(&o.parallel, "parallel", 4, "defects at a time")
	flags.StringVar(&o.json, "json", "", "file for the proofs as JSON")
	// The error is about a flag that does not exist; this one does.
	_ = cmd.RegisterFlagCompletionFunc("defect", completeDefect)
	return cmd
}

func (a *app) mutation(ctx context.Context, o mutating) error {
	c, settings, err := a.settings()
	if err != nil {
		return err
	}
	if o.share < 0 || o.share > 1 {
		return fmt.Errorf("--share %g is none, want 0 to 1", o.share)
	}
	if o.seed == "" {
		if o.seed, err = drawnSeed(); err != nil {
			return err
		}
	}
	directory, err := keys.LoadFS(fixturekeys.TestOnly(), settings)
	if err != nil {
		return err
	}
	started := time.Now()
	proven, err := mutation.Prove(ctx, mutation.Config{Issuer: keys.DefaultIssuer, Defects: o.defects, Share: o.share, Most: o.most, Parallel: o.parallel,
		Setup: conformance.Setup{Contract: c, Settings: settings, Directory: directory, Log: a.quiet(), Options: conformance.Options{Seed: o.seed}},
		Progress: func(p mutation.Proof) {
			if text := p.Complaint(); text != "" {
				fmt.Fprintf(a.out, "%-8s %s: %s\n", p.Word(), p.Defect, text)
			}
		}})
	if err != nil {
		return incomplete(err)
	}
	return a.proven(o, proven, time.Since(started))
}

// proven prints the score and makes the exit code.
func (a *app) proven(o mutating, r *mutation.Report, took time.Duration) error {
	for _, alarm := range r.Alarms {
		fmt.Fprintf(a.out, "alarm    %s: %s\n", alarm.Rule, alarm.Message)
	}
	s := r.Score()
	fmt.Fprintf(a.out, "clean      %d cases, %d false alarms, %d of %d rules exercised\ndefects    %d of %d caught by their rule, %d survived, %d could not be tried, %d found more than their rule\n"+
		"proven     %d of %d must rules, %d of %d rules\nseed       %s, in %s\n",
		s.Cases, s.Alarms, s.Exercised, s.Rules, s.Caught, s.Defects, s.Survived, s.Untried, s.Beside, s.ProvenMust, s.Must, s.Proven, s.Rules, o.seed, took.Round(time.Second))
	if o.json != "" {
		file, err := os.Create(o.json)
		if err != nil {
			return err
		}
		if err := errors.Join(r.JSON(file), file.Close()); err != nil {
			return err
		}
	}
	switch {
	case s.Untried > 0:
		return incomplete(fmt.Errorf("%d defects could not be tried", s.Untried))
	case s.Alarms+s.Survived+s.Beside > 0:
		return &failure{code: exitRefused, cause: errors.New("the verdict is not proven: " + strings.Join(slices.DeleteFunc([]string{
			told(s.Alarms, "false alarms"), told(s.Survived, "survivors"), told(s.Beside, "defects with rules beside their own")}, func(t string) bool { return t == "" }), ", "))}
	}
	return nil
}

func told(n int, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s", n, what)
}
