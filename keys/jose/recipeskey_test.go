package jose_test

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/vtsim/vtsim/keys/jose"
)

func signingKeyRecipes() []recipe {
	const signature = jose.LayerJWSSignature
	badSignature := refusedAt(signature, jose.ReasonSignature)
	return []recipe{
		{id: "signing-key-old", title: "signed with last year's key under this year's kid", cite: "p.43", refused: badSignature, mistake: jose.MistakeWrongSigningKey,
			edit: func(f *forge) { f.signer = "issuer-signing-old" }},
		{id: "signing-key-of-other-issuer", title: "signed by another issuer", cite: "p.43", refused: badSignature, mistake: jose.MistakeWrongSigningKey,
			edit: func(f *forge) { f.signer = "other-issuer-signing" }},
		{id: "signing-key-unknown", title: "signed with a key that nobody knows", cite: "p.43", refused: badSignature, mistake: jose.MistakeSigningKeyUnknown,
			edit: func(f *forge) { f.signer = "unknown-signing" }},
		{id: "signing-key-embedded", title: "signed with a stranger's key, which travels in jwk", cite: "RFC 7515 section 4.1.3", refused: badSignature, mistake: jose.MistakeSigningKeyUnknown,
			edit: func(f *forge) {
				f.signer = "unknown-signing"
				f.outside.set("jwk", jwk(&f.keys["unknown-signing"].rsa.PublicKey))
			}},
		{id: "signing-key-weak", title: "a signing key of 1024 bits", cite: "p.40", refused: refusedAt(signature, jose.ReasonWeakKey), mistake: jose.MistakeWeakKey,
			edit: func(f *forge) { f.signer = "weak" }, keys: func(r *ring) { r.Verification = []keyRef{{signerID, "weak"}} }},
		{id: "signature-salt-longest", title: "PSS with the longest salt that fits", cite: "p.43, RFC 7518 section 3.5", refused: badSignature, mistake: jose.MistakeSalt, edit: func(f *forge) { f.sign = signPSS(rsa.PSSSaltLengthAuto) }},
		{id: "signature-salt-20", title: "PSS with a salt of 20 bytes, Java's default", cite: "p.43, RFC 7518 section 3.5", refused: badSignature, mistake: jose.MistakeSalt, edit: func(f *forge) { f.sign = signPSS(20) }},
		{id: "signature-over-decoded-payload", title: "signed over the JWE before encoding", cite: "p.44", refused: badSignature, mistake: jose.MistakeSigningInput,
			edit: func(f *forge) {
				f.input = func(head, body string) string {
					raw, _ := base64.RawURLEncoding.DecodeString(body)
					return head + "." + string(raw)
				}
			}},
		{id: "signature-without-header", title: "signed over the payload alone", cite: "p.44", refused: badSignature, mistake: jose.MistakeSigningInput,
			edit: func(f *forge) { f.input = func(_, body string) string { return body } }},
		{id: "jws-header-altered", title: "the JWS header's kid set after signing", cite: "p.44", refused: badSignature, mistake: jose.MistakeJWSHeaderAltered,
			edit: func(f *forge) {
				f.outside.text("kid", oldSignerID)
				f.signed = func(parts [][]byte) {
					f.outside.text("kid", signerID)
					parts[0] = f.outside.raw()
				}
			}},
	}
}

