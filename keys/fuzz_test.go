package keys

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/vtsim/vtsim/fixtures"
	throwaway "github.com/vtsim/vtsim/fixtures/keys"
)

// fuzzSettings resolve no variable and need no clock.
func fuzzSettings() Settings {
	return Settings{Facts: facts(), LookupEnv: func(string) (string, bool) { return "", false }}
}

func seed(f *testing.F, names ...string) {
	f.Helper()
	for _, name := range names {
		data, err := fs.ReadFile(throwaway.TestOnly(), name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
}

// checkError demands what every error of a parser promises.
func checkError(t *testing.T, err error) {
	t.Helper()
	var problem *Problem
	if !errors.As(err, &problem) {
		t.Fatalf("not a *Problem: %v", err)
	}
	if problem.What == "" || strings.ContainsAny(err.Error(), "\r\n") {
		t.Fatalf("not one clear line: %q", err)
	}
}

func FuzzPrivateKey(f *testing.F) {
	seed(f, "visa/signing.key", "visa/signing.crt")
	f.Add([]byte("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, problem := parsePrivateKey(data, 2048)
		if problem != nil {
			checkError(t, problem.in("file"))
			return
		}
		if key.N.BitLen() < 2048 {
			t.Fatalf("accepted a key of %d bits", key.N.BitLen())
		}
	})
}

func FuzzCertificates(f *testing.F) {
	seed(f, "pki/server.crt", "pki/server.key")
	f.Fuzz(func(t *testing.T, data []byte) {
		certificates, problem := parseCertificates(data, 2048)
		if problem != nil {
			checkError(t, problem.in("file"))
			return
		}
		if len(certificates) == 0 || (KeyPair{Certificate: certificates[0]}).Public() == nil {
			t.Fatal("accepted without an RSA key")
		}
	})
}

func FuzzCredentials(f *testing.F) {
	seed(f, "issuers/demo-bank/credentials.yaml")
	f.Add([]byte("apiKey: ${A}\nsharedSecret: $${\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCredentials(data, "credentials.yaml", fuzzSettings())
		if err != nil {
			checkError(t, err)
			return
		}
		s, err := fuzzSettings().ready()
		if err != nil {
			t.Fatal(err)
		}
		changed, err := changeCredential(data, "credentials.yaml", whatSharedSecret, "n3w", s)
		if err != nil {
			checkError(t, err)
			return
		}
		after, err := ParseCredentials(changed, "credentials.yaml", fuzzSettings())
		if err != nil {
			t.Fatalf("the changed file can't be read: %v\n%s", err, changed)
		}
		if c.SharedSecret = "n3w"; after != c {
			t.Fatalf("more than the secret has changed:\n%s", changed)
		}
	})
}

func FuzzProfile(f *testing.F) {
	seed(f, "issuers/demo-bank/issuer.yaml")
	f.Add([]byte(strings.NewReplacer("${ENDPOINT}", "https://a", "${KEY}", "k").Replace(fullProfile)))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseProfile(data, "issuer.yaml", fuzzSettings())
		if err != nil {
			checkError(t, err)
			return
		}
		if CheckName(p.Name) != nil || p.Host() == "" {
			t.Fatalf("accepted a profile that can't be called: %q %q", p.Name, p.Endpoint)
		}
		for _, card := range p.Cards {
			if !fixtures.Luhn(card.PAN) {
				t.Fatal("accepted a PAN with a wrong check digit")
			}
		}
	})
}

func FuzzSubject(f *testing.F) {
	f.Add(`CN=Demo\, Bank,O=Demo,C=US`)
	f.Fuzz(func(t *testing.T, text string) {
		name, err := ParseSubject(text)
		if err == nil && len(name.ToRDNSequence()) == 0 {
			t.Fatalf("accepted %q as a subject without attributes", text)
		}
	})
}
