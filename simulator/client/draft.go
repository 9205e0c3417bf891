package client

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// sealedMember carries the sealed payload in requests and answers.
const sealedMember = "encryptedData"

// Draft is a call before anything is sealed or signed.
type Draft struct {
	// Audience are the clientIDs that the call is for (p.41); only
	// pushCardEnrollmentToWallet has any.
	Audience []string

	op           *contract.Operation
	path, query  payload
	body, sealed payload
}

// NewDraft begins a call of an operation that issuers make.
func NewDraft(op *contract.Operation) (*Draft, error) {
	if op.Direction != contract.Inbound {
		return nil, fmt.Errorf("%s is not called by issuers", op.ID)
	}
	return &Draft{op: op}, nil
}

// LoadBody takes the body as it is to travel; members set afterwards go into
// it. It need not be right, nor JSON.
func (d *Draft) LoadBody(content []byte) { d.body.load(content) }

// LoadSealed takes what is to be sealed; members set afterwards go into it.
func (d *Draft) LoadSealed(content []byte) error {
	if d.op.Field(contract.SealedRequest) == nil {
		return fmt.Errorf("%s seals nothing", d.op.ID)
	}
	d.sealed.load(content)
	return nil
}

// Set puts a value into the member of that name: a dotted path, or the end of
// one that no other member has. The contract says of which part and type the
// member is. Errors name the nearest member, or all that are meant.
func (d *Draft) Set(name, text string) error {
	found, err := locate(d.op, name)
	if err != nil {
		return err
	}
	value, err := convert(found.field, text)
	if err != nil {
		return fmt.Errorf("%s %w", found, err)
	}
	if err := d.payload(found.part).put(found.steps, value); err != nil {
		return fmt.Errorf("%s: the %s %w", found, found.part, err)
	}
	return nil
}

// Assign is Set for texts of the form name=value.
func (d *Draft) Assign(assignments ...string) error {
	for _, assignment := range assignments {
		name, text, ok := strings.Cut(assignment, "=")
		if !ok || name == "" {
			return fmt.Errorf("%q is not of the form name=value", contract.Mask(assignment))
		}
		if err := d.Set(name, text); err != nil {
			return err
		}
	}
	return nil
}

func (d *Draft) payload(part contract.Part) *payload {
	switch part {
	case contract.Path:
		return &d.path
	case contract.Query:
		return &d.query
	case contract.Request:
		return &d.body
	}
	return &d.sealed
}

// Check judges the draft by the contract and returns what is wrong with it,
// in words and with pages; "must" faults first. What only the simulator can
// know, such as an unknown token, is not among it.
func (d *Draft) Check(c *contract.Contract) ([]contract.Violation, error) {
	var found []contract.Violation
	for _, p := range parts {
		if d.op.Field(p.name) == nil || p.name == contract.SealedRequest && !d.sealed.present() {
			continue
		}
		violations, err := d.checkPart(c, p.name)
		if err != nil {
			return nil, err
		}
		found = append(found, violations...)
	}
	slices.SortStableFunc(found, func(a, b contract.Violation) int { return rank(a) - rank(b) })
	return found, nil
}

func rank(v contract.Violation) int {
	return slices.Index([]contract.Level{contract.Must, contract.Should, contract.Info}, v.Level)
}

func (d *Draft) checkPart(c *contract.Contract, part contract.Part) ([]contract.Violation, error) {
	given := d.payload(part)
	value := given.value()
	if value == nil {
		field := d.op.Field(part)
		return []contract.Violation{{Rule: d.op.ID + "/" + string(part) + "#type", Level: contract.Must, Kind: contract.KindType, Page: field.Page,
			Message: fmt.Sprintf("the %s %v", part, given.broken)}}, nil
	}
	if members, ok := value.(map[string]any); ok {
		value = d.completed(c, part, members)
	}
	return c.Validate(d.op.ID, part, value)
}

// completed adds what Prepare will: the apiKey and the sealed blob.
func (d *Draft) completed(c *contract.Contract, part contract.Part, members map[string]any) map[string]any {
	name := ""
	switch {
	case part == contract.Query:
		name = c.Tables.Envelope.XPayToken.APIKeyParameter
	case part == contract.Request && d.sealed.present():
		name = sealedMember
	}
	if _, given := members[name]; name == "" || given {
		return members
	}
	members = maps.Clone(members)
	members[name] = "added"
	return members
}

// missing says which parameters of the path have no value; without them there
// is no URL.
func (d *Draft) missing() error {
	field := d.op.Field(contract.Path)
	if field == nil {
		return nil
	}
	var missing []string
	for _, member := range field.Fields {
		if d.path.members[member.Name] == nil || d.path.members[member.Name] == "" {
			missing = append(missing, member.Name+"=…")
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("the path of %s needs %s (p.%d)", d.op.ID, strings.Join(missing, " and "), field.Fields[0].Page)
}

// conflict refuses a sealed payload beside a ready-made blob.
func (d *Draft) conflict() error {
	if _, blob := d.body.members[sealedMember]; blob && d.sealed.present() {
		return errors.New("the body has encryptedData already, and there are members to be sealed into it; give one of the two")
	}
	if d.body.broken != nil && d.sealed.present() {
		return fmt.Errorf("the body %w, so the sealed payload has no place in it", d.body.broken)
	}
	return nil
}
