package simulator_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/client"
	"github.com/vtsim/vtsim/simulator/vault"
)

// enumeration is one field of a request whose values the contract lists.
type enumeration struct {
	operation string
	part      contract.Part
	field     *contract.Field
}

// where is the field without its value: the key of the preparations below.
func (e enumeration) where() string { return e.operation + "/" + string(e.part) + e.field.Pointer }

// enumerations are those of all requests of all operations that issuers call.
func enumerations(c *contract.Contract) []enumeration {
	var found []enumeration
	var walk func(op *contract.Operation, part contract.Part, field *contract.Field)
	walk = func(op *contract.Operation, part contract.Part, field *contract.Field) {
		if len(field.Enum) > 0 {
			found = append(found, enumeration{op.ID, part, field})
		}
		for _, member := range field.Fields {
			walk(op, part, member)
		}
		if field.Items != nil {
			walk(op, part, field.Items)
		}
	}
	for _, op := range c.Operations() {
		for _, part := range []contract.Part{contract.Path, contract.Query, contract.Request, contract.SealedRequest} {
			if root := op.Field(part); op.Direction == contract.Inbound && root != nil {
				walk(op, part, root)
			}
		}
	}
	return found
}

// No value needs an exception: for each there is a call that the simulator
// accepts. One that needs a state or company beside it gets it here.
var preparations = map[string]func(*sandbox, any) ask{
	"tokenInquiry/query": func(s *sandbox, _ any) ask {
		return ask{operation: "tokenInquiry", with: of(s.givenToken(bank, s.givenPAN(bank, s.number(bank))))}
	},
	"tokenLifecycle/request/operationType":                                    lifecycleFor,
	"tokenLifecycle/request/deviceInfo":                                       func(s *sandbox, _ any) ask { return lifecycleFor(s, "TOKEN_DEVICE_BINDING_APPROVE") },
	"panLifecycle/request/operationType":                                      func(s *sandbox, value any) ask { return changeFor(s, value, "ACCOUNT_UPDATE") },
	"panLifecycle/request/operationReasonCode":                                func(s *sandbox, value any) ask { return changeFor(s, "UPDATE", value) },
	"panLifecycle/request/encryptedData/accountLevelInfo/rpinEnrollment":      enrolmentFor,
	"panLifecycle/request/encryptedData/accountLevelInfo/customerContactInfo": enrolmentFor,
	"panLifecycle/request/encryptedData/accountLevelInfo/replaceEnrollment":   replacementFor,
	"panLifecycle/request/encryptedData/accountLevelInfo/linkEnrollment":      linkFor,
	"pushCardEnrollmentToWallet/request":                                      pushFor,
}

// preparation is that of the longest key that begins the field's place.
func preparation(e enumeration) (key string, prepare func(*sandbox, any) ask) {
	for k, p := range preparations {
		if (e.where() == k || strings.HasPrefix(e.where(), k+"/")) && len(k) > len(key) {
			key, prepare = k, p
		}
	}
	return key, prepare
}

var _ = Describe("every value of every enumeration in a request", Ordered, ContinueOnFailure, func() {
	spec, err := contract.Load()
	if err != nil {
		It("needs the contract", func() { Expect(err).NotTo(HaveOccurred()) })
		return
	}
	var s *sandbox
	BeforeAll(func() { s = newSandbox() })
	all := enumerations(spec)

	It("is found in the contract, and every preparation is of use", func() {
		used := map[string]bool{}
		for _, e := range all {
			key, _ := preparation(e)
			used[key] = true
		}
		Expect(used).To(HaveLen(len(preparations)))
		Expect(used).NotTo(HaveKey(""), "a new enumeration needs a preparation here")
		Expect(len(all)).To(BeNumerically(">=", 25))
	})

	for _, e := range all {
		for _, value := range e.field.Enum {
			It(fmt.Sprintf("is accepted: %s %#v (p.%d)", e.where(), value, e.field.Page), func() {
				_, prepare := preparation(e)
				Expect(s.accepts(e, prepare(s, value), value)).To(BeEmpty())
			})
		}
		It(fmt.Sprintf("and no other: %s (p.%d)", e.where(), e.field.Page), func() {
			_, prepare := preparation(e)
			Expect(s.accepts(e, prepare(s, e.field.Enum[0]), "NO_SUCH_VALUE")).NotTo(BeEmpty())
		})
	}
})

