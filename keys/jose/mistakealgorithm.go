package jose

import (
	"strings"

	gojose "github.com/go-jose/go-jose/v4"
)

// signatureAlgorithm is alg of the JWS header; readable is false where there is no such header.
func (s *specimen) signatureAlgorithm() (alg string, readable bool) {
	if s.jws == nil || !s.jws.readable {
		return "", false
	}
	alg, _, _ = s.jws.header.text(memberAlgorithm)
	return alg, true
}

// keyAlgorithm is alg of the JWE header.
func (s *specimen) keyAlgorithm() (alg string, readable bool) {
	if s.jwe == nil || !s.jwe.readable {
		return "", false
	}
	alg, _, _ = s.jwe.header.text(memberAlgorithm)
	return alg, true
}

// encryption is enc of the JWE header.
func (s *specimen) encryption() (enc string, readable bool) {
	if s.jwe == nil || !s.jwe.readable {
		return "", false
	}
	enc, _, _ = s.jwe.header.text(memberEncryption)
	return enc, true
}

// otherSuite is the suite of the other uses.
func (s *specimen) otherSuite() Suite {
	if s.hub {
		return s.rules.API
	}
	return s.rules.Hub
}

// isPKCS1 reports whether alg names an RSASSA-PKCS1-v1_5 signature.
func isPKCS1(alg string) bool {
	return alg == string(gojose.RS256) || alg == string(gojose.RS384) || alg == string(gojose.RS512)
}

// signatureAlgorithmEntries are alg of the JWS header.
func signatureAlgorithmEntries() []entry {
	jwsAlgorithm := []cause{{LayerJWSHeader, ReasonAlgorithm}}
	return []entry{
		{MistakeRS256, "PKCS #1 v1.5 signature instead of PSS", "Sign with {sig}: RSASSA-PSS, SHA-256, MGF1 with SHA-256, salt of 32 bytes.", "{jwsPage}",
			[]cause{{LayerJWSHeader, ReasonAlgorithm}, {LayerJWSSignature, ReasonSignature}},
			func(s *specimen) (string, bool) {
				alg, _ := s.signatureAlgorithm()
				switch {
				case isPKCS1(alg):
					return "alg of the JWS header is " + quote(alg), true
				case s.signature.fits && s.signature.way == signedPKCS1:
					return "the header says " + quote(alg) + ", the signature of " + quote(s.signature.label) + " is PKCS #1 v1.5", true
				}
				return "", false
			}},
		{MistakeUnsigned, "alg none", "Sign with {sig}.", "{jwsPage}", jwsAlgorithm,
			func(s *specimen) (string, bool) {
				alg, _ := s.signatureAlgorithm()
				return "", strings.EqualFold(alg, "none")
			}},
		{MistakeHMAC, "Signed with a shared secret", "Sign with the RSA signing key: {sig}.", "{jwsPage}", jwsAlgorithm,
			func(s *specimen) (string, bool) {
				alg, _ := s.signatureAlgorithm()
				return "alg of the JWS header is " + quote(alg), strings.HasPrefix(alg, "HS")
			}},
		{MistakeSignatureAlgorithm, "Another signature algorithm", "Sign with {sig}.", "{jwsPage}", jwsAlgorithm,
			func(s *specimen) (string, bool) {
				alg, readable := s.signatureAlgorithm()
				known := alg == s.suite.Signature || isPKCS1(alg) || strings.HasPrefix(alg, "HS") || strings.EqualFold(alg, "none")
				return "alg of the JWS header is " + quote(alg), readable && !known
			}},
	}
}

// keyAlgorithmEntries are alg and enc of the JWE header.
func keyAlgorithmEntries() []entry {
	jweAlgorithm := []cause{{LayerJWEHeader, ReasonAlgorithm}}
	unwrapped := []cause{{LayerJWEHeader, ReasonAlgorithm}, {LayerJWEKey, ReasonKey}}
	encryption := []cause{{LayerJWEHeader, ReasonEncryption}}
	return []entry{
		{MistakeOAEPSHA1, "RSA-OAEP with SHA-1", "Wrap the content key with {alg}: SHA-256 for the hash and for MGF1.", "{jwePage}", unwrapped,
			func(s *specimen) (string, bool) { return s.wrappedBy(string(gojose.RSA_OAEP), wrappedSHA1) }},
		{MistakeRSA15, "RSA with PKCS #1 v1.5 padding", "Wrap the content key with {alg}.", "{jwePage}", unwrapped,
			func(s *specimen) (string, bool) { return s.wrappedBy(string(gojose.RSA1_5), wrappedPKCS1) }},
		{MistakeOtherUse, "The key algorithm of another use", "This use has {alg}: RSA keys inside the API, the shared secret at the enrolment hub.", "{jwePage}", jweAlgorithm,
			func(s *specimen) (string, bool) {
				alg, _ := s.keyAlgorithm()
				return "alg of the JWE header is " + quote(alg), alg == s.otherSuite().KeyAlgorithm
			}},
		{MistakeKeyAlgorithm, "Another key algorithm", "Wrap the content key with {alg}.", "{jwePage}", jweAlgorithm,
			func(s *specimen) (string, bool) {
				alg, readable := s.keyAlgorithm()
				known := alg == s.suite.KeyAlgorithm || alg == s.otherSuite().KeyAlgorithm || alg == string(gojose.RSA_OAEP) || alg == string(gojose.RSA1_5)
				return "alg of the JWE header is " + quote(alg), readable && !known
			}},
		{MistakeShortGCM, "AES-GCM with a shorter key", "Encrypt with {enc} and a content key of 256 bits.", "{jwePage}", encryption,
			func(s *specimen) (string, bool) {
				enc, _ := s.encryption()
				return "enc is " + quote(enc), enc == string(gojose.A128GCM) || enc == string(gojose.A192GCM)
			}},
		{MistakeCBC, "AES-CBC with HMAC", "Encrypt with {enc}.", "{jwePage}", encryption,
			func(s *specimen) (string, bool) {
				enc, _ := s.encryption()
				return "enc is " + quote(enc), strings.Contains(enc, "CBC")
			}},
		{MistakeEncryption, "Another content encryption", "Encrypt with {enc}.", "{jwePage}", encryption,
			func(s *specimen) (string, bool) {
				enc, readable := s.encryption()
				known := enc == s.suite.Encryption || enc == string(gojose.A128GCM) || enc == string(gojose.A192GCM) || strings.Contains(enc, "CBC")
				return "enc is " + quote(enc), readable && !known
			}},
	}
}

// wrappedBy reports a way of wrapping that the header names, or that it hides.
func (s *specimen) wrappedBy(name string, way keyWay) (string, bool) {
	alg, readable := s.keyAlgorithm()
	switch {
	case !readable:
		return "", false
	case alg == name:
		return "alg of the JWE header is " + quote(alg), true
	case s.key.fits && s.key.way == way:
		return "the header says " + quote(alg) + ", but the encrypted key opens as " + name, true
	}
	return "", false
}
