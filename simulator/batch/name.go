package batch

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// Kinds of files in the contract's table.
const (
	kindRequest  = "request"
	kindResponse = "response"
)

// FileError is a request file that can't be processed. Its owner must mend
// it; nothing was changed because of it.
type FileError struct {
	// File is its name without folders. Line counts from 1; 0 is no line.
	File string
	Line int
	// What is wrong, and where in the specification that stands; 0 is nowhere.
	What string
	Page int
	// Mend says what to do.
	Mend string
	// Truncated says that the file ends too early: it may not be whole yet.
	Truncated bool
}

func (e *FileError) Error() string {
	place := e.File
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	page := ""
	if e.Page > 0 {
		page = fmt.Sprintf(" (p.%d)", e.Page)
	}
	return fmt.Sprintf("%s: %s%s; %s", place, e.What, page, e.Mend)
}

// names knows the names of request and response files (p.241).
type names struct {
	request, response contract.BatchFile
	pattern           *regexp.Regexp
}

func newNames(table *contract.Batch) (names, error) {
	var n names
	var ok bool
	if n.request, ok = table.File(kindRequest); !ok {
		return n, fmt.Errorf("the contract describes no %s file", kindRequest)
	}
	if n.response, ok = table.File(kindResponse); !ok {
		return n, fmt.Errorf("the contract describes no %s file", kindResponse)
	}
	var err error
	n.pattern, err = regexp.Compile(n.request.Pattern)
	return n, err
}

// Parts of a file name, as the contract's patterns and templates call them.
const (
	partClientID = "clientID"
	partTime     = "time"
)

// read takes a request file's name apart.
func (n names) read(name string) (clientID, at string, err error) {
	found := n.pattern.FindStringSubmatch(name)
	if found == nil {
		return "", "", n.wrong(name)
	}
	return found[n.pattern.SubexpIndex(partClientID)], found[n.pattern.SubexpIndex(partTime)], nil
}

func (n names) wrong(name string) error {
	return &FileError{File: name, What: "this is no name of a request file", Page: n.request.Page,
		Mend: fmt.Sprintf("call it as in %s, with the issuer's client id", n.request.Example)}
}

// answer is the name of the response to a request of that name: the same
// issuer, the same time, so that the two can be told to belong together.
func (n names) answer(clientID, at string) string {
	return strings.NewReplacer("{"+partClientID+"}", clientID, "{"+partTime+"}", at).Replace(n.response.Template)
}

// candidate tells whether a name looks like a request file's, right or wrong.
func (n names) candidate(name string) bool {
	return strings.HasPrefix(name, n.request.Prefix) && filepath.Ext(name) == filepath.Ext(n.request.Template)
}
