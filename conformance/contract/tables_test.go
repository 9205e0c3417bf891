package contract_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing/fstest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
)

var _ = Describe("the lifecycle matrix", func() {
	DescribeTable("allows what p.89 allows, and refuses the rest with the code of p.94 (INT-050)",
		func(state, action, want string) {
			lifecycle := loaded().Tables.Lifecycle
			cell, ok := lifecycle.Cell(state, action)
			Expect(ok).To(BeTrue())
			if !cell.Allowed {
				Expect(loaded().ErrorOn("tokenLifecycle", cell.Refusal).Code).To(Equal(want))
				return
			}
			Expect(cell.Result).To(Equal(want))
		},
		Entry(nil, "INACTIVE", "activate", "ACTIVE"),
		Entry(nil, "INACTIVE", "suspend", "VSE40011"),
		Entry(nil, "INACTIVE", "resume", "VSE40011"),
		Entry(nil, "INACTIVE", "deactivate", "DEACTIVATED"),
		Entry(nil, "INACTIVE", "updateExpirationDate", "INACTIVE"),
		Entry(nil, "INACTIVE", "replacePAN", "INACTIVE"),
		Entry(nil, "ACTIVE", "activate", "VSE40002"),
		Entry(nil, "ACTIVE", "suspend", "SUSPENDED"),
		Entry(nil, "ACTIVE", "resume", "VSE40002"),
		Entry(nil, "ACTIVE", "deactivate", "DEACTIVATED"),
		Entry(nil, "ACTIVE", "updateExpirationDate", "ACTIVE"),
		Entry(nil, "ACTIVE", "replacePAN", "ACTIVE"),
		Entry(nil, "SUSPENDED", "activate", "VSE40011"),
		Entry(nil, "SUSPENDED", "suspend", "VSE40002"),
		Entry(nil, "SUSPENDED", "resume", "ACTIVE"),
		Entry(nil, "SUSPENDED", "deactivate", "DEACTIVATED"),
		Entry(nil, "SUSPENDED", "updateExpirationDate", "SUSPENDED"),
		Entry(nil, "SUSPENDED", "replacePAN", "SUSPENDED"),
		Entry(nil, "DEACTIVATED", "activate", "VSE40011"),
		Entry(nil, "DEACTIVATED", "suspend", "VSE40011"),
		Entry(nil, "DEACTIVATED", "resume", "VSE40011"),
		Entry(nil, "DEACTIVATED", "deactivate", "VSE40002"),
		Entry(nil, "DEACTIVATED", "updateExpirationDate", "DEACTIVATED"),
		Entry(nil, "DEACTIVATED", "replacePAN", "VSE40011"),
	)

	DescribeTable("knows which call performs which action, by its four-digit code (p.61, 89-90)",
		func(operation, operationType, reasonCode, code string, refusal contract.OnRefusal) {
			action, ok := loaded().Tables.Lifecycle.ActionOf(operation,
				map[string]string{"operationType": operationType, "operationReasonCode": reasonCode})
			Expect(ok).To(Equal(code != ""))
			Expect(action.Code).To(Equal(code))
			Expect(action.OnRefusal).To(Equal(refusal))
		},
		Entry(nil, "tokenLifecycle", "CALL_CENTER_ACTIVATION", "", "3713", contract.RefuseCall),
		Entry(nil, "tokenLifecycle", "SUSPEND", "", "3702", contract.RefuseCall),
		Entry(nil, "tokenLifecycle", "RESUME", "", "3703", contract.RefuseCall),
		Entry(nil, "tokenLifecycle", "DELETE", "", "3701", contract.RefuseCall),
		Entry("a closed account skips tokens that are dead already", "panLifecycle", "UPDATE", "ACCOUNT_CLOSED", "3701", contract.SkipToken),
		Entry(nil, "panLifecycle", "UPDATE", "EXP_DATE_UPDATE", "3720", contract.SkipToken),
		Entry(nil, "panLifecycle", "UPDATE", "ACCOUNT_UPDATE", "3721", contract.SkipToken),
		Entry("the reversal", "panLifecycle", "DELETE", "ACCOUNT_UPDATE", "3721", contract.SkipToken),
		Entry("advice that is for VAU only", "panLifecycle", "UPDATE", "CONTACT_CARDHOLDER", "", contract.OnRefusal("")),
		Entry("no action upon the state", "tokenLifecycle", "TOKEN_DEVICE_BINDING_APPROVE", "", "", contract.OnRefusal("")),
	)

	It("lets only the one who suspended resume, else VSE40000 (p.76, INT-051)", func() {
		actors := loaded().Tables.Lifecycle.Actors
		Expect(actors.Action).To(Equal("resume"))
		Expect(actors.Actors).To(ConsistOf("TOKEN_REQUESTOR", "ISSUER"))
		Expect(loaded().ErrorOn("tokenLifecycle", actors.Refusal).Code).To(Equal("VSE40000"))
	})

	It("takes device binding, trusted listing and step-up on active tokens (p.90, INT-144)", func() {
		lifecycle := loaded().Tables.Lifecycle
		Expect(lifecycle.OtherOperations).To(HaveLen(8))
		other, ok := lifecycle.Other("CARDHOLDER_STEPUP_APP_TO_APP")
		Expect(ok).To(BeTrue())
		Expect(other.States).To(Equal([]string{"ACTIVE"}))
		Expect(loaded().ErrorOn("tokenLifecycle", other.Refusal).Code).To(Equal("VSE40011"))
		Expect(loaded().ErrorOn("tokenLifecycle", other.NeedsRefusal).Code).To(Equal("VSE40000"))
	})
})

