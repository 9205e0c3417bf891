package xpay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"time"
)

// Sign makes the token of a call at an instant (p.27): scheme, epoch seconds and the lower-case hexadecimal HMAC-SHA256 of
// timestamp, path, query and body without anything between them. Errors are *Errors: ReasonMisconfigured for impossible
// rules, an empty secret or an instant before 1970, ReasonQueryMalformed for a query string that has no canonical form.
func Sign(rules Rules, secret Secret, at time.Time, call Call) (string, error) {
	if err := rules.Validate(); err != nil {
		return "", err
	}
	if err := secret.usable(); err != nil {
		return "", err
	}
	if at.Unix() < 0 || at.Unix() >= firstMilliseconds {
		return "", refuse(ReasonMisconfigured, "x-pay-token: the clock stands before 1970 or past any year that a token can carry")
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	digest, err := digestOf(secret, timestamp, call)
	if err != nil {
		return "", err
	}
	return rules.Scheme + separator + timestamp + separator + hex.EncodeToString(digest[:]), nil
}

func (s Secret) usable() error {
	if s.key == "" {
		return refuse(ReasonMisconfigured, "x-pay-token: the shared secret is empty, and anybody could sign with an empty one")
	}
	return nil
}

// digestOf is the one way from a call to its digest. The body is fed in as it is, never copied.
func digestOf(secret Secret, timestamp string, call Call) (digest [sha256.Size]byte, err error) {
	query, err := CanonicalQuery(call.Query)
	if err != nil {
		return digest, err
	}
	mac := hmac.New(sha256.New, []byte(secret.key))
	for _, part := range []string{timestamp, CanonicalPath(call.Path), query} {
		io.WriteString(mac, part) //nolint:errcheck // a hash never fails
	}
	mac.Write(call.Body)
	mac.Sum(digest[:0])
	return digest, nil
}
