package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator"
)

type serving struct {
	listen, console, plain, token string
	plainToo, ephemeral           bool
	knobs                         []string
}

func (a *app) serveCommand() *cobra.Command {
	var o serving
	cmd := &cobra.Command{Use: "serve", Short: "Run the sandbox: the APIs that issuers call, Visa's calls to them, and the console", Args: cobra.NoArgs,
		Long: `Serves the eight APIs that issuers call, with mutual TLS, and beside them the console (admin API).
Notifications go to the endpoint in issuer.yaml, at least once each, and again while the issuer's
system fails; the console steers their queue, plays wallets and makes single calls.
Prints one line when it is ready, with all URLs. A data directory that is missing is created;
its config.yaml may say what --listen, --console, --plain and --log would, and a flag wins.
SIGINT or SIGTERM finish the calls in flight and stop; deliveries that take longer than some seconds
are given up and made again after the next start.`,
		Example: `  vtsim serve
  vtsim serve --ephemeral --listen 127.0.0.1:0 --console 127.0.0.1:0 --log json
  vtsim serve --plain                  # also plain HTTP on 127.0.0.1:8080`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.configured(&o, cmd.Flags().Changed); err != nil {
				return err
			}
			if o.token == "" { // not as the flag's default, which the help would show
				o.token = a.getenv("VTSIM_CONSOLE_TOKEN")
			}
			return a.serve(cmd.Context(), o)
		}}
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8443", "address of the APIs; port 0 takes a free one")
	flags.StringVar(&o.console, "console", "127.0.0.1:8444", "address of the console")
	flags.StringVar(&o.token, "console-token", "", "bearer token of the console, required beyond loopback (or VTSIM_CONSOLE_TOKEN)")
	flags.BoolVar(&o.plainToo, "plain", false, "serve the APIs over plain HTTP too, on loopback only")
	flags.StringVar(&o.plain, "plain-listen", "127.0.0.1:8080", "address of --plain")
	flags.BoolVar(&o.ephemeral, "ephemeral", false, "keep everything in memory, with throw-away keys unless the data directory exists")
	flags.StringSliceVar(&o.knobs, "knob", nil, "choose the alternative of an interpretation, by its knob name (repeatable; see vtsim contract show INT-001)")
	return cmd
}

func (a *app) serve(ctx context.Context, o serving) error {
	started := time.Now()
	s, directory, err := a.start(ctx, o)
	if err != nil {
		return err
	}
	a.ready(s, directory, time.Since(started))
	return a.serveUntil(ctx, s)
}

// start brings the simulator up. What is read at a start is mostly thrown away
// again, so the garbage is collected later rather than on the way.
func (a *app) start(ctx context.Context, o serving) (*simulator.Simulator, *keys.Directory, error) {
	const whileStarting = 400
	defer debug.SetGCPercent(debug.SetGCPercent(whileStarting))
	_, settings, err := a.settings()
	if err != nil {
		return nil, nil, err
	}
	directory, settings, err := a.directoryFor(ctx, o, settings)
	if err != nil {
		return nil, nil, err
	}
	config := simulator.Config{Directory: directory, Settings: settings, Ephemeral: o.ephemeral, Listen: o.listen, Console: o.console,
		ConsoleToken: o.token, Knobs: map[string]bool{}, Log: a.log}
	if o.plainToo {
		config.Plain = o.plain
	}
	for _, knob := range o.knobs {
		config.Knobs[knob] = true
	}
	s, err := simulator.New(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	if err := s.Start(); err != nil {
		return nil, nil, errors.Join(err, s.Close(ctx))
	}
	return s, directory, nil
}

// serveUntil waits for the end and stops gracefully.
func (a *app) serveUntil(ctx context.Context, s *simulator.Simulator) error {
	failed := make(chan error, 1)
	go func() { failed <- s.Wait() }()
	var err error
	select {
	case <-ctx.Done():
		a.log.Info("stopping, finishing the calls in flight")
	case err = <-failed:
	}
	const patience = 30 * time.Second
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return errors.Join(err, s.Close(closing))
}

// directoryFor reads the data directory, makes it, or takes throw-away keys.
func (a *app) directoryFor(ctx context.Context, o serving, settings keys.Settings) (*keys.Directory, keys.Settings, error) {
	_, err := os.Stat(a.data)
	switch {
	case err == nil:
	case o.ephemeral:
		spares, err := keys.NewSpares(fixturekeys.Spare(), keys.Generated{})
		if err != nil {
			return nil, settings, err
		}
		settings.Keys = spares
		directory, err := keys.LoadFS(fixturekeys.TestOnly(), settings)
		return directory, settings, err
	default:
		ranges, err := sampleRanges(keys.DefaultIssuer)
		if err != nil {
			return nil, settings, err
		}
		if _, err := keys.Init(ctx, a.data, keys.InitOptions{Settings: settings, AccountRanges: ranges}); err != nil {
			return nil, settings, err
		}
		a.log.Info("made the data directory", "path", a.data)
	}
	directory, err := keys.LoadDirectory(a.data, settings)
	return directory, settings, err
}

// ready prints the one line that says where everything is.
func (a *app) ready(s *simulator.Simulator, directory *keys.Directory, took time.Duration) {
	if a.format == "json" {
		line, err := json.Marshal(map[string]any{"ready": true, "api": s.URL(), "console": s.ConsoleURL(), "plain": s.PlainURL(),
			"data": directory.Path, "readyMs": took.Milliseconds()})
		if err == nil {
			fmt.Fprintln(a.out, string(line))
		}
		return
	}
	plain := ""
	if s.PlainURL() != "" {
		plain = ", plain " + s.PlainURL()
	}
	data := directory.Path
	if data == "" {
		data = "in memory"
	}
	fmt.Fprintf(a.out, "ready in %s: API %s (mutual TLS)%s, console %s, data %s\n", took.Round(time.Millisecond), s.URL(), plain, s.ConsoleURL(), data)
}
