package jose

import (
	"fmt"
	"time"
)

// issued is iat of the JWE header, if it can be read.
func (s *specimen) issued() (at time.Time, form TimeForm, ok bool) {
	if s.jwe == nil {
		return at, form, false
	}
	return parseEpoch(s.jwe.header.values[memberIssuedAt])
}

func (s *specimen) expires() (at time.Time, form TimeForm, ok bool) {
	if s.jwe == nil || !s.jwe.header.has(memberExpires) {
		return at, form, false
	}
	return parseInstant(s.jwe.header.values[memberExpires])
}

// issuedTimes are iat of both headers; the second one counts for the hub only.
func (s *specimen) issuedTimes() []time.Time {
	var times []time.Time
	if at, _, ok := s.issued(); ok {
		times = append(times, at)
	}
	if s.hub && s.jws != nil {
		if at, _, ok := parseEpoch(s.jws.header.values[memberIssuedAt]); ok {
			times = append(times, at)
		}
	}
	return times
}

// ageWhere gives the first age (positive: past) that satisfies the condition.
func (s *specimen) ageWhere(condition func(age time.Duration) bool) (time.Duration, bool) {
	for _, at := range s.issuedTimes() {
		if age := s.now.Sub(at); condition(age) {
			return age, true
		}
	}
	return 0, false
}

func (s *specimen) stale(age time.Duration) bool { return age > s.rules.TTL }
func (s *specimen) early(age time.Duration) bool { return -age > s.rules.FutureAllowance }

// zoneOff reports whether an age is, but for a few minutes, the offset of a time zone: quarters of hours up to fourteen.
func (s *specimen) zoneOff(age time.Duration) bool {
	const quarter, farthest, close = 15 * time.Minute, 14 * time.Hour, 2 * time.Minute
	nearest := age.Abs().Round(quarter)
	return (s.stale(age) || s.early(age)) && nearest >= 2*quarter && nearest <= farthest && (age.Abs()-nearest).Abs() <= close
}

// extends reports an exp that would make the envelope good for longer than it is, and still does so now.
func (s *specimen) extends(issued, expires time.Time) bool {
	return expires.After(issued.Add(s.rules.TTL)) && !s.now.After(expires)
}

// issuedAtEntries are iat.
func issuedAtEntries() []entry {
	stale, early := cause{LayerTime, ReasonStale}, cause{LayerTime, ReasonEarly}
	return []entry{
		{MistakeIssuedAtElsewhere, "iat stands in the JWS header only", "Put iat into the JWE header.", "{pages}",
			[]cause{{LayerTime, ReasonIssuedAtMissing}},
			func(s *specimen) (string, bool) { return "", s.lacksIssuedAt() && s.jws.header.has(memberIssuedAt) }},
		{MistakeIssuedAtMissing, "iat is missing", "Put iat into the JWE header: epoch seconds as a string.", "{pages}",
			[]cause{{LayerTime, ReasonIssuedAtMissing}},
			func(s *specimen) (string, bool) { return "", s.lacksIssuedAt() && !s.jws.header.has(memberIssuedAt) }},
		{MistakeIssuedAtMalformed, "iat is no count of seconds", "Send epoch seconds as a string of ten digits.", "{pages}",
			[]cause{{LayerTime, ReasonIssuedAtMalformed}}, lookIssuedAtMalformed},
		{MistakeIssuedAtMilliseconds, "iat counts milliseconds", "Divide by a thousand; milliseconds are only tolerated.", "{pages}", nil,
			func(s *specimen) (string, bool) {
				at, form, _ := s.issued()
				return stamp(at), form == FormMilliseconds || form == FormMillisecondsText
			}},
		{MistakeTimeZone, "iat is off by the offset of a time zone", "Take epoch seconds from the system clock; don't convert a local time.", "{pages}", []cause{stale, early},
			func(s *specimen) (string, bool) {
				age, found := s.ageWhere(s.zoneOff)
				return fmt.Sprintf("by about %s", age.Abs().Round(15*time.Minute)), found
			}},
		{MistakeExpiresExtends, "exp lies later than iat plus {ttl}", "exp only shortens an envelope's life; make a new envelope for every call.", "{pages}", []cause{stale},
			func(s *specimen) (string, bool) {
				at, _, ok := s.issued()
				expires, _, given := s.expires()
				return fmt.Sprintf("by %s", spell(expires.Sub(at.Add(s.rules.TTL)))), ok && given && s.extends(at, expires)
			}},
		{MistakeStale, "iat is too old", "Make an envelope for every call, and set the clock by NTP: {ttl} are allowed.", "{pages}", []cause{stale},
			func(s *specimen) (string, bool) {
				age, found := s.ageWhere(func(age time.Duration) bool { return s.stale(age) && !s.zoneOff(age) })
				if at, _, ok := s.issued(); ok && found {
					expires, _, given := s.expires()
					found = !given || !s.extends(at, expires)
				}
				return spell(age) + " behind the clock here", found
			}},
		{MistakeEarly, "iat lies in the future", "Set the clock by NTP: {allowance} are forgiven.", "{pages}", []cause{early},
			func(s *specimen) (string, bool) {
				age, found := s.ageWhere(func(age time.Duration) bool { return s.early(age) && !s.zoneOff(age) })
				return spell(age) + " ahead of the clock here", found
			}},
	}
}

