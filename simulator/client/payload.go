package client

import (
	"encoding/json"
	"errors"

	"github.com/vtsim/vtsim/conformance/contract"
)

// payload is one JSON text of a call: given as bytes, built of members, or
// both. Bytes that nothing was put into travel exactly as they were given.
type payload struct {
	raw     []byte
	members map[string]any
	broken  error // why raw is no object
	changed bool
}

// load takes the bytes, whatever they are.
func (p *payload) load(content []byte) {
	p.raw, p.changed = content, false
	value, err := contract.Decode(content)
	members, ok := value.(map[string]any)
	switch {
	case err != nil:
		p.broken = errors.New("is not JSON")
	case !ok:
		p.broken = errors.New("is not a JSON object")
	}
	p.members = members
}

// put sets one member.
func (p *payload) put(steps []string, value any) error {
	if p.broken != nil {
		return p.broken
	}
	var at any
	if p.members != nil {
		at = p.members
	}
	root, err := put(at, steps, value)
	if err != nil {
		return err
	}
	p.members, _ = root.(map[string]any)
	p.changed = true
	return nil
}

func (p *payload) present() bool { return p.raw != nil || p.members != nil }

// bytes are what travels.
func (p *payload) bytes() ([]byte, error) {
	if p.raw != nil && !p.changed {
		return p.raw, nil
	}
	return json.Marshal(p.members)
}

// value is what the contract judges; nil where there is nothing that it can.
func (p *payload) value() any {
	switch {
	case p.broken != nil:
		return nil
	case p.members == nil:
		return map[string]any{}
	}
	return p.members
}
