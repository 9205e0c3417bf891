package contract

import "time"

// Envelope are the facts of the three envelopes: x-pay-token (p.27), JWS
// around JWE (p.39-45), and the one of the card enrolment hub (p.224-233).
type Envelope struct {
	XPayToken   XPayTokenFacts  `yaml:"xPayToken" json:"xPayToken"`
	JOSE        JOSEFacts       `yaml:"jose" json:"jose"`
	Hub         HubFacts        `yaml:"hub" json:"hub"`
	Credentials CredentialFacts `yaml:"credentials" json:"credentials"`
}

// XPayTokenFacts describe the header that authenticates a call (p.27).
type XPayTokenFacts struct {
	Page   int    `yaml:"page" json:"page"`
	Header string `yaml:"header" json:"header"`
	Scheme string `yaml:"scheme" json:"scheme"`
	// WindowSeconds is the life of a token.
	WindowSeconds int `yaml:"windowSeconds" json:"windowSeconds"`
	// MaxLength in characters.
	MaxLength int `yaml:"maxLength" json:"maxLength"`
	// APIKeyParameter is the query parameter that names the key.
	APIKeyParameter string `yaml:"apiKeyParameter" json:"apiKeyParameter"`
}

// Window is the life of a token.
func (x XPayTokenFacts) Window() time.Duration { return time.Duration(x.WindowSeconds) * time.Second }

// JOSEFacts describe JWS around JWE (p.39-45).
type JOSEFacts struct {
	Pages Pages  `yaml:"pages" json:"pages"`
	Typ   string `yaml:"typ" json:"typ"`
	Cty   string `yaml:"cty" json:"cty"`
	// TTLSeconds is the life of an envelope after iat (INT-021).
	TTLSeconds int        `yaml:"ttlSeconds" json:"ttlSeconds"`
	Kid        HeaderSize `yaml:"kid" json:"kid"`
	Iss        HeaderSize `yaml:"iss" json:"iss"`
	Aud        HeaderSize `yaml:"aud" json:"aud"`
	JWE        Algorithms `yaml:"jwe" json:"jwe"`
	JWS        Algorithms `yaml:"jws" json:"jws"`
	RSABits    int        `yaml:"rsaBits" json:"rsaBits"`
	// MaxLength of the whole envelope: under "api" that of all operations,
	// under an operation its own (INT-028).
	MaxLength map[string]int `yaml:"maxLength" json:"maxLength"`
}

// TTL is the life of an envelope after iat.
func (j JOSEFacts) TTL() time.Duration { return time.Duration(j.TTLSeconds) * time.Second }

// anyOperation is the key of JOSEFacts.MaxLength that stands for all.
const anyOperation = "api"

// MaxLengthOf is the greatest length of an envelope of the operation, in
// characters.
func (j JOSEFacts) MaxLengthOf(operation string) int {
	if length, ok := j.MaxLength[operation]; ok {
		return length
	}
	return j.MaxLength[anyOperation]
}

// HeaderSize bounds a JOSE header parameter.
type HeaderSize struct {
	// MaxLength in characters, MaxItems in list elements, zero when
	// unbounded.
	MaxLength int `yaml:"maxLength" json:"maxLength"`
	MaxItems  int `yaml:"maxItems" json:"maxItems,omitempty"`
	Page      int `yaml:"page" json:"page"`
}

// Algorithms are what an envelope must use. Enc is empty in a JWS.
type Algorithms struct {
	Page int    `yaml:"page" json:"page"`
	Alg  string `yaml:"alg" json:"alg"`
	Enc  string `yaml:"enc" json:"enc,omitempty"`
}

// HubFacts describe the envelope of the web proxy (p.224-233).
type HubFacts struct {
	Pages Pages      `yaml:"pages" json:"pages"`
	JWE   Algorithms `yaml:"jwe" json:"jwe"`
	JWS   Algorithms `yaml:"jws" json:"jws"`
	// AudItems is how many recipients aud may name (INT-026).
	AudItems int `yaml:"audItems" json:"audItems"`
}

// CredentialFacts describe what onboarding gives out.
type CredentialFacts struct {
	APIKey   CredentialSize `yaml:"apiKey" json:"apiKey"`
	ClientID CredentialSize `yaml:"clientID" json:"clientID"`
}

// CredentialSize bounds a credential, in characters.
type CredentialSize struct {
	MaxLength int `yaml:"maxLength" json:"maxLength"`
	Page      int `yaml:"page" json:"page"`
	// IssuedLength is how long those are that vtsim gives out.
	IssuedLength int `yaml:"issuedLength" json:"issuedLength,omitempty"`
}

// envelopeXPayToken is the key of XPayTokenFacts.
const envelopeXPayToken = "xPayToken"

func (e *Envelope) check(p place) {
	x := p.at(envelopeXPayToken)
	x.page(e.XPayToken.Page)
	x.filled(map[string]string{"header": e.XPayToken.Header, "scheme": e.XPayToken.Scheme, "apiKeyParameter": e.XPayToken.APIKeyParameter})
	x.positive(map[string]int{"windowSeconds": e.XPayToken.WindowSeconds, "maxLength": e.XPayToken.MaxLength})
	j := p.at("jose")
	j.pages(e.JOSE.Pages)
	j.filled(map[string]string{"typ": e.JOSE.Typ, "cty": e.JOSE.Cty})
	j.positive(map[string]int{"ttlSeconds": e.JOSE.TTLSeconds, "rsaBits": e.JOSE.RSABits})
	j.at("maxLength").positive(e.JOSE.MaxLength)
	if e.JOSE.MaxLength[anyOperation] == 0 {
		j.at("maxLength").failf("%s is missing, the length for operations that have none of their own", anyOperation)
	}
	sizes := map[string]HeaderSize{"kid": e.JOSE.Kid, "iss": e.JOSE.Iss, "aud": e.JOSE.Aud}
	for _, name := range sortedKeys(sizes) {
		j.at(name).page(sizes[name].Page)
		j.at(name).positive(map[string]int{"maxLength": sizes[name].MaxLength})
	}
	e.JOSE.JWE.check(j.at("jwe"), true)
	e.JOSE.JWS.check(j.at("jws"), false)
	h := p.at("hub")
	h.pages(e.Hub.Pages)
	h.positive(map[string]int{"audItems": e.Hub.AudItems})
	e.Hub.JWE.check(h.at("jwe"), true)
	e.Hub.JWS.check(h.at("jws"), false)
	credentials := map[string]CredentialSize{"apiKey": e.Credentials.APIKey, "clientID": e.Credentials.ClientID}
	for _, name := range sortedKeys(credentials) {
		size, at := credentials[name], p.at("credentials", name)
		at.page(size.Page)
		at.positive(map[string]int{"maxLength": size.MaxLength})
		if size.IssuedLength > size.MaxLength {
			at.at("issuedLength").failf("issuedLength %d is above maxLength %d", size.IssuedLength, size.MaxLength)
		}
	}
}

func (a Algorithms) check(p place, encrypts bool) {
	p.page(a.Page)
	p.filled(map[string]string{"alg": a.Alg})
	if encrypts != (a.Enc != "") {
		p.failf("a JWE has enc, a JWS has none")
	}
}
