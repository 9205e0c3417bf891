package simulator_test

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator"
	"github.com/vtsim/vtsim/simulator/calls"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// neighbourNotices are delivered to the healthy issuer in each half of a
// round, and wait for the hanging one.
const neighbourNotices = 200

// BenchmarkHangingNeighbour measures what an issuer that never answers costs
// another: how fast the other's notifications are delivered without the
// neighbour and with it, half by half in the same run. 1 is no cost at all.
func BenchmarkHangingNeighbour(b *testing.B) {
	n := newNeighbours(b)
	var alone, beside time.Duration
	for b.Loop() {
		alone += n.deliver()
		n.hang()
		beside += n.deliver()
		n.release()
	}
	rounds := float64(b.N * neighbourNotices)
	b.ReportMetric(rounds/alone.Seconds(), "alone/s")
	b.ReportMetric(rounds/beside.Seconds(), "beside/s")
	b.ReportMetric(alone.Seconds()/beside.Seconds(), "ratio")
}

// neighbours are two issuers of one simulator.
type neighbours struct {
	*testing.B
	*simulator.Simulator
	silent *endpoint
	// began has a value once the silent issuer has got a call.
	began chan struct{}
}

const (
	healthyBank = "demo-bank"
	hangingBank = "second-bank"
)

func newNeighbours(b *testing.B) *neighbours {
	b.Helper()
	path := filepath.Join(b.TempDir(), "data")
	if err := copyDirectory(path); err != nil {
		b.Fatal(err)
	}
	spec, err := contract.Load()
	if err != nil {
		b.Fatal(err)
	}
	settings := keys.Settings{Facts: keys.FactsOf(spec)}
	directory, err := keys.LoadDirectory(path, settings)
	if err != nil {
		b.Fatal(err)
	}
	s, err := simulator.New(context.Background(), simulator.Config{Directory: directory, Settings: settings, Calls: calls.Tuning{Grace: time.Millisecond}})
	if err != nil {
		b.Fatal(err)
	}
	n := &neighbours{B: b, Simulator: s, began: make(chan struct{}, 1)}
	n.silent = newEndpoint(directory, hangingBank, func(w http.ResponseWriter, r *http.Request) {
		select {
		case n.began <- struct{}{}:
		default:
		}
		hang(w, r)
	})
	healthy := newEndpoint(directory, healthyBank, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	})
	b.Cleanup(func() {
		for _, e := range []*endpoint{healthy, n.silent} {
			e.CloseClientConnections()
			e.Close()
		}
	})
	n.place(healthyBank, healthy.URL, "4000000010000018")
	n.place(hangingBank, n.silent.URL, directory.Issuers[hangingBank].Profile.Cards[0].PAN)
	if err := s.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close(context.Background()) })
	return n
}

const neighbourToken = "DNITHE000000000000000001"

// place moves the issuer's endpoint and gives it a token.
func (n *neighbours) place(issuer, url, pan string) {
	ctx, now := context.Background(), n.Clock().Now()
	row, err := n.Vault().Issuer(ctx, issuer)
	if err != nil {
		n.Fatal(err)
	}
	row.Endpoint = url
	if err := n.Vault().PutIssuer(ctx, row); err != nil {
		n.Fatal(err)
	}
	err = n.Vault().Update(ctx, issuer, func(tx vault.Tx) error {
		if err := tx.PutPAN(vault.PAN{ReferenceID: "V-0000000000000000000001", Number: pan, CreatedAt: now}); err != nil {
			return err
		}
		_, err := tx.PutToken(token.Token{Issuer: issuer, ReferenceID: neighbourToken, RequestorID: "40010030273", PANReferenceID: "V-0000000000000000000001",
			Number: "4900000000000010", Type: "SECURE_ELEMENT", Status: "ACTIVE", Expiration: token.Expiration{Month: "11", Year: "2034"}, CreatedAt: now})
		return err
	})
	if err != nil {
		n.Fatal(err)
	}
}

// deliver is how long the healthy issuer's notifications take.
func (n *neighbours) deliver() time.Duration {
	started := time.Now()
	if err := enqueue(n.Vault(), healthyBank, neighbourToken, requestIDs("healthy", neighbourNotices)...); err != nil {
		n.Fatal(err)
	}
	if err := n.Queue().Wait(context.Background(), healthyBank); err != nil {
		n.Fatal(err)
	}
	return time.Since(started)
}

// hang queues notifications for the issuer that never answers, and returns
// once calls to it are under way.
func (n *neighbours) hang() {
	n.StopTimer()
	defer n.StartTimer()
	select {
	case <-n.began: // of a round before
	default:
	}
	if err := enqueue(n.Vault(), hangingBank, neighbourToken, requestIDs("hanging", neighbourNotices)...); err != nil {
		n.Fatal(err)
	}
	<-n.began
}

// release lets the hanging issuer's notifications go: it is reset, and its
// calls are cut.
func (n *neighbours) release() {
	n.StopTimer()
	defer n.StartTimer()
	if err := n.Vault().Reset(context.Background(), hangingBank); err != nil {
		n.Fatal(err)
	}
	n.silent.CloseClientConnections()
	n.place(hangingBank, n.silent.URL, "4000000020000016")
}
