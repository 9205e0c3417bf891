package mutation

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
)

// Word says in one word what became of the defect.
func (p Proof) Word() string {
	switch {
	case p.Problem != "":
		return "untried"
	case !p.Caught:
		return "survived"
	case len(p.Others) > 0:
		return "beside"
	}
	return "caught"
}

// Complaint says what is not as it should be; empty when all is.
func (p Proof) Complaint() string {
	switch p.Word() {
	case "untried":
		return p.Problem
	case "survived":
		return fmt.Sprintf("%s was not found broken in %d cases; found were: %s", p.Rule, p.Cases, strings.Join(p.Others, ", "))
	case "beside":
		return fmt.Sprintf("%s was found, and beside it %s", p.Rule, strings.Join(p.Others, ", "))
	}
	return ""
}

// Score counts the proofs.
type Score struct {
	// Cases of the clean run and its false Alarms.
	Cases, Alarms int
	// Defects that were tried, by what became of them.
	Defects, Caught, Survived, Untried, Beside int
	// Rules that an issuer can break where Visa calls it, Must of them of that
	// level; Exercised by the clean run, Proven by a defect that is caught.
	Rules, Must, Exercised, Proven, ProvenMust int
}

// Score of the report.
func (r *Report) Score() Score {
	s := Score{Cases: len(r.Clean.Cases) - r.Clean.Counts.Skipped, Alarms: len(r.Alarms), Defects: len(r.Proofs),
		Rules: r.Clean.Rules.Total, Exercised: r.Clean.Rules.Exercised}
	proven := map[string]bool{}
	for _, p := range r.Proofs {
		switch p.Word() {
		case "untried":
			s.Untried++
		case "survived":
			s.Survived++
		case "beside":
			s.Beside++
		}
		if p.Caught {
			s.Caught++
			proven[p.Rule] = true
		}
	}
	for _, rule := range conformance.Answerable(r.contract) {
		if rule.Level == contract.Must {
			s.Must++
		}
		if proven[rule.ID] {
			s.Proven++
			if rule.Level == contract.Must {
				s.ProvenMust++
			}
		}
	}
	return s
}

// JSON writes the report.
func (r *Report) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
