package wallet

import (
	"context"
	"errors"
	"fmt"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Step is one thing that happened in a flow.
type Step struct {
	// Operation that was called; empty for a step without a call.
	Operation string
	// Exchange is what was seen of the call, in clear: it must be masked
	// before anybody reads it. Row is its row in the journal, which is.
	Exchange *outbound.Exchange
	Row      string
	// Outcome says in one sentence what follows. It holds nothing sensitive.
	Outcome string
	// Broken are the rules that the call itself breaks; a flow that nobody
	// tampered with has none.
	Broken []contract.Violation
}

// Result is how a flow went.
type Result struct {
	// Path that was taken: approved, approved on condition, declined.
	Path fixtures.Path
	// ActionCode that counts, ErrorCode of the issuer if it gave one (p.127).
	ActionCode, ErrorCode string
	// StipReasonCode is set where Visa decided in the issuer's place (p.134).
	StipReasonCode string
	// Token as it is in the vault now; the zero Token when there is none.
	Token token.Token
	// Methods that were offered to the cardholder, Method the chosen one.
	Methods []fixtures.StepUpMethod
	Method  fixtures.StepUpMethod
	// Verification is the last activationVerificationResult (p.205).
	Verification string
	Steps        []Step
}

// flow is one flow on its way.
type flow struct {
	*Wallet
	issuer vault.Issuer
	target outbound.Target
	// subject of the calls; Given holds what only this flow knows.
	subject outbound.Subject
	result  *Result
	// row is the journal's row of the last call: the cause of what follows.
	row string
}

// begin finds the issuer and its endpoint.
func (w *Wallet) begin(ctx context.Context, issuer string) (*flow, error) {
	known, err := w.Vault.Issuer(ctx, issuer)
	if err != nil {
		return nil, fmt.Errorf("the issuer %q: %w", issuer, err)
	}
	target, err := w.Targets(known)
	if err != nil {
		return nil, fmt.Errorf("the endpoint of issuer %q: %w", issuer, err)
	}
	return &flow{Wallet: w, issuer: known, target: target, result: &Result{}, subject: outbound.Subject{Issuer: known, Given: outbound.Facts{}}}, nil
}

// about makes the token of the vault the flow's subject.
func (f *flow) about(ctx context.Context, reference string) error {
	return f.Vault.View(ctx, f.issuer.Name, func(tx vault.Tx) error {
		t, err := tx.TokenByReference(reference)
		if err != nil {
			return fmt.Errorf("the token %s: %w", reference, err)
		}
		pan, err := tx.PAN(t.PANReferenceID)
		if err != nil {
			return fmt.Errorf("the PAN of token %s: %w", reference, err)
		}
		f.subject.PAN = &pan
		f.own(t)
		if t.OriginalReferenceID != "" {
			original, err := tx.TokenByReference(t.OriginalReferenceID)
			if err != nil {
				return fmt.Errorf("the original token %s: %w", t.OriginalReferenceID, err)
			}
			f.subject.Original = &original
		}
		return f.count(tx)
	})
}

// own takes over the token's present state.
func (f *flow) own(t token.Token) {
	f.subject.Token, f.result.Token = &t, t
	if requestor, ok := f.Fixtures.TokenRequestor(t.RequestorID); ok {
		f.subject.Requestor = &requestor
	}
}

// count counts the PAN's tokens by status (INT-168).
func (f *flow) count(tx vault.Tx) error {
	tokens, err := tx.TokensOfPAN(f.subject.PAN.ReferenceID, 0)
	if err != nil {
		return err
	}
	f.subject.Tokens = map[token.Status]int{}
	for _, t := range tokens {
		f.subject.Tokens[t.Status]++
	}
	return nil
}

// ErrNotSent says that a call could not be made on this side, so that nothing
// follows from it.
var ErrNotSent = errors.New("not sent")

// call makes one call to the issuer from the flow's subject and the facts of
// the occasion, writes it to the journal and reads the answer. The error is
// one of this side; what the issuer does wrong is in the answer.
func (f *flow) call(ctx context.Context, operation string, occasion outbound.Facts) (answer, error) {
	subject := f.subject
	subject.Given = outbound.Facts{}
	for _, facts := range []outbound.Facts{f.subject.Given, occasion} {
		for name, fact := range facts {
			subject.Given[name] = fact
		}
	}
	call, err := f.Builder.Build(operation, outbound.FactsOf(subject, f.Clock.Now()), nil)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w: %w", operation, ErrNotSent, err)
	}
	broken, err := f.Builder.Check(call)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w: %w", operation, ErrNotSent, err)
	}
	requestID, err := f.newID()
	if err != nil {
		return answer{}, err
	}
	options := outbound.Options{RequestID: requestID}
	if f.Deadline != nil {
		options.Deadline = f.Deadline(operation)
	}
	x := f.Client.Do(ctx, f.target, call, options)
	row := f.Client.Row(x, f.row)
	row.ID = f.Vault.NewID()
	if err := f.Vault.Journal(ctx, row); err != nil {
		return answer{}, fmt.Errorf("%s: %w", operation, err)
	}
	f.row = row.ID
	f.result.Steps = append(f.result.Steps, Step{Operation: operation, Exchange: x, Row: row.ID, Broken: broken})
	return f.read(x)
}

// note says what follows from the last step.
func (f *flow) note(format string, args ...any) {
	last := len(f.result.Steps) - 1
	f.result.Steps[last].Outcome = fmt.Sprintf(format, args...)
}

// event is a step without a call.
func (f *flow) event(format string, args ...any) {
	f.result.Steps = append(f.result.Steps, Step{Outcome: fmt.Sprintf(format, args...)})
}
