package jose_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/vtsim/vtsim/keys/jose"
)

// recipe says how a vector is made and what must come of it. Each invalid one has one fault.
type recipe struct {
	id, title, cite string
	use             jose.Use
	// edit changes the forge; make replaces it.
	edit func(f *forge)
	make func(f *forge) string
	// node: Node seals the vector instead of the forge.
	node bool
	// later is how long after sealing the receiver looks at it.
	later time.Duration
	// keys changes the receiver's ring.
	keys     func(r *ring)
	fallBack bool
	// warnings: accepted with these. refused: refused so.
	warnings []jose.WarningID
	refused  *refusal
	// mistake is the first one that the doctor must find.
	mistake jose.MistakeID
}

type refusal struct {
	layer  jose.Layer
	reason jose.Reason
}

func refusedAt(layer jose.Layer, reason jose.Reason) *refusal { return &refusal{layer, reason} }

// standardRing is what the receiver has unless a recipe says otherwise.
func standardRing(use jose.Use) ring {
	r := ring{Verification: []keyRef{{signerID, "issuer-signing"}}}
	if use == jose.UseHubPushData || use == jose.UseHubResults {
		r.Decryption = []keyRef{{apiKey, "hub-secret"}}
	} else {
		r.Decryption = []keyRef{{apiKey, "visa-encryption"}}
	}
	return r
}

// knownRing is what the doctor knows besides.
func knownRing() ring {
	return ring{
		Decryption:   []keyRef{{otherAPIKey, "visa-encryption-production"}, {otherAPIKey, "other-hub-secret"}},
		Verification: []keyRef{{otherID, "other-issuer-signing"}, {oldSignerID, "issuer-signing-old"}},
	}
}

func recipes() []recipe {
	var all []recipe
	for _, part := range [][]recipe{
		validRecipes(), hubAndPushRecipes(), warnedRecipes(), damageRecipes(), encodingRecipes(), insideRecipes(), cutRecipes(), orderRecipes(),
		headerRecipes(), memberRecipes(), algorithmRecipes(), signingKeyRecipes(), recipientKeyRecipes(),
		shapeRecipes(), alterationRecipes(), issuedAtRecipes(), expiresRecipes(), partyRecipes(),
	} {
		all = append(all, part...)
	}
	for i := range all {
		if all[i].use == "" {
			all[i].use = jose.UseAPI
		}
	}
	return all
}

