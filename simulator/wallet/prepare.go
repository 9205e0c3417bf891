package wallet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// How long cards and tokens are good whose date nobody gave, in years.
const (
	cardYears  = 4
	tokenYears = 3
)

// drawing is how often an identifier is drawn that turns out to be taken.
const drawing = 8

// prepare puts the PAN into the vault, so that it keeps its reference whatever
// becomes of the request, and drafts the token.
func (f *flow) prepare(ctx context.Context, r *Request) error {
	if r.Type == "" {
		r.Type = typeHCE
	}
	if err := r.check(f.Wallet); err != nil {
		return err
	}
	err := f.Vault.Update(ctx, f.issuer.Name, func(tx vault.Tx) error {
		if err := f.original(tx, r); err != nil {
			return err
		}
		if err := f.card(tx, *r); err != nil {
			return err
		}
		return f.draft(tx, *r)
	})
	if err != nil {
		return err
	}
	holder := outbound.SampleCardholder(r.CVV2)
	if r.Type != typeECommerce {
		delete(holder, "billingAddress") // for Secure Remote Commerce (p.47)
	}
	f.subject.Given["cardholderInfo"] = holder
	if r.CVV2 != "" {
		f.subject.Given["cvv2ResultsCode"] = cvv2Verified
	}
	f.subject.Given["locale"] = "en_US"
	if r.Locale != "" {
		f.subject.Given["locale"] = r.Locale
	}
	return nil
}

// original finds the token that the new one is made from, and its PAN.
func (f *flow) original(tx vault.Tx, r *Request) error {
	if r.Original == "" {
		return nil
	}
	t, err := tx.TokenByReference(r.Original)
	if err != nil {
		return fmt.Errorf("the original token %s: %w", r.Original, err)
	}
	pan, err := tx.PAN(t.PANReferenceID)
	if err != nil {
		return fmt.Errorf("the PAN of the original token: %w", err)
	}
	if r.PAN != "" && r.PAN != pan.Number {
		return fmt.Errorf("%w: the original token belongs to another card", ErrRequest)
	}
	r.PAN, r.Source = pan.Number, sourceToken
	f.subject.Original = &t
	return nil
}

// card finds the PAN or puts it into the vault. A date that is given is what
// the cardholder typed, and the vault follows it.
func (f *flow) card(tx vault.Tx, r Request) error {
	pan, err := tx.PANByNumber(r.PAN)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	changed := r.Expiration != (token.Expiration{}) && r.Expiration != pan.Expiration
	if errors.Is(err, vault.ErrNotFound) {
		if !slices.ContainsFunc(f.issuer.AccountRanges, func(digits string) bool { return strings.HasPrefix(r.PAN, digits) }) {
			return fmt.Errorf("%w: the PAN lies in no account range of issuer %q", ErrRequest, f.issuer.Name)
		}
		if pan, err = f.newPAN(tx, r); err != nil {
			return err
		}
		changed = true
	}
	if r.Expiration != (token.Expiration{}) {
		pan.Expiration = r.Expiration
	}
	f.subject.PAN = &pan
	if !changed {
		return nil
	}
	return tx.PutPAN(pan)
}

// newPAN gives a PAN a reference that is free.
func (f *flow) newPAN(tx vault.Tx, r Request) (vault.PAN, error) {
	now := f.Clock.Now()
	pan := vault.PAN{Number: r.PAN, Expiration: monthOf(now.AddDate(cardYears, 0, 0)), CreatedAt: now}
	if card, ok := f.Fixtures.Card(r.PAN); ok {
		pan.Expiration = token.Expiration{Month: card.ExpMonth, Year: card.ExpYear}
	}
	for range drawing {
		reference, err := fixtures.NewPANReferenceID(f.Rand)
		if err != nil {
			return pan, err
		}
		if _, err := tx.PAN(reference); errors.Is(err, vault.ErrNotFound) {
			pan.ReferenceID = reference
			return pan, nil
		} else if err != nil {
			return pan, err
		}
	}
	return pan, errRepeats
}

var errRepeats = fmt.Errorf("%d identifiers that were drawn are all taken; the source of randomness repeats itself", drawing)

func monthOf(at time.Time) token.Expiration {
	return token.Expiration{Month: at.UTC().Format("01"), Year: at.UTC().Format("2006")}
}

