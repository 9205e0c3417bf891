package xpay

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"
)

// remains is what can be made out of a header's value, however badly it is formed.
type remains struct {
	timestamp string // as sent; empty: none found
	digest    string // as sent; empty: none found
	seen      []sighting
}

// sighting is a mistake that shows without any digest.
type sighting struct {
	id     MistakeID
	detail string
}

func (r *remains) see(id MistakeID, detail string) { r.seen = append(r.seen, sighting{id, detail}) }

// salvage reads as much of a header's value as can be read. Only the first MaxLength characters matter: attackers choose the rest.
func salvage(rules Rules, value string) remains {
	var found remains
	if strings.TrimSpace(value) == "" {
		found.see(HeaderMissing, "")
		return found
	}
	if len(value) > rules.MaxLength {
		found.see(HeaderTooLong, strconv.Itoa(len(value))+" characters, at most "+strconv.Itoa(rules.MaxLength)+" are allowed")
		value = value[:rules.MaxLength]
	}
	found.split(rules, found.unwrap(rules, value))
	if looksLikeDigest(found.timestamp) && digitsOnly(found.digest) {
		found.see(HeaderOrder, "")
		found.timestamp, found.digest = found.digest, found.timestamp
	}
	found.judgeTimestamp(rules)
	return found
}

// unwrap takes off quotation marks, the header's name and blanks.
func (r *remains) unwrap(rules Rules, value string) string {
	if bare := strings.Trim(strings.TrimSpace(value), `"'`); bare != strings.TrimSpace(value) {
		r.see(HeaderQuoted, "")
		value = bare
	}
	if name := rules.Header + separator; len(value) >= len(name) && strings.EqualFold(value[:len(name)], name) {
		r.see(HeaderNameRepeated, "")
		value = strings.TrimSpace(value[len(name):])
	}
	if strings.ContainsFunc(value, unicode.IsSpace) {
		parts := strings.Split(value, separator)
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		if len(parts) > 1 {
			r.see(HeaderSpaces, "")
			value = strings.Join(parts, separator)
		}
	}
	return value
}

// split finds timestamp and digest, as far as there are such parts.
func (r *remains) split(rules Rules, value string) {
	parts := strings.Split(value, separator)
	if len(parts) > 2 && parts[0] != rules.Scheme {
		r.see(HeaderScheme, "")
	}
	switch {
	case len(parts) == 3:
		r.timestamp, r.digest = parts[1], parts[2]
	case len(parts) == 2 && digitsOnly(parts[0]):
		r.see(HeaderScheme, "it is missing")
		r.timestamp, r.digest = parts[0], parts[1]
	case len(parts) > 3 && !digitsOnly(parts[1]):
		// The timestamp itself has colons, as a date has.
		last := len(parts) - 1
		r.timestamp, r.digest = strings.Join(parts[1:last], separator), parts[last]
	default:
		r.see(HeaderParts, "")
		r.pick(value)
	}
}

// pick takes what looks like a timestamp and what looks like a digest, wherever it stands.
func (r *remains) pick(value string) {
	for _, text := range strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune(": .,;|", c) }) {
		switch {
		case r.timestamp == "" && digitsOnly(text) && len(text) >= secondsDigits:
			r.timestamp = text
		case r.digest == "" && looksLikeDigest(text):
			r.digest = text
		}
	}
}

func (r *remains) judgeTimestamp(rules Rules) {
	if r.timestamp == "" {
		return
	}
	_, err := rules.parseTimestamp(r.timestamp)
	switch ReasonOf(err) {
	case ReasonTimestampMilliseconds:
		r.see(TimestampMilliseconds, "")
	case ReasonTimestampNotDigits, ReasonTimestampOutOfRange:
		r.see(TimestampNotEpoch, "")
	}
}

// looksLikeDigest holds for anything from a short hash in Base64 on.
func looksLikeDigest(text string) bool { return len(text) >= 27 && !digitsOnly(text) }

// reading is one way to decode the received digest.
type reading struct {
	digest []byte
	// mistake is the encoding's; empty for lower-case hexadecimal.
	mistake MistakeID
	// prefix is set instead of digest when there is only a beginning, in lower-case hexadecimal.
	prefix string
}

// shortestPrefix is how many digits of a cut digest make a match no accident.
const shortestPrefix = 16

func (r reading) matches(digest []byte) bool {
	if r.prefix != "" {
		return strings.HasPrefix(hex.EncodeToString(digest), r.prefix)
	}
	return bytes.Equal(r.digest, digest)
}

// shown is a header's value with secrets masked; one without a digest may hold anything, so card numbers are masked too.
func (r remains) shown(mask masker, value string) string {
	if looksLikeDigest(r.digest) {
		return mask.hideSecrets(value)
	}
	return mask.line(value)
}

// readings decodes the received digest in every way that it can be decoded.
func readings(digest string) []reading {
	var all []reading
	if decoded, err := hex.DecodeString(digest); err == nil && len(decoded) > 0 {
		mistake := MistakeID("")
		if strings.ContainsAny(digest, "ABCDEF") {
			mistake = DigestUpperCase
		}
		all = append(all, reading{digest: decoded, mistake: mistake})
	}
	bare := strings.TrimRight(digest, "=.")
	if decoded, err := base64.RawStdEncoding.DecodeString(bare); err == nil && len(decoded) > 0 {
		all = append(all, reading{digest: decoded, mistake: DigestBase64})
		if inner, err := hex.DecodeString(string(decoded)); err == nil {
			all = append(all, reading{digest: inner, mistake: DigestBase64OfHex})
		}
	}
	if decoded, err := base64.RawURLEncoding.DecodeString(bare); err == nil && len(decoded) > 0 {
		all = append(all, reading{digest: decoded, mistake: DigestBase64URL})
	}
	if len(digest) < digestDigits && len(digest) >= shortestPrefix && strings.Trim(digest, lowerHex) == "" {
		all = append(all, reading{prefix: digest, mistake: DigestTruncated})
	}
	return all
}
