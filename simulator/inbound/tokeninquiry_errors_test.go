package inbound_test

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/token"
)

var _ = Describe("tokenInquiry, its errors (p.81)", func() {
	var (
		l *lab
		t token.Token
	)
	BeforeEach(func() {
		l = newLab()
		t = l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
	})

	DescribeTable("answers VSE40000 for invalid data (p.74-75):", func(path string, locations ...string) {
		path = strings.NewReplacer("{trid}", t.RequestorID, "{token}", t.ReferenceID).Replace(path)
		l.call(request{method: "GET", path: path}).mustRefuse(400, "VSE40000", locations...)
	},
		Entry("cardHolderVerificationRetrieve in capitals", "/vtis/v1/tokenRequestors/{trid}/tokens/{token}/details?cardHolderVerificationRetrieve=TRUE", "cardHolderVerificationRetrieve"),
		Entry("deviceBindingInfo of 1", "/vtis/v1/tokenRequestors/{trid}/tokens/{token}/details?deviceBindingInfo=1", "deviceBindingInfo"),
		Entry("deviceBindingInfo twice", "/vtis/v1/tokenRequestors/{trid}/tokens/{token}/details?deviceBindingInfo=true&deviceBindingInfo=true", "deviceBindingInfo"),
		Entry("both flags wrong", "/vtis/v1/tokenRequestors/{trid}/tokens/{token}/details?deviceBindingInfo=yes&cardHolderVerificationRetrieve=no", "cardHolderVerificationRetrieve", "deviceBindingInfo"),
		Entry("a tokenRequestorID of 12 digits", "/vtis/v1/tokenRequestors/400100750011/tokens/{token}/details", "tokenRequestorID"),
		Entry("a tokenRequestorID with a letter", "/vtis/v1/tokenRequestors/4001007500a/tokens/{token}/details", "tokenRequestorID"),
		Entry("a tokenReferenceID of 33 characters", "/vtis/v1/tokenRequestors/{trid}/tokens/"+strings.Repeat("x", 33)+"/details", "tokenReferenceID"),
	)

	It("has nothing that can be missing: without a path parameter there is no such path (p.81)", func() {
		l.call(request{method: "GET", path: "/vtis/v1/tokenRequestors//tokens/" + t.ReferenceID + "/details"}).mustRefuse(404, "Not Found")
		l.mustSucceed("tokenInquiry", l.inquire(t, "?deviceBindingInfo="))
	})

	It("tolerates parameters that the specification does not have (p.24)", func() {
		l.mustSucceed("tokenInquiry", l.inquire(t, "?verbose=true&verbose=false"))
	})

	It("takes no body into account", func() {
		got := l.call(request{method: "GET", path: tokenPath(t, "details"), raw: []byte(`{"encryptedData": 7}`)})
		l.mustSucceed("tokenInquiry", got)
	})

	It("answers VSE40003 alike for unknown, foreign and misnamed tokens, and counts no inquiry (INT-058)", func() {
		foreign := l.givenToken(other, l.givenPAN(other, "4000000020000017"))
		elsewhere, nowhere := t, t
		elsewhere.RequestorID, nowhere.ReferenceID = "40010030273", "DNITHE000000000000000000"
		var bodies []string
		for _, named := range []token.Token{foreign, elsewhere, nowhere} {
			got := l.inquire(named, "")
			got.mustRefuse(400, "VSE40003", "tokenReferenceID")
			bodies = append(bodies, got.raw)
		}
		Expect(bodies).To(HaveEach(bodies[0]))
		l.mustSucceed("tokenInquiry", l.call(request{as: other, method: "GET", path: tokenPath(foreign, "details")}))
	})

	It("has no envelope to open, so VSE40010 never comes (p.81)", func() {
		got := l.call(request{method: http.MethodGet, path: tokenPath(t, "details"), raw: []byte(`{"encryptedData":"a.b.c"}`)})
		Expect(got.status).To(Equal(200), got.raw)
	})
})
