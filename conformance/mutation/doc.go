// Package mutation proves the verdict: it certifies the reference issuer once
// as it should be and once with each of its defects.
//
//	clean issuer --all cases--> no finding; rule -> cases that exercise it
//	defect --cases of its rule, and a share of the others--> Proof
//
// A defect is caught when the rule that it names is found broken. What else is
// found beside it is told: one fault, one finding. A defect that is not caught
// survives, and a rule without one that is caught is unproven.
package mutation
