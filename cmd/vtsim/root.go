package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes of every command.
const (
	exitOK         = 0
	exitRefused    = 1
	exitUsage      = 2
	exitIncomplete = 3
	exitInterrupt  = 130
)

// environment is what a command may touch of the process.
type environment struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
}

// app carries what all commands share.
type app struct {
	environment
	data    string
	format  string
	verbose bool
	log     *slog.Logger
}

// failure is an error with an exit code other than usage.
type failure struct {
	code  int
	cause error
}

func (f *failure) Error() string { return f.cause.Error() }
func (f *failure) Unwrap() error { return f.cause }

// run executes one command line and returns the exit code. An error is one
// line on stderr: what failed, why, and what to do next.
func run(ctx context.Context, args []string, env environment) int {
	a := &app{environment: env, log: slog.New(slog.DiscardHandler)}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(env.in)
	root.SetOut(env.out)
	root.SetErr(env.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(env.err, "vtsim: %s\n", oneLine(err))
	var failed *failure
	switch {
	case errors.As(err, &failed):
		return failed.code
	case errors.Is(err, context.Canceled):
		return exitInterrupt
	}
	return exitUsage
}

// oneLine keeps an error on one line.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "vtsim",
		Short: "Visa-side simulator and conformance harness for the Visa Token Service Issuer API",
		Long: `vtsim plays the Visa side of the Visa Token Service Issuer API (spec v3.7, 23.05):
a stateful sandbox for an issuer's client, a certification of an issuer's
endpoint, the specification as data, the keys and certificates that an
integration needs, and an explanation why a signed or sealed call was refused.

It is independent of Visa and for test data only.`,
		Example: `  vtsim init                                  # a data directory with all keys
  vtsim certify -f issuer.yaml                # is my issuer conformant?
  vtsim serve                                 # the sandbox that my issuer calls
  vtsim contract show tokenLifecycle          # what the spec demands, with pages
  vtsim explain xpay --help                   # why is my x-pay-token refused?`,
		SilenceErrors: true, SilenceUsage: true, Version: version(),
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.setUp() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetVersionTemplate("vtsim {{.Version}}\n")
	flags := root.PersistentFlags()
	data := a.getenv("VTSIM_DATA")
	if data == "" {
		data = ".vtsim"
	}
	flags.StringVar(&a.data, "data", data, "data directory (or VTSIM_DATA)")
	flags.StringVar(&a.format, "log", "text", "log format on stderr: text or json")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "log more")
	root.AddCommand(a.initCommand(), a.keysCommand(), a.contractCommand(), a.explainCommand(), a.demoCommand(), a.batchCommand(), a.requestCommand(), a.serveCommand(), a.issuerCommand(), a.certifyCommand(), a.mutationCommand(), a.callCommand(), a.provisionCommand(), a.scenarioCommand(), a.versionCommand(), a.reportCommand())
	return root
}

// setUp makes the logger once the flags are known.
func (a *app) setUp() error {
	level := slog.LevelInfo
	if a.verbose {
		level = slog.LevelDebug
	}
	options := &slog.HandlerOptions{Level: level}
	switch a.format {
	case "text":
		a.log = slog.New(slog.NewTextHandler(a.err, options))
	case "json":
		a.log = slog.New(slog.NewJSONHandler(a.err, options))
	default:
		return fmt.Errorf("--log %q is unknown, want text or json", a.format)
	}
	return nil
}

// group makes a command that only holds others; called without one of them it
// says which there are.
func group(use, short, example string, commands ...*cobra.Command) *cobra.Command {
	parent := &cobra.Command{Use: use, Short: short, Example: example, Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			names := []string{}
			for _, child := range cmd.Commands() {
				names = append(names, child.Name())
			}
			if len(args) == 0 {
				return fmt.Errorf("%s needs one of: %s", cmd.CommandPath(), strings.Join(names, ", "))
			}
			return fmt.Errorf("%s has no command %q, it has: %s", cmd.CommandPath(), args[0], strings.Join(names, ", "))
		}}
	parent.AddCommand(commands...)
	return parent
}
