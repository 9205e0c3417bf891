package wallet

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Token types that flows tell apart (p.123).
const (
	typeSecureElement = "SECURE_ELEMENT"
	typeHCE           = "HCE"
	typeCardOnFile    = "CARD_ON_FILE"
	typeECommerce     = "ECOMMERCE"
	typeQRC           = "QRC"
)

// sourceToken is the panSource of token-for-token provisioning (p.118).
const sourceToken = "TOKEN"

const eligibility = "checkEligibility"

// Personalization is what the device makes of a token that was approved.
type Personalization string

const (
	// PersonalizationGood is what happens when nothing is said.
	PersonalizationGood Personalization = ""
	// PersonalizationDeclined: the device refuses the token.
	PersonalizationDeclined Personalization = "declined"
	// PersonalizationFailed: the token never reaches the device.
	PersonalizationFailed Personalization = "failed"
)

// Request is what a cardholder and a wallet ask for. Only Issuer and PAN are
// required, or Original instead of PAN.
type Request struct {
	Issuer string
	// PAN has digits only, CVV2 what the cardholder typed, empty for none.
	PAN        string
	Expiration token.Expiration
	CVV2       string
	// Type of the token (p.123), HCE when empty.
	Type string
	// RequestorID asks for the token; empty means a requestor of the fixtures
	// who asks for tokens of the type. TSP is the token service provider that
	// it works through, 11 digits (p.119).
	RequestorID, TSP string
	// Source is the panSource (p.118), EntryMode the consumerEntryMode; empty
	// means what the type of token suggests. Locale is like en_US.
	Source, EntryMode, Locale string
	// AutoFill marks an e-commerce or card-on-file token for automatic filling
	// of forms (p.126).
	AutoFill bool
	// Original is the tokenReferenceID of the token that this one is made from
	// (p.125). Its PAN is taken.
	Original string
	// Device and Risk are members of the contract's structures; nil makes
	// those that such a wallet sends.
	Device, Risk map[string]any
	// Personalization is what the device does.
	Personalization Personalization
	// Method is the type of the step-up method that the cardholder chooses;
	// empty means the first that sends a passcode, else the first. Passcode is
	// what the cardholder does with it.
	Method   string
	Passcode Passcode
}

// Provision asks for a token: the issuer is asked, or Visa decides in its
// place, the token and what is told about it are stored together, and on
// condition the cardholder is verified (p.116-131, 140-149). An error is one
// of this side; a decline is a result.
func (w *Wallet) Provision(ctx context.Context, r Request) (*Result, error) {
	f, err := w.begin(ctx, r.Issuer)
	if err != nil {
		return nil, err
	}
	if err := f.prepare(ctx, &r); err != nil {
		return f.result, err
	}
	if refused, err := f.eligible(ctx); err != nil || refused {
		return f.result, err
	}
	d, err := f.decide(ctx)
	if err != nil {
		return f.result, err
	}
	f.result.Path, f.result.ActionCode, f.result.ErrorCode, f.result.StipReasonCode = d.path(), d.action, d.errorCode, d.stipReason
	if d.path() == fixtures.PathRed && d.stipReason == "" {
		return f.result, nil // nothing comes into being, and the issuer knows why
	}
	if err := f.create(ctx, r, d); err != nil {
		return f.result, err
	}
	if d.path() != fixtures.PathYellow || r.Personalization != PersonalizationGood {
		return f.result, nil
	}
	return f.result, f.verify(ctx, reasonProvisioning, choice{r.Method, r.Passcode})
}

// eligible asks whether the card may have a token at all; refused ends the
// flow. Without a usable answer preset card metadata count as a yes, and else
// it is a no (p.140).
func (f *flow) eligible(ctx context.Context) (refused bool, err error) {
	if _, decided := f.unasked(); decided || !f.issuer.Serves(eligibility) {
		return false, nil
	}
	a, err := f.call(ctx, eligibility, nil)
	if err != nil {
		return false, err
	}
	code := a.text(memberErrorCode)
	switch {
	case a.cause == causeNone && code == "":
		f.note("the card is eligible")
		metadata, _ := a.members["cardMetadataInfo"].(map[string]any)
		f.subject.Token.CardMetadataProfileID = text(metadata["profileID"])
		return false, nil
	case a.cause == causeNone:
		f.note("the card is not eligible: %s", code)
		f.result.ErrorCode = code
	default:
		if preset, ok := f.Fixtures.DefaultMetadata(f.issuer.Name); ok {
			f.note("eligible by preset card metadata, because %s", a.why)
			f.subject.Token.CardMetadataProfileID = preset.ProfileID
			return false, nil
		}
		f.note("not eligible: %s, and no card metadata are preset", a.why)
	}
	f.result.Path, f.result.ActionCode = fixtures.PathRed, actionDeclined
	return true, nil
}

// Assurance methods (p.50): nobody verified anything, the issuer looked at the
// account, the cardholder proved one factor.
const (
	assuranceNone    = "00"
	assuranceAccount = "10"
	assuranceFactor  = "11"
)

