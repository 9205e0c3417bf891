package keys

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Import", func() {
	ctx := context.Background()
	var dir string
	var s Settings
	var foreign *Authority

	BeforeEach(func() {
		dir, s = throwAwayCopy(), must(settings().ready())
		key := must(s.Keys.RSA(ctx, 2048))
		foreign = &Authority{Key: key, Certificate: must(selfSigned(s, key, order{kind: KindAuthority, subject: pkix.Name{CommonName: "VICA3 (not really)"}}))}
	})

	// from makes a pair that a CA elsewhere has signed.
	from := func(kind Kind) (*x509.Certificate, *rsa.PrivateKey) {
		GinkgoHelper()
		key := must(s.Keys.RSA(ctx, 2048))
		return must(foreign.issue(s, &key.PublicKey, order{kind: kind, subject: subject("from elsewhere"), hosts: []string{"issuer.test"}})), key
	}

	It("stores a certificate with its key and keeps what was there", func() {
		old := read(dir, "pki/server.key")
		certificate, key := from(KindServer)
		pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
		r := must(Import(dir, "pki/server", encodeCertificates(certificate, foreign.Certificate), pkcs1, s))
		Expect(r.KeyID).To(Equal(KeyID(&key.PublicKey)))
		Expect(r.Files).To(Equal([]string{"pki/server.crt", "pki/server.key"}))
		Expect(read(dir, "pki/server.key.previous-20260301T120000Z")).To(Equal(old))
		Expect(read(dir, "pki/server.key")).To(HavePrefix("-----BEGIN PRIVATE KEY-----"))
		d := must(LoadDirectory(dir, s))
		Expect(d.Server.Certificate).To(HaveLen(2), "with what signed it")
		Expect(d.Server.Leaf.VerifyHostname("issuer.test")).To(Succeed())
	})

	It("takes the answer to a request without the key (p.35)", func() {
		block, _ := pem.Decode(must(CSR(dir, "pki/client", pkix.Name{}, s)))
		request := must(x509.ParseCertificateRequest(block.Bytes))
		key := read(dir, "pki/client.key")
		certificate := must(foreign.issue(s, request.PublicKey.(*rsa.PublicKey), order{kind: KindClient, subject: request.Subject}))
		r := must(Import(dir, "pki/client", encodeCertificates(certificate), nil, s))
		Expect(r.Files).To(Equal([]string{"pki/client.crt"}))
		Expect(read(dir, "pki/client.key")).To(Equal(key))
		Expect(must(LoadDirectory(dir, s)).Client.Leaf.Equal(certificate)).To(BeTrue())
	})

	It("takes an issuer's certificate alone, puts the key made here aside and renames the signing key", func() {
		old := read(dir, "issuers/demo-bank/signing.key")
		key := must(s.Keys.RSA(ctx, 2048))
		certificate := must(selfSigned(s, key, order{kind: KindSigning, subject: subject("real issuer")}))
		r := must(Import(dir, "issuers/demo-bank/signing", encodeCertificates(certificate), nil, s))
		Expect(contents(dir)).NotTo(HaveKey("issuers/demo-bank/signing.key"))
		Expect(read(dir, "issuers/demo-bank/signing.key.previous-20260301T120000Z")).To(Equal(old))
		issuer := must(LoadDirectory(dir, s)).Issuers["demo-bank"]
		Expect(issuer.Signing.Key).To(BeNil())
		Expect(issuer.Signing.ID).To(Equal(r.KeyID))
		Expect(issuer.Credentials.SigningKeyID).To(Equal(r.KeyID))
	})

	It("keeps the id of a signing key whose certificate alone is renewed", func() {
		write(dir, "issuers/demo-bank/credentials.yaml", []byte("apiKey: a\nsharedSecret: s\nclientID: c\nsigningKeyID: their-own-name\n"))
		issuer := must(LoadDirectory(dir, s)).Issuers["demo-bank"]
		certificate := must(selfSigned(s, issuer.Signing.Key, order{kind: KindSigning, subject: subject("renewed")}))
		must(Import(dir, "issuers/demo-bank/signing", encodeCertificates(certificate), nil, s))
		Expect(must(LoadDirectory(dir, s)).Issuers["demo-bank"].Signing.ID).To(Equal("their-own-name"))
	})

	It("lets an issuer in that shows a certificate of another CA, and only that certificate", func() {
		certificate, key := from(KindClient)
		must(Import(dir, "issuers/demo-bank/client", encodeCertificates(certificate), nil, s))
		d := must(LoadDirectory(dir, s))
		verify := x509.VerifyOptions{Roots: d.ClientCAs, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
		_, err := certificate.Verify(verify)
		Expect(err).NotTo(HaveOccurred())
		Expect(belongs(key, certificate)).To(BeTrue())
		another, _ := from(KindClient)
		_, err = another.Verify(verify)
		Expect(err).To(HaveOccurred())
	})

	DescribeTable("refuses what is not sound and changes nothing", func(what string, material func() (certificate, key []byte), parts ...string) {
		before := contents(dir)
		certificate, key := material()
		_, err := Import(dir, what, certificate, key, s)
		for _, part := range parts {
			Expect(err).To(MatchError(ContainSubstring(part)))
		}
		Expect(err.Error()).NotTo(ContainSubstring("\n"))
		Expect(contents(dir)).To(Equal(before))
	},
		Entry("the root", "pki/ca", func() ([]byte, []byte) { return nil, nil }, "can't be changed on its own"),
		Entry("for an unknown issuer", "issuers/no-bank/client", func() ([]byte, []byte) { return nil, nil }, `no issuer "no-bank"`),
		Entry("nothing", "pki/server", func() ([]byte, []byte) { return nil, nil }, "the certificate for pki/server: is empty"),
		Entry("a key that is none", "pki/server", func() ([]byte, []byte) { return nil, []byte("x") }, "the key for pki/server: is not PEM"),
		Entry("an EC key", "pki/server", func() ([]byte, []byte) { return nil, pkcs8(newECKey()) }, "EC key"),
		Entry("key and certificate of different pairs", "pki/server", func() ([]byte, []byte) {
			certificate, _ := from(KindServer)
			_, key := from(KindServer)
			return encodeCertificates(certificate), must(encodeKey(key))
		}, "the certificate for pki/server: does not belong to the private key"),
		Entry("a certificate of another dev root that is not with it", "pki/server", func() ([]byte, []byte) {
			another := must(newAuthority(ctx, s))
			key := must(s.Keys.RSA(ctx, 2048))
			certificate := must(another.issue(s, &key.PublicKey, order{kind: KindServer}))
			return encodeCertificates(certificate), must(encodeKey(key))
		}, "the certificate for pki/server: was signed by another dev root", "append that root's certificate"),
		Entry("a certificate for another use", "pki/server", func() ([]byte, []byte) {
			certificate, key := from(KindClient)
			return encodeCertificates(certificate), must(encodeKey(key))
		}, "serverAuth"),
		Entry("Visa's certificate without its key", "visa/signing", func() ([]byte, []byte) {
			certificate, _ := from(KindSigning)
			return encodeCertificates(certificate), nil
		}, "does not belong to the private key in", "vtsim keys csr visa/signing"),
	)
})
