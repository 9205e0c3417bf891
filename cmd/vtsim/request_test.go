package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("vtsim request", Ordered, func() {
	const pan, reference, requestor = "4000000010000018", "DNITHE000000000000000001", "40010030273"
	var (
		dir     string
		sandbox *simulator.Simulator
	)
	BeforeAll(func(ctx SpecContext) {
		dir = made()
		c, err := contract.Load()
		Expect(err).NotTo(HaveOccurred())
		settings := keys.Settings{Facts: keys.FactsOf(c)}
		directory, err := keys.LoadDirectory(dir, settings)
		Expect(err).NotTo(HaveOccurred())
		sandbox, err = simulator.New(ctx, simulator.Config{Directory: directory, Settings: settings, Ephemeral: true})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx context.Context) { Expect(sandbox.Close(ctx)).To(Succeed()) })
		Expect(sandbox.Start()).To(Succeed())
		now := time.Now()
		Expect(sandbox.Vault().Update(ctx, keys.DefaultIssuer, func(tx vault.Tx) error {
			if err := tx.PutPAN(vault.PAN{ReferenceID: "V-1", Number: pan, CreatedAt: now, UpdatedAt: now}); err != nil {
				return err
			}
			_, err := tx.PutToken(token.Token{Issuer: keys.DefaultIssuer, ReferenceID: reference, RequestorID: requestor, PANReferenceID: "V-1", Number: "4000990000000017",
				Type: "SECURE_ELEMENT", Status: "ACTIVE", EntityOfLastAction: token.TokenRequestor, CreatedAt: now, StatusUpdatedAt: now})
			return err
		})).To(Succeed())
	})
	request := func(args ...string) result {
		return vtsim(append([]string{"request", "--data", dir, "--url", sandbox.URL()}, args...)...)
	}
	of := []string{"tokenRequestorID=" + requestor, "tokenReferenceID=" + reference}
	about := func(args ...string) []string { return append(args, of...) }

	It("makes a call and shows it with its answer, opened and masked (exit code 0)", func() {
		r := request(about("tokenInquiry", "--with", "deviceBindingInfo=true")...)
		Expect(r.code).To(BeZero(), r.err)
		Expect(r.err).To(BeEmpty())
		Expect(r.out).To(And(ContainSubstring("GET "+sandbox.URL()+"/vtis/v1/tokenRequestors/"), ContainSubstring("200 OK"), ContainSubstring("opened from encryptedData"),
			ContainSubstring("400099******0017"), ContainSubstring("apiKey=***")))
	})

	It("seals what is given by the end of its name", func() {
		r := request("tokenInquiryByPAN", "primaryAccountNumber="+pan)
		Expect(r.code).To(BeZero(), r.err)
		Expect(r.out).To(And(ContainSubstring("sealed in encryptedData"), ContainSubstring("400000******0018"), ContainSubstring(reference)))
		Expect(r.out + r.err).NotTo(ContainSubstring(pan))
	})

	It("prints one JSON object with --json", func() {
		r := request("tokenInquiryByPAN", "primaryAccountNumber="+pan, "--json")
		var exchange struct {
			Operation string
			Request   struct {
				Method    string
				Decrypted map[string]any
			}
			Response struct {
				Status int
				Body   map[string]any
			}
		}
		Expect(json.Unmarshal([]byte(r.out), &exchange)).To(Succeed(), r.out)
		Expect(exchange.Request.Method).To(Equal("POST"))
		Expect(exchange.Request.Decrypted).To(HaveKey("cardholderInfo"))
		Expect(exchange.Response.Status).To(Equal(200))
		Expect(exchange.Response.Body["tokenDetails"]).To(HaveLen(1))
	})

	It("takes body and payload from files and from standard input", func() {
		payload := filepath.Join(GinkgoT().TempDir(), "payload.json")
		Expect(os.WriteFile(payload, []byte(`{"cardholderInfo": {"primaryAccountNumber": "`+pan+`"}}`), 0o600)).To(Succeed())
		r := vtsimWith(`{"operationType": "UPDATE", "operationReason": "test", "operationReasonCode": "CONTACT_CARDHOLDER"}`,
			"request", "panLifecycle", "--data", dir, "--url", sandbox.URL(), "--body", "-", "--sealed", payload, "--with", "operatorID=me")
		Expect(r.code).To(BeZero(), r.err)
		Expect(r.out).To(ContainSubstring(`"operatorID": "me"`))
		refused(request("panLifecycle", "--body", "-", "--sealed", "-"), "--body", "--sealed", "standard input")
		refused(request("panLifecycle", "--body", "missing.json"), "missing.json")
	})

	It("says what the answer refuses (exit code 1)", func() {
		r := request("tokenLifecycle", of[0], "tokenReferenceID=DNITHE0", "operationType=SUSPEND", "operationReason=lost")
		Expect(r.code).To(Equal(exitRefused))
		Expect(r.err).To(ContainSubstring("answered 400 VSE40003"))
		Expect(r.out).To(ContainSubstring(`"reason": "VSE40003"`))
		r = request(about("tokenInquiry", "apiKey=NOBODY")...)
		Expect(r.code).To(Equal(exitRefused))
		Expect(r.err).To(And(ContainSubstring("401 Unauthorized"), ContainSubstring("console")))
	})

	It("warns of what the contract objects to and sends it all the same, unless --strict", func() {
		wrong := about("tokenLifecycle", "operationType=SLEEP")
		r := request(wrong...)
		Expect(r.code).To(Equal(exitRefused))
		Expect(r.err).To(And(ContainSubstring("must: operationReason is required"), ContainSubstring("p.90"), ContainSubstring("tokenLifecycle/request/operationType#enum"), ContainSubstring("answered 400")))
		r = request(append(wrong, "--strict")...)
		Expect(r.code).To(Equal(exitUsage))
		Expect(r.err).To(ContainSubstring("was not sent"))
		Expect(r.out).To(BeEmpty())
	})

	DescribeTable("says how to mend a wrong command line (exit code 2)", func(args []string, parts ...string) {
		refused(request(args...), parts...)
	},
		Entry("no operation", nil, "arg"),
		Entry("an unknown operation", []string{"tokenInqiry"}, "did you mean tokenInquiry?"),
		Entry("an operation that issuers serve", []string{"sendPasscode"}, "not called by issuers"),
		Entry("an unknown member", []string{"tokenLifecycle", "operationTyp=RESUME"}, "did you mean operationType?"),
		Entry("a member of two places", []string{"panLifecycle", "primaryAccountNumber=4"}, "cardholderInfo.primaryAccountNumber or replaceCardholderInfo.primaryAccountNumber"),
		Entry("a path without its parameters", []string{"tokenInquiry"}, "tokenReferenceID=… and tokenRequestorID=…", "p.74"),
		Entry("an unknown issuer", []string{"tokenInquiryByPAN", "--as", "nobody"}, "nobody", keys.DefaultIssuer),
		Entry("a URL that is none", []string{"tokenInquiryByPAN", "--url", "localhost"}, "https://127.0.0.1:8443"),
		Entry("a time that is none", []string{"tokenInquiryByPAN", "--at", "noon"}, "noon"),
		Entry("a push without recipients", []string{"pushCardEnrollmentToWallet", "provider.issuerTraceID=1", "--audience", ""}, "aud"),
	)

	It("says why it can't reach the sandbox, and how to mend that (exit code 3)", func() {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		Expect(listener.Close()).To(Succeed())
		for url, part := range map[string]string{
			"https://" + listener.Addr().String():                      "nothing listens",
			"https" + strings.TrimPrefix(sandbox.ConsoleURL(), "http"): "speaks plain HTTP",
			sandbox.ConsoleURL():                                       "not as the issuer API does",
			"http" + strings.TrimPrefix(sandbox.URL(), "https"):        "wants TLS",
		} {
			r := request(about("tokenInquiry", "--url", url)...)
			Expect(r.code).To(Equal(exitIncomplete), url)
			Expect(r.err).To(ContainSubstring(part))
			Expect(r.out).To(ContainSubstring("GET "+url), "the call is shown all the same")
		}
	})

	It("refuses a call signed at another time than the sandbox's", func() {
		r := request(about("tokenInquiry", "--at", "2020-01-02T12:00:00Z")...)
		Expect(r.code).To(Equal(exitRefused))
		Expect(r.err).To(ContainSubstring("401"))
	})

	It("prints a command for curl that makes the same call, and sends nothing itself", func() {
		r := request("tokenInquiryByPAN", "primaryAccountNumber="+pan, "--print-curl")
		Expect(r.code).To(BeZero(), r.err)
		Expect(r.out).To(And(HavePrefix("curl "), ContainSubstring(filepath.Join(dir, "issuers", keys.DefaultIssuer, "client.key"))))
		Expect(r.out).NotTo(ContainSubstring(pan))
		if _, err := exec.LookPath("curl"); err != nil {
			Skip("there is no curl here to run it")
		}
		out, err := exec.Command("sh", "-c", r.out).CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(out))
		Expect(string(out)).To(And(ContainSubstring(" 200 "), ContainSubstring(reference)))
	})

	It("wants to know who calls where there are several issuers", func() {
		several := filepath.Join(GinkgoT().TempDir(), "several")
		Expect(os.CopyFS(several, os.DirFS(dir))).To(Succeed())
		Expect(vtsim("keys", "add", "second", "--data", several).code).To(BeZero())
		refused(vtsim("request", "tokenInquiryByPAN", "panReferenceID=V-1", "--data", several), "--as", "demo-bank, second")
		r := vtsim("request", "tokenInquiryByPAN", "panReferenceID=V-1", "--data", several, "--url", sandbox.URL(), "--as", keys.DefaultIssuer)
		Expect(r.code).To(BeZero(), r.err)
	})

	It("offers operations and members to the shell", func() {
		r := vtsim("__complete", "request", "")
		Expect(r.out).To(ContainSubstring("tokenInquiryByPAN"))
		Expect(r.out).NotTo(ContainSubstring("sendPasscode"))
		Expect(vtsim("__complete", "request", "tokenLifecycle", "operation").out).To(And(ContainSubstring("operationType="), ContainSubstring("operationReason=")))
	})
})
