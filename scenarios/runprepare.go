package scenarios

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// subject is a card and a token of it, both in the vault.
type subject struct {
	role      string
	card      keys.Card
	pan       vault.PAN
	token     token.Token
	requestor *fixtures.TokenRequestor
}

// Defaults of a case's token and card.
const (
	defaultType = "HCE"
	tokenYears  = 3
)

// drawing is how often an identifier is drawn that turns out to be taken: by
// the same case with the same seed, in a vault that outlives runs.
const drawing = 4096

// drawn is randomness that comes from a seed and a name alone.
func drawn(seed, name string) io.Reader {
	return rand.NewChaCha8(sha256.Sum256([]byte(seed + "\x00" + name)))
}

// requestID is a GUID from the seed of the case and what it is for.
func (x *run) requestID(what string) string {
	b := sha256.Sum256([]byte(x.c.Seed + "\x00" + x.c.ID + "\x00request\x00" + what))
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// prepare puts the cards and a token of each into the vault.
func (x *run) prepare(ctx context.Context, cards map[string]keys.Card) error {
	for _, role := range slices.Sorted(maps.Keys(cards)) {
		s := &subject{role: role, card: cards[role]}
		x.hide(s.card.PAN)
		x.hide(s.card.CVV2)
		err := x.Vault.Update(ctx, x.Issuer.Name, func(tx vault.Tx) error {
			if err := x.keepCard(tx, s); err != nil {
				return err
			}
			return x.makeToken(tx, s)
		})
		if err != nil {
			return fmt.Errorf("card %s: %w", role, err)
		}
		x.hide(s.token.Number)
		x.subjects[role] = s
	}
	x.main = x.subjects[x.role()]
	return nil
}

// keepCard finds the PAN or puts it into the vault. An account has one
// reference for a whole run, whatever case comes first.
func (x *run) keepCard(tx vault.Tx, s *subject) error {
	date := token.Expiration{Month: s.card.ExpMonth, Year: s.card.ExpYear}
	pan, err := tx.PANByNumber(s.card.PAN)
	switch {
	case errors.Is(err, vault.ErrNotFound):
		reference, err := fixtures.NewPANReferenceID(drawn(x.Seed, "pan "+strconv.Itoa(x.Cards.place(s.card))))
		if err != nil {
			return err
		}
		if date == (token.Expiration{}) {
			date = monthOf(x.Clock.Now().AddDate(tokenYears, 0, 0))
		}
		pan = vault.PAN{ReferenceID: reference, Number: s.card.PAN, Expiration: date, CreatedAt: x.Clock.Now()}
	case err != nil:
		return err
	case date == (token.Expiration{}) || date == pan.Expiration:
		s.pan = pan
		return nil
	}
	pan.Expiration = date
	s.pan = pan
	return tx.PutPAN(pan)
}

func monthOf(at time.Time) token.Expiration {
	return token.Expiration{Month: at.UTC().Format("01"), Year: at.UTC().Format("2006")}
}

// makeToken makes a token of the scenario's type in its state.
func (x *run) makeToken(tx vault.Tx, s *subject) error {
	now, random := x.Clock.Now(), drawn(x.c.Seed, x.c.ID+" token "+s.role)
	s.token = token.Token{Issuer: x.Issuer.Name, PANReferenceID: s.pan.ReferenceID, Type: x.s.Token.Type, EntityOfLastAction: token.TokenRequestor,
		Status: token.Status(x.Contract.Tables.Lifecycle.States[0].Name), Expiration: monthOf(now.AddDate(tokenYears, 0, 0)), CreatedAt: now, StatusUpdatedAt: now}
	if s.token.Type == "" {
		s.token.Type = defaultType
	}
	if err := x.ask(s); err != nil {
		return err
	}
	var err error
	if s.token, err = x.inState(s.token, x.initialStatus(), now); err != nil {
		return err
	}
	if s.token.LifeCycleTraceID, err = fixtures.NewLifeCycleTraceID(random); err != nil {
		return err
	}
	if err := x.equip(s); err != nil {
		return err
	}
	for range drawing {
		if s.token.ReferenceID, err = fixtures.NewTokenReferenceID(random); err != nil {
			return err
		}
		if s.token.Number, err = x.Fixtures.NewTokenNumber(random); err != nil {
			return err
		}
		kept, err := tx.PutToken(s.token)
		if err == nil {
			s.token = kept
			return nil
		}
		if !errors.Is(err, vault.ErrExists) {
			return err
		}
	}
	return fmt.Errorf("%d token numbers that were drawn are all taken", drawing)
}

// ask finds a requestor of the fixtures who asks for tokens of the type.
func (x *run) ask(s *subject) error {
	for _, known := range x.Fixtures.TokenRequestors {
		if slices.Contains(known.TokenTypes, s.token.Type) {
			s.requestor, s.token.RequestorID = &known, known.TokenRequestorID
			return nil
		}
	}
	return fmt.Errorf("no token requestor of the fixtures asks for tokens of type %q", s.token.Type)
}

// initialStatus is the scenario's, or where it names none that of a token in
// use; a token that a step activates begins as one that is not.
func (x *run) initialStatus() token.Status {
	if x.s.Token.Status != "" {
		return token.Status(x.s.Token.Status)
	}
	for _, step := range x.s.Steps {
		if step.Token != nil && step.Token.Do != "" {
			if action, ok := tokenActionOf(step.Token.Do); ok && action.action == token.Activate {
				return token.Status(x.Contract.Tables.Lifecycle.States[0].Name)
			}
			break // the first action counts: what is suspended first is in use
		}
	}
	return stateInUse
}

// stateInUse is the tokenStatus of a token that pays (p.49).
const stateInUse token.Status = "ACTIVE"

// ways lead from a new token to every state.
var ways = [][]string{{}, {token.Activate}, {token.Activate, token.Suspend}, {token.Deactivate}}

// inState brings a new token into the state by the actions that lead there.
func (x *run) inState(fresh token.Token, wanted token.Status, at time.Time) (token.Token, error) {
	for _, way := range ways {
		t, err := fresh, error(nil)
		for _, name := range way {
			if t, err = x.machine.Apply(t, token.Action{Name: name, By: token.TokenRequestor, At: at}); err != nil {
				return t, err
			}
		}
		if t.Status == wanted {
			return t, nil
		}
	}
	return fresh, fmt.Errorf("there is no token status %q", wanted)
}

// equip adds wallet, device and risk, so that all calls of the case, and what
// is told of its token, say the same.
func (x *run) equip(s *subject) error {
	seed := x.c.Seed + "/" + x.c.ID + "/" + s.role
	about := outbound.Subject{Issuer: x.Issuer, PAN: &s.pan, Token: &token.Token{Type: s.token.Type}}
	sample, err := x.Builder.Sample(approve, about, seed, x.Clock.Now())
	if err != nil {
		return err
	}
	text := func(name string) string { value, _ := sample[name].(string); return value }
	s.token.WalletAccountEmailAddressHash, s.token.ClientWalletAccountID = text("walletAccountEmailAddressHash"), text("clientWalletAccountID")
	s.token.PANSource, s.token.ConsumerEntryMode = text("panSource"), text("consumerEntryMode")
	s.token.Device, s.token.Risk = outbound.SampleDevice(s.token.Type, seed), outbound.SampleRisk(s.token.Type, seed)
	return nil
}

// scope is what the case's templates may use.
func (x *run) scope() scope {
	s := x.main
	known := map[string]any{valueIssuer: x.Issuer.Name, valueTokenReference: s.token.ReferenceID, valueTokenRequestor: s.token.RequestorID,
		valueTokenType: s.token.Type, valueTokenNumber: s.token.Number, valuePANReference: s.pan.ReferenceID,
		valueReplacement: x.replacement(s.card.PAN), valueRandomOTP: digits(drawn(x.c.Seed, x.c.ID+" otp"), otpDigits), valueRandomID: identifier(drawn(x.c.Seed, x.c.ID+" id"))}
	for name, value := range s.ofCard() {
		known["card."+name] = value
	}
	for role, other := range x.subjects {
		for name, value := range other.ofCard() {
			known["card."+role+"."+name] = value
		}
	}
	return scope{saved: x.saved, known: known, now: x.Clock.Now()}
}

// ofCard are the values of the subject's card, as they stand behind its role.
func (s *subject) ofCard() map[string]any {
	return map[string]any{"pan": s.card.PAN, "expMonth": s.card.ExpMonth, "expYear": s.card.ExpYear, "cvv2": s.card.CVV2}
}

// cardValues are the names of ofCard.
func cardValues() []string { return slices.Sorted(maps.Keys((&subject{}).ofCard())) }

// otpDigits is how many digits a passcode of a scenario has.
const otpDigits = 6

// rangeDigits lead a PAN and stay when an account gets another (p.62).
const rangeDigits = 9

// replacement is the number of another account in the card's range, the same
// one in the whole case.
func (x *run) replacement(pan string) string {
	if len(pan) <= rangeDigits {
		return ""
	}
	number := pan[:rangeDigits] + digits(drawn(x.c.Seed, x.c.ID+" replacement"), len(pan)-rangeDigits-1)
	return number + string(fixtures.CheckDigit(number))
}

// digits are drawn, n of them.
func digits(random io.Reader, n int) string {
	drawn := make([]byte, n)
	_, _ = io.ReadFull(random, drawn) // what draws from a seed does not fail
	for i := range drawn {
		drawn[i] = '0' + drawn[i]%10
	}
	return string(drawn)
}

// identifier is drawn, 32 hexadecimal digits.
func identifier(random io.Reader) string {
	drawn := make([]byte, 16)
	_, _ = io.ReadFull(random, drawn)
	return hex.EncodeToString(drawn)
}
