package outbound

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// Corruption breaks exactly one thing of a call on purpose. The catalogue is
// closed and typed; scenarios name its entries as group: name.
type Corruption struct {
	// ID is <group>/<name>.
	ID string
	// Title says in one sentence what is wrong with the call.
	Title string
	// Page of the rule that the issuer is expected to enforce.
	Page int
	// Seal, if set, seals the payload wrongly.
	Seal func(c *Client, target Target, payload []byte) (string, error)
	// Wire, if set, changes the call before it is sent.
	Wire func(d *Draft)
}

// Group and Name are the two halves of the ID.
func (c Corruption) Group() string { group, _, _ := strings.Cut(c.ID, "/"); return group }

// Name is what follows the group.
func (c Corruption) Name() string { _, name, _ := strings.Cut(c.ID, "/"); return name }

// Pages of the rules that corruptions break.
const (
	pageHeaders    = 26
	pageMutualTLS  = 35
	pageTLSVersion = 35
	pageJWE        = 40
	pageIssuedAt   = 41
	pageTag        = 42
	pageJWS        = 43
	pageBody       = 29
	pageRetry      = 26
)

// oversize is the length of a body that nobody should read to its end, in
// bytes.
const oversize = 4 << 20

// Corruptions is the catalogue, by group; what only looks wrong comes last.
func Corruptions() []Corruption {
	return slices.Concat(sealedCorruptions(), wireCorruptions(), tolerable())
}

// sealedCorruptions break the envelope of the payload and leave the rest of it
// right: what is changed inside the JWE is signed again.
func sealedCorruptions() []Corruption {
	return []Corruption{
		{ID: "jws/signature", Title: "The signature was altered after signing.", Page: pageJWS, Seal: sealing(forgery{alterSignature: true})},
		{ID: "jws/alg-none", Title: "The JWS header says that there is no signature, and there is none.", Page: pageJWS, Seal: sealing(forgery{algNone: true})},
		{ID: "jws/alg", Title: "The right key signed with an algorithm that is not allowed.", Page: pageJWS, Seal: sealing(forgery{signatureAlg: forbiddenSig})},
		{ID: "jws/wrong-key", Title: "Another key than the one that kid names signed.", Page: pageJWS, Seal: sealing(forgery{foreignSigner: true})},
		{ID: "jws/kid-unknown", Title: "kid of the JWS header names no key of Visa's.", Page: pageJWS, Seal: sealing(forgery{signerID: unknownKeyID})},
		{ID: "jws/unsigned", Title: "The JWE stands alone, without a JWS around it.", Page: pageJWS, Seal: sealing(forgery{unsigned: true})},
		{ID: "jwe/tag", Title: "The authentication tag does not fit the ciphertext.", Page: pageTag, Seal: sealing(forgery{alterPart: partTag})},
		{ID: "jwe/ciphertext", Title: "The ciphertext was altered after encryption.", Page: pageTag, Seal: sealing(forgery{alterPart: partCiphertext})},
		{ID: "jwe/wrong-key", Title: "The payload is encrypted for another key than the one that kid names.", Page: pageJWE, Seal: sealing(forgery{foreignRecipient: true})},
		{ID: "jwe/kid-unknown", Title: "kid of the JWE header is not the issuer's.", Page: pageJWE, Seal: sealing(forgery{recipientID: unknownKeyID})},
		{ID: "jwe/alg", Title: "The content key is wrapped with an algorithm that is not allowed.", Page: pageJWE, Seal: sealing(forgery{alg: forbiddenAlg})},
		{ID: "jwe/enc", Title: "The payload is encrypted with an algorithm that is not allowed.", Page: pageJWE, Seal: sealing(forgery{enc: forbiddenEnc})},
		{ID: "jwe/iat-expired", Title: "The envelope is older than it may be.", Page: pageIssuedAt, Seal: sealing(forgery{expired: true})},
	}
}

