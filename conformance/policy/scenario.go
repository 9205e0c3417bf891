package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
)

// The operations of a case, and the pages of what they decide.
const (
	decide, decidePage   = keys.PolicyOperation, 127
	methods, methodsPage = "retrieveStepUpMethods", 171
)

// Results of Visa's CVV2 verification that say what the cardholder typed
// (p.118).
const (
	cvv2NoMatch      = "N"
	cvv2NotProcessed = "P"
	cvv2ShouldBe     = "S"
)

// statusNew is the tokenStatus of a token that is being provisioned (p.49).
const statusNew = "INACTIVE"

// scenario tells the issuer the input. What it answers may be anything that
// the specification allows; Judge holds it against the row.
func (e *expansion) scenario(row int, in input) *scenarios.Scenario {
	p := &e.rows[row]
	at := scenarios.Position{File: e.profile.File, Line: p.Line, Column: p.Column}
	with := map[string]any{}
	var told []string
	for i, c := range e.columns {
		if in[i] == "" {
			with[c.Member] = nil
			continue
		}
		told = append(told, c.Key+" "+in[i])
		with[c.Member] = in[i]
	}
	tokenType, wallet := e.value(in, keys.FactTokenType), e.value(in, keys.FactWallet)
	s := &scenarios.Scenario{Name: Tag + "-" + e.slug(row), Level: contract.Must, Tags: []string{Tag}, At: at, Cites: []scenarios.Cite{{Operation: decide, Page: decidePage}},
		Title: fmt.Sprintf("The issuer's policy %q: %s for %s", p.Name, p.Path, strings.Join(told, ", ")), Token: scenarios.Token{Type: tokenType, Status: statusNew}}
	s.Card = e.cardOf(in, with)
	with["tokenInfo.tokenRequestorName"] = nil
	if known := e.requestor(wallet); known != nil {
		with["tokenInfo.tokenRequestorName"] = known.TokenRequestorName
	}
	if score := e.value(in, keys.FactRiskScore); score != "" {
		with["cardholderInfo.riskAssessmentScore"] = score // it has two places (p.47, p.56)
	}
	s.Steps = []scenarios.Step{{At: at, Call: &scenarios.Call{Operation: decide, With: with, Expect: scenarios.Expect{At: at, Open: true}}}}
	if len(p.StepUpMethods) > 0 {
		s.Cites = append(s.Cites, scenarios.Cite{Operation: methods, Page: methodsPage})
		s.Steps = append(s.Steps, scenarios.Step{At: at, Call: &scenarios.Call{Operation: methods, Expect: scenarios.Expect{At: at, Open: true},
			With: map[string]any{"tokenRequestorID": wallet, "panSource": e.value(in, keys.FactPANSource), "otpReason": "PROVISIONING"}}})
	}
	return s
}

// cardOf chooses the card, and takes the CVV2 out where the result says that
// there was none to verify: a result must not contradict what the issuer can
// see for itself.
func (e *expansion) cardOf(in input, with map[string]any) string {
	switch e.value(in, keys.FactCVV2Result) {
	case cvv2NoMatch:
		if slices.ContainsFunc(e.profile.Cards, func(c keys.Card) bool { return c.Role == keys.RoleWrongCVV2 }) {
			return keys.RoleWrongCVV2
		}
	case cvv2NotProcessed, cvv2ShouldBe:
		with["cardholderInfo.cvv2"] = nil
	}
	return keys.RoleEligible
}

// value of the column with that key.
func (e *expansion) value(in input, key string) string {
	i := slices.IndexFunc(e.columns, func(c column) bool { return c.Key == key })
	if i < 0 {
		return ""
	}
	return in[i]
}

func (e *expansion) requestor(wallet string) *fixtures.TokenRequestor {
	i := slices.IndexFunc(e.set.TokenRequestors, func(r fixtures.TokenRequestor) bool { return r.TokenRequestorID == wallet })
	if i < 0 {
		return nil
	}
	return &e.set.TokenRequestors[i]
}

// foreign is 1 for a wallet that does not ask for tokens of the input's type.
func (s *completion) foreign(wallet string) int {
	known := s.requestor(wallet)
	if known != nil && slices.Contains(known.TokenTypes, s.value(s.in, keys.FactTokenType)) {
		return 0
	}
	return 1
}