// draft is the token as it will be if it is approved, not stored yet.
func (f *flow) draft(tx vault.Tx, r Request) error {
	now := f.Clock.Now()
	trace, err := fixtures.NewLifeCycleTraceID(f.Rand)
	if err != nil {
		return err
	}
	t := token.Token{Issuer: f.issuer.Name, PANReferenceID: f.subject.PAN.ReferenceID, Type: r.Type, Status: token.Status(f.Contract.Tables.Lifecycle.States[0].Name),
		EntityOfLastAction: token.TokenRequestor, Expiration: monthOf(now.AddDate(tokenYears, 0, 0)), CreatedAt: now, StatusUpdatedAt: now,
		PANSource: r.Source, ConsumerEntryMode: r.EntryMode, AutoFill: &r.AutoFill, RequestorTspID: r.TSP, LifeCycleTraceID: trace}
	if f.subject.Original != nil {
		t.OriginalReferenceID = f.subject.Original.ReferenceID
	}
	if t.RequestorID, err = f.requestor(r); err != nil {
		return err
	}
	if err := f.identify(tx, &t); err != nil {
		return err
	}
	if err := f.equip(&t, r); err != nil {
		return err
	}
	f.subject.Token = &t
	if requestor, ok := f.Fixtures.TokenRequestor(t.RequestorID); ok {
		f.subject.Requestor = &requestor
	}
	return f.count(tx)
}

// requestor is who asks.
func (f *flow) requestor(r Request) (string, error) {
	if r.RequestorID != "" {
		return r.RequestorID, nil
	}
	for _, known := range f.Fixtures.TokenRequestors {
		works := r.TSP == "" || slices.ContainsFunc(known.TokenRequestorTSPs, func(tsp fixtures.TokenRequestorTSP) bool { return tsp.TokenRequestorTSPID == r.TSP })
		if works && slices.Contains(known.TokenTypes, r.Type) {
			return known.TokenRequestorID, nil
		}
	}
	return "", fmt.Errorf("%w: no token requestor of the fixtures asks for %s tokens in this way; name one", ErrRequest, r.Type)
}

// identify gives the token a reference and a number that are free.
func (f *flow) identify(tx vault.Tx, t *token.Token) error {
	for range drawing {
		var err error
		if t.ReferenceID, err = fixtures.NewTokenReferenceID(f.Rand); err != nil {
			return err
		}
		if t.Number, err = f.Fixtures.NewTokenNumber(f.Rand); err != nil {
			return err
		}
		_, byReference := tx.TokenByReference(t.ReferenceID)
		_, byNumber := tx.TokenByNumber(t.Number)
		if errors.Is(byReference, vault.ErrNotFound) && errors.Is(byNumber, vault.ErrNotFound) {
			return nil
		}
		for _, err := range []error{byReference, byNumber} {
			if err != nil && !errors.Is(err, vault.ErrNotFound) {
				return err
			}
		}
	}
	return errRepeats
}

// equip adds wallet, device and risk as such a wallet describes them.
func (f *flow) equip(t *token.Token, r Request) error {
	seed, err := f.newID()
	if err != nil {
		return err
	}
	sample, err := f.Builder.Sample(approve, outbound.Subject{Issuer: f.issuer, PAN: f.subject.PAN, Token: &token.Token{Type: t.Type}}, seed, f.Clock.Now())
	if err != nil {
		return err
	}
	t.WalletAccountEmailAddressHash, t.ClientWalletAccountID = text(sample["walletAccountEmailAddressHash"]), text(sample["clientWalletAccountID"])
	if t.PANSource == "" {
		t.PANSource = text(sample["panSource"])
	}
	if t.ConsumerEntryMode == "" {
		t.ConsumerEntryMode = text(sample["consumerEntryMode"])
	}
	if t.Device = maps.Clone(r.Device); t.Device == nil {
		t.Device = plain(outbound.SampleDevice(t.Type, seed))
	}
	if t.Risk = maps.Clone(r.Risk); t.Risk == nil {
		t.Risk = plain(outbound.SampleRisk(t.Type, seed))
	}
	if original := f.subject.Original; original != nil && len(original.Device) > 0 && t.Device != nil {
		for from, to := range map[string]string{"deviceID": "originalDeviceID", "deviceType": "originalDeviceType"} {
			if value, ok := original.Device[from]; ok {
				t.Device[to] = value // p.122
			}
		}
	}
	return nil
}

func plain(facts outbound.Facts) map[string]any {
	if facts == nil {
		return nil
	}
	return maps.Clone(map[string]any(facts))
}
