package jose_test

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"

	"github.com/vtsim/vtsim/keys/jose"
)

func headerRecipes() []recipe {
	const jws, jwe = jose.LayerJWSHeader, jose.LayerJWEHeader
	return []recipe{
		{id: "jws-header-not-json", title: "the JWS header is not JSON", cite: "p.43", refused: refusedAt(jws, jose.ReasonHeaderMalformed), mistake: jose.MistakeHeaderMalformed,
			edit: func(f *forge) { f.outside.set("alg", `PS256`) }},
		{id: "jwe-header-followed", title: "something follows the JWE header's object", cite: "p.40", refused: refusedAt(jwe, jose.ReasonHeaderMalformed), mistake: jose.MistakeHeaderMalformed,
			edit: func(f *forge) { f.sealed = func(parts [][]byte) { parts[0] = append(parts[0], "{}"...) } }},
		{id: "jwe-header-latin-1", title: "a header that is not UTF-8", cite: "p.40", refused: refusedAt(jwe, jose.ReasonHeaderMalformed), mistake: jose.MistakeHeaderMalformed,
			edit: func(f *forge) { f.inside.set("bank", "\"\xdcbersee\"") }},
		{id: "jws-header-array", title: "the JWS header is no object", cite: "p.43", refused: refusedAt(jws, jose.ReasonHeaderMalformed), mistake: jose.MistakeHeaderMalformed,
			edit: func(f *forge) { f.signed = func(parts [][]byte) { parts[0] = []byte(`["PS256"]`) } }},
		{id: "jws-alg-twice", title: "alg twice in the JWS header", cite: "RFC 7515 section 4", refused: refusedAt(jws, jose.ReasonHeaderDuplicate), mistake: jose.MistakeHeaderDuplicate,
			edit: func(f *forge) { f.outside = append(header{{"alg", `"none"`}}, f.outside...) }},
		{id: "jwe-kid-twice", title: "kid twice in the JWE header, once with an escape", cite: "RFC 7516 section 4", refused: refusedAt(jwe, jose.ReasonHeaderDuplicate), mistake: jose.MistakeHeaderDuplicate,
			edit: func(f *forge) {
				raw := f.aad
				f.aad = func(h []byte) []byte { return raw(escaped(h)) }
				f.inside = append(f.inside, member{"KID", `"` + apiKey + `"`})
				f.sealed = func(parts [][]byte) { parts[0] = escaped(parts[0]) }
			}},
		{id: "jws-crit", title: "crit in the JWS header", cite: "RFC 7515 section 4.1.11", refused: refusedAt(jws, jose.ReasonCritical), mistake: jose.MistakeExtension,
			edit: func(f *forge) { f.outside.set("crit", `["exp"]`); f.outside.set("exp", "0") }},
		{id: "jwe-crit", title: "crit in the JWE header", cite: "RFC 7516 section 4.1.13", refused: refusedAt(jwe, jose.ReasonCritical), mistake: jose.MistakeExtension,
			edit: func(f *forge) { f.inside.set("crit", `["iat"]`) }},
		{id: "jws-b64-false", title: "b64 false without crit", cite: "RFC 7797 section 6", refused: refusedAt(jws, jose.ReasonUnencodedPayload), mistake: jose.MistakeExtension,
			make: func(f *forge) string {
				inner := f.jweText()
				f.outside.set("b64", "false")
				f.input = func(head, _ string) string { return head + "." + inner }
				return f.jwsText(inner)
			}},
		{id: "compressed", title: "deflated before encryption", cite: "p.40", refused: refusedAt(jwe, jose.ReasonCompressed), mistake: jose.MistakeCompressed,
			edit: func(f *forge) {
				var out bytes.Buffer
				writer, _ := flate.NewWriter(&out, flate.BestCompression)
				_, _ = writer.Write(f.payload)
				_ = writer.Close()
				f.payload = out.Bytes()
				f.inside.text("zip", "DEF")
			}},
	}
}

