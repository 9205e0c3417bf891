package client_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/client"
)

func split(name string) []string { return strings.Split(name, ".") }

const pan = "4000000010000018"

var _ = Describe("a call", func() {
	var v *visa
	BeforeEach(func() { v = newVisa() })

	It("carries the headers of an issuer (p.26) and comes back opened (p.75)", func() {
		v.answer = map[string]any{"panReferenceID": "V-1"}
		v.seal = map[string]any{"tokenInfo": map[string]any{"token": "4999990000000012", "tokenStatus": "ACTIVE"}}
		_, answer := v.send(v.client(), v.draft("tokenInquiry", "tokenRequestorID=1", "tokenReferenceID=2"))
		Expect(v.contract.Tables.ValidateRequestHeaders(v.request.Header, false)).To(BeEmpty())
		Expect(v.request.Header).NotTo(HaveKey("Content-Type"))
		Expect(answer.OK()).To(BeTrue())
		Expect(answer.Faults).To(BeEmpty())
		Expect(answer.Opened).To(HaveKey("tokenInfo"))
		v.answer, v.seal = nil, nil
		v.send(v.client(), v.draft("tokenLifecycle", "tokenRequestorID=1", "tokenReferenceID=2", "operationType=RESUME"))
		Expect(v.contract.Tables.ValidateRequestHeaders(v.request.Header, true)).To(BeEmpty())
	})

	It("reads the error answer (p.29)", func() {
		v.status, v.answer = http.StatusBadRequest, map[string]any{"errorResponse": map[string]any{"status": 400, "reason": "VSE40003", "message": "none"}}
		_, answer := v.send(v.client(), v.draft("tokenInquiry", "tokenRequestorID=1", "tokenReferenceID=2"))
		Expect(answer.OK()).To(BeFalse())
		Expect([]string{answer.Reason(), answer.Message()}).To(Equal([]string{"VSE40003", "none"}))
	})

	It("finds fault with an answer that breaks the contract or does not open", func() {
		v.answer = map[string]any{"entityOfLastAction": "NOBODY", "encryptedData": "a.b.c"}
		_, answer := v.send(v.client(), v.draft("tokenInquiry", "tokenRequestorID=1", "tokenReferenceID=2"))
		Expect(answer.Faults).To(ContainElements(ContainSubstring("does not open"), ContainSubstring("tokenInquiry/response/entityOfLastAction#enum")))
	})

	It("is shown without PAN, token number, apiKey, shared secret or digest", func() {
		v.answer, v.seal = map[string]any{"panReferenceID": "V-1"}, map[string]any{"tokenInfo": map[string]any{"token": "4999990000000012"}}
		c := v.client()
		secrets := []string{"4999990000000012", pan, v.issuer().Credentials.APIKey, v.issuer().Credentials.SharedSecret}
		inquiry, answer := v.send(c, v.draft("tokenInquiry", "tokenRequestorID=1", "tokenReferenceID=2"))
		v.answer, v.seal = map[string]any{}, nil
		byPAN, _ := v.send(c, v.draft("tokenInquiryByPAN", "primaryAccountNumber="+pan))
		for _, exchange := range []client.Exchange{c.Exchange(inquiry, answer), c.Exchange(byPAN, nil)} {
			var text bytes.Buffer
			Expect(exchange.WriteText(&text)).To(Succeed())
			object, err := json.Marshal(exchange)
			Expect(err).NotTo(HaveOccurred())
			for _, printed := range []string{text.String(), string(object)} {
				for _, secret := range append(secrets, digestOf(inquiry), digestOf(byPAN)) {
					Expect(printed).NotTo(ContainSubstring(secret))
				}
				Expect(printed).To(ContainSubstring("apiKey=***"))
			}
		}
		var text bytes.Buffer
		Expect(c.Exchange(inquiry, answer).WriteText(&text)).To(Succeed())
		Expect(text.String()).To(And(ContainSubstring("GET https://"), ContainSubstring("200 OK in"), ContainSubstring("499999******0012"), ContainSubstring("opened from encryptedData")))
	})

	It("can be made by curl, byte for byte", func() {
		if _, err := exec.LookPath("curl"); err != nil {
			Skip("there is no curl here")
		}
		dir := GinkgoT().TempDir()
		Expect(os.CopyFS(dir, fixturekeys.TestOnly())).To(Succeed())
		v.directory.Path = dir
		draft := v.draft("tokenLifecycle", "tokenRequestorID=1", "tokenReferenceID=2")
		draft.LoadBody([]byte("{\"operationReason\": \"it's \\\"$HOME\\\" `id` \\\\ @é\",\n \"operationType\":\"RESUME\"}"))
		call, err := v.client().Prepare(draft)
		Expect(err).NotTo(HaveOccurred())
		command := exec.Command("sh", "-c", call.Curl(v.directory.ClientFiles(bank)))
		out, err := command.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(out))
		Expect(string(out)).To(ContainSubstring(" 200 "))
		Expect(v.body).To(Equal(call.Body))
		Expect(v.request.TLS.PeerCertificates[0].Equal(v.issuer().Client.Certificate)).To(BeTrue())
		Expect(filepath.IsAbs(v.directory.ClientFiles(bank).Key)).To(BeTrue())
	})
})

