package policy

import (
	"slices"
	"strconv"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
)

// input is what one case tells the issuer: a value for every column. An empty
// one leaves the member out.
type input []string

// column is one fact of the table and all values that tell rows apart.
type column struct {
	keys.PolicyFact
	// values begin with what raises least suspicion; what a row does not name
	// is filled with it where that leads to the row.
	values []string
	list   func(*keys.PolicyCondition) []string
	score  func(*keys.PolicyCondition) keys.Range
}

// columns of a table. Wallets and reason codes are not the contract's to list:
// those of the table count, and beside them the sample token requestors and no
// reason code at all.
func columns(facts keys.Facts, set *fixtures.Set, rows []keys.Policy) []column {
	var list []column
	for _, fact := range keys.PolicyFacts() {
		c := column{PolicyFact: fact, values: slices.Clone(facts.Policies[fact.Key].Values)}
		c.list, c.score = reader(fact.Key)
		switch fact.Key {
		case keys.FactDeviceScore, keys.FactAccountScore:
			slices.Reverse(c.values) // the highest is the best (p.52-53)
		case keys.FactReasonCode:
			c.values = []string{""}
		case keys.FactWallet:
			for _, requestor := range set.TokenRequestors {
				c.values = append(c.values, requestor.TokenRequestorID)
			}
		}
		for i := range rows {
			for _, value := range c.list(&rows[i].When) {
				if !slices.Contains(c.values, value) {
					c.values = append(c.values, value)
				}
			}
		}
		list = append(list, c)
	}
	return list
}

// reader finds a column's part of a condition.
func reader(key string) (list func(*keys.PolicyCondition) []string, score func(*keys.PolicyCondition) keys.Range) {
	list = func(*keys.PolicyCondition) []string { return nil }
	score = func(*keys.PolicyCondition) keys.Range { return keys.Range{} }
	switch key {
	case keys.FactTokenType:
		list = func(c *keys.PolicyCondition) []string { return c.TokenTypes }
	case keys.FactWallet:
		list = func(c *keys.PolicyCondition) []string { return c.Wallets }
	case keys.FactPANSource:
		list = func(c *keys.PolicyCondition) []string { return c.PANSources }
	case keys.FactReasonCode:
		list = func(c *keys.PolicyCondition) []string { return c.ReasonCodes }
	case keys.FactCVV2Result:
		list = func(c *keys.PolicyCondition) []string { return c.CVV2Results }
	case keys.FactDeviceScore:
		score = func(c *keys.PolicyCondition) keys.Range { return c.DeviceScore }
	case keys.FactAccountScore:
		score = func(c *keys.PolicyCondition) keys.Range { return c.AccountScore }
	case keys.FactRiskScore:
		score = func(c *keys.PolicyCondition) keys.Range { return c.RiskScore }
	}
	return list, score
}

// names tells whether the condition limits the column.
func (c column) names(when *keys.PolicyCondition) bool {
	return len(c.list(when)) > 0 || !c.score(when).Open()
}

// accepts tells whether the condition lets the value pass.
func (c column) accepts(when *keys.PolicyCondition, value string) bool {
	if !c.Score {
		list := c.list(when)
		return len(list) == 0 || slices.Contains(list, value)
	}
	limits := c.score(when)
	if limits.Open() {
		return true
	}
	n, err := strconv.Atoi(value)
	return err == nil && limits.Has(n)
}

// accepted are the values of the column that the condition lets pass.
func (c column) accepted(when *keys.PolicyCondition) []string {
	var list []string
	for _, value := range c.values {
		if c.accepts(when, value) {
			list = append(list, value)
		}
	}
	return list
}

// telling are the values of a named column that a case should try: both ends
// of a range, every value of a list.
func (c column) telling(when *keys.PolicyCondition) []string {
	list := c.accepted(when)
	if !c.Score || len(list) < 2 {
		return list
	}
	ends := []string{list[0], list[len(list)-1]}
	slices.SortFunc(ends, func(a, b string) int { return number(a) - number(b) })
	return ends
}

// number of a score, which the contract's pattern makes one.
func number(score string) int {
	n, err := strconv.Atoi(score)
	if err != nil {
		return 0
	}
	return n
}
