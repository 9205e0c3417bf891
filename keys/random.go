package keys

import (
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// Letters and digits, the alphabet of API keys (p.28).
const alphanumerics = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// randomText draws that many letters and digits, each as likely as the other.
func randomText(random io.Reader, length int) (string, error) {
	const fair = 256 - 256%len(alphanumerics) // bytes from here on would favour the first letters
	text := make([]byte, 0, length)
	chunk := make([]byte, length)
	for len(text) < length {
		if _, err := io.ReadFull(random, chunk); err != nil {
			return "", fmt.Errorf("draw random characters: %w", err)
		}
		for _, b := range chunk {
			if int(b) < fair && len(text) < length {
				text = append(text, alphanumerics[int(b)%len(alphanumerics)])
			}
		}
	}
	return string(text), nil
}

// randomGUID draws a version 4 UUID in its usual spelling, 36 characters.
func randomGUID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("draw a client id: %w", err)
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// vaultKeyBytes is the length of an AES-256 key.
const vaultKeyBytes = 32

// newVaultKey draws the key that encrypts PANs at rest, in Base64.
func newVaultKey(random io.Reader) ([]byte, error) {
	key := make([]byte, vaultKeyBytes)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("draw the vault key: %w", err)
	}
	return []byte(base64.StdEncoding.EncodeToString(key) + "\n"), nil
}

// parseVaultKey reads what newVaultKey made.
func parseVaultKey(data []byte) ([]byte, *Problem) {
	const mend = "restore the file; without it stored PANs can't be read"
	key, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(string(data)))
	if err != nil {
		return nil, &Problem{What: "is not Base64", Mend: mend}
	}
	if len(key) != vaultKeyBytes {
		return nil, &Problem{What: fmt.Sprintf("holds %d bytes where %d belong", len(key), vaultKeyBytes), Mend: mend}
	}
	return key, nil
}
