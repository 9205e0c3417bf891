package keys

import "path/filepath"

// Alone is a data directory for an issuer of whom there is nothing but this
// profile and what it connects with: base lends the authority, Visa's TLS
// server and, in the place of the one that the issuer shows to Visa, a client
// certificate. It is enough to call the issuer; the issuer's own calls need
// the data directory that the issuer was made in.
func (p *Profile) Alone(c *Connection, base *Directory) *Directory {
	d := *base
	d.VisaEncryption, d.VisaSigning = c.VisaEncryption, c.VisaSigning
	if c.Certificate != nil {
		d.Client = *c.Certificate
	}
	issuer := &Issuer{Name: p.Name, Profile: p, Credentials: c.Credentials, Encryption: c.IssuerEncryption, Signing: c.IssuerSigning}
	for _, lender := range base.Issuers {
		issuer.Client = lender.Client
	}
	d.Issuers = map[string]*Issuer{p.Name: issuer}
	return &d
}

// DirectoryOf is where the data directory of a profile would lie that is
// called <directory>/issuers/<name>/issuer.yaml; empty for any other file.
func DirectoryOf(profile string) string {
	path, err := filepath.Abs(profile)
	if err != nil || filepath.Base(path) != profileFile || filepath.Base(filepath.Dir(filepath.Dir(path))) != issuersDir {
		return ""
	}
	return filepath.Dir(filepath.Dir(filepath.Dir(path)))
}
