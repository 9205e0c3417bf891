package contract

import (
	"regexp"
	"sort"
)

// RejectCodes are the two tables of appendix A (p.248-252), each code with
// the condition that provokes it in vtsim.
type RejectCodes struct {
	Page  int   `yaml:"page" json:"page"`
	Pages Pages `yaml:"pages" json:"pages"`
	// AppliesTo says which payload is judged by reject codes.
	AppliesTo RejectScope `yaml:"appliesTo" json:"appliesTo"`
	// Fixtures are the kinds of fixtures that triggers read, with their
	// fields.
	Fixtures map[string][]string `yaml:"fixtures" json:"fixtures"`
	// USStates are the states that an address in the US may have (p.69).
	USStates CodeList `yaml:"usStates" json:"usStates"`
	// PrimaryGroupTypes know a primary account, ProductGroupTypes need a
	// productID, SpendAssessedGroupTypes exclude each other.
	PrimaryGroupTypes       CodeList `yaml:"primaryGroupTypes" json:"primaryGroupTypes"`
	ProductGroupTypes       CodeList `yaml:"productGroupTypes" json:"productGroupTypes"`
	SpendAssessedGroupTypes CodeList `yaml:"spendAssessedGroupTypes" json:"spendAssessedGroupTypes"`
	// RPIN is the table for RPIN enrolment and contact information, Link the
	// one for replacement and link enrolment; both in the printed order.
	RPIN []RejectCode `yaml:"rpin" json:"rpin"`
	Link []RejectCode `yaml:"link" json:"link"`
}

// RejectScope names the member that is judged by reject codes and the
// operation that tells them.
type RejectScope struct {
	Operation      string `yaml:"operation" json:"operation"`
	Part           Part   `yaml:"part" json:"part"`
	Member         string `yaml:"member" json:"member"`
	AnsweredBy     string `yaml:"answeredBy" json:"answeredBy"`
	Interpretation string `yaml:"interpretation" json:"interpretation"`
	// Answers gives, for each structure of Member, the path in the request of
	// AnsweredBy where responseStatus, rejectCode and rejectDesc go.
	Answers map[string]string `yaml:"answers" json:"answers"`
}

// CodeList is a list of codes with the page that it rests on.
type CodeList struct {
	Page  int      `yaml:"page" json:"page"`
	Codes []string `yaml:"codes" json:"codes"`
}

// RejectCode is one code of one table. The same two characters may mean
// different things in the other table.
type RejectCode struct {
	Code string `yaml:"code" json:"code"`
	Name string `yaml:"name" json:"name"`
	Page int    `yaml:"page" json:"page"`
	// Order of evaluation, unique in the table: of several codes that apply
	// the lowest is answered (INT-133).
	Order int `yaml:"order" json:"order"`
	// In are the structures whose response can carry the code.
	In []string `yaml:"in" json:"in"`
	// Status is the responseStatus: F for failed, W for done with a warning.
	Status         string        `yaml:"status" json:"status"`
	Interpretation string        `yaml:"interpretation" json:"interpretation,omitempty"`
	Trigger        RejectTrigger `yaml:"trigger" json:"trigger"`
}

// RejectTrigger is the condition that provokes a code.
type RejectTrigger struct {
	// Kind is natural, when the request alone can be wrong, or fixture, when
	// registry, ranges, products or links must be prepared.
	Kind string `yaml:"kind" json:"kind"`
	// Rule identifies the condition in its table.
	Rule string `yaml:"rule" json:"rule"`
	// At are the members that are looked at, below RejectScope.Member; a
	// leading slash begins at the root of the payload.
	At []string `yaml:"at" json:"at"`
	// Pattern is what a right value matches.
	Pattern string `yaml:"pattern" json:"pattern,omitempty"`
	// When is the condition in words.
	When string `yaml:"when" json:"when"`
	// Reads are the fixture fields compared with, as kind.field.
	Reads []string `yaml:"reads" json:"reads,omitempty"`
	// How says what to send, with which state.
	How string `yaml:"how" json:"how"`
}

