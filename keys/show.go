package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"
	"time"
)

// Row is one file of a data directory, without secrets.
type Row struct {
	// File is relative to the data directory, with slashes.
	File string
	// Kind says what the file is, such as "TLS server certificate".
	Kind string
	// Subject, Fingerprint (SHA-256) and NotAfter are of certificates.
	Subject     string
	Fingerprint string
	NotAfter    time.Time
	// KeyID is of certificates and private keys; the two of a pair are equal.
	KeyID string
	// Mode is the file's, PermissionsOK whether nobody else can read (private
	// files) or write it.
	Mode          fs.FileMode
	PermissionsOK bool
	// Problem is what is wrong with the file, in one line; empty if nothing.
	Problem string
}

// Show lists the key material of a data directory: what belongs there, then
// what was kept of earlier. Broken and missing files become rows with a
// Problem, so that the rest can be seen.
func Show(dir string, s Settings) ([]Row, error) {
	s, err := s.ready()
	if err != nil {
		return nil, err
	}
	l := diskLoader(dir, s)
	if info, err := os.Stat(dir); err != nil {
		return nil, unreadable(dir, err, "vtsim init makes one")
	} else if !info.IsDir() {
		return nil, &Problem{File: dir, What: "is not a directory", Mend: "name a data directory"}
	}
	issuers, err := l.issuerNames()
	if err != nil {
		return nil, err
	}
	rows := []Row{l.plain(configFile, "settings"), l.plain(vaultFile, "vault key")}
	slots := append([]slot{authoritySlot}, visaSlots[:]...)
	for _, name := range issuers {
		slots = append(slots, issuerSlots(name)...)
	}
	issuer := ""
	for _, sl := range slots {
		if sl.issuer != issuer {
			issuer = sl.issuer
			rows = append(rows, l.plain(issuerPath(issuer, profileFile), "issuer profile"), l.plain(issuerPath(issuer, credentialsFile), "credentials"))
		}
		rows = append(rows, l.certificateRow(sl, sl.certificateFile()))
		// The root's key and a real issuer's keys may be elsewhere.
		if row := l.keyRow(sl, sl.keyFile()); row.Mode != 0 || (sl.issuer == "" && sl.kind != KindAuthority) {
			rows = append(rows, row)
		}
	}
	return append(rows, l.previousRows(slots)...), nil
}

// row starts with what every file has.
func (l loader) row(name, kind string) (Row, []byte) {
	r := Row{File: name, Kind: kind}
	info, err := os.Stat(l.file(name))
	if err != nil {
		return r.wrong(unreadable(l.file(name), err, "")), nil
	}
	r.Mode = info.Mode().Perm()
	r.PermissionsOK = permitted(name, r.Mode)
	data, err := l.read(l.file(name))
	if err != nil {
		return r.wrong(unreadable(l.file(name), err, "")), nil
	}
	return r, data
}

// wrong notes what is wrong, without the file's name, which the row has.
func (r Row) wrong(err error) Row {
	var problem *Problem
	if errors.As(err, &problem) {
		where := ""
		if problem.Line > 0 {
			where = fmt.Sprintf("line %d, column %d: ", problem.Line, problem.Column)
		}
		r.Problem = oneLine(where + problem.What)
	}
	return r
}

// permitted reports whether the mode keeps others from reading private files
// and from writing any. Windows has no such modes.
func permitted(name string, mode fs.FileMode) bool {
	const othersWrite, othersAll = 0o022, 0o077
	switch {
	case runtime.GOOS == "windows":
		return true
	case private(name):
		return mode&othersAll == 0
	}
	return mode&othersWrite == 0
}

// plain is a row of a file that is neither key nor certificate.
func (l loader) plain(name, kind string) Row {
	row, data := l.row(name, kind)
	if row.Problem != "" {
		return row
	}
	switch path.Base(name) {
	case vaultFile:
		if _, problem := parseVaultKey(data); problem != nil {
			return row.wrong(problem)
		}
	case profileFile:
		_, err := l.profile(path.Base(path.Dir(name)))
		return row.wrong(err)
	case credentialsFile:
		_, err := l.credentials(path.Base(path.Dir(name)))
		return row.wrong(err)
	}
	return row
}

func (l loader) certificateRow(sl slot, name string) Row {
	row, data := l.row(name, string(sl.kind)+" certificate")
	if row.Problem != "" {
		return row
	}
	certificates, problem := parseCertificates(data, l.s.Facts.RSABits)
	if problem != nil {
		return row.wrong(problem)
	}
	leaf := certificates[0]
	row.Subject, row.Fingerprint, row.NotAfter = leaf.Subject.String(), Fingerprint(leaf), leaf.NotAfter
	row.KeyID = KeyID(KeyPair{Certificate: leaf}.Public())
	if name != sl.certificateFile() {
		return row // kept for the record, it needn't be good any more
	}
	if problem := fits(leaf, sl.kind, l.s.Now()); problem != nil {
		return row.wrong(problem)
	}
	if key, err := l.key(sl, false, ""); err == nil && key != nil && !belongs(key, leaf) {
		row.Problem = "does not belong to the private key in " + sl.keyFile()
	}
	return row
}

func (l loader) keyRow(sl slot, name string) Row {
	row, data := l.row(name, string(sl.kind)+" private key")
	if row.Problem != "" {
		return row
	}
	key, problem := parsePrivateKey(data, l.s.Facts.RSABits)
	if problem != nil {
		return row.wrong(problem)
	}
	row.KeyID = KeyID(&key.PublicKey)
	return row
}

// previousRows are the copies that Rotate, Import and Init have kept.
func (l loader) previousRows(slots []slot) []Row {
	kinds := map[string]func(name string) Row{
		configFile: func(name string) Row { return l.kept(name, "settings") },
	}
	for _, sl := range slots {
		kinds[sl.keyFile()] = func(name string) Row { return l.keyRow(sl, name) }
		kinds[sl.certificateFile()] = func(name string) Row { return l.certificateRow(sl, name) }
		if sl.issuer != "" {
			kinds[issuerPath(sl.issuer, profileFile)] = func(name string) Row { return l.kept(name, "issuer profile") }
			kinds[issuerPath(sl.issuer, credentialsFile)] = func(name string) Row { return l.kept(name, "credentials") }
		}
	}
	folders := []string{"."}
	for _, sl := range slots {
		if folder := path.Dir(sl.name); folder != folders[len(folders)-1] {
			folders = append(folders, folder)
		}
	}
	var rows []Row
	for _, folder := range folders {
		entries, err := l.list(l.file(folder))
		if err != nil {
			continue // the rows of the files in it say so
		}
		for _, entry := range entries {
			base, _, found := strings.Cut(entry.Name(), previousInfix)
			row, known := kinds[path.Join(folder, base)]
			if !found || !known {
				continue
			}
			r := row(path.Join(folder, entry.Name()))
			r.Kind = "previous " + r.Kind
			rows = append(rows, r)
		}
	}
	return rows
}

// kept is a row of an earlier text file, which nobody reads any more.
func (l loader) kept(name, kind string) Row {
	row, _ := l.row(name, kind)
	return row
}