// wireCorruptions break the body, the headers or the connection.
func wireCorruptions() []Corruption {
	return []Corruption{
		{ID: "tls/no-client-certificate", Title: "Visa's side shows no client certificate.", Page: pageMutualTLS,
			Wire: func(d *Draft) { d.TLS.WithoutClientCertificate = true }},
		{ID: "tls/foreign-client-certificate", Title: "Visa's side shows a client certificate of an authority that the issuer does not know.", Page: pageMutualTLS,
			Wire: func(d *Draft) { d.TLS.ForeignClientCertificate = true }},
		{ID: "tls/old-version", Title: "Visa's side offers nothing newer than TLS 1.1.", Page: pageTLSVersion,
			Wire: func(d *Draft) { d.TLS.NewestVersion = tls.VersionTLS11 }},
		{ID: "body/truncated", Title: "The body ends in its middle.", Page: pageBody, Wire: func(d *Draft) { d.Body = d.Body[:len(d.Body)/2] }},
		{ID: "body/not-json", Title: "The body is no JSON.", Page: pageBody, Wire: func(d *Draft) { d.Body = []byte("<request>this is no JSON</request>") }},
		{ID: "body/not-object", Title: "The body is JSON, but a list with the object in it.", Page: pageBody,
			Wire: func(d *Draft) { d.Body = slices.Concat([]byte("["), d.Body, []byte("]")) }},
		{ID: "body/empty", Title: "There is no body.", Page: pageBody, Wire: func(d *Draft) { d.Body = nil }},
		{ID: "body/oversize", Title: "The body goes on for 4 MiB.", Page: pageBody, Wire: oversized},
		{ID: "http/duplicate", Title: "The call comes twice, with one X-REQUEST-ID.", Page: pageRetry, Wire: func(d *Draft) { d.Times = 2 }},
		{ID: "http/drop-after-request", Title: "The connection is cut once the request is written.", Page: pageRetry,
			Wire: func(d *Draft) { d.AbortAfterRequest = true }},
		{ID: "http/content-type", Title: "Content-Type says that the body is plain text.", Page: pageHeaders,
			Wire: func(d *Draft) { d.Headers.Set("Content-Type", "text/plain") }},
		{ID: "http/request-id-missing", Title: "There is no X-REQUEST-ID.", Page: pageHeaders, Wire: func(d *Draft) { d.Headers.Del("X-Request-Id") }},
		{ID: "http/request-id-malformed", Title: "X-REQUEST-ID has characters that it may not have.", Page: pageHeaders,
			Wire: func(d *Draft) { d.Headers.Set("X-Request-Id", "not/a request id") }},
		{ID: "http/request-id-twice", Title: "X-REQUEST-ID stands twice, with two values.", Page: pageHeaders,
			Wire: func(d *Draft) { d.Headers.Add("X-Request-Id", "another-"+d.Headers.Get("X-Request-Id")) }},
		{ID: "http/content-type-missing", Title: "There is no Content-Type.", Page: pageHeaders, Wire: func(d *Draft) { d.Headers.Del("Content-Type") }},
		{ID: "http/accept-missing", Title: "There is no Accept.", Page: pageHeaders, Wire: func(d *Draft) { d.Headers.Del("Accept") }},
	}
}

// oversized keeps the body right JSON of the right members, with blanks
// behind it, so that nothing but its length is wrong.
func oversized(d *Draft) {
	padded := make([]byte, oversize)
	for i := copy(padded, d.Body); i < len(padded); i++ {
		padded[i] = ' '
	}
	d.Body = padded
}

// CorruptionByID finds an entry of the catalogue. The error names the nearest
// one.
func CorruptionByID(id string) (Corruption, error) {
	catalogue := Corruptions()
	ids := make([]string, len(catalogue))
	for i, c := range catalogue {
		if c.ID == id {
			return c, nil
		}
		ids[i] = c.ID
	}
	if near := contract.Nearest(id, ids); near != "" {
		return Corruption{}, fmt.Errorf("no corruption %q; did you mean %s?", id, near)
	}
	return Corruption{}, fmt.Errorf("no corruption %q; there are %s", id, strings.Join(ids, ", "))
}

// fits tells whether the corruptions can break this call: one that changes
// nothing must not pass for one that did.
func fits(call *Call, corrupt []Corruption) error {
	seals := ""
	for _, c := range corrupt {
		switch {
		case c.Seal == nil:
			continue
		case call.Sealed == nil:
			return fmt.Errorf("%s breaks a sealed payload, and this %s has none", c.ID, call.Operation)
		case seals != "":
			return fmt.Errorf("%s and %s both seal the payload; give one of them", seals, c.ID)
		}
		seals = c.ID
	}
	return nil
}
