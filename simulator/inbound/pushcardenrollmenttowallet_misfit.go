package inbound

import "github.com/vtsim/vtsim/conformance/contract"

// misfit is a broken rule that a payload's schema can't show by itself.
type misfit struct {
	// rule is its id in the contract; its page is cited.
	rule string
	// kind selects the error that answers it; zero is a wrong value.
	kind contract.Kind
	// at is a path of member names as details carry it (INT-005), message a
	// sentence without its full stop and without any value of the request.
	at, message string
}

// refuseMisfits refuses the call for all of them together, naming each in
// details; of none it makes no refusal.
func (s *Server) refuseMisfits(call *Call, found []misfit) error {
	if len(found) == 0 {
		return nil
	}
	violations := make([]contract.Violation, len(found))
	for i, m := range found {
		rule, err := s.contract.Rule(m.rule)
		if err != nil {
			return err
		}
		if m.kind == "" {
			m.kind = contract.KindValue
		}
		violations[i] = contract.Violation{Rule: rule.ID, Level: rule.Level, Kind: m.kind, Location: "/" + m.at, Page: rule.Page,
			Message: m.message, Interpretation: rule.Interpretation}
	}
	return s.violated(call, violations)
}
