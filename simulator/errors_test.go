package simulator_test

import (
	"fmt"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/client"
	"github.com/vtsim/vtsim/simulator/token"
)

// errorRow is one row of the error table of one operation. Operations without
// a table have the standard errors instead (p.31, p.114).
type errorRow struct {
	operation string
	row       contract.ErrorRow
}

func (e errorRow) String() string {
	return fmt.Sprintf("%s %d %s", e.operation, e.row.HTTP, e.row.Reason())
}

func errorRows(c *contract.Contract) []errorRow {
	var all []errorRow
	for _, op := range c.Operations() {
		if op.Direction != contract.Inbound {
			continue
		}
		for _, row := range op.Errors {
			all = append(all, errorRow{op.ID, row})
		}
		if len(op.Errors) > 0 {
			continue
		}
		for _, e := range c.Tables.StandardErrors.Errors {
			all = append(all, errorRow{op.ID, contract.ErrorRow{HTTP: e.HTTP, Name: e.Reason, Page: e.Page}})
		}
	}
	return all
}

// notSealed is an envelope that is none.
const notSealed = "e30.e30.e30"

// provocations make each row happen with a real call. Rows that stand for a
// failure of ours are made by a simulator whose vault is closed.
var provocations = map[string]func(s *sandbox) *client.Answer{
	"panLifecycle 400 VSE40001": func(s *sandbox) *client.Answer {
		a := changeFor(s, "UPDATE", "ACCOUNT_UPDATE")
		delete(a.body, "operationReason")
		return s.ask(a)
	},
	"panLifecycle 400 VSE40000": func(s *sandbox) *client.Answer { return s.ask(changeFor(s, "UPDATE", "LOST")) },
	"panLifecycle 400 VSE40006": func(s *sandbox) *client.Answer {
		a := changeFor(s, "UPDATE", "ACCOUNT_UPDATE")
		a.sealed["replaceCardholderInfo"].(map[string]any)["primaryAccountNumber"] = s.number(rival)
		return s.ask(a)
	},
	"panLifecycle 400 VSE40010": func(s *sandbox) *client.Answer {
		a := changeFor(s, "UPDATE", "ACCOUNT_UPDATE")
		a.body["encryptedData"], a.sealed = notSealed, nil
		return s.ask(a)
	},
	"tokenInquiry 400 VSE40000": func(s *sandbox) *client.Answer {
		return s.ask(ask{operation: "tokenInquiry", with: append(of(s.token()), "deviceBindingInfo=perhaps")})
	},
	"tokenInquiry 400 VSE40003": func(s *sandbox) *client.Answer {
		return s.ask(ask{operation: "tokenInquiry", with: []string{"tokenRequestorID=40010030273", "tokenReferenceID=DNITHE000000000000000000"}})
	},
	"tokenInquiryByPAN 400 VSE40001": func(s *sandbox) *client.Answer {
		return s.ask(ask{operation: "tokenInquiryByPAN", body: map[string]any{}})
	},
	"tokenInquiryByPAN 400 VSE40000": func(s *sandbox) *client.Answer {
		return s.ask(ask{operation: "tokenInquiryByPAN", sealed: card("4000 0000")})
	},
	"tokenInquiryByPAN 400 VSE40003": func(s *sandbox) *client.Answer {
		return s.ask(ask{operation: "tokenInquiryByPAN", body: map[string]any{"panReferenceID": "V-0"}})
	},
	"tokenInquiryByPAN 400 VSE40010": blob("tokenInquiryByPAN", nil),
	"tokenLifecycle 400 VSE40000":    lifecycle("SLEEP", nil),
	"tokenLifecycle 400 VSE40001":    lifecycle("", nil),
	"tokenLifecycle 400 VSE40002":    lifecycle("CALL_CENTER_ACTIVATION", func(t *token.Token) {}),
	"tokenLifecycle 400 VSE40003": func(s *sandbox) *client.Answer {
		a := lifecycleFor(s, "SUSPEND")
		a.with[1] = "tokenReferenceID=DNITHE000000000000000000"
		return s.ask(a)
	},
	"tokenLifecycle 400 VSE40011": lifecycle("SUSPEND", inactive),
	"retrieveNHPPParticipants 400 VSE40001": func(s *sandbox) *client.Answer {
		return s.ask(ask{operation: "retrieveNHPPParticipants", body: map[string]any{}})
	},
	"retrieveNHPPParticipants 400 VSE40000": func(s *sandbox) *client.Answer {
		return s.ask(ask{operation: "retrieveNHPPParticipants", sealed: card("no digits")})
	},
	"retrieveNHPPParticipants 400 VSE40010": blob("retrieveNHPPParticipants", nil),
	"updateCardMetadata 400 VSE40001": func(s *sandbox) *client.Answer {
		return s.ask(ask{operation: "updateCardMetadata", body: map[string]any{"operationReason": "test", "cardMetadataInfo": map[string]any{}}})
	},
	"updateCardMetadata 200 VSE40000": func(s *sandbox) *client.Answer {
		a := s.metadata(map[string]any{"cardIssuer": "Demo Bank"})
		a.sealed = card(s.number(rival)) // no card of the caller
		return s.ask(a)
	},
	"updateCardMetadata 400 VSE40000": func(s *sandbox) *client.Answer {
		a := s.metadata(map[string]any{"foregroundColor": "green"})
		a.sealed = card(s.number(bank))
		return s.ask(a)
	},
	"updateCardMetadata 200 VSE40003": func(s *sandbox) *client.Answer {
		a := s.metadata(map[string]any{"cardIssuer": "Demo Bank"})
		a.body["panReferenceID"] = "V-0"
		return s.ask(a)
	},
	"updateCardMetadata 400 VSE40004": func(s *sandbox) *client.Answer {
		a := s.metadata(map[string]any{"profileID": "0123456789abcdef0123456789abcdef"})
		a.sealed = card(s.number(bank))
		return s.ask(a)
	},
	"updateCardMetadata 200 VSE40007": func(s *sandbox) *client.Answer {
		t := s.givenToken(bank, s.givenPAN(bank, s.number(bank)), func(t *token.Token) { t.Status, t.DeactivatedAt = "DEACTIVATED", t.ActivatedAt })
		a := s.metadata(map[string]any{"cardIssuer": "Demo Bank"})
		a.body["panReferenceID"] = t.PANReferenceID
		return s.ask(a)
	},
	"updateCardMetadata 400 VSE40010":         blob("updateCardMetadata", map[string]any{"operationReason": "test", "cardMetadataInfo": map[string]any{}}),
	"pushCardEnrollmentToWallet 400 VSE40000": func(s *sandbox) *client.Answer { return s.ask(pushWithout(s, "intent")) },
	"pushCardEnrollmentToWallet 400 VSE40010": blob("pushCardEnrollmentToWallet", nil),
	"tokenRequestorReport 400 invalidParameter": func(s *sandbox) *client.Answer {
		return s.ask(ask{operation: "tokenRequestorReport", with: s.window("limit=1001")})
	},
	"tokenRequestorReport 400 invalidRequest": func(s *sandbox) *client.Answer {
		return s.ask(ask{operation: "tokenRequestorReport", with: s.window("limit=1"), change: func(c *client.Call) { c.Header.Del("Accept") }})
	},
	"tokenRequestorReport 401 Unauthorized": func(s *sandbox) *client.Answer {
		return s.ask(ask{operation: "tokenRequestorReport", with: s.window("limit=1"), change: func(c *client.Call) { c.Header.Del("x-pay-token") }})
	},
	"tokenRequestorReport 404 Not Found": func(s *sandbox) *client.Answer {
		return s.ask(ask{operation: "tokenRequestorReport", with: s.window("limit=1"), change: func(c *client.Call) { c.Method = http.MethodPut }})
	},
}

