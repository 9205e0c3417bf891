package outbound

import (
	"maps"
	"slices"
	"sync"

	"github.com/vtsim/vtsim/simulator/vault"
)

// watchers are told of every attempt of a queue.
type watchers struct {
	mu   sync.Mutex
	told map[int]func(vault.Notification, *Exchange)
	last int
}

// Watch tells of every attempt with the call that was made, before its outcome
// is kept, until end is called. It is told by several goroutines at a time.
func (q *Queue) Watch(told func(vault.Notification, *Exchange)) (end func()) {
	w := &q.watchers
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.told == nil {
		w.told = map[int]func(vault.Notification, *Exchange){}
	}
	w.last++
	number := w.last
	w.told[number] = told
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.told, number)
	}
}

func (w *watchers) tell(n vault.Notification, x *Exchange) {
	w.mu.Lock()
	all := slices.Collect(maps.Values(w.told))
	w.mu.Unlock()
	for _, told := range all {
		told(n, x)
	}
}
