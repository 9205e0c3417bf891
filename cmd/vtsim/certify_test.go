package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/conformance/report"
	"github.com/vtsim/vtsim/fixtures/issuer"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
)

// profileFile is the issuer.yaml of an issuer whose keys everybody has.
var profileFile = filepath.FromSlash("../../fixtures/keys/testonly/issuers/demo-bank/issuer.yaml")

// issuerWith is the reference issuer of profileFile with the defects, until the
// spec ends; its URL.
func issuerWith(defects ...string) string {
	GinkgoHelper()
	c, err := contract.Load()
	Expect(err).NotTo(HaveOccurred())
	d, err := keys.LoadFS(fixturekeys.TestOnly(), keys.Settings{Facts: keys.FactsOf(c), LookupEnv: os.LookupEnv})
	Expect(err).NotTo(HaveOccurred())
	s, err := issuer.New(issuer.Config{Contract: c, Issuer: d.Issuers[keys.DefaultIssuer], Authority: d.CA.Pool(), VisaClient: d.Client.Leaf,
		VisaSigning: d.VisaSigning, VisaEncryption: d.VisaEncryption, Defects: defects})
	Expect(err).NotTo(HaveOccurred())
	Expect(s.Start()).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(s.Close(ctx)).To(Succeed()) })
	return s.URL()
}

// at is a command line that certifies what is at the endpoint.
func at(endpoint string, more ...string) []string {
	return append([]string{"certify", "-f", profileFile, "--endpoint", endpoint, "--listen", "127.0.0.1:0"}, more...)
}

// readResult is a Result that a run left.
func readResult(file string) *conformance.Result {
	GinkgoHelper()
	f, err := os.Open(file)
	Expect(err).NotTo(HaveOccurred())
	defer f.Close()
	r, err := report.Read(f)
	Expect(err).NotTo(HaveOccurred())
	return r
}

// written is a file with the text.
func written(name, text string) string {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), name)
	Expect(os.WriteFile(file, []byte(text), 0o600)).To(Succeed())
	return file
}

// tripwire is an output that does something when a text comes by.
type tripwire struct {
	bytes.Buffer
	on   string
	once sync.Once
	do   func()
}

func (t *tripwire) Write(p []byte) (int, error) {
	if strings.Contains(string(p), t.on) {
		t.once.Do(t.do)
	}
	return t.Buffer.Write(p)
}

