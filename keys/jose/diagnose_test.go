package jose_test

import (
	"crypto"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys/jose"
)

var _ = Describe("Diagnose (pp.39-45)", func() {
	var keys testKeys
	BeforeEach(func() {
		var err error
		keys, err = readKeys()
		Expect(err).NotTo(HaveOccurred())
	})
	examine := func(use jose.Use, blob string, now time.Time) *jose.Diagnosis {
		d, err := envelope(now).Diagnose(jose.Case{Use: use, Blob: blob, Keys: keys.ring(standardRing(use)), Known: keys.ring(knownRing())})
		ExpectWithOffset(1, err).NotTo(HaveOccurred())
		return d
	}
	ids := func(d *jose.Diagnosis, explains bool) []jose.MistakeID {
		var found []jose.MistakeID
		for _, m := range d.Mistakes {
			if m.Explains == explains {
				found = append(found, m.ID)
			}
		}
		return found
	}

	It("tells what explains the refusal from what would be refused next", func() {
		f := newForge(keys, jose.UseAPI, noon)
		f.outside.text("alg", "RS256")
		f.sign = signPKCS1
		f.inside.drop("typ")
		f.inside.text("iat", epoch(noon.Add(-11*time.Minute)))
		d := examine(jose.UseAPI, f.blob(), noon)
		Expect(ids(d, true)).To(Equal([]jose.MistakeID{jose.MistakeRS256}))
		Expect(ids(d, false)).To(Equal([]jose.MistakeID{jose.MistakeType, jose.MistakeStale}))
	})

	It("names the key that fits by its label, and shows no id of other parties", func() {
		f := newForge(keys, jose.UseAPI, noon)
		f.wrap = wrapOAEP("visa-encryption-production", crypto.SHA256, crypto.SHA256)
		text := examine(jose.UseAPI, f.blob(), noon).Text()
		Expect(text).To(ContainSubstring(`the key that fits is "Visa encryption key, production"`))
		Expect(text).NotTo(ContainSubstring(otherAPIKey))
		Expect(text).NotTo(ContainSubstring(apiKey))
	})

	It("sees through several layers of damage at once", func() {
		f := newForge(keys, jose.UseAPI, noon)
		f.delivered = func(blob string) string { return `"` + broken(blob, "\\r\\n") + `"` }
		d := examine(jose.UseAPI, f.blob(), noon)
		Expect(ids(d, true)).To(ConsistOf(jose.MistakeJSONQuoted, jose.MistakeLineBreaks))
		Expect(ids(d, false)).To(BeEmpty(), "the envelope itself is right")
		Expect(d.Facts).To(ContainElement(jose.Fact{Name: "signature", Value: `256 bytes, by "issuer's signing key"`}))
	})

	It("judges by the instant of the refusal, not by that of the examination", func() {
		f := newForge(keys, jose.UseAPI, noon)
		f.inside.text("iat", epoch(noon.Add(-9*time.Minute)))
		blob := f.blob()
		d, err := envelope(noon.Add(72 * time.Hour)).Diagnose(jose.Case{Use: jose.UseAPI, Blob: blob, Keys: keys.ring(standardRing(jose.UseAPI)), At: noon})
		Expect(err).NotTo(HaveOccurred())
		Expect(d.Mistakes).To(HaveLen(1))
		Expect(d.Mistakes[0].Detail).To(Equal("540 s behind the clock here"))
	})

	It("admits that it does not know", func() {
		f := newForge(keys, jose.UseAPI, noon)
		d, err := envelope(noon).Diagnose(jose.Case{Use: jose.UseAPI, Blob: f.blob()})
		Expect(err).NotTo(HaveOccurred())
		Expect(ids(d, true)).To(Equal([]jose.MistakeID{jose.MistakeKeyIDUnknown}))
		Expect(d.Text()).To(ContainSubstring("signing keys    none"))
	})

	It("says that a right envelope opens, with its warnings", func() {
		f := newForge(keys, jose.UseAPI, noon)
		f.inside.set("iat", epoch(noon)+"000")
		d := examine(jose.UseAPI, f.blob(), noon)
		Expect(d.Refused).To(BeNil())
		Expect(d.Text()).To(HavePrefix("the envelope opens\naccepted with a warning: JWE header: iat counts milliseconds"))
	})

	It("does not look into what is far too long", func() {
		d := examine(jose.UseAPI, broken(string(longPayload(200_000)), "\n"), noon)
		Expect(ids(d, true)).To(Equal([]jose.MistakeID{jose.MistakeTooLong}))
		Expect(d.Mistakes).To(HaveLen(1))
	})

	It("shows header members by name, and only those it knows by value", func() {
		f := newForge(keys, jose.UseAPI, noon)
		f.inside.text("customer", "Zaphod")
		f.inside.set("iat", `{"deep":"Zaphod"}`)
		text := examine(jose.UseAPI, f.blob(), noon).Text()
		Expect(text).To(ContainSubstring(`"customer" (not shown)`))
		Expect(text).To(ContainSubstring(`iat an object`))
		Expect(text).NotTo(ContainSubstring("Zaphod"))
	})

	It("needs a use that exists", func() {
		_, err := envelope(noon).Diagnose(jose.Case{Use: "fax"})
		Expect(jose.ReasonOf(err)).To(Equal(jose.ReasonMisconfigured))
		_, err = envelope(noon).Catalogue("fax")
		Expect(jose.ReasonOf(err)).To(Equal(jose.ReasonMisconfigured))
	})
})
