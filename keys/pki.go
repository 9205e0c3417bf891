package keys

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"regexp"
	"slices"
	"time"
)

// Authority is the dev root: it signs Visa's and the issuers' TLS
// certificates in place of VICA3 (p.35).
type Authority struct {
	Certificate *x509.Certificate
	// Key is nil when it was taken away from the data directory; then
	// nothing can be signed any more.
	Key *rsa.PrivateKey
}

// Pool returns the root alone as trust anchor.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate)
	return pool
}

// organization marks every certificate that is made here.
const organization = "vtsim TEST ONLY"

func subject(commonName string) pkix.Name {
	return pkix.Name{CommonName: commonName, Organization: []string{organization}}
}

// order is what a certificate is wanted for.
type order struct {
	kind    Kind
	subject pkix.Name
	// hosts are DNS names and IP addresses, for servers.
	hosts []string
}

// newAuthority makes the dev root.
func newAuthority(ctx context.Context, s Settings) (*Authority, error) {
	key, err := s.Keys.RSA(ctx, s.Facts.RSABits)
	if err != nil {
		return nil, err
	}
	certificate, err := selfSigned(s, key, order{kind: KindAuthority, subject: subject("vtsim dev root CA " + KeyID(&key.PublicKey))})
	if err != nil {
		return nil, err
	}
	return &Authority{Certificate: certificate, Key: key}, nil
}

// selfSigned makes a certificate that key signs for itself.
func selfSigned(s Settings, key *rsa.PrivateKey, o order) (*x509.Certificate, error) {
	template, err := certificateTemplate(s, &key.PublicKey, o)
	if err != nil {
		return nil, err
	}
	return sign(template, template, &key.PublicKey, key)
}

// issue makes a certificate for the public key, signed by the dev root.
func (a *Authority) issue(s Settings, public *rsa.PublicKey, o order) (*x509.Certificate, error) {
	if a.Key == nil {
		return nil, errors.New("the dev root has no private key here, so it can't sign")
	}
	template, err := certificateTemplate(s, public, o)
	if err != nil {
		return nil, err
	}
	return sign(template, a.Certificate, public, a.Key)
}

func sign(template, parent *x509.Certificate, public *rsa.PublicKey, key *rsa.PrivateKey) (*x509.Certificate, error) {
	// PKCS #1 v1.5 signatures take no random numbers.
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate of %s: %w", template.Subject.CommonName, err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read back the certificate of %s: %w", template.Subject.CommonName, err)
	}
	return certificate, nil
}

// backdated lets machines whose clocks lag a little accept a new certificate.
const backdated = 24 * time.Hour

func certificateTemplate(s Settings, public *rsa.PublicKey, o order) (*x509.Certificate, error) {
	serial, err := rand.Int(s.Rand, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("draw a serial number: %w", err)
	}
	now := s.Now().UTC().Truncate(time.Second)
	id := sha1.Sum(x509.MarshalPKCS1PublicKey(public)) // RFC 5280 4.2.1.2, an identifier, not a protection
	certificate := &x509.Certificate{
		SerialNumber:          serial.Add(serial, big.NewInt(1)),
		Subject:               o.subject,
		NotBefore:             now.Add(-backdated),
		NotAfter:              now.Add(s.Validity),
		SignatureAlgorithm:    x509.SHA256WithRSA,
		SubjectKeyId:          id[:],
		BasicConstraintsValid: true,
	}
	switch o.kind {
	case KindAuthority:
		certificate.IsCA = true
		certificate.MaxPathLenZero = true
		certificate.AuthorityKeyId = id[:]
		certificate.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	case KindServer:
		certificate.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
		certificate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		certificate.DNSNames, certificate.IPAddresses = splitHosts(o.hosts)
	case KindClient:
		certificate.KeyUsage = x509.KeyUsageDigitalSignature
		certificate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	case KindEncryption:
		certificate.KeyUsage = x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment
	case KindSigning:
		certificate.KeyUsage = x509.KeyUsageDigitalSignature
	}
	return certificate, nil
}

// loopback are the names under which every server certificate is valid.
var loopback = [...]string{"localhost", "127.0.0.1", "::1"}

var hostName = regexp.MustCompile(`^(?:\*\.)?(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$`)

// serverHosts returns the loopback names and the given ones, each once.
func serverHosts(given ...string) ([]string, error) {
	hosts := slices.Clone(loopback[:])
	for _, host := range given {
		if ip := net.ParseIP(host); ip != nil {
			host = ip.String()
		} else if !hostName.MatchString(host) {
			return nil, fmt.Errorf("host %q is neither a DNS name nor an IP address (no port, no scheme)", host)
		}
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts, nil
}

func splitHosts(hosts []string) (names []string, addresses []net.IP) {
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			addresses = append(addresses, ip)
		} else {
			names = append(names, host)
		}
	}
	return names, addresses
}

// hostsOf returns the names that a server certificate is valid for.
func hostsOf(certificate *x509.Certificate) []string {
	hosts := slices.Clone(certificate.DNSNames)
	for _, ip := range certificate.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	return hosts
}
