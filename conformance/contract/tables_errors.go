package contract

// StandardErrors are the errors that any API may answer with (p.31).
type StandardErrors struct {
	Page           int             `yaml:"page" json:"page"`
	Interpretation string          `yaml:"interpretation" json:"interpretation"`
	Errors         []StandardError `yaml:"errors" json:"errors"`
	// Otherwise is the reason for a trigger that no row names.
	Otherwise string `yaml:"otherwise" json:"otherwise"`
}

// StandardError is one of them.
type StandardError struct {
	HTTP int `yaml:"http" json:"http"`
	// Reason exactly as printed (INT-006).
	Reason string `yaml:"reason" json:"reason"`
	Page   int    `yaml:"page" json:"page"`
	// On are the triggers that lead to this error when the operation's own
	// table has no row for them.
	On []string `yaml:"on" json:"on"`
	// Details says whether errorResponse.details names the failing members.
	Details bool `yaml:"details" json:"details"`
	// Retry says whether the same request may be sent again.
	Retry          bool   `yaml:"retry" json:"retry"`
	Interpretation string `yaml:"interpretation" json:"interpretation,omitempty"`
	Description    string `yaml:"description" json:"description"`
}

func (e StandardError) row() ErrorRow {
	return ErrorRow{HTTP: e.HTTP, Name: e.Reason, Page: e.Page, On: e.On}
}

// standardTriggers lead straight to a standard error.
var standardTriggers = words(TriggerInvalidRequest, TriggerInvalidArgument)

// standardError returns the standard error for the trigger.
func (t *Tables) standardError(trigger string) ErrorRow {
	var otherwise ErrorRow
	for _, e := range t.StandardErrors.Errors {
		for _, on := range e.On {
			if on == trigger {
				return e.row()
			}
		}
		if e.Reason == t.StandardErrors.Otherwise {
			otherwise = e.row()
		}
	}
	return otherwise
}

func (s *StandardErrors) check(p place) {
	p.page(s.Page)
	reasons, triggers := map[string]bool{}, map[string]bool{}
	for i, e := range s.Errors {
		at := p.at("errors", i)
		at.page(e.Page)
		at.at("reason").unique(reasons, "reason", e.Reason)
		at.filled(map[string]string{"reason": e.Reason, "description": e.Description})
		if e.HTTP < 400 || e.HTTP > 599 {
			at.at("http").failf("http is %d, want an error status", e.HTTP)
		}
		if len(e.On) == 0 {
			at.failf("on is missing, nothing would lead to %s", e.Reason)
		}
		for j, trigger := range e.On {
			at.at("on", j).unique(triggers, "trigger", trigger)
			if !standardTriggers[trigger] {
				at.at("on", j).known("trigger", trigger, triggerWords)
			}
		}
	}
	p.at("otherwise").known("reason", s.Otherwise, reasons)
}
