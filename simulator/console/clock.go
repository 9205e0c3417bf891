package console

import (
	"context"
	"encoding/json"
	"time"
)

// clockView is the simulator's clock.
type clockView struct {
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
}

// clockMove has exactly one member set.
type clockMove struct {
	Advance *string         `json:"advance"`
	Set     *string         `json:"set"`
	Freeze  json.RawMessage `json:"freeze"`
	Resume  bool            `json:"resume"`
}

// The years that the clock may show; certificates and dates of four digits
// make sense in them, and no duration between them overflows.
const (
	firstYear = 1970
	lastYear  = 2200
)

func (c *Console) readClock(context.Context, *request) (*reply, error) {
	return &reply{body: clockView{Now: c.Clock.Now(), Frozen: c.Clock.Frozen()}}, nil
}

// moveClock moves the whole clock, back too.
func (c *Console) moveClock(ctx context.Context, r *request) (*reply, error) {
	var move clockMove
	if err := r.decode(&move); err != nil {
		return nil, err
	}
	var err error
	switch {
	case move.Advance != nil:
		err = c.advance(*move.Advance)
	case move.Set != nil:
		var to time.Time
		if to, err = clockTime("set", *move.Set); err == nil {
			c.Clock.Set(to)
		}
	case move.Resume:
		c.Clock.Resume()
	default:
		err = c.freeze(move.Freeze)
	}
	if err != nil {
		return nil, err
	}
	c.Log.Info("clock moved", "now", c.Clock.Now(), "frozen", c.Clock.Frozen())
	return c.readClock(ctx, r)
}

func (c *Console) advance(text string) error {
	by, err := time.ParseDuration(text)
	if err != nil {
		return bad("advance", "advance must be a duration such as 10m, or -10m to go back.")
	}
	if _, err := withinYears("advance", c.Clock.Now().Add(by)); err != nil {
		return err
	}
	c.Clock.Advance(by)
	return nil
}

// freeze stops the clock: true where it stands, a time at that time.
func (c *Console) freeze(content json.RawMessage) error {
	switch string(content) {
	case "true":
		c.Clock.Freeze(c.Clock.Now())
		return nil
	case "false":
		return bad("freeze", "freeze is true or a time; use resume to let the clock run.")
	}
	var text string
	if err := json.Unmarshal(content, &text); err != nil {
		return bad("freeze", "freeze is true or a time.")
	}
	at, err := clockTime("freeze", text)
	if err == nil {
		c.Clock.Freeze(at)
	}
	return err
}

// clockTime reads a time that the clock may show.
func clockTime(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, bad(field, "%s is empty.", field)
	}
	at, err := instant(field, text)
	if err != nil {
		return at, err
	}
	return withinYears(field, at)
}

func withinYears(field string, at time.Time) (time.Time, error) {
	if at.Year() < firstYear || at.Year() > lastYear {
		return at, bad(field, "The clock shows the years %d to %d only.", firstYear, lastYear)
	}
	return at, nil
}