var _ = DescribeTable("the standard errors are those of p.31, spelled as printed (INT-006)",
	func(trigger string, status int, reason string) {
		row := loaded().ErrorOn("tokenRequestorReport", trigger)
		Expect(row.HTTP).To(Equal(status))
		Expect(row.Reason()).To(Equal(reason))
		Expect(row.Page).To(Equal(31))
	},
	Entry(nil, "required", 400, "invalidParameter"),
	Entry(nil, "value", 400, "invalidParameter"),
	Entry("a missing header (INT-010)", contract.TriggerInvalidRequest, 400, "invalidRequest"),
	Entry(nil, contract.TriggerMalformed, 400, "invalidRequest"),
	Entry(nil, contract.TriggerUnauthorized, 401, "Unauthorized"),
	Entry(nil, contract.TriggerNotFound, 404, "Not Found"),
	Entry(nil, contract.TriggerInternal, 500, "serviceError"),
	Entry("a business trigger that the operation has no row for", contract.TriggerTaskID, 400, "invalidParameter"),
)

var _ = Describe("the reject codes of appendix A", func() {
	codes := func(table []contract.RejectCode) []string {
		list := []string{}
		for _, code := range table {
			list = append(list, code.Code)
		}
		return list
	}

	It("are those of p.248-249 for RPIN enrolment and contact information", func() {
		Expect(codes(loaded().Tables.RejectCodes.RPIN)).To(Equal(strings.Fields(
			"A1 A2 A3 A7 A8 B2 B3 B4 B5 B6 B7 C1 C2 C3 C4 C7 DE D2 D5 D6 D7 D9 G1 G6 G7 G8 G9 H1 IF")))
	})

	It("are those of p.250-252 for replacement and link enrolment", func() {
		Expect(codes(loaded().Tables.RejectCodes.Link)).To(Equal(strings.Fields(
			"A1 A7 DE IF LA LB LC LD LE LF LZ L1 L2 L3 L4 L5 L6 L7 L8 N1 N2 N3 N4 N5 N6 N7 N8 N9 NA NB NC ND NE NF NG NH NI NJ V1 V2 WL")))
	})

	It("have one warning, WL (p.252)", func() {
		warnings := []string{}
		for _, code := range append(loaded().Tables.RejectCodes.RPIN, loaded().Tables.RejectCodes.Link...) {
			if code.Status == "W" {
				warnings = append(warnings, code.Code)
			}
		}
		Expect(warnings).To(Equal([]string{"WL"}))
	})

	It("are evaluated in an order that leaves the table alone (INT-133)", func() {
		table := loaded().Tables.RejectCodes.RPIN
		ordered := contract.InOrder(table)
		Expect(codes(ordered)).To(ConsistOf(codes(table)))
		Expect(codes(ordered)[:4]).To(Equal([]string{"IF", "A1", "A7", "A8"}))
		Expect(table[0].Code).To(Equal("A1"))
	})

	It("need no fixture where the request alone can be wrong", func() {
		kinds := map[string]string{}
		for _, code := range loaded().Tables.RejectCodes.RPIN {
			kinds[code.Code] = code.Trigger.Kind
		}
		Expect(kinds).To(HaveKeyWithValue("A2", contract.NaturalReject))
		Expect(kinds).To(HaveKeyWithValue("D9", contract.NaturalReject))
		Expect(kinds).To(HaveKeyWithValue("C4", contract.FixtureReject))
	})
})

