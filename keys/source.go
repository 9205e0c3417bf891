package keys

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io/fs"
	"sync"
)

// KeySource makes RSA private keys. Making one takes over 100 ms, so whoever
// needs many, or needs them at once, passes a source that has them ready.
type KeySource interface {
	// RSA returns a key that it returned to nobody before, with a modulus of
	// at least that many bits.
	RSA(ctx context.Context, bits int) (*rsa.PrivateKey, error)
}

// Generated makes each key anew with the system's random numbers.
type Generated struct{}

// RSA implements KeySource. It looks at ctx before it starts, not while it
// searches for primes.
func (Generated) RSA(ctx context.Context, bits int) (*rsa.PrivateKey, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("generate an RSA key of %d bits: %w", bits, err)
	}
	return key, nil
}

// Spares hands out keys that lie ready in files, each once, and then asks the
// next source. It serves tests and ephemeral runs with throw-away keys; it is
// safe for concurrent use.
type Spares struct {
	next KeySource

	mu    sync.Mutex
	fsys  fs.FS
	files []string
}

// NewSpares returns the keys *.key in the root of fsys, in the order of their
// names. When they are used up it asks next; a nil next makes that an error.
func NewSpares(fsys fs.FS, next KeySource) (*Spares, error) {
	files, err := fs.Glob(fsys, "*"+keySuffix)
	if err != nil {
		return nil, fmt.Errorf("list the spare keys: %w", err)
	}
	return &Spares{next: next, fsys: fsys, files: files}, nil
}

// Left tells how many keys lie ready.
func (s *Spares) Left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.files)
}

// RSA implements KeySource.
func (s *Spares) RSA(ctx context.Context, bits int) (*rsa.PrivateKey, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, ok := s.take()
	if !ok {
		if s.next == nil {
			return nil, fmt.Errorf("all spare RSA keys are used up")
		}
		return s.next.RSA(ctx, bits)
	}
	data, err := fs.ReadFile(s.fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read spare key %s: %w", file, err)
	}
	key, problem := parsePrivateKey(data, bits)
	if problem != nil {
		return nil, problem.in(file)
	}
	return key, nil
}

func (s *Spares) take() (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.files) == 0 {
		return "", false
	}
	file := s.files[0]
	s.files = s.files[1:]
	return file, true
}
