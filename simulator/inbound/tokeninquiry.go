package inbound

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Query parameters of Token Inquiry that ask for more (p.75, INT-043).
const (
	askVerifications = "cardHolderVerificationRetrieve"
	askBindings      = "deviceBindingInfo"
	asked            = "true"
)

// Values of otpCodeIndicator (p.77).
const (
	otpPresent    = "PRESENT"
	otpNotPresent = "NOT_PRESENT"
	otpExpired    = "EXPIRED"
)

// dateTime and date are the specification's times, in GMT (p.50).
const (
	dateTime = "2006-01-02T15:04:05.000Z"
	date     = "2006-01-02"
)

// tokenInquiry looks up one token, in whatever state (p.73-83, INT-059). It
// counts as an inquiry of the token for the effects that wait for some.
func (s *Server) tokenInquiry(_ context.Context, tx vault.Tx, call *Call) (*Answer, error) {
	t, err := s.findToken(tx, call)
	if err != nil {
		return nil, err
	}
	pan, err := tx.PAN(t.PANReferenceID)
	if err != nil {
		return nil, err
	}
	body := inquiryMembers(call, t, pan)
	if body["otpInfo"], err = s.otpInfo(tx, call, t); err != nil {
		return nil, err
	}
	if err := addVerifications(tx, call, t, body); err != nil {
		return nil, err
	}
	if err := addBindings(tx, call, t, body); err != nil {
		return nil, err
	}
	sealed, err := s.inquiryPayload(tx, call, t)
	if err != nil {
		return nil, err
	}
	return &Answer{Body: body, Sealed: sealed}, tx.CountInquiry(t.ReferenceID)
}

// inquiryMembers are the members of the answer that stand by themselves
// (p.75-77); what the token does not have is left out.
func inquiryMembers(call *Call, t token.Token, pan vault.PAN) map[string]any {
	body := map[string]any{"panReferenceID": t.PANReferenceID, "lastFourOfPAN": panLastFour(pan.Number)}
	present(body, map[string]string{
		"operatorID":                    t.OperatorID,
		"entityOfLastAction":            string(t.EntityOfLastAction),
		"walletAccountEmailAddressHash": t.WalletAccountEmailAddressHash,
		"clientWalletAccountID":         t.ClientWalletAccountID,
		"panSource":                     t.PANSource,
		"consumerEntryMode":             t.ConsumerEntryMode,
		"cardMetadataProfileID":         t.CardMetadataProfileID,
		"lastFourOfPreviousPAN":         t.LastFourOfPreviousPAN,
	})
	const discretionary = "issuerDiscretionaryData"
	if shown := membersOf(call.Operation.Field(contract.Response).Member(discretionary), t.Discretionary); len(shown) > 0 {
		body[discretionary] = shown
	}
	return body
}

// present adds the members that have a value.
func present(members map[string]any, values map[string]string) {
	for name, value := range values {
		if value != "" {
			members[name] = value
		}
	}
}

// otpInfo tells the state of the token's one-time passcode and never the
// passcode (p.77). Its counters are numbers (INT-161).
func (s *Server) otpInfo(tx vault.Tx, call *Call, t token.Token) (map[string]any, error) {
	otp, err := tx.OTP(t.ReferenceID)
	if errors.Is(err, vault.ErrNotFound) {
		return map[string]any{"otpCodeIndicator": otpNotPresent}, nil
	}
	if err != nil {
		return nil, err
	}
	field := call.Operation.Field(contract.Response).Member("otpInfo")
	info := map[string]any{"otpCodeIndicator": otpPresent}
	for name, count := range map[string]int{"otpVerificationAttempts": otp.Attempts, "otpVerificationRetryCounts": otp.Retries} {
		info[name] = bounded(field.Member(name), count)
	}
	switch {
	case len(otp.ValueHash) == 0:
		info["otpCodeIndicator"] = otpNotPresent
	case !call.Now.Before(otp.ExpiresAt):
		info["otpCodeIndicator"] = otpExpired
	}
	if !otp.ExpiresAt.IsZero() {
		info["otpCodeExpiration"] = inGMT(otp.ExpiresAt, dateTime)
	}
	return info, nil
}

