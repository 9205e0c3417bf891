package console

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// walletRequest is something that a wallet or its cardholder does to a token
// that is there.
type walletRequest struct {
	Action              string           `json:"action"`
	Reason              string           `json:"otpReason"`
	Method              string           `json:"method"`
	OTP                 string           `json:"otp"`
	OTPValue            string           `json:"otpValue"`
	DeviceIndex         int              `json:"deviceIndex"`
	DeviceInfo          map[string]any   `json:"deviceInfo"`
	DeviceName          string           `json:"deviceName"`
	Failed              bool             `json:"failed"`
	TokenExpirationDate token.Expiration `json:"tokenExpirationDate"`
	Verification        string           `json:"activationVerificationResult"`
}

// walletAct is one such action: which members it needs and may have beside its
// name, and what it does.
type walletAct struct {
	needs, takes []string
	do           func(ctx context.Context, w *wallet.Wallet, t token.Token, q walletRequest) (*wallet.Result, error)
}

// walletActs are the actions by name. Each is one function of the wallet.
func walletActs() map[string]walletAct {
	plain := func(act func(*wallet.Wallet, context.Context, string, string) (*wallet.Result, error)) walletAct {
		return walletAct{do: func(ctx context.Context, w *wallet.Wallet, t token.Token, _ walletRequest) (*wallet.Result, error) {
			return act(w, ctx, t.Issuer, t.ReferenceID)
		}}
	}
	reported := func(act func(*wallet.Wallet, context.Context, string, string, bool) (*wallet.Result, error)) walletAct {
		return walletAct{takes: []string{"failed"}, do: func(ctx context.Context, w *wallet.Wallet, t token.Token, q walletRequest) (*wallet.Result, error) {
			return act(w, ctx, t.Issuer, t.ReferenceID, !q.Failed)
		}}
	}
	return map[string]walletAct{
		"suspend": plain((*wallet.Wallet).Suspend), "resume": plain((*wallet.Wallet).Resume), "delete": plain((*wallet.Wallet).Delete),
		"replenish": reported((*wallet.Wallet).Replenish), "repersonalize": reported((*wallet.Wallet).Repersonalize),
		"stepUp":        {takes: []string{"otpReason", "method", "otp"}, do: stepUp},
		"enterPasscode": {needs: []string{"otpValue"}, do: enterPasscode},
		"bindDevice":    {takes: []string{"deviceIndex", "deviceInfo", "deviceName", "method", "otp"}, do: bindDevice},
		"unbindDevice":  {needs: []string{"deviceIndex"}, do: unbindDevice},
		"extend":        {needs: []string{"tokenExpirationDate"}, do: extend},
		"activateByApp": {needs: []string{"activationVerificationResult"}, do: activateByApp},
	}
}

func stepUp(ctx context.Context, w *wallet.Wallet, t token.Token, q walletRequest) (*wallet.Result, error) {
	return w.StepUp(ctx, wallet.StepUpRequest{Issuer: t.Issuer, TokenReferenceID: t.ReferenceID, Reason: q.Reason, Method: q.Method, Passcode: wallet.Passcode(orGood(q.OTP, "right"))})
}

func enterPasscode(ctx context.Context, w *wallet.Wallet, t token.Token, q walletRequest) (*wallet.Result, error) {
	return w.EnterPasscode(ctx, t.Issuer, t.ReferenceID, q.OTPValue)
}

func bindDevice(ctx context.Context, w *wallet.Wallet, t token.Token, q walletRequest) (*wallet.Result, error) {
	return w.Bind(ctx, wallet.BindRequest{Issuer: t.Issuer, TokenReferenceID: t.ReferenceID, Index: q.DeviceIndex, Device: q.DeviceInfo, Name: q.DeviceName,
		Method: q.Method, Passcode: wallet.Passcode(orGood(q.OTP, "right"))})
}

func unbindDevice(ctx context.Context, w *wallet.Wallet, t token.Token, q walletRequest) (*wallet.Result, error) {
	return w.Unbind(ctx, t.Issuer, t.ReferenceID, q.DeviceIndex)
}

func extend(ctx context.Context, w *wallet.Wallet, t token.Token, q walletRequest) (*wallet.Result, error) {
	return w.Extend(ctx, t.Issuer, t.ReferenceID, q.TokenExpirationDate)
}

func activateByApp(ctx context.Context, w *wallet.Wallet, t token.Token, q walletRequest) (*wallet.Result, error) {
	return w.ActivateByApp(ctx, t.Issuer, t.ReferenceID, q.Verification)
}

// actAsWallet does what a wallet does to its token; the issuer is told, or
// asked first where the specification says so.
func (c *Console) actAsWallet(ctx context.Context, r *request) (*reply, error) {
	var wanted walletRequest
	if err := r.decode(&wanted); err != nil {
		return nil, err
	}
	act, ok := walletActs()[wanted.Action]
	if !ok {
		return nil, bad("action", "No wallet does this.")
	}
	if err := act.check(wanted.Action, r.body); err != nil {
		return nil, err
	}
	found, err := c.token(ctx, r)
	if err != nil {
		return nil, err
	}
	result, err := act.do(ctx, c.Calls.Wallet(), found, wanted)
	if err != nil {
		return nil, err
	}
	return &reply{body: viewOfFlow(found.Issuer, result)}, nil
}

// check refuses a member that the action lacks or has no use for.
func (a walletAct) check(action string, body []byte) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(body, &given); err != nil {
		return bad("", "The body does not fit.")
	}
	for _, name := range a.needs {
		if given[name] == nil {
			return bad(name, "%s needs %s.", action, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if name != "action" && !slices.Contains(a.needs, name) && !slices.Contains(a.takes, name) {
			return bad(name, "%s takes no %s.", action, name)
		}
	}
	return nil
}
