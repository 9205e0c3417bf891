package contract

// Lifecycle is the matrix of token states and actions (p.89), who may resume
// (p.76), and the operations of tokenLifecycle that lie outside the matrix
// (p.90).
type Lifecycle struct {
	Page            int               `yaml:"page" json:"page"`
	States          []LifecycleState  `yaml:"states" json:"states"`
	Actions         []LifecycleAction `yaml:"actions" json:"actions"`
	Cells           []LifecycleCell   `yaml:"cells" json:"cells"`
	Actors          LifecycleActors   `yaml:"actors" json:"actors"`
	OtherOperations []OtherOperation  `yaml:"otherOperations" json:"otherOperations"`
}

// LifecycleState is one row of the matrix.
type LifecycleState struct {
	// Name is the value of tokenStatus, Letter the one of the matrix.
	Name   string `yaml:"name" json:"name"`
	Letter string `yaml:"letter" json:"letter"`
	Page   int    `yaml:"page" json:"page"`
}

// LifecycleAction is one column of the matrix.
type LifecycleAction struct {
	Name string `yaml:"name" json:"name"`
	// Code has four digits.
	Code string `yaml:"code" json:"code"`
	Page int    `yaml:"page" json:"page"`
	// Target is the state that the action asks for; empty when it leaves the
	// state alone.
	Target string `yaml:"target" json:"target,omitempty"`
	// OnRefusal says what a refused cell does to the call.
	OnRefusal      OnRefusal        `yaml:"onRefusal" json:"onRefusal"`
	PerformedBy    []Performance    `yaml:"performedBy" json:"performedBy"`
	Notifies       []NotifiedEffect `yaml:"notifies" json:"notifies,omitempty"`
	Interpretation string           `yaml:"interpretation" json:"interpretation,omitempty"`
}

// OnRefusal says what a refused cell of the matrix does to the call.
type OnRefusal string

const (
	// RefuseCall fails the whole call.
	RefuseCall OnRefusal = "error"
	// SkipToken leaves the one token as it is.
	SkipToken OnRefusal = "skip"
)

// Performance is a call that performs an action.
type Performance struct {
	Operation string `yaml:"operation" json:"operation"`
	// When are request members and the values that select the action.
	When map[string]string `yaml:"when" json:"when"`
	Page int               `yaml:"page" json:"page"`
	// OnRefusal overrides that of the action for this call.
	OnRefusal      OnRefusal `yaml:"onRefusal" json:"onRefusal,omitempty"`
	Interpretation string    `yaml:"interpretation" json:"interpretation,omitempty"`
}

// NotifiedEffect is a notification that follows, with the members it carries.
type NotifiedEffect struct {
	Operation      string            `yaml:"operation" json:"operation"`
	Page           int               `yaml:"page" json:"page"`
	Members        map[string]string `yaml:"members" json:"members"`
	Interpretation string            `yaml:"interpretation" json:"interpretation,omitempty"`
}

// LifecycleCell is one cell of the matrix.
type LifecycleCell struct {
	State   string `yaml:"state" json:"state"`
	Action  string `yaml:"action" json:"action"`
	Allowed bool   `yaml:"allowed" json:"allowed"`
	// Result is the state afterwards, of an allowed cell.
	Result string `yaml:"result" json:"result,omitempty"`
	// Refusal is the trigger of the operation's error table, of a refused
	// cell (p.94, INT-050).
	Refusal        string `yaml:"refusal" json:"refusal,omitempty"`
	Page           int    `yaml:"page" json:"page"`
	Interpretation string `yaml:"interpretation" json:"interpretation,omitempty"`
}

// LifecycleActors says who may take an action that not everybody may take
// (p.76).
type LifecycleActors struct {
	Page   int    `yaml:"page" json:"page"`
	Pages  Pages  `yaml:"pages" json:"pages"`
	Action string `yaml:"action" json:"action"`
	// Member shows the actor, Actors are its values.
	Member string   `yaml:"member" json:"member"`
	Actors []string `yaml:"actors" json:"actors"`
	// AllowedWhen names the condition: same-actor-suspended.
	AllowedWhen string `yaml:"allowedWhen" json:"allowedWhen"`
	// Refusal is the trigger for anybody else.
	Refusal        string `yaml:"refusal" json:"refusal"`
	Interpretation string `yaml:"interpretation" json:"interpretation"`
}

// OtherOperation is an operationType that leaves the token's state alone.
type OtherOperation struct {
	OperationType string `yaml:"operationType" json:"operationType"`
	Page          int    `yaml:"page" json:"page"`
	// States in which it is taken; Refusal is the trigger in the others.
	States  []string `yaml:"states" json:"states"`
	Refusal string   `yaml:"refusal" json:"refusal"`
	// Needs names what must exist: device-binding or pending-step-up;
	// NeedsRefusal is the trigger when it does not.
	Needs          string           `yaml:"needs" json:"needs,omitempty"`
	NeedsRefusal   string           `yaml:"needsRefusal" json:"needsRefusal,omitempty"`
	Notifies       []NotifiedEffect `yaml:"notifies" json:"notifies,omitempty"`
	Interpretation string           `yaml:"interpretation" json:"interpretation,omitempty"`
}

// Cell returns the cell of a state and an action, false when either is
// unknown.
func (l *Lifecycle) Cell(state, action string) (LifecycleCell, bool) {
	for _, cell := range l.Cells {
		if cell.State == state && cell.Action == action {
			return cell, true
		}
	}
	return LifecycleCell{}, false
}

// Action returns the action of that name.
func (l *Lifecycle) Action(name string) (LifecycleAction, bool) {
	for _, action := range l.Actions {
		if action.Name == name {
			return action, true
		}
	}
	return LifecycleAction{}, false
}

// ActionOf returns the action that a call performs, given the operation and
// the members of its request, with OnRefusal as it holds for this call. It is
// false when the call performs none of the matrix.
func (l *Lifecycle) ActionOf(operation string, members map[string]string) (LifecycleAction, bool) {
	for _, action := range l.Actions {
		for _, by := range action.PerformedBy {
			if by.Operation != operation || !by.selects(members) {
				continue
			}
			if by.OnRefusal != "" {
				action.OnRefusal = by.OnRefusal
			}
			return action, true
		}
	}
	return LifecycleAction{}, false
}

func (p Performance) selects(members map[string]string) bool {
	for name, value := range p.When {
		if members[name] != value {
			return false
		}
	}
	return true
}

// Other returns the operation outside the matrix with that operationType.
func (l *Lifecycle) Other(operationType string) (OtherOperation, bool) {
	for _, other := range l.OtherOperations {
		if other.OperationType == operationType {
			return other, true
		}
	}
	return OtherOperation{}, false
}