// onPurpose are the rows that no call of an issuer can lead to: only a fault
// set in the console answers with them.
var onPurpose = map[string]string{
	"tokenInquiry 400 VSE40001":   "nothing in its query is required but the apiKey, whose absence is a 401, and a path without its ids is another path",
	"tokenInquiry 400 VSE40010":   "the request has no envelope",
	"tokenLifecycle 400 VSE40010": "the request has no envelope",
}

func lifecycle(operationType string, change func(*token.Token)) func(*sandbox) *client.Answer {
	return func(s *sandbox) *client.Answer {
		GinkgoHelper()
		a := lifecycleFor(s, operationType)
		if change != nil {
			a.with = of(s.givenToken(bank, s.givenPAN(bank, s.number(bank)), change))
		}
		return s.ask(a)
	}
}

// blob sends an envelope that is none beside the body.
func blob(operation string, body map[string]any) func(*sandbox) *client.Answer {
	return func(s *sandbox) *client.Answer {
		GinkgoHelper()
		members := map[string]any{"encryptedData": notSealed}
		for name, value := range body {
			members[name] = value
		}
		return s.ask(ask{operation: operation, body: members})
	}
}

func pushWithout(s *sandbox, member string) ask {
	GinkgoHelper()
	a := pushFor(s, nil)
	delete(a.sealed["provider"].(map[string]any), member)
	return a
}

// token is an active token of a new card.
func (s *sandbox) token() token.Token {
	GinkgoHelper()
	return s.givenToken(bank, s.givenPAN(bank, s.number(bank)))
}

// metadata is an update that names no token yet.
func (s *sandbox) metadata(info map[string]any) ask {
	return ask{operation: "updateCardMetadata", body: map[string]any{"operationReason": "test", "cardMetadataInfo": info}}
}

// window is a report of the last week (p.111-112).
func (s *sandbox) window(more ...string) []string {
	const layout = "2006-01-02T15:04:05.000Z"
	now := s.Clock().Now()
	return append([]string{"page=0", "fromIDAssignedDateTime=" + now.AddDate(0, 0, -7).Format(layout), "toIDAssignedDateTime=" + now.Format(layout)}, more...)
}

// right is a call of every operation that succeeds.
func (s *sandbox) right(operation string) ask {
	GinkgoHelper()
	switch operation {
	case "panLifecycle":
		return changeFor(s, "UPDATE", "EXP_DATE_UPDATE")
	case "tokenInquiry":
		return ask{operation: operation, with: of(s.token())}
	case "tokenInquiryByPAN":
		return ask{operation: operation, body: map[string]any{"panReferenceID": s.token().PANReferenceID}}
	case "tokenLifecycle":
		return lifecycleFor(s, "SUSPEND")
	case "retrieveNHPPParticipants":
		return ask{operation: operation, sealed: card(s.number(bank))}
	case "updateCardMetadata":
		a := s.metadata(map[string]any{"cardIssuer": "Demo Bank"})
		a.body["panReferenceID"] = s.token().PANReferenceID
		return a
	case "tokenRequestorReport":
		return ask{operation: operation, with: s.window("limit=10")}
	case "pushCardEnrollmentToWallet":
		return pushFor(s, nil)
	}
	Fail("there is no right call of " + operation)
	return ask{}
}

var _ = Describe("every row of every error table of the operations that issuers call", Ordered, ContinueOnFailure, func() {
	spec, err := contract.Load()
	if err != nil {
		It("needs the contract", func() { Expect(err).NotTo(HaveOccurred()) })
		return
	}
	var s *sandbox
	BeforeAll(func() { s = newSandbox() })
	all := errorRows(spec)

	It("is provoked here exactly once", func() {
		keys := map[string]bool{}
		for _, e := range all {
			keys[e.String()] = true
			_, byCall := provocations[e.String()]
			_, byFault := onPurpose[e.String()]
			ours := e.row.HTTP == http.StatusInternalServerError
			Expect([]bool{byCall, byFault, ours}).To(ContainElement(true), "%s is never provoked", e)
			Expect(byCall && byFault || byCall && ours || byFault && ours).To(BeFalse(), "%s twice", e)
		}
		for key := range provocations {
			Expect(keys).To(HaveKey(key))
		}
		for key := range onPurpose {
			Expect(keys).To(HaveKey(key))
		}
	})

	for _, e := range all {
		switch why := onPurpose[e.String()]; {
		case e.row.HTTP == http.StatusInternalServerError:
			It(fmt.Sprintf("is answered: %s (p.%d), when the vault fails", e, e.row.Page), func(ctx SpecContext) {
				broken := newSandbox()
				a := broken.right(e.operation)
				Expect(broken.Calls().Close(ctx)).To(Succeed()) // it reads the vault, too
				Expect(broken.Vault().Close()).To(Succeed())
				answers(broken.ask(a), e.row)
			})
		case why != "":
			It(fmt.Sprintf("is answered: %s (p.%d), by a fault only: %s", e, e.row.Page, why), func() {
				a := s.right(e.operation)
				status, _ := s.admin(http.MethodPost, "/api/v1/faults", map[string]any{"issuer": bank, "operation": e.operation, "times": 1,
					"respond": map[string]any{"status": e.row.HTTP, "code": e.row.Code}})
				Expect(status).To(Equal(http.StatusCreated))
				answers(s.ask(a), e.row)
				expectOK(s.ask(a))
			})
		default:
			It(fmt.Sprintf("is answered: %s (p.%d)", e, e.row.Page), func() { answers(provocations[e.String()](s), e.row) })
		}
	}

	It("has a right call beside it that succeeds, of each operation", func() {
		for _, op := range spec.Operations() {
			if op.Direction == contract.Inbound {
				expectOK(s.ask(s.right(op.ID)))
			}
		}
	})
})

// answers expects the row: as an error answer, or, printed with 200, inside
// the details of a success (INT-080).
func answers(answer *client.Answer, row contract.ErrorRow) {
	GinkgoHelper()
	Expect(answer.Status).To(Equal(row.HTTP), string(answer.Body))
	if row.HTTP != http.StatusOK {
		Expect(answer.Reason()).To(Equal(row.Reason()), string(answer.Body))
		return
	}
	details := answer.Value.(map[string]any)["responseDetails"].([]any)
	Expect(details).To(ConsistOf(HaveKeyWithValue("errorCode", row.Code)))
}
