package jose

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	gojose "github.com/go-jose/go-jose/v4"
)

// Opened is an accepted envelope.
type Opened struct {
	// Payload is the decrypted text, as it was sent.
	Payload []byte
	// JWE and JWS are what the two headers say.
	JWE, JWS Header
	// Until is the instant up to which the envelope is good: iat plus the time to live, or exp if that is earlier.
	Until time.Time
	// OpenedWith and SignedBy are the labels of the keys that fitted.
	OpenedWith, SignedBy string
	// Warnings lists what was accepted though it is not as it should be.
	Warnings []Warning
}

// Open checks an envelope and gives back what is inside. Every error is a *Refused: the first layer that is wrong.
func (e *Envelope) Open(use Use, blob string, keys Keyring) (*Opened, error) {
	opened, refused := e.open(use, blob, keys, e.now())
	if refused != nil {
		return nil, refused
	}
	return opened, nil
}

// opening is one envelope on its way through the layers.
type opening struct {
	profile
	rules Rules
	keys  Keyring
	now   time.Time
	blob  string

	jws       headerCheck
	jwe       headerCheck
	signature []byte
	verifiers []VerificationKey
	openers   []DecryptionKey
	inner     string
	// encrypted is the wrapped content key.
	encrypted, iv, tag []byte

	opened Opened
}

func (e *Envelope) open(use Use, blob string, keys Keyring, now time.Time) (*Opened, *Refused) {
	p, refused := e.rules.profile(use)
	if refused != nil {
		return nil, refused
	}
	o := &opening{profile: p, rules: e.rules, keys: keys, now: now, blob: blob}
	o.jws = headerCheck{rules: e.rules, what: "JWS header", layer: LayerJWSHeader, cite: page(p.suite.JWSPage)}
	o.jwe = headerCheck{rules: e.rules, what: "JWE header", layer: LayerJWEHeader, cite: page(p.suite.JWEPage)}
	for _, step := range []func() *Refused{
		o.bound, o.takeJWSApart, o.checkJWSHeader, o.verify, o.takeJWEApart, o.checkJWEHeader, o.checkLengths, o.checkTime, o.checkParties, o.decrypt,
	} {
		if refused := step(); refused != nil {
			return nil, refused
		}
	}
	return &o.opened, nil
}

func (o *opening) warn(id WarningID, format string, a ...any) {
	o.opened.Warnings = append(o.opened.Warnings, Warning{id, fmt.Sprintf(format, a...)})
}

func (o *opening) bound() *Refused {
	switch {
	case o.blob == "":
		return refuse(LayerSize, ReasonEmpty, "the blob is empty").citing(pages(o.pages))
	case len(o.blob) > o.maxLength:
		return refuse(LayerSize, ReasonTooLong, "the blob has %d bytes where at most %d are allowed: send a smaller payload", len(o.blob), o.maxLength).citing(pages(o.pages))
	}
	return nil
}

func (o *opening) takeJWSApart() *Refused {
	const layer = LayerJWSStructure
	if looksJSON(o.blob) {
		return refuse(layer, ReasonJSONSerialisation, "the blob is a JSON object: use compact serialisation").citing(pages(o.pages))
	}
	if at := foreign(o.blob); at >= 0 {
		return refuse(layer, ReasonNotBase64URL, "%s", foreignText(o.blob, at)).citing(pages(o.pages))
	}
	parts := strings.Split(o.blob, separator)
	switch len(parts) {
	case jwsParts:
	case jweParts:
		if saysSigned(parts[0]) {
			return refuse(layer, ReasonSignedThenEncrypted, "the blob is a JWE with a JWS inside: encrypt first, then sign what comes out").citing(o.jws.cite)
		}
		return refuse(layer, ReasonNotSigned, "the blob is a JWE (five parts) without a signature around it: sign it as the payload of a JWS").citing(o.jws.cite)
	default:
		return refuse(layer, ReasonPartCount, "the blob has %d parts where a JWS has %d: it was cut, or is no JWS in compact serialisation",
			len(parts), jwsParts).citing(pages(o.pages))
	}
	decoded, refused := decodeParts(layer, parts, []string{"JWS header", "JWS payload", "JWS signature"})
	if refused != nil {
		return refused.citing(pages(o.pages))
	}
	o.inner, o.signature = string(decoded[1]), decoded[2]
	return o.jws.parse(decoded[0])
}

