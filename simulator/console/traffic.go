package console

import (
	"context"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// trafficView is one exchange as the console shows it. What it shows was
// masked before it was stored; it is masked again here, since a leak in one
// place must not become one in all.
type trafficView struct {
	ID         string            `json:"id"`
	Time       time.Time         `json:"time"`
	Direction  string            `json:"direction"`
	Operation  string            `json:"operation"`
	Issuer     string            `json:"issuer"`
	Request    sentView          `json:"request"`
	Response   receivedView      `json:"response"`
	ElapsedMs  float64           `json:"elapsedMs"`
	Violations []vault.Violation `json:"violations"`
	Diagnosis  string            `json:"diagnosis,omitempty"`
	Cause      string            `json:"cause,omitempty"`
}

type sentView struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	contentView
}

type receivedView struct {
	Status int `json:"status"`
	contentView
}

type contentView struct {
	Headers   map[string]string `json:"headers"`
	Body      any               `json:"body"`
	Decrypted any               `json:"decrypted"`
}

func viewOfTraffic(row vault.Traffic) trafficView {
	view := trafficView{ID: row.ID, Time: row.Time.UTC(), Direction: row.Direction, Operation: row.Operation, Issuer: row.Issuer,
		Request:    sentView{row.Request.Method, contract.Mask(row.Request.Path), contentOf(row.Request)},
		Response:   receivedView{row.Response.Status, contentOf(row.Response)},
		ElapsedMs:  float64(row.Elapsed.Microseconds()) / 1000,
		Violations: make([]vault.Violation, len(row.Violations)), Diagnosis: contract.Mask(row.Diagnosis), Cause: row.Cause}
	for i, v := range row.Violations {
		v.Message = contract.Mask(v.Message)
		view.Violations[i] = v
	}
	return view
}

func contentOf(m vault.Message) contentView {
	view := contentView{Headers: make(map[string]string, len(m.Headers)), Body: contract.MaskValue(m.Body, nil), Decrypted: contract.MaskValue(m.Decrypted, nil)}
	for name, value := range m.Headers {
		view.Headers[name] = contract.Mask(value)
	}
	return view
}

func (c *Console) listTraffic(ctx context.Context, r *request) (*reply, error) {
	if err := c.knownIssuer(ctx, r); err != nil {
		return nil, err
	}
	since, err := instant("since", r.query["since"])
	if err != nil {
		return nil, err
	}
	wait, err := patience(r.query["wait"])
	if err != nil {
		return nil, err
	}
	q := vault.TrafficQuery{Issuer: r.query["issuer"], Direction: r.query["direction"], Operation: r.query["operation"], Since: since,
		After: r.query["after"], Limit: r.limit()}
	var rows []vault.Traffic
	err = c.until(ctx, wait, func() (bool, error) {
		rows, q.After, err = c.Vault.Traffic(ctx, q)
		return len(rows) > 0, err
	})
	if err != nil {
		return nil, err
	}
	views := make([]trafficView, len(rows))
	for i, row := range rows {
		views[i] = viewOfTraffic(row)
	}
	return &reply{body: page{Items: views, Next: q.After}}, nil
}

// valueAt follows a JSON Pointer (RFC 6901).
func valueAt(value any, pointer string) (any, bool) {
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch v := value.(type) {
		case members:
			next, ok := v[step]
			if !ok {
				return nil, false
			}
			value = next
		case []any:
			i, ok := index(step, len(v))
			if !ok {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// index reads an array index of a pointer.
func index(step string, length int) (int, bool) {
	i := 0
	for _, r := range step {
		if r < '0' || r > '9' || i >= length {
			return 0, false
		}
		i = i*10 + int(r-'0')
	}
	return i, step != "" && i < length
}
