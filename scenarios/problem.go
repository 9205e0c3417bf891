package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a scenario file.
type Problem struct {
	// Position of the mistake.
	Position Position
	// What is wrong, a clause without a full stop.
	What string
	// Mend says what would be right; may be empty.
	Mend string
}

// Error returns "file:line:column: what; mend", in one line.
func (p Problem) Error() string {
	text := p.Position.String() + ": " + p.What
	if p.Mend != "" {
		text += "; " + p.Mend
	}
	return strings.Join(strings.Fields(text), " ")
}

// Problems are all mistakes that were found, in the order of the files.
type Problems []Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted orders the problems of one file by their place.
func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int {
		if a.Position.Line != b.Position.Line {
			return a.Position.Line - b.Position.Line
		}
		return a.Position.Column - b.Position.Column
	})
	return p
}

// orNil is an error only when there are problems.
func (p Problems) orNil() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// printable quotes what a user wrote and keeps it short.
func printable(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
