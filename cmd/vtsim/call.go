package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
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
	v, err := a.visa(o.issuer, o.endpoint, time.Now)
	if err != nil {
		return err
	}
	defer v.client.Close()
	op, err := v.contract.Operation(o.operation)
	if err != nil {
		return err
	}
	if op.Direction != contract.Outbound {
		return fmt.Errorf("%s is a call that issuers make; use: vtsim request %s", op.ID, op.ID)
	}
	call, options, err := a.sampleCall(v, op, o)
	if err != nil {
		return err
	}
	x := v.client.Do(ctx, v.target, call, options)
	row := v.client.Row(x, "")
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
	if budget := v.contract.Budget(op.ID); budget > 0 && x.Timing.Total > budget {
		return &failure{code: exitRefused, cause: fmt.Errorf("the answer took %s, more than %s", x.Timing.Total.Round(time.Millisecond), budget)}
	}
	return nil
}

// sampleCall makes the payload: a card, a token of it, and the occasion.
func (a *app) sampleCall(v *visa, op *contract.Operation, o calling) (*outbound.Call, outbound.Options, error) {
	var options outbound.Options
	for _, id := range o.corrupt {
		corruption, err := outbound.CorruptionByID(id)
		if err != nil {
			return nil, options, err
		}
		options.Corrupt = append(options.Corrupt, corruption)
	}
	with, err := assigned(op, o.with)
	if err != nil {
		return nil, options, err
	}
	subject, err := v.subject(o.card, o.kind)
	if err != nil {
		return nil, options, err
	}
	now := v.clock.Now()
	sample, err := v.builder.Sample(op.ID, subject, o.seed, now)
	if err != nil {
		return nil, options, err
	}
	for name, fact := range subject.Given {
		sample[name] = fact
	}
	if reason, ok := with["messageReasonCode"].(string); ok {
		for name, fact := range v.builder.Reason(op.ID, reason) {
			sample[name] = fact
		}
	}
	subject.Given = sample
	call, err := v.builder.Build(op.ID, outbound.FactsOf(subject, now), with)
	if err != nil {
		return nil, options, err
	}
	broken, err := v.builder.Check(call)
	for _, violation := range broken {
		fmt.Fprintf(a.err, "the call breaks a rule: %s (p.%d, %s)\n", violation.Message, violation.Page, violation.Rule)
	}
	return call, options, err
}

// References of the samples; no vault has them.
const (
	samplePAN   = "V-4815623108451962340001"
	sampleToken = "DNITHE481562310845196234"
)

// subject is a card and an active token of it, as samples.
func (v *visa) subject(role, kind string) (outbound.Subject, error) {
	card, err := v.card(role)
	if err != nil {
		return outbound.Subject{}, err
	}
	now := v.clock.Now()
	date := token.Expiration{Month: card.ExpMonth, Year: card.ExpYear}
	if date.Year == "" {
		date = token.Expiration{Month: "12", Year: strconv.Itoa(now.Year() + 3)}
	}
	pan := vault.PAN{ReferenceID: samplePAN, Number: card.PAN, Expiration: date}
	t := token.Token{Issuer: v.issuer.Name, ReferenceID: sampleToken, PANReferenceID: pan.ReferenceID, Type: kind, Status: "ACTIVE",
		Number: v.fixtures.TokenRange, Expiration: date, ActivatedAt: now, StatusUpdatedAt: now, CreatedAt: now}
	for len(t.Number) < 15 {
		t.Number += "0"
	}
	t.Number += string(fixtures.CheckDigit(t.Number))
	for _, requestor := range v.fixtures.TokenRequestors {
		for _, known := range requestor.TokenTypes {
			if known == kind && t.RequestorID == "" {
				t.RequestorID = requestor.TokenRequestorID
			}
		}
	}
	if t.RequestorID == "" {
		return outbound.Subject{}, fmt.Errorf("no token requestor asks for tokens of type %q", kind)
	}
	holder := outbound.SampleCardholder(card.CVV2)
	delete(holder, "billingAddress")
	return outbound.Subject{Issuer: v.row, PAN: &pan, Token: &t, Tokens: map[token.Status]int{t.Status: 1}, Given: outbound.Facts{"cardholderInfo": holder}}, nil
}