func recipientKeyRecipes() []recipe {
	const key = jose.LayerJWEKey
	badSignature, badKey := refusedAt(jose.LayerJWSSignature, jose.ReasonSignature), refusedAt(key, jose.ReasonKey)
	oaep := func(name string) func(*forge) {
		return func(f *forge) { f.wrap = wrapOAEP(name, crypto.SHA256, crypto.SHA256) }
	}
	secret := func(derive func(string) []byte) func(*forge) {
		return func(f *forge) { f.wrap = wrapSecret("hub-secret", derive) }
	}
	return []recipe{
		{id: "recipient-production", title: "encrypted for production, sent to the sandbox", cite: "p.42", refused: badKey, mistake: jose.MistakeWrongRecipient, edit: oaep("visa-encryption-production")},
		{id: "recipient-3072", title: "encrypted for a known key of another size", cite: "p.42", refused: refusedAt(key, jose.ReasonKeyLength), mistake: jose.MistakeWrongRecipient, edit: oaep("visa-encryption-3072"),
			keys: func(r *ring) { r.Decryption = append(r.Decryption, keyRef{"30723072", "visa-encryption-3072"}) }},
		{id: "recipient-unknown", title: "encrypted for a key that nobody knows", cite: "p.42", refused: badKey, mistake: jose.MistakeRecipientUnknown, edit: oaep("unknown-encryption")},
		{id: "recipient-key-weak", title: "a recipient's key of 1024 bits", cite: "p.40", refused: refusedAt(key, jose.ReasonWeakKey), mistake: jose.MistakeWeakKey,
			edit: oaep("weak"), keys: func(r *ring) { r.Decryption = []keyRef{{apiKey, "weak"}} }},
		{id: "encrypted-key-altered", title: "a byte of the encrypted key changed on the way", cite: "p.42", refused: badSignature, mistake: jose.MistakeKeyAltered, edit: alterAfter(1)},
		{id: "encrypted-key-altered-before-signing", title: "a byte of the encrypted key changed before signing", cite: "p.42", refused: badKey, mistake: jose.MistakeRecipientUnknown, edit: alterBefore(1)},
		{id: "encrypted-key-empty", title: "no encrypted key", cite: "p.40", refused: refusedAt(key, jose.ReasonKeyLength), mistake: jose.MistakeRecipientUnknown,
			edit: func(f *forge) { f.wrap = func(*forge, []byte) []byte { return nil } }},
		{id: "content-key-as-text", title: "the content key wrapped as hexadecimal text", cite: "p.42", refused: badKey, mistake: jose.MistakeContentKeySize,
			edit: func(f *forge) {
				wrap := f.wrap
				f.wrap = func(f *forge, content []byte) []byte { return wrap(f, []byte(hex.EncodeToString(content))) }
			}},
		{id: "hub-secret-cut", title: "the secret's first 32 characters as wrap key", cite: "p.224, INT-027", use: jose.UseHubPushData, refused: badKey, mistake: jose.MistakeSecretNotHashed,
			edit: secret(func(s string) []byte { return []byte(s)[:32] })},
		{id: "hub-secret-hash-as-text", title: "the hexadecimal hash, cut, as wrap key", cite: "p.224, INT-027", use: jose.UseHubPushData, refused: badKey, mistake: jose.MistakeSecretNotHashed,
			edit: secret(func(s string) []byte { return []byte(hex.EncodeToString(sumOf(s)))[:32] })},
		{id: "hub-secret-of-other-issuer", title: "another issuer's secret", cite: "p.224, INT-027", use: jose.UseHubPushData, refused: badKey, mistake: jose.MistakeWrongRecipient,
			edit: func(f *forge) { f.wrap = wrapSecret("other-hub-secret", sumOf) }},
		{id: "hub-signing-key-old", title: "the hub's envelope, signed with last year's key", cite: "p.224", use: jose.UseHubResults, refused: badSignature, mistake: jose.MistakeWrongSigningKey,
			edit: func(f *forge) { f.signer = "issuer-signing-old" }},
	}
}

// alterBefore changes a byte in the middle of one of the JWE's parts before it is signed, alterAfter after.
func alterBefore(part int) func(*forge) {
	return func(f *forge) { f.sealed = func(parts [][]byte) { alter(parts[part]) } }
}

func alterAfter(part int) func(*forge) {
	return func(f *forge) {
		f.signed = func(parts [][]byte) {
			inner, err := split(string(parts[1]), 5)
			if err != nil {
				panic(err)
			}
			alter(inner[part])
			parts[1] = []byte(compact(inner))
		}
	}
}

// alter flips the high bit, so that text is no longer text.
func alter(part []byte) { part[len(part)/2] ^= 0x80 }

