package jose_test

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vtsim/vtsim/keys/jose"
)

// A forge makes envelopes step by step with the standard library alone, so that it is independent of the package under
// test and of go-jose, and can go wrong at every step on purpose.
type forge struct {
	keys testKeys
	now  time.Time
	// payload is the plaintext.
	payload []byte

	// inside is the JWE header before the wrap adds its members.
	inside header
	// content is the content key. wrap makes the encrypted key and may add members to the header.
	content []byte
	wrap    func(f *forge, content []byte) []byte
	iv      []byte
	// gcm makes the cipher; aad the additional data, given the raw header.
	gcm func(f *forge) (cipher.AEAD, error)
	aad func(raw []byte) []byte
	// sealed may change the JWE's five parts before they are signed.
	sealed func(parts [][]byte)
	// inner turns the JWE into the JWS payload.
	inner func(jwe string) string

	outside header
	// signer is the name of the key; sign makes the signature over the input.
	signer string
	sign   func(key *rsa.PrivateKey, input string) ([]byte, error)
	// input is what is signed, given the header and payload segments.
	input func(head, body string) string
	// signed may change the three parts after signing; the second one is the text of the JWE.
	signed func(parts [][]byte)
	// delivered may change the blob on its way.
	delivered func(blob string) string
}

// member is one header member as JSON text.
type member struct{ name, value string }

type header []member

func (h header) raw() []byte {
	parts := make([]string, len(h))
	for i, m := range h {
		parts[i] = strconv.Quote(m.name) + ":" + m.value
	}
	return []byte("{" + strings.Join(parts, ",") + "}")
}

// set replaces a member or adds it; the value is JSON text.
func (h *header) set(name, value string) {
	for i, m := range *h {
		if m.name == name {
			(*h)[i].value = value
			return
		}
	}
	*h = append(*h, member{name, value})
}

func (h *header) text(name, value string) { h.set(name, strconv.Quote(value)) }

func (h *header) drop(name string) {
	*h = slices.DeleteFunc(*h, func(m member) bool { return m.name == name })
}

const (
	// apiKey is a throw-away API key, as long as issued ones.
	apiKey      = "TESTONLYapiKEY0123456789abcdefghijklmnopqrstuvwxy"
	otherAPIKey = "TESTONLYotherKEY456789abcdefghijklmnopqrstuvwxyz0"
	signerID    = "A1B2C3D4"
	oldSignerID = "0F0E0D0C"
	otherID     = "99887766"
)

var pan = []byte(`{"cardholderInfo":{"primaryAccountNumber":"4111111111111111","cvv2":"123","expirationDate":{"month":"12","year":"2029"},"highValueCustomer":false}}`)

// newForge starts with a right envelope for the use.
func newForge(keys testKeys, use jose.Use, now time.Time) *forge {
	issued := strconv.FormatInt(now.Unix(), 10)
	f := &forge{keys: keys, now: now, payload: slices.Clone(pan), content: random(32), iv: random(12), signer: "issuer-signing",
		wrap: wrapOAEP("visa-encryption", crypto.SHA256, crypto.SHA256), gcm: standardGCM,
		aad: func(raw []byte) []byte { return []byte(b64(raw)) }, sign: signPSS(rsa.PSSSaltLengthEqualsHash),
		inner: func(jwe string) string { return jwe }, input: func(head, body string) string { return head + "." + body }}
	f.inside.text("alg", "RSA-OAEP-256")
	f.inside.text("kid", apiKey)
	f.inside.text("typ", "JOSE")
	f.inside.text("enc", "A256GCM")
	f.inside.text("iat", issued)
	f.outside.text("alg", "PS256")
	f.outside.text("kid", signerID)
	f.outside.text("typ", "JOSE")
	f.outside.text("cty", "JWE")
	switch use {
	case jose.UsePushCardEnrollment:
		f.inside.text("iss", "c0ffee00-1111-4222-8333-444455556601")
		f.inside.text("aud", "deadbeef-1111-4222-8333-44445555669a")
	case jose.UseHubPushData, jose.UseHubResults:
		f.inside.text("alg", "A256GCMKW")
		f.wrap = wrapSecret("hub-secret", func(secret string) []byte { sum := sha256.Sum256([]byte(secret)); return sum[:] })
		f.outside.text("iat", issued)
		if use == jose.UseHubPushData {
			f.inside.text("iss", "d1c00000aaaa0001")
			f.inside.text("aud", "3ee00000bbbb0001")
		}
	}
	return f
}

