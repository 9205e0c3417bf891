package contract

import (
	"regexp"
	"slices"
	"strings"
)

// namedRuleID is the shape of a named rule's id.
var namedRuleID = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9*/-]*#[A-Za-z][A-Za-z0-9-]*$`)

// NamedRule is a rule that needs more than one document, or none.
type NamedRule struct {
	// ID is <operationId>/<part>#<name>, or begins with inbound, outbound,
	// transport, headers or envelope for rules of several operations.
	ID    string `yaml:"id" json:"id"`
	Level Level  `yaml:"level" json:"level"`
	Party Party  `yaml:"party" json:"party"`
	Page  int    `yaml:"page" json:"page"`
	// Operations are ids, AllInbound or AllOutbound.
	Operations     []string `yaml:"operations" json:"operations"`
	Interpretation string   `yaml:"interpretation" json:"interpretation,omitempty"`
	// Title says in one sentence what is demanded.
	Title string `yaml:"title" json:"title"`
}

// Names that stand for all operations of a direction in NamedRule.Operations.
const (
	AllInbound  = "all-inbound"
	AllOutbound = "all-outbound"
)

// Names tells whether the operation is one of the rule's, by its id or as one of
// all of its direction.
func (r NamedRule) Names(op *Operation) bool {
	all := map[Direction]string{Inbound: AllInbound, Outbound: AllOutbound}
	return slices.Contains(r.Operations, op.ID) || slices.Contains(r.Operations, all[op.Direction])
}

// rules returns the rules of the tables for the list of all rules: those of
// single headers first, then the named ones in the order of their file.
func (t *Tables) rules() []Rule {
	var list []Rule
	for _, header := range t.Headers {
		list = append(list, header.rules()...)
	}
	for _, named := range t.NamedRules {
		rule := Rule{ID: named.ID, Level: named.Level, Party: named.Party, Page: named.Page,
			Title: named.Title, Interpretation: named.Interpretation}
		if where, _, ok := strings.Cut(named.ID, "#"); ok && len(named.Operations) > 0 {
			scope, rest, _ := strings.Cut(where, "/")
			if scope == named.Operations[0] {
				rule.Operation, rule.Part = scope, partOf(rest)
			}
		}
		list = append(list, rule)
	}
	return list
}

// partOf returns the part that a rule's place begins with.
func partOf(where string) Part {
	for _, p := range []Part{SealedRequest, SealedResponse, Request, Response, Path, Query, Body} {
		if where == string(p) || strings.HasPrefix(where, string(p)+"/") {
			return p
		}
	}
	return ""
}

func checkNamedRules(p place, list []NamedRule) {
	ids := map[string]bool{}
	for i, rule := range list {
		at := p.at(i)
		at.at("id").unique(ids, "rule", rule.ID)
		if !namedRuleID.MatchString(rule.ID) {
			at.at("id").failf("id %q is not <place>#<name>", rule.ID)
		}
		if !rule.Level.known() {
			at.at("level").failf("level is %q, want must, should or info", rule.Level)
		}
		if rule.Party != Issuer && rule.Party != Visa {
			at.at("party").failf("party is %q, want issuer or visa", rule.Party)
		}
		at.page(rule.Page)
		at.filled(map[string]string{"title": rule.Title})
		if len(rule.Operations) == 0 {
			at.failf("operations are missing; %s and %s stand for all", AllInbound, AllOutbound)
		}
		at.at("operations").distinct("operation", rule.Operations)
	}
}
