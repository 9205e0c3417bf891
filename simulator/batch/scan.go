package batch

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// row is one element of the file's array. raw is valid JSON and lasts until
// the next one is read.
type row struct {
	raw []byte
	// index counts from 0, line from 1.
	index, line int
	// tidy says that the row has a line of its own and no blanks (p.240).
	tidy bool
}

// faultAt is what is wrong with the form of a file.
type faultAt struct {
	line int
	what string
	// early says that the file ends too early.
	early bool
}

func (f *faultAt) Error() string { return fmt.Sprintf("line %d: %s", f.line, f.what) }

// scanner takes a file apart and holds one value of it at a time.
type scanner struct {
	in *bufio.Reader
	// limit is the size of the largest value, in bytes.
	limit  int
	buffer []byte
	line   int
	// lastRow is the line on which the last row ended.
	lastRow int
	// blank says that there was a blank in what was read last.
	blank bool
}

// scan reads a whole batch file, an object with an array under the name
// member, and calls each for every element of it. Other members are tolerated.
// It returns a *faultAt, or what each or the reader returned.
func scan(in io.Reader, member string, limit int, each func(row) error) error {
	s := &scanner{in: bufio.NewReaderSize(in, 1<<16), limit: limit, line: 1}
	if mark, err := s.in.Peek(3); err == nil && string(mark) == "\uFEFF" {
		return s.fault("it begins with a byte order mark; save it as UTF-8 without one")
	}
	if err := s.opening('{', "the file must hold one JSON object"); err != nil {
		return err
	}
	found := false
	err := s.list('}', func() error {
		name, err := s.name()
		if err != nil {
			return err
		}
		if name != member {
			_, err := s.value()
			return err
		}
		if found {
			return s.fault("%s stands twice", member)
		}
		found = true
		return s.rows(member, each)
	})
	if err != nil {
		return err
	}
	if _, err := s.next(); !errors.Is(err, io.EOF) {
		if err != nil {
			return err
		}
		return s.fault("something follows the JSON object")
	}
	if !found {
		return s.fault("the file has no %s", member)
	}
	return nil
}

func (s *scanner) fault(format string, arguments ...any) error {
	return &faultAt{line: s.line, what: fmt.Sprintf(format, arguments...)}
}

// rows reads the array.
func (s *scanner) rows(member string, each func(row) error) error {
	if err := s.opening('[', member+" must be an array"); err != nil {
		return err
	}
	index := 0
	s.blank = false
	return s.list(']', func() error {
		r := row{index: index, line: s.line, tidy: !s.blank && s.line != s.lastRow}
		index++
		var err error
		if r.raw, err = s.value(); err != nil {
			return err
		}
		r.tidy = r.tidy && !s.blank
		s.lastRow = s.line
		if err := each(r); err != nil {
			return err
		}
		s.blank = false
		return nil
	})
}

// list reads what stands between brackets, up to and with the closing one;
// element is called at the beginning of each element.
func (s *scanner) list(closing byte, element func() error) error {
	for first := true; ; first = false {
		c, err := s.next()
		switch {
		case err != nil:
			return s.early(err)
		case c == closing && first:
			return s.take()
		case c == closing:
			return s.fault("a comma has nothing behind it")
		}
		if err := element(); err != nil {
			return err
		}
		switch c, err = s.next(); {
		case err != nil:
			return s.early(err)
		case c == closing:
			return s.take()
		case c != ',':
			return s.fault("a comma or %q is missing", closing)
		}
		if err := s.take(); err != nil {
			return err
		}
	}
}

// opening reads a bracket.
func (s *scanner) opening(bracket byte, complaint string) error {
	c, err := s.next()
	if err != nil {
		return s.early(err)
	}
	if c != bracket {
		return s.fault("%s", complaint)
	}
	return s.take()
}

// name reads a member's name and the colon after it.
func (s *scanner) name() (string, error) {
	raw, err := s.value()
	if err != nil {
		return "", err
	}
	var name string
	if raw[0] != '"' || json.Unmarshal(raw, &name) != nil {
		return "", s.fault("a member's name is missing")
	}
	c, err := s.next()
	if err != nil {
		return "", s.early(err)
	}
	if c != ':' {
		return "", s.fault("the colon after a member's name is missing")
	}
	return name, s.take()
}

// value reads the next value, up to the limit, and proves that it is JSON.
func (s *scanner) value() ([]byte, error) {
	if _, err := s.next(); err != nil {
		return nil, s.early(err)
	}
	line := s.line
	s.buffer, s.blank = s.buffer[:0], false
	if err := s.span(); err != nil {
		return nil, err
	}
	switch {
	case !utf8.Valid(s.buffer):
		return nil, &faultAt{line: line, what: "the value that begins here is not valid UTF-8"}
	case !json.Valid(s.buffer):
		return nil, &faultAt{line: line, what: "the value that begins here is not JSON"}
	}
	return s.buffer, nil
}

// span collects bytes until the value ends that begins with the next one.
func (s *scanner) span() error {
	depth, inText, escaped := 0, false, false
	for {
		c, err := s.peek()
		if errors.Is(err, io.EOF) && depth == 0 && !inText && len(s.buffer) > 0 {
			return nil
		}
		if err != nil {
			return s.early(err)
		}
		if depth == 0 && !inText && len(s.buffer) > 0 && delimiter(c) {
			return nil
		}
		if len(s.buffer) == s.limit {
			return s.fault("a value is larger than %d bytes", s.limit)
		}
		if err := s.take(); err != nil {
			return err
		}
		s.buffer = append(s.buffer, c)
		switch {
		case inText:
			inText = escaped || c != '"'
			escaped = !escaped && c == '\\'
		case c == '"':
			inText = true
		case c == '{' || c == '[':
			depth++
			continue
		case c == '}' || c == ']':
			depth--
		case blank(c):
			s.blank = true
		}
		if depth <= 0 && !inText && (c == '"' || c == '}' || c == ']') {
			return nil
		}
	}
}

// next returns the next byte that is not blank, without taking it. Line ends
// between values are no blanks in the sense of the layout.
func (s *scanner) next() (byte, error) {
	for {
		c, err := s.peek()
		if err != nil || !blank(c) {
			return c, err
		}
		if c == ' ' || c == '\t' {
			s.blank = true
		}
		if err := s.take(); err != nil {
			return 0, err
		}
	}
}

func (s *scanner) peek() (byte, error) {
	ahead, err := s.in.Peek(1)
	if err != nil {
		return 0, err
	}
	return ahead[0], nil
}

// take goes on by one byte.
func (s *scanner) take() error {
	c, err := s.in.ReadByte()
	if c == '\n' {
		s.line++
	}
	return err
}

// early names the end of the file where there should have been more.
func (s *scanner) early(err error) error {
	if errors.Is(err, io.EOF) {
		return &faultAt{line: s.line, what: "the JSON ends too early", early: true}
	}
	return err
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// delimiter ends a number or a word.
func delimiter(c byte) bool { return blank(c) || bytes.IndexByte([]byte(",:]}"), c) >= 0 }
