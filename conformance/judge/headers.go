package judge

import (
	"net/http"
	"strings"
)

// headers judges the headers of the answer (p.28).
func (r *ruling) headers() {
	from := r.x.Response.Headers
	body := r.a.body && !r.bodiless
	for _, header := range r.judge.contract.Tables.Headers {
		if header.Direction != "response" || header.Condition.BodyPresent && !body || !carries(from, header.Name) {
			continue
		}
		for _, keyword := range []string{"required", "single", "maxLength", "pattern", "equals-request"} {
			r.exercise("headers/response/" + header.Name + "#" + keyword)
		}
	}
	for _, v := range r.judge.contract.Tables.ValidateResponseHeaders(from, r.x.Request.Headers, body) {
		if strings.HasSuffix(v.Rule, "#equals-request") && !carries(r.x.Request.Headers, requestIDHeader) {
			continue // there was nothing that it could be equal to
		}
		got := r.shown(v.Got)
		r.broken(v.Rule, fault{came: "header " + v.Header + ": " + got, want: "it " + v.Expected, interpretation: v.Interpretation, page: v.Page})
	}
}

const requestIDHeader = "X-REQUEST-ID"

// carries tells whether the header is there, whatever its letter case.
func carries(h http.Header, name string) bool {
	for given := range h {
		if strings.EqualFold(given, name) {
			return true
		}
	}
	return false
}
