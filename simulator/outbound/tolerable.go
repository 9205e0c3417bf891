package outbound

import (
	"net/url"
	"strings"
)

// Pages of what a receiver has to put up with.
const (
	pageGrowth     = 25
	pageConnection = 36
)

// headerBytes is the length of a large header; with all others it stays well
// below what servers take by default.
const headerBytes = 4 << 10

// tolerable are the entries that make a call unusual and not wrong: the issuer
// should take it.
func tolerable() []Corruption {
	return []Corruption{
		{ID: "http/unknown-parameter", Title: "A query parameter that nobody knows stands behind the others; the call is right.", Page: pageGrowth, Wire: unknownParameter},
		{ID: "http/unknown-header", Title: "A header that nobody knows stands beside the others; the call is right.", Page: pageGrowth,
			Wire: func(d *Draft) { d.Headers.Set("X-Vtsim-Unknown", "any value") }},
		{ID: "http/large-header", Title: "A header that nobody knows has 4 KiB; the call is right.", Page: pageGrowth,
			Wire: func(d *Draft) { d.Headers.Set("X-Vtsim-Unknown", strings.Repeat("x", headerBytes)) }},
		{ID: "http/first-version", Title: "Visa's side speaks HTTP/1.1 and not HTTP/2; the call is right.", Page: pageConnection,
			Wire: func(d *Draft) { d.TLS.WithoutHTTP2 = true }},
		{ID: "http/close", Title: "The connection is for this call only, Connection: close says; the call is right.", Page: pageConnection,
			Wire: func(d *Draft) { d.TLS.WithoutHTTP2 = true; d.Headers.Set("Connection", "close") }},
		{ID: "body/members-reversed", Title: "The members stand in the reverse of their alphabetical order; the call is right.", Page: pageGrowth, Wire: reversed},
	}
}

func unknownParameter(d *Draft) {
	joint := "?"
	if at, err := url.Parse(d.URL); err == nil && at.RawQuery != "" {
		joint = "&"
	}
	d.URL += joint + "vtsimUnknown=1"
}

func reversed(d *Draft) {
	// The members were encoded before, so that they can be again.
	if content, err := InReverse(d.Members); err == nil {
		d.Body = content
	}
}
