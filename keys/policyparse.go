package keys

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

func (r *profileReader) policy(n *yaml.Node) error {
	p := Policy{Line: n.Line, Column: n.Column}
	err := r.object(n, map[string]field{
		"name": r.text(&p.Name),
		"when": r.policyCondition(&p.When),
		"then": func(n *yaml.Node) error {
			return r.object(n, map[string]field{"path": r.decision(&p.Path), keyStepUpMethods: r.policyTexts(keyStepUpMethods, &p.StepUpMethods)})
		},
	})
	switch {
	case err != nil:
		return err
	case strings.TrimSpace(p.Name) == "":
		return r.fail(n, "name is missing", "each policy needs one for the report")
	case p.Path == "":
		return r.fail(n, "then.path is missing", "")
	case p.Path != PathYellow && len(p.StepUpMethods) > 0:
		return r.fail(n, "stepUpMethods belong to the path "+PathYellow+" only", "")
	}
	for _, other := range r.profile.Policies {
		if other.Name == p.Name {
			return r.fail(n, "a policy of this name stands above", "")
		}
	}
	r.profile.Policies = append(r.profile.Policies, p)
	return nil
}

func (r *profileReader) decision(into *string) field {
	return func(n *yaml.Node) error {
		if err := r.text(into)(n); err != nil {
			return err
		}
		if !slices.Contains([]string{PathGreen, PathYellow, PathRed}, *into) {
			return r.fail(n, fmt.Sprintf("%s, %s or %s belongs here", PathGreen, PathYellow, PathRed), "")
		}
		return nil
	}
}

func (r *profileReader) policyCondition(c *PolicyCondition) field {
	return func(n *yaml.Node) error {
		return r.object(n, map[string]field{
			FactWallet:       r.policyTexts(FactWallet, &c.Wallets),
			FactTokenType:    r.policyTexts(FactTokenType, &c.TokenTypes),
			FactPANSource:    r.policyTexts(FactPANSource, &c.PANSources),
			FactReasonCode:   r.policyTexts(FactReasonCode, &c.ReasonCodes),
			FactCVV2Result:   r.policyTexts(FactCVV2Result, &c.CVV2Results),
			FactDeviceScore:  r.scoreRange(FactDeviceScore, &c.DeviceScore),
			FactAccountScore: r.scoreRange(FactAccountScore, &c.AccountScore),
			FactRiskScore:    r.scoreRange(FactRiskScore, &c.RiskScore),
		})
	}
}

// policyTexts reads values of the key, each of which the specification must
// have.
func (r *profileReader) policyTexts(key string, into *[]string) field {
	values, limited := r.facts.Policies[key]
	return r.list(func(n *yaml.Node) error {
		var text string
		if err := r.text(&text)(n); err != nil {
			return err
		}
		if limited {
			if what, mend := values.wrong(text); what != "" {
				return r.fail(n, what, mend)
			}
		}
		switch {
		case slices.Contains(*into, text):
			return r.fail(n, "the value stands here a second time", "")
		case key == FactReasonCode && strings.Contains(text, ","):
			return r.fail(n, "a comma stands between reason codes and in none", "list the codes one by one")
		}
		*into = append(*into, text)
		return nil
	})
}

func (r *profileReader) scoreRange(key string, into *Range) field {
	values, limited := r.facts.Policies[key]
	end := func(into **int) field {
		return func(n *yaml.Node) error {
			if err := r.integer(into)(n); err != nil || !limited {
				return err
			}
			if what, mend := values.wrong(strconv.Itoa(**into)); what != "" {
				return r.fail(n, what, mend)
			}
			return nil
		}
	}
	return func(n *yaml.Node) error {
		err := r.object(n, map[string]field{"min": end(&into.Min), "max": end(&into.Max)})
		if err == nil && into.Min != nil && into.Max != nil && *into.Min > *into.Max {
			return r.fail(n, "min is greater than max", "")
		}
		return err
	}
}
