package batch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

const (
	// operation is whose error table answers a row, document what a row is
	// judged by.
	operation = "updateCardMetadata"
	document  = "batchRow"
	// rowDepth bounds how deep a row may be nested.
	rowDepth = 32
)

// prepared is a row that was read and judged, ready to be carried out.
type prepared struct {
	// id is its rowId, "" when it has none that may be used; position counts
	// from 1.
	id       string
	position int
	members  map[string]any
	// refused is why it is not carried out; nil when it may be.
	refused *refused
}

// refused is how a row is answered that was not carried out: a row of the
// error table and the elements of errorResponse.details (p.30).
type refused struct {
	row     contract.ErrorRow
	details []map[string]any
}

// judge reads rows and judges them by the contract. It remembers what it has
// seen: the rowIds of a file and its warnings.
type judge struct {
	contract *contract.Contract
	rowID    contract.BatchRowID
	rows     contract.BatchRows
	seen     map[string]bool
	warnings *warnings
}

// prepare judges one row. An error is not the row's fault.
func (j *judge) prepare(r row) (prepared, error) {
	p := prepared{position: r.index + 1}
	value, fault := decode(r.raw)
	if fault != nil {
		p.refused = j.refuse(contract.KindValue, fault.path, fault.what)
		return p, nil
	}
	violations, err := j.contract.Validate(document, contract.Body, value)
	if err != nil {
		return p, err
	}
	p.members, _ = value.(map[string]any)
	p.id, _ = p.members[j.rowID.Member].(string)
	var broken []contract.Violation
	for _, v := range violations {
		if v.Level != contract.Must {
			j.warnings.add(v.Rule, v.Page, v.Message, r.line)
			continue
		}
		broken = append(broken, v)
		if v.Path() == j.rowID.Member {
			p.id = ""
		}
	}
	if len(broken) > 0 {
		p.refused = j.violated(broken)
	}
	if p.id == "" {
		return p, nil
	}
	if j.rowID.Unique && j.seen[p.id] && p.refused == nil {
		p.refused = j.refuse(contract.KindValue, j.rowID.Member, fmt.Sprintf("a row before this one has the same %s (p.%d)", j.rowID.Member, j.rowID.Page))
	}
	j.seen[p.id] = true
	return p, nil
}

// violated refuses a row as the operation refuses a call: missing members
// decide before wrong ones, and details name them all (INT-153).
func (j *judge) violated(violations []contract.Violation) *refused {
	decisive := max(0, slices.IndexFunc(violations, func(v contract.Violation) bool { return v.Kind == contract.KindRequired }))
	r := &refused{row: j.contract.ErrorFor(operation, violations[decisive])}
	for _, v := range violations {
		r.details = append(r.details, j.detail(v.Path(), fmt.Sprintf("%s (p.%d)", v.Message, v.Page)))
	}
	return r
}

func (j *judge) refuse(kind contract.Kind, path, what string) *refused {
	return &refused{row: j.contract.ErrorOn(operation, string(kind)), details: []map[string]any{j.detail(path, what)}}
}

// detail names a place in a row; the row itself is called as the array is.
func (j *judge) detail(path, message string) map[string]any {
	if path == "" {
		path = j.rows.Member
	}
	return map[string]any{"location": contract.Mask(shorten(path)), "message": contract.Mask(message)}
}

// shorten keeps names that somebody made up from filling the response.
func shorten(path string) string {
	const shown = 128
	if runes := []rune(path); len(runes) > shown {
		return string(runes[:shown]) + "…"
	}
	return path
}

// rowFault is what makes valid JSON unusable. It repeats no value.
type rowFault struct{ path, what string }

func (f *rowFault) Error() string { return f.what }

// decode reads a row, which is valid JSON: numbers stay as written, no member
// stands twice, nothing is nested too deep.
func decode(raw []byte) (any, *rowFault) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	value, err := decodeValue(decoder, nil)
	var fault *rowFault
	if err != nil && !errors.As(err, &fault) {
		fault = &rowFault{what: "the row can't be read"}
	}
	return value, fault
}

func decodeValue(decoder *json.Decoder, path []string) (any, error) {
	next, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	opening, ok := next.(json.Delim)
	if !ok {
		return next, nil
	}
	if len(path) == rowDepth {
		return nil, &rowFault{path[0], fmt.Sprintf("the row is nested deeper than %d levels", rowDepth)}
	}
	if opening == '[' {
		list := []any{}
		for decoder.More() {
			element, err := decodeValue(decoder, append(path, fmt.Sprint(len(list))))
			if err != nil {
				return nil, err
			}
			list = append(list, element)
		}
		_, err := decoder.Token()
		return list, err
	}
	members := map[string]any{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		key, _ := name.(string)
		at := append(path, key)
		if _, twice := members[key]; twice {
			return nil, &rowFault{strings.Join(at, "/"), "the member stands twice in one object"}
		}
		if members[key], err = decodeValue(decoder, at); err != nil {
			return nil, err
		}
	}
	_, err = decoder.Token()
	return members, err
}
