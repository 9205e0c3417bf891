package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// served is a vtsim serve that is ready.
type served struct {
	line string // what it printed
	stop func() result
}

// serve runs vtsim serve until stop; env are variables.
func serve(env map[string]string, args ...string) served {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(context.Background())
	DeferCleanup(cancel)
	read, write := io.Pipe()
	var errs bytes.Buffer
	code := make(chan int, 1)
	go func() {
		defer GinkgoRecover()
		code <- run(ctx, append([]string{"serve"}, args...), environment{in: strings.NewReader(""), out: write, err: &errs, getenv: func(name string) string { return env[name] }})
		write.Close()
	}()
	lines := bufio.NewReader(read)
	line, err := lines.ReadString('\n')
	if err != nil {
		Fail("serve did not become ready: " + errs.String())
	}
	return served{line: line, stop: func() result {
		cancel()
		rest, err := io.ReadAll(lines)
		Expect(err).NotTo(HaveOccurred())
		return result{<-code, line + string(rest), errs.String()}
	}}
}

// urls are what a ready line in JSON says.
func (s served) urls() (ready struct {
	Ready               bool
	API, Console, Plain string
	Data                string
	ReadyMs             *int64
}) {
	GinkgoHelper()
	Expect(json.Unmarshal([]byte(s.line), &ready)).To(Succeed(), s.line)
	return ready
}

func healthy(console string) bool {
	GinkgoHelper()
	response, err := http.Get(console + "/readyz")
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

var _ = Describe("vtsim serve", func() {
	anywhere := []string{"--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"}

	It("makes a data directory, prints one line with all URLs, serves, and ends well", func() {
		dir := filepath.Join(GinkgoT().TempDir(), "data")
		s := serve(nil, append(anywhere, "--data", dir, "--log", "json", "--plain", "--plain-listen", "127.0.0.1:0")...)
		ready := s.urls()
		Expect(ready.Ready).To(BeTrue())
		Expect(ready.API).To(HavePrefix("https://127.0.0.1:"))
		Expect(ready.Plain).To(HavePrefix("http://127.0.0.1:"))
		Expect(ready.Data).To(Equal(dir))
		Expect(ready.ReadyMs).NotTo(BeNil())
		Expect(healthy(ready.Console)).To(BeTrue())
		r := s.stop()
		Expect(r.code).To(BeZero(), r.err)
		Expect(r.out).To(Equal(s.line), "nothing but the one line")
		Expect(filepath.Join(dir, "vtsim.db")).To(BeAnExistingFile())
		again := serve(nil, append(anywhere, "--data", dir)...)
		Expect(again.line).To(MatchRegexp(`^ready in \S+: API https://\S+ \(mutual TLS\), console http://\S+, data \S+\n$`))
		Expect(again.stop().code).To(BeZero())
	})

	It("needs no data directory to be ephemeral", func() {
		dir := filepath.Join(GinkgoT().TempDir(), "none")
		s := serve(nil, append(anywhere, "--data", dir, "--ephemeral", "--log", "json")...)
		Expect(healthy(s.urls().Console)).To(BeTrue())
		Expect(s.stop().code).To(BeZero())
		Expect(dir).NotTo(BeADirectory())
	})

	Context("with a config.yaml", func() {
		var dir string
		configure := func(text string) {
			GinkgoHelper()
			Expect(os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600)).To(Succeed())
		}
		BeforeEach(func() { dir = made() })

		It("goes by it, and flags win", func() {
			configure("listen: 127.0.0.1:0\nconsole: 127.0.0.1:0\nlog: json\n")
			s := serve(nil, "--data", dir)
			Expect(healthy(s.urls().Console)).To(BeTrue())
			Expect(s.stop().code).To(BeZero())
			configure("listen: nowhere:1\nconsole: 127.0.0.1:0\nlog: json\n")
			s = serve(nil, "--data", dir, "--listen", "127.0.0.1:0", "--log", "text")
			Expect(s.line).To(HavePrefix("ready in "))
			Expect(s.stop().code).To(BeZero())
		})

		DescribeTable("refuses what it does not understand", func(text string, parts ...string) {
			configure(text)
			refused(vtsim("serve", "--data", dir), append(parts, "config.yaml")...)
		},
			Entry("an unknown key", "listen: 127.0.0.1:0\nlisen: x\n", "config.yaml:2", `"lisen"`, "console"),
			Entry("no YAML", "listen: [", "line 1"),
			Entry("another kind of value", "plain: maybe\n", "line 1"),
			Entry("another database", "database: postgres://x\n", "database"),
		)
	})

	DescribeTable("says why it does not start", func(args []string, parts ...string) {
		refused(vtsim(append([]string{"serve", "--ephemeral", "--data", filepath.Join(GinkgoT().TempDir(), "none")}, args...)...), parts...)
	},
		Entry("plain HTTP beyond loopback", []string{"--plain", "--plain-listen", "0.0.0.0:0"}, "loopback only"),
		Entry("a console beyond loopback without token", []string{"--console", "0.0.0.0:0"}, "bearer token"),
		Entry("an address that is none", []string{"--listen", "127.0.0.1:http:x"}, "127.0.0.1:http:x"),
		Entry("an unknown knob", []string{"--knob", "beLenient"}, "beLenient"),
	)

	It("takes the console's token from the environment, and does not show it in the help", func() {
		token := map[string]string{"VTSIM_CONSOLE_TOKEN": "sesame-1234"}
		s := serve(token, append(anywhere, "--ephemeral", "--data", filepath.Join(GinkgoT().TempDir(), "none"), "--log", "json")...)
		response, err := http.Get(s.urls().Console + "/api/v1/clock")
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Body.Close()).To(Succeed())
		Expect(response.StatusCode).To(Equal(http.StatusUnauthorized))
		Expect(s.stop().code).To(BeZero())
		var out bytes.Buffer
		Expect(run(context.Background(), []string{"serve", "--help"}, environment{out: &out, err: &out, getenv: func(name string) string { return token[name] }})).To(BeZero())
		Expect(out.String()).To(ContainSubstring("--console-token"))
		Expect(out.String()).NotTo(ContainSubstring("sesame"))
	})
})
