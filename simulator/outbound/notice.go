package outbound

import (
	"errors"
	"fmt"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Facts of a notification that are not members of a payload by that name.
const (
	// factReference names a card of a structure; the number takes its place.
	factReference = "panReferenceID"
	// factFlat holds members that stand at the top of the payload (INT-094).
	factFlat = "clientInformation"
	// factEvent chooses the value of the query where there are several.
	factEvent = "eventType"
)

// SubjectOf is what a queued notification is about, as the vault knows it now:
// its token, the one that this was made from, PAN and requestor, and its facts with the numbers in the place of
// the references. A token or PAN that is gone meanwhile is an error; there is
// nothing left to tell about it. Requestor may be nil.
func (b *Builder) SubjectOf(tx vault.Tx, issuer vault.Issuer, n vault.Notification, requestor func(string) (fixtures.TokenRequestor, bool)) (Subject, error) {
	s := Subject{Issuer: issuer, Given: Facts{}}
	if n.TokenID != "" {
		t, err := tx.TokenByReference(n.TokenID)
		if err != nil {
			return s, fmt.Errorf("the token %s of the notification: %w", n.TokenID, err)
		}
		s.Token, n.PANID = &t, t.PANReferenceID
		if err := s.findOriginal(tx); err != nil {
			return s, err
		}
		if requestor != nil {
			if known, ok := requestor(t.RequestorID); ok {
				s.Requestor = &known
			}
		}
	}
	if n.PANID != "" {
		pan, err := tx.PAN(n.PANID)
		if err != nil {
			return s, fmt.Errorf("the PAN %s of the notification: %w", n.PANID, err)
		}
		s.PAN = &pan
		if s.Tokens, err = countTokens(tx, n.PANID); err != nil {
			return s, err
		}
	}
	if err := s.give(tx, n); err != nil {
		return s, err
	}
	return s, b.complete(n.Operation, &s)
}

// findOriginal finds the token that the subject's was made from.
func (s *Subject) findOriginal(tx vault.Tx) error {
	if s.Token.OriginalReferenceID == "" {
		return nil
	}
	original, err := tx.TokenByReference(s.Token.OriginalReferenceID)
	if err != nil {
		return fmt.Errorf("the original token %s of the notification: %w", s.Token.OriginalReferenceID, err)
	}
	s.Original = &original
	return nil
}

// complete gives what the operation requires and nobody knows, such as the
// wallet account of a token that was made by hand.
func (b *Builder) complete(operation string, s *Subject) error {
	op, err := b.contract.Operation(operation)
	if err != nil {
		return err
	}
	seed := ""
	if s.Token != nil {
		seed = s.Token.ReferenceID
	}
	at := time.Time{} // no member that is required holds a time of the sample
	sample, err := b.Sample(operation, *s, seed, at)
	if err != nil {
		return err
	}
	known := FactsOf(*s, at)
	if reason, ok := s.Given[memberReason].(string); ok {
		for name, value := range b.Reason(operation, reason) {
			if _, given := known[name]; !given {
				s.Given[name] = value
			}
		}
	}
	if op.Field(contract.Request) == nil {
		return nil
	}
	for _, member := range op.Field(contract.Request).Fields {
		value, sampled := sample[member.Name]
		if _, given := known[member.Name]; sampled && !given && member.Requirement == contract.Required {
			s.Given[member.Name] = value
		}
	}
	return nil
}

// countTokens counts a PAN's tokens by status.
func countTokens(tx vault.Tx, pan string) (map[token.Status]int, error) {
	tokens, err := tx.TokensOfPAN(pan, 0)
	if err != nil {
		return nil, err
	}
	counts := map[token.Status]int{}
	for _, t := range tokens {
		counts[t.Status]++
	}
	return counts, nil
}

// give takes over the notification's own facts.
func (s *Subject) give(tx vault.Tx, n vault.Notification) error {
	for name, fact := range n.Facts {
		members, ok := fact.(map[string]any)
		switch {
		case ok && name == factFlat:
			for member, value := range members {
				s.Given[member] = value
			}
		case ok:
			resolved, err := resolve(tx, members)
			if err != nil {
				return fmt.Errorf("%s of the notification: %w", name, err)
			}
			s.Given[name] = resolved
		default:
			s.Given[name] = fact
		}
	}
	if n.EventType != "" {
		s.Given[factEvent] = n.EventType
	}
	return nil
}

// resolve puts the number of a card in the place of its reference.
func resolve(tx vault.Tx, members map[string]any) (Facts, error) {
	resolved := Facts{}
	for name, value := range members {
		resolved[name] = value
	}
	reference, ok := members[factReference].(string)
	if !ok {
		return resolved, nil
	}
	pan, err := tx.PAN(reference)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, fmt.Errorf("the PAN %s: %w", reference, err)
	}
	if err != nil {
		return nil, err
	}
	delete(resolved, factReference)
	resolved["primaryAccountNumber"] = pan.Number
	return resolved, nil
}
