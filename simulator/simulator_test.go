package simulator_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator"
	"github.com/vtsim/vtsim/simulator/client"
	"github.com/vtsim/vtsim/simulator/vault"
)

// place is a data directory on disk and the simulators that run on it, one
// after the other.
type place struct {
	path     string
	contract *contract.Contract
	settings keys.Settings
}

func newPlace() *place {
	GinkgoHelper()
	p := &place{path: filepath.Join(GinkgoT().TempDir(), "data")}
	Expect(copyDirectory(p.path)).To(Succeed())
	var err error
	p.contract, err = contract.Load()
	Expect(err).NotTo(HaveOccurred())
	spares, err := keys.NewSpares(fixturekeys.Spare(), nil)
	Expect(err).NotTo(HaveOccurred())
	p.settings = keys.Settings{Facts: keys.FactsOf(p.contract), Keys: spares}
	return p
}

// copyDirectory writes the throw-away keys as a data directory.
func copyDirectory(path string) error {
	if err := os.CopyFS(path, fixturekeys.TestOnly()); err != nil {
		return err
	}
	return filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			err = os.Chmod(name, 0o600)
		}
		return err
	})
}

func (p *place) directory() *keys.Directory {
	GinkgoHelper()
	directory, err := keys.LoadDirectory(p.path, p.settings)
	Expect(err).NotTo(HaveOccurred())
	return directory
}

// run starts a simulator on the directory; the test closes it or lets it be.
func (p *place) run(change ...func(*simulator.Config)) *running {
	GinkgoHelper()
	r := &running{place: p, directory: p.directory()}
	config := simulator.Config{Directory: r.directory, Settings: p.settings}
	for _, c := range change {
		c(&config)
	}
	var err error
	r.Simulator, err = simulator.New(context.Background(), config)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { r.Close(context.Background()) })
	Expect(r.Start()).To(Succeed())
	return r
}

type running struct {
	*simulator.Simulator
	place     *place
	directory *keys.Directory
}

// suspend lets an issuer suspend a token, over mutual TLS.
func (r *running) suspend(issuer *keys.Issuer, reference string) (*client.Answer, error) {
	GinkgoHelper()
	config := client.Of(r.directory, issuer)
	config.Contract, config.URL, config.Now = r.place.contract, r.URL(), r.Clock().Now
	caller, err := client.New(config)
	Expect(err).NotTo(HaveOccurred())
	defer caller.Close()
	op, err := r.place.contract.Operation("tokenLifecycle")
	Expect(err).NotTo(HaveOccurred())
	draft, err := client.NewDraft(op)
	Expect(err).NotTo(HaveOccurred())
	Expect(draft.Assign("tokenRequestorID=40010075001", "tokenReferenceID="+reference, "operatorID=tester", "operationType=SUSPEND", "operationReason=test")).To(Succeed())
	call, err := caller.Prepare(draft)
	Expect(err).NotTo(HaveOccurred())
	return caller.Send(context.Background(), call)
}

