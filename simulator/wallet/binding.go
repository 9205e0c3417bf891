package wallet

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

const (
	bind        = "deviceTokenBinding"
	deviceIndex = "deviceIndex"
)

// Values of deviceBindingStatus (p.80) and deviceBindingResult (p.205).
const (
	bindingApproved   = "APPROVED"
	bindingChallenged = "CHALLENGED"
	bindingDeclined   = "DECLINED"

	boundAtOnce     = "DEVICE_BINDING_APPROVED"
	boundByPasscode = "DEVICE_BINDING_OTP"
	bindingRemoved  = "DEVICE_BINDING_REMOVED"
)

// Bounds of a device index (p.58), and the length that a device's name has in
// a binding, in characters (p.80).
const (
	minIndex, maxIndex = 1, 99
	bindingName        = 16
)

// BindRequest asks for a device to be bound to a token.
type BindRequest struct {
	Issuer, TokenReferenceID string
	// Index of the device at the token, 1 to 99; 0 takes the first that is
	// free.
	Index int
	// Device has members of the contract's structure; nil makes one. Name is
	// for people, up to 16 characters.
	Device map[string]any
	Name   string
	// Method and Passcode as in Request, where the issuer wants a step-up.
	Method   string
	Passcode Passcode
}

// Bind asks the issuer to bind a device to an e-commerce or card-on-file token
// (p.149-159). Without a usable answer the device is not bound.
func (w *Wallet) Bind(ctx context.Context, r BindRequest) (*Result, error) {
	f, err := w.begin(ctx, r.Issuer)
	if err != nil {
		return nil, err
	}
	if err := f.about(ctx, r.TokenReferenceID); err != nil {
		return nil, err
	}
	if kind := f.subject.Token.Type; kind != typeECommerce && kind != typeCardOnFile {
		return f.result, fmt.Errorf("%w: devices are bound to e-commerce and card-on-file tokens only, this one is %s (p.149)", ErrRequest, kind)
	}
	if err := f.place(ctx, &r); err != nil {
		return f.result, err
	}
	f.subject.Given["deviceInfo"], f.subject.Given[deviceIndex] = outbound.Facts(r.Device), r.Index
	d, err := f.askToBind(ctx)
	if err != nil {
		return f.result, err
	}
	f.result.Path, f.result.ActionCode, f.result.ErrorCode = d.path(), d.action, d.errorCode
	if err := f.keepBinding(ctx, r, d); err != nil || d.action != actionConditional {
		return f.result, err
	}
	return f.result, f.verify(ctx, reasonDevice, choice{r.Method, r.Passcode})
}

// place completes the request: the index and the device.
func (f *flow) place(ctx context.Context, r *BindRequest) error {
	var taken []vault.Binding
	err := f.Vault.View(ctx, f.issuer.Name, func(tx vault.Tx) (err error) {
		taken, err = tx.Bindings(r.TokenReferenceID)
		return err
	})
	if err != nil {
		return err
	}
	for index := minIndex; r.Index == 0 && index <= maxIndex; index++ {
		if !slices.ContainsFunc(taken, func(b vault.Binding) bool { return b.Index == index }) {
			r.Index = index
		}
	}
	if r.Index < minIndex || r.Index > maxIndex {
		return fmt.Errorf("%w: a device index is %d to %d (p.58)", ErrRequest, minIndex, maxIndex)
	}
	if r.Device == nil {
		seed, err := f.newID()
		if err != nil {
			return err
		}
		r.Device = plain(outbound.SampleDevice(typeECommerce, seed))
	}
	if text(r.Device["deviceID"]) == "" {
		return fmt.Errorf("%w: the device needs a deviceID (p.151)", ErrRequest)
	}
	r.Device[deviceIndex] = r.Index
	if name := []rune(r.Name); len(name) > bindingName {
		return fmt.Errorf("%w: a device's name has up to %d characters (p.80)", ErrRequest, bindingName)
	}
	return nil
}