func shapeRecipes() []recipe {
	const structure = jose.LayerJWEStructure
	badTag := refusedAt(jose.LayerJWETag, jose.ReasonTag)
	aad := func(make func(raw []byte) string) func(*forge) {
		return func(f *forge) { f.aad = func(raw []byte) []byte { return []byte(make(raw)) } }
	}
	return []recipe{
		{id: "iv-128-bits", title: "an initialisation vector of 128 bits", cite: "p.40", refused: refusedAt(structure, jose.ReasonIVLength), mistake: jose.MistakeIVLength, edit: func(f *forge) { f.iv = random(16) }},
		{id: "tag-256-bits", title: "a tag of 256 bits, as one remark says", cite: "p.42, INT-022", refused: refusedAt(structure, jose.ReasonTagLength), mistake: jose.MistakeTag256,
			edit: func(f *forge) { f.sealed = func(parts [][]byte) { parts[4] = append(parts[4], random(16)...) } }},
		{id: "tag-96-bits", title: "a tag of 96 bits", cite: "p.40", refused: refusedAt(structure, jose.ReasonTagLength), mistake: jose.MistakeTagLength,
			edit: func(f *forge) {
				f.gcm = func(f *forge) (cipher.AEAD, error) {
					block, err := aes.NewCipher(f.content)
					if err != nil {
						return nil, err
					}
					return cipher.NewGCMWithTagSize(block, 12)
				}
			}},
		{id: "tag-inside-ciphertext", title: "the tag at the end of the ciphertext, and no tag", cite: "p.42", refused: refusedAt(structure, jose.ReasonTagLength), mistake: jose.MistakeTagInside,
			edit: func(f *forge) {
				f.sealed = func(parts [][]byte) { parts[3], parts[4] = append(parts[3], parts[4]...), nil }
			}},
		{id: "tag-twice", title: "the tag at the end of the ciphertext, and as tag too", cite: "p.42", refused: badTag, mistake: jose.MistakeTagInside,
			edit: func(f *forge) { f.sealed = func(parts [][]byte) { parts[3] = append(parts[3], parts[4]...) } }},
		{id: "tag-moved", title: "the ciphertext's end moved into the tag: the same bytes, cut elsewhere", cite: "p.40", refused: refusedAt(structure, jose.ReasonTagLength), mistake: jose.MistakeTagLength,
			edit: func(f *forge) {
				f.sealed = func(parts [][]byte) {
					cut := len(parts[3]) - 5
					parts[4] = append(append([]byte{}, parts[3][cut:]...), parts[4]...)
					parts[3] = parts[3][:cut]
				}
			}},
		{id: "aad-empty", title: "no additional data", cite: "p.40", refused: badTag, mistake: jose.MistakeAADForm, edit: aad(func([]byte) string { return "" })},
		{id: "aad-decoded", title: "the header's JSON as additional data, not its encoded form", cite: "p.40", refused: badTag, mistake: jose.MistakeAADForm, edit: aad(func(raw []byte) string { return string(raw) })},
	}
}

