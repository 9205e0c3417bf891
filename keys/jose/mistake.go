package jose

// MistakeID names an entry of the doctor's catalogue. Ids never change their meaning.
type MistakeID string

// Damage on the way, and wrong outer forms.
const (
	// MistakeEmpty: nothing arrived.
	MistakeEmpty MistakeID = "empty"
	// MistakeTooLong: more arrived than the use allows.
	MistakeTooLong MistakeID = "too-long"
	// MistakeJSONQuoted: the blob was written into JSON twice, so its quotation marks are part of it.
	MistakeJSONQuoted MistakeID = "json-quoted"
	// MistakeBodyInsteadOfBlob: the whole request body was handed over instead of the member with the blob.
	MistakeBodyInsteadOfBlob MistakeID = "body-instead-of-blob"
	// MistakeJSONSerialisation: flattened or general JSON serialisation.
	MistakeJSONSerialisation MistakeID = "json-serialisation"
	// MistakeLineBreaks: line breaks or blanks, such as MIME encoders insert after 76 characters.
	MistakeLineBreaks MistakeID = "line-breaks"
	// MistakeURLEncoded: percent-encoded, as p.238 could be read.
	MistakeURLEncoded MistakeID = "url-encoded"
	// MistakeEncodedTwice: base64 over a form that is base64url already.
	MistakeEncodedTwice MistakeID = "encoded-twice"
	// MistakeStandardBase64: '+' and '/' instead of '-' and '_'.
	MistakeStandardBase64 MistakeID = "standard-base64"
	// MistakePadding: '=' at the end of parts, or '.' as p.32 could be read.
	MistakePadding MistakeID = "padding"
	// MistakeLooseBits: the last character of a part has bits that encode nothing, so several texts would mean the same.
	MistakeLooseBits MistakeID = "base64-loose-bits"
	// MistakePayloadNotEncoded: the JWE stands in the JWS as it is, so that there are seven parts.
	MistakePayloadNotEncoded MistakeID = "payload-not-encoded"
	// MistakeTruncated: the end is missing, as after a column or buffer that is too short.
	MistakeTruncated MistakeID = "truncated"
	// MistakeNotAnEnvelope: neither JWS nor JWE in any form known here.
	MistakeNotAnEnvelope MistakeID = "not-an-envelope"
	// MistakeJWENotSigned: a JWE without a JWS around it.
	MistakeJWENotSigned MistakeID = "jwe-not-signed"
	// MistakeSignedThenEncrypted: the JWS is inside the JWE.
	MistakeSignedThenEncrypted MistakeID = "signed-then-encrypted"
	// MistakeJWSWithoutJWE: what was signed is not encrypted.
	MistakeJWSWithoutJWE MistakeID = "jws-without-jwe"
)

