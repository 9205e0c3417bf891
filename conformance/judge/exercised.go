package judge

import (
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// derived is a rule that the contract derives from the schema of an answer.
type derived struct {
	id, keyword string
	// ofMember says that the member itself must be there for the rule to be
	// broken; the others can be broken when the structure around it is.
	ofMember bool
}

// memberKeywords are the constraints of a member that is there.
var memberKeywords = map[string]bool{"type": true, "maxLength": true, "maxItems": true, "minimum": true, "maximum": true, "pattern": true, "enum": true}

// derive lays the rules of every answer's schema on the places that they are
// about.
func (j *Judge) derive() {
	named := map[string]bool{}
	for _, rule := range j.contract.Tables.NamedRules {
		named[rule.ID] = true
	}
	for _, rule := range j.contract.Rules() {
		op := j.facts[rule.Operation]
		if op == nil || rule.Part != contract.Response || named[rule.ID] {
			continue
		}
		where, keyword, _ := strings.Cut(rule.ID, "#")
		pointer := strings.TrimPrefix(where, op.ID+"/"+string(contract.Response))
		op.response[pointer] = append(op.response[pointer], derived{rule.ID, keyword, memberKeywords[keyword]})
	}
}

// occasion says whether the answer is one that a rule with a condition is
// about; the others are about every answer.
func (r *ruling) occasion(keyword string) bool {
	switch keyword {
	case keywordCodeMissing:
		return r.a.action != "" && !slices.Contains(r.op.approvals, r.a.action)
	case keywordNoMethodsForStepUp:
		return r.a.response == responseStepUp
	case keywordEmptyList:
		return r.a.response != "" || r.a.code != "" // else an empty list says nothing at all (INT-164)
	}
	return true
}

// walk notes the derived rules that the body of a success could have broken.
func (r *ruling) walk(value any) { r.walkField(r.op.Field(contract.Response), value) }

func (r *ruling) walkField(field *contract.Field, value any) {
	for _, rule := range r.op.response[field.Pointer] {
		if rule.ofMember {
			r.exercise(rule.id)
		}
	}
	switch v := value.(type) {
	case map[string]any:
		for _, member := range field.Fields {
			for _, rule := range r.op.response[member.Pointer] {
				if !rule.ofMember && r.occasion(rule.keyword) {
					r.exercise(rule.id)
				}
			}
			if inner, ok := v[member.Name]; ok && inner != nil && (inner != "" || member.BlankAllowed) {
				r.walkField(member, inner)
			}
		}
	case []any:
		if field.Items == nil {
			return
		}
		for _, element := range v {
			r.walkField(field.Items, element)
		}
	}
}
