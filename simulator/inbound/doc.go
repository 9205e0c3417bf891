// Package inbound serves the eight APIs that issuers call (chapters 5 and 7).
//
// Every call takes the same way, a chain of small stages. Each passes on or
// ends the call with one *Refusal, and one place turns it into the answer:
//
//	limits -> route -> identity -> x-pay-token -> headers -> JSON -> envelope
//	  -> contract (parameters, body, sealed payload) -> act -> seal -> answer
//
// act is the only part that differs between the APIs; it is one function a
// file, named after the API, and runs inside one vault transaction together
// with the journal row and the notifications that it queues. No cryptography
// happens inside that transaction.
//
// The package never calls the issuer: it queues notifications, outbound sends
// them. Why credentials or an envelope were refused goes to the journal and
// the log, never to the caller (INT-011).
package inbound
