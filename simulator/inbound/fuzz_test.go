package inbound_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/keys/xpay"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// bench is an inbound side without TLS, for fuzzing and measuring.
type bench struct {
	contract  *contract.Contract
	directory *keys.Directory
	vault     vault.Vault
	handler   http.Handler
	token     token.Token
}

func newBench(t testing.TB, log io.Writer) *bench {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	b := &bench{}
	var err error
	b.contract, err = contract.Load()
	must(err)
	samples, err := fixtures.Load()
	must(err)
	now := clock.New(time.Now)
	now.Freeze(noon)
	b.directory, err = keys.LoadFS(fixturekeys.TestOnly(), keys.Settings{Facts: keys.FactsOf(b.contract), Now: now.Now})
	must(err)
	b.vault, err = vault.Open(context.Background(), vault.Options{Key: b.directory.VaultKey, Clock: now.Now, JournalRows: 256})
	must(err)
	t.Cleanup(func() { must(b.vault.Close()) })
	for _, issuer := range b.directory.Issuers {
		must(b.vault.PutIssuer(context.Background(), inbound.Registered(issuer, noon)))
	}
	b.token = token.Token{ReferenceID: "DNITHE000000000000000001", RequestorID: "40010075001", PANReferenceID: "V-1", Number: "4000990000000001",
		Type: "HCE", Status: "ACTIVE", EntityOfLastAction: token.TokenRequestor, Expiration: token.Expiration{Month: "12", Year: "2030"}, StatusUpdatedAt: noon}
	must(b.vault.Update(context.Background(), bank, func(tx vault.Tx) error {
		if err := tx.PutPAN(vault.PAN{ReferenceID: "V-1", Number: lifecyclePAN}); err != nil {
			return err
		}
		b.token, err = tx.PutToken(b.token)
		return err
	}))
	server, err := inbound.New(inbound.Config{Contract: b.contract, Vault: b.vault, Fixtures: samples, Clock: now, Faults: fault.NewSet(),
		VisaEncryption: b.directory.VisaEncryption, VisaSigning: b.directory.VisaSigning, Log: slog.New(slog.NewTextHandler(log, nil))})
	must(err)
	b.handler = server.Handler()
	return b
}

// sealed seals a payload as the bank does; "" when it is too long for that.
func (b *bench) sealed(use jose.Use, payload []byte) string {
	mine := b.directory.Issuers[bank]
	how := jose.Sealing{To: jose.EncryptionKey{ID: mine.Credentials.APIKey, RSA: b.directory.VisaEncryption.Public()},
		By: jose.SigningKey{ID: mine.Credentials.SigningKeyID, RSA: mine.Signing.Key}}
	if use == jose.UsePushCardEnrollment {
		how.Issuer, how.Audience = mine.Credentials.ClientID, []string{"00000000-0000-4000-8000-000000000000"}
	}
	envelope, err := jose.New(keys.JOSERules(b.contract.Tables.Envelope), func() time.Time { return noon })
	if err != nil {
		return ""
	}
	blob, err := envelope.Seal(use, payload, how)
	if err != nil {
		return ""
	}
	return blob
}

// request makes a call, signed where asked; nil when no HTTP request can be
// made of it.
func (b *bench) request(method, path, query string, body []byte, signed bool) *http.Request {
	target := &url.URL{Scheme: "https", Host: "vtsim.test", Path: path, RawQuery: query}
	r, err := http.NewRequest(method, target.String(), strings.NewReader(string(body)))
	if err != nil {
		return nil
	}
	r.Header.Set("X-REQUEST-ID", "fuzz-1")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/json")
	if signed {
		secret := xpay.NewSecret(bank, []byte(b.directory.Issuers[bank].Credentials.SharedSecret))
		if value, err := xpay.Sign(keys.PayTokenRules(b.contract.Tables.Envelope), secret, noon, xpay.CallOf(r, body)); err == nil {
			r.Header.Set("x-pay-token", value)
		}
	}
	return r
}

