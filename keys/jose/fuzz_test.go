package jose_test

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"strings"
	"testing"

	"github.com/vtsim/vtsim/keys/jose"
)

// fuzzSetup gives what the fuzz targets share; it needs no Gomega.
func fuzzSetup(tb testing.TB) (*jose.Envelope, testKeys, vectorFile) {
	tb.Helper()
	rules, err := readRules()
	if err != nil {
		tb.Fatal(err)
	}
	e, err := jose.New(rules, at(noon))
	if err != nil {
		tb.Fatal(err)
	}
	keys, err := readKeys()
	if err != nil {
		tb.Fatal(err)
	}
	file, err := readVectors()
	if err != nil {
		tb.Fatal(err)
	}
	return e, keys, file
}

// checkOpened: whatever comes in, there is a payload or a refusal with all that it must have.
func checkOpened(t *testing.T, opened *jose.Opened, err error) {
	t.Helper()
	if err == nil {
		if opened.SignedBy == "" || opened.OpenedWith == "" || opened.JWE.IssuedAt.IsZero() || opened.Until.IsZero() {
			t.Errorf("opened without %+v", opened)
		}
		return
	}
	var refused *jose.Refused
	if opened != nil || !errors.As(err, &refused) || refused.Layer == "" || refused.Reason == "" || refused.Message == "" {
		t.Errorf("not a whole refusal: %v", err)
		return
	}
	if strings.ContainsAny(err.Error(), "\r\n") || len(err.Error()) > 1000 {
		t.Errorf("the refusal's text is out of hand: %q", err.Error())
	}
}

var fuzzUses = []jose.Use{jose.UseAPI, jose.UsePushCardEnrollment, jose.UseHubPushData, jose.UseHubResults}

func FuzzOpen(f *testing.F) {
	e, keys, file := fuzzSetup(f)
	for i, v := range file.Vectors {
		f.Add(v.Blob, byte(i))
	}
	f.Fuzz(func(t *testing.T, blob string, which byte) {
		use := fuzzUses[int(which)%len(fuzzUses)]
		opened, err := e.Open(use, blob, keys.ring(standardRing(use)))
		checkOpened(t, opened, err)
	})
}

// FuzzOpenSigned puts the bytes where only a signer could put them, behind the signature.
func FuzzOpenSigned(f *testing.F) {
	e, keys, file := fuzzSetup(f)
	for i, v := range file.Vectors {
		if parts, err := split(v.Blob, 3); err == nil {
			f.Add(parts[0], parts[1], byte(i))
		}
	}
	sign := signPSS(rsa.PSSSaltLengthEqualsHash)
	f.Fuzz(func(t *testing.T, head, inner []byte, which byte) {
		use := fuzzUses[int(which)%len(fuzzUses)]
		input := b64(head) + "." + b64(inner)
		signature, err := sign(keys["issuer-signing"].rsa, input)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := e.Open(use, input+"."+b64(signature), keys.ring(standardRing(use)))
		checkOpened(t, opened, err)
	})
}

func FuzzDiagnose(f *testing.F) {
	e, keys, file := fuzzSetup(f)
	for i, v := range file.Vectors {
		f.Add(v.Blob, byte(i))
	}
	known := keys.ring(knownRing())
	f.Fuzz(func(t *testing.T, blob string, which byte) {
		use := fuzzUses[int(which)%len(fuzzUses)]
		d, err := e.Diagnose(jose.Case{Use: use, Blob: blob, Keys: keys.ring(standardRing(use)), Known: known})
		if err != nil {
			t.Fatal(err)
		}
		opened, openErr := e.Open(use, blob, keys.ring(standardRing(use)))
		if (d.Refused == nil) != (openErr == nil) {
			t.Errorf("the doctor and Open disagree: %v, %v", d.Refused, openErr)
		}
		for _, m := range d.Mistakes {
			if m.Explains && opened != nil {
				t.Errorf("%s explains a refusal that is none", m.ID)
			}
		}
		if d.Text() == "" || strings.Contains(d.Text(), "4111111111111111") {
			t.Error("the text is empty or tells too much")
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	e, keys, _ := fuzzSetup(b)
	for _, use := range []jose.Use{jose.UseAPI, jose.UseHubResults} {
		b.Run(string(use), func(b *testing.B) {
			how := sealing(keys, use)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Seal(use, pan, how); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	e, keys, _ := fuzzSetup(b)
	for _, use := range []jose.Use{jose.UseAPI, jose.UseHubResults} {
		b.Run(string(use), func(b *testing.B) {
			blob, err := e.Seal(use, pan, sealing(keys, use))
			if err != nil {
				b.Fatal(err)
			}
			ring := keys.ring(standardRing(use))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Open(use, blob, ring); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDiagnose(b *testing.B) {
	e, keys, _ := fuzzSetup(b)
	forged := newForge(keys, jose.UseAPI, noon)
	forged.wrap = wrapOAEP("unknown-encryption", crypto.SHA256, crypto.SHA256)
	c := jose.Case{Use: jose.UseAPI, Blob: forged.blob(), Keys: keys.ring(standardRing(jose.UseAPI)), Known: keys.ring(knownRing())}
	for b.Loop() {
		if _, err := e.Diagnose(c); err != nil {
			b.Fatal(err)
		}
	}
}
