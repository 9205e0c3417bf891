// Package console is the admin API of the simulator: issuers, test cards and
// tokens, wallets and calls to issuers, the journal and the queue, faults, the
// clock, snapshots; beside it health, metrics and its own description.
//
// The description decides. openapi/*.yaml says which paths there are and what
// a request looks like; the routes are made from it, requests are judged by
// it, and it is what openapi.json serves. What it says about members of the
// specification it takes from the contract.
//
//	guard (token or loopback) -> route -> query, body --description--> endpoint
//	  -> one problem or one answer
//
// An endpoint is one method; it reads the judged request, works on the vault,
// the faults or the clock, and returns what to answer. The package signs and
// seals nothing; what calls issuers is in package calls. PANs are masked in everything that it shows
// but test cards and token objects, which exist to be used.
package console
