package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/keys/xpay"
)

func (a *app) demoCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{Use: "demo", Short: "Show what works, end to end: keys, a sealed and signed call, its judgement, a doctor", Args: cobra.NoArgs,
		Long: `Makes a data directory, builds a call as an issuer would (sealed, signed), opens and judges it
as Visa would, then breaks it in three ways and lets the contract and the doctors say what is wrong.
Then it starts the sandbox, puts a token into it and calls it as an issuer would.
Writes the contract and the call to --out. Certification joins this demo when it is built.`,
		Example: "  vtsim demo --out out",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), out) }}
	cmd.Flags().StringVar(&out, "out", "out", "directory for what the demo writes")
	return cmd
}

// demonstration is the state of one demo.
type demonstration struct {
	*app
	contract *contract.Contract
	issuer   *keys.Issuer
	keys     *keys.Directory
	envelope *jose.Envelope
	out      string
}

func (a *app) demo(ctx context.Context, out string) error {
	started := time.Now()
	c, settings, err := a.settings()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "contract   %d operations, %d rules of the issuer API %s, loaded in %s\n", len(c.Operations()), len(c.Rules()), c.Spec(), time.Since(started).Round(time.Millisecond))
	a.data = filepath.Join(out, "data")
	if err := os.RemoveAll(a.data); err != nil {
		return err
	}
	if _, err := keys.Init(ctx, a.data, keys.InitOptions{Settings: settings}); err != nil {
		return err
	}
	d := &demonstration{app: a, contract: c, out: out}
	if d.keys, err = keys.LoadDirectory(a.data, settings); err != nil {
		return err
	}
	if d.issuer, err = issuerOf(d.keys, ""); err != nil {
		return err
	}
	if d.envelope, err = jose.New(keys.JOSERules(c.Tables.Envelope), time.Now); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "keys       %s: PKI, Visa's keys, issuer %s\n", a.data, d.issuer.Name)
	if err := d.export(); err != nil {
		return err
	}
	for _, show := range []func(context.Context) error{d.goodCall, d.wrongPayload, d.wrongToken, d.wrongKey, d.sandbox} {
		if err := show(ctx); err != nil {
			return &failure{code: exitIncomplete, cause: err}
		}
	}
	fmt.Fprintln(a.out, "demo       all of it as expected. Not yet here: certifying.")
	return nil
}

func (d *demonstration) export() error {
	document, err := d.contract.Export(contract.Visa)
	if err != nil {
		return err
	}
	file := filepath.Join(d.out, "contract.json")
	fmt.Fprintf(d.app.out, "export     %s, OpenAPI 3.1\n", file)
	return os.WriteFile(file, document, 0o644)
}

// inquiry is the sealed payload of tokenInquiryByPAN for the issuer's first
// card.
func (d *demonstration) inquiry() map[string]any {
	return map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": d.issuer.Profile.Cards[0].PAN}}
}

func (d *demonstration) seal(payload any, to jose.EncryptionKey) (string, error) {
	content, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	return d.envelope.Seal(jose.UseAPI, content, jose.Sealing{To: to, By: jose.SigningKey{ID: d.issuer.Credentials.SigningKeyID, RSA: d.issuer.Signing.Key}})
}

// visa is whom an issuer seals for, and the ring that opens it.
func (d *demonstration) visa() (jose.EncryptionKey, jose.Keyring) {
	question, _ := joseQuestion(d.keys, d.issuer, "visa", "")
	return jose.EncryptionKey{ID: d.issuer.Credentials.APIKey, RSA: d.keys.VisaEncryption.Public()}, question.Keys
}

func (d *demonstration) call(body []byte) (xpay.Call, error) {
	op, err := d.contract.Operation("tokenInquiryByPAN")
	if err != nil {
		return xpay.Call{}, err
	}
	return xpay.Call{Method: op.Method, Host: "localhost:8443", Path: op.Path, Query: "apiKey=" + d.issuer.Credentials.APIKey, Body: body}, nil
}

func (d *demonstration) secret() xpay.Secret {
	return xpay.NewSecret("issuer "+d.issuer.Name, []byte(d.issuer.Credentials.SharedSecret))
}