// manage calls the console and returns status and body.
func (r *running) manage(method, path, body string) (int, string) {
	GinkgoHelper()
	request, err := http.NewRequest(method, r.ConsoleURL()+path, strings.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	return response.StatusCode, string(content)
}

// madeToken makes an active token in the console and returns its reference.
func (r *running) madeToken(issuer, pan string) string {
	GinkgoHelper()
	status, body := r.manage(http.MethodPost, "/api/v1/tokens", fmt.Sprintf(
		`{"issuer": %q, "pan": %q, "tokenRequestorID": "40010075001", "tokenType": "HCE", "tokenStatus": "ACTIVE"}`, issuer, pan))
	Expect(status).To(Equal(http.StatusCreated), body)
	var made struct {
		Reference string `json:"tokenReferenceID"`
	}
	Expect(json.Unmarshal([]byte(body), &made)).To(Succeed())
	return made.Reference
}

// pan is a card of the directory's first issuer.
const pan = "4000000010000018"

var _ = Describe("a simulator", func() {
	var p *place
	BeforeEach(func() { p = newPlace() })

	It("takes free ports and serves APIs and console on them", func() {
		r := p.run(func(c *simulator.Config) { c.Plain = "127.0.0.1:0" })
		Expect(r.URL()).To(MatchRegexp(`^https://127\.0\.0\.1:[1-9][0-9]+$`))
		Expect(r.ConsoleURL()).To(MatchRegexp(`^http://127\.0\.0\.1:[1-9][0-9]+$`))
		Expect(r.PlainURL()).To(MatchRegexp(`^http://127\.0\.0\.1:[1-9][0-9]+$`))
		status, _ := r.manage(http.MethodGet, "/readyz", "")
		Expect(status).To(Equal(http.StatusOK))
		answer, err := r.suspend(r.directory.Issuers["demo-bank"], r.madeToken("demo-bank", pan))
		Expect(err).NotTo(HaveOccurred())
		Expect(answer.Status).To(Equal(http.StatusOK))
		second := newPlace().run() // beside the first one
		Expect(second.URL()).NotTo(Equal(r.URL()))
		response, err := http.Get(r.PlainURL() + "/vtis/v1/nothing")
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Body.Close()).To(Succeed())
		Expect(response.StatusCode).To(Equal(http.StatusNotFound))
	})

	It("speaks TLS 1.2 and 1.3, and nothing older (p.35)", func() {
		r := p.run()
		shake := func(version uint16) error {
			connection, err := tls.Dial("tcp", strings.TrimPrefix(r.URL(), "https://"), &tls.Config{RootCAs: r.directory.CA.Pool(),
				Certificates: []tls.Certificate{r.directory.Issuers["demo-bank"].Client.TLS()}, MinVersion: tls.VersionTLS10, MaxVersion: version})
			if err != nil {
				return err
			}
			defer connection.Close()
			Expect(connection.ConnectionState().Version).To(Equal(version))
			return nil
		}
		Expect(shake(tls.VersionTLS10)).To(MatchError(ContainSubstring("protocol version")))
		Expect(shake(tls.VersionTLS11)).To(MatchError(ContainSubstring("protocol version")))
		Expect(shake(tls.VersionTLS12)).To(Succeed())
		Expect(shake(tls.VersionTLS13)).To(Succeed())
	})

	DescribeTable("answers no HTTP to who shows no client certificate that it trusts (p.34)", func(version uint16, shown func() []tls.Certificate, alert string) {
		r := p.run()
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: r.directory.CA.Pool(), Certificates: shown(), MaxVersion: version}}
		defer transport.CloseIdleConnections()
		_, err := (&http.Client{Transport: transport}).Get(r.URL() + "/vtis/v1/nothing")
		Expect(err).To(MatchError(ContainSubstring(alert)))
	},
		Entry("none, TLS 1.2", uint16(tls.VersionTLS12), func() []tls.Certificate { return nil }, "handshake failure"),
		Entry("none, TLS 1.3", uint16(tls.VersionTLS13), func() []tls.Certificate { return nil }, "certificate required"),
		Entry("one that nobody signed, TLS 1.3", uint16(tls.VersionTLS13), func() []tls.Certificate {
			directory, err := keys.LoadFS(fixturekeys.TestOnly(), keys.Settings{Facts: keys.FactsOf(mustContract())})
			Expect(err).NotTo(HaveOccurred())
			return []tls.Certificate{directory.Issuers["demo-bank"].Signing.TLS()} // signs itself
		}, "certificate"),
	)

	DescribeTable("keeps what has no protection of its own on loopback", func(change func(*simulator.Config), parts ...string) {
		config := simulator.Config{Directory: p.directory(), Settings: p.settings, Ephemeral: true}
		change(&config)
		_, err := simulator.New(context.Background(), config)
		for _, part := range parts {
			Expect(err).To(MatchError(ContainSubstring(part)))
		}
	},
		Entry("plain HTTP on all addresses", func(c *simulator.Config) { c.Plain = "0.0.0.0:0" }, "loopback only", "0.0.0.0:0"),
		Entry("plain HTTP on all addresses, unsaid", func(c *simulator.Config) { c.Plain = ":8080" }, "loopback only"),
		Entry("plain HTTP on a name", func(c *simulator.Config) { c.Plain = "example.org:8080" }, "loopback only"),
		Entry("a console beyond loopback without token", func(c *simulator.Config) { c.Console = "0.0.0.0:0" }, "bearer token"),
		Entry("a console on all addresses, unsaid", func(c *simulator.Config) { c.Console = ":0" }, "bearer token"),
	)

	It("serves a console beyond loopback to who has the token", func() {
		r := p.run(func(c *simulator.Config) { c.Console, c.ConsoleToken = "0.0.0.0:0", "a-token" })
		status, _ := r.manage(http.MethodGet, "/api/v1/clock", "")
		Expect(status).To(Equal(http.StatusUnauthorized))
	})

	It("needs a directory, and says what keeps it from starting", func() {
		_, err := simulator.New(context.Background(), simulator.Config{})
		Expect(err).To(MatchError(ContainSubstring("key directory")))
		r := p.run(func(c *simulator.Config) { c.Ephemeral = true })
		busy, err := simulator.New(context.Background(), simulator.Config{Directory: p.directory(), Settings: p.settings, Ephemeral: true,
			Listen: strings.TrimPrefix(r.URL(), "https://")})
		Expect(err).NotTo(HaveOccurred())
		Expect(busy.Start()).To(MatchError(ContainSubstring("is another vtsim running?")))
		Expect(busy.Close(context.Background())).To(Succeed())
	})

	It("keeps nothing when it is ephemeral", func() {
		r := p.run(func(c *simulator.Config) { c.Ephemeral = true })
		r.madeToken("demo-bank", pan)
		Expect(r.Close(context.Background())).To(Succeed())
		Expect(filepath.Join(p.path, "vtsim.db")).NotTo(BeAnExistingFile())
	})

	It("counts the calls of issuers, cut ones too", func() {
		r := p.run()
		reference := r.madeToken("demo-bank", pan)
		status, body := r.manage(http.MethodPost, "/api/v1/faults", `{"issuer": "demo-bank", "operation": "tokenLifecycle", "respond": {"drop": true}, "times": 1}`)
		Expect(status).To(Equal(http.StatusCreated), body)
		_, err := r.suspend(r.directory.Issuers["demo-bank"], reference)
		Expect(err).To(HaveOccurred())
		for range 2 {
			_, err = r.suspend(r.directory.Issuers["demo-bank"], reference)
			Expect(err).NotTo(HaveOccurred())
		}
		for _, line := range []string{`status="0"} 1`, `status="200"} 1`, `status="400"} 1`} {
			Eventually(func() string { _, body := r.manage(http.MethodGet, "/metrics", ""); return body }).Should(
				ContainSubstring(`vtsim_inbound_calls_total{issuer="demo-bank",operation="tokenLifecycle",` + line))
		}
	})
})

