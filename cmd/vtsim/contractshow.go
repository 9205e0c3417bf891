package main

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance/contract"
)

func (a *app) contractShow() *cobra.Command {
	return &cobra.Command{Use: "show RULE|OPERATION|INT-nnn|CODE", Short: "Show a rule, an operation's fields and errors, an interpretation or an error code",
		Args: cobra.ExactArgs(1), ValidArgsFunction: completeOperations,
		Example: `  vtsim contract show tokenLifecycle
  vtsim contract show 'retrieveStepUpMethods/response/stepUpMethods/*/identifier#maxLength'
  vtsim contract show INT-061
  vtsim contract show VSE40006`,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := contract.Load()
			if err != nil {
				return err
			}
			return show(a.out, c, args[0])
		}}
}

// show prints what the name stands for.
func show(out io.Writer, c *contract.Contract, name string) error {
	if strings.HasPrefix(name, "INT-") {
		return showInterpretation(out, c, name)
	}
	if uses := c.ErrorUses(name); len(uses) > 0 {
		for _, use := range uses {
			fmt.Fprintf(out, "%s  HTTP %d  %s  %s (p.%d), on %s\n", use.Operation, use.Row.HTTP, use.Row.Code, use.Row.Name, use.Row.Page, strings.Join(use.Row.On, ", "))
		}
		return nil
	}
	if strings.Contains(name, "#") {
		rule, err := c.Rule(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n  demands    %s\n  level      %s, broken by the %s\n  page       p.%d %s\n", rule.ID, rule.Title, rule.Level, rule.Party, rule.Page, rule.Section)
		if rule.Interpretation != "" {
			return showInterpretation(out, c, rule.Interpretation)
		}
		return nil
	}
	op, err := c.Operation(name)
	if err != nil {
		return err
	}
	return showOperation(out, op)
}

func showInterpretation(out io.Writer, c *contract.Contract, id string) error {
	decision, err := c.Interpretation(id)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s (p.%s)\n  question   %s\n  decision   %s\n", decision.ID, decision.Pages, decision.Question, decision.Decision)
	for _, alternative := range decision.Alternatives {
		fmt.Fprintf(out, "  otherwise  %s\n", alternative)
	}
	if decision.Knob {
		fmt.Fprintf(out, "  setting    %s may choose another in the configuration\n", decision.KnobName)
	}
	return nil
}

func showOperation(out io.Writer, op *contract.Operation) error {
	fmt.Fprintf(out, "%s  %s\n  %s %s", op.ID, op.Summary, op.Method, op.Path)
	names := make([]string, 0, len(op.FixedQuery))
	for name := range op.FixedQuery {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(out, "  %s=%s", name, strings.Join(op.FixedQuery[name], "|"))
	}
	fmt.Fprintf(out, "\n  %s, pages %s, %s", op.Section, op.Pages, op.Direction)
	if op.Budget > 0 {
		fmt.Fprintf(out, ", answer within %s", op.Budget)
	}
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, part := range op.Parts() {
		fmt.Fprintf(table, "\n%s\n", part)
		showFields(table, op.Field(part))
	}
	if len(op.Errors) > 0 {
		fmt.Fprintln(table, "\nerrors")
	}
	for _, row := range op.Errors {
		fmt.Fprintf(table, "  HTTP %d\t%s\t%s\t%s\tp.%d\n", row.HTTP, row.ActionCode, row.Code, row.Name, row.Page)
	}
	return table.Flush()
}

func showFields(out io.Writer, field *contract.Field) {
	for _, member := range field.Fields {
		requirement := string(member.Requirement)
		if member.Condition != "" {
			requirement += ": " + member.Condition
		}
		fmt.Fprintf(out, "  %s\tp.%d\t%s\t%s\n", strings.TrimPrefix(member.Pointer, "/"), member.Page, requirement, member.Describe())
		showFields(out, member)
	}
	if field.Items != nil {
		showFields(out, field.Items)
	}
}
