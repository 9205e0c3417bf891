package keys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Rotation tells what was renewed; it has no secrets.
type Rotation struct {
	// What was renewed, in full, such as issuers/demo-bank/apiKey.
	What string
	// KeyID is the id of the new key; empty for credentials.
	KeyID string
	// Files that were written and copies of what they held, relative to the
	// data directory.
	Files, Previous []string
}

// Rotate renews a key with its certificate, or a credential, and keeps what
// was there as FILE.previous-TIME. What is one of
//
//	pki/server  pki/client  visa/encryption  visa/signing
//	issuers/NAME/encryption | signing | client | server
//	issuers/NAME/apiKey | sharedSecret
//
// or, with only one issuer in the directory, plainly apiKey or sharedSecret.
// Names and hosts are taken over from the old certificate. With an issuer's
// signing key its signingKeyID changes too. Readers go on with the old keys
// until they load the directory again.
func Rotate(ctx context.Context, dir, what string, s Settings) (*Rotation, error) {
	s, err := s.ready()
	if err != nil {
		return nil, err
	}
	l := diskLoader(dir, s)
	c := change{root: dir, replace: true, now: s.Now(), rename: s.rename}
	r := &Rotation{What: what}
	if base := path.Base(what); base == whatAPIKey || base == whatSharedSecret {
		c.write, err = l.newCredential(r, base)
	} else {
		c.write, err = l.newKey(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	if r.Previous, err = c.apply(); err != nil {
		return nil, err
	}
	r.Files = c.write.names()
	return r, nil
}

// newKey makes the files of a new key pair.
func (l loader) newKey(ctx context.Context, r *Rotation) (Files, error) {
	sl, err := parseSlot(r.What)
	if err != nil {
		return nil, err
	}
	if err := l.present(sl); err != nil {
		return nil, err
	}
	o, err := l.renewal(sl)
	if err != nil {
		return nil, err
	}
	var ca *Authority
	if sl.issuedByAuthority() {
		if ca, err = l.signingAuthority(); err != nil {
			return nil, err
		}
	}
	files := Files{}
	key, err := files.newPair(ctx, ca, sl, o, l.s)
	if err != nil {
		return nil, err
	}
	r.KeyID = KeyID(&key.PublicKey)
	return files, l.nameSigningKey(files, sl, r.KeyID)
}

// nameSigningKey puts a signing key's new id into the issuer's credentials.
func (l loader) nameSigningKey(files Files, sl slot, id string) error {
	if sl.issuer == "" || sl.kind != KindSigning {
		return nil
	}
	name := issuerPath(sl.issuer, credentialsFile)
	data, err := l.contents(name, "")
	if err != nil {
		return err
	}
	files[name], err = changeCredential(data, l.file(name), memberSigningKeyID, id, l.s)
	return err
}

// present refuses places that are not in the directory, and keys of real
// issuers, of which only the certificate is here.
func (l loader) present(sl slot) error {
	if sl.issuer == "" {
		return nil
	}
	if err := l.knownIssuer(sl.issuer); err != nil {
		return err
	}
	_, keyErr := l.read(l.file(sl.keyFile()))
	_, certificateErr := l.read(l.file(sl.certificateFile()))
	if errors.Is(keyErr, fs.ErrNotExist) && certificateErr == nil {
		return &Problem{File: l.file(sl.keyFile()), What: "is not here, as the key is the issuer's own", Mend: "let it make a new one and import its certificate: vtsim keys import " + sl.name}
	}
	return nil
}

func (l loader) knownIssuer(name string) error {
	names, err := l.issuerNames()
	if err != nil {
		return err
	}
	if !slices.Contains(names, name) {
		return &Problem{File: l.file(issuersDir), What: fmt.Sprintf("has no issuer %q", name), Mend: "known are: " + strings.Join(names, ", ")}
	}
	return nil
}

// renewal says what the next certificate of a slot looks like: as the one
// there or, if that can't be read, as a first one.
func (l loader) renewal(sl slot) (order, error) {
	if data, err := l.read(l.file(sl.certificateFile())); err == nil {
		if old, problem := parseCertificates(data, 0); problem == nil {
			return order{kind: sl.kind, subject: old[0].Subject, hosts: hostsOf(old[0])}, nil
		}
	}
	hosts, err := serverHosts()
	if err != nil {
		return order{}, err
	}
	if sl.issuer == "" {
		return visaOrder(sl, hosts), nil
	}
	credentials, err := l.credentials(sl.issuer)
	if err != nil {
		return order{}, err
	}
	profile, err := l.profile(sl.issuer)
	if err != nil {
		return order{}, err
	}
	if hosts, err = serverHosts(profile.Host()); err != nil {
		return order{}, err
	}
	return issuerOrder(sl, credentials.ClientID, hosts), nil
}

// newCredential makes the file with a new API key or shared secret.
func (l loader) newCredential(r *Rotation, name string) (Files, error) {
	issuer, err := l.credentialOwner(r.What, name)
	if err != nil {
		return nil, err
	}
	length := sharedSecretLength
	if name == whatAPIKey {
		length = l.s.Facts.APIKeyLength
	}
	value, err := randomText(l.s.Rand, length)
	if err != nil {
		return nil, err
	}
	r.What = issuerPath(issuer, name)
	file := issuerPath(issuer, credentialsFile)
	data, err := l.contents(file, "")
	if err != nil {
		return nil, err
	}
	data, err = changeCredential(data, l.file(file), name, value, l.s)
	return Files{file: data}, err
}

// credentialOwner finds the issuer that is meant by issuers/NAME/apiKey, or by
// apiKey alone when there is one issuer only.
func (l loader) credentialOwner(what, name string) (string, error) {
	if what == name {
		names, err := l.issuerNames()
		if err != nil {
			return "", err
		}
		if len(names) != 1 {
			return "", fmt.Errorf("%s is ambiguous with %d issuers; say %s (known are: %s)", what, len(names), issuerPath("NAME", name), strings.Join(names, ", "))
		}
		return names[0], nil
	}
	parts := strings.Split(what, "/")
	if len(parts) != 3 || parts[0] != issuersDir {
		return "", fmt.Errorf("unknown credential %q; say %s", what, issuerPath("NAME", name))
	}
	if err := CheckName(parts[1]); err != nil {
		return "", err
	}
	return parts[1], l.knownIssuer(parts[1])
}
