// Package report turns a Result into something to read: for a terminal, for a
// browser, for CI. It knows nothing but the Result.
//
//	Result --printable--> digest: worst first, one entry a broken rule
//	digest --> Terminal | Markdown | HTML | JUnit
//	Result --> JSON --> Read --> Result
//	two Results --> Compare --> Comparison
//
// What the issuer sent stands in quotes everywhere: its bytes can't colour a
// terminal, speak to a CI system, open a tag, or end a table. The same Result
// always gives the same bytes.
package report
