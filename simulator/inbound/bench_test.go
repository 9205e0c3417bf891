package inbound_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/vtsim/vtsim/keys/jose"
)

// BenchmarkTokenLifecycle is one suspension or resumption through the handler
// without TLS: credentials, validation, the transaction with journal row,
// audit and notification, on a vault in memory.
func BenchmarkTokenLifecycle(b *testing.B) {
	s := newBench(b, io.Discard)
	path, query := tokenPath(s.token, "lifecycle"), "apiKey="+s.directory.Issuers[bank].Credentials.APIKey
	var calls [2]func() *http.Request
	for i, operationType := range []string{"SUSPEND", "RESUME"} {
		body := []byte(fmt.Sprintf(`{"operatorID":"op-7","operationType":%q,"operationReason":"measured"}`, operationType))
		calls[i] = func() *http.Request { return s.request(http.MethodPost, path, query, body, true) }
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		measure(b, s, calls[i%2]())
	}
}

// BenchmarkTokenInquiry adds the sealing of the answer: one RSA signature and
// one encryption.
func BenchmarkTokenInquiry(b *testing.B) {
	s := newBench(b, io.Discard)
	path, query := tokenPath(s.token, "details"), "apiKey="+s.directory.Issuers[bank].Credentials.APIKey
	b.ReportAllocs()
	for b.Loop() {
		measure(b, s, s.request(http.MethodGet, path, query, nil, true))
	}
}

// BenchmarkTokenInquiryByPAN adds the opening of the request: one RSA
// verification and one decryption.
func BenchmarkTokenInquiryByPAN(b *testing.B) {
	s := newBench(b, io.Discard)
	query := "apiKey=" + s.directory.Issuers[bank].Credentials.APIKey
	body := []byte(`{"encryptedData":"` + s.sealed(jose.UseAPI, []byte(`{"cardholderInfo":{"primaryAccountNumber":"`+lifecyclePAN+`"}}`)) + `"}`)
	b.ReportAllocs()
	for b.Loop() {
		measure(b, s, s.request(http.MethodPost, byPANPath, query, body, true))
	}
}

// BenchmarkRefusedToken is a call whose x-pay-token explains itself in no
// way: the whole search of the doctor.
func BenchmarkRefusedToken(b *testing.B) {
	s := newBench(b, io.Discard)
	path, query := tokenPath(s.token, "details"), "apiKey="+s.directory.Issuers[bank].Credentials.APIKey
	for b.Loop() {
		r := s.request(http.MethodGet, path, query, nil, true)
		r.Header.Set("x-pay-token", r.Header.Get("x-pay-token")[:15]+"00000000000000000000000000000000ffffffffffffffffffffffffffffffff")
		recorder := httptest.NewRecorder()
		s.handler.ServeHTTP(recorder, r)
		if recorder.Code != 401 {
			b.Fatalf("answered %d", recorder.Code)
		}
	}
}

func measure(b *testing.B, s *bench, r *http.Request) {
	b.Helper()
	recorder := httptest.NewRecorder()
	s.handler.ServeHTTP(recorder, r)
	if recorder.Code != 200 {
		b.Fatalf("answered %d: %s", recorder.Code, recorder.Body)
	}
}
