package contract

import "regexp"

// fourDigits is the shape of the action codes (p.89).
var fourDigits = regexp.MustCompile(`^[0-9]{4}$`)

func (l *Lifecycle) check(p place) {
	p.page(l.Page)
	states, letters := map[string]bool{}, map[string]bool{}
	for i, state := range l.States {
		at := p.at("states", i)
		at.filled(map[string]string{"name": state.Name, "letter": state.Letter})
		at.at("name").unique(states, "state", state.Name)
		at.at("letter").unique(letters, "letter", state.Letter)
		at.page(state.Page)
	}
	actions, codes := map[string]bool{}, map[string]bool{}
	for i, action := range l.Actions {
		at := p.at("actions", i)
		at.filled(map[string]string{"name": action.Name})
		at.at("name").unique(actions, "action", action.Name)
		at.at("code").unique(codes, "code", action.Code)
		action.check(at, states)
	}
	l.checkCells(p.at("cells"), states, actions)
	l.Actors.check(p.at("actors"), actions)
	others := map[string]bool{}
	for i, other := range l.OtherOperations {
		at := p.at("otherOperations", i)
		at.at("operationType").unique(others, "operationType", other.OperationType)
		other.check(at, states)
	}
}

func (a LifecycleAction) check(p place, states map[string]bool) {
	p.page(a.Page)
	if !fourDigits.MatchString(a.Code) {
		p.at("code").failf("code %q has not four digits", a.Code)
	}
	if a.Target != "" {
		p.at("target").known("state", a.Target, states)
	}
	refusals := words(string(RefuseCall), string(SkipToken))
	p.at("onRefusal").known("onRefusal", string(a.OnRefusal), refusals)
	if len(a.PerformedBy) == 0 {
		p.failf("nothing performs the action %s", a.Name)
	}
	for i, by := range a.PerformedBy {
		at := p.at("performedBy", i)
		at.page(by.Page)
		if by.OnRefusal != "" {
			at.at("onRefusal").known("onRefusal", string(by.OnRefusal), refusals)
		}
		if len(by.When) == 0 {
			at.failf("when is missing, every call would perform %s", a.Name)
		}
	}
	checkEffects(p, a.Notifies)
}

func checkEffects(p place, effects []NotifiedEffect) {
	for i, effect := range effects {
		at := p.at("notifies", i)
		at.page(effect.Page)
		if len(effect.Members) == 0 {
			at.failf("members are missing")
		}
	}
}

// checkCells demands each cell of the matrix once, with the result or the
// refusal that belongs to it.
func (l *Lifecycle) checkCells(p place, states, actions map[string]bool) {
	seen := map[string]bool{}
	for i, cell := range l.Cells {
		at := p.at(i)
		at.page(cell.Page)
		at.at("state").known("state", cell.State, states)
		at.at("action").known("action", cell.Action, actions)
		at.unique(seen, "cell", cell.State+"/"+cell.Action)
		if cell.Allowed {
			at.at("result").known("state", cell.Result, states)
			if cell.Refusal != "" {
				at.at("refusal").failf("an allowed cell has no refusal")
			}
			continue
		}
		at.at("refusal").known("refusal", cell.Refusal, words(TriggerStateExists, TriggerStateRefused))
		if cell.Result != "" {
			at.at("result").failf("a refused cell has no result")
		}
	}
	for _, state := range l.States {
		for _, action := range l.Actions {
			if !seen[state.Name+"/"+action.Name] {
				p.failf("cell %s/%s is missing, the matrix needs all %d", state.Name, action.Name, len(l.States)*len(l.Actions))
			}
		}
	}
	l.checkTargets(p)
}

// checkTargets demands that an allowed cell leads to what the action asks
// for, and that a refusal fits the state (INT-050).
func (l *Lifecycle) checkTargets(p place) {
	for i, cell := range l.Cells {
		action, ok := l.Action(cell.Action)
		if !ok {
			continue
		}
		target := action.Target
		if target == "" {
			target = cell.State
		}
		switch {
		case cell.Allowed && cell.Result != target:
			p.at(i, "result").failf("%s in state %s leads to %s, the action says %s", cell.Action, cell.State, cell.Result, target)
		case !cell.Allowed && (cell.Refusal == TriggerStateExists) != (action.Target == cell.State):
			p.at(i, "refusal").failf("%s in state %s is refused as %s, which does not fit the state asked for", cell.Action, cell.State, cell.Refusal)
		}
	}
}

func (a LifecycleActors) check(p place, actions map[string]bool) {
	p.page(a.Page)
	p.pages(a.Pages)
	p.filled(map[string]string{"member": a.Member, "interpretation": a.Interpretation})
	p.at("action").known("action", a.Action, actions)
	p.at("actors").distinct("actor", a.Actors)
	p.at("allowedWhen").known("condition", a.AllowedWhen, words("same-actor-suspended"))
	p.at("refusal").known("trigger", a.Refusal, triggerWords)
}

func (o OtherOperation) check(p place, states map[string]bool) {
	p.page(o.Page)
	p.filled(map[string]string{"operationType": o.OperationType})
	p.at("states").distinct("state", o.States)
	for i, state := range o.States {
		p.at("states", i).known("state", state, states)
	}
	p.at("refusal").known("trigger", o.Refusal, triggerWords)
	if (o.Needs == "") != (o.NeedsRefusal == "") {
		p.failf("needs and needsRefusal go together")
	}
	if o.Needs != "" {
		p.at("needs").known("need", o.Needs, words("device-binding", "pending-step-up"))
		p.at("needsRefusal").known("trigger", o.NeedsRefusal, triggerWords)
	}
	checkEffects(p, o.Notifies)
}