// addVerifications lists the cardholder verifications that are pending, when
// the call asks; without any there is no list (p.75, p.79).
func addVerifications(tx vault.Tx, call *Call, t token.Token, body map[string]any) error {
	if call.Parameter(askVerifications) != asked {
		return nil
	}
	found, err := tx.Verifications(t.ReferenceID)
	if err != nil {
		return err
	}
	var list []any
	for _, v := range found {
		if v.Status == verificationPending {
			list = append(list, map[string]any{"lifeCycleTraceID": v.LifeCycleTraceID, "status": v.Status, "timestamp": v.StartedAt.Unix()})
		}
	}
	if len(list) > 0 {
		body["cardholderVerificationList"] = list
	}
	return nil
}

// addBindings lists the device bindings, when the call asks; a token without
// any has an empty list (p.77, p.79-80, INT-057).
func addBindings(tx vault.Tx, call *Call, t token.Token, body map[string]any) error {
	if call.Parameter(askBindings) != asked {
		return nil
	}
	bindings, err := tx.Bindings(t.ReferenceID)
	if err != nil {
		return err
	}
	list := []any{}
	for _, b := range bindings {
		binding := map[string]any{"deviceIndex": b.Index, "deviceBindingStatus": b.Status}
		present(binding, map[string]string{"deviceID": b.DeviceID, "deviceName": b.DeviceName})
		list = append(list, binding)
	}
	body["deviceBindingInfoList"] = list
	return nil
}

// inquiryPayload is what the answer seals (p.80).
func (s *Server) inquiryPayload(tx vault.Tx, call *Call, t token.Token) (map[string]any, error) {
	field := call.Operation.Field(contract.SealedResponse)
	const tokenInfo = "tokenInfo"
	info, err := inquiredToken(tx, t, field.Member(tokenInfo))
	if err != nil {
		return nil, err
	}
	sealed := map[string]any{tokenInfo: info}
	for name, members := range map[string]map[string]any{"deviceInfo": t.Device, "riskInfo": t.Risk} {
		if shown := membersOf(field.Member(name), members); len(shown) > 0 {
			sealed[name] = shown
		}
	}
	return sealed, nil
}

// membersOf keeps the members that the field of the contract has: an inquiry
// shows a part only of what is known of device and risk (p.80).
func membersOf(field *contract.Field, members map[string]any) map[string]any {
	shown := map[string]any{}
	for name, value := range members {
		if given(value) && field != nil && field.Member(name) != nil {
			shown[name] = value
		}
	}
	return shown
}

// States whose tokens are counted (p.49-50, INT-168).
const (
	statusActive    token.Status = "ACTIVE"
	statusInactive  token.Status = "INACTIVE"
	statusSuspended token.Status = "SUSPENDED"
)

// inquiredToken is all that is available of the token (p.49-51, p.80).
func inquiredToken(tx vault.Tx, t token.Token, field *contract.Field) (map[string]any, error) {
	info := map[string]any{"token": t.Number, "tokenType": t.Type, "tokenStatus": t.Status}
	if t.Expiration != (token.Expiration{}) {
		info["tokenExpirationDate"] = map[string]any{"month": t.Expiration.Month, "year": t.Expiration.Year}
	}
	present(info, map[string]string{
		"tokenAssuranceMethod":       t.AssuranceMethod,
		"tokenActivationDate":        inGMT(t.ActivatedAt, dateTime),
		"tokenDeactivationDate":      inGMT(t.DeactivatedAt, date),
		"lastTokenStatusUpdatedTime": inGMT(t.StatusUpdatedAt, dateTime),
	})
	siblings, err := tx.TokensOfPAN(t.PANReferenceID, 0)
	if err != nil {
		return nil, err
	}
	counts := map[token.Status]int{}
	for _, sibling := range siblings {
		counts[sibling.Status]++
	}
	for member, status := range map[string]token.Status{"numberOfActiveTokensForPAN": statusActive,
		"numberOfInactiveTokensForPAN": statusInactive, "numberOfSuspendedTokensForPAN": statusSuspended} {
		info[member] = bounded(field.Member(member), counts[status])
	}
	return info, nil
}

// bounded is a count as far as the field of the contract can tell it.
func bounded(field *contract.Field, count int) int {
	if most, err := strconv.Atoi(field.Maximum); err == nil {
		return min(count, most)
	}
	return count
}

// inGMT writes a time, "" for none.
func inGMT(at time.Time, layout string) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(layout)
}
