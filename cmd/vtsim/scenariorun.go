package main

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/scenarios"
)

func (a *app) scenarioRun() *cobra.Command {
	var o certifying
	cmd := &cobra.Command{Use: "run FILE|NAME -f issuer.yaml", Short: "Run the scenarios of a file, or one by its name, against an issuer", Args: cobra.ExactArgs(1),
		Long: `Checks the scenarios of the file or folder, runs them and nothing else against the issuer, and reports
as vtsim certify does, with the same exit codes.`,
		Example: `  vtsim scenario run mine.yaml -f issuer.yaml
  vtsim scenario run flow-green -f issuer.yaml --seed 7d31c0aa
  vtsim scenario run mine --library my-scenarios -f issuer.yaml --html report.html`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			names, _ := completeLibrary((*scenarios.Library).Names)(cmd, args, begun)
			return names, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.setup.Flags = again(cmd)
			if isScenarioFile(args[0]) {
				o.setup.Libraries = append(o.setup.Libraries, args[0])
				o.setup.Flags = append(o.setup.Flags, "--library", args[0])
			}
			if err := a.completeSetup(&o); err != nil {
				return err
			}
			var err error
			if o.setup.Cases, err = casesOf(o.setup.Contract, args[0], o.setup.Libraries, o.setup.Seed); err != nil {
				return a.toldProblems(err)
			}
			return a.runCertification(cmd.Context(), o)
		}}
	o.flags(cmd)
	return cmd
}

// isScenarioFile tells a file or folder from the name of a scenario.
func isScenarioFile(arg string) bool {
	_, err := os.Stat(arg)
	return err == nil || slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(arg)) || filepath.Base(arg) != arg
}

// casesOf are those of the named scenario, or of all in the file or folder.
func casesOf(c *contract.Contract, arg string, folders []string, seed string) ([]scenarios.Case, error) {
	names := []string{arg}
	if isScenarioFile(arg) {
		own, err := scenarios.Lint(c, arg)
		if err != nil {
			return nil, err
		}
		names = own.Names()
	}
	library, err := scenarios.Load(c, folders...)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := library.Scenario(name); err != nil {
			return nil, err
		}
	}
	all, err := library.Cases(seed)
	return slices.DeleteFunc(all, func(one scenarios.Case) bool { return !slices.Contains(names, one.Scenario.Name) }), err
}
