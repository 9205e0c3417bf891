package conformance

import (
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/vault"
)

// exchangeOf is a row of the journal, which is masked, as a report shows it.
func exchangeOf(id string, record scenarios.Record, row vault.Traffic) Exchange {
	x := Exchange{ID: row.ID, Case: id, Step: record.Step, Title: record.Title, Direction: row.Direction, Operation: row.Operation,
		Time: row.Time.UTC(), Request: messageOf(row.Request), Failure: row.Diagnosis, Timing: Timing{TotalUS: row.Elapsed.Microseconds()}}
	if row.Response.Status != 0 {
		answer := messageOf(row.Response)
		x.Response = &answer
	}
	return x
}

func messageOf(m vault.Message) Message {
	headers := make(map[string][]string, len(m.Headers))
	for name, value := range m.Headers {
		headers[name] = []string{value}
	}
	return Message{Method: m.Method, Path: m.Path, Status: m.Status, Headers: headers, Body: m.Body, Decrypted: m.Decrypted}
}
