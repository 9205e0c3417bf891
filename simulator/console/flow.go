package console

import (
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// flowView is how a flow of a wallet went. Nothing in it is sensitive: the
// exchanges are in the journal, masked, under the ids that the steps name.
type flowView struct {
	Issuer         string         `json:"issuer"`
	Path           string         `json:"path,omitempty"`
	ActionCode     string         `json:"actionCode,omitempty"`
	ErrorCode      string         `json:"errorCode,omitempty"`
	StipReasonCode string         `json:"stipReasonCode,omitempty"`
	Verification   string         `json:"activationVerificationResult,omitempty"`
	Token          *flowToken     `json:"token,omitempty"`
	Methods        []flowMethod   `json:"stepUpMethods,omitempty"`
	Method         string         `json:"method,omitempty"`
	Steps          []flowStepView `json:"steps"`
}

// flowToken is the token by its references, without a number.
type flowToken struct {
	TokenReferenceID string `json:"tokenReferenceID"`
	TokenRequestorID string `json:"tokenRequestorID"`
	PANReferenceID   string `json:"panReferenceID"`
	TokenType        string `json:"tokenType"`
	TokenStatus      string `json:"tokenStatus"`
}

type flowMethod struct {
	Type       string `json:"type"`
	Identifier string `json:"identifier"`
}

type flowStepView struct {
	Operation string            `json:"operation,omitempty"`
	Outcome   string            `json:"outcome"`
	Traffic   string            `json:"traffic,omitempty"`
	ElapsedMs float64           `json:"elapsedMs,omitempty"`
	Broken    []vault.Violation `json:"broken,omitempty"`
}

func viewOfFlow(issuer string, r *wallet.Result) flowView {
	view := flowView{Issuer: issuer, Path: string(r.Path), ActionCode: r.ActionCode, ErrorCode: contract.Mask(r.ErrorCode), StipReasonCode: r.StipReasonCode,
		Verification: r.Verification, Method: r.Method.Type, Steps: make([]flowStepView, len(r.Steps))}
	if t := r.Token; t.ReferenceID != "" {
		view.Token = &flowToken{t.ReferenceID, t.RequestorID, t.PANReferenceID, t.Type, string(t.Status)}
	}
	for _, m := range r.Methods {
		view.Methods = append(view.Methods, flowMethod{contract.Mask(m.Type), contract.Mask(m.Identifier)})
	}
	for i, step := range r.Steps {
		view.Steps[i] = flowStepView{Operation: step.Operation, Outcome: contract.Mask(step.Outcome), Traffic: step.Row, Broken: violations(step.Broken)}
		if step.Exchange != nil {
			view.Steps[i].ElapsedMs = float64(step.Exchange.Timing.Total.Microseconds()) / 1000
		}
	}
	return view
}

// violations are broken rules as the console shows them.
func violations(broken []contract.Violation) []vault.Violation {
	shown := make([]vault.Violation, 0, len(broken))
	for _, v := range broken {
		shown = append(shown, vault.Violation{Rule: v.Rule, Page: v.Page, Message: contract.Mask(v.Message)})
	}
	return shown
}
