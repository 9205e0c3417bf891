package inbound_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("updateCardMetadata, its errors (p.108)", func() {
	var (
		l   *lab
		pan vault.PAN
		t   token.Token
	)
	BeforeEach(func() {
		l = newLab()
		pan = l.givenPAN(bank, freshPAN(bankRange))
		t = l.givenToken(bank, pan)
	})
	update := func(members ...map[string]any) answer {
		GinkgoHelper()
		return l.call(request{path: metadataPath, body: metadataBody(append([]map[string]any{selectToken(t)}, members...)...)})
	}

	DescribeTable("answers VSE40001 for a member that is missing (p.102)", func(member string) {
		expectRefusal(update(map[string]any{member: nil}), "VSE40001", member)
		expectRefusal(update(map[string]any{member: "", "operatorID": strings.Repeat("x", 17)}), "VSE40001", member, "operatorID")
		l.untouched(bank)
	},
		Entry(nil, "operationReason"), Entry(nil, "cardMetadataInfo"),
	)

	It("answers VSE40001 for encryptedData without a PAN (p.102)", func() {
		got := l.call(request{path: metadataPath, body: metadataBody(), sealed: map[string]any{"cardholderInfo": map[string]any{}}})
		expectRefusal(got, "VSE40001", "encryptedData/cardholderInfo/primaryAccountNumber")
		got = l.call(request{path: metadataPath, body: metadataBody(), sealed: map[string]any{"x": 1}})
		expectRefusal(got, "VSE40001", "encryptedData/cardholderInfo")
	})

	It("answers VSE40001 for a launch URL without store identifiers (p.106)", func() {
		expectRefusal(update(map[string]any{"cardMetadataInfo": map[string]any{"applicationInfo": map[string]any{"appLaunchURL": "https://a.example"}}}),
			"VSE40001", "cardMetadataInfo/applicationInfo/associatedStoreIdentifiers")
	})

	DescribeTable("answers VSE40000 with 400 for a request that breaks its table (p.102-107, INT-080)", func(location string, value any) {
		var members map[string]any
		steps := strings.Split(location, "/")
		members = map[string]any{steps[len(steps)-1]: value}
		for i := len(steps) - 2; i >= 0; i-- {
			members = map[string]any{steps[i]: members}
		}
		expectRefusal(update(members), "VSE40000", location)
		l.untouched(bank)
	},
		Entry("tokenRequestorID of letters", "tokenRequestorID", "wallet"),
		Entry("tokenRequestorID of 12 digits", "tokenRequestorID", 400100750011),
		Entry("tokenReferenceID of 33 characters", "tokenReferenceID", strings.Repeat("D", 33)),
		Entry("operatorID of 17 characters", "operatorID", strings.Repeat("x", 17)),
		Entry("operationReason of 129 characters", "operationReason", strings.Repeat("x", 129)),
		Entry("metadata that is text", "cardMetadataInfo", "blue"),
		Entry("cardIssuer of 129 characters", "cardMetadataInfo/cardIssuer", strings.Repeat("x", 129)),
		Entry("a colour by name", "cardMetadataInfo/foregroundColor", "red"),
		Entry("a colour of four parts", "cardMetadataInfo/backgroundColor", "rgb(1,2,3,4)"),
		Entry("a colour with blanks", "cardMetadataInfo/labelColor", "rgb(1, 2, 3)"),
		Entry("shortDescription of 33 characters", "cardMetadataInfo/shortDescription", strings.Repeat("x", 33)),
		Entry("longDescription of 65 characters", "cardMetadataInfo/longDescription", strings.Repeat("x", 65)),
		Entry("profileID in capitals", "cardMetadataInfo/profileID", "12C7BC04E6A94D1F8B2E5A7093D1F6C8"),
		Entry("profileID with hyphens", "cardMetadataInfo/profileID", "12c7bc04-e6a9-4d1f-8b2e"),
		Entry("termsAndConditionsID of 65 characters", "cardMetadataInfo/termsAndConditionsID", strings.Repeat("x", 65)),
		Entry("privacyPolicyURL of 129 characters", "cardMetadataInfo/privacyPolicyURL", strings.Repeat("x", 129)),
		Entry("termsAndConditionsURL of 129 characters", "cardMetadataInfo/termsAndConditionsURL", strings.Repeat("x", 129)),
		Entry("card art as an array (INT-046)", "cardMetadataInfo/cardArtData", []any{"a"}),
		Entry("contactEmail of 33 characters", "cardMetadataInfo/contactInfo/contactEmail", strings.Repeat("x", 33)),
		Entry("contactNumber of 33 characters", "cardMetadataInfo/contactInfo/contactNumber", strings.Repeat("1", 33)),
		Entry("contactName of 33 characters", "cardMetadataInfo/contactInfo/contactName", strings.Repeat("x", 33)),
		Entry("supportsTokenNotifications as text", "cardMetadataInfo/applicationInfo/supportsTokenNotifications", "true"),
		Entry("associatedStoreIdentifiers as text", "cardMetadataInfo/applicationInfo/associatedStoreIdentifiers", "123"),
	)

	It("names every element of an array that is too long (p.105-106)", func() {
		long := strings.Repeat("x", 129)
		expectRefusal(update(map[string]any{"cardMetadataInfo": map[string]any{"cardArtData": map[string]any{"cardArtRefID": []any{"a", long[:33]}},
			"applicationInfo": map[string]any{"associatedStoreIdentifiers": []any{long[:21], "b"}, "associatedApplicationIdentifiers": []any{long}}}}), "VSE40000",
			"cardMetadataInfo/cardArtData/cardArtRefID/1", "cardMetadataInfo/applicationInfo/associatedStoreIdentifiers/0", "cardMetadataInfo/applicationInfo/associatedApplicationIdentifiers/0")
	})

	It("warns of a colour past 255 and takes it (INT-048)", func() {
		Expect(l.updated(update(map[string]any{"cardMetadataInfo": map[string]any{"labelColor": "rgb(112,533,123)"}}))).To(ConsistOf(HaveField("StatusCode", "PENDING")))
		Expect(l.traffic(bank)[0].Violations).To(ContainElement(HaveField("Page", 103)))
	})

	It("reports a PAN that is no card of the issuer as VSE40000 with 200, whoever's it is (p.108)", func() {
		foreign := l.givenPAN(other, freshPAN(otherRange))
		l.givenToken(other, foreign)
		wrongDigit := pan.Number[:15] + string('0'+(pan.Number[15]-'0'+1)%10)
		for _, number := range []string{foreign.Number, freshPAN(otherRange), freshPAN("499999999"), wrongDigit} {
			got := l.call(request{path: metadataPath, body: metadataBody(), sealed: sealPAN(number)})
			Expect(l.updated(got)).To(ConsistOf(metadataDetail{StatusCode: "FAILURE", ErrorCode: "VSE40000"}))
			Expect(got.raw).NotTo(ContainSubstring(number))
		}
		l.untouched(bank)
		l.untouched(other)
	})

	It("reports a token that is not there as VSE40003 with 200 (INT-014)", func() {
		Expect(l.updated(update(map[string]any{"tokenReferenceID": "DNITHE000000000000000000"}))).To(ConsistOf(metadataDetail{TokenRequestorID: 40010075001.0,
			TokenReferenceID: "DNITHE000000000000000000", StatusCode: "FAILURE", ErrorCode: "VSE40003"}))
		Expect(l.updated(update(map[string]any{"tokenRequestorID": "40010075099"}))).To(ConsistOf(metadataDetail{TokenRequestorID: 40010075099.0,
			TokenReferenceID: t.ReferenceID, StatusCode: "FAILURE", ErrorCode: "VSE40003"}))
		l.untouched(bank)
	})

	It("reports a PAN without tokens, or an unknown one, as VSE40003 with 200", func() {
		empty := l.givenPAN(bank, freshPAN(bankRange))
		for _, body := range []map[string]any{selectPAN(empty), {"panReferenceID": "V-0000000000000000000000"}} {
			Expect(l.updated(l.call(request{path: metadataPath, body: metadataBody(body)}))).To(ConsistOf(metadataDetail{
				PANReferenceID: body["panReferenceID"].(string), StatusCode: "FAILURE", ErrorCode: "VSE40003"}))
		}
		for _, number := range []string{empty.Number, freshPAN(bankRange)} {
			Expect(l.updated(l.call(request{path: metadataPath, body: metadataBody(), sealed: sealPAN(number)}))).To(ConsistOf(metadataDetail{
				StatusCode: "FAILURE", ErrorCode: "VSE40003"}))
		}
		l.untouched(bank)
	})

	It("answers VSE40010 for an envelope that does not open", func() {
		expectRefusal(l.call(request{path: metadataPath, body: metadataBody(map[string]any{"encryptedData": "e30.e30.e30"})}), "VSE40010", "encryptedData")
		l.untouched(bank)
	})

	It("answers VSE40009 with 500 when the simulator fails", func() {
		l := newLab(func(c *inbound.Config) { c.Vault = metadataVault{c.Vault} })
		got := l.call(request{path: metadataPath, body: metadataBody(map[string]any{"panReferenceID": "V-1"})})
		Expect(got.status).To(Equal(500))
		Expect(got.reason()).To(Equal("VSE40009"))
		Expect(got.raw).NotTo(ContainSubstring("disk"))
	})

	It("answers VSE40009 and keeps nothing when it breaks down in the middle", func() {
		l := newLab(func(c *inbound.Config) { c.Rand = exhausted{} })
		pan := l.givenPAN(bank, freshPAN(bankRange))
		l.givenToken(bank, pan)
		got := l.call(request{path: metadataPath, body: metadataBody(selectPAN(pan))})
		Expect(got.reason()).To(Equal("VSE40009"))
		l.untouched(bank)
	})

	Describe("VSE40004 and the profiles (p.104)", func() {
		const unknown = "ffffffffffffffffffffffffffffffff"
		named := func(as, id string, members ...map[string]any) answer {
			GinkgoHelper()
			info := map[string]any{"profileID": id}
			for _, m := range members {
				for name, value := range m {
					info[name] = value
				}
			}
			found := t
			if as == other {
				found = l.givenToken(other, l.givenPAN(other, freshPAN(otherRange)))
			}
			return l.call(request{as: as, path: metadataPath, body: metadataBody(selectToken(found), map[string]any{"cardMetadataInfo": info})})
		}

		It("answers 400 for a profile that nobody has, before any token", func() {
			expectRefusal(named(bank, unknown), "VSE40004", "cardMetadataInfo/profileID")
			got := l.call(request{path: metadataPath, body: metadataBody(map[string]any{"panReferenceID": "V-1", "cardMetadataInfo": map[string]any{"profileID": unknown}})})
			expectRefusal(got, "VSE40004", "cardMetadataInfo/profileID")
			l.untouched(bank)
		})

		It("answers 400 for a profile of another issuer, as for one of nobody", func() {
			own, _ := l.fixtures.DefaultMetadata(other)
			expectRefusal(named(bank, own.ProfileID), "VSE40004", "cardMetadataInfo/profileID")
			first, _ := l.fixtures.DefaultMetadata("demo-bank")
			got := named(other, first.ProfileID)
			expectRefusal(got, "VSE40004", "cardMetadataInfo/profileID")
			Expect(strings.ReplaceAll(got.raw, first.ProfileID, "")).To(Equal(strings.ReplaceAll(named(other, unknown).raw, unknown, "")))
			l.givenMetadataProfile(bank, unknown, map[string]any{"cardIssuer": "Bank1"})
			expectRefusal(named(other, unknown), "VSE40004", "cardMetadataInfo/profileID")
			l.untouched(other)
		})

		It("takes the issuer's own profile with all its metadata, and shows it at the token (p.76)", func() {
			profile, _ := l.fixtures.DefaultMetadata(other)
			details := l.updated(named(other, profile.ProfileID))
			Expect(details).To(ConsistOf(HaveField("StatusCode", "PENDING")))
			kept := l.metadataRecords(other, "cardmetadata")[details[0].TokenReferenceID]["cardMetadataInfo"]
			Expect(kept).To(And(HaveKeyWithValue("profileID", profile.ProfileID), HaveKeyWithValue("cardIssuer", "Second Sample Bank"), HaveKey("contactInfo")))
			Expect(l.token(other, details[0].TokenReferenceID).CardMetadataProfileID).To(Equal(profile.ProfileID))
		})

		It("lends the sample profiles to an issuer that no fixture lists", func() {
			first, _ := l.fixtures.DefaultMetadata("demo-bank")
			Expect(l.updated(named(bank, first.ProfileID))).To(ConsistOf(HaveField("StatusCode", "PENDING")))
			Expect(l.token(bank, t.ReferenceID).CardMetadataProfileID).To(Equal(first.ProfileID))
		})

		It("takes a profile that was preloaded, and what is sent beside it in its place", func() {
			l.givenMetadataProfile(bank, unknown, map[string]any{"cardIssuer": "Bank1", "shortDescription": "old"})
			l.updated(named(bank, unknown, map[string]any{"shortDescription": "new", "contactInfo": map[string]any{}}))
			Expect(l.metadataRecords(bank, "cardmetadata")[t.ReferenceID]["cardMetadataInfo"]).To(Equal(map[string]any{"profileID": unknown, "cardIssuer": "Bank1", "shortDescription": "new"}))
		})

		It("keeps the order of a PAN's tokens when it sets their profile, and the profile when none is named", func() {
			l.givenMetadataProfile(bank, unknown, map[string]any{"cardIssuer": "Bank1"})
			second := l.givenToken(bank, pan)
			for _, info := range []map[string]any{{"profileID": unknown}, {"cardIssuer": "Bank2"}} {
				got := l.call(request{path: metadataPath, body: metadataBody(selectPAN(pan), map[string]any{"cardMetadataInfo": info})})
				Expect(l.updated(got)).To(HaveExactElements(HaveField("TokenReferenceID", second.ReferenceID), HaveField("TokenReferenceID", t.ReferenceID)))
				Expect(l.token(bank, t.ReferenceID).CardMetadataProfileID).To(Equal(unknown))
			}
		})
	})

	It("never reaches another issuer's tokens, and tells nothing of them (INT-058)", func() {
		foreignPAN := l.givenPAN(other, freshPAN(otherRange))
		foreign := l.givenToken(other, foreignPAN)
		Expect(l.updated(update(selectToken(foreign)))).To(ConsistOf(metadataDetail{TokenRequestorID: 40010075001.0,
			TokenReferenceID: foreign.ReferenceID, StatusCode: "FAILURE", ErrorCode: "VSE40003"}))
		Expect(l.updated(l.call(request{path: metadataPath, body: metadataBody(selectPAN(foreignPAN))}))).To(ConsistOf(metadataDetail{
			PANReferenceID: foreignPAN.ReferenceID, StatusCode: "FAILURE", ErrorCode: "VSE40003"}))
		l.untouched(bank)
		l.untouched(other)
		Expect(l.token(other, foreign.ReferenceID)).To(Equal(foreign))
	})
})

