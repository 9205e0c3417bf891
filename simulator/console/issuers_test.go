package console_test

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("issuers", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })

	It("are listed by name, each with exactly name, endpoint and account ranges", func() {
		a := l.get("/api/v1/issuers").ok(http.StatusOK)
		Expect(a.raw).To(MatchJSON(`{"next": "", "items": [
			{"name": "demo-bank", "endpoint": "https://localhost:9443", "accountRanges": ["400000001"]},
			{"name": "second-bank", "endpoint": "https://localhost:9443", "accountRanges": ["400000002"]},
			{"name": "third-bank", "endpoint": "https://localhost:9443", "accountRanges": ["400000003"]}]}`))
		Expect(l.get("/api/v1/issuers/second-bank").ok(http.StatusOK).raw).To(MatchJSON(
			`{"name": "second-bank", "endpoint": "https://localhost:9443", "accountRanges": ["400000002"]}`))
		l.get("/api/v1/issuers/nobody").refused(http.StatusNotFound, "name", "no issuer")
	})

	It("are made with everything that a client needs to call", func() {
		a := l.post("/api/v1/issuers", `{"name": "ci-bank", "endpoint": "https://ci.example:9443/"}`).ok(http.StatusCreated)
		Expect(a.headers.Get("Location")).To(Equal("/api/v1/issuers/ci-bank"))
		Expect(a.body["accountRanges"]).To(ConsistOf("400000004"))
		file := func(name string) []byte {
			GinkgoHelper()
			return []byte(a.body["files"].(map[string]any)[name].(string))
		}
		for _, name := range []string{"encryption", "signing", "client", "server"} {
			_, err := tls.X509KeyPair(file(name+".crt"), file(name+".key"))
			Expect(err).NotTo(HaveOccurred(), name)
		}
		certificate := func(name string) *x509.Certificate {
			block, _ := pem.Decode(file(name))
			parsed, err := x509.ParseCertificate(block.Bytes)
			Expect(err).NotTo(HaveOccurred())
			return parsed
		}
		_, err := certificate("client.crt").Verify(x509.VerifyOptions{Roots: l.directory.CA.Pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		Expect(err).NotTo(HaveOccurred())
		Expect(certificate("server.crt").VerifyHostname("ci.example")).To(Succeed())

		row, err := l.vault.IssuerByAPIKey(context.Background(), a.body["apiKey"].(string))
		Expect(err).NotTo(HaveOccurred())
		Expect(row.Name).To(Equal("ci-bank"))
		Expect(row.Endpoint).To(Equal("https://ci.example:9443"))
		Expect(row.SharedSecret).To(Equal(a.body["sharedSecret"]))
		Expect(row.ClientID).To(Equal(a.body["clientID"]))
		Expect(row.SigningKeyID).To(Equal(a.body["signingKeyID"]))
		Expect(row.ClientCertificate).To(Equal(string(file("client.crt"))))
		Expect(row.EncryptionCertificate).To(Equal(string(file("encryption.crt"))))
	})

	It("are made with the settings that they are to have", func() {
		l.post("/api/v1/issuers", `{"name": "ci-bank", "endpoint": "https://ci.example", "settings": {"transitions": {"TOKEN_SUSPEND": {"inquiries": 2}}}}`).ok(http.StatusCreated)
		Expect(l.get("/api/v1/issuers/ci-bank").body["settings"]).To(Equal(map[string]any{"transitions": map[string]any{"TOKEN_SUSPEND": map[string]any{"inquiries": 2.0}}}))
	})

	It("keep name and ranges from others while their keys are being made", func() {
		slow := &slowKeys{asked: make(chan struct{}, 8), proceed: make(chan struct{})}
		l = newLab(func(s *setting) { slow.KeySource, s.config.Settings.Keys = s.config.Settings.Keys, slow })
		first := make(chan answer)
		go func() {
			defer GinkgoRecover()
			first <- l.post("/api/v1/issuers", `{"name": "ci-bank", "endpoint": "https://x", "accountRanges": ["400000777"]}`)
		}()
		Eventually(slow.asked).Should(Receive())
		l.post("/api/v1/issuers", `{"name": "ci-bank", "endpoint": "https://x"}`).refused(http.StatusConflict, "name", "already")
		l.post("/api/v1/issuers", `{"name": "other", "endpoint": "https://x", "accountRanges": ["400000777"]}`).refused(http.StatusConflict, "accountRanges", "right now")
		close(slow.proceed)
		(<-first).ok(http.StatusCreated)
	})

	It("show their secrets in the answer that made them and never again", func() {
		a := l.post("/api/v1/issuers", `{"name": "ci-bank", "endpoint": "https://ci.example"}`).ok(http.StatusCreated)
		for _, path := range []string{"/api/v1/issuers", "/api/v1/issuers/ci-bank"} {
			for _, secret := range []string{"sharedSecret", "apiKey"} {
				Expect(string(l.get(path).raw)).NotTo(ContainSubstring(a.body[secret].(string)))
			}
		}
	})

	It("get ranges that nobody else has, also when several are made at once", func() {
		var mu sync.Mutex
		var all sync.WaitGroup
		seen := map[string]int{}
		for i := range 4 {
			all.Go(func() {
				defer GinkgoRecover()
				a := l.post("/api/v1/issuers", map[string]any{"name": fmt.Sprintf("ci-%d", i), "endpoint": "https://ci.example"}).ok(http.StatusCreated)
				mu.Lock()
				defer mu.Unlock()
				for _, digits := range a.body["accountRanges"].([]any) {
					seen[digits.(string)]++
				}
			})
		}
		all.Wait()
		Expect(seen).To(Equal(map[string]int{"400000004": 1, "400000005": 1, "400000006": 1, "400000007": 1}))
	})

	It("get no range of a sample issuer, but may name a public one", func() {
		for i := 4; i <= 900; i++ { // up to the ranges of the samples
			taken := vault.Issuer{Name: fmt.Sprintf("taken-%d", i), AccountRanges: []string{fmt.Sprintf("400000%03d", i)}}
			Expect(l.vault.PutIssuer(context.Background(), taken)).To(Succeed())
		}
		a := l.post("/api/v1/issuers", `{"name": "late-bank", "endpoint": "https://ci.example"}`).ok(http.StatusCreated)
		_, sample := l.fixtures.RangeOf(a.body["accountRanges"].([]any)[0].(string) + "0000000")
		Expect(sample).To(BeFalse())
		l.post("/api/v1/issuers", `{"name": "public-bank", "endpoint": "https://ci.example", "accountRanges": ["411111111", "400000950"]}`).ok(http.StatusCreated)
		Expect(l.get("/api/v1/issuers/public-bank").body["accountRanges"]).To(Equal([]any{"411111111", "400000950"}))
	})

	DescribeTable("are not made from a request that is not right", func(body string, status int, field string, parts ...string) {
		l.post("/api/v1/issuers", body).refused(status, field, parts...)
		Expect(l.get("/api/v1/issuers").items()).To(HaveLen(3))
	},
		Entry("no body", "", http.StatusBadRequest, "", "not JSON"),
		Entry("no name", `{"endpoint": "https://x"}`, http.StatusBadRequest, "name", "required"),
		Entry("no endpoint", `{"name": "a"}`, http.StatusBadRequest, "endpoint", "required"),
		Entry("an unknown member", `{"name": "a", "endpoint": "https://x", "ranges": []}`, http.StatusBadRequest, "ranges", "unknown"),
		Entry("a member in other letters", `{"name": "a", "Endpoint": "https://x", "endpoint": "https://x"}`, http.StatusBadRequest, "Endpoint", "unknown"),
		Entry("a member twice", `{"name": "a", "name": "b", "endpoint": "https://x"}`, http.StatusBadRequest, "name", "twice"),
		Entry("two values", `{"name": "a", "endpoint": "https://x"} {}`, http.StatusBadRequest, "", "not one JSON value"),
		Entry("a name that is no folder", `{"name": "../x", "endpoint": "https://x"}`, http.StatusBadRequest, "name", "lower-case"),
		Entry("a name in capitals", `{"name": "Bank", "endpoint": "https://x"}`, http.StatusBadRequest, "name", "lower-case"),
		Entry("a name that is taken", `{"name": "demo-bank", "endpoint": "https://x"}`, http.StatusConflict, "name", "already"),
		Entry("an endpoint that is no URL", `{"name": "a", "endpoint": "localhost:9443"}`, http.StatusBadRequest, "endpoint", "URL"),
		Entry("an endpoint with a user", `{"name": "a", "endpoint": "https://u:p@x"}`, http.StatusBadRequest, "endpoint", "URL"),
		Entry("a range of eight digits", `{"name": "a", "endpoint": "https://x", "accountRanges": ["40000012"]}`, http.StatusBadRequest, "accountRanges/0", "form"),
		Entry("a range twice", `{"name": "a", "endpoint": "https://x", "accountRanges": ["400000888", "400000888"]}`, http.StatusBadRequest, "accountRanges", "twice"),
		Entry("a range of another", `{"name": "a", "endpoint": "https://x", "accountRanges": ["400000002"]}`, http.StatusConflict, "accountRanges", "another issuer"),
		Entry("the range of the tokens", `{"name": "a", "endpoint": "https://x", "accountRanges": ["400099123"]}`, http.StatusBadRequest, "accountRanges", "token numbers"),
		Entry("an effect that does not exist", `{"name": "a", "endpoint": "https://x", "settings": {"transitions": {"TOKEN_SUSPENDED": {"after": "1m"}}}}`,
			http.StatusBadRequest, "settings/transitions/TOKEN_SUSPENDED", "TOKEN_SUSPEND"),
	)

	It("cannot be made where the root has no private key", func() {
		l = newLab(func(s *setting) { s.config.Authority = &keys.Authority{Certificate: s.config.Authority.Certificate} })
		for range 2 { // nothing stays reserved
			l.post("/api/v1/issuers", `{"name": "a", "endpoint": "https://x", "accountRanges": ["400000777"]}`).refused(http.StatusConflict, "", "private key")
		}
	})

	It("are changed one member at a time", func() {
		before, err := l.vault.Issuer(context.Background(), bank)
		Expect(err).NotTo(HaveOccurred())
		a := l.call(http.MethodPut, "/api/v1/issuers/demo-bank", `{"endpoint": "http://127.0.0.1:1/base/"}`).ok(http.StatusOK)
		Expect(a.raw).To(MatchJSON(`{"name": "demo-bank", "endpoint": "http://127.0.0.1:1/base", "accountRanges": ["400000001"]}`))
		l.call(http.MethodPut, "/api/v1/issuers/demo-bank", `{"accountRanges": ["400000001", "400000801"]}`).ok(http.StatusOK)
		a = l.call(http.MethodPut, "/api/v1/issuers/demo-bank", `{"settings": {"transitions": {"TOKEN_SUSPEND": {"after": "10m"}, "panUpdateNotification": {"inquiries": 3}}}}`).ok(http.StatusOK)
		Expect(a.raw).To(MatchJSON(`{"name": "demo-bank", "endpoint": "http://127.0.0.1:1/base", "accountRanges": ["400000001", "400000801"],
			"settings": {"transitions": {"TOKEN_SUSPEND": {"after": "10m"}, "panUpdateNotification": {"inquiries": 3}}}}`))
		after, err := l.vault.Issuer(context.Background(), bank)
		Expect(err).NotTo(HaveOccurred())
		Expect(after.Settings["transitions"]).To(Equal(map[string]any{"TOKEN_SUSPEND": map[string]any{"after": "10m"}, "panUpdateNotification": map[string]any{"inquiries": 3.0}}))
		Expect(after.APIKey).To(Equal(before.APIKey))
		Expect(after.SharedSecret).To(Equal(before.SharedSecret))
		Expect(after.CreatedAt).To(BeTemporally("==", before.CreatedAt))
		a = l.call(http.MethodPut, "/api/v1/issuers/demo-bank", `{"settings": {}}`).ok(http.StatusOK)
		Expect(a.body).NotTo(HaveKey("settings"))
	})

	It("keep the settings that others than the console set", func() {
		row, err := l.vault.Issuer(context.Background(), bank)
		Expect(err).NotTo(HaveOccurred())
		row.Settings = map[string]any{"standIn": map[string]any{"path": "red"}}
		Expect(l.vault.PutIssuer(context.Background(), row)).To(Succeed())
		l.call(http.MethodPut, "/api/v1/issuers/demo-bank", `{"settings": {"transitions": {"TOKEN_SUSPEND": {"inquiries": 1}}}}`).ok(http.StatusOK)
		row, err = l.vault.Issuer(context.Background(), bank)
		Expect(err).NotTo(HaveOccurred())
		Expect(row.Settings).To(HaveKey("standIn"))
		Expect(row.Settings).To(HaveKey("transitions"))
	})

	DescribeTable("are not changed by a request that is not right", func(issuer, body string, status int, field string, parts ...string) {
		l.call(http.MethodPut, "/api/v1/issuers/"+issuer, body).refused(status, field, parts...)
	},
		Entry("nothing to change", bank, `{}`, http.StatusBadRequest, "", "at least 1"),
		Entry("nobody to change", "nobody", `{"endpoint": "https://x"}`, http.StatusNotFound, "name"),
		Entry("a range of another", bank, `{"accountRanges": ["400000002"]}`, http.StatusConflict, "accountRanges", "another issuer"),
		Entry("no ranges", bank, `{"accountRanges": []}`, http.StatusBadRequest, "accountRanges", "at least 1"),
		Entry("credentials", bank, `{"apiKey": "x"}`, http.StatusBadRequest, "apiKey", "unknown"),
		Entry("an endpoint with a query", bank, `{"endpoint": "https://x?a=b"}`, http.StatusBadRequest, "endpoint", "URL"),
		Entry("both ways to wait", bank, `{"settings": {"transitions": {"TOKEN_SUSPEND": {"after": "1m", "inquiries": 2}}}}`, http.StatusBadRequest, "settings/transitions/TOKEN_SUSPEND", "at most 1"),
		Entry("a duration that is none", bank, `{"settings": {"transitions": {"TOKEN_SUSPEND": {"after": "soon"}}}}`, http.StatusBadRequest, "settings/transitions/TOKEN_SUSPEND/after", "duration"),
		Entry("a negative duration", bank, `{"settings": {"transitions": {"TOKEN_SUSPEND": {"after": "-1m"}}}}`, http.StatusBadRequest, "settings/transitions/TOKEN_SUSPEND/after", "negative"),
		Entry("no inquiries", bank, `{"settings": {"transitions": {"TOKEN_SUSPEND": {"inquiries": 0}}}}`, http.StatusBadRequest, "settings/transitions/TOKEN_SUSPEND/inquiries", "at least 1"),
	)

	It("go with all that they own, and leave others alone", func() {
		reference, kept := l.givenToken(bank, nil), l.givenToken(other, nil)
		Expect(l.faults.Add(fault.Fault{Issuer: bank, Respond: fault.Respond{Drop: true}})).Error().NotTo(HaveOccurred())
		Expect(l.faults.Add(fault.Fault{Issuer: other, Respond: fault.Respond{Drop: true}})).Error().NotTo(HaveOccurred())
		l.console.Served("tokenInquiry", bank, 200, time.Millisecond)
		l.call(http.MethodDelete, "/api/v1/issuers/demo-bank", nil).ok(http.StatusNoContent)
		l.get("/api/v1/tokens/"+reference).refused(http.StatusNotFound, "tokenReferenceID")
		l.get("/api/v1/tokens/" + kept).ok(http.StatusOK)
		l.get("/api/v1/issuers/demo-bank").refused(http.StatusNotFound, "name")
		Expect(l.faults.List("")).To(ConsistOf(HaveField("Issuer", other)))
		Expect(string(l.get("/metrics").raw)).NotTo(ContainSubstring(bank))
		l.call(http.MethodDelete, "/api/v1/issuers/demo-bank", nil).refused(http.StatusNotFound, "name")
		l.post("/api/v1/issuers", `{"name": "new-bank", "endpoint": "https://x", "accountRanges": ["400000001"]}`).ok(http.StatusCreated)
	})
})