var _ = Describe("vtsim certify", func() {
	// unreadable is a profile with one mistake.
	unreadable := func(from, to string) string {
		content, err := os.ReadFile(profileFile)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(content)).To(ContainSubstring(from))
		return written("issuer.yaml", strings.Replace(string(content), from, to, 1))
	}

	It("exits 0 for a right issuer and writes every report", func() {
		out := filepath.Join(GinkgoT().TempDir(), "out")
		r := vtsim(at(issuerWith(), "--profile", "core", "--out", out, "--seed", "s1")...)
		Expect(r.code).To(Equal(exitOK), r.err)
		Expect(r.out).To(And(MatchRegexp(`\d+ cases, 0 skipped, profile core, seed s1`), ContainSubstring("CONFORMANT")))
		Expect(r.err).To(MatchRegexp(`(?m)^(\d+) of \d+ cases: 0 failed, 0 warned, 0 broken$`))
		Expect(strings.Count(r.err, "\n")).To(BeNumerically("<=", 11))
		for _, name := range []string{"result.json", "junit.xml", "report.html", "report.md"} {
			Expect(r.out).To(ContainSubstring(filepath.Join(out, name)))
			Expect(filepath.Join(out, name)).To(BeARegularFile())
		}
		Expect(readResult(filepath.Join(out, "result.json")).Verdict).To(Equal(conformance.Conformant))
	})

	It("exits 1 for a defect, names the rule in every report, and the command in them finds it again", func() {
		endpoint, out := issuerWith("approve-provisioning-code-on-cvv2"), GinkgoT().TempDir()
		const rule = "approveProvisioning/response#code-on-cvv2"
		extra, _ := own("scenario: mine\ntitle: My own\ncites: [approveProvisioning p.127]\nsteps:\n  - call: approveProvisioning\n")
		r := vtsim(at(endpoint, "--filter", "id:approve-declines-*,mine", "--out", out, "--library", extra)...)
		Expect(r.code).To(Equal(exitRefused), r.err)
		Expect(r.err).To(And(ContainSubstring("vtsim: not-conformant: 1 case of "), MatchRegexp("(?m)^found "+rule+` \(must, p\.128\): approveProvisioning: actionCode 05`)))
		Expect(r.out).To(ContainSubstring(rule))
		for _, name := range []string{"result.json", "junit.xml", "report.html", "report.md"} {
			content, err := os.ReadFile(filepath.Join(out, name))
			Expect(err).NotTo(HaveOccurred())
			Expect(string(content)).To(ContainSubstring("code-on-cvv2"), name) // Markdown escapes the rest
		}
		for _, one := range readResult(filepath.Join(out, "result.json")).Cases {
			if one.Outcome != conformance.Failed {
				continue
			}
			words := strings.Fields(one.Rerun)
			Expect(words[:2]).To(Equal([]string{"vtsim", "certify"}))
			again := vtsim(append(words[1:], "--json", filepath.Join(out, "again.json"))...)
			Expect(again.code).To(Equal(exitRefused), again.err)
			once := readResult(filepath.Join(out, "again.json"))
			Expect(once.Cases).To(HaveLen(1))
			Expect(once.Cases[0].Findings[0].Message).To(Equal(one.Findings[0].Message))
			Expect(once.Exchanges[0].Request.Decrypted).To(Equal(requestOf(one, filepath.Join(out, "result.json"))))
		}
	})

	DescribeTable("has an exit code for", func(code int, args func() []string, parts ...string) {
		r := vtsim(args()...)
		Expect(r.code).To(Equal(code), r.err)
		for _, part := range parts {
			Expect(r.err).To(ContainSubstring(part))
		}
	},
		Entry("a right issuer", exitOK, func() []string { return at(issuerWith(), "--case", "approve-hce") }),
		Entry("a should rule that is missed", exitOK, func() []string { return at(issuerWith("content-type-twice"), "--case", "approve-hce") }),
		Entry("a should rule that is made to count", exitRefused, func() []string {
			return at(issuerWith("content-type-twice"), "--case", "approve-hce", "--fail-on", "should")
		}, "not-conformant: 1 case of 1 missed a should rule"),
		Entry("a must rule that is broken", exitRefused, func() []string { return at(issuerWith("answer-with-pan"), "--case", "approve-hce") }, "not-conformant"),
		Entry("a known failure that has expired", exitRefused, func() []string {
			return at(issuerWith(), "--case", "approve-hce", "--known-failures", written("known.yaml", `[{case: approve-hce, reason: r, owner: o, expires: "2020-01-01"}]`))
		}, "expired on 2020-01-01"),
		Entry("no profile", exitUsage, func() []string { return []string{"certify"} }, "file"),
		Entry("a profile that is not there", exitUsage, func() []string { return []string{"certify", "-f", "missing.yaml"} }, "missing.yaml"),
		Entry("a profile that is not YAML", exitUsage, func() []string { return []string{"certify", "-f", written("issuer.yaml", "name: [")} }, "issuer.yaml:"),
		Entry("a profile with an unknown operation", exitUsage, func() []string {
			return []string{"certify", "-f", unreadable("checkEligibility: true", "checkEligibilty: true")}
		}, "issuer.yaml:35:3: ", "checkEligibility"),
		Entry("an endpoint that is no URL", exitUsage, func() []string { return at("issuer.example") }, "--endpoint", "https://"),
		Entry("an unknown key of the filter", exitUsage, func() []string { return at("https://127.0.0.1:1", "--filter", "tagg:core") }, "did you mean tag?"),
		Entry("an unknown case", exitUsage, func() []string { return at("https://127.0.0.1:1", "--case", "aprove-hce") }, "did you mean approve-hce?"),
		Entry("an unknown level", exitUsage, func() []string { return at("https://127.0.0.1:1", "--fail-on", "may") }, "must or should"),
		Entry("an unknown run profile", exitUsage, func() []string { return at("https://127.0.0.1:1", "--profile", "half") }, "core or full"),
		Entry("a list of known failures that is none", exitUsage, func() []string {
			return at("https://127.0.0.1:1", "--known-failures", written("known.yaml", "case: a"))
		}, "known.yaml:1:1"),
		Entry("a library with mistakes", exitUsage, func() []string {
			folder, _ := own("scenario: a\ntitle: t\ncites: [checkEligibility p.142]\nsteps:\n  - call: chekEligibility\n")
			return at("https://127.0.0.1:1", "--library", folder)
		}, "own.yaml:5:11", "did you mean checkEligibility?", "1 mistake"),
		Entry("reports that cannot be written", exitUsage, func() []string {
			return at("https://127.0.0.1:1", "--json", filepath.Join(written("file", ""), "result.json"))
		}, "cannot be written"),
		Entry("an issuer that is not there", exitIncomplete, func() []string { return at("https://127.0.0.1:1", "--profile", "core") }, "incomplete: ", "no connection"),
		Entry("a filter that leaves nothing", exitIncomplete, func() []string { return at("https://127.0.0.1:1", "--filter", "id:none") }, "no case ran: the filter leaves none"),
		Entry("a plan of nothing", exitIncomplete, func() []string { return at("https://127.0.0.1:1", "--filter", "id:none", "--dry-run") }, "nothing would run"),
	)

	It("exits 130 when it is interrupted, and every report says that it is a part", func() {
		out := GinkgoT().TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		errs, said := &tripwire{on: " cases: 0 failed", do: cancel}, &bytes.Buffer{}
		code := run(ctx, at(issuerWith(), "--profile", "core", "--out", out), environment{in: strings.NewReader(""), out: said, err: errs, getenv: func(string) string { return "" }})
		Expect(code).To(Equal(exitInterrupt), errs.String())
		Expect(said.String()).To(ContainSubstring("PARTIAL"))
		for _, name := range []string{"junit.xml", "report.html", "report.md"} {
			content, err := os.ReadFile(filepath.Join(out, name))
			Expect(err).NotTo(HaveOccurred())
			Expect(string(content)).To(ContainSubstring("PARTIAL"), name)
		}
		Expect(readResult(filepath.Join(out, "result.json")).Interrupted).To(BeTrue())
	})

	It("skips a case that needs what the issuer does not offer, and says what that is", func() {
		folder, _ := own("scenario: by-pigeon\ntitle: A passcode by pigeon\ncites: [retrieveStepUpMethods p.171]\ncard: stepUp\nsteps:\n" +
			"  - call: retrieveStepUpMethods\n    save: {method: {from: /stepUpMethods, where: {type: {matches: ^PIGEON$}}, take: /identifier}}\n" +
			"  - call: sendPasscode\n    with: {otpMethodIdentifier: '{{method}}'}\n")
		out := filepath.Join(GinkgoT().TempDir(), "result.json")
		r := vtsim(at(issuerWith(), "--library", folder, "--filter", "id:by-pigeon,step-up-methods-for-provisioning", "--json", out)...)
		Expect(r.code).To(Equal(exitOK), r.err+r.out)
		result := readResult(out)
		Expect(result.Counts).To(Equal(conformance.Counts{Passed: 1, Skipped: 1}))
		for _, one := range result.Cases {
			if one.ID == "by-pigeon" {
				Expect(one.Reason).To(And(ContainSubstring("/stepUpMethods"), ContainSubstring("PIGEON")))
			}
		}
	})

	It("lists what would run and what not, and leaves reports alone", func() {
		folder, _ := own("scenario: mine\ntitle: My own\ncites: [approveProvisioning p.127]\nsteps:\n  - call: approveProvisioning\n")
		json := written("result.json", "old")
		r := vtsim(at("https://127.0.0.1:1", "--dry-run", "--filter", "id:mine,approve-hce,issuer-suspends", "--library", folder, "--seed", "s", "--json", json)...)
		Expect(r.code).To(Equal(exitOK), r.err)
		Expect(strings.Split(strings.TrimSpace(r.out), "\n")).To(ConsistOf(HavePrefix("run   approve-hce: "), "run   mine: My own",
			"skip  issuer-suspends: issuer.yaml has no trigger suspend, and nobody is there to act instead", "2 cases would run, 1 would be skipped; seed s"))
		Expect(os.ReadFile(json)).To(BeEquivalentTo("old"))
	})

	It("runs as many cases at a time as it is told to", func() {
		file := written("result.json", "")
		Expect(vtsim(at(issuerWith(), "--filter", "id:approve-hce,eligibility-eligible", "--parallel", "1", "--json", file)...).code).To(Equal(exitOK))
		Expect(readResult(file).Plan.Parallel).To(Equal(1))
	})

	It("leaves out the issuer's own calls for a profile that lies in no data directory", func() {
		root, err := filepath.Abs(filepath.Dir(profileFile))
		Expect(err).NotTo(HaveOccurred())
		content, err := os.ReadFile(profileFile)
		Expect(err).NotTo(HaveOccurred())
		text := strings.NewReplacer("../../", filepath.Dir(filepath.Dir(root))+"/", "{certificate: encryption.crt}", "{certificate: "+root+"/encryption.crt}",
			"{certificate: signing.crt}", "{certificate: "+root+"/signing.crt}", "credentials: credentials.yaml", "credentials: "+root+"/credentials.yaml").Replace(string(content))
		r := vtsim("certify", "-f", written("issuer.yaml", text), "--data", "no-such-directory", "--dry-run", "--filter", "id:issuer-suspends,approve-hce")
		Expect(r.code).To(Equal(exitOK), r.err)
		Expect(r.out).To(And(ContainSubstring("run   approve-hce"), ContainSubstring("skip  issuer-suspends: there is no data directory with the issuer demo-bank"), ContainSubstring("--data")))
	})

	It("prints the entries to paste for what is not excused", func() {
		known := written("known.yaml", "")
		r := vtsim(at(issuerWith("answer-with-pan"), "--case", "approve-hce", "--known-failures", known)...)
		Expect(r.code).To(Equal(exitRefused))
		Expect(r.out).To(And(ContainSubstring("fill in and add to "+known), MatchRegexp(`- \{rule: "\S+", reason: "", owner: "", expires: ""\}`)))
	})

	It("draws a seed and says which", func() {
		Expect(vtsim(at("https://127.0.0.1:1", "--dry-run", "--case", "approve-hce")...).out).To(MatchRegexp(`seed [0-9a-f]{8}\n$`))
	})
})

