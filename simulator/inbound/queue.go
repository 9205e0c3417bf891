package inbound

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Settings of an issuer that this package reads from vault.Issuer.Settings.
const (
	settingTransitions = "transitions"
	settingOutcomes    = "outcomes"
)

// outcomeOf reads {"outcomes": {"<operation>": "…"}}: how what the wallets do
// ends, by the operation that tells of it; "" where nothing is said. See
// pushOutcome and metadataOutcome.
func outcomeOf(issuer vault.Issuer, operation string) string {
	table, _ := issuer.Settings[settingOutcomes].(map[string]any)
	return text(table[operation])
}

// listedOutcome refuses a setting whose value the member of the operation does
// not have.
func (s *Server) listedOutcome(operation, member, value string, also ...string) error {
	op, err := s.contract.Operation(operation)
	if err != nil {
		return err
	}
	known := op.Field(contract.Request).Member(member).Enum
	if slices.Contains(known, any(value)) {
		return nil
	}
	return fmt.Errorf("the setting %s/%s of the issuer is %q, which is none of %v %v", settingOutcomes, operation, value, known, also)
}

// enqueue queues a notification caused by the call, due as the issuer's
// transition setting for the effect says: at once, after a duration on the
// simulator's clock, or after so many inquiries of the token. The effect is
// the notification's messageReasonCode, else its operation. What the issuer
// does not take part in is not queued.
func (s *Server) enqueue(tx vault.Tx, call *Call, n vault.Notification) error {
	if !call.Issuer.Serves(n.Operation) {
		return nil
	}
	var err error
	if n.RequestID, err = s.uuid(); err != nil {
		return err
	}
	effect := n.Operation
	if reason := text(n.Facts["messageReasonCode"]); reason != "" {
		effect = reason
	}
	delay, inquiries := transition(call.Issuer, effect)
	n.Issuer, n.Cause, n.DueAt, n.Inquiries = call.Issuer.Name, call.ID, call.Now.Add(delay), inquiries
	return tx.Enqueue(n)
}

// transition reads {"transitions": {"<effect>": {"after": "10m"}}} or
// {"inquiries": 3}; an effect that is not named is immediate.
func transition(issuer vault.Issuer, effect string) (delay time.Duration, inquiries int) {
	table, _ := issuer.Settings[settingTransitions].(map[string]any)
	setting, _ := table[effect].(map[string]any)
	if after, err := time.ParseDuration(text(setting["after"])); err == nil {
		delay = after
	}
	return delay, number(setting["inquiries"])
}

// uuid makes a random identifier of 36 characters (RFC 9562, version 4).
func (s *Server) uuid() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(s.Rand, b[:]); err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:]), nil
}
