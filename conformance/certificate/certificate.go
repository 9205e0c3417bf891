package certificate

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/vtsim/vtsim/keys"
)

// Type is the typ header: nothing else that the same key may have signed is a
// certificate.
const Type = "vtsim-certificate+jws"

// limit of a certificate in bytes; one is about 2 kB.
const limit = 64 << 10

// algorithms that count; none, HMAC and all others are refused.
var algorithms = []jose.SignatureAlgorithm{jose.PS256}

// Sign certifies a Result document: its bytes as they lie in its file, since
// the digest is of these. The certificate is a JWS in compact form and a
// newline.
func Sign(result []byte, key *rsa.PrivateKey, now time.Time) ([]byte, error) {
	statement, err := statementOf(result, now)
	if err != nil {
		return nil, err
	}
	payload, err := json.Marshal(statement)
	if err != nil {
		return nil, fmt.Errorf("write the statement: %w", err)
	}
	options := (&jose.SignerOptions{}).WithType(Type).WithHeader(jose.HeaderKey("kid"), keys.KeyID(&key.PublicKey))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithms[0], Key: key}, options)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate: %w", err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		return nil, fmt.Errorf("write the certificate: %w", err)
	}
	return append([]byte(compact), '\n'), nil
}

// Verify says what the certificate states about the Result document, or what is
// wrong: the certificate is none, was changed, was signed with another key or
// algorithm, or is about another document.
func Verify(certificate, result []byte, key *rsa.PublicKey) (Statement, error) {
	signed, err := Parse(certificate)
	if err != nil {
		return Statement{}, err
	}
	if kid, want := signed.Signatures[0].Protected.KeyID, keys.KeyID(key); kid != want {
		return Statement{}, fmt.Errorf("the certificate was signed with another key: it names %.80q, the key given is %q", kid, want)
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return Statement{}, errors.New("the certificate's signature does not fit the key: the certificate was changed, or another key signed it")
	}
	statement, err := read(payload)
	if err != nil {
		return Statement{}, err
	}
	is, err := statementOf(result, statement.IssuedAt)
	if err != nil {
		return Statement{}, err
	}
	if is.Result != statement.Result {
		return Statement{}, fmt.Errorf("the result is not the one that was certified: it has %d bytes with SHA-256 %s, the certificate is about %d bytes with %s",
			is.Result.Bytes, is.Result.SHA256, statement.Result.Bytes, statement.Result.SHA256)
	}
	if !same(is, statement) {
		return Statement{}, errors.New("the certificate contradicts the result that it is about; whoever signed it did not use vtsim report certificate")
	}
	return statement, nil
}

// Parse reads a certificate without believing it: one signature, by an
// algorithm that counts, of the right type.
func Parse(certificate []byte) (*jose.JSONWebSignature, error) {
	if len(certificate) > limit {
		return nil, fmt.Errorf("the certificate has %d bytes, more than any has (%d)", len(certificate), limit)
	}
	compact := string(bytes.TrimSpace(certificate))
	if strings.Count(compact, ".") != 2 || strings.ContainsAny(compact, "{ \t\r\n") {
		return nil, errors.New("the certificate is none: want a JWS in compact form, three parts of Base64 with dots between them")
	}
	signed, err := jose.ParseSignedCompact(compact, algorithms)
	var algorithm *jose.ErrUnexpectedSignatureAlgorithm
	switch {
	case errors.As(err, &algorithm):
		return nil, fmt.Errorf("the certificate is signed by algorithm %.40q, only %s counts", algorithm.Got, algorithms[0])
	case err != nil:
		return nil, fmt.Errorf("the certificate can't be read: %w", err)
	case len(signed.Signatures) != 1:
		return nil, errors.New("the certificate has not one signature")
	}
	if typ := signed.Signatures[0].Protected.ExtraHeaders[jose.HeaderType]; typ != Type {
		return nil, fmt.Errorf("the certificate's type is %.80q, want %q", fmt.Sprint(typ), Type)
	}
	return signed, nil
}
