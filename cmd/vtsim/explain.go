package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/keys/xpay"
)

func (a *app) explainCommand() *cobra.Command {
	return group("explain", "Why a call was refused: what was signed or sealed, what should have been, which mistake explains it",
		`  vtsim explain xpay --url 'https://localhost:8443/vtis/v1/updateCardMetadata?apiKey=…' --body body.json --token 'xv2:…'
  vtsim explain jose blob.txt --issuer demo-bank`,
		a.explainXPay(), a.explainJOSE())
}

func (a *app) explainXPay() *cobra.Command {
	var o xpayQuestion
	cmd := &cobra.Command{Use: "xpay", Short: "Explain an x-pay-token", Args: cobra.NoArgs,
		Long: `Verifies an x-pay-token for a call and, when it is refused, tries the known mistakes until
one explains the digest. The shared secret comes from the issuer's credentials in the data
directory, or from --secret-file. Exit code 0: the token is right; 1: it is refused.`,
		Example: `  vtsim explain xpay --url 'https://localhost:8443/vtis/v1/updateCardMetadata?apiKey=ABC' \
    --body body.json --token 'xv2:1440199445:4a3…' --issuer demo-bank
  vtsim explain xpay --url … --token … --secret-file secret.txt --at 2026-01-02T12:00:00Z`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.answerXPay(cmd, o) }}
	flags := cmd.Flags()
	flags.StringVar(&o.url, "url", "", "the URL as it was called, with its query (required)")
	flags.StringVar(&o.method, "method", "POST", "HTTP method")
	flags.StringVar(&o.body, "body", "", "file with the exact bytes of the body; - is standard input")
	flags.StringVar(&o.token, "token", "", "the header's value as it was sent (required)")
	flags.StringVar(&o.issuer, "issuer", "", "issuer of the data directory")
	flags.StringVar(&o.secret, "secret-file", "", "file with the shared secret, instead of --issuer")
	flags.StringVar(&o.at, "at", "", "time of the call, RFC 3339 (default now)")
	flags.BoolVar(&o.showBody, "show-body", false, "the body holds nothing sensitive and may be shown")
	return cmd
}

type xpayQuestion struct {
	url, method, body, token, issuer, secret, at string
	showBody                                     bool
}

func (a *app) answerXPay(cmd *cobra.Command, o xpayQuestion) error {
	if o.url == "" || o.token == "" {
		return errors.New("--url and --token are required; see vtsim explain xpay --help")
	}
	target, err := url.Parse(o.url)
	if err != nil {
		return fmt.Errorf("--url is not a URL: %w", errors.Unwrap(err))
	}
	clock, err := clockAt(o.at)
	if err != nil {
		return err
	}
	call := xpay.Call{Method: strings.ToUpper(o.method), Host: target.Host, Path: target.EscapedPath(), Query: target.RawQuery}
	if o.body != "" {
		if call.Body, err = readFile(a, o.body); err != nil {
			return err
		}
	}
	c, _, err := a.settings()
	if err != nil {
		return err
	}
	question := xpay.Case{Call: call, Header: o.token, BodyIsSafe: o.showBody}
	if err := a.secrets(o, &question); err != nil {
		return err
	}
	doctor := xpay.Doctor{Rules: keys.PayTokenRules(c.Tables.Envelope), Clock: clock}
	found, err := doctor.Diagnose(cmd.Context(), question)
	if err != nil {
		return err
	}
	fmt.Fprint(a.out, found.Text())
	if found.Reason != "" {
		return &failure{code: exitRefused, cause: fmt.Errorf("the x-pay-token is refused: %s", found.Reason)}
	}
	return nil
}

// secrets fills in what the token may have been signed with.
func (a *app) secrets(o xpayQuestion, question *xpay.Case) error {
	if o.secret != "" {
		content, err := readFile(a, o.secret)
		if err != nil {
			return err
		}
		question.Secrets = []xpay.Secret{xpay.NewSecret(o.secret, []byte(strings.TrimRight(string(content), "\r\n")))}
		return nil
	}
	_, directory, err := a.directory()
	if err != nil {
		return err
	}
	issuer, err := issuerOf(directory, o.issuer)
	if err != nil {
		return err
	}
	question.Secrets = []xpay.Secret{xpay.NewSecret("issuer "+issuer.Name, []byte(issuer.Credentials.SharedSecret))}
	for name, other := range directory.Issuers {
		if name != issuer.Name {
			question.Others = append(question.Others, xpay.NewSecret("issuer "+name, []byte(other.Credentials.SharedSecret)))
		}
	}
	return nil
}

