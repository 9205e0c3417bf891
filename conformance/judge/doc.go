// Package judge holds the issuer's answers against the rules of the contract:
// one exchange at a time, and several of one case where a rule is about more
// than one.
//
//	Exchange + Want --Trial.Exchange--> Ruling: findings, rules exercised
//	                --Trial.End-------> Ruling: rules about the whole case
//
// A finding says which rule is broken, on which page it stands, what came and
// all that was allowed, without PAN, passcode, CVV2 or secret. What went wrong
// on this side of the wire is never a finding: it is broken, and the caller's
// business.
//
// Only the exact error is the right error, every answer that the specification
// permits is right, and a rule is exercised only when the exchange could have
// broken it.
package judge
