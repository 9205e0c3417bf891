package console

import (
	"context"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// pushRequest says what wallets make of cards that an issuer pushed.
type pushRequest struct {
	Issuer    string `json:"issuer"`
	PushData  string `json:"pushData"`
	ClientID  string `json:"clientID"`
	Reception string `json:"reception"`
	Passcode  string `json:"passcode"`
}

// pushedView is what became of one card at one wallet.
type pushedView struct {
	ClientID       string    `json:"clientID"`
	PANReferenceID string    `json:"panReferenceID"`
	StatusCode     string    `json:"statusCode"`
	Why            string    `json:"why,omitempty"`
	Flow           *flowView `json:"flow,omitempty"`
}

// receivePush lets the wallets work on a push. What they could not provision
// is an answer like others.
func (c *Console) receivePush(ctx context.Context, r *request) (*reply, error) {
	var wanted pushRequest
	if err := r.decode(&wanted); err != nil {
		return nil, err
	}
	issuer, err := c.issuer(ctx, "issuer", wanted.Issuer)
	if err != nil {
		return nil, err
	}
	ended, err := c.Calls.Wallet().Push(ctx, wallet.PushRequest{Issuer: issuer.Name, PushData: wanted.PushData, ClientID: wanted.ClientID,
		Reception: wallet.Reception(orGood(wanted.Reception, "taken")), Passcode: wanted.Passcode})
	if err != nil {
		return nil, err
	}
	views := make([]pushedView, len(ended))
	for i, p := range ended {
		views[i] = pushedView{ClientID: p.ClientID, PANReferenceID: p.PANReferenceID, StatusCode: p.StatusCode, Why: contract.Mask(p.Why)}
		if p.Provisioning != nil {
			flow := viewOfFlow(issuer.Name, p.Provisioning)
			views[i].Flow = &flow
		}
	}
	return &reply{body: page{Items: views}}, nil
}
