package keys

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	throwaway "github.com/vtsim/vtsim/fixtures/keys"
)

var _ = Describe("The certificates", func() {
	var d *Directory
	var issuer *Issuer

	BeforeEach(func() {
		s := settings()
		d = must(LoadDirectory(directory(s), s))
		issuer = d.Issuers[DefaultIssuer]
	})

	It("are RSA 2048 with SHA-256 and have key ids (p.40)", func() {
		for _, c := range []*x509.Certificate{
			d.CA.Certificate, d.Server.Leaf, d.Client.Leaf, d.VisaEncryption.Certificate, d.VisaSigning.Certificate,
			issuer.Encryption.Certificate, issuer.Signing.Certificate, issuer.Client.Certificate, issuer.Server.Certificate,
		} {
			Expect(c.SignatureAlgorithm).To(Equal(x509.SHA256WithRSA))
			Expect(KeyPair{Certificate: c}.Public().N.BitLen()).To(Equal(2048))
			Expect(c.SubjectKeyId).To(HaveLen(20))
			Expect(c.SerialNumber.Sign()).To(Equal(1))
			Expect(c.Subject.Organization).To(Equal([]string{"vtsim TEST ONLY"}))
			Expect(c.NotBefore).To(Equal(now.Add(-24 * time.Hour)))
			Expect(c.NotAfter).To(Equal(now.Add(10 * 365 * 24 * time.Hour)))
		}
	})

	It("hang on a root that may sign leaves only (p.35)", func() {
		ca := d.CA.Certificate
		Expect(ca.IsCA && ca.BasicConstraintsValid && ca.MaxPathLenZero).To(BeTrue())
		Expect(ca.KeyUsage).To(Equal(x509.KeyUsageCertSign | x509.KeyUsageCRLSign))
		for _, leaf := range []*x509.Certificate{d.Server.Leaf, d.Client.Leaf, issuer.Client.Certificate, issuer.Server.Certificate} {
			Expect(leaf.CheckSignatureFrom(ca)).To(Succeed())
			Expect(leaf.AuthorityKeyId).To(Equal(ca.SubjectKeyId))
			Expect(leaf.IsCA).To(BeFalse())
		}
	})

	It("serve one side of mutual TLS each (p.36)", func() {
		for _, server := range []*x509.Certificate{d.Server.Leaf, issuer.Server.Certificate} {
			Expect(server.ExtKeyUsage).To(Equal([]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}))
			for _, host := range []string{"localhost", "127.0.0.1", "::1"} {
				Expect(server.VerifyHostname(host)).To(Succeed())
			}
			Expect(server.VerifyHostname("elsewhere.test")).NotTo(Succeed())
		}
		for _, client := range []*x509.Certificate{d.Client.Leaf, issuer.Client.Certificate} {
			Expect(client.ExtKeyUsage).To(Equal([]x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}))
		}
		Expect(issuer.Client.Certificate.Subject.CommonName).To(Equal(issuer.Credentials.ClientID))
	})

	It("sign themselves for encryption and signature (p.34)", func() {
		for _, pair := range []KeyPair{d.VisaEncryption, d.VisaSigning, issuer.Encryption, issuer.Signing} {
			c := pair.Certificate
			Expect(c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature)).To(Succeed())
			Expect(c.Issuer.String()).To(Equal(c.Subject.String()))
			Expect(c.IsCA).To(BeFalse())
		}
		Expect(d.VisaEncryption.Certificate.KeyUsage & x509.KeyUsageKeyEncipherment).NotTo(BeZero())
		Expect(issuer.Signing.Certificate.KeyUsage).To(Equal(x509.KeyUsageDigitalSignature))
	})

	It("name keys by eight upper-case hex digits that follow the key (p.43)", func() {
		Expect(issuer.Signing.ID).To(MatchRegexp(`^[0-9A-F]{8}$`))
		Expect(issuer.Signing.ID).To(Equal(issuer.Credentials.SigningKeyID))
		Expect(d.VisaSigning.ID).To(Equal(KeyID(&d.VisaSigning.Key.PublicKey)))
		Expect(d.VisaSigning.ID).NotTo(Equal(d.VisaEncryption.ID))
	})
})

