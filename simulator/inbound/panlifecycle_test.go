package inbound_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// What an operation upon a PAN says in its body (p.63-64) and seals (p.65).
type panCall struct {
	as, operationType, reason string
	body                      map[string]any // over the usual members; nil takes one out
	sealed                    map[string]any
}

// freshPAN is a card of the range that no fixture and no vault row knows.
func freshPAN(accountRange string) string {
	GinkgoHelper()
	number, err := fixtures.NewPAN(accountRange, randomness)
	Expect(err).NotTo(HaveOccurred())
	return number
}

const (
	bankRange  = "400000001"
	otherRange = "400000002"
)

func cardInfo(number, month, year string) map[string]any {
	return map[string]any{"primaryAccountNumber": number, "expirationDate": map[string]any{"month": month, "year": year}}
}

// swap is the payload of a PAN update (p.61), the old card expiring as
// givenPAN's cards do.
func swap(from, to string) map[string]any {
	return map[string]any{"cardholderInfo": cardInfo(from, "12", "2029"), "replaceCardholderInfo": cardInfo(to, "1", "2033")}
}

func (l *lab) changePAN(c panCall) answer {
	GinkgoHelper()
	body := map[string]any{"operatorID": "Operator1", "operationType": c.operationType, "operationReason": "Replacement due to lost card", "operationReasonCode": c.reason}
	maps.Copy(body, c.body)
	maps.DeleteFunc(body, func(_ string, value any) bool { return value == nil })
	r := request{as: c.as, path: "/vtis/v1/pan/lifecycle", body: body}
	if c.sealed != nil {
		r.sealed = c.sealed
	}
	return l.call(r)
}

// pan reads a PAN back by its number.
func (l *lab) pan(issuer, number string) vault.PAN {
	GinkgoHelper()
	var found vault.PAN
	Expect(l.vault.View(context.Background(), issuer, func(tx vault.Tx) error {
		var err error
		found, err = tx.PANByNumber(number)
		return err
	})).To(Succeed())
	return found
}

// tokensOf are the references of a PAN's tokens, last changed first.
func (l *lab) tokensOf(issuer, panReferenceID string) []string {
	GinkgoHelper()
	var list []string
	Expect(l.vault.View(context.Background(), issuer, func(tx vault.Tx) error {
		tokens, err := tx.TokensOfPAN(panReferenceID, 0)
		for _, t := range tokens {
			list = append(list, t.ReferenceID)
		}
		return err
	})).To(Succeed())
	return list
}

// addRange gives the issuer another account range.
func (l *lab) addRange(issuer, accountRange string) {
	GinkgoHelper()
	row := l.issuer(issuer)
	row.AccountRanges = append(slices.Clone(row.AccountRanges), accountRange)
	Expect(l.vault.PutIssuer(context.Background(), row)).To(Succeed())
}

// panState is everything that a PAN lifecycle call may change.
type panState struct {
	PANs          []vault.PAN
	Tokens        []token.Token
	Notifications []vault.Notification
	Audit         []vault.Record
}

func (l *lab) panState(issuer string, numbers ...string) panState {
	GinkgoHelper()
	var state panState
	Expect(l.vault.View(context.Background(), issuer, func(tx vault.Tx) error {
		for _, number := range numbers {
			pan, err := tx.PANByNumber(number)
			if err != nil && !errors.Is(err, vault.ErrNotFound) {
				return err
			}
			state.PANs = append(state.PANs, pan)
		}
		var err error
		if state.Tokens, err = tx.Tokens("", 0); err != nil {
			return err
		}
		state.Audit, err = tx.Records("audit", "", 0)
		return err
	})).To(Succeed())
	state.Notifications = l.notifications(issuer)
	return state
}

// expectRefusal checks a business error (p.71) and where it points.
func expectRefusal(got answer, reason string, locations ...string) {
	GinkgoHelper()
	Expect(got.status).To(Equal(400), got.raw)
	Expect(got.reason()).To(Equal(reason), got.raw)
	Expect(got.details()).To(ConsistOf(locations), got.raw)
}

// expectDone checks a success: 200 without a body (p.71, INT-071).
func expectDone(got answer) {
	GinkgoHelper()
	Expect(got.status).To(Equal(200), got.raw)
	Expect(got.raw).To(BeEmpty())
	Expect(got.headers.Get("Content-Length")).To(Equal("0"))
}

// panRow is a row of the operations table (p.61): which cells it needs.
type panRow struct {
	operationType, reason, enrolment string
	pan, expdt, pan2, expdt2         bool
	same                             bool
}

// enrolments are account level structures that the contract finds right.
var enrolments = map[string]any{
	"rpinEnrollment":    map[string]any{"action": "Delete"},
	"replaceEnrollment": map[string]any{"oldAccountNumber": "4000000010000018", "linkReasonCode": "L"},
	"linkEnrollment":    map[string]any{"group": []any{map[string]any{"action": "Add", "groupType": "CUSTOMER", "groupID": "g-1"}}},
}

// payload has exactly what the row needs.
func (r panRow) payload(from, to string) map[string]any {
	sealed := map[string]any{}
	put := func(structure, member string, needed bool, value any) {
		if !needed {
			return
		}
		if sealed[structure] == nil {
			sealed[structure] = map[string]any{}
		}
		sealed[structure].(map[string]any)[member] = value
	}
	if r.same {
		to = from
	}
	put("cardholderInfo", "primaryAccountNumber", r.pan, from)
	put("cardholderInfo", "expirationDate", r.expdt, map[string]any{"month": "12", "year": "2029"})
	put("replaceCardholderInfo", "primaryAccountNumber", r.pan2, to)
	put("replaceCardholderInfo", "expirationDate", r.expdt2, map[string]any{"month": "1", "year": "2033"})
	put("accountLevelInfo", r.enrolment, r.enrolment != "", enrolments[r.enrolment])
	if r.enrolment != "" {
		sealed["accountLevelInfo"].(map[string]any)["productID"] = "A"
	}
	return sealed
}

