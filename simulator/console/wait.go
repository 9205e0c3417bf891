package console

import (
	"context"
	"time"
)

// How often a waiting request looks again, in real time.
const (
	firstLook = 10 * time.Millisecond
	lastLook  = 200 * time.Millisecond
)

// until looks until there is something, the wait is over, or nobody wants to
// know any more. The wait is real time: the simulator's clock may stand still.
func (c *Console) until(ctx context.Context, wait time.Duration, look func() (found bool, err error)) error {
	over := time.NewTimer(wait)
	defer over.Stop()
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		found, err := look()
		if found || err != nil || wait == 0 {
			return err
		}
		again := time.NewTimer(pause)
		select {
		case <-again.C:
			continue
		case <-over.C:
			_, err = look() // once more: it may have come during the last pause
		case <-c.closing:
		case <-ctx.Done():
			err = ctx.Err()
		}
		again.Stop()
		return err
	}
}
