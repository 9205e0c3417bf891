package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/keys"
)

func namesOf(directory *keys.Directory) string {
	return strings.Join(slices.Sorted(maps.Keys(directory.Issuers)), ", ")
}

func (a *app) initCommand() *cobra.Command {
	var o keys.InitOptions
	cmd := &cobra.Command{Use: "init [DIR]", Short: "Create a data directory: dev PKI, Visa's keys, one issuer with credentials and keys", Args: cobra.MaximumNArgs(1),
		Long: `Creates a data directory with everything that an issuer and the Visa side need of each
other: a root and TLS certificates, Visa's encryption and signing keys, and an issuer
with keys, certificates, credentials and a commented issuer.yaml. Private files are
0600; nothing that exists is replaced without --force, and then a copy is kept.`,
		Example: `  vtsim init
  vtsim init --issuer my-bank --endpoint https://issuer.local:9443 --host issuer.local
  vtsim init ci-data --force`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.data = args[0]
			}
			_, settings, err := a.settings()
			if err != nil {
				return err
			}
			o.Settings = settings
			if len(o.AccountRanges) == 0 {
				if o.AccountRanges, err = sampleRanges(o.Issuer); err != nil {
					return err
				}
			}
			summary, err := keys.Init(cmd.Context(), a.data, o)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "made %s with issuer %s (account ranges %s), %d files\n", summary.Directory, summary.Issuer, strings.Join(summary.AccountRanges, ", "), len(summary.Files))
			for _, kept := range summary.Previous {
				fmt.Fprintf(a.out, "kept %s\n", kept)
			}
			fmt.Fprintf(a.out, "next: edit %s/issuers/%s/issuer.yaml, see the keys with: vtsim keys show --data %s\n", a.data, summary.Issuer, a.data)
			return nil
		}}
	flags := cmd.Flags()
	flags.StringVar(&o.Issuer, "issuer", keys.DefaultIssuer, "name of the issuer")
	flags.StringVar(&o.Endpoint, "endpoint", keys.DefaultEndpoint, "URL in front of the issuer's paths")
	flags.StringSliceVar(&o.Hosts, "host", nil, "DNS name or IP address for the server certificates, beside the loopback names (repeatable)")
	flags.StringSliceVar(&o.AccountRanges, "account-range", nil, "nine leading digits of the issuer's PANs (repeatable; default: a free test range, and for "+keys.DefaultIssuer+" those of the sample accounts)")
	flags.BoolVar(&o.Force, "force", false, "replace files that exist, keeping copies")
	return cmd
}

// sampleRanges are a free range and, for an issuer that the fixtures describe,
// the ranges of its sample accounts: there every reject code of appendix A can
// be provoked.
func sampleRanges(issuer string) ([]string, error) {
	free, err := keys.FreeAccountRange(nil)
	if err != nil {
		return nil, err
	}
	samples, err := fixtures.Load()
	if err != nil {
		return nil, err
	}
	ranges := []string{free}
	for _, r := range samples.RangesOf(issuer) {
		if !r.Public {
			ranges = append(ranges, r.Range)
		}
	}
	return ranges, nil
}
