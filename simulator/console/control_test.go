package console_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/fault"
)

var _ = Describe("faults", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })

	It("are put in force as outside tests give them, and strike", func() {
		a := l.post("/api/v1/faults", `{"issuer": "demo-bank", "operation": "tokenLifecycle", "respond": {"status": 500, "code": "VSE40009", "delayMs": 25}, "times": 1}`).ok(http.StatusCreated)
		Expect(a.raw).To(MatchJSON(`{"id": "fault-1", "issuer": "demo-bank", "operation": "tokenLifecycle", "when": "before-commit",
			"respond": {"status": 500, "code": "VSE40009", "delayMs": 25, "drop": false}, "times": 1, "every": 0, "probability": 0, "seed": 0, "seen": 0, "struck": 0}`))
		Expect(a.headers.Get("Location")).To(Equal("/api/v1/faults/fault-1"))
		_, struck := l.faults.Next(other, "tokenLifecycle", fault.BeforeCommit)
		Expect(struck).To(BeFalse())
		got, struck := l.faults.Next(bank, "tokenLifecycle", fault.BeforeCommit)
		Expect(struck).To(BeTrue())
		Expect(got.Respond).To(Equal(fault.Respond{Status: 500, Code: "VSE40009", Delay: 25 * time.Millisecond}))
		Expect(l.get("/api/v1/faults/fault-1").ok(http.StatusOK).body["struck"]).To(BeEquivalentTo(1))
	})

	It("have every knob of the set", func() {
		l.post("/api/v1/faults", `{"respond": {"drop": true}, "when": "after-commit", "every": 3}`).ok(http.StatusCreated)
		l.post("/api/v1/faults", `{"respond": {"delayMs": 1}, "probability": 0.25, "seed": 7}`).ok(http.StatusCreated)
		list := l.faults.List("")
		Expect(list[0]).To(And(HaveField("When", fault.AfterCommit), HaveField("Every", 3), HaveField("Respond.Drop", true), HaveField("Issuer", ""), HaveField("Operation", "")))
		Expect(list[1]).To(And(HaveField("Probability", 0.25), HaveField("Seed", uint64(7))))
	})

	It("are listed by issuer and taken out of force, one or all", func() {
		for _, issuer := range []string{bank, other, bank} {
			l.post("/api/v1/faults", map[string]any{"issuer": issuer, "respond": map[string]any{"drop": true}}).ok(http.StatusCreated)
		}
		Expect(ids(l.get("/api/v1/faults").items())).To(Equal([]string{"fault-1", "fault-2", "fault-3"}))
		Expect(ids(l.get("/api/v1/faults?issuer=demo-bank").items())).To(Equal([]string{"fault-1", "fault-3"}))
		l.call(http.MethodDelete, "/api/v1/faults/fault-1", nil).ok(http.StatusNoContent)
		l.call(http.MethodDelete, "/api/v1/faults/fault-1", nil).refused(http.StatusNotFound, "id", "no fault")
		l.get("/api/v1/faults/fault-1").refused(http.StatusNotFound, "id")
		l.call(http.MethodDelete, "/api/v1/faults?issuer=demo-bank", nil).ok(http.StatusNoContent)
		Expect(ids(l.get("/api/v1/faults").items())).To(Equal([]string{"fault-2"}))
		l.call(http.MethodDelete, "/api/v1/faults", nil).ok(http.StatusNoContent)
		Expect(l.get("/api/v1/faults").items()).To(BeEmpty())
	})

	DescribeTable("are refused when they make no sense", func(body string, status int, field string, parts ...string) {
		l.post("/api/v1/faults", body).refused(status, field, parts...)
		Expect(l.faults.List("")).To(BeEmpty())
	},
		Entry("no answer", `{"issuer": "demo-bank"}`, http.StatusBadRequest, "respond", "required"),
		Entry("an empty answer", `{"respond": {}}`, http.StatusBadRequest, "respond", "at least 1"),
		Entry("an answer that does nothing", `{"respond": {"drop": false}}`, http.StatusBadRequest, "respond", "does nothing"),
		Entry("a code alone", `{"respond": {"code": "VSE40009"}}`, http.StatusBadRequest, "respond", "status"),
		Entry("a status that is none", `{"respond": {"status": 42}}`, http.StatusBadRequest, "respond/status", "at least 200"),
		Entry("drop and a status", `{"respond": {"drop": true, "status": 500}}`, http.StatusBadRequest, "respond", "either"),
		Entry("an unknown member", `{"respond": {"drop": true, "delay": "1s"}}`, http.StatusBadRequest, "respond/delay", "unknown"),
		Entry("a delay beyond the server's patience", `{"respond": {"delayMs": 60000}}`, http.StatusBadRequest, "respond/delayMs", "at most"),
		Entry("an unknown issuer", `{"issuer": "nobody", "respond": {"drop": true}}`, http.StatusNotFound, "issuer"),
		Entry("an outbound operation", `{"operation": "tokenNotification", "respond": {"drop": true}}`, http.StatusBadRequest, "operation", "tokenLifecycle"),
		Entry("another moment", `{"when": "later", "respond": {"drop": true}}`, http.StatusBadRequest, "when", "after-commit"),
		Entry("more than certain", `{"probability": 1.5, "respond": {"drop": true}}`, http.StatusBadRequest, "probability"),
		Entry("a seed beyond 64 bits", `{"seed": 18446744073709551616, "respond": {"drop": true}}`, http.StatusBadRequest, "seed", "64 bits"),
		Entry("a number in powers of ten", `{"times": 1e2, "respond": {"drop": true}}`, http.StatusBadRequest, "times", "plainly"),
		Entry("a negative count", `{"times": -1, "respond": {"drop": true}}`, http.StatusBadRequest, "times"),
	)
})

