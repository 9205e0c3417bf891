package main

import (
	"fmt"
	"os"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
)

// settings are what package keys needs of the contract and the process.
func (a *app) settings() (*contract.Contract, keys.Settings, error) {
	c, err := contract.Load()
	if err != nil {
		return nil, keys.Settings{}, err
	}
	return c, keys.Settings{Facts: keys.FactsOf(c), LookupEnv: func(name string) (string, bool) {
		value := a.getenv(name)
		return value, value != ""
	}}, nil
}

// directory reads the data directory.
func (a *app) directory() (*contract.Contract, *keys.Directory, error) {
	c, settings, err := a.settings()
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(a.data); os.IsNotExist(err) {
		return nil, nil, fmt.Errorf("there is no data directory %s; make one with: vtsim init %s", a.data, a.data)
	}
	directory, err := keys.LoadDirectory(a.data, settings)
	return c, directory, err
}

// issuerOf picks the issuer by name, or the only one.
func issuerOf(directory *keys.Directory, name string) (*keys.Issuer, error) {
	if name != "" {
		if issuer, ok := directory.Issuers[name]; ok {
			return issuer, nil
		}
		return nil, fmt.Errorf("there is no issuer %q in %s, it has: %s", name, directory.Path, namesOf(directory))
	}
	if len(directory.Issuers) == 1 {
		for _, issuer := range directory.Issuers {
			return issuer, nil
		}
	}
	return nil, fmt.Errorf("name the issuer with --issuer, %s has: %s", directory.Path, namesOf(directory))
}

// day prints a date as people read it.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}
