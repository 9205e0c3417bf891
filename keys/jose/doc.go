// Package jose seals, opens and explains the envelopes in which payloads travel: a JWE with a JWS around it, both in
// compact serialisation (pp.39-45), and the variant of the card enrolment hub, whose JWE key is wrapped with a shared
// secret instead of an RSA key (pp.224-233).
//
// One way in, one way out, with the same rules on both:
//
//	payload ──JWE: key wrapped, text encrypted──→ ──JWS: signed──→ blob
//
//	blob ─size─→ JWS structure ─→ JWS header ─→ signature ─→ JWE structure ─→ JWE header
//	     ─→ time ─→ audience ─→ key ─→ tag ─→ payload
//
// Open stops at the first layer that is wrong and says so in one *Refused. Nothing expensive happens before the size is
// bounded, nothing is decrypted before the signature is verified. The doctor (Diagnose) goes on where Open stops: it
// undoes damage, tries the keys and the known wrong ways, and names the mistakes of a closed catalogue.
//
// The cryptography is go-jose's, except where go-jose is more lenient than the specification allows (line breaks in
// base64url, PSS salts of any length, b64 without crit, tags longer than GCM gives): those are closed here.
//
// The package never generates RSA keys, reads no contract (Rules come from its caller), no clock but the one given, and
// puts neither keys nor secrets nor payloads into an error, a warning or a diagnosis. Random numbers for content keys,
// vectors and salts come from crypto/rand inside go-jose, which takes no other source.
package jose
