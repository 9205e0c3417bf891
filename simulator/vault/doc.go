// Package vault keeps everything of the simulator that must survive a
// restart: issuers, PANs, tokens, device bindings, account-level records,
// metadata tasks, queued notifications and the journal of traffic.
//
//	inbound, wallet, console
//	   | View / Update (one issuer)    | Issuers, Traffic, Snapshot, …
//	   v                               v
//	  Tx (transaction) ------------- Vault (Store)
//	   | reads              | writes               | Journal
//	   v                    v                      v
//	  readers, each a      writer: those who      journal, a ring that
//	  snapshot             wait share a commit    trims itself
//	   |                    |                      |
//	   v                    v                      v
//	  SQLite (sqlite.go) with a write-ahead log, in a file or in memory
//
// Every query names its issuer: a Tx is bound to one, and rows of another are
// not there for it. State change, journal row and queued notifications of one
// call commit together or not at all, and Update returns only once they are
// on the disk. PANs, token numbers and shared secrets are encrypted at rest
// with the vault key and looked up by keyed hash.
//
// The package decides nothing about the specification: which action a state
// permits is package token's business. It never signs, seals or calls anyone.
package vault
