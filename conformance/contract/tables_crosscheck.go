package contract

import (
	"fmt"
	"strings"
)

// check looks for what is wrong between the tables and the operations:
// operations, members, values, components, codes and interpretations that one
// side names and the other does not have. All problems are reported at once.
func (t *Tables) check(c *Contract) error {
	found := &problems{}
	t.checkRuleOperations(c, found)
	t.checkLifecycleMembers(c, found)
	t.checkRejects(c, found)
	t.checkPANLifecycleMembers(c, found)
	t.checkEnvelopeMembers(c, found)
	t.checkComponents(c, found)
	for _, rule := range c.rules {
		if rule.Interpretation == "" {
			continue
		}
		if _, err := t.Interpretation(rule.Interpretation); err != nil {
			found.list = append(found.list, fmt.Errorf("rule %s: %w", rule.ID, err))
		}
	}
	return found.err()
}

// operation demands that the operation exists.
func (p place) operation(c *Contract, id string) *Operation {
	op, err := c.Operation(id)
	if err != nil {
		p.failf("%v", err)
		return nil
	}
	return op
}

// member demands that the part of an operation has the member at the path,
// and that it may have the value; "" stands for any.
func (p place) member(op *Operation, part Part, path, value string) {
	if op == nil {
		return
	}
	field := op.Field(part)
	for _, name := range strings.Split(path, "/") {
		if field == nil {
			break
		}
		if name == "*" {
			field = field.Items
			continue
		}
		field = field.Member(name)
	}
	if field == nil {
		p.failf("%s/%s has no member %s", op.ID, part, path)
		return
	}
	if value == "" || len(field.Enum) == 0 {
		return
	}
	for _, allowed := range field.Enum {
		if fmt.Sprint(allowed) == value {
			return
		}
	}
	p.failf("%s of %s/%s can't be %s, it is one of %v", path, op.ID, part, value, field.Enum)
}

func (t *Tables) checkRuleOperations(c *Contract, found *problems) {
	scopes := words("transport", "headers", "envelope", string(Inbound), string(Outbound))
	for i, rule := range t.NamedRules {
		at := t.place(namedRuleTable, found).at("rules", i)
		for j, id := range rule.Operations {
			if id != AllInbound && id != AllOutbound {
				at.at("operations", j).operation(c, id)
			}
		}
		scope, _, _ := strings.Cut(strings.ReplaceAll(rule.ID, "#", "/"), "/")
		if scopes[scope] {
			continue
		}
		if at.at("id").operation(c, scope) != nil && rule.Operations[0] != scope {
			at.at("operations").failf("rule %s belongs to %s, which is to be named first", rule.ID, scope)
		}
	}
	for i, n := range t.Interpretations {
		for j, id := range n.Operations {
			t.place(interpretationTable, found).at("interpretations", i, "operations", j).operation(c, id)
		}
	}
}

func (t *Tables) checkLifecycleMembers(c *Contract, found *problems) {
	p := t.place(lifecycleTable, found)
	effects := func(at place, list []NotifiedEffect) {
		for i, effect := range list {
			where := at.at("notifies", i)
			op := where.at("operation").operation(c, effect.Operation)
			for _, name := range sortedKeys(effect.Members) {
				where.at("members", name).member(op, Request, name, effect.Members[name])
			}
		}
	}
	const lifecycle = "tokenLifecycle"
	triggers := func(at place, trigger string) {
		if op := at.operation(c, lifecycle); op != nil {
			if _, ok := op.errorOn(trigger, true); !ok {
				at.failf("the errors of %s have no row for %s", lifecycle, trigger)
			}
		}
	}
	for i, action := range t.Lifecycle.Actions {
		at := p.at("actions", i)
		for j, by := range action.PerformedBy {
			where := at.at("performedBy", j)
			op := where.at("operation").operation(c, by.Operation)
			for _, name := range sortedKeys(by.When) {
				where.at("when", name).member(op, Request, name, by.When[name])
			}
		}
		effects(at, action.Notifies)
	}
	for i, cell := range t.Lifecycle.Cells {
		if !cell.Allowed {
			triggers(p.at("cells", i, "refusal"), cell.Refusal)
		}
	}
	triggers(p.at("actors", "refusal"), t.Lifecycle.Actors.Refusal)
	inquiry := p.operation(c, "tokenInquiry")
	for i, actor := range t.Lifecycle.Actors.Actors {
		p.at("actors", "actors", i).member(inquiry, Response, t.Lifecycle.Actors.Member, actor)
	}
	for i, state := range t.Lifecycle.States {
		p.at("states", i, "name").member(inquiry, SealedResponse, "tokenInfo/tokenStatus", state.Name)
	}
	op := p.operation(c, lifecycle)
	for i, other := range t.Lifecycle.OtherOperations {
		at := p.at("otherOperations", i)
		at.at("operationType").member(op, Request, "operationType", other.OperationType)
		triggers(at.at("refusal"), other.Refusal)
		effects(at, other.Notifies)
	}
	t.checkAllOperationTypes(p, op)
}

// checkAllOperationTypes demands that every operationType is either an action
// of the matrix or listed beside it.
func (t *Tables) checkAllOperationTypes(p place, op *Operation) {
	if op == nil || op.Field(Request) == nil || op.Field(Request).Member("operationType") == nil {
		return
	}
	for _, value := range op.Field(Request).Member("operationType").Enum {
		name := fmt.Sprint(value)
		_, action := t.Lifecycle.ActionOf(op.ID, map[string]string{"operationType": name})
		_, other := t.Lifecycle.Other(name)
		if action == other {
			p.failf("operationType %s is to be either an action of the matrix or in otherOperations", name)
		}
	}
}

