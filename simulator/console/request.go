package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gorilla/mux"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Bounds of a request.
const (
	bodyBytes    = 1 << 20
	bodyDepth    = 32
	defaultLimit = 100
	longestWait  = 30 * time.Second
)

// request is a request that the description found right.
type request struct {
	*http.Request
	query map[string]string
	body  []byte // JSON
	w     http.ResponseWriter
}

// read judges query and body.
func read(w http.ResponseWriter, r *http.Request, op *operation) (*request, error) {
	req := &request{Request: r, w: w, query: map[string]string{}}
	if err := req.readQuery(op); err != nil {
		return nil, err
	}
	if op.body == nil {
		return req, nil
	}
	var err error
	req.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, bodyBytes))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, &problem{status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("The body is larger than %d bytes.", tooLarge.Limit)}
	}
	if err != nil {
		return nil, bad("", "The body could not be read to its end.")
	}
	return req, judge(op.body, req.body)
}

func (r *request) readQuery(op *operation) error {
	given := r.URL.Query()
	for name, values := range given {
		known, ok := op.query[name]
		if !ok {
			return bad(name, "The query has an unknown parameter; known here: %s.", list(op.query))
		}
		if len(values) > 1 {
			return bad(name, "%s is given %d times, want it once.", name, len(values))
		}
		if values[0] == "" {
			return bad(name, "%s is empty; leave it out instead.", name)
		}
		var value any = values[0]
		if known.number {
			value = json.Number(values[0])
			if _, err := strconv.Atoi(values[0]); err != nil {
				return bad(name, "%s must be a whole number.", name)
			}
		}
		if err := known.schema.Validate(value); err != nil {
			return explained(name, err)
		}
		r.query[name] = values[0]
	}
	for name, known := range op.query {
		if known.required && r.query[name] == "" {
			return bad(name, "%s is required in the query.", name)
		}
	}
	return nil
}

// judge finds out whether the body is JSON without tricks and of the right
// shape.
func judge(schema *jsonschema.Schema, content []byte) error {
	if !utf8.Valid(content) {
		return bad("", "The body is not valid UTF-8.")
	}
	if err := unique(content); err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		return bad("", "The body is not one JSON value.")
	}
	if err := schema.Validate(value); err != nil {
		return explained("", err)
	}
	return nil
}

// unique walks the JSON: no member twice, no deeper than it needs to be.
func unique(content []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := walk(decoder, bodyDepth); err != nil {
		var known *problem
		if errors.As(err, &known) {
			return known
		}
		return bad("", "The body is not JSON, see byte %d.", decoder.InputOffset())
	}
	return nil
}

func walk(decoder *json.Decoder, depth int) error {
	next, err := decoder.Token()
	if err != nil {
		return err
	}
	opening, ok := next.(json.Delim)
	if !ok {
		return nil
	}
	if depth == 0 {
		return bad("", "The body is nested deeper than %d.", bodyDepth)
	}
	seen := map[string]bool{}
	for decoder.More() {
		if opening == '{' {
			name, err := decoder.Token()
			if err != nil {
				return err
			}
			key, _ := name.(string)
			if seen[key] {
				return bad(key, "The member stands twice in one object.")
			}
			seen[key] = true
		}
		if err := walk(decoder, depth-1); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}

// decode reads the body, which was judged, into a struct.
func (r *request) decode(target any) error {
	err := json.Unmarshal(r.body, target)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) { // such as 1e2 or 1.0 where an int is kept
		field := strings.ReplaceAll(wrong.Field, ".", "/")
		return bad(field, "%s is not usable; write whole numbers plainly, and not beyond 64 bits.", field)
	}
	if err != nil {
		return bad("", "The body does not fit.")
	}
	return nil
}

// path is a parameter of the path.
func (r *request) path(name string) string { return mux.Vars(r.Request)[name] }

// limit is how many items are wanted at most.
func (r *request) limit() int {
	if n, err := strconv.Atoi(r.query["limit"]); err == nil {
		return n
	}
	return defaultLimit
}

// instant reads an RFC 3339 time; "" is none.
func instant(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, bad(field, "%s must be an RFC 3339 time such as 2026-01-02T15:04:05Z.", field)
	}
	return at.UTC(), nil
}

// patience reads how long to wait; "" is not at all.
func patience(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 || wait > longestWait {
		return 0, bad("wait", "wait must be a duration such as 5s, at most %s.", longestWait)
	}
	return wait, nil
}
