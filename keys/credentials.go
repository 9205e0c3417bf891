package keys

import (
	"bytes"
	"fmt"
	"log/slog"
	"regexp"

	"gopkg.in/yaml.v3"
)

// Credentials are what an issuer gets from the developer portal (p.34).
type Credentials struct {
	// APIKey names the issuer in every call, letters and digits (p.28); it is
	// also the key id of encrypted payloads (p.40).
	APIKey string
	// SharedSecret keys the x-pay-token (p.27); printable, without blanks.
	SharedSecret string
	// ClientID is the vClientID (pp.41, 97).
	ClientID string
	// SigningKeyID names the issuer's signing key in its signatures (p.43).
	SigningKeyID string
}

// String leaves the secrets out.
func (c Credentials) String() string {
	return fmt.Sprintf("credentials of client %s, signing key %s", c.ClientID, c.SigningKeyID)
}

// GoString leaves the secrets out.
func (c Credentials) GoString() string { return c.String() }

// LogValue leaves the secrets out.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Members of credentials.yaml beside whatAPIKey and whatSharedSecret.
const (
	memberClientID     = "clientID"
	memberSigningKeyID = "signingKeyID"
)

// sharedSecretLength in characters: the specification names none. 50
// characters of this alphabet have about as many random bits as the HMAC's
// key can use.
const sharedSecretLength = 50

// newCredentials draws credentials; the signing key's id comes with the key.
func newCredentials(s Settings, signingKeyID string) (Credentials, error) {
	c := Credentials{SigningKeyID: signingKeyID}
	var err error
	if c.APIKey, err = randomText(s.Rand, s.Facts.APIKeyLength); err != nil {
		return c, err
	}
	if c.SharedSecret, err = randomText(s.Rand, sharedSecretLength); err != nil {
		return c, err
	}
	if c.ClientID, err = randomGUID(s.Rand); err != nil {
		return c, err
	}
	if len(c.ClientID) > s.Facts.ClientIDMax {
		return c, fmt.Errorf("client ids of %d characters are longer than the %d that the contract allows", len(c.ClientID), s.Facts.ClientIDMax)
	}
	if len(signingKeyID) > s.Facts.KeyIDMax {
		return c, fmt.Errorf("key ids of %d characters are longer than the %d that the contract allows", len(signingKeyID), s.Facts.KeyIDMax)
	}
	return c, nil
}

func (c Credentials) encode() []byte {
	return fmt.Appendf(nil, `# Credentials of a simulated issuer (p.34). Keep this file private.
# A value may also come from the environment: apiKey: ${VTSIM_API_KEY}
apiKey: %q
sharedSecret: %q
clientID: %q         # vClientID
signingKeyID: %q     # kid of the issuer's signatures
`, c.APIKey, c.SharedSecret, c.ClientID, c.SigningKeyID)
}

var (
	alphanumeric = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	graphic      = regexp.MustCompile(`^[!-~]+$`)
)

// ParseCredentials reads a credentials.yaml; file is the name for errors.
func ParseCredentials(data []byte, file string, s Settings) (Credentials, error) {
	s, err := s.ready()
	if err != nil {
		return Credentials{}, err
	}
	return parseCredentials(data, file, s)
}

func parseCredentials(data []byte, file string, s Settings) (Credentials, error) {
	var c Credentials
	y := yamlFile{file: file, lookup: s.LookupEnv}
	root, err := y.root(data)
	if err != nil {
		return c, err
	}
	// limited refuses what is longer than the specification allows.
	limited := func(into *string, pattern *regexp.Regexp, shape string, longest int) field {
		return func(n *yaml.Node) error {
			if err := y.matching(into, pattern, shape)(n); err != nil {
				return err
			}
			if longest > 0 && len(*into) > longest {
				return y.fail(n, fmt.Sprintf("has %d characters where at most %d are allowed", len(*into), longest), "")
			}
			return nil
		}
	}
	err = y.object(root, map[string]field{
		whatAPIKey:         limited(&c.APIKey, alphanumeric, "a key of letters and digits", s.Facts.APIKeyMax),
		whatSharedSecret:   limited(&c.SharedSecret, graphic, "a secret of printable ASCII without blanks", 0),
		memberClientID:     limited(&c.ClientID, graphic, "a client id of printable ASCII without blanks", s.Facts.ClientIDMax),
		memberSigningKeyID: limited(&c.SigningKeyID, graphic, "a key id of printable ASCII without blanks", s.Facts.KeyIDMax),
	})
	if err != nil {
		return Credentials{}, err
	}
	for _, member := range []struct{ name, value string }{
		{whatAPIKey, c.APIKey}, {whatSharedSecret, c.SharedSecret}, {memberClientID, c.ClientID}, {memberSigningKeyID, c.SigningKeyID},
	} {
		if member.value == "" {
			return Credentials{}, y.fail(root, member.name+" is missing", "add it")
		}
	}
	return c, nil
}

// changeCredential puts a new value into a credentials.yaml and leaves the
// rest of it alone, comments included.
func changeCredential(data []byte, file, name, value string, s Settings) ([]byte, error) {
	if _, err := parseCredentials(data, file, s); err != nil {
		return nil, err
	}
	y := yamlFile{file: file, lookup: s.LookupEnv}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, y.syntax(data, err)
	}
	members := document.Content[0].Content
	for i := 0; i+1 < len(members); i += 2 {
		node := members[i+1]
		if members[i].Value != name {
			continue
		}
		if y.fromEnvironment(node) {
			return nil, y.fail(node, name+" comes from an environment variable", "change it there")
		}
		node.Value, node.Style, node.Tag = value, yaml.DoubleQuotedStyle, "!!str"
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return nil, fmt.Errorf("write %s: %w", file, err)
	}
	return b.Bytes(), encoder.Close()
}
