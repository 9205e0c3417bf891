package keys

import (
	"crypto/rand"
	"errors"
	"io"
	"os"
	"time"
)

// Facts are the numbers and names of the specification that key material
// depends on. The caller takes them from the contract; all but Policies are
// required.
type Facts struct {
	// RSABits is the least modulus length of every RSA key, in bits (p.40).
	RSABits int
	// APIKeyLength is the length of an API key that is issued here, in
	// characters; APIKeyMax the longest that is accepted (p.28).
	APIKeyLength int
	APIKeyMax    int
	// ClientIDMax is the longest client id, in characters (p.97).
	ClientIDMax int
	// KeyIDMax is the longest key id, in characters (pp.40, 43).
	KeyIDMax int
	// Outbound are the operationIds of the calls from Visa to the issuer
	// (chapters 6 and 7), in the order in which a profile lists them.
	Outbound []string
	// Policies says by key what a decision table's condition may name; a key
	// that is not there takes anything.
	Policies map[string]PolicyValues
}

// check reports facts that are missing: a mistake of the caller, not of a user.
func (f Facts) check() error {
	if f.RSABits <= 0 || f.APIKeyLength <= 0 || f.APIKeyMax < f.APIKeyLength ||
		f.ClientIDMax <= 0 || f.KeyIDMax <= 0 || len(f.Outbound) == 0 {
		return errors.New("keys: Facts are incomplete; fill all of them from the contract")
	}
	return nil
}

// Settings are what every function of this package needs from outside.
type Settings struct {
	// Facts of the specification; required.
	Facts Facts
	// Now is the clock for validity periods and for names of previous files;
	// nil means time.Now.
	Now func() time.Time
	// Keys makes RSA keys; nil means Generated.
	Keys KeySource
	// Rand makes credentials, serial numbers and the vault key; nil means
	// crypto/rand. It must be safe for concurrent use if the caller is.
	Rand io.Reader
	// LookupEnv resolves ${NAME} in issuer.yaml and credentials.yaml; nil
	// means os.LookupEnv.
	LookupEnv func(name string) (string, bool)
	// Validity is how long new certificates are valid and sample cards are
	// good; zero means ten years.
	Validity time.Duration

	// rename replaces os.Rename in tests.
	rename func(from, to string) error
}

const defaultValidity = 10 * 365 * 24 * time.Hour

// ready fills the defaults.
func (s Settings) ready() (Settings, error) {
	if err := s.Facts.check(); err != nil {
		return s, err
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Keys == nil {
		s.Keys = Generated{}
	}
	if s.Rand == nil {
		s.Rand = rand.Reader
	}
	if s.LookupEnv == nil {
		s.LookupEnv = os.LookupEnv
	}
	if s.Validity <= 0 {
		s.Validity = defaultValidity
	}
	if s.rename == nil {
		s.rename = os.Rename
	}
	return s, nil
}
