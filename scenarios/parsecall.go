package scenarios

import (
	"encoding/json"
	"slices"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// mostAtOnce bounds how many calls one step sends at the same time.
const mostAtOnce = 100

// call reads a call to the issuer. Its options are read after the operation,
// whatever their order, since the operation says what they may hold.
func (p *parser) call(n *yaml.Node) {
	call := &Call{}
	carded := false
	var with, patch, corrupt, rule, expect *yaml.Node
	keep := func(target **yaml.Node) valueReader { return func(n *yaml.Node) { *target = n } }
	p.object(n, map[string]valueReader{
		"call":    p.word(&call.Operation, "operation", p.words.outbound),
		"card":    func(n *yaml.Node) { carded = true; p.word(&call.Card, "card role", p.words.roles)(n) },
		"with":    keep(&with),
		"patch":   keep(&patch),
		"corrupt": keep(&corrupt),
		"atOnce":  p.integer(&call.AtOnce, 2, mostAtOnce),
		"rule":    keep(&rule),
		"expect":  keep(&expect),
		"save":    func(n *yaml.Node) { call.Save = p.saves(n) },
	})
	op := p.operation(call.Operation)
	if with != nil {
		call.With = p.with(op, with)
	}
	if patch != nil {
		call.Patch = p.patch(patch)
	}
	if corrupt != nil {
		p.corruptions(op, call, corrupt)
	}
	if rule != nil {
		p.rule(&call.Rule, rule)
	}
	call.Expect.At = p.at(n)
	if expect != nil {
		p.expect(op, &call.Expect, expect)
	}
	changed := p.changed || with != nil || patch != nil || corrupt != nil || carded
	if (call.Expect.Refused != "" || call.Expect.TLSRefused) && !changed {
		p.fail(n, "nothing is wrong with this call, and it should be refused", "change one thing of it: with, patch, corrupt or card")
	}
	p.current.Call = call
}

// with reads members by name or dotted path and asks the builder for each
// whether the operation has it.
func (p *parser) with(op *contract.Operation, n *yaml.Node) map[string]any {
	with := map[string]any{}
	p.each(n, func(key, value *yaml.Node) {
		with[key.Value] = p.value(value)
		if op == nil {
			return
		}
		if _, err := p.builder.Build(op.ID, outbound.Facts{}, map[string]any{key.Value: "x"}); err != nil {
			known := memberNames(op, contract.Path, contract.Query, contract.Request, contract.SealedRequest)
			last := key.Value[strings.LastIndex(key.Value, ".")+1:]
			p.fail(key, op.ID+" has no member "+printable(key.Value), nearest(last, known))
		}
	})
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		p.fail(n, "with changes nothing", "take it out, or name a member")
	}
	return with
}

// patchOperations of RFC 6902 with the keys that each needs beside op and path.
var patchOperations = map[string]string{"add": "value", "replace": "value", "test": "value", "remove": "", "move": "from", "copy": "from"}

// patch reads an RFC 6902 document.
func (p *parser) patch(n *yaml.Node) []byte {
	before := len(p.problems)
	p.list(n, p.patchOperation)
	if len(p.problems) > before {
		return nil
	}
	if len(n.Content) == 0 {
		p.fail(n, "the patch changes nothing", "take it out, or add an operation")
		return nil
	}
	content, err := json.Marshal(p.value(n))
	if err == nil {
		_, err = jsonpatch.DecodePatch(content)
	}
	if err != nil {
		p.fail(n, "is no JSON Patch: "+err.Error(), "see RFC 6902")
		return nil
	}
	return content
}

func (p *parser) patchOperation(n *yaml.Node) {
	var operation string
	keys := map[string]bool{}
	skip := func(*yaml.Node) {}
	p.object(n, map[string]valueReader{
		"op":   p.word(&operation, "patch operation", sortedNames(patchOperations)),
		"path": p.pointer, "from": p.pointer, "value": skip,
	})
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		keys[n.Content[i].Value] = true
	}
	for _, needed := range []string{"op", "path", patchOperations[operation]} {
		if n.Kind == yaml.MappingNode && needed != "" && !keys[needed] {
			p.fail(n, "the patch operation has no "+needed, "")
		}
	}
}

// pointer reads a JSON Pointer.
func (p *parser) pointer(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		p.fail(n, "a JSON Pointer belongs here, not "+kindOf(n), "write it like /deviceInfo/deviceID")
		return
	}
	p.checkPointer(n, n.Value)
}

func (p *parser) checkPointer(n *yaml.Node, text string) {
	if text != "" && !strings.HasPrefix(text, "/") {
		p.fail(n, printable(text)+" is no JSON Pointer", "did you mean /"+strings.ReplaceAll(text, ".", "/")+"?")
		return
	}
	rest := strings.NewReplacer("~0", "", "~1", "").Replace(text)
	if strings.Contains(rest, "~") {
		p.fail(n, printable(text)+" is no JSON Pointer, ~ stands alone in it", "write ~0 for the character itself")
	}
}

// corruptions reads a mapping of group to name, a list of such, or ids.
func (p *parser) corruptions(op *contract.Operation, call *Call, n *yaml.Node) {
	seals := ""
	add := func(at *yaml.Node, id string) {
		corruption, err := outbound.CorruptionByID(id)
		switch {
		case err != nil:
			p.fail(at, "unknown corruption "+printable(id), nearest(id, p.words.corruptions))
			return
		case slices.Contains(call.Corrupt, id):
			p.fail(at, "corruption "+id+" stands here a second time", "")
		case corruption.Seal != nil && op != nil && op.Field(contract.SealedRequest) == nil:
			p.fail(at, id+" breaks a sealed payload, and "+op.ID+" has none", "")
		case corruption.Seal != nil && seals != "":
			p.fail(at, id+" and "+seals+" both seal the payload", "give one of them")
		}
		if corruption.Seal != nil {
			seals = id
		}
		call.Corrupt = append(call.Corrupt, id)
	}
	p.oneOrMore(n, func(item *yaml.Node) {
		if item.Kind == yaml.MappingNode {
			p.each(item, func(group, name *yaml.Node) {
				if text, ok := p.text(name); ok {
					add(name, group.Value+"/"+text)
				}
			})
			return
		}
		if id, ok := p.text(item); ok {
			add(item, id)
		}
	})
}

// rule reads the id of a rule that an issuer can break.
func (p *parser) rule(target *string, n *yaml.Node) {
	id, ok := p.text(n)
	if !ok {
		return
	}
	rule, err := p.contract.Rule(id)
	switch {
	case err != nil:
		ids := make([]string, 0, 1024)
		for _, known := range p.contract.Rules() {
			ids = append(ids, known.ID)
		}
		mend := "list them with: vtsim contract rules"
		if near := contract.Nearest(id, ids); near != "" {
			mend = "did you mean " + near + "?"
		}
		p.fail(n, "unknown rule "+printable(id), mend)
	case rule.Party != contract.Issuer:
		p.fail(n, "rule "+id+" binds Visa's side, an issuer can't break it", "list those of the issuer with: vtsim contract rules --party issuer")
	default:
		*target = id
	}
}
