package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures/issuer"
)

// certifying are the flags of vtsim certify.
type certifying struct {
	setup  conformance.Setup
	known  string
	failOn string
	dryRun bool
	files  reportFiles
}

func (a *app) certifyCommand() *cobra.Command {
	var o certifying
	cmd := &cobra.Command{Use: "certify -f issuer.yaml", Short: "Certify an issuer's endpoint: pass, or fail with the rule, the page and what was sent", Args: cobra.NoArgs,
		Long: `Calls every operation at the issuer's endpoint as the scenarios of the library say, holds each answer
against the contract, and gives a verdict. What the issuer does not offer (participation, cards by
role, triggers, all in issuer.yaml) is skipped with the reason.

Where the issuer is to call Visa's side, its APIs are served on --listen while the run lasts, with
the keys of the data directory that issuer.yaml lies in, or of --data.

The policies of issuer.yaml, the issuer's own decision table, become cases of tag policy. What they find
is shown apart and never touches verdict or score; --policies=fail lets it fail the run.

Exit codes: 0 conformant, 1 not conformant, 2 wrong usage, 3 incomplete (not reachable, broken on this
side, nothing ran), 130 interrupted, with a partial report.`,
		Example: `  vtsim certify -f .vtsim/issuers/demo-bank/issuer.yaml
  vtsim certify -f issuer.yaml --profile core --out out
  vtsim certify -f issuer.yaml --filter 'operation:sendPasscode -tag:timing' --dry-run
  vtsim certify -f issuer.yaml --case flow-yellow-by-passcode --seed 7d31c0aa`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.setup.Flags = again(cmd)
			return a.certify(cmd.Context(), o)
		}}
	o.flags(cmd)
	flags, s := cmd.Flags(), &o.setup
	flags.StringVar(&s.Options.Profile, "profile", conformance.ProfileFull, "core or full: the most telling cases, or all")
	flags.StringVar(&s.Filter, "filter", "", "cases to run: terms such as tag:step-up, operation:sendPasscode, area:errors, -id:*otp*, or words of the title")
	flags.StringVar(&s.Case, "case", "", "id of the one case to run")
	flags.StringVar(&o.known, "known-failures", "", "file with failures that are known, with owner and expiry")
	flags.BoolVar(&o.dryRun, "dry-run", false, "list what would run and what would be skipped, and stop")
	return cmd
}

// flags are those of every command that certifies.
func (o *certifying) flags(cmd *cobra.Command) {
	flags, s := cmd.Flags(), &o.setup
	flags.StringVarP(&s.Options.File, "file", "f", "", "profile of the issuer, issuer.yaml")
	flags.StringVar(&s.Endpoint, "endpoint", "", "URL of the endpoint, instead of that in issuer.yaml")
	flags.StringVar(&s.Listen, "listen", "127.0.0.1:8443", "address of Visa's APIs, for the issuer's own calls")
	libraryFlag(cmd, &s.Libraries)
	flags.StringVar(&s.Seed, "seed", "", "makes everything that is drawn; the same seed makes the same run (default: drawn, and printed)")
	flags.IntVar(&s.Parallel, "parallel", 0, "cases at a time (default 8)")
	flags.StringVar(&o.failOn, "fail-on", string(contract.Must), "lowest level of rules that fails the run: must or should")
	flags.StringVar(&s.Options.Policies, "policies", conformance.PoliciesReport, "what policies of issuer.yaml that are not kept do: report, or fail (exit code 1); the verdict is about the specification either way")
	o.files.flags(flags)
	_ = cmd.MarkFlagRequired("file")
	_ = cmd.MarkFlagFilename("file", "yaml", "yml")
}

// again are the flags that a command which runs one case again needs too.
func again(cmd *cobra.Command) []string {
	var words []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "data", "endpoint", "listen":
			words = append(words, "--"+f.Name, f.Value.String())
		case "library":
			if list, ok := f.Value.(pflag.SliceValue); ok {
				for _, folder := range list.GetSlice() {
					words = append(words, "--library", folder)
				}
			}
		}
	})
	return words
}

func (a *app) certify(ctx context.Context, o certifying) error {
	if err := a.completeSetup(&o); err != nil {
		return err
	}
	if err := o.files.findCertifier(a.data); err != nil {
		return err
	}
	return a.runCertification(ctx, o)
}

