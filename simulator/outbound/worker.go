package outbound

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// job is the order to look at a notification.
type job struct {
	Issuer string `json:"issuer"`
	ID     string `json:"id"`
}

// Kind implements river.JobArgs.
func (job) Kind() string { return "notification" }

// worker makes one attempt for each job.
type worker struct {
	river.WorkerDefaults[job]
	queue *Queue
}

// Work implements river.Worker. An error is a failure of this side, which
// River tries again; what the issuer does is no error.
func (w *worker) Work(ctx context.Context, j *river.Job[job]) error {
	defer w.queue.settle()
	err := w.queue.attempt(ctx, j.Args.Issuer, j.Args.ID)
	if errors.Is(err, vault.ErrNotFound) {
		return nil // the notification or its issuer was dropped
	}
	if err != nil && ctx.Err() == nil {
		w.queue.Log.Error("a notification could not be attempted", "issuer", j.Args.Issuer, "notification", j.Args.ID, "error", err)
	}
	return err
}

// errGivenUp says that the simulator stopped during a call.
var errGivenUp = errors.New("given up because the queue stops")

// attempt sends a notification once, where that is still wanted, and keeps
// what came of it.
func (q *Queue) attempt(ctx context.Context, issuerName, id string) error {
	issuer, err := q.Vault.Issuer(ctx, issuerName)
	if err != nil {
		return err
	}
	var n vault.Notification
	var call *Call
	var unbuilt error
	err = q.Vault.View(ctx, issuerName, func(tx vault.Tx) error {
		if n, err = tx.Notification(id); err != nil || !wanted(n) {
			return err
		}
		call, unbuilt = q.build(tx, issuer, n)
		return nil
	})
	if err != nil || !wanted(n) {
		return err
	}
	if q.isPaused(issuerName) {
		return q.putBack(ctx, n)
	}
	x := q.exchange(ctx, issuer, n, call, unbuilt)
	if x.Failure != nil && x.Failure.Kind == FailureCanceled {
		return errGivenUp // it counts for nothing, and will be made again
	}
	return q.conclude(ctx, issuer, n, x)
}

// wanted says that the notification is to be sent by the job that found it.
func wanted(n vault.Notification) bool { return open(n) && n.Queued }

// exchange makes the call. What could not be built is a failure like others.
func (q *Queue) exchange(ctx context.Context, issuer vault.Issuer, n vault.Notification, call *Call, unbuilt error) *Exchange {
	target, err := Target{}, unbuilt
	if !issuer.Serves(n.Operation) {
		err = errAbsent(issuer, n.Operation)
	}
	if err == nil {
		target, err = q.Targets(issuer)
	}
	if err != nil {
		return &Exchange{RequestID: n.RequestID, Operation: n.Operation, Issuer: issuer.Name, Started: q.Clock.Now(),
			Failure: &Failure{Kind: FailureSetup, Message: err.Error(), cause: err}}
	}
	return q.Client.Do(ctx, target, call, Options{RequestID: n.RequestID, Deadline: q.Deadline})
}

// build makes the call from what the vault holds now: facts of a notification
// are references, so that its token is told as it is when it is sent.
func (q *Queue) build(tx vault.Tx, issuer vault.Issuer, n vault.Notification) (*Call, error) {
	subject, err := q.Builder.SubjectOf(tx, issuer, n, q.Requestor)
	if err != nil {
		return nil, err
	}
	call, err := q.Builder.Build(n.Operation, FactsOf(subject, q.Clock.Now()), nil)
	if err != nil {
		return nil, fmt.Errorf("notification %s: %w", n.ID, err)
	}
	return call, nil
}

// putBack leaves a notification to the dispatcher.
func (q *Queue) putBack(ctx context.Context, n vault.Notification) error {
	return q.Vault.Update(ctx, n.Issuer, func(tx vault.Tx) error {
		now, err := tx.Notification(n.ID)
		if err != nil || !wanted(now) {
			return err
		}
		return tx.PutNotification(now)
	})
}

// conclude stores the outcome and the journal's row together.
func (q *Queue) conclude(ctx context.Context, issuer vault.Issuer, n vault.Notification, x *Exchange) error {
	q.watchers.tell(n, x)
	verdict := judge(q.Client.Contract, x)
	row := q.Client.Row(x, n.Cause)
	row.ID = q.Vault.NewID()
	// The answer is here: it is kept even when the queue stops meanwhile.
	err := q.Vault.Update(context.WithoutCancel(ctx), issuer.Name, func(tx vault.Tx) error {
		if err := tx.Journal(row); err != nil {
			return err
		}
		n, err := tx.Notification(n.ID)
		if err != nil || !open(n) {
			return err
		}
		n.Attempts++
		n.State, n.LastError = verdict.state, verdict.why
		if n.State == vault.StateRetrying && n.Attempts >= q.MaxAttempts {
			n.State, n.LastError = vault.StateDead, fmt.Sprintf("%s, %d times", verdict.why, n.Attempts)
		}
		if n.State == vault.StateRetrying {
			n.DueAt = q.Clock.Now().Add(q.Backoff.After(n.Attempts, q.Rand()))
		}
		return tx.PutNotification(n)
	})
	if err == nil && verdict.state != vault.StateDelivered {
		q.Log.Warn("a notification was not taken", "issuer", issuer.Name, "operation", n.Operation, "notification", n.ID,
			"requestID", n.RequestID, "reason", contract.Mask(verdict.why))
	}
	return err
}

// Timeout implements river.Worker: the call has a deadline of its own.
func (w *worker) Timeout(*river.Job[job]) time.Duration { return -1 }
