package inbound

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/vtsim/vtsim/conformance/contract"
)

// readAll reads the body within its bound.
func (s *Server) readAll(w http.ResponseWriter, call *Call) ([]byte, error) {
	content, err := io.ReadAll(http.MaxBytesReader(w, call.request.Body, s.Limits.BodyBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, s.unreadable(call, "The body is larger than %d bytes.", tooLarge.Limit)
	case err != nil:
		return nil, s.unreadable(call, "The body could not be read to its end.")
	}
	return content, nil
}

// readBody parses the body as one JSON object, when the operation has one.
func (s *Server) readBody(_ context.Context, call *Call) error {
	if call.Operation.Field(contract.Request) == nil {
		return nil
	}
	if len(call.raw) == 0 {
		return s.unreadable(call, "The body is missing, want a JSON object.")
	}
	members, err := parseObject(call.raw, s.Limits.Depth)
	if err != nil {
		return s.unreadable(call, "The body is not usable: %v.", err)
	}
	call.Body = members
	return nil
}

// unreadable refuses a body as a whole (p.31, INT-129).
func (s *Server) unreadable(call *Call, format string, arguments ...any) *Refusal {
	return s.Refuse(call, contract.TriggerMalformed, format, arguments...).breaking(s.contract, "inbound/request#body-readable")
}

// parseObject reads exactly one JSON object: valid UTF-8, no member twice, no
// deeper than depth. Numbers stay as written. Errors repeat no value.
func parseObject(content []byte, depth int) (map[string]any, error) {
	if !utf8.Valid(content) {
		return nil, errors.New("it is not valid UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	value, err := parseValue(decoder, depth)
	if err != nil {
		return nil, describeJSON(err, decoder.InputOffset())
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("something follows the JSON value at byte %d", decoder.InputOffset())
	}
	members, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("it is not a JSON object")
	}
	return members, nil
}

// describeJSON keeps decoder errors from repeating input.
func describeJSON(err error, offset int64) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the JSON ends too early, at byte %d", offset)
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON, see byte %d", syntax.Offset)
	}
	return err
}

func parseValue(decoder *json.Decoder, depth int) (any, error) {
	next, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	opening, ok := next.(json.Delim)
	if !ok {
		return next, nil
	}
	if depth == 0 {
		return nil, errors.New("it is nested too deep")
	}
	if opening == '[' {
		list := []any{}
		for decoder.More() {
			element, err := parseValue(decoder, depth-1)
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
		if _, twice := members[key]; twice {
			return nil, fmt.Errorf("a member name stands twice in one object, see byte %d", decoder.InputOffset())
		}
		if members[key], err = parseValue(decoder, depth-1); err != nil {
			return nil, err
		}
	}
	_, err = decoder.Token()
	return members, err
}
