package jose

import (
	"encoding/json"
	"strings"
)

// form is what a JSON object is, seen as JOSE.
type form int

const (
	formOther form = iota
	formJWS
	formJWE
	formBody
)

// serialised has the members of both JSON serialisations (RFC 7515 section 7.2, RFC 7516 section 7.2) and the one of a
// request body that holds a blob.
type serialised struct {
	Payload    *string `json:"payload"`
	Protected  string  `json:"protected"`
	Signature  string  `json:"signature"`
	Signatures []struct {
		Protected string `json:"protected"`
		Signature string `json:"signature"`
	} `json:"signatures"`
	EncryptedKey string `json:"encrypted_key"`
	Recipients   []struct {
		EncryptedKey string `json:"encrypted_key"`
	} `json:"recipients"`
	IV            string  `json:"iv"`
	Ciphertext    *string `json:"ciphertext"`
	Tag           string  `json:"tag"`
	EncryptedData *string `json:"encryptedData"`
}

func (s serialised) form() form {
	switch {
	case s.Ciphertext != nil:
		return formJWE
	case s.Payload != nil && (s.Signature != "" || len(s.Signatures) > 0):
		return formJWS
	case s.EncryptedData != nil:
		return formBody
	}
	return formOther
}

func jsonForm(text string) form {
	var s serialised
	if json.Unmarshal([]byte(text), &s) != nil {
		return formOther
	}
	return s.form()
}

// undoJSONForm rewrites JSON serialisation as compact. Of several signatures or recipients it takes the first.
func undoJSONForm(text string) (string, bool) {
	var s serialised
	if !looksJSON(text) || json.Unmarshal([]byte(text), &s) != nil {
		return text, false
	}
	switch s.form() {
	case formJWE:
		if s.EncryptedKey == "" && len(s.Recipients) > 0 {
			s.EncryptedKey = s.Recipients[0].EncryptedKey
		}
		return strings.Join([]string{s.Protected, s.EncryptedKey, s.IV, *s.Ciphertext, s.Tag}, separator), true
	case formJWS:
		if s.Signature == "" {
			s.Protected, s.Signature = s.Signatures[0].Protected, s.Signatures[0].Signature
		}
		return strings.Join([]string{s.Protected, *s.Payload, s.Signature}, separator), true
	}
	return text, false
}

// undoBody takes the blob out of a request body.
func undoBody(text string) (string, bool) {
	var s serialised
	if !looksJSON(text) || json.Unmarshal([]byte(text), &s) != nil || s.form() != formBody {
		return text, false
	}
	return *s.EncryptedData, true
}
