package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/batch"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// batching are the flags of vtsim batch.
type batching struct {
	issuer, out, watch string
	every              time.Duration
}

func (a *app) batchCommand() *cobra.Command {
	var o batching
	cmd := &cobra.Command{Use: "batch FILE | batch --watch DIR", Short: "Carry out an Update Card Metadata batch file and write its response file", Args: cobra.MaximumNArgs(1),
		Long: `Carries out a batch file of Update Card Metadata (chapter 8) on the vault of the data directory and
writes the response file beside it: UCM_RES_… for UCM_REQ_…. The client id in the file's name says
which issuer it belongs to. A file whose form is wrong changes nothing; rows that are wrong are
answered in the response. An interrupted run goes on when the command is given again, without doing
a row twice, and a file that was processed is not processed again.

With --watch, files that are put into DIR are processed as they come and moved to DIR/done, or to
DIR/failed with the reason beside them, until the command is interrupted.

Exit codes: 0 the file was processed, whatever became of its rows; 2 it can't be processed, or wrong
usage; 3 stopped by a failure of the vault or the disk; 130 interrupted.`,
		Example: `  vtsim batch UCM_REQ_d1cd558e-30fa-cd1f-b354-126c7562650_2026-06-01T12.00.00.json
  vtsim batch UCM_REQ_….json --out response.json
  vtsim batch --watch drop --issuer demo-bank --out responses`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (o.watch != "") {
				return errors.New("batch needs either a FILE or --watch DIR")
			}
			return a.withBatches(cmd.Context(), o, func(p *batch.Processor, bars *batchBars) error {
				if o.watch != "" {
					return a.watchBatches(cmd.Context(), o, p, bars)
				}
				return a.batchFile(cmd.Context(), args[0], o, p, bars)
			})
		}}
	flags := cmd.Flags()
	flags.StringVar(&o.issuer, "issuer", "", "take files of this issuer only")
	flags.StringVar(&o.out, "out", "", "response file, or the folder that it goes to (default: beside the request)")
	flags.StringVar(&o.watch, "watch", "", "folder to watch for request files")
	flags.DurationVar(&o.every, "every", 2*time.Second, "how often to look into the watched folder")
	return cmd
}

// check finds what is wrong with the flags.
func (o batching) check() error {
	if o.every <= 0 {
		return fmt.Errorf("--every %s is no time between two looks, want for example 2s", o.every)
	}
	if o.out == "" {
		return nil
	}
	folder := o.out
	if o.watch == "" {
		folder = filepath.Dir(o.out)
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fmt.Errorf("--out %s: there is no folder %s; make it first", o.out, folder)
	}
	return nil
}

// vaultFile is the name of the vault in a data directory.
const vaultFile = "vtsim.db"

// withBatches opens the vault of the data directory and has work done on it.
func (a *app) withBatches(ctx context.Context, o batching, work func(*batch.Processor, *batchBars) error) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	spec, directory, err := a.directory()
	if err != nil {
		return err
	}
	samples, err := fixtures.Load()
	if err != nil {
		return err
	}
	now := clock.New(time.Now)
	store, err := vault.Open(ctx, vault.Options{File: filepath.Join(directory.Path, vaultFile), Key: directory.VaultKey, Clock: now.Now})
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(directory.Path, vaultFile), err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := registerIssuers(ctx, store, directory, now.Now(), o.issuer); err != nil {
		return err
	}
	server, err := inbound.New(inbound.Config{Contract: spec, Vault: store, Fixtures: samples, Clock: now, Faults: fault.NewSet(),
		VisaEncryption: directory.VisaEncryption, VisaSigning: directory.VisaSigning, Log: a.log})
	if err != nil {
		return err
	}
	bars := newBatchBars(a.err)
	defer bars.close()
	p, err := batch.New(batch.Config{Contract: spec, Vault: store, Applier: server, Now: now.Now, Issuer: o.issuer, Progress: bars.show})
	if err != nil {
		return err
	}
	return work(p, bars)
}

// registerIssuers gives the vault the issuers of the directory that it does
// not have yet, and looks for the one that was named.
func registerIssuers(ctx context.Context, store vault.Vault, directory *keys.Directory, now time.Time, named string) error {
	known, err := store.Issuers(ctx)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, issuer := range known {
		names[issuer.Name] = true
	}
	for name, issuer := range directory.Issuers {
		if names[name] {
			continue
		}
		if err := store.PutIssuer(ctx, inbound.Registered(issuer, now)); err != nil {
			return err
		}
		names[name] = true
	}
	if named != "" && !names[named] {
		return fmt.Errorf("there is no issuer %q in %s, it has: %s", named, directory.Path, strings.Join(slices.Sorted(maps.Keys(names)), ", "))
	}
	return nil
}

// batchFile processes one file.
func (a *app) batchFile(ctx context.Context, file string, o batching, p *batch.Processor, bars *batchBars) error {
	result, err := p.Process(ctx, file, o.out)
	bars.close()
	var wrong *batch.FileError
	switch {
	case err == nil:
		return a.printBatch(result)
	case errors.As(err, &wrong):
		return err
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted after %d of %d rows of %s; the same command goes on from there: %w", bars.done, bars.rows, filepath.Base(file), err)
	}
	return &failure{exitIncomplete, err}
}

// watchBatches processes files as they come.
func (a *app) watchBatches(ctx context.Context, o batching, p *batch.Processor, bars *batchBars) error {
	w := &batch.Watcher{Processor: p, Folder: o.watch, Responses: o.out, Log: a.log, Report: func(file string, result *batch.Result, err error) {
		bars.close()
		if err == nil {
			err = a.printBatch(result)
		}
		if err != nil {
			fmt.Fprintf(a.err, "vtsim: %s\n", oneLine(err))
		}
	}}
	if err := w.Poll(ctx); err != nil && ctx.Err() == nil { // the folder must be there before anything is waited for
		return err
	}
	fmt.Fprintf(a.out, "watching %s, stop with an interrupt\n", o.watch)
	ticker := time.NewTicker(o.every)
	defer ticker.Stop()
	return w.Run(ctx, ticker.C)
}

// printBatch says what became of a file: in words, or as one line of JSON.
func (a *app) printBatch(r *batch.Result) error {
	if a.format == "json" {
		line, err := json.Marshal(map[string]any{"file": r.File, "issuer": r.Issuer, "response": r.Response, "correlationID": r.CorrelationID, "rows": r.Rows,
			"successCount": r.Success, "failureCount": r.Failure, "rowsDoneBefore": r.Before, "warnings": append([]batch.Warning{}, r.Warnings...)})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.out, string(line))
		return err
	}
	var b strings.Builder
	switch {
	case !r.FinishedBefore.IsZero():
		fmt.Fprintf(&b, "%s was processed at %s already; no row was done again\n", r.File, r.FinishedBefore.UTC().Format(time.RFC3339))
	case r.Before > 0:
		fmt.Fprintf(&b, "%s was begun before; went on after row %d\n", r.File, r.Before)
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	fmt.Fprintf(&b, "%s of %s: %d rows, successCount %d, failureCount %d, correlationID %s\n", r.File, r.Issuer, r.Rows, r.Success, r.Failure, r.CorrelationID)
	fmt.Fprintf(&b, "wrote %s\n", r.Response)
	_, err := fmt.Fprint(a.out, b.String())
	return err
}