func memberRecipes() []recipe {
	const jws, jwe = jose.LayerJWSHeader, jose.LayerJWEHeader
	return []recipe{
		{id: "jws-zip", title: "zip in the JWS header, as one library compresses", cite: "p.43", refused: refusedAt(jws, jose.ReasonCompressed), mistake: jose.MistakeCompressed, edit: func(f *forge) { f.outside.text("zip", "DEF") }},
		{id: "jws-typ-jwt", title: "typ JWT in the JWS header", cite: "p.43", refused: refusedAt(jws, jose.ReasonType), mistake: jose.MistakeType, edit: func(f *forge) { f.outside.text("typ", "JWT") }},
		{id: "jwe-typ-lower-case", title: "typ in lower case in the JWE header", cite: "p.41", refused: refusedAt(jwe, jose.ReasonType), mistake: jose.MistakeType, edit: func(f *forge) { f.inside.text("typ", "jose") }},
		{id: "jwe-typ-missing", title: "no typ in the JWE header", cite: "p.41, INT-024", refused: refusedAt(jwe, jose.ReasonType), mistake: jose.MistakeType, edit: func(f *forge) { f.inside.drop("typ") }},
		{id: "jws-cty-wrong", title: "cty JWT in the JWS header", cite: "p.43", refused: refusedAt(jws, jose.ReasonContentType), mistake: jose.MistakeContentType, edit: func(f *forge) { f.outside.text("cty", "JWT") }},
		{id: "jws-kid-missing", title: "no kid in the JWS header", cite: "p.43", refused: refusedAt(jws, jose.ReasonKeyIDMissing), mistake: jose.MistakeKeyIDUnusable, edit: func(f *forge) { f.outside.drop("kid") }},
		{id: "jwe-kid-missing", title: "no kid in the JWE header", cite: "p.40", refused: refusedAt(jwe, jose.ReasonKeyIDMissing), mistake: jose.MistakeKeyIDUnusable, edit: func(f *forge) { f.inside.drop("kid") }},
		{id: "jwe-kid-number", title: "kid as a number", cite: "p.40", refused: refusedAt(jwe, jose.ReasonKeyIDMalformed), mistake: jose.MistakeKeyIDUnusable, edit: func(f *forge) { f.inside.set("kid", "12345678") }},
		{id: "jws-kid-65-characters", title: "a kid of 65 characters", cite: "p.43", refused: refusedAt(jws, jose.ReasonKeyIDMalformed), mistake: jose.MistakeKeyIDUnusable,
			edit: func(f *forge) { f.outside.text("kid", hex.EncodeToString(random(32))+"0") }},
		{id: "jws-kid-unknown", title: "a kid that no signing key has", cite: "p.43, INT-025", refused: refusedAt(jws, jose.ReasonKeyIDUnknown), mistake: jose.MistakeKeyIDUnknown, edit: func(f *forge) { f.outside.text("kid", "77777777") }},
		{id: "jwe-kid-unknown", title: "a kid that no recipient's key has, though the default key would open it", cite: "p.40, INT-025", refused: refusedAt(jwe, jose.ReasonKeyIDUnknown), mistake: jose.MistakeKeyIDUnknown,
			edit: func(f *forge) { f.inside.text("kid", "77777777") }},
		{id: "jwe-kid-of-other-issuer", title: "another issuer's API key as kid", cite: "p.40, INT-025", refused: refusedAt(jwe, jose.ReasonKeyIDUnknown), mistake: jose.MistakeKeyIDUnknown,
			edit: func(f *forge) { f.inside.text("kid", otherAPIKey) }},
		{id: "kids-swapped", title: "each header has the other's kid", cite: "p.40, p.43", refused: refusedAt(jws, jose.ReasonKeyIDUnknown), mistake: jose.MistakeKeyIDsSwapped,
			edit: func(f *forge) { f.inside.text("kid", signerID); f.outside.text("kid", apiKey) }},
		{id: "jwk-broken", title: "a jwk that is none", cite: "RFC 7515 section 4.1.3", refused: refusedAt(jws, jose.ReasonHeaderMalformed), mistake: jose.MistakeKeyInHeader,
			edit: func(f *forge) { f.outside.set("jwk", `{"kty":"RSA"}`) }},
		{id: "jwe-x5c-broken", title: "an x5c that is none, in the JWE header", cite: "RFC 7516 section 4.1.8", refused: refusedAt(jwe, jose.ReasonHeaderMalformed), mistake: jose.MistakeKeyInHeader,
			edit: func(f *forge) { f.inside.set("x5c", `["AAAA"]`) }},
		{id: "jws-kid-altered", title: "the JWS header's kid changed after signing, to one that no key has", cite: "p.44", refused: refusedAt(jws, jose.ReasonKeyIDUnknown), mistake: jose.MistakeJWSHeaderAltered,
			edit: func(f *forge) {
				f.signed = func(parts [][]byte) {
					f.outside.text("kid", "77777777")
					parts[0] = f.outside.raw()
				}
			}},
		{id: "jwe-kid-altered", title: "the JWE header's kid changed before signing, to one that no key has", cite: "p.40", refused: refusedAt(jwe, jose.ReasonKeyIDUnknown), mistake: jose.MistakeHeaderAltered,
			edit: func(f *forge) {
				f.sealed = func(parts [][]byte) {
					f.inside.text("kid", "77777777")
					parts[0] = f.inside.raw()
				}
			}},
		{id: "hub-wrap-iv-128-bits", title: "an iv of 128 bits for the wrapped key", cite: "p.224", use: jose.UseHubPushData, refused: refusedAt(jwe, jose.ReasonKeyWrap), mistake: jose.MistakeKeyWrap,
			edit: func(f *forge) {
				wrap := f.wrap
				f.wrap = func(f *forge, content []byte) []byte {
					wrapped := wrap(f, content)
					f.inside.text("iv", b64(random(16)))
					return wrapped
				}
			}},
		{id: "hub-wrap-tag-missing", title: "the hub's JWE header without the tag of the wrapped key", cite: "p.224", use: jose.UseHubPushData, refused: refusedAt(jwe, jose.ReasonKeyWrap), mistake: jose.MistakeKeyWrap,
			edit: func(f *forge) {
				wrap := f.wrap
				f.wrap = func(f *forge, content []byte) []byte {
					wrapped := wrap(f, content)
					f.inside.drop("tag")
					return wrapped
				}
			}},
	}
}

