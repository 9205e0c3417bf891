package xpay

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrReplayCacheFull says that a MemoryReplayCache holds as many live tokens as it may. Forgetting a live one would let it
// in a second time, so the verifier refuses instead; only genuine tokens get this far, so strangers cannot fill it.
var ErrReplayCacheFull = errors.New("the replay cache is full of tokens that are still good: raise its capacity")

// MemoryReplayCache is a ReplayCache for one process. It forgets a token as soon as the window refuses it anyway. If the
// clock is moved back, tokens forgotten by then are fresh again.
type MemoryReplayCache struct {
	capacity int

	mu    sync.Mutex
	seen  map[[sha256.Size]byte]struct{}
	queue expiries
}

// NewMemoryReplayCache makes a cache for at most capacity live tokens: the rate of calls per second times twice the window
// in seconds is always enough.
func NewMemoryReplayCache(capacity int) (*MemoryReplayCache, error) {
	if capacity < 1 {
		return nil, refuse(ReasonMisconfigured, fmt.Sprintf("x-pay-token: a replay cache for %d tokens remembers nothing", capacity))
	}
	return &MemoryReplayCache{capacity: capacity, seen: map[[sha256.Size]byte]struct{}{}}, nil
}

// Use implements ReplayCache.
func (c *MemoryReplayCache) Use(_ context.Context, digest [sha256.Size]byte, now, until time.Time) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) > 0 && !now.Before(c.queue[0].until) {
		delete(c.seen, heap.Pop(&c.queue).(expiry).digest)
	}
	if _, known := c.seen[digest]; known {
		return false, nil
	}
	if len(c.seen) >= c.capacity {
		return false, ErrReplayCacheFull
	}
	c.seen[digest] = struct{}{}
	heap.Push(&c.queue, expiry{digest: digest, until: until})
	return true, nil
}

// Len is the number of tokens remembered.
func (c *MemoryReplayCache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

type expiry struct {
	digest [sha256.Size]byte
	until  time.Time
}

// expiries is a heap with the first to expire on top.
type expiries []expiry

func (e expiries) Len() int           { return len(e) }
func (e expiries) Less(i, j int) bool { return e[i].until.Before(e[j].until) }
func (e expiries) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *expiries) Push(x any)        { *e = append(*e, x.(expiry)) }
func (e *expiries) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}
