package main

import (
	"fmt"
	"time"

	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// printProvisioning prints a line for each step and each notification.
func (a *app) printProvisioning(o provisioning, result *wallet.Result, told []vault.Notification, rows []vault.Traffic) {
	for _, step := range result.Steps {
		took := ""
		if step.Exchange != nil {
			took = " in " + step.Exchange.Timing.Total.Round(time.Millisecond).String()
		}
		name := step.Operation
		if name == "" {
			name = "cardholder"
		}
		fmt.Fprintf(a.out, "%-26s %s%s\n", name, step.Outcome, took)
	}
	for _, n := range told {
		fmt.Fprintf(a.out, "%-26s %s %s: %s\n", n.Operation, text(n.Facts["messageReasonCode"]), text(n.Facts["actionCode"]), n.State)
	}
	for _, row := range rows {
		if o.verbose {
			fmt.Fprintln(a.out)
			a.printRow(row)
			continue
		}
		for _, broken := range row.Violations {
			fmt.Fprintf(a.out, "! %s: %s (p.%d, %s)\n", row.Operation, broken.Message, broken.Page, broken.Rule)
		}
	}
	fmt.Fprintf(a.out, "%s, actionCode %s%s", result.Path, result.ActionCode, also(" ", result.ErrorCode)+also(", stipReasonCode ", result.StipReasonCode))
	if result.Token.ReferenceID != "" {
		fmt.Fprintf(a.out, ", token %s is %s", result.Token.ReferenceID, result.Token.Status)
	}
	fmt.Fprintln(a.out)
}

func also(title, value string) string {
	if value == "" {
		return ""
	}
	return title + value
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

// provisionReport is what --json prints; it holds nothing in clear.
func provisionReport(result *wallet.Result, told []vault.Notification, rows []vault.Traffic) map[string]any {
	steps := []map[string]any{}
	for _, step := range result.Steps {
		steps = append(steps, map[string]any{"operation": step.Operation, "outcome": step.Outcome, "traffic": step.Row})
	}
	report := map[string]any{"path": result.Path, "actionCode": result.ActionCode, "errorCode": result.ErrorCode, "stipReasonCode": result.StipReasonCode,
		"verification": result.Verification, "steps": steps, "notifications": told, "traffic": rows}
	if result.Token.ReferenceID != "" {
		report["token"] = map[string]any{"tokenReferenceID": result.Token.ReferenceID, "tokenRequestorID": result.Token.RequestorID,
			"tokenType": result.Token.Type, "tokenStatus": result.Token.Status, "panReferenceID": result.Token.PANReferenceID}
	}
	return report
}