// handshake runs both sides of a TLS connection over loopback and returns
// what each says about it, after one byte has gone either way.
func handshake(server, client *tls.Config) (serverErr, clientErr error) {
	GinkgoHelper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	done := make(chan error, 1)
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			done <- err
			return
		}
		defer connection.Close()
		secured := tls.Server(connection, server)
		if err := secured.HandshakeContext(context.Background()); err != nil {
			done <- err
			return
		}
		_, err = io.CopyN(secured, secured, 1)
		done <- err
	}()
	connection, err := tls.Dial("tcp", listener.Addr().String(), client)
	if err == nil {
		defer connection.Close()
		_, err = connection.Write([]byte{1})
		_, readErr := connection.Read(make([]byte, 1))
		err = errors.Join(err, readErr)
	}
	return <-done, err
}

var _ = Describe("Mutual TLS", func() {
	var visa, other *Directory
	clock := func() time.Time { return now }

	BeforeEach(func() {
		s := settings()
		visa = must(LoadDirectory(directory(s), s))
		other = must(LoadFS(throwaway.TestOnly(), s))
	})

	inbound := func(version uint16) *tls.Config {
		return &tls.Config{Time: clock, Certificates: []tls.Certificate{visa.Server}, ClientCAs: visa.ClientCAs, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: version, MaxVersion: version}
	}
	issuerCalls := func(trust *Authority, shown ...tls.Certificate) *tls.Config {
		return &tls.Config{Time: clock, RootCAs: trust.Pool(), Certificates: shown, MinVersion: tls.VersionTLS12}
	}

	DescribeTable("succeeds from the issuer to Visa and back (pp.35-36)", func(version uint16) {
		issuer := visa.Issuers[DefaultIssuer]
		serverErr, clientErr := handshake(inbound(version), issuerCalls(visa.CA, issuer.Client.TLS()))
		Expect(serverErr).NotTo(HaveOccurred())
		Expect(clientErr).NotTo(HaveOccurred())

		connection := must(issuer.Profile.Connect(settings()))
		outbound := &tls.Config{Time: clock, RootCAs: connection.RootCAs, ServerName: issuer.Profile.Host(), Certificates: []tls.Certificate{*connection.Certificate}}
		endpoint := &tls.Config{Time: clock, Certificates: []tls.Certificate{issuer.Server.TLS()}, ClientCAs: visa.CA.Pool(), ClientAuth: tls.RequireAndVerifyClientCert, MaxVersion: version}
		serverErr, clientErr = handshake(endpoint, outbound)
		Expect(serverErr).NotTo(HaveOccurred())
		Expect(clientErr).NotTo(HaveOccurred())
	},
		Entry("with TLS 1.2", uint16(tls.VersionTLS12)),
		Entry("with TLS 1.3", uint16(tls.VersionTLS13)),
	)

	It("fails without a client certificate (p.35)", func() {
		serverErr, clientErr := handshake(inbound(tls.VersionTLS12), issuerCalls(visa.CA))
		Expect(serverErr).To(MatchError(ContainSubstring("didn't provide a certificate")))
		Expect(clientErr).To(HaveOccurred())
	})

	It("fails with a client certificate of another root", func() {
		shown := other.Issuers[DefaultIssuer].Client.TLS()
		client := issuerCalls(visa.CA)
		client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &shown, nil }
		serverErr, clientErr := handshake(inbound(tls.VersionTLS13), client)
		var unverified *tls.CertificateVerificationError
		Expect(errors.As(serverErr, &unverified)).To(BeTrue(), "%v", serverErr)
		Expect(clientErr).To(HaveOccurred())
	})

	It("fails when the caller trusts another root", func() {
		_, clientErr := handshake(inbound(tls.VersionTLS13), issuerCalls(other.CA, visa.Issuers[DefaultIssuer].Client.TLS()))
		var unverified *tls.CertificateVerificationError
		Expect(errors.As(clientErr, &unverified)).To(BeTrue(), "%v", clientErr)
	})

	It("fails with a server certificate shown as client certificate", func() {
		serverErr, _ := handshake(inbound(tls.VersionTLS13), issuerCalls(visa.CA, visa.Issuers[DefaultIssuer].Server.TLS()))
		Expect(serverErr).To(MatchError(ContainSubstring("incompatible key usage")))
	})
})
