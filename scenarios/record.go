package scenarios

import (
	"time"

	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Case is a scenario that is ready to run: generated, with its cards chosen.
type Case struct {
	// ID is the scenario's name, and behind a slash what was generated. It is
	// unique and stable.
	ID       string
	Scenario *Scenario
	// Seed makes everything that is drawn for the case.
	Seed string
}

// Record is what one step of a case brought about.
type Record struct {
	// Step counts from 1; Title says what it did.
	Step  int
	Title string
	At    Position
	// Call is set for calls to the issuer, with all exchanges of it in the
	// order in which they were answered.
	Call      *Call
	Exchanges []*outbound.Exchange
	// Delivered says that the exchanges are notifications that the queue sent,
	// every attempt of them; the issuer should take them.
	Delivered bool
	// Inbound is the issuer's call that was awaited.
	Inbound *vault.Traffic
	// Mismatches are the scenario's own expectations that were not met.
	Mismatches []Mismatch
	Elapsed    time.Duration
}

// Mismatch is one expectation that was not met. The texts are masked.
type Mismatch struct {
	At Position
	// Where in the answer, Want and Got in words.
	Where, Want, Got string
	// Unoffered says that the answer may be right, but offers nothing of the
	// kind that the case goes on with, such as a method of step-up.
	Unoffered bool
}

// Broken is an error of the harness or of its set-up, never of the issuer.
type Broken struct {
	At   Position
	What string
	Err  error
}

func (b *Broken) Error() string {
	text := b.What
	if b.At.File != "" {
		text = b.At.String() + ": " + text
	}
	if b.Err != nil {
		text += ": " + b.Err.Error()
	}
	return text
}

func (b *Broken) Unwrap() error { return b.Err }

// Observer is told of every step; false ends the case.
type Observer func(Record) (goOn bool)