func alterationRecipes() []recipe {
	badTag, badSignature := refusedAt(jose.LayerJWETag, jose.ReasonTag), refusedAt(jose.LayerJWSSignature, jose.ReasonSignature)
	kidLater := func(f *forge) header {
		later := append(header{}, f.inside...)
		later.text("kid", apiKey)
		return later
	}
	return []recipe{
		{id: "header-altered-kid", title: "kid of the JWE header set after sealing", cite: "p.40", refused: badTag, mistake: jose.MistakeHeaderAltered,
			edit: func(f *forge) {
				f.inside.text("kid", otherAPIKey)
				f.sealed = func(parts [][]byte) { parts[0] = kidLater(f).raw() }
			}},
		{id: "header-altered-before-signing", title: "iat of the JWE header refreshed before signing", cite: "p.40", refused: badTag, mistake: jose.MistakeHeaderAltered,
			edit: func(f *forge) {
				now := f.now
				f.inside.text("iat", epoch(now.Add(-time.Hour)))
				f.sealed = func(parts [][]byte) {
					f.inside.text("iat", epoch(now))
					parts[0] = f.inside.raw()
				}
			}},
		{id: "header-altered-on-the-way", title: "iat of the JWE header refreshed on the way", cite: "p.40", refused: badSignature, mistake: jose.MistakeHeaderAltered,
			edit: func(f *forge) {
				now := f.now
				f.inside.text("iat", epoch(now.Add(-time.Hour)))
				f.signed = func(parts [][]byte) {
					f.inside.text("iat", epoch(now))
					_, after, _ := strings.Cut(string(parts[1]), ".")
					parts[1] = []byte(b64(f.inside.raw()) + "." + after)
				}
			}},
		{id: "tag-altered-before-signing", title: "a byte of the tag changed before signing", cite: "p.42", refused: badTag, mistake: jose.MistakeTagAltered, edit: alterBefore(4)},
		{id: "tag-altered-on-the-way", title: "a byte of the tag changed on the way", cite: "p.42", refused: badSignature, mistake: jose.MistakeTagAltered, edit: alterAfter(4)},
		{id: "ciphertext-altered-before-signing", title: "a byte of the ciphertext changed before signing", cite: "p.42", refused: badTag, mistake: jose.MistakeCiphertextAltered, edit: alterBefore(3)},
		{id: "ciphertext-altered-on-the-way", title: "a byte of the ciphertext changed on the way", cite: "p.42", refused: badSignature, mistake: jose.MistakeCiphertextAltered, edit: alterAfter(3)},
		{id: "ciphertext-cut", title: "the ciphertext's end lost before signing", cite: "p.42", refused: badTag, mistake: jose.MistakeCiphertextAltered,
			edit: func(f *forge) { f.sealed = func(parts [][]byte) { parts[3] = parts[3][:len(parts[3])-7] } }},
		{id: "iv-altered", title: "another vector than the one that was used", cite: "p.42", refused: badTag, mistake: jose.MistakeIVAltered,
			edit: func(f *forge) { f.sealed = func(parts [][]byte) { parts[2] = random(12) } }},
		{id: "iv-altered-on-the-way", title: "a byte of the vector changed on the way", cite: "p.42", refused: badSignature, mistake: jose.MistakeIVAltered, edit: alterAfter(2)},
		{id: "hub-ciphertext-altered", title: "the hub's ciphertext changed before signing", cite: "p.224", use: jose.UseHubPushData, refused: badTag, mistake: jose.MistakeCiphertextAltered, edit: alterBefore(3)},
		{id: "base64-loose-bits", title: "a signature whose last character has bits that encode nothing", cite: "p.43, RFC 4648 section 3.5", refused: refusedAt(jose.LayerJWSStructure, jose.ReasonNotBase64URL), mistake: jose.MistakeLooseBits,
			edit: func(f *forge) { f.delivered = loosen }},
	}
}

// loosen sets bits of the last character that decoders throw away.
func loosen(blob string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, blob[len(blob)-1])
	return blob[:len(blob)-1] + string(alphabet[last|1])
}

