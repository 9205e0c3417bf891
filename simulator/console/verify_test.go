package console_test

import (
	"context"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("verifying traffic", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })

	verify := func(body any) map[string]any {
		GinkgoHelper()
		return l.post("/api/v1/traffic/verify", body).ok(http.StatusOK).body
	}

	It("counts the calls of a kind", func() {
		a := l.journal(bank, 0)
		b := l.journal(bank, 1, func(row *vault.Traffic) { row.Response.Status = 400 })
		l.journal(bank, 2, func(row *vault.Traffic) { row.Operation = "tokenInquiry" })
		l.journal(other, 3)
		Expect(verify(`{"issuer": "demo-bank", "operation": "tokenLifecycle"}`)).To(Equal(map[string]any{"matched": true, "evicted": false, "count": 2.0, "ids": []any{a.ID, b.ID}}))
		for body, matched := range map[string]bool{
			`{"issuer": "demo-bank", "operation": "tokenLifecycle", "count": 2}`:                    true,
			`{"issuer": "demo-bank", "operation": "tokenLifecycle", "count": 1}`:                    false,
			`{"issuer": "demo-bank", "operation": "tokenLifecycle", "count": {"min": 3}}`:           false,
			`{"issuer": "demo-bank", "operation": "tokenLifecycle", "count": {"max": 1}}`:           false,
			`{"issuer": "demo-bank", "operation": "tokenLifecycle", "count": {"min": 1, "max": 2}}`: true,
			`{"issuer": "demo-bank"}`:                                                                                true,
			`{"issuer": "demo-bank", "count": 3}`:                                                                    true,
			`{"issuer": "demo-bank", "operation": "panLifecycle"}`:                                                   false,
			`{"issuer": "demo-bank", "operation": "panLifecycle", "count": 0}`:                                       true,
			`{"issuer": "demo-bank", "direction": "outbound"}`:                                                       false,
			`{"issuer": "third-bank"}`:                                                                               false,
			`{"issuer": "demo-bank", "since": "2026-06-01T12:01:00Z", "count": 2}`:                                   true,
			`{"issuer": "demo-bank", "after": "` + b.ID + `", "count": 1}`:                                           true,
			`{"issuer": "demo-bank", "where": {"/response/status": 400}, "count": 1}`:                                true,
			`{"issuer": "demo-bank", "where": {"/response/status": "400"}}`:                                          false,
			`{"issuer": "demo-bank", "where": {"/request/body/operationType": "SUSPEND", "/response/status": 200}}`:  true,
			`{"issuer": "demo-bank", "where": {"/request/body/operationType": "RESUME"}}`:                            false,
			`{"issuer": "demo-bank", "where": {"/request/body": {"operationType": "SUSPEND"}}, "count": {"min": 3}}`: true,
			`{"issuer": "demo-bank", "where": {"/request/body/nothing/there": null}}`:                                false,
			`{"issuer": "demo-bank", "where": {"/violations/0": {}}}`:                                                false,
		} {
			got := verify(body)
			Expect(got["matched"]).To(Equal(matched), body)
			Expect(got["evicted"]).To(BeFalse(), body)
		}
	})

	It("follows pointers with escapes and indexes", func() {
		l.journal(bank, 0, func(row *vault.Traffic) {
			row.Request.Decrypted = map[string]any{"a/b": []any{map[string]any{"c~d": 7}}}
		})
		Expect(verify(`{"issuer": "demo-bank", "where": {"/request/decrypted/a~1b/0/c~0d": 7}}`)["matched"]).To(BeTrue())
		Expect(verify(`{"issuer": "demo-bank", "where": {"/request/decrypted/a~1b/1/c~0d": 7}}`)["matched"]).To(BeFalse())
		Expect(verify(`{"issuer": "demo-bank", "where": {"/request/decrypted/a~1b/x": 7}}`)["matched"]).To(BeFalse())
	})

	It("counts beyond a page", func() {
		for i := range 1203 {
			l.journal(bank, i)
		}
		got := verify(`{"issuer": "demo-bank", "count": 1203}`)
		Expect(got["matched"]).To(BeTrue())
		Expect(got["ids"]).To(HaveLen(100))
	})

	It("waits until it matches", func() {
		var looked chan struct{}
		l, looked = newWatchedLab()
		answers := make(chan map[string]any)
		go func() {
			defer GinkgoRecover()
			answers <- verify(`{"issuer": "demo-bank", "count": 2, "wait": "20s"}`)
		}()
		Eventually(looked).Should(Receive())
		l.journal(bank, 0)
		Eventually(looked).Should(Receive())
		l.journal(bank, 1)
		Expect(<-answers).To(HaveKeyWithValue("matched", true))
		Expect(verify(`{"issuer": "demo-bank", "count": 3, "wait": "20ms"}`)).To(HaveKeyWithValue("matched", false))
	})

	Context("when rows are evicted", func() {
		BeforeEach(func() {
			l = newLab(func(s *setting) { s.vault.JournalRows = 4 })
			for i := range 9 {
				l.journal(bank, i)
			}
			Eventually(func() int {
				rows, _, err := l.vault.Traffic(context.Background(), vault.TrafficQuery{Issuer: bank})
				Expect(err).NotTo(HaveOccurred())
				return len(rows)
			}).Should(BeNumerically("<=", 4))
		})

		DescribeTable("says so instead of passing or failing, unless what is left decides it", func(body string, matched, evicted bool) {
			got := verify(body)
			Expect(got["matched"]).To(Equal(matched))
			Expect(got["evicted"]).To(Equal(evicted))
		},
			Entry("exactly as many as were made", `{"issuer": "demo-bank", "count": 9}`, false, true),
			Entry("none, which would be wrong", `{"issuer": "demo-bank", "count": 0}`, false, false),
			Entry("none of an operation that nobody called", `{"issuer": "demo-bank", "operation": "panLifecycle", "count": 0}`, false, true),
			Entry("at least one, which is left", `{"issuer": "demo-bank"}`, true, false),
			Entry("at least nine, of which some are gone", `{"issuer": "demo-bank", "count": {"min": 9}}`, false, true),
			Entry("at most one, and more are left", `{"issuer": "demo-bank", "count": {"max": 1}}`, false, false),
			Entry("since a time that the journal reaches back to", `{"issuer": "demo-bank", "since": "2026-06-01T12:08:00Z", "count": 1}`, true, false),
			Entry("since a time before", `{"issuer": "demo-bank", "since": "2026-06-01T12:01:00Z", "count": 8}`, false, true),
			Entry("after a row that is gone", `{"issuer": "demo-bank", "after": "gone"}`, false, true),
			Entry("for an issuer none of whose rows are gone", `{"issuer": "second-bank", "count": 0}`, true, false),
		)
	})

	DescribeTable("refuses what it does not understand", func(body string, status int, field string, parts ...string) {
		l.post("/api/v1/traffic/verify", body).refused(status, field, parts...)
	},
		Entry("no issuer", `{}`, http.StatusBadRequest, "issuer", "required"),
		Entry("an unknown issuer", `{"issuer": "nobody"}`, http.StatusNotFound, "issuer"),
		Entry("an unknown operation", `{"issuer": "demo-bank", "operation": "x"}`, http.StatusBadRequest, "operation"),
		Entry("a negative count", `{"issuer": "demo-bank", "count": -1}`, http.StatusBadRequest, "count"),
		Entry("a count that cannot be", `{"issuer": "demo-bank", "count": {"min": 2, "max": 1}}`, http.StatusBadRequest, "count", "above"),
		Entry("a count in words", `{"issuer": "demo-bank", "count": "two"}`, http.StatusBadRequest, "count"),
		Entry("a place that is no pointer", `{"issuer": "demo-bank", "where": {"response.status": 200}}`, http.StatusBadRequest, "where/response.status", "unknown"),
		Entry("a time that is none", `{"issuer": "demo-bank", "since": "noon"}`, http.StatusBadRequest, "since"),
		Entry("a wait that is too long", `{"issuer": "demo-bank", "wait": "1h"}`, http.StatusBadRequest, "wait"),
	)
})
