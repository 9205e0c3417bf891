package xpay_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys/xpay"
)

var _ = Describe("The canonical query (p.27, INT-002)", func() {
	DescribeTable("is made from the query as sent",
		func(sent, canonical string) {
			Expect(xpay.CanonicalQuery(sent)).To(Equal(canonical))
			Expect(xpay.CanonicalQuery(canonical)).To(Equal(canonical), "canonical form is its own canonical form")
		},
		Entry("nothing stays nothing", "", ""),
		Entry("one parameter stays", "apiKey=A1", "apiKey=A1"),
		Entry("names are sorted", "b=1&a=2", "a=2&b=1"),
		Entry("capitals come before small letters", "apiKey=1&Zone=2", "Zone=2&apiKey=1"),
		Entry("values of one name are sorted", "t=b&t=a&t=B", "t=B&t=a&t=b"),
		Entry("numbers are text", "n=10&n=9", "n=10&n=9"),
		Entry("a name that begins another comes first, though = sorts after -", "a-b=1&a=2", "a=2&a-b=1"),
		Entry("sorting goes by the encoded form", "a~=1&a%C3%A9=2", "a%C3%A9=2&a~=1"),
		Entry("values too are sorted by their encoded form", "a=~&a=%C3%A9", "a=%C3%A9&a=~"),
		Entry("reserved characters are encoded", "t=08:57/1@2", "t=08%3A57%2F1%402"),
		Entry("the marks !'()* are encoded", "m=!'()*", "m=%21%27%28%29%2A"),
		Entry("unreserved characters are not", "m=%2D%2E%5F%7E", "m=-._~"),
		Entry("hexadecimal goes to upper case", "t=%3a%c3%bc", "t=%3A%C3%BC"),
		Entry("a space is %20", "n=a%20b", "n=a%20b"),
		Entry("a plus sign on the wire is a space", "n=a+b", "n=a%20b"),
		Entry("an encoded plus sign stays one", "n=a%2Bb", "n=a%2Bb"),
		Entry("non-ASCII characters sent raw are encoded as UTF-8", "c=Zürich", "c=Z%C3%BCrich"),
		Entry("an empty value keeps its equals sign", "flag=", "flag="),
		Entry("a bare name gets one", "flag", "flag="),
		Entry("an empty name is a name", "=v", "=v"),
		Entry("further equals signs belong to the value", "a=b=c", "a=b%3Dc"),
		Entry("empty parameters vanish", "&a=1&&b=2&", "a=1&b=2"),
		Entry("a semicolon separates nothing", "a=1;b=2", "a=1%3Bb%3D2"),
		Entry("an encoded ampersand separates nothing", "a=1%26b=2", "a=1%26b%3D2"),
		Entry("names are encoded too", "a b=1", "a%20b=1"),
		Entry("bytes that are no UTF-8 survive", "a=%FF%00", "a=%FF%00"),
	)

	DescribeTable("does not exist for a broken escape",
		func(sent, where string) {
			_, err := xpay.CanonicalQuery(sent)
			Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonQueryMalformed))
			Expect(xpay.ReasonQueryMalformed.Layer()).To(Equal(xpay.LayerDigest))
			Expect(err).To(MatchError(ContainSubstring(where)))
		},
		Entry("at the end", "a=5%", "byte 3"),
		Entry("with one digit", "a=1&b=%2", "byte 6"),
		Entry("with a letter past f", "a=1&b=xy%2g", "byte 8"),
		Entry("in a name", "a=1&%zz=1", "byte 4"),
		Entry("the first of several", "%=%", "byte 0"),
	)
})

var _ = DescribeTable("The canonical path (p.27, INT-001) loses the slashes at its ends and nothing else",
	func(sent, canonical string) { Expect(xpay.CanonicalPath(sent)).To(Equal(canonical)) },
	Entry("leading", "/vtis/v1/checkEligibility", "vtis/v1/checkEligibility"),
	Entry("trailing", "/vtis/v1/checkEligibility/", "vtis/v1/checkEligibility"),
	Entry("none", "vtis/v1/checkEligibility", "vtis/v1/checkEligibility"),
	Entry("several", "//vtis//v1//", "vtis//v1"),
	Entry("escapes stay", "/vtis/v1/a%2fb", "vtis/v1/a%2fb"),
	Entry("root", "/", ""),
)
