package keys

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
)

// Connection is what Visa's side needs to call one issuer: the files that a
// profile names, read and checked.
type Connection struct {
	// RootCAs are for the endpoint's certificate; nil means the system's.
	RootCAs *x509.CertPool
	// Certificate is Visa's client certificate; nil when the profile has none.
	Certificate *tls.Certificate
	// ServerName expected of the endpoint; empty means its host.
	ServerName string
	// The JOSE keys of both sides; of the issuer possibly certificates only.
	VisaEncryption, VisaSigning     KeyPair
	IssuerEncryption, IssuerSigning KeyPair
	Credentials                     Credentials
}

// Connect reads the files that the profile names. All of tls.ca and keys and
// credentials but the TLS files have to be named. Errors are *Problem.
func (p *Profile) Connect(s Settings) (*Connection, error) {
	s, err := s.ready()
	if err != nil {
		return nil, err
	}
	c := &Connection{ServerName: p.TLS.ServerName}
	if c.RootCAs, err = p.roots(); err != nil {
		return nil, err
	}
	if p.TLS.Certificate != "" {
		pair, err := p.pair("tls", KeyFiles{p.TLS.Certificate, p.TLS.Key}, KindClient, s)
		if err != nil {
			return nil, err
		}
		certificate := pair.TLS()
		c.Certificate = &certificate
	}
	for _, k := range []struct {
		member string
		files  KeyFiles
		kind   Kind
		into   *KeyPair
	}{
		{"keys.visaEncryption", p.Keys.VisaEncryption, KindEncryption, &c.VisaEncryption},
		{"keys.visaSigning", p.Keys.VisaSigning, KindSigning, &c.VisaSigning},
		{"keys.issuerEncryption", p.Keys.IssuerEncryption, KindEncryption, &c.IssuerEncryption},
		{"keys.issuerSigning", p.Keys.IssuerSigning, KindSigning, &c.IssuerSigning},
	} {
		if *k.into, err = p.pair(k.member, k.files, k.kind, s); err != nil {
			return nil, err
		}
	}
	if p.Credentials == "" {
		return nil, p.unnamed("credentials")
	}
	data, err := p.read(p.Credentials)
	if err != nil {
		return nil, unreadable(p.Credentials, err, p.named("credentials"))
	}
	if c.Credentials, err = parseCredentials(data, p.Credentials, s); err != nil {
		return nil, err
	}
	c.IssuerSigning.ID = c.Credentials.SigningKeyID
	return c, nil
}

// roots reads tls.ca; a CA may have keys of any kind.
func (p *Profile) roots() (*x509.CertPool, error) {
	if p.TLS.CA == "" {
		return nil, nil
	}
	data, err := p.read(p.TLS.CA)
	if err != nil {
		return nil, unreadable(p.TLS.CA, err, p.named("tls.ca"))
	}
	found, problem := blocks(data)
	if problem != nil {
		return nil, problem.in(p.TLS.CA).or(p.named("tls.ca"))
	}
	pool := x509.NewCertPool()
	for _, block := range found {
		if block.Type != blockCertificate {
			return nil, wrongBlock(block.Type, blockCertificate).in(p.TLS.CA).or(p.named("tls.ca"))
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, (&Problem{What: "holds a certificate that cannot be decoded (" + oneLine(err.Error()) + ")", Err: err}).in(p.TLS.CA)
		}
		pool.AddCert(certificate)
	}
	return pool, nil
}

// pair reads a certificate and, where one is named, its key.
func (p *Profile) pair(member string, files KeyFiles, kind Kind, s Settings) (KeyPair, error) {
	if files.Certificate == "" {
		return KeyPair{}, p.unnamed(member)
	}
	var key *rsa.PrivateKey
	if files.Key != "" {
		data, err := p.read(files.Key)
		if err != nil {
			return KeyPair{}, unreadable(files.Key, err, p.named(member))
		}
		var problem *Problem
		if key, problem = parsePrivateKey(data, s.Facts.RSABits); problem != nil {
			return KeyPair{}, problem.in(files.Key).or(p.named(member))
		}
	}
	data, err := p.read(files.Certificate)
	if err != nil {
		return KeyPair{}, unreadable(files.Certificate, err, p.named(member))
	}
	pair, problem := makePair(data, key, kind, s)
	if problem != nil {
		return KeyPair{}, problem.in(files.Certificate).or(p.named(member))
	}
	return pair, nil
}

func (p *Profile) named(member string) string {
	return member + " in " + filepath.ToSlash(p.File) + " names it"
}

func (p *Profile) unnamed(member string) error {
	return &Problem{File: p.File, What: member + " is missing", Mend: "name the file there"}
}
