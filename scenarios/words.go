package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// vocabulary are the words that the contract and the packages around it know.
type vocabulary struct {
	outbound, inbound          []string
	roles, triggers            []string
	corruptions                []string
	tokenTypes, tokenStatuses  []string
	levels, verbs, generations []string
}

// The verbs of a step, one of them a step.
var verbs = []string{"call", "await", "trigger", "fault", "token", "clock", "wait"}

func newVocabulary(c *contract.Contract) vocabulary {
	v := vocabulary{roles: keys.Roles(), triggers: contract.Triggers(), verbs: verbs, generations: Kinds(),
		levels: []string{string(contract.Must), string(contract.Should), string(contract.Info)}}
	for _, op := range c.Operations() {
		switch op.Direction {
		case contract.Outbound:
			v.outbound = append(v.outbound, op.ID)
		case contract.Inbound:
			v.inbound = append(v.inbound, op.ID)
		}
	}
	for _, corruption := range outbound.Corruptions() {
		v.corruptions = append(v.corruptions, corruption.ID)
	}
	v.tokenTypes = valuesOf(c, "tokenType")
	v.tokenStatuses = valuesOf(c, "tokenStatus")
	return v
}

// tokenOperation is where the contract prints the structure of a token in full.
const tokenOperation = "approveProvisioning"

// valuesOf are the values of a member of the token's structure (p.49, p.123).
func valuesOf(c *contract.Contract, member string) []string {
	op, err := c.Operation(tokenOperation)
	if err != nil {
		return nil
	}
	field := memberOf(op, contract.Request, "tokenInfo."+member)
	if field == nil {
		return nil
	}
	values := make([]string, len(field.Enum))
	for i, value := range field.Enum {
		values[i] = fmt.Sprint(value)
	}
	return values
}

// memberOf follows a dotted name from the root of a part; nil when it leads
// nowhere.
func memberOf(op *contract.Operation, part contract.Part, dotted string) *contract.Field {
	field := op.Field(part)
	for _, step := range strings.Split(dotted, ".") {
		if field == nil {
			return nil
		}
		field = field.Member(step)
	}
	return field
}

// memberNames are all members of the parts, by name.
func memberNames(op *contract.Operation, parts ...contract.Part) []string {
	var names []string
	var walk func(*contract.Field)
	walk = func(f *contract.Field) {
		if f == nil {
			return
		}
		if f.Name != "" && f.Name != "*" && !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
		for _, member := range f.Fields {
			walk(member)
		}
		walk(f.Items)
	}
	for _, part := range parts {
		walk(op.Field(part))
	}
	slices.Sort(names)
	return names
}
