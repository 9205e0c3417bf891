package console_test

import (
	"math/rand/v2"
	"sync"
)

// randomness is seeded, so that a failing test fails again.
var randomness = &seeded{source: rand.NewChaCha8([32]byte{7})}

// repeating draws so many zeros before it goes on with randomness.
type repeating struct{ bytes int }

func (r *repeating) Read(p []byte) (int, error) {
	zeros := min(r.bytes, len(p))
	clear(p[:zeros])
	r.bytes -= zeros
	if zeros == len(p) {
		return zeros, nil
	}
	n, err := randomness.Read(p[zeros:])
	return zeros + n, err
}

type seeded struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

func (s *seeded) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source.Read(p)
}
