package scenarios

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/outbound"
)

const (
	memberErrorCode     = "errorCode"
	memberErrorResponse = "errorResponse"
	memberErrorReason   = "reason"
	// codeNone in a list of codes stands for no code.
	codeNone = "none"
)

// answer is an issuer's answer, decoded.
type answer struct {
	exchange *outbound.Exchange
	came     bool
	// value is the body; nil when there is none or it is no JSON, and then
	// unreadable says so.
	value      any
	unreadable bool
	// field describes the body of a success.
	field *contract.Field
}

func (x *run) read(op *contract.Operation, made *outbound.Exchange) answer {
	a := answer{exchange: made, came: made.Response != nil && made.Failure == nil}
	if !a.came {
		return a
	}
	if made.Response.Status/100 == http.StatusOK/100 {
		a.field = op.Field(contract.Response)
	}
	if len(made.Response.Body) == 0 {
		return a
	}
	value, err := contract.Decode(made.Response.Body)
	if err != nil || made.Response.Truncated {
		a.unreadable = true
		return a
	}
	a.value = value
	return a
}

// judgeAll compares every answer of the step with what the scenario says. What
// several answers have in common is said once.
func (x *run) judgeAll(op *contract.Operation, c *Call, made []*outbound.Exchange) ([]Mismatch, error) {
	body, err := x.scope().match(c.Expect.Body)
	if err != nil {
		return nil, err
	}
	within := c.Expect.Within
	if c.Expect.Budget {
		if within = x.Contract.Budget(op.ID); within == 0 {
			return nil, fmt.Errorf("%s has no expected response time; give within a duration", op.ID)
		}
	}
	var found []Mismatch
	for _, exchange := range made {
		for _, m := range x.judge(x.read(op, exchange), c.Expect, body, within) {
			if m.At == (Position{}) {
				m.At = c.Expect.At
			}
			if !slices.Contains(found, m) {
				found = append(found, m)
			}
		}
	}
	return found, nil
}

// judge compares one answer. Whether none at all is right where the scenario
// says nothing about it, is the judge's business.
func (x *run) judge(a answer, expect Expect, body *Match, within time.Duration) []Mismatch {
	var found []Mismatch
	if took := a.exchange.Timing.Total; within > 0 && took > within {
		found = append(found, Mismatch{Want: fmt.Sprintf("an answer within %s", within), Got: "one that took " + took.Round(time.Millisecond).String()})
	}
	if !a.came {
		if len(expect.Status) > 0 || len(expect.ErrorCode) > 0 || body != nil {
			found = append(found, Mismatch{Want: "an answer" + wantedStatus(expect.Status), Got: noAnswer(a.exchange)})
		}
		return found
	}
	if status := a.exchange.Response.Status; len(expect.Status) > 0 && !statusFits(expect.Status, status) {
		found = append(found, Mismatch{Want: "status " + strings.Join(expect.Status, " or "), Got: "status " + strconv.Itoa(status)})
	}
	if code, at := a.code(); len(expect.ErrorCode) > 0 && !codeFits(expect.ErrorCode, code) {
		found = append(found, Mismatch{Where: at, Want: wantedCode(expect.ErrorCode), Got: gotCode(code)})
	}
	if body == nil {
		return found
	}
	if a.unreadable {
		return append(found, Mismatch{At: body.At, Want: "a body of JSON", Got: fmt.Sprintf("%d bytes that are none", len(a.exchange.Response.Body))})
	}
	return append(found, x.compare(a).match(body, a.value, spot{field: a.field})...)
}

// compare shows an error answer as far as nothing in it looks secret, and a
// success as the contract describes it.
func (x *run) compare(a answer) evaluation {
	show := shownValue
	if a.field == nil {
		show = func(value any, _ *contract.Field) string { return shownOpenly(value) }
	}
	return evaluation{show: func(value any, field *contract.Field) string { return show(x.hiddenIn(value), field) }, own: x.hiddenIn}
}

func wantedStatus(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return " of status " + strings.Join(list, " or ")
}

