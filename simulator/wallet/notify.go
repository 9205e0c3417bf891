package wallet

import (
	"time"

	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// The notifications of flows, and the action codes of a change: good, declined,
// failed (p.204).
const (
	notifyCreated = "tokenCreateNotification"
	notifyChanged = "tokenNotification"
	notifyStandIn = "approveProvisioningStandIn"

	changeGood     = "00"
	changeDeclined = "05"
	changeFailed   = "06"
)

// Reasons that flows tell of (p.203). Those of the lifecycle's actions are in
// the contract's table.
const (
	reasonCreated          = "TOKEN_CREATED"
	reasonDeviceResult     = "DEVICE_PROVISIONING_RESULT"
	reasonRepersonalized   = "DEVICE_PROVISIONING_REPERSONALIZATION_RESULT"
	reasonPasscode         = "OTP_VERIFICATION_RESULT"
	reasonAppActivation    = "MOBILE_BANK_APP_ACTIVATION"
	reasonReplenishment    = "LUK_REPLENISHMENT"
	reasonExpiry           = "TOKEN_EXPIRY_DATE_UPDATED"
	reasonBinding          = "TOKEN_DEVICE_BINDING_RESULT"
	reasonBindingRemoved   = "TOKEN_DEVICE_BINDING_REMOVED"
	reasonCardholderStepUp = "CARDHOLDER_STEPUP_RESULT"
	reasonTrustedListing   = "TRUSTED_LISTING_ENROLLMENT_RESULT"
)

const (
	memberReason = "messageReasonCode"
	// settingTransitions says when effects happen: {"<effect>": {"after":
	// "10m"}} or {"inquiries": 3}.
	settingTransitions = "transitions"
)

// notify queues a notification about the token in the transaction that changed
// it. Facts hold nothing sensitive: the numbers are put in when it is sent.
func (f *flow) notify(tx vault.Tx, t token.Token, operation string, facts outbound.Facts) error {
	if !f.issuer.Serves(operation) {
		return nil
	}
	requestID, err := f.newID()
	if err != nil {
		return err
	}
	effect := operation
	if reason := text(facts[memberReason]); reason != "" {
		effect = reason
	}
	delay, inquiries := transition(f.issuer, effect)
	return tx.Enqueue(vault.Notification{Issuer: f.issuer.Name, Operation: operation, RequestID: requestID, Cause: f.row, TokenID: t.ReferenceID,
		PANID: t.PANReferenceID, Facts: facts, DueAt: f.Clock.Now().Add(delay), Inquiries: inquiries})
}

// changed tells of a change of the token.
func (f *flow) changed(tx vault.Tx, t token.Token, reason, action string, more outbound.Facts) error {
	facts := outbound.Facts{memberReason: reason, memberActionCode: action}
	for name, fact := range more {
		facts[name] = fact
	}
	return f.notify(tx, t, notifyChanged, facts)
}

// transition reads the issuer's setting; an effect that it does not name is
// immediate.
func transition(issuer vault.Issuer, effect string) (delay time.Duration, inquiries int) {
	table, _ := issuer.Settings[settingTransitions].(map[string]any)
	setting, _ := table[effect].(map[string]any)
	if after, err := time.ParseDuration(text(setting["after"])); err == nil {
		delay = after
	}
	switch n := setting["inquiries"].(type) {
	case float64:
		inquiries = int(n)
	case int:
		inquiries = n
	}
	return delay, inquiries
}