func (r panRow) call(sealed map[string]any) panCall {
	c := panCall{operationType: r.operationType, reason: r.reason, sealed: sealed}
	if r.enrolment != "" {
		c.body = map[string]any{"updateReferenceID": "ref-1"}
	}
	return c
}

// givenRow makes a lab in which the row's call can succeed: the PAN is in the
// vault with a token, and for a reversal it was replaced before.
func givenRow(r panRow) (l *lab, from, to string) {
	GinkgoHelper()
	l, from, to = newLab(), freshPAN(bankRange), freshPAN(bankRange)
	l.givenToken(bank, l.givenPAN(bank, from))
	if r.operationType == "DELETE" {
		expectDone(l.changePAN(panCall{operationType: "UPDATE", reason: "ACCOUNT_UPDATE", sealed: swap(from, freshPAN(bankRange))}))
	}
	return l, from, to
}

var panRows = map[string]panRow{
	"pan-update":           {operationType: "UPDATE", reason: "ACCOUNT_UPDATE", pan: true, expdt: true, pan2: true, expdt2: true},
	"pan-update-reversal":  {operationType: "DELETE", reason: "ACCOUNT_UPDATE", pan: true},
	"expiry-date-update":   {operationType: "UPDATE", reason: "EXP_DATE_UPDATE", pan: true, expdt: true, pan2: true, expdt2: true, same: true},
	"close-account":        {operationType: "UPDATE", reason: "ACCOUNT_CLOSED", pan: true},
	"contact-cardholder":   {operationType: "UPDATE", reason: "CONTACT_CARDHOLDER", pan: true},
	"portfolio-conversion": {operationType: "UPDATE", reason: "PORTFOLIO_CONVERSION", pan: true, pan2: true, expdt2: true},
	"rpin-enrollment":      {operationType: "UPDATE", reason: "UPDATE_ACCOUNT_LEVEL_RECORD", enrolment: "rpinEnrollment", pan2: true},
	"link-enrollment":      {operationType: "UPDATE", reason: "UPDATE_ACCOUNT_LEVEL_RECORD", enrolment: "linkEnrollment", pan2: true},
	"replace-enrollment":   {operationType: "UPDATE", reason: "UPDATE_ACCOUNT_LEVEL_RECORD", enrolment: "replaceEnrollment", pan2: true},
}

var _ = Describe("panLifecycle, the operations table (p.61, INT-062)", func() {
	It("has nine rows, and all of them are tried here", func() {
		var names []any
		for _, row := range newLab().contract.Tables.PANLifecycleOperations.Rows {
			names = append(names, row.Name)
		}
		Expect(names).To(HaveLen(9))
		for name := range panRows {
			Expect(names).To(ContainElement(name))
		}
	})

	for name, row := range panRows {
		Describe(name, func() {
			It("takes what the row needs and no more", func() {
				l, from, to := givenRow(row)
				expectDone(l.changePAN(row.call(row.payload(from, to))))
			})

			It("does not look at what is not applicable, however wrong it is", func() {
				l, from, to := givenRow(row)
				sealed := row.payload(from, to)
				spoil := func(structure, member string, needed, structureNeeded bool) {
					if !structureNeeded {
						sealed[structure] = "nothing of use"
					} else if !needed {
						sealed[structure].(map[string]any)[member] = "nothing of use"
					}
				}
				spoil("cardholderInfo", "expirationDate", row.expdt, row.pan)
				spoil("replaceCardholderInfo", "expirationDate", row.expdt2, row.pan2)
				if row.enrolment == "" {
					sealed["accountLevelInfo"] = "nothing of use"
				}
				expectDone(l.changePAN(row.call(sealed)))
			})

			It("answers VSE40001 for each member that is missing, null or empty, names it and changes nothing", func() {
				l, from, to := givenRow(row)
				before := l.panState(bank, from, to)
				for _, empty := range []any{nil, ""} {
					for place := range row.places() {
						sealed := row.payload(from, to)
						structure, member, nested := strings.Cut(place, "/")
						if nested {
							sealed[structure].(map[string]any)[member] = empty
						} else {
							sealed[structure] = empty
						}
						expectRefusal(l.changePAN(row.call(sealed)), "VSE40001", "encryptedData/"+place)
					}
				}
				Expect(l.panState(bank, from, to)).To(Equal(before))
			})
		})
	}
})

// places are all places of the payload where the row needs something.
func (r panRow) places() map[string]bool {
	places := map[string]bool{}
	for place, needed := range map[string]bool{
		"cardholderInfo": r.pan, "cardholderInfo/primaryAccountNumber": r.pan, "cardholderInfo/expirationDate": r.expdt,
		"replaceCardholderInfo": r.pan2, "replaceCardholderInfo/primaryAccountNumber": r.pan2, "replaceCardholderInfo/expirationDate": r.expdt2,
		"accountLevelInfo": r.enrolment != "",
	} {
		if needed {
			places[place] = true
		}
	}
	return places
}

// withKnob chooses the alternative of an interpretation.
func withKnob(name string) func(*inbound.Config) {
	return func(c *inbound.Config) { c.Knobs[name] = true }
}