// runCertification plans, runs and reports; the setup is complete.
func (a *app) runCertification(ctx context.Context, o certifying) error {
	bars := newCertifyBars(a.err)
	o.setup.Progress, o.setup.Checkpoint = bars.show, o.files.checkpoint()
	session, err := conformance.Open(ctx, o.setup)
	if err != nil {
		return a.toldProblems(err)
	}
	defer closeSession(ctx, session)
	if o.dryRun {
		return a.printPlan(session)
	}
	if err := o.files.clear(); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "certifying %s at %s: %s, %d skipped, profile %s, seed %s\n", session.Profile.Name, session.Target.Endpoint,
		countOf(len(session.Planned), "case"), session.Skipped(), session.Options.Profile, session.Seed)
	bars.begin(len(session.Planned))
	result := session.Run(ctx)
	bars.close()
	unwritten := o.files.write(result)
	if err := a.printResult(result); err != nil {
		return err
	}
	if unwritten != nil {
		return incomplete(unwritten)
	}
	if names := o.files.names(); names != "" {
		fmt.Fprintf(a.out, "reports    %s\n", names)
	}
	if o.known != "" && result.Entries() != "" {
		fmt.Fprintf(a.out, "\nto excuse what is left, fill in and add to %s:\n%s", o.known, result.Entries())
	}
	if code := result.ExitCode(); code != exitOK {
		if result.PoliciesFail() && result.Verdict == conformance.Conformant {
			return &failure{code: code, cause: errors.New(result.PolicySummary() + ", which fails this run (--policies=fail)")}
		}
		return &failure{code: code, cause: errors.New(string(result.Verdict) + ": " + result.Reason)}
	}
	return nil
}

// closeSession does not wait long for an issuer that keeps its connections.
func closeSession(ctx context.Context, session *conformance.Session) {
	const patience = 2 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_ = session.Close(ctx) // the verdict stands; what still hangs is cut
}

// quiet is the log of what a certification starts: its report tells what
// matters, unless everything is asked for.
func (a *app) quiet() *slog.Logger {
	if a.verbose {
		return a.log
	}
	return slog.New(slog.DiscardHandler)
}

// completeSetup adds what the process knows.
func (a *app) completeSetup(o *certifying) error {
	c, settings, err := a.settings()
	if err != nil {
		return err
	}
	s := &o.setup
	s.Contract, s.Settings, s.Data, s.Log, s.Tool = c, settings, a.data, a.quiet(), conformance.Tool{Version: version()}
	s.FailOn = contract.Level(o.failOn)
	s.Prompt = a.prompt()
	if s.Proven, err = provenRules(c); err != nil {
		return err
	}
	if s.Seed == "" {
		if s.Seed, err = drawnSeed(); err != nil {
			return err
		}
	}
	if o.known == "" {
		return nil
	}
	data, err := os.ReadFile(o.known)
	if err != nil {
		return fmt.Errorf("read the known failures: %w", err)
	}
	s.Known, err = conformance.ParseKnownFailures(data, o.known)
	return err
}

// provenRules are those that a defect of the reference issuer breaks.
func provenRules(c *contract.Contract) ([]string, error) {
	defects, err := issuer.Catalogue(c)
	if err != nil {
		return nil, err
	}
	rules := make([]string, len(defects))
	for i, d := range defects {
		rules[i] = d.Rule
	}
	return rules, nil
}

// drawnSeed is a seed that is short enough to type.
func drawnSeed() (string, error) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(b[:]), nil
}

// printPlan lists what would run, and what not and why.
func (a *app) printPlan(session *conformance.Session) error {
	for _, planned := range session.Planned {
		if planned.Skip != "" {
			fmt.Fprintf(a.out, "skip  %s: %s\n", planned.ID, planned.Skip)
			continue
		}
		fmt.Fprintf(a.out, "run   %s: %s\n", planned.ID, strings.TrimSuffix(planned.Scenario.Title, "."))
	}
	fmt.Fprintf(a.out, "%s would run, %d would be skipped; seed %s\n", countOf(len(session.Planned)-session.Skipped(), "case"), session.Skipped(), session.Seed)
	if len(session.Planned) == session.Skipped() {
		return &failure{code: exitIncomplete, cause: errors.New("nothing would run; look at --filter, and at participation and cards in issuer.yaml")}
	}
	return nil
}

// countOf is a number of things.
func countOf(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
