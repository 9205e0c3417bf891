package token

import (
	"fmt"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
)

// The actors on a token, as the contract's EntityOfLastAction lists them.
const (
	TokenRequestor Entity = "TOKEN_REQUESTOR"
	Issuer         Entity = "ISSUER"
)

// The actions of the matrix, by the names that the contract gives them.
const (
	Activate             = "activate"
	Suspend              = "suspend"
	Resume               = "resume"
	Deactivate           = "deactivate"
	UpdateExpirationDate = "updateExpirationDate"
	ReplacePAN           = "replacePAN"
)

// Machine applies actions to tokens by the contract's lifecycle matrix. It is
// immutable and safe for concurrent use.
type Machine struct {
	table *contract.Lifecycle
	cells map[cellKey]contract.LifecycleCell
}

type cellKey struct {
	status Status
	action string
}

// NewMachine reads the matrix.
func NewMachine(table *contract.Lifecycle) *Machine {
	m := &Machine{table: table, cells: make(map[cellKey]contract.LifecycleCell, len(table.Cells))}
	for _, cell := range table.Cells {
		m.cells[cellKey{Status(cell.State), cell.Action}] = cell
	}
	return m
}

// Refusal is an action that a token's state or history does not permit.
// Trigger leads to the row of the operation's error table (p.94).
type Refusal struct {
	Trigger string
	// Page of the specification, and the interpretation that the refusal
	// rests on, if any.
	Page           int
	Interpretation string
	message        string
}

func (r *Refusal) Error() string { return r.message }

// Action is what is to be done to a token.
type Action struct {
	// Name of the action in the matrix.
	Name string
	// By is the actor, At the time, OperatorID who acts for the actor.
	By         Entity
	At         time.Time
	OperatorID string
	// PANReferenceID and LastFourOfPreviousPAN are the new PAN of a
	// replacement and the last digits of the old one; empty otherwise.
	PANReferenceID        string
	LastFourOfPreviousPAN string
}

// Apply returns the token after the action, or a *Refusal and the token as it
// was. An action that the matrix does not know is an error of the caller.
func (m *Machine) Apply(t Token, a Action) (Token, error) {
	cell, ok := m.cells[cellKey{t.Status, a.Name}]
	if !ok {
		return t, fmt.Errorf("no cell for action %q in state %q", a.Name, t.Status)
	}
	if !cell.Allowed {
		return t, &Refusal{Trigger: cell.Refusal, Page: cell.Page, Interpretation: cell.Interpretation,
			message: fmt.Sprintf("%s is not permitted while the token is %s (p.%d)", a.Name, t.Status, cell.Page)}
	}
	if refusal := m.actorRefusal(t, a); refusal != nil {
		return t, refusal
	}
	return m.changed(t, a, Status(cell.Result)), nil
}

// Allowed tells whether Apply would succeed, and why not otherwise.
func (m *Machine) Allowed(t Token, action string, by Entity) error {
	_, err := m.Apply(t, Action{Name: action, By: by})
	return err
}

// actorRefusal keeps a token suspended by one actor from being resumed by the
// other (p.76).
func (m *Machine) actorRefusal(t Token, a Action) *Refusal {
	actors := m.table.Actors
	if a.Name != actors.Action || t.SuspendedBy == "" || t.SuspendedBy == a.By {
		return nil
	}
	return &Refusal{Trigger: actors.Refusal, Page: actors.Page, Interpretation: actors.Interpretation,
		message: fmt.Sprintf("the token was suspended by %s, only it may %s; this call acts as %s (p.%d)", t.SuspendedBy, a.Name, a.By, actors.Page)}
}

// changed is the token after a permitted action.
func (m *Machine) changed(t Token, a Action, result Status) Token {
	if result != t.Status {
		t = m.moved(t, a, result)
	}
	t.EntityOfLastAction = a.By
	if a.OperatorID != "" {
		t.OperatorID = a.OperatorID
	}
	if a.PANReferenceID != "" {
		t.PANReferenceID = a.PANReferenceID
		t.LastFourOfPreviousPAN = a.LastFourOfPreviousPAN
	}
	return t
}

// moved is the token in its new state, with the times that go with it.
func (m *Machine) moved(t Token, a Action, result Status) Token {
	t.Status = result
	t.StatusUpdatedAt = a.At
	t.SuspendedBy = ""
	switch a.Name {
	case Deactivate:
		t.DeactivatedAt = a.At
	case Suspend:
		t.SuspendedBy = a.By
	case Activate, Resume:
		t.ActivatedAt = a.At // set again on resumption (p.50)
	}
	return t
}
