package outbound

import (
	"slices"
	"sync"

	"github.com/vtsim/vtsim/conformance/contract"
)

// factCloud tells that the occasion is one of those; it is no member.
const factCloud = "cloudTokenFramework"

// limits knows which members an operation does not carry though its structures
// have them. It is filled on demand from the contract.
type limits struct {
	mu sync.Mutex
	// unlisted members of a structure, by operation.
	unlisted map[string]map[string]bool
}

// applies tells whether the operation carries the field on this occasion: the
// contract names the operations of a field that not all of them have, and the
// use case of one that travels in that alone (p.162, 182, 206).
func (b *Builder) applies(op *contract.Operation, field *contract.Field, all Facts) bool {
	if field.UseCase != "" && all[factCloud] != true {
		return false
	}
	return field.Requirement == contract.Required || len(field.OnlyIn) == 0 || slices.Contains(field.OnlyIn, op.ID)
}

// onlyListed is the keyword of the rule that a structure has listed members
// only (p.162, 182).
const onlyListed = "only-listed-device-members"

// deviceMember is the structure that the rule is about.
const deviceMember = "deviceInfo"

// listed tells whether the operation takes that member of the device: each is
// tried on its own against the contract, once.
func (b *Builder) listed(op *contract.Operation, name string) bool {
	b.limits.mu.Lock()
	defer b.limits.mu.Unlock()
	unlisted, known := b.limits.unlisted[op.ID]
	if !known {
		unlisted = b.unlistedOf(op)
		b.limits.unlisted[op.ID] = unlisted
	}
	return !unlisted[name]
}

func (b *Builder) unlistedOf(op *contract.Operation) map[string]bool {
	unlisted := map[string]bool{}
	request := op.Field(contract.Request)
	if request == nil || request.Member(deviceMember) == nil {
		return unlisted
	}
	for _, member := range request.Member(deviceMember).Fields {
		payload := map[string]any{deviceMember: map[string]any{member.Name: "1"}}
		violations, err := b.contract.Validate(op.ID, contract.Request, payload)
		if err != nil {
			continue
		}
		unlisted[member.Name] = slices.ContainsFunc(violations, func(v contract.Violation) bool { return v.Keyword == onlyListed })
	}
	return unlisted
}
