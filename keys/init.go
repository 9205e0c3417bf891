package keys

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// Summary tells what was written; it has no secrets.
type Summary struct {
	// Directory is the data directory.
	Directory string
	// Issuer is the name of the issuer that was made, AccountRanges what it got.
	Issuer        string
	AccountRanges []string
	// Files are the paths that were written, Previous those under which
	// replaced files were kept, both relative to the directory.
	Files    []string
	Previous []string
}

// InitOptions say what a new data directory looks like. Zero values are good.
type InitOptions struct {
	Settings
	// Issuer is the name of the first issuer; empty means DefaultIssuer.
	Issuer string
	// Hosts are DNS names and IP addresses of the server certificates,
	// beside the loopback names.
	Hosts []string
	// Endpoint is the URL of the issuer, Control that of its test interface;
	// empty means DefaultEndpoint and DefaultControl.
	Endpoint, Control string
	// AccountRanges of the issuer, nine digits each; none means a free one.
	AccountRanges []string
	// Config is the text of config.yaml; nil means one with all defaults as
	// comments.
	Config []byte
	// Force replaces files that exist. What they held is kept beside them; the
	// vault key stays, since stored PANs could not be read without it.
	Force bool
}

// Init creates a data directory with everything that vtsim needs: dev PKI,
// Visa's keys, one issuer. It writes all or, when an error is returned,
// nothing. Without Force a file that exists is an error (*Problem) before
// anything is made.
func Init(ctx context.Context, dir string, o InitOptions) (*Summary, error) {
	s, err := o.ready()
	if err != nil {
		return nil, err
	}
	issuer, err := IssuerOptions{Settings: s, Name: o.Issuer, Hosts: o.Hosts, Endpoint: o.Endpoint, Control: o.Control, AccountRanges: o.AccountRanges}.complete(nil)
	if err != nil {
		return nil, err
	}
	c := change{root: dir, replace: o.Force, now: s.Now(), rename: s.rename, write: plannedFiles(issuer.Name)}
	if err := c.vacant(); err != nil { // before seconds of work
		return nil, err
	}
	if c.write, err = InitFiles(ctx, o); err != nil {
		return nil, err
	}
	if err := keepVaultKey(dir, c.write); err != nil {
		return nil, err
	}
	previous, err := c.apply()
	if err != nil {
		return nil, err
	}
	return &Summary{Directory: dir, Issuer: issuer.Name, AccountRanges: issuer.AccountRanges, Files: c.write.names(), Previous: previous}, nil
}

// InitFiles makes what Init writes, in memory.
func InitFiles(ctx context.Context, o InitOptions) (Files, error) {
	s, err := o.ready()
	if err != nil {
		return nil, err
	}
	issuer, err := IssuerOptions{Settings: s, Name: o.Issuer, Hosts: o.Hosts, Endpoint: o.Endpoint, Control: o.Control, AccountRanges: o.AccountRanges}.complete(nil)
	if err != nil {
		return nil, err
	}
	hosts, err := serverHosts(o.Hosts...)
	if err != nil {
		return nil, err
	}
	files, ca, err := visaFiles(ctx, hosts, s)
	if err != nil {
		return nil, err
	}
	ofIssuer, err := issuerFiles(ctx, ca, issuer, s)
	if err != nil {
		return nil, err
	}
	for name, data := range ofIssuer {
		files[name] = data
	}
	if files[vaultFile], err = newVaultKey(s.Rand); err != nil {
		return nil, err
	}
	if files[configFile] = o.Config; o.Config == nil {
		files[configFile] = defaultConfig
	}
	return files, nil
}

// plannedFiles are the names of what Init writes.
func plannedFiles(issuer string) Files {
	slots := append([]slot{authoritySlot}, visaSlots[:]...)
	files := Files{configFile: nil, vaultFile: nil, issuerPath(issuer, profileFile): nil, issuerPath(issuer, credentialsFile): nil}
	for _, sl := range append(slots, issuerSlots(issuer)...) {
		files[sl.keyFile()], files[sl.certificateFile()] = nil, nil
	}
	return files
}

// keepVaultKey takes the vault key out of the files if the directory has one.
func keepVaultKey(dir string, files Files) error {
	file := filepath.Join(dir, vaultFile)
	switch _, err := os.Stat(file); {
	case err == nil:
		delete(files, vaultFile)
		return nil
	case errors.Is(err, os.ErrNotExist):
		return nil
	default:
		return unreadable(file, err, "")
	}
}