// requestOf is the payload of the case's first call, as the Result in the file
// has it.
func requestOf(one conformance.Case, file string) any {
	GinkgoHelper()
	for _, x := range readResult(file).Exchanges {
		if x.ID == one.Exchanges[0] {
			return x.Request.Decrypted
		}
	}
	return nil
}

var _ = Describe("vtsim scenario run", func() {
	const mine = "scenario: mine\ntitle: My own\ncites: [approveProvisioning p.127]\nsteps:\n  - call: approveProvisioning\n    expect: {body: {actionCode: \"%s\"}}\n"
	with := func(endpoint string, args ...string) []string {
		return append(append([]string{"scenario", "run"}, args...), "-f", profileFile, "--endpoint", endpoint, "--listen", "127.0.0.1:0")
	}

	It("runs the scenarios of a file and nothing else", func() {
		endpoint := issuerWith()
		_, file := own(strings.Replace(mine, "%s", "00", 1))
		r := vtsim(with(endpoint, file)...)
		Expect(r.code).To(Equal(exitOK), r.err)
		Expect(r.out).To(ContainSubstring(": 1 case, 0 skipped"))
		_, file = own(strings.Replace(mine, "%s", "85", 1))
		out := written("result.json", "")
		r = vtsim(with(endpoint, file, "--json", out)...)
		Expect(r.code).To(Equal(exitRefused), r.err)
		found := readResult(out).Cases[0]
		Expect(found.Findings[0]).To(And(HaveField("Rule", "scenario:mine/1"), HaveField("Message", ContainSubstring(file+":"))))
		Expect(vtsim(strings.Fields(found.Rerun)[1:]...).code).To(Equal(exitRefused))
	})

	It("runs one of the library by its name", func() {
		r := vtsim(with(issuerWith(), "approve-hce")...)
		Expect(r.code).To(Equal(exitOK), r.err)
		Expect(r.out).To(ContainSubstring(": 1 case, 0 skipped"))
	})

	It("checks first, and names what is near", func() {
		_, file := own(strings.Replace(mine, "actionCode", "actionCod", 1))
		r := vtsim(with("https://127.0.0.1:1", file)...)
		Expect(r.code).To(Equal(exitUsage))
		Expect(r.err).To(ContainSubstring("own.yaml:6:"))
		refused(vtsim(with("https://127.0.0.1:1", "aprove-hce")...), "approve-hce")
		refused(vtsim("scenario", "run", "approve-hce"), "file")
		Expect(vtsim(with("https://127.0.0.1:1", "missing.yaml")...).err).To(ContainSubstring("missing.yaml"))
	})
})

