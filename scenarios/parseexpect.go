package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/conformance/contract"
)

// expect reads what an answer should be.
func (p *parser) expect(op *contract.Operation, e *Expect, n *yaml.Node) {
	e.At = p.at(n)
	var tls string
	var refused, body, codes, within *yaml.Node
	keep := func(target **yaml.Node) valueReader { return func(n *yaml.Node) { *target = n } }
	p.object(n, map[string]valueReader{
		"refused":   func(n *yaml.Node) { refused = n; p.word(&e.Refused, "trigger", p.words.triggers)(n) },
		"open":      p.boolean(&e.Open),
		"decided":   p.boolean(&e.Decided),
		"declined":  p.boolean(&e.Declined),
		"tls":       p.word(&tls, "outcome of TLS", []string{"refused"}),
		"status":    p.statuses(&e.Status),
		"errorCode": keep(&codes),
		"body":      keep(&body),
		"within":    keep(&within),
	})
	e.TLSRefused = tls != ""
	if codes != nil {
		p.codes(op, e, codes)
	}
	if body != nil {
		p.body(op, e, body)
	}
	if within != nil {
		p.within(op, e, within)
	}
	if e.Refused != "" && op != nil && !p.contract.Answers(op.ID, e.Refused) {
		p.fail(refused, op.ID+" has no error for "+printable(e.Refused), "its table has "+strings.Join(triggersOf(op), ", "))
	}
	switch {
	case e.TLSRefused && (e.kinds() > 0 || len(e.Status) > 0 || codes != nil || body != nil || within != nil):
		p.fail(n, "tls: refused says that no answer comes, and more is expected of one", "leave the rest out")
	case e.kinds() > 1:
		p.fail(n, "refused, open, decided and declined contradict each other", "keep one")
	case e.Declined && op != nil && !declines(op):
		p.fail(n, op.ID+" has no actionCode that could decline", "say what it is refused for: refused: <trigger>")
	case e.Refused != "" && codes != nil:
		p.fail(codes, "refused says already which code is right", "leave errorCode out")
	}
}

// kinds counts what is said about how the call ends.
func (e *Expect) kinds() int {
	count := 0
	for _, said := range []bool{e.Refused != "", e.Open, e.Decided, e.Declined} {
		if said {
			count++
		}
	}
	return count
}

// declines tells an operation whose answer has an actionCode.
func declines(op *contract.Operation) bool {
	response := op.Field(contract.Response)
	return response != nil && response.Member("actionCode") != nil
}

// triggersOf are the triggers of the operation's table.
func triggersOf(op *contract.Operation) []string {
	var list []string
	for _, row := range op.Errors {
		for _, trigger := range row.On {
			if !slices.Contains(list, trigger) {
				list = append(list, trigger)
			}
		}
	}
	return list
}

var statusForm = regexp.MustCompile(`^[1-5](xx|[0-9]{2})$`)

// statuses reads a status, a class of them, or a list.
func (p *parser) statuses(target *[]string) valueReader {
	return func(n *yaml.Node) {
		p.oneOrMore(n, func(item *yaml.Node) {
			text, ok := p.text(item)
			if ok && !statusForm.MatchString(text) {
				p.fail(item, printable(text)+" is no status", "write it like 200 or 2xx")
				return
			}
			*target = append(*target, text)
		})
	}
}

// noCode says in errorCode that there is none.
const noCode = "none"

func (p *parser) codes(op *contract.Operation, e *Expect, n *yaml.Node) {
	p.oneOrMore(n, func(item *yaml.Node) {
		code, ok := p.text(item)
		if !ok {
			return
		}
		e.ErrorCode = append(e.ErrorCode, code)
		if code != noCode && op != nil && !slices.ContainsFunc(op.Errors, func(row contract.ErrorRow) bool { return row.Code == code }) {
			p.badCode(item, op)
		}
	})
}

// badCode tells of a code that the operation's table does not have.
func (p *parser) badCode(n *yaml.Node, op *contract.Operation) {
	var known []string
	for _, row := range op.Errors {
		if row.Code != "" && !slices.Contains(known, row.Code) {
			known = append(known, row.Code)
		}
	}
	mend := op.ID + " has no error codes"
	if len(known) > 0 {
		mend = "its table has " + strings.Join(known, ", ")
	}
	p.fail(n, fmt.Sprintf("%s is no error code of %s", printable(n.Value), op.ID), mend)
}

// body reads a match, or the word empty.
func (p *parser) body(op *contract.Operation, e *Expect, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Value == "empty" && n.Tag == "!!str" {
		e.Body = &Match{At: p.at(n), Empty: true}
		return
	}
	e.Body = p.match(n)
	if op != nil && op.Field(contract.Response) != nil {
		p.answerable(op.ID, op.Field(contract.Response), e.Body, true)
	}
}

// errorMember is the structure of a standard error (p.29), which any answer
// may have instead of the operation's own members.
const errorMember = "errorResponse"

// answerable tells of members that an answer can't have.
func (p *parser) answerable(operation string, field *contract.Field, m *Match, root bool) {
	switch {
	case m == nil || field == nil:
		return
	case m.Contains != nil:
		p.answerable(operation, field.Items, m.Contains, false)
	case m.Not != nil:
		p.answerable(operation, field, m.Not, root)
	}
	for _, one := range m.OneOf {
		p.answerable(operation, field, one, root)
	}
	for _, name := range sortedNames(m.Members) {
		member := field.Member(name)
		if member == nil && len(field.Fields) > 0 && !(root && name == errorMember) {
			known := make([]string, 0, len(field.Fields))
			for _, f := range field.Fields {
				known = append(known, f.Name)
			}
			p.problems = append(p.problems, Problem{m.Members[name].At, "an answer to " + operation + " has no member " + printable(name), nearest(name, known)})
			continue
		}
		p.answerable(operation, member, m.Members[name], false)
	}
}

func (p *parser) within(op *contract.Operation, e *Expect, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Value == "budget" {
		if e.Budget = true; op != nil && op.Budget == 0 {
			p.fail(n, "the specification gives no expected response time for "+op.ID, "write a duration")
		}
		return
	}
	p.duration(&e.Within, false)(n)
}

var savedName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// saves reads what an answer leaves behind.
func (p *parser) saves(n *yaml.Node) map[string]Save {
	saves := map[string]Save{}
	p.each(n, func(key, value *yaml.Node) {
		if !savedName.MatchString(key.Value) || key.Value == valueNow {
			p.fail(key, printable(key.Value)+" can't be a name", "begin with a letter and go on with letters, digits and _; now is taken")
			return
		}
		saves[key.Value] = p.save(value)
		p.saved = append(p.saved, key.Value)
	})
	return saves
}

func (p *parser) save(n *yaml.Node) Save {
	var s Save
	if n.Kind != yaml.MappingNode {
		p.pointer(n)
		s.From = n.Value
		return s
	}
	var take *yaml.Node
	p.object(n, map[string]valueReader{
		"from":  func(n *yaml.Node) { p.pointer(n); s.From = n.Value },
		"where": func(n *yaml.Node) { s.Where = p.match(n) },
		"take":  func(n *yaml.Node) { p.pointer(n); take, s.Take = n, n.Value },
	})
	p.missing(n, "from", "the value is taken from nowhere", "add from: a JSON Pointer")
	if take != nil && s.Where == nil {
		p.fail(take, "take points into the element that where chooses, and there is no where", "put the whole pointer into from")
	}
	return s
}