// The headers.
const (
	// MistakeHeaderMalformed: a header is not one JSON object, or go-jose cannot read it.
	MistakeHeaderMalformed MistakeID = "header-malformed"
	// MistakeHeaderDuplicate: a member stands twice.
	MistakeHeaderDuplicate MistakeID = "header-duplicate"
	// MistakeKeyInHeader: a key or certificate travels in a header. It is ignored.
	MistakeKeyInHeader MistakeID = "key-in-header"
	// MistakeExtension: crit or b64.
	MistakeExtension MistakeID = "extension"
	// MistakeCompressed: zip.
	MistakeCompressed MistakeID = "compressed"
	// MistakeRS256: RSASSA-PKCS1-v1_5 instead of PSS, named by the header or not.
	MistakeRS256 MistakeID = "jws-rs256"
	// MistakeUnsigned: alg none.
	MistakeUnsigned MistakeID = "jws-alg-none"
	// MistakeHMAC: a JWS with a shared secret.
	MistakeHMAC MistakeID = "jws-hmac"
	// MistakeSignatureAlgorithm: any other alg in the JWS header.
	MistakeSignatureAlgorithm MistakeID = "jws-algorithm"
	// MistakeOAEPSHA1: RSA-OAEP with SHA-1, named by the header or not.
	MistakeOAEPSHA1 MistakeID = "jwe-rsa-oaep-sha1"
	// MistakeRSA15: RSAES-PKCS1-v1_5, named by the header or not.
	MistakeRSA15 MistakeID = "jwe-rsa1-5"
	// MistakeOtherUse: the API's key algorithm for the hub, or the hub's for the API.
	MistakeOtherUse MistakeID = "jwe-suite-of-other-use"
	// MistakeKeyAlgorithm: any other alg in the JWE header.
	MistakeKeyAlgorithm MistakeID = "jwe-algorithm"
	// MistakeShortGCM: A128GCM or A192GCM.
	MistakeShortGCM MistakeID = "jwe-a128gcm"
	// MistakeCBC: AES-CBC with HMAC.
	MistakeCBC MistakeID = "jwe-cbc-hmac"
	// MistakeEncryption: any other enc.
	MistakeEncryption MistakeID = "jwe-encryption"
	// MistakeType: typ is wrong, or missing in the JWE header.
	MistakeType MistakeID = "typ-wrong"
	// MistakeContentType: cty of the JWS header is wrong.
	MistakeContentType MistakeID = "cty-wrong"
	// MistakeKeyIDsSwapped: each header has the other's kid.
	MistakeKeyIDsSwapped MistakeID = "kids-swapped"
	// MistakeKeyIDUnusable: kid is missing, empty, too long or no string.
	MistakeKeyIDUnusable MistakeID = "kid-unusable"
	// MistakeKeyIDUnknown: kid names no key.
	MistakeKeyIDUnknown MistakeID = "kid-unknown"
	// MistakeKeyWrap: iv or tag of the hub's wrapped key are missing or wrong.
	MistakeKeyWrap MistakeID = "key-wrap"
)

// Keys, signature and ciphertext.
const (
	// MistakeWeakKey: the RSA key that kid names is too small.
	MistakeWeakKey MistakeID = "weak-key"
	// MistakeWrongSigningKey: signed with another known key than kid says.
	MistakeWrongSigningKey MistakeID = "wrong-signing-key"
	// MistakeSalt: PSS with a salt that is not as long as the hash.
	MistakeSalt MistakeID = "signature-salt"
	// MistakeSigningInput: the signature covers something other than the two encoded parts.
	MistakeSigningInput MistakeID = "signing-input"
	// MistakeJWSHeaderAltered: kid was changed after signing.
	MistakeJWSHeaderAltered MistakeID = "jws-header-altered"
	// MistakeSigningKeyUnknown: no known key made the signature, though the JWE inside is whole.
	MistakeSigningKeyUnknown MistakeID = "signing-key-unknown"
	// MistakeOAEPMask: RSA-OAEP with SHA-256 and a mask generated with SHA-1.
	MistakeOAEPMask MistakeID = "jwe-oaep-mask-sha1"
	// MistakeSecretNotHashed: the hub's wrap key was made of the secret in another way.
	MistakeSecretNotHashed MistakeID = "hub-secret-not-hashed"
	// MistakeWrongRecipient: sealed for another known key than kid says.
	MistakeWrongRecipient MistakeID = "wrong-recipient-key"
	// MistakeContentKeySize: the wrapped key is not one for AES-256.
	MistakeContentKeySize MistakeID = "content-key-size"
	// MistakeKeyAltered: the encrypted key was changed after signing.
	MistakeKeyAltered MistakeID = "encrypted-key-altered"
	// MistakeRecipientUnknown: sealed for a key that is not known here.
	MistakeRecipientUnknown MistakeID = "recipient-key-unknown"
	// MistakeIVLength: an initialisation vector that is not 96 bits long.
	MistakeIVLength MistakeID = "iv-length"
	// MistakeTag256: a tag of 256 bits, as p.42 could be read.
	MistakeTag256 MistakeID = "tag-256-bits"
	// MistakeTagInside: the tag was left at the end of the ciphertext, where Java's cipher puts it.
	MistakeTagInside MistakeID = "tag-inside-ciphertext"
	// MistakeTagLength: a tag of any other length.
	MistakeTagLength MistakeID = "tag-length"
	// MistakeAADForm: the additional data was not the encoded header.
	MistakeAADForm MistakeID = "aad-form"
	// MistakeHeaderAltered: the JWE header was changed after sealing.
	MistakeHeaderAltered MistakeID = "jwe-header-altered"
	// MistakeTagAltered: bytes of the tag were changed.
	MistakeTagAltered MistakeID = "tag-altered"
	// MistakeCiphertextAltered: bytes of the ciphertext were changed or lost.
	MistakeCiphertextAltered MistakeID = "ciphertext-altered"
	// MistakeIVAltered: the initialisation vector was changed, or is not the one that was used.
	MistakeIVAltered MistakeID = "iv-altered"
)

