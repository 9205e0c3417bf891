package console_test

import (
	"net/http"
	"net/url"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const testToken = "s3cret-token"

func must(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return u
}

var _ = Describe("a console without token", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })

	DescribeTable("serves what names a loopback host", func(host string) {
		a := l.call(http.MethodGet, "/api/v1/clock", nil, func(r *http.Request) { r.Host = host })
		Expect(a.status).To(Equal(http.StatusOK))
	},
		Entry(nil, "localhost"), Entry(nil, "LOCALHOST:8444"), Entry(nil, "127.0.0.1:1"), Entry(nil, "127.8.8.8"), Entry(nil, "[::1]:8444"), Entry(nil, "[::1]"))

	DescribeTable("refuses what names another host, as a name that was made to resolve to loopback does", func(host string) {
		for _, path := range []string{"/api/v1/issuers", "/healthz", "/metrics", "/nowhere"} {
			a := l.call(http.MethodGet, path, nil, func(r *http.Request) { r.Host = host })
			a.refused(http.StatusForbidden, "", "Host")
		}
	},
		Entry(nil, "evil.example"), Entry(nil, "localhost.evil.example"), Entry(nil, "evil.example:8444"), Entry(nil, "10.0.0.1"), Entry(nil, "127.0.0.1.evil.example"))

	It("refuses pages of other sites and serves its own", func() {
		from := func(origin string) answer {
			return l.call(http.MethodPost, "/api/v1/clock", `{"advance":"1m"}`, func(r *http.Request) { r.Header.Set("Origin", origin) })
		}
		for _, origin := range []string{"https://evil.example", "null", "http://localhost:1", "file://" + must(l.server.URL).Host, "http://"} {
			from(origin).refused(http.StatusForbidden, "", "Origin")
		}
		Expect(l.clock.Now()).To(Equal(noon))
		from(l.server.URL).ok(http.StatusOK)
	})
})

var _ = Describe("a console with a token", func() {
	var l *lab
	BeforeEach(func() { l = newLab(func(s *setting) { s.config.Token = testToken }) })

	show := func(value string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Del("Authorization")
			if value != "" {
				r.Header.Set("Authorization", value)
			}
		}
	}

	It("wants it for everything but the health of the process", func() {
		for path, methods := range l.shapes.tree["paths"].(map[string]any) {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
				if methods.(map[string]any)[lower(method)] == nil {
					continue
				}
				a := l.call(method, path, nil, show(""))
				if path == "/healthz" || path == "/readyz" {
					a.ok(http.StatusOK)
					continue
				}
				a.refused(http.StatusUnauthorized, "", "Bearer")
				Expect(a.headers.Get("WWW-Authenticate")).To(Equal("Bearer"))
			}
		}
	})

	It("takes the right one only, from any host", func() {
		for _, wrong := range []string{"Bearer ", "Bearer s3cret-toke", "Basic " + testToken, testToken, "bearer"} {
			l.call(http.MethodGet, "/api/v1/clock", nil, show(wrong)).refused(http.StatusUnauthorized, "")
		}
		a := l.call(http.MethodGet, "/api/v1/clock", nil, func(r *http.Request) { r.Host = "console.example" })
		Expect(a.status).To(Equal(http.StatusOK))
	})
})
