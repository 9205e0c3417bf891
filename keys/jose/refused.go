package jose

import (
	"errors"
	"fmt"
)

// Layer is the step at which an envelope was refused. The steps run in the order of the constants, except that the lengths
// of vector and tag are judged after the header has named the cipher.
type Layer string

const (
	// LayerSetup is a fault of this side's configuration, not of the envelope.
	LayerSetup Layer = "setup"
	// LayerSize is the length of the blob, checked before any work.
	LayerSize Layer = "size"
	// LayerJWSStructure is the taking apart of the outer form.
	LayerJWSStructure Layer = "jws-structure"
	// LayerJWSHeader is the reading of the JWS header and the choice of the verification key.
	LayerJWSHeader Layer = "jws-header"
	// LayerJWSSignature is the verification.
	LayerJWSSignature Layer = "jws-signature"
	// LayerJWEStructure is the taking apart of what was signed.
	LayerJWEStructure Layer = "jwe-structure"
	// LayerJWEHeader is the reading of the JWE header and the choice of the decryption key.
	LayerJWEHeader Layer = "jwe-header"
	// LayerTime is iat and exp against the clock.
	LayerTime Layer = "time"
	// LayerAudience is iss and aud.
	LayerAudience Layer = "audience"
	// LayerJWEKey is the unwrapping of the content encryption key.
	LayerJWEKey Layer = "jwe-key"
	// LayerJWETag is the decryption of the ciphertext and its authentication.
	LayerJWETag Layer = "jwe-tag"
)

// Reason says in one word why an envelope was refused; together with the layer it is unambiguous. Reasons never change
// their meaning.
type Reason string

const (
	// ReasonMisconfigured: rules, keys or use on this side are missing or make no sense.
	ReasonMisconfigured Reason = "misconfigured"
	// ReasonEmpty: there is no blob.
	ReasonEmpty Reason = "empty"
	// ReasonTooLong: the blob is longer than the use allows (INT-028).
	ReasonTooLong Reason = "too-long"
	// ReasonJSONSerialisation: JSON serialisation instead of compact (p.39).
	ReasonJSONSerialisation Reason = "json-serialisation"
	// ReasonNotSigned: the outer form is a JWE.
	ReasonNotSigned Reason = "not-signed"
	// ReasonSignedThenEncrypted: the outer form is a JWE whose header says that a JWS is inside.
	ReasonSignedThenEncrypted Reason = "signed-then-encrypted"
	// ReasonPartCount: neither three parts (JWS) nor five (JWE).
	ReasonPartCount Reason = "part-count"
	// ReasonNotBase64URL: a character outside the unpadded base64url alphabet, or bits that encode nothing (INT-007).
	ReasonNotBase64URL Reason = "not-base64url"
	// ReasonNotEncrypted: what was signed is not a JWE.
	ReasonNotEncrypted Reason = "not-encrypted"
	// ReasonHeaderMalformed: the header is not one JSON object in UTF-8, or go-jose cannot read it.
	ReasonHeaderMalformed Reason = "header-malformed"
	// ReasonHeaderDuplicate: a member name stands twice in a header.
	ReasonHeaderDuplicate Reason = "header-duplicate"
	// ReasonAlgorithm: alg is missing or another than the one of the use.
	ReasonAlgorithm Reason = "algorithm"
	// ReasonEncryption: enc is missing or another than the one of the use.
	ReasonEncryption Reason = "encryption"
	// ReasonCompressed: the header has zip.
	ReasonCompressed Reason = "compressed"
	// ReasonCritical: the header has crit.
	ReasonCritical Reason = "critical"
	// ReasonUnencodedPayload: the JWS header has b64.
	ReasonUnencodedPayload Reason = "unencoded-payload"
	// ReasonType: typ is wrong, or missing where it is required (INT-024).
	ReasonType Reason = "type"
	// ReasonContentType: cty of the JWS header is wrong.
	ReasonContentType Reason = "content-type"
	// ReasonKeyIDMissing: there is no kid.
	ReasonKeyIDMissing Reason = "kid-missing"
	// ReasonKeyIDMalformed: kid is empty, too long or not a string.
	ReasonKeyIDMalformed Reason = "kid-malformed"
	// ReasonKeyIDUnknown: no key of the ring has this kid (INT-025).
	ReasonKeyIDUnknown Reason = "kid-unknown"
	// ReasonWeakKey: the RSA key with this kid is too small.
	ReasonWeakKey Reason = "weak-key"
	// ReasonSignature: the signature is not one of the key with this kid over this header and payload.
	ReasonSignature Reason = "signature"
	// ReasonKeyWrap: iv or tag of the wrapped key are missing or of the wrong length (hub only).
	ReasonKeyWrap Reason = "key-wrap"
	// ReasonIVLength: the initialisation vector is not 96 bits long (p.40).
	ReasonIVLength Reason = "iv-length"
	// ReasonTagLength: the authentication tag is not 128 bits long (INT-022).
	ReasonTagLength Reason = "tag-length"
	// ReasonKeyLength: the encrypted key is not as long as the recipient's key makes it.
	ReasonKeyLength Reason = "key-length"
	// ReasonKey: the encrypted key does not open with the key of this kid, or holds no key of the right size.
	ReasonKey Reason = "key"
	// ReasonTag: key, header, vector, ciphertext and tag do not belong together.
	ReasonTag Reason = "tag"
	// ReasonIssuedAtMissing: there is no iat.
	ReasonIssuedAtMissing Reason = "iat-missing"
	// ReasonIssuedAtMalformed: iat is not a number of seconds or milliseconds (INT-020).
	ReasonIssuedAtMalformed Reason = "iat-malformed"
	// ReasonStale: iat lies further back than the time to live.
	ReasonStale Reason = "stale"
	// ReasonEarly: iat lies further ahead than the allowance.
	ReasonEarly Reason = "early"
	// ReasonExpiresMalformed: exp is neither a date-time nor a number (INT-021).
	ReasonExpiresMalformed Reason = "exp-malformed"
	// ReasonExpiresBeforeIssued: exp lies before iat.
	ReasonExpiresBeforeIssued Reason = "exp-before-iat"
	// ReasonExpired: exp has passed.
	ReasonExpired Reason = "expired"
	// ReasonIssuerMissing: there is no iss where it is required (INT-026).
	ReasonIssuerMissing Reason = "iss-missing"
	// ReasonIssuerMalformed: iss is not a client id, or too long.
	ReasonIssuerMalformed Reason = "iss-malformed"
	// ReasonAudienceMissing: there is no aud where it is required (INT-026).
	ReasonAudienceMissing Reason = "aud-missing"
	// ReasonAudienceMalformed: aud is not a comma-separated list of client ids, or too long.
	ReasonAudienceMalformed Reason = "aud-malformed"
	// ReasonAudienceTooMany: aud names more recipients than the use allows.
	ReasonAudienceTooMany Reason = "aud-too-many"
)

