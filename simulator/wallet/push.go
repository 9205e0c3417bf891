package wallet

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// recordPush is the kind of the records that a push of cards left, one for
// each wallet and card; see package inbound.
const recordPush = "push"

const notifyPushed = "pushProvisioningStatusNotification"

// Values of statusCode (p.237).
const (
	pushProvisioned  = "SUCCESS"
	pushNotReached   = "NOTIFICATION_FAILURE"
	pushNotProvision = "PROVISION_FAILURE"
)

// sourcePushed is the panSource of a card that the issuer's app pushed (p.118).
const sourcePushed = "MOBILE_BANKING_APP"

// Reception is what a wallet does with a push.
type Reception string

const (
	// ReceptionTaken asks for a token of the card; it is what happens when
	// nothing is said.
	ReceptionTaken Reception = ""
	// ReceptionUnreached: the push does not reach the wallet.
	ReceptionUnreached Reception = "unreached"
	// ReceptionRefused: the wallet, or its user, does not want the card.
	ReceptionRefused Reception = "refused"
)

// PushRequest says what the wallets make of cards that an issuer pushed
// (p.212-223). Issuer and PushData are required.
type PushRequest struct {
	// PushData names the push: it is what the wallet's app was opened with,
	// and stands in the push records of the vault.
	Issuer, PushData string
	// ClientID is the wallet, by its profile (p.97); empty means every wallet
	// that the push went to.
	ClientID  string
	Reception Reception
	// Passcode is what the user typed of the passcode that the issuer gave the
	// push (p.219); empty checks none.
	Passcode string
	// Ask is how the wallet asks for each token. Issuer, PAN and RequestorID
	// are the push's, Type is the first of the wallet's profile and Source the
	// issuer's app unless they are given.
	Ask Request
}

// Pushed is what became of one card at one wallet.
type Pushed struct {
	ClientID, PANReferenceID string
	// StatusCode is what the issuer is told (p.237).
	StatusCode string
	// Why the card was not provisioned; empty when it was.
	Why string
	// Provisioning is the flow, nil where there was none.
	Provisioning *Result
}

// Push lets the wallets work on the cards of a push, each on its own, and tells
// the issuer once for each card and wallet how it ended (p.235). A card whose
// end was told before is left alone; with none left it is ErrRequest. The
// issuer's setting {"outcomes": {"pushProvisioningStatusNotification":
// "wallet"}} keeps its pushes waiting for this function; without it they
// succeed, or fail, by themselves.
func (w *Wallet) Push(ctx context.Context, r PushRequest) ([]Pushed, error) {
	if !slices.Contains([]Reception{ReceptionTaken, ReceptionUnreached, ReceptionRefused}, r.Reception) {
		return nil, fmt.Errorf("%w: no wallet does %q with a push", ErrRequest, r.Reception)
	}
	waiting, err := w.waiting(ctx, r)
	if err != nil {
		return nil, err
	}
	var ended []Pushed
	for _, card := range waiting {
		p, err := w.receive(ctx, r, card)
		if err != nil {
			return ended, fmt.Errorf("the push %s to %s: %w", r.PushData, text(card.Content["clientID"]), err)
		}
		ended = append(ended, p)
	}
	return ended, nil
}

// waiting are the records of the push's Visa cards whose end nobody was told.
func (w *Wallet) waiting(ctx context.Context, r PushRequest) ([]vault.Record, error) {
	var found []vault.Record
	err := w.Vault.View(ctx, r.Issuer, func(tx vault.Tx) (err error) {
		prefix := ""
		if r.ClientID != "" {
			prefix = r.ClientID + "/" + r.PushData + "/"
		}
		found, err = tx.Records(recordPush, prefix, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(c vault.Record) bool {
		return text(c.Content["pushData"]) != r.PushData || text(c.Content["panReferenceID"]) == ""
	})
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: issuer %q has pushed no card by this pushData, or not to this wallet", ErrRequest, r.Issuer)
	}
	found = slices.DeleteFunc(found, told)
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: the issuer was told before how this push ended; its setting outcomes/%s: wallet keeps pushes waiting", ErrRequest, notifyPushed)
	}
	return found, nil
}

func told(c vault.Record) bool { return text(c.Content["statusCode"]) != "" }

