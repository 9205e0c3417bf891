package jose

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// TimeForm is how a header writes an instant.
type TimeForm string

const (
	// FormSecondsText is a string of epoch seconds, the form that Seal writes (INT-020).
	FormSecondsText TimeForm = "seconds in a string"
	// FormSeconds is a number of epoch seconds.
	FormSeconds TimeForm = "seconds"
	// FormMillisecondsText is a string of epoch milliseconds.
	FormMillisecondsText TimeForm = "milliseconds in a string"
	// FormMilliseconds is a number of epoch milliseconds.
	FormMilliseconds TimeForm = "milliseconds"
	// FormDateTime is an ISO 8601 date-time (exp only).
	FormDateTime TimeForm = "date-time"
	// FormDateTimeWithoutZone is one without an offset, read as UTC (exp only).
	FormDateTimeWithoutZone TimeForm = "date-time without offset"
)

const (
	// firstMilliseconds: from here on a number can only be milliseconds; as seconds it would be past the year 5000.
	firstMilliseconds = 100_000_000_000
	// firstImpossible: from here on a number is too great even for milliseconds of this epoch.
	firstImpossible = 100_000_000_000_000
)

// parseEpoch reads a string or number of seconds or milliseconds.
func parseEpoch(raw json.RawMessage) (time.Time, TimeForm, bool) {
	digits, quoted := string(raw), false
	if len(raw) > 0 && raw[0] == '"' {
		quoted = true
		if err := json.Unmarshal(raw, &digits); err != nil {
			return time.Time{}, "", false
		}
	}
	// Only digits: no sign, no fraction, no exponent.
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return time.Time{}, "", false
	}
	number, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err != nil || number >= firstImpossible:
		return time.Time{}, "", false
	case number >= firstMilliseconds && quoted:
		return time.UnixMilli(number).UTC(), FormMillisecondsText, true
	case number >= firstMilliseconds:
		return time.UnixMilli(number).UTC(), FormMilliseconds, true
	case quoted:
		return time.Unix(number, 0).UTC(), FormSecondsText, true
	}
	return time.Unix(number, 0).UTC(), FormSeconds, true
}

// dateTimes are the layouts of exp; a fraction of seconds is always optional in Go's parser. The second has the offset as
// Java's letter Z writes it.
var dateTimes = []struct {
	layout string
	form   TimeForm
}{
	{"2006-01-02T15:04:05Z07:00", FormDateTime},
	{"2006-01-02T15:04:05Z0700", FormDateTime},
	{"2006-01-02T15:04:05", FormDateTimeWithoutZone},
}

// parseInstant reads what exp may be: a date-time, or what iat may be (INT-021).
func parseInstant(raw json.RawMessage) (time.Time, TimeForm, bool) {
	if at, form, ok := parseEpoch(raw); ok {
		return at, form, true
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return time.Time{}, "", false
	}
	for _, d := range dateTimes {
		if at, err := time.Parse(d.layout, text); err == nil {
			return at.UTC(), d.form, true
		}
	}
	return time.Time{}, "", false
}

// timeCheck compares one header's iat and exp with the clock.
type timeCheck struct {
	headerCheck
	now      time.Time
	warnings []Warning
}

func (t *timeCheck) warn(id WarningID, format string, a ...any) {
	t.warnings = append(t.warnings, Warning{id, t.what + ": " + fmt.Sprintf(format, a...)})
}

// issuedAt reads iat and checks its window; the instant until which the envelope is good comes with it.
func (t *timeCheck) issuedAt() (at time.Time, form TimeForm, until time.Time, refused *Refused) {
	raw, present := t.values[memberIssuedAt]
	if !present {
		return at, form, until, t.refuse(ReasonIssuedAtMissing, "iat is missing: send the epoch seconds at which the envelope was made")
	}
	at, form, ok := parseEpoch(raw)
	if !ok {
		return at, form, until, t.refuse(ReasonIssuedAtMalformed, "iat is %s that is no count of seconds since 1970: send epoch seconds as a string of digits", kind(raw))
	}
	if form == FormMilliseconds || form == FormMillisecondsText {
		t.warn(WarningMilliseconds, "iat counts milliseconds where seconds are due")
	}
	if ahead := at.Sub(t.now); ahead > t.rules.FutureAllowance {
		return at, form, until, t.refuse(ReasonEarly, "iat lies %s ahead of this clock (%s) where %s are allowed: compare the clocks, and send UTC",
			spell(ahead), stamp(t.now), spell(t.rules.FutureAllowance))
	}
	until = at.Add(t.rules.TTL)
	if t.now.After(until) {
		return at, form, until, t.refuse(ReasonStale, "iat lies %s behind this clock (%s) where %s are allowed: make an envelope anew for every call, compare the clocks, and send UTC",
			spell(t.now.Sub(at)), stamp(t.now), spell(t.rules.TTL))
	}
	return at, form, until, nil
}

// expires reads exp, if there is one. It can shorten the envelope's life and never lengthen it (p.41, INT-021).
func (t *timeCheck) expires(issued, until time.Time) (at time.Time, form TimeForm, _ time.Time, refused *Refused) {
	raw, present := t.values[memberExpires]
	if !present {
		return at, form, until, nil
	}
	at, form, ok := parseInstant(raw)
	if !ok {
		return at, form, until, t.refuse(ReasonExpiresMalformed, "exp is %s that is neither a date-time with offset nor epoch seconds: mend it or leave it out", kind(raw))
	}
	switch form {
	case FormMilliseconds, FormMillisecondsText:
		t.warn(WarningMilliseconds, "exp counts milliseconds where seconds or a date-time are due")
	case FormDateTimeWithoutZone:
		t.warn(WarningExpiresWithoutZone, "exp has no offset from UTC; read as UTC")
	}
	// iat and exp may have different resolutions; within the second they are the same.
	if at.Before(issued.Truncate(time.Second)) {
		return at, form, until, t.refuse(ReasonExpiresBeforeIssued, "exp lies %s before iat: exp is an instant, not a duration; mend it or leave it out", spell(issued.Sub(at)))
	}
	if t.now.After(at) {
		return at, form, until, t.refuse(ReasonExpired, "exp passed %s ago by this clock (%s): give the receiver more time, or leave exp out", spell(t.now.Sub(at)), stamp(t.now))
	}
	if at.Before(until) {
		until = at
	}
	return at, form, until, nil
}

// stamp writes an instant for people.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }

// spell writes a duration for people; differences past Go's range are cut by the subtraction already.
func spell(d time.Duration) string {
	d = d.Abs().Round(time.Second)
	if d == math.MaxInt64 || d > 48*time.Hour {
		return fmt.Sprintf("%d days", int64(d/(24*time.Hour)))
	}
	return fmt.Sprintf("%d s", int64(d/time.Second))
}
