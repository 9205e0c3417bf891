package console_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("a snapshot", func() {
	var l *lab
	BeforeEach(func() {
		GinkgoT().Setenv("TMPDIR", GinkgoT().TempDir())
		l = newLab()
	})

	It("brings everything back as it was, for all issuers, and leaves no file behind", func() {
		reference, theirs := l.givenToken(bank, nil), l.givenToken(other, nil)
		copied := l.post("/api/v1/snapshot", nil).ok(http.StatusOK)
		Expect(copied.headers.Get("Content-Type")).To(Equal("application/octet-stream"))
		l.post("/api/v1/tokens/"+reference+"/actions", `{"action": "suspend", "by": "ISSUER"}`).ok(http.StatusOK)
		later := l.givenToken(bank, nil)
		l.call(http.MethodDelete, "/api/v1/issuers/second-bank", nil).ok(http.StatusNoContent)

		l.post("/api/v1/restore", copied.raw).ok(http.StatusNoContent)
		Expect(l.get("/api/v1/tokens/" + reference).ok(http.StatusOK).body["tokenStatus"]).To(Equal("ACTIVE"))
		l.get("/api/v1/tokens/"+later).refused(http.StatusNotFound, "tokenReferenceID")
		l.get("/api/v1/tokens/" + theirs + "?issuer=second-bank").ok(http.StatusOK)
		Expect(os.ReadDir(os.Getenv("TMPDIR"))).To(BeEmpty())
	})

	It("holds no PAN and no token number in clear", func() {
		pan := l.number(bank)
		a := l.post("/api/v1/tokens", l.tokenOf(bank, map[string]any{"pan": pan})).ok(http.StatusCreated)
		copied := l.post("/api/v1/snapshot", nil).ok(http.StatusOK)
		Expect(bytes.Contains(copied.raw, []byte(pan))).To(BeFalse())
		Expect(bytes.Contains(copied.raw, []byte(a.body["token"].(string)))).To(BeFalse())
		Expect(bytes.Contains(copied.raw, []byte(a.body["tokenReferenceID"].(string)))).To(BeTrue())
	})

	It("is refused when it is none, or of another vault, and then nothing changes", func() {
		reference := l.givenToken(bank, nil)
		stranger := newLab(func(s *setting) { s.vault.Key = []byte(strings.Repeat("k", 32)) })
		foreign := stranger.post("/api/v1/snapshot", nil).ok(http.StatusOK).raw
		l.post("/api/v1/restore", foreign).refused(http.StatusBadRequest, "", "restore it where its vault.key is")
		l.post("/api/v1/restore", "hello").refused(http.StatusBadRequest, "", "not usable")
		l.post("/api/v1/restore", nil).refused(http.StatusBadRequest, "", "empty")
		own := l.post("/api/v1/snapshot", nil).ok(http.StatusOK).raw
		damaged := append(bytes.Clone(own[:len(own)/2]), bytes.Repeat([]byte{0xff}, 4096)...)
		a := l.post("/api/v1/restore", damaged)
		a.refused(http.StatusBadRequest, "")
		Expect(string(a.raw)).NotTo(ContainSubstring(os.Getenv("TMPDIR")))
		l.get("/api/v1/tokens/" + reference).ok(http.StatusOK)
		Expect(os.ReadDir(os.Getenv("TMPDIR"))).To(BeEmpty())
	})
})

// dead is a vault that answers nothing any more.
type dead struct{ *vault.Store }

var errDead = errors.New("disk full at /secret/path")

func (dead) Issuers(context.Context) ([]vault.Issuer, error) { return nil, errDead }
func (dead) Sizes(context.Context) (vault.Sizes, error)      { return vault.Sizes{}, errDead }
func (dead) Traffic(context.Context, vault.TrafficQuery) ([]vault.Traffic, string, error) {
	panic("unexpected")
}

var _ = Describe("health", func() {
	It("is good while the process serves and the vault answers", func() {
		l := newLab()
		Expect(l.get("/healthz").ok(http.StatusOK).raw).To(MatchJSON(`{"status": "ok"}`))
		Expect(l.get("/readyz").ok(http.StatusOK).raw).To(MatchJSON(`{"status": "ok"}`))
	})

	It("is bad when the vault does not, and nobody is told more than that", func() {
		l := newLab(func(s *setting) { s.config.Vault = dead{} })
		l.get("/healthz").ok(http.StatusOK)
		l.get("/readyz").refused(http.StatusServiceUnavailable, "", "vault")
		a := l.get("/api/v1/issuers")
		a.refused(http.StatusInternalServerError, "", "its log tells why")
		Expect(string(a.raw)).NotTo(ContainSubstring("secret"))
		l.get("/api/v1/traffic").refused(http.StatusInternalServerError, "", "its log tells why")
	})
})

var _ = Describe("metrics", func() {
	It("count the calls, and measure the queue and the journal", func() {
		l := newLab()
		l.console.Served("tokenInquiry", bank, 200, 3*time.Millisecond)
		l.console.Served("tokenInquiry", bank, 200, 5*time.Millisecond)
		l.console.Served("tokenInquiry", other, 401, time.Millisecond)
		l.console.Served("", "", 404, time.Millisecond)
		l.givenToken(bank, map[string]any{"notify": true})
		l.journal(bank, 0)
		l.journal(other, 0)
		l.get("/api/v1/traffic") // the rows are committed by now
		a := l.get("/metrics").ok(http.StatusOK)
		Expect(a.headers.Get("Content-Type")).To(HavePrefix("text/plain"))
		lines := strings.Split(string(a.raw), "\n")
		Expect(lines).To(ContainElements(
			`vtsim_inbound_calls_total{issuer="demo-bank",operation="tokenInquiry",status="200"} 2`,
			`vtsim_inbound_calls_total{issuer="second-bank",operation="tokenInquiry",status="401"} 1`,
			`vtsim_inbound_calls_total{issuer="",operation="",status="404"} 1`,
			`vtsim_inbound_call_duration_seconds_count{operation="tokenInquiry"} 3`,
			`vtsim_inbound_call_duration_seconds_bucket{operation="tokenInquiry",le="0.004"} 2`,
			`vtsim_notifications{issuer="demo-bank",state="pending"} 1`,
			`vtsim_journal_rows 2`,
			HavePrefix("vtsim_journal_bytes "), HavePrefix("go_goroutines "),
		))
	})

	It("say so when the vault cannot be measured", func() {
		l := newLab(func(s *setting) { s.config.Vault = dead{} })
		l.get("/metrics").refused(http.StatusInternalServerError, "", "its log tells why")
	})
})

var _ = Describe("a body", func() {
	It("is bounded in size and depth, and JSON in UTF-8 without tricks", func() {
		l := newLab()
		l.post("/api/v1/reset", `{"issuer": "`+strings.Repeat("x", 1<<20)+`"}`).refused(http.StatusRequestEntityTooLarge, "", "1048576")
		l.post("/api/v1/reset", strings.Repeat("[", 100)+strings.Repeat("]", 100)).refused(http.StatusBadRequest, "", "deeper than 32")
		l.post("/api/v1/reset", "{\"issuer\": \"\xff\"}").refused(http.StatusBadRequest, "", "UTF-8")
		l.post("/api/v1/reset", `{"issuer": "demo-bank"`).refused(http.StatusBadRequest, "", "byte 22")
		l.post("/api/v1/reset", `null`).refused(http.StatusBadRequest, "", "type object")
		l.post("/api/v1/reset", `{"issuer": "demo-bank", "4000000010000018": 1}`).refused(http.StatusBadRequest, "400000******0018", "unknown")
	})
})
