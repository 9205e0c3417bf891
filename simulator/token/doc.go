// Package token is the life of a token: its states, the six actions upon
// them, and who may take them (p.76, 89).
//
//	Token + action + actor + time --Machine--> changed Token, or a Refusal
//
// Which action is allowed in which state, and what a refusal is called,
// stands in the contract's lifecycle table; this package only follows it. It
// does no I/O, has no clock of its own, and never changes the token that it
// is given.
package token
