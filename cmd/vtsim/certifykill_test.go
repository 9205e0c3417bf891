package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// asCommand makes the test binary the command that it tests: for what only a
// process of its own can show.
const asCommand = "VTSIM_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

var _ = Describe("vtsim certify that is killed", func() {
	It("leaves a Result that can be read and says that it is a part, and nothing of an earlier run", func() {
		out := GinkgoT().TempDir()
		file, stale := filepath.Join(out, "result.json"), filepath.Join(out, "junit.xml")
		Expect(os.WriteFile(stale, []byte("of yesterday"), 0o600)).To(Succeed())
		command := exec.Command(os.Args[0], at(issuerWith(), "--out", out, "--seed", "kill")...)
		command.Env = append(os.Environ(), asCommand+"=1")
		Expect(command.Start()).To(Succeed())
		Eventually(func() error {
			_, err := os.Stat(file)
			return err
		}).Within(time.Minute).Should(Succeed())
		Expect(command.Process.Kill()).To(Succeed())
		Expect(command.Wait()).To(MatchError(ContainSubstring("killed")))
		r := readResult(file)
		Expect(r.Interrupted).To(BeTrue())
		Expect(r.Cases).NotTo(BeEmpty())
		Expect(r.Plan.Seed).To(Equal("kill"))
		Expect(stale).NotTo(BeAnExistingFile())
	})
})
