package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"
)

// PEM block types that this package reads or explains.
const (
	blockCertificate = "CERTIFICATE"
	blockPKCS8       = "PRIVATE KEY"
	blockPKCS1       = "RSA PRIVATE KEY"
	blockEncrypted   = "ENCRYPTED PRIVATE KEY"
	blockRequest     = "CERTIFICATE REQUEST"
)

const (
	mendEncrypted = "take the pass phrase off: openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW"
	mendDER       = "convert it: openssl x509 -inform der (or openssl pkey -inform der)"
)

// blocks splits a PEM file. pem.Decode skips blocks that it can't read, so the
// number of BEGIN lines is compared with what came out.
func blocks(data []byte) ([]*pem.Block, *Problem) {
	var found []*pem.Block
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		found = append(found, block)
	}
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, &Problem{What: "is empty where PEM belongs"}
	case bytes.Count(data, []byte("-----BEGIN ")) > len(found):
		return nil, &Problem{What: "holds a damaged PEM block (a line is missing, cut or not Base64)"}
	case len(found) == 0 && data[0] == 0x30:
		return nil, &Problem{What: "is binary DER, not PEM", Mend: mendDER}
	case len(found) == 0:
		return nil, &Problem{What: "is not PEM (no BEGIN line)"}
	}
	return found, nil
}

// parsePrivateKey reads the one RSA private key of a PEM file, PKCS#8 or
// PKCS#1, of at least that many bits.
func parsePrivateKey(data []byte, bits int) (*rsa.PrivateKey, *Problem) {
	found, problem := blocks(data)
	if problem != nil {
		return nil, problem
	}
	first := found[0]
	var key any
	var err error
	switch {
	case first.Type == blockEncrypted || strings.Contains(first.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, &Problem{What: "holds an encrypted private key, which cannot be read without asking for a pass phrase", Mend: mendEncrypted}
	case strings.HasPrefix(first.Type, "EC "):
		return nil, wrongKeyType("EC")
	case first.Type == blockPKCS8:
		key, err = x509.ParsePKCS8PrivateKey(first.Bytes)
	case first.Type == blockPKCS1:
		key, err = x509.ParsePKCS1PrivateKey(first.Bytes)
	default:
		return nil, wrongBlock(first.Type, blockPKCS8)
	}
	if err != nil {
		return nil, &Problem{What: "holds a private key that cannot be decoded (" + oneLine(err.Error()) + ")", Err: err}
	}
	if len(found) > 1 {
		return nil, &Problem{What: fmt.Sprintf("holds %d PEM blocks where one private key belongs", len(found)), Mend: "keep the certificate in a file of its own"}
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return key, checkBits(&key.PublicKey, bits)
	case *ecdsa.PrivateKey:
		return nil, wrongKeyType("EC")
	case ed25519.PrivateKey:
		return nil, wrongKeyType("Ed25519")
	}
	return nil, wrongKeyType("different kind of")
}

// parseCertificates reads a PEM file of certificates: first the one that
// matters, which must have an RSA key of at least that many bits, then what
// signed it, if the file has that.
func parseCertificates(data []byte, bits int) ([]*x509.Certificate, *Problem) {
	found, problem := blocks(data)
	if problem != nil {
		return nil, problem
	}
	certificates := make([]*x509.Certificate, 0, len(found))
	for _, block := range found {
		if block.Type != blockCertificate {
			return nil, wrongBlock(block.Type, blockCertificate)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, &Problem{What: "holds a certificate that cannot be decoded (" + oneLine(err.Error()) + ")", Err: err}
		}
		certificates = append(certificates, certificate)
	}
	switch public := certificates[0].PublicKey.(type) {
	case *rsa.PublicKey:
		if problem := checkBits(public, bits); problem != nil {
			return nil, problem
		}
	case *ecdsa.PublicKey:
		return nil, wrongKeyType("EC")
	case ed25519.PublicKey:
		return nil, wrongKeyType("Ed25519")
	default:
		return nil, wrongKeyType("different kind of")
	}
	return certificates, nil
}

func checkBits(public *rsa.PublicKey, bits int) *Problem {
	if got := public.N.BitLen(); got < bits {
		return &Problem{What: fmt.Sprintf("has an RSA key of %d bits where at least %d are needed", got, bits)}
	}
	return nil
}

func wrongKeyType(kind string) *Problem {
	article := "a"
	if strings.HasPrefix(kind, "E") {
		article = "an"
	}
	return &Problem{What: fmt.Sprintf("holds %s %s key where an RSA key belongs", article, kind)}
}

func wrongBlock(got, want string) *Problem {
	return &Problem{What: fmt.Sprintf("holds a PEM block of type %s where %s belongs", printable(got), want)}
}

// manyDigits may be a PAN that stands in the wrong place.
var manyDigits = regexp.MustCompile(`[0-9]{10,}`)

// printable cuts an unexpected word down to something that can stand in an
// error.
func printable(s string) string {
	const longest = 40
	s = manyDigits.ReplaceAllString(s, "…")
	if len(s) > longest {
		s = s[:longest] + "…"
	}
	return fmt.Sprintf("%q", s)
}

// encodeKey returns the key as PKCS#8 in PEM.
func encodeKey(key *rsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode a private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockPKCS8, Bytes: der}), nil
}

// encodeCertificates returns certificates in PEM, in their order.
func encodeCertificates(certificates ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, certificate := range certificates {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: blockCertificate, Bytes: certificate.Raw}))
	}
	return b.Bytes()
}
