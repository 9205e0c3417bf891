package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/cwriter"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/vtsim/vtsim/conformance"
)

// certifyBars shows how far a certification is: a bar on a terminal, elsewhere
// a line for each tenth of it.
type certifyBars struct {
	out       io.Writer
	terminal  bool
	container *mpb.Progress
	bar       *mpb.Bar
	told      int
	// quiet leaves out the lines where there is no terminal.
	quiet bool

	mu   sync.Mutex
	last conformance.Progress
}

func newCertifyBars(out io.Writer) *certifyBars {
	return &certifyBars{out: out, terminal: cwriter.New(out).IsTerminal()}
}

// isTerminal tells a person's terminal.
func isTerminal(file *os.File) bool { return cwriter.New(file).IsTerminal() }

func (b *certifyBars) begin(planned int) {
	if !b.terminal || planned == 0 {
		return
	}
	b.container = mpb.New(mpb.WithOutput(b.out), mpb.WithWidth(40))
	b.bar = b.container.AddBar(int64(planned), mpb.PrependDecorators(decor.CountersNoUnit("%d/%d ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return b.counts() })))
}

// counts are told behind the bar, which is drawn by a goroutine of its own.
func (b *certifyBars) counts() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprintf(" %d failed, %d warned, %d broken", b.last.Failed, b.last.Warned, b.last.Broken)
}

// show is called by one goroutine at a time. A rule that is found broken is told
// at once: who waits for a slow issuer need not wait for the end of the run.
func (b *certifyBars) show(p conformance.Progress) {
	for _, f := range p.New {
		b.say("found %s (%s, p.%d): %s\n", f.Rule, f.Level, f.Cite.Page, f.Message)
	}
	b.mu.Lock()
	b.last = p
	b.mu.Unlock()
	if b.bar != nil {
		b.bar.SetCurrent(int64(p.Done))
		return
	}
	const parts = 10
	if b.terminal || b.quiet || p.Planned == 0 || p.Done*parts/p.Planned == b.told {
		return
	}
	b.told = p.Done * parts / p.Planned
	fmt.Fprintf(b.out, "%d of %d cases:%s\n", p.Done, p.Planned, b.counts())
}

// say writes a line, above the bar where there is one.
func (b *certifyBars) say(format string, args ...any) {
	switch {
	case b.bar != nil:
		fmt.Fprintf(b.container, format, args...)
	case !b.terminal && !b.quiet:
		fmt.Fprintf(b.out, format, args...)
	}
}

// close leaves the bar as it is and waits until it is drawn.
func (b *certifyBars) close() {
	if b.bar == nil {
		return
	}
	if !b.bar.Completed() {
		b.bar.Abort(false)
	}
	b.container.Wait()
	b.bar = nil
}
