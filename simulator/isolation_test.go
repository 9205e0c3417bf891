package simulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// property is what the bank has and the rival may name: a card with a token,
// and their counterparts that nobody has.
type property struct {
	pan    vault.PAN
	token  token.Token
	other  vault.PAN // of the rival itself
	nobody string    // a number of the bank's range that no vault has met
}

func (s *sandbox) property(change ...func(*token.Token)) property {
	GinkgoHelper()
	pan := s.givenPAN(bank, s.number(bank))
	return property{pan: pan, token: s.givenToken(bank, pan, change...), other: s.givenPAN(rival, s.number(rival)), nobody: s.number(bank)}
}

// Names of nothing, as long as real ones.
const (
	noToken   = "tokenReferenceID=DNITHE000000000000000000"
	noPAN     = "V-0000000000000000000000"
	noProfile = "00000000000000000000000000000000"
)

// trespass is one way to name a thing of the bank. named makes the call for
// the thing given, the bank's or nobody's.
type trespass struct {
	title string
	named func(p property, theirs bool) ask
	// prepare brings the bank's property into the state in which the bank
	// itself could make the call; may be nil.
	prepare func(s *sandbox, p property)
	change  func(*token.Token)
	// shared says that the call is right for whoever makes it, so that it has
	// the same answer for the bank too.
	shared bool
}

// pick is the first for the bank's thing and the second for nobody's.
func pick[T any](theirs bool, a, b T) T {
	if theirs {
		return a
	}
	return b
}

func pair(p property, theirs bool) []string {
	return []string{"tokenRequestorID=" + p.token.RequestorID, pick(theirs, "tokenReferenceID="+p.token.ReferenceID, noToken)}
}

// trespasses are all operations with all of their selectors. A taskID is
// given out and never taken, so that nobody can name one.
func trespasses(c *contract.Contract) []trespass {
	list := []trespass{
		{title: "tokenInquiry by token", named: func(p property, theirs bool) ask {
			return ask{operation: "tokenInquiry", with: append(pair(p, theirs), "deviceBindingInfo=true", "cardHolderVerificationRetrieve=true")}
		}},
		{title: "tokenInquiryByPAN by panReferenceID", named: func(p property, theirs bool) ask {
			return ask{operation: "tokenInquiryByPAN", body: map[string]any{"panReferenceID": pick(theirs, p.pan.ReferenceID, noPAN)}}
		}},
		{title: "tokenInquiryByPAN by sealed PAN", named: func(p property, theirs bool) ask {
			return ask{operation: "tokenInquiryByPAN", sealed: card(pick(theirs, p.pan.Number, p.nobody))}
		}},
		{title: "retrieveNHPPParticipants by sealed PAN", named: func(p property, theirs bool) ask {
			return ask{operation: "retrieveNHPPParticipants", sealed: card(pick(theirs, p.pan.Number, p.nobody))}
		}},
	}
	op, err := c.Operation("tokenLifecycle")
	if err != nil {
		return nil
	}
	for _, value := range op.Field(contract.Request).Member("operationType").Enum {
		list = append(list, lifecycleTrespass(fmt.Sprint(value)))
	}
	return slices.Concat(list, metadataTrespasses(), panTrespasses(c), recordTrespasses(), pushTrespasses())
}

func lifecycleTrespass(operationType string) trespass {
	t := trespass{title: "tokenLifecycle " + operationType + " by token"}
	body := map[string]any{"operationType": operationType, "operationReason": "test"}
	switch {
	case operationType == "RESUME":
		t.change = func(t *token.Token) { t.Status, t.SuspendedBy = "SUSPENDED", token.Issuer }
	case operationType == "CALL_CENTER_ACTIVATION":
		t.change, body["activationCode"] = inactive, "A1"
	case strings.HasPrefix(operationType, "TOKEN_DEVICE_BINDING"):
		body["deviceInfo"] = map[string]any{"deviceID": "device-3", "deviceIndex": 3}
		t.prepare = func(s *sandbox, p property) {
			s.update(bank, func(tx vault.Tx) error {
				return tx.PutBinding(vault.Binding{TokenReferenceID: p.token.ReferenceID, Index: 3, DeviceID: "device-3", Status: "CHALLENGED", UpdatedAt: s.Clock().Now()})
			})
		}
	case strings.HasPrefix(operationType, "CARDHOLDER_STEPUP"):
		t.prepare = func(s *sandbox, p property) {
			s.update(bank, func(tx vault.Tx) error {
				return tx.PutVerification(vault.Verification{TokenReferenceID: p.token.ReferenceID, LifeCycleTraceID: 7, Status: "PENDING", StartedAt: s.Clock().Now()})
			})
		}
	}
	t.named = func(p property, theirs bool) ask {
		return ask{operation: "tokenLifecycle", with: pair(p, theirs), body: body}
	}
	return t
}

