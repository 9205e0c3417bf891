package outbound

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Backoff says how long a notification waits after a failed attempt: about
// First after the first, twice as long after each further one, Most at the
// most, between half and all of that by chance.
type Backoff struct{ First, Most time.Duration }

func (b Backoff) orDefault() Backoff {
	if b.First <= 0 {
		b.First = time.Second
	}
	if b.Most <= 0 {
		b.Most = 10 * time.Minute
	}
	return b
}

// After is the wait after that many attempts; chance is in [0, 1).
func (b Backoff) After(attempts int, chance float64) time.Duration {
	wait := b.First
	for range attempts - 1 {
		if wait >= b.Most/2 {
			wait = b.Most
			break
		}
		wait *= 2
	}
	wait = min(wait, b.Most)
	return wait/2 + time.Duration(chance*float64(wait/2))
}

// sentence is what follows from an attempt.
type sentence struct {
	state string // vault.StateDelivered, StateRetrying or StateDead
	why   string // without secrets; empty when delivered
}

// judge decides what follows from an exchange: the category of the answer
// says whether the same request may be sent again (INT-148). A call that could
// not be made on this side is no better the next time.
func judge(c *contract.Contract, x *Exchange) sentence {
	if x.Failure != nil && x.Failure.Kind == FailureSetup {
		return sentence{vault.StateDead, contract.Mask(x.Failure.Error())}
	}
	status, code, why := 0, "", ""
	if x.Failure != nil {
		why = string(x.Failure.Kind) + ": " + x.Failure.Error()
	} else if x.Response != nil {
		status, code = x.Response.Status, businessCode(x.Response.Body)
		why = fmt.Sprintf("HTTP %d", status)
		if code != "" {
			why += " " + code
		}
	}
	category := c.Tables.D1.CategoryOf(status, code)
	why = contract.Mask(why + " (" + category.Name + ")")
	switch {
	case category.Retry:
		return sentence{vault.StateRetrying, why}
	case x.Failure == nil && status/100 == 2:
		return sentence{state: vault.StateDelivered}
	}
	return sentence{vault.StateDead, why}
}

// businessCode is what an error answer gives as its reason (p.29), where that
// is a VSE or ISE code; otherwise the HTTP status alone decides.
func businessCode(body []byte) string {
	var answer struct {
		ErrorResponse struct {
			Reason string `json:"reason"`
		} `json:"errorResponse"`
		ErrorCode string `json:"errorCode"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	for _, code := range []string{answer.ErrorCode, answer.ErrorResponse.Reason} {
		if len(code) == businessCodeLength && (code[:3] == "VSE" || code[:3] == "ISE") {
			return code
		}
	}
	return ""
}

// businessCodeLength of VSE and ISE codes, in characters (p.29).
const businessCodeLength = 8
