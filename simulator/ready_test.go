package simulator_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator"
)

// BenchmarkReady measures from the start of the process's own work until the
// listeners are open, on an existing data directory; 100 ms are the aim. The
// contract is loaded once a process, so it is loaded here beside, each time.
func BenchmarkReady(b *testing.B) {
	path := filepath.Join(b.TempDir(), "data")
	if err := copyDirectory(path); err != nil {
		b.Fatal(err)
	}
	spec, err := contract.Load()
	if err != nil {
		b.Fatal(err)
	}
	settings := keys.Settings{Facts: keys.FactsOf(spec)}
	ready := func() *simulator.Simulator {
		if _, err := contract.LoadFS(os.DirFS("../conformance/contract/spec")); err != nil {
			b.Fatal(err)
		}
		directory, err := keys.LoadDirectory(path, settings)
		if err != nil {
			b.Fatal(err)
		}
		s, err := simulator.New(context.Background(), simulator.Config{Directory: directory, Settings: settings})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Start(); err != nil {
			b.Fatal(err)
		}
		return s
	}
	if err := ready().Close(context.Background()); err != nil { // makes the data
		b.Fatal(err)
	}
	var total time.Duration
	runs := 0
	for b.Loop() {
		started := time.Now()
		s := ready()
		total += time.Since(started)
		runs++
		b.StopTimer()
		if err := s.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(total.Milliseconds())/float64(runs), "ms/ready")
}
