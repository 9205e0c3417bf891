package outbound

import (
	"slices"
	"strings"
	"sync"

	"github.com/vtsim/vtsim/conformance/contract"
)

// cloudOnly is how the contract names the use cases in which a structure
// travels that the sealed payload has otherwise (p.162, 182, 206).
const cloudOnly = "cloud token framework"

// factCloud tells that the occasion is one of those; it is no member.
const factCloud = "cloudTokenFramework"

// limits knows which members an operation does not carry though its structures
// have them. It is filled on demand from the contract.
type limits struct {
	mu sync.Mutex
	// unlisted members of a structure, by operation.
	unlisted map[string]map[string]bool
}

// applies tells whether the condition of a field lets the operation carry it.
// A condition that names operations holds for those alone, one about the cloud
// token framework where the occasion is of it; others say when a member must
// be there, and not when it must not.
func (b *Builder) applies(op *contract.Operation, field *contract.Field, all Facts) bool {
	if strings.Contains(field.Condition, cloudOnly) && all[factCloud] != true {
		return false
	}
	if field.Requirement == contract.Required || field.Condition == "" {
		return true
	}
	named := false
	for _, word := range words(field.Condition) {
		if word == op.ID {
			return true
		}
		named = named || slices.ContainsFunc(b.contract.Operations(), func(o *contract.Operation) bool { return o.ID == word })
	}
	return !named
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
