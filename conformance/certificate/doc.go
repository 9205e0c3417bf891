// Package certificate signs what a run of the certification came to, and
// checks such a signature. It knows bytes and keys: no files, no clock.
//
//	Result bytes, key --Sign--> certificate (a JWS in compact form, PS256)
//	certificate, Result bytes, public key --Verify--> Statement, or what is wrong
//
// The key is the certifier's own, made for this alone. Visa's signing key of
// the data directory signs what Visa says to issuers; a certificate is
// something that whoever ran vtsim says, and must never pass for a message of
// Visa's. Trust comes from how the public key reached the reader: no key that
// a certificate carries is ever believed.
package certificate
