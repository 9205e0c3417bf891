package keys

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Rotation", func() {
	ctx := context.Background()

	DescribeTable("makes a new key with a new id and keeps the old one", func(what string) {
		dir := throwAwayCopy()
		s := settings()
		oldKey, oldCertificate := read(dir, what+".key"), read(dir, what+".crt")
		before := must(LoadDirectory(dir, s))
		r, err := Rotate(ctx, dir, what, s)
		Expect(err).NotTo(HaveOccurred())
		Expect(read(dir, what+".key.previous-20260301T120000Z")).To(Equal(oldKey))
		Expect(read(dir, what+".crt.previous-20260301T120000Z")).To(Equal(oldCertificate))
		Expect(must(os.Stat(filepath.Join(dir, what+".key.previous-20260301T120000Z"))).Mode().Perm()).To(Equal(modePrivate))
		Expect(r.Files).To(ContainElements(what+".key", what+".crt"))
		Expect(r.Previous).To(HaveLen(len(r.Files)))
		old, problem := parseCertificates(oldCertificate, 2048)
		Expect(problem).To(BeNil())
		renewed, problem := parseCertificates(read(dir, what+".crt"), 2048)
		Expect(problem).To(BeNil())
		Expect(KeyID(KeyPair{Certificate: renewed[0]}.Public())).To(Equal(r.KeyID))
		Expect(r.KeyID).NotTo(Equal(KeyID(KeyPair{Certificate: old[0]}.Public())))
		Expect(renewed[0].Subject.String()).To(Equal(old[0].Subject.String()))
		Expect(hostsOf(renewed[0])).To(Equal(hostsOf(old[0])))
		after := must(LoadDirectory(dir, s))
		Expect(after.CA.Certificate).To(Equal(before.CA.Certificate))
	},
		Entry(nil, "pki/server"), Entry(nil, "pki/client"), Entry(nil, "visa/encryption"), Entry(nil, "visa/signing"),
		Entry(nil, "issuers/demo-bank/encryption"), Entry(nil, "issuers/demo-bank/signing"),
		Entry(nil, "issuers/demo-bank/client"), Entry(nil, "issuers/demo-bank/server"),
	)

	It("names an issuer's new signing key in its credentials (p.43) and touches nothing else there", func() {
		dir := throwAwayCopy()
		s := settings()
		before := must(LoadDirectory(dir, s)).Issuers["demo-bank"].Credentials
		r := must(Rotate(ctx, dir, "issuers/demo-bank/signing", s))
		after := must(LoadDirectory(dir, s)).Issuers["demo-bank"]
		Expect(after.Signing.ID).To(Equal(r.KeyID))
		before.SigningKeyID = r.KeyID
		Expect(after.Credentials).To(Equal(before))
		Expect(string(read(dir, "issuers/demo-bank/credentials.yaml"))).To(ContainSubstring("# kid of the issuer's signatures"))
	})

	DescribeTable("renews one credential", func(name string, length int) {
		dir := throwAwayCopy()
		s := settings()
		before := must(LoadDirectory(dir, s)).Issuers["demo-bank"].Credentials
		r := must(Rotate(ctx, dir, "issuers/demo-bank/"+name, s))
		Expect(r.Files).To(Equal([]string{"issuers/demo-bank/credentials.yaml"}))
		after := must(LoadDirectory(dir, s)).Issuers["demo-bank"].Credentials
		changed, same := after.APIKey, after.SharedSecret
		wasChanged, wasSame := before.APIKey, before.SharedSecret
		if name == "sharedSecret" {
			changed, same, wasChanged, wasSame = same, changed, wasSame, wasChanged
		}
		Expect(changed).NotTo(Equal(wasChanged))
		Expect(changed).To(HaveLen(length))
		Expect(same).To(Equal(wasSame))
		Expect(after.ClientID).To(Equal(before.ClientID))
	},
		Entry("the API key, 49 characters", "apiKey", 49),
		Entry("the shared secret", "sharedSecret", 50),
	)

	It("needs no name where there is one issuer, and asks for it where there are more", func() {
		dir := throwAwayCopy()
		_, err := Rotate(ctx, dir, "apiKey", settings())
		Expect(err).To(MatchError(And(ContainSubstring("ambiguous with 3 issuers"), ContainSubstring("demo-bank"))))
		for _, name := range []string{"second-bank", "third-bank"} {
			Expect(os.RemoveAll(filepath.Join(dir, "issuers", name))).To(Succeed())
		}
		Expect(must(Rotate(ctx, dir, "apiKey", settings())).What).To(Equal("issuers/demo-bank/apiKey"))
	})

	It("mends a pair that is damaged or missing", func() {
		for _, what := range []string{"pki/server", "visa/signing", "issuers/demo-bank/server", "issuers/demo-bank/client"} {
			dir := throwAwayCopy()
			write(dir, what+".crt", []byte("damaged"))
			write(dir, what+".key", []byte("damaged"))
			must(Rotate(ctx, dir, what, settings()))
			d := must(LoadDirectory(dir, settings()))
			Expect(d.Server.Leaf.VerifyHostname("127.0.0.1")).To(Succeed())
			issuer := d.Issuers["demo-bank"]
			Expect(issuer.Server.Certificate.VerifyHostname("localhost")).To(Succeed())
			Expect(issuer.Client.Certificate.Subject.CommonName).To(Equal(issuer.Credentials.ClientID))
		}
	})

	DescribeTable("refuses what it can't renew, and changes nothing", func(prepare func(dir string), what string, parts ...string) {
		dir := throwAwayCopy()
		prepare(dir)
		before := contents(dir)
		_, err := Rotate(ctx, dir, what, settings())
		for _, part := range parts {
			Expect(err).To(MatchError(ContainSubstring(part)))
		}
		Expect(contents(dir)).To(Equal(before))
	},
		Entry("the root", func(string) {}, "pki/ca", "pki/ca can't be changed on its own"),
		Entry("something unknown", func(string) {}, "visa/server", `unknown key "visa/server"`, "known are"),
		Entry("an unknown issuer", func(string) {}, "issuers/no-bank/signing", `no issuer "no-bank"`, "known are: demo-bank, second-bank, third-bank"),
		Entry("an unknown issuer's credential", func(string) {}, "issuers/no-bank/apiKey", `no issuer "no-bank"`),
		Entry("a path out of the directory", func(string) {}, "issuers/../signing", "issuer name"),
		Entry("a credential out of the directory", func(string) {}, "issuers/../apiKey", "issuer name"),
		Entry("a credential elsewhere", func(string) {}, "visa/apiKey", `unknown credential "visa/apiKey"`),
		Entry("TLS without the root's key", func(dir string) { _ = os.Remove(filepath.Join(dir, "pki", "ca.key")) }, "pki/server", "ca.key: is missing"),
		Entry("a key that only the issuer has", func(dir string) { _ = os.Remove(filepath.Join(dir, "issuers/demo-bank/signing.key")) },
			"issuers/demo-bank/signing", "the key is the issuer's own", "vtsim keys import issuers/demo-bank/signing"),
		Entry("a credential from the environment", func(dir string) {
			text := string(read(dir, "issuers/demo-bank/credentials.yaml"))
			before, after, _ := strings.Cut(text, `sharedSecret: "`)
			_, after, _ = strings.Cut(after, `"`)
			write(dir, "issuers/demo-bank/credentials.yaml", []byte(before+"sharedSecret: ${SECRET}"+after))
		}, "issuers/demo-bank/sharedSecret", "credentials.yaml:4:15", "variable SECRET is not set"),
	)

	It("leaves a credential alone that comes from the environment", func() {
		dir := throwAwayCopy()
		write(dir, "issuers/demo-bank/credentials.yaml", []byte("apiKey: ${KEY}\nsharedSecret: s\nclientID: c\nsigningKeyID: k\n"))
		s := settings()
		s.LookupEnv = func(name string) (string, bool) { return "abc", name == "KEY" }
		_, err := Rotate(ctx, dir, "issuers/demo-bank/apiKey", s)
		Expect(err).To(MatchError(ContainSubstring(":1:9: apiKey comes from an environment variable; change it there")))
	})
})

