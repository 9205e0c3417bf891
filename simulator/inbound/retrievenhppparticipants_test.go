package inbound_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

const nhppPath = "/vtis/v1/retrieveNHPPParticipants"

// nhppPayload asks with that PAN (p.96).
func nhppPayload(number any) map[string]any {
	return map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": number}}
}

func (l *lab) nhpp(as string, payload any) answer {
	GinkgoHelper()
	return l.call(request{as: as, path: nhppPath, sealed: payload})
}

// expectByContract checks that an answer is a success that the contract finds
// right.
func (l *lab) expectByContract(operation string, got answer) {
	GinkgoHelper()
	Expect(got.status).To(Equal(http.StatusOK), got.raw)
	body, err := contract.Decode([]byte(got.raw))
	Expect(err).NotTo(HaveOccurred())
	Expect(l.contract.Validate(operation, contract.Response, body)).To(BeEmpty())
}

// enumAt are the values that the contract lists for a member.
func (l *lab) enumAt(operation string, part contract.Part, path ...string) []string {
	GinkgoHelper()
	op, err := l.contract.Operation(operation)
	Expect(err).NotTo(HaveOccurred())
	field := op.Field(part)
	for _, name := range path {
		if name == "*" {
			field = field.Items
		} else {
			field = field.Member(name)
		}
		Expect(field).NotTo(BeNil(), name)
	}
	var values []string
	for _, value := range field.Enum {
		values = append(values, value.(string))
	}
	Expect(values).NotTo(BeEmpty())
	return values
}

// fullDisk can't write, as with a full disk.
type fullDisk struct{ vault.Vault }

func (fullDisk) Update(context.Context, string, func(vault.Tx) error) error {
	return errors.New("the disk is full")
}

// standardErrors are the errors that stand in no operation's table (p.31), of
// a call that is right otherwise.
func standardErrors(right func() request, wrongMethod string) {
	DescribeTable("answers with the standard errors (p.31)", func(spoil func(*request), status int, reason string) {
		r := right()
		spoil(&r)
		got := newLab().call(r)
		Expect(got.status).To(Equal(status), got.raw)
		Expect(got.reason()).To(Equal(reason), got.raw)
		Expect(got.headers.Get("Content-Type")).To(HavePrefix("application/json"))
	},
		Entry("a header is missing", func(r *request) { r.edit = func(h *http.Request) { h.Header.Del("X-REQUEST-ID") } }, 400, "invalidRequest"),
		Entry("the credential is wrong", func(r *request) { r.headers = map[string]string{"x-pay-token": "xv2:1:00"} }, 401, "Unauthorized"),
		Entry("the apiKey is another issuer's", func(r *request) {
			r.edit = func(h *http.Request) {
				h.URL.RawQuery = strings.Replace(h.URL.RawQuery, "apiKey=", "apiKey=0", 1)
			}
		}, 401, "Unauthorized"),
		Entry("the method is another", func(r *request) { *r = request{method: wrongMethod, path: r.path} }, 404, "Not Found"),
	)
}

