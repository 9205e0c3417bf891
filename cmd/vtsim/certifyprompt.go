package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// prompt asks the person at the terminal to act; nil where there is none.
func (a *app) prompt() func(ctx context.Context, text string) error {
	in, ok := a.in.(*os.File)
	if !ok || !isTerminal(in) {
		return nil
	}
	return (&person{in: in, out: a.err}).ask
}

// person is somebody who reads and presses Enter, asked one thing at a time.
type person struct {
	in  io.Reader
	out io.Writer

	once  sync.Once
	lines chan error
}

// ask prints the text and waits for a line.
func (p *person) ask(ctx context.Context, text string) error {
	p.once.Do(p.listen)
	fmt.Fprintf(p.out, "\n%s, then press Enter: ", text)
	select {
	case err, open := <-p.lines:
		if !open {
			return errors.New("the input has ended")
		}
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// listen reads lines for as long as the process lives: nothing takes a read of
// a terminal back.
func (p *person) listen() {
	p.lines = make(chan error)
	go func() {
		defer close(p.lines)
		for reader := bufio.NewReader(p.in); ; {
			if _, err := reader.ReadString('\n'); err != nil {
				return
			}
			p.lines <- nil
		}
	}()
}
