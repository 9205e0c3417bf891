package jose_test

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/vtsim/vtsim/keys/jose"
)

const (
	atJWS = jose.LayerJWSStructure
	atJWE = jose.LayerJWEStructure
)

// deliver changes the blob on its way, inside the JWE before it is signed.
func deliver(change func(string) string) func(*forge) {
	return func(f *forge) { f.delivered = change }
}

func inside(change func(string) string) func(*forge) {
	return func(f *forge) { f.inner = change }
}

// damageRecipes is damage to the whole blob.
func damageRecipes() []recipe {
	return []recipe{
		{id: "empty", title: "nothing", cite: "p.39", refused: refusedAt(jose.LayerSize, jose.ReasonEmpty), mistake: jose.MistakeEmpty, make: func(*forge) string { return "" }},
		{id: "too-long", title: "more than 7000 bytes outside push enrolment", cite: "p.64, INT-028", refused: refusedAt(jose.LayerSize, jose.ReasonTooLong), mistake: jose.MistakeTooLong,
			edit: func(f *forge) { f.payload = longPayload(3600) }},
		{id: "too-long-for-push", title: "more than 8192 bytes", cite: "p.213, INT-028", use: jose.UsePushCardEnrollment,
			refused: refusedAt(jose.LayerSize, jose.ReasonTooLong), mistake: jose.MistakeTooLong, edit: func(f *forge) { f.payload = longPayload(5000) }},
		{id: "json-quoted", title: "quotation marks around the blob", cite: "p.39", refused: refusedAt(atJWS, jose.ReasonNotBase64URL), mistake: jose.MistakeJSONQuoted,
			edit: deliver(strconv.Quote)},
		{id: "body-instead-of-blob", title: "the body instead of the blob in it", cite: "p.39", refused: refusedAt(atJWS, jose.ReasonJSONSerialisation), mistake: jose.MistakeBodyInsteadOfBlob,
			edit: deliver(func(blob string) string { return `{"encryptedData":"` + blob + `"}` })},
		{id: "json-serialisation-jws", title: "flattened JSON serialisation of the JWS", cite: "p.39", refused: refusedAt(atJWS, jose.ReasonJSONSerialisation), mistake: jose.MistakeJSONSerialisation,
			edit: deliver(func(blob string) string {
				parts := strings.Split(blob, ".")
				return object("protected", parts[0], "payload", parts[1], "signature", parts[2])
			})},
		{id: "json-serialisation-jwe", title: "flattened JSON serialisation of the JWE", cite: "p.39", refused: refusedAt(atJWE, jose.ReasonJSONSerialisation), mistake: jose.MistakeJSONSerialisation,
			edit: func(f *forge) {
				f.inner = func(blob string) string {
					parts := strings.Split(blob, ".")
					return object("protected", parts[0], "encrypted_key", parts[1], "iv", parts[2], "ciphertext", parts[3], "tag", parts[4])
				}
			}},
		{id: "line-breaks", title: "a line break after every 76 characters", cite: "p.39", refused: refusedAt(atJWS, jose.ReasonNotBase64URL), mistake: jose.MistakeLineBreaks,
			edit: deliver(func(blob string) string { return broken(blob, "\r\n") })},
		{id: "line-breaks-inside", title: "line breaks in the JWE that was signed", cite: "p.39", refused: refusedAt(atJWE, jose.ReasonNotBase64URL), mistake: jose.MistakeLineBreaks,
			edit: func(f *forge) { f.inner = func(jwe string) string { return broken(jwe, "\n") } }},
		{id: "blank-at-end", title: "a line break after the blob", cite: "p.39", refused: refusedAt(atJWS, jose.ReasonNotBase64URL), mistake: jose.MistakeLineBreaks,
			edit: deliver(func(blob string) string { return blob + "\n" })},
		{id: "url-encoded", title: "percent-encoded dots", cite: "p.238", refused: refusedAt(atJWS, jose.ReasonNotBase64URL), mistake: jose.MistakeURLEncoded,
			edit: deliver(func(blob string) string { return strings.ReplaceAll(blob, ".", "%2E") })},
	}
}

