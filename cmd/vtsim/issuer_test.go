package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// output is a writer that another goroutine reads.
type output struct {
	mu sync.Mutex
	bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Buffer.Write(p)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.String()
}

var _ = Describe("vtsim issuer", func() {
	run := func(ctx context.Context, out *output, args ...string) int {
		return run(ctx, append([]string{"issuer"}, args...), environment{in: &bytes.Buffer{}, out: out, err: out, getenv: func(string) string { return "" }})
	}

	It("lists its defects with the rules that they break", func(ctx SpecContext) {
		out := &output{}
		Expect(run(ctx, out, "--list-defects")).To(Equal(exitOK))
		Expect(out.text()).To(MatchRegexp(`envelope-tag-not-checked\s+envelope/outbound#tampered-refused`))
	})

	It("says how to get a data directory when there is none", func(ctx SpecContext) {
		out := &output{}
		Expect(run(ctx, out, "--data", filepath.Join(GinkgoT().TempDir(), "none"))).To(Equal(exitUsage))
		Expect(out.text()).To(ContainSubstring("vtsim init"))
	})

	It("prints one ready line with its addresses, and stops when it is told to", func(ctx SpecContext) {
		running, stop := context.WithCancel(ctx)
		defer stop()
		out, ended := &output{}, make(chan int, 1)
		go func() {
			defer GinkgoRecover()
			ended <- run(running, out, "--data", filepath.FromSlash("../../fixtures/keys/testonly"), "--issuer", "demo-bank", "--log", "json",
				"--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--defect", "answer-with-pan")
		}()
		Eventually(out.text).Should(ContainSubstring(`"ready":true`))
		ready := map[string]any{}
		Expect(json.NewDecoder(bytes.NewBufferString(out.text())).Decode(&ready)).To(Succeed())
		Expect(ready).To(HaveKeyWithValue("endpoint", HavePrefix("https://127.0.0.1:")))
		Expect(ready).To(HaveKeyWithValue("control", HavePrefix("http://127.0.0.1:")))
		Expect(ready).To(HaveKeyWithValue("defects", ConsistOf("answer-with-pan")))
		stop()
		Eventually(ended).Should(Receive(Equal(exitOK)))
	})
})