// escaped turns the name KID into kid, written with an escape.
func escaped(raw []byte) []byte {
	return bytes.Replace(raw, []byte(`"KID"`), []byte(`"\u006bid"`), 1)
}

func algorithmRecipes() []recipe {
	const jws, jwe = jose.LayerJWSHeader, jose.LayerJWEHeader
	named := func(alg string, wrap func(*forge, []byte) []byte) func(*forge) {
		return func(f *forge) { f.inside.text("alg", alg); f.wrap = wrap }
	}
	return []recipe{
		{id: "jws-rs256", title: "RS256 instead of PS256", cite: "p.43, INT-023", refused: refusedAt(jws, jose.ReasonAlgorithm), mistake: jose.MistakeRS256,
			edit: func(f *forge) { f.outside.text("alg", "RS256"); f.sign = signPKCS1 }},
		{id: "jws-rs256-named-ps256", title: "a PKCS #1 v1.5 signature under the name PS256", cite: "p.43, INT-023", refused: refusedAt(jose.LayerJWSSignature, jose.ReasonSignature), mistake: jose.MistakeRS256,
			edit: func(f *forge) { f.sign = signPKCS1 }},
		{id: "jws-alg-none", title: "alg none and no signature", cite: "p.43", refused: refusedAt(jws, jose.ReasonAlgorithm), mistake: jose.MistakeUnsigned,
			edit: func(f *forge) {
				f.outside.text("alg", "none")
				f.sign = func(*rsa.PrivateKey, string) ([]byte, error) { return nil, nil }
			}},
		{id: "jws-hs256", title: "HS256 with the public key as secret", cite: "p.43", refused: refusedAt(jws, jose.ReasonAlgorithm), mistake: jose.MistakeHMAC,
			edit: func(f *forge) {
				f.outside.text("alg", "HS256")
				f.sign = func(key *rsa.PrivateKey, input string) ([]byte, error) {
					mac := hmac.New(sha256.New, key.N.Bytes())
					mac.Write([]byte(input))
					return mac.Sum(nil), nil
				}
			}},
		{id: "jws-alg-as-the-text-calls-it", title: "RSA-OAEP-256 as signature algorithm, as one sentence calls it", cite: "p.43, INT-023", refused: refusedAt(jws, jose.ReasonAlgorithm), mistake: jose.MistakeSignatureAlgorithm,
			edit: func(f *forge) { f.outside.text("alg", "RSA-OAEP-256") }},
		{id: "jws-alg-missing", title: "no alg in the JWS header", cite: "p.43", refused: refusedAt(jws, jose.ReasonAlgorithm), mistake: jose.MistakeSignatureAlgorithm, edit: func(f *forge) { f.outside.drop("alg") }},
		{id: "jwe-rsa-oaep-sha1", title: "RSA-OAEP, which has SHA-1", cite: "p.40", refused: refusedAt(jwe, jose.ReasonAlgorithm), mistake: jose.MistakeOAEPSHA1,
			edit: named("RSA-OAEP", wrapOAEP("visa-encryption", crypto.SHA1, crypto.SHA1))},
		{id: "jwe-rsa-oaep-sha1-named-256", title: "RSA-OAEP with SHA-1 under the name RSA-OAEP-256", cite: "p.40", refused: refusedAt(jose.LayerJWEKey, jose.ReasonKey), mistake: jose.MistakeOAEPSHA1,
			edit: named("RSA-OAEP-256", wrapOAEP("visa-encryption", crypto.SHA1, crypto.SHA1))},
		{id: "jwe-oaep-mask-sha1", title: "RSA-OAEP with SHA-256 and a mask by SHA-1, Java's default", cite: "p.40", refused: refusedAt(jose.LayerJWEKey, jose.ReasonKey), mistake: jose.MistakeOAEPMask,
			edit: named("RSA-OAEP-256", wrapOAEP("visa-encryption", crypto.SHA256, crypto.SHA1))},
		{id: "jwe-rsa1-5", title: "RSA1_5", cite: "p.40", refused: refusedAt(jwe, jose.ReasonAlgorithm), mistake: jose.MistakeRSA15, edit: named("RSA1_5", wrapPKCS1("visa-encryption"))},
		{id: "jwe-rsa1-5-named-256", title: "PKCS #1 v1.5 padding under the name RSA-OAEP-256", cite: "p.40", refused: refusedAt(jose.LayerJWEKey, jose.ReasonKey), mistake: jose.MistakeRSA15,
			edit: named("RSA-OAEP-256", wrapPKCS1("visa-encryption"))},
		{id: "jwe-hub-algorithm-in-api", title: "the hub's key algorithm inside the API", cite: "p.40, p.224", refused: refusedAt(jwe, jose.ReasonAlgorithm), mistake: jose.MistakeOtherUse,
			edit: named("A256GCMKW", wrapSecret("hub-secret", sumOf))},
		{id: "hub-api-algorithm", title: "the API's key algorithm at the hub", cite: "p.224, INT-027", use: jose.UseHubPushData, refused: refusedAt(jwe, jose.ReasonAlgorithm), mistake: jose.MistakeOtherUse,
			edit: named("RSA-OAEP-256", wrapOAEP("visa-encryption", crypto.SHA256, crypto.SHA256))},
		{id: "jwe-dir", title: "dir: no encrypted key", cite: "p.40", refused: refusedAt(jwe, jose.ReasonAlgorithm), mistake: jose.MistakeKeyAlgorithm,
			edit: named("dir", func(*forge, []byte) []byte { return nil })},
		{id: "jwe-alg-missing", title: "no alg in the JWE header", cite: "p.40", refused: refusedAt(jwe, jose.ReasonAlgorithm), mistake: jose.MistakeKeyAlgorithm, edit: func(f *forge) { f.inside.drop("alg") }},
		{id: "jwe-a128gcm", title: "A128GCM instead of A256GCM", cite: "p.41", refused: refusedAt(jwe, jose.ReasonEncryption), mistake: jose.MistakeShortGCM,
			edit: func(f *forge) { f.inside.text("enc", "A128GCM"); f.content = random(16) }},
		{id: "jwe-a256cbc-hs512", title: "A256CBC-HS512 instead of A256GCM", cite: "p.41", refused: refusedAt(jwe, jose.ReasonEncryption), mistake: jose.MistakeCBC, edit: sealCBC},
		{id: "jwe-enc-missing", title: "no enc in the JWE header", cite: "p.41", refused: refusedAt(jwe, jose.ReasonEncryption), mistake: jose.MistakeEncryption, edit: func(f *forge) { f.inside.drop("enc") }},
	}
}

// sealCBC seals as RFC 7518 section 5.2.5 does; tag and ciphertext replace GCM's, so both have room for the layout.
func sealCBC(f *forge) {
	f.inside.text("enc", "A256CBC-HS512")
	f.content = random(64)
	plain := f.payload
	f.gcm = func(f *forge) (cipher.AEAD, error) {
		block, err := aes.NewCipher(random(32))
		if err != nil {
			return nil, err
		}
		return cipher.NewGCM(block)
	}
	f.sealed = func(parts [][]byte) {
		block, _ := aes.NewCipher(f.content[32:])
		fill := aes.BlockSize - len(plain)%aes.BlockSize
		text := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(fill)}, fill)...)
		iv := random(16)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
		aad := []byte(b64(parts[0]))
		mac := hmac.New(sha512.New, f.content[:32])
		for _, piece := range [][]byte{aad, iv, text, {0, 0, 0, 0, 0, 0, byte(len(aad) * 8 >> 8), byte(len(aad) * 8)}} {
			mac.Write(piece)
		}
		parts[2], parts[3], parts[4] = iv, text, mac.Sum(nil)[:32]
	}
}
