package scenarios

import (
	"bytes"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// Parse reads every scenario of a file and checks it against the contract;
// file is its name for positions. The error is of type Problems and holds all
// mistakes of the file; the scenarios that have none are returned beside it.
func Parse(c *contract.Contract, file string, data []byte) ([]*Scenario, error) {
	p := newParser(c, file)
	var good []*Scenario
	if !bytes.Contains(data, []byte(":")) {
		p.problems = append(p.problems, Problem{Position{file, 1, 1}, "no scenario stands here", "begin with: scenario: its-name"})
		return nil, p.problems
	}
	for _, root := range p.documents(data) {
		before := len(p.problems)
		s := p.scenarioAt(root)
		if len(p.problems) == before {
			good = append(good, s)
		}
	}
	if len(good) == 0 && len(p.problems) == 0 {
		p.problems = append(p.problems, Problem{Position{file, 1, 1}, "no scenario stands here", "begin with: scenario: its-name"})
	}
	return good, p.problems.sorted().orNil()
}

// parser reads one file.
type parser struct {
	yamlReader
	contract *contract.Contract
	builder  *outbound.Builder
	// generator is made when it is needed.
	generator *generator
	words     vocabulary
	pages     map[string]map[int]bool // that may be cited, by operation

	// Of the scenario that is being read:
	scenario *Scenario
	current  *Step
	saved    []string // names that earlier steps keep
	// triggered says that a trigger came before, changed that something other
	// than a call may be what makes a call wrong, told that Visa's side has a
	// notification for the issuer.
	triggered, changed, told bool
}

func newParser(c *contract.Contract, file string) *parser {
	return &parser{yamlReader: yamlReader{file: file}, contract: c, builder: outbound.NewBuilder(c), words: newVocabulary(c),
		pages: map[string]map[int]bool{}}
}

var kebab = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// scenarioAt reads one document.
func (p *parser) scenarioAt(root *yaml.Node) *Scenario {
	s := &Scenario{Level: contract.Must, At: p.at(root)}
	p.scenario, p.saved, p.triggered, p.changed, p.told = s, nil, false, false, false
	var steps *yaml.Node
	carded := false
	p.object(root, map[string]valueReader{
		"scenario": p.kebab(&s.Name, "a scenario's name"),
		"title":    p.into(&s.Title),
		"cites":    func(n *yaml.Node) { p.list(n, p.cite) },
		"level":    p.level,
		"tags":     p.tags,
		"needs":    p.needs,
		"card":     func(n *yaml.Node) { carded = true; p.word(&s.Card, "card role", p.words.roles)(n) },
		"token":    p.tokenState,
		"steps":    func(n *yaml.Node) { steps = n },
		"generate": p.generate,
	})
	p.complete(root, steps)
	if steps != nil {
		p.changed = carded && s.Card != keys.RoleEligible || s.Token != (Token{})
		p.list(steps, p.step)
	}
	s.Needs = s.needed()
	return s
}

// complete tells what is missing.
func (p *parser) complete(root, steps *yaml.Node) {
	if root.Kind != yaml.MappingNode {
		return
	}
	s := p.scenario
	present := map[string]bool{}
	for i := 0; i < len(root.Content); i += 2 {
		present[root.Content[i].Value] = true
	}
	if !present["scenario"] {
		p.fail(root, "the scenario has no name", "add scenario: its-name")
	}
	if !present["title"] {
		p.fail(root, "the scenario has no title", "add title: what it shows, in a sentence")
	}
	if !present["cites"] && s.Generate == nil {
		p.fail(root, "the scenario cites no page", "add cites: [operation p.N]")
	}
	switch {
	case present["generate"] && present["steps"]:
		p.fail(steps, "a scenario has steps or generate, not both", "take one out")
	case !present["generate"] && !present["steps"]:
		p.fail(root, "the scenario has no steps", "add steps, or generate")
	case steps != nil && steps.Kind == yaml.SequenceNode && len(steps.Content) == 0:
		p.fail(steps, "the list of steps is empty", "")
	}
}

// kebab reads a name of lower-case words with hyphens between them.
func (p *parser) kebab(target *string, what string) valueReader {
	return func(n *yaml.Node) {
		text, ok := p.text(n)
		if ok && !kebab.MatchString(text) {
			p.fail(n, what+" is lower-case words with hyphens between them, not "+printable(text), "")
			return
		}
		*target = text
	}
}

func (p *parser) level(n *yaml.Node) {
	var level string
	p.word(&level, "level", p.words.levels)(n)
	if level != "" {
		p.scenario.Level = contract.Level(level)
	}
}

func (p *parser) tags(n *yaml.Node) {
	p.list(n, func(item *yaml.Node) {
		var tag string
		p.kebab(&tag, "a tag")(item)
		if tag != "" && slices.Contains(p.scenario.Tags, tag) {
			p.fail(item, "tag "+printable(tag)+" stands here a second time", "")
			return
		}
		if tag != "" {
			p.scenario.Tags = append(p.scenario.Tags, tag)
		}
	})
}

func (p *parser) operations() []string {
	return append(append([]string{}, p.words.outbound...), p.words.inbound...)
}

func (p *parser) needs(n *yaml.Node) {
	needs := &p.scenario.Needs
	p.object(n, map[string]valueReader{
		"apis":  p.known(&needs.APIs, "operation", p.words.outbound),
		"cards": p.known(&needs.Cards, "card role", p.words.roles),
		"triggers": func(n *yaml.Node) {
			p.list(n, func(item *yaml.Node) {
				var name string
				if p.kebab(&name, "a trigger's name")(item); name != "" {
					needs.Triggers = append(needs.Triggers, name)
				}
			})
		},
	})
}

func (p *parser) tokenState(n *yaml.Node) {
	token := &p.scenario.Token
	p.object(n, map[string]valueReader{
		"type":       p.word(&token.Type, "token type", p.words.tokenTypes),
		"status":     p.word(&token.Status, "token status", p.words.tokenStatuses),
		"introduced": p.boolean(&token.Introduced),
	})
}

// needed adds to the scenario's needs what its steps need.
func (s *Scenario) needed() Needs {
	needs := s.Needs
	add := func(list *[]string, name string) {
		if name != "" && !slices.Contains(*list, name) {
			*list = append(slices.Clip(*list), name)
		}
	}
	if s.Token.Introduced {
		add(&needs.APIs, tokenOperation)
	}
	for _, step := range s.Steps {
		switch {
		case step.Call != nil:
			add(&needs.APIs, step.Call.Operation)
			add(&needs.Cards, s.cardOf(step.Call))
		case step.Trigger != nil:
			add(&needs.Triggers, step.Trigger.Name)
		}
	}
	return needs
}

// cardOf is the role of the card that a call is about.
func (s *Scenario) cardOf(call *Call) string {
	switch {
	case call.Card != "":
		return call.Card
	case s.Card != "":
		return s.Card
	}
	return keys.RoleEligible
}
