package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/scenarios"
)

func (a *app) scenarioShow() *cobra.Command {
	var folders []string
	cmd := &cobra.Command{Use: "show NAME", Short: "Print a scenario as it is written, with what it cites, needs and generates",
		Args: cobra.ExactArgs(1),
		Example: `  vtsim scenario show eligibility
  vtsim scenario show mine --library my-scenarios`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeLibrary((*scenarios.Library).Names)(cmd, args, begun)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			c, library, err := a.library(folders)
			if err != nil {
				return err
			}
			s, err := library.Scenario(args[0])
			if err != nil {
				return err
			}
			return a.printScenario(c, library, s)
		}}
	libraryFlag(cmd, &folders)
	return cmd
}

func (a *app) printScenario(c *contract.Contract, library *scenarios.Library, s *scenarios.Scenario) error {
	cases, err := scenarios.Expand(c, s, "")
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "# %s\n%s", s.At, library.Text(s.Name))
	fmt.Fprintln(a.out, "\ncites")
	for _, cite := range s.Cites {
		section := ""
		if op, err := c.Operation(cite.Operation); err == nil {
			section = op.Section
		}
		fmt.Fprintf(a.out, "  %s  %s\n", cite, section)
	}
	fmt.Fprintln(a.out, "needs")
	needs := needsOf(cases)
	for _, need := range []struct {
		what string
		list []string
	}{{"apis", needs.APIs}, {"cards", needs.Cards}, {"triggers", needs.Triggers}} {
		if len(need.list) > 0 {
			fmt.Fprintf(a.out, "  %-9s %s\n", need.what, strings.Join(need.list, ", "))
		}
	}
	if s.Generate == nil {
		return nil
	}
	fmt.Fprintf(a.out, "generates %d cases\n", len(cases))
	for _, one := range cases {
		fmt.Fprintln(a.out, "  "+one.ID)
	}
	return nil
}

// needsOf are the needs of all cases together.
func needsOf(cases []scenarios.Case) scenarios.Needs {
	var all scenarios.Needs
	add := func(list *[]string, names []string) {
		for _, name := range names {
			if !slices.Contains(*list, name) {
				*list = append(*list, name)
			}
		}
	}
	for _, one := range cases {
		add(&all.APIs, one.Scenario.Needs.APIs)
		add(&all.Cards, one.Scenario.Needs.Cards)
		add(&all.Triggers, one.Scenario.Needs.Triggers)
	}
	return all
}

func (a *app) scenarioLint() *cobra.Command {
	return &cobra.Command{Use: "lint [FILE|DIR...]", Short: "Check scenarios without running them; without a file, the shipped ones",
		Example: `  vtsim scenario lint my-scenarios/ more.yaml
  vtsim scenario lint`,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := contract.Load()
			if err != nil {
				return err
			}
			var library *scenarios.Library
			if len(args) == 0 {
				library, err = scenarios.Load(c)
			} else {
				library, err = scenarios.Lint(c, args...)
			}
			if err != nil {
				return a.toldProblems(err)
			}
			cases, err := library.Cases("")
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "%d scenarios, %d cases, nothing wrong\n", len(library.Scenarios), len(cases))
			return err
		}}
}

func (a *app) scenarioSchema() *cobra.Command {
	return &cobra.Command{Use: "schema", Short: "Print the JSON Schema of a scenario, for editors", Args: cobra.NoArgs,
		Example: `  vtsim scenario schema > scenario.schema.json
  # first line of a scenario file:
  # yaml-language-server: $schema=scenario.schema.json`,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(scenarios.Schema())
			return err
		}}
}