var _ = Describe("A certificate signing request", func() {
	parse := func(data []byte) *x509.CertificateRequest {
		GinkgoHelper()
		block, rest := pem.Decode(data)
		Expect(block.Type).To(Equal("CERTIFICATE REQUEST"))
		Expect(rest).To(BeEmpty())
		request := must(x509.ParseCertificateRequest(block.Bytes))
		Expect(request.CheckSignature()).To(Succeed())
		return request
	}

	It("is over the key that is there, with the present names (p.35)", func() {
		dir := throwAwayCopy()
		d := must(LoadDirectory(dir, settings()))
		request := parse(must(CSR(dir, "pki/server", pkix.Name{}, settings())))
		Expect(request.PublicKey).To(Equal(d.Server.Leaf.PublicKey))
		Expect(request.Subject.String()).To(Equal(d.Server.Leaf.Subject.String()))
		Expect(request.DNSNames).To(Equal([]string{"localhost"}))
		Expect(request.IPAddresses).To(HaveLen(2))
	})

	It("has no hosts for a client, also when its certificate can't be read", func() {
		dir := throwAwayCopy()
		write(dir, "pki/client.crt", []byte("damaged"))
		request := parse(must(CSR(dir, "pki/client", pkix.Name{}, settings())))
		Expect(request.Subject.CommonName).To(Equal("vtsim Visa client"))
		Expect(request.DNSNames).To(BeEmpty())
		Expect(request.IPAddresses).To(BeEmpty())
	})

	It("takes another subject", func() {
		subject := must(ParseSubject(`CN=Demo\, Bank, O=Demo,OU=Test,L=Town,ST=State,C=US,serialNumber=7`))
		request := parse(must(CSR(throwAwayCopy(), "issuers/demo-bank/client", subject, settings())))
		Expect(request.Subject.CommonName).To(Equal("Demo, Bank"))
		Expect(request.Subject.Country).To(Equal([]string{"US"}))
		Expect(request.Subject.SerialNumber).To(Equal("7"))
		Expect(request.DNSNames).To(BeEmpty())
	})

	DescribeTable("refuses", func(what, part string) {
		dir := throwAwayCopy()
		Expect(os.Remove(filepath.Join(dir, "issuers/demo-bank/signing.key"))).To(Succeed())
		write(dir, "visa/signing.key", []byte("x"))
		_, err := CSR(dir, what, pkix.Name{}, settings())
		Expect(err).To(MatchError(ContainSubstring(part)))
	},
		Entry("an unknown key", "visa/x", "unknown key"),
		Entry("a key that is not here", "issuers/demo-bank/signing", "the issuer's own"),
		Entry("a broken key", "visa/signing", "signing.key: is not PEM"),
	)

	DescribeTable("refuses a subject", func(text, part string) {
		_, err := ParseSubject(text)
		Expect(err).To(MatchError(ContainSubstring(part)))
	},
		Entry("without attribute", "Demo Bank", "is not ATTRIBUTE=value"),
		Entry("without value", "CN=", "is not ATTRIBUTE=value"),
		Entry("with an unknown attribute", "X=1", `unknown attribute "X"`),
		Entry("that is empty", "", "is not ATTRIBUTE=value"),
	)
})