func epoch(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

func validRecipes() []recipe {
	return []recipe{
		{id: "api-plain", title: "the envelope of every API", cite: "pp.40-44"},
		{id: "api-node", title: "the same, sealed by Node", cite: "pp.40-44", node: true},
		{id: "api-exactly-ttl-old", title: "as old as the time to live: still good", cite: "p.41", later: 480 * time.Second},
		{id: "api-iat-number", title: "iat as a number of seconds", cite: "p.221, INT-020", edit: func(f *forge) { f.inside.set("iat", epoch(f.now)) }},
		{id: "api-iat-slightly-ahead", title: "a clock that runs a minute fast", cite: "p.41", edit: func(f *forge) { f.inside.text("iat", epoch(f.now.Add(time.Minute))) }},
		{id: "api-jws-without-typ-and-cty", title: "typ and cty are missing from the JWS header", cite: "pp.43-44, INT-024",
			edit: func(f *forge) { f.outside.drop("typ"); f.outside.drop("cty") }},
		{id: "api-exp-date-time", title: "exp as a date-time, which shortens the life", cite: "p.41, INT-021", later: 59 * time.Second,
			edit: func(f *forge) { f.inside.text("exp", "2026-03-02T12:01:00.000Z") }},
		{id: "api-exp-date-time-numeric-offset", title: "exp with a numeric offset, as Java's pattern letter Z writes it", cite: "p.41, INT-021",
			edit: func(f *forge) { f.inside.text("exp", "2026-03-02T14:01:00.000+0200") }},
		{id: "api-exp-number", title: "exp as a number of seconds", cite: "p.41, INT-021", edit: func(f *forge) { f.inside.set("exp", epoch(f.now.Add(time.Minute))) }},
		{id: "api-exp-later-than-ttl", title: "exp ten days after iat: no effect while iat is fresh", cite: "p.41, p.221", mistake: jose.MistakeExpiresExtends,
			edit: func(f *forge) { f.inside.text("exp", epoch(f.now.Add(240*time.Hour))) }},
		{id: "api-unknown-header-members", title: "members that nobody asked for", cite: "RFC 7515 section 4",
			edit: func(f *forge) { f.inside.set("channel", `{"deep":[1]}`); f.outside.set("jti", "7") }},
		{id: "api-header-with-blanks", title: "JSON headers with blanks and escapes", cite: "RFC 7515 section 3",
			edit: func(f *forge) { f.inside.set("typ", ` "J\u004fSE" `) }},
		{id: "api-two-keys-one-id", title: "a key is being replaced: both are under the API key, and the new one fits", cite: "p.40, INT-025",
			edit: func(f *forge) { f.wrap = wrapOAEP("visa-encryption-next", crypto.SHA256, crypto.SHA256) },
			keys: func(r *ring) { r.Decryption = append(r.Decryption, keyRef{apiKey, "visa-encryption-next"}) }},
		{id: "api-two-keys-one-id-old", title: "the same, and the old one fits", cite: "p.40, INT-025",
			keys: func(r *ring) { r.Decryption = append(r.Decryption, keyRef{apiKey, "visa-encryption-next"}) }},
		{id: "api-two-signing-keys-one-id", title: "two signing keys under one id, and the second one fits", cite: "p.43",
			edit: func(f *forge) { f.signer = "issuer-signing-old" },
			keys: func(r *ring) { r.Verification = append(r.Verification, keyRef{signerID, "issuer-signing-old"}) }},
		{id: "api-two-signing-keys-one-id-old", title: "the same, and the first one fits", cite: "p.43",
			keys: func(r *ring) { r.Verification = append(r.Verification, keyRef{signerID, "issuer-signing-old"}) }},
		{id: "api-utf-8", title: "a payload beyond ASCII", cite: "p.40", edit: func(f *forge) { f.payload = []byte(`{"name":"Zoë Ångström 山田"}`) }},
		{id: "api-empty-payload", title: "an empty payload is an envelope's right; what it means is another question", cite: "p.42", edit: func(f *forge) { f.payload = nil }},
	}
}

func hubAndPushRecipes() []recipe {
	push, hub, results := jose.UsePushCardEnrollment, jose.UseHubPushData, jose.UseHubResults
	return []recipe{
		{id: "push-one-recipient", title: "push to one wallet", cite: "p.41, p.221", use: push},
		{id: "push-several-recipients", title: "push to six wallets: as many UUIDs as fit", cite: "p.41, INT-026", use: push,
			edit: func(f *forge) {
				f.inside.text("aud", strings.TrimSuffix(strings.Repeat("deadbeef-1111-4222-8333-44445555669a,", 6), ","))
			}},
		{id: "push-ten-recipients", title: "push to ten wallets with short ids", cite: "p.41, INT-026", use: push,
			edit: func(f *forge) { f.inside.text("aud", "w01,w02,w03,w04,w05,w06,w07,w08,w09,w10") }},
		{id: "push-longer-than-api", title: "a blob of more than 7000 bytes, which only this use allows", cite: "p.213, INT-028", use: push,
			edit: func(f *forge) { f.payload = longPayload(3600) }},
		{id: "hub-push-data", title: "the hub's envelope: the key wrapped with the shared secret", cite: "p.224, INT-027", use: hub},
		{id: "hub-node", title: "the same, sealed by Node", cite: "p.224, INT-027", use: hub, node: true},
		{id: "hub-results", title: "what the hub hands back: no iss, no aud", cite: "pp.231-232", use: results},
	}
}

// longPayload is a JSON text of about that many bytes.
func longPayload(bytes int) []byte {
	return []byte(`{"filler":"` + strings.Repeat("0123456789abcdef", bytes/16) + `"}`)
}

func warnedRecipes() []recipe {
	warned := func(ids ...jose.WarningID) []jose.WarningID { return ids }
	return []recipe{
		{id: "warn-iat-milliseconds", title: "iat in milliseconds", cite: "INT-020", warnings: warned(jose.WarningMilliseconds), mistake: jose.MistakeIssuedAtMilliseconds,
			edit: func(f *forge) { f.inside.set("iat", strconv.FormatInt(f.now.UnixMilli(), 10)) }},
		{id: "warn-iat-milliseconds-text", title: "iat in milliseconds, in a string", cite: "INT-020", warnings: warned(jose.WarningMilliseconds), mistake: jose.MistakeIssuedAtMilliseconds,
			edit: func(f *forge) { f.inside.text("iat", strconv.FormatInt(f.now.UnixMilli(), 10)) }},
		{id: "warn-exp-without-offset", title: "exp as a date-time without offset", cite: "p.41", warnings: warned(jose.WarningExpiresWithoutZone),
			edit: func(f *forge) { f.inside.text("exp", "2026-03-02T12:01:00") }},
		{id: "warn-jwk", title: "a jwk in the JWS header, which is not used", cite: "RFC 7515 section 4.1.3", warnings: warned(jose.WarningKeyInHeader), mistake: jose.MistakeKeyInHeader,
			edit: func(f *forge) { f.outside.set("jwk", jwk(&f.keys["issuer-signing"].rsa.PublicKey)) }},
		{id: "warn-jku", title: "a jku in the JWE header, which is not fetched", cite: "RFC 7516 section 4.1.4", warnings: warned(jose.WarningKeyInHeader), mistake: jose.MistakeKeyInHeader,
			edit: func(f *forge) { f.inside.text("jku", "https://keys.example/jwks") }},
		{id: "warn-kid-fell-back", title: "an unknown kid where the deployment falls back to the default key", cite: "INT-025", fallBack: true,
			warnings: warned(jose.WarningKeyIDFellBack), mistake: jose.MistakeKeyIDUnknown,
			edit: func(f *forge) { f.inside.text("kid", "77777777") }},
		{id: "warn-aud-blanks", title: "blanks after the commas of aud", cite: "p.41", use: jose.UsePushCardEnrollment, warnings: warned(jose.WarningAudienceBlanks),
			edit: func(f *forge) { f.inside.text("aud", "wallet-1, wallet-2") }},
		{id: "warn-hub-without-typ", title: "the hub's JWE header without typ", cite: "p.224", use: jose.UseHubPushData, warnings: warned(jose.WarningTypeMissing), mistake: jose.MistakeType,
			edit: func(f *forge) { f.inside.drop("typ") }},
		{id: "warn-hub-jws-without-iat", title: "the hub's JWS header without iat, as its sample has it", cite: "p.224, p.233", use: jose.UseHubPushData,
			warnings: warned(jose.WarningJWSIssuedAtMissing), edit: func(f *forge) { f.outside.drop("iat") }},
	}
}

func jwk(key *rsa.PublicKey) string {
	return `{"kty":"RSA","n":"` + b64(key.N.Bytes()) + `","e":"AQAB"}`
}

func object(pairs ...string) string {
	members := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		members[pairs[i]] = pairs[i+1]
	}
	text, _ := json.Marshal(members)
	return string(text)
}

func broken(text, lineBreak string) string {
	var lines []string
	for ; len(text) > 76; text = text[76:] {
		lines = append(lines, text[:76])
	}
	return strings.Join(append(lines, text), lineBreak)
}

func pad(segment string) string { return segment + strings.Repeat("=", (4-len(segment)%4)%4) }

// sumOf is the SHA-256 of a text.
func sumOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
