package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
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

Exit codes: 0 the first run is conformant and the second is not, 3 anything else.`,
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
	out      string
	keep     bool
	contract *contract.Contract
	settings keys.Settings
	// directory is what both sides work from.
	directory *keys.Directory
	// endpoint and control are addresses of the issuer, visa that of Visa.
	endpoint, control, visa string
}

func (a *app) demo(ctx context.Context, d demonstration) error {
	started := time.Now()
	d.app = a
	if err := d.prepare(ctx); err != nil {
		return err
	}
	clean, err := d.certify(ctx, "clean", nil)
	if err != nil {
		return incomplete(err)
	}
	fmt.Fprintf(a.out, "clean      %s: %s\n\n", clean.Verdict, clean.Reason)
	defective, err := d.certify(ctx, "defective", demoDefects)
	if err != nil {
		return incomplete(err)
	}
	if err := a.printResult(defective); err != nil {
		return err
	}
	if clean.Verdict != conformance.Conformant || defective.Verdict != conformance.NotConformant {
		return incomplete(fmt.Errorf("the clean run is %s and the defective one %s; want %s and %s", clean.Verdict, defective.Verdict, conformance.Conformant, conformance.NotConformant))
	}
	fmt.Fprintf(a.out, "\ndemo       as expected, in %s; open %s and %s\n", time.Since(started).Round(time.Millisecond),
		filepath.Join(d.out, "clean", "report.html"), filepath.Join(d.out, "defective", "report.html"))
	if d.keep {
		return d.keepRunning(ctx)
	}
	return nil
}

func incomplete(err error) error { return &failure{code: exitIncomplete, cause: err} }

// prepare makes the data directory.
func (d *demonstration) prepare(ctx context.Context) error {
	var err error
	if d.contract, d.settings, err = d.app.settings(); err != nil {
		return err
	}
	for _, address := range []*string{&d.endpoint, &d.control, &d.visa} {
		if *address, err = freeAddress(); err != nil {
			return err
		}
	}
	data := filepath.Join(d.out, "data")
	if err := os.RemoveAll(data); err != nil {
		return err
	}
	ranges, err := sampleRanges(keys.DefaultIssuer)
	if err != nil {
		return err
	}
	if _, err := keys.Init(ctx, data, keys.InitOptions{Settings: d.settings, AccountRanges: ranges, Endpoint: "https://" + d.endpoint, Control: "http://" + d.control}); err != nil {
		return err
	}
	if d.directory, err = keys.LoadDirectory(data, d.settings); err != nil {
		return err
	}
	fmt.Fprintf(d.app.out, "contract   %d operations, %d rules of the issuer API %s\ndata       %s: PKI, keys of both sides, issuer %s\n",
		len(d.contract.Operations()), len(d.contract.Rules()), d.contract.Spec(), data, keys.DefaultIssuer)
	return nil
}

// freeAddress is one of loopback that nobody listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// play starts the reference issuer.
func (d *demonstration) play(defects []string) (*issuer.Server, error) {
	s, err := issuer.New(issuer.Config{Contract: d.contract, Issuer: d.directory.Issuers[keys.DefaultIssuer], Authority: d.directory.CA.Pool(),
		VisaClient: d.directory.Client.Leaf, VisaSigning: d.directory.VisaSigning, VisaEncryption: d.directory.VisaEncryption,
		VisaURL: "https://" + d.visa, Listen: d.endpoint, Control: d.control, Defects: slices.Clone(defects), Log: d.app.log})
	if err != nil {
		return nil, err
	}
	return s, s.Start()
}

// open starts Visa's side and makes the plan.
func (d *demonstration) open(ctx context.Context, files reportFiles) (*conformance.Session, error) {
	o := certifying{files: files, setup: conformance.Setup{File: filepath.Join(d.directory.Path, "issuers", keys.DefaultIssuer, "issuer.yaml"), Listen: d.visa,
		Options: conformance.Options{Seed: "demo"}}}
	if err := d.app.completeSetup(&o); err != nil {
		return nil, err
	}
	return conformance.Open(ctx, o.setup)
}

// certify runs the certification against an issuer with the defects.
func (d *demonstration) certify(ctx context.Context, name string, defects []string) (result *conformance.Result, failed error) {
	played, err := d.play(defects)
	if err != nil {
		return nil, err
	}
	defer func() { failed = errors.Join(failed, played.Close(context.WithoutCancel(ctx))) }()
	files := reportFiles{dir: filepath.Join(d.out, name)}
	session, err := d.open(ctx, files)
	if err != nil {
		return nil, err
	}
	defer func() { failed = errors.Join(failed, session.Close(context.WithoutCancel(ctx))) }()
	result = session.Run(ctx)
	fmt.Fprintf(d.app.out, "certified  %s: %d cases in %d ms, reports in %s\n", name, len(result.Cases)-result.Counts.Skipped, result.DurationMS, files.dir)
	return result, files.write(result)
}

// keepRunning leaves both sides running until the context ends.
func (d *demonstration) keepRunning(ctx context.Context) (failed error) {
	played, err := d.play(nil)
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, played.Close(context.WithoutCancel(ctx))) }()
	session, err := d.open(ctx, reportFiles{})
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, session.Close(context.WithoutCancel(ctx))) }()
	fmt.Fprintf(d.app.out, "running    Visa's APIs %s, console %s, issuer %s; interrupt to stop\n", session.Visa.URL(), session.Visa.ConsoleURL(), played.URL())
	<-ctx.Done()
	return nil
}
