package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/client"
)

// requesting are the flags of vtsim request.
type requesting struct {
	operation, as, body, sealed, url, at string
	with, audience                       []string
	timeout                              time.Duration
	strict, printCurl, asJSON            bool
}

func (a *app) requestCommand() *cobra.Command {
	var o requesting
	cmd := &cobra.Command{Use: "request OPERATION [name=value …]", Short: "Make one call to the sandbox as an issuer would: sealed, signed, with mutual TLS",
		Long: `Makes one call of the APIs that issuers call and prints it with its answer, decrypted and masked.
Members are given by name, wherever the contract has them: in the path, the query, the body or the
sealed payload. A name is a dotted path or the unambiguous end of one; elements of arrays are counted
from 0; objects and arrays may be given as JSON. What the contract objects to is said on stderr, and
the call is sent all the same, unless --strict.

--print-curl prints a command for curl instead of sending. It is good for a few minutes, as long as
its x-pay-token is, and holds the apiKey.

Exit codes: 0 a success, 1 an error answer, 2 wrong usage, 3 no answer of the API.`,
		Example: `  vtsim request tokenInquiry tokenRequestorID=40010075001 tokenReferenceID=DNITHE000000000000000001
  vtsim request tokenLifecycle --with operationType=SUSPEND --with operationReason=lost \
    --with tokenRequestorID=40010075001 --with tokenReferenceID=DNITHE000000000000000001
  vtsim request tokenInquiryByPAN primaryAccountNumber=4000000010000018 --json
  vtsim request panLifecycle --body body.json --sealed payload.json
  vtsim request retrieveNHPPParticipants primaryAccountNumber=4000000010000018 --print-curl | sh`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeRequest,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.operation, o.with = args[0], append(o.with, args[1:]...)
			return a.request(cmd.Context(), o)
		}}
	flags := cmd.Flags()
	flags.StringVar(&o.as, "as", "", "issuer of the data directory who calls; may be left out where there is one")
	flags.StringArrayVar(&o.with, "with", nil, "a member, name=value (repeatable)")
	flags.StringVar(&o.body, "body", "", "file with the body; - is standard input. Without members it travels byte for byte")
	flags.StringVar(&o.sealed, "sealed", "", "file with what is to be sealed into encryptedData; - is standard input")
	flags.StringSliceVar(&o.audience, "audience", nil, "clientIDs that a push is for (repeatable)")
	flags.StringVar(&o.url, "url", "https://127.0.0.1:8443", "URL of the sandbox; http for a listener without TLS")
	flags.StringVar(&o.at, "at", "", "time to sign and seal at, RFC 3339 (default now), for a sandbox whose clock was moved")
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "how long to wait for the answer")
	flags.BoolVar(&o.strict, "strict", false, "refuse to send what breaks the contract")
	flags.BoolVar(&o.printCurl, "print-curl", false, "print a command for curl instead of sending")
	flags.BoolVar(&o.asJSON, "json", false, "print call and answer as one JSON object")
	return cmd
}

func (a *app) request(ctx context.Context, o requesting) error {
	c, directory, err := a.directory()
	if err != nil {
		return err
	}
	draft, err := a.draft(c, o)
	if err != nil {
		return err
	}
	caller, err := a.caller(c, directory, o)
	if err != nil {
		return err
	}
	defer caller.Close()
	call, err := caller.Prepare(draft)
	if err != nil {
		return err
	}
	if err := a.checked(c, draft, o.strict); err != nil {
		return err
	}
	if o.printCurl {
		_, err := fmt.Fprintln(a.out, call.Curl(directory.ClientFiles(caller.Issuer.Name)))
		return err
	}
	answer, err := caller.Send(ctx, call)
	if err := a.printExchange(caller.Exchange(call, answer), o.asJSON); err != nil {
		return err
	}
	if err != nil {
		return &failure{code: exitIncomplete, cause: err}
	}
	return outcome(answer)
}

// draft puts files and members together.
func (a *app) draft(c *contract.Contract, o requesting) (*client.Draft, error) {
	op, err := c.Operation(o.operation)
	if err != nil {
		return nil, err
	}
	draft, err := client.NewDraft(op)
	if err != nil {
		return nil, err
	}
	if o.body == "-" && o.sealed == "-" {
		return nil, errors.New("--body and --sealed can't both be standard input")
	}
	if o.body != "" {
		content, err := readFile(a, o.body)
		if err != nil {
			return nil, err
		}
		draft.LoadBody(content)
	}
	if o.sealed != "" {
		content, err := readFile(a, o.sealed)
		if err != nil {
			return nil, err
		}
		if err := draft.LoadSealed(content); err != nil {
			return nil, err
		}
	}
	draft.Audience = o.audience
	return draft, draft.Assign(o.with...)
}

// caller is who calls whom.
func (a *app) caller(c *contract.Contract, directory *keys.Directory, o requesting) (*client.Client, error) {
	if o.as == "" && len(directory.Issuers) > 1 {
		return nil, fmt.Errorf("name the issuer who calls with --as, %s has: %s", directory.Path, namesOf(directory))
	}
	issuer, err := issuerOf(directory, o.as)
	if err != nil {
		return nil, err
	}
	config := client.Of(directory, issuer)
	config.Contract, config.URL, config.Timeout = c, o.url, o.timeout
	if config.Now, err = clockAt(o.at); err != nil {
		return nil, err
	}
	return client.New(config)
}

// checked says what the contract objects to.
func (a *app) checked(c *contract.Contract, draft *client.Draft, strict bool) error {
	violations, err := draft.Check(c)
	if err != nil {
		return err
	}
	broken := 0
	for _, v := range violations {
		fmt.Fprintf(a.err, "%s: %s (p.%d, %s)\n", v.Level, v.Message, v.Page, v.Rule)
		if v.Level == contract.Must && v.Reject == "" {
			broken++
		}
	}
	if strict && broken > 0 {
		return fmt.Errorf("the call breaks %d rules of the contract and was not sent; correct it, or leave --strict out", broken)
	}
	return nil
}

func (a *app) printExchange(exchange client.Exchange, asJSON bool) error {
	if asJSON {
		return writeJSON(a, exchange)
	}
	return exchange.WriteText(a.out)
}

// outcome makes the exit code of an answer.
func outcome(answer *client.Answer) error {
	switch {
	case answer.Status == http.StatusUnauthorized:
		return &failure{code: exitRefused, cause: fmt.Errorf("answered %d %s: %s The sandbox's log and its console say which credential, and why", answer.Status, answer.Reason(), answer.Message())}
	case !answer.OK():
		return &failure{code: exitRefused, cause: fmt.Errorf("answered %d %s: %s", answer.Status, answer.Reason(), answer.Message())}
	case len(answer.Faults) > 0:
		return &failure{code: exitRefused, cause: fmt.Errorf("the answer has %d faults, the first: %s", len(answer.Faults), answer.Faults[0])}
	}
	return nil
}

// completeRequest offers operations, then the members of the one chosen.
func completeRequest(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	c, err := contract.Load()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	if len(args) == 0 {
		ids := []string{}
		for _, op := range c.Operations() {
			if op.Direction == contract.Inbound {
				ids = append(ids, op.ID)
			}
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
	op, err := c.Operation(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := client.Names(op)
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, begun) })
	for i := range names {
		names[i] += "="
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