var _ = Describe("What certify shows of its progress", func() {
	It("may be drawn while the run tells of it", func() {
		b := newCertifyBars(&bytes.Buffer{})
		var group sync.WaitGroup
		group.Go(func() {
			for range 100 {
				_ = b.counts()
			}
		})
		for i := range 100 {
			b.show(conformance.Progress{Done: i + 1, Planned: 100, Failed: i})
		}
		group.Wait()
		Expect(b.counts()).To(Equal(" 99 failed, 0 warned, 0 broken"))
	})
})

var _ = Describe("A person at the terminal", func() {
	It("is asked and answers by Enter, until the input ends", func(ctx SpecContext) {
		out := &bytes.Buffer{}
		p := &person{in: strings.NewReader("\n\n"), out: out}
		Expect(p.ask(ctx, "Suspend the token DNITHE1")).To(Succeed())
		Expect(out.String()).To(Equal("\nSuspend the token DNITHE1, then press Enter: "))
		Expect(p.ask(ctx, "Resume it")).To(Succeed())
		Expect(p.ask(ctx, "Delete it")).To(MatchError(ContainSubstring("ended")))
	})

	It("is not waited for once the case has ended", func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		reader, writer, err := os.Pipe()
		Expect(err).NotTo(HaveOccurred())
		defer reader.Close()
		defer writer.Close()
		Expect((&person{in: reader, out: &bytes.Buffer{}}).ask(ended, "Suspend it")).To(MatchError(context.Canceled))
	})
})

