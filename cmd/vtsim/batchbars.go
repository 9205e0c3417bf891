package main

import (
	"io"
	"strings"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/cwriter"
	"github.com/vbauerster/mpb/v8/decor"
)

// batchBars shows how far a batch file is, one bar at a time. Where it does
// not write to a terminal it only counts.
type batchBars struct {
	out     io.Writer
	options []mpb.ContainerOption
	silent  bool

	file       string
	done, rows int
	container  *mpb.Progress
	bar        *mpb.Bar
}

func newBatchBars(out io.Writer) *batchBars {
	return &batchBars{out: out, silent: !cwriter.New(out).IsTerminal()}
}

// show moves the bar of the file, and begins it when it is another file than
// before. It is called by one goroutine.
func (b *batchBars) show(file string, done, rows int) {
	b.done, b.rows = done, rows
	if b.silent || rows == 0 {
		return
	}
	if b.container == nil || b.file != file {
		b.close()
		b.file = file
		b.container = mpb.New(append([]mpb.ContainerOption{mpb.WithOutput(b.out), mpb.WithWidth(40)}, b.options...)...)
		b.bar = b.container.AddBar(int64(rows),
			mpb.PrependDecorators(decor.Name(shortName(file)+" "), decor.CountersNoUnit("%d/%d ")),
			mpb.AppendDecorators(decor.Percentage(), decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO, decor.WC{W: 8}), " done")))
	}
	b.bar.SetCurrent(int64(done))
}

// shortName is a file's name without the long client id in its middle.
func shortName(file string) string {
	if cut := strings.LastIndexByte(file, '_'); cut > 0 {
		return "…" + file[cut:]
	}
	return file
}

// close leaves the bar as it is and waits until it is drawn.
func (b *batchBars) close() {
	if b.container == nil {
		return
	}
	if !b.bar.Completed() {
		b.bar.Abort(false)
	}
	b.container.Wait()
	b.container, b.bar = nil, nil
}
