package xpay

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

const (
	// separator stands between the three parts of a token.
	separator = ":"
	// secondsDigits is how many digits the epoch seconds have between the years 2001 and 2286.
	secondsDigits = 10
	digestDigits  = 2 * sha256.Size

	// From here on a number is read as milliseconds: as seconds it would lie past the year 5138, as milliseconds in 1973.
	firstMilliseconds = 100_000_000_000
	// From here on it is not even that: microseconds, nanoseconds, or noise.
	firstNonsense = 100_000_000_000_000
)

// Token is a token that was read, not yet one that was verified.
type Token struct {
	// Timestamp is the second part exactly as sent, because the digest covers its characters and not its number.
	Timestamp string
	// Seconds is Timestamp as epoch seconds.
	Seconds int64
	// Digest is the third part, decoded.
	Digest [sha256.Size]byte
	// UpperCase tells that the digest was written with at least one capital, which INT-001 takes with a warning.
	UpperCase bool
}

// Parse reads the header's value. Each way to get it wrong is an *Error with its own reason, found from left to right:
// missing, too long, parts, scheme, timestamp, digest.
func Parse(rules Rules, value string) (Token, error) {
	if value == "" {
		return Token{}, rules.missing()
	}
	if len(value) > rules.MaxLength {
		return Token{}, rules.malformed(ReasonHeaderTooLong, fmt.Sprintf("is %d characters long, at most %d are allowed", len(value), rules.MaxLength))
	}
	parts := strings.Split(value, separator)
	if len(parts) != 3 {
		return Token{}, rules.malformed(ReasonPartsWrong, fmt.Sprintf("has %d parts between colons instead of 3", len(parts)))
	}
	if parts[0] != rules.Scheme {
		return Token{}, rules.malformed(ReasonSchemeWrong, fmt.Sprintf("does not begin with %q", rules.Scheme+separator))
	}
	seconds, err := rules.parseTimestamp(parts[1])
	if err != nil {
		return Token{}, err
	}
	token := Token{Timestamp: parts[1], Seconds: seconds, UpperCase: strings.ContainsAny(parts[2], "ABCDEF")}
	if len(parts[2]) != digestDigits {
		return Token{}, rules.malformed(ReasonDigestNotHex, fmt.Sprintf("has a digest of %d characters instead of %d hexadecimal digits", len(parts[2]), digestDigits))
	}
	if _, err := hex.Decode(token.Digest[:], []byte(parts[2])); err != nil {
		return Token{}, rules.malformed(ReasonDigestNotHex, "has a digest with characters other than hexadecimal digits")
	}
	return token, nil
}

func (r Rules) parseTimestamp(text string) (int64, error) {
	if !digitsOnly(text) {
		return 0, r.malformed(ReasonTimestampNotDigits, "has a timestamp that is not made of digits")
	}
	number, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil || number >= firstNonsense:
		return 0, r.malformed(ReasonTimestampOutOfRange, fmt.Sprintf("has a timestamp of %d digits, too great for seconds", len(text)))
	case number >= firstMilliseconds:
		return 0, r.malformed(ReasonTimestampMilliseconds, "has a timestamp in milliseconds: divide it by 1000 and drop the rest")
	}
	return number, nil
}

func (r Rules) malformed(reason Reason, what string) *Error {
	return refuse(reason, fmt.Sprintf("%s %s: send %s", r.Header, what, r.shape())+r.cite())
}

func digitsOnly(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
