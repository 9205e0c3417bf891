// Package wallet plays the token requestor and the cardholder: it lets tokens
// come into being, verifies the cardholder, binds devices and does what a
// wallet does to its tokens.
//
//	Request --Provision--> checkEligibility -> approveProvisioning
//	                          | no usable answer        | 00, 85, decline
//	                          v                         v
//	                       preset metadata,      token and notifications,
//	                       stand-in rule         in one transaction
//	                                                    | 85
//	                                                    v
//	                 retrieveStepUpMethods -> sendPasscode -> passcode entered
//
// Calls to the issuer go through package outbound and into the journal, each
// before its consequences; no transaction of the vault is open meanwhile.
// What a token may do is package token's business, what is told about it
// afterwards is queued in the transaction that changed it.
//
// Everything that is drawn comes from Config.Rand and every time from
// Config.Clock: the same seed, clock and answers make the same flow.
package wallet
