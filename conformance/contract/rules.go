package contract

import (
	"fmt"
	"sort"
	"strings"
)

// Party is who can break a rule.
type Party string

const (
	// Issuer rules are what certification judges.
	Issuer Party = "issuer"
	// Visa rules bind vtsim itself.
	Visa Party = "visa"
)

// Rule is one demand of the specification that can be checked.
type Rule struct {
	// ID is <operationId>/<part>/<pointer>#<keyword>; it never changes its
	// meaning.
	ID        string `json:"id"`
	Operation string `json:"operation,omitempty"`
	Part      Part   `json:"part,omitempty"`
	Level     Level  `json:"level"`
	Party     Party  `json:"party"`
	// Page and Section of the specification.
	Page    int    `json:"page"`
	Section string `json:"section,omitempty"`
	// Title says in one sentence what is demanded.
	Title string `json:"title"`
	// Interpretation that the rule rests on, if any.
	Interpretation string `json:"interpretation,omitempty"`
}

// Rules returns every rule, ordered by operation and part, the rules over
// several exchanges last.
func (c *Contract) Rules() []Rule { return append([]Rule(nil), c.rules...) }

// Rule returns the rule with that id. The error names the nearest known id.
func (c *Contract) Rule(id string) (Rule, error) {
	if i, ok := c.ruleByID[id]; ok {
		return c.rules[i], nil
	}
	ids := make([]string, 0, len(c.rules))
	for _, rule := range c.rules {
		ids = append(ids, rule.ID)
	}
	if near := Nearest(id, ids); near != "" {
		return Rule{}, fmt.Errorf("unknown rule %q, did you mean %s?", id, near)
	}
	return Rule{}, fmt.Errorf("unknown rule %q; list them with: vtsim contract rules", id)
}

// listRules derives the rules from the fields and adds the named ones.
func (c *Contract) listRules() error {
	for _, op := range c.ordered {
		for _, name := range op.Parts() {
			if err := c.fieldRules(op, name, op.parts[name].field); err != nil {
				return err
			}
		}
	}
	for _, rule := range c.Tables.rules() {
		if err := c.addRule(rule); err != nil {
			return err
		}
	}
	return nil
}

func (c *Contract) addRule(rule Rule) error {
	if i, twice := c.ruleByID[rule.ID]; twice {
		return fmt.Errorf("rule %s stands twice (pages %d and %d)", rule.ID, c.rules[i].Page, rule.Page)
	}
	c.ruleByID[rule.ID] = len(c.rules)
	c.rules = append(c.rules, rule)
	return nil
}

// party tells who fills in the part.
func (o *Operation) party(name Part) Party {
	if o.Direction == Document {
		return o.maker
	}
	answered := strings.HasPrefix(string(name), string(Response))
	if o.Direction == Outbound != answered {
		return Visa
	}
	return Issuer
}

// fieldRules adds the rules of a field and of all below it.
func (c *Contract) fieldRules(op *Operation, name Part, f *Field) error {
	at := op.ID + "/" + string(name)
	base := Rule{Operation: op.ID, Part: name, Level: f.Level, Party: op.party(name), Page: f.Page, Section: op.Section, Interpretation: f.Interpretation}
	for _, keyword := range f.constraints(name) {
		rule := base
		rule.ID = ruleID(at, f.Pointer, keyword)
		rule.Title = f.title(keyword)
		if err := c.addRule(rule); err != nil {
			return err
		}
	}
	conditions := append([]*condition(nil), f.conditions...)
	sort.Slice(conditions, func(i, j int) bool { return conditions[i].name < conditions[j].name })
	for _, condition := range conditions {
		rule := base
		where := f.Pointer
		if condition.at != "" {
			where += "/" + condition.at
		}
		rule.ID = ruleID(at, where, condition.name)
		rule.Level, rule.Page, rule.Title, rule.Interpretation = condition.level, condition.page, condition.message, condition.interpretation
		if err := c.addRule(rule); err != nil {
			return err
		}
	}
	for _, member := range f.Fields {
		if err := c.fieldRules(op, name, member); err != nil {
			return err
		}
	}
	if f.Items != nil {
		return c.fieldRules(op, name, f.Items)
	}
	return nil
}

// ruleID builds <operationId>/<part>/<pointer>#<keyword>. The type of a sealed
// payload is a rule apart from the type of the member that carries it.
func ruleID(at, pointer, keyword string) string {
	if pointer == "" && keyword == "type" && strings.HasSuffix(at, Sealed) {
		keyword = "payload-type"
	}
	return at + pointer + "#" + keyword
}

// constraints lists the keywords of the field that a payload can break. Path
// and query are objects by construction.
func (f *Field) constraints(part Part) []string {
	if f.Pointer == "" && (part == Path || part == Query) {
		return nil
	}
	var list []string
	add := func(keyword string, present bool) {
		if present {
			list = append(list, keyword)
		}
	}
	add("required", f.Requirement == Required)
	add("type", len(f.Types) > 0)
	add("maxLength", f.MaxLength != nil)
	add("maxItems", f.MaxItems != nil)
	add("minimum", f.Minimum != "")
	add("maximum", f.Maximum != "")
	add("pattern", f.Pattern != "")
	add("enum", len(f.Enum) > 0)
	return list
}

func (f *Field) title(keyword string) string {
	name := strings.TrimPrefix(f.Pointer, "/")
	if name == "" {
		name = "the body"
	}
	if keyword == "required" {
		return name + " is required"
	}
	return name + " is " + f.expected(keyword)
}

// Count of the rules of one operation. Operation is "across" for the rules of
// transport, headers, envelopes and flows, and "total" for the sum.
type Count struct {
	Operation string `json:"operation"`
	Must      int    `json:"must"`
	Should    int    `json:"should"`
	Info      int    `json:"info"`
	Issuer    int    `json:"issuer"`
	Visa      int    `json:"visa"`
	Total     int    `json:"total"`
}

func (n *Count) add(rule Rule) {
	n.Total++
	switch rule.Level {
	case Must:
		n.Must++
	case Should:
		n.Should++
	case Info:
		n.Info++
	}
	if rule.Party == Issuer {
		n.Issuer++
	} else {
		n.Visa++
	}
}

// Counts returns the numbers of rules by operation in the order of Rules, the
// sum last.
func (c *Contract) Counts() []Count {
	var counts []*Count
	byOperation := map[string]*Count{}
	total := &Count{Operation: "total"}
	for _, rule := range c.rules {
		count := byOperation[rule.Operation]
		if count == nil {
			count = &Count{Operation: rule.Operation}
			if rule.Operation == "" {
				count.Operation = "across"
			}
			byOperation[rule.Operation] = count
			counts = append(counts, count)
		}
		count.add(rule)
		total.add(rule)
	}
	list := make([]Count, 0, len(counts)+1)
	for _, count := range append(counts, total) {
		list = append(list, *count)
	}
	return list
}