// accepts makes the call with the value in its place and says what the
// simulator objects to: a refusal, a reject code, or a remark about the field.
func (s *sandbox) accepts(e enumeration, a ask, value any) string {
	GinkgoHelper()
	a = placed(e, a, value)
	answer := s.ask(a)
	if !answer.OK() {
		return fmt.Sprintf("%d %s %s", answer.Status, answer.Reason(), answer.Message())
	}
	for _, violation := range s.row(bank, answer).Violations {
		if place, keyword, _ := strings.Cut(violation.Rule, "#"); place == e.where() && keyword == "enum" {
			return violation.Message
		}
	}
	if reference, ok := a.body["updateReferenceID"].(string); ok {
		return s.rejected(reference)
	}
	return ""
}

// placed puts the value where the field is; elements of arrays are the first.
func placed(e enumeration, a ask, value any) ask {
	GinkgoHelper()
	steps := strings.Split(strings.TrimPrefix(e.field.Pointer, "/"), "/")
	if e.part == contract.Query {
		a.with = append(a.with, fmt.Sprintf("%s=%v", steps[0], value))
		return a
	}
	root := &a.body
	if e.part == contract.SealedRequest {
		root = &a.sealed
	}
	// Through JSON, so that preparations may write any Go value.
	var at any
	Expect(json.Unmarshal(jsonOf(*root), &at)).To(Succeed())
	*root = at.(map[string]any)
	for _, step := range steps[:len(steps)-1] {
		if list, ok := at.([]any); ok && step == "*" {
			at = list[0]
			continue
		}
		members := at.(map[string]any)
		if members[step] == nil {
			members[step] = map[string]any{}
		}
		at = members[step]
	}
	at.(map[string]any)[steps[len(steps)-1]] = value
	return a
}

// rejected is what the notification of an account level update says, other
// than success (p.177).
func (s *sandbox) rejected(reference string) string {
	GinkgoHelper()
	for _, n := range s.notifications(bank) {
		if n.Facts["updateReferenceID"] != reference {
			continue
		}
		var wrong []string
		for structure, outcome := range n.Facts["accountLevelInfoResp"].(map[string]any) {
			verdicts := []any{outcome}
			if groups, ok := outcome.(map[string]any)["groupResp"].([]any); ok {
				verdicts = groups
			}
			for _, verdict := range verdicts {
				if v := verdict.(map[string]any); v["responseStatus"] != "S" {
					wrong = append(wrong, fmt.Sprint(structure, " ", v["responseStatus"], " ", v["rejectCode"]))
				}
			}
		}
		return strings.Join(wrong, ", ")
	}
	return "no notification of " + reference
}

// lifecycleFor has a token in the state that the operationType needs (p.89-91).
func lifecycleFor(s *sandbox, value any) ask {
	GinkgoHelper()
	t := s.givenToken(bank, s.givenPAN(bank, s.number(bank)))
	body := map[string]any{"operationType": value, "operationReason": "test"}
	name := fmt.Sprint(value)
	switch {
	case name == "RESUME":
		expectOK(s.ask(ask{operation: "tokenLifecycle", with: of(t), body: map[string]any{"operationType": "SUSPEND", "operationReason": "test"}}))
	case name == "CALL_CENTER_ACTIVATION":
		t = s.givenToken(bank, s.givenPAN(bank, s.number(bank)), inactive)
		body["activationCode"] = "A1"
	case strings.HasPrefix(name, "TOKEN_DEVICE_BINDING"):
		s.update(bank, func(tx vault.Tx) error {
			return tx.PutBinding(vault.Binding{TokenReferenceID: t.ReferenceID, Index: 3, DeviceID: "device-3", Status: "CHALLENGED", UpdatedAt: s.Clock().Now()})
		})
		body["deviceInfo"] = map[string]any{"deviceID": "device-3", "deviceIndex": 3}
	case strings.HasPrefix(name, "CARDHOLDER_STEPUP"):
		s.update(bank, func(tx vault.Tx) error {
			return tx.PutVerification(vault.Verification{TokenReferenceID: t.ReferenceID, LifeCycleTraceID: 7, Status: "PENDING", StartedAt: s.Clock().Now()})
		})
	}
	return ask{operation: "tokenLifecycle", with: of(t), body: body}
}

// changeFor is a row of the operations table (p.61).
func changeFor(s *sandbox, operationType, reason any) ask {
	GinkgoHelper()
	old, date := s.number(bank), map[string]any{"month": "12", "year": "2035"}
	current := map[string]any{"primaryAccountNumber": old, "expirationDate": date}
	next := map[string]any{"primaryAccountNumber": s.number(bank), "expirationDate": date}
	a := ask{operation: "panLifecycle", body: map[string]any{"operationType": operationType, "operationReason": "test", "operationReasonCode": reason},
		sealed: map[string]any{"cardholderInfo": current, "replaceCardholderInfo": next}}
	switch {
	case operationType == "DELETE":
		expectOK(s.ask(ask{operation: "panLifecycle", body: map[string]any{"operationType": "UPDATE", "operationReason": "test", "operationReasonCode": reason}, sealed: a.sealed}))
	case reason == "EXP_DATE_UPDATE":
		next["primaryAccountNumber"] = old
	case reason == "UPDATE_ACCOUNT_LEVEL_RECORD":
		return linkFor(s, "Add")
	}
	return a
}