func issuedAtRecipes() []recipe {
	const layer = jose.LayerTime
	iat := func(value func(now time.Time) string) func(*forge) {
		return func(f *forge) { f.inside.set("iat", value(f.now)) }
	}
	text := func(s string) func(time.Time) string { return func(time.Time) string { return strconv.Quote(s) } }
	return []recipe{
		{id: "iat-missing", title: "no iat", cite: "p.41", refused: refusedAt(layer, jose.ReasonIssuedAtMissing), mistake: jose.MistakeIssuedAtMissing, edit: func(f *forge) { f.inside.drop("iat") }},
		{id: "iat-in-jws-header", title: "iat in the JWS header only", cite: "p.41", refused: refusedAt(layer, jose.ReasonIssuedAtMissing), mistake: jose.MistakeIssuedAtElsewhere,
			edit: func(f *forge) { f.inside.drop("iat"); f.outside.text("iat", epoch(f.now)) }},
		{id: "iat-date-time", title: "iat as a date-time", cite: "p.41", refused: refusedAt(layer, jose.ReasonIssuedAtMalformed), mistake: jose.MistakeIssuedAtMalformed, edit: iat(text("2026-03-02T12:00:00Z"))},
		{id: "iat-fraction", title: "iat with a fraction", cite: "INT-020", refused: refusedAt(layer, jose.ReasonIssuedAtMalformed), mistake: jose.MistakeIssuedAtMalformed,
			edit: iat(func(now time.Time) string { return epoch(now) + ".5" })},
		{id: "iat-microseconds", title: "iat in microseconds", cite: "INT-020", refused: refusedAt(layer, jose.ReasonIssuedAtMalformed), mistake: jose.MistakeIssuedAtMalformed,
			edit: iat(func(now time.Time) string { return strconv.FormatInt(now.UnixMicro(), 10) })},
		{id: "iat-negative", title: "iat with a sign", cite: "INT-020", refused: refusedAt(layer, jose.ReasonIssuedAtMalformed), mistake: jose.MistakeIssuedAtMalformed, edit: iat(text("-1"))},
		{id: "iat-null", title: "iat null", cite: "p.41", refused: refusedAt(layer, jose.ReasonIssuedAtMalformed), mistake: jose.MistakeIssuedAtMalformed, edit: iat(func(time.Time) string { return "null" })},
		{id: "iat-stale", title: "one second older than the time to live", cite: "p.41, INT-021", later: 481 * time.Second, refused: refusedAt(layer, jose.ReasonStale), mistake: jose.MistakeStale},
		{id: "iat-stale-milliseconds", title: "an old iat in milliseconds", cite: "p.41, INT-020", later: 20 * time.Minute, refused: refusedAt(layer, jose.ReasonStale), mistake: jose.MistakeStale,
			edit: iat(func(now time.Time) string { return strconv.FormatInt(now.UnixMilli(), 10) })},
		{id: "iat-early", title: "a clock that runs five minutes fast", cite: "p.41", refused: refusedAt(layer, jose.ReasonEarly), mistake: jose.MistakeEarly,
			edit: iat(func(now time.Time) string { return strconv.Quote(epoch(now.Add(5 * time.Minute))) })},
		{id: "iat-local-time", title: "local time two hours east taken for UTC", cite: "p.41", refused: refusedAt(layer, jose.ReasonEarly), mistake: jose.MistakeTimeZone,
			edit: iat(func(now time.Time) string { return strconv.Quote(epoch(now.Add(2 * time.Hour))) })},
		{id: "iat-local-time-west", title: "local time five hours west taken for UTC", cite: "p.41", later: 3 * time.Second, refused: refusedAt(layer, jose.ReasonStale), mistake: jose.MistakeTimeZone,
			edit: iat(func(now time.Time) string { return strconv.Quote(epoch(now.Add(-5 * time.Hour))) })},
	}
}

func expiresRecipes() []recipe {
	const layer = jose.LayerTime
	exp := func(value func(now time.Time) string) func(*forge) {
		return func(f *forge) { f.inside.set("exp", value(f.now)) }
	}
	text := func(s string) func(time.Time) string { return func(time.Time) string { return strconv.Quote(s) } }
	return []recipe{
		{id: "exp-extends", title: "exp an hour after iat does not lengthen the life", cite: "p.41, INT-021", later: 10 * time.Minute, refused: refusedAt(layer, jose.ReasonStale), mistake: jose.MistakeExpiresExtends,
			edit: exp(func(now time.Time) string { return strconv.Quote(epoch(now.Add(time.Hour))) })},
		{id: "exp-passed", title: "exp passed a second ago, inside the time to live", cite: "p.41, INT-021", later: 61 * time.Second, refused: refusedAt(layer, jose.ReasonExpired), mistake: jose.MistakeExpired,
			edit: exp(text("2026-03-02T12:01:00.000Z"))},
		{id: "exp-before-iat", title: "exp before iat", cite: "p.41", refused: refusedAt(layer, jose.ReasonExpiresBeforeIssued), mistake: jose.MistakeExpiresBeforeIssued,
			edit: exp(text("2026-03-02T11:59:00.000Z"))},
		{id: "exp-duration", title: "exp as a number of seconds to live", cite: "p.41", refused: refusedAt(layer, jose.ReasonExpiresBeforeIssued), mistake: jose.MistakeExpiresDuration, edit: exp(func(time.Time) string { return "480" })},
		{id: "exp-malformed", title: "exp in words", cite: "p.41", refused: refusedAt(layer, jose.ReasonExpiresMalformed), mistake: jose.MistakeExpiresMalformed, edit: exp(text("2 Mar 2026 12:05"))},
		{id: "hub-jws-iat-stale", title: "the hub's JWS header with an old iat, the JWE header with a new one", cite: "p.224", use: jose.UseHubPushData, refused: refusedAt(layer, jose.ReasonStale), mistake: jose.MistakeStale,
			edit: func(f *forge) { f.outside.text("iat", epoch(f.now.Add(-9*time.Minute))) }},
	}
}

