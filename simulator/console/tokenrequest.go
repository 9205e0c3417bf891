package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// tokenRequest is a token to be made. Its members beside the fixed ones are
// those that tokenInquiry answers with (p.75-80), under the same names.
type tokenRequest struct {
	Issuer           string       `json:"issuer"`
	PAN              string       `json:"pan"`
	TokenRequestorID digits       `json:"tokenRequestorID"`
	TokenType        string       `json:"tokenType"`
	TokenStatus      token.Status `json:"tokenStatus"`
	Entity           token.Entity `json:"entityOfLastAction"`

	TokenExpirationDate        token.Expiration `json:"tokenExpirationDate"`
	PANExpirationDate          token.Expiration `json:"panExpirationDate"`
	TokenAssuranceMethod       string           `json:"tokenAssuranceMethod"`
	TokenActivationDate        string           `json:"tokenActivationDate"`
	TokenDeactivationDate      string           `json:"tokenDeactivationDate"`
	LastTokenStatusUpdatedTime string           `json:"lastTokenStatusUpdatedTime"`
	AutoFillIndicator          *bool            `json:"autoFillIndicator"`
	TokenRequestorTspID        string           `json:"tokenRequestorTspID"`
	LifeCycleTraceID           int64            `json:"lifeCycleTraceID"`
	OperatorID                 string           `json:"operatorID"`
	EmailAddressHash           string           `json:"walletAccountEmailAddressHash"`
	ClientWalletAccountID      string           `json:"clientWalletAccountID"`
	PANSource                  string           `json:"panSource"`
	ConsumerEntryMode          string           `json:"consumerEntryMode"`
	CardMetadataProfileID      string           `json:"cardMetadataProfileID"`
	LastFourOfPreviousPAN      string           `json:"lastFourOfPreviousPAN"`
	TrustedListed              bool             `json:"trustedListed"`

	DiscretionaryData map[string]any        `json:"issuerDiscretionaryData"`
	DeviceInfo        map[string]any        `json:"deviceInfo"`
	RiskInfo          map[string]any        `json:"riskInfo"`
	Bindings          []bindingRequest      `json:"deviceBindingInfoList"`
	Verifications     []verificationRequest `json:"cardholderVerificationList"`
	OTP               *otpRequest           `json:"otpInfo"`

	Notify bool `json:"notify"`
}

type bindingRequest struct {
	DeviceIndex int    `json:"deviceIndex"`
	DeviceID    string `json:"deviceID"`
	DeviceName  string `json:"deviceName"`
	Status      string `json:"deviceBindingStatus"`
}

type verificationRequest struct {
	LifeCycleTraceID int64  `json:"lifeCycleTraceID"`
	Status           string `json:"status"`
	// Timestamp in seconds since 1970.
	Timestamp *int64 `json:"timestamp"`
}

type otpRequest struct {
	Value      string `json:"otpValue"`
	Expiration string `json:"otpCodeExpiration"`
	Attempts   int    `json:"otpVerificationAttempts"`
	Retries    int    `json:"otpVerificationRetryCounts"`
}

// digits is a number of digits that may come as a JSON string or number.
type digits string

// UnmarshalJSON takes either.
func (d *digits) UnmarshalJSON(content []byte) error {
	if bytes.HasPrefix(content, []byte(`"`)) {
		var text string
		err := json.Unmarshal(content, &text)
		*d = digits(text)
		return err
	}
	*d = digits(content)
	return nil
}

// times are the moments that a request fixes; zero where it leaves them to the
// life of the token.
type times struct{ activated, deactivated, updated, otp time.Time }

func (q *tokenRequest) times() (t times, err error) {
	if t.activated, err = moment("tokenActivationDate", q.TokenActivationDate); err != nil {
		return t, err
	}
	if t.deactivated, err = moment("tokenDeactivationDate", q.TokenDeactivationDate); err != nil {
		return t, err
	}
	if t.updated, err = moment("lastTokenStatusUpdatedTime", q.LastTokenStatusUpdatedTime); err != nil {
		return t, err
	}
	if q.OTP != nil {
		t.otp, err = moment("otpInfo/otpCodeExpiration", q.OTP.Expiration)
	}
	return t, err
}

// moment reads a time or a date as the specification writes them (p.50).
func moment(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	plain := strings.TrimRight(text, "Zz")
	for _, layout := range []string{"2006-01-02T15:04:05.000", time.DateOnly} {
		if at, err := time.Parse(layout, plain); err == nil {
			return at, nil
		}
	}
	return time.Time{}, bad(field, "%s is not a day of the calendar.", field)
}

// parts puts bindings, verifications and the passcode of a token beside it.
func (q *tokenRequest) parts(tx vault.Tx, referenceID string, now, otpUntil time.Time, pending string) error {
	for _, b := range q.Bindings {
		if err := tx.PutBinding(vault.Binding{TokenReferenceID: referenceID, Index: b.DeviceIndex, DeviceID: b.DeviceID, DeviceName: b.DeviceName,
			Status: b.Status, UpdatedAt: now}); err != nil {
			return err
		}
	}
	for _, v := range q.Verifications {
		started, status := now, v.Status
		if v.Timestamp != nil {
			started = time.Unix(*v.Timestamp, 0).UTC()
		}
		if status == "" {
			status = pending
		}
		if err := tx.PutVerification(vault.Verification{TokenReferenceID: referenceID, LifeCycleTraceID: v.LifeCycleTraceID, Status: status, StartedAt: started}); err != nil {
			return err
		}
	}
	if q.OTP == nil {
		return nil
	}
	otp := vault.OTP{TokenReferenceID: referenceID, ExpiresAt: otpUntil, Attempts: q.OTP.Attempts, Retries: q.OTP.Retries, Generated: 1}
	if q.OTP.Value != "" {
		otp.ValueHash = tx.Hash(q.OTP.Value)
	}
	return tx.PutOTP(otp)
}

// lastSecond is the end of the year 9999, in seconds since 1970; no time can be
// written that comes later.
const lastSecond = 253402300799

// check finds an index or a trace that two entries of a list share, since they
// would overwrite each other, and times that cannot be.
func (q *tokenRequest) check() error {
	indexes, traces := map[int]bool{}, map[int64]bool{}
	for _, b := range q.Bindings {
		if indexes[b.DeviceIndex] {
			return bad("deviceBindingInfoList", "Two device bindings have the same deviceIndex.")
		}
		indexes[b.DeviceIndex] = true
	}
	for i, v := range q.Verifications {
		if v.Timestamp != nil && *v.Timestamp > lastSecond {
			return bad(fmt.Sprintf("cardholderVerificationList/%d/timestamp", i), "timestamp counts seconds since 1970; this one lies beyond the year 9999.")
		}
		if traces[v.LifeCycleTraceID] {
			return bad("cardholderVerificationList", "Two verifications have the same lifeCycleTraceID.")
		}
		traces[v.LifeCycleTraceID] = true
	}
	return nil
}
