package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures/issuer"
	"github.com/vtsim/vtsim/keys"
)

type issuing struct {
	listen, control, issuer, cards, visa string
	defects                              []string
	list                                 bool
}

func (a *app) issuerCommand() *cobra.Command {
	var o issuing
	cmd := &cobra.Command{Use: "issuer", Short: "Run the reference issuer: the endpoint that Visa's side calls", Args: cobra.NoArgs,
		Long: `Serves Visa's calls to an issuer, with mutual TLS and the keys of the data directory, as a conformant
issuer does. What it decides hangs on the card: its roles are those of issuer.yaml or of --cards.
The policies of issuer.yaml, where there are any, decide on tokens for good cards.
It acts when it is told to: POST /trigger/ACTION on --control makes it call Visa's side.
With --defect it has one fault on purpose, which breaks one rule of the contract.`,
		Example: `  vtsim issuer
  vtsim issuer --listen 127.0.0.1:0 --control 127.0.0.1:0 --visa https://127.0.0.1:8443
  vtsim issuer --list-defects
  vtsim issuer --defect envelope-tag-not-checked`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.list {
				return a.listDefects()
			}
			return a.runIssuer(cmd.Context(), o)
		}}
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:9443", "address of the endpoint; port 0 takes a free one")
	flags.StringVar(&o.control, "control", "127.0.0.1:9444", "address of the trigger interface, plain HTTP on loopback; none when empty")
	flags.StringVar(&o.issuer, "issuer", "", "issuer to play; needed when the data directory has several")
	flags.StringVar(&o.cards, "cards", "", "file with cards by role, YAML or JSON, instead of those of issuer.yaml")
	flags.StringVar(&o.visa, "visa", "https://127.0.0.1:8443", "URL of Visa's APIs, for the issuer's own calls")
	flags.StringArrayVar(&o.defects, "defect", nil, "fault to have on purpose (repeatable; see --list-defects)")
	flags.BoolVar(&o.list, "list-defects", false, "list the faults and the rules that they break, and stop")
	// The error is about a flag that does not exist; this one does.
	_ = cmd.RegisterFlagCompletionFunc("defect", completeDefect)
	return cmd
}

func (a *app) runIssuer(ctx context.Context, o issuing) error {
	started := time.Now()
	c, directory, err := a.directory()
	if err != nil {
		return err
	}
	chosen, err := issuerOf(directory, o.issuer)
	if err != nil {
		return err
	}
	cards, err := a.cards(o.cards)
	if err != nil {
		return err
	}
	var policies []keys.Policy
	if chosen.Profile != nil {
		policies = chosen.Profile.Policies
	}
	s, err := issuer.New(issuer.Config{Contract: c, Policies: policies, Issuer: chosen, Authority: directory.CA.Pool(), VisaClient: directory.Client.Leaf,
		VisaSigning: directory.VisaSigning, VisaEncryption: directory.VisaEncryption, VisaURL: o.visa, Cards: cards,
		Listen: o.listen, Control: o.control, Defects: o.defects, Log: a.log})
	if err != nil {
		return err
	}
	if err := s.Start(); err != nil {
		return err
	}
	a.issuerReady(s, chosen.Name, o.defects, time.Since(started))
	select {
	case <-ctx.Done():
		a.log.Info("stopping, finishing the calls in flight")
	case err := <-s.Failed():
		return errors.Join(err, s.Close(context.WithoutCancel(ctx)))
	}
	const patience = 10 * time.Second
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := s.Close(closing); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// cards reads a list of cards; none for no file.
func (a *app) cards(file string) ([]keys.Card, error) {
	if file == "" {
		return nil, nil
	}
	_, settings, err := a.settings()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the cards: %w", err)
	}
	return keys.ParseCards(data, file, settings)
}

// issuerReady prints the one line that says where the issuer is.
func (a *app) issuerReady(s *issuer.Server, name string, defects []string, took time.Duration) {
	if a.format == "json" {
		line, err := json.Marshal(map[string]any{"ready": true, "issuer": name, "endpoint": s.URL(), "control": s.ControlURL(),
			"defects": append([]string{}, defects...), "readyMs": took.Milliseconds()})
		if err == nil {
			fmt.Fprintln(a.out, string(line))
		}
		return
	}
	more := ""
	if s.ControlURL() != "" {
		more += ", control " + s.ControlURL()
	}
	if len(defects) > 0 {
		more += ", with defect " + strings.Join(defects, ", ")
	}
	fmt.Fprintf(a.out, "ready in %s: issuer %s at %s%s\n", took.Round(time.Millisecond), name, s.URL(), more)
}

func (a *app) listDefects() error {
	c, err := contract.Load()
	if err != nil {
		return err
	}
	defects, err := issuer.Catalogue(c)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DEFECT\tBREAKS\tTITLE")
	for _, d := range defects {
		fmt.Fprintf(table, "%s\t%s\t%s\n", d.ID, d.Rule, d.Title)
	}
	return table.Flush()
}

func completeDefect(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	c, err := contract.Load()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	defects, err := issuer.Catalogue(c)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	ids := make([]string, len(defects))
	for i, d := range defects {
		ids[i] = d.ID + "\t" + d.Title
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
