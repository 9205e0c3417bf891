package console

import (
	"context"
	"strconv"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// notificationView is a queued call as the console shows it, its facts masked.
type notificationView struct {
	ID        string         `json:"id"`
	Issuer    string         `json:"issuer"`
	Operation string         `json:"operation"`
	EventType string         `json:"eventType,omitempty"`
	RequestID string         `json:"requestID"`
	Cause     string         `json:"cause"`
	TokenID   string         `json:"tokenReferenceID,omitempty"`
	PANID     string         `json:"panReferenceID,omitempty"`
	Facts     map[string]any `json:"facts,omitempty"`
	State     string         `json:"state"`
	DueAt     time.Time      `json:"dueAt"`
	Inquiries int            `json:"inquiries,omitempty"`
	Attempts  int            `json:"attempts"`
	LastError string         `json:"lastError,omitempty"`
	CreatedAt time.Time      `json:"createdAt"`
	UpdatedAt time.Time      `json:"updatedAt"`
}

func viewOfNotification(n vault.Notification) notificationView {
	facts, _ := contract.MaskValue(n.Facts, nil).(map[string]any)
	return notificationView{ID: n.ID, Issuer: n.Issuer, Operation: n.Operation, EventType: n.EventType, RequestID: n.RequestID, Cause: n.Cause,
		TokenID: n.TokenID, PANID: n.PANID, Facts: facts, State: n.State, DueAt: n.DueAt.UTC(), Inquiries: n.Inquiries, Attempts: n.Attempts,
		LastError: contract.Mask(n.LastError), CreatedAt: n.CreatedAt.UTC(), UpdatedAt: n.UpdatedAt.UTC()}
}

func (c *Console) listNotifications(ctx context.Context, r *request) (*reply, error) {
	if err := c.knownIssuer(ctx, r); err != nil {
		return nil, err
	}
	if after, given := r.query["after"]; given {
		if _, err := strconv.ParseInt(after, 10, 64); err != nil {
			return nil, bad("after", "after is no position of this list; give the next of a page before.")
		}
	}
	wait, err := patience(r.query["wait"])
	if err != nil {
		return nil, err
	}
	q := vault.NotificationQuery{Issuer: r.query["issuer"], State: r.query["state"], Operation: r.query["operation"],
		TokenID: r.query["tokenReferenceID"], After: r.query["after"], Limit: r.limit()}
	var found []vault.Notification
	next := ""
	err = c.until(ctx, wait, func() (bool, error) {
		found, next, err = c.Vault.Notifications(ctx, q)
		return len(found) > 0, err
	})
	if err != nil {
		return nil, err
	}
	views := make([]notificationView, len(found))
	for i, n := range found {
		views[i] = viewOfNotification(n)
	}
	return &reply{body: page{Items: views, Next: next}}, nil
}