// slowKeys tells when a key is asked for and waits before it gives one.
type slowKeys struct {
	keys.KeySource
	asked, proceed chan struct{}
}

func (s *slowKeys) RSA(ctx context.Context, bits int) (*rsa.PrivateKey, error) {
	s.asked <- struct{}{}
	<-s.proceed
	return s.KeySource.RSA(ctx, bits)
}

var _ = Describe("reset", func() {
	It("empties one issuer, its faults included, and keeps the issuer and all others", func() {
		l := newLab()
		reference, kept := l.givenToken(bank, map[string]any{"notify": true}), l.givenToken(other, nil)
		for _, issuer := range []string{bank, other} {
			Expect(l.vault.Journal(context.Background(), vault.Traffic{Issuer: issuer, Direction: "inbound"})).To(Succeed())
			Expect(l.faults.Add(fault.Fault{Issuer: issuer, Respond: fault.Respond{Drop: true}})).Error().NotTo(HaveOccurred())
		}
		l.post("/api/v1/reset", `{"issuer": "demo-bank"}`).ok(http.StatusNoContent)
		l.get("/api/v1/tokens/"+reference).refused(http.StatusNotFound, "tokenReferenceID")
		Expect(l.queued(bank)).To(BeEmpty())
		Expect(l.get("/api/v1/traffic?issuer=demo-bank").items()).To(BeEmpty())
		Expect(l.get("/api/v1/traffic?issuer=second-bank").items()).To(HaveLen(1))
		l.get("/api/v1/tokens/" + kept).ok(http.StatusOK)
		Expect(l.faults.List("")).To(ConsistOf(HaveField("Issuer", other)))
		l.givenToken(bank, nil)
		l.post("/api/v1/reset", `{"issuer": "nobody"}`).refused(http.StatusNotFound, "issuer")
		l.post("/api/v1/reset", `{}`).refused(http.StatusBadRequest, "issuer", "required")
	})
})

