package conformance

// InTurn lets one ask at a time.
var InTurn = inTurn
