package suite

// Printable is printable, for tests.
var Printable = printable
