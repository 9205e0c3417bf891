package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// serveFile is the data directory's config.yaml: what a flag of the same name
// would say. nil is what the file does not say.
type serveFile struct {
	Listen   *string `yaml:"listen"`
	Console  *string `yaml:"console"`
	Database *string `yaml:"database"`
	Plain    *bool   `yaml:"plain"`
	Log      *string `yaml:"log"`
}

// configured takes over what config.yaml says and no flag does.
func (a *app) configured(o *serving, given func(flag string) bool) error {
	path := filepath.Join(a.data, "config.yaml")
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	file, err := readServeFile(path, content)
	if err != nil {
		return err
	}
	if file.Database != nil && *file.Database != "" {
		return fmt.Errorf("%s: database is not known yet; leave it empty, vtsim.db in the data directory is used", path)
	}
	text := func(name string, value, into *string) {
		if value != nil && !given(name) {
			*into = *value
		}
	}
	text("listen", file.Listen, &o.listen)
	text("console", file.Console, &o.console)
	text("log", file.Log, &a.format)
	if file.Plain != nil && !given("plain") {
		o.plainToo = *file.Plain
	}
	return a.setUp() // the log's form may have changed
}

var unknownKey = regexp.MustCompile(`line (\d+): field (\S+) not found`)

// readServeFile reads the file strictly; an empty one says nothing.
func readServeFile(path string, content []byte) (serveFile, error) {
	var file serveFile
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	err := decoder.Decode(&file)
	if err == nil || errors.Is(err, io.EOF) {
		return file, nil
	}
	if unknown := unknownKey.FindStringSubmatch(err.Error()); unknown != nil {
		return file, fmt.Errorf("%s:%s: unknown key %q; known are listen, console, database, plain, log", path, unknown[1], unknown[2])
	}
	return file, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
}