// receive works on one card of the push and tells how it ended.
func (w *Wallet) receive(ctx context.Context, r PushRequest, card vault.Record) (Pushed, error) {
	p := Pushed{ClientID: text(card.Content["clientID"]), PANReferenceID: text(card.Content["panReferenceID"]), StatusCode: pushNotProvision}
	switch {
	case r.Reception == ReceptionUnreached:
		p.StatusCode, p.Why = pushNotReached, "the push did not reach the wallet"
	case r.Reception == ReceptionRefused:
		p.Why = "the wallet does not take the card"
	default:
		if err := w.askFor(ctx, r, card, &p); err != nil {
			return p, err
		}
	}
	return p, w.concludePush(ctx, r.Issuer, card.Key, p)
}

// askFor provisions the card, where the passcode is right.
func (w *Wallet) askFor(ctx context.Context, r PushRequest, card vault.Record, p *Pushed) error {
	profile, ok := w.Fixtures.NHPPProfile(p.ClientID)
	if !ok {
		return fmt.Errorf("%w: the fixtures have no profile %s", ErrRequest, p.ClientID)
	}
	ask, right := r.Ask, false
	err := w.Vault.View(ctx, r.Issuer, func(tx vault.Tx) error {
		pan, err := tx.PAN(p.PANReferenceID)
		ask.PAN, right = pan.Number, r.Passcode == "" || passcodeFits(tx, card, r.Passcode)
		return err
	})
	if err != nil {
		return err
	}
	if !right {
		p.Why = "the passcode of the push is wrong"
		return nil
	}
	ask.Issuer, ask.RequestorID = r.Issuer, profile.TokenRequestorID
	if ask.Type == "" {
		ask.Type = profile.TokenTypes[0]
	}
	if ask.Source == "" && ask.Original == "" {
		ask.Source = sourcePushed
	}
	if p.Provisioning, err = w.Provision(ctx, ask); err != nil {
		return err
	}
	switch {
	case p.Provisioning.Path == fixtures.PathRed:
		p.Why = strings.TrimSpace("the token was declined, actionCode " + p.Provisioning.ActionCode + " " + p.Provisioning.ErrorCode)
	case ask.Personalization != PersonalizationGood:
		p.Why = "the device did not get the token"
	default:
		p.StatusCode = pushProvisioned
	}
	return nil
}

// passcodeFits compares with the hash that the record has; a push without a
// passcode takes any.
func passcodeFits(tx vault.Tx, card vault.Record, value string) bool {
	provider, _ := card.Content["provider"].(map[string]any)
	passcode, _ := provider["passcode"].(map[string]any)
	hash := text(passcode["valueHash"])
	return hash == "" || hash == hex.EncodeToString(tx.Hash(value))
}

// concludePush marks the card as told and tells, in one transaction.
func (w *Wallet) concludePush(ctx context.Context, issuer, key string, p Pushed) error {
	known, err := w.Vault.Issuer(ctx, issuer)
	if err != nil {
		return err
	}
	made := token.Token{PANReferenceID: p.PANReferenceID}
	f := &flow{Wallet: w, issuer: known}
	return w.Vault.Update(ctx, issuer, func(tx vault.Tx) error {
		card, err := tx.Record(recordPush, key)
		if err != nil {
			return err
		}
		if told(card) {
			return fmt.Errorf("%w: the issuer was told meanwhile how this push ended", ErrRequest)
		}
		facts := outbound.Facts{"statusCode": p.StatusCode}
		status, _ := card.Content["status"].(map[string]any)
		maps.Copy(facts, status)
		if p.StatusCode == pushProvisioned {
			made = p.Provisioning.Token
			facts["clientInformation"] = with(asFacts(status["clientInformation"]), outbound.Facts{"tokenReferenceID": made.ReferenceID})
		}
		if f.row = text(card.Content["cause"]); p.Provisioning != nil && len(p.Provisioning.Steps) > 0 {
			f.row = lastRow(p.Provisioning.Steps, f.row)
		}
		card.Content["statusCode"], card.UpdatedAt = p.StatusCode, w.Clock.Now()
		if err := tx.PutRecord(card); err != nil {
			return err
		}
		return f.notify(tx, made, notifyPushed, facts)
	})
}

// lastRow is the journal's row of the last call, or the other one where there
// was no call.
func lastRow(steps []Step, other string) string {
	for _, step := range slices.Backward(steps) {
		if step.Row != "" {
			return step.Row
		}
	}
	return other
}

func asFacts(value any) outbound.Facts {
	members, _ := value.(map[string]any)
	return members
}
