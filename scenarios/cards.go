package scenarios

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"

	"github.com/vtsim/vtsim/keys"
)

// CardPool lends an issuer's cards to cases, each account to one case at a
// time. A case gets all cards that it needs at once or waits for all, and who
// waits longer goes first, also before one who needs less: no case waits for
// ever, and no two for each other. It is safe for concurrent use.
type CardPool struct {
	cards []keys.Card

	mu      sync.Mutex
	lent    map[string]bool // by PAN
	leases  int
	alone   bool // somebody has the issuer for himself
	waiting []*wanted
}

// wanted is a case that waits for its cards.
type wanted struct {
	cards map[string]keys.Card
	alone bool
	given chan struct{}
}

// NewCardPool makes a pool of the cards, those of issuer.yaml.
func NewCardPool(cards []keys.Card) *CardPool {
	return &CardPool{cards: slices.Clone(cards), lent: map[string]bool{}}
}

// Lease is a card for each role, until Return.
type Lease struct {
	Cards map[string]keys.Card
	pool  *CardPool
	alone bool
}

// Take waits for a card of each role. Which of several cards it is hangs on the
// case alone, not on what runs beside it, so that a run can be repeated. Roles
// whose cards are one account, such as a good card and the same card with a
// wrong CVV2, share it. Alone waits
// until nobody has a card, and keeps everybody waiting: for cases that change
// what all see, the clock and the faults. The error says which role has no
// card, or that the context ended.
func (p *CardPool) Take(ctx context.Context, id string, roles []string, alone bool) (*Lease, error) {
	roles = slices.Compact(slices.Sorted(slices.Values(roles)))
	for _, role := range roles {
		if len(p.of(role)) == 0 {
			return nil, fmt.Errorf("issuer.yaml has no card of role %q; it has cards of %s", role, strings.Join(p.Roles(), ", "))
		}
	}
	w := &wanted{cards: p.pick(id, roles), alone: alone, given: make(chan struct{}, 1)}
	p.mu.Lock()
	p.waiting = append(p.waiting, w)
	p.serve()
	p.mu.Unlock()
	select {
	case <-w.given:
		return &Lease{Cards: w.cards, pool: p, alone: alone}, nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := slices.Index(p.waiting, w); at >= 0 {
		p.waiting = slices.Delete(p.waiting, at, at+1)
	} else {
		p.giveBack(w.cards, alone) // it was given in the same moment
	}
	p.serve()
	return nil, fmt.Errorf("waiting for cards of %s: %w", strings.Join(roles, ", "), context.Cause(ctx))
}

// Return gives the cards back, once.
func (l *Lease) Return() {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.pool.giveBack(l.Cards, l.alone)
	l.pool.serve()
	l.Cards = nil
}

// Roles are those that there is a card of, sorted.
func (p *CardPool) Roles() []string {
	var roles []string
	for _, card := range p.cards {
		roles = append(roles, card.Role)
	}
	return slices.Compact(slices.Sorted(slices.Values(roles)))
}

// Waiting is how many cases wait for cards.
func (p *CardPool) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

// place is where the first card of that account stands in the pool.
func (p *CardPool) place(card keys.Card) int {
	return slices.IndexFunc(p.cards, func(c keys.Card) bool { return c.PAN == card.PAN })
}

func (p *CardPool) of(role string) []keys.Card {
	var cards []keys.Card
	for _, card := range p.cards {
		if card.Role == role {
			cards = append(cards, card)
		}
	}
	return cards
}

// giveBack needs p.mu, as do all below.
func (p *CardPool) giveBack(cards map[string]keys.Card, alone bool) {
	if cards == nil {
		return // returned before
	}
	for _, card := range cards {
		delete(p.lent, card.PAN)
	}
	p.leases--
	if alone {
		p.alone = false
	}
}

// serve gives those who wait what they can have, the oldest first. What an
// older one waits for is kept from the younger.
func (p *CardPool) serve() {
	kept := map[string]bool{}
	for _, w := range slices.Clone(p.waiting) {
		if p.alone || w.alone && p.leases > 0 {
			return
		}
		free := true
		for _, card := range w.cards {
			free = free && !p.lent[card.PAN] && !kept[card.PAN]
		}
		for _, card := range w.cards {
			if free {
				p.lent[card.PAN] = true
			} else {
				kept[card.PAN] = true
			}
		}
		if !free {
			continue
		}
		p.leases++
		p.alone = w.alone
		p.waiting = slices.DeleteFunc(p.waiting, func(other *wanted) bool { return other == w })
		w.given <- struct{}{}
	}
}

// pick chooses a card for each role, each of an account of its own unless there
// are not as many.
func (p *CardPool) pick(id string, roles []string) map[string]keys.Card {
	if chosen := p.fit(id, roles, map[string]keys.Card{}, false); chosen != nil {
		return chosen
	}
	return p.fit(id, roles, map[string]keys.Card{}, true)
}

// fit completes the choice role by role and goes back where it cannot go on.
// The case's id says where in the cards of a role it begins.
func (p *CardPool) fit(id string, roles []string, chosen map[string]keys.Card, shared bool) map[string]keys.Card {
	if len(roles) == 0 {
		return chosen
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(id + "\x00" + roles[0]))
	cards := p.of(roles[0])
	for i := range cards {
		card := cards[(int(h.Sum32()%uint32(len(cards)))+i)%len(cards)]
		own := false
		for _, other := range chosen {
			own = own || other.PAN == card.PAN
		}
		if own && !shared {
			continue
		}
		chosen[roles[0]] = card
		if done := p.fit(id, roles[1:], chosen, shared); done != nil {
			return done
		}
		delete(chosen, roles[0])
	}
	return nil
}
