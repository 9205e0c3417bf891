// Package policy makes cases of the issuer's own decision table, the policies
// of issuer.yaml, and holds answers against it.
//
//	rows --check: contradictions, rows that nothing reaches--> refused
//	rows --boundaries, listed values, pairwise--> inputs --> scenarios
//	answer --path taken, methods offered--> kept, or a deviation
//
// The rows are read in their order: the first whose condition holds decides.
// What is found here is about the issuer's word. It never touches the verdict,
// which is about the specification's.
package policy
