package outbound_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/outbound"
)

var _ = Describe("corruptions", func() {
	ctx := context.Background()

	// foreign is a key that the bank does not know.
	foreign := func() *rsa.PrivateKey { return shared.directory.Issuers["third-bank"].Signing.Key }

	corrupted := func(id string, call *outbound.Call) (*issuer, *outbound.Exchange) {
		GinkgoHelper()
		corruption, err := outbound.CorruptionByID(id)
		Expect(err).NotTo(HaveOccurred())
		at := newIssuer(approve)
		client := newClient(func(c *outbound.Config) { c.Foreign = foreign() })
		return at, client.Do(ctx, target(bank, at.URL), call, outbound.Options{RequestID: "id-1", Corrupt: []outbound.Corruption{corruption}})
	}

	It("have an id, a title and a page each, and no id twice", func() {
		ids := map[string]bool{}
		for _, c := range outbound.Corruptions() {
			Expect(c.ID).To(MatchRegexp("^[a-z]+/[a-z-]+$"))
			Expect(ids).NotTo(HaveKey(c.ID))
			ids[c.ID] = true
			Expect(c.Title).To(HaveSuffix("."))
			Expect(c.Page).To(BeNumerically(">", 0))
			Expect((c.Seal == nil) != (c.Wire == nil)).To(BeTrue(), "one thing is broken by "+c.ID)
			Expect(c.Group() + "/" + c.Name()).To(Equal(c.ID))
		}
	})

	It("are found by id, with the nearest one where there is none", func() {
		_, err := outbound.CorruptionByID("jws/signatur")
		Expect(err).To(MatchError(ContainSubstring("did you mean jws/signature")))
		_, err = outbound.CorruptionByID("zzzzzzzzzzzzzzzzzzzzzzzzzzzzz")
		Expect(err).To(MatchError(ContainSubstring("jws/alg-none")))
	})

	DescribeTable("of the envelope break exactly one layer (p.39-45)", func(id string, layer jose.Layer) {
		at, x := corrupted(id, passcodeCall())
		Expect(x.Failure).To(BeNil())
		Expect(x.Corruptions).To(Equal([]string{id}))
		Expect(at.requests()).To(HaveLen(1))
		_, err := open(bank, at.requests()[0].body)
		var refused *jose.Refused
		Expect(errors.As(err, &refused)).To(BeTrue())
		Expect(refused.Layer).To(Equal(layer), refused.Error())
	},
		Entry(nil, "jws/signature", jose.LayerJWSSignature),
		Entry(nil, "jws/alg-none", jose.LayerJWSHeader),
		Entry(nil, "jws/alg", jose.LayerJWSHeader),
		Entry(nil, "jws/wrong-key", jose.LayerJWSSignature),
		Entry(nil, "jws/kid-unknown", jose.LayerJWSHeader),
		Entry(nil, "jws/unsigned", jose.LayerJWSStructure),
		Entry(nil, "jwe/tag", jose.LayerJWETag),
		Entry(nil, "jwe/ciphertext", jose.LayerJWETag),
		Entry(nil, "jwe/wrong-key", jose.LayerJWEKey),
		Entry(nil, "jwe/kid-unknown", jose.LayerJWEHeader),
		Entry(nil, "jwe/alg", jose.LayerJWEHeader),
		Entry(nil, "jwe/enc", jose.LayerJWEHeader),
		Entry(nil, "jwe/iat-expired", jose.LayerTime),
	)

	It("are tested one by one", func() {
		wire := []string{"tls/no-client-certificate", "tls/foreign-client-certificate", "tls/old-version", "body/not-object", "http/request-id-twice",
			"http/content-type-missing", "http/accept-missing", "body/truncated", "body/not-json", "body/empty", "body/oversize", "http/duplicate",
			"http/drop-after-request", "http/content-type", "http/request-id-missing", "http/request-id-malformed",
			"http/unknown-parameter", "http/unknown-header", "http/large-header", "http/first-version", "http/close", "body/members-reversed"}
		Expect(outbound.Corruptions()).To(HaveLen(13 + len(wire)))
		for _, id := range wire {
			_, err := outbound.CorruptionByID(id)
			Expect(err).NotTo(HaveOccurred())
		}
	})

	only := func(id string) outbound.Options {
		GinkgoHelper()
		corruption, err := outbound.CorruptionByID(id)
		Expect(err).NotTo(HaveOccurred())
		return outbound.Options{Corrupt: []outbound.Corruption{corruption}}
	}

	whole := func(body []byte) {
		GinkgoHelper()
		_, err := open(bank, body)
		Expect(err).NotTo(HaveOccurred())
	}

	It("of the body leave the headers right", func() {
		at, _ := corrupted("body/truncated", passcodeCall())
		Expect(json.Valid(at.requests()[0].body)).To(BeFalse())
		Expect(at.requests()[0].requestID).To(Equal("id-1"))
		at, _ = corrupted("body/not-json", passcodeCall())
		Expect(json.Valid(at.requests()[0].body)).To(BeFalse())
		at, _ = corrupted("body/not-object", passcodeCall())
		whole(bytes.Trim(at.requests()[0].body, "[]"))
		Expect(at.requests()[0].body).To(HavePrefix("["))
		at, _ = corrupted("body/empty", passcodeCall())
		Expect(at.requests()[0].body).To(BeEmpty())
		at, _ = corrupted("body/oversize", passcodeCall())
		Expect(len(at.requests()[0].body)).To(Equal(4 << 20))
		whole(bytes.TrimSpace(at.requests()[0].body))
	})

	It("of the headers leave the body right (p.26)", func() {
		for id, check := range map[string]func(http.Header){
			"http/content-type":         func(h http.Header) { Expect(h.Get("Content-Type")).To(Equal("text/plain")) },
			"http/request-id-missing":   func(h http.Header) { Expect(h).NotTo(HaveKey("X-Request-Id")) },
			"http/request-id-malformed": func(h http.Header) { Expect(h.Get("X-Request-Id")).To(ContainSubstring("/")) },
			"http/request-id-twice":     func(h http.Header) { Expect(h.Values("X-Request-Id")).To(Equal([]string{"id-1", "another-id-1"})) },
			"http/content-type-missing": func(h http.Header) { Expect(h).NotTo(HaveKey("Content-Type")) },
			"http/accept-missing":       func(h http.Header) { Expect(h).NotTo(HaveKey("Accept")) },
		} {
			at, x := corrupted(id, passcodeCall())
			Expect(x.Failure).To(BeNil())
			check(at.requests()[0].header)
			whole(at.requests()[0].body)
		}
	})

	It("that only look wrong leave the call right (p.25)", func() {
		at, x := corrupted("http/unknown-parameter", passcodeCall())
		Expect(x.Failure).To(BeNil())
		Expect(x.Request.URL).To(HaveSuffix("?vtsimUnknown=1"))
		whole(at.requests()[0].body)
		for id, size := range map[string]int{"http/unknown-header": len("any value"), "http/large-header": 4 << 10} {
			at, x = corrupted(id, passcodeCall())
			Expect(x.Failure).To(BeNil())
			Expect(at.requests()[0].header.Get("X-Vtsim-Unknown")).To(HaveLen(size))
			whole(at.requests()[0].body)
		}
		at, x = corrupted("body/members-reversed", passcodeCall())
		Expect(x.Failure).To(BeNil())
		whole(at.requests()[0].body)
		Expect(bytes.Index(at.requests()[0].body, []byte(`"tokenReferenceID"`))).To(BeNumerically("<", bytes.Index(at.requests()[0].body, []byte(`"encryptedData"`))))
	})

	It("speak HTTP/1.1 where HTTP/2 would be spoken, on kept connections or one for each call (p.36)", func() {
		at := newIssuer(approve)
		client := newClient()
		for _, one := range []struct {
			id    string
			again bool
		}{{"http/first-version", true}, {"http/close", false}} {
			Expect(client.Do(ctx, target(bank, at.URL), metadataCall(), only(one.id)).Failure).To(BeNil())
			x := client.Do(ctx, target(bank, at.URL), metadataCall(), only(one.id))
			Expect(x.Failure).To(BeNil())
			Expect(x.Timing.Reused).To(Equal(one.again))
		}
		for _, r := range at.requests() {
			Expect(r.proto).To(Equal("HTTP/1.1"))
		}
	})

	It("send a call twice with one X-REQUEST-ID, and show both answers", func() {
		at, x := corrupted("http/duplicate", passcodeCall())
		Expect(at.requests()).To(HaveLen(2))
		Expect(at.requests()[1].requestID).To(Equal(at.requests()[0].requestID))
		Expect(at.requests()[1].body).To(Equal(at.requests()[0].body))
		Expect(x.Earlier).To(HaveLen(1))
		Expect(x.Earlier[0].Response.Status).To(Equal(200))
		Expect(x.Earlier[0].ID).NotTo(Equal(x.ID))
	})

	It("cut the connection once the whole request is written", func() {
		at, x := corrupted("http/drop-after-request", passcodeCall())
		Expect(x.Failure).To(HaveField("Kind", outbound.FailureCanceled))
		Eventually(at.requests, "2s").Should(HaveLen(1))
	})

	It("show no client certificate, and use no connection that one was shown on (p.35)", func() {
		at := newIssuer(approve)
		client := newClient()
		Expect(client.Do(ctx, target(bank, at.URL), metadataCall(), outbound.Options{}).Failure).To(BeNil())
		corruption, err := outbound.CorruptionByID("tls/no-client-certificate")
		Expect(err).NotTo(HaveOccurred())
		x := client.Do(ctx, target(bank, at.URL), metadataCall(), outbound.Options{Corrupt: []outbound.Corruption{corruption}})
		Expect(x.Failure).To(HaveField("Kind", outbound.FailureTLS))
		Expect(at.requests()).To(HaveLen(1))
	})

	It("show a client certificate that only a careless issuer takes (p.35)", func() {
		stranger := selfMade()
		client := newClient(func(c *outbound.Config) { c.ForeignClient = &stranger })
		strict, careless := newIssuer(approve), newIssuer(approve, func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert })
		Expect(client.Do(ctx, target(bank, strict.URL), metadataCall(), outbound.Options{}).Failure).To(BeNil())
		x := client.Do(ctx, target(bank, strict.URL), metadataCall(), only("tls/foreign-client-certificate"))
		Expect(x.Failure).To(HaveField("Kind", outbound.FailureTLS))
		Expect(strict.requests()).To(HaveLen(1))
		Expect(client.Do(ctx, target(bank, careless.URL), metadataCall(), only("tls/foreign-client-certificate")).Failure).To(BeNil())
		Expect(careless.requests()[0].peer).To(Equal(1))
		x = newClient().Do(ctx, target(bank, strict.URL), metadataCall(), only("tls/foreign-client-certificate"))
		Expect(x.Failure).To(And(HaveField("Kind", outbound.FailureSetup), HaveField("Message", ContainSubstring("ForeignClient"))))
	})

	It("offer old versions of TLS, which only an old issuer takes (p.35, INT-131)", func() {
		client := newClient()
		strict := newIssuer(approve, func(c *tls.Config) { c.MinVersion = tls.VersionTLS12 })
		x := client.Do(ctx, target(bank, strict.URL), metadataCall(), only("tls/old-version"))
		Expect(x.Failure).To(And(HaveField("Kind", outbound.FailureTLS), HaveField("Message", ContainSubstring("every TLS version"))))
		for _, newest := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
			old := newIssuer(approve, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, newest })
			x = client.Do(ctx, target(bank, old.URL), metadataCall(), only("tls/old-version"))
			Expect(x.Failure).To(BeNil())
			Expect(x.TLS.Version).To(Equal(tls.VersionName(newest)))
		}
		Expect(strict.requests()).To(BeEmpty())
	})

	It("are refused where they would change nothing, or where a key is missing", func() {
		_, x := corrupted("jwe/tag", metadataCall())
		Expect(x.Failure).To(And(HaveField("Kind", outbound.FailureSetup), HaveField("Message", ContainSubstring("has none"))))
		one, err := outbound.CorruptionByID("jws/wrong-key")
		Expect(err).NotTo(HaveOccurred())
		x = newClient().Do(ctx, target(bank, "https://localhost"), passcodeCall(), outbound.Options{Corrupt: []outbound.Corruption{one}})
		Expect(x.Failure).To(And(HaveField("Kind", outbound.FailureSetup), HaveField("Message", ContainSubstring("Foreign"))))
		two, err := outbound.CorruptionByID("jwe/tag")
		Expect(err).NotTo(HaveOccurred())
		x = newClient().Do(ctx, target(bank, "https://localhost"), passcodeCall(), outbound.Options{Corrupt: []outbound.Corruption{one, two}})
		Expect(x.Failure).To(HaveField("Message", ContainSubstring("both seal")))
	})
})

// selfMade is a client certificate that nobody vouches for.
func selfMade() tls.Certificate {
	GinkgoHelper()
	key := shared.directory.Issuers["third-bank"].Signing.Key
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "stranger"}, NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	content, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	Expect(err).NotTo(HaveOccurred())
	return tls.Certificate{Certificate: [][]byte{content}, PrivateKey: key}
}
