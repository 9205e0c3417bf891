package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8/cwriter"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/report"
)

// reportFormats are what a Result can be shown as, the default first.
var reportFormats = []string{"terminal", "markdown", "junit", "html", "json"}

func (a *app) reportCommand() *cobra.Command {
	return group("report", "Read the Result of a certification: show it, compare two, certify and verify it",
		`  vtsim report show out/result.json
  vtsim report show out/result.json --format html > report.html
  vtsim report compare old.json new.json
  vtsim report verify out/certificate.jws out/result.json --key certifier.pub`,
		a.reportShow(), a.reportCompare(), a.reportSchema(), a.reportKey(), a.reportCertificate(), a.reportVerify())
}

func (a *app) reportShow() *cobra.Command {
	var format string
	cmd := &cobra.Command{Use: "show FILE", Short: "Show a Result for a terminal, CI or a browser", Args: cobra.ExactArgs(1),
		Example: `  vtsim report show out/result.json
  vtsim report show out/result.json --format junit > junit.xml
  vtsim report show - < out/result.json   # - is standard input`,
		RunE: func(_ *cobra.Command, args []string) error {
			write, err := a.reportWriter(format)
			if err != nil {
				return err
			}
			result, err := a.readResult(args[0])
			if err != nil {
				return err
			}
			return write(a.out, result)
		}}
	cmd.Flags().StringVar(&format, "format", reportFormats[0], "terminal, markdown, junit, html or json")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(reportFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// reportWriter is how the format is written; colour is for terminals only.
func (a *app) reportWriter(format string) (func(io.Writer, *conformance.Result) error, error) {
	switch format {
	case "terminal":
		options := report.TerminalOptions{Color: cwriter.New(a.out).IsTerminal() && a.getenv("NO_COLOR") == ""}
		return func(w io.Writer, result *conformance.Result) error { return report.Terminal(w, result, options) }, nil
	case "markdown":
		return report.Markdown, nil
	case "junit":
		return report.JUnit, nil
	case "html":
		return report.HTML, nil
	case "json":
		return report.JSON, nil
	}
	return nil, fmt.Errorf("--format %q is unknown, want terminal, markdown, junit, html or json", format)
}

func (a *app) reportCompare() *cobra.Command {
	return &cobra.Command{Use: "compare OLD NEW", Short: "Say what changed: new failures, fixed, no longer checked, slower", Args: cobra.ExactArgs(2),
		Long: `Says what changed from one Result to another: new failures, fixed cases, cases and rules that are no
longer checked, operations that became slower. An operation is slower when 95 % of its answers take half
as long again, and 20 ms more, than before; it needs 20 answers in both runs.

Exit codes: 0 nothing became worse (slower answers alone are told, and no more), 1 there are new failures,
or cases or rules that are no longer checked, 2 wrong usage, or a file that is no Result.`,
		Example: "  vtsim report compare yesterday.json today.json",
		RunE: func(_ *cobra.Command, args []string) error {
			older, err := a.readResult(args[0])
			if err != nil {
				return err
			}
			newer, err := a.readResult(args[1])
			if err != nil {
				return err
			}
			compared := report.Compare(older, newer)
			if err := compared.Write(a.out); err != nil {
				return err
			}
			if compared.Worse() {
				return &failure{exitRefused, errors.New("the newer run has new failures or checked less, see above")}
			}
			return nil
		}}
}

func (a *app) reportSchema() *cobra.Command {
	return &cobra.Command{Use: "schema", Short: "Print the JSON Schema of the Result", Args: cobra.NoArgs,
		Example: "  vtsim report schema > result.schema.json",
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(report.Schema())
			return err
		}}
}

// readResult reads a Result from a file, or from standard input for -.
func (a *app) readResult(path string) (*conformance.Result, error) {
	in, name := a.in, "standard input"
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("open the result: %w; vtsim certify --json FILE writes one", err)
		}
		defer file.Close()
		in, name = file, path
	}
	result, err := report.Read(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return result, nil
}
