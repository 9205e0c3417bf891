package inbound_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/xpay"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/token"
)

// target is a suspension of the token with the query as given, signed as the
// issuer would.
func (l *lab) target(t token.Token, as, query string) *http.Request {
	GinkgoHelper()
	r, err := http.NewRequest(http.MethodPost, l.server.URL+tokenPath(t, "lifecycle")+query, bytes.NewReader(suspension))
	Expect(err).NotTo(HaveOccurred())
	for name, value := range map[string]string{"X-REQUEST-ID": "chain-1", "Accept": "application/json", "Content-Type": "application/json"} {
		r.Header.Set(name, value)
	}
	l.sign(r, as, suspension, l.clock.Now())
	return r
}

var suspension = []byte(`{"operationType":"SUSPEND","operationReason":"lost"}`)

// sign gives the request the x-pay-token of the issuer at the time.
func (l *lab) sign(r *http.Request, as string, content []byte, at time.Time) {
	GinkgoHelper()
	secret := xpay.NewSecret(as, []byte(l.directory.Issuers[as].Credentials.SharedSecret))
	signed, err := xpay.Sign(keys.PayTokenRules(l.contract.Tables.Envelope), secret, at, xpay.CallOf(r, content))
	Expect(err).NotTo(HaveOccurred())
	r.Header.Set("x-pay-token", signed)
}

// signText makes the x-pay-token of a string that the sender put together.
func (l *lab) signText(r *http.Request, text string) {
	mac := hmac.New(sha256.New, []byte(l.directory.Issuers[bank].Credentials.SharedSecret))
	mac.Write([]byte(text))
	r.Header.Set("x-pay-token", fmt.Sprintf("xv2:%d:%x", noon.Unix(), mac.Sum(nil)))
}

// direct gives the request to the handler, past TLS and the network.
func (l *lab) direct(r *http.Request) answer {
	GinkgoHelper()
	recorder := httptest.NewRecorder()
	l.inbound.Handler().ServeHTTP(recorder, r)
	got := answer{status: recorder.Code, headers: recorder.Header(), raw: recorder.Body.String()}
	got.headers.Set("Date", "net/http adds it")
	if got.raw != "" {
		Expect(json.Unmarshal([]byte(got.raw), &got.body)).To(Succeed(), got.raw)
	}
	return got
}

// connect sends the request with client settings of its own.
func (l *lab) connect(r *http.Request, change func(*tls.Config)) (*http.Response, error) {
	config := &tls.Config{RootCAs: l.directory.CA.Pool(), Certificates: []tls.Certificate{l.directory.Issuers[bank].Client.TLS()}, ServerName: "localhost"}
	change(config)
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Do(r)
	if err == nil {
		DeferCleanup(response.Body.Close)
	}
	return response, err
}

// selfSigned is a client certificate that no authority knows.
func selfSigned() tls.Certificate {
	GinkgoHelper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "demo-bank"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	Expect(err).NotTo(HaveOccurred())
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

var _ = Describe("The way in, TLS (p.34-35)", func() {
	var (
		l *lab
		t token.Token
	)
	BeforeEach(func() {
		l = newLab()
		t = l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
	})
	call := func() *http.Request {
		return l.target(t, bank, "?apiKey="+l.directory.Issuers[bank].Credentials.APIKey)
	}

	DescribeTable("serves", func(version uint16) {
		response, err := l.connect(call(), func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version })
		Expect(err).NotTo(HaveOccurred())
		Expect(response.StatusCode).To(Equal(200))
		Expect(response.TLS.Version).To(Equal(version))
	},
		Entry("TLS 1.2", uint16(tls.VersionTLS12)),
		Entry("TLS 1.3", uint16(tls.VersionTLS13)),
	)

	DescribeTable("refuses the handshake", func(change func(*tls.Config), why string) {
		_, err := l.connect(call(), change)
		Expect(err).To(MatchError(ContainSubstring(why)))
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
		Expect(l.traffic("")).To(BeEmpty())
	},
		Entry("of TLS 1.1", func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 }, "protocol version"),
		Entry("of TLS 1.0", func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 }, "protocol version"),
		Entry("without a client certificate", func(c *tls.Config) { c.Certificates = nil }, "certificate required"),
		Entry("without one in TLS 1.2", func(c *tls.Config) { c.Certificates, c.MaxVersion = nil, tls.VersionTLS12 }, "tls:"),
		Entry("with a certificate that nobody signed", func(c *tls.Config) {
			unknown := selfSigned()
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &unknown, nil }
		}, "unknown certificate authority"),
	)
})

