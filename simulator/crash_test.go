package simulator_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/client"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// How much is going on when the process is killed.
const (
	crashTokens = 200
	crashRounds = 10 // calls per token: 2,000 in all
	crashAfter  = crashTokens * crashRounds / 2
)

var _ = Describe("vtsim serve, killed in the middle of 2,000 concurrent lifecycle calls", Ordered, func() {
	var c *crash
	BeforeAll(func() { c = newCrash("") })

	It("loses no acknowledged change, and neither journal nor notifications disagree with the tokens", func(ctx SpecContext) {
		first := c.serve()
		c.hammer(ctx, first)
		Expect(c.acknowledged()).To(BeNumerically(">=", crashAfter))
		Expect(c.acknowledged()).To(BeNumerically("<", crashTokens*crashRounds), "the kill came too late to be in the middle")
		again := c.serve()
		c.compareOverHTTP(ctx, again)
		again.interrupt()
		c.compareInVault()
	}, SpecTimeout(2*time.Minute))
})

// crash is a data directory on disk whose simulator will be killed.
type crash struct {
	contract  *contract.Contract
	directory *keys.Directory
	binary    string
	tokens    []*hammered
}

// hammered is one token and what its caller knows of it. Calls about one
// token follow each other: suspend, resume, suspend, …
type hammered struct {
	token token.Token
	// acknowledged are the X-REQUEST-IDs answered with success, in order;
	// inFlight is the one whose answer never came, "" without one.
	acknowledged []string
	inFlight     string
}

func newCrash(endpoint string) *crash {
	GinkgoHelper()
	c := &crash{}
	var err error
	c.contract, err = contract.Load()
	Expect(err).NotTo(HaveOccurred())
	c.binary, err = gexec.Build("github.com/vtsim/vtsim/cmd/vtsim")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(gexec.CleanupBuildArtifacts)
	c.directory = onDisk(c.contract, endpoint)
	c.fill()
	return c
}

// onDisk is a data directory in a temporary folder, with keys made before, of
// an issuer whose endpoint is there; "" is the usual one.
func onDisk(c *contract.Contract, endpoint string) *keys.Directory {
	GinkgoHelper()
	spares, err := keys.NewSpares(fixturekeys.Spare(), keys.Generated{})
	Expect(err).NotTo(HaveOccurred())
	settings := keys.Settings{Facts: keys.FactsOf(c), Keys: spares}
	dir := filepath.Join(GinkgoT().TempDir(), "data")
	_, err = keys.Init(context.Background(), dir, keys.InitOptions{Settings: settings, Endpoint: endpoint})
	Expect(err).NotTo(HaveOccurred())
	directory, err := keys.LoadDirectory(dir, settings)
	Expect(err).NotTo(HaveOccurred())
	return directory
}

func (c *crash) issuer() *keys.Issuer { return c.directory.Issuers[keys.DefaultIssuer] }

// open opens the vault while no simulator runs.
func (c *crash) open() vault.Vault {
	GinkgoHelper()
	v, err := vault.Open(context.Background(), vault.Options{File: filepath.Join(c.directory.Path, "vtsim.db"), Key: c.directory.VaultKey})
	Expect(err).NotTo(HaveOccurred())
	return v
}

// fill puts the tokens, all active, into the vault.
func (c *crash) fill() {
	GinkgoHelper()
	samples, err := fixtures.Load()
	Expect(err).NotTo(HaveOccurred())
	v := c.open()
	defer func() { Expect(v.Close()).To(Succeed()) }()
	now := time.Now()
	Expect(v.PutIssuer(context.Background(), inbound.Registered(c.issuer(), now))).To(Succeed())
	pan := vault.PAN{ReferenceID: "V-0000000000000000000001", Number: "4000000010000018", CreatedAt: now, UpdatedAt: now}
	Expect(v.Update(context.Background(), c.issuer().Name, func(tx vault.Tx) error {
		if err := tx.PutPAN(pan); err != nil {
			return err
		}
		for i := range crashTokens {
			number := samples.TokenRange + fmt.Sprintf("%09d", i)
			t, err := tx.PutToken(token.Token{Issuer: c.issuer().Name, ReferenceID: fmt.Sprintf("DNITHE%018d", i), RequestorID: "40010030273", PANReferenceID: pan.ReferenceID,
				Number: number + string(fixtures.CheckDigit(number)), Type: "SECURE_ELEMENT", Status: "ACTIVE", EntityOfLastAction: token.TokenRequestor,
				Expiration: token.Expiration{Month: "11", Year: "2034"}, CreatedAt: now, ActivatedAt: now, StatusUpdatedAt: now})
			if err != nil {
				return err
			}
			c.tokens = append(c.tokens, &hammered{token: t})
		}
		return nil
	})).To(Succeed())
}