func metadataTrespasses() []trespass {
	update := func(selector map[string]any) ask {
		body := map[string]any{"operationReason": "test", "cardMetadataInfo": map[string]any{"cardIssuer": "Bank"}}
		maps.Copy(body, selector)
		return ask{operation: "updateCardMetadata", body: body}
	}
	return []trespass{
		{title: "updateCardMetadata by token", named: func(p property, theirs bool) ask {
			return update(map[string]any{"tokenRequestorID": p.token.RequestorID, "tokenReferenceID": strings.TrimPrefix(pair(p, theirs)[1], "tokenReferenceID=")})
		}},
		{title: "updateCardMetadata by panReferenceID", named: func(p property, theirs bool) ask {
			return update(map[string]any{"panReferenceID": pick(theirs, p.pan.ReferenceID, noPAN)})
		}},
		{title: "updateCardMetadata by sealed PAN", named: func(p property, theirs bool) ask {
			a := update(nil)
			a.sealed = card(pick(theirs, p.pan.Number, p.nobody))
			return a
		}},
		{title: "updateCardMetadata with a profileID", prepare: func(s *sandbox, p property) {
			s.update(bank, func(tx vault.Tx) error {
				return tx.PutRecord(vault.Record{Kind: "metadataprofile", Key: profileOf(p), Content: map[string]any{"cardMetadataInfo": map[string]any{"cardIssuer": "Bank"}}, UpdatedAt: s.Clock().Now()})
			})
		}, named: func(p property, theirs bool) ask {
			a := update(map[string]any{"cardMetadataInfo": map[string]any{"profileID": pick(theirs, profileOf(p), noProfile)}})
			a.sealed = card(pick(theirs, p.pan.Number, p.nobody))
			return a
		}},
	}
}

// profileOf is the id of a profile that the bank has.
func profileOf(p property) string { return "aa" + strings.Repeat("0", 8) + p.pan.ReferenceID[2:] }

// panTrespasses name the PAN in each row of the operations table (p.61), as
// the card that is and as the card that replaces it.
func panTrespasses(c *contract.Contract) []trespass {
	change := func(row contract.PANLifecycleRow, old, next string) ask {
		date := map[string]any{"month": "12", "year": "2035"}
		return ask{operation: "panLifecycle", body: map[string]any{"operationType": row.OperationType, "operationReason": "test", "operationReasonCode": row.OperationReasonCode},
			sealed: map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": old, "expirationDate": date},
				"replaceCardholderInfo": map[string]any{"primaryAccountNumber": next, "expirationDate": date}}}
	}
	var list []trespass
	for _, row := range c.Tables.PANLifecycleOperations.Rows {
		if row.AccountLevel != "" {
			continue
		}
		same := row.PANs == contract.PANsSame
		t := trespass{title: "panLifecycle " + row.Name + " of the PAN", named: func(p property, theirs bool) ask {
			old := pick(theirs, p.pan.Number, p.nobody)
			return change(row, old, pick(same, old, sibling(p.pan.Number)))
		}}
		if row.OperationType == "DELETE" {
			t.prepare = func(s *sandbox, p property) {
				update := row
				update.OperationType = "UPDATE"
				expectOK(s.ask(change(update, p.pan.Number, s.number(bank))))
			}
		}
		list = append(list, t)
		if row.PANs == contract.PANsDifferent {
			list = append(list, trespass{title: "panLifecycle " + row.Name + " to the PAN", shared: true, named: func(p property, theirs bool) ask {
				return change(row, p.other.Number, pick(theirs, p.pan.Number, p.nobody))
			}})
		}
	}
	return list
}

// sibling is another card of the same range.
func sibling(number string) string {
	digits := []byte(number[:len(number)-1])
	digits[10] = '0' + (digits[10]-'0'+1)%10
	return string(digits) + string(fixtures.CheckDigit(string(digits)))
}