var _ = Describe("the D1 error codes", func() {
	It("are all there, with their types", func() {
		byType := map[string][]int{}
		for _, code := range loaded().Tables.D1.Codes {
			byType[code.Type] = append(byType[code.Type], code.Code)
		}
		Expect(byType).To(Equal(map[string][]int{
			"D": {111, 112, 113, 114, 115, 116, 117, 118, 119, 158, 159, 160, 161, 163, 164, 166, 167, 168, 501, 502, 503},
			"S": {221, 222, 321, 322, 323, 421, 422, 521, 921},
			"F": {231, 232, 431, 432, 510, 520, 531, 911, 920},
		}))
	})

	DescribeTable("have a policy by category alone", func(code int, retry, dead bool) {
		_, category, ok := loaded().Tables.D1.Code(code)
		Expect(ok).To(BeTrue())
		Expect(category.Retry).To(Equal(retry))
		Expect(category.TokenMustBeDeleted).To(Equal(dead))
	},
		Entry("a data error", 111, false, false),
		Entry("a system error", 221, true, false),
		Entry("a functional error", 231, false, true),
	)

	DescribeTable("map what carries no D1 code (INT-148)", func(status int, code, want string) {
		Expect(loaded().Tables.D1.CategoryOf(status, code).Type).To(Equal(want))
	},
		Entry("a success", http.StatusOK, "", "K"),
		Entry("a refused request", http.StatusBadRequest, "", "D"),
		Entry("a time-out told by the server", http.StatusRequestTimeout, "", "S"),
		Entry("too many requests", http.StatusTooManyRequests, "", "S"),
		Entry("any 5xx", http.StatusBadGateway, "", "S"),
		Entry("no answer at all", 0, "", "S"),
		Entry("a business code over its status", http.StatusOK, "ISE40504", "S"),
		Entry("a business code of data", http.StatusOK, "ISE40000", "D"),
	)
})

var _ = Describe("the interpretations", func() {
	It("have the knobs that a deployment may turn", func() {
		knobs := map[string]string{}
		for _, n := range loaded().Tables.Interpretations {
			if n.Knob {
				knobs[n.ID] = n.KnobName
			}
		}
		Expect(knobs).To(HaveLen(12))
		Expect(knobs).To(HaveKeyWithValue("INT-060", "defaultOperationType"))
	})

	It("are found by id, and a wrong id is answered with the nearest", func() {
		n, err := loaded().Interpretation("INT-050")
		Expect(err).NotTo(HaveOccurred())
		Expect(n.Operations).To(Equal([]string{"tokenLifecycle"}))
		Expect(n.Pages.String()).To(Equal("89, 94"))
		_, err = loaded().Interpretation("INT-5O")
		Expect(err).To(MatchError(ContainSubstring("did you mean INT-0")))
	})

	It("give their pages as numbers and ranges in JSON", func() {
		n, err := loaded().Interpretation("INT-004")
		Expect(err).NotTo(HaveOccurred())
		Expect(json.Marshal(n.Pages)).To(MatchJSON(`["29-30", 245]`))
	})
})