// server is one run of the binary.
type server struct {
	url     string
	console string
	command *exec.Cmd
	done    chan struct{}
}

// serve starts the binary and waits for its ready line.
func (c *crash) serve() *server {
	GinkgoHelper()
	s := &server{done: make(chan struct{}), command: exec.Command(c.binary, "serve", "--data", c.directory.Path, "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0", "--log", "json")}
	s.command.Stderr = GinkgoWriter
	out, err := s.command.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(s.command.Start()).To(Succeed())
	DeferCleanup(s.kill)
	reader := bufio.NewReader(out)
	line, err := reader.ReadBytes('\n')
	Expect(err).NotTo(HaveOccurred(), "the simulator ended before it was ready")
	var ready struct{ API, Console string }
	Expect(json.Unmarshal(line, &ready)).To(Succeed(), string(line))
	s.url, s.console = ready.API, ready.Console
	go func() {
		defer close(s.done)
		_, _ = io.Copy(io.Discard, reader)
		_ = s.command.Wait()
	}()
	return s
}

// kill is kill -9: the process gets no chance to finish anything.
func (s *server) kill() {
	_ = s.command.Process.Kill()
	<-s.done
}

// interrupt lets the process finish.
func (s *server) interrupt() {
	GinkgoHelper()
	Expect(s.command.Process.Signal(os.Interrupt)).To(Succeed())
	Eventually(s.done, 30*time.Second).Should(BeClosed())
	Expect(s.command.ProcessState.ExitCode()).To(BeZero())
}

// caller is a client with connections of its own.
func (c *crash) caller(s *server) *client.Client {
	GinkgoHelper()
	config := client.Of(c.directory, c.issuer())
	config.Contract, config.URL, config.Timeout = c.contract, s.url, 30*time.Second
	made, err := client.New(config)
	Expect(err).NotTo(HaveOccurred())
	return made
}

// hammer calls about all tokens at once and kills the server when half of the
// calls have been answered.
func (c *crash) hammer(ctx context.Context, s *server) {
	GinkgoHelper()
	caller := c.caller(s)
	defer caller.Close()
	var answered atomic.Int64
	var group sync.WaitGroup
	for _, h := range c.tokens {
		group.Go(func() {
			defer GinkgoRecover()
			for round := range crashRounds {
				if !c.act(ctx, caller, h, round) {
					return
				}
				if answered.Add(1) == crashAfter {
					s.kill()
				}
			}
		})
	}
	group.Wait()
}

// act makes the next call about the token and tells whether it was answered.
func (c *crash) act(ctx context.Context, caller *client.Client, h *hammered, round int) bool {
	op, err := c.contract.Operation("tokenLifecycle")
	Expect(err).NotTo(HaveOccurred())
	draft, err := client.NewDraft(op)
	Expect(err).NotTo(HaveOccurred())
	Expect(draft.Assign(append(of(h.token), "operationReason=crash", "operationType="+[]string{"SUSPEND", "RESUME"}[round%2])...)).To(Succeed())
	call, err := caller.Prepare(draft)
	Expect(err).NotTo(HaveOccurred())
	h.inFlight = call.Header.Get("X-REQUEST-ID")
	answer, err := caller.Send(ctx, call)
	if err != nil {
		return false
	}
	Expect(answer.OK()).To(BeTrue(), "%d %s %s", answer.Status, answer.Reason(), answer.Message())
	h.acknowledged, h.inFlight = append(h.acknowledged, h.inFlight), ""
	return true
}

