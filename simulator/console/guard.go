package console

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// guard keeps out who may not come in. With a token, everybody shows it. A
// console without one listens on loopback, where web pages of other sites can
// reach it too, by their scripts or by a name that was made to resolve there:
// so the request has to name a loopback host, and to come from no other site.
func (c *Console) guard(r *http.Request, op *operation) *problem {
	if c.Token == "" {
		return fromLoopback(r)
	}
	if op != nil && op.open {
		return nil
	}
	shown, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	want, got := sha256.Sum256([]byte(c.Token)), sha256.Sum256([]byte(shown))
	if !ok || subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
		return &problem{status: http.StatusUnauthorized, Message: "The console wants its token: send Authorization: Bearer TOKEN."}
	}
	return nil
}

func fromLoopback(r *http.Request) *problem {
	if !loopbackHost(r.Host) {
		return &problem{status: http.StatusForbidden, Message: "The Host header names another machine; a console without token is for localhost only."}
	}
	for _, origin := range r.Header.Values("Origin") {
		if site, err := url.Parse(origin); err != nil || site.Host != r.Host || site.Scheme != "http" && site.Scheme != "https" {
			return &problem{status: http.StatusForbidden, Message: "The request comes from a page of another site (Origin header)."}
		}
	}
	return nil
}

// loopbackHost reports whether a Host header, with or without port, names this
// machine as only it itself does.
func loopbackHost(header string) bool {
	host := header
	if name, _, err := net.SplitHostPort(header); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