// record is an account level update of a new card (p.66).
func (s *sandbox) record(info map[string]any) ask {
	GinkgoHelper()
	return s.recordOf(s.number(bank), info)
}

func (s *sandbox) recordOf(number string, info map[string]any) ask {
	info["productID"] = "A"
	return ask{operation: "panLifecycle",
		body:   map[string]any{"operationType": "UPDATE", "operationReason": "test", "operationReasonCode": "UPDATE_ACCOUNT_LEVEL_RECORD", "updateReferenceID": unique()},
		sealed: map[string]any{"replaceCardholderInfo": map[string]any{"primaryAccountNumber": number}, "accountLevelInfo": info}}
}

// enrolmentFor has what every way to be contacted needs (p.67-68).
func enrolmentFor(s *sandbox, _ any) ask {
	GinkgoHelper()
	return s.record(map[string]any{
		"rpinEnrollment": map[string]any{"action": "Add", "accountOpenDate": "20200115", "rpin": "100001", "rpinEffectiveDate": "20220101"},
		"customerContactInfo": map[string]any{"action": "Add", "firstName": "Ada", "lastName": "Sample", "email": "ada@bank.example", "mobileNumber": "4155550123",
			"address": map[string]any{"line1": "1 Test Street", "city": "Springfield", "state": "NY", "zip": "10001"}}})
}

// replacementFor links, or unlinks what was linked before (p.69).
func replacementFor(s *sandbox, value any) ask {
	GinkgoHelper()
	number, old := s.number(bank), s.number(bank)
	replacing := func(member, value string) ask {
		return s.recordOf(number, map[string]any{"replaceEnrollment": map[string]any{"oldAccountNumber": old, member: value}})
	}
	if value == "Y" { // of unlinkIndicator, the only one with this value
		expectOK(s.ask(replacing("linkReasonCode", "L")))
		return replacing("unlinkIndicator", "Y")
	}
	return replacing("linkReasonCode", "L")
}

// linkFor adds a group, or has one to delete or to change (p.70-71).
func linkFor(s *sandbox, value any) ask {
	GinkgoHelper()
	number, id := s.number(bank), unique()
	group := func(action, primary string) ask {
		return s.recordOf(number, map[string]any{"linkEnrollment": map[string]any{"group": []any{
			map[string]any{"action": action, "groupType": "LOC", "groupID": id, "isPrimaryAccount": primary}}}})
	}
	switch value {
	case "Change":
		expectOK(s.ask(group("Add", "N")))
		return group("Change", "Y")
	case "Delete":
		expectOK(s.ask(group("Add", "N")))
	}
	return group("Add", "N")
}

// pushFor is a push to a wallet that has an app of every uriType (p.213-219).
func pushFor(s *sandbox, value any) ask {
	GinkgoHelper()
	card := map[string]any{"tsp": "V", "paymentInstrument": map[string]any{"accountNumber": s.number(bank), "name": "Ada Sample",
		"expirationDate": map[string]any{"month": "12", "year": "2035"}, "billingAddress": map[string]any{"line1": "1 Test Street", "country": "US"}}}
	provider := map[string]any{"intent": "PUSH_PROV_MOBILE", "issuerTraceID": unique(), "issuerAccountID": "account-1",
		"issuerClientInformation": map[string]any{"firstName": "Ada", "lastName": "Sample", "issuerAccountID": "account-1", "contactEmail": "ada@bank.example"}}
	body := map[string]any{}
	switch value {
	case "MC":
		card = map[string]any{"tsp": "MC", "payload": "opaque"}
	case "SYNC_DIRECT":
		body["uriType"] = "WEB"
	case "PASSCODE":
		provider["passcode"] = map[string]any{"value": "zOZYuS"}
	case "IOS", "ANDROID", "WEB": // of uriType and, where it does no harm, of returnURIType
		body["route"], body["uriType"] = "SYNC_DIRECT", value
	}
	i := slices.IndexFunc(s.fixtures.NHPPProfiles, func(p nhppProfile) bool { return p.DisplayName == "Amazon" })
	return ask{operation: "pushCardEnrollmentToWallet", body: body, audience: []string{s.fixtures.NHPPProfiles[i].ClientID},
		sealed: map[string]any{"enrollments": []any{card}, "provider": provider}}
}

func expectOK(answer *client.Answer) {
	GinkgoHelper()
	Expect(answer.OK()).To(BeTrue(), "%d %s %s", answer.Status, answer.Reason(), answer.Message())
}