// Refused is the one error type of this package. Its text says what is wrong and how to mend it, without keys, secrets
// or payload. It is for consoles and logs; to the caller of an API every refusal looks the same.
type Refused struct {
	// Layer and Reason are for machines.
	Layer  Layer
	Reason Reason
	// Message is for people, in one line and without the citation.
	Message string
	// Cite names the pages of the specification ("p.43", "pp.39-45"); may be empty.
	Cite string
}

// Error returns layer, message and citation in one line.
func (r *Refused) Error() string {
	text := "envelope refused at " + string(r.Layer) + ": " + r.Message
	if r.Cite != "" {
		text += " (" + r.Cite + ")"
	}
	return text
}

// ReasonOf is the reason of an error of this package, and empty for nil and for any other error.
func ReasonOf(err error) Reason {
	var refused *Refused
	if errors.As(err, &refused) {
		return refused.Reason
	}
	return ""
}

func refuse(layer Layer, reason Reason, format string, a ...any) *Refused {
	return &Refused{Layer: layer, Reason: reason, Message: fmt.Sprintf(format, a...)}
}

func (r *Refused) citing(cite string) *Refused {
	r.Cite = cite
	return r
}

// WarningID names something that was accepted though it is not as it should be.
type WarningID string

const (
	// WarningMilliseconds: iat or exp counts milliseconds (INT-020).
	WarningMilliseconds WarningID = "milliseconds"
	// WarningExpiresWithoutZone: exp is a date-time without offset, read as UTC.
	WarningExpiresWithoutZone WarningID = "exp-without-zone"
	// WarningKeyIDFellBack: kid is unknown and the first key was used (INT-025).
	WarningKeyIDFellBack WarningID = "kid-fell-back"
	// WarningKeyInHeader: a header carries or points to a key or certificate; it was not used.
	WarningKeyInHeader WarningID = "key-in-header"
	// WarningTypeMissing: the hub's JWE header has no typ, which its table does not list and its sample shows (p.224, p.233).
	WarningTypeMissing WarningID = "typ-missing"
	// WarningJWSIssuedAtMissing: the hub's JWS header has no iat, which its table requires and its sample lacks (p.224, p.233).
	WarningJWSIssuedAtMissing WarningID = "jws-iat-missing"
	// WarningAudienceBlanks: aud has blanks around its values.
	WarningAudienceBlanks WarningID = "aud-blanks"
)

// Warning is something that was accepted though it is not as it should be.
type Warning struct {
	ID WarningID
	// Message is one line for people, without secrets or payload.
	Message string
}
