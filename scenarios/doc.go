// Package scenarios is the language in which a certification is written: it
// reads YAML, checks it before anything runs, expands what the contract can
// generate, and runs one case against an issuer.
//
//	YAML --Parse--> Scenario, or Problems: file:line:column, what, mend
//	Scenario --Expand--> Case (own card, own token) --Runner--> Record …
//
// A Record is what one step brought about. The package says whether it is
// what the scenario expected; whether the answer is right by the contract,
// and who is to blame, is the judge's business.
//
// Facts of the specification stand in the contract: a scenario names a trigger
// (refused: invalid-pan) where it can, and not the code that follows from it.
package scenarios
