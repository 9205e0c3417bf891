package wallet

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// stipReasons is INT-120: which stipReasonCode (p.134) goes with which cause.
// Reasons that Visa has by itself come from the card's fixture.
var stipReasons = map[cause]string{
	causeConnection: "9011",
	causeForced:     "9012",
	causeTimeout:    "9020",
	causeError:      "9061",
}

// Reasons of Visa's own (p.134): the cards of an issuer who does not take part
// and account numbers whose check digit is wrong.
const (
	stipParticipation = "9210"
	stipCheckDigit    = "9206"
)

// declines are the action codes (p.134) of declines whose reason has one of
// its own; all others are plain.
var declines = map[string]string{
	"9027":         "N7", // the CVV2
	stipCheckDigit: "14", // the number
}

// Action codes of stand-in that no cause decides: an expired card, and an
// issuer who left no rule (p.134).
const (
	actionExpired = "54"
	actionNoRule  = "96"
)

// settingStandIn is the member of an issuer's settings that says what Visa does
// in its place. It has the form of fixtures.StandIn and goes before the
// fixtures' own.
const settingStandIn = "standIn"

// rule is what Visa does in the issuer's place; false when nothing is known.
func (w *Wallet) rule(issuer vault.Issuer) (fixtures.StandIn, bool) {
	if set, ok := issuer.Settings[settingStandIn]; ok {
		var rule fixtures.StandIn
		content, err := json.Marshal(set)
		if err == nil && json.Unmarshal(content, &rule) == nil {
			return rule, rule.Path != ""
		}
	}
	sample, ok := w.Fixtures.Issuer(issuer.Name)
	return sample.StandIn, ok
}

// unasked is the reason for which Visa declines without asking the issuer.
func (f *flow) unasked() (reason string, ok bool) {
	pan := f.subject.PAN.Number
	if card, known := f.Fixtures.Card(pan); known && card.StandIn != nil && card.StandIn.By == fixtures.ByVisa {
		return card.StandIn.StipReasonCode, true
	}
	if !fixtures.Luhn(pan) {
		return stipCheckDigit, true
	}
	if !f.issuer.Serves(approve) {
		return stipParticipation, true
	}
	return "", false
}

// declinedByVisa declines for the reason.
func (f *flow) declinedByVisa(reason string) decision {
	action, ok := declines[reason]
	if !ok {
		action = actionDeclined
	}
	return decision{action: action, stipReason: reason}
}

// standIn decides by the issuer's rule (p.131). A card that has expired is not
// approved by any rule.
func (f *flow) standIn(why cause) decision {
	d := decision{stipReason: stipReasons[why]}
	rule, known := f.rule(f.issuer)
	switch {
	case expired(f.subject.PAN.Expiration, f.Clock.Now()):
		d.action = actionExpired
	case !known:
		d.action = actionNoRule
	case rule.Path == fixtures.PathGreen:
		d.action = actionApproved
	case rule.Path == fixtures.PathYellow:
		d.action = actionConditional
	default:
		d.action = actionDeclined
	}
	return d
}

// expired tells a card whose month is over.
func expired(e token.Expiration, now time.Time) bool {
	month, err := strconv.Atoi(e.Month)
	year, bad := strconv.Atoi(e.Year)
	if err != nil || bad != nil {
		return false
	}
	return !now.UTC().Before(time.Date(year, time.Month(month)+1, 1, 0, 0, 0, 0, time.UTC))
}
