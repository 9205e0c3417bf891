package xpay_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys/xpay"
)

var _ = Describe("Signing (p.27)", func() {
	It("hashes timestamp, path, query and body with nothing between them", func() {
		call := lifecycle()
		message := second + "vtis/v1/tokenRequestors/40010030273/tokens/DNITHE3022/lifecycle" + "apiKey=" + sampleKey + string(call.Body)
		Expect(xpay.Sign(rules(), secret(), instant, call)).To(Equal(tokenOf(second, message)))
	})

	It("does not sign the method and the host", func() {
		call := lifecycle()
		token, err := xpay.Sign(rules(), secret(), instant, call)
		Expect(err).NotTo(HaveOccurred())
		call.Method, call.Host = "PUT", "other.example"
		Expect(xpay.Sign(rules(), secret(), instant, call)).To(Equal(token))
	})

	DescribeTable("refuses what could not be verified",
		func(key string, at time.Time, query string, reason xpay.Reason) {
			call := lifecycle()
			call.Query = query
			token, err := xpay.Sign(rules(), xpay.NewSecret("issuer demo", []byte(key)), at, call)
			Expect(xpay.ReasonOf(err)).To(Equal(reason))
			Expect(token).To(BeEmpty())
		},
		Entry("an empty secret", "", instant, "", xpay.ReasonMisconfigured),
		Entry("a clock before 1970", sharedSecret, time.Unix(-1, 0), "", xpay.ReasonMisconfigured),
		Entry("a clock whose seconds would pass for milliseconds", sharedSecret, time.Unix(100_000_000_000, 0), "", xpay.ReasonMisconfigured),
		Entry("a query without canonical form", sharedSecret, instant, "a=%", xpay.ReasonQueryMalformed),
	)

	It("takes the host from the URL where the request has none of its own", func() {
		target, err := url.Parse("https://vts.example:8443/a%2Fb?c=%3a")
		Expect(err).NotTo(HaveOccurred())
		call := xpay.CallOf(&http.Request{Method: "GET", URL: target}, []byte("x"))
		Expect(call).To(Equal(xpay.Call{Method: "GET", Host: "vts.example:8443", Path: "/a%2Fb", Query: "c=%3a", Body: []byte("x")}))
	})

	It("signs what net/http sends and verifies what net/http receives", func() {
		body := []byte(`{"a":"ü"}`)
		verdict := make(chan error, 1)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			value, err := rules().FromHeader(r.Header)
			if err == nil {
				_, err = xpay.Verifier{Rules: rules(), Clock: clockAt(instant)}.Verify(r.Context(), secret(), value, xpay.CallOf(r, body))
			}
			if err == nil && xpay.CallOf(r, nil).Host != r.Host {
				err = errors.New("the host got lost")
			}
			verdict <- err
		}))
		defer server.Close()

		target, err := url.Parse(server.URL + "/vtis/v1/a%2Fb/c d?z=1&apiKey=" + sampleKey + "&t=08:57%3a00")
		Expect(err).NotTo(HaveOccurred())
		request, err := http.NewRequestWithContext(GinkgoT().Context(), http.MethodPost, target.String(), strings.NewReader(string(body)))
		Expect(err).NotTo(HaveOccurred())
		call := xpay.CallOf(request, body)
		Expect(call.Host).To(Equal(target.Host))
		token, err := xpay.Sign(rules(), secret(), instant, call)
		Expect(err).NotTo(HaveOccurred())
		request.Header.Set(rules().Header, token)
		response, err := server.Client().Do(request)
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Body.Close()).To(Succeed())
		Expect(<-verdict).To(Succeed())
	})
})