// Time and parties.
const (
	// MistakeIssuedAtElsewhere: iat stands in the JWS header instead of the JWE header.
	MistakeIssuedAtElsewhere MistakeID = "iat-in-jws-header"
	// MistakeIssuedAtMissing: there is no iat.
	MistakeIssuedAtMissing MistakeID = "iat-missing"
	// MistakeIssuedAtMalformed: iat is not a count of seconds.
	MistakeIssuedAtMalformed MistakeID = "iat-malformed"
	// MistakeIssuedAtMilliseconds: iat counts milliseconds. It is accepted.
	MistakeIssuedAtMilliseconds MistakeID = "iat-milliseconds"
	// MistakeTimeZone: iat is off by the offset of a time zone.
	MistakeTimeZone MistakeID = "iat-time-zone"
	// MistakeExpiresExtends: exp was meant to lengthen the envelope's life, which it cannot (p.41).
	MistakeExpiresExtends MistakeID = "exp-extends"
	// MistakeStale: iat is too old.
	MistakeStale MistakeID = "iat-stale"
	// MistakeEarly: iat lies in the future.
	MistakeEarly MistakeID = "iat-early"
	// MistakeExpiresDuration: exp holds a duration.
	MistakeExpiresDuration MistakeID = "exp-duration"
	// MistakeExpiresBeforeIssued: exp lies before iat.
	MistakeExpiresBeforeIssued MistakeID = "exp-before-iat"
	// MistakeExpired: exp has passed.
	MistakeExpired MistakeID = "exp-passed"
	// MistakeExpiresMalformed: exp is in no known form.
	MistakeExpiresMalformed MistakeID = "exp-malformed"
	// MistakePartiesElsewhere: iss or aud stand in the JWS header instead of the JWE header (p.221).
	MistakePartiesElsewhere MistakeID = "parties-in-jws-header"
	// MistakePartiesMissing: iss or aud are missing where they are required.
	MistakePartiesMissing MistakeID = "parties-missing"
	// MistakeAudienceArray: aud is a JSON array, as in a JWT.
	MistakeAudienceArray MistakeID = "aud-array"
	// MistakeAudienceTooMany: aud names too many recipients.
	MistakeAudienceTooMany MistakeID = "aud-too-many"
	// MistakePartiesMalformed: iss or aud are too long or no ids.
	MistakePartiesMalformed MistakeID = "parties-malformed"
)

// Mistake is one finding of the doctor.
type Mistake struct {
	ID    MistakeID
	Title string
	// Detail is what was seen in this envelope; may be empty.
	Detail string
	// Explains: this mistake alone is enough for the refusal. Others were seen beside it: some would be refused next,
	// some are accepted with a warning.
	Explains bool
	// Mend says what the sender should do.
	Mend string
	// Cite names the pages of the specification; may be empty.
	Cite string
}

// cause is a refusal that a mistake explains.
type cause struct {
	layer  Layer
	reason Reason
}

// entry is one known mistake. Titles and advice have places for the rules' values, in braces: see placeholders.
type entry struct {
	id    MistakeID
	title string
	mend  string
	cite  string
	// explains are the refusals that this mistake leads to; none for what is only observed.
	explains []cause
	// look reports whether the mistake is there, with what was seen.
	look func(s *specimen) (detail string, found bool)
}

// catalogue is every known mistake, the more telling ones of a kind first.
func catalogue() []entry {
	var all []entry
	for _, part := range [][]entry{
		damageEntries(), orderEntries(), headerEntries(), signatureAlgorithmEntries(), keyAlgorithmEntries(),
		signatureEntries(), keyEntries(), textEntries(), issuedAtEntries(), expiresEntries(), partyEntries(),
	} {
		all = append(all, part...)
	}
	return all
}
