package inbound_test

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/token"
)

var _ = Describe("The way in, bodies (p.31)", func() {
	var (
		l *lab
		t token.Token
	)
	BeforeEach(func() {
		l = newLab()
		t = l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
	})
	post := func(content string) answer {
		GinkgoHelper()
		return l.call(request{path: tokenPath(t, "lifecycle"), raw: []byte(content)})
	}

	DescribeTable("answers 400 invalidRequest to", func(content, message string) {
		got := post(content)
		got.mustRefuse(400, "invalidRequest")
		Expect(got.body["errorResponse"]).To(HaveKeyWithValue("message", ContainSubstring(message)))
		Expect(got.raw).NotTo(Or(ContainSubstring("867530"), ContainSubstring(lifecyclePAN)), "nothing of the body is repeated")
		Expect(rulesOf(l.lastRow())).To(ConsistOf("inbound/request#body-readable"))
		Expect(l.token(bank, t.ReferenceID)).To(Equal(t))
	},
		Entry("a member that stands twice", `{"operationType":"SUSPEND","operationReason":"x","operationType":"DELETE"}`, "stands twice"),
		Entry("a member that stands twice further in", `{"operationType":"SUSPEND","operationReason":"x","deviceInfo":{"deviceID":"a","deviceID":"b"}}`, "stands twice"),
		Entry("a member that stands twice, once escaped", `{"operationType":"SUSPEND","operationReason":"x","operation\u0054ype":"DELETE"}`, "stands twice"),
		Entry("an unknown member that stands twice", `{"operationType":"SUSPEND","operationReason":"x","867530":1,"867530":2}`, "stands twice"),
		Entry("bytes that are no UTF-8", "{\"operationType\":\"SUSPEND\",\"operationReason\":\"caf\xe9\"}", "UTF-8"),
		Entry("a half surrogate in UTF-8", "{\"operationReason\":\"\xed\xa0\x80\"}", "UTF-8"),
		Entry("too deep an object", `{"a":`+strings.Repeat(`{"a":`, 40)+`1`+strings.Repeat(`}`, 41), "too deep"),
		Entry("too deep an array", `{"a":`+strings.Repeat(`[`, 40)+strings.Repeat(`]`, 40)+`}`, "too deep"),
		Entry("a second value behind it", `{"operationType":"SUSPEND","operationReason":"x"} {"x":"867530"}`, "follows"),
		Entry("garbage behind it", `{"operationType":"SUSPEND","operationReason":"x"}867530`, "follows"),
		Entry("a comma too many", `{"operationType":"SUSPEND",}`, "not JSON"),
		Entry("a cut one", `{"operationType":"SUSPEND","operationReason":"`, "too early"),
		Entry("a closing bracket alone", `]`, "not JSON"),
		Entry("brackets that do not match", `{"a":[1}`, "not JSON"),
		Entry("single quotes", `{'operationType':'SUSPEND'}`, "not JSON"),
		Entry("a PAN instead of JSON", lifecyclePAN, "not a JSON object"),
		Entry("an array", `[{"operationType":"SUSPEND"}]`, "not a JSON object"),
		Entry("null", `null`, "not a JSON object"),
		Entry("a string", `"SUSPEND"`, "not a JSON object"),
		Entry("white space only", "  \n", "too early"),
		Entry("a byte order mark", "\ufeff{}", "not JSON"),
		Entry("NaN", `{"operationType":NaN}`, "not JSON"),
	)

	It("answers 400 invalidRequest to a call without the body that it needs", func() {
		got := l.call(request{path: tokenPath(t, "lifecycle")})
		got.mustRefuse(400, "invalidRequest")
		Expect(got.raw).To(ContainSubstring("body is missing"))
	})

	It("answers 400 invalidRequest to a body past the limit, and serves the next call (INT-129)", func() {
		long := `{"operationType":"SUSPEND","operationReason":"x","filler":"` + strings.Repeat("x", 64<<10) + `"}`
		got := post(long)
		got.mustRefuse(400, "invalidRequest")
		Expect(got.raw).To(ContainSubstring("65536 bytes"))
		Expect(rulesOf(l.lastRow())).To(ConsistOf("inbound/request#body-readable"))
		l.mustSucceed("tokenLifecycle", post(string(suspension)))
	})

	It("takes a body of exactly the limit", func() {
		l = newLab(func(c *inbound.Config) { c.Limits.BodyBytes = 100 })
		t = l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
		l.mustSucceed("tokenLifecycle", post(string(suspension)+strings.Repeat(" ", 100-len(suspension))))
		post(string(suspension)+strings.Repeat(" ", 101-len(suspension))).mustRefuse(400, "invalidRequest")
	})

	It("tolerates members that the specification does not have, whatever they hold (p.24-25)", func() {
		l.mustSucceed("tokenLifecycle", post(`{"operationType":"SUSPEND","operationReason":"x","new":{"a":[1,null,{"b":true}]},"OperationType":"DELETE","":""}`))
		Expect(string(l.token(bank, t.ReferenceID).Status)).To(Equal("SUSPENDED"))
	})

	It("takes null for absent (INT-125)", func() {
		l.mustSucceed("tokenLifecycle", post(`{"operationType":"SUSPEND","operationReason":"x","operatorID":null,"deviceInfo":null,"activationCode":null}`))
	})

	It("goes by the type of values and not by their looks", func() {
		post(`{"operationType":"SUSPEND","operationReason":1e400}`).mustRefuse(400, "VSE40000", "operationReason")
		post(`{"operationType":["SUSPEND"],"operationReason":{}}`).mustRefuse(400, "VSE40000", "operationReason", "operationType")
	})

	It("judges credentials before the body, and headers before it (INT-153)", func() {
		wrong := func(edit func(*http.Request)) answer {
			GinkgoHelper()
			return l.call(request{path: tokenPath(t, "lifecycle"), raw: []byte(`{"a"`), edit: edit})
		}
		wrong(func(r *http.Request) { r.Header.Del("x-pay-token"); r.Header.Del("Accept") }).mustRefuse(401, "Unauthorized")
		got := wrong(func(r *http.Request) { r.Header.Del("Accept") })
		got.mustRefuse(400, "invalidRequest")
		Expect(got.raw).To(ContainSubstring("Accept"))
	})
})