// saysSigned reports whether a JWE header announces a JWS inside (RFC 7516 section 4.1.12).
func saysSigned(segment string) bool {
	raw, err := strict.DecodeString(segment)
	if err != nil {
		return false
	}
	header, err := parseMembers(raw)
	if err != nil {
		return false
	}
	content, _, _ := header.text(memberContentType)
	return strings.EqualFold(content, "JWS") || strings.EqualFold(content, "JWT")
}

func (o *opening) checkJWSHeader() *Refused {
	h := o.jws
	if refused := h.exactly(memberAlgorithm, o.suite.Signature, true, ReasonAlgorithm); refused != nil {
		return refused
	}
	if h.has(memberB64) {
		// go-jose obeys b64 even without crit, which RFC 7797 section 6 forbids.
		return h.refuse(ReasonUnencodedPayload, "%s changes what is signed: leave it out and encode the payload", memberB64)
	}
	if refused := h.exactly(memberType, o.rules.Type, false, ReasonType); refused != nil {
		return refused
	}
	if refused := h.exactly(memberContentType, o.rules.ContentType, false, ReasonContentType); refused != nil {
		return refused
	}
	id, refused := h.keyID()
	if refused != nil {
		return refused
	}
	verifiers, fellBack := o.keys.verificationKeys(id, o.rules.UnknownKeyIDFallsBack)
	if len(verifiers) == 0 {
		return h.unknownKeyID(id, len(o.keys.Verification))
	}
	if fellBack {
		o.warn(WarningKeyIDFellBack, "JWS header: kid %s is not known; the default key was used", showID(id))
	}
	facts, warnings := h.facts()
	o.verifiers, o.opened.JWS = verifiers, facts
	o.opened.Warnings = append(o.opened.Warnings, warnings...)
	return nil
}

// pssVerifier is PS256 with the salt as long as the hash (RFC 7518 section 3.5); go-jose alone takes salts of any length.
type pssVerifier struct{ key *rsa.PublicKey }

// VerifyPayload implements go-jose's OpaqueVerifier.
func (v pssVerifier) VerifyPayload(payload, signature []byte, alg gojose.SignatureAlgorithm) error {
	if alg != gojose.PS256 {
		return gojose.ErrUnsupportedAlgorithm
	}
	sum := sha256.Sum256(payload)
	return rsa.VerifyPSS(v.key, crypto.SHA256, sum[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
}

func (o *opening) verify() *Refused {
	signed, err := gojose.ParseSignedCompact(o.blob, []gojose.SignatureAlgorithm{gojose.SignatureAlgorithm(o.suite.Signature)})
	if err != nil {
		// Everything else was checked; what remains is a broken jwk or x5c, or a name twice inside one.
		return o.jws.refuse(ReasonHeaderMalformed, "a member that carries a key or certificate cannot be read: leave it out")
	}
	for _, key := range o.verifiers {
		if bits, small := o.rules.tooSmall(key.RSA); small {
			return o.rules.weakKey(LayerJWSSignature, quote(key.Label), bits)
		}
		if _, err := signed.Verify(pssVerifier{key.RSA}); err == nil {
			o.opened.SignedBy = key.Label
			return nil
		}
	}
	return refuse(LayerJWSSignature, ReasonSignature, "the signature is not one of the key %s over this header and payload: sign with the key that this kid names, and don't change the blob afterwards",
		quote(o.verifiers[0].Label)).citing(o.jws.cite)
}