// digestOf is the secret part of the call's x-pay-token.
func digestOf(call *client.Call) string {
	value := call.Header.Get("x-pay-token")
	return value[strings.LastIndexByte(value, ':')+1:]
}

var _ = Describe("an endpoint that does not answer as the API does", func() {
	var v *visa
	BeforeEach(func() { v = newVisa() })

	// refused is the explanation of why the call got no answer.
	refused := func(change func(*client.Config)) string {
		GinkgoHelper()
		c := v.client(change)
		call, err := c.Prepare(v.draft("tokenInquiry", "tokenRequestorID=1", "tokenReferenceID=2"))
		Expect(err).NotTo(HaveOccurred())
		_, err = c.Send(context.Background(), call)
		var unreachable *client.Unreachable
		Expect(err).To(BeAssignableToTypeOf(unreachable))
		Expect(err.Error()).NotTo(ContainSubstring(v.issuer().Credentials.APIKey))
		return err.Error()
	}
	server := func(handler http.HandlerFunc) *httptest.Server {
		s := httptest.NewServer(handler)
		DeferCleanup(s.Close)
		return s
	}
	stranger := func() *keys.Directory {
		GinkgoHelper()
		spares, err := keys.NewSpares(fixturekeys.Spare(), nil)
		Expect(err).NotTo(HaveOccurred())
		dir := filepath.Join(GinkgoT().TempDir(), "stranger")
		settings := keys.Settings{Facts: keys.FactsOf(v.contract), Keys: spares}
		_, err = keys.Init(context.Background(), dir, keys.InitOptions{Settings: settings})
		Expect(err).NotTo(HaveOccurred())
		directory, err := keys.LoadDirectory(dir, settings)
		Expect(err).NotTo(HaveOccurred())
		return directory
	}

	It("says that nothing listens", func() {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		Expect(listener.Close()).To(Succeed())
		Expect(refused(func(c *client.Config) { c.URL = "https://" + listener.Addr().String() })).To(And(ContainSubstring("nothing listens"), ContainSubstring("vtsim serve")))
	})

	It("says that the CA is another one", func() {
		other := stranger()
		Expect(refused(func(c *client.Config) { c.Roots = other.CA.Pool() })).To(And(ContainSubstring("not signed by the CA"), ContainSubstring("--data")))
	})

	It("says that the client certificate is refused", func() {
		other := stranger()
		for _, issuer := range other.Issuers {
			Expect(refused(func(c *client.Config) {
				copied := *c.Issuer
				copied.Client = issuer.Client
				c.Issuer = &copied
			})).To(ContainSubstring("refused the client certificate of issuer demo-bank"))
		}
	})

	It("says that the port speaks plain HTTP, and the other way round", func() {
		plain := server(func(http.ResponseWriter, *http.Request) {})
		Expect(refused(func(c *client.Config) { c.URL = "https" + strings.TrimPrefix(plain.URL, "http") })).To(ContainSubstring("speaks plain HTTP"))
		Expect(refused(func(c *client.Config) { c.URL = "http" + strings.TrimPrefix(v.server.URL, "https") })).To(ContainSubstring("wants TLS"))
	})

	It("says that something else answers", func() {
		console := server(func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
		Expect(refused(func(c *client.Config) { c.URL = console.URL })).To(And(ContainSubstring("answered 404"), ContainSubstring("console")))
	})

	It("says that the certificate is for other names", func() {
		listener, err := net.Listen("tcp", "127.0.0.2:0")
		if err != nil {
			Skip("there is no second loopback address here")
		}
		elsewhere := httptest.NewUnstartedServer(http.NotFoundHandler())
		Expect(elsewhere.Listener.Close()).To(Succeed())
		elsewhere.Listener, elsewhere.TLS = listener, &tls.Config{Certificates: []tls.Certificate{v.directory.Server}}
		elsewhere.StartTLS()
		DeferCleanup(elsewhere.Close)
		Expect(refused(func(c *client.Config) { c.URL = elsewhere.URL })).To(And(ContainSubstring("other names"), ContainSubstring("localhost")))
	})

	It("says that the connection was cut, or that no answer came in time", func() {
		cut := server(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		Expect(refused(func(c *client.Config) { c.URL = cut.URL })).To(ContainSubstring("cut the connection"))
		gate := make(chan struct{})
		slow := server(func(http.ResponseWriter, *http.Request) { <-gate })
		Expect(refused(func(c *client.Config) { c.URL, c.Timeout = slow.URL, 50*time.Millisecond })).To(ContainSubstring("did not answer within 50ms"))
		close(gate)
	})

	DescribeTable("refuses a URL that is none", func(address string) {
		config := client.Of(v.directory, v.issuer())
		config.Contract, config.URL = v.contract, address
		_, err := client.New(config)
		Expect(err).To(MatchError(ContainSubstring("https://127.0.0.1:8443")))
	}, Entry("no scheme", "127.0.0.1:8443"), Entry("empty", ""), Entry("another scheme", "ftp://a"), Entry("a query", "https://a/?x=1"), Entry("broken", "https://a:b"))

	It("plays only issuers whose private keys are there", func() {
		config := client.Of(v.directory, v.issuer())
		copied := *config.Issuer
		copied.Signing.Key = nil
		config.Contract, config.URL, config.Issuer = v.contract, v.server.URL, &copied
		_, err := client.New(config)
		Expect(err).To(MatchError(ContainSubstring("private keys")))
	})
})
