package jose

import (
	"strconv"
	"strings"
	"time"

	gojose "github.com/go-jose/go-jose/v4"
)

// Sealing says for whom, by whom and with which optional header members an envelope is made.
type Sealing struct {
	To EncryptionKey
	By SigningKey
	// Issuer becomes iss, Audience aud; required where the use needs them (INT-026), left out when empty.
	Issuer   string
	Audience []string
	// Expires becomes exp as a date-time in UTC with milliseconds; left out when zero (p.41, INT-021).
	Expires time.Time
}

// Seal encrypts a payload, signs the JWE, and returns the blob in compact serialisation. iat is the Envelope's clock as a
// string of seconds (INT-020). Errors are *Refused, with the layer at which Open would refuse what was asked for; a blob
// that the use does not allow for its length is one.
func (e *Envelope) Seal(use Use, payload []byte, how Sealing) (string, error) {
	blob, refused := e.seal(use, payload, how)
	if refused != nil {
		return "", refused
	}
	return blob, nil
}

func (e *Envelope) seal(use Use, payload []byte, how Sealing) (string, *Refused) {
	p, refused := e.rules.profile(use)
	if refused != nil {
		return "", refused
	}
	if refused := e.checkSealing(p, how); refused != nil {
		return "", refused
	}
	issuedAt := strconv.FormatInt(e.now().Unix(), 10)
	inner, err := e.encrypt(p, payload, how, issuedAt)
	if err != nil {
		return "", refuse(LayerJWEKey, ReasonMisconfigured, "go-jose cannot encrypt with the recipient's key: %v", err)
	}
	blob, err := e.sign(p, inner, how.By, issuedAt)
	if err != nil {
		return "", refuse(LayerJWSSignature, ReasonMisconfigured, "go-jose cannot sign with the sender's key: %v", err)
	}
	if len(blob) > p.maxLength {
		return "", refuse(LayerSize, ReasonTooLong, "a payload of %d bytes makes a blob of %d bytes where at most %d are allowed",
			len(payload), len(blob), p.maxLength).citing(pages(p.pages))
	}
	return blob, nil
}

// checkSealing applies Open's own checks to what is about to be sealed.
func (e *Envelope) checkSealing(p profile, how Sealing) *Refused {
	if how.By.RSA == nil || !p.hub && how.To.RSA == nil || p.hub && how.To.Secret.key == "" {
		return refuse(LayerSetup, ReasonMisconfigured, "the sender's or the recipient's key is missing, or of the wrong kind for this use")
	}
	if bits, small := e.rules.tooSmall(&how.By.RSA.PublicKey); small {
		return e.rules.weakKey(LayerJWSSignature, "of the sender", bits)
	}
	if bits, small := e.rules.tooSmall(how.To.RSA); !p.hub && small {
		return e.rules.weakKey(LayerJWEKey, "of the recipient", bits)
	}
	for _, id := range []struct {
		check headerCheck
		value string
	}{
		{headerCheck{rules: e.rules, what: "JWE header", layer: LayerJWEHeader, cite: page(p.suite.JWEPage)}, how.To.ID},
		{headerCheck{rules: e.rules, what: "JWS header", layer: LayerJWSHeader, cite: page(p.suite.JWSPage)}, how.By.ID},
	} {
		id.check.members = textMembers(map[string]string{memberKeyID: id.value})
		if _, refused := id.check.keyID(); refused != nil {
			return refused
		}
	}
	texts := map[string]string{}
	if how.Issuer != "" {
		texts[memberIssuer] = how.Issuer
	}
	if len(how.Audience) > 0 {
		texts[memberAudience] = strings.Join(how.Audience, ",")
	}
	parties := headerCheck{members: textMembers(texts), rules: e.rules, what: "JWE header"}
	if _, refused := parties.issuer(p.parties); refused != nil {
		return refused
	}
	_, _, refused := parties.audience(p.parties, p.maxAudience)
	return refused
}

// encrypt makes the JWE (pp.40-43).
func (e *Envelope) encrypt(p profile, payload []byte, how Sealing, issuedAt string) (string, error) {
	recipient := gojose.Recipient{Algorithm: gojose.KeyAlgorithm(p.suite.KeyAlgorithm), KeyID: how.To.ID, Key: how.To.RSA}
	if p.hub {
		recipient.Key = how.To.Secret.wrapKey()
	}
	options := (&gojose.EncrypterOptions{}).WithType(gojose.ContentType(e.rules.Type)).WithHeader(memberIssuedAt, issuedAt)
	if how.Issuer != "" {
		options = options.WithHeader(memberIssuer, how.Issuer)
	}
	if len(how.Audience) > 0 {
		options = options.WithHeader(memberAudience, strings.Join(how.Audience, ","))
	}
	if !how.Expires.IsZero() {
		options = options.WithHeader(memberExpires, how.Expires.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	encrypter, err := gojose.NewEncrypter(gojose.ContentEncryption(p.suite.Encryption), recipient, options)
	if err != nil {
		return "", err
	}
	sealed, err := encrypter.Encrypt(payload)
	if err != nil {
		return "", err
	}
	return sealed.CompactSerialize()
}

// sign makes the JWS around it (pp.43-44); the hub's has iat too (p.224).
func (e *Envelope) sign(p profile, inner string, by SigningKey, issuedAt string) (string, error) {
	options := (&gojose.SignerOptions{}).WithType(gojose.ContentType(e.rules.Type)).WithContentType(gojose.ContentType(e.rules.ContentType))
	if p.hub {
		options = options.WithHeader(memberIssuedAt, issuedAt)
	}
	key := gojose.SigningKey{Algorithm: gojose.SignatureAlgorithm(p.suite.Signature), Key: gojose.JSONWebKey{Key: by.RSA, KeyID: by.ID}}
	signer, err := gojose.NewSigner(key, options)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign([]byte(inner))
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}