var _ = Describe("The way in, credentials (p.27-28, p.31)", func() {
	var (
		l   *lab
		t   token.Token
		key string
	)
	BeforeEach(func() {
		l = newLab()
		t = l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
		key = l.directory.Issuers[bank].Credentials.APIKey
	})

	// refused checks the one answer that every wrong credential gets, and that
	// the reason stands in the journal and nowhere in the answer.
	refused := func(got answer, diagnosis, rule string) {
		GinkgoHelper()
		got.mustRefuse(401, "Unauthorized")
		Expect(got.raw).To(MatchJSON(`{"errorResponse":{"status":401,"reason":"Unauthorized","message":"Authentication credentials were missing or incorrect."}}`))
		Expect(slices.Sorted(maps.Keys(got.headers))).To(Equal([]string{"Content-Language", "Content-Length", "Content-Type", "Date", "X-Response-Id"}))
		Expect(got.headers.Get("X-RESPONSE-ID")).To(Equal("chain-1"))
		row := l.lastRow()
		Expect(row.Response.Status).To(Equal(401))
		Expect(row.Diagnosis).To(ContainSubstring(diagnosis))
		Expect(rulesOf(row)).To(ContainElement(rule))
		Expect(row.Request.Body).To(BeNil(), "a body is not looked into before the caller is known")
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
	}
	const once, known, consistent = "inbound/query#api-key-once", "inbound/query#api-key-known", "transport#inbound-identity-consistent"
	query := func(template string) string { return strings.ReplaceAll(template, "{key}", key) }

	DescribeTable("refuses an apiKey", func(template, diagnosis, rule string) {
		refused(l.send(l.target(t, bank, query(template)), l.directory.Issuers[bank]), diagnosis, rule)
	},
		Entry("that is missing", "", "the query has no apiKey", once),
		Entry("that is empty", "?apiKey=", "apiKey is empty", once),
		Entry("that is given twice", "?apiKey={key}&apiKey={key}", "2 apiKey parameters", once),
		Entry("that is unknown", "?apiKey=unknown", "no issuer has this apiKey", known),
		Entry("spelled apikey, as one sample has it (p.95, INT-003)", "?apikey={key}", `["apikey"], it must be apiKey exactly; the knob acceptAPIKeyInAnyCase`, once),
		Entry("spelled APIKEY", "?APIKEY={key}", `["APIKEY"]`, once),
		Entry("in lower case", "?apiKey=kmrndnnegycenhaoyudfbdaffqjs4xjnkkpibwxhttu4xyegm", "no issuer has this apiKey", known),
	)

	It("takes an apiKey in any capitals where the deployment chose so, but still one only (INT-003)", func() {
		l = newLab(func(c *inbound.Config) { c.Knobs["acceptAPIKeyInAnyCase"] = true })
		t = l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
		refused(l.send(l.target(t, bank, query("?apikey={key}&apiKey={key}")), l.directory.Issuers[bank]), "2 apiKey parameters", once)
		l.mustSucceed("tokenLifecycle", l.send(l.target(t, bank, query("?apikey={key}")), l.directory.Issuers[bank]))
		Expect(l.lastRow().Request.Path).To(HaveSuffix("?apikey=***"))
	})

	It("refuses the client certificate of another issuer, whoever's apiKey and x-pay-token come with it (INT-011)", func() {
		foreign := l.directory.Issuers[other]
		refused(l.send(l.target(t, bank, query("?apiKey={key}")), foreign), "is not the one of issuer demo-bank", consistent)
		refused(l.send(l.target(t, other, "?apiKey="+foreign.Credentials.APIKey), l.directory.Issuers[bank]), "is not the one of issuer second-bank", consistent)
	})

	It("refuses a call without certificate even where TLS let it pass (p.34)", func() {
		r := l.target(t, bank, query("?apiKey={key}"))
		r.TLS = &tls.ConnectionState{}
		refused(l.direct(r), "without a client certificate", "transport#inbound-client-certificate")
	})

	It("asks for no certificate on the plain listener, but for all the rest", func() {
		refused(l.direct(l.target(t, other, query("?apiKey={key}"))), "secret-of-another", "headers/request/x-pay-token#digest")
		l.mustSucceed("tokenLifecycle", l.direct(l.target(t, bank, query("?apiKey={key}"))))
	})

	DescribeTable("refuses an x-pay-token", func(spoil func(*lab, *http.Request), diagnosis, keyword string) {
		r := l.target(t, bank, query("?apiKey={key}"))
		right := r.Header.Get("x-pay-token")
		digest := right[strings.LastIndexByte(right, ':')+1:]
		spoil(l, r)
		sent := r.Header.Get("x-pay-token") + strings.Repeat("-", 24)
		refused(l.send(r, l.directory.Issuers[bank]), diagnosis, "headers/request/x-pay-token#"+keyword)
		row := l.lastRow()
		Expect(row.Issuer).To(Equal(bank))
		shown := fmt.Sprint(row)
		Expect(shown).NotTo(ContainSubstring(digest[:24]), "the expected digest is as good as the credential")
		Expect(shown).NotTo(ContainSubstring(sent[:24]), "and so may be the received one")
		Expect(shown).NotTo(ContainSubstring(l.directory.Issuers[bank].Credentials.SharedSecret))
		Expect(shown).NotTo(ContainSubstring(key))
	},
		Entry("that is missing", func(_ *lab, r *http.Request) { r.Header.Del("x-pay-token") },
			"x-pay-token is missing or empty: send xv2:<epoch seconds>:<64 hexadecimal digits> (p.27)", "required"),
		Entry("that is empty", func(_ *lab, r *http.Request) { r.Header.Set("x-pay-token", "") }, "x-pay-token is missing or empty", "required"),
		Entry("that is there twice, right both times", func(_ *lab, r *http.Request) { r.Header.Add("x-pay-token", r.Header.Get("x-pay-token")) },
			"x-pay-token came 2 times", "single"),
		Entry("of another scheme", func(_ *lab, r *http.Request) { r.Header.Set("x-pay-token", "xv1"+r.Header.Get("x-pay-token")[3:]) }, "[header-scheme]", "pattern"),
		Entry("that is a digest alone", func(_ *lab, r *http.Request) { r.Header.Set("x-pay-token", r.Header.Get("x-pay-token")[15:]) }, "[header-parts]", "pattern"),
		Entry("with digest and timestamp in each other's place", func(_ *lab, r *http.Request) {
			part := strings.Split(r.Header.Get("x-pay-token"), ":")
			r.Header.Set("x-pay-token", part[0]+":"+part[2]+":"+part[1])
		}, "[header-order]", "pattern"),
		Entry("in quotation marks", func(_ *lab, r *http.Request) { r.Header.Set("x-pay-token", `"`+r.Header.Get("x-pay-token")+`"`) }, "[header-quoted]", "pattern"),
		Entry("of more than 256 characters", func(_ *lab, r *http.Request) {
			r.Header.Set("x-pay-token", r.Header.Get("x-pay-token")+strings.Repeat("0", 200))
		}, "[header-too-long]", "maxLength"),
		Entry("with a timestamp in milliseconds", func(_ *lab, r *http.Request) {
			r.Header.Set("x-pay-token", strings.Replace(r.Header.Get("x-pay-token"), "1780315200", "1780315200000", 1))
		}, "[timestamp-milliseconds]", "window"),
		Entry("481 seconds old", func(l *lab, r *http.Request) { l.sign(r, bank, suspension, noon.Add(-481*time.Second)) }, "[clock-behind]", "window"),
		Entry("481 seconds early (INT-130)", func(l *lab, r *http.Request) { l.sign(r, bank, suspension, noon.Add(481*time.Second)) }, "[clock-ahead]", "window"),
		Entry("made with another issuer's secret", func(l *lab, r *http.Request) { l.sign(r, other, suspension, noon) }, "[secret-of-another]", "digest"),
		Entry("made without the body", func(l *lab, r *http.Request) { l.sign(r, bank, nil, noon) }, "[body-omitted]", "digest"),
		Entry("made for another body", func(l *lab, r *http.Request) { l.sign(r, bank, []byte(`{"operationType":"DELETE"}`), noon) }, "none of", "digest"),
		Entry("made before the query was changed", func(_ *lab, r *http.Request) { r.URL.RawQuery += "&more=1" }, "refused (digest)", "digest"),
		Entry("made over the path with its slash", func(l *lab, r *http.Request) {
			l.signText(r, "1780315200"+r.URL.Path+r.URL.RawQuery+string(suspension))
		}, "[path-leading-slash]", "digest"),
		Entry("of nothing at all", func(_ *lab, r *http.Request) { r.Header.Set("x-pay-token", "xv2:1780315200:"+strings.Repeat("0a", 32)) }, "none of", "digest"),
	)

	DescribeTable("takes an x-pay-token to the last second of its window (p.27)", func(age time.Duration) {
		r := l.target(t, bank, query("?apiKey={key}"))
		l.sign(r, bank, suspension, noon.Add(age))
		l.mustSucceed("tokenLifecycle", l.send(r, l.directory.Issuers[bank]))
	},
		Entry("behind", -480*time.Second),
		Entry("ahead", 480*time.Second),
	)

	It("warns of a digest in capitals and takes it (INT-001)", func() {
		r := l.target(t, bank, query("?apiKey={key}"))
		r.Header.Set("x-pay-token", "xv2:"+strings.ToUpper(r.Header.Get("x-pay-token")[4:]))
		l.mustSucceed("tokenLifecycle", l.send(r, l.directory.Issuers[bank]))
		Expect(rulesOf(l.lastRow())).To(ConsistOf("headers/request/x-pay-token#lower-case"))
	})

	It("takes an x-pay-token again, unless the deployment chose single use (INT-001)", func() {
		inquiry := func() answer {
			r := l.target(t, bank, query("?apiKey={key}"))
			return l.send(r, l.directory.Issuers[bank])
		}
		l.mustSucceed("tokenLifecycle", inquiry())
		inquiry().mustRefuse(400, "VSE40002", "operationType")

		l = newLab(func(c *inbound.Config) { c.Knobs["xPayTokenSingleUse"] = true })
		t = l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
		l.mustSucceed("tokenLifecycle", inquiry())
		t = l.token(bank, t.ReferenceID)
		refused(inquiry(), "[token-reused]", "headers/request/x-pay-token#single-use")
	})

	It("goes by new credentials as soon as the vault has them", func() {
		l.mustSucceed("tokenLifecycle", l.send(l.target(t, bank, query("?apiKey={key}")), l.directory.Issuers[bank]))
		t = l.token(bank, t.ReferenceID)
		issuer := l.issuer(bank)
		issuer.SharedSecret = "another-secret-of-the-same-issuer"
		Expect(l.vault.PutIssuer(context.Background(), issuer)).To(Succeed())
		refused(l.send(l.target(t, bank, query("?apiKey={key}")), l.directory.Issuers[bank]), "refused (digest)", "headers/request/x-pay-token#digest")
		issuer = l.issuer(bank)
		issuer.ClientCertificate = l.issuer(other).ClientCertificate
		Expect(l.vault.PutIssuer(context.Background(), issuer)).To(Succeed())
		refused(l.send(l.target(t, bank, query("?apiKey={key}")), l.directory.Issuers[bank]), "is not the one of issuer demo-bank", consistent)
	})
})

var _ = Describe("The server", func() {
	It("refuses a knob that no interpretation has", func() {
		l := newLab()
		_, err := inbound.New(inbound.Config{Contract: l.contract, Vault: l.vault, Fixtures: l.fixtures, Clock: l.clock, Faults: l.faults,
			VisaEncryption: l.directory.VisaEncryption, VisaSigning: l.directory.VisaSigning, Knobs: map[string]bool{"singleUsePayToken": true}})
		Expect(err).To(MatchError(ContainSubstring(`no interpretation has a knob called "singleUsePayToken"`)))
	})
})
