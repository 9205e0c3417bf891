package conformance

import (
	_ "embed"
	"fmt"
	"regexp"

	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/conformance/contract"
)

//go:embed explained.yaml
var explanations []byte

// Explanation says why rules stay unexercised or unproven.
type Explanation struct {
	// Rules is a regular expression over whole rule ids.
	Rules string `yaml:"rules"`
	// Page of the specification that the reason rests on.
	Page   int    `yaml:"page"`
	Reason string `yaml:"reason"`
}

// Explained are the reasons why rules stay unexercised or unproven, by the id
// of the rule. A rule that is both needs none.
func Explained(c *contract.Contract) map[string]string {
	reasons := map[string]string{}
	// A test holds the table against the contract: it can be read.
	list, _ := Explanations()
	for _, e := range list {
		meets, err := regexp.Compile("^(?:" + e.Rules + ")$")
		if err != nil {
			continue
		}
		for _, rule := range Answerable(c) {
			if reasons[rule.ID] == "" && meets.MatchString(rule.ID) {
				reasons[rule.ID] = fmt.Sprintf("%s (p.%d)", e.Reason, e.Page)
			}
		}
	}
	return reasons
}

// Explanations reads the table.
func Explanations() ([]Explanation, error) {
	var list []Explanation
	if err := yaml.Unmarshal(explanations, &list); err != nil {
		return nil, fmt.Errorf("explained.yaml: %w", err)
	}
	return list, nil
}
