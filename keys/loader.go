package keys

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Advice for files that no key rotation can bring back.
const (
	mendNew    = "make a new directory with vtsim init, or restore the file"
	mendIssuer = "restore it, or remove the issuer's folder and add the issuer again"
)

// loader reads a data directory from a disk or from elsewhere.
type loader struct {
	s    Settings
	root string
	read func(name string) ([]byte, error)
	list func(name string) ([]fs.DirEntry, error)
}

func diskLoader(dir string, s Settings) loader {
	return loader{s: s, root: dir, read: os.ReadFile, list: os.ReadDir}
}

func fsLoader(fsys fs.FS, s Settings) loader {
	// io/fs takes slashes only, and profiles resolve with the system's.
	return loader{
		s: s, root: ".",
		read: func(name string) ([]byte, error) { return fs.ReadFile(fsys, filepath.ToSlash(name)) },
		list: func(name string) ([]fs.DirEntry, error) { return fs.ReadDir(fsys, filepath.ToSlash(name)) },
	}
}

// filesLoader reads one issuer's files by their base names.
func filesLoader(files Files, s Settings) loader {
	read := func(name string) ([]byte, error) {
		if data, ok := files[path.Base(filepath.ToSlash(name))]; ok {
			return data, nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return loader{s: s, root: ".", read: read}
}

// file is the path of a file as the user knows it.
func (l loader) file(name string) string { return filepath.Join(l.root, filepath.FromSlash(name)) }

// contents reads a file that has to be there.
func (l loader) contents(name, mend string) ([]byte, error) {
	data, err := l.read(l.file(name))
	if err != nil {
		return nil, unreadable(l.file(name), err, mend)
	}
	return data, nil
}

// pair reads a slot and checks that key and certificate are sound, belong
// together and serve the slot's purpose now.
func (l loader) pair(sl slot, needKey bool) (KeyPair, error) {
	mend := "restore it or make a new pair: vtsim keys rotate " + sl.name
	if sl.kind == KindAuthority {
		mend = mendNew
	}
	key, err := l.key(sl, needKey, mend)
	if err != nil {
		return KeyPair{}, err
	}
	return l.certified(sl, key, mend)
}

// key reads a slot's private key; nil when it is absent and needn't be there.
func (l loader) key(sl slot, need bool, mend string) (*rsa.PrivateKey, error) {
	data, err := l.read(l.file(sl.keyFile()))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && !need {
			return nil, nil
		}
		return nil, unreadable(l.file(sl.keyFile()), err, mend)
	}
	key, problem := parsePrivateKey(data, l.s.Facts.RSABits)
	if problem != nil {
		return nil, problem.in(l.file(sl.keyFile())).or(mend)
	}
	return key, nil
}

func (l loader) certified(sl slot, key *rsa.PrivateKey, mend string) (KeyPair, error) {
	file := l.file(sl.certificateFile())
	data, err := l.contents(sl.certificateFile(), mend)
	if err != nil {
		return KeyPair{}, err
	}
	pair, problem := makePair(data, key, sl.kind, l.s)
	if problem == nil {
		return pair, nil
	}
	if errors.Is(problem, errMismatch) {
		problem.What = "does not belong to the private key in " + l.file(sl.keyFile())
		if previous := l.previous(sl); previous != "" {
			mend = "an interrupted change may be undone with " + previous + ", else make a new pair: vtsim keys rotate " + sl.name
		}
	}
	return KeyPair{}, problem.in(file).or(mend)
}

var errMismatch = errors.New("certificate and private key do not belong together")

// makePair reads certificates and joins them with the key, which may be nil.
func makePair(certificatePEM []byte, key *rsa.PrivateKey, kind Kind, s Settings) (KeyPair, *Problem) {
	certificates, problem := parseCertificates(certificatePEM, s.Facts.RSABits)
	if problem != nil {
		return KeyPair{}, problem
	}
	leaf := certificates[0]
	if key != nil && !belongs(key, leaf) {
		return KeyPair{}, &Problem{What: "does not belong to the private key", Err: errMismatch}
	}
	if problem := fits(leaf, kind, s.Now()); problem != nil {
		return KeyPair{}, problem
	}
	pair := KeyPair{Key: key, Certificate: leaf, Chain: certificates[1:]}
	pair.ID = KeyID(pair.Public())
	return pair, nil
}

// previous returns the newest kept copy of a slot's files, or "".
func (l loader) previous(sl slot) string {
	if l.list == nil {
		return ""
	}
	entries, err := l.list(l.file(path.Dir(sl.name)))
	if err != nil {
		return ""
	}
	newest, stamp := "", ""
	for _, entry := range entries {
		base, when, found := strings.Cut(entry.Name(), previousInfix)
		if found && (base == path.Base(sl.keyFile()) || base == path.Base(sl.certificateFile())) && when > stamp {
			newest, stamp = l.file(path.Join(path.Dir(sl.name), entry.Name())), when
		}
	}
	return newest
}

// authority reads the dev root; its key may be kept elsewhere.
func (l loader) authority() (*Authority, error) {
	pair, err := l.pair(authoritySlot, false)
	if err != nil {
		return nil, err
	}
	return &Authority{Certificate: pair.Certificate, Key: pair.Key}, nil
}

// signingAuthority reads the dev root with its key.
func (l loader) signingAuthority() (*Authority, error) {
	ca, err := l.authority()
	if err == nil && ca.Key == nil {
		return nil, &Problem{File: l.file(authoritySlot.keyFile()), What: "is missing, so nothing can be signed", Mend: mendNew}
	}
	return ca, err
}

// signed reports a TLS certificate from another dev root than the one here,
// as happens when only one of the two was replaced. What another CA signed is
// none of its business, nor is a certificate that brings its own root along.
func (l loader) signed(file string, sl slot, pair KeyPair, ca *Authority) error {
	if !slices.Contains(pair.Certificate.Issuer.Organization, organization) || len(pair.Chain) > 0 {
		return nil
	}
	if err := pair.Certificate.CheckSignatureFrom(ca.Certificate); err != nil {
		return &Problem{
			File: file, Err: err,
			What: "was signed by another dev root than " + l.file(authoritySlot.certificateFile()),
			Mend: "append that root's certificate to it, or make a new pair: vtsim keys rotate " + sl.name,
		}
	}
	return nil
}

// issuerNames lists the issuers' folders in order.
func (l loader) issuerNames() ([]string, error) {
	entries, err := l.list(l.file(issuersDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(l.file(issuersDir), err, "")
	}
	var names []string
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") || !entry.IsDir() {
			continue
		}
		if err := CheckName(name); err != nil {
			return nil, &Problem{File: l.file(path.Join(issuersDir, name)), What: err.Error(), Mend: "rename or remove the folder"}
		}
		names = append(names, name)
	}
	return names, nil
}

