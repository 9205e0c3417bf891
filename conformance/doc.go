// Package conformance certifies an issuer: it plans cases from the library and
// the issuer's profile, runs them side by side, and makes the Result that every
// report is made from.
//
//	library x profile --New--> cases, and skips with their reasons
//	plan --preflight: can the endpoint be reached at all?--> run
//	case --scenarios.Runner--> records --judge--> findings
//	findings + known failures --> outcomes --> score, verdict --> Result
//
// What this side does wrong is broken and makes the verdict incomplete; it is
// never counted against the issuer.
package conformance
