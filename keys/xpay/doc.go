// Package xpay makes, checks and explains x-pay-tokens (p.27): the keyed digest with which an issuer proves who sends a
// call and that nobody changed it on the way.
//
// Sign and Verifier share one way from a call to its digest, so that what one makes the other accepts:
//
//	path  ──CanonicalPath──┐
//	query ─CanonicalQuery──┤
//	body  ──byte for byte──┼─→ timestamp+path+query+body ──HMAC-SHA256(secret)──→ scheme:timestamp:hex
//	clock ──epoch seconds──┘
//
// A Verifier refuses in the order parse, window, digest, replay; every refusal is an *Error with a Reason that a machine
// can read and a text without secrets.
//
// A Doctor takes a refused call and finds the known mistake, or the pair of mistakes, with which the received digest comes
// out; what it does not find it does not guess. Its Diagnosis is for the owner of the credentials (console, command line),
// never for the caller: it shows the expected digest, though not the secret.
//
// The package never reads the contract (Rules come from its caller), the wall clock or the network, never logs, and never
// puts a shared secret into an error or a diagnosis.
package xpay
