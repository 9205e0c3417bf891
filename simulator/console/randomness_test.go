package console_test

import (
	"math/rand/v2"
	"sync"
)

// randomness is seeded, so that a failing test fails again.
var randomness = &seeded{source: rand.NewChaCha8([32]byte{7})}

type seeded struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

func (s *seeded) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source.Read(p)
}
