package outbound

import (
	"encoding/base64"
	"strconv"
	"time"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Facts are the values that a payload can be filled from, by member name;
// a map stands for a structure. A member without a fact is left out.
type Facts map[string]any

// Subject is what a call is about. Nil parts have no facts.
type Subject struct {
	Issuer vault.Issuer
	Token  *token.Token
	// Original is the token that a token was provisioned from.
	Original *token.Token
	PAN      *vault.PAN
	// Replacement is the new PAN of an update.
	Replacement *vault.PAN
	// Requestor who asked for the token.
	Requestor *fixtures.TokenRequestor
	// Tokens counts the PAN's tokens by status.
	Tokens map[token.Status]int
	// Given are further facts of the occasion: messageReasonCode,
	// actionCode, otpValue and the like. They win over derived ones.
	Given Facts
}

// dateTime is how the specification writes times, in GMT (p.50).
func dateTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// FactsOf derives all facts of the subject at that time.
func FactsOf(s Subject, at time.Time) Facts {
	f := Facts{"dateTimeOfEvent": dateTime(at)}
	if s.PAN != nil {
		f["panReferenceID"] = s.PAN.ReferenceID
		f["cardholderInfo"] = cardFacts(*s.PAN)
	}
	if s.Replacement != nil {
		f["replaceCardholderInfo"] = cardFacts(*s.Replacement)
	}
	if s.Token != nil {
		s.tokenFacts(f)
	}
	for name, value := range s.Given {
		f[name] = merged(f[name], value)
	}
	return f
}

// merged lays given members over derived ones of the same structure.
func merged(derived, given any) any {
	below, ok := derived.(Facts)
	over, also := asFacts(given)
	if !ok || !also {
		return given
	}
	result := Facts{}
	for name, value := range below {
		result[name] = value
	}
	for name, value := range over {
		result[name] = merged(result[name], value)
	}
	return result
}

func asFacts(value any) (Facts, bool) {
	switch v := value.(type) {
	case Facts:
		return v, true
	case map[string]any:
		return Facts(v), true
	}
	return nil, false
}

func cardFacts(pan vault.PAN) Facts {
	return Facts{"primaryAccountNumber": pan.Number, "expirationDate": expiration(pan.Expiration)}
}

func expiration(e token.Expiration) Facts { return Facts{"month": e.Month, "year": e.Year} }

// tokenFacts adds what is known of the token, its device and its wallet.
func (s Subject) tokenFacts(f Facts) {
	t := *s.Token
	f["tokenRequestorID"], f["tokenReferenceID"] = t.RequestorID, t.ReferenceID
	put(f, "walletAccountEmailAddressHash", t.WalletAccountEmailAddressHash)
	put(f, "clientWalletAccountID", t.ClientWalletAccountID)
	put(f, "panSource", t.PANSource)
	put(f, "consumerEntryMode", t.ConsumerEntryMode)
	put(f, "tokenRequestorTspID", t.RequestorTspID)
	if t.LifeCycleTraceID != 0 {
		f["lifeCycleTraceID"] = t.LifeCycleTraceID
	}
	if len(t.Device) > 0 {
		f["deviceInfo"] = Facts(t.Device)
		if t.Type == typeSecureElement || t.Type == typeHCE {
			put(f, "deviceID", t.Device["deviceID"])
		}
	}
	if len(t.Risk) > 0 {
		f["riskInformation"] = Facts(t.Risk)
	}
	f[factCloud] = t.Type == typeECommerce || t.Type == typeCardOnFile
	f["tokenInfo"] = s.tokenInfo(t)
}

// tokenInfo is the structure of p.49-52.
func (s Subject) tokenInfo(t token.Token) Facts {
	info := Facts{"token": t.Number, "tokenType": t.Type, "tokenStatus": string(t.Status), "tokenExpirationDate": expiration(t.Expiration),
		"autoFillIndicator": t.AutoFill != nil && *t.AutoFill}
	put(info, "tokenAssuranceMethod", t.AssuranceMethod)
	if !t.ActivatedAt.IsZero() {
		info["tokenActivationDate"] = dateTime(t.ActivatedAt)
	}
	if !t.DeactivatedAt.IsZero() {
		info["tokenDeactivationDate"] = t.DeactivatedAt.UTC().Format(time.DateOnly)
	}
	if !t.StatusUpdatedAt.IsZero() {
		info["lastTokenStatusUpdatedTime"] = dateTime(t.StatusUpdatedAt)
	}
	for status, name := range map[token.Status]string{"ACTIVE": "numberOfActiveTokensForPAN", "INACTIVE": "numberOfInactiveTokensForPAN", "SUSPENDED": "numberOfSuspendedTokensForPAN"} {
		if s.Tokens != nil {
			info[name] = s.Tokens[status]
		}
	}
	if s.Requestor != nil {
		put(info, "tokenRequestorName", s.Requestor.TokenRequestorName)
	}
	if s.Original != nil {
		info["originalToken"], info["originalTokenReferenceID"], info["originalTokenType"] = s.Original.Number, s.Original.ReferenceID, s.Original.Type
		if id, err := strconv.ParseInt(s.Original.RequestorID, 10, 64); err == nil {
			info["originalTokenRequestorID"] = id
		}
		put(info, "originaltokenAssuranceMethod", s.Original.AssuranceMethod)
	}
	return info
}

// put adds a fact unless it is empty.
func put(f Facts, name string, value any) {
	if value != nil && value != "" {
		f[name] = value
	}
}

// DeviceName is a readable name as the device structure carries it: UTF-8 in
// Base64URL without padding (p.57, INT-007).
func DeviceName(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }
