package keys

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The list of key material", func() {
	find := func(rows []Row, file string) Row {
		GinkgoHelper()
		for _, row := range rows {
			if row.File == file {
				return row
			}
		}
		Fail("no row " + file)
		return Row{}
	}

	It("has every file with what identifies it, and nothing secret", func() {
		dir := throwAwayCopy()
		secrets := secretsOf(dir)
		rows := must(Show(dir, settings()))
		Expect(rows).To(HaveLen(len(contents(dir))))
		d := must(LoadDirectory(dir, settings()))
		for _, row := range rows {
			Expect(row.Problem).To(BeEmpty(), row.File)
			Expect(row.PermissionsOK).To(BeTrue(), row.File)
			for _, text := range []string{row.Subject, row.KeyID, row.Fingerprint, row.Kind} {
				for _, secret := range secrets {
					Expect(text).NotTo(ContainSubstring(secret))
				}
			}
		}
		certificate, key := find(rows, "visa/signing.crt"), find(rows, "visa/signing.key")
		Expect(certificate.KeyID).To(Equal(d.VisaSigning.ID))
		Expect(key.KeyID).To(Equal(d.VisaSigning.ID))
		Expect(certificate.Kind).To(Equal("signing certificate"))
		Expect(certificate.Fingerprint).To(MatchRegexp(`^([0-9A-F]{2}:){31}[0-9A-F]{2}$`))
		Expect(certificate.NotAfter).To(Equal(d.VisaSigning.Certificate.NotAfter))
		Expect(certificate.Subject).To(ContainSubstring("vtsim Visa signing"))
		Expect(key.Fingerprint).To(BeEmpty())
	})

	It("tells which files others can read or write", func() {
		dir := throwAwayCopy()
		Expect(os.Chmod(filepath.Join(dir, "pki/server.key"), 0o640)).To(Succeed())
		Expect(os.Chmod(filepath.Join(dir, "issuers/demo-bank/credentials.yaml"), 0o604)).To(Succeed())
		Expect(os.Chmod(filepath.Join(dir, "pki/ca.crt"), 0o666)).To(Succeed())
		for _, row := range must(Show(dir, settings())) {
			Expect(row.PermissionsOK).To(Equal(row.File != "pki/server.key" && row.File != "issuers/demo-bank/credentials.yaml" && row.File != "pki/ca.crt"), row.File)
		}
	})

	It("shows the rest when something is broken", func() {
		dir := throwAwayCopy()
		Expect(os.Remove(filepath.Join(dir, "pki/client.crt"))).To(Succeed())
		Expect(os.Remove(filepath.Join(dir, "vault.key"))).To(Succeed())
		write(dir, "visa/signing.key", []byte("x"))
		write(dir, "visa/encryption.crt", read(dir, "pki/server.crt"))
		write(dir, "issuers/demo-bank/issuer.yaml", []byte("name: demo-bank\nendpont: x\n"))
		rows := must(Show(dir, settings()))
		Expect(find(rows, "pki/client.crt").Problem).To(Equal("is missing"))
		Expect(find(rows, "vault.key").Problem).To(Equal("is missing"))
		Expect(find(rows, "visa/signing.key").Problem).To(Equal("is not PEM (no BEGIN line)"))
		Expect(find(rows, "visa/encryption.crt").Problem).To(Equal("does not belong to the private key in visa/encryption.key"))
		Expect(find(rows, "issuers/demo-bank/issuer.yaml").Problem).To(HavePrefix(`line 2, column 1: unknown key "endpont"`))
		Expect(find(rows, "pki/server.crt").Problem).To(BeEmpty())
	})

	It("lists what was kept of earlier", func() {
		dir := throwAwayCopy()
		must(Rotate(context.Background(), dir, "issuers/demo-bank/signing", settings()))
		rows := must(Show(dir, settings()))
		kinds := map[string]string{}
		for _, row := range rows {
			if strings.Contains(row.File, ".previous-") {
				kinds[row.File] = row.Kind
				Expect(row.Problem).To(BeEmpty())
				Expect(row.PermissionsOK).To(BeTrue())
			}
		}
		Expect(kinds).To(Equal(map[string]string{
			"issuers/demo-bank/signing.key.previous-20260301T120000Z":      "previous signing private key",
			"issuers/demo-bank/signing.crt.previous-20260301T120000Z":      "previous signing certificate",
			"issuers/demo-bank/credentials.yaml.previous-20260301T120000Z": "previous credentials",
		}))
	})

	It("says when there is no data directory", func() {
		_, err := Show(filepath.Join(GinkgoT().TempDir(), "none"), settings())
		Expect(err).To(MatchError(ContainSubstring("none: is missing; vtsim init makes one")))
		file := filepath.Join(GinkgoT().TempDir(), "file")
		Expect(os.WriteFile(file, nil, 0o600)).To(Succeed())
		_, err = Show(file, settings())
		Expect(err).To(MatchError(ContainSubstring("is not a directory")))
	})
})
