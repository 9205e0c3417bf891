package keys

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// KeyPair is a certificate with, if it is known here, its private key. Of a
// real issuer only the certificates are known.
type KeyPair struct {
	// ID is the key id (kid) by which envelopes name the key, p.43: for an
	// issuer's signing key what its credentials say, else KeyID.
	ID string
	// Key is nil when only the certificate is known.
	Key *rsa.PrivateKey
	// Certificate holds the public key; Chain what signed it, as far as the
	// file has it.
	Certificate *x509.Certificate
	Chain       []*x509.Certificate
}

// Public returns the certificate's public key.
func (p KeyPair) Public() *rsa.PublicKey {
	public, _ := p.Certificate.PublicKey.(*rsa.PublicKey)
	return public
}

// TLS returns the pair as crypto/tls takes it. Without a private key the
// result can be compared with, but not used in a handshake.
func (p KeyPair) TLS() tls.Certificate {
	certificate := tls.Certificate{Leaf: p.Certificate, Certificate: [][]byte{p.Certificate.Raw}}
	for _, c := range p.Chain {
		certificate.Certificate = append(certificate.Certificate, c.Raw)
	}
	if p.Key != nil {
		certificate.PrivateKey = p.Key
	}
	return certificate
}

// keyIDBytes gives ids of eight hex digits, as they are seen in practice.
const keyIDBytes = 4

// KeyID derives the id of a public key: the first eight hex digits,
// upper-case, of the SHA-256 of its SubjectPublicKeyInfo. A new key has a new
// id; a renewed certificate over the same key keeps it.
func KeyID(public *rsa.PublicKey) string {
	sum := publicSum(public)
	return strings.ToUpper(hex.EncodeToString(sum[:keyIDBytes]))
}

func publicSum(public *rsa.PublicKey) [sha256.Size]byte {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		// An RSA public key always encodes.
		return [sha256.Size]byte{}
	}
	return sha256.Sum256(der)
}

// Fingerprint is the SHA-256 of a certificate as openssl prints it: pairs of
// upper-case hex digits with colons between.
func Fingerprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}

// Kind is what a certificate is for.
type Kind string

// The kinds of key material in a data directory.
const (
	KindAuthority  Kind = "certificate authority"
	KindServer     Kind = "TLS server"
	KindClient     Kind = "TLS client"
	KindEncryption Kind = "encryption"
	KindSigning    Kind = "signing"
)

// fits reports why a certificate can't serve the purpose at that time.
func fits(certificate *x509.Certificate, kind Kind, now time.Time) *Problem {
	const day = "2006-01-02 15:04:05 MST"
	switch {
	case now.After(certificate.NotAfter):
		return &Problem{What: "expired on " + certificate.NotAfter.UTC().Format(day)}
	case now.Before(certificate.NotBefore):
		return &Problem{What: "is not valid before " + certificate.NotBefore.UTC().Format(day), Mend: "compare the clock of this machine"}
	case kind == KindAuthority && !certificate.IsCA:
		return &Problem{What: "is not the certificate of a certificate authority (basic constraints say CA:FALSE)"}
	case kind == KindServer && !allows(certificate, x509.ExtKeyUsageServerAuth):
		return &Problem{What: "does not allow the use as TLS server (extended key usage serverAuth is missing)"}
	case kind == KindClient && !allows(certificate, x509.ExtKeyUsageClientAuth):
		return &Problem{What: "does not allow the use as TLS client (extended key usage clientAuth is missing)"}
	case kind == KindEncryption && certificate.KeyUsage != 0 && certificate.KeyUsage&(x509.KeyUsageKeyEncipherment|x509.KeyUsageDataEncipherment) == 0:
		return &Problem{What: "does not allow encryption (key usage keyEncipherment is missing)"}
	case kind == KindSigning && certificate.KeyUsage != 0 && certificate.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return &Problem{What: "does not allow signatures (key usage digitalSignature is missing)"}
	}
	return nil
}

// allows reports whether the certificate may be used so; one without the
// extension may be used for anything.
func allows(certificate *x509.Certificate, usage x509.ExtKeyUsage) bool {
	if len(certificate.ExtKeyUsage) == 0 && len(certificate.UnknownExtKeyUsage) == 0 {
		return true
	}
	for _, u := range certificate.ExtKeyUsage {
		if u == usage || u == x509.ExtKeyUsageAny {
			return true
		}
	}
	return false
}

// belongs reports whether the key is the one in the certificate.
func belongs(key *rsa.PrivateKey, certificate *x509.Certificate) bool {
	return key.PublicKey.Equal(certificate.PublicKey)
}
