package fault

import (
	"net/http"
	"time"
)

// Kind is a fault that is worth a name.
type Kind struct {
	Name string `json:"name"`
	// Effect is what happens, Proves what a client shows by coming through.
	Effect string `json:"effect"`
	Proves string `json:"proves"`
	// Fault is for all calls; give it an issuer, an operation, a count.
	Fault Fault `json:"fault"`
}

// Catalogue is the list of faults that console and documentation offer. Each
// is an ordinary Fault; what is not listed can be put together from the same
// parts.
func Catalogue() []Kind {
	return []Kind{
		{
			Name:   "unreachable",
			Effect: "cuts the connection before the call has any effect",
			Proves: "the client repeats a call that got no answer",
			Fault:  Fault{When: BeforeCommit, Respond: Respond{Drop: true}, Times: 1},
		},
		{
			Name:   "answer-lost",
			Effect: "cuts the connection once the call has had its effect",
			Proves: "the client repeats the call and takes the refusal that the state is reached already for success",
			Fault:  Fault{When: AfterCommit, Respond: Respond{Drop: true}, Times: 1},
		},
		{
			Name:   "answer-late",
			Effect: "answers half a minute after the call has had its effect",
			Proves: "the client gives up in time, and its repetition does no harm",
			Fault:  Fault{When: AfterCommit, Respond: Respond{Delay: 30 * time.Second}, Times: 1},
		},
		{
			Name:   "slow",
			Effect: "waits two seconds before the call begins",
			Proves: "the client has time-outs that fit, and connections enough to wait with",
			Fault:  Fault{When: BeforeCommit, Respond: Respond{Delay: 2 * time.Second}},
		},
		{
			Name:   "service-error",
			Effect: "answers with an internal error instead of doing anything",
			Proves: "the client tells an error of the service from a refusal, and repeats the call",
			Fault:  Fault{When: BeforeCommit, Respond: Respond{Status: http.StatusInternalServerError}, Times: 1},
		},
		{
			Name:   "false-error",
			Effect: "answers with an internal error although the call has had its effect",
			Proves: "the client asks for the state, or repeats the call, instead of believing that nothing happened",
			Fault:  Fault{When: AfterCommit, Respond: Respond{Status: http.StatusInternalServerError}, Times: 1},
		},
		{
			Name:   "unavailable",
			Effect: "answers that the service is unavailable, to five calls in a row",
			Proves: "the client waits longer from one attempt to the next, and does not give up too early",
			Fault:  Fault{When: BeforeCommit, Respond: Respond{Status: http.StatusServiceUnavailable}, Times: 5},
		},
		{
			Name:   "throttled",
			Effect: "answers every second call with too many requests",
			Proves: "the client slows down and loses no call",
			Fault:  Fault{When: BeforeCommit, Respond: Respond{Status: http.StatusTooManyRequests}, Every: 2},
		},
		{
			Name:   "shut-out",
			Effect: "refuses the client's credentials",
			Proves: "the client raises an alarm instead of trying again for ever",
			Fault:  Fault{When: BeforeCommit, Respond: Respond{Status: http.StatusUnauthorized}},
		},
		{
			Name:   "gateway-timeout",
			Effect: "answers, after the call has had its effect, that a gateway waited in vain",
			Proves: "the client takes the outcome as unknown",
			Fault:  Fault{When: AfterCommit, Respond: Respond{Status: http.StatusGatewayTimeout}, Times: 1},
		},
		{
			Name:   "flaky",
			Effect: "cuts one connection in ten, before the call has any effect, always the same ones",
			Proves: "the client comes through a long run over a bad line",
			Fault:  Fault{When: BeforeCommit, Respond: Respond{Drop: true}, Probability: 0.1, Seed: 1},
		},
	}
}
