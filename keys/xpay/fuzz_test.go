package xpay_test

import (
	"context"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vtsim/vtsim/keys/xpay"
)

func fuzzRules(f testing.TB) xpay.Rules {
	f.Helper()
	r, err := contractRules()
	if err != nil {
		f.Fatal(err)
	}
	return r
}

// FuzzParse reads any header: a token or one *Error, and what is read is what was sent.
func FuzzParse(f *testing.F) {
	vectors, err := readVectors()
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors {
		f.Add(v.Token)
	}
	r := fuzzRules(f)
	f.Fuzz(func(t *testing.T, value string) {
		token, err := xpay.Parse(r, value)
		if err != nil {
			if xpay.ReasonOf(err).Layer() != xpay.LayerParse || xpay.ReasonOf(err) == "" {
				t.Fatalf("no reason of parsing: %v", err)
			}
			return
		}
		if again := strings.ToLower(value); again != r.Scheme+":"+token.Timestamp+":"+hex.EncodeToString(token.Digest[:]) {
			t.Fatalf("%q was read as %+v", value, token)
		}
		if token.UpperCase != strings.ContainsAny(value, "ABCDEF") {
			t.Fatalf("upper case of %q was read as %v", value, token.UpperCase)
		}
	})
}

var canonicalForm = regexp.MustCompile(`^(|([A-Za-z0-9._~-]|%[0-9A-F]{2})*=([A-Za-z0-9._~-]|%[0-9A-F]{2})*(&([A-Za-z0-9._~-]|%[0-9A-F]{2})*=([A-Za-z0-9._~-]|%[0-9A-F]{2})*)*)$`)

// FuzzCanonicalQuery goes there and back: the canonical form has the same parameters as the query, is made of the right
// characters in the right order, and is its own canonical form.
func FuzzCanonicalQuery(f *testing.F) {
	for _, query := range []string{"", "a=1", "b=1&a=2", "a=%3a+%2B", "=", "&&", "a=%", "%zz", "a=ü&a=~&a", "a~=1&a%C3%A9=2", "a;b=c"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		canonical, err := xpay.CanonicalQuery(raw)
		if err != nil {
			if _, broken := url.QueryUnescape(raw); broken == nil {
				t.Fatalf("%q is a good query: %v", raw, err)
			}
			return
		}
		if !canonicalForm.MatchString(canonical) {
			t.Fatalf("%q became %q", raw, canonical)
		}
		if again, err := xpay.CanonicalQuery(canonical); err != nil || again != canonical {
			t.Fatalf("%q became %q and then %q (%v)", raw, canonical, again, err)
		}
		if sent, kept := parametersOf(t, raw), parametersOf(t, canonical); !slices.Equal(sent, kept) {
			t.Fatalf("%q has %q, %q has %q", raw, sent, canonical, kept)
		}
	})
}

// parametersOf decodes with the standard library, in an order of its own.
func parametersOf(t *testing.T, query string) []string {
	t.Helper()
	var all []string
	for field := range strings.SplitSeq(query, "&") {
		if field == "" {
			continue
		}
		name, value, _ := strings.Cut(field, "=")
		plainName, err := url.QueryUnescape(name)
		if err != nil {
			t.Fatal(err)
		}
		plainValue, err := url.QueryUnescape(value)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, plainName+"\x00=\x00"+plainValue)
	}
	slices.Sort(all)
	return all
}

// FuzzVerify never panics, refuses the foreign token, and accepts what Sign made of the same call.
func FuzzVerify(f *testing.F) {
	f.Add("/vtis/v1/a", "apiKey=k", []byte("{}"), "xv2:1700000000:"+hex64)
	f.Add("", "%", []byte(nil), "")
	f.Add("//", "&=&a=+", []byte("\xff\x00"), "xv2:1:2:3")
	r := fuzzRules(f)
	f.Fuzz(func(t *testing.T, path, query string, body []byte, token string) {
		call := xpay.Call{Path: path, Query: query, Body: body}
		verifier := xpay.Verifier{Rules: r, Clock: clockAt(instant)}
		if _, err := verifier.Verify(context.Background(), secret(), token, call); xpay.ReasonOf(err) == "" {
			t.Fatalf("a foreign token was accepted, or refused without reason: %v", err)
		}
		signed, err := xpay.Sign(r, secret(), instant, call)
		if err != nil {
			if xpay.ReasonOf(err) != xpay.ReasonQueryMalformed {
				t.Fatal(err)
			}
			return
		}
		if _, err := verifier.Verify(context.Background(), secret(), signed, call); err != nil {
			t.Fatalf("the own token was refused: %v", err)
		}
	})
}

// FuzzDiagnose never panics, and never shows the secret or a terminal's control characters.
func FuzzDiagnose(f *testing.F) {
	for _, m := range everyMistake() {
		f.Add(m.call.Path, m.call.Query, m.call.Body, m.token)
	}
	r := fuzzRules(f)
	f.Fuzz(func(t *testing.T, path, query string, body []byte, token string) {
		c := xpay.Case{Call: xpay.Call{Method: "POST", Host: "h", Path: path, Query: query, Body: body}, Header: token, Secrets: []xpay.Secret{secret()}}
		d, err := xpay.Doctor{Rules: r, Clock: func() time.Time { return instant }, Budget: 64 << 10}.Diagnose(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		text := d.Text()
		if strings.Contains(text, sharedSecret) || strings.ContainsAny(text, "\x1b\x00\r") {
			t.Fatalf("shown: %q", text)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	r := fuzzRules(b)
	call := lifecycle()
	call.Body = []byte(strings.Repeat("x", 4096))
	value, err := xpay.Sign(r, secret(), instant, call)
	if err != nil {
		b.Fatal(err)
	}
	verifier := xpay.Verifier{Rules: r, Clock: clockAt(instant)}
	b.SetBytes(int64(len(call.Body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verifier.Verify(context.Background(), secret(), value, call); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDiagnose is the worst case: nothing explains the token, so everything is tried.
func BenchmarkDiagnose(b *testing.B) {
	r := fuzzRules(b)
	c := xpay.Case{Call: lifecycle(), Header: "xv2:" + second + ":" + hex64, Secrets: []xpay.Secret{secret()}}
	c.Call.Body = []byte(`{"encryptedData":"` + strings.Repeat("x", 7000) + `"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (xpay.Doctor{Rules: r, Clock: clockAt(instant)}).Diagnose(context.Background(), c); err != nil {
			b.Fatal(err)
		}
	}
}
