package keys

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// PolicyFact is something that a condition of the decision table looks at, and
// the member of approveProvisioning that tells the issuer of it (p.117-119).
type PolicyFact struct {
	// Key in issuer.yaml, below when.
	Key string
	// Part and Member, by a dotted name, carry it.
	Part   contract.Part
	Member string
	// Score says that it is a whole number, limited by min and max.
	Score bool
}

// The keys of a condition.
const (
	FactTokenType    = "tokenType"
	FactWallet       = "wallet"
	FactPANSource    = "panSource"
	FactDeviceScore  = "deviceScore"
	FactAccountScore = "accountScore"
	FactReasonCode   = "reasonCode"
	FactRiskScore    = "riskScore"
	FactCVV2Result   = "cvv2Result"
)

// PolicyOperation is the call that a decision table decides.
const PolicyOperation = "approveProvisioning"

// PolicyFacts lists the facts in the order in which people read them.
func PolicyFacts() []PolicyFact {
	return []PolicyFact{
		{Key: FactTokenType, Part: contract.Request, Member: "tokenInfo.tokenType"},
		{Key: FactWallet, Part: contract.Path, Member: "tokenRequestorID"},
		{Key: FactPANSource, Part: contract.Request, Member: "panSource"},
		{Key: FactDeviceScore, Part: contract.SealedRequest, Member: "riskInformation.walletProviderDeviceScore", Score: true},
		{Key: FactAccountScore, Part: contract.SealedRequest, Member: "riskInformation.walletProviderAccountScore", Score: true},
		{Key: FactReasonCode, Part: contract.SealedRequest, Member: "riskInformation.walletProviderReasonCodes"},
		{Key: FactRiskScore, Part: contract.SealedRequest, Member: "riskInformation.riskAssessmentScore", Score: true},
		{Key: FactCVV2Result, Part: contract.Request, Member: "cvv2ResultsCode"},
	}
}

// PolicyValues are what the contract lets a key of a policy name.
type PolicyValues struct {
	// Values are all that there are; empty where any text of the form does.
	Values []string
	// Pattern and MaxLength are the form, Page where the contract has it.
	Pattern   string
	MaxLength int
	Page      int
}

// keyStepUpMethods is the key of the methods that a row expects.
const keyStepUpMethods = "stepUpMethods"

// policyValues asks the contract for the values of every key.
func policyValues(c *contract.Contract) map[string]PolicyValues {
	known := map[string]PolicyValues{}
	for _, fact := range PolicyFacts() {
		op, err := c.Operation(PolicyOperation)
		if err != nil {
			return nil // the contract is not the one that this program ships
		}
		if field := memberAt(op.Field(fact.Part), strings.Split(fact.Member, ".")); field != nil {
			known[fact.Key] = valuesOf(field, fact.Score)
		}
	}
	if op, err := c.Operation("retrieveStepUpMethods"); err == nil {
		if field := memberAt(op.Field(contract.Response), []string{"stepUpMethods"}); field != nil && field.Items != nil {
			known[keyStepUpMethods] = valuesOf(field.Items.Member("type"), false)
		}
	}
	return known
}

func memberAt(field *contract.Field, names []string) *contract.Field {
	for _, name := range names {
		if field == nil {
			return nil
		}
		field = field.Member(name)
	}
	return field
}

// valuesOf a field: its enumeration, or of a score the numbers that fit its
// pattern and length.
func valuesOf(field *contract.Field, score bool) PolicyValues {
	if field == nil {
		return PolicyValues{}
	}
	v := PolicyValues{Pattern: field.Pattern, Page: field.Page}
	if field.MaxLength != nil {
		v.MaxLength = *field.MaxLength
	}
	for _, value := range field.Enum {
		v.Values = append(v.Values, fmt.Sprint(value))
	}
	pattern, err := regexp.Compile(field.Pattern)
	if !score || err != nil {
		return v
	}
	for n := 0; len(strconv.Itoa(n)) <= v.MaxLength; n++ {
		if text := strconv.Itoa(n); pattern.MatchString(text) {
			v.Values = append(v.Values, text)
		}
	}
	return v
}

// wrong says what is wrong with a value, and what would do; empty when it may
// stand there.
func (v PolicyValues) wrong(value string) (what, mend string) {
	switch {
	case value == "":
		return "a value belongs here", ""
	case len(v.Values) > 0:
		if slices.Contains(v.Values, value) {
			return "", ""
		}
		return "the specification has no such value here" + v.page(), "there are " + v.list()
	case v.MaxLength > 0 && len([]rune(value)) > v.MaxLength:
		return fmt.Sprintf("the value is longer than %d characters%s", v.MaxLength, v.page()), ""
	}
	if pattern, err := regexp.Compile(v.Pattern); err == nil && !pattern.MatchString(value) {
		return "the value has not the form that the specification wants here" + v.page(), "it wants " + v.Pattern
	}
	return "", ""
}

func (v PolicyValues) page() string {
	if v.Page == 0 {
		return ""
	}
	return fmt.Sprintf(" (p.%d)", v.Page)
}

// listed is how many values an error lists.
const listed = 10

func (v PolicyValues) list() string {
	if len(v.Values) > listed {
		return v.Values[0] + " to " + v.Values[len(v.Values)-1]
	}
	return strings.Join(v.Values, ", ")
}
