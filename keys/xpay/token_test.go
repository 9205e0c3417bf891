package xpay_test

import (
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys/xpay"
)

const hex64 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

var _ = Describe("Reading the header (p.27)", func() {
	It("takes scheme, epoch seconds and 64 hexadecimal digits", func() {
		token, err := xpay.Parse(rules(), "xv2:1440199445:"+hex64)
		Expect(err).NotTo(HaveOccurred())
		Expect(token.Timestamp).To(Equal("1440199445"))
		Expect(token.Seconds).To(BeEquivalentTo(1440199445))
		Expect(token.Digest[:4]).To(Equal([]byte{0x00, 0x11, 0x22, 0x33}))
		Expect(token.Digest[31]).To(BeEquivalentTo(0xff))
		Expect(token.UpperCase).To(BeFalse())
	})

	It("tells upper-case digits apart without refusing them (INT-001)", func() {
		lower, err := xpay.Parse(rules(), "xv2:1440199445:"+hex64)
		Expect(err).NotTo(HaveOccurred())
		upper, err := xpay.Parse(rules(), "xv2:1440199445:"+strings.ToUpper(hex64))
		Expect(err).NotTo(HaveOccurred())
		Expect(upper.UpperCase).To(BeTrue())
		Expect(upper.Digest).To(Equal(lower.Digest))
	})

	DescribeTable("refuses with a reason of its own",
		func(value string, reason xpay.Reason, text string) {
			_, err := xpay.Parse(rules(), value)
			Expect(xpay.ReasonOf(err)).To(Equal(reason))
			Expect(err).To(MatchError(ContainSubstring(text)))
			Expect(err).To(MatchError(ContainSubstring("(p.27)")))
			Expect(err).To(BeAssignableToTypeOf(&xpay.Error{}))
			Expect(reason.Layer()).To(Equal(xpay.LayerParse))
		},
		Entry("no value", "", xpay.ReasonHeaderMissing, "missing or empty"),
		Entry("one character more than allowed", strings.Repeat("x", 257), xpay.ReasonHeaderTooLong, "257 characters long, at most 256"),
		Entry("as long as allowed, but no token", strings.Repeat("x", 256), xpay.ReasonPartsWrong, "1 parts"),
		Entry("two parts", "1440199445:"+hex64, xpay.ReasonPartsWrong, "2 parts"),
		Entry("four parts", "xv2:1440199445:"+hex64+":", xpay.ReasonPartsWrong, "4 parts"),
		Entry("another scheme", "xv1:1440199445:"+hex64, xpay.ReasonSchemeWrong, `does not begin with "xv2:"`),
		Entry("the scheme in capitals", "XV2:1440199445:"+hex64, xpay.ReasonSchemeWrong, `does not begin with "xv2:"`),
		Entry("no timestamp", "xv2::"+hex64, xpay.ReasonTimestampNotDigits, "not made of digits"),
		Entry("a sign", "xv2:-1440199445:"+hex64, xpay.ReasonTimestampNotDigits, "not made of digits"),
		Entry("a plus sign", "xv2:+1440199445:"+hex64, xpay.ReasonTimestampNotDigits, "not made of digits"),
		Entry("a blank", "xv2: 1440199445:"+hex64, xpay.ReasonTimestampNotDigits, "not made of digits"),
		Entry("digits of another script", "xv2:١٤٤٠١٩٩٤٤٥:"+hex64, xpay.ReasonTimestampNotDigits, "not made of digits"),
		Entry("milliseconds", "xv2:1440199445123:"+hex64, xpay.ReasonTimestampMilliseconds, "milliseconds"),
		Entry("microseconds", "xv2:1440199445123456:"+hex64, xpay.ReasonTimestampOutOfRange, "16 digits"),
		Entry("more than 64 bits hold", "xv2:99999999999999999999:"+hex64, xpay.ReasonTimestampOutOfRange, "20 digits"),
		Entry("no digest", "xv2:1440199445:", xpay.ReasonDigestNotHex, "0 characters"),
		Entry("a digest too short", "xv2:1440199445:"+hex64[1:], xpay.ReasonDigestNotHex, "63 characters"),
		Entry("a digest too long", "xv2:1440199445:"+hex64+"0", xpay.ReasonDigestNotHex, "65 characters"),
		Entry("a digest that is not hexadecimal", "xv2:1440199445:g"+hex64[1:], xpay.ReasonDigestNotHex, "other than hexadecimal"),
	)

	It("takes the value out of the request's headers, whatever their case", func() {
		headers := http.Header{}
		_, err := rules().FromHeader(headers)
		Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonHeaderMissing))

		headers.Add("X-PAY-TOKEN", "one")
		Expect(rules().FromHeader(headers)).To(Equal("one"))

		headers.Add("x-pay-token", "two")
		_, err = rules().FromHeader(headers)
		Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonHeaderRepeated))
		Expect(err).To(MatchError(ContainSubstring("2 times")))
	})
})

var _ = Describe("The rules", func() {
	It("are complete in the contract's table", func() {
		Expect(rules().Validate()).To(Succeed())
		Expect(rules().Window).To(Equal(8 * time.Minute))
	})

	DescribeTable("are refused when one is missing or impossible",
		func(spoil func(*xpay.Rules)) {
			spoilt := rules()
			spoil(&spoilt)
			err := spoilt.Validate()
			Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonMisconfigured))
			Expect(xpay.ReasonMisconfigured.Layer()).To(Equal(xpay.LayerSetup))

			_, err = xpay.Sign(spoilt, secret(), instant, lifecycle())
			Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonMisconfigured))
			_, err = xpay.Verifier{Rules: spoilt, Clock: clockAt(instant)}.Verify(GinkgoT().Context(), secret(), "", lifecycle())
			Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonMisconfigured))
			_, err = xpay.Doctor{Rules: spoilt, Clock: clockAt(instant)}.Diagnose(GinkgoT().Context(), xpay.Case{})
			Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonMisconfigured))
		},
		Entry("no header", func(r *xpay.Rules) { r.Header = "" }),
		Entry("no scheme", func(r *xpay.Rules) { r.Scheme = "" }),
		Entry("a colon in the scheme", func(r *xpay.Rules) { r.Scheme = "xv:2" }),
		Entry("no window", func(r *xpay.Rules) { r.Window = 0 }),
		Entry("a window of fractions", func(r *xpay.Rules) { r.Window = 1500 * time.Millisecond }),
		Entry("too short for any token", func(r *xpay.Rules) { r.MaxLength = 78 }),
		Entry("no API key parameter", func(r *xpay.Rules) { r.APIKeyParameter = "" }),
	)

	It("leave the citation out when they have no page", func() {
		r := rules()
		r.Page = 0
		_, err := xpay.Parse(r, "")
		Expect(err).To(MatchError(Not(ContainSubstring("(p."))))
	})
})
