package inbound_test

import (
	"context"
	"fmt"
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

// sampleBank is the issuer that the fixtures have account level records and
// recipes for. In the vault it has the keys of bank.
const sampleBank = "demo-bank"

// object is a JSON object of a payload.
type object = map[string]any

// newRecordLab is a lab in which bank's keys belong to sampleBank, and both
// it and other have the account ranges of the fixtures.
func newRecordLab() *lab {
	GinkgoHelper()
	l := newLab()
	ctx := context.Background()
	Expect(l.vault.DropIssuer(ctx, bank)).To(Succeed())
	for name, keys := range map[string]string{sampleBank: bank, other: other} {
		issuer := l.issuer(keys)
		issuer.Name, issuer.AccountRanges = name, nil
		for _, r := range l.fixtures.RangesOf(name) {
			issuer.AccountRanges = append(issuer.AccountRanges, r.Range)
		}
		Expect(l.vault.PutIssuer(ctx, issuer)).To(Succeed())
	}
	return l
}

// update sends an account level update; as is whose keys it is sent with.
func (l *lab) update(as string, payload any) answer {
	GinkgoHelper()
	return l.call(request{as: as, path: "/vtis/v1/pan/lifecycle", sealed: payload, body: object{"operatorID": "op-1", "operationType": "UPDATE",
		"operationReason": "New program", "operationReasonCode": "UPDATE_ACCOUNT_LEVEL_RECORD", "updateReferenceID": "REF-1"}})
}

// told sends an update that must be taken, and returns what the last
// notification of the issuer says about the parts of it. The notification
// must be one that the contract allows.
func (l *lab) told(as, issuer string, payload any) object {
	GinkgoHelper()
	got := l.update(as, payload)
	Expect(got.status).To(Equal(http.StatusOK), got.raw)
	Expect(got.raw).To(BeEmpty())
	list := l.notifications(issuer)
	Expect(list).NotTo(BeEmpty())
	n := list[len(list)-1]
	Expect(n.Operation).To(Equal("panUpdateNotification"))
	Expect(n.EventType).To(Equal("ACCOUNT_LEVEL_RECORD"))
	Expect(n.Facts).To(HaveKeyWithValue("messageReasonCode", "ACCOUNT_LEVEL_RECORD_UPDATE"))
	Expect(n.Facts).To(HaveKeyWithValue("updateReferenceID", "REF-1"))
	outcome, _ := n.Facts["accountLevelInfoResp"].(object)
	Expect(outcome).NotTo(BeEmpty())
	sent := object{"messageReasonCode": n.Facts["messageReasonCode"], "accountLevelInfoResp": outcome, "panReferenceID": n.PANID,
		"dateTimeOfEvent": "2026-06-01T12:00:00.000Z", "encryptedData": "sealed"}
	violations, err := l.contract.Validate("panUpdateNotification", contract.Request, sent)
	Expect(err).NotTo(HaveOccurred())
	Expect(violations).To(BeEmpty())
	return outcome
}

// verdicts are the answers for a structure, one for each group of a
// linkEnrollment.
func verdicts(outcome object, structure string) []object {
	GinkgoHelper()
	answer, _ := outcome[structure].(object)
	Expect(answer).NotTo(BeNil(), structure)
	list, isGroups := answer["groupResp"].([]any)
	if !isGroups {
		return []object{answer}
	}
	var found []object
	for _, element := range list {
		found = append(found, element.(object))
	}
	return found
}

// codes are the verdicts in short: S, or status and reject code.
func codes(outcome object, structure string) []string {
	GinkgoHelper()
	var short []string
	for _, v := range verdicts(outcome, structure) {
		words := []string{v["responseStatus"].(string)}
		if code, rejected := v["rejectCode"].(string); rejected {
			words = append(words, code)
		}
		short = append(short, strings.Join(words, " "))
	}
	return short
}

// stored are the records of a kind, by key, without when they were stored.
func (l *lab) stored(issuer, kind string) map[string]object {
	GinkgoHelper()
	found := map[string]object{}
	Expect(l.vault.View(context.Background(), issuer, func(tx vault.Tx) error {
		list, err := tx.Records(kind, "", 0)
		for _, r := range list {
			found[r.Key] = r.Content
		}
		return err
	})).To(Succeed())
	return found
}

// reference is the PAN reference of an account that the vault has met.
func (l *lab) reference(issuer, number string) string {
	GinkgoHelper()
	var pan vault.PAN
	Expect(l.vault.View(context.Background(), issuer, func(tx vault.Tx) (err error) {
		pan, err = tx.PANByNumber(number)
		return err
	})).To(Succeed())
	return pan.ReferenceID
}

func record(number string, info object) object {
	return object{"replaceCardholderInfo": object{"primaryAccountNumber": number}, "accountLevelInfo": info}
}

func enrol(change ...object) object {
	e := object{"action": "Add", "accountOpenDate": "20200115", "rpin": "100001"}
	for _, c := range change {
		for name, value := range c {
			if e[name] = value; value == nil {
				delete(e, name)
			}
		}
	}
	return e
}

func groups(list ...object) object { return object{"group": list} }

func group(action, groupType, id string, flag ...string) object {
	g := object{"action": action, "groupType": groupType, "groupID": id}
	if len(flag) > 0 {
		g["isPrimaryAccount"] = flag[0]
	}
	return g
}

// samples are the recipes of the fixtures, needed to build the tree of specs.
func samples() *fixtures.Set {
	set, err := fixtures.Load()
	if err != nil {
		panic(err)
	}
	return set
}

// rejectTables are the tables of appendix A by their names in the recipes.
func rejectTables() map[string][]contract.RejectCode {
	c, err := contract.Load()
	if err != nil {
		panic(err)
	}
	return map[string][]contract.RejectCode{fixtures.TableRPIN: c.Tables.RejectCodes.RPIN, fixtures.TableLink: c.Tables.RejectCodes.Link}
}

// recipeEntries are one entry for each recipe that provokes a reject code.
func recipeEntries() []TableEntry {
	var entries []TableEntry
	for _, recipe := range samples().Refused {
		entries = append(entries, Entry(fmt.Sprintf("%s of %s: %s", recipe.Code, recipe.Structure, recipe.Why), recipe))
	}
	return entries
}

var _ = Describe("panLifecycle, account level updates: reject codes (p.248-252)", func() {
	DescribeTable("come later in a notification, while the call succeeds (INT-132):", func(recipe fixtures.Recipe) {
		l := newRecordLab()
		outcome := l.told(bank, sampleBank, recipe.Request)
		Expect(outcome).To(HaveLen(1))
		i := slices.IndexFunc(rejectTables()[recipe.Table], func(r contract.RejectCode) bool { return r.Code == recipe.Code })
		Expect(i).To(BeNumerically(">=", 0))
		row := rejectTables()[recipe.Table][i]
		for _, v := range verdicts(outcome, recipe.Structure) {
			Expect(v).To(HaveKeyWithValue("responseStatus", row.Status))
			Expect(v).To(HaveKeyWithValue("rejectCode", recipe.Code))
			Expect(v).To(HaveKeyWithValue("rejectDesc", row.Name))
		}
	}, recipeEntries())

	It("are all covered by the table above, for every structure that can carry them", func() {
		provoked := map[string]bool{}
		for _, recipe := range samples().Refused {
			provoked[recipe.Table+" "+recipe.Code+" "+recipe.Structure] = true
		}
		count := 0
		for name, table := range rejectTables() {
			for _, row := range table {
				for _, structure := range row.In {
					Expect(provoked).To(HaveKey(name + " " + row.Code + " " + structure))
					count++
				}
			}
		}
		Expect(count).To(BeNumerically(">=", 70))
	})

	It("leave everything as it was", func() {
		l := newRecordLab()
		l.told(bank, sampleBank, samples().Accepted[0].Request)
		kinds := []string{"rpin", "contact", "link", "group", "replacement", "replaced"}
		before := map[string]map[string]object{}
		for _, kind := range kinds {
			before[kind] = l.stored(sampleBank, kind)
		}
		for _, recipe := range samples().Refused {
			if recipe.Code != "WL" {
				l.told(bank, sampleBank, recipe.Request)
			}
		}
		for _, kind := range kinds {
			Expect(l.stored(sampleBank, kind)).To(Equal(before[kind]), kind)
		}
	})

	DescribeTable("are the first that apply in our order (INT-133):", func(structure, code string, payload object) {
		l := newRecordLab()
		Expect(codes(l.told(bank, sampleBank, payload), structure)).To(HaveEach("F " + code))
	},
		Entry("length before action", "rpinEnrollment", "IF", record("4000009015000014", object{"productID": "A", "rpinEnrollment": enrol(object{"action": "Modify"}),
			"customerContactInfo": object{"action": "Add", "lastName": strings.Repeat("a", 26)}})),
		Entry("action before account number", "rpinEnrollment", "A1", record("4000009015000015", object{"productID": "A", "rpinEnrollment": enrol(object{"action": "Modify"})})),
		Entry("account number before registry", "rpinEnrollment", "A7", record("4000009015000015", object{"productID": "A", "rpinEnrollment": enrol(object{"rpin": "999999"})})),
		Entry("registry before product", "rpinEnrollment", "C1", record("4000009015000014", object{"productID": "9", "rpinEnrollment": enrol(object{"rpin": "999999"})})),
		Entry("product before dates", "rpinEnrollment", "C2", record("4000009015000014", object{"productID": "9", "rpinEnrollment": enrol(object{"accountOpenDate": nil})})),
		Entry("dates before contact", "rpinEnrollment", "G9", record("4000009015000014", object{"productID": "A", "rpinEnrollment": enrol(object{"accountOpenDate": nil}),
			"customerContactInfo": object{"action": "Add"}})),
		Entry("account number before group", "linkEnrollment", "A7", record("4000009015000015", object{"linkEnrollment": groups(group("Remove", "FAMILY", "A#1"))})),
		Entry("action before group type", "linkEnrollment", "A1", record("4000009015000014", object{"linkEnrollment": groups(group("Remove", "FAMILY", "A#1"))})),
		Entry("group type before identifier", "linkEnrollment", "LE", record("4000009015000014", object{"linkEnrollment": groups(group("Add", "FAMILY", "A#1"))})),
		Entry("old account number before codes", "replaceEnrollment", "L7", record("4000009015000014", object{"replaceEnrollment": object{"oldAccountNumber": "4000009015000015"}})),
	)

	It("judge each structure and each group by itself (INT-133)", func() {
		l := newRecordLab()
		outcome := l.told(bank, sampleBank, record("4000009015000329", object{"productID": "A", "rpinEnrollment": enrol(object{"rpin": "999999"}),
			"replaceEnrollment": object{"oldAccountNumber": "4000009015000311", "linkReasonCode": "L"},
			"linkEnrollment":    groups(group("Add", "CUSTOMER", "C-1"), group("Add", "FAMILY", "F-1"), group("Add", "VIP1", "V-1"))}))
		Expect(codes(outcome, "rpinEnrollment")).To(Equal([]string{"F C1"}))
		Expect(codes(outcome, "replaceEnrollment")).To(Equal([]string{"S"}))
		Expect(codes(outcome, "linkEnrollment")).To(Equal([]string{"S", "F LE", "S"}))
		Expect(verdicts(outcome, "linkEnrollment")[1]).To(And(HaveKeyWithValue("groupType", "FAMILY"), HaveKeyWithValue("groupID", "F-1")))
		Expect(l.stored(sampleBank, "link")).To(HaveKey(l.reference(sampleBank, "4000009015000329") + "/VIP1/V-1"))
	})

	It("name the account by its reference, and one that is no card of the issuer not at all (p.176)", func() {
		l := newRecordLab()
		l.told(bank, sampleBank, samples().Accepted[0].Request)
		last := func() vault.Notification { list := l.notifications(sampleBank); return list[len(list)-1] }
		reference := l.reference(sampleBank, "4000009015000014")
		Expect(last().PANID).To(Equal(reference))
		Expect(last().Facts["cardholderInfo"]).To(HaveKeyWithValue("panReferenceID", reference))
		for _, code := range []string{"A7", "A8"} {
			recipe, _ := samples().Recipe(fixtures.TableRPIN, code, "rpinEnrollment")
			l.told(bank, sampleBank, recipe.Request)
			Expect(last().PANID).To(BeEmpty())
			Expect(last().Facts).NotTo(HaveKey("cardholderInfo"))
		}
	})
})

var _ = Describe("panLifecycle, account level updates: what refuses the call at once (INT-132)", func() {
	DescribeTable("and queues nothing:", func(reason, detail string, payload object) {
		l := newRecordLab()
		got := l.update(bank, payload)
		Expect(got.status).To(Equal(http.StatusBadRequest), got.raw)
		Expect(got.reason()).To(Equal(reason))
		Expect(got.details()).To(ContainElement("encryptedData/" + detail))
		Expect(l.notifications(sampleBank)).To(BeEmpty())
	},
		Entry("no enrolment at all (p.66)", "VSE40001", "accountLevelInfo/linkEnrollment", record("4000009015000014", object{"productID": "A"})),
		Entry("contact information alone (INT-139)", "VSE40001", "accountLevelInfo/rpinEnrollment", record("4000009015000014", object{"productID": "A",
			"customerContactInfo": object{"action": "Add", "firstName": "Ada", "lastName": "Sample"}})),
		Entry("contact information beside a replacement (INT-139)", "VSE40001", "accountLevelInfo/rpinEnrollment", record("4000009015000014", object{
			"customerContactInfo": object{"action": "Add", "firstName": "Ada", "lastName": "Sample"},
			"replaceEnrollment":   object{"oldAccountNumber": "4000009015000311", "linkReasonCode": "L"}})),
		Entry("a member of the wrong JSON type", "VSE40000", "accountLevelInfo/rpinEnrollment/rpin", record("4000009015000014", object{"productID": "A", "rpinEnrollment": enrol(object{"rpin": 100001})})),
		Entry("a sign that the address may not have", "VSE40000", "accountLevelInfo/customerContactInfo/address/line1", record("4000009015000014", object{"productID": "A", "rpinEnrollment": enrol(),
			"customerContactInfo": object{"action": "Add", "firstName": "Ada", "lastName": "Sample", "address": object{"line1": "1 Test @ Street", "city": "Springfield", "state": "NY", "zip": "10001"}}})),
		Entry("an account number that is none", "VSE40000", "replaceCardholderInfo/primaryAccountNumber", record("4000-0090", object{"linkEnrollment": groups(group("Add", "VIP1", "V-1"))})),
	)
})

var _ = Describe("the rules of appendix A, when the server is made", func() {
	makeWith := func(change func(*contract.RejectCodes)) error {
		var config inbound.Config
		newLab(func(c *inbound.Config) { config = *c })
		changed, tables := *config.Contract, *config.Contract.Tables
		tables.RejectCodes.RPIN = slices.Clone(tables.RejectCodes.RPIN)
		tables.RejectCodes.Link = slices.Clone(tables.RejectCodes.Link)
		change(&tables.RejectCodes)
		changed.Tables, config.Contract = &tables, &changed
		_, err := inbound.New(config)
		return err
	}

	It("are accepted as they are", func() {
		Expect(makeWith(func(*contract.RejectCodes) {})).To(Succeed())
	})

	It("are refused when a rule has no predicate and a predicate no rule, each named", func() {
		err := makeWith(func(r *contract.RejectCodes) { r.Link[0].Trigger.Rule = "moon-is-full" })
		Expect(err).To(MatchError(And(ContainSubstring("table link"), ContainSubstring("moon-is-full"), ContainSubstring("action-unknown"))))
		err = makeWith(func(r *contract.RejectCodes) { r.RPIN = r.RPIN[1:] })
		Expect(err).To(MatchError(And(ContainSubstring("table rpin"), ContainSubstring("predicate action-unknown belongs to no code"))))
	})

	It("are refused when rejectDesc cannot hold the name of a code (p.177)", func() {
		Expect(makeWith(func(r *contract.RejectCodes) { r.RPIN[0].Name = strings.Repeat("a", 101) })).To(MatchError(ContainSubstring("100 characters")))
	})

	It("are refused when they look at a member that the payload does not have", func() {
		Expect(makeWith(func(r *contract.RejectCodes) { r.RPIN[0].Trigger.At = []string{"rpinEnrollment/colour"} })).To(MatchError(ContainSubstring("rpinEnrollment/colour")))
	})
})
