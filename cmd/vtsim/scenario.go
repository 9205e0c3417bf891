package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/scenarios"
)

func (a *app) scenarioCommand() *cobra.Command {
	return group("scenario", "The scenarios that certify an issuer: the shipped ones and your own",
		`  vtsim scenario list --tag provisioning
  vtsim scenario show eligibility
  vtsim scenario lint my-scenarios/
  vtsim scenario run my-scenarios/refund.yaml -f issuer.yaml
  vtsim scenario schema > scenario.schema.json   # for your editor`,
		a.scenarioList(), a.scenarioShow(), a.scenarioLint(), a.scenarioRun(), a.scenarioSchema())
}

// library reads the shipped scenarios and the folders beside them, and tells
// of all mistakes in those.
func (a *app) library(folders []string) (*contract.Contract, *scenarios.Library, error) {
	c, err := contract.Load()
	if err != nil {
		return nil, nil, err
	}
	library, err := scenarios.Load(c, folders...)
	return c, library, a.toldProblems(err)
}

// toldProblems prints every mistake on a line of its own and leaves an error
// that counts them; another error stays as it is.
func (a *app) toldProblems(err error) error {
	var problems scenarios.Problems
	if !errors.As(err, &problems) {
		return err
	}
	for _, problem := range problems {
		fmt.Fprintln(a.err, problem.Error())
	}
	noun := "mistakes"
	if len(problems) == 1 {
		noun = "mistake"
	}
	return fmt.Errorf("%d %s in the scenarios, named above", len(problems), noun)
}

// libraryFlag adds --library.
func libraryFlag(cmd *cobra.Command, folders *[]string) {
	cmd.Flags().StringArrayVar(folders, "library", nil, "folder of your own scenarios beside the shipped ones (repeatable)")
	_ = cmd.MarkFlagDirname("library")
}

// listedScenario is a line of the list.
type listedScenario struct {
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Level      string   `json:"level"`
	Tags       []string `json:"tags"`
	Operations []string `json:"operations"`
	Cites      []string `json:"cites"`
	// Cases that it makes; 1 unless it generates.
	Cases int    `json:"cases"`
	File  string `json:"file"`
}

func (a *app) scenarioList() *cobra.Command {
	var tag, operation string
	var folders []string
	var asJSON bool
	cmd := &cobra.Command{Use: "list", Short: "List scenarios with what they are about", Args: cobra.NoArgs,
		Example: `  vtsim scenario list --operation sendPasscode
  vtsim scenario list --tag envelope --json
  vtsim scenario list --library my-scenarios`,
		RunE: func(*cobra.Command, []string) error {
			c, library, err := a.library(folders)
			if err != nil {
				return err
			}
			listed, err := selectScenarios(c, library, tag, operation)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a, listed)
			}
			table := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
			fmt.Fprintln(table, "SCENARIO\tLEVEL\tCASES\tTAGS\tSHOWS")
			for _, s := range listed {
				fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\n", s.Name, s.Level, s.Cases, strings.Join(s.Tags, ","), s.Title)
			}
			return table.Flush()
		}}
	libraryFlag(cmd, &folders)
	cmd.Flags().StringVar(&tag, "tag", "", "only those with this tag")
	cmd.Flags().StringVar(&operation, "operation", "", "only those that call this operation")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as a JSON array")
	_ = cmd.RegisterFlagCompletionFunc("operation", completeOperations)
	_ = cmd.RegisterFlagCompletionFunc("tag", completeLibrary((*scenarios.Library).Tags))
	return cmd
}

// selectScenarios filters; a filter that names nothing known is an error and
// not an empty list.
func selectScenarios(c *contract.Contract, library *scenarios.Library, tag, operation string) ([]listedScenario, error) {
	if operation != "" {
		if _, err := c.Operation(operation); err != nil {
			return nil, err
		}
	}
	if tags := library.Tags(); tag != "" && !slices.Contains(tags, tag) {
		return nil, fmt.Errorf("--tag %q is unknown, there are %s", tag, strings.Join(tags, ", "))
	}
	counted, err := casesByScenario(library)
	if err != nil {
		return nil, err
	}
	listed := []listedScenario{}
	for _, s := range library.Scenarios {
		cases := counted[s.Name]
		operations := operationsOf(cases)
		if tag != "" && !slices.Contains(s.Tags, tag) || operation != "" && !slices.Contains(operations, operation) {
			continue
		}
		line := listedScenario{Name: s.Name, Title: s.Title, Level: string(s.Level), Tags: append([]string{}, s.Tags...), Operations: operations,
			Cites: []string{}, Cases: len(cases), File: s.At.String()}
		for _, cite := range s.Cites {
			line.Cites = append(line.Cites, cite.String())
		}
		listed = append(listed, line)
	}
	return listed, nil
}

// casesByScenario expands the library; a seed changes no case.
func casesByScenario(library *scenarios.Library) (map[string][]scenarios.Case, error) {
	all, err := library.Cases("")
	if err != nil {
		return nil, err
	}
	counted := map[string][]scenarios.Case{}
	for _, one := range all {
		counted[one.Scenario.Name] = append(counted[one.Scenario.Name], one)
	}
	return counted, nil
}

// operationsOf are the operations that the cases call or await.
func operationsOf(cases []scenarios.Case) []string {
	names := []string{}
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, one := range cases {
		for _, step := range one.Scenario.Steps {
			switch {
			case step.Call != nil:
				add(step.Call.Operation)
			case step.Await != nil:
				add(step.Await.Operation)
			}
		}
	}
	return names
}

// completeLibrary completes words of the library, that of --library included.
func completeLibrary(words func(*scenarios.Library) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		c, err := contract.Load()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		folders, _ := cmd.Flags().GetStringArray("library")
		library, _ := scenarios.Load(c, folders...) // mistakes leave out what has them
		return words(library), cobra.ShellCompDirectiveNoFileComp
	}
}
