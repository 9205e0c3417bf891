package console

import (
	"context"
	"strings"
	"time"

	"github.com/vtsim/vtsim/simulator/fault"
)

// respond is what a struck caller sees.
type respond struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	DelayMs int64  `json:"delayMs"`
	Drop    bool   `json:"drop"`
}

// faultRequest is a fault to put in force.
type faultRequest struct {
	Issuer      string     `json:"issuer"`
	Operation   string     `json:"operation"`
	When        fault.When `json:"when"`
	Respond     respond    `json:"respond"`
	Times       int        `json:"times"`
	Every       int        `json:"every"`
	Probability float64    `json:"probability"`
	Seed        uint64     `json:"seed"`
}

// faultView is a fault in force.
type faultView struct {
	ID string `json:"id"`
	faultRequest
	Seen   int `json:"seen"`
	Struck int `json:"struck"`
}

func viewOfFault(f fault.Fault) faultView {
	return faultView{ID: f.ID, Seen: f.Seen, Struck: f.Struck, faultRequest: faultRequest{Issuer: f.Issuer, Operation: f.Operation, When: f.When,
		Respond: respond{Status: f.Respond.Status, Code: f.Respond.Code, DelayMs: f.Respond.Delay.Milliseconds(), Drop: f.Respond.Drop},
		Times:   f.Times, Every: f.Every, Probability: f.Probability, Seed: f.Seed}}
}

func (c *Console) addFault(ctx context.Context, r *request) (*reply, error) {
	var wanted faultRequest
	if err := r.decode(&wanted); err != nil {
		return nil, err
	}
	if wanted.Issuer != "" {
		if _, err := c.issuer(ctx, "issuer", wanted.Issuer); err != nil {
			return nil, err
		}
	}
	added, err := c.Faults.Add(fault.Fault{Issuer: wanted.Issuer, Operation: wanted.Operation, When: wanted.When,
		Respond: fault.Respond{Status: wanted.Respond.Status, Code: wanted.Respond.Code, Delay: time.Duration(wanted.Respond.DelayMs) * time.Millisecond, Drop: wanted.Respond.Drop},
		Times:   wanted.Times, Every: wanted.Every, Probability: wanted.Probability, Seed: wanted.Seed})
	if err != nil {
		text := err.Error()
		return nil, bad("respond", "%s.", strings.ToUpper(text[:1])+text[1:])
	}
	return &reply{body: viewOfFault(added), location: "/api/v1/faults/" + added.ID}, nil
}

func (c *Console) listFaults(ctx context.Context, r *request) (*reply, error) {
	if err := c.knownIssuer(ctx, r); err != nil {
		return nil, err
	}
	views := []faultView{}
	for _, f := range c.Faults.List(r.query["issuer"]) {
		views = append(views, viewOfFault(f))
	}
	return &reply{body: map[string]any{"items": views}}, nil
}

func (c *Console) getFault(_ context.Context, r *request) (*reply, error) {
	for _, f := range c.Faults.List("") {
		if f.ID == r.path("id") {
			return &reply{body: viewOfFault(f)}, nil
		}
	}
	return nil, noFault()
}

func (c *Console) removeFault(_ context.Context, r *request) (*reply, error) {
	if !c.Faults.Remove(r.path("id")) {
		return nil, noFault()
	}
	return &reply{}, nil
}

func noFault() *problem {
	return missing("id", "There is no fault of this id in force; GET /api/v1/faults lists them.")
}

func (c *Console) removeFaults(ctx context.Context, r *request) (*reply, error) {
	if err := c.knownIssuer(ctx, r); err != nil {
		return nil, err
	}
	c.Faults.Reset(r.query["issuer"])
	return &reply{}, nil
}
