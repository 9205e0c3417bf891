// Package reference puts the reference issuer and Visa's side into one process,
// on free ports of loopback: what demonstrates a certification, and what proves
// it.
//
//	data directory --Open--> reference issuer (with defects) <==> Session
package reference