// encodingRecipes is base64url gone wrong.
func encodingRecipes() []recipe {
	return []recipe{
		{id: "encoded-twice", title: "base64url over the compact form", cite: "p.44", refused: refusedAt(atJWS, jose.ReasonPartCount), mistake: jose.MistakeEncodedTwice,
			edit: deliver(func(blob string) string { return b64([]byte(blob)) })},
		{id: "jwe-encoded-twice", title: "the JWE encoded once more before signing", cite: "p.44", refused: refusedAt(atJWE, jose.ReasonNotEncrypted), mistake: jose.MistakeEncodedTwice,
			edit: func(f *forge) { f.inner = func(jwe string) string { return b64([]byte(jwe)) } }},
		{id: "encoded-twice-standard", title: "standard base64 with padding over the compact form", cite: "p.44", refused: refusedAt(atJWS, jose.ReasonNotBase64URL), mistake: jose.MistakeEncodedTwice,
			make: func(f *forge) string {
				blob := f.blob()
				for ; len(blob)%3 == 0; blob = f.blob() { // else there is no padding
					f.payload = append(f.payload, ' ')
				}
				return base64.StdEncoding.EncodeToString([]byte(blob))
			}},
		{id: "standard-base64", title: "the alphabet with plus and slash", cite: "p.32, INT-007", refused: refusedAt(atJWS, jose.ReasonNotBase64URL), mistake: jose.MistakeStandardBase64,
			edit: deliver(func(blob string) string { return strings.NewReplacer("-", "+", "_", "/").Replace(blob) })},
		{id: "padding", title: "parts with equals signs, signed that way", cite: "p.32, INT-007", refused: refusedAt(atJWS, jose.ReasonNotBase64URL), mistake: jose.MistakePadding,
			edit: func(f *forge) {
				f.input = func(head, body string) string { return pad(head) + "." + pad(body) }
				f.delivered = func(blob string) string {
					parts := strings.Split(blob, ".")
					return pad(parts[0]) + "." + pad(parts[1]) + "." + pad(parts[2])
				}
			}},
		{id: "padding-by-dots", title: "a part padded with dots", cite: "p.32, INT-007", refused: refusedAt(atJWS, jose.ReasonPartCount), mistake: jose.MistakePadding,
			edit: deliver(func(blob string) string { return blob + "." })},
		{id: "payload-not-encoded", title: "the JWE in the JWS as it is: seven parts", cite: "p.44", refused: refusedAt(atJWS, jose.ReasonPartCount), mistake: jose.MistakePayloadNotEncoded,
			make: func(f *forge) string {
				inner := f.jweText()
				parts := strings.Split(f.jwsText(inner), ".")
				return parts[0] + "." + inner + "." + parts[2]
			}},
	}
}

// insideRecipes is the same damage to the JWE before it was signed.
func insideRecipes() []recipe {
	return []recipe{
		{id: "json-quoted-inside", title: "quotation marks around the JWE that was signed", cite: "p.44", refused: refusedAt(atJWE, jose.ReasonNotBase64URL), mistake: jose.MistakeJSONQuoted, edit: inside(strconv.Quote)},
		{id: "body-inside", title: "a body with the JWE instead of the JWE", cite: "p.44", refused: refusedAt(atJWE, jose.ReasonNotEncrypted), mistake: jose.MistakeBodyInsteadOfBlob,
			edit: inside(func(jwe string) string { return object("encryptedData", jwe) })},
		{id: "url-encoded-inside", title: "percent-encoded dots in the JWE that was signed", cite: "p.44", refused: refusedAt(atJWE, jose.ReasonNotEncrypted), mistake: jose.MistakeURLEncoded,
			edit: inside(func(jwe string) string { return strings.ReplaceAll(jwe, ".", "%2E") })},
		{id: "standard-base64-inside", title: "plus and slash in the JWE that was signed", cite: "p.32, INT-007", refused: refusedAt(atJWE, jose.ReasonNotBase64URL), mistake: jose.MistakeStandardBase64,
			edit: func(f *forge) {
				f.sealed = func(parts [][]byte) { parts[1][0], parts[1][1], parts[1][2] = 0xfb, 0xff, 0xbf }
				f.inner = func(jwe string) string { return strings.NewReplacer("-", "+", "_", "/").Replace(jwe) }
			}},
		{id: "padding-inside", title: "equals signs in the JWE that was signed", cite: "p.32, INT-007", refused: refusedAt(atJWE, jose.ReasonNotBase64URL), mistake: jose.MistakePadding,
			edit: inside(func(jwe string) string { return jwe + "==" })},
		{id: "padding-by-dots-inside", title: "dots as padding in the JWE that was signed", cite: "p.32, INT-007", refused: refusedAt(atJWE, jose.ReasonPartCount), mistake: jose.MistakePadding,
			edit: inside(func(jwe string) string { return jwe + ".." })},
		{id: "loose-bits-inside", title: "a tag whose last character has bits that encode nothing", cite: "p.42, RFC 4648 section 3.5", refused: refusedAt(atJWE, jose.ReasonNotBase64URL), mistake: jose.MistakeLooseBits,
			edit: inside(loosen)},
		{id: "truncated-inside", title: "the JWE lost its last character before signing", cite: "p.42", refused: refusedAt(atJWE, jose.ReasonNotBase64URL), mistake: jose.MistakeTruncated,
			edit: inside(func(jwe string) string { return jwe[:len(jwe)-1] })},
	}
}

