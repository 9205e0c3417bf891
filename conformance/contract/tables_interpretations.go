package contract

import (
	"fmt"
	"regexp"
)

var (
	interpretationID = regexp.MustCompile(`^INT-[0-9]{3}$`)
	camelCase        = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)
)

// Interpretation is a decision where the specification is silent or
// contradicts itself or its samples.
type Interpretation struct {
	// ID is INT- and three digits.
	ID    string `yaml:"id" json:"id"`
	Pages Pages  `yaml:"pages" json:"pages"`
	// Topic groups the interpretations.
	Topic    string `yaml:"topic" json:"topic"`
	Question string `yaml:"question" json:"question"`
	Decision string `yaml:"decision" json:"decision"`
	// Alternatives are what else could have been decided.
	Alternatives []string `yaml:"alternatives" json:"alternatives"`
	// Knob says that a deployment may choose an alternative, under KnobName.
	Knob     bool   `yaml:"knob" json:"knob"`
	KnobName string `yaml:"knobName" json:"knobName,omitempty"`
	// Operations that the question concerns; none means all.
	Operations []string `yaml:"operations" json:"operations,omitempty"`
}

func checkInterpretations(p place, list []Interpretation) {
	ids, knobs := map[string]bool{}, map[string]bool{}
	for i, n := range list {
		at := p.at(i)
		at.at("id").unique(ids, "interpretation", n.ID)
		if !interpretationID.MatchString(n.ID) {
			at.at("id").failf("id %q is not INT- and three digits", n.ID)
		}
		at.pages(n.Pages)
		at.filled(map[string]string{"topic": n.Topic, "question": n.Question, "decision": n.Decision})
		if len(n.Alternatives) == 0 {
			at.failf("%s has no alternatives, then there was nothing to decide", n.ID)
		}
		at.at("alternatives").distinct("alternative", n.Alternatives)
		at.at("operations").distinct("operation", n.Operations)
		if n.Knob != (n.KnobName != "") {
			at.at("knob").failf("knob and knobName go together")
		}
		if n.Knob {
			at.at("knobName").unique(knobs, "knobName", n.KnobName)
			if !camelCase.MatchString(n.KnobName) {
				at.at("knobName").failf("knobName %q is not in camelCase", n.KnobName)
			}
		}
	}
}

// Interpretation returns the interpretation with that id. The error names the
// nearest known id.
func (t *Tables) Interpretation(id string) (Interpretation, error) {
	for _, n := range t.Interpretations {
		if n.ID == id {
			return n, nil
		}
	}
	known := make(map[string]bool, len(t.Interpretations))
	for _, n := range t.Interpretations {
		known[n.ID] = true
	}
	if near := Nearest(id, sortedKeys(known)); near != "" {
		return Interpretation{}, fmt.Errorf("unknown interpretation %q, did you mean %s?", id, near)
	}
	return Interpretation{}, fmt.Errorf("unknown interpretation %q, ids look like INT-001", id)
}

// Interpretation returns the interpretation with that id; see
// Tables.Interpretation.
func (c *Contract) Interpretation(id string) (Interpretation, error) {
	return c.Tables.Interpretation(id)
}
