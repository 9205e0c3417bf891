package keys

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	throwaway "github.com/vtsim/vtsim/fixtures/keys"
)

// pkcs8 is any private key in PEM.
func pkcs8(key any) []byte {
	GinkgoHelper()
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))})
}

// certificateOver makes a certificate that the key signs for itself.
func certificateOver(key crypto.Signer) []byte {
	GinkgoHelper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func newECKey() *ecdsa.PrivateKey {
	GinkgoHelper()
	return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
}

// secretsOf are strings of a data directory that no error may show.
func secretsOf(dir string) []string {
	var secrets []string
	d, err := LoadDirectory(dir, settings())
	Expect(err).NotTo(HaveOccurred())
	for _, issuer := range d.Issuers {
		secrets = append(secrets, issuer.Credentials.APIKey, issuer.Credentials.SharedSecret)
		for _, card := range issuer.Profile.Cards {
			secrets = append(secrets, card.PAN)
		}
	}
	for name, data := range contents(dir) {
		if !strings.HasSuffix(name, keySuffix) {
			continue
		}
		for _, line := range strings.Split(strings.TrimSpace(data), "\n") {
			if len(line) > 20 && !strings.HasPrefix(line, "-----") && !strings.HasPrefix(line, "TEST ONLY") {
				secrets = append(secrets, line)
			}
		}
	}
	return secrets
}

var _ = Describe("A damaged data directory", func() {
	const (
		serverKey   = "pki/server.key"
		serverCrt   = "pki/server.crt"
		signingKey  = "visa/signing.key"
		credentials = "issuers/demo-bank/credentials.yaml"
		profile     = "issuers/demo-bank/issuer.yaml"
	)
	replaced := func(name, with string) func(string) {
		return func(dir string) { write(dir, name, []byte(with)) }
	}
	edited := func(name, from, to string) func(string) {
		return func(dir string) {
			data := read(dir, name)
			Expect(string(data)).To(ContainSubstring(from))
			write(dir, name, bytes.Replace(data, []byte(from), []byte(to), 1))
		}
	}
	copied := func(from, to string) func(string) {
		return func(dir string) { write(dir, to, read(dir, from)) }
	}
	removed := func(name string) func(string) {
		return func(dir string) { Expect(os.RemoveAll(filepath.Join(dir, name))).To(Succeed()) }
	}

	// Each error is one line that starts with the file and names what is wrong
	// and what to do.
	DescribeTable("is explained in one line without secrets", func(damage func(string), file string, parts ...string) {
		dir := throwAwayCopy()
		secrets := secretsOf(dir)
		damage(dir)
		_, err := LoadDirectory(dir, settings())
		var problem *Problem
		Expect(errors.As(err, &problem)).To(BeTrue(), "%v", err)
		message := err.Error()
		Expect(message).To(HavePrefix(filepath.Join(dir, file)+":"), message)
		for _, part := range parts {
			Expect(message).To(ContainSubstring(part))
		}
		Expect(message).NotTo(ContainSubstring("\n"))
		for _, secret := range secrets {
			Expect(message).NotTo(ContainSubstring(secret))
		}
	},
		Entry("no root", removed("pki/ca.crt"), "pki/ca.crt", "is missing", "vtsim init"),
		Entry("no server key", removed(serverKey), serverKey, "is missing", "vtsim keys rotate pki/server"),
		Entry("no Visa certificate", removed("visa/encryption.crt"), "visa/encryption.crt", "is missing", "rotate visa/encryption"),
		Entry("no issuer certificate", removed("issuers/demo-bank/signing.crt"), "issuers/demo-bank/signing.crt", "is missing", "rotate issuers/demo-bank/signing"),
		Entry("no profile", removed(profile), profile, "is missing"),
		Entry("no credentials", removed(credentials), credentials, "is missing"),
		Entry("no vault key", removed("vault.key"), "vault.key", "is missing"),
		Entry("a folder instead of a file", func(dir string) {
			removed(serverKey)(dir)
			Expect(os.Mkdir(filepath.Join(dir, serverKey), 0o700)).To(Succeed())
		}, serverKey, "cannot be read"),

		Entry("an empty key", replaced(serverKey, ""), serverKey, "is empty"),
		Entry("a key that is no PEM", replaced(serverKey, "hello"), serverKey, "is not PEM", "rotate pki/server"),
		Entry("a key in DER", func(dir string) {
			block, _ := pem.Decode(read(dir, serverKey))
			write(dir, serverKey, block.Bytes)
		}, serverKey, "binary DER", "openssl"),
		Entry("a key with a damaged line", edited(serverKey, "MII", "M*I"), serverKey, "damaged PEM"),
		Entry("a key that is cut off", func(dir string) {
			data := read(dir, serverKey)
			write(dir, serverKey, data[:len(data)/2])
		}, serverKey, "damaged PEM"),
		Entry("PEM around nonsense", replaced(serverKey, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), serverKey, "cannot be decoded"),
		Entry("a certificate in a key's place", copied(serverCrt, serverKey), serverKey, `type "CERTIFICATE" where PRIVATE KEY belongs`),
		Entry("a key in a certificate's place", copied(serverKey, serverCrt), serverCrt, `type "PRIVATE KEY" where CERTIFICATE belongs`),
		Entry("a key and a certificate in one file", func(dir string) {
			write(dir, serverKey, append(read(dir, serverKey), read(dir, serverCrt)...))
		}, serverKey, "2 PEM blocks"),
		Entry("an encrypted PKCS#8 key", replaced(serverKey, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), serverKey, "encrypted", "openssl pkcs8"),
		Entry("an encrypted PKCS#1 key", replaced(signingKey, "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"), signingKey, "encrypted", "openssl pkcs8"),
		Entry("an EC key in PKCS#8", func(dir string) { write(dir, signingKey, pkcs8(newECKey())) }, signingKey, "holds an EC key where an RSA key belongs"),
		Entry("an EC key in SEC 1", replaced(signingKey, "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"), signingKey, "holds an EC key"),
		Entry("an Ed25519 key", func(dir string) {
			_, key, err := ed25519.GenerateKey(rand.Reader)
			Expect(err).NotTo(HaveOccurred())
			write(dir, signingKey, pkcs8(key))
		}, signingKey, "holds an Ed25519 key"),
		Entry("a short RSA key (p.40)", func(dir string) { write(dir, signingKey, pkcs8(must(rsa.GenerateKey(rand.Reader, 1024)))) },
			signingKey, "1024 bits", "at least 2048"),

		Entry("a certificate over an EC key", func(dir string) { write(dir, "visa/signing.crt", certificateOver(newECKey())) }, "visa/signing.crt", "holds an EC key"),
		Entry("a certificate of nonsense", replaced(serverCrt, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), serverCrt, "certificate that cannot be decoded"),
		Entry("the certificate of another key", copied("visa/encryption.crt", "visa/signing.crt"), "visa/signing.crt", "does not belong to the private key in", "visa/signing.key"),
		Entry("a leaf as root", func(dir string) {
			copied(serverCrt, "pki/ca.crt")(dir)
			copied(serverKey, "pki/ca.key")(dir)
		}, "pki/ca.crt", "CA:FALSE"),
		Entry("a client certificate for the server", func(dir string) {
			copied("pki/client.crt", serverCrt)(dir)
			copied("pki/client.key", serverKey)(dir)
		}, serverCrt, "serverAuth"),
		Entry("a server certificate for the client", func(dir string) {
			copied(serverCrt, "pki/client.crt")(dir)
			copied(serverKey, "pki/client.key")(dir)
		}, "pki/client.crt", "clientAuth"),
		Entry("an encryption certificate for signatures", func(dir string) {
			copied("visa/encryption.crt", "visa/signing.crt")(dir)
			copied("visa/encryption.key", "visa/signing.key")(dir)
		}, "visa/signing.crt", "digitalSignature"),
		Entry("a signing certificate for encryption", func(dir string) {
			copied("visa/signing.crt", "visa/encryption.crt")(dir)
			copied("visa/signing.key", "visa/encryption.key")(dir)
		}, "visa/encryption.crt", "keyEncipherment"),
		Entry("another root than signed the rest", func(dir string) {
			ca := must(newAuthority(context.Background(), must(settings().ready())))
			write(dir, "pki/ca.crt", encodeCertificates(ca.Certificate))
			write(dir, "pki/ca.key", must(encodeKey(ca.Key)))
		}, serverCrt, "signed by another dev root"),

		Entry("a vault key of 16 bytes", replaced("vault.key", "AAAAAAAAAAAAAAAAAAAAAA==\n"), "vault.key", "16 bytes where 32 belong"),
		Entry("a vault key that is no Base64", replaced("vault.key", "***\n"), "vault.key", "not Base64"),

		Entry("empty credentials", replaced(credentials, ""), credentials, "is empty"),
		Entry("credentials that are no YAML", edited(credentials, "sharedSecret: ", "  sharedSecret: \t- "), credentials, ":4:3: is not YAML"),
		Entry("an unknown key", edited(credentials, "sharedSecret:", "sharedSecrets:"), credentials, `:4:1: unknown key "sharedSecrets"; known here are apiKey, clientID, sharedSecret, signingKeyID`),
		Entry("a missing key", edited(credentials, "clientID:", "# "), credentials, "clientID is missing"),
		Entry("a key twice", edited(credentials, "clientID:", "apiKey:"), credentials, `:5:1: key "apiKey" stands here a second time`),
		Entry("an API key with other characters (p.28)", edited(credentials, `apiKey: "`, `apiKey: "-`), credentials, ":3:9: a key of letters and digits"),
		Entry("an API key that is too long (p.28)", edited(credentials, `apiKey: "`, `apiKey: "`+strings.Repeat("a", 16)), credentials, ":3:9: has 65 characters where at most 64"),
		Entry("a client id that is too long (p.97)", edited(credentials, `clientID: "`, `clientID: "1`), credentials, ":5:11: has 37 characters where at most 36"),
		Entry("a list for a text", edited(credentials, `apiKey: "`, `apiKey: [] #`), credentials, ":3:9: a text belongs here, not a list"),
		Entry("an alias for a text", edited(credentials, `apiKey: "`, "apiKey: &a b\nclientID: *a #"), credentials, ":4:11: a text belongs here, not an alias"),
		Entry("YAML that breaks in the middle of the profile", edited(profile, "  - {role: fraud, ", "  - {role: [fraud, "), profile, ":57:3: is not YAML"),
		Entry("a variable that is not set", edited(credentials, `apiKey: "`, `apiKey: ${VTSIM_KEY} #`), credentials, ":3:9: environment variable VTSIM_KEY is not set"),

		Entry("an unknown key in the profile", edited(profile, "endpoint:", "endpont:"), profile, `unknown key "endpont"`),
		Entry("a profile of another issuer", edited(profile, "demo-bank", "other-bank"), profile, `names the issuer "other-bank" but lies in the folder "demo-bank"`),
		Entry("a PAN that is misspelled", edited(profile, "4000000010000018", "4000000010000081"), profile, "Luhn"),

		Entry("an issuer's folder with a bad name", func(dir string) {
			Expect(os.Mkdir(filepath.Join(dir, "issuers", "My Bank"), 0o700)).To(Succeed())
		}, "issuers/My Bank", "lower-case", "rename"),
		Entry("two issuers with one account range (p.62)", edited("issuers/second-bank/issuer.yaml", `"400000002"`, `"400000001"`), "issuers/second-bank/issuer.yaml", "account range 400000001 as issuer demo-bank"),
		Entry("two issuers with one set of credentials", copied(credentials, "issuers/second-bank/credentials.yaml"), "issuers/second-bank/credentials.yaml", "same apiKey as issuer demo-bank"),
		Entry("two issuers with one client certificate", func(dir string) {
			copied("issuers/demo-bank/client.crt", "issuers/second-bank/client.crt")(dir)
			copied("issuers/demo-bank/client.key", "issuers/second-bank/client.key")(dir)
		}, "issuers/second-bank/client.crt", "same certificate as issuer demo-bank"),
	)

	It("does not quote a secret that YAML takes for an alias", func() {
		dir := throwAwayCopy()
		write(dir, credentials, []byte("apiKey: a\nsharedSecret: *s3cr3t\n"))
		_, err := LoadDirectory(dir, settings())
		Expect(err).To(MatchError(And(ContainSubstring(":2:1: is not YAML: a value that begins with * has to stand in quotes"), Not(ContainSubstring("s3cr3t")))))
	})

	It("says when a certificate has expired, and when it is not valid yet", func() {
		s := settings()
		s.Now = func() time.Time { return time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC) }
		_, err := LoadFS(throwaway.TestOnly(), s)
		Expect(err).To(MatchError(And(ContainSubstring("ca.crt: expired on 2055-12-25 00:00:00 UTC"), ContainSubstring("vtsim init"))))
		s.Now = func() time.Time { return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) }
		_, err = LoadFS(throwaway.TestOnly(), s)
		Expect(err).To(MatchError(And(ContainSubstring("ca.crt: is not valid before 2025-12-31"), ContainSubstring("clock"))))
	})

	It("reads files that carry text around PEM, as openssl writes them", func() {
		dir := throwAwayCopy()
		write(dir, serverCrt, append([]byte("Certificate:\n    Data: ...\n"), read(dir, serverCrt)...))
		_, err := LoadDirectory(dir, settings())
		Expect(err).NotTo(HaveOccurred())
	})

	It("takes PKCS#1 keys too", func() {
		dir := throwAwayCopy()
		key, problem := parsePrivateKey(read(dir, signingKey), 2048)
		Expect(problem).To(BeNil())
		write(dir, signingKey, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
		d, err := LoadDirectory(dir, settings())
		Expect(err).NotTo(HaveOccurred())
		Expect(d.VisaSigning.Key.Equal(key)).To(BeTrue())
	})

	It("needs no private keys of issuers, as real ones keep theirs", func() {
		dir := throwAwayCopy()
		for _, name := range []string{"encryption", "signing", "client", "server"} {
			removed("issuers/demo-bank/" + name + ".key")(dir)
		}
		d, err := LoadDirectory(dir, settings())
		Expect(err).NotTo(HaveOccurred())
		Expect(d.Issuers["demo-bank"].Signing.Key).To(BeNil())
		Expect(d.Issuers["demo-bank"].Client.TLS().PrivateKey).To(BeNil())
	})
})
