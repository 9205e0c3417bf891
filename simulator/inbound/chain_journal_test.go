package inbound_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// lockedBuffer takes a log that the server writes while a test reads it.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

var _ = Describe("The journal of calls", func() {
	var (
		l   *lab
		log *lockedBuffer
		pan vault.PAN
		t   token.Token
	)
	BeforeEach(func() {
		log = new(lockedBuffer)
		l = newLab(func(c *inbound.Config) {
			c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		pan = l.givenPAN(bank, lifecyclePAN)
		t = l.givenToken(bank, pan, complete)
	})
	// written is everything that was kept of the calls.
	written := func() string {
		GinkgoHelper()
		content, err := json.Marshal(l.traffic(""))
		Expect(err).NotTo(HaveOccurred())
		return string(content) + log.String()
	}

	It("holds method, path, headers, and both bodies as they were opened", func() {
		got := l.byPAN(lifecyclePAN)
		l.mustSucceed("tokenInquiryByPAN", got)
		row := l.lastRow()
		Expect(row.Direction).To(Equal("inbound"))
		Expect(row.Operation).To(Equal("tokenInquiryByPAN"))
		Expect(row.Issuer).To(Equal(bank))
		Expect(row.Time).To(BeTemporally("==", noon))
		Expect(row.Elapsed).To(BeNumerically(">", 0))
		Expect(row.Request.Method).To(Equal("POST"))
		Expect(row.Request.Path).To(Equal(byPANPath + "?apiKey=***"))
		Expect(row.Request.Headers).To(And(HaveKeyWithValue("X-Request-Id", "test-1"), HaveKeyWithValue("Accept", "application/json"),
			HaveKeyWithValue("X-Pay-Token", "xv2:1780315200:***")))
		Expect(row.Request.Body).To(HaveKeyWithValue("encryptedData", MatchRegexp(`^sealed, \d+ characters$`)))
		Expect(row.Request.Decrypted).To(Equal(map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": "400000******0018"}}))
		Expect(row.Response.Status).To(Equal(200))
		Expect(row.Response.Body).To(HaveKeyWithValue("tokenDetails", HaveLen(1)))
		Expect(row.Violations).To(BeEmpty())
		Expect(row.Diagnosis).To(BeEmpty())
	})

	It("holds the sealed part of an answer with its numbers masked", func() {
		l.mustSucceed("tokenInquiry", l.inquire(t, "?deviceBindingInfo=true"))
		row := l.lastRow()
		Expect(row.Request.Path).To(HaveSuffix("/details?apiKey=***&deviceBindingInfo=true"))
		Expect(row.Response.Decrypted).To(HaveKeyWithValue("tokenInfo", HaveKeyWithValue("token", t.Number[:6]+"******"+t.Number[12:])))
		Expect(row.Response.Body).NotTo(HaveKey("encryptedData"))
	})

	It("holds every violation with its page, of calls that are refused and of those that pass", func() {
		l.lifecycle(t, "PAUSE", map[string]any{"operationReason": nil})
		Expect(l.lastRow().Violations).To(ConsistOf(
			And(HaveField("Rule", "tokenLifecycle/request/operationReason#required"), HaveField("Page", 90)),
			And(HaveField("Rule", "tokenLifecycle/request/operationType#enum"), HaveField("Page", 90), HaveField("Message", ContainSubstring("PAUSE")))))
		Expect(l.lastRow().Response.Body).To(HaveKeyWithValue("errorResponse", HaveKeyWithValue("reason", "VSE40001")))
	})

	DescribeTable("never holds a PAN, passcode, secret or credential, nor does the log:", func(send func(), hidden ...string) {
		send()
		kept := written()
		Expect(kept).To(ContainSubstring("inbound"))
		mine := l.directory.Issuers[bank]
		for _, text := range append(hidden, lifecyclePAN, t.Number, mine.Credentials.SharedSecret) {
			Expect(kept).NotTo(ContainSubstring(text))
		}
	},
		Entry("in a path", func() {
			l.call(request{path: "/vtis/v1/tokenRequestors/40010075001/tokens/" + lifecyclePAN + "/lifecycle", raw: suspension})
			l.call(request{path: "/vtis/v1/cards/" + lifecyclePAN, raw: suspension})
		}),
		Entry("in a query", func() {
			l.inquire(t, "?pan="+lifecyclePAN+"&"+lifecyclePAN+"=1&deviceBindingInfo="+lifecyclePAN)
		}),
		Entry("in headers", func() {
			l.lifecycleWith(t, func(r *http.Request) {
				r.Header.Set("User-Agent", "wallet "+lifecyclePAN)
				r.Header.Set("Cookie", "session=cookie-secret")
				r.Header.Set("Authorization", "Bearer bearer-secret")
				r.Header.Set("X-Otp", "867530")
				r.Header.Set("Accept-Language", lifecyclePAN)
			})
		}, "cookie-secret", "bearer-secret", "867530"),
		Entry("in an X-REQUEST-ID that is one", func() {
			l.lifecycleWith(t, func(r *http.Request) { r.Header.Set("X-REQUEST-ID", lifecyclePAN) })
		}),
		Entry("in a reason and in operators", func() {
			l.lifecycle(t, "SUSPEND", map[string]any{"operationReason": "card " + lifecyclePAN + " and 4000 0000 1000 0018 lost", "operatorID": lifecyclePAN})
		}, "4000 0000 1000 0018"),
		Entry("in members that nobody described", func() {
			l.lifecycle(t, "SUSPEND", map[string]any{"pan": lifecyclePAN, "number": json.Number(lifecyclePAN), "otpValue": "867530", lifecyclePAN: "x",
				"deep": map[string]any{"cvv2": "867", "list": []any{"867530"}}, "deviceInfo": map[string]any{"note": "867530", "deviceName": []any{"867530"}}})
		}, "867530", `"867"`),
		Entry("in a member of the wrong type", func() {
			l.lifecycle(t, "SUSPEND", map[string]any{"operatorID": map[string]any{"pan": lifecyclePAN, "otp": "867530"}, "operationReason": json.Number(lifecyclePAN)})
		}, "867530"),
		Entry("in a sealed payload", func() {
			l.call(request{path: byPANPath, sealed: map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": lifecyclePAN, "cvv2": "867530"}, "otp": "867530"}})
			l.call(request{path: byPANPath, sealed: map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": lifecyclePAN + "x"}}})
		}, "867530"),
		Entry("in a sealed answer", func() {
			l.inTx(bank, func(tx vault.Tx) error {
				return tx.PutOTP(vault.OTP{TokenReferenceID: t.ReferenceID, ValueHash: tx.Hash("867530"), ExpiresAt: noon.Add(time.Hour)})
			})
			l.mustSucceed("tokenInquiry", l.inquire(t, ""))
		}, "867530"),
		Entry("in a body that is no JSON", func() {
			l.call(request{path: tokenPath(t, "lifecycle"), raw: []byte(lifecyclePAN + " 867530")})
		}, "867530"),
		Entry("in a refused credential", func() {
			l.call(request{path: tokenPath(t, "lifecycle"), raw: []byte(`{"pan":"` + lifecyclePAN + `","otp":"867530"}`), edit: func(r *http.Request) {
				r.Header.Set("x-pay-token", l.directory.Issuers[bank].Credentials.SharedSecret+":"+lifecyclePAN)
			}})
			l.call(request{path: "/" + lifecyclePAN + "?x=" + lifecyclePAN, raw: suspension})
		}, "867530"),
	)

	It("never holds the digest that a call was signed with", func() {
		var sent string
		l.lifecycleWith(t, func(r *http.Request) { sent = r.Header.Get("x-pay-token") })
		Expect(written()).NotTo(ContainSubstring(sent[16:40]))
	})

	It("bounds what a caller can make it keep", func() {
		l.call(request{path: "/" + strings.Repeat("x", 5000) + "?y=" + strings.Repeat("z", 5000), headers: map[string]string{"User-Agent": strings.Repeat("u", 5000)}})
		content, err := json.Marshal(l.lastRow())
		Expect(err).NotTo(HaveOccurred())
		Expect(len(content)).To(BeNumerically("<", 4096))
	})

	It("keeps what a call changed and its row together", func() {
		l.mustSucceed("tokenLifecycle", l.lifecycle(t, "SUSPEND", nil))
		row := l.lastRow()
		Expect(l.notifications(bank)[0].Cause).To(Equal(row.ID))
		Expect(l.records(bank, "audit")[0].Key).To(Equal(t.ReferenceID + "/" + row.ID))
	})
})

// lifecycleWith suspends the token with the request edited.
func (l *lab) lifecycleWith(t token.Token, edit func(*http.Request)) {
	GinkgoHelper()
	l.call(request{path: tokenPath(t, "lifecycle"), raw: suspension, edit: edit})
}