var _ = Describe("Verifying (p.27)", func() {
	verify := func(at time.Time, value string, call xpay.Call) (xpay.Acceptance, error) {
		return xpay.Verifier{Rules: rules(), Clock: clockAt(at)}.Verify(GinkgoT().Context(), secret(), value, call)
	}
	sign := func(at time.Time, call xpay.Call) string {
		GinkgoHelper()
		token, err := xpay.Sign(rules(), secret(), at, call)
		Expect(err).NotTo(HaveOccurred())
		return token
	}

	It("accepts what was signed, and tells the age", func() {
		accepted, err := verify(instant.Add(7*time.Second), sign(instant, lifecycle()), lifecycle())
		Expect(err).NotTo(HaveOccurred())
		Expect(accepted.Age).To(Equal(7 * time.Second))
		Expect(accepted.Token.Timestamp).To(Equal(second))
		Expect(accepted.Warnings).To(BeEmpty())
	})

	It("warns of upper-case hexadecimal (INT-001)", func() {
		value := sign(instant, lifecycle())
		accepted, err := verify(instant, value[:15]+strings.ToUpper(value[15:]), lifecycle())
		Expect(err).NotTo(HaveOccurred())
		Expect(accepted.Warnings).To(HaveLen(1))
		Expect(accepted.Warnings[0].ID).To(Equal(xpay.DigestUpperCase))
		Expect(accepted.Warnings[0].Interpretation).To(Equal("INT-001"))
		Expect(accepted.Warnings[0].Text).To(ContainSubstring("lower case (p.27)"))
	})

	It("signs the characters of the timestamp, not its number", func() {
		call := xpay.Call{Path: "/a"}
		_, err := verify(instant, tokenOf("0"+second, "0"+second+"a"), call)
		Expect(err).NotTo(HaveOccurred())
		_, err = verify(instant, tokenOf("0"+second, second+"a"), call)
		Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonDigestMismatch))
	})

	DescribeTable("keeps the window of 480 seconds both ways, in whole seconds",
		func(offset time.Duration, reason xpay.Reason, text string) {
			_, err := verify(instant.Add(offset), sign(instant, lifecycle()), lifecycle())
			Expect(xpay.ReasonOf(err)).To(Equal(reason))
			if reason != "" {
				Expect(reason.Layer()).To(Equal(xpay.LayerWindow))
				Expect(err).To(MatchError(ContainSubstring(text)))
			}
		},
		Entry("480 s old", 480*time.Second, xpay.Reason(""), ""),
		Entry("480 s and a fraction old", 480*time.Second+700*time.Millisecond, xpay.Reason(""), ""),
		Entry("481 s old", 481*time.Second, xpay.ReasonTokenStale, "481 s before the clock here, 480 s are allowed"),
		Entry("480 s early", -480*time.Second, xpay.Reason(""), ""),
		Entry("481 s early", -481*time.Second, xpay.ReasonTokenEarly, "481 s after the clock here, 480 s are allowed"),
		Entry("a year old", 365*24*time.Hour, xpay.ReasonTokenStale, "31536000 s before"),
	)

	DescribeTable("refuses a call that was changed on the way",
		func(change func(*xpay.Call)) {
			value, call := sign(instant, lifecycle()), lifecycle()
			change(&call)
			_, err := verify(instant, value, call)
			Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonDigestMismatch))
			Expect(err).To(MatchError(ContainSubstring("(p.27)")))
		},
		Entry("path", func(c *xpay.Call) { c.Path += "x" }),
		Entry("query", func(c *xpay.Call) { c.Query += "x" }),
		Entry("one more parameter", func(c *xpay.Call) { c.Query += "&a=1" }),
		Entry("body", func(c *xpay.Call) { c.Body = append(c.Body, '\n') }),
		Entry("no body", func(c *xpay.Call) { c.Body = nil }),
	)

	It("refuses every digest that differs in one digit", func() {
		value := sign(instant, lifecycle())
		for i := len(value) - 64; i < len(value); i++ {
			flipped := []byte(value)
			flipped[i] = "0123456789abcdef"[(strings.IndexByte("0123456789abcdef", flipped[i])+1)%16]
			_, err := verify(instant, string(flipped), lifecycle())
			Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonDigestMismatch), "digit %d", i)
		}
	})

	It("checks the window before the digest", func() {
		_, err := verify(instant.Add(time.Hour), "xv2:"+second+":"+hex64, lifecycle())
		Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonTokenStale))
	})

	It("refuses to work without a clock or with an empty secret", func() {
		_, err := xpay.Verifier{Rules: rules()}.Verify(GinkgoT().Context(), secret(), sign(instant, lifecycle()), lifecycle())
		Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonMisconfigured))
		empty := fmt.Sprintf("xv2:%s:%s", second, hmacHex("", second+"a"))
		_, err = xpay.Verifier{Rules: rules(), Clock: clockAt(instant)}.Verify(GinkgoT().Context(), xpay.NewSecret("none", nil), empty, xpay.Call{Path: "/a"})
		Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonMisconfigured))
	})

	It("says nothing of an error of others", func() {
		Expect(xpay.ReasonOf(nil)).To(BeEmpty())
		Expect(xpay.ReasonOf(context.Canceled)).To(BeEmpty())
	})
})

type brokenCache struct{}

func (brokenCache) Use(context.Context, [sha256.Size]byte, time.Time, time.Time) (bool, error) {
	return true, context.DeadlineExceeded
}