func partyRecipes() []recipe {
	const layer = jose.LayerAudience
	push, hub := jose.UsePushCardEnrollment, jose.UseHubPushData
	return []recipe{
		{id: "iss-missing", title: "push without iss", cite: "p.41, p.221", use: push, refused: refusedAt(layer, jose.ReasonIssuerMissing), mistake: jose.MistakePartiesMissing, edit: func(f *forge) { f.inside.drop("iss") }},
		{id: "aud-missing", title: "push without aud", cite: "p.41, p.221", use: push, refused: refusedAt(layer, jose.ReasonAudienceMissing), mistake: jose.MistakePartiesMissing, edit: func(f *forge) { f.inside.drop("aud") }},
		{id: "parties-in-jws-header", title: "iss and aud in the JWS header", cite: "p.221", use: push, refused: refusedAt(layer, jose.ReasonIssuerMissing), mistake: jose.MistakePartiesElsewhere,
			edit: func(f *forge) {
				f.inside.drop("iss")
				f.inside.drop("aud")
				f.outside.text("iss", "issuer-1")
				f.outside.text("aud", "wallet-1")
			}},
		{id: "aud-in-jws-header", title: "aud in the JWS header", cite: "p.221", use: push, refused: refusedAt(layer, jose.ReasonAudienceMissing), mistake: jose.MistakePartiesElsewhere,
			edit: func(f *forge) { f.inside.drop("aud"); f.outside.text("aud", "wallet-1") }},
		{id: "iss-too-long", title: "an iss of 65 characters", cite: "p.41", use: push, refused: refusedAt(layer, jose.ReasonIssuerMalformed), mistake: jose.MistakePartiesMalformed,
			edit: func(f *forge) { f.inside.text("iss", strings.Repeat("a", 65)) }},
		{id: "iss-blank", title: "an iss with a blank", cite: "p.41", use: push, refused: refusedAt(layer, jose.ReasonIssuerMalformed), mistake: jose.MistakePartiesMalformed, edit: func(f *forge) { f.inside.text("iss", "my bank") }},
		{id: "aud-array", title: "aud as a JSON array", cite: "p.41, INT-026", use: push, refused: refusedAt(layer, jose.ReasonAudienceMalformed), mistake: jose.MistakeAudienceArray,
			edit: func(f *forge) { f.inside.set("aud", `["wallet-1","wallet-2"]`) }},
		{id: "aud-eleven", title: "eleven recipients", cite: "p.41, INT-026", use: push, refused: refusedAt(layer, jose.ReasonAudienceTooMany), mistake: jose.MistakeAudienceTooMany,
			edit: func(f *forge) { f.inside.text("aud", "1,2,3,4,5,6,7,8,9,10,11") }},
		{id: "aud-257-characters", title: "an aud of 257 characters", cite: "p.41, INT-026", use: push, refused: refusedAt(layer, jose.ReasonAudienceMalformed), mistake: jose.MistakePartiesMalformed,
			edit: func(f *forge) { f.inside.text("aud", strings.Repeat("a", 257)) }},
		{id: "aud-empty-value", title: "nothing after the comma", cite: "p.41", use: push, refused: refusedAt(layer, jose.ReasonAudienceMalformed), mistake: jose.MistakePartiesMalformed, edit: func(f *forge) { f.inside.text("aud", "wallet-1,") }},
		{id: "hub-aud-missing", title: "the hub's envelope without aud", cite: "p.224", use: hub, refused: refusedAt(layer, jose.ReasonAudienceMissing), mistake: jose.MistakePartiesMissing, edit: func(f *forge) { f.inside.drop("aud") }},
		{id: "hub-aud-two", title: "two recipients at the hub", cite: "p.224, INT-026", use: hub, refused: refusedAt(layer, jose.ReasonAudienceTooMany), mistake: jose.MistakeAudienceTooMany,
			edit: func(f *forge) { f.inside.text("aud", "wallet-1,wallet-2") }},
	}
}
