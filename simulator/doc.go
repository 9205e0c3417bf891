// Package simulator is the composition of the Visa side: vault, clock,
// faults, the APIs that issuers call, Visa's own calls to issuers and the
// console, behind their listeners.
//
//	New(Config) -> Start -> … -> Close
//
//	issuer --mutual TLS--> inbound --\
//	issuer --plain, loopback only----/--> vault <-- console <-- person, test
//	issuer <--mutual TLS-- calls <--queue, wallet--/      |
//	                         ^----------------------------/
//
// It is what vtsim serve runs and what a Go test embeds: port 0 works for
// every listener, nothing is global, and Close finishes the calls in flight.
package simulator
