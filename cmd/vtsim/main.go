// Command vtsim is the Visa-side simulator and conformance harness for the
// Visa Token Service Issuer API. It is independent of Visa and for test data
// only.
//
// Every command is one file of this package and holds no logic of its own:
// it reads flags, calls a package below, and prints.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], environment{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv})
	stop()
	os.Exit(code)
}
