package inbound

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Knob of INT-085: times without the closing Z, as the sample has them
// (p.114-115).
const knobOmitZInReport = "omitZInReport"

// assignment is a token requestor and when its id was assigned.
type assignment struct {
	fixtures.TokenRequestor
	at time.Time
}

// tokenRequestorReport lists, page by page, the token requestors whose ids
// were assigned within a window of time, both ends included (p.110-115). The
// order is that of assignment, then of the id, so that pages neither overlap
// nor leave anything out as long as the simulator's day is the same: the
// sample token requestors are as old tomorrow as they are today.
func (s *Server) tokenRequestorReport(_ context.Context, _ vault.Tx, call *Call) (*Answer, error) {
	from, to, err := s.reportWindow(call)
	if err != nil {
		return nil, err
	}
	matches := s.assignedBetween(call.Now, from, to)
	rows := []any{}
	for _, match := range pageOf(matches, call.Parameter("page"), call.Parameter("limit")) {
		rows = append(rows, s.reportRow(match))
	}
	body := map[string]any{"count": len(rows), "totalResults": len(matches), "tokenRequestors": rows}
	if len(matches) > 0 {
		body["maxTokenRequestorIDAssignedDateTime"] = s.reportTime(matches[len(matches)-1].at)
	}
	return &Answer{Body: body}, nil
}

// assignedBetween are the token requestors of the window, seen from now.
func (s *Server) assignedBetween(now, from, to time.Time) []assignment {
	var matches []assignment
	for _, requestor := range s.Fixtures.TokenRequestors {
		if at := requestor.Assigned(now); !at.Before(from) && !at.After(to) {
			matches = append(matches, assignment{requestor, at})
		}
	}
	slices.SortFunc(matches, func(a, b assignment) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.TokenRequestorID, b.TokenRequestorID))
	})
	return matches
}

// pageOf is the page of that number, counted from 0, with at most limit
// elements (p.111). Both are digits; a number too great to count is a page
// behind the last one.
func pageOf[T any](list []T, page, limit string) []T {
	size, err := strconv.Atoi(limit)
	if err != nil || size == 0 {
		return nil
	}
	number, err := strconv.Atoi(page)
	if err != nil || number > len(list)/size {
		return nil
	}
	return list[number*size : min(number*size+size, len(list))]
}

// reportRow is an element of tokenRequestors (p.113-114). Ids are numbers
// here (INT-042).
func (s *Server) reportRow(of assignment) map[string]any {
	providers := []any{}
	for _, provider := range of.TokenRequestorTSPs {
		providers = append(providers, map[string]any{"tokenRequestorTSPID": json.Number(provider.TokenRequestorTSPID),
			"tokenRequestorTSPName": provider.TokenRequestorTSPName})
	}
	return map[string]any{
		"tokenRequestorID":                 json.Number(of.TokenRequestorID),
		"tokenRequestorName":               of.TokenRequestorName,
		"tokenRequestorWebsiteURL":         of.TokenRequestorWebsiteURL,
		"tokenTypes":                       of.TokenTypes,
		"tokenRequestorType":               of.TokenRequestorType,
		"tokenRequestorTSPs":               providers,
		"tokenRequestorIDAssignedDateTime": s.reportTime(of.at),
	}
}

// reportTimeLayout is a time of the report, in GMT, without its Z (INT-085).
const reportTimeLayout = "2006-01-02T15:04:05.000"

// reportTime writes a time of the answer.
func (s *Server) reportTime(at time.Time) string {
	text := at.UTC().Format(reportTimeLayout)
	if s.Knobs[knobOmitZInReport] {
		return text
	}
	return text + "Z"
}
