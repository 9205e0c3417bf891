package suite

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"

	"github.com/onsi/ginkgo/v2"

	"github.com/vtsim/vtsim/conformance"
)

// Config is what to certify. File is required; names of files are relative to
// the test's package.
type Config struct {
	// File is the issuer's profile, issuer.yaml.
	File string
	// Profile is core or full, also when empty.
	Profile string
	// Filter chooses cases as vtsim certify --filter does; labels choose among
	// those that it leaves.
	Filter string
	// Seed makes everything that is drawn; empty means Ginkgo's random seed,
	// which Ginkgo prints.
	Seed string
	// Listen is where Visa's APIs are served for the issuer's own calls,
	// 127.0.0.1:8443 when empty. Cases that need them are skipped while
	// another program has the address.
	Listen string
	// KnownFailures is a file of failures that are excused; their specs pass
	// and say so.
	KnownFailures string
	// Out is a file for the Result of the cases that ran, for vtsim report;
	// none when empty.
	Out string
	// Adjust changes what is not named here, such as further libraries or the
	// lowest level that fails; nil changes nothing.
	Adjust func(*conformance.Setup)
}

const defaultListen = "127.0.0.1:8443"

// setup is the certification that the configuration describes. It needs
// Ginkgo's configuration, which is there when the tree is built.
func (c Config) setup() (conformance.Setup, error) {
	s, err := conformance.NewSetup(conformance.Options{File: c.File, Profile: c.Profile, Filter: c.Filter, Seed: c.Seed})
	if err != nil {
		return s, err
	}
	s.Tool.Version = version()
	if s.Seed == "" {
		s.Seed = strconv.FormatInt(ginkgo.GinkgoRandomSeed(), 10)
	}
	if s.Listen = c.Listen; s.Listen == "" {
		s.Listen = defaultListen
	}
	if c.KnownFailures != "" {
		content, err := os.ReadFile(c.KnownFailures)
		if err != nil {
			return s, fmt.Errorf("read the known failures: %w", err)
		}
		if s.Known, err = conformance.ParseKnownFailures(content, c.KnownFailures); err != nil {
			return s, err
		}
	}
	if c.Adjust != nil {
		c.Adjust(&s)
	}
	return s, nil
}

// version of vtsim that the issuer's module requires.
func version() string {
	const module, unknown = "github.com/vtsim/vtsim", "(devel)"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return unknown
	}
	at := slices.IndexFunc(info.Deps, func(m *debug.Module) bool { return m.Path == module })
	if at < 0 || info.Deps[at].Version == "" {
		return unknown
	}
	return info.Deps[at].Version
}
