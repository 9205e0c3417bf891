package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Modes of what is written. Windows keeps no such modes.
const (
	modePrivate   fs.FileMode = 0o600
	modePublic    fs.FileMode = 0o644
	modeDirectory fs.FileMode = 0o700
)

// change is a set of files that are written together.
type change struct {
	root string
	// write are new contents, remove files that go away.
	write  Files
	remove []string
	// replace allows to overwrite; what stood there before is kept beside it.
	replace bool
	now     time.Time
	rename  func(from, to string) error
}

// replacement is one file of a change while it is under way.
type replacement struct {
	target    string // path of the file
	temporary string // its new content; empty when the file goes away
	previous  string // copy of the old content; empty when there was none
	done      bool
}

// apply writes all files of the change or, when an error comes between, none.
// It returns the names of the copies of what stood there before, relative to
// the root. Each file is whole at every moment, also in a crash: it holds
// either the old or the new content.
func (c change) apply() (previous []string, err error) {
	if err := c.vacant(); err != nil {
		return nil, err
	}
	var steps []*replacement
	defer func() {
		if err != nil {
			if failed := takeBack(steps); failed != nil {
				err = fmt.Errorf("%w, and then %w", err, failed)
			}
		}
		for _, step := range steps {
			if step.temporary != "" && !step.done {
				_ = os.Remove(step.temporary) // nothing depends on it
			}
		}
	}()
	for _, name := range append(c.write.names(), c.remove...) {
		step := &replacement{target: filepath.Join(c.root, filepath.FromSlash(name))}
		steps = append(steps, step)
		if err := c.prepare(step, name); err != nil {
			return nil, fmt.Errorf("write %s: %w", step.target, err)
		}
	}
	for _, step := range steps {
		if err := c.exchange(step); err != nil {
			return nil, fmt.Errorf("write %s: %w", step.target, err)
		}
	}
	for _, step := range steps {
		if step.previous != "" {
			relative, relErr := filepath.Rel(c.root, step.previous)
			if relErr != nil {
				return nil, relErr
			}
			previous = append(previous, filepath.ToSlash(relative))
		}
	}
	return previous, nil
}

// vacant makes sure that nothing is overwritten unasked.
func (c change) vacant() error {
	if c.replace {
		return nil
	}
	for _, name := range c.write.names() {
		file := filepath.Join(c.root, filepath.FromSlash(name))
		if _, err := os.Lstat(file); err == nil {
			return &Problem{File: file, What: "exists already and is left as it is", Mend: "--force replaces it and keeps the old one beside it"}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return unreadable(file, err, "")
		}
	}
	return nil
}

// prepare writes the new content into a temporary file in the same folder and
// a copy of the old content beside it.
func (c change) prepare(step *replacement, name string) error {
	folder := filepath.Dir(step.target)
	if err := os.MkdirAll(folder, modeDirectory); err != nil {
		return err
	}
	mode := modePublic
	if private(name) {
		mode = modePrivate
	}
	old, err := os.ReadFile(step.target)
	switch {
	case err == nil:
		if step.previous, err = c.keep(step.target, old, mode); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if data, ok := c.write[name]; ok {
		step.temporary, err = writeTemporary(folder, filepath.Base(step.target), data, mode)
		return err
	}
	return nil
}

// keep stores the old content under a name that is not yet taken.
func (c change) keep(target string, old []byte, mode fs.FileMode) (string, error) {
	stamp := target + previousInfix + c.now.UTC().Format("20060102T150405Z")
	for n := 1; ; n++ {
		name := stamp
		if n > 1 {
			name = fmt.Sprintf("%s-%d", stamp, n)
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		return name, finish(file, old, mode)
	}
}

func writeTemporary(folder, base string, data []byte, mode fs.FileMode) (string, error) {
	file, err := os.CreateTemp(folder, "."+base+".*.tmp")
	if err != nil {
		return "", err
	}
	return file.Name(), finish(file, data, mode)
}

// finish fills an open file, brings it to the disk and closes it.
func finish(file *os.File, data []byte, mode fs.FileMode) error {
	_, err := file.Write(data)
	return errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
}

// exchange puts the new content in the old one's place.
func (c change) exchange(step *replacement) error {
	if step.temporary == "" {
		if step.previous == "" {
			return nil // it was not there to begin with
		}
		step.done = true
		return os.Remove(step.target)
	}
	if err := c.rename(step.temporary, step.target); err != nil {
		return err
	}
	step.done = true
	return syncFolder(filepath.Dir(step.target))
}

// takeBack restores what a failed change has replaced so far, and removes the
// copies that it made.
func takeBack(steps []*replacement) error {
	for _, step := range steps {
		var err error
		switch {
		case step.done && step.previous != "":
			err = os.Rename(step.previous, step.target)
		case step.done:
			err = os.Remove(step.target)
		case step.previous != "":
			err = os.Remove(step.previous)
		}
		if err != nil {
			return fmt.Errorf("restore %s from %s: %w", step.target, step.previous, err)
		}
	}
	return nil
}

// syncFolder brings a rename to the disk. Systems that can't open folders
// order renames themselves.
func syncFolder(folder string) error {
	file, err := os.Open(folder)
	if err != nil {
		return nil
	}
	err = file.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrInvalid) {
		err = nil
	}
	return errors.Join(err, file.Close())
}
