package console

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// settingTransitions is the member of an issuer's settings that says when
// effects happen; what queues notifications reads it.
const settingTransitions = "transitions"

// settings of an issuer, as far as the console sets them.
type settings struct {
	Transitions map[string]transition `json:"transitions"`
}

// transition says when an effect happens; exactly one of the two is set.
type transition struct {
	// After is a duration on the simulator's clock, as Go writes it.
	After *string `json:"after,omitempty"`
	// Inquiries is how many inquiries of the token come first.
	Inquiries int `json:"inquiries,omitempty"`
}

// changedSettings puts new settings in place of those that the console sets;
// those of other owners stay.
func (c *Console) changedSettings(current map[string]any, change *settings) (map[string]any, error) {
	known := c.effects()
	for effect, when := range change.Transitions {
		field := "settings/transitions/" + effect
		if !slices.Contains(known, effect) {
			return nil, bad(field, "Nothing that happens has this name; known are: %s.", list(asSet(known)))
		}
		if when.After == nil {
			continue
		}
		if delay, err := time.ParseDuration(*when.After); err != nil || delay < 0 {
			return nil, bad(field+"/after", "after must be a duration such as 90s or 10m, not negative.")
		}
	}
	changed := maps.Clone(current)
	if changed == nil {
		changed = map[string]any{}
	}
	delete(changed, settingTransitions)
	if len(change.Transitions) > 0 {
		content, err := json.Marshal(change.Transitions)
		if err != nil {
			return nil, err
		}
		var stored map[string]any
		if err := json.Unmarshal(content, &stored); err != nil {
			return nil, err
		}
		changed[settingTransitions] = stored
	}
	return changed, nil
}

// effects are the names that a transition can have: a reason of a
// notification, or its operation.
func (c *Console) effects() []string {
	var names []string
	for _, op := range c.Contract.Operations() {
		if op.Direction != contract.Outbound {
			continue
		}
		names = append(names, op.ID)
		if reason := reasonOf(op); reason != nil {
			for _, value := range reason.Enum {
				if name, ok := value.(string); ok {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// reasonOf is the field that says why a notification is sent; nil in an
// operation without one.
func reasonOf(op *contract.Operation) *contract.Field {
	if body := op.Field(contract.Request); body != nil {
		return body.Member("messageReasonCode")
	}
	return nil
}

func asSet(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// due is when the issuer's setting lets an effect happen: a time, and how many
// inquiries of the token must come first.
func due(issuer vault.Issuer, effect string, now time.Time) (time.Time, int) {
	table, _ := issuer.Settings[settingTransitions].(map[string]any)
	content, err := json.Marshal(table[effect])
	var when transition
	if err != nil || json.Unmarshal(content, &when) != nil || when.After == nil {
		return now, when.Inquiries
	}
	delay, err := time.ParseDuration(*when.After)
	if err != nil {
		return now, when.Inquiries
	}
	return now.Add(delay), when.Inquiries
}
