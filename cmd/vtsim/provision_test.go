package main

import (
	"context"
	"encoding/json"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures/issuer"
	"github.com/vtsim/vtsim/keys"
)

// playing serves the reference issuer of the data directory and returns the
// URL of its endpoint.
func playing(dir string, defects ...string) string {
	GinkgoHelper()
	c, err := contract.Load()
	Expect(err).NotTo(HaveOccurred())
	directory, err := keys.LoadDirectory(dir, keys.Settings{Facts: keys.FactsOf(c)})
	Expect(err).NotTo(HaveOccurred())
	s, err := issuer.New(issuer.Config{Contract: c, Issuer: directory.Issuers[keys.DefaultIssuer], Authority: directory.CA.Pool(), VisaClient: directory.Client.Leaf,
		VisaSigning: directory.VisaSigning, VisaEncryption: directory.VisaEncryption, Defects: defects, Now: time.Now})
	Expect(err).NotTo(HaveOccurred())
	Expect(s.Start()).To(Succeed())
	DeferCleanup(func(ctx context.Context) { Expect(s.Close(ctx)).To(Succeed()) })
	return s.URL()
}

var _ = Describe("vtsim provision and vtsim call", Ordered, func() {
	var dir, endpoint string
	BeforeAll(func() {
		dir = made()
		endpoint = playing(dir)
	})

	DescribeTable("plays each path to its end", func(path, otp string, parts ...string) {
		r := vtsim("--data", dir, "provision", "--endpoint", endpoint, "--path", path, "--otp", otp)
		Expect(r.code).To(BeZero(), r.err)
		for _, part := range parts {
			Expect(r.out).To(ContainSubstring(part))
		}
		Expect(r.out).NotTo(ContainSubstring("!"))
	},
		Entry("green", "green", "right", "approveProvisioning", "TOKEN_CREATED 00: delivered", "is ACTIVE"),
		Entry("yellow", "yellow", "right", "sendPasscode", "OTP_VERIFICATION_RESULT 00: delivered", "is ACTIVE"),
		Entry("yellow with a wrong passcode (p.205)", "yellow", "wrong", "VERIFICATION_CODE_FAILED", "OTP_VERIFICATION_RESULT 05: delivered", "is INACTIVE"),
		Entry("yellow with a late passcode (p.205)", "yellow", "expired", "VERIFICATION_CODE_EXPIRED", "is INACTIVE"),
		Entry("red", "red", "right", "red, actionCode 05"),
	)

	It("says with its exit code that it went another way", func() {
		r := vtsim("--data", dir, "provision", "--endpoint", endpoint, "--path", "green", "--card", "stepUp")
		Expect(r.code).To(Equal(exitRefused))
		Expect(r.err).To(ContainSubstring("it took the yellow path and not the green one"))
	})

	It("stands in where nobody answers (p.131), and says that nothing was delivered", func() {
		r := vtsim("--data", dir, "provision", "--endpoint", "https://127.0.0.1:1", "--wait", "300ms")
		Expect(r.code).To(Equal(exitIncomplete))
		Expect(r.out).To(ContainSubstring("stipReasonCode 9011"))
	})

	It("prints the same JSON for the same seed, without a number in clear", func() {
		read := func() (report struct{ Token map[string]any }) {
			r := vtsim("--data", dir, "provision", "--endpoint", endpoint, "--seed", "5", "--json")
			Expect(r.code).To(BeZero(), r.err)
			Expect(json.Unmarshal([]byte(r.out), &report)).To(Succeed())
			Expect(r.out).NotTo(ContainSubstring("4000009010000019"))
			return report
		}
		first := read()
		Expect(first.Token).To(HaveKeyWithValue("tokenStatus", "ACTIVE"))
		Expect(read()).To(Equal(first))
	})

	It("makes any call of Visa's, each answered within the rules", func() {
		c, err := contract.Load()
		Expect(err).NotTo(HaveOccurred())
		called := 0
		for _, op := range c.Operations() {
			if op.Direction != contract.Outbound {
				continue
			}
			called++
			r := vtsim("--data", dir, "call", op.ID, "--endpoint", endpoint)
			Expect(r.code).To(BeZero(), op.ID+": "+r.err)
			Expect(r.err).To(BeEmpty(), op.ID)
			Expect(r.out).NotTo(ContainSubstring("4000009010000019"))
		}
		Expect(called).To(Equal(11))
	})

	It("overrides members and prints the row", func() {
		r := vtsim("--data", dir, "call", "tokenNotification", "--endpoint", endpoint, "--json", "--type", "SECURE_ELEMENT", "messageReasonCode=TOKEN_RESUME")
		Expect(r.code).To(BeZero(), r.err)
		var row struct{ Request struct{ Body map[string]any } }
		Expect(json.Unmarshal([]byte(r.out), &row)).To(Succeed())
		Expect(row.Request.Body).To(HaveKeyWithValue("messageReasonCode", "TOKEN_RESUME"))
	})

	It("breaks the call on purpose and shows what the issuer makes of it (p.128)", func() {
		r := vtsim("--data", dir, "call", "approveProvisioning", "--endpoint", endpoint, "--corrupt", "jws/signature")
		Expect(r.code).To(BeZero(), r.err)
		Expect(r.out).To(And(ContainSubstring("ISE40010"), ContainSubstring("corrupted on purpose: jws/signature")))
	})

	It("names the rule and its page that an answer breaks", func() {
		defects, err := issuer.Catalogue(must(contract.Load()))
		Expect(err).NotTo(HaveOccurred())
		at := -1
		for i, d := range defects {
			if d.Rule == "approveProvisioning/response/actionCode#enum" {
				at = i
			}
		}
		Expect(at).To(BeNumerically(">=", 0), "no defect breaks that rule")
		r := vtsim("--data", dir, "call", "approveProvisioning", "--endpoint", playing(dir, defects[at].ID))
		Expect(r.code).To(Equal(exitRefused))
		Expect(r.out).To(ContainSubstring("(p.127, approveProvisioning/response/actionCode#enum)"))
	})

	DescribeTable("gives bad input one clear line", func(args []string, parts ...string) {
		refused(vtsim(append([]string{"--data", dir}, args...)...), parts...)
	},
		Entry("a path", []string{"provision", "--path", "blue"}, `"blue"`, "green"),
		Entry("a passcode", []string{"provision", "--otp", "guess"}, `"guess"`, "exhausted"),
		Entry("a role", []string{"provision", "--card", "platinum"}, `"platinum"`, "eligible"),
		Entry("a token type", []string{"provision", "--type", "PLASTIC"}, `"PLASTIC"`, "HCE"),
		Entry("an operation", []string{"call", "approve"}, "approve"),
		Entry("a call of issuers", []string{"call", "tokenInquiry"}, "vtsim request tokenInquiry"),
		Entry("a member", []string{"call", "sendPasscode", "otp=1"}, `"otp"`),
		Entry("a corruption", []string{"call", "sendPasscode", "--corrupt", "jwe/tags"}, "jwe/tag?"),
	)
})

func must[T any](value T, err error) T {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())
	return value
}