// askToBind asks the issuer. Nobody stands in for it (p.149-159).
func (f *flow) askToBind(ctx context.Context) (decision, error) {
	if !f.issuer.Serves(bind) {
		f.event("the issuer does not serve %s; the device is not bound", bind)
		return decision{action: actionDeclined}, nil
	}
	a, err := f.call(ctx, bind, nil)
	if err != nil {
		return decision{}, err
	}
	d := decision{action: a.text(memberActionCode), errorCode: a.text(memberErrorCode)}
	if a.cause == causeNone && !f.listed(bind, memberActionCode, d.action) {
		a.cause, a.why = causeError, "the answer has no actionCode that is listed"
	}
	if a.cause != causeNone {
		f.note("the device is not bound, because %s", a.why)
		return decision{action: actionDeclined, errorCode: d.errorCode}, nil
	}
	f.note("the issuer answers actionCode %s%s", d.action, also(d.errorCode))
	return d, nil
}

// keepBinding stores the binding and, once it is final, tells of it.
func (f *flow) keepBinding(ctx context.Context, r BindRequest, d decision) error {
	b := vault.Binding{TokenReferenceID: r.TokenReferenceID, Index: r.Index, DeviceID: text(r.Device["deviceID"]), DeviceName: r.Name, Status: bindingDeclined}
	switch d.action {
	case actionApproved:
		b.Status = bindingApproved
	case actionConditional:
		b.Status = bindingChallenged
	}
	return f.Vault.Update(ctx, f.issuer.Name, func(tx vault.Tx) error {
		if err := tx.PutBinding(b); err != nil || b.Status != bindingApproved {
			return err
		}
		return f.changed(tx, *f.subject.Token, reasonBinding, changeGood, bound(b, boundAtOnce))
	})
}

// bound are the facts of a binding's end.
func bound(b vault.Binding, result string) outbound.Facts {
	return outbound.Facts{"deviceBindingResult": result, "deviceInfo": outbound.Facts{"deviceID": b.DeviceID, deviceIndex: b.Index}}
}

// Unbind removes a binding, as the cardholder does in the wallet.
func (w *Wallet) Unbind(ctx context.Context, issuer, tokenReferenceID string, index int) (*Result, error) {
	f, err := w.begin(ctx, issuer)
	if err != nil {
		return nil, err
	}
	if err := f.about(ctx, tokenReferenceID); err != nil {
		return nil, err
	}
	return f.result, f.Vault.Update(ctx, issuer, func(tx vault.Tx) error {
		b, err := bindingAt(tx, tokenReferenceID, index)
		if err != nil {
			return err
		}
		if err := tx.DropBinding(tokenReferenceID, index); err != nil {
			return err
		}
		return f.changed(tx, *f.subject.Token, reasonBindingRemoved, changeGood, bound(b, bindingRemoved))
	})
}

// ErrNoBinding says that the token has no binding of that index.
var ErrNoBinding = errors.New("the token has no binding of this index")

func bindingAt(tx vault.Tx, reference string, index int) (vault.Binding, error) {
	list, err := tx.Bindings(reference)
	if err != nil {
		return vault.Binding{}, err
	}
	at := slices.IndexFunc(list, func(b vault.Binding) bool { return b.Index == index })
	if at < 0 {
		return vault.Binding{}, fmt.Errorf("%w: %d", ErrNoBinding, index)
	}
	return list[at], nil
}

// concludeBinding ends the step-up of a binding.
func (f *flow) concludeBinding(tx vault.Tx, t token.Token, index int, result, how string) error {
	b, err := bindingAt(tx, t.ReferenceID, index)
	if err != nil {
		return err
	}
	action := changeDeclined
	b.Status = bindingDeclined
	if result == verified {
		b.Status, action = bindingApproved, changeGood
	}
	if err := tx.PutBinding(b); err != nil {
		return err
	}
	return f.changed(tx, t, reasonBinding, action, bound(b, how))
}
