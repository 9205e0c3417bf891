package keys

import (
	"path"
	"path/filepath"
)

// ClientFiles are the paths of what a TLS client needs to call Visa's side as
// an issuer, for programs outside this one (p.36).
type ClientFiles struct {
	// Authority has the certificate that the server's hangs on.
	Authority string
	// Certificate and Key are what the issuer shows.
	Certificate, Key string
}

// ClientFiles are those of the issuer in this directory.
func (d *Directory) ClientFiles(issuer string) ClientFiles {
	file := func(name string) string { return filepath.Join(d.Path, filepath.FromSlash(name)) }
	client := issuerPath(issuer, path.Base(nameClient))
	return ClientFiles{Authority: file(nameAuthority + certificateSuffix), Certificate: file(client + certificateSuffix), Key: file(client + keySuffix)}
}
