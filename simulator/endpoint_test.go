package simulator_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/vault"
)

// endpoint is an issuer's server that keeps count of what it got.
type endpoint struct {
	*httptest.Server
	answer http.HandlerFunc

	mu    sync.Mutex
	order []string       // X-REQUEST-IDs as they came
	taken map[string]int // how often each was answered with success
}

// newEndpoint serves as the issuer behind mutual TLS, at the listener where one
// is given; a nil answer takes everything.
func newEndpoint(directory *keys.Directory, issuer string, answer http.HandlerFunc, at ...net.Listener) *endpoint {
	e := &endpoint{answer: answer, taken: map[string]int{}}
	e.Server = httptest.NewUnstartedServer(e)
	for _, listener := range at {
		_ = e.Listener.Close()
		e.Listener = listener
	}
	e.Server.TLS = &tls.Config{Certificates: []tls.Certificate{directory.Issuers[issuer].Server.TLS()}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: directory.CA.Pool()}
	e.Server.Config.ErrorLog = log.New(io.Discard, "", 0)
	e.StartTLS()
	return e
}

// status is a writer that remembers what was answered.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	id := r.Header.Get("X-REQUEST-ID")
	e.mu.Lock()
	e.order = append(e.order, id)
	e.mu.Unlock()
	answered := &status{w, http.StatusOK}
	if e.answer != nil {
		e.answer(answered, r)
	}
	if r.Context().Err() == nil && answered.code == http.StatusOK {
		e.mu.Lock()
		e.taken[id]++
		e.mu.Unlock()
	}
}

// got are the X-REQUEST-IDs as they came.
func (e *endpoint) got() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.order...)
}

// successes count by X-REQUEST-ID how often it was answered with success.
func (e *endpoint) successes() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.taken)
}

// hang answers nothing until the caller gives up.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// serves makes an endpoint of the issuer and writes it into its issuer.yaml.
func (p *place) serves(issuer string, answer http.HandlerFunc) *endpoint {
	GinkgoHelper()
	e := newEndpoint(p.directory(), issuer, answer)
	DeferCleanup(func() { e.CloseClientConnections(); e.Close() })
	file := filepath.Join(p.path, "issuers", issuer, "issuer.yaml")
	profile, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	profile = regexp.MustCompile(`(?m)^endpoint: .*$`).ReplaceAll(profile, []byte("endpoint: "+e.URL))
	Expect(os.WriteFile(file, profile, 0o600)).To(Succeed())
	return e
}

// enqueue queues notifications that the token was suspended, one for each
// X-REQUEST-ID.
func enqueue(store vault.Vault, issuer, reference string, requestIDs ...string) error {
	return store.Update(context.Background(), issuer, func(tx vault.Tx) error {
		for _, id := range requestIDs {
			if err := tx.Enqueue(suspended(reference, id)); err != nil {
				return err
			}
		}
		return nil
	})
}

func suspended(reference, requestID string) vault.Notification {
	return vault.Notification{Operation: "tokenNotification", EventType: "TOKEN_STATUS_UPDATED", TokenID: reference, RequestID: requestID,
		Facts: map[string]any{"messageReasonCode": "TOKEN_SUSPEND", "actionCode": "00"}}
}

// requestIDs are so many names.
func requestIDs(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s-%04d", prefix, i)
	}
	return list
}
