package inbound

import (
	"crypto/sha256"
	"io"
	"sync"
)

// rememberedRequests bounds how far back a repeated X-REQUEST-ID is noticed.
const rememberedRequests = 4096

// requestIDs remembers the latest calls by issuer and X-REQUEST-ID. It is
// kept in memory only: what it finds is a warning and never a refusal
// (p.26, INT-150). The zero value is ready.
type requestIDs struct {
	mu     sync.Mutex
	calls  map[requestKey][sha256.Size]byte
	oldest []requestKey // a ring once it is full
	next   int
}

type requestKey struct{ issuer, id string }

// reused remembers the call and tells whether its id came before with another
// one.
func (r *requestIDs) reused(key requestKey, call [sha256.Size]byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls == nil {
		r.calls = make(map[requestKey][sha256.Size]byte)
	}
	if before, ok := r.calls[key]; ok {
		return before != call
	}
	if len(r.oldest) < rememberedRequests {
		r.oldest = append(r.oldest, key)
	} else {
		delete(r.calls, r.oldest[r.next])
		r.oldest[r.next] = key
		r.next = (r.next + 1) % rememberedRequests
	}
	r.calls[key] = call
	return false
}

// checkRequestID warns of an X-REQUEST-ID that came before with another
// method, path or body; with the same ones it is a resend (INT-150).
func (s *Server) checkRequestID(call *Call) {
	digest := sha256.New()
	for _, part := range []string{call.request.Method, "\n", call.request.URL.EscapedPath(), "\n"} {
		io.WriteString(digest, part) //nolint:errcheck // a hash never fails
	}
	digest.Write(call.raw)
	if !s.seen.reused(requestKey{call.Issuer.Name, call.RequestID}, [sha256.Size]byte(digest.Sum(nil))) {
		return
	}
	if rule, err := s.contract.Rule("headers/request/" + s.headers.requestID + "#unique"); err == nil {
		call.Warn(rule.ID, rule.Page, s.headers.requestID+" came before with another request; give each request its own")
	}
}
