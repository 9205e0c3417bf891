package contract

import (
	"fmt"
	"time"
)

// Window bounds two date-times of a query that ask for what happened between
// them. That the end does not come before the start, and the start not after
// now, holds for every window.
type Window struct {
	// From and To are the names of the query parameters.
	From, To string
	// MaxAge is how long before now the window may begin, MaxSpan how long it
	// may be; both inclusive.
	MaxAge, MaxSpan time.Duration
	// Page of the specification.
	Page int
	// Interpretation that the bounds rest on.
	Interpretation string
}

const day = 24 * time.Hour

// readWindow decodes x-window of an operation with these parameters, nil when
// it has none.
func (c *Contract) readWindow(raw any, parameters []any, location string) (*Window, error) {
	if raw == nil {
		return nil, nil
	}
	at := location + "/x-window"
	w := &Window{}
	var err error
	for key, value := range asMap(raw) {
		switch key {
		case "from":
			w.From, err = queryParameter(value, parameters)
		case "to":
			w.To, err = queryParameter(value, parameters)
		case "maxAgeDays":
			w.MaxAge, err = asDays(value)
		case "maxSpanDays":
			w.MaxSpan, err = asDays(value)
		case "page":
			w.Page, err = asPage(value)
		case "interpretation":
			w.Interpretation = fmt.Sprint(value)
			_, err = c.Tables.Interpretation(w.Interpretation)
		default:
			return nil, fmt.Errorf("%s: unknown key %q", at, key)
		}
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %w", at, key, err)
		}
	}
	if w.From == "" || w.To == "" || w.MaxAge == 0 || w.MaxSpan == 0 || w.Page == 0 {
		return nil, fmt.Errorf("%s: needs from, to, maxAgeDays, maxSpanDays and page", at)
	}
	return w, nil
}

func asDays(v any) (time.Duration, error) {
	count, err := asCount(v)
	if err != nil {
		return 0, err
	}
	return time.Duration(*count) * day, nil
}

// queryParameter is the name of one of the query parameters.
func queryParameter(name any, parameters []any) (string, error) {
	for _, raw := range parameters {
		if parameter := asMap(raw); parameter["in"] == string(Query) && parameter["name"] == name {
			return fmt.Sprint(name), nil
		}
	}
	return "", fmt.Errorf("%v is no query parameter of the operation", name)
}
