package outbound

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// Call is one call to the issuer before it is sealed and sent.
type Call struct {
	Operation string
	// Path and Query are the parameters of the target.
	Path, Query map[string]string
	// Members is the body, Sealed the payload that goes into its
	// encryptedData; nil where there is none.
	Members, Sealed map[string]any
}

// Builder makes payloads from facts, along the fields of the contract. It is
// safe for concurrent use.
type Builder struct {
	contract *contract.Contract
	limits   limits
}

// NewBuilder makes a builder.
func NewBuilder(c *contract.Contract) *Builder {
	return &Builder{contract: c, limits: limits{unlisted: map[string]map[string]bool{}}}
}

// sealedMember carries the sealed payload.
const sealedMember = "encryptedData"

// Build fills a call of the operation from the facts. with overrides members
// by name or dotted path, plain ones and sealed ones alike; a nil value takes
// the member out. A name that the operation does not have is an error.
func (b *Builder) Build(operation string, facts Facts, with map[string]any) (*Call, error) {
	op, err := b.contract.Operation(operation)
	if err != nil {
		return nil, err
	}
	if op.Direction != contract.Outbound {
		return nil, fmt.Errorf("%s is no call from Visa to the issuer", operation)
	}
	call := &Call{Operation: operation, Path: map[string]string{}, Query: map[string]string{}}
	if field := op.Field(contract.Path); field != nil {
		for _, member := range field.Fields {
			call.Path[member.Name] = fmt.Sprint(facts[member.Name])
		}
	}
	for name, values := range op.FixedQuery {
		call.Query[name] = values[0]
		if chosen, ok := facts[name].(string); ok {
			call.Query[name] = chosen
		}
	}
	filling := filling{builder: b, op: op, all: facts}
	call.Members, _ = filling.fill(op.Field(contract.Request), facts).(map[string]any)
	if field := op.Field(contract.SealedRequest); field != nil {
		call.Sealed, _ = filling.fill(field, facts).(map[string]any)
		if carrier := op.Field(contract.Request).Member(sealedMember); call.Sealed == nil && carrier != nil && carrier.Requirement == contract.Required {
			call.Sealed = map[string]any{} // it is there even when it has nothing to say (p.176)
		}
	}
	if err := b.override(op, call, with); err != nil {
		return nil, err
	}
	return call, nil
}

// filling is the filling of one call.
type filling struct {
	builder *Builder
	op      *contract.Operation
	all     Facts
}

// fill makes the value of a field: the fact of its name, shaped along the
// contract's own fields; nil when there is none.
func (f filling) fill(field *contract.Field, here Facts) any {
	if field == nil {
		return nil
	}
	members := map[string]any{}
	for _, member := range field.Fields {
		fact, ok := here[member.Name]
		if !ok || member.Sealed || !f.builder.applies(f.op, member, f.all) {
			continue // what is sealed is made from its payload when the call is sent
		}
		if field.Name == deviceMember && !f.builder.listed(f.op, member.Name) {
			continue
		}
		if value := f.shape(member, fact); value != nil {
			members[member.Name] = value
		}
	}
	if len(members) == 0 {
		return nil
	}
	return members
}

// shape brings a fact into the form of its field.
func (f filling) shape(field *contract.Field, fact any) any {
	if inner, ok := asFacts(fact); ok {
		return f.fill(field, inner)
	}
	if list, ok := fact.([]any); ok && field.Items != nil {
		shaped := make([]any, 0, len(list))
		for _, element := range list {
			shaped = append(shaped, f.shape(field.Items, element))
		}
		return shaped
	}
	return fact
}

// override sets members by name.
func (b *Builder) override(op *contract.Operation, call *Call, with map[string]any) error {
	for name, value := range with {
		if !b.set(op, call, name, value) {
			return fmt.Errorf("%s has no member %q; see: vtsim contract show %s", op.ID, name, op.ID)
		}
	}
	return nil
}

// set finds the member in the body, the sealed payload, the path or the query
// and sets it; a member of that name in both parts is set in both.
func (b *Builder) set(op *contract.Operation, call *Call, name string, value any) bool {
	found := false
	for _, part := range []struct {
		name    contract.Part
		members *map[string]any
	}{{contract.Request, &call.Members}, {contract.SealedRequest, &call.Sealed}} {
		if path := pathTo(op.Field(part.name), strings.Split(name, ".")); path != nil {
			if *part.members == nil {
				*part.members = map[string]any{}
			}
			setAt(*part.members, path, value)
			found = true
		}
	}
	if _, ok := call.Path[name]; ok {
		call.Path[name], found = fmt.Sprint(value), true
	}
	if _, ok := call.Query[name]; ok {
		call.Query[name], found = fmt.Sprint(value), true
	}
	return found
}

// pathTo finds where the dotted name leads from the field or, for a plain
// name, from any structure below it; nil when nowhere.
func pathTo(field *contract.Field, steps []string) []string {
	if field == nil {
		return nil
	}
	at := field
	for _, step := range steps {
		if at = at.Member(step); at == nil {
			break
		}
	}
	if at != nil {
		return steps
	}
	for _, member := range field.Fields {
		if path := pathTo(member, steps); path != nil {
			return append([]string{member.Name}, path...)
		}
	}
	return nil
}

// setAt sets or removes the member at the path, making structures on its way.
func setAt(members map[string]any, path []string, value any) {
	for _, step := range path[:len(path)-1] {
		inner, ok := members[step].(map[string]any)
		if !ok {
			inner = map[string]any{}
			members[step] = inner
		}
		members = inner
	}
	last := path[len(path)-1]
	if value == nil {
		delete(members, last)
		return
	}
	members[last] = value
}

// Check judges the call by the contract, as the issuer may; the must
// violations are returned. A call that was not corrupted has none.
func (b *Builder) Check(call *Call) ([]contract.Violation, error) {
	all, err := b.Violations(call)
	return slices.DeleteFunc(all, func(v contract.Violation) bool { return v.Level != contract.Must }), err
}

// Violations judges the call by the contract at every level.
func (b *Builder) Violations(call *Call) ([]contract.Violation, error) {
	var found []contract.Violation
	for _, part := range []struct {
		name    contract.Part
		members map[string]any
	}{{contract.Request, withBlob(call)}, {contract.SealedRequest, call.Sealed}} {
		if part.members == nil {
			continue
		}
		value, err := plain(part.members)
		if err != nil {
			return nil, err
		}
		violations, err := b.contract.Validate(call.Operation, part.name, value)
		if err != nil {
			return nil, err
		}
		found = append(found, violations...)
	}
	return found, nil
}

// withBlob is the body as it will look once the payload is sealed.
func withBlob(call *Call) map[string]any {
	if call.Sealed == nil {
		return call.Members
	}
	body := map[string]any{sealedMember: "sealed"}
	for name, value := range call.Members {
		body[name] = value
	}
	return body
}

// plain turns facts into decoded JSON.
func plain(members map[string]any) (any, error) {
	content, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	return contract.Decode(content)
}
