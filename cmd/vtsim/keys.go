package main

import (
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/keys"
)

func (a *app) keysCommand() *cobra.Command {
	return group("keys", "Key material of the data directory: show, rotate, request and import certificates, add an issuer",
		`  vtsim keys show
  vtsim keys rotate issuers/demo-bank/signing
  vtsim keys csr pki/client --subject "CN=vtsim,O=Example Bank" > client.csr`,
		a.keysShow(), a.keysRotate(), a.keysCSR(), a.keysImport(), a.keysAdd())
}

func (a *app) keysShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "show", Short: "List files, key ids, fingerprints and permissions; never secrets", Args: cobra.NoArgs,
		Example: "  vtsim keys show --data .vtsim",
		RunE: func(*cobra.Command, []string) error {
			_, settings, err := a.settings()
			if err != nil {
				return err
			}
			rows, err := keys.Show(a.data, settings)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a, rows)
			}
			table, wrong := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0), 0
			fmt.Fprintln(table, "FILE\tKIND\tKEY ID\tNOT AFTER\tMODE\tSHA-256\tSUBJECT")
			for _, row := range rows {
				mode := row.Mode.String()
				if !row.PermissionsOK {
					mode += " !"
				}
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row.File, row.Kind, row.KeyID, day(row.NotAfter), mode, shorten(row.Fingerprint), row.Subject)
				if row.Problem != "" {
					wrong++
				}
			}
			if err := table.Flush(); err != nil {
				return err
			}
			for _, row := range rows {
				if row.Problem != "" {
					fmt.Fprintf(a.out, "! %s\n", row.Problem)
				}
			}
			if wrong > 0 {
				return fmt.Errorf("%d of %d files of %s are not right: see the lines above that begin with an exclamation mark", wrong, len(rows), a.data)
			}
			return nil
		}}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as a JSON array, with whole fingerprints")
	return cmd
}

func shorten(fingerprint string) string {
	const shown = 23
	if len(fingerprint) > shown {
		return fingerprint[:shown] + "…"
	}
	return fingerprint
}

const whatKeys = `WHAT is pki/server, pki/client, visa/encryption, visa/signing, or issuers/NAME/ followed by
encryption, signing, client or server`

func (a *app) keysRotate() *cobra.Command {
	return &cobra.Command{Use: "rotate WHAT", Short: "Renew a key with its certificate, or a credential", Args: cobra.ExactArgs(1),
		Long: "Renews a key with its certificate, or a credential, and keeps what was there beside it.\n\n" + whatKeys + `;
also issuers/NAME/apiKey and issuers/NAME/sharedSecret.`,
		Example: `  vtsim keys rotate visa/signing
  vtsim keys rotate issuers/demo-bank/sharedSecret`,
		RunE: func(cmd *cobra.Command, args []string) error {
			_, settings, err := a.settings()
			if err != nil {
				return err
			}
			done, err := keys.Rotate(cmd.Context(), a.data, args[0], settings)
			if err != nil {
				return err
			}
			return a.printRotation("renewed", done)
		}}
}

func (a *app) printRotation(verb string, done *keys.Rotation) error {
	id := ""
	if done.KeyID != "" {
		id = ", key id " + done.KeyID
	}
	fmt.Fprintf(a.out, "%s %s%s\n", verb, done.What, id)
	for _, file := range done.Files {
		fmt.Fprintf(a.out, "wrote %s\n", file)
	}
	for _, file := range done.Previous {
		fmt.Fprintf(a.out, "kept %s\n", file)
	}
	return nil
}

func (a *app) keysCSR() *cobra.Command {
	var subject string
	cmd := &cobra.Command{Use: "csr WHAT", Short: "Print a certificate signing request for a key", Args: cobra.ExactArgs(1),
		Long:    "Prints a certificate signing request in PEM for a key of the data directory, to be signed elsewhere\nand brought back with keys import.\n\n" + whatKeys + ".",
		Example: `  vtsim keys csr issuers/demo-bank/client --subject "CN=demo-bank,O=Demo Bank,C=US" > client.csr`,
		RunE: func(_ *cobra.Command, args []string) error {
			_, settings, err := a.settings()
			if err != nil {
				return err
			}
			name, err := keys.ParseSubject(subject)
			if err != nil && subject != "" {
				return err
			}
			request, err := keys.CSR(a.data, args[0], name, settings)
			if err != nil {
				return err
			}
			_, err = a.out.Write(request)
			return err
		}}
	cmd.Flags().StringVar(&subject, "subject", "", `distinguished name, such as "CN=demo-bank,O=Demo Bank,C=US" (default: that of the present certificate)`)
	return cmd
}

func (a *app) keysImport() *cobra.Command {
	var certificate, key string
	cmd := &cobra.Command{Use: "import WHAT --cert FILE [--key FILE]", Short: "Store a certificate from elsewhere, with or without its key", Args: cobra.ExactArgs(1),
		Long:    "Checks a certificate in PEM, with its private key or without, and stores it.\n\n" + whatKeys + ".",
		Example: "  vtsim keys import issuers/demo-bank/encryption --cert bank-encryption.crt",
		RunE: func(_ *cobra.Command, args []string) error {
			_, settings, err := a.settings()
			if err != nil {
				return err
			}
			if certificate == "" {
				return fmt.Errorf("--cert is missing: the PEM file of the certificate")
			}
			certificatePEM, err := readFile(a, certificate)
			if err != nil {
				return err
			}
			var keyPEM []byte
			if key != "" {
				if keyPEM, err = readFile(a, key); err != nil {
					return err
				}
			}
			done, err := keys.Import(a.data, args[0], certificatePEM, keyPEM, settings)
			if err != nil {
				return err
			}
			return a.printRotation("imported", done)
		}}
	cmd.Flags().StringVar(&certificate, "cert", "", "PEM file of the certificate")
	cmd.Flags().StringVar(&key, "key", "", "PEM file of the private key")
	return cmd
}

func (a *app) keysAdd() *cobra.Command {
	var o keys.IssuerOptions
	cmd := &cobra.Command{Use: "add ISSUER", Short: "Add an issuer to the data directory", Args: cobra.ExactArgs(1),
		Example: "  vtsim keys add second-bank --endpoint https://localhost:9444",
		RunE: func(cmd *cobra.Command, args []string) error {
			_, settings, err := a.settings()
			if err != nil {
				return err
			}
			o.Settings, o.Name = settings, args[0]
			summary, err := keys.AddIssuer(cmd.Context(), a.data, o)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "made issuer %s in %s, %d files\n", summary.Issuer, summary.Directory, len(summary.Files))
			return nil
		}}
	cmd.Flags().StringVar(&o.Endpoint, "endpoint", keys.DefaultEndpoint, "URL in front of the issuer's paths")
	cmd.Flags().StringSliceVar(&o.Hosts, "host", nil, "further host of its server certificate (repeatable)")
	cmd.Flags().StringSliceVar(&o.AccountRanges, "account-range", nil, "nine leading digits of its PANs (repeatable)")
	return cmd
}

// readFile reads a file that the user named; - is standard input.
func readFile(a *app, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(a.in)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return content, nil
}