// checkRejects demands that the members that triggers look at exist, and that
// every code that the fields name is in a table.
func (t *Tables) checkRejects(c *Contract, found *problems) {
	p, scope := t.place(rejectCodeTable, found), t.RejectCodes.AppliesTo
	op := p.at("appliesTo", "operation").operation(c, scope.Operation)
	p.at("appliesTo", "answeredBy").operation(c, scope.AnsweredBy)
	p.at("appliesTo", "member").member(op, scope.Part, scope.Member, "")
	known := map[string]bool{}
	tables := map[string][]RejectCode{"rpin": t.RejectCodes.RPIN, "link": t.RejectCodes.Link}
	for _, name := range sortedKeys(tables) {
		for i, code := range tables[name] {
			known[code.Code] = true
			for j, path := range code.Trigger.At {
				full, fromRoot := strings.CutPrefix(path, "/")
				if !fromRoot {
					full = scope.Member + "/" + path
				}
				p.at(name, i, "trigger", "at", j).member(op, scope.Part, full, "")
			}
			t.checkRejectAnswer(c, p.at(name, i), code)
		}
	}
	if op == nil {
		return
	}
	walkFields(op.Field(scope.Part), func(f *Field) {
		for _, keyword := range sortedKeys(f.Reject) {
			if !known[f.Reject[keyword]] {
				p.failf("%s%s names reject code %s, which no table has", scope.Part, f.Pointer, f.Reject[keyword])
			}
		}
		for _, condition := range f.conditions {
			if condition.reject != "" && !known[condition.reject] {
				p.failf("%s%s#%s names reject code %s, which no table has", scope.Part, f.Pointer, condition.name, condition.reject)
			}
		}
	})
}

// checkRejectAnswer demands that the answer of each structure can carry the
// code, its status and its name.
func (t *Tables) checkRejectAnswer(c *Contract, p place, code RejectCode) {
	scope := t.RejectCodes.AppliesTo
	answer, err := c.Operation(scope.AnsweredBy)
	if err != nil {
		return // reported at appliesTo
	}
	for j, structure := range code.In {
		where, at := p.at("in", j), scope.Answers[structure]
		if at == "" {
			where.failf("appliesTo/answers has no %s", structure)
			continue
		}
		where.member(answer, Request, at+"/rejectCode", "")
		where.member(answer, Request, at+"/responseStatus", code.Status)
		where.member(answer, Request, at+"/rejectDesc", "")
	}
}

func walkFields(f *Field, visit func(*Field)) {
	if f == nil {
		return
	}
	visit(f)
	for _, member := range f.Fields {
		walkFields(member, visit)
	}
	walkFields(f.Items, visit)
}

func (t *Tables) checkPANLifecycleMembers(c *Contract, found *problems) {
	p, table := t.place(panLifecycleTable, found), t.PANLifecycleOperations
	op := p.at("operation").operation(c, table.Operation)
	columns := map[string]string{"pan": table.Columns.PAN, "expdt": table.Columns.ExpirationDate,
		"pan2": table.Columns.NewPAN, "expdt2": table.Columns.NewExpirationDate}
	for _, name := range sortedKeys(columns) {
		p.at("columns", name).member(op, table.Part, columns[name], "")
	}
	for i, row := range table.Rows {
		at := p.at("rows", i)
		at.at("operationType").member(op, Request, "operationType", row.OperationType)
		at.at("operationReasonCode").member(op, Request, "operationReasonCode", row.OperationReasonCode)
		if row.AccountLevel != "" {
			at.at("accountLevel").member(op, table.Part, t.RejectCodes.AppliesTo.Member+"/"+row.AccountLevel, "")
		}
	}
}

// checkEnvelopeMembers demands that the lengths and the parameter that the
// envelope table names are those of the operations.
func (t *Tables) checkEnvelopeMembers(c *Contract, found *problems) {
	p := t.place(envelopeTable, found)
	for _, id := range sortedKeys(t.Envelope.JOSE.MaxLength) {
		if id != anyOperation {
			p.at("jose", "maxLength", id).operation(c, id)
		}
	}
	for _, op := range c.ordered {
		if op.Direction == Inbound {
			p.at(envelopeXPayToken, "apiKeyParameter").member(op, Query, t.Envelope.XPayToken.APIKeyParameter, "")
		}
		if op.Field(Request) == nil {
			continue
		}
		for _, member := range op.Field(Request).Fields {
			if member.Sealed && (member.MaxLength == nil || *member.MaxLength != t.Envelope.JOSE.MaxLengthOf(op.ID)) {
				p.at("jose", "maxLength").failf("%s of %s has another maxLength", member.Name, op.ID)
			}
		}
	}
}

// checkComponents demands the components that batch files and documents name.
func (t *Tables) checkComponents(c *Contract, found *problems) {
	schemas := section(section(c.document, "components"), "schemas")
	for i, file := range t.Batch.Files {
		if schemas[file.Schema] == nil {
			t.place(batchTable, found).at("files", i, "schema").failf("there is no component %s", file.Schema)
		}
	}
	for i, document := range t.Documents {
		if schemas[document.Schema] == nil {
			t.place(documentTable, found).at(i, "schema").failf("there is no component %s", document.Schema)
		}
	}
}