func (d *demonstration) goodCall(ctx context.Context) error {
	to, ring := d.visa()
	blob, err := d.seal(d.inquiry(), to)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"encryptedData": blob})
	if err != nil {
		return err
	}
	call, err := d.call(body)
	if err != nil {
		return err
	}
	rules := keys.PayTokenRules(d.contract.Tables.Envelope)
	signed, err := xpay.Sign(rules, d.secret(), time.Now(), call)
	if err != nil {
		return err
	}
	if _, err := (xpay.Verifier{Rules: rules, Clock: time.Now}).Verify(ctx, d.secret(), signed, call); err != nil {
		return err
	}
	opened, err := d.envelope.Open(jose.UseAPI, blob, ring)
	if err != nil {
		return err
	}
	violations, err := d.judge(opened.Payload)
	if err != nil || len(violations) > 0 {
		return fmt.Errorf("a right payload was refused: %v %w", violations, err)
	}
	fmt.Fprintln(d.app.out, "round trip tokenInquiryByPAN sealed, signed, verified, opened and judged: right")
	return os.WriteFile(filepath.Join(d.out, "call.json"), body, 0o644)
}

func (d *demonstration) judge(payload []byte) ([]contract.Violation, error) {
	value, err := contract.Decode(payload)
	if err != nil {
		return nil, err
	}
	return d.contract.Validate("tokenInquiryByPAN", contract.SealedRequest, value)
}

func (d *demonstration) wrongPayload(context.Context) error {
	violations, err := d.judge([]byte(`{"cardholderInfo":{"primaryAccountNumber":"4000 0000 1000 0018 00"}}`))
	if err != nil {
		return err
	}
	if len(violations) == 0 {
		return fmt.Errorf("a wrong payload passed")
	}
	for _, v := range violations {
		row := d.contract.ErrorFor("tokenInquiryByPAN", v)
		fmt.Fprintf(d.app.out, "refused    %s: %s (p.%d) -> HTTP %d %s\n", v.Rule, v.Message, v.Page, row.HTTP, row.Reason())
	}
	return nil
}

func (d *demonstration) wrongToken(ctx context.Context) error {
	call, err := d.call([]byte(`{}`))
	if err != nil {
		return err
	}
	slashed := call
	slashed.Path = "/" + call.Path
	rules := keys.PayTokenRules(d.contract.Tables.Envelope)
	signed, err := xpay.Sign(rules, xpay.NewSecret("of another issuer", []byte("not-the-secret")), time.Now(), slashed)
	if err != nil {
		return err
	}
	found, err := xpay.Doctor{Rules: rules, Clock: time.Now}.Diagnose(ctx, xpay.Case{Call: call, Header: signed, Secrets: []xpay.Secret{d.secret()},
		Others: []xpay.Secret{xpay.NewSecret("of another issuer", []byte("not-the-secret"))}})
	if err != nil {
		return err
	}
	return d.explained("x-pay-token", found.Explained && found.Reason != "", found.Text())
}

func (d *demonstration) wrongKey(context.Context) error {
	// Sealed for the issuer itself instead of Visa.
	blob, err := d.seal(d.inquiry(), jose.EncryptionKey{ID: d.issuer.Credentials.APIKey, RSA: d.issuer.Encryption.Public()})
	if err != nil {
		return err
	}
	question, err := joseQuestion(d.keys, d.issuer, "visa", blob)
	if err != nil {
		return err
	}
	question.Known.Decryption = append(question.Known.Decryption, jose.DecryptionKey{ID: d.issuer.Credentials.APIKey, Label: "the issuer's own encryption key", RSA: d.issuer.Encryption.Key})
	found, err := d.envelope.Diagnose(question)
	if err != nil {
		return err
	}
	return d.explained("envelope", found.Refused != nil && len(found.Mistakes) > 0 && found.Mistakes[0].Explains, found.Text())
}

// explained prints a diagnosis, indented.
func (d *demonstration) explained(what string, ok bool, text string) error {
	if !ok {
		return fmt.Errorf("the %s doctor did not explain the mistake: %s", what, text)
	}
	fmt.Fprintf(d.app.out, "doctor     a wrong %s, explained:\n", what)
	for _, line := range bytes.Split(bytes.TrimRight([]byte(text), "\n"), []byte("\n")) {
		fmt.Fprintf(d.app.out, "           | %s\n", line)
	}
	return nil
}
