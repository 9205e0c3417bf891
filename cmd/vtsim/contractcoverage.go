package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/coverage"
	"github.com/vtsim/vtsim/conformance/mutation"
)

// covering are the flags of vtsim contract coverage.
type covering struct {
	result, proofs, by, baseline     string
	json, unproven, unexercised, ids bool
}

// groupings of the table, the default first.
var groupings = []string{"operation", "section", "page"}

func (a *app) contractCoverage() *cobra.Command {
	var o covering
	cmd := &cobra.Command{Use: "coverage", Short: "Say how many rules there are, how many a run exercised, and how many are proven", Args: cobra.NoArgs,
		Long: `Counts the rules that an issuer can break where Visa calls it, by operation, section or page: all of
them; those that a run exercised, which means that at least one exchange could have broken them
(--result); and those that are proven, which means that a defect of the reference issuer breaks them.
With --proofs, the report of vtsim mutation, only defects that were caught prove.

A rule that is exercised or proven no longer is an error with --baseline, a list of rules that a former
run exercised, as --exercised prints it.

Exit codes: 0, 1 a rule of the baseline is not exercised, 2 wrong usage.`,
		Example: `  vtsim contract coverage --result out/result.json
  vtsim contract coverage --result out/result.json --by page --unproven
  vtsim contract coverage --result out/result.json --proofs proofs.json --json
  vtsim contract coverage --result out/result.json --exercised > exercised.txt
  vtsim contract coverage --result out/result.json --baseline exercised.txt`,
		RunE: func(*cobra.Command, []string) error { return a.coverage(o) }}
	flags := cmd.Flags()
	flags.StringVar(&o.result, "result", "", "Result of a run; without one nothing counts as exercised")
	flags.StringVar(&o.proofs, "proofs", "", "report of vtsim mutation --json; without one every defect counts as caught")
	flags.StringVar(&o.by, "by", groupings[0], "operation, section or page")
	flags.StringVar(&o.baseline, "baseline", "", "file with the ids of rules that must be exercised, one a line")
	flags.BoolVar(&o.json, "json", false, "all of it as JSON")
	flags.BoolVar(&o.unproven, "unproven", false, "list the rules that are not proven, too")
	flags.BoolVar(&o.unexercised, "unexercised", false, "list the rules that are not exercised, too")
	flags.BoolVar(&o.ids, "exercised", false, "print the ids of the exercised rules and nothing else, one a line")
	_ = cmd.MarkFlagFilename("result", "json")
	_ = cmd.MarkFlagFilename("proofs", "json")
	_ = cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions(groupings, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *app) coverage(o covering) error {
	if !slices.Contains(groupings, o.by) {
		return fmt.Errorf("--by %q is unknown, want %s", o.by, strings.Join(groupings, ", "))
	}
	if o.result == "" && (o.unexercised || o.ids || o.baseline != "") {
		return errors.New("what was exercised stands in a Result; name it with --result, vtsim certify --json FILE writes one")
	}
	c, err := contract.Load()
	if err != nil {
		return err
	}
	exercised, err := a.exercisedRules(o.result)
	if err != nil {
		return err
	}
	proven, err := a.provenBy(c, o.proofs)
	if err != nil {
		return err
	}
	counts := coverage.Of(conformance.CountRules(c, exercised, proven))
	switch {
	case o.ids:
		a.printExercised(c, exercised)
	case o.json:
		err = writeJSON(a, counts)
	default:
		err = a.printCoverage(counts, o)
	}
	if err != nil || o.baseline == "" {
		return err
	}
	return a.holdBaseline(c, o.baseline, exercised)
}

// exercisedRules of a Result; none without one.
func (a *app) exercisedRules(path string) (map[string]bool, error) {
	rules := map[string]bool{}
	if path == "" {
		return rules, nil
	}
	result, err := a.readResult(path)
	if err != nil {
		return nil, err
	}
	for _, one := range result.Cases {
		for _, rule := range one.Exercised {
			rules[rule] = true
		}
	}
	return rules, nil
}

// provenBy the defects that a mutation report says were caught, or by all
// defects without a report.
func (a *app) provenBy(c *contract.Contract, path string) (map[string]bool, error) {
	proven := map[string]bool{}
	if path == "" {
		ids, err := provenRules(c)
		for _, id := range ids {
			proven[id] = true
		}
		return proven, err
	}
	text, err := readFile(a, path)
	if err != nil {
		return nil, err
	}
	var proofs mutation.Report
	if err := json.Unmarshal(text, &proofs); err != nil {
		return nil, fmt.Errorf("%s is no report of vtsim mutation --json: %w", path, err)
	}
	if len(proofs.Proofs) == 0 {
		return nil, fmt.Errorf("%s holds no proofs; vtsim mutation --json FILE writes them", path)
	}
	for _, proof := range proofs.Proofs {
		if proof.Caught {
			proven[proof.Rule] = true
		}
	}
	return proven, nil
}

// printExercised prints the rules in the order of the contract.
func (a *app) printExercised(c *contract.Contract, exercised map[string]bool) {
	for _, rule := range conformance.Answerable(c) {
		if exercised[rule.ID] {
			fmt.Fprintln(a.out, rule.ID)
		}
	}
}

func (a *app) printCoverage(counts coverage.Coverage, o covering) error {
	rows := map[string][]coverage.Row{"operation": counts.Operations, "section": counts.Sections, "page": counts.Pages}[o.by]
	table := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(table, "%s\tRULES\tEXERCISED\tPROVEN\tMUST\tEXERCISED\tPROVEN\tEXPLAINED\n", strings.ToUpper(o.by))
	for _, row := range append(slices.Clone(rows), counts.Sum) {
		name := row.Name
		switch {
		case name == "" && row.Page > 0:
			name = fmt.Sprintf("p.%d", row.Page)
		case name == "":
			name = "total"
		}
		exercised, must := fmt.Sprint(row.Exercised), fmt.Sprint(row.MustExercised)
		if o.result == "" {
			exercised, must = "-", "-"
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%d\t%d\t%s\t%d\t%d\n", name, row.Total, exercised, row.Proven, row.Must, must, row.MustProven, row.Explained)
	}
	if o.unexercised {
		printGaps(table, "not exercised", counts.Unexercised)
	}
	if o.unproven {
		printGaps(table, "not proven", counts.Unproven)
	}
	return table.Flush()
}

func printGaps(out io.Writer, title string, gaps []coverage.Gap) {
	fmt.Fprintf(out, "\n%s: %d\n", title, len(gaps))
	for _, gap := range gaps {
		reason := gap.Reason
		if reason == "" {
			reason = "no reason is given"
		}
		fmt.Fprintf(out, "  %s\t%s\tp.%d\t%s\n", gap.Rule, gap.Level, gap.Page, reason)
	}
}

// holdBaseline fails when a rule of the list is not exercised. A line that is
// no rule any more is an error too: a list that matches nothing holds nothing.
func (a *app) holdBaseline(c *contract.Contract, path string, exercised map[string]bool) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the baseline: %w", err)
	}
	var lost []string
	for i, id := range strings.Split(string(text), "\n") {
		if id = strings.TrimSpace(id); id == "" {
			continue
		}
		if _, err := c.Rule(id); err != nil {
			return fmt.Errorf("%s:%d: %w; take the line out if the rule is gone for good", path, i+1, err)
		}
		if !exercised[id] {
			lost = append(lost, id)
		}
	}
	if len(lost) > 0 {
		return &failure{exitRefused, fmt.Errorf("%d rules of %s are no longer exercised: %s", len(lost), path, strings.Join(lost, ", "))}
	}
	return nil
}