var _ = Describe("the named rules", func() {
	rule := func(format string, args ...any) contract.Rule {
		GinkgoHelper()
		found, err := loaded().Rule(fmt.Sprintf(format, args...))
		Expect(err).NotTo(HaveOccurred())
		return found
	}

	It("have a budget for each operation that p.247 gives one, and for no other", func() {
		for _, op := range loaded().Operations() {
			if op.Budget > 0 {
				Expect(rule("%s/response#budget", op.ID).Page).To(Equal(247))
				continue
			}
			_, err := loaded().Rule(op.ID + "/response#budget")
			Expect(err).To(HaveOccurred())
		}
	})

	It("have one for every cause that a decision call's table has a code for", func() {
		for _, id := range []string{"approveProvisioning", "checkEligibility", "deviceTokenBinding", "retrieveStepUpMethods", "sendPasscode"} {
			op, err := loaded().Operation(id)
			Expect(err).NotTo(HaveOccurred())
			rule("%s/response#error-code-allowed", id)
			for _, row := range op.Errors {
				for _, trigger := range row.On {
					if trigger != contract.TriggerInternal {
						Expect(rule("%s/response#code-on-%s", id, trigger).Page).To(Equal(row.Page), id+" "+trigger)
					}
				}
			}
		}
	})

	It("ask every notification for an empty answer (p.135-237, INT-113)", func() {
		for _, id := range []string{"approveProvisioningStandIn", "cardMetadataUpdateNotification", "panUpdateNotification",
			"tokenCreateNotification", "tokenNotification", "pushProvisioningStatusNotification"} {
			found := rule("%s/response#empty-body", id)
			Expect(found.Level).To(Equal(contract.Should))
			Expect(found.Operation).To(Equal(id))
			Expect(found.Part).To(Equal(contract.Response))
		}
	})

	It("belong to no single operation where they hold for several", func() {
		found := rule("transport#mutual-tls-required")
		Expect(found.Operation).To(BeEmpty())
		Expect(found.Party).To(Equal(contract.Issuer))
		Expect(found.Page).To(Equal(36))
		Expect(rule("headers/request/X-REQUEST-ID#required").Page).To(Equal(26))
		Expect(rule("envelope/jwe/kid#required").Page).To(Equal(40))
	})
})

var _ = It("the PAN lifecycle table selects rows by type and reason (p.61)", func() {
	table := loaded().Tables.PANLifecycleOperations
	rows := table.RowsOf("DELETE", "ACCOUNT_UPDATE")
	Expect(rows).To(HaveLen(1))
	Expect(rows[0].NewPAN).To(Equal(contract.NeedNotApplicable))
	Expect(table.RowsOf("UPDATE", "UPDATE_ACCOUNT_LEVEL_RECORD")).To(HaveLen(3))
	Expect(table.RowsOf("DELETE", "ACCOUNT_CLOSED")).To(BeEmpty())
})

var _ = It("the envelope limits are 8192 for pushed cards and 7000 elsewhere (p.46, 213, INT-028)", func() {
	facts := loaded().Tables.Envelope
	Expect(facts.JOSE.MaxLengthOf("pushCardEnrollmentToWallet")).To(Equal(8192))
	Expect(facts.JOSE.MaxLengthOf("panLifecycle")).To(Equal(7000))
	Expect(facts.XPayToken.Window().Minutes()).To(BeNumerically("==", 8))
	Expect(facts.JOSE.TTL()).To(Equal(facts.XPayToken.Window()))
})

var _ = It("a batch file's name is the one of p.241, with the hyphen that its example has (INT-095)", func() {
	file, ok := loaded().Tables.Batch.File("request")
	Expect(ok).To(BeTrue())
	Expect(file.Example).To(MatchRegexp(file.Pattern))
	Expect("UCM_REQ_abc_2018-1011T08.00.22.json").NotTo(MatchRegexp(file.Pattern))
})

// withFile adds a file to the contract, or takes it away when it is empty.
func withFile(file, content string) fs.FS {
	GinkgoHelper()
	whole := fstest.MapFS{}
	Expect(fs.WalkDir(os.DirFS("spec"), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == file {
			return err
		}
		data, err := fs.ReadFile(os.DirFS("spec"), path)
		whole[path] = &fstest.MapFile{Data: data}
		return err
	})).To(Succeed())
	if content != "" {
		whole[file] = &fstest.MapFile{Data: []byte(content)}
	}
	return whole
}

var _ = DescribeTable("loading refuses a tables folder that is incomplete or has more",
	func(file, content, want string) {
		_, err := contract.LoadFS(withFile(file, content))
		Expect(err).To(MatchError(And(ContainSubstring(file), ContainSubstring(want))))
	},
	Entry("a table that is missing", "tables/lifecycle.yaml", "", "not exist"),
	Entry("a table that is empty", "tables/lifecycle.yaml", "# nothing\n", "empty"),
	Entry("a file that nothing reads", "tables/lifecycles.yaml", "page: 89\n", "no table"),
	Entry("two documents in one file", "tables/documents.yaml", "[]\n---\n[]\n", "more than one"),
)
