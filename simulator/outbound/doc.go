// Package outbound is the one way out: it builds, seals, sends, times and
// records Visa's calls to the issuer, and keeps the queue of notifications.
//
//	Subject (token, PAN, requestor) --Facts--> Builder --contract--> Call
//	Call --patch, corruption--> sealed --mutual TLS--> issuer
//	     --measured, decrypted, bounded--> Exchange
//
// A payload is filled from facts along the contract's own fields, so that a
// member of the specification is in it when there is a fact for it, and
// nothing else; then the contract judges it before it leaves. An Exchange is
// everything that was seen of one call; judging the issuer's answer is
// somebody else's business, and so is deciding what follows from it.
//
// The package never follows a redirect, never reads an answer without bound,
// and blames nobody: a Failure says which side of the wire it was seen on.
package outbound
