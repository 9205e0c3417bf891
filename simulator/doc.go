// Package simulator is the composition of the Visa side: vault, clock,
// faults, the APIs that issuers call and the console, behind their listeners.
//
//	New(Config) -> Start -> … -> Close
//
//	issuer --mutual TLS--> inbound --\
//	issuer --plain, loopback only----/--> vault <-- console <-- person, test
//
// It is what vtsim serve runs and what a Go test embeds: port 0 works for
// every listener, nothing is global, and Close finishes the calls in flight.
package simulator