func (a *app) explainJOSE() *cobra.Command {
	var issuerName, to, at string
	var push bool
	cmd := &cobra.Command{Use: "jose FILE", Short: "Explain an encryptedData blob", Args: cobra.ExactArgs(1),
		Long: `Opens a sealed payload with the keys of the data directory and, when it is refused, says at
which layer and which known mistake explains it. The payload itself is never shown. FILE holds
the blob; - is standard input. Exit code 0: it opens; 1: it is refused.`,
		Example: `  vtsim explain jose blob.txt --issuer demo-bank           # a call to Visa
  vtsim explain jose blob.txt --issuer demo-bank --to issuer  # a call to the issuer`,
		RunE: func(_ *cobra.Command, args []string) error {
			clock, err := clockAt(at)
			if err != nil {
				return err
			}
			c, directory, err := a.directory()
			if err != nil {
				return err
			}
			issuer, err := issuerOf(directory, issuerName)
			if err != nil {
				return err
			}
			content, err := readFile(a, args[0])
			if err != nil {
				return err
			}
			envelope, err := jose.New(keys.JOSERules(c.Tables.Envelope), clock)
			if err != nil {
				return err
			}
			question, err := joseQuestion(directory, issuer, to, string(content))
			if err != nil {
				return err
			}
			if push {
				question.Use = jose.UsePushCardEnrollment
			}
			found, err := envelope.Diagnose(question)
			if err != nil {
				return err
			}
			fmt.Fprint(a.out, found.Text())
			if found.Refused != nil {
				return &failure{code: exitRefused, cause: fmt.Errorf("the envelope is refused: %s", found.Refused.Reason)}
			}
			return nil
		}}
	cmd.Flags().StringVar(&issuerName, "issuer", "", "issuer of the data directory")
	cmd.Flags().StringVar(&to, "to", "visa", "who should open it: visa or issuer")
	cmd.Flags().BoolVar(&push, "push", false, "it belongs to pushCardEnrollmentToWallet")
	cmd.Flags().StringVar(&at, "at", "", "time of the call, RFC 3339 (default now)")
	return cmd
}

// joseQuestion takes the ring of who should open the blob, and all other keys
// of the directory as known ones.
func joseQuestion(directory *keys.Directory, issuer *keys.Issuer, to, blob string) (jose.Case, error) {
	question := jose.Case{Use: jose.UseAPI, Blob: blob}
	visa := jose.Keyring{
		Decryption:   []jose.DecryptionKey{{ID: issuer.Credentials.APIKey, Label: "Visa encryption key", RSA: directory.VisaEncryption.Key}},
		Verification: []jose.VerificationKey{{ID: issuer.Credentials.SigningKeyID, Label: issuer.Name + " signing key", RSA: issuer.Signing.Public()}}}
	bank := jose.Keyring{
		Decryption:   []jose.DecryptionKey{{ID: issuer.Credentials.APIKey, Label: issuer.Name + " encryption key", RSA: issuer.Encryption.Key}},
		Verification: []jose.VerificationKey{{ID: directory.VisaSigning.ID, Label: "Visa signing key", RSA: directory.VisaSigning.Public()}}}
	switch to {
	case "visa":
		question.Keys, question.Known = visa, bank
	case "issuer":
		question.Keys, question.Known = bank, visa
	default:
		return question, fmt.Errorf("--to %q is unknown, want visa or issuer", to)
	}
	for name, other := range directory.Issuers {
		if name == issuer.Name {
			continue
		}
		question.Known.Decryption = append(question.Known.Decryption, jose.DecryptionKey{ID: other.Credentials.APIKey, Label: name + " encryption key", RSA: other.Encryption.Key})
		question.Known.Verification = append(question.Known.Verification, jose.VerificationKey{ID: other.Credentials.SigningKeyID, Label: name + " signing key", RSA: other.Signing.Public()})
	}
	return question, nil
}

// clockAt is the clock at the time given, or the real one.
func clockAt(at string) (func() time.Time, error) {
	if at == "" {
		return time.Now, nil
	}
	fixed, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return nil, fmt.Errorf("--at %q is not a time like 2026-01-02T12:00:00Z", at)
	}
	return func() time.Time { return fixed }, nil
}
