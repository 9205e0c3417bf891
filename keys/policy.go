package keys

// Policy is one row of the issuer's decision table: what it says it decides
// under a condition. The rows are read in their order, and the first whose
// condition holds decides.
type Policy struct {
	Name string
	When PolicyCondition
	// Path is PathGreen, PathYellow or PathRed.
	Path string
	// StepUpMethods are the types of the methods expected on the yellow path.
	StepUpMethods []string
	// Line and Column of the row in the profile's file.
	Line, Column int
}

// The decisions of a Policy.
const (
	PathGreen  = "green"
	PathYellow = "yellow"
	PathRed    = "red"
)

// PolicyCondition limits a Policy; an empty list or range matches everything.
// The values are those of the specification's enumerations.
type PolicyCondition struct {
	// Wallets are tokenRequestorIDs.
	Wallets    []string
	TokenTypes []string
	PANSources []string
	// ReasonCodes of the wallet provider; one of them among those that are
	// sent is enough (p.53).
	ReasonCodes  []string
	CVV2Results  []string
	DeviceScore  Range
	AccountScore Range
	RiskScore    Range
}

// Range of whole numbers, both ends included; a nil end is open.
type Range struct {
	Min, Max *int
}

// Has tells whether the number is in the range.
func (r Range) Has(n int) bool { return (r.Min == nil || n >= *r.Min) && (r.Max == nil || n <= *r.Max) }

// Open tells a range that has every number.
func (r Range) Open() bool { return r.Min == nil && r.Max == nil }