var _ = Describe("closing a simulator", func() {
	It("finishes the call in flight, ends who waits at the console, and takes no more", func() {
		p := newPlace()
		r := p.run()
		reference := r.madeToken("demo-bank", pan)
		status, body := r.manage(http.MethodPost, "/api/v1/faults",
			`{"issuer": "demo-bank", "operation": "tokenLifecycle", "when": "before-commit", "respond": {"delayMs": 400}, "times": 1}`)
		Expect(status).To(Equal(http.StatusCreated), body)
		answers, waited := make(chan *client.Answer, 1), make(chan int, 1)
		go func() {
			defer GinkgoRecover()
			answer, err := r.suspend(r.directory.Issuers["demo-bank"], reference)
			Expect(err).NotTo(HaveOccurred())
			answers <- answer
		}()
		go func() {
			defer GinkgoRecover()
			status, _ := r.manage(http.MethodGet, "/api/v1/traffic?direction=outbound&wait=30s", "")
			waited <- status
		}()
		Eventually(func() string { _, body := r.manage(http.MethodGet, "/api/v1/faults", ""); return body }).Should(ContainSubstring(`"struck":1`))
		console := strings.TrimPrefix(r.ConsoleURL(), "http://")
		started := time.Now()
		Expect(r.Close(context.Background())).To(Succeed())
		Expect(time.Since(started)).To(BeNumerically("<", 20*time.Second))
		Expect(<-waited).To(Equal(http.StatusOK))
		Expect((<-answers).Status).To(Equal(http.StatusOK))
		_, err := tls.Dial("tcp", console, nil)
		Expect(err).To(MatchError(ContainSubstring("refused")))

		again := p.run()
		_, body = again.manage(http.MethodGet, "/api/v1/tokens/"+reference, "")
		Expect(body).To(ContainSubstring(`"tokenStatus":"SUSPENDED"`))
	})

	It("gives up on calls that outlast its patience", func() {
		r := newPlace().run()
		reference := r.madeToken("demo-bank", pan)
		_, _ = r.manage(http.MethodPost, "/api/v1/faults", `{"respond": {"delayMs": 50000}}`)
		failed := make(chan error, 1)
		go func() {
			defer GinkgoRecover()
			_, err := r.suspend(r.directory.Issuers["demo-bank"], reference)
			failed <- err
		}()
		Eventually(func() string { _, body := r.manage(http.MethodGet, "/api/v1/faults", ""); return body }).Should(ContainSubstring(`"struck":1`))
		impatient, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		Expect(r.Close(impatient)).To(MatchError(context.DeadlineExceeded))
		Eventually(failed).Should(Receive(HaveOccurred()))
	})
})

