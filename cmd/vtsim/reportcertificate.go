package main

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/certificate"
	"github.com/vtsim/vtsim/conformance/report"
	"github.com/vtsim/vtsim/keys"
)

// Names of the certifier's key in the data directory, and of what it signs.
const (
	certifierKey    = "certifier.key"
	publicSuffix    = ".pub"
	certificateFile = "certificate.jws"
)

func (a *app) reportKey() *cobra.Command {
	return &cobra.Command{Use: "key [FILE]", Short: "Make the key that signs certificates", Args: cobra.MaximumNArgs(1),
		Long: `Makes the certifier's key: FILE (default: certifier.key in the data directory), and the public key
beside it with the ending .pub, for those who verify. It is a key of its own: Visa's signing key speaks
for Visa's side, and certificates are what whoever ran vtsim says. With the key in the data directory,
vtsim certify --out writes a certificate, too. Nothing that exists is replaced.`,
		Example: `  vtsim report key
  vtsim report key ci/certifier.key`,
		RunE: func(cmd *cobra.Command, args []string) error {
			path := filepath.Join(a.data, certifierKey)
			if len(args) == 1 {
				path = args[0]
			}
			return a.makeCertifier(cmd.Context(), path)
		}}
}

func (a *app) makeCertifier(ctx context.Context, path string) error {
	public := strings.TrimSuffix(path, filepath.Ext(path)) + publicSuffix
	for _, name := range []string{path, public} {
		if _, err := os.Lstat(name); err == nil {
			return fmt.Errorf("%s exists and is not replaced: certificates hang on it; move it away or name another file", name)
		}
	}
	private, shared, err := certificate.NewKey(ctx, keys.Generated{})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the certifier's key: %w", err)
	}
	for _, file := range []struct {
		name    string
		content []byte
		mode    os.FileMode
	}{{path, private, 0o600}, {public, shared, 0o644}} {
		if err := os.WriteFile(file.name, file.content, file.mode); err != nil {
			return fmt.Errorf("write the certifier's key: %w", err)
		}
		fmt.Fprintf(a.out, "wrote %s\n", file.name)
	}
	return nil
}

func (a *app) reportCertificate() *cobra.Command {
	var key, out string
	cmd := &cobra.Command{Use: "certificate RESULT [--key FILE]", Short: "Sign what a Result says: verdict, digest, versions, counts", Args: cobra.ExactArgs(1),
		Long: `Signs a statement about a Result: its verdict, the SHA-256 of the file, versions of vtsim and of the
specification, the issuer, dates, counts and rule figures. The certificate is a JWS in compact form
(PS256); vtsim report verify checks it. The file of the Result must stay as it is, byte by byte.`,
		Example: `  vtsim report certificate out/result.json --key .vtsim/certifier.key --out out/certificate.jws`,
		RunE: func(_ *cobra.Command, args []string) error {
			result, err := readFile(a, args[0])
			if err != nil {
				return err
			}
			if _, err := report.Read(bytes.NewReader(result)); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if key == "" {
				key = filepath.Join(a.data, certifierKey)
			}
			signed, err := signResult(result, key)
			if err != nil {
				return err
			}
			if out == "" || out == "-" {
				_, err = a.out.Write(signed)
				return err
			}
			const readable = 0o644
			return os.WriteFile(out, signed, readable)
		}}
	cmd.Flags().StringVar(&key, "key", "", "PEM file of the certifier's private key (default: certifier.key of the data directory)")
	cmd.Flags().StringVar(&out, "out", "", "file for the certificate (default: standard output)")
	return cmd
}

// signResult signs the bytes of a Result with the key of a file.
func signResult(result []byte, path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the certifier's key: %w; make one with: vtsim report key %s", err, path)
	}
	key, err := certificate.PrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return certificate.Sign(result, key, time.Now())
}

func (a *app) reportVerify() *cobra.Command {
	var key, cert string
	cmd := &cobra.Command{Use: "verify CERTIFICATE RESULT --key FILE", Short: "Say whether a certificate is about this Result and was signed with this key", Args: cobra.ExactArgs(2),
		Long: `Checks the certificate's signature with the key, and that the Result is byte by byte the one that was
certified. The key must come from whoever certified, by a way that you trust.

Exit codes: 0 the certificate holds, 1 it does not: the Result or the certificate was changed, another
key or algorithm signed it, 2 wrong usage.`,
		Example: `  vtsim report verify out/certificate.jws out/result.json --key certifier.pub`,
		RunE: func(_ *cobra.Command, args []string) error {
			public, err := a.verifyingKey(key, cert)
			if err != nil {
				return err
			}
			signed, err := readFile(a, args[0])
			if err != nil {
				return err
			}
			result, err := readFile(a, args[1])
			if err != nil {
				return err
			}
			statement, err := certificate.Verify(signed, result, public)
			if err != nil {
				return &failure{exitRefused, fmt.Errorf("%s does not hold for %s: %w", args[0], args[1], err)}
			}
			a.printStatement(statement)
			return nil
		}}
	cmd.Flags().StringVar(&key, "key", "", "PEM file of the certifier's public key")
	cmd.Flags().StringVar(&cert, "cert", "", "PEM file of an X.509 certificate with that key, instead")
	cmd.MarkFlagsMutuallyExclusive("key", "cert")
	return cmd
}

func (a *app) verifyingKey(key, cert string) (*rsa.PublicKey, error) {
	path := key + cert
	if path == "" {
		return nil, errors.New("the key to verify with is missing: --key FILE (or --cert FILE), from whoever certified")
	}
	text, err := readFile(a, path)
	if err != nil {
		return nil, err
	}
	public, err := certificate.PublicKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return public, nil
}

func (a *app) printStatement(s certificate.Statement) {
	part := ""
	if s.Interrupted {
		part = " (a part of a run: it was interrupted)"
	}
	c := s.Counts
	fmt.Fprintf(a.out, "holds      signed %s\nissuer     %s at %s\nverdict    %s%s\ncases      %d passed, %d failed, %d warned, %d known failures, %d skipped, %d broken; profile %s, seed %s\n"+
		"rules      %d of %d exercised, %d proven\nrun        began %s, vtsim %s, issuer API %s\nresult     SHA-256 %s\n",
		s.IssuedAt.Format(time.RFC3339), s.Issuer.Name, s.Issuer.Endpoint, s.Verdict, part, c.Passed, c.Failed, c.Warned, c.Known, c.Skipped, c.Broken, s.Profile, s.Seed,
		s.Rules.Exercised, s.Rules.Total, s.Rules.Proven, s.StartedAt.Format(time.RFC3339), s.Tool.Version, s.Spec, s.Result.SHA256)
}

// certificateOf writes the certificate of a Result whose file is being written
// with it: report.JSON always gives the same bytes.
func certificateOf(key string) func(io.Writer, *conformance.Result) error {
	return func(w io.Writer, result *conformance.Result) error {
		var document bytes.Buffer
		if err := report.JSON(&document, result); err != nil {
			return err
		}
		signed, err := signResult(document.Bytes(), key)
		if err != nil {
			return err
		}
		_, err = w.Write(signed)
		return err
	}
}
