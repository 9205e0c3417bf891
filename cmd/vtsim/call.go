package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/calls"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// calling are the flags of vtsim call.
type calling struct {
	operation, issuer, endpoint, card, kind, seed string
	with, corrupt                                 []string
	asJSON                                        bool
}

func (a *app) callCommand() *cobra.Command {
	var o calling
	cmd := &cobra.Command{Use: "call OPERATION [name=value …]", Short: "Make one call to the issuer as Visa would: sealed, signed, with mutual TLS",
		Long: `Makes one of Visa's calls at the endpoint in issuer.yaml and prints it with the answer, masked, and
what the answer breaks of the contract, with page. The payload is a sample that fits the contract;
members are overridden by name or dotted path, and null takes one out. --corrupt breaks one thing on
purpose, such as the signature.

Exit codes: 0 a success, 1 an error answer or a broken rule, 2 wrong usage, 3 no answer.`,
		Example: `  vtsim call approveProvisioning
  vtsim call retrieveStepUpMethods --card stepUp --with otpReason=PROVISIONING
  vtsim call tokenNotification --with messageReasonCode=TOKEN_SUSPEND --json
  vtsim call approveProvisioning --corrupt jwe/tag`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeOperations,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.operation, o.with = args[0], append(o.with, args[1:]...)
			return a.callIssuer(cmd.Context(), o)
		}}
	flags := cmd.Flags()
	flags.StringVar(&o.issuer, "issuer", "", "issuer to call; may be left out where there is one")
	flags.StringVar(&o.endpoint, "endpoint", "", "URL of the endpoint, instead of that in issuer.yaml")
	flags.StringVar(&o.card, "card", "eligible", "role of the card that the call is about")
	flags.StringVar(&o.kind, "type", "HCE", "type of the token that the call is about")
	flags.StringVar(&o.seed, "seed", "vtsim", "any text; the same one makes the same sample")
	flags.StringArrayVar(&o.with, "with", nil, "a member, name=value (repeatable)")
	flags.StringArrayVar(&o.corrupt, "corrupt", nil, "id of a corruption (repeatable)")
	flags.BoolVar(&o.asJSON, "json", false, "print call and answer as one JSON object")
	return cmd
}

func (a *app) callIssuer(ctx context.Context, o calling) error {
	v, err := a.visa(o.issuer, o.endpoint, calls.Tuning{})
	if err != nil {
		return err
	}
	defer v.Client().Close()
	op, err := v.Contract.Operation(o.operation)
	if err != nil {
		return err
	}
	if op.Direction != contract.Outbound {
		return fmt.Errorf("%s is a call that issuers make; use: vtsim request %s", op.ID, op.ID)
	}
	prepared, err := a.prepared(ctx, v, op, o)
	if err != nil {
		return err
	}
	x := v.Client().Do(ctx, v.target, prepared.Call, prepared.Options)
	row := v.Client().Row(x, "")
	if o.asJSON {
		if err := writeJSON(a, row); err != nil {
			return err
		}
	} else {
		a.printRow(row)
	}
	return a.judged(v, op, x, row)
}

// judged makes the exit code.
func (a *app) judged(v *visa, op *contract.Operation, x *outbound.Exchange, row vault.Traffic) error {
	switch {
	case x.Failure != nil:
		return &failure{code: exitIncomplete, cause: x.Failure}
	case x.Response.Status/100 != http.StatusOK/100:
		return &failure{code: exitRefused, cause: fmt.Errorf("the issuer answered %d", x.Response.Status)}
	case len(row.Violations) > 0:
		return &failure{code: exitRefused, cause: fmt.Errorf("the answer breaks %d rules of the contract, named above", len(row.Violations))}
	}
	if budget := v.Contract.Budget(op.ID); budget > 0 && x.Timing.Total > budget {
		return &failure{code: exitRefused, cause: fmt.Errorf("the answer took %s, more than %s", x.Timing.Total.Round(time.Millisecond), budget)}
	}
	return nil
}

// prepared makes the call, and says what it breaks by its overrides.
func (a *app) prepared(ctx context.Context, v *visa, op *contract.Operation, o calling) (*calls.Prepared, error) {
	with, err := assigned(op, o.with)
	if err != nil {
		return nil, err
	}
	card, err := v.card(o.card)
	if err != nil {
		return nil, err
	}
	p, err := v.Prepare(ctx, calls.Single{Issuer: v.row, Operation: op.ID, Card: card, TokenType: o.kind, Seed: o.seed, With: with, Corrupt: o.corrupt})
	if err != nil {
		return nil, err
	}
	for _, violation := range p.Broken {
		fmt.Fprintf(a.err, "the call breaks a rule: %s (p.%d, %s)\n", violation.Message, violation.Page, violation.Rule)
	}
	return p, nil
}