func (c *crash) acknowledged() int {
	total := 0
	for _, h := range c.tokens {
		total += len(h.acknowledged)
	}
	return total
}

// permitted are the states that the token may be in: that of the last
// acknowledged change, or of the one whose answer never came.
func (h *hammered) permitted() []string {
	states := []string{"ACTIVE", "SUSPENDED"}
	permitted := []string{states[len(h.acknowledged)%2]}
	if h.inFlight != "" {
		permitted = append(permitted, states[(len(h.acknowledged)+1)%2])
	}
	return permitted
}

// compareOverHTTP asks the restarted simulator for the tokens, as an issuer would.
func (c *crash) compareOverHTTP(ctx context.Context, s *server) {
	GinkgoHelper()
	caller := c.caller(s)
	defer caller.Close()
	op, err := c.contract.Operation("tokenInquiryByPAN")
	Expect(err).NotTo(HaveOccurred())
	draft, err := client.NewDraft(op)
	Expect(err).NotTo(HaveOccurred())
	Expect(draft.Assign("panReferenceID=" + c.tokens[0].token.PANReferenceID)).To(Succeed())
	call, err := caller.Prepare(draft)
	Expect(err).NotTo(HaveOccurred())
	answer, err := caller.Send(ctx, call)
	Expect(err).NotTo(HaveOccurred())
	Expect(answer.OK()).To(BeTrue(), string(answer.Body))
	byReference := map[string]*hammered{}
	for _, h := range c.tokens {
		byReference[h.token.ReferenceID] = h
	}
	details := answer.Value.(map[string]any)["tokenDetails"].([]any)
	Expect(details).To(HaveLen(100))
	for _, element := range details {
		detail := element.(map[string]any)
		reference := detail["tokenReferenceID"].(string)
		Expect(byReference[reference].permitted()).To(ContainElement(detail["tokenStatus"]), reference)
	}
}

// compareInVault compares all tokens with the journal and with what is queued.
func (c *crash) compareInVault() {
	GinkgoHelper()
	v := c.open()
	defer func() { Expect(v.Close()).To(Succeed()) }()
	// Journal rows of changes, by token and by X-REQUEST-ID; and how often
	// each was made known.
	changes, told := map[string]map[string]string{}, map[string]int{}
	for _, row := range trafficOf(v, c.issuer().Name) {
		if row.Operation == "tokenLifecycle" && row.Response.Status == 200 {
			reference := strings.Split(row.Request.Path, "/")[6]
			if changes[reference] == nil {
				changes[reference] = map[string]string{}
			}
			changes[reference][requestID(row)] = row.ID
		}
	}
	for _, n := range notificationsOf(v, c.issuer().Name) {
		told[n.TokenID+" "+n.Cause]++
	}
	total := 0
	for _, h := range c.tokens {
		stored, err := v.FindToken(context.Background(), c.issuer().Name, h.token.ReferenceID)
		Expect(err).NotTo(HaveOccurred())
		Expect(h.permitted()).To(ContainElement(string(stored.Status)), stored.ReferenceID)
		made := changes[stored.ReferenceID]
		Expect(int(stored.Version-h.token.Version)).To(Equal(len(made)), "%s: as many changes as journal rows", stored.ReferenceID)
		for _, id := range h.acknowledged {
			Expect(made).To(HaveKey(id), "%s: an acknowledged change has no journal row", stored.ReferenceID)
		}
		for id, row := range made {
			Expect(append(h.acknowledged, h.inFlight)).To(ContainElement(id))
			Expect(told[stored.ReferenceID+" "+row]).To(Equal(1), "%s: each change is told exactly once", stored.ReferenceID)
		}
		total += len(made)
	}
	Expect(told).To(HaveLen(total), "nothing is told that did not happen")
}
