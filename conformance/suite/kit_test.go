package suite_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/report"
	"github.com/vtsim/vtsim/fixtures/issuer"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
)

func TestSuite(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Conformance suite")
}

// bank is the issuer's test package, compiled; data a data directory of
// demo-bank whose endpoint the environment says.
var bank, data string

var _ = BeforeSuite(func(ctx SpecContext) {
	dir := GinkgoT().TempDir()
	bank, data = filepath.Join(dir, "bank.test"), filepath.Join(dir, "data")
	compile := exec.CommandContext(ctx, "go", "test", "-c", "-ldflags=-s -w", "-o", bank, "./testdata/bank")
	compile.Env = append(os.Environ(), "GOPROXY=off")
	output, err := compile.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s", output)

	Expect(os.CopyFS(data, fixturekeys.TestOnly())).To(Succeed())
	profile, err := os.ReadFile(profileFile())
	Expect(err).NotTo(HaveOccurred())
	pointed := regexp.MustCompile(`(?m)^endpoint: .*$`).ReplaceAll(profile, []byte(`endpoint: "$${BANK_ENDPOINT}"`))
	Expect(pointed).NotTo(Equal(profile))
	Expect(os.Remove(profileFile())).To(Succeed())
	Expect(os.WriteFile(profileFile(), pointed, 0o600)).To(Succeed())
})

func profileFile() string { return filepath.Join(data, "issuers", "demo-bank", "issuer.yaml") }

// issuerWith starts the reference issuer with the defects and gives the URL of
// its endpoint.
func issuerWith(ctx context.Context, defects ...string) string {
	c, err := contract.Load()
	Expect(err).NotTo(HaveOccurred())
	directory, err := keys.LoadFS(fixturekeys.TestOnly(), keys.Settings{Facts: keys.FactsOf(c)})
	Expect(err).NotTo(HaveOccurred())
	server, err := issuer.New(issuer.Config{Contract: c, Issuer: directory.Issuers["demo-bank"], Authority: directory.CA.Pool(), VisaClient: directory.Client.Leaf,
		VisaSigning: directory.VisaSigning, VisaEncryption: directory.VisaEncryption, Defects: defects})
	Expect(err).NotTo(HaveOccurred())
	Expect(server.Start()).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(server.Close(context.WithoutCancel(ctx))).To(Succeed()) })
	return server.URL()
}

// settings of one run of the issuer's tests, by the environment.
type settings struct {
	endpoint, profile, filter, known string
	file                             string // the profile, when it is not that of the kit
	flags                            []string
}

// outcome of one run of the issuer's tests.
type outcome struct {
	green  bool
	text   string
	junit  junit
	result *conformance.Result // nil when none was written
}

// junit is what Ginkgo wrote.
type junit struct {
	Suites []struct {
		Cases []junitCase `xml:"testcase"`
	} `xml:"testsuite"`
}

type junitCase struct {
	Name    string `xml:"name,attr"`
	Status  string `xml:"status,attr"`
	Skipped *struct {
		Message string `xml:"message,attr"`
	} `xml:"skipped"`
	Failure *struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	} `xml:"failure"`
	Log string `xml:"system-err"`
}

// cases that ran or were skipped for a reason; those that a filter left out
// are none of them.
func (j junit) cases() []junitCase {
	var all []junitCase
	for _, one := range j.Suites[0].Cases {
		ours := strings.Contains(one.Name, "VTS issuer API")
		if ours && (one.Skipped == nil || one.Skipped.Message != "skipped") {
			all = append(all, one)
		}
	}
	return all
}

// named are the specs whose text begins with the id of a case, or has the text.
func (j junit) named(text string) []junitCase {
	return slices.DeleteFunc(slices.Clone(j.Suites[0].Cases), func(one junitCase) bool {
		return !strings.Contains(one.Name, "] VTS issuer API "+text+": ") && !strings.Contains(one.Name, "] "+text)
	})
}

func (j junit) counts() (passed, failed, skipped int) {
	for _, one := range j.cases() {
		switch {
		case one.Failure != nil:
			failed++
		case one.Skipped != nil:
			skipped++
		default:
			passed++
		}
	}
	return passed, failed, skipped
}

// tested runs the issuer's tests, as go test would.
func tested(ctx context.Context, s settings) outcome {
	dir := GinkgoT().TempDir()
	xmlFile, out := filepath.Join(dir, "junit.xml"), filepath.Join(dir, "out", "result.json")
	if s.file == "" {
		s.file = profileFile()
	}
	run := exec.CommandContext(ctx, bank, append([]string{"-ginkgo.no-color", "-ginkgo.seed=7", "-ginkgo.junit-report=" + xmlFile}, s.flags...)...)
	run.Dir = dir
	run.Env = append(os.Environ(), "BANK_FILE="+s.file, "BANK_ENDPOINT="+s.endpoint, "BANK_PROFILE="+s.profile, "BANK_FILTER="+s.filter, "BANK_KNOWN="+s.known, "BANK_OUT="+out)
	text, err := run.CombinedOutput()
	o := outcome{green: err == nil, text: string(text)}
	content, err := os.ReadFile(xmlFile)
	Expect(err).NotTo(HaveOccurred(), "%s", text)
	Expect(xml.Unmarshal(content, &o.junit)).To(Succeed())
	Expect(o.junit.Suites).To(HaveLen(1))
	if content, err = os.ReadFile(out); err == nil {
		o.result, err = report.Read(bytes.NewReader(content))
		Expect(err).NotTo(HaveOccurred())
	}
	return o
}
