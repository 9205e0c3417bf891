package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/vault"
)

// fault makes Visa's side answer the issuer's next calls in a given way, until
// the case ends.
func (x *run) fault(f *Fault) error {
	if x.Faults == nil {
		return errors.New("there is no simulator whose answers could go wrong")
	}
	times := f.Times
	if times == 0 {
		times = 1
	}
	set := fault.Fault{Issuer: x.Issuer.Name, Operation: f.Operation, Times: times,
		Respond: fault.Respond{Status: f.Status, Code: f.Code, Delay: f.Delay, Drop: f.Drop}}
	if f.AfterCommit {
		set.When = fault.AfterCommit
	}
	added, err := x.Faults.Add(set)
	if err != nil {
		return err
	}
	x.faulty, x.undo = true, append(x.undo, func() { x.Faults.Remove(added.ID) })
	return nil
}

// wait waits for notifications to be delivered, or for a time.
func (x *run) wait(ctx context.Context, w *Wait, record *Record) error {
	if w.Notifications {
		record.Title = "wait for notifications"
		return x.waitDelivered(ctx, record)
	}
	record.Title = fmt.Sprintf("wait for %s", w.For)
	timer := time.NewTimer(w.For)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// waitDelivered waits until the issuer's queue has nothing left that is due.
// The calls are told of; what of this case's token was not taken is a mismatch
// beside.
func (x *run) waitDelivered(ctx context.Context, record *Record) error {
	if x.Queue == nil {
		return errors.New("there is no queue that sends notifications")
	}
	limited, cancel := context.WithTimeout(ctx, x.NotifyWithin)
	defer cancel()
	if err := x.Queue.Wait(limited, x.Issuer.Name); err != nil && (ctx.Err() != nil || limited.Err() == nil) {
		return err
	}
	if err := x.refresh(ctx); err != nil { // its card may have been replaced
		return err
	}
	record.Exchanges, record.Delivered = x.delivered(), true
	list, _, err := x.Vault.Notifications(ctx, vault.NotificationQuery{Issuer: x.Issuer.Name, TokenID: x.main.token.ReferenceID})
	if err != nil {
		return err
	}
	now := x.Clock.Now()
	for _, n := range list {
		due := n.Inquiries == 0 && !n.DueAt.After(now)
		if n.State == vault.StateDelivered || n.State == vault.StatePending && !due {
			continue
		}
		got := fmt.Sprintf("it is %s after %d attempts", n.State, n.Attempts)
		if n.LastError != "" {
			got += ": " + n.LastError
		}
		record.Mismatches = append(record.Mismatches, Mismatch{Want: "the issuer to take " + n.Operation + " " + n.RequestID, Got: got})
	}
	return nil
}