var _ = Describe("cards", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })

	It("are those of the issuer's profile, with their PANs in full", func() {
		cards := l.get("/api/v1/cards?issuer=demo-bank").ok(http.StatusOK).items()
		profile := l.directory.Issuers[bank].Profile.Cards
		Expect(cards).To(HaveLen(len(profile)))
		for i, card := range profile {
			Expect(cards[i]).To(Equal(map[string]any{"role": card.Role, "pan": card.PAN, "expMonth": card.ExpMonth, "expYear": card.ExpYear}))
		}
	})

	It("are those of the fixtures in an issuer's ranges", func() {
		sample := l.fixtures.AccountRanges[0]
		row := vault.Issuer{Name: "sample-bank", AccountRanges: []string{sample.Range}, CreatedAt: noon}
		Expect(l.vault.PutIssuer(context.Background(), row)).To(Succeed())
		var want []string
		for _, card := range l.fixtures.Cards {
			if card.PAN[:9] == sample.Range {
				want = append(want, card.Role+card.PAN)
			}
		}
		Expect(want).NotTo(BeEmpty())
		var got []string
		for _, card := range l.get("/api/v1/cards?issuer=sample-bank").items() {
			got = append(got, card["role"].(string)+card["pan"].(string))
		}
		Expect(got).To(Equal(want))
	})

	It("are samples where nothing is known of an issuer, and those of a new issuer's own profile", func() {
		cards := l.get("/api/v1/cards?issuer=second-bank").ok(http.StatusOK).items()
		Expect(cards).To(HaveLen(len(keys.Roles())))
		for i, role := range keys.Roles() {
			Expect(cards[i]["role"]).To(Equal(role))
			l.givenToken(other, map[string]any{"pan": cards[i]["pan"]})
		}
		l = newLab(func(s *setting) {
			s.config.Settings.Now, s.config.Settings.Validity = func() time.Time { return noon.AddDate(10, 0, 0) }, 365*24*time.Hour
		})
		l.post("/api/v1/issuers", `{"name": "ci-bank", "endpoint": "https://x"}`).ok(http.StatusCreated)
		for _, card := range l.get("/api/v1/cards?issuer=ci-bank").items() {
			Expect(card["pan"]).To(HavePrefix("400000004"))
			if card["role"] == keys.RoleEligible {
				Expect(card["expYear"]).To(Equal("2037"))
			}
		}
	})

	It("are refused without an issuer", func() {
		l.get("/api/v1/cards").refused(http.StatusBadRequest, "issuer", "required")
		l.get("/api/v1/cards?issuer=nobody").refused(http.StatusNotFound, "issuer")
		l.get("/api/v1/cards?issuer=demo-bank&role=x").refused(http.StatusBadRequest, "role", "issuer")
	})
})
