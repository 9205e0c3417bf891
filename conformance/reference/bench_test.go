package reference_test

import (
	"testing"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/reference"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
)

// BenchmarkCertify is a whole run against the reference issuer, both sides in
// this process; starting them is not measured.
//
//	go test ./conformance/reference -run - -bench Certify -benchtime 1x -cpuprofile cpu.out
func BenchmarkCertify(b *testing.B) {
	for _, profile := range []string{conformance.ProfileCore, conformance.ProfileFull} {
		b.Run(profile, func(b *testing.B) {
			c, err := contract.Load()
			if err != nil {
				b.Fatal(err)
			}
			settings := keys.Settings{Facts: keys.FactsOf(c)}
			directory, err := keys.LoadFS(fixturekeys.TestOnly(), settings)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				b.StopTimer()
				pair, err := reference.Open(b.Context(), conformance.Setup{Contract: c, Directory: directory, Settings: settings,
					Options: conformance.Options{Profile: profile, Seed: "bench"}}, keys.DefaultIssuer)
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				result := pair.Run(b.Context())
				b.StopTimer()
				if result.Verdict != conformance.Conformant {
					b.Errorf("%s: %s", result.Verdict, result.Reason)
				}
				b.ReportMetric(float64(len(result.Cases)-result.Counts.Skipped), "cases/op")
				if err := pair.Close(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