// create stores the token and queues what the issuer is told about it.
func (f *flow) create(ctx context.Context, r Request, d decision) error {
	return f.Vault.Update(ctx, f.issuer.Name, func(tx vault.Tx) error {
		t, err := f.decided(*f.subject.Token, r, d)
		if err != nil {
			return err
		}
		if t, err = tx.PutToken(t); err != nil {
			return fmt.Errorf("storing the token: %w", err)
		}
		f.own(t)
		if err := f.count(tx); err != nil {
			return err
		}
		return f.tellCreated(tx, t, r, d)
	})
}

// decided is the token after the decision: active, inactive, or, for one that
// Visa declined in the issuer's place and must be told about, deactivated.
func (f *flow) decided(t token.Token, r Request, d decision) (token.Token, error) {
	t.AssuranceMethod = assuranceAccount
	if d.stipReason != "" {
		t.AssuranceMethod = assuranceNone
	}
	if data, ok := d.members["issuerDiscretionaryData"].(map[string]any); ok {
		t.Discretionary = data
	}
	if codes := text(d.members["issuerSpecialConditionCodes"]); codes != "" {
		t.Risk["issuerSpecialConditionCodes"] = codes // given back in step-up (p.56, p.128)
	}
	action := token.Action{By: token.TokenRequestor, At: f.Clock.Now()}
	switch {
	case d.path() == fixtures.PathRed:
		action.Name = token.Deactivate
	case d.path() == fixtures.PathGreen && r.Personalization == PersonalizationGood:
		action.Name = token.Activate
	default:
		return t, nil
	}
	return f.machine.Apply(t, action)
}

// tellCreated queues the notifications of a new token (p.131, 191, 201).
func (f *flow) tellCreated(tx vault.Tx, t token.Token, r Request, d decision) error {
	wallet := outbound.Facts{}
	for _, name := range []string{"cvv2ResultsCode", "locale"} {
		if fact, ok := f.subject.Given[name]; ok {
			wallet[name] = fact
		}
	}
	if code := text(d.members["cvv2ResultsCode"]); code != "" {
		wallet["cvv2ResultsCode"] = code
	}
	if d.stipReason != "" {
		wallet["cvv2ResultsCode"] = cvv2NotVerified
		if err := f.notify(tx, t, notifyStandIn, with(wallet, outbound.Facts{memberActionCode: d.action, "stipReasonCode": d.stipReason})); err != nil {
			return err
		}
	}
	if d.path() == fixtures.PathRed {
		return nil
	}
	created, device := d.action, changeGood
	switch r.Personalization {
	case PersonalizationDeclined:
		device = changeDeclined
	case PersonalizationFailed:
		created, device = actionDeclined, changeFailed
	}
	if err := f.notify(tx, t, notifyCreated, with(wallet, outbound.Facts{memberReason: reasonCreated, memberActionCode: created})); err != nil {
		return err
	}
	if !personalized(t.Type) {
		return nil
	}
	return f.changed(tx, t, reasonDeviceResult, device, nil)
}

// cvv2 results (p.118): nobody could verify, Visa verified.
const (
	cvv2NotVerified = "U"
	cvv2Verified    = "M"
)

// personalized tells whether tokens of the type are put onto a device; those
// of merchants stay with the merchant.
func personalized(tokenType string) bool {
	return slices.Contains([]string{typeSecureElement, typeHCE, typeQRC}, tokenType)
}

func with(facts ...outbound.Facts) outbound.Facts {
	all := outbound.Facts{}
	for _, some := range facts {
		for name, fact := range some {
			all[name] = fact
		}
	}
	return all
}

// ErrRequest says that what was asked for makes no sense.
var ErrRequest = errors.New("this cannot be asked for")

// check refuses what no wallet could ask for.
func (r *Request) check(w *Wallet) error {
	field := func(member string) *contract.Field {
		op, err := w.Contract.Operation(approve)
		if err != nil {
			return nil
		}
		return op.Field(contract.Request).Member(member)
	}
	types := field("tokenInfo").Member("tokenType").Enum
	switch {
	case !slices.Contains(types, any(r.Type)):
		return fmt.Errorf("%w: the token type %q is none of %v", ErrRequest, r.Type, types)
	case r.Source != "" && !slices.Contains(field("panSource").Enum, any(r.Source)):
		return fmt.Errorf("%w: the PAN source %q is none of %v", ErrRequest, r.Source, field("panSource").Enum)
	case r.EntryMode != "" && !slices.Contains(field("consumerEntryMode").Enum, any(r.EntryMode)):
		return fmt.Errorf("%w: the entry mode %q is none of %v", ErrRequest, r.EntryMode, field("consumerEntryMode").Enum)
	case r.Source == sourceToken && r.Original == "":
		return fmt.Errorf("%w: the PAN source %s needs the reference of the original token", ErrRequest, sourceToken)
	case r.AutoFill && r.Type != typeECommerce && r.Type != typeCardOnFile:
		return fmt.Errorf("%w: automatic filling is for e-commerce and card-on-file tokens only (p.126)", ErrRequest)
	case r.PAN == "" && r.Original == "":
		return fmt.Errorf("%w: a PAN or an original token is needed", ErrRequest)
	}
	return nil
}
