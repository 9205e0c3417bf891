package vault

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"
)

// identifiers makes IDs that sort in the order of their making, also while
// the clock stands still or is moved back: six bytes of milliseconds, two of a
// counter, eight that no other process has.
type identifiers struct {
	clock func() time.Time
	node  [8]byte

	mu      sync.Mutex
	milli   uint64
	counter uint16
}

func newIdentifiers(clock func() time.Time, random io.Reader) (*identifiers, error) {
	i := &identifiers{clock: clock}
	if _, err := io.ReadFull(random, i.node[:]); err != nil {
		return nil, fmt.Errorf("reading randomness for IDs: %w", err)
	}
	return i, nil
}

func (i *identifiers) next() string {
	now := uint64(max(0, i.clock().UnixMilli()))
	i.mu.Lock()
	switch {
	case now > i.milli:
		i.milli, i.counter = now, 0
	case i.counter == 1<<16-1:
		i.milli, i.counter = i.milli+1, 0
	default:
		i.counter++
	}
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], i.milli<<16|uint64(i.counter))
	i.mu.Unlock()
	copy(id[8:], i.node[:])
	// Of all the encodings of encoding/base32 this one keeps the order.
	return base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(id[:])
}
