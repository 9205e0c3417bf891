package keys

import (
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"maps"
	"slices"
)

// Directory is a data directory, read and checked.
type Directory struct {
	// Path is where it lies; "." for one that is not on a disk.
	Path string
	// CA is the dev root.
	CA *Authority
	// ClientCAs are what a client certificate of an issuer may hang on: the
	// dev root, and each registered client certificate from elsewhere itself.
	// Whose certificate it is, is another question: compare with Issuers.
	ClientCAs *x509.CertPool
	// Server and Client are Visa's TLS certificates (pp.35-36).
	Server, Client tls.Certificate
	// VisaEncryption opens what issuers seal; VisaSigning signs what is sent
	// to them (p.34).
	VisaEncryption, VisaSigning KeyPair
	// VaultKey is the AES-256 key for PANs at rest, 32 bytes.
	VaultKey []byte
	// Issuers by name.
	Issuers map[string]*Issuer
}

// Issuer is one issuer of a data directory.
type Issuer struct {
	Name        string
	Profile     *Profile
	Credentials Credentials
	// Encryption seals for the issuer, Signing verifies what it signed (p.34).
	// Their private keys are known for issuers that were made here.
	Encryption, Signing KeyPair
	// Client is what it shows to Visa, Server what its endpoint shows.
	Client, Server KeyPair
}

// LoadDirectory reads a data directory. The first thing that is wrong in it
// is returned as a *Problem: which file, what is wrong, how to mend it.
func LoadDirectory(dir string, s Settings) (*Directory, error) {
	s, err := s.ready()
	if err != nil {
		return nil, err
	}
	return diskLoader(dir, s).directory()
}

// LoadFS reads a data directory that is not on a disk, such as the embedded
// one with throw-away keys.
func LoadFS(fsys fs.FS, s Settings) (*Directory, error) {
	s, err := s.ready()
	if err != nil {
		return nil, err
	}
	return fsLoader(fsys, s).directory()
}

// ParseIssuer reads an issuer's files by name, as NewIssuer makes them.
func ParseIssuer(name string, files Files, ca *Authority, s Settings) (*Issuer, error) {
	s, err := s.ready()
	if err != nil {
		return nil, err
	}
	if err := CheckName(name); err != nil {
		return nil, err
	}
	return filesLoader(files, s).issuer(name, ca)
}

// AccountRanges are those of all issuers, in order.
func (d *Directory) AccountRanges() []string {
	var ranges []string
	for _, issuer := range d.Issuers {
		ranges = append(ranges, issuer.Profile.AccountRanges...)
	}
	slices.Sort(ranges)
	return ranges
}

func (l loader) directory() (*Directory, error) {
	d := &Directory{Path: l.root, Issuers: map[string]*Issuer{}}
	var err error
	if d.CA, err = l.authority(); err != nil {
		return nil, err
	}
	for _, sl := range visaSlots {
		pair, err := l.pair(sl, true)
		if err != nil {
			return nil, err
		}
		switch sl.name {
		case nameServer:
			d.Server, err = pair.TLS(), l.signed(l.file(sl.certificateFile()), sl, pair, d.CA)
		case nameClient:
			d.Client, err = pair.TLS(), l.signed(l.file(sl.certificateFile()), sl, pair, d.CA)
		case nameEncryption:
			d.VisaEncryption = pair
		case nameSigning:
			d.VisaSigning = pair
		}
		if err != nil {
			return nil, err
		}
	}
	data, err := l.contents(vaultFile, mendNew)
	if err != nil {
		return nil, err
	}
	var problem *Problem
	if d.VaultKey, problem = parseVaultKey(data); problem != nil {
		return nil, problem.in(l.file(vaultFile))
	}
	if err := l.issuers(d); err != nil {
		return nil, err
	}
	d.ClientCAs = d.clientCAs()
	return d, nil
}

func (l loader) issuers(d *Directory) error {
	names, err := l.issuerNames()
	if err != nil {
		return err
	}
	for _, name := range names {
		issuer, err := l.issuer(name, d.CA)
		if err != nil {
			return err
		}
		if err := l.distinct(issuer, d.Issuers); err != nil {
			return err
		}
		d.Issuers[name] = issuer
	}
	return nil
}

func (l loader) issuer(name string, ca *Authority) (*Issuer, error) {
	i := &Issuer{Name: name}
	var err error
	if i.Profile, err = l.profile(name); err != nil {
		return nil, err
	}
	if i.Credentials, err = l.credentials(name); err != nil {
		return nil, err
	}
	for _, sl := range issuerSlots(name) {
		pair, err := l.pair(sl, false)
		if err != nil {
			return nil, err
		}
		switch sl.kind {
		case KindEncryption:
			i.Encryption = pair
		case KindSigning:
			i.Signing = pair
			i.Signing.ID = i.Credentials.SigningKeyID
		case KindClient:
			i.Client, err = pair, l.signed(l.file(sl.certificateFile()), sl, pair, ca)
		case KindServer:
			i.Server, err = pair, l.signed(l.file(sl.certificateFile()), sl, pair, ca)
		}
		if err != nil {
			return nil, err
		}
	}
	return i, nil
}

// distinct makes sure that a caller and a PAN belong to one issuer only.
func (l loader) distinct(issuer *Issuer, others map[string]*Issuer) error {
	for _, name := range slices.Sorted(maps.Keys(others)) {
		other := others[name]
		same, file := "", credentialsFile
		switch {
		case other.Credentials.APIKey == issuer.Credentials.APIKey:
			same = whatAPIKey
		case other.Credentials.ClientID == issuer.Credentials.ClientID:
			same = memberClientID
		case other.Client.Certificate.Equal(issuer.Client.Certificate):
			same, file = "certificate", "client"+certificateSuffix
		default:
			for _, digits := range issuer.Profile.AccountRanges {
				if slices.Contains(other.Profile.AccountRanges, digits) {
					same, file = "account range "+digits, profileFile
				}
			}
		}
		if same != "" {
			return &Problem{
				File: l.file(issuerPath(issuer.Name, file)),
				What: "has the same " + same + " as issuer " + name,
				Mend: "each issuer has its own, change one of them",
			}
		}
	}
	return nil
}

func (d *Directory) clientCAs() *x509.CertPool {
	pool := d.CA.Pool()
	for _, issuer := range d.Issuers {
		if issuer.Client.Certificate.CheckSignatureFrom(d.CA.Certificate) != nil {
			pool.AddCert(issuer.Client.Certificate)
		}
	}
	return pool
}
