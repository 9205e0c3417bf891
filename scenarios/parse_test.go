package scenarios_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/scenarios"
)

// example is a scenario of the good examples.
func example(file, name string) *scenarios.Scenario {
	GinkgoHelper()
	library, err := scenarios.Lint(specification(), "testdata/good/"+file)
	Expect(err).NotTo(HaveOccurred())
	s, err := library.Scenario(name)
	Expect(err).NotTo(HaveOccurred())
	return s
}

var _ = Describe("reading a scenario", func() {
	It("takes over everything that is written, and adds what its steps need", func() {
		s := example("stepup.yaml", "step-up-by-passcode")
		Expect(s.Level).To(Equal(contract.Must))
		Expect(s.Cites[0]).To(Equal(scenarios.Cite{Operation: "approveProvisioning", Page: 127}))
		Expect(s.Token).To(Equal(scenarios.Token{Type: "HCE", Status: "INACTIVE"}))
		Expect(s.Needs).To(Equal(scenarios.Needs{APIs: []string{"approveProvisioning", "retrieveStepUpMethods", "sendPasscode", "tokenNotification"},
			Cards: []string{"stepUp"}, Triggers: []string{"reissue"}}))
		first := s.Steps[0].Call
		Expect(first.With).To(Equal(map[string]any{"tokenInfo.tokenType": "HCE", "locale": nil}))
		Expect(first.Expect.Budget).To(BeTrue())
		Expect(first.Expect.Body.Members["actionCode"].Literal).To(Equal("85"))
		Expect(*first.Expect.Body.Members["errorCode"].Present).To(BeFalse())
		Expect(first.Save).To(Equal(map[string]scenarios.Save{"decision": {From: "/actionCode"}}))
		second := s.Steps[1].Call
		Expect(second.Expect.Status).To(Equal([]string{"200", "201"}))
		Expect(second.Expect.ErrorCode).To(Equal([]string{"none"}))
		Expect(second.Expect.Within).To(Equal(2 * time.Second))
		contains := second.Expect.Body.Members["stepUpMethods"].Contains
		Expect(contains.Members["type"].OneOf[1].Matches).To(Equal("^OTP"))
		Expect(*contains.Members["identifier"].Length.Max).To(Equal(32))
		Expect(second.Save["method"].Take).To(Equal("/identifier"))
		Expect(s.Steps[2].Call.Expect.Body.Empty).To(BeTrue())
		Expect(s.Steps[3].Token).To(Equal(&scenarios.TokenAction{Do: "activate-by-otp", Expect: "ACTIVE"}))
		Expect(s.Steps[4].Call.AtOnce).To(Equal(4))
		Expect(s.Steps[5].Clock.Advance).To(Equal(-10 * time.Minute))
		Expect(s.Steps[7].Wait.Notifications).To(BeTrue())
		Expect(s.Steps[8].Wait.For).To(Equal(500 * time.Millisecond))
		Expect(s.Steps[1].At.Line).To(Equal(14))
	})

	It("reads corruptions in all their forms, and patches with the numbers as written", func() {
		s := example("stepup.yaml", "refused-for-its-signature")
		Expect(s.Level).To(Equal(contract.Should))
		Expect(s.Steps[0].Call.Corrupt).To(Equal([]string{"jws/signature"}))
		Expect(s.Steps[0].Call.Expect.Refused).To(Equal(contract.TriggerCrypto))
		Expect(s.Steps[1].Call.Corrupt).To(Equal([]string{"body/truncated", "http/duplicate"}))
		Expect(s.Steps[1].Call.Patch).To(MatchJSON(`[{"op":"add","path":"/encryptedData/cardholderInfo/x","value":[1,2.5,true,null,{"a":"b"}]},{"op":"remove","path":"/locale~1"}]`))
		Expect(s.Steps[1].Call.Expect.Open).To(BeTrue())
		Expect(s.Steps[2].Call.Expect.TLSRefused).To(BeTrue())
	})

	It("reads faults, triggers and awaits", func() {
		s := example("suspend.yaml", "suspended-by-the-issuer")
		Expect(*s.Steps[0].Fault).To(Equal(scenarios.Fault{Operation: "tokenLifecycle", Status: 500, Delay: 200 * time.Millisecond, AfterCommit: true, Times: 2}))
		Expect(s.Steps[1].Trigger.Ask).To(ContainSubstring("{{token.reference}}"))
		Expect(s.Steps[2].Await.TokenStatus).To(Equal("SUSPENDED"))
		Expect(s.Needs).To(Equal(scenarios.Needs{APIs: []string{"approveProvisioning"}, Triggers: []string{"suspend"}}))
		Expect(example("suspend.yaml", "resumed-by-a-person").Steps[0].Await.Ask).To(Equal("Resume the token"))
	})

	It("keeps the numbers, leading zeros and times of literals", func() {
		found, err := scenarios.Parse(specification(), "f", []byte(head+"  - call: checkEligibility\n    with: {lifeCycleTraceID: 12345678901234567, panSource: 2026-01-01}\n    expect: {body: {errorCode: null}}"))
		Expect(err).NotTo(HaveOccurred())
		call := found[0].Steps[0].Call
		Expect(call.With).To(Equal(map[string]any{"lifeCycleTraceID": json.Number("12345678901234567"), "panSource": "2026-01-01"}))
		Expect(call.Expect.Body.Members["errorCode"].Literally).To(BeTrue())
	})

	It("gives a scenario's text as it is written", func() {
		library, err := scenarios.Load(specification(), "testdata/good")
		Expect(err).NotTo(HaveOccurred())
		Expect(library.Text("refused-for-its-signature")).To(And(HavePrefix("scenario: refused-for-its-signature\n"), HaveSuffix("expect: {tls: refused}\n")))
		Expect(library.Names()).To(ContainElement("eligibility-eligible"))
		Expect(library.Tags()).To(ContainElements("step-up", "eligibility"))
		_, err = library.Scenario("eligibility-eligble")
		Expect(err).To(MatchError(`unknown scenario "eligibility-eligble"; did you mean eligibility-eligible?`))
	})
})

func FuzzParse(f *testing.F) {
	for _, name := range []string{"stepup.yaml", "suspend.yaml"} {
		seed, err := os.ReadFile("testdata/good/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add([]byte(head + "  - {call: checkEligibility, with: {<<: *x}, patch: [[]], corrupt: {{}: 1}, save: {a: {from: 1}}}\n--- \n"))
	f.Add([]byte("scenario: !!binary aa\n? [a]\n: b\ngenerate: {kind: 1, operations: {a: b}}\nsteps: *a"))
	c, err := contract.Load()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := scenarios.Parse(c, "f.yaml", data)
		var problems scenarios.Problems
		if err == nil {
			if len(found) == 0 {
				t.Fatal("neither a scenario nor a problem")
			}
			return
		}
		if !errors.As(err, &problems) || len(problems) == 0 {
			t.Fatalf("%T has no problems", err)
		}
		for _, p := range problems {
			if p.Position.File != "f.yaml" || p.Position.Line < 1 || p.Position.Column < 1 || p.What == "" {
				t.Fatalf("a problem without a place: %+v", p)
			}
		}
	})
}