// cutRecipes is what lacks an end, or was never an envelope.
func cutRecipes() []recipe {
	return []recipe{
		{id: "truncated-signature", title: "the last 102 characters are missing", cite: "p.43", refused: refusedAt(jose.LayerJWSSignature, jose.ReasonSignature), mistake: jose.MistakeTruncated,
			edit: deliver(func(blob string) string { return blob[:len(blob)-102] })},
		{id: "truncated-payload", title: "cut after 255 characters", cite: "p.43", refused: refusedAt(atJWS, jose.ReasonPartCount), mistake: jose.MistakeTruncated,
			edit: deliver(func(blob string) string { return blob[:255] })},
		{id: "truncated-between", title: "cut so that the last character encodes nothing", cite: "p.43", refused: refusedAt(atJWS, jose.ReasonNotBase64URL), mistake: jose.MistakeTruncated,
			edit: deliver(func(blob string) string { return blob[:len(blob)-5] })},
		{id: "not-an-envelope", title: "something else", cite: "p.39", refused: refusedAt(atJWS, jose.ReasonPartCount), mistake: jose.MistakeNotAnEnvelope,
			make: func(*forge) string { return "c29tZXRoaW5nIGVsc2U" }},
		{id: "not-an-envelope-words", title: "a sentence", cite: "p.39", refused: refusedAt(atJWS, jose.ReasonNotBase64URL), mistake: jose.MistakeNotAnEnvelope,
			make: func(*forge) string { return "encrypted!" }},
		{id: "not-an-envelope-json", title: "some JSON object", cite: "p.39", refused: refusedAt(atJWS, jose.ReasonJSONSerialisation), mistake: jose.MistakeNotAnEnvelope,
			make: func(*forge) string { return `{"clear":true}` }},
		{id: "not-an-envelope-three-parts", title: "three parts of something else", cite: "p.39", refused: refusedAt(jose.LayerJWSHeader, jose.ReasonHeaderMalformed), mistake: jose.MistakeNotAnEnvelope,
			make: func(*forge) string { return "b25l.dHdv.dGhyZWU" }},
		{id: "jwe-part-missing", title: "the JWE that was signed has no tag", cite: "p.40", refused: refusedAt(atJWE, jose.ReasonPartCount), mistake: jose.MistakeTruncated,
			edit: func(f *forge) {
				f.inner = func(jwe string) string { before, _, _ := cutLast(jwe); return before }
			}},
	}
}

// orderRecipes is a wrong order of the two forms.
func orderRecipes() []recipe {
	return []recipe{
		{id: "jwe-not-signed", title: "a JWE without a JWS", cite: "p.43", refused: refusedAt(atJWS, jose.ReasonNotSigned), mistake: jose.MistakeJWENotSigned,
			make: func(f *forge) string { return f.jweText() }},
		{id: "signed-then-encrypted", title: "the JWS inside the JWE, and cty says so", cite: "p.43", refused: refusedAt(atJWS, jose.ReasonSignedThenEncrypted), mistake: jose.MistakeSignedThenEncrypted,
			make: func(f *forge) string {
				f.inside.text("cty", "JWS")
				f.payload = []byte(f.jwsText(string(f.payload)))
				return f.jweText()
			}},
		{id: "signed-then-encrypted-silently", title: "the JWS inside the JWE, and nothing says so", cite: "p.43", refused: refusedAt(atJWS, jose.ReasonNotSigned), mistake: jose.MistakeSignedThenEncrypted,
			make: func(f *forge) string {
				f.payload = []byte(f.jwsText(string(f.payload)))
				return f.jweText()
			}},
		{id: "jws-without-jwe", title: "signed, not encrypted", cite: "p.39", refused: refusedAt(atJWE, jose.ReasonNotEncrypted), mistake: jose.MistakeJWSWithoutJWE,
			make: func(f *forge) string { return f.jwsText(string(f.payload)) }},
	}
}
