package jose

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	_ "crypto/sha1" // OAEPOptions names hashes by number
	"encoding/json"
)

// unwrapOAEP opens an encrypted key by RSA-OAEP with SHA-256 for hash and mask; nil where it does not open.
func unwrapOAEP(key *rsa.PrivateKey, encrypted []byte) []byte {
	return unwrapOAEPWith(key, encrypted, crypto.SHA256, crypto.SHA256)
}

// unwrapOAEPWith does so with the hashes given; the doctor knows senders that mix them up.
func unwrapOAEPWith(key *rsa.PrivateKey, encrypted []byte, hash, mask crypto.Hash) []byte {
	contentKey, err := key.Decrypt(nil, encrypted, &rsa.OAEPOptions{Hash: hash, MGFHash: mask})
	if err != nil {
		return nil
	}
	return contentKey
}

// unwrapGCM opens an encrypted key by AES key wrap with GCM (RFC 7518 section 4.7); nil where it does not open.
func unwrapGCM(wrapKey, encrypted []byte, header members) []byte {
	iv, tag := decodeMember(header.values[memberWrapIV]), decodeMember(header.values[memberWrapTag])
	gcm := newGCM(wrapKey)
	if gcm == nil || len(iv) != gcm.NonceSize() {
		return nil
	}
	contentKey, err := gcm.Open(nil, iv, append(append([]byte{}, encrypted...), tag...), nil)
	if err != nil {
		return nil
	}
	return contentKey
}

func decodeMember(raw json.RawMessage) []byte {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil
	}
	decoded, err := strict.DecodeString(text)
	if err != nil {
		return nil
	}
	return decoded
}

// newGCM is nil for keys that AES does not have.
func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil
	}
	return gcm
}
