package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/reference"
	"github.com/vtsim/vtsim/fixtures/issuer"
	"github.com/vtsim/vtsim/keys"
)

// demoDefects are what the second issuer of the demo does wrong: an envelope
// that is not looked at, a wrong code, and a slip in an answer.
var demoDefects = []string{"envelope-tag-not-checked", "approve-provisioning-code-on-cvv2", "step-up-identifier-long"}

func (a *app) demoCommand() *cobra.Command {
	var d demonstration
	cmd := &cobra.Command{Use: "demo", Short: "Certify the reference issuer, first as it should be and then with three defects", Args: cobra.NoArgs,
		Long: `Makes a data directory, starts Visa's side and the reference issuer in this process on free ports, and
certifies the issuer: once as it is, once with three defects. Writes both reports to --out.

The first run is the whole certification, the second its core.

Exit codes: 0 the first run is conformant and the second is not and names the rules of its defects, 3
anything else.`,
		Example: `  vtsim demo --out out
  vtsim demo --keep              # leaves both sides and the console running`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), d) }}
	cmd.Flags().StringVar(&d.out, "out", "out", "folder for data directory and reports")
	cmd.Flags().BoolVar(&d.keep, "keep", false, "leave both sides running until interrupted")
	return cmd
}

// demonstration is one demo.
type demonstration struct {
	*app
	out   string
	keep  bool
	setup conformance.Setup
}

func (a *app) demo(ctx context.Context, d demonstration) error {
	started := time.Now()
	d.app = a
	if err := d.prepare(ctx); err != nil {
		return err
	}
	clean, err := d.certify(ctx, "clean", conformance.ProfileFull)
	if err != nil {
		return incomplete(err)
	}
	defective, err := d.certify(ctx, "defective", conformance.ProfileCore, demoDefects...)
	if err != nil {
		return incomplete(err)
	}
	if err := d.compare(clean, defective); err != nil {
		return incomplete(err)
	}
	fmt.Fprintf(a.out, "again      start the second issuer with: vtsim issuer --data %s --defect %s; the reports name a command for each case\n",
		filepath.Join(d.out, "data"), strings.Join(demoDefects, " --defect "))
	fmt.Fprintf(a.out, "demo       as expected, in %s; open %s and %s\n", time.Since(started).Round(time.Millisecond),
		filepath.Join(d.out, "clean", "report.html"), filepath.Join(d.out, "defective", "report.html"))
	if d.keep {
		return d.keepRunning(ctx)
	}
	return nil
}

// compare tells what the two runs found, and is an error unless the first is
// conformant and the second has every rule that a defect breaks.
func (d *demonstration) compare(clean, defective *conformance.Result) error {
	if clean.Verdict != conformance.Conformant || defective.Verdict != conformance.NotConformant {
		return fmt.Errorf("the clean run is %s (%s) and the defective one %s (%s); want %s and %s", clean.Verdict, clean.Reason,
			defective.Verdict, defective.Reason, conformance.Conformant, conformance.NotConformant)
	}
	catalogue, err := issuer.Catalogue(d.setup.Contract)
	if err != nil {
		return err
	}
	fmt.Fprintln(d.app.out)
	for _, id := range demoDefects {
		at := slices.IndexFunc(catalogue, func(known issuer.Defect) bool { return known.ID == id })
		if at < 0 {
			return fmt.Errorf("there is no defect %q", id)
		}
		if err := d.found(catalogue[at], defective); err != nil {
			return err
		}
	}
	return nil
}

// found tells how a defect was found.
func (d *demonstration) found(defect issuer.Defect, in *conformance.Result) error {
	for _, one := range in.Cases {
		for _, f := range one.Findings {
			if f.Rule == defect.Rule {
				fmt.Fprintf(d.app.out, "defect     %s: %s\nfound      %s\n           %s\n           by case %s\n\n", defect.ID, defect.Title, f.Rule, f.Message, one.ID)
				return nil
			}
		}
	}
	return fmt.Errorf("the defective run does not name %s, which the defect %s breaks", defect.Rule, defect.ID)
}

// incomplete is an error of this side, unless the person ended it.
func incomplete(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &failure{code: exitIncomplete, cause: err}
}

// prepare makes the data directory.
func (d *demonstration) prepare(ctx context.Context) error {
	data := filepath.Join(d.out, "data")
	o := certifying{setup: conformance.Setup{Options: conformance.Options{Seed: "demo", File: filepath.Join(data, "issuers", keys.DefaultIssuer, "issuer.yaml")}}}
	if err := d.app.completeSetup(&o); err != nil {
		return err
	}
	d.setup, d.setup.Prompt = o.setup, nil
	if err := os.RemoveAll(data); err != nil {
		return err
	}
	ranges, err := sampleRanges(keys.DefaultIssuer)
	if err != nil {
		return err
	}
	if _, err := keys.Init(ctx, data, keys.InitOptions{Settings: d.setup.Settings, AccountRanges: ranges}); err != nil {
		return err
	}
	c := d.setup.Contract
	fmt.Fprintf(d.app.out, "contract   %d operations, %d rules of the issuer API %s\ndata       %s: PKI, keys of both sides, issuer %s\n",
		len(c.Operations()), len(c.Rules()), c.Spec(), data, keys.DefaultIssuer)
	d.setup.Directory, err = keys.LoadDirectory(data, d.setup.Settings)
	return err
}

// certify runs the certification against an issuer with the defects.
func (d *demonstration) certify(ctx context.Context, name, profile string, defects ...string) (result *conformance.Result, failed error) {
	files := reportFiles{dir: filepath.Join(d.out, name)}
	if err := files.clear(); err != nil {
		return nil, err
	}
	setup := d.setup
	setup.Options.Profile = profile
	pair, err := reference.Open(ctx, setup, keys.DefaultIssuer, defects...)
	if err != nil {
		return nil, err
	}
	defer func() { failed = errors.Join(failed, pair.Close(context.WithoutCancel(ctx))) }()
	bars := newCertifyBars(d.app.err)
	bars.quiet = true
	pair.Progress = bars.show
	bars.begin(len(pair.Planned))
	result = pair.Run(ctx)
	bars.close()
	fmt.Fprintf(d.app.out, "certified  %-10s %s: %s (profile %s, %d ms, reports in %s)\n", name, result.Verdict, result.Reason, profile, result.DurationMS, files.dir)
	return result, errors.Join(files.write(result), ctx.Err())
}

// keepRunning leaves both sides running until the context ends.
func (d *demonstration) keepRunning(ctx context.Context) (failed error) {
	pair, err := reference.Open(ctx, d.setup, keys.DefaultIssuer)
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, pair.Close(context.WithoutCancel(ctx))) }()
	fmt.Fprintf(d.app.out, "running    Visa's APIs %s, console %s, issuer %s; interrupt to stop\n", pair.Visa.URL(), pair.Visa.ConsoleURL(), pair.Issuer.URL())
	<-ctx.Done()
	return nil
}
