package scenarios

import (
	"net/http"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/conformance/contract"
)

// step reads one step: a mapping with exactly one verb among its keys.
func (p *parser) step(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		p.fail(n, "a step is a mapping, not "+kindOf(n), "begin it with one of "+strings.Join(verbs, ", "))
		return
	}
	var verb, extra *yaml.Node
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.ScalarNode && slices.Contains(verbs, key.Value) {
			if verb == nil {
				verb = key
			} else if key.Value != verb.Value {
				extra = key
			}
		}
	}
	switch {
	case verb == nil:
		p.verbless(n)
		return
	case extra != nil:
		p.fail(extra, "a step does one thing, and this one has "+verb.Value+" and "+extra.Value, "make two steps of it")
		return
	}
	step := Step{At: p.at(n)}
	before := len(p.saved)
	kept := map[string]valueReader{"call": p.call, "await": p.await, "trigger": p.trigger, "fault": p.fault, "token": p.action, "clock": p.clock, "wait": p.wait}
	p.current = &step
	kept[verb.Value](n)
	p.templates(n, p.saved[:before])
	p.scenario.Steps = append(p.scenario.Steps, step)
}

// verbless tells of a step that does nothing, by the key that is most likely
// meant as its verb.
func (p *parser) verbless(n *yaml.Node) {
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i]; key.Kind == yaml.ScalarNode && contract.Nearest(key.Value, verbs) != "" {
			p.unknown(key, "step", verbs)
			return
		}
	}
	p.fail(n, "the step does nothing", "it needs one of "+strings.Join(verbs, ", "))
}

func (p *parser) trigger(n *yaml.Node) {
	trigger := &Trigger{}
	p.object(n, map[string]valueReader{"trigger": p.kebab(&trigger.Name, "a trigger's name"), "ask": p.into(&trigger.Ask)})
	p.triggered = true
	p.current.Trigger = trigger
}

func (p *parser) await(n *yaml.Node) {
	await := &Await{}
	p.object(n, map[string]valueReader{
		"await":       p.word(&await.Operation, "operation", p.words.inbound),
		"ask":         p.into(&await.Ask),
		"where":       func(n *yaml.Node) { await.Where = p.match(n) },
		"within":      p.duration(&await.Within, false),
		"status":      p.statuses(&await.Status),
		"tokenStatus": p.word(&await.TokenStatus, "token status", p.words.tokenStatuses),
		"rule":        func(n *yaml.Node) { p.rule(&await.Rule, n) },
		"save":        func(n *yaml.Node) { await.Save = p.saves(n) },
	})
	if op := p.operation(await.Operation); op != nil {
		p.where(op, await.Where)
	}
	if !p.triggered && await.Ask == "" {
		p.fail(n, "nothing before this await makes the issuer act", "put a trigger before it, or add ask: what the person has to do")
	}
	p.told, p.current.Await = true, await
}

func (p *parser) operation(id string) *contract.Operation {
	if id == "" {
		return nil
	}
	op, err := p.contract.Operation(id)
	if err != nil {
		return nil
	}
	return op
}

// where tells of members that the issuer's request can't have: an await for
// one would never end.
func (p *parser) where(op *contract.Operation, where *Match) {
	if where == nil {
		return
	}
	parts := []contract.Part{contract.Request, contract.SealedRequest, contract.Path, contract.Query}
	for _, name := range sortedNames(where.Members) {
		if known := memberNames(op, parts...); !slices.Contains(known, name) {
			p.problems = append(p.problems, Problem{where.Members[name].At, op.ID + " has no member " + printable(name), nearest(name, known)})
		}
	}
}

func (p *parser) fault(n *yaml.Node) {
	fault := &Fault{Times: 1}
	var when string
	var code *yaml.Node
	p.object(n, map[string]valueReader{"fault": func(n *yaml.Node) {
		p.object(n, map[string]valueReader{
			"operation": p.word(&fault.Operation, "operation", p.words.inbound),
			"status":    p.integer(&fault.Status, http.StatusOK, 599),
			"code":      func(n *yaml.Node) { code = n; p.into(&fault.Code)(n) },
			"delay":     p.duration(&fault.Delay, false),
			"drop":      p.boolean(&fault.Drop),
			"when":      p.word(&when, "moment", []string{"before-commit", "after-commit"}),
			"times":     p.integer(&fault.Times, 1, 1000),
		})
		switch {
		case fault.Operation == "":
			p.missing(n, "operation", "the fault has no operation", "add operation: the issuer's call that it strikes")
		case fault.Status == 0 && fault.Code == "" && fault.Delay == 0 && !fault.Drop && len(n.Content) <= 2:
			p.fail(n, "the fault changes nothing", "add status, code, delay or drop")
		}
	}})
	if op := p.operation(fault.Operation); op != nil && fault.Code != "" && !op.Allows(fault.Code, "") {
		p.badCode(code, op)
	}
	fault.AfterCommit = when == "after-commit"
	p.changed, p.current.Fault = true, fault
}

// missing tells that a mapping lacks a key, unless the key is there and has a
// problem of its own.
func (p *parser) missing(n *yaml.Node, key, what, mend string) {
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return
		}
	}
	p.fail(n, what, mend)
}

func (p *parser) action(n *yaml.Node) {
	action := &TokenAction{}
	p.object(n, map[string]valueReader{"token": func(n *yaml.Node) {
		p.object(n, map[string]valueReader{
			"do":     p.word(&action.Do, "token action", tokenActionNames()),
			"expect": p.word(&action.Expect, "token status", p.words.tokenStatuses),
		})
		p.missing(n, "do", "the step does nothing to the token", "add do: "+strings.Join(tokenActionNames(), ", "))
	}})
	if entry, known := tokenActionOf(action.Do); known && entry.Tells {
		p.told = true
	}
	p.changed, p.current.Token = true, action
}

func (p *parser) clock(n *yaml.Node) {
	clock := &ClockMove{}
	p.object(n, map[string]valueReader{"clock": func(n *yaml.Node) {
		p.object(n, map[string]valueReader{"advance": p.duration(&clock.Advance, true)})
		p.missing(n, "advance", "the clock stands still", "add advance: a duration such as 10m")
	}})
	p.changed, p.current.Clock = true, clock
}

func (p *parser) wait(n *yaml.Node) {
	wait := &Wait{}
	p.object(n, map[string]valueReader{"wait": func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && n.Value == "notifications" {
			wait.Notifications = true
			if !p.told {
				p.fail(n, "nothing before this sends the issuer a notification", "put an action of the wallet before it, such as wallet-suspend, or await a call of the issuer")
			}
			return
		}
		if n.Kind == yaml.ScalarNode && len(n.Value) > 0 && strings.IndexByte("0123456789", n.Value[0]) < 0 {
			p.fail(n, "a wait is for notifications or a duration, not "+printable(n.Value), nearest(n.Value, []string{"notifications"}))
			return
		}
		p.duration(&wait.For, false)(n)
	}})
	p.changed, p.current.Wait = true, wait
}
