// Package client makes the calls that issuers make to Visa (chapters 5 and
// 7), as an issuer's own client would: to try the simulator, and to test it.
//
//	name=value -> Draft -> judged by the contract -> Prepare: sealed, signed
//	  -> Call -> Send: mutual TLS -> Answer, opened and judged
//
// A Draft takes members by name, wherever the contract has them: in the path,
// the query, the body or the sealed payload. Nothing stops a wrong call from
// being sent; Check tells what is wrong with it.
//
// Whatever the package prints is masked. It never keeps state and never talks
// to the vault.
package client
