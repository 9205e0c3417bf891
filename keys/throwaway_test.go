package keys

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	throwaway "github.com/vtsim/vtsim/fixtures/keys"
)

const (
	throwAwayYears  = 30
	throwAwaySpares = 20
	throwAwayMark   = "TEST ONLY: throw-away key, published with the source code of vtsim\n"
)

// throwAwayStart lies before every clock that is right, so that the set is
// valid on all machines.
var throwAwayStart = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

var newThrowAwayKeys = flag.Bool("new-throw-away-keys", false, "make the embedded throw-away keys of fixtures/keys anew")

// TestThrowAwayKeysAnew is the generator of the embedded set.
func TestThrowAwayKeysAnew(t *testing.T) {
	if !*newThrowAwayKeys {
		t.Skip("run with -new-throw-away-keys to replace the embedded set")
	}
	files, err := throwAwayFiles()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join("..", "fixtures", "keys", "testonly")
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, keySuffix) && name != vaultFile {
			data = append([]byte(throwAwayMark), data...)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func throwAwayFiles() (Files, error) {
	ctx := context.Background()
	s := Settings{
		Facts:    facts(),
		Now:      func() time.Time { return throwAwayStart },
		Validity: throwAwayYears * 365 * 24 * time.Hour,
	}
	names := throwaway.Issuers()
	files, err := InitFiles(ctx, InitOptions{Settings: s, Issuer: names[0]})
	if err != nil {
		return nil, err
	}
	s, _ = s.ready()
	key, problem := parsePrivateKey(files[authoritySlot.keyFile()], s.Facts.RSABits)
	if problem != nil {
		return nil, problem
	}
	root, problem := parseCertificates(files[authoritySlot.certificateFile()], s.Facts.RSABits)
	if problem != nil {
		return nil, problem
	}
	ca := &Authority{Certificate: root[0], Key: key}
	taken := []string{"400000001"}
	for _, name := range names[1:] {
		issuer, err := NewIssuer(ctx, ca, taken, IssuerOptions{Settings: s, Name: name})
		if err != nil {
			return nil, err
		}
		parsed, err := ParseIssuer(name, issuer, ca, s)
		if err != nil {
			return nil, err
		}
		taken = append(taken, parsed.Profile.AccountRanges...)
		for base, data := range issuer {
			files[path.Join(issuersDir, name, base)] = data
		}
	}
	for i := range throwAwaySpares {
		spare, err := s.Keys.RSA(ctx, s.Facts.RSABits)
		if err != nil {
			return nil, err
		}
		if files[fmt.Sprintf("spare/%02d%s", i+1, keySuffix)], err = encodeKey(spare); err != nil {
			return nil, err
		}
	}
	return files, nil
}

var _ = Describe("The embedded throw-away keys", func() {
	var d *Directory

	BeforeEach(func() {
		var err error
		d, err = LoadFS(throwaway.TestOnly(), settings())
		Expect(err).NotTo(HaveOccurred())
	})

	It("are a complete data directory with three issuers", func() {
		Expect(d.Issuers).To(HaveLen(3))
		for _, name := range throwaway.Issuers() {
			issuer := d.Issuers[name]
			Expect(issuer).NotTo(BeNil())
			for _, pair := range []KeyPair{issuer.Encryption, issuer.Signing, issuer.Client, issuer.Server} {
				Expect(pair.Key).NotTo(BeNil())
			}
			connection, err := issuer.Profile.Connect(settings())
			Expect(err).NotTo(HaveOccurred())
			Expect(connection.Credentials).To(Equal(issuer.Credentials))
		}
		Expect(d.AccountRanges()).To(Equal([]string{"400000001", "400000002", "400000003"}))
	})

	It("are good for decades", func() {
		s := settings()
		s.Now = func() time.Time { return now.AddDate(29, 0, 0) }
		_, err := LoadFS(throwaway.TestOnly(), s)
		Expect(err).NotTo(HaveOccurred())
	})

	It("say that they are for tests only", func() {
		for _, certificate := range []KeyPair{d.VisaEncryption, d.VisaSigning, d.Issuers["demo-bank"].Client} {
			Expect(certificate.Certificate.Subject.String()).To(ContainSubstring("TEST ONLY"))
		}
		for name, data := range contents(filepath.Join("..", "fixtures", "keys", "testonly")) {
			if strings.HasSuffix(name, keySuffix) && name != vaultFile {
				Expect(data).To(HavePrefix(throwAwayMark), name)
			}
		}
	})

	It("are all different, the spare ones too", func() {
		seen := map[string]string{}
		for name, data := range contents(filepath.Join("..", "fixtures", "keys", "testonly")) {
			if !strings.HasSuffix(name, keySuffix) || name == vaultFile {
				continue
			}
			key, problem := parsePrivateKey([]byte(data), 2048)
			Expect(problem).To(BeNil(), name)
			id := KeyID(&key.PublicKey)
			Expect(seen).NotTo(HaveKey(id), name)
			seen[id] = name
		}
		Expect(seen).To(HaveLen(5 + 3*4 + throwAwaySpares))
	})
})
