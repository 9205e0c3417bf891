// Package contract holds the Visa Token Service Issuer API as data and
// answers one question about a payload: is it right, and if not, which rule
// of which page does it break?
//
// The data is an OpenAPI 3.1 document with a few annotations of ours
// (spec/openapi.yaml and its parts) and tables beside it (spec/tables). It is
// embedded, merged, checked and compiled once:
//
//	spec/**.yaml --merge--> document --compile--> schemas ---.
//	                            \--walk--> fields, rules ----+--> Contract
//	spec/tables/*.yaml --strict decoding--> Tables ----------'
//
// A payload takes one way through it:
//
//	decoded JSON --drop absent members--> schema --errors--> []Violation
//
// The package never does I/O after loading, never changes a payload that it
// is given, and puts no PAN, CVV2 or passcode into a message.
package contract
