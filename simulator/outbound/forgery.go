package outbound

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	gojose "github.com/go-jose/go-jose/v4"
)

// What a forged envelope has in the place of the right thing. The algorithms
// are the nearest ones to those that the specification asks for (p.40).
const (
	unknownKeyID = "0F0F0F0F"
	forbiddenAlg = gojose.RSA_OAEP
	forbiddenEnc = gojose.A128GCM
	forbiddenSig = gojose.RS256
)

// Parts of a JWE in compact serialisation.
const (
	partCiphertext = 3
	partTag        = 4
)

// forgery says what is wrong with an envelope; its zero value is a right one.
type forgery struct {
	alg                             gojose.KeyAlgorithm
	signatureAlg                    gojose.SignatureAlgorithm
	enc                             gojose.ContentEncryption
	recipientID, signerID           string
	foreignRecipient, foreignSigner bool
	expired, unsigned, algNone      bool
	alterSignature                  bool
	alterPart                       int
}

// sealing seals with the forgery.
func sealing(f forgery) func(*Client, Target, []byte) (string, error) {
	return func(c *Client, target Target, payload []byte) (string, error) {
		inner, err := f.encrypt(c, target, payload)
		if err != nil || f.unsigned {
			return inner, err
		}
		return f.sign(c, inner)
	}
}

// errForeign says that the corruption needs what the client was not given.
var (
	errForeign       = errors.New("the corruption needs a key that the issuer does not know; give the client one as Foreign")
	errForeignClient = errors.New("the corruption needs a client certificate of an authority that the issuer does not know; give the client one as ForeignClient")
)

func (f forgery) encrypt(c *Client, target Target, payload []byte) (string, error) {
	facts := c.Contract.Tables.Envelope.JOSE
	recipient := gojose.Recipient{Algorithm: gojose.KeyAlgorithm(facts.JWE.Alg), KeyID: target.Encrypt.ID, Key: target.Encrypt.RSA}
	if f.alg != "" {
		recipient.Algorithm = f.alg
	}
	if f.recipientID != "" {
		recipient.KeyID = f.recipientID
	}
	if f.foreignRecipient {
		if c.Foreign == nil {
			return "", errForeign
		}
		recipient.Key = &c.Foreign.PublicKey
	}
	enc := gojose.ContentEncryption(facts.JWE.Enc)
	if f.enc != "" {
		enc = f.enc
	}
	issued := c.Clock.Now()
	if f.expired {
		issued = issued.Add(-facts.TTL() - time.Minute)
	}
	options := (&gojose.EncrypterOptions{}).WithType(gojose.ContentType(facts.Typ)).WithHeader("iat", strconv.FormatInt(issued.Unix(), 10))
	encrypter, err := gojose.NewEncrypter(enc, recipient, options)
	if err != nil {
		return "", fmt.Errorf("forging a JWE: %w", err)
	}
	sealed, err := encrypter.Encrypt(payload)
	if err != nil {
		return "", fmt.Errorf("forging a JWE: %w", err)
	}
	inner, err := sealed.CompactSerialize()
	if err == nil && f.alterPart != 0 {
		inner = altered(inner, f.alterPart)
	}
	return inner, err
}

func (f forgery) sign(c *Client, inner string) (string, error) {
	facts := c.Contract.Tables.Envelope.JOSE
	id, key := c.Signing.ID, c.Signing.RSA
	if f.signerID != "" {
		id = f.signerID
	}
	if f.foreignSigner {
		if key = c.Foreign; key == nil {
			return "", errForeign
		}
	}
	if f.algNone {
		header, err := json.Marshal(map[string]string{"alg": "none", "typ": facts.Typ, "cty": facts.Cty, "kid": id})
		return base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString([]byte(inner)) + ".", err
	}
	alg := facts.JWS.Alg
	if f.signatureAlg != "" {
		alg = string(f.signatureAlg)
	}
	blob, err := signed(key, id, alg, facts.Typ, facts.Cty, inner)
	if err == nil && f.alterSignature {
		blob = altered(blob, 2)
	}
	return blob, err
}

func signed(key *rsa.PrivateKey, id, alg, typ, cty, inner string) (string, error) {
	options := (&gojose.SignerOptions{}).WithType(gojose.ContentType(typ)).WithContentType(gojose.ContentType(cty))
	signer, err := gojose.NewSigner(gojose.SigningKey{Algorithm: gojose.SignatureAlgorithm(alg), Key: gojose.JSONWebKey{Key: key, KeyID: id}}, options)
	if err != nil {
		return "", fmt.Errorf("forging a JWS: %w", err)
	}
	done, err := signer.Sign([]byte(inner))
	if err != nil {
		return "", fmt.Errorf("forging a JWS: %w", err)
	}
	return done.CompactSerialize()
}

// altered changes the first character of a part. All six of its bits count,
// which those of the last may not.
func altered(compact string, part int) string {
	parts := strings.Split(compact, ".")
	first := byte('A')
	if parts[part][0] == first {
		first = 'B'
	}
	parts[part] = string(first) + parts[part][1:]
	return strings.Join(parts, ".")
}
