// Package report turns a Result into something to read: for a terminal, for a
// browser, for CI. It knows nothing but the Result.
//
//	Result --> Terminal | JSON | JUnit | Markdown | HTML
package report
