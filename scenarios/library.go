package scenarios

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

//go:embed library
var shipped embed.FS

// Library holds the scenarios that ship with the program and those beside
// them. It is immutable after Load.
type Library struct {
	// Scenarios in the order of their files, the shipped ones first.
	Scenarios []*Scenario

	contract *contract.Contract
	texts    map[string]string // as written, by name
}

// Load reads the shipped library and the folders beside it, each with all its
// .yaml files. The error is of type Problems and has the mistakes of all files;
// a folder or file that can't be read is one of them.
func Load(c *contract.Contract, dirs ...string) (*Library, error) {
	l := &loading{library: &Library{contract: c, texts: map[string]string{}}, places: map[string]Position{}}
	l.folder(shipped, "library", "")
	for _, dir := range dirs {
		l.path(dir)
	}
	return l.library, l.problems.orNil()
}

// Lint checks files and folders of scenarios on their own: names must be
// unique among them. The error is of type Problems.
func Lint(c *contract.Contract, paths ...string) (*Library, error) {
	l := &loading{library: &Library{contract: c, texts: map[string]string{}}, places: map[string]Position{}}
	for _, path := range paths {
		l.path(path)
	}
	return l.library, l.problems.orNil()
}

// loading is the reading of a library.
type loading struct {
	library  *Library
	places   map[string]Position // of names
	problems Problems
}

func (l *loading) path(name string) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		l.unreadable(name, err)
	case info.IsDir():
		l.folder(os.DirFS(name), ".", name)
	default:
		l.file(name, os.ReadFile)
	}
}

// folder reads the .yaml files below root, in the order of their paths; shown
// is the folder's name for people.
func (l *loading) folder(fsys fs.FS, root, shown string) {
	before := len(l.library.Scenarios) + len(l.problems)
	err := fs.WalkDir(fsys, root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() && slices.Contains([]string{".yaml", ".yml"}, path.Ext(name)) {
			l.file(filepath.Join(shown, filepath.FromSlash(name)), func(string) ([]byte, error) { return fs.ReadFile(fsys, name) })
		}
		return nil
	})
	if err != nil {
		l.unreadable(cmp.Or(shown, root), err)
	} else if len(l.library.Scenarios)+len(l.problems) == before {
		l.problems = append(l.problems, Problem{Position{cmp.Or(shown, root), 1, 1}, "the folder holds no scenario", "scenarios are files that end in .yaml"})
	}
}

// mostBytes bounds a file of scenarios.
const mostBytes = 1 << 20

func (l *loading) file(name string, read func(string) ([]byte, error)) {
	data, err := read(name)
	if err == nil && len(data) > mostBytes {
		err = fmt.Errorf("it has more than %d bytes", mostBytes)
	}
	if err != nil {
		l.unreadable(name, err)
		return
	}
	found, err := Parse(l.library.contract, name, data)
	var problems Problems
	if errors.As(err, &problems) {
		l.problems = append(l.problems, problems...)
	}
	texts := split(string(data))
	for _, s := range found {
		if earlier, twice := l.places[s.Name]; twice {
			l.problems = append(l.problems, Problem{s.At, "scenario " + s.Name + " stands at " + earlier.String() + " too", "give one of them another name"})
			continue
		}
		l.places[s.Name] = s.At
		l.library.Scenarios = append(l.library.Scenarios, s)
		l.library.texts[s.Name] = texts.around(s.At.Line)
	}
}

func (l *loading) unreadable(name string, err error) {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	l.problems = append(l.problems, Problem{Position{name, 1, 1}, "can't be read: " + err.Error(), ""})
}

// Scenario returns the scenario of that name. The error names the nearest one.
func (l *Library) Scenario(name string) (*Scenario, error) {
	for _, s := range l.Scenarios {
		if s.Name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("unknown scenario %q; %s", name, nearest(name, l.Names()))
}

// Names of all scenarios, in order.
func (l *Library) Names() []string {
	names := make([]string, len(l.Scenarios))
	for i, s := range l.Scenarios {
		names[i] = s.Name
	}
	return names
}

// Tags of all scenarios, sorted.
func (l *Library) Tags() []string {
	tags := map[string]bool{}
	for _, s := range l.Scenarios {
		for _, tag := range s.Tags {
			tags[tag] = true
		}
	}
	return sortedNames(tags)
}

// Text is the scenario's YAML as it is written.
func (l *Library) Text(name string) string { return l.texts[name] }

// pieces are the documents of a YAML file, by the line that each starts at.
type pieces []piece

type piece struct {
	line int // the first, from 1
	text string
}

// split cuts a file at its document separators.
func split(text string) pieces {
	list := pieces{{line: 1}}
	for i, line := range strings.SplitAfter(text, "\n") {
		if rest, marked := strings.CutPrefix(line, "---"); marked && strings.TrimSpace(rest) == "" {
			list = append(list, piece{line: i + 2})
			continue
		}
		list[len(list)-1].text += line
	}
	return list
}

func (p pieces) around(line int) string {
	text := ""
	for _, one := range p {
		if one.line <= line {
			text = one.text
		}
	}
	return strings.TrimSpace(text) + "\n"
}
