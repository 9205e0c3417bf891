package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"time"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/calls"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// provisioning are the flags of vtsim provision.
type provisioning struct {
	issuer, endpoint, card, kind, path, otp, method, source, requestor string
	seed                                                               uint64
	patience                                                           time.Duration
	asJSON, verbose                                                    bool
}

// roleOf is the card that takes a path when none is named.
var roleOf = map[fixtures.Path]string{fixtures.PathGreen: "eligible", fixtures.PathYellow: "stepUp", fixtures.PathRed: "declined"}

func (a *app) provisionCommand() *cobra.Command {
	var o provisioning
	cmd := &cobra.Command{Use: "provision", Short: "Play a wallet that asks the issuer for a token, step-up and notifications included", Args: cobra.NoArgs,
		Long: `Plays wallet and cardholder at the endpoint in issuer.yaml: checkEligibility, approveProvisioning and,
on condition, retrieveStepUpMethods, sendPasscode and the passcode; then the notifications. When the
issuer fails to answer, Visa stands in. Nothing is kept: the token ends with the command.

Exit codes: 0 it went as --path says, 1 it went another way or a rule was broken, 2 wrong usage,
3 a call could not be made or a notification was not delivered.`,
		Example: `  vtsim provision
  vtsim provision --path yellow --otp wrong
  vtsim provision --card expired --type SECURE_ELEMENT --verbose`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.provision(cmd.Context(), o) }}
	flags := cmd.Flags()
	flags.StringVar(&o.issuer, "issuer", "", "issuer to ask; may be left out where there is one")
	flags.StringVar(&o.endpoint, "endpoint", "", "URL of the endpoint, instead of that in issuer.yaml")
	flags.StringVar(&o.card, "card", "", "role of the card; by default that of --path")
	flags.StringVar(&o.kind, "type", "HCE", "type of the token")
	flags.StringVar(&o.path, "path", "", "green, yellow or red: how it is expected to go")
	flags.StringVar(&o.otp, "otp", "right", "what the cardholder does with the passcode: right, wrong, expired, exhausted or missing")
	flags.StringVar(&o.method, "method", "", "type of step-up method that the cardholder chooses")
	flags.StringVar(&o.source, "pan-source", "", "where the wallet has the PAN from")
	flags.StringVar(&o.requestor, "requestor", "", "token requestor who asks")
	flags.Uint64Var(&o.seed, "seed", 0, "seed of all that is drawn; 0 draws anew each time")
	flags.DurationVar(&o.patience, "wait", 10*time.Second, "how long to wait for the notifications")
	flags.BoolVar(&o.asJSON, "json", false, "print the result as one JSON object")
	flags.BoolVar(&o.verbose, "show-calls", false, "print the calls, masked")
	return cmd
}

// check completes the flags.
func (o *provisioning) check() error {
	if o.path != "" && roleOf[fixtures.Path(o.path)] == "" {
		return fmt.Errorf("--path %q is unknown, want green, yellow or red", o.path)
	}
	if o.card == "" {
		o.card = roleOf[fixtures.PathGreen]
		if o.path != "" {
			o.card = roleOf[fixtures.Path(o.path)]
		}
	}
	switch wallet.Passcode(o.otp) {
	case "right":
		o.otp = string(wallet.PasscodeRight)
	case wallet.PasscodeWrong, wallet.PasscodeExpired, wallet.PasscodeExhausted, wallet.PasscodeMissing:
	default:
		return fmt.Errorf("--otp %q is unknown, want right, wrong, expired, exhausted or missing", o.otp)
	}
	return nil
}

func (a *app) provision(ctx context.Context, o provisioning) (failed error) {
	if err := o.check(); err != nil {
		return err
	}
	v, err := a.visa(o.issuer, o.endpoint, calls.Tuning{Rand: drawn(o.seed)})
	if err != nil {
		return err
	}
	card, err := v.card(o.card)
	if err != nil {
		return err
	}
	store, err := v.withVault(ctx)
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, store.Close()) }()
	if err := v.Start(); err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, v.Close(context.WithoutCancel(ctx))) }()
	result, err := v.Wallet().Provision(ctx, wallet.Request{Issuer: v.issuer.Name, PAN: card.PAN, CVV2: card.CVV2, Type: o.kind, Source: o.source, RequestorID: o.requestor,
		Expiration: token.Expiration{Month: card.ExpMonth, Year: card.ExpYear}, Method: o.method, Passcode: wallet.Passcode(o.otp)})
	if errors.Is(err, wallet.ErrNotSent) {
		return &failure{code: exitIncomplete, cause: err}
	}
	if err != nil {
		return err
	}
	return a.provisioned(ctx, o, v, store, result)
}

// drawn is the source of everything that is drawn.
func drawn(seed uint64) io.Reader {
	if seed == 0 {
		return rand.Reader
	}
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	return mathrand.NewChaCha8(key)
}

// provisioned waits for the notifications, prints how it went and makes the
// exit code.
func (a *app) provisioned(ctx context.Context, o provisioning, v *visa, store *vault.Store, result *wallet.Result) error {
	waiting, cancel := context.WithTimeout(ctx, o.patience)
	defer cancel()
	undelivered := v.Queue().Wait(waiting, v.issuer.Name)
	told, _, err := store.Notifications(ctx, vault.NotificationQuery{Issuer: v.issuer.Name})
	if err != nil {
		return err
	}
	rows, _, err := store.Traffic(ctx, vault.TrafficQuery{Issuer: v.issuer.Name, Limit: 1000})
	if err != nil {
		return err
	}
	if o.asJSON {
		err = writeJSON(a, provisionReport(result, told, rows))
	} else {
		a.printProvisioning(o, result, told, rows)
	}
	if err != nil {
		return err
	}
	broken := 0
	for _, row := range rows {
		broken += len(row.Violations)
	}
	for _, n := range told {
		if n.State != vault.StateDelivered && undelivered == nil {
			undelivered = fmt.Errorf("%s was not delivered: %s", n.Operation, n.LastError)
		}
	}
	switch {
	case undelivered != nil:
		return &failure{code: exitIncomplete, cause: undelivered}
	case o.path != "" && result.Path != fixtures.Path(o.path):
		return &failure{code: exitRefused, cause: fmt.Errorf("it took the %s path and not the %s one", result.Path, o.path)}
	case broken > 0:
		return &failure{code: exitRefused, cause: fmt.Errorf("the issuer's answers break %d rules of the contract", broken)}
	}
	return nil
}
