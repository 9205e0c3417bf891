package inbound_test

import (
	"math/rand/v2"
	"sync"
)

// randomness is seeded, so that identifiers in failures can be found again,
// and shared by specs of one process.
var randomness = &lockedReader{source: rand.NewChaCha8([32]byte{1})}

type lockedReader struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

func (r *lockedReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(p)
}
