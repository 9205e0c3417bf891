package conformance

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/vtsim/vtsim/simulator/outbound"
)

// plainEndpoint asks over plain HTTP, without any payload, whether the issuer's
// operations are served there. If they are, the issuer serves them without
// TLS; if something else answers, it is the wrong port.
func (r *run) plainEndpoint(ctx context.Context) *obstacle {
	wrong := r.unreachable("what answers at the endpoint does not speak TLS", "it may be a plain HTTP port: give issuer.yaml the HTTPS one, with https:// in front")
	served := r.operations()
	if len(served) == 0 {
		return wrong
	}
	op := served[0]
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", r.address())
	if err != nil {
		return r.unreachable("no connection: "+ending(err), "is the issuer running there? look at host and port of endpoint in issuer.yaml")
	}
	defer func() { _ = raw.Close() }()
	deadline, _ := ctx.Deadline()
	_ = raw.SetDeadline(deadline)
	request, err := http.NewRequestWithContext(ctx, op.Method, "http://"+r.address()+r.pathOf(op), strings.NewReader("{}"))
	if err != nil {
		return wrong
	}
	request.Header = http.Header{"X-Request-Id": {"preflight"}, "Content-Type": {"application/json"}, "Accept": {"application/json"}}
	if request.Write(raw) != nil {
		return wrong
	}
	answer, err := http.ReadResponse(bufio.NewReader(raw), request)
	if err != nil {
		return wrong
	}
	defer func() { _ = answer.Body.Close() }()
	const most = 1 << 20
	content, _ := io.ReadAll(io.LimitReader(answer.Body, most))
	if !spoken(content) {
		return wrong
	}
	return r.against("transport#tls-required", fmt.Sprintf("the endpoint serves %s over plain HTTP", op.ID), "serve the endpoint with TLS, mutually authenticated")
}

// answered is the part of an answer by which the API is known (p.29-30).
type answered struct {
	ErrorCode     string `json:"errorCode"`
	ActionCode    string `json:"actionCode"`
	ErrorResponse *struct {
		Reason string `json:"reason"`
	} `json:"errorResponse"`
}

// spoken tells an answer of the API, good or bad.
func spoken(content []byte) bool {
	var body answered
	return json.Unmarshal(content, &body) == nil && (body.ErrorCode+body.ActionCode != "" || body.ErrorResponse != nil)
}

// codeOf is the business code of an answer, as errorCode or as the reason of
// the standard error; empty when there is none.
func codeOf(from *outbound.Received) string {
	var body answered
	switch {
	case from == nil || json.Unmarshal(from.Body, &body) != nil:
		return ""
	case body.ErrorCode == "" && body.ErrorResponse != nil:
		return body.ErrorResponse.Reason
	}
	return body.ErrorCode
}
