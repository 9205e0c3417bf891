package inbound

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vtsim/vtsim/conformance/contract"
)

// accountLevelResponse is the member of panUpdateNotification that tells what
// became of each part (p.176).
const accountLevelResponse = "accountLevelInfoResp"

// Values of responseStatus that are no matter of a reject code, and that
// leave a part undone (p.177).
const (
	statusDone   = "S"
	statusFailed = "F"
)

// predicate tells whether the condition of a reject code applies. It only
// reads.
type predicate func(r *rejectRule, c *claim) bool

// rejectRule is a reject code with the predicate of its trigger.
type rejectRule struct {
	contract.RejectCode
	// shape is what a right value matches, nil where the table says nothing.
	shape *regexp.Regexp
	// fields are what the contract says of the members looked at, by their
	// path in the table.
	fields  map[string]*contract.Field
	applies predicate
}

// matches tells whether the text has the shape that the table gives.
func (r *rejectRule) matches(value string) bool { return r.shape == nil || r.shape.MatchString(value) }

// listed tells whether the text is in the enumeration of the member.
func (r *rejectRule) listed(path, value string) bool {
	return slices.ContainsFunc(r.fields[path].Enum, func(known any) bool { return known == value })
}

// tooLong tells whether the text is longer than the contract allows, in
// characters (INT-152).
func (r *rejectRule) tooLong(path, value string) bool {
	most := r.fields[path].MaxLength
	return most != nil && utf8.RuneCountInString(value) > *most
}

// appendix is appendix A in working order: what the tables of the contract
// say of order, codes and members, and what Go says of the conditions.
type appendix struct {
	// rpin and link are in the order of evaluation (INT-133).
	rpin, link []*rejectRule
	// contact is the structure of customerContactInfo, group the one that a
	// group is answered with.
	contact, group *contract.Field
}

// newAppendix ties the tables to the predicates. A rule without predicate, a
// predicate without rule, or an answer that the notification cannot carry is
// an error that says what to mend.
func newAppendix(c *contract.Contract) (*appendix, error) {
	tables := &c.Tables.RejectCodes
	op, err := c.Operation(tables.AppliesTo.Operation)
	if err != nil {
		return nil, err
	}
	answer, err := c.Operation(tables.AppliesTo.AnsweredBy)
	if err != nil {
		return nil, err
	}
	payload, reply := op.Field(tables.AppliesTo.Part), answer.Field(contract.Request)
	a := &appendix{contact: fieldAt(payload, tables.AppliesTo.Member+"/"+contactMember),
		group: fieldAt(reply, tables.AppliesTo.Answers[linkEnrollmentMember])}
	if a.contact == nil || a.group == nil || a.group.Member(groupTypeMember) == nil || a.group.Member(groupIDMember) == nil {
		return nil, errors.New("the contract has no customerContactInfo to judge, or no groupType and groupID to answer a group with")
	}
	longest := a.group.Member(groupTypeMember).MaxLength
	if longest == nil {
		return nil, errors.New("the contract does not say how long a groupType of groupResp may be")
	}
	var missing []error
	bind := func(name string, table []contract.RejectCode, predicates map[string]predicate) []*rejectRule {
		rules, err := bindRules(tables, payload, table, predicates)
		if err == nil {
			err = checkReplies(tables.AppliesTo.Answers, reply, rules)
		}
		if err != nil {
			missing = append(missing, fmt.Errorf("reject codes, table %s: %w", name, err))
		}
		return rules
	}
	a.rpin = bind("rpin", tables.RPIN, rpinPredicates())
	a.link = bind("link", tables.Link, linkPredicates(*longest))
	return a, errors.Join(missing...)
}

// bindRules gives each code of a table, in the order of evaluation, its
// predicate.
func bindRules(tables *contract.RejectCodes, payload *contract.Field, table []contract.RejectCode, predicates map[string]predicate) ([]*rejectRule, error) {
	var rules []*rejectRule
	var faults []error
	unused := maps.Clone(predicates)
	for _, code := range contract.InOrder(table) {
		r := &rejectRule{RejectCode: code, applies: predicates[code.Trigger.Rule], fields: map[string]*contract.Field{}}
		delete(unused, code.Trigger.Rule)
		if r.applies == nil {
			faults = append(faults, fmt.Errorf("nothing decides on %s, rule %s: write its predicate, or correct the rule's name in the table", code.Code, code.Trigger.Rule))
		}
		if code.Trigger.Pattern != "" {
			shape, err := regexp.Compile(code.Trigger.Pattern)
			if err != nil {
				return nil, err
			}
			r.shape = shape
		}
		for _, path := range code.Trigger.At {
			full, fromRoot := strings.CutPrefix(path, "/")
			if !fromRoot {
				full = tables.AppliesTo.Member + "/" + path
			}
			if r.fields[path] = fieldAt(payload, full); r.fields[path] == nil {
				faults = append(faults, fmt.Errorf("%s looks at %s, which the payload does not have", code.Code, path))
			}
		}
		rules = append(rules, r)
	}
	for _, name := range slices.Sorted(maps.Keys(unused)) {
		faults = append(faults, fmt.Errorf("the predicate %s belongs to no code: drop it, or give its rule to a code of the table", name))
	}
	return rules, errors.Join(faults...)
}

// checkReplies demands that rejectDesc can hold the name of every code
// wherever the code is answered; the contract itself checks the rest.
func checkReplies(answers map[string]string, reply *contract.Field, rules []*rejectRule) error {
	var faults []error
	for _, r := range rules {
		for _, structure := range r.In {
			description := fieldAt(reply, answers[structure]+"/rejectDesc")
			if description == nil {
				faults = append(faults, fmt.Errorf("%s cannot be told about %s, the notification has no rejectDesc there", r.Code, structure))
				continue
			}
			if most := description.MaxLength; most != nil && utf8.RuneCountInString(r.Name) > *most {
				faults = append(faults, fmt.Errorf("the name of %s is longer than the %d characters of rejectDesc: shorten it in the table", r.Code, *most))
			}
		}
	}
	return errors.Join(faults...)
}

// judge returns the first rule in the order of evaluation that applies to the
// claim, nil when none does.
func judge(rules []*rejectRule, c *claim) *rejectRule {
	for _, r := range rules {
		if slices.Contains(r.In, c.part) && r.applies(r, c) {
			return r
		}
	}
	return nil
}

// refuses tells whether the part is not carried out; a warning leaves it done.
func (r *rejectRule) refuses() bool { return r != nil && r.Status == statusFailed }

// reply is the response structure of a verdict (p.177-179).
func (r *rejectRule) reply() map[string]any {
	if r == nil {
		return map[string]any{"responseStatus": statusDone}
	}
	return map[string]any{"responseStatus": r.Status, "rejectCode": r.Code, "rejectDesc": r.Name}
}

// fieldAt follows a path of member names, "*" for the elements of an array.
func fieldAt(field *contract.Field, path string) *contract.Field {
	for _, name := range strings.Split(path, "/") {
		if field == nil {
			return nil
		}
		if name == "*" {
			field = field.Items
			continue
		}
		field = field.Member(name)
	}
	return field
}