var _ = Describe("a restart", func() {
	It("finds everything as it was: tokens, issuers of the console, settings", func() {
		p := newPlace()
		first := p.run()
		reference := first.madeToken("demo-bank", pan)
		status, body := first.manage(http.MethodPost, "/api/v1/issuers", `{"name": "ci-bank", "endpoint": "https://ci.example"}`)
		Expect(status).To(Equal(http.StatusCreated), body)
		status, made := first.manage(http.MethodPut, "/api/v1/issuers/demo-bank", `{"settings": {"transitions": {"TOKEN_SUSPEND": {"after": "10m"}}}}`)
		Expect(status).To(Equal(http.StatusOK), made)
		before, err := first.Vault().Issuer(context.Background(), "demo-bank")
		Expect(err).NotTo(HaveOccurred())
		_, token := first.manage(http.MethodGet, "/api/v1/tokens/"+reference, "")
		Expect(first.Close(context.Background())).To(Succeed())

		second := p.run()
		_, again := second.manage(http.MethodGet, "/api/v1/tokens/"+reference, "")
		Expect(again).To(MatchJSON(token))
		after, err := second.Vault().Issuer(context.Background(), "demo-bank")
		Expect(err).NotTo(HaveOccurred())
		Expect(after).To(Equal(before))
		_, cards := second.manage(http.MethodGet, "/api/v1/cards?issuer=ci-bank", "")
		Expect(cards).To(ContainSubstring(`"role":"eligible"`))

		answer, err := second.suspend(madeIssuer(p, body), second.madeToken("ci-bank", cardOf(cards)))
		Expect(err).NotTo(HaveOccurred())
		Expect(answer.Status).To(Equal(http.StatusOK))
	})

	It("takes over what was changed in the directory, and says which range is taken", func() {
		p := newPlace()
		first := p.run()
		status, body := first.manage(http.MethodPost, "/api/v1/issuers", `{"name": "ci-bank", "endpoint": "https://ci.example", "accountRanges": ["400000777"]}`)
		Expect(status).To(Equal(http.StatusCreated), body)
		Expect(first.Close(context.Background())).To(Succeed())
		file := filepath.Join(p.path, "issuers", "demo-bank", "issuer.yaml")
		profile, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		edit := func(old, text string) {
			Expect(string(profile)).To(ContainSubstring(old))
			profile = []byte(strings.ReplaceAll(string(profile), old, text))
			Expect(os.WriteFile(file, profile, 0o600)).To(Succeed())
		}
		edit("https://localhost:9443", "https://moved.example:9443")
		second := p.run()
		_, body = second.manage(http.MethodGet, "/api/v1/issuers/demo-bank", "")
		Expect(body).To(ContainSubstring("moved.example"))
		Expect(second.Close(context.Background())).To(Succeed())

		edit(`- "400000001"`, `- "400000777"`)
		_, err = simulator.New(context.Background(), simulator.Config{Directory: p.directory(), Settings: p.settings})
		Expect(err).To(MatchError(And(ContainSubstring("demo-bank"), ContainSubstring("400000777"), ContainSubstring("delete the other issuer"))))
		Expect(err).To(MatchError(vault.ErrExists))
	})
})

func mustContract() *contract.Contract {
	GinkgoHelper()
	spec, err := contract.Load()
	Expect(err).NotTo(HaveOccurred())
	return spec
}

// cardOf is the first card of a list.
func cardOf(body string) string {
	GinkgoHelper()
	var list struct {
		Items []struct {
			PAN string `json:"pan"`
		} `json:"items"`
	}
	Expect(json.Unmarshal([]byte(body), &list)).To(Succeed())
	return list.Items[0].PAN
}

// madeIssuer is an issuer as a client reads it from the answer that made it.
func madeIssuer(p *place, body string) *keys.Issuer {
	GinkgoHelper()
	var made struct {
		Name, APIKey, SharedSecret, ClientID, SigningKeyID string
		Files                                              map[string]string
	}
	Expect(json.Unmarshal([]byte(body), &made)).To(Succeed())
	files := keys.Files{"issuer.yaml": []byte("name: ci-bank\nendpoint: https://ci.example\n"),
		"credentials.yaml": fmt.Appendf(nil, "apiKey: %q\nsharedSecret: %q\nclientID: %q\nsigningKeyID: %q\n", made.APIKey, made.SharedSecret, made.ClientID, made.SigningKeyID)}
	for name, content := range made.Files {
		files[name] = []byte(content)
	}
	issuer, err := keys.ParseIssuer(made.Name, files, p.directory().CA, p.settings)
	Expect(err).NotTo(HaveOccurred())
	return issuer
}
