package xpay_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys/xpay"
)

func diagnose(c xpay.Case) xpay.Diagnosis {
	GinkgoHelper()
	out, err := xpay.Doctor{Rules: rules(), Clock: clockAt(instant)}.Diagnose(GinkgoT().Context(), c)
	Expect(err).NotTo(HaveOccurred())
	return out
}

func caseOf(m mistaken) xpay.Case {
	c := xpay.Case{Call: m.call, Header: m.token, Secrets: []xpay.Secret{secret()}}
	if m.tweak != nil {
		m.tweak(&c)
	}
	return c
}

func explaining(d xpay.Diagnosis) []xpay.MistakeID {
	var ids []xpay.MistakeID
	for _, m := range d.Mistakes {
		if m.Explains {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

func mistakeEntries() []any {
	entries := []any{func(m mistaken) {
		c := caseOf(m)
		d := diagnose(c)
		Expect(d.Explained).To(BeTrue(), d.Text)
		Expect(d.Complete).To(BeTrue())
		Expect(explaining(d)).To(ContainElement(m.id), d.Text)
		at := slices.IndexFunc(d.Mistakes, func(found xpay.Mistake) bool { return found.ID == m.id })
		Expect(d.Mistakes[at].Title).NotTo(BeEmpty())
		Expect(d.Mistakes[at].Mend).NotTo(BeEmpty())
		Expect(d.Mistakes[at].Detail).To(ContainSubstring(m.detail))
		Expect(d.Text()).To(ContainSubstring("[" + string(m.id) + "]"))
		Expect(d.Text()).To(ContainSubstring(d.Mistakes[at].Mend))
	}}
	for _, m := range everyMistake() {
		entries = append(entries, Entry(strings.TrimSpace(string(m.id)+" "+m.what), m))
	}
	return entries
}

var _ = DescribeTable("The doctor names the mistake (p.27)", mistakeEntries()...)

var _ = Describe("The catalogue of mistakes", func() {
	It("has an example of each in the table above", func() {
		shown := map[xpay.MistakeID]bool{}
		for _, m := range everyMistake() {
			shown[m.id] = true
		}
		for _, m := range xpay.Catalogue(rules()) {
			Expect(shown).To(HaveKey(m.ID))
			delete(shown, m.ID)
		}
		Expect(shown).To(BeEmpty(), "the catalogue lacks these, or has them twice")
	})

	It("fills its texts from the rules", func() {
		for _, m := range xpay.Catalogue(rules()) {
			Expect(m.Title).To(MatchRegexp(`^[^{}]+\.$`), string(m.ID))
			Expect(m.Mend).To(MatchRegexp(`^[^{}]+\.$`), string(m.ID))
		}
		Expect(xpay.Catalogue(rules())).To(ContainElement(HaveField("Mend", ContainSubstring("480 s"))))
	})

	It("is found alone: one mistake in the signed string is explained by that mistake only", func() {
		for _, m := range append(append(pathCases(), bodyCases()...), otherCases()...) {
			Expect(explaining(diagnose(caseOf(m)))).To(Equal([]xpay.MistakeID{m.id}), m.what)
		}
	})
})

var _ = Describe("The doctor", func() {
	DescribeTable("finds pairs of mistakes",
		func(call xpay.Call, token string, ids ...xpay.MistakeID) {
			d := diagnose(xpay.Case{Call: call, Header: token, Secrets: []xpay.Secret{secret()}, Others: []xpay.Secret{xpay.NewSecret("issuer beacon", []byte(otherSecret))}})
			Expect(explaining(d)).To(ConsistOf(ids), d.Text)
			Expect(d.Explained).To(BeTrue())
		},
		Entry("slash and question mark", lifecycle(), tokenOf(second, second+"/"+lifecyclePath+"?"+keyQuery+lifecycleBody), xpay.PathLeadingSlash, xpay.QueryQuestionMark),
		Entry("full URL with its query", lifecycle(), tokenOf(second, second+"https://vts.example:8443/"+lifecyclePath+"?"+keyQuery+lifecycleBody), xpay.PathFullURL, xpay.QueryQuestionMark),
		Entry("slash and dropped product", lifecycle(), tokenOf(second, second+"/"+strings.TrimPrefix(lifecyclePath, "vtis/")+keyQuery+lifecycleBody), xpay.PathLeadingSlash, xpay.PathFirstSegmentDropped),
		Entry("slash and body re-serialised", withBody(`{"a":1}`), tokenOf(second, second+"/"+lifecyclePath+keyQuery+"{\n  \"a\": 1\n}"), xpay.PathLeadingSlash, xpay.BodyIndentTwo),
		Entry("pretty-printed with a line end", withBody(`{"a":1}`), tokenOf(second, second+lifecyclePath+keyQuery+"{\n  \"a\": 1\n}\n"), xpay.BodyIndentTwo, xpay.BodyTrailingNewline),
		Entry("unsorted and unencoded", report("t=08%3A57&"+keyQuery), tokenOf(second, second+reportPath+"t=08:57&"+keyQuery), xpay.QueryUnsorted, xpay.QueryNotEncoded),
		Entry("no API key and unsorted", report("page=0&limit=1&"+keyQuery), tokenOf(second, second+reportPath+"page=0&limit=1"), xpay.QueryAPIKeyOmitted, xpay.QueryUnsorted),
		Entry("another's secret and a slash", lifecycle(), "xv2:"+second+":"+hmacHex(otherSecret, second+"/"+right[len(second):]), xpay.SecretOfAnother, xpay.PathLeadingSlash),
		Entry("a plain hash without the body", lifecycle(), plainSHA256(sharedSecret+second+lifecyclePath+keyQuery), xpay.HashSecretFirst, xpay.BodyOmitted),
		Entry("separators and method", lifecycle(), tokenOf(second, "POST\n"+strings.Join([]string{second, lifecyclePath, keyQuery, lifecycleBody}, "\n")), xpay.PartsSeparated, xpay.MethodIncluded),
		Entry("a slash and upper-case digits", lifecycle(), "xv2:"+second+":"+strings.ToUpper(hmacHex(sharedSecret, second+"/"+right[len(second):])), xpay.PathLeadingSlash, xpay.DigestUpperCase),
		Entry("milliseconds, a slash and a question mark", lifecycle(), tokenOf(second+"001", second+"001/"+lifecyclePath+"?"+keyQuery+lifecycleBody), xpay.TimestampMilliseconds, xpay.PathLeadingSlash, xpay.QueryQuestionMark),
		Entry("a slow clock and a slash", lifecycle(), tokenOf("1699999000", "1699999000/"+right[len(second):]), xpay.ClockBehind, xpay.PathLeadingSlash),
	)

	It("shows the string, the digest and where what was signed departs from it", func() {
		d := diagnose(xpay.Case{Call: report(keyQuery), Header: tokenOf(second, second+"/"+reportPath+keyQuery), Secrets: []xpay.Secret{secret()}})
		Expect(d.Reason).To(Equal(xpay.ReasonDigestMismatch))
		Expect(d.Refusal).To(ContainSubstring("x-pay-token"))
		Expect(d.Computed).To(Equal(second + reportPath + keyQuery))
		Expect(d.Signed).To(Equal(second + "/" + reportPath + keyQuery))
		Expect(d.SignedDiffersAt).To(Equal(len(second)))
		Expect(d.Expected).To(Equal(hmacHex(sharedSecret, second+reportPath+keyQuery)))
		Expect(d.ExpectedHeader).To(Equal("xv2:" + second + ":" + d.Expected))
		Expect(d.Received).To(Equal(hmacHex(sharedSecret, second+"/"+reportPath+keyQuery)))
		Expect(d.FirstDifferingByte).To(Equal(firstDifference(d.Expected, d.Received)))
		Expect(d.Text()).To(ContainSubstring("departs at byte 10"))
	})

	It("says of a right token that it is right", func() {
		d := diagnose(xpay.Case{Call: lifecycle(), Header: tokenOf(second, right), Secrets: []xpay.Secret{secret()}})
		Expect(d.Reason).To(BeEmpty())
		Expect(d.Mistakes).To(BeEmpty())
		Expect(d.Explained).To(BeTrue())
		Expect(d.FirstDifferingByte).To(Equal(-1))
		Expect(d.Text()).To(ContainSubstring("x-pay-token is accepted"))
	})

	It("takes any of the issuer's secrets for right, as while one replaces another", func() {
		d := diagnose(xpay.Case{Call: lifecycle(), Header: tokenOf(second, right), Secrets: []xpay.Secret{xpay.NewSecret("new", []byte(otherSecret)), secret()}})
		Expect(d.Reason).To(BeEmpty())
		Expect(d.Mistakes).To(BeEmpty())
		Expect(d.Explained).To(BeTrue())
	})

	It("admits that it does not know, and still gives the right digest", func() {
		d := diagnose(xpay.Case{Call: lifecycle(), Header: "xv2:" + second + ":" + hex64, Secrets: []xpay.Secret{secret()}})
		Expect(d.Explained).To(BeFalse())
		Expect(d.Complete).To(BeTrue())
		Expect(d.Mistakes).To(BeEmpty())
		Expect(d.Tried).To(BeNumerically(">", 1000))
		Expect(d.Expected).To(Equal(hmacHex(sharedSecret, right)))
		Expect(d.Text()).To(ContainSubstring("check the secret first"))
	})

	It("does not take what it merely sees for the explanation", func() {
		d := diagnose(xpay.Case{Call: lifecycle(), Header: "XV2:1600000000:" + hex64, Secrets: []xpay.Secret{secret()}})
		Expect(d.Reason).To(Equal(xpay.ReasonSchemeWrong))
		Expect(explaining(d)).To(BeEmpty())
		Expect(d.Mistakes).To(HaveLen(2))
		Expect(d.Mistakes[0].ID).To(Equal(xpay.HeaderScheme))
		Expect(d.Mistakes[1].ID).To(Equal(xpay.ClockBehind))
		Expect(d.Explained).To(BeFalse())
		Expect(d.Text()).To(ContainSubstring("seen "))
	})

	It("expects nothing of a call whose API key it does not know", func() {
		d := diagnose(xpay.Case{Call: lifecycle(), Header: tokenOf(second, right)})
		Expect(d.Reason).To(Equal(xpay.ReasonDigestMismatch))
		Expect(d.Expected).To(BeEmpty())
		Expect(d.ExpectedHeader).To(BeEmpty())
		Expect(d.Explained).To(BeFalse())
		Expect(d.Text()).To(ContainSubstring("there is no secret for this call"))
	})

	It("expects the clock's second when the header has none", func() {
		d := diagnose(xpay.Case{Call: lifecycle(), Secrets: []xpay.Secret{secret()}})
		Expect(d.ExpectedHeader).To(Equal(tokenOf(second, right)))
		Expect(d.Text()).To(ContainSubstring("received  nothing"))
	})

	It("expects the header's second when the header has milliseconds", func() {
		d := diagnose(xpay.Case{Call: lifecycle(), Header: "xv2:1699999990123:" + hex64, Secrets: []xpay.Secret{secret()}})
		Expect(d.ExpectedHeader).To(HavePrefix("xv2:1699999990:"))
		Expect(d.Computed).To(HavePrefix("1699999990vtis"))
	})

	It("does not take an empty secret for right where none is known", func() {
		d := diagnose(xpay.Case{Call: lifecycle(), Header: "xv2:" + second + ":" + hmacHex("", right)})
		Expect(explaining(d)).To(Equal([]xpay.MistakeID{xpay.SecretEmpty}))
	})

	It("is content with one API key in the right capitals", func() {
		call := report("apikey=other&" + keyQuery)
		d := diagnose(xpay.Case{Call: call, Header: tokenOf(second, second+reportPath+keyQuery+"&apikey=other"), Secrets: []xpay.Secret{secret()}})
		Expect(d.Mistakes).To(BeEmpty())
	})

	It("needs a clock", func() {
		_, err := xpay.Doctor{Rules: rules()}.Diagnose(GinkgoT().Context(), xpay.Case{})
		Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonMisconfigured))
	})

	It("ends the search at its budget and says so", func() {
		c := xpay.Case{Call: lifecycle(), Header: "xv2:" + second + ":" + hex64, Secrets: []xpay.Secret{secret()}}
		d, err := xpay.Doctor{Rules: rules(), Clock: clockAt(instant), Budget: 10_000}.Diagnose(GinkgoT().Context(), c)
		Expect(err).NotTo(HaveOccurred())
		Expect(d.Complete).To(BeFalse())
		Expect(d.Tried).To(BeNumerically("~", 10_000/len(right), 20))
		Expect(d.Text()).To(ContainSubstring("the search ended early"))
	})

	It("ends the search with its context and says so", func() {
		ctx, cancel := context.WithCancel(GinkgoT().Context())
		cancel()
		c := xpay.Case{Call: lifecycle(), Header: "xv2:" + second + ":" + hex64, Secrets: []xpay.Secret{secret()}}
		d, err := xpay.Doctor{Rules: rules(), Clock: clockAt(instant)}.Diagnose(ctx, c)
		Expect(err).NotTo(HaveOccurred())
		Expect(d.Complete).To(BeFalse())
	})

	It("goes through every pair over the longest body within its budget", func() {
		call := withBody(`{"a":"` + strings.Repeat("x/<ü", 2000) + `","b":[1,2]}` + "\r\n")
		call.Query = "page=0&t=08:57%2f~(*)+&flag&Zone=1&" + keyQuery
		c := xpay.Case{Call: call, Header: "xv2:" + second + ":" + hex64, Secrets: []xpay.Secret{secret()}}
		for i := range 12 {
			c.Others = append(c.Others, xpay.NewSecret("other", fmt.Appendf(nil, "other-secret-%d", i)))
		}
		Expect(diagnose(c).Complete).To(BeTrue())
	})
})

func firstDifference(a, b string) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

var _ = Describe("A diagnosis", func() {
	const pan = "4111111111111111"

	It("shows no secret, whatever the mistake", func() {
		for _, m := range everyMistake() {
			c := caseOf(m)
			d := diagnose(c)
			asJSON, err := json.Marshal(d)
			Expect(err).NotTo(HaveOccurred())
			for _, hidden := range []string{sharedSecret, otherSecret, "beacon-secret"} {
				Expect(d.Text()+string(asJSON)+fmt.Sprintf("%+v%+v", d, c)).NotTo(ContainSubstring(hidden), string(m.id))
			}
		}
	})

	It("masks a secret that the caller sent, in any writing", func() {
		call := lifecycle()
		call.Query = "apiKey=Zq7%24kP2-shared-secret_9f&hex=5a7137246b50322d7368617265642d7365637265745f3966"
		call.Path = "/vtis/v1/" + sharedSecret
		call.Body = []byte(sharedSecret)
		d := diagnose(xpay.Case{Call: call, Header: "xv2:" + second + ":" + sharedSecret, Secrets: []xpay.Secret{secret()}, BodyIsSafe: true})
		Expect(d.Computed).To(Equal(second + "vtis/v1/<secret>apiKey=<secret>&hex=<secret><secret>"))
		Expect(d.ReceivedHeader).To(Equal("xv2:" + second + ":<secret>"))
		Expect(d.Received).To(Equal("<secret>"))

		slashed := xpay.NewSecret("issuer demo", []byte("/slashed/secret\n"))
		questions := xpay.NewSecret("issuer beacon", []byte("~~~???>>>"))
		for _, written := range []string{"%2Fslashed%2Fsecret", "%2fslashed%2fsecret", "/slashed/secret", "L3NsYXNoZWQvc2VjcmV0Cg", "2F736C61736865642F7365637265740A", "fn5+Pz8/Pj4+", "fn5-Pz8_Pj4-"} {
			d := diagnose(xpay.Case{Call: lifecycle(), Header: written, Secrets: []xpay.Secret{slashed}, Others: []xpay.Secret{questions}})
			Expect(d.ReceivedHeader).To(Equal("<secret>"), written)
		}
	})

	It("shows a body by length, hash and structure only", func() {
		d := diagnose(xpay.Case{Call: withBody(`{"pan":"` + pan + `","` + pan + `":1,"list":[1],"inner":{"cvv2":"123"},"yes":true,"no":null,"n":1}`), Header: tokenOf(second, right), Secrets: []xpay.Secret{secret()}})
		Expect(d.Computed).To(HavePrefix(second + lifecyclePath + keyQuery + "<body: 108 bytes, SHA-256 "))
		Expect(d.Computed).To(HaveSuffix("JSON object {inner object, list array, n number, no null, pan string, yes boolean, 1 more}>"))
		Expect(d.Text()).NotTo(ContainSubstring(pan))
		Expect(d.Text()).NotTo(ContainSubstring("123\""))
	})

	DescribeTable("tells other bodies apart", func(body, structure string) {
		d := diagnose(xpay.Case{Call: withBody(body), Header: tokenOf(second, right), Secrets: []xpay.Secret{secret()}})
		Expect(d.Computed).To(HaveSuffix(structure))
	},
		Entry("array", "[1,2,3]", ", JSON array of 3>"),
		Entry("text", pan, ", JSON value>"),
		Entry("null", "null", ", JSON value>"),
		Entry("noise", "pan="+pan, ", not JSON>"),
		Entry("nothing", "", keyQuery),
		Entry("many members", `{`+strings.Join(manyMembers(20), ",")+`,"x1":1}`, "aaaaaaaaaaaaaaaa number, 5 more}>"),
	)

	It("shows the whole body if the caller vouches for it", func() {
		d := diagnose(xpay.Case{Call: withBody("{\"a\":\n1}"), Header: tokenOf(second, second+lifecyclePath+keyQuery+`{"a":1}`), Secrets: []xpay.Secret{secret()}, BodyIsSafe: true})
		Expect(d.Computed).To(HaveSuffix("{\"a\":\n1}"))
		Expect(d.Signed).To(HaveSuffix(`{"a":1}`))
		Expect(d.Text()).To(ContainSubstring(`{"a":\n1}`))
	})

	It("masks card numbers in path, query and a header that is no token", func() {
		call := report("pan=" + pan + "&id=40010030273&at=1700000000000&" + keyQuery)
		call.Path = "/vtis/v1/pan/" + pan
		d := diagnose(xpay.Case{Call: call, Header: "pan " + pan, Secrets: []xpay.Secret{secret()}})
		Expect(d.Computed).To(HavePrefix(second + "vtis/v1/pan/411111******1111apiKey="))
		Expect(d.Computed).To(HaveSuffix("&at=1700000000000&id=40010030273&pan=411111******1111"))
		Expect(d.ReceivedHeader).To(Equal("pan 411111******1111"))
		Expect(d.Text()).NotTo(ContainSubstring(pan))
	})

	It("shows digests whole, even where their digits could be a card number", func() {
		digest := strings.Repeat("f", 48) + pan
		d := diagnose(xpay.Case{Call: lifecycle(), Header: "xv2:" + second + ":" + digest, Secrets: []xpay.Secret{secret()}})
		Expect(d.Received).To(Equal(digest))
		Expect(d.ReceivedHeader).To(Equal("xv2:" + second + ":" + digest))
	})

	It("shows milliseconds whole, even where their digits could be a card number", func() {
		const milliseconds = "1700000000509"
		d := diagnose(xpay.Case{Call: report(keyQuery), Header: tokenOf(second, milliseconds+reportPath+keyQuery), Secrets: []xpay.Secret{secret()}})
		Expect(d.Signed).To(Equal(milliseconds + reportPath + keyQuery))
	})

	It("cuts an endless header, and lets nothing through to the terminal", func() {
		d := diagnose(xpay.Case{Call: lifecycle(), Header: "\x1b[31mxv2:\r\n" + strings.Repeat("é", 4000), Secrets: []xpay.Secret{secret()}})
		Expect(len(d.ReceivedHeader)).To(BeNumerically("<=", 256+len("…")))
		Expect(d.Text()).To(ContainSubstring(`\x{1B}[31mxv2:\r\n`))
		Expect(d.Text()).NotTo(ContainSubstring("\x1b"))
	})

	It("is JSON with an empty list where there are no mistakes", func() {
		text, err := json.Marshal(diagnose(xpay.Case{Call: lifecycle(), Header: tokenOf(second, right), Secrets: []xpay.Secret{secret()}}))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(text)).To(ContainSubstring(`"mistakes":[]`))
		Expect(string(text)).To(ContainSubstring(`"clock":"` + instant.Format(time.RFC3339Nano) + `"`))
	})
})

func manyMembers(count int) []string {
	var members []string
	for i := range count {
		members = append(members, fmt.Sprintf(`"%s":1`, strings.Repeat("a", i+1)))
	}
	return members
}