var _ = Describe("Single use (INT-001)", func() {
	var (
		cache *xpay.MemoryReplayCache
		now   time.Time
		guard xpay.Verifier
		call  = xpay.Call{Path: "/a"}
	)
	BeforeEach(func() {
		var err error
		cache, err = xpay.NewMemoryReplayCache(2)
		Expect(err).NotTo(HaveOccurred())
		now = instant
		guard = xpay.Verifier{Rules: rules(), Clock: func() time.Time { return now }, Replays: cache}
	})
	use := func(timestamp int64) xpay.Reason {
		text := fmt.Sprint(timestamp)
		_, err := guard.Verify(GinkgoT().Context(), secret(), tokenOf(text, text+"a"), call)
		return xpay.ReasonOf(err)
	}

	It("is off unless a cache is given", func() {
		guard.Replays = nil
		Expect(use(1700000000)).To(BeEmpty())
		Expect(use(1700000000)).To(BeEmpty())
	})

	It("refuses the second use, also in upper case", func() {
		Expect(use(1700000000)).To(BeEmpty())
		Expect(use(1700000000)).To(Equal(xpay.ReasonTokenReplayed))
		upper := "xv2:" + second + ":" + strings.ToUpper(hmacHex(sharedSecret, second+"a"))
		_, err := guard.Verify(GinkgoT().Context(), secret(), upper, call)
		Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonTokenReplayed))
		Expect(xpay.ReasonTokenReplayed.Layer()).To(Equal(xpay.LayerReplay))
	})

	It("remembers a token through the last second of its window and forgets it then", func() {
		Expect(use(1700000000)).To(BeEmpty())
		now = instant.Add(480*time.Second + 700*time.Millisecond)
		Expect(use(1700000000)).To(Equal(xpay.ReasonTokenReplayed))
		now = now.Add(40 * time.Millisecond)
		Expect(use(1700000400)).To(BeEmpty())
		Expect(cache.Len()).To(Equal(2))
		now = instant.Add(481 * time.Second)
		Expect(use(1700000000)).To(Equal(xpay.ReasonTokenStale))
		Expect(use(1700000401)).To(BeEmpty())
		Expect(cache.Len()).To(Equal(2), "the first is forgotten, the second and the third are not")
	})

	It("refuses rather than forget a token that is still good", func() {
		Expect(use(1700000000)).To(BeEmpty())
		Expect(use(1700000001)).To(BeEmpty())
		text := fmt.Sprint(1700000002)
		_, err := guard.Verify(GinkgoT().Context(), secret(), tokenOf(text, text+"a"), call)
		Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonReplayUnknown))
		Expect(err).To(MatchError(xpay.ErrReplayCacheFull))
		Expect(use(1700000000)).To(Equal(xpay.ReasonTokenReplayed))
	})

	It("remembers no token that is not genuine", func() {
		_, err := guard.Verify(GinkgoT().Context(), secret(), "xv2:"+second+":"+hex64, call)
		Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonDigestMismatch))
		Expect(cache.Len()).To(BeZero())
	})

	It("refuses when the cache cannot tell", func() {
		guard.Replays = brokenCache{}
		_, err := guard.Verify(GinkgoT().Context(), secret(), tokenOf(second, second+"a"), call)
		Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonReplayUnknown))
		Expect(err).To(MatchError(context.DeadlineExceeded))
	})

	It("lets exactly one of many simultaneous uses through", func() {
		var wait sync.WaitGroup
		var accepted atomic.Int32
		for range 32 {
			wait.Go(func() {
				if use(1700000000) == "" {
					accepted.Add(1)
				}
			})
		}
		wait.Wait()
		Expect(accepted.Load()).To(BeEquivalentTo(1))
	})

	It("forgets at the very instant that it was told, soonest first", func() {
		for i, until := range []time.Duration{5, 3} {
			Expect(cache.Use(GinkgoT().Context(), [sha256.Size]byte{byte(i)}, now, now.Add(until))).To(BeTrue())
		}
		_, err := cache.Use(GinkgoT().Context(), [sha256.Size]byte{2}, now.Add(2), now.Add(9))
		Expect(err).To(MatchError(xpay.ErrReplayCacheFull))
		Expect(cache.Use(GinkgoT().Context(), [sha256.Size]byte{2}, now.Add(3), now.Add(9))).To(BeTrue())
		Expect(cache.Use(GinkgoT().Context(), [sha256.Size]byte{0}, now.Add(4), now.Add(9))).To(BeFalse())
	})

	It("wants room for at least one token", func() {
		_, err := xpay.NewMemoryReplayCache(0)
		Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonMisconfigured))
	})
})

var _ = DescribeTable("A secret cannot be printed", func(show func(xpay.Secret) string) {
	shown := show(secret())
	Expect(shown).To(ContainSubstring("issuer demo"))
	Expect(shown).NotTo(ContainSubstring("kP2"))
	Expect(secret().Label()).To(Equal("issuer demo"))
},
	Entry("with %v", func(s xpay.Secret) string { return fmt.Sprintf("%v", s) }),
	Entry("with %+v, inside a struct", func(s xpay.Secret) string { return fmt.Sprintf("%+v", xpay.Case{Secrets: []xpay.Secret{s}}) }),
	Entry("with %#v", func(s xpay.Secret) string { return fmt.Sprintf("%#v", s) }),
	Entry("with %s", func(s xpay.Secret) string { return fmt.Sprintf("%s", s) }),
	Entry("with %x", func(s xpay.Secret) string { return fmt.Sprintf("%x", s) }),
	Entry("as JSON", func(s xpay.Secret) string {
		text, err := json.Marshal(map[string]xpay.Secret{"secret": s})
		Expect(err).NotTo(HaveOccurred())
		return string(text)
	}),
)
