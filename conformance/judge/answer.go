package judge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// Members of answers that rules single out (p.29, p.127, p.170).
const (
	memberAction   = "actionCode"
	memberError    = "errorCode"
	memberResponse = "responseCode"
	memberMethods  = "stepUpMethods"
	memberStandard = "errorResponse"
	memberReason   = "reason"
)

// answer is an HTTP answer as far as it can be read.
type answer struct {
	status int
	// body says that there is one; blanks are none.
	body bool
	// fault says why the body is not whole JSON in UTF-8; empty when it is.
	fault string
	// value is the decoded body, members the same when it is an object.
	value   any
	members map[string]any
	// action, code and response are members of the operation's own answer,
	// reason is that of the standard error (p.30). Absent, null and empty are
	// one (INT-122).
	action, code, response, reason string
}

func (a answer) success() bool { return a.status/100 == 2 }

// treatedCode is the business code that decides what follows (INT-148).
func (a answer) treatedCode() string {
	if a.code == "" && !a.success() && codeLike(a.reason) {
		return a.reason
	}
	return a.code
}

// codeLike tells a text in the form of a business code (p.29): eight
// characters, three of them letters.
func codeLike(text string) bool {
	return len(text) == 8 && (text[:3] == "ISE" || text[:3] == "VSE")
}

func readAnswer(from *outbound.Received) answer {
	a := answer{status: from.Status}
	content := bytes.TrimSpace(from.Body)
	if a.body = len(content) > 0; !a.body {
		return a
	}
	switch {
	case from.Truncated:
		a.fault = fmt.Sprintf("a body that goes on past %d bytes", len(from.Body))
		return a
	case !utf8.Valid(content):
		a.fault = "a body that is not UTF-8"
		return a
	}
	if a.fault = notJSON(content); a.fault != "" {
		return a
	}
	var err error
	if a.value, err = contract.Decode(content); err != nil {
		a.fault = "a body that is not JSON"
		return a
	}
	a.members, _ = a.value.(map[string]any)
	a.action, a.code, a.response = text(a.members, memberAction), text(a.members, memberError), text(a.members, memberResponse)
	standard, _ := a.members[memberStandard].(map[string]any)
	a.reason = text(standard, memberReason)
	return a
}

// notJSON says what keeps the content from being one JSON value with unique
// names; empty when nothing does.
func notJSON(content []byte) string {
	if !json.Valid(content) {
		return fmt.Sprintf("a body of %d bytes that is not whole JSON", len(content))
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var open []*object
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return ""
		}
		if err != nil {
			return "a body that is not whole JSON"
		}
		var at *object
		if len(open) > 0 {
			at = open[len(open)-1]
		}
		if name, ok := token.(string); ok && at != nil && at.names != nil && at.wantsName {
			if at.names[name] {
				return "a body in which a member stands twice in one object"
			}
			at.names[name], at.wantsName = true, false
			continue
		}
		if at != nil {
			at.wantsName = true
		}
		switch token {
		case json.Delim('{'):
			open = append(open, &object{names: map[string]bool{}, wantsName: true})
		case json.Delim('['):
			open = append(open, &object{})
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
	}
}

// object is one that is being read; an array has no names.
type object struct {
	names     map[string]bool
	wantsName bool
}

func text(members map[string]any, name string) string {
	s, _ := members[name].(string)
	return s
}
