package simulator_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator"
)

var _ = It("serves a client that is not ours and has nothing but the files of the data directory (p.26-45)", func(ctx SpecContext) {
	node, err := exec.LookPath("node")
	if err != nil {
		Expect(os.Getenv("CI")).To(BeEmpty(), "CI must have node: the proof that another client than ours is understood may not be skipped there")
		Skip("there is no node here, which the client of this test is written for")
	}
	spec, err := contract.Load()
	Expect(err).NotTo(HaveOccurred())
	directory := onDisk(spec, "")
	s, err := simulator.New(ctx, simulator.Config{Directory: directory, Settings: keys.Settings{Facts: keys.FactsOf(spec)}})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx context.Context) { Expect(s.Close(ctx)).To(Succeed()) })
	Expect(s.Start()).To(Succeed())

	// What a real issuer would not have must not be needed.
	files := filepath.Join(GinkgoT().TempDir(), "issuer")
	Expect(os.CopyFS(files, os.DirFS(directory.Path))).To(Succeed())
	for _, secret := range []string{"vault.key", "pki/ca.key", "pki/server.key", "pki/client.key", "visa/encryption.key", "visa/signing.key", "vtsim.db"} {
		Expect(os.Remove(filepath.Join(files, secret))).To(Succeed())
	}
	command := exec.CommandContext(ctx, node, "testdata/client.mjs", files, keys.DefaultIssuer, s.URL(), s.ConsoleURL())
	command.Stderr = GinkgoWriter
	out, err := command.Output()
	Expect(err).NotTo(HaveOccurred())
	Expect(out).To(MatchJSON(`{
		"tokenInquiry": {"status": 200, "tokenStatus": "ACTIVE", "sameToken": true, "panReferenceID": true, "lastFourOfPAN": true},
		"suspend": {"status": 200, "body": null, "tokenStatus": "SUSPENDED", "entityOfLastAction": "ISSUER"},
		"suspendTwice": {"status": 400, "reason": "VSE40002"},
		"resume": {"status": 200, "body": null, "tokenStatus": "ACTIVE"},
		"tokenInquiryByPAN": {"status": 200, "found": [true]},
		"panLifecycle": {"status": 200, "body": null, "panExpirationDate": {"month": "07", "year": "2041"}},
		"wrongPayToken": {"status": 401, "reason": "Unauthorized"},
		"withoutCertificate": "no connection"
	}`))
}, SpecTimeout(2*time.Minute))
