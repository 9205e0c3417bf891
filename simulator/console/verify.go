package console

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"time"

	"github.com/vtsim/vtsim/simulator/vault"
)

// verifyRequest asks whether so many calls of a kind were made.
type verifyRequest struct {
	Issuer    string         `json:"issuer"`
	Operation string         `json:"operation"`
	Direction string         `json:"direction"`
	Since     string         `json:"since"`
	After     string         `json:"after"`
	Where     map[string]any `json:"where"`
	Count     *count         `json:"count"`
	Wait      string         `json:"wait"`
}

// verdict answers it. When the journal no longer reaches back far enough to
// tell, nothing matches.
type verdict struct {
	Matched bool     `json:"matched"`
	Evicted bool     `json:"evicted"`
	Count   int      `json:"count"`
	IDs     []string `json:"ids"`
}

// count is how many rows are wanted.
type count struct{ min, max int }

// UnmarshalJSON takes a number or {min, max}.
func (n *count) UnmarshalJSON(content []byte) error {
	if err := json.Unmarshal(content, &n.min); err == nil {
		n.max = n.min
		return nil
	}
	bounds := struct {
		Min int  `json:"min"`
		Max *int `json:"max"`
	}{}
	err := json.Unmarshal(content, &bounds)
	n.min, n.max = bounds.Min, math.MaxInt
	if bounds.Max != nil {
		n.max = *bounds.Max
	}
	return err
}

func (n *count) fits(rows int) bool { return rows >= n.min && rows <= n.max }

// shownIDs is how many ids of rows a verdict lists.
const shownIDs = 100

// scanRows is how many rows are read at a time.
const scanRows = 500

func (c *Console) verifyTraffic(ctx context.Context, r *request) (*reply, error) {
	var asked verifyRequest
	if err := r.decode(&asked); err != nil {
		return nil, err
	}
	if asked.Count == nil {
		asked.Count = &count{1, math.MaxInt}
	}
	if asked.Count.min > asked.Count.max {
		return nil, bad("count", "count has a min above its max.")
	}
	if _, err := c.issuer(ctx, "issuer", asked.Issuer); err != nil {
		return nil, err
	}
	since, err := instant("since", asked.Since)
	if err != nil {
		return nil, err
	}
	wait, err := patience(asked.Wait)
	if err != nil {
		return nil, err
	}
	var answer verdict
	err = c.until(ctx, wait, func() (bool, error) {
		answer, err = c.verify(ctx, asked, since)
		return answer.Matched || answer.Evicted, err
	})
	if err != nil {
		return nil, err
	}
	return &reply{body: answer}, nil
}

// verify counts the rows that fit. Where rows are gone that might have fitted,
// it says so, unless those that are left decide it.
func (c *Console) verify(ctx context.Context, asked verifyRequest, since time.Time) (verdict, error) {
	q := vault.TrafficQuery{Issuer: asked.Issuer, Direction: asked.Direction, Operation: asked.Operation, Since: since, After: asked.After, Limit: scanRows}
	if q.Since.IsZero() && q.After == "" {
		q.Since = time.Unix(0, 0) // from the beginning, and not from what is left of it
	}
	found, err := c.count(ctx, q, asked.Where)
	if !errors.Is(err, vault.ErrEvicted) {
		found.Matched = asked.Count.fits(found.Count)
		return found, err
	}
	q.After, q.Since = "", time.Time{}
	left, err := c.count(ctx, q, asked.Where, func(row vault.Traffic) bool { return asked.After == "" && !row.Time.Before(since) })
	switch {
	case err != nil && !errors.Is(err, vault.ErrEvicted):
		return left, err
	case err == nil && left.Count >= asked.Count.min && asked.Count.max == math.MaxInt:
		left.Matched = true
	case err == nil && left.Count > asked.Count.max:
	default:
		left.Evicted = true
	}
	return left, nil
}

// count goes through all rows of the query.
func (c *Console) count(ctx context.Context, q vault.TrafficQuery, where map[string]any, also ...func(vault.Traffic) bool) (verdict, error) {
	found := verdict{IDs: []string{}}
	for {
		rows, next, err := c.Vault.Traffic(ctx, q)
		if err != nil {
			return found, err
		}
		for _, row := range rows {
			if len(also) > 0 && !also[0](row) || !fits(viewOfTraffic(row), where) {
				continue
			}
			found.Count++
			if len(found.IDs) < shownIDs {
				found.IDs = append(found.IDs, row.ID)
			}
		}
		if len(rows) < q.Limit {
			return found, nil
		}
		q.After = next
	}
}

// fits reports whether the row, as it is shown, has all the values.
func fits(row trafficView, where map[string]any) bool {
	if len(where) == 0 {
		return true
	}
	content, err := json.Marshal(row)
	var value any
	if err != nil || json.Unmarshal(content, &value) != nil {
		return false
	}
	for pointer, want := range where {
		if got, ok := valueAt(value, pointer); !ok || !reflect.DeepEqual(got, want) {
			return false
		}
	}
	return true
}
