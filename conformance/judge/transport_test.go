package judge_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/simulator/outbound"
)

var _ = Describe("A connection", func() {
	taken := judge.Want{}

	It("breaks the rule about answers when nobody listens", func() {
		s := answering("")
		closed, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		Expect(closed.Close()).To(Succeed())
		s.target.Endpoint = "https://" + closed.Addr().String()
		Expect(s.judged(approve, taken)).To(Equal([]string{"transport#answer-complete"}))
		Expect(s.found[0].Treated).To(Equal("system error, retried"))
	})

	It("breaks the rule about TLS when plain HTTP is spoken", func() {
		s := answering("")
		plain := httptest.NewServer(http.NotFoundHandler())
		DeferCleanup(plain.Close)
		s.target.Endpoint = "https://" + plain.Listener.Addr().String()
		Expect(s.judged(approve, taken)).To(Equal([]string{"transport#tls-required"}))
	})

	It("breaks the rule about certificates when the authority or the name is another", func() {
		s := answering(ok(`{"actionCode":"00"}`))
		right := s.target
		s.target.Roots, s.target.Issuer = x509.NewCertPool(), "other roots"
		Expect(s.judged(approve, taken)).To(Equal([]string{"transport#server-certificate-valid"}))
		s.begin()
		s.target = right
		s.target.ServerName = "elsewhere.example"
		Expect(s.judged(approve, taken)).To(Equal([]string{"transport#server-certificate-valid"}))
	})

	It("breaks the budget alone when there is no answer in time, and nothing when the case gave less time than that", func() {
		j := theWorld().judge
		x := exchangeOf(approve, nil, nil, nil)
		x.Failure = &outbound.Failure{Kind: outbound.FailureTimeout, Message: "no whole answer within 1.5s"}
		Expect(rulesOf(j.Begin(nil).Exchange(1, x, taken))).To(Equal([]string{approve + "/response#budget"}))
		Expect(rulesOf(j.Begin(nil).Exchange(1, x, judge.Want{Deadline: time.Second}))).To(BeEmpty())
		x.Operation = notice
		Expect(rulesOf(j.Begin(nil).Exchange(1, x, taken))).To(Equal([]string{"transport#answer-complete"}))
	})

	DescribeTable("is no finding when this side failed or gave up", func(kind outbound.FailureKind) {
		x := exchangeOf(approve, nil, nil, nil)
		x.Failure = &outbound.Failure{Kind: kind, Message: "ours"}
		Expect(theWorld().judge.Begin(nil).Exchange(1, x, taken)).To(Equal(judge.Ruling{}))
	}, Entry(nil, outbound.FailureSetup), Entry(nil, outbound.FailureCanceled))

	DescribeTable("without a client certificate, of an endpoint that asks for one (INT-180),", func(raw string, rules ...string) {
		s := answering(raw, func(t *tls.Config) { t.ClientAuth = tls.VerifyClientCertIfGiven })
		s.judged(approve, judge.Want{TLSRefused: true}, corrupted("tls/no-client-certificate"))
		Expect(s.broken()).To(HaveExactElements(rules))
	},
		Entry("is refused by a gateway with 400", answer(400, "<html>No required SSL certificate was sent</html>", "Content-Type: text/html")),
		Entry("is refused with 403", answer(403, "")),
		Entry("is answered", ok(`{"actionCode":"00"}`), "transport#mutual-tls-required"),
		Entry("is answered with an error of the operation", answer(400, `{"errorCode":"ISE40000"}`), "transport#mutual-tls-required"),
		Entry("is answered with 404", answer(404, ``), "transport#mutual-tls-required"),
	)

	It("is not mutual TLS when the endpoint never asks, whatever it answers", func() {
		s := answering(answer(401, ""), func(t *tls.Config) { t.ClientAuth = tls.NoClientCert })
		Expect(s.judged(approve, judge.Want{TLSRefused: true}, corrupted("tls/no-client-certificate"))).To(Equal([]string{"transport#mutual-tls-required"}))
	})
})