var _ = Describe("the clock", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })

	move := func(body string) map[string]any {
		GinkgoHelper()
		return l.post("/api/v1/clock", body).ok(http.StatusOK).body
	}

	It("is shown, advanced, set, also back, frozen and let run", func() {
		Expect(l.get("/api/v1/clock").ok(http.StatusOK).raw).To(MatchJSON(`{"now": "2026-06-01T12:00:00Z", "frozen": true}`))
		Expect(move(`{"advance": "10m"}`)).To(Equal(map[string]any{"now": "2026-06-01T12:10:00Z", "frozen": true}))
		Expect(move(`{"advance": "-1h"}`)["now"]).To(Equal("2026-06-01T11:10:00Z"))
		Expect(move(`{"set": "2025-01-01T00:00:00+01:00"}`)["now"]).To(Equal("2024-12-31T23:00:00Z"))
		Expect(l.clock.Now()).To(Equal(time.Date(2024, 12, 31, 23, 0, 0, 0, time.UTC)))
		Expect(move(`{"resume": true}`)["frozen"]).To(BeFalse())
		Expect(l.clock.Frozen()).To(BeFalse())
		Expect(l.clock.Now()).To(BeTemporally("~", time.Date(2024, 12, 31, 23, 0, 0, 0, time.UTC), time.Minute))
		Expect(move(`{"freeze": true}`)["frozen"]).To(BeTrue())
		Expect(l.clock.Now()).To(BeTemporally("~", time.Date(2024, 12, 31, 23, 0, 0, 0, time.UTC), time.Minute))
		Expect(move(`{"freeze": "2026-07-01T00:00:00Z"}`)).To(Equal(map[string]any{"now": "2026-07-01T00:00:00Z", "frozen": true}))
	})

	DescribeTable("is not moved by what makes no sense", func(body, field string, parts ...string) {
		l.post("/api/v1/clock", body).refused(http.StatusBadRequest, field, parts...)
		Expect(l.clock.Now()).To(Equal(noon))
		Expect(l.clock.Frozen()).To(BeTrue())
	},
		Entry("nothing", `{}`, "", "at least 1"),
		Entry("two moves", `{"advance": "1m", "resume": true}`, "", "at most 1"),
		Entry("no duration", `{"advance": "ten minutes"}`, "advance", "10m"),
		Entry("a number", `{"advance": 600}`, "advance", "type string"),
		Entry("no time", `{"set": "tomorrow"}`, "set", "RFC 3339"),
		Entry("an empty time", `{"set": ""}`, "set", "empty"),
		Entry("null", `{"set": null}`, "set", "type string"),
		Entry("a time before all certificates", `{"set": "1899-01-01T00:00:00Z"}`, "set", "1970"),
		Entry("a step beyond all years", `{"advance": "2000000h"}`, "advance", "2200"),
		Entry("not to freeze", `{"freeze": false}`, "freeze", "resume"),
		Entry("not to resume", `{"resume": false}`, "resume", "true"),
		Entry("a time to freeze at that is none", `{"freeze": "noon"}`, "freeze", "RFC 3339"),
		Entry("an unknown move", `{"rewind": "1m"}`, "rewind", "unknown"),
	)
})