// recordTrespasses name the PAN, and what belongs to it, in account level
// updates (p.66-71); their outcome is told by a notification.
func recordTrespasses() []trespass {
	record := func(number string, info map[string]any) ask {
		info["productID"] = "A"
		return ask{operation: "panLifecycle", body: map[string]any{"operationType": "UPDATE", "operationReason": "test", "operationReasonCode": "UPDATE_ACCOUNT_LEVEL_RECORD", "updateReferenceID": "REF-1"},
			sealed: map[string]any{"replaceCardholderInfo": map[string]any{"primaryAccountNumber": number}, "accountLevelInfo": info}}
	}
	group := func(action, id string) map[string]any {
		return map[string]any{"linkEnrollment": map[string]any{"group": []any{map[string]any{"action": action, "groupType": "LOC", "groupID": id, "isPrimaryAccount": "N"}}}}
	}
	enrolment := func(action string) map[string]any {
		return map[string]any{"rpinEnrollment": map[string]any{"action": action, "accountOpenDate": "20200115", "rpin": "100001"}}
	}
	linked := func(s *sandbox, p property) {
		expectOK(s.ask(record(p.pan.Number, group("Add", "G-1"))))
		expectOK(s.ask(record(p.pan.Number, enrolment("Add"))))
	}
	return []trespass{
		{title: "panLifecycle rpinEnrollment of the PAN", prepare: linked, named: func(p property, theirs bool) ask {
			return record(pick(theirs, p.pan.Number, p.nobody), enrolment("Delete"))
		}},
		{title: "panLifecycle linkEnrollment of the PAN", prepare: linked, named: func(p property, theirs bool) ask {
			return record(pick(theirs, p.pan.Number, p.nobody), group("Delete", "G-1"))
		}},
		{title: "panLifecycle linkEnrollment of the bank's groupID", prepare: linked, shared: true, named: func(p property, theirs bool) ask {
			return record(p.other.Number, group("Delete", pick(theirs, "G-1", "G-2")))
		}},
		{title: "panLifecycle replaceEnrollment of the PAN", named: func(p property, theirs bool) ask {
			return record(pick(theirs, p.pan.Number, p.nobody), map[string]any{"replaceEnrollment": map[string]any{"oldAccountNumber": sibling(p.pan.Number), "linkReasonCode": "L"}})
		}},
		// That the range is another issuer's is what reject code NG says
		// (p.251); whether that issuer has the card is not said.
		{title: "panLifecycle replaceEnrollment of the old account number", shared: true, named: func(p property, theirs bool) ask {
			return record(p.other.Number, map[string]any{"replaceEnrollment": map[string]any{"oldAccountNumber": pick(theirs, p.pan.Number, p.nobody), "linkReasonCode": "L"}})
		}},
	}
}

func pushTrespasses() []trespass {
	push := func(number, trace string) ask {
		return ask{operation: "pushCardEnrollmentToWallet", body: map[string]any{}, audience: []string{"c7e2b8d4-5a19-4f36-b0c8-9e4d1a6f2b04"},
			sealed: map[string]any{"enrollments": []any{map[string]any{"tsp": "V", "paymentInstrument": map[string]any{"accountNumber": number}}},
				"provider": map[string]any{"intent": "PUSH_PROV_MOBILE", "issuerTraceID": trace, "issuerClientInformation": map[string]any{"contactEmail": "ada@bank.example"}}}}
	}
	return []trespass{
		{title: "pushCardEnrollmentToWallet of the PAN", named: func(p property, theirs bool) ask {
			return push(pick(theirs, p.pan.Number, p.nobody), "trace-"+p.pan.ReferenceID[2:])
		}},
		{title: "pushCardEnrollmentToWallet with the bank's issuerTraceID", shared: true, prepare: func(s *sandbox, p property) {
			expectOK(s.ask(push(p.pan.Number, "used-"+p.pan.ReferenceID[2:])))
		}, named: func(p property, theirs bool) ask {
			return push(p.other.Number, pick(theirs, "used-", "free-")+p.pan.ReferenceID[2:])
		}},
	}
}

