// Package keys keeps the key material of a simulated Visa side and of its
// issuers: it makes it, reads it, renews it and explains what is wrong with
// it (pp.33-37). The envelopes that are made with these keys live in the
// packages below.
//
// Everything lies in one data directory:
//
//	config.yaml  vault.key
//	pki/         ca, server, client            root, Visa's TLS certificates
//	visa/        encryption, signing           Visa's JOSE keys
//	issuers/NAME/ issuer.yaml credentials.yaml encryption signing client server
//
// and takes one way in and one way out:
//
//	Init, AddIssuer, Rotate, Import --Files--> atomic write --> directory
//	directory --parse, check--> Directory, Issuer, Profile
//
// Material is first made completely in memory and only then written: all
// files of a step or none, each by a temporary file, fsync and rename. Private
// files are 0600, directories 0700; nothing is overwritten unasked, and what
// is replaced stays beside it as FILE.previous-TIME.
//
// Times, random numbers and RSA keys come from the caller (Settings), numbers
// of the specification too (Facts). No error, row or summary of this package
// carries a private key, a shared secret, an API key, a PAN or a CVV2.
//
// Functions that write must not run at the same time on one directory.
package keys
