package console

import (
	"context"
	"errors"

	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Actions upon one notification and upon the queue of an issuer.
const (
	actionRedeliver = "redeliver"
	actionDuplicate = "duplicate"
	actionPause     = "pause"
	actionResume    = "resume"
	actionReorder   = "reorder"
)

// notification finds a notification by its id, of any issuer unless one is
// named.
func (c *Console) notification(ctx context.Context, issuer, id string) (vault.Notification, error) {
	found, _, err := c.Vault.Notifications(ctx, vault.NotificationQuery{Issuer: issuer, ID: id, Limit: 1})
	if err != nil {
		return vault.Notification{}, err
	}
	if len(found) == 0 {
		return vault.Notification{}, missing("id", "There is no notification of this id; GET /api/v1/notifications lists them.")
	}
	return found[0], nil
}

func (c *Console) getNotification(ctx context.Context, r *request) (*reply, error) {
	n, err := c.notification(ctx, r.query["issuer"], r.path("id"))
	if err != nil {
		return nil, err
	}
	return &reply{body: viewOfNotification(n)}, nil
}

// actOnNotification sends a notification again, or a second one like it.
func (c *Console) actOnNotification(ctx context.Context, r *request) (*reply, error) {
	var wanted struct {
		Action string `json:"action"`
	}
	if err := r.decode(&wanted); err != nil {
		return nil, err
	}
	n, err := c.notification(ctx, r.query["issuer"], r.path("id"))
	if err != nil {
		return nil, err
	}
	switch wanted.Action {
	case actionDuplicate:
		copied, err := c.Calls.Queue().Duplicate(ctx, n.Issuer, n.ID)
		if err != nil {
			return nil, err
		}
		n.ID = copied.ID
	case actionRedeliver:
		if err := c.redeliver(ctx, n); err != nil {
			return nil, err
		}
	}
	if n, err = c.notification(ctx, n.Issuer, n.ID); err != nil {
		return nil, err
	}
	return &reply{body: viewOfNotification(n)}, nil
}

func (c *Console) redeliver(ctx context.Context, n vault.Notification) error {
	err := c.Calls.Queue().Redeliver(ctx, n.Issuer, n.ID)
	if errors.Is(err, outbound.ErrUnderWay) {
		return conflict("id", "The notification is being sent right now; redeliver it when that has ended.")
	}
	return err
}

// queueView is the queue of one issuer.
type queueView struct {
	Issuer        string           `json:"issuer"`
	Paused        bool             `json:"paused"`
	Notifications map[string]int64 `json:"notifications"`
	// Changed is how many notifications an action was about.
	Changed *int `json:"changed,omitempty"`
}

func (c *Console) viewOfQueue(ctx context.Context, issuer string) (queueView, error) {
	view := queueView{Issuer: issuer, Paused: c.Calls.Queue().Paused(issuer), Notifications: map[string]int64{}}
	for _, state := range []string{vault.StatePending, vault.StateRetrying, vault.StateDelivered, vault.StateDead} {
		view.Notifications[state] = 0
	}
	if c.metrics.vault == nil {
		return view, nil
	}
	sizes, err := c.metrics.vault.Sizes(ctx)
	for state, count := range sizes.Notifications[issuer] {
		view.Notifications[state] = count
	}
	return view, err
}

func (c *Console) readQueue(ctx context.Context, r *request) (*reply, error) {
	issuer, err := c.issuer(ctx, "name", r.path("name"))
	if err != nil {
		return nil, err
	}
	view, err := c.viewOfQueue(ctx, issuer.Name)
	if err != nil {
		return nil, err
	}
	return &reply{body: view}, nil
}

// actOnQueue pauses an issuer's queue, resumes it, reorders what waits in it or
// sends its dead letters again.
func (c *Console) actOnQueue(ctx context.Context, r *request) (*reply, error) {
	var wanted struct {
		Action string `json:"action"`
	}
	if err := r.decode(&wanted); err != nil {
		return nil, err
	}
	issuer, err := c.issuer(ctx, "name", r.path("name"))
	if err != nil {
		return nil, err
	}
	var changed *int
	switch wanted.Action {
	case actionPause:
		err = c.Calls.Queue().Pause(ctx, issuer.Name)
	case actionResume:
		err = c.Calls.Queue().Resume(ctx, issuer.Name)
	case actionReorder:
		var waiting int
		waiting, err = c.Calls.Queue().Reorder(ctx, issuer.Name)
		changed = &waiting
	case actionRedeliver:
		var revived int
		revived, err = c.redeliverDead(ctx, issuer.Name)
		changed = &revived
	}
	if err != nil {
		return nil, err
	}
	view, err := c.viewOfQueue(ctx, issuer.Name)
	if err != nil {
		return nil, err
	}
	view.Changed = changed
	return &reply{body: view}, nil
}

// redeliverDead sends an issuer's dead letters again and counts them.
func (c *Console) redeliverDead(ctx context.Context, issuer string) (int, error) {
	q, count := vault.NotificationQuery{Issuer: issuer, State: vault.StateDead}, 0
	for {
		dead, next, err := c.Vault.Notifications(ctx, q)
		if err != nil || len(dead) == 0 {
			return count, err
		}
		for _, n := range dead {
			if err := c.redeliver(ctx, n); err != nil {
				return count, err
			}
			count++
		}
		q.After = next
	}
}

// awaitNotifications waits until nothing is left that is due by now.
func (c *Console) awaitNotifications(ctx context.Context, r *request) (*reply, error) {
	var wanted struct {
		Issuer string `json:"issuer"`
		Wait   string `json:"wait"`
	}
	if err := r.decode(&wanted); err != nil {
		return nil, err
	}
	if wanted.Issuer != "" {
		if _, err := c.issuer(ctx, "issuer", wanted.Issuer); err != nil {
			return nil, err
		}
	}
	wait, err := patience(wanted.Wait)
	if err != nil {
		return nil, err
	}
	settled := false
	err = c.until(ctx, wait, func() (bool, error) {
		settled, err = c.settled(ctx, wanted.Issuer)
		return settled, err
	})
	if err != nil {
		return nil, err
	}
	return &reply{body: map[string]bool{"settled": settled}}, nil
}

// settled tells whether nothing is due; what waits for a later time, for an
// inquiry or is dead is not.
func (c *Console) settled(ctx context.Context, issuer string) (bool, error) {
	for _, state := range []string{vault.StatePending, vault.StateRetrying} {
		left, _, err := c.Vault.Notifications(ctx, vault.NotificationQuery{Issuer: issuer, State: state, DueBefore: c.Clock.Now(), Limit: 1})
		if err != nil || len(left) > 0 {
			return false, err
		}
	}
	return true, nil
}