func noAnswer(made *outbound.Exchange) string {
	if made.Failure == nil {
		return "none"
	}
	return "none: " + made.Failure.Message
}

// statusFits compares with statuses such as 200 and classes such as 2xx.
func statusFits(list []string, status int) bool {
	return slices.ContainsFunc(list, func(wanted string) bool {
		class, isClass := strings.CutSuffix(strings.ToLower(wanted), "xx")
		if isClass {
			return class == strconv.Itoa(status/100)
		}
		return wanted == strconv.Itoa(status)
	})
}

// code is the error code of the answer and where it stands: that of a decision
// (p.127), else that of a refused call (p.29).
func (a answer) code() (code, at string) {
	at = "/" + memberErrorCode
	body, _ := a.value.(map[string]any)
	if value := body[memberErrorCode]; !absent(value) {
		return fmt.Sprint(value), at
	}
	refused, _ := body[memberErrorResponse].(map[string]any)
	if value := refused[memberErrorReason]; !absent(value) {
		return fmt.Sprint(value), "/" + memberErrorResponse + "/" + memberErrorReason
	}
	return "", at
}

func codeFits(list []string, code string) bool {
	return slices.ContainsFunc(list, func(wanted string) bool {
		return wanted == code && code != "" || wanted == codeNone && code == ""
	})
}

func wantedCode(list []string) string {
	words := make([]string, len(list))
	for i, code := range list {
		if words[i] = code; code == codeNone {
			words[i] = "no error code"
		}
	}
	return strings.Join(words, " or ")
}

func gotCode(code string) string {
	if code == "" {
		return "no error code"
	}
	return contract.Shorten(contract.Mask(code))
}

// saveAll keeps values of the answer; what is missing comes back.
func (x *run) saveAll(c *Call, made *outbound.Exchange) ([]Mismatch, error) {
	op, err := x.Contract.Operation(c.Operation)
	if err != nil || len(c.Save) == 0 {
		return nil, err
	}
	a := x.read(op, made)
	if !a.came {
		return []Mismatch{{Want: "an answer with values to save: " + strings.Join(slices.Sorted(maps.Keys(c.Save)), ", "), Got: noAnswer(made)}}, nil
	}
	return x.keep(c.Save, a.value, a.field)
}

// keep saves values out of a decoded value.
func (x *run) keep(saves map[string]Save, from any, field *contract.Field) ([]Mismatch, error) {
	var missing []Mismatch
	for _, name := range slices.Sorted(maps.Keys(saves)) {
		save := saves[name]
		where, err := x.scope().match(save.Where)
		if err != nil {
			return nil, err
		}
		value, at, ok := taken(save, where, from)
		if !ok {
			missing = append(missing, Mismatch{Where: at, Want: "a value to save as " + name + condition(where), Got: nothing, Unoffered: where != nil})
			continue
		}
		x.saved[name] = value
		x.hideAll(value, fieldAt(field, at))
	}
	return missing, nil
}

func condition(where *Match) string {
	if where == nil {
		return ""
	}
	return ", of the first element that is " + evaluation{show: shownValue}.want(where, spot{})
}

// taken finds the value that a save is about, and where it is or should be.
func taken(save Save, where *Match, from any) (value any, at string, ok bool) {
	value, ok = pointed(from, save.From)
	if at = save.From; !ok || where == nil {
		if ok && save.Take != "" {
			at += save.Take
			value, ok = pointed(value, save.Take)
		}
		return value, at, ok && !absent(value)
	}
	list, _ := value.([]any)
	for i, element := range list {
		if len(Evaluate(where, element, nil)) == 0 {
			at += "/" + strconv.Itoa(i) + save.Take
			value, ok = pointed(element, save.Take)
			return value, at, ok && !absent(value)
		}
	}
	return nil, at, false
}

// fieldAt follows a pointer into the fields of the contract.
func fieldAt(field *contract.Field, pointer string) *contract.Field {
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		switch {
		case field == nil || step == "":
			return field
		case field.Items != nil:
			field = field.Items
		default:
			field = field.Member(step)
		}
	}
	return field
}
