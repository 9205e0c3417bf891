package scenarios

// Match is a partial match of a decoded JSON value.
type Match struct {
	At Position
	// Exactly one of the following is set, but for Members, which may be
	// empty.
	Literal   any
	Literally bool // Literal is set, also when it is null
	Members   map[string]*Match
	OneOf     []*Match
	Matches   string // regular expression
	Present   *bool
	Contains  *Match
	Length    *Length
	Not       *Match
	Empty     bool // nothing, "", {} or []
}

// Length of a text in characters or of an array in elements; nil ends are open.
type Length struct {
	Min, Max *int
}
