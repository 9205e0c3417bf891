package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/calls"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/console"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// fuzzed are the requests with a JSON body.
var fuzzed = []struct{ method, path string }{
	{http.MethodPost, "/api/v1/issuers"}, {http.MethodPut, "/api/v1/issuers/demo-bank"}, {http.MethodPost, "/api/v1/tokens"},
	{http.MethodPost, "/api/v1/tokens/DNITHE000000000000000001/actions"}, {http.MethodPost, "/api/v1/traffic/verify"}, {http.MethodPost, "/api/v1/faults"},
	{http.MethodPost, "/api/v1/clock"}, {http.MethodPost, "/api/v1/reset"}, {http.MethodPost, "/api/v1/provision"}, {http.MethodPost, "/api/v1/calls"},
	{http.MethodPost, "/api/v1/tokens/DNITHE000000000000000001/wallet"}, {http.MethodPost, "/api/v1/notifications/n-1/actions"},
	{http.MethodPost, "/api/v1/notifications/wait"}, {http.MethodPost, "/api/v1/issuers/demo-bank/queue"},
}

// newFuzzed is a console that can make no issuers, since that takes too long,
// and that reaches none.
func newFuzzed(f *testing.F) http.Handler {
	spec, err := contract.Load()
	if err != nil {
		f.Fatal(err)
	}
	samples, err := fixtures.Load()
	if err != nil {
		f.Fatal(err)
	}
	directory, err := keys.LoadFS(fixturekeys.TestOnly(), keys.Settings{Facts: keys.FactsOf(spec)})
	if err != nil {
		f.Fatal(err)
	}
	now := clock.New(nil)
	now.Freeze(noon)
	store, err := vault.Open(context.Background(), vault.Options{Clock: now.Now})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { store.Close() })
	if err := store.PutIssuer(context.Background(), inbound.Registered(directory.Issuers[bank], noon)); err != nil {
		f.Fatal(err)
	}
	unreachable := func(i vault.Issuer) (outbound.Target, error) {
		return outbound.Target{Issuer: i.Name, Endpoint: "https://127.0.0.1:1", Encrypt: jose.EncryptionKey{ID: i.APIKey, RSA: directory.Issuers[bank].Encryption.Public()}}, nil
	}
	made, err := calls.New(calls.Config{Contract: spec, Fixtures: samples, Clock: now, Targets: unreachable,
		Signing: jose.SigningKey{ID: directory.VisaSigning.ID, RSA: directory.VisaSigning.Key}})
	if err != nil {
		f.Fatal(err)
	}
	if err := made.Attach(context.Background(), store); err != nil {
		f.Fatal(err)
	}
	c, err := console.New(console.Config{Contract: spec, Vault: store, Calls: made, Fixtures: samples, Clock: now, Faults: fault.NewSet(),
		Authority: &keys.Authority{Certificate: directory.CA.Certificate}})
	if err != nil {
		f.Fatal(err)
	}
	return c.Handler()
}

// FuzzBody sends any body to every endpoint that takes JSON: it is answered
// within bounds, never as a fault of the console, and a refusal has the one
// shape of errors.
func FuzzBody(f *testing.F) {
	for i, body := range []string{
		`{"name": "a", "endpoint": "https://x", "accountRanges": ["400000010"], "settings": {"transitions": {"TOKEN_SUSPEND": {"after": "1m"}}}}`,
		`{"endpoint": "https://x", "settings": {"transitions": {"TOKEN_SUSPEND": {"inquiries": 2}}}}`,
		`{"issuer": "demo-bank", "pan": "4000000010000018", "tokenRequestorID": 40010075001, "tokenType": "HCE", "tokenStatus": "SUSPENDED", "otpInfo": {"otpValue": "1", "otpCodeExpiration": "2026-06-01T12:10:00.000Z"}, "deviceBindingInfoList": [{"deviceIndex": 1, "deviceID": "x", "deviceBindingStatus": "APPROVED"}], "cardholderVerificationList": [{"lifeCycleTraceID": 1, "timestamp": 1}], "notify": true}`,
		`{"action": "replacePAN", "by": "ISSUER", "pan": "4000000010000018", "panExpirationDate": {"month": "1", "year": "2030"}}`,
		`{"issuer": "demo-bank", "where": {"/request/body/0/a~1b": [1, null]}, "count": {"min": 1, "max": 2}, "since": "2026-06-01T12:00:00Z"}`,
		`{"issuer": "demo-bank", "operation": "tokenInquiry", "respond": {"status": 500, "code": "x", "delayMs": 1}, "times": 1, "probability": 0.5, "seed": 18446744073709551616}`,
		`{"advance": "-10m"}`, `{"issuer": "demo-bank"}`,
		`{"issuer": "demo-bank", "card": "stepUp", "otp": "wrong", "tokenType": "ECOMMERCE", "deviceInfo": {"deviceID": "x"}, "panExpirationDate": {"month": "12", "year": "2030"}}`,
		`{"issuer": "demo-bank", "operation": "tokenNotification", "with": {"messageReasonCode": "TOKEN_RESUME", "deviceInfo.deviceIndex": null}, "corrupt": ["jws/signature"]}`,
		`{"action": "extend", "tokenExpirationDate": {"month": "12", "year": "2030"}}`, `{"action": "redeliver"}`, `{"issuer": "demo-bank"}`, `{"action": "reorder"}`,
	} {
		f.Add(i%len(fuzzed), []byte(body))
	}
	handler := newFuzzed(f)
	f.Fuzz(func(t *testing.T, which int, body []byte) {
		to := fuzzed[(which%len(fuzzed)+len(fuzzed))%len(fuzzed)]
		if bytes.Contains(body, []byte(`"wait"`)) {
			t.Skip("waiting is slow")
		}
		w, started := httptest.NewRecorder(), time.Now()
		handler.ServeHTTP(w, httptest.NewRequest(to.method, "http://localhost"+to.path, bytes.NewReader(body)))
		if w.Code >= http.StatusInternalServerError || time.Since(started) > 10*time.Second {
			t.Fatalf("%s %s %q: %d %s", to.method, to.path, body, w.Code, w.Body)
		}
		if w.Code < http.StatusBadRequest {
			return
		}
		var refusal struct {
			Error struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &refusal); err != nil || refusal.Error.Message == "" {
			t.Fatalf("%s %s %q: %d %s", to.method, to.path, body, w.Code, w.Body)
		}
		if !slices.Contains([]int{400, 404, 409, 413}, w.Code) {
			t.Fatalf("%s %s %q: %d %s", to.method, to.path, body, w.Code, w.Body)
		}
	})
}
