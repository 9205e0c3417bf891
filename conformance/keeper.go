package conformance

import (
	"sync"
	"sync/atomic"
	"time"
)

// checkpointEvery is how often the result so far is given out at most, and
// checkpointShare how many times as long as one takes to write it stays: the
// longer the run, the larger the document.
const (
	checkpointEvery = time.Second
	checkpointShare = 10
)

// keeper gives out the result so far, beside the run and not in its way.
type keeper struct {
	results chan *Result
	writing atomic.Bool
	// next is when the next is due, in nanoseconds of the monotonic clock
	// since begun.
	next   atomic.Int64
	begun  time.Time
	writer sync.WaitGroup
}

// begin starts the writer; end waits for it.
func (k *keeper) begin(write func(*Result)) {
	if write == nil {
		return
	}
	k.begun, k.results = time.Now(), make(chan *Result, 1)
	k.writer.Go(func() {
		for result := range k.results {
			started := time.Now()
			write(result)
			pause := max(checkpointEvery, checkpointShare*time.Since(started))
			k.next.Store(int64(time.Since(k.begun) + pause))
			k.writing.Store(false)
		}
	})
}

// due tells whether the next is wanted now.
func (k *keeper) due() bool {
	return k.results != nil && !k.writing.Load() && int64(time.Since(k.begun)) >= k.next.Load()
}

// give hands one out; it is for one goroutine at a time, after due.
func (k *keeper) give(result *Result) {
	k.writing.Store(true)
	k.results <- result
}

func (k *keeper) end() {
	if k.results != nil {
		close(k.results)
	}
	k.writer.Wait()
}