var _ = Describe("retrieveNHPPParticipants (p.95-101)", func() {
	It("lists every profile, as the contract has it, for a card that the vault has not met", func() {
		l, number := newLab(), freshPAN(bankRange)
		got := l.nhpp(bank, nhppPayload(number))
		l.expectByContract("retrieveNHPPParticipants", got)
		Expect(got.raw).NotTo(ContainSubstring("encryptedData"))
		want, err := json.Marshal(map[string]any{"nhppProfiles": l.fixtures.NHPPProfiles})
		Expect(err).NotTo(HaveOccurred())
		Expect(got.raw).To(MatchJSON(want))
		Expect(l.vault.View(context.Background(), bank, func(tx vault.Tx) error {
			_, err := tx.PANByNumber(number)
			return err
		})).To(MatchError(vault.ErrNotFound))
		Expect(l.notifications(bank)).To(BeEmpty())
	})

	It("has profiles of every platform, card type and binding mode, ids as strings (p.97-98, INT-042, INT-087)", func() {
		l := newLab()
		platforms, brands, modes, types := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
		for _, raw := range l.nhpp(bank, nhppPayload(freshPAN(bankRange))).body["nhppProfiles"].([]any) {
			profile := raw.(map[string]any)
			Expect(profile["tokenRequestorID"]).To(BeAssignableToTypeOf(""))
			collect(brands, profile["supportedCardTypes"])
			collect(types, profile["tokenTypes"])
			list, _ := profile["supportedPlatforms"].([]any)
			for _, raw := range list {
				platform := raw.(map[string]any)
				platforms[platform["platformType"].(string)] = true
				collect(modes, platform["accountBindingMode"])
			}
		}
		at := func(path ...string) []string {
			return l.enumAt("retrieveNHPPParticipants", contract.Response, append([]string{"nhppProfiles", "*"}, path...)...)
		}
		Expect(keysOf(brands)).To(ConsistOf(at("supportedCardTypes", "*")))
		Expect(keysOf(platforms)).To(ConsistOf(at("supportedPlatforms", "*", "platformType")))
		Expect(keysOf(modes)).To(ConsistOf(at("supportedPlatforms", "*", "accountBindingMode", "*")))
		Expect(at("tokenTypes", "*")).To(ContainElements(keysOf(types)))
	})

	It("takes cards of 13 and of 19 digits", func() {
		l := newLab()
		for _, number := range []string{"4000000010003", "4000000010000000008"} {
			Expect(l.nhpp(bank, nhppPayload(withCheckDigit(number))).status).To(Equal(http.StatusOK))
		}
	})

	It("keeps the PAN out of the journal", func() {
		l, number := newLab(), freshPAN(bankRange)
		l.nhpp(bank, nhppPayload(number))
		rows, err := json.Marshal(l.traffic(bank))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(rows)).To(ContainSubstring("retrieveNHPPParticipants"))
		Expect(string(rows)).NotTo(ContainSubstring(number))
	})

	DescribeTable("answers VSE40001 for what is missing (p.98)", func(r request, location string) {
		r.path = nhppPath
		expectRefusal(newLab().call(r), "VSE40001", location)
	},
		Entry("no encryptedData", request{body: map[string]any{}}, "encryptedData"),
		Entry("encryptedData is null", request{body: map[string]any{"encryptedData": nil}}, "encryptedData"),
		Entry("no cardholderInfo", request{sealed: map[string]any{"other": 1}}, "encryptedData/cardholderInfo"),
		Entry("no primaryAccountNumber", request{sealed: map[string]any{"cardholderInfo": map[string]any{"name": "A"}}}, "encryptedData/cardholderInfo/primaryAccountNumber"),
		Entry("a blank primaryAccountNumber (INT-125)", request{sealed: nhppPayload("")}, "encryptedData/cardholderInfo/primaryAccountNumber"),
	)

	DescribeTable("answers VSE40000 for a PAN that is none (p.98)", func(number any) {
		l := newLab()
		got := l.nhpp(bank, nhppPayload(number))
		expectRefusal(got, "VSE40000", "encryptedData/cardholderInfo/primaryAccountNumber")
		if digits, ok := number.(string); ok {
			Expect(got.raw).NotTo(ContainSubstring(digits))
		}
	},
		Entry("letters in it", "40000000100000AB"),
		Entry("20 digits", "40000000100000000000"),
		Entry("of another JSON type", 4000000010000018),
		Entry("a wrong check digit", "4000000010000019"),
		Entry("in nobody's range", withCheckDigit("4999999990000000")),
		Entry("a range and nothing behind it", "400000001"),
	)

	It("answers VSE40000 for encryptedData that is too long or no text (p.96, INT-028)", func() {
		l := newLab()
		for _, blob := range []any{strings.Repeat("a", 7001), 7} {
			got := l.call(request{path: nhppPath, body: map[string]any{"encryptedData": blob}})
			Expect(got.status).To(Equal(400))
			Expect(got.reason()).To(BeElementOf("VSE40000", "VSE40010"), got.raw)
		}
	})

	It("does not tell a card of another issuer from one of nobody, and serves each his own", func() {
		l, number := newLab(), freshPAN(otherRange)
		foreign := l.nhpp(bank, nhppPayload(number))
		expectRefusal(foreign, "VSE40000", "encryptedData/cardholderInfo/primaryAccountNumber")
		Expect(foreign.raw).To(Equal(l.nhpp(bank, nhppPayload(withCheckDigit("4999999990000000"))).raw))
		Expect(l.nhpp(other, nhppPayload(number)).status).To(Equal(http.StatusOK))
		Expect(l.traffic(bank)[0].Violations).To(ContainElement(HaveField("Rule", "retrieveNHPPParticipants/request#pan-known")))
	})

	DescribeTable("answers VSE40010 for an envelope that does not open (p.98)", func(blob func(l *lab) string) {
		l := newLab()
		got := l.call(request{path: nhppPath, body: map[string]any{"encryptedData": blob(l)}})
		expectRefusal(got, "VSE40010", "encryptedData")
	},
		Entry("no JWS", func(*lab) string { return "a.b.c" }),
		Entry("signed by another issuer", func(l *lab) string {
			return l.seal(request{sealed: nhppPayload(freshPAN(bankRange))}, l.directory.Issuers[other])
		}),
		Entry("too old", func(l *lab) string {
			blob := l.seal(request{sealed: nhppPayload(freshPAN(bankRange))}, l.directory.Issuers[bank])
			l.clock.Advance(l.contract.Tables.Envelope.JOSE.TTL() + 1e9)
			return blob
		}),
	)

	It("answers VSE40009 when the simulator itself fails (p.98)", func() {
		l := newLab(func(c *inbound.Config) { c.Vault = fullDisk{c.Vault} })
		got := l.nhpp(bank, nhppPayload(freshPAN(bankRange)))
		Expect(got.status).To(Equal(500))
		Expect(got.reason()).To(Equal("VSE40009"))
		Expect(got.raw).NotTo(ContainSubstring("disk"))
	})

	standardErrors(func() request { return request{path: nhppPath, sealed: nhppPayload(freshPAN(bankRange))} }, http.MethodGet)
})

func collect(into map[string]bool, list any) {
	values, _ := list.([]any)
	for _, value := range values {
		into[value.(string)] = true
	}
}

func keysOf(set map[string]bool) []string {
	var list []string
	for key := range set {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}

// withCheckDigit puts the right last digit into the number.
func withCheckDigit(number string) string {
	digits := number[:len(number)-1]
	return digits + string(fixtures.CheckDigit(digits))
}