var _ = Describe("vtsim demo", func() {
	It("is as expected only when every defect is found by its rule", func() {
		out := &bytes.Buffer{}
		c, err := contract.Load()
		Expect(err).NotTo(HaveOccurred())
		d := &demonstration{app: &app{environment: environment{out: out}}, setup: conformance.Setup{Contract: c}}
		clean := &conformance.Result{Verdict: conformance.Conformant}
		defective := &conformance.Result{Verdict: conformance.NotConformant}
		for _, rule := range []string{"envelope/outbound#tampered-refused", "approveProvisioning/response#code-on-cvv2", "retrieveStepUpMethods/response/stepUpMethods/*/identifier#maxLength"} {
			Expect(d.compare(clean, defective)).To(MatchError(ContainSubstring("does not name " + rule)))
			defective.Cases = append(defective.Cases, conformance.Case{ID: "a", Findings: []judge.Finding{{Rule: rule, Message: "what came"}}})
		}
		Expect(d.compare(clean, defective)).To(Succeed())
		Expect(out.String()).To(ContainSubstring("found      envelope/outbound#tampered-refused\n           what came\n           by case a\n"))
		Expect(d.compare(defective, defective)).To(MatchError(ContainSubstring("the clean run is not-conformant")))
		Expect(d.compare(clean, clean)).To(MatchError(ContainSubstring("the defective one conformant")))
	})
})
