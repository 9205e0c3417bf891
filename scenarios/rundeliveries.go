package scenarios

import (
	"slices"
	"sync"

	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// deliveries gathers what the queue sends to the issuer while a case runs.
type deliveries struct {
	mu   sync.Mutex
	sent []delivery
}

type delivery struct {
	about    vault.Notification
	exchange *outbound.Exchange
}

// watch gathers from now on, until the case ends.
func (x *run) watch() {
	d := &deliveries{}
	x.deliveries = d
	x.undo = append(x.undo, x.Queue.Watch(func(n vault.Notification, sent *outbound.Exchange) {
		if n.Issuer == x.Issuer.Name {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.sent = append(d.sent, delivery{n, sent})
		}
	}))
}

// delivered hands out what was sent about the case's cards and tokens, which it
// has for itself, as they are now, since the last time.
func (x *run) delivered() []*outbound.Exchange {
	own := map[string]bool{}
	for _, s := range x.subjects {
		own[s.token.ReferenceID], own[s.pan.ReferenceID] = true, true
	}
	x.deliveries.mu.Lock()
	defer x.deliveries.mu.Unlock()
	var mine []*outbound.Exchange
	x.deliveries.sent = slices.DeleteFunc(x.deliveries.sent, func(d delivery) bool {
		if !own[d.about.TokenID] && !own[d.about.PANID] {
			return false
		}
		mine = append(mine, d.exchange)
		return true
	})
	return mine
}

// waits tells whether the case waits for notifications.
func (x *run) waits() bool {
	return slices.ContainsFunc(x.s.Steps, func(s Step) bool { return s.Wait != nil && s.Wait.Notifications })
}