// expiresEntries are exp.
func expiresEntries() []entry {
	return []entry{
		{MistakeExpiresDuration, "exp holds a duration", "exp is an instant: a date-time, or epoch seconds.", "{pages}",
			[]cause{{LayerTime, ReasonExpiresBeforeIssued}},
			func(s *specimen) (string, bool) {
				expires, _, ok := s.expires()
				return fmt.Sprintf("%d", expires.Unix()), ok && expires.Unix() < longestDuration
			}},
		{MistakeExpiresBeforeIssued, "exp lies before iat", "Compute exp from iat, or leave it out.", "{pages}",
			[]cause{{LayerTime, ReasonExpiresBeforeIssued}},
			func(s *specimen) (string, bool) {
				at, _, ok := s.issued()
				expires, _, given := s.expires()
				return spell(at.Sub(expires)), ok && given && expires.Before(at.Truncate(time.Second)) && expires.Unix() >= longestDuration
			}},
		{MistakeExpired, "exp has passed", "Give the receiver more time, or leave exp out: {ttl} hold anyway.", "{pages}",
			[]cause{{LayerTime, ReasonExpired}},
			func(s *specimen) (string, bool) {
				expires, _, ok := s.expires()
				return spell(s.now.Sub(expires)) + " ago", ok && s.now.After(expires) && expires.Unix() >= longestDuration
			}},
		{MistakeExpiresMalformed, "exp is in no known form", "Write a date-time with offset, or leave exp out.", "{pages}",
			[]cause{{LayerTime, ReasonExpiresMalformed}},
			func(s *specimen) (string, bool) {
				_, _, ok := s.expires()
				return "", s.jwe != nil && s.jwe.header.has(memberExpires) && !ok
			}},
	}
}

// longestDuration: no instant of this century is smaller, no sensible duration in seconds greater.
const longestDuration = 100_000_000

func (s *specimen) lacksIssuedAt() bool {
	return s.jws != nil && s.jws.readable && s.jwe != nil && s.jwe.readable && !s.jwe.header.has(memberIssuedAt)
}

func lookIssuedAtMalformed(s *specimen) (string, bool) {
	return s.anyHeader(func(h headerCheck) (string, bool) {
		if !h.has(memberIssuedAt) || h.layer == LayerJWSHeader && !s.hub {
			return "", false
		}
		_, _, ok := parseEpoch(h.values[memberIssuedAt])
		return kind(h.values[memberIssuedAt]), !ok
	})
}
