package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance/contract"
)

func (a *app) contractCommand() *cobra.Command {
	return group("contract", "The specification as data: rules, fields, errors, interpretations",
		`  vtsim contract rules --operation approveProvisioning --party issuer
  vtsim contract show retrieveStepUpMethods
  vtsim contract export > openapi.json`,
		a.contractRules(), a.contractShow(), a.contractExport(), a.contractCoverage())
}

func (a *app) contractRules() *cobra.Command {
	var operation, level, party string
	var asJSON bool
	cmd := &cobra.Command{Use: "rules", Short: "List every rule with its level and page", Args: cobra.NoArgs,
		Example: `  vtsim contract rules --operation approveProvisioning --party issuer
  vtsim contract rules --level should --json`,
		RunE: func(*cobra.Command, []string) error {
			c, err := contract.Load()
			if err != nil {
				return err
			}
			rules, err := selectRules(c, operation, level, party)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a, rules)
			}
			table := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
			fmt.Fprintln(table, "RULE\tLEVEL\tPAGE\tBROKEN BY\tDEMANDS")
			for _, rule := range rules {
				fmt.Fprintf(table, "%s\t%s\tp.%d\t%s\t%s\n", rule.ID, rule.Level, rule.Page, rule.Party, rule.Title)
			}
			return table.Flush()
		}}
	cmd.Flags().StringVar(&operation, "operation", "", "only this operation")
	cmd.Flags().StringVar(&level, "level", "", "only this level: must, should or info")
	cmd.Flags().StringVar(&party, "party", "", "only rules that this party can break: issuer or visa")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as a JSON array")
	_ = cmd.RegisterFlagCompletionFunc("operation", completeOperations)
	return cmd
}

// selectRules filters; a filter that names nothing known is an error and not
// an empty list.
func selectRules(c *contract.Contract, operation, level, party string) ([]contract.Rule, error) {
	if operation != "" {
		if _, err := c.Operation(operation); err != nil {
			return nil, err
		}
	}
	if l := contract.Level(level); level != "" && l != contract.Must && l != contract.Should && l != contract.Info {
		return nil, fmt.Errorf("--level %q is unknown, want must, should or info", level)
	}
	if p := contract.Party(party); party != "" && p != contract.Issuer && p != contract.Visa {
		return nil, fmt.Errorf("--party %q is unknown, want issuer or visa", party)
	}
	selected := []contract.Rule{}
	for _, rule := range c.Rules() {
		if (operation == "" || rule.Operation == operation) && (level == "" || string(rule.Level) == level) && (party == "" || string(rule.Party) == party) {
			selected = append(selected, rule)
		}
	}
	return selected, nil
}

func (a *app) contractExport() *cobra.Command {
	var role string
	cmd := &cobra.Command{Use: "export", Short: "Print the whole contract as one OpenAPI 3.1 document", Args: cobra.NoArgs,
		Example: `  vtsim contract export > openapi.json
  vtsim contract export --role issuer > issuer.json   # outbound operations as paths, for a server stub`,
		RunE: func(*cobra.Command, []string) error {
			if role != string(contract.Visa) && role != string(contract.Issuer) {
				return fmt.Errorf("--role %q is unknown, want visa or issuer", role)
			}
			c, err := contract.Load()
			if err != nil {
				return err
			}
			document, err := c.Export(contract.Party(role))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.out, string(document))
			return err
		}}
	cmd.Flags().StringVar(&role, "role", string(contract.Visa), "who serves the paths: visa or issuer")
	return cmd
}

func writeJSON(a *app, value any) error {
	encoder := json.NewEncoder(a.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// completeOperations offers the operation ids to the shell.
func completeOperations(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	c, err := contract.Load()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	ids := []string{}
	for _, op := range c.Operations() {
		ids = append(ids, op.ID)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
