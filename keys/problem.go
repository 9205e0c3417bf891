package keys

import (
	"fmt"
	"strings"
)

// Problem is an error about one file: what is wrong, where, and how to mend
// it, in one line. It never quotes the file's content.
type Problem struct {
	// File is the path as the user knows it.
	File string
	// Line and Column count from 1; both are zero where the file has no
	// lines worth naming.
	Line, Column int
	// What is wrong, a clause without a full stop that reads after the file's name.
	What string
	// Mend says what to do about it; may be empty.
	Mend string
	// Err is the cause, if another error was it.
	Err error
}

// Error returns "file:line:column: what; mend".
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	b.WriteString(p.What)
	if p.Mend != "" {
		b.WriteString("; ")
		b.WriteString(p.Mend)
	}
	return oneLine(b.String())
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// in names the file, unless one is named already.
func (p *Problem) in(file string) *Problem {
	if p.File == "" {
		p.File = file
	}
	return p
}

// or sets the advice, unless there is one already.
func (p *Problem) or(mend string) *Problem {
	if p.Mend == "" {
		p.Mend = mend
	}
	return p
}

// oneLine makes an error of another package fit for one line.
func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}
