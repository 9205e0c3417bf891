package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestCommands(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "cmd/vtsim")
}

// result is what one command line did.
type result struct {
	code     int
	out, err string
}

// vtsim runs a command line in this process.
func vtsim(args ...string) result {
	return vtsimWith("", args...)
}

func vtsimWith(input string, args ...string) result {
	var out, errs bytes.Buffer
	code := run(context.Background(), args, environment{in: strings.NewReader(input), out: &out, err: &errs, getenv: func(string) string { return "" }})
	return result{code, out.String(), errs.String()}
}

// refused expects exit code 2 and one line that says all of this.
func refused(r result, parts ...string) {
	GinkgoHelper()
	Expect(r.code).To(Equal(exitUsage), r.err)
	Expect(strings.Count(r.err, "\n")).To(Equal(1), r.err)
	for _, part := range parts {
		Expect(r.err).To(ContainSubstring(part))
	}
}

// made is a data directory, made once; tests that change it copy it.
func made() string {
	GinkgoHelper()
	dir := filepath.Join(GinkgoT().TempDir(), "data")
	Expect(vtsim("init", dir).code).To(BeZero())
	return dir
}

var _ = Describe("vtsim", func() {
	It("prints its versions", func() {
		r := vtsim("version")
		Expect(r.code).To(BeZero())
		Expect(r.out).To(ContainSubstring("3.7 (23.05)"))
	})

	It("says what a command group has", func() {
		refused(vtsim("contract"), "coverage", "export", "rules", "show")
		refused(vtsim("keys", "shwo"), `"shwo"`, "rotate")
	})

	DescribeTable("gives bad input one clear line and exit code 2", func(args []string, parts ...string) {
		refused(vtsim(args...), parts...)
	},
		Entry("an unknown command", []string{"certifi"}, "certifi"),
		Entry("an unknown flag", []string{"version", "--nope"}, "--nope"),
		Entry("an unknown operation", []string{"contract", "show", "approveProvisoning"}, "did you mean approveProvisioning?"),
		Entry("an unknown rule", []string{"contract", "show", "tokenLifecycle/request/operationTyp#enum"}, "did you mean"),
		Entry("an unknown interpretation", []string{"contract", "show", "INT-999"}, "INT-999"),
		Entry("an unknown level", []string{"contract", "rules", "--level", "may"}, "must, should or info"),
		Entry("an unknown party", []string{"contract", "rules", "--party", "bank"}, "issuer or visa"),
		Entry("an unknown role", []string{"contract", "export", "--role", "bank"}, "visa or issuer"),
		Entry("an unknown log format", []string{"version", "--log", "xml"}, "text or json"),
		Entry("no data directory", []string{"explain", "jose", "-", "--data", "does-not-exist"}, "does-not-exist", "vtsim init"),
		Entry("a file that is not there", []string{"keys", "import", "pki/server", "--cert", "missing.crt"}, "missing.crt"),
		Entry("a call without its token", []string{"explain", "xpay"}, "--url", "--token"),
		Entry("a time that is none", []string{"explain", "xpay", "--url", "https://a/b", "--token", "x", "--at", "noon"}, "noon"),
	)
})

var _ = Describe("vtsim contract", func() {
	It("shows an operation with its fields, pages and errors", func() {
		r := vtsim("contract", "show", "tokenLifecycle")
		Expect(r.code).To(BeZero())
		Expect(r.out).To(And(ContainSubstring("CALL_CENTER_ACTIVATION"), ContainSubstring("p.91"), ContainSubstring("VSE40011"), ContainSubstring("≤254")))
	})

	It("shows an error code wherever it stands, and an interpretation", func() {
		Expect(vtsim("contract", "show", "VSE40006").out).To(ContainSubstring("panLifecycle"))
		Expect(vtsim("contract", "show", "INT-061").out).To(ContainSubstring("nine digits"))
	})

	It("lists the rules as JSON, filtered", func() {
		var rules []map[string]any
		r := vtsim("contract", "rules", "--json", "--operation", "sendPasscode", "--party", "issuer")
		Expect(r.code).To(BeZero())
		Expect(json.Unmarshal([]byte(r.out), &rules)).To(Succeed())
		Expect(rules).NotTo(BeEmpty())
		for _, rule := range rules {
			Expect(rule["operation"]).To(Equal("sendPasscode"))
			Expect(rule["party"]).To(Equal("issuer"))
		}
	})

	It("exports JSON for both roles and counts what it has", func() {
		for _, role := range []string{"visa", "issuer"} {
			r := vtsim("contract", "export", "--role", role)
			Expect(r.code).To(BeZero())
			Expect(json.Valid([]byte(r.out))).To(BeTrue())
		}
		Expect(vtsim("contract", "coverage").out).To(MatchRegexp(`total +\d{3} +- +\d+ +\d+ +- +\d+`))
	})
})