var _ = Describe("one issuer cannot see or touch what another has", Ordered, ContinueOnFailure, func() {
	spec, err := contract.Load()
	if err != nil {
		It("needs the contract", func() { Expect(err).NotTo(HaveOccurred()) })
		return
	}
	var s *sandbox
	BeforeAll(func() { s = newSandbox() })
	all := trespasses(spec)

	It("by any of the operations", func() {
		covered := map[string]bool{"tokenRequestorReport": true} // below; it names nothing
		for _, t := range all {
			operation, _, _ := strings.Cut(t.title, " ")
			covered[operation] = true
		}
		for _, op := range spec.Operations() {
			if op.Direction == contract.Inbound {
				Expect(covered).To(HaveKey(op.ID))
			}
		}
	})

	for _, t := range all {
		It("by "+t.title, func() {
			p := s.property(slices.DeleteFunc([]func(*token.Token){t.change}, func(f func(*token.Token)) bool { return f == nil })...)
			if t.prepare != nil {
				t.prepare(s, p)
			}
			before := s.state(bank, p)
			theirs := s.seen(rival, t.named(p, true), p)
			nobodys := s.seen(rival, t.named(p, false), p)
			Expect(theirs).To(Equal(nobodys), "what the bank has must look like nothing at all")
			Expect(s.state(bank, p)).To(Equal(before), "what the bank has must stay as it is")
			if !t.shared {
				Expect(s.seen(bank, t.named(p, true), p)).NotTo(Equal(theirs), "the bank itself gets through, so that the call is a right one")
			}
		})
	}

	It("by tokenRequestorReport, which tells every issuer the same", func() {
		report := ask{operation: "tokenRequestorReport", with: s.window("limit=1000")}
		before := s.seen(rival, report, property{})
		s.property()
		Expect(s.seen(rival, report, property{})).To(Equal(before))
		Expect(s.seen(bank, report, property{})).To(Equal(before))
	})
})

// seen is all that an issuer learns by a call: the answer, opened, and what is
// queued to be told to it, without what is new with every call and with the
// names of the bank's things and of nobody's made alike.
func (s *sandbox) seen(issuer string, a ask, p property) string {
	GinkgoHelper()
	told := len(s.notifications(issuer))
	a.as = issuer
	answer := s.ask(a)
	headers := answer.Header.Clone()
	for _, name := range []string{"X-Response-Id", "Date", "Content-Length"} {
		headers.Del(name)
	}
	body, _ := answer.Value.(map[string]any)
	delete(body, "encryptedData") // opened below, and never the same twice
	text := fmt.Sprintln(answer.Status, headers, string(jsonOf(body)), string(jsonOf(answer.Opened)))
	for _, n := range s.notifications(issuer)[told:] {
		text += fmt.Sprintln(n.Operation, n.EventType, n.TokenID, n.PANID, string(jsonOf(n.Facts)))
	}
	text = pushReference.ReplaceAllString(text, "…")
	alike := []string{p.token.ReferenceID, strings.TrimPrefix(noToken, "tokenReferenceID="), p.pan.ReferenceID, noPAN, p.pan.Number, p.nobody,
		contract.Mask(p.pan.Number), contract.Mask(p.nobody), "G-1", "G-2", "used-", "free-", noProfile}
	if p.pan.Number != "" {
		alike = append(alike, profileOf(p))
	}
	for _, name := range alike {
		if name != "" {
			text = strings.ReplaceAll(text, name, "…")
		}
	}
	return text
}

// pushReference is the name that a push gets when it is taken over.
var pushReference = regexp.MustCompile(`[A-Za-z0-9_-]{32}`)

// state is all that the vault holds of the bank, but its traffic.
func (s *sandbox) state(issuer string, p property) string {
	GinkgoHelper()
	kinds := []string{"audit", "seed", "rpin", "contact", "link", "group", "replacement", "replaced", "push", "push-trace", "cardmetadata", "task", "metadataprofile", "batch", "batchresults"}
	var held []any
	Expect(s.Vault().View(context.Background(), issuer, func(tx vault.Tx) error {
		tokens, err := tx.Tokens("", 1000)
		if err != nil {
			return err
		}
		for _, t := range tokens {
			bindings, err := tx.Bindings(t.ReferenceID)
			verifications, other := tx.Verifications(t.ReferenceID)
			pan, third := tx.PAN(t.PANReferenceID)
			if err := errors.Join(err, other, third); err != nil {
				return err
			}
			held = append(held, t, bindings, verifications, pan)
		}
		for _, kind := range kinds {
			records, err := tx.Records(kind, "", 0)
			if err != nil {
				return err
			}
			held = append(held, records)
		}
		_, err = tx.PANByNumber(p.nobody)
		held = append(held, errors.Is(err, vault.ErrNotFound))
		return nil
	})).To(Succeed())
	content, err := json.Marshal(append(held, s.notifications(issuer)))
	Expect(err).NotTo(HaveOccurred())
	return string(content)
}
