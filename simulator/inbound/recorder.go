package inbound

import "time"

// Recorder is told of every call once it is over. Operation is empty where
// nothing is served, issuer where nobody was recognised; status is 0 when the
// connection was cut instead of an answer.
type Recorder interface {
	Served(operation, issuer string, status int, took time.Duration)
}

func (s *Server) served(call *Call) {
	if s.Recorder != nil {
		s.Recorder.Served(operationID(call), call.Issuer.Name, call.status, time.Since(call.started))
	}
}
