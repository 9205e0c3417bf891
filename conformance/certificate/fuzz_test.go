package certificate_test

import (
	"testing"

	"github.com/vtsim/vtsim/conformance/certificate"
)

// FuzzVerify reads any bytes as certificate and as Result: none but the pair
// that was signed is taken.
func FuzzVerify(f *testing.F) {
	key := throwAway("01.key")
	good, err := certificate.Sign([]byte(result), key, issued)
	if err != nil {
		f.Fatal(err)
	}
	object, err := certificate.Parse(good)
	if err != nil {
		f.Fatal(err)
	}
	statement := string(object.UnsafePayloadWithoutVerification())
	f.Add(good, []byte(result))
	f.Add(good[:len(good)/2], []byte(result))
	f.Add(unsigned(good, `{"alg":"none"}`), []byte(result))
	f.Add([]byte("e30.e30.e30"), []byte("{}"))
	f.Fuzz(func(t *testing.T, text, document []byte) {
		if _, err := certificate.Verify(text, document, &key.PublicKey); err != nil {
			return
		}
		read, err := certificate.Parse(text)
		if err != nil || string(read.UnsafePayloadWithoutVerification()) != statement || string(document) != result {
			t.Errorf("taken: %q for %q", text, document)
		}
	})
}
