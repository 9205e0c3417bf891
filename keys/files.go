package keys

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	_ "embed" // for the texts below
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"text/template"
)

//go:embed config.yaml
var defaultConfig []byte

//go:embed issuer.yaml.tmpl
var profileTemplate string

// Files are contents by path, relative to the data directory and with slashes.
type Files map[string][]byte

// private tells which files nobody else may read.
func private(name string) bool {
	return !strings.HasSuffix(name, certificateSuffix) && !strings.Contains(name, certificateSuffix+previousInfix)
}

// names returns the paths in order.
func (f Files) names() []string { return slices.Sorted(maps.Keys(f)) }

// addPair adds a key, if there is one, and its certificates.
func (f Files) addPair(sl slot, key *rsa.PrivateKey, certificates ...*x509.Certificate) error {
	if key != nil {
		encoded, err := encodeKey(key)
		if err != nil {
			return err
		}
		f[sl.keyFile()] = encoded
	}
	f[sl.certificateFile()] = encodeCertificates(certificates...)
	return nil
}

// newPair makes a key and its certificate for a slot and adds their files.
func (f Files) newPair(ctx context.Context, ca *Authority, sl slot, o order, s Settings) (*rsa.PrivateKey, error) {
	key, err := s.Keys.RSA(ctx, s.Facts.RSABits)
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", sl.name, err)
	}
	var certificate *x509.Certificate
	if sl.issuedByAuthority() {
		certificate, err = ca.issue(s, &key.PublicKey, o)
	} else {
		certificate, err = selfSigned(s, key, o)
	}
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", sl.name, err)
	}
	return key, f.addPair(sl, key, certificate)
}

// visaOrder says what Visa's certificates look like.
func visaOrder(sl slot, hosts []string) order {
	name := "vtsim Visa " + path.Base(sl.name)
	return order{kind: sl.kind, subject: subject(name), hosts: hosts}
}

// issuerOrder says what an issuer's certificates look like. The client
// certificate carries the client id, by which a caller is matched with its
// API key.
func issuerOrder(sl slot, clientID string, hosts []string) order {
	name := sl.issuer + " " + path.Base(sl.name)
	if sl.kind == KindClient {
		name = clientID
	}
	return order{kind: sl.kind, subject: subject(name), hosts: hosts}
}

// visaFiles makes everything that belongs to Visa's side.
func visaFiles(ctx context.Context, hosts []string, s Settings) (Files, *Authority, error) {
	ca, err := newAuthority(ctx, s)
	if err != nil {
		return nil, nil, fmt.Errorf("make %s: %w", nameAuthority, err)
	}
	files := Files{}
	if err := files.addPair(authoritySlot, ca.Key, ca.Certificate); err != nil {
		return nil, nil, err
	}
	for _, sl := range visaSlots {
		if _, err := files.newPair(ctx, ca, sl, visaOrder(sl, hosts), s); err != nil {
			return nil, nil, err
		}
	}
	return files, ca, nil
}

// issuerFiles makes everything that belongs to one issuer.
func issuerFiles(ctx context.Context, ca *Authority, o IssuerOptions, s Settings) (Files, error) {
	files := Files{}
	slots := issuerSlots(o.Name)
	hosts, err := serverHosts(append(slices.Clone(o.Hosts), hostOf(o.Endpoint))...)
	if err != nil {
		return nil, err
	}
	// The signing key comes first, as the credentials carry its id, and the
	// client certificate carries the credentials' client id.
	signing := slots[slices.IndexFunc(slots, func(sl slot) bool { return sl.kind == KindSigning })]
	key, err := files.newPair(ctx, ca, signing, issuerOrder(signing, "", nil), s)
	if err != nil {
		return nil, err
	}
	credentials, err := newCredentials(s, KeyID(&key.PublicKey))
	if err != nil {
		return nil, err
	}
	for _, sl := range slots {
		if sl == signing {
			continue
		}
		if _, err := files.newPair(ctx, ca, sl, issuerOrder(sl, credentials.ClientID, hosts), s); err != nil {
			return nil, err
		}
	}
	cards, err := SampleCards(o.AccountRanges[0], s.Now(), s.Now().Add(s.Validity), s.Rand)
	if err != nil {
		return nil, err
	}
	profile, err := encodeProfile(o, Plenty(cards), s)
	if err != nil {
		return nil, err
	}
	files[issuerPath(o.Name, credentialsFile)] = credentials.encode()
	files[issuerPath(o.Name, profileFile)] = profile
	return files, nil
}

// sampleTrigger is how a new profile makes the reference issuer act.
type sampleTrigger struct{ Name, Body string }

var sampleTriggers = []sampleTrigger{
	{"suspend", tokenBody}, {"resume", tokenBody}, {"delete", tokenBody}, {"inquire", tokenBody},
	{"activate", `{"tokenRequestorID": "{{token.requestor}}", "tokenReferenceID": "{{token.reference}}", "activationCode": "{{random.otp}}"}`},
	{"inquire-by-pan", `{"pan": "{{card.pan}}"}`},
	{"update-pan", `{"pan": "{{card.pan}}", "expMonth": "{{card.expMonth}}", "expYear": "{{card.expYear}}", ` +
		`"replacement": {"pan": "{{replacement.pan}}", "expMonth": "{{card.expMonth}}", "expYear": "{{card.expYear}}"}}`},
	{"update-account", accountBody("CUSTOMER")}, {"update-account-rejected", accountBody("FAMILY")},
}

// SampleTriggers make the reference issuer act whose test interface has that
// URL; a new profile has them.
func SampleTriggers(control string) map[string]Trigger {
	triggers := map[string]Trigger{}
	for _, t := range sampleTriggers {
		triggers[t.Name] = Trigger{HTTP: &HTTPTrigger{URL: control + "/trigger/" + t.Name, Headers: map[string]string{"Content-Type": "application/json"}, Body: t.Body}}
	}
	return triggers
}

const tokenBody = `{"tokenRequestorID": "{{token.requestor}}", "tokenReferenceID": "{{token.reference}}"}`

// accountBody puts the card's account into a group, of a type that is one or
// is none (p.68).
func accountBody(groupType string) string {
	return `{"pan": "{{card.pan}}", "expMonth": "{{card.expMonth}}", "expYear": "{{card.expYear}}", "updateReferenceID": "{{random.id}}", ` +
		`"accountLevelInfo": {"linkEnrollment": {"group": [{"action": "Add", "groupType": "` + groupType + `", "groupID": "C-1"}]}}}`
}

func encodeProfile(o IssuerOptions, cards []Card, s Settings) ([]byte, error) {
	t, err := template.New(profileFile).Option("missingkey=error").Parse(profileTemplate)
	if err != nil {
		return nil, fmt.Errorf("read the template of %s: %w", profileFile, err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		Name, Endpoint            string
		Operations, AccountRanges []string
		Cards                     []Card
		Control                   string
		Triggers                  []sampleTrigger
	}{o.Name, o.Endpoint, s.Facts.Outbound, o.AccountRanges, cards, strings.TrimRight(o.Control, "/"), sampleTriggers})
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", profileFile, err)
	}
	return b.Bytes(), nil
}