// profile reads an issuer's profile, which bears the name of its folder.
func (l loader) profile(issuer string) (*Profile, error) {
	name := issuerPath(issuer, profileFile)
	data, err := l.contents(name, mendIssuer)
	if err != nil {
		return nil, err
	}
	profile, err := parseProfile(data, l.file(name), l.s, l.read)
	if err != nil {
		return nil, err
	}
	if profile.Name != issuer {
		return nil, &Problem{File: l.file(name), What: fmt.Sprintf("names the issuer %q but lies in the folder %q", profile.Name, issuer), Mend: "make them equal"}
	}
	return profile, nil
}

func (l loader) credentials(issuer string) (Credentials, error) {
	name := issuerPath(issuer, credentialsFile)
	data, err := l.contents(name, mendIssuer)
	if err != nil {
		return Credentials{}, err
	}
	return parseCredentials(data, l.file(name), l.s)
}

// takenRanges are the account ranges of all issuers but one.
func (l loader) takenRanges(except string) ([]string, error) {
	names, err := l.issuerNames()
	if err != nil {
		return nil, err
	}
	var taken []string
	for _, name := range names {
		if name == except {
			continue
		}
		profile, err := l.profile(name)
		if err != nil {
			return nil, err
		}
		taken = append(taken, profile.AccountRanges...)
	}
	return taken, nil
}
