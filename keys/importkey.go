package keys

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
)

// Import stores a certificate that comes from elsewhere, with or without its
// private key, in PEM. What is named as for Rotate. It is stored only when it
// is sound, serves the purpose now and key and certificate belong together;
// what was there is kept as FILE.previous-TIME.
//
// Without a key the certificate may be the answer to a request (CSR): then it
// must belong to the key that is there. For an issuer it may also be of a key
// that only the issuer has: then the key that is there is put aside. An
// issuer's new signing key changes its signingKeyID; write another into
// credentials.yaml if the issuer uses one of its own.
func Import(dir, what string, certificatePEM, keyPEM []byte, s Settings) (*Rotation, error) {
	s, err := s.ready()
	if err != nil {
		return nil, err
	}
	sl, err := parseSlot(what)
	if err != nil {
		return nil, err
	}
	l := diskLoader(dir, s)
	if sl.issuer != "" {
		if err := l.knownIssuer(sl.issuer); err != nil {
			return nil, err
		}
	}
	var key *rsa.PrivateKey
	if keyPEM != nil {
		var problem *Problem
		if key, problem = parsePrivateKey(keyPEM, s.Facts.RSABits); problem != nil {
			return nil, problem.in("the key for " + what)
		}
	}
	pair, problem := makePair(certificatePEM, key, sl.kind, s)
	if problem != nil {
		return nil, problem.in("the certificate for " + what)
	}
	if sl.issuedByAuthority() {
		ca, err := l.authority()
		if err != nil {
			return nil, err
		}
		if err := l.signed("the certificate for "+what, sl, pair, ca); err != nil {
			return nil, err
		}
	}
	c := change{root: dir, write: Files{}, replace: true, now: s.Now(), rename: s.rename}
	if keyPEM == nil {
		if c.remove, err = l.keyFor(sl, pair); err != nil {
			return nil, err
		}
	}
	if err := c.write.addPair(sl, key, append([]*x509.Certificate{pair.Certificate}, pair.Chain...)...); err != nil {
		return nil, err
	}
	if l.changesKey(sl, pair) {
		if err := l.nameSigningKey(c.write, sl, pair.ID); err != nil {
			return nil, err
		}
	}
	r := &Rotation{What: what, KeyID: pair.ID, Files: c.write.names()}
	r.Previous, err = c.apply()
	if err != nil {
		return nil, err
	}
	return r, nil
}

// keyFor decides what happens to the key that is there when a certificate
// comes alone: it stays if it belongs to it, an issuer's goes away if not.
func (l loader) keyFor(sl slot, pair KeyPair) (remove []string, err error) {
	present, err := l.key(sl, false, "")
	var problem *Problem
	switch {
	case present != nil && belongs(present, pair.Certificate):
		return nil, nil
	case sl.issuer != "" && (err == nil || errors.As(err, &problem)):
		return []string{sl.keyFile()}, nil
	case err != nil:
		return nil, err
	case present == nil:
		return nil, &Problem{File: l.file(sl.keyFile()), What: "is missing and no key came with the certificate", Mend: "give the private key too"}
	}
	return nil, &Problem{
		File: "the certificate for " + sl.name, Err: errMismatch,
		What: "does not belong to the private key in " + l.file(sl.keyFile()),
		Mend: "give its private key too, or have the request of vtsim keys csr " + sl.name + " signed",
	}
}

// changesKey reports whether the certificate is over another key than the one
// that is there.
func (l loader) changesKey(sl slot, pair KeyPair) bool {
	data, err := l.read(l.file(sl.certificateFile()))
	if err != nil {
		return true
	}
	old, problem := parseCertificates(data, 0)
	return problem != nil || !pair.Public().Equal(old[0].PublicKey)
}