var _ = Describe("ApplyCardMetadata", func() {
	It("does for a row of a batch what the call does, with the batch as the cause (p.241)", func() {
		l := newLab()
		t := l.givenToken(bank, l.givenPAN(bank, freshPAN(bankRange)))
		row := metadataBody(selectToken(t), map[string]any{"rowId": "1"})
		Expect(l.vault.Update(GinkgoT().Context(), bank, func(tx vault.Tx) error {
			details, err := l.inbound.ApplyCardMetadata(GinkgoT().Context(), tx, l.issuer(bank), "batch-1", row)
			Expect(details).To(ConsistOf(And(HaveKeyWithValue("statusCode", "PENDING"), HaveKeyWithValue("tokenReferenceID", t.ReferenceID))))
			return err
		})).To(Succeed())
		Expect(l.notifications(bank)).To(ConsistOf(HaveField("Cause", "batch-1")))
		Expect(l.metadataRecords(bank, "cardmetadata")).To(HaveKeyWithValue(t.ReferenceID, And(HaveKeyWithValue("cause", "batch-1"), HaveKeyWithValue("cardMetadataInfo", sampleMetadata()))))
	})

	It("refuses a row without changing anything, and says how the row is answered (p.246)", func() {
		l := newLab()
		t := l.givenToken(bank, l.givenPAN(bank, freshPAN(bankRange)))
		row := metadataBody(selectToken(t), map[string]any{"cardMetadataInfo": map[string]any{"profileID": "ff"}})
		var refusal *inbound.Refusal
		Expect(l.vault.Update(GinkgoT().Context(), bank, func(tx vault.Tx) error {
			_, err := l.inbound.ApplyCardMetadata(GinkgoT().Context(), tx, l.issuer(bank), "batch-1", row)
			Expect(err).To(BeAssignableToTypeOf(refusal))
			refusal = err.(*inbound.Refusal)
			return nil
		})).To(Succeed())
		answered, details := refusal.Refused()
		Expect(answered).To(And(HaveField("HTTP", 400), HaveField("Code", "VSE40004"), HaveField("Name", "VSE_ERROR_INVALID_PROFILE_ID")))
		Expect(details).To(ConsistOf(HaveKeyWithValue("location", "cardMetadataInfo/profileID")))
		l.untouched(bank)
	})
})