// Values of RejectTrigger.Kind.
const (
	NaturalReject = "natural"
	FixtureReject = "fixture"
)

// RejectByRule returns the code of one table whose trigger has that id.
func RejectByRule(table []RejectCode, rule string) (RejectCode, bool) {
	for _, code := range table {
		if code.Trigger.Rule == rule {
			return code, true
		}
	}
	return RejectCode{}, false
}

// InOrder returns the codes of one table in the order of evaluation.
func InOrder(table []RejectCode) []RejectCode {
	list := append([]RejectCode(nil), table...)
	sort.Slice(list, func(i, j int) bool { return list[i].Order < list[j].Order })
	return list
}

var (
	rejectCodeShape = regexp.MustCompile(`^[A-Z][A-Z0-9]$`)
	kebabCase       = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

func (r *RejectCodes) check(p place) {
	p.page(r.Page)
	p.pages(r.Pages)
	p.at("appliesTo").filled(map[string]string{"operation": r.AppliesTo.Operation, "part": string(r.AppliesTo.Part),
		"member": r.AppliesTo.Member, "answeredBy": r.AppliesTo.AnsweredBy, "interpretation": r.AppliesTo.Interpretation})
	lists := map[string]CodeList{"usStates": r.USStates, "primaryGroupTypes": r.PrimaryGroupTypes,
		"productGroupTypes": r.ProductGroupTypes, "spendAssessedGroupTypes": r.SpendAssessedGroupTypes}
	for _, name := range sortedKeys(lists) {
		at := p.at(name)
		at.page(lists[name].Page)
		at.at("codes").distinct("code", lists[name].Codes)
	}
	fields := map[string]bool{}
	for _, kind := range sortedKeys(r.Fixtures) {
		p.at("fixtures", kind).distinct("field", r.Fixtures[kind])
		for _, name := range r.Fixtures[kind] {
			fields[kind+"."+name] = true
		}
	}
	checkRejectTable(p.at("rpin"), r.RPIN, fields)
	checkRejectTable(p.at("link"), r.Link, fields)
}

func checkRejectTable(p place, table []RejectCode, fields map[string]bool) {
	if len(table) == 0 {
		p.failf("the table is empty")
	}
	codes, rules, orders := map[string]bool{}, map[string]bool{}, map[int]bool{}
	for i, code := range table {
		at := p.at(i)
		at.at("code").unique(codes, "code", code.Code)
		at.at("trigger", "rule").unique(rules, "rule", code.Trigger.Rule)
		if orders[code.Order] || code.Order < 1 || code.Order > len(table) {
			at.at("order").failf("order %d stands twice or is not from 1 to %d", code.Order, len(table))
		}
		orders[code.Order] = true
		code.check(at, fields)
	}
}

func (r RejectCode) check(p place, fields map[string]bool) {
	p.page(r.Page)
	p.filled(map[string]string{"name": r.Name, "status": r.Status})
	if !rejectCodeShape.MatchString(r.Code) {
		p.at("code").failf("code %q is not a letter and a letter or digit", r.Code)
	}
	if len(r.In) == 0 {
		p.failf("in is missing")
	}
	p.at("in").distinct("structure", r.In)
	t, at := r.Trigger, p.at("trigger")
	at.at("kind").known("kind", t.Kind, words(NaturalReject, FixtureReject))
	if !kebabCase.MatchString(t.Rule) {
		at.at("rule").failf("rule %q is not in kebab-case", t.Rule)
	}
	at.filled(map[string]string{"when": t.When, "how": t.How})
	if len(t.At) == 0 {
		at.failf("at is missing, no member is looked at")
	}
	if _, err := regexp.Compile(t.Pattern); err != nil {
		at.at("pattern").failf("%v", err)
	}
	if t.Kind == FixtureReject && len(t.Reads) == 0 {
		at.failf("a trigger of kind fixture reads some fixture")
	}
	at.at("reads").distinct("field", t.Reads)
	for i, field := range t.Reads {
		at.at("reads", i).known("fixture field", field, fields)
	}
}
