package calls

import (
	"context"
	"fmt"
	"strconv"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Single asks for one call of any operation, outside of a flow: a sample that
// fits the contract, with overrides. Nothing is changed by it.
type Single struct {
	Issuer    vault.Issuer
	Operation string
	// TokenReferenceID names the token of the vault that the call is about.
	// Without one it is about a sample of TokenType for the Card, which the
	// vault does not know.
	TokenReferenceID string
	Card             keys.Card
	TokenType        string
	// Seed makes the sample; the same one makes the same sample.
	Seed string
	// With overrides members by name or dotted path; nil takes one out.
	With map[string]any
	// Corrupt are the ids of what is broken on purpose.
	Corrupt []string
}

// RequestError is a mistake in what was asked for, and in which part of it.
type RequestError struct {
	Field string
	err   error
}

func (e *RequestError) Error() string { return e.err.Error() }
func (e *RequestError) Unwrap() error { return e.err }

// Prepared is a call that can be made.
type Prepared struct {
	Call    *outbound.Call
	Options outbound.Options
	// Broken are the rules that the call itself breaks, by its overrides.
	Broken []contract.Violation
}

// Prepare makes the payload. A mistake of the caller is a *RequestError.
func (c *Calls) Prepare(ctx context.Context, s Single) (*Prepared, error) {
	op, err := c.Contract.Operation(s.Operation)
	if err != nil {
		return nil, &RequestError{"operation", err}
	}
	if op.Direction != contract.Outbound {
		return nil, &RequestError{"operation", fmt.Errorf("%s is a call that issuers make", op.ID)}
	}
	p := &Prepared{}
	for _, id := range s.Corrupt {
		corruption, err := outbound.CorruptionByID(id)
		if err != nil {
			return nil, &RequestError{"corrupt", err}
		}
		p.Options.Corrupt = append(p.Options.Corrupt, corruption)
	}
	subject, err := c.subject(ctx, s)
	if err != nil {
		return nil, err
	}
	now := c.Clock.Now()
	sample, err := c.builder.Sample(op.ID, subject, s.Seed, now)
	if err != nil {
		return nil, err
	}
	for name, fact := range subject.Given {
		sample[name] = fact
	}
	if reason, ok := s.With["messageReasonCode"].(string); ok {
		for name, fact := range c.builder.Reason(op.ID, reason) {
			sample[name] = fact
		}
	}
	subject.Given = sample
	if p.Call, err = c.builder.Build(op.ID, outbound.FactsOf(subject, now), s.With); err != nil {
		return nil, &RequestError{"with", err}
	}
	p.Broken, err = c.builder.Check(p.Call)
	return p, err
}

// Make prepares the call, makes it and writes it to the journal. The row is
// masked.
func (c *Calls) Make(ctx context.Context, s Single) (*Prepared, vault.Traffic, error) {
	p, err := c.Prepare(ctx, s)
	if err != nil {
		return nil, vault.Traffic{}, err
	}
	target, err := c.Targets(s.Issuer)
	if err != nil {
		return nil, vault.Traffic{}, err
	}
	row := c.client.Row(c.client.Do(ctx, target, p.Call, p.Options), "")
	row.ID = c.store.NewID()
	return p, row, c.store.Journal(ctx, row)
}

// subject is what the call is about.
func (c *Calls) subject(ctx context.Context, s Single) (outbound.Subject, error) {
	if s.TokenReferenceID == "" {
		return c.sampled(s)
	}
	subject := outbound.Subject{Issuer: s.Issuer, Tokens: map[token.Status]int{}, Given: outbound.Facts{"cardholderInfo": holder("")}}
	err := c.store.View(ctx, s.Issuer.Name, func(tx vault.Tx) error {
		t, err := tx.TokenByReference(s.TokenReferenceID)
		if err != nil {
			return &RequestError{"tokenReferenceID", fmt.Errorf("the token %s: %w", s.TokenReferenceID, err)}
		}
		pan, err := tx.PAN(t.PANReferenceID)
		if err != nil {
			return err
		}
		all, err := tx.TokensOfPAN(pan.ReferenceID, 0)
		for _, other := range all {
			subject.Tokens[other.Status]++
		}
		subject.Token, subject.PAN = &t, &pan
		return err
	})
	if err != nil {
		return subject, err
	}
	if requestor, ok := c.Fixtures.TokenRequestor(subject.Token.RequestorID); ok {
		subject.Requestor = &requestor
	}
	return subject, nil
}

// References of the samples; no vault has them.
const (
	samplePAN   = "V-4815623108451962340001"
	sampleToken = "DNITHE481562310845196234"
)

// How long a card is good whose date nobody gave, in years.
const cardYears = 3

// sampled is a card and an active token of it, as samples.
func (c *Calls) sampled(s Single) (outbound.Subject, error) {
	now := c.Clock.Now()
	date := token.Expiration{Month: s.Card.ExpMonth, Year: s.Card.ExpYear}
	if date.Year == "" {
		date = token.Expiration{Month: "12", Year: strconv.Itoa(now.Year() + cardYears)}
	}
	pan := vault.PAN{ReferenceID: samplePAN, Number: s.Card.PAN, Expiration: date}
	t := token.Token{Issuer: s.Issuer.Name, ReferenceID: sampleToken, PANReferenceID: pan.ReferenceID, Type: s.TokenType, Status: "ACTIVE",
		Number: c.Fixtures.TokenRange, Expiration: date, ActivatedAt: now, StatusUpdatedAt: now, CreatedAt: now}
	for len(t.Number) < 15 {
		t.Number += "0"
	}
	t.Number += string(fixtures.CheckDigit(t.Number))
	for _, requestor := range c.Fixtures.TokenRequestors {
		for _, known := range requestor.TokenTypes {
			if known == s.TokenType && t.RequestorID == "" {
				t.RequestorID = requestor.TokenRequestorID
			}
		}
	}
	if t.RequestorID == "" {
		return outbound.Subject{}, &RequestError{"tokenType", fmt.Errorf("no token requestor asks for tokens of type %q", s.TokenType)}
	}
	return outbound.Subject{Issuer: s.Issuer, PAN: &pan, Token: &t, Tokens: map[token.Status]int{t.Status: 1}, Given: outbound.Facts{"cardholderInfo": holder(s.Card.CVV2)}}, nil
}

// holder is a cardholder as most operations take it.
func holder(cvv2 string) outbound.Facts {
	facts := outbound.SampleCardholder(cvv2)
	delete(facts, "billingAddress")
	return facts
}