var _ = Describe("vtsim init and keys", Ordered, func() {
	var dir string
	BeforeAll(func() {
		dir = filepath.Join(GinkgoT().TempDir(), "data")
		Expect(vtsim("init", dir, "--issuer", "my-bank", "--host", "issuer.local").code).To(BeZero())
	})

	It("makes the layout with private files that only their owner reads", func() {
		for _, file := range []string{"config.yaml", "vault.key", "pki/ca.crt", "pki/client.key", "visa/signing.key", "issuers/my-bank/issuer.yaml", "issuers/my-bank/credentials.yaml"} {
			Expect(filepath.Join(dir, file)).To(BeAnExistingFile())
		}
		info, err := os.Stat(filepath.Join(dir, "visa/signing.key"))
		Expect(err).NotTo(HaveOccurred())
		Expect(info.Mode().Perm()).To(Equal(os.FileMode(0o600)))
	})

	It("does not overwrite without --force", func() {
		refused(vtsim("init", dir, "--issuer", "my-bank"), "--force")
	})

	It("shows files and fingerprints but no secret", func() {
		r := vtsim("keys", "show", "--data", dir)
		Expect(r.code).To(BeZero(), r.err)
		Expect(r.out).To(ContainSubstring("issuers/my-bank/signing.crt"))
		credentials, err := os.ReadFile(filepath.Join(dir, "issuers/my-bank/credentials.yaml"))
		Expect(err).NotTo(HaveOccurred())
		for _, line := range strings.Split(string(credentials), "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok && name == "sharedSecret" {
				Expect(r.out).NotTo(ContainSubstring(strings.Trim(value, `"`)))
			}
		}
	})

	It("rotates a key, requests a certificate and imports one", func() {
		Expect(vtsim("keys", "rotate", "issuers/my-bank/signing", "--data", dir).out).To(ContainSubstring("key id"))
		Expect(vtsim("keys", "csr", "pki/client", "--data", dir, "--subject", "CN=x,O=y").out).To(ContainSubstring("CERTIFICATE REQUEST"))
		r := vtsim("keys", "import", "issuers/my-bank/encryption", "--cert", filepath.Join(dir, "issuers/my-bank/encryption.crt"), "--data", dir)
		Expect(r.code).To(BeZero(), r.err)
		Expect(vtsim("keys", "add", "second", "--data", dir).code).To(BeZero())
	})

	DescribeTable("names the file that is broken", func(file, content string, parts ...string) {
		broken := filepath.Join(GinkgoT().TempDir(), "data")
		Expect(os.CopyFS(broken, os.DirFS(dir))).To(Succeed())
		Expect(filepath.WalkDir(broken, func(path string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				err = os.Chmod(path, 0o600)
			}
			return err
		})).To(Succeed())
		Expect(os.WriteFile(filepath.Join(broken, file), []byte(content), 0o600)).To(Succeed())
		refused(vtsim("explain", "jose", "-", "--issuer", "my-bank", "--data", broken), append(parts, filepath.Base(file))...)
	},
		Entry("PEM that is none", "visa/encryption.key", "hello"),
		Entry("YAML that does not parse", "issuers/my-bank/issuer.yaml", "name: [", "issuer.yaml:"),
		Entry("credentials with an unknown key", "issuers/my-bank/credentials.yaml", "apiKee: x\n", "apiKee"),
	)
})

var _ = Describe("vtsim explain", func() {
	It("tells a secret of nobody from a right one", func() {
		secret := filepath.Join(GinkgoT().TempDir(), "secret.txt")
		Expect(os.WriteFile(secret, []byte("top secret\n"), 0o600)).To(Succeed())
		r := vtsim("explain", "xpay", "--url", "https://localhost/vtis/v1/updateCardMetadata?apiKey=A", "--token", "xv2:1440199445:"+strings.Repeat("a", 64),
			"--secret-file", secret, "--at", "2015-08-21T23:24:05Z")
		Expect(r.code).To(Equal(exitRefused))
		Expect(r.out).To(ContainSubstring("expected"))
		Expect(r.out + r.err).NotTo(ContainSubstring("top secret"))
	})

	It("explains a blob that is none", func() {
		r := vtsimWith("not a blob", "explain", "jose", "-", "--data", made())
		Expect(r.code).To(Equal(exitRefused))
		Expect(r.out).To(ContainSubstring("refused at"))
	})
})

var _ = It("vtsim demo certifies the reference issuer as it is and with three defects, and exits 0", func() {
	out := GinkgoT().TempDir()
	r := vtsim("demo", "--out", out)
	Expect(r.code).To(BeZero(), r.err)
	Expect(r.out).To(And(MatchRegexp(`certified +clean +conformant: \d+ cases ran`), MatchRegexp(`certified +defective +not-conformant: `),
		ContainSubstring("found      envelope/outbound#tampered-refused"), ContainSubstring("demo       as expected")))
	Expect(strings.Count(r.out, "\n")).To(BeNumerically("<", 30))
	for _, name := range []string{"clean", "defective"} {
		Expect(filepath.Join(out, name, "report.html")).To(BeARegularFile())
	}
})