func random(n int) []byte {
	out := make([]byte, n)
	_, _ = rand.Read(out) // never fails
	return out
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func standardGCM(f *forge) (cipher.AEAD, error) {
	block, err := aes.NewCipher(f.content)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithNonceSize(block, len(f.iv))
}

func wrapOAEP(name string, hash, mask crypto.Hash) func(*forge, []byte) []byte {
	return func(f *forge, content []byte) []byte {
		wrapped, err := rsa.EncryptOAEPWithOptions(rand.Reader, &f.keys[name].rsa.PublicKey, content, &rsa.OAEPOptions{Hash: hash, MGFHash: mask})
		if err != nil {
			panic(err)
		}
		return wrapped
	}
}

func wrapPKCS1(name string) func(*forge, []byte) []byte {
	return func(f *forge, content []byte) []byte {
		//lint:ignore SA1019 a mistake to be found
		wrapped, err := rsa.EncryptPKCS1v15(rand.Reader, &f.keys[name].rsa.PublicKey, content)
		if err != nil {
			panic(err)
		}
		return wrapped
	}
}

// wrapSecret wraps with AES-GCM under a key derived from the secret, and puts iv and tag into the header.
func wrapSecret(name string, derive func(secret string) []byte) func(*forge, []byte) []byte {
	return func(f *forge, content []byte) []byte {
		block, err := aes.NewCipher(derive(f.keys[name].Secret))
		if err != nil {
			panic(err)
		}
		gcm, _ := cipher.NewGCM(block)
		iv := random(12)
		wrapped := gcm.Seal(nil, iv, content, nil)
		f.inside.text("iv", b64(iv))
		f.inside.text("tag", b64(wrapped[len(content):]))
		return wrapped[:len(content)]
	}
}

func signPSS(salt int) func(*rsa.PrivateKey, string) ([]byte, error) {
	return func(key *rsa.PrivateKey, input string) ([]byte, error) {
		sum := sha256.Sum256([]byte(input))
		return rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: salt})
	}
}

func signPKCS1(key *rsa.PrivateKey, input string) ([]byte, error) {
	sum := sha256.Sum256([]byte(input))
	return rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
}

// jweText makes the JWE.
func (f *forge) jweText() string {
	wrapped := f.wrap(f, f.content)
	raw := f.inside.raw()
	gcm, err := f.gcm(f)
	if err != nil {
		panic(err)
	}
	sealed := gcm.Seal(nil, f.iv, f.payload, f.aad(raw))
	cut := len(sealed) - gcm.Overhead()
	parts := [][]byte{raw, wrapped, f.iv, sealed[:cut], sealed[cut:]}
	if f.sealed != nil {
		f.sealed(parts)
	}
	return compact(parts)
}

// jwsText signs a payload.
func (f *forge) jwsText(payload string) string {
	raw := f.outside.raw()
	signature, err := f.sign(f.keys[f.signer].rsa, f.input(b64(raw), b64([]byte(payload))))
	if err != nil {
		panic(err)
	}
	parts := [][]byte{raw, []byte(payload), signature}
	if f.signed != nil {
		f.signed(parts)
	}
	return compact(parts)
}

func (f *forge) blob() string {
	blob := f.jwsText(f.inner(f.jweText()))
	if f.delivered != nil {
		blob = f.delivered(blob)
	}
	return blob
}

func compact(parts [][]byte) string {
	segments := make([]string, len(parts))
	for i, part := range parts {
		segments[i] = b64(part)
	}
	return strings.Join(segments, ".")
}

// unforged is an envelope opened by the standard library alone, without judging its headers.
type unforged struct {
	payload         []byte
	inside, outside map[string]any
}

// unforge opens with one RSA key or secret and verifies with one key and a salt of exactly 32 bytes.
func unforge(blob string, opener testKey, verifier *rsa.PublicKey) (unforged, error) {
	var u unforged
	outer, err := split(blob, 3)
	if err != nil {
		return u, err
	}
	signed, _, _ := cutLast(blob)
	sum := sha256.Sum256([]byte(signed))
	if err := rsa.VerifyPSS(verifier, crypto.SHA256, sum[:], outer[2], &rsa.PSSOptions{SaltLength: 32}); err != nil {
		return u, err
	}
	inner, err := split(string(outer[1]), 5)
	if err != nil {
		return u, err
	}
	if err := errors.Join(json.Unmarshal(outer[0], &u.outside), json.Unmarshal(inner[0], &u.inside)); err != nil {
		return u, err
	}
	content, err := unwrap(opener, inner[1], u.inside)
	if err != nil {
		return u, err
	}
	block, err := aes.NewCipher(content)
	if err != nil {
		return u, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return u, err
	}
	u.payload, err = gcm.Open(nil, inner[2], append(inner[3], inner[4]...), []byte(strings.Split(string(outer[1]), ".")[0]))
	return u, err
}

func unwrap(opener testKey, wrapped []byte, inside map[string]any) ([]byte, error) {
	if opener.rsa != nil {
		return rsa.DecryptOAEP(sha256.New(), nil, opener.rsa, wrapped, nil)
	}
	key := sha256.Sum256([]byte(opener.Secret))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	var iv, tag []byte
	for name, into := range map[string]*[]byte{"iv": &iv, "tag": &tag} {
		text, _ := inside[name].(string)
		if *into, err = base64.RawURLEncoding.DecodeString(text); err != nil {
			return nil, err
		}
	}
	return gcm.Open(nil, iv, append(wrapped, tag...), nil)
}

func split(text string, want int) ([][]byte, error) {
	segments := strings.Split(text, ".")
	if len(segments) != want {
		return nil, errors.New("wrong number of parts")
	}
	parts := make([][]byte, want)
	for i, segment := range segments {
		var err error
		if parts[i], err = base64.RawURLEncoding.DecodeString(segment); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func cutLast(text string) (before, after string, found bool) {
	at := strings.LastIndex(text, ".")
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+1:], true
}
