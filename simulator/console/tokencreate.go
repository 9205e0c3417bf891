package console

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// How long cards and tokens are good whose date nobody gave.
const (
	panYears   = 4
	tokenYears = 3
)

// drawing is how often an identifier is drawn that turns out to be taken.
const drawing = 8

var errRepeats = fmt.Errorf("%d identifiers that were drawn are all taken; the source of randomness repeats itself", drawing)

// tokenCreated is the operation that tells the issuer of a new token, and
// verification the list whose entries wait at first (p.79).
const (
	tokenCreated     = "tokenCreateNotification"
	inquiry          = "tokenInquiry"
	verificationList = "cardholderVerificationList"
)

// createToken makes a token as if a wallet had asked for it and what the
// request says had happened since.
func (c *Console) createToken(ctx context.Context, r *request) (*reply, error) {
	var wanted tokenRequest
	if err := r.decode(&wanted); err != nil {
		return nil, err
	}
	issuer, err := c.issuer(ctx, "issuer", wanted.Issuer)
	if err != nil {
		return nil, err
	}
	if err := checkPAN(issuer, "pan", wanted.PAN); err != nil {
		return nil, err
	}
	if err := wanted.check(); err != nil {
		return nil, err
	}
	at, err := wanted.times()
	if err != nil {
		return nil, err
	}
	if wanted.Entity == "" {
		wanted.Entity = token.TokenRequestor
	}
	m := &making{Console: c, issuer: issuer, wanted: &wanted, at: at, now: c.Clock.Now()}
	var view tokenView
	err = c.Vault.Update(ctx, issuer.Name, func(tx vault.Tx) error {
		view, err = m.make(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &reply{body: view, location: "/api/v1/tokens/" + view.TokenReferenceID}, nil
}

// making is one token on its way into the vault.
type making struct {
	*Console
	issuer vault.Issuer
	wanted *tokenRequest
	at     times
	now    time.Time
}

func (m *making) make(tx vault.Tx) (tokenView, error) {
	pan, err := m.pan(tx, m.wanted.PAN, m.wanted.PANExpirationDate)
	if err != nil {
		return tokenView{}, err
	}
	t, err := m.token(pan)
	if err != nil {
		return tokenView{}, err
	}
	if t, err = m.store(tx, t); err != nil {
		return tokenView{}, err
	}
	if err := m.wanted.parts(tx, t.ReferenceID, m.now, m.at.otp, m.pending()); err != nil {
		return tokenView{}, err
	}
	if m.wanted.Notify {
		if err := m.tell(tx, t); err != nil {
			return tokenView{}, err
		}
	}
	return viewOfToken(t, pan), nil
}

// pan finds the PAN in the vault or puts it there. A date that is given is
// taken over.
func (m *making) pan(tx vault.Tx, number string, date token.Expiration) (vault.PAN, error) {
	pan, err := tx.PANByNumber(number)
	switch {
	case errors.Is(err, vault.ErrNotFound):
		reference, err := m.panReference(tx)
		if err != nil {
			return pan, err
		}
		pan = vault.PAN{ReferenceID: reference, Number: number, Expiration: m.cardDate(number), CreatedAt: m.now}
	case err != nil:
		return pan, err
	case date == (token.Expiration{}) && pan.Expiration != (token.Expiration{}):
		return pan, nil
	}
	if date != (token.Expiration{}) {
		pan.Expiration = date
	} else if pan.Expiration == (token.Expiration{}) {
		pan.Expiration = m.cardDate(number)
	}
	pan.UpdatedAt = m.now
	return pan, tx.PutPAN(pan)
}

// panReference draws a reference that is free.
func (m *making) panReference(tx vault.Tx) (string, error) {
	for range drawing {
		reference, err := fixtures.NewPANReferenceID(m.Settings.Rand)
		if err != nil {
			return "", err
		}
		if _, err := tx.PAN(reference); errors.Is(err, vault.ErrNotFound) {
			return reference, nil
		} else if err != nil {
			return "", err
		}
	}
	return "", errRepeats
}

// cardDate is when a card expires: what is known of a test card, else a date
// some years away.
func (m *making) cardDate(number string) token.Expiration {
	cards, err := m.cardsOf(m.issuer)
	for _, card := range cards {
		if err == nil && card.PAN == number && card.ExpYear != "" {
			return token.Expiration{Month: card.ExpMonth, Year: card.ExpYear}
		}
	}
	return monthOf(m.now.AddDate(panYears, 0, 0))
}

func monthOf(at time.Time) token.Expiration {
	return token.Expiration{Month: at.Format("01"), Year: at.Format("2006")}
}

// token lets a token live until it is in the state that is wanted, so that
// times and actors are as they would be, and then sets what the request fixes.
func (m *making) token(pan vault.PAN) (token.Token, error) {
	w := m.wanted
	trace := w.LifeCycleTraceID
	if trace == 0 {
		var err error
		if trace, err = fixtures.NewLifeCycleTraceID(m.Settings.Rand); err != nil {
			return token.Token{}, err
		}
	}
	t := token.Token{Issuer: m.issuer.Name, RequestorID: string(w.TokenRequestorID), PANReferenceID: pan.ReferenceID, Type: w.TokenType,
		EntityOfLastAction: w.Entity, Expiration: w.TokenExpirationDate, AssuranceMethod: w.TokenAssuranceMethod, OperatorID: w.OperatorID,
		LastFourOfPreviousPAN: w.LastFourOfPreviousPAN, CreatedAt: m.now, StatusUpdatedAt: m.now,
		WalletAccountEmailAddressHash: w.EmailAddressHash, ClientWalletAccountID: w.ClientWalletAccountID, PANSource: w.PANSource,
		ConsumerEntryMode: w.ConsumerEntryMode, AutoFill: w.AutoFillIndicator, RequestorTspID: w.TokenRequestorTspID, LifeCycleTraceID: trace,
		CardMetadataProfileID: w.CardMetadataProfileID, Device: w.DeviceInfo, Risk: w.RiskInfo, Discretionary: w.DiscretionaryData, Listed: w.TrustedListed}
	if t.Expiration == (token.Expiration{}) {
		t.Expiration = monthOf(m.now.AddDate(tokenYears, 0, 0))
	}
	t, err := m.live(t)
	if err != nil {
		return t, err
	}
	for target, fixed := range map[*time.Time]time.Time{&t.ActivatedAt: m.at.activated, &t.DeactivatedAt: m.at.deactivated, &t.StatusUpdatedAt: m.at.updated} {
		if !fixed.IsZero() {
			*target = fixed
		}
	}
	return t, nil
}

// live takes the token from the first state of the matrix to the wanted one by
// the fewest actions.
func (m *making) live(t token.Token) (token.Token, error) {
	table := &m.Contract.Tables.Lifecycle
	t.Status = token.Status(table.States[0].Name)
	lives := []token.Token{t}
	seen := map[token.Status]bool{t.Status: true}
	for len(lives) > 0 {
		t, lives = lives[0], lives[1:]
		if t.Status == m.wanted.TokenStatus {
			return t, nil
		}
		for _, action := range table.Actions {
			next, err := m.machine.Apply(t, token.Action{Name: action.Name, By: m.wanted.Entity, At: m.now})
			if err == nil && !seen[next.Status] {
				seen[next.Status] = true
				lives = append(lives, next)
			}
		}
	}
	return t, fmt.Errorf("no actions lead to state %q", m.wanted.TokenStatus)
}

// store gives the token a reference and a number that are free.
func (m *making) store(tx vault.Tx, t token.Token) (token.Token, error) {
	for range drawing {
		var err error
		if t.ReferenceID, err = fixtures.NewTokenReferenceID(m.Settings.Rand); err != nil {
			return t, err
		}
		if t.Number, err = m.Fixtures.NewTokenNumber(m.Settings.Rand); err != nil {
			return t, err
		}
		stored, err := tx.PutToken(t)
		if !errors.Is(err, vault.ErrExists) {
			return stored, err
		}
	}
	return t, errRepeats
}

// pending is the state of a verification that has begun.
func (m *making) pending() string {
	if op, err := m.Contract.Operation(inquiry); err == nil {
		if list := op.Field(contract.Response).Member(verificationList); list != nil && list.Items.Member("status") != nil {
			status, _ := list.Items.Member("status").Enum[0].(string)
			return status
		}
	}
	return ""
}

// tell queues the notification of the new token.
func (m *making) tell(tx vault.Tx, t token.Token) error {
	op, err := m.Contract.Operation(tokenCreated)
	if err != nil {
		return err
	}
	return m.enqueue(tx, m.issuer, t, op, map[string]any{"messageReasonCode": reasonOf(op).Enum[0]})
}

// enqueue queues a notification about a token, due as the issuer's setting for
// its effect says. An issuer that does not serve the operation is told nothing.
func (c *Console) enqueue(tx vault.Tx, issuer vault.Issuer, t token.Token, op *contract.Operation, facts map[string]any) error {
	if !issuer.Serves(op.ID) {
		return nil
	}
	effect := op.ID
	if reason, ok := facts["messageReasonCode"].(string); ok {
		effect = reason
	}
	event := ""
	if values := op.FixedQuery["eventType"]; len(values) == 1 {
		event = values[0]
	}
	n := vault.Notification{Operation: op.ID, EventType: event, TokenID: t.ReferenceID, PANID: t.PANReferenceID, Facts: facts}
	n.DueAt, n.Inquiries = due(issuer, effect, c.Clock.Now())
	return tx.Enqueue(n)
}
