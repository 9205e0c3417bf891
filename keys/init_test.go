package keys

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A new data directory", func() {
	ctx := context.Background()

	It("has exactly the files of the layout", func() {
		dir := directory(settings())
		var names []string
		for name := range contents(dir) {
			names = append(names, name)
		}
		Expect(names).To(ConsistOf(
			"config.yaml", "vault.key",
			"pki/ca.crt", "pki/ca.key", "pki/server.crt", "pki/server.key", "pki/client.crt", "pki/client.key",
			"visa/encryption.crt", "visa/encryption.key", "visa/signing.crt", "visa/signing.key",
			"issuers/demo-bank/issuer.yaml", "issuers/demo-bank/credentials.yaml",
			"issuers/demo-bank/encryption.crt", "issuers/demo-bank/encryption.key",
			"issuers/demo-bank/signing.crt", "issuers/demo-bank/signing.key",
			"issuers/demo-bank/client.crt", "issuers/demo-bank/client.key",
			"issuers/demo-bank/server.crt", "issuers/demo-bank/server.key",
		))
	})

	It("lets nobody else read private files or enter its folders", func() {
		dir := directory(settings())
		Expect(filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
			Expect(err).NotTo(HaveOccurred())
			info, err := entry.Info()
			Expect(err).NotTo(HaveOccurred())
			switch {
			case entry.IsDir():
				Expect(info.Mode().Perm()).To(Equal(fs.FileMode(0o700)), name)
			case strings.HasSuffix(name, ".crt"):
				Expect(info.Mode().Perm()).To(Equal(fs.FileMode(0o644)), name)
			default:
				Expect(info.Mode().Perm()).To(Equal(fs.FileMode(0o600)), name)
			}
			return nil
		})).To(Succeed())
	})

	It("loads without complaint and says what was made", func() {
		s := settings()
		dir := filepath.Join(GinkgoT().TempDir(), "data")
		summary, err := Init(ctx, dir, InitOptions{
			Settings: s, Issuer: "my-bank", Hosts: []string{"vtsim.test", "10.1.2.3"},
			Endpoint: "https://issuer.test:9443/vts/", AccountRanges: []string{"412345678", "412345679"},
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(summary.Issuer).To(Equal("my-bank"))
		Expect(summary.AccountRanges).To(Equal([]string{"412345678", "412345679"}))
		Expect(summary.Files).To(HaveLen(22))
		Expect(summary.Previous).To(BeEmpty())

		d, err := LoadDirectory(dir, s)
		Expect(err).NotTo(HaveOccurred())
		issuer := d.Issuers["my-bank"]
		Expect(issuer.Profile.Endpoint).To(Equal("https://issuer.test:9443/vts"))
		Expect(issuer.Profile.AccountRanges).To(Equal([]string{"412345678", "412345679"}))
		Expect(d.Server.Leaf.VerifyHostname("vtsim.test")).To(Succeed())
		Expect(d.Server.Leaf.VerifyHostname("10.1.2.3")).To(Succeed())
		Expect(issuer.Server.Certificate.VerifyHostname("issuer.test")).To(Succeed())
		Expect(d.VaultKey).To(HaveLen(32))
	})

	It("keeps its private keys in PKCS#8 (unencrypted) and its vault key in Base64", func() {
		dir := directory(settings())
		for name, data := range contents(dir) {
			switch {
			case name == vaultFile:
				key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(data))
				Expect(err).NotTo(HaveOccurred())
				Expect(key).To(HaveLen(32))
			case strings.HasSuffix(name, ".key"):
				Expect(data).To(HavePrefix("-----BEGIN PRIVATE KEY-----\n"), name)
			}
		}
	})

	It("is not written over an existing file without force, and nothing is generated first", func() {
		s := settings()
		dir := directory(s)
		before := contents(dir)
		s.Keys, _ = NewSpares(os.DirFS(GinkgoT().TempDir()), nil)
		_, err := Init(ctx, dir, InitOptions{Settings: s})
		var problem *Problem
		Expect(errors.As(err, &problem)).To(BeTrue())
		Expect(problem.File).To(Equal(filepath.Join(dir, "config.yaml")))
		Expect(err.Error()).To(ContainSubstring("--force"))
		Expect(contents(dir)).To(Equal(before))
	})

	It("is replaced with force, keeping every old file beside the new and the vault key as it is", func() {
		s := settings()
		dir := directory(s)
		before := contents(dir)
		s = settings()
		for range 9 { // the first directory used these
			_, err := s.Keys.RSA(ctx, 2048)
			Expect(err).NotTo(HaveOccurred())
		}
		summary, err := Init(ctx, dir, InitOptions{Settings: s, Force: true})
		Expect(err).NotTo(HaveOccurred())
		Expect(summary.Files).To(HaveLen(21))
		Expect(summary.Previous).To(HaveLen(21))
		after := contents(dir)
		for name, old := range before {
			if name == vaultFile {
				Expect(after[name]).To(Equal(old))
				continue
			}
			Expect(after[name+".previous-20260301T120000Z"]).To(Equal(old), name)
			if name != configFile {
				Expect(after[name]).NotTo(Equal(old), name)
			}
		}
		_, err = LoadDirectory(dir, s)
		Expect(err).NotTo(HaveOccurred())
	})

	It("takes the caller's config.yaml", func() {
		dir := GinkgoT().TempDir()
		_, err := Init(ctx, dir, InitOptions{Settings: settings(), Config: []byte("listen: :1\n")})
		Expect(err).NotTo(HaveOccurred())
		Expect(read(dir, "config.yaml")).To(BeEquivalentTo("listen: :1\n"))
	})

	It("comes to nothing when the caller gives up, and leaves nothing behind", func() {
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		dir := filepath.Join(GinkgoT().TempDir(), "data")
		_, err := Init(cancelled, dir, InitOptions{Settings: settings()})
		Expect(err).To(MatchError(context.Canceled))
		Expect(dir).NotTo(BeADirectory())
	})

	It("comes to nothing when random numbers run out", func() {
		s := settings()
		s.Rand = bytes.NewReader(make([]byte, 40))
		dir := filepath.Join(GinkgoT().TempDir(), "data")
		_, err := Init(ctx, dir, InitOptions{Settings: s})
		Expect(err).To(MatchError(ContainSubstring("draw")))
		Expect(dir).NotTo(BeADirectory())
	})

	DescribeTable("refuses options that can't work", func(o InitOptions, message string) {
		o.Settings = settings()
		dir := filepath.Join(GinkgoT().TempDir(), "data")
		_, err := Init(ctx, dir, o)
		Expect(err).To(MatchError(ContainSubstring(message)))
		Expect(dir).NotTo(BeADirectory())
	},
		Entry("a name that leaves the folder", InitOptions{Issuer: "../x"}, "issuer name"),
		Entry("a name with capitals", InitOptions{Issuer: "MyBank"}, "lower-case"),
		Entry("a host with a port", InitOptions{Hosts: []string{"localhost:8443"}}, `host "localhost:8443"`),
		Entry("an endpoint without scheme", InitOptions{Endpoint: "localhost:9443"}, "the endpoint must be a URL"),
		Entry("an endpoint with a password", InitOptions{Endpoint: "https://u:p@localhost"}, "without user"),
		Entry("a range of eight digits", InitOptions{AccountRanges: []string{"40000000"}}, "9 digits"),
		Entry("a range of another scheme", InitOptions{AccountRanges: []string{"500000000"}}, "begins with 4"),
		Entry("a range twice", InitOptions{AccountRanges: []string{"400000000", "400000000"}}, "taken"),
	)

	It("needs all facts of the contract", func() {
		s := settings()
		s.Facts.Outbound = nil
		_, err := Init(ctx, GinkgoT().TempDir(), InitOptions{Settings: s})
		Expect(err).To(MatchError(ContainSubstring("Facts are incomplete")))
	})
})