// FuzzRequest sends arbitrary calls through the handler: of arbitrary methods
// and paths and of each operation, unsigned ones and such that get past the
// credentials, with arbitrary bodies and sealed payloads. None may be
// answered with a server error, by a panic or in other words than our own.
//
// Of mode, bit 0 signs the call, bit 1 seals its body, and the rest names an
// operation, 0 standing for none: method and path are then as given.
func FuzzRequest(f *testing.F) {
	b := newBench(f, io.Discard)
	key := "apiKey=" + b.directory.Issuers[bank].Credentials.APIKey
	var operations []*contract.Operation
	for _, op := range b.contract.Operations() {
		if op.Direction != contract.Inbound {
			continue
		}
		operations = append(operations, op)
		for mode := range uint8(4) {
			f.Add("", "", "", []byte(`{"operationType":"SUSPEND","operationReason":"r"}`), "", uint8(len(operations))<<2|mode)
		}
	}
	f.Add("PATCH", "//../%2e%2e/", "", []byte(strings.Repeat("[", 100)), "Content-Type: ;", uint8(0))
	f.Add("", "x", "x=%zz&;", []byte(`{"cardholderInfo":{"primaryAccountNumber":"4000000010000018"}}`), "Accept: text/plain", uint8(3<<2|3))
	f.Add("", "", "apikey=x", []byte(`{"deviceInfo":{"deviceIndex":1e999}}`), "X-REQUEST-ID: \xff", uint8(4<<2|1))
	f.Add("", "", "deviceBindingInfo=true&deviceBindingInfo=", []byte{0xff}, "x-pay-token: xv2:1:00", uint8(2<<2|1))
	f.Add("", "", "", []byte(`{"operationType":"UPDATE","operationReason":"r","operationReasonCode":"ACCOUNT_UPDATE"}`), "", uint8(1<<2|3))

	f.Fuzz(func(t *testing.T, method, path, query string, body []byte, header string, mode uint8) {
		signed, sealing, operation := mode&1 != 0, mode&2 != 0, int(mode>>2)%(len(operations)+1)
		if operation > 0 {
			op := operations[operation-1]
			method, path = op.Method, strings.NewReplacer("{tokenRequestorID}", b.token.RequestorID, "{tokenReferenceID}", b.token.ReferenceID+path).Replace(op.Path)
		}
		if signed {
			query = strings.TrimPrefix(query+"&"+key, "&")
		}
		if sealing {
			body = b.wrap(path, body)
		}
		r := b.request(method, path, query, body, signed)
		if r == nil {
			t.Skip("no HTTP request")
		}
		if name, value, ok := strings.Cut(header, ":"); ok {
			r.Header.Add(name, strings.TrimSpace(value))
		}
		answered(t, b.handler, r)
	})
}

// wrap puts the content, sealed, into a body; beside it stand the members
// that the content itself has.
func (b *bench) wrap(path string, content []byte) []byte {
	use := jose.UseAPI
	if strings.Contains(path, "ushCardEnrollment") {
		use = jose.UsePushCardEnrollment
	}
	members := map[string]any{}
	_ = json.Unmarshal(content, &members) // whatever it is, it can be sealed
	if members == nil {
		members = map[string]any{}
	}
	members["encryptedData"] = b.sealed(use, content)
	wrapped, err := json.Marshal(members)
	if err != nil {
		return content
	}
	return wrapped
}

// answered checks that the call gets an answer that is ours.
func answered(t *testing.T, handler http.Handler, r *http.Request) {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, r)
	switch recorder.Code {
	case 200, 400, 401, 404:
	default:
		t.Fatalf("%s %s answered %d: %s", r.Method, r.URL, recorder.Code, recorder.Body)
	}
	if recorder.Body.Len() == 0 {
		if recorder.Code != 200 {
			t.Fatalf("%s %s answered %d without an error structure", r.Method, r.URL, recorder.Code)
		}
		return
	}
	var got map[string]any
	if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
		t.Fatalf("%s %s answered what is no JSON: %v", r.Method, r.URL, err)
	}
	if response, _ := got["errorResponse"].(map[string]any); (recorder.Code == 200) != (response == nil) {
		t.Fatalf("%s %s answered %d with %s", r.Method, r.URL, recorder.Code, recorder.Body)
	}
}
