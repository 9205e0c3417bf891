package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/certificate"
	"github.com/vtsim/vtsim/conformance/report"
)

// reportFiles are where the reports of a run go; empty ones are not written.
type reportFiles struct {
	dir, json, junit, html, markdown string
	// certifier is the file of the key that signs a certificate into dir.
	certifier string
}

func (f *reportFiles) flags(flags *pflag.FlagSet) {
	flags.StringVar(&f.dir, "out", "", "folder for all reports: result.json, junit.xml, report.html, report.md, and certificate.jws where there is a key")
	flags.StringVar(&f.certifier, "certificate-key", "", "key that signs a certificate into --out (default: certifier.key of the data directory, where there is one)")
	flags.StringVar(&f.json, "json", "", "file for the Result, the JSON document that every report is made from")
	flags.StringVar(&f.junit, "junit", "", "file for JUnit XML")
	flags.StringVar(&f.html, "html", "", "file for the HTML report with transcripts")
	flags.StringVar(&f.markdown, "markdown", "", "file for Markdown, for a CI summary")
}

// reportFile is one file and what writes it.
type reportFile struct {
	name  string
	write func(io.Writer, *conformance.Result) error
	// result says that it is the Result itself.
	result bool
}

// files are all that are wanted.
func (f reportFiles) files() []reportFile {
	var all []reportFile
	for i, kind := range []struct {
		given, usual string
		write        func(io.Writer, *conformance.Result) error
	}{{f.json, "result.json", report.JSON}, {f.junit, "junit.xml", report.JUnit}, {f.html, "report.html", report.HTML}, {f.markdown, "report.md", report.Markdown}} {
		if f.dir != "" {
			all = append(all, reportFile{filepath.Join(f.dir, kind.usual), kind.write, i == 0})
		}
		if kind.given != "" {
			all = append(all, reportFile{kind.given, kind.write, i == 0})
		}
	}
	if f.dir != "" && f.certifier != "" {
		all = append(all, reportFile{filepath.Join(f.dir, certificateFile), certificateOf(f.certifier), false})
	}
	return all
}

// findCertifier takes the data directory's key where none is named, and makes
// sure of the key before the run: afterwards is too late.
func (f *reportFiles) findCertifier(data string) error {
	if f.certifier == "" {
		path := filepath.Join(data, certifierKey)
		if _, err := os.Stat(path); err == nil && f.dir != "" {
			f.certifier = path
		}
	}
	switch {
	case f.certifier == "":
		return nil
	case f.dir == "":
		return errors.New("--certificate-key needs --out: the certificate is about the result.json that lies there")
	}
	text, err := os.ReadFile(f.certifier)
	if err != nil {
		return fmt.Errorf("read the certifier's key: %w; make one with: vtsim report key %s", err, f.certifier)
	}
	if _, err := certificate.PrivateKey(text); err != nil {
		return fmt.Errorf("%s: %w", f.certifier, err)
	}
	return nil
}

// names lists the files that a run leaves.
func (f reportFiles) names() string {
	var names []string
	for _, file := range f.files() {
		names = append(names, file.name)
	}
	return strings.Join(names, ", ")
}

// write writes all reports; each file is whole or as it was before.
func (f reportFiles) write(result *conformance.Result) error {
	for _, file := range f.files() {
		if err := file.save(result); err != nil {
			return err
		}
	}
	return nil
}

// clear takes the reports of an earlier run away, so that a run that is killed
// does not leave the verdict of another; what cannot be written is told before
// the run.
func (f reportFiles) clear() error {
	for _, file := range f.files() {
		if err := os.MkdirAll(filepath.Dir(file.name), 0o755); err != nil {
			return fmt.Errorf("the reports cannot be written: %w", err)
		}
		if err := os.Remove(file.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the report of an earlier run cannot be replaced: %w", err)
		}
		probe, err := os.CreateTemp(filepath.Dir(file.name), filepath.Base(file.name)+".*")
		if err != nil {
			return fmt.Errorf("the reports cannot be written: %w", err)
		}
		if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
			return fmt.Errorf("the reports cannot be written: %w", err)
		}
	}
	return nil
}

// checkpoint leaves the Result so far, so that a run that is killed leaves
// something; nil when no Result is wanted. What cannot be written is told at
// the end.
func (f reportFiles) checkpoint() func(*conformance.Result) {
	var results []reportFile
	for _, file := range f.files() {
		if file.result {
			results = append(results, file)
		}
	}
	if len(results) == 0 {
		return nil
	}
	return func(result *conformance.Result) {
		for _, file := range results {
			_ = file.save(result)
		}
	}
}

func (f reportFile) save(result *conformance.Result) (failed error) {
	if err := os.MkdirAll(filepath.Dir(f.name), 0o755); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(f.name), filepath.Base(f.name)+".*")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer func() {
		if failed != nil {
			_ = os.Remove(temporary.Name())
		}
	}()
	const readable = 0o644
	if err := temporary.Chmod(readable); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := f.write(temporary, result); err != nil {
		_ = temporary.Close()
		return fmt.Errorf("write %s: %w", f.name, err)
	}
	if err := temporary.Close(); err != nil {
		return fmt.Errorf("write %s: %w", f.name, err)
	}
	if err := os.Rename(temporary.Name(), f.name); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// printResult prints the report for people.
func (a *app) printResult(result *conformance.Result) error {
	file, ok := a.out.(*os.File)
	return report.Terminal(a.out, result, report.TerminalOptions{Color: ok && isTerminal(file) && a.getenv("NO_COLOR") == ""})
}