var _ = Describe("A further issuer", func() {
	ctx := context.Background()

	It("gets its own keys, credentials and account range from the same root", func() {
		s := settings()
		dir := directory(s)
		summary, err := AddIssuer(ctx, dir, IssuerOptions{Settings: s, Name: "second-bank"})
		Expect(err).NotTo(HaveOccurred())
		Expect(summary.AccountRanges).To(Equal([]string{"400000002"}))
		Expect(summary.Files).To(HaveLen(10))
		d, err := LoadDirectory(dir, s)
		Expect(err).NotTo(HaveOccurred())
		first, second := d.Issuers["demo-bank"], d.Issuers["second-bank"]
		Expect(first.Credentials.APIKey).NotTo(Equal(second.Credentials.APIKey))
		Expect(first.Credentials.SharedSecret).NotTo(Equal(second.Credentials.SharedSecret))
		Expect(first.Signing.ID).NotTo(Equal(second.Signing.ID))
		Expect(second.Client.Certificate.CheckSignatureFrom(d.CA.Certificate)).To(Succeed())
		Expect(d.AccountRanges()).To(Equal([]string{"400000001", "400000002"}))
	})

	It("can't have another's account range", func() {
		s := settings()
		dir := throwAwayCopy()
		_, err := AddIssuer(ctx, dir, IssuerOptions{Settings: s, Name: "new-bank", AccountRanges: []string{"400000002"}})
		Expect(err).To(MatchError(ContainSubstring("400000002 is taken")))
	})

	It("is not written over one of the same name without force", func() {
		s := settings()
		dir := throwAwayCopy()
		before := contents(dir)
		_, err := AddIssuer(ctx, dir, IssuerOptions{Settings: s})
		Expect(err).To(MatchError(And(ContainSubstring("client.crt"), ContainSubstring("--force"))))
		Expect(contents(dir)).To(Equal(before))
		_, err = AddIssuer(ctx, dir, IssuerOptions{Settings: s, Force: true})
		Expect(err).NotTo(HaveOccurred())
		Expect(contents(dir)).NotTo(Equal(before))
	})

	It("needs the root's private key", func() {
		dir := throwAwayCopy()
		Expect(os.Remove(filepath.Join(dir, "pki", "ca.key"))).To(Succeed())
		_, err := LoadDirectory(dir, settings())
		Expect(err).NotTo(HaveOccurred(), "running needs it not")
		_, err = AddIssuer(ctx, dir, IssuerOptions{Settings: settings(), Name: "new-bank"})
		Expect(err).To(MatchError(And(ContainSubstring("ca.key: is missing"), ContainSubstring("nothing can be signed"))))
	})

	It("can be made in memory, for runs without a disk", func() {
		s := settings()
		ca, err := newAuthority(ctx, must(s.ready()))
		Expect(err).NotTo(HaveOccurred())
		files, err := NewIssuer(ctx, ca, []string{"400000001"}, IssuerOptions{Settings: s, Name: "ci-job"})
		Expect(err).NotTo(HaveOccurred())
		Expect(files.names()).To(Equal([]string{
			"client.crt", "client.key", "credentials.yaml", "encryption.crt", "encryption.key",
			"issuer.yaml", "server.crt", "server.key", "signing.crt", "signing.key",
		}))
		issuer, err := ParseIssuer("ci-job", files, ca, s)
		Expect(err).NotTo(HaveOccurred())
		Expect(issuer.Profile.AccountRanges).To(Equal([]string{"400000002"}))
		Expect(issuer.Client.Certificate.Subject.CommonName).To(Equal(issuer.Credentials.ClientID))

		delete(files, "signing.crt")
		_, err = ParseIssuer("ci-job", files, ca, s)
		Expect(err).To(MatchError(ContainSubstring("signing.crt: is missing")))
	})
})

func must[T any](value T, err error) T {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())
	return value
}
