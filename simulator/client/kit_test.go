package client_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/keys/xpay"
	"github.com/vtsim/vtsim/simulator/client"
)

const bank = "demo-bank"

// visa is Visa's side as far as a client can tell: it verifies, opens, and
// answers what the test wants. It shares nothing with the simulator.
type visa struct {
	contract  *contract.Contract
	directory *keys.Directory
	envelope  *jose.Envelope
	server    *httptest.Server

	// What came in last.
	request *http.Request
	body    []byte
	opened  *jose.Opened
	// What goes out: status, and a body in which seal, if any, is sealed.
	status int
	answer map[string]any
	seal   any
}

func newVisa() *visa {
	GinkgoHelper()
	v := &visa{status: http.StatusOK}
	v.contract, v.directory = loaded()
	var err error
	v.envelope, err = jose.New(keys.JOSERules(v.contract.Tables.Envelope), time.Now)
	Expect(err).NotTo(HaveOccurred())
	v.server = httptest.NewUnstartedServer(http.HandlerFunc(v.serve))
	v.server.TLS = &tls.Config{Certificates: []tls.Certificate{v.directory.Server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: v.directory.ClientCAs}
	v.server.StartTLS()
	DeferCleanup(v.server.Close)
	return v
}

func loaded() (*contract.Contract, *keys.Directory) {
	GinkgoHelper()
	c, err := contract.Load()
	Expect(err).NotTo(HaveOccurred())
	directory, err := keys.LoadFS(fixturekeys.TestOnly(), keys.Settings{Facts: keys.FactsOf(c)})
	Expect(err).NotTo(HaveOccurred())
	return c, directory
}

func (v *visa) issuer() *keys.Issuer { return v.directory.Issuers[bank] }

// client calls this server, as configured by change.
func (v *visa) client(change ...func(*client.Config)) *client.Client {
	GinkgoHelper()
	config := client.Of(v.directory, v.issuer())
	config.Contract, config.URL = v.contract, v.server.URL
	for _, c := range change {
		c(&config)
	}
	made, err := client.New(config)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(made.Close)
	return made
}

func (v *visa) draft(operation string, assignments ...string) *client.Draft {
	GinkgoHelper()
	op, err := v.contract.Operation(operation)
	Expect(err).NotTo(HaveOccurred())
	draft, err := client.NewDraft(op)
	Expect(err).NotTo(HaveOccurred())
	Expect(draft.Assign(assignments...)).To(Succeed())
	return draft
}

// send makes the call and expects an answer.
func (v *visa) send(c *client.Client, draft *client.Draft) (*client.Call, *client.Answer) {
	GinkgoHelper()
	call, err := c.Prepare(draft)
	Expect(err).NotTo(HaveOccurred())
	answer, err := c.Send(context.Background(), call)
	Expect(err).NotTo(HaveOccurred())
	return call, answer
}

func (v *visa) serve(w http.ResponseWriter, r *http.Request) {
	defer GinkgoRecover()
	v.request = r
	var err error
	v.body, err = io.ReadAll(r.Body)
	Expect(err).NotTo(HaveOccurred())
	secret := xpay.NewSecret(bank, []byte(v.issuer().Credentials.SharedSecret))
	rules := keys.PayTokenRules(v.contract.Tables.Envelope)
	_, err = xpay.Verifier{Rules: rules, Clock: time.Now}.Verify(r.Context(), secret, r.Header.Get(rules.Header), xpay.CallOf(r, v.body))
	Expect(err).NotTo(HaveOccurred())
	v.open()
	w.Header().Set("X-RESPONSE-ID", r.Header.Get("X-REQUEST-ID"))
	if v.seal != nil {
		v.answer["encryptedData"] = v.sealed()
	}
	w.WriteHeader(v.status)
	if v.answer != nil {
		Expect(json.NewEncoder(w).Encode(v.answer)).To(Succeed())
	}
}

// open opens what the client sealed.
func (v *visa) open() {
	var members map[string]any
	if json.Unmarshal(v.body, &members) != nil || members["encryptedData"] == nil {
		return
	}
	use := jose.UseAPI
	if v.request.URL.Path == "/vtis/v1/pushCardEnrollmentToWallet" {
		use = jose.UsePushCardEnrollment
	}
	var err error
	v.opened, err = v.envelope.Open(use, members["encryptedData"].(string), jose.Keyring{
		Decryption:   []jose.DecryptionKey{{ID: v.issuer().Credentials.APIKey, RSA: v.directory.VisaEncryption.Key}},
		Verification: []jose.VerificationKey{{ID: v.issuer().Credentials.SigningKeyID, RSA: v.issuer().Signing.Public()}}})
	Expect(err).NotTo(HaveOccurred())
}

func (v *visa) sealed() string {
	payload, err := json.Marshal(v.seal)
	Expect(err).NotTo(HaveOccurred())
	blob, err := v.envelope.Seal(jose.UseAPI, payload, jose.Sealing{
		To: jose.EncryptionKey{ID: v.issuer().Credentials.APIKey, RSA: v.issuer().Encryption.Public()},
		By: jose.SigningKey{ID: v.directory.VisaSigning.ID, RSA: v.directory.VisaSigning.Key}})
	Expect(err).NotTo(HaveOccurred())
	return blob
}
