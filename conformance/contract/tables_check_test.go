package contract_test

import (
	"fmt"
	"io/fs"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
)

// lineOf is the line of the first place of the text in a file.
func lineOf(root fs.FS, file, text string) int {
	GinkgoHelper()
	content, err := fs.ReadFile(root, file)
	Expect(err).NotTo(HaveOccurred())
	at := strings.Index(string(content), text)
	Expect(at).To(BeNumerically(">=", 0), "the test's own premise: %s", text)
	return 1 + strings.Count(string(content)[:at], "\n")
}

// refuses edits one table and demands an error that names the file, the line
// on which the text stands afterwards, and what is wrong.
func refuses(table, old, replacement, on, want string) {
	GinkgoHelper()
	file := "tables/" + table + ".yaml"
	root := edited(file, old, replacement)
	_, err := contract.LoadFS(root)
	Expect(err).To(HaveOccurred())
	Expect(err.Error()).To(ContainSubstring(fmt.Sprintf("%s: line %d: ", file, lineOf(root, file, on))))
	Expect(err.Error()).To(ContainSubstring(want))
}

const (
	firstCell = "  - {state: INACTIVE, action: activate, allowed: true, result: ACTIVE, page: 89}\n"
	firstD1   = "  - {code: 111, type: D, description: A required parameter is missing.}\n"
	firstRPIN = "  - code: A2\n    name: Last name is missing\n    page: 248\n    order: 18\n"
)

var _ = DescribeTable("loading refuses a table that is wrong, and names file and line", refuses,
	// lifecycle
	Entry("a cell that is missing", "lifecycle", firstCell, "", "  - {state: INACTIVE, action: suspend", "cell INACTIVE/activate is missing"),
	Entry("a cell given twice", "lifecycle", firstCell, firstCell+"  - {state: INACTIVE, action: activate, allowed: true, result: ACTIVE, page: 90}\n", "result: ACTIVE, page: 90", "stands twice"),
	Entry("a result that is not what the action asks for", "lifecycle", "action: suspend, allowed: true, result: SUSPENDED", "action: suspend, allowed: true, result: ACTIVE", "action: suspend, allowed: true", "leads to ACTIVE"),
	Entry("a refusal that does not fit the state", "lifecycle", "{state: ACTIVE, action: activate, allowed: false, refusal: state-exists", "{state: ACTIVE, action: activate, allowed: false, refusal: state-refused", "{state: ACTIVE, action: activate", "does not fit"),
	Entry("an allowed cell with a refusal", "lifecycle", "result: ACTIVE, page: 89}\n", "result: ACTIVE, refusal: state-exists, page: 89}\n", firstCell[:40], "no refusal"),
	Entry("an action code of three digits", "lifecycle", `code: "3702"`, `code: "370"`, `code: "370"`, "four digits"),
	Entry("two actions with one code", "lifecycle", `code: "3702"`, `code: "3713"`, "code: \"3713\"\n    page: 89\n    target: SUSPENDED", "code 3713 stands twice"),
	Entry("a page that is missing", "lifecycle", `code: "3702"`+"\n    page: 89", `code: "3702"`, "  - name: suspend", "page is 0"),
	Entry("an operationType that does not exist", "lifecycle", "when: {operationType: SUSPEND}", "when: {operationType: SUSPENDED}", "operationType: SUSPENDED", "can't be SUSPENDED"),
	Entry("an operation that does not exist", "lifecycle", "{operation: tokenLifecycle, when: {operationType: SUSPEND}", "{operation: tokenLifecycel, when: {operationType: SUSPEND}", "tokenLifecycel", "did you mean tokenLifecycle?"),
	Entry("a notification that cannot be sent", "lifecycle", "messageReasonCode: TOKEN_RESUME", "messageReasonCode: TOKEN_RESUMED", "TOKEN_RESUMED", "can't be TOKEN_RESUMED"),
	Entry("a trigger that the operation has no row for", "lifecycle", "refusal: value", "refusal: task-id", "refusal: task-id", "no row for task-id"),
	Entry("an operationType that stands nowhere", "lifecycle", "operationType: TOKEN_TRUSTED_LISTING_ADD", "operationType: SUSPEND", "page: 89", "TOKEN_TRUSTED_LISTING_ADD is to be either"),

	// errors and headers
	Entry("an unknown key", "standarderrors", "    retry: true", "    retries: true", "    retries: true", "retries not found"),
	Entry("a key given twice", "standarderrors", "    retry: true", "    retry: true\n    retry: false # again", "    retry: false # again", "already defined"),
	Entry("a trigger of two standard errors", "standarderrors", "on: [not-found]", "on: [not-found, malformed]", "on: [not-found, malformed]", "malformed stands twice"),
	Entry("an unknown trigger", "standarderrors", "on: [not-found]", "on: [not-fuond]", "on: [not-fuond]", "did you mean not-found?"),
	Entry("a fallback that is no reason", "standarderrors", "otherwise: invalidParameter", "otherwise: invalid", "otherwise: invalid", "not known"),
	Entry("a header pattern that does not compile", "headers", "^[A-Za-z0-9-]+$", "^[A-Za-z0-9-+$", "^[A-Za-z0-9-+$", "pattern"),
	Entry("a header given twice", "headers", "  - name: Accept\n", "  - name: x-request-id\n", "  - name: x-request-id", "stands twice"),
	Entry("a conditional header without a condition", "headers", "    condition: {bodyPresent: true}\n", "", "  - name: Content-Type", "needs a condition"),
	Entry("a response header that repeats none", "headers", "equals: X-REQUEST-ID", "equals: X-REQUESTID", "equals: X-REQUESTID", "no request header"),

	// reject codes
	Entry("a code given twice", "rejectcodes", firstRPIN, strings.Replace(firstRPIN, "A2", "A1 # again", 1), "code: A1 # again", "code A1 stands twice"),
	Entry("an order given twice", "rejectcodes", "order: 18\n", "order: 2 # again\n", "order: 2 # again", "order 2 stands twice"),
	Entry("a trigger id given twice", "rejectcodes", "rule: first-name-missing", "rule: last-name-missing # again", "rule: last-name-missing # again", "last-name-missing stands twice"),
	Entry("a reject code without a page", "rejectcodes", "name: Last name is missing\n    page: 248\n", "name: Last name is missing\n", "  - code: A2", "page is 0"),
	Entry("a member that does not exist", "rejectcodes", "at: [customerContactInfo/lastName]", "at: [customerContactInfo/surname]", "customerContactInfo/surname", "no member accountLevelInfo/customerContactInfo/surname"),
	Entry("a fixture field that does not exist", "rejectcodes", "reads: [rpin.productID]", "reads: [rpin.product]", "reads: [rpin.product]", "fixture field"),
	Entry("a fixture trigger that reads nothing", "rejectcodes", "      reads: [rpin.productID]\n", "", "kind: fixture\n      rule: product-id-not-of-rpin", "reads some fixture"),
	Entry("a status that the answer can't carry", "rejectcodes", "    in: [linkEnrollment]\n    status: W", "    in: [linkEnrollment] # here\n    status: X", "in: [linkEnrollment] # here", "can't be X"),
	Entry("a structure that is not answered", "rejectcodes", "    linkEnrollment: accountLevelInfoResp/linkEnrollment/groupResp/*\n", "", "in: [linkEnrollment]", "answers has no linkEnrollment"),
	Entry("a code that a field names and no table has", "rejectcodes", "  - code: G6\n", "  - code: G5\n", "page: 248", "names reject code G6"),
	Entry("a code that a field's keyword names and no table has", "rejectcodes", "  - code: D2\n", "  - code: D3\n", "page: 248", "names reject code D2"),

	// D1
	Entry("a D1 code given twice", "d1errors", firstD1, firstD1+"  - {code: 111, type: S, description: again.}\n", "description: again.", "code 111 stands twice"),
	Entry("a D1 code of no category", "d1errors", "code: 112, type: D", "code: 112, type: X", "code: 112", "type"),
	Entry("statuses with a gap", "d1errors", "{from: 430, to: 499", "{from: 431, to: 499", "{from: 431", "gap"),
	Entry("a category that contradicts the statuses", "d1errors", "tokenMustBeDeleted: false, http5xx: true", "tokenMustBeDeleted: false, http5xx: false", "type: S, name: system error", "disagree"),

	// interpretations and rules
	Entry("an interpretation given twice", "interpretations", "id: INT-002", "id: INT-001", "id: INT-001\n    pages: [27, 38]", "INT-001 stands twice"),
	Entry("an interpretation without alternatives", "interpretations", "    alternatives:\n      - Emit XPath, which has no meaning for JSON.\n      - Emit a full JSON Pointer with its leading slash.\n      - Emit the last member name only, which is ambiguous in nested structures.\n", "", "id: INT-005", "no alternatives"),
	Entry("a knob without a name", "interpretations", "    knobName: sendXPayToken\n", "", "    knob: true\n  - id: INT-010", "go together"),
	Entry("an interpretation outside the specification", "interpretations", "pages: [27, 38]", "pages: [27, 380]", "pages: [27, 380]", "not within"),
	Entry("pages that are none", "interpretations", "pages: [27, 38]", "pages: [27, x]", "pages: [27, x]", "no page"),
	Entry("an interpretation of an operation that is not there", "interpretations", "operations: [updateCardMetadata]", "operations: [updateCardMetadatas]", "updateCardMetadatas", "did you mean updateCardMetadata?"),
	Entry("an interpretation that a table names and nobody wrote", "rules", "interpretation: INT-131", "interpretation: INT-931", "INT-931", "INT-931 does not exist"),
	Entry("a rule given twice", "rules", `id: "transport#tls-version"`, `id: "transport#tls-required"`, `level: must, party: issuer, page: 35`, "transport#tls-required stands twice"),
	Entry("a rule of no level", "rules", "level: must", "level: most", "level: most", "want must, should or info"),
	Entry("a rule of no party", "rules", "party: issuer", "party: issur", "party: issur", "want issuer or visa"),
	Entry("a rule of an operation that is not there", "rules", "operations: [deviceTokenBinding], interpretation: INT-119", "operations: [deviceTokenBind], interpretation: INT-119", "[deviceTokenBind]", "did you mean deviceTokenBinding?"),
	Entry("a rule whose id belongs to another operation", "rules", "operations: [deviceTokenBinding], interpretation: INT-119", "operations: [sendPasscode], interpretation: INT-119", "deviceTokenBinding/response#budget", "named first"),
	Entry("a rule id without a name", "rules", `"transport#tls-required"`, `"transport/tls-required"`, `"transport/tls-required"`, "<place>#<name>"),

	// envelope, PAN lifecycle, batch, documents
	Entry("an algorithm that is missing", "envelope", "alg: PS256}", `alg: ""}`, `alg: ""}`, "alg is missing"),
	Entry("an envelope length that no operation has", "envelope", "{api: 7000", "{api: 7001", "{api: 7001", "maxLength"),
	Entry("a header that the envelope table calls otherwise", "headers", "name: x-pay-token", "name: x-pay", "name: x-pay", "the envelope table says x-pay-token"),
	Entry("a cell that says nothing", "panlifecycle-operations", "    pan: required\n", "    pan: maybe\n", "    pan: maybe", `need "maybe"`),
	Entry("PANs that do not fit their cells", "panlifecycle-operations", "pans: different", "pans: none", "pans: none", "does not fit"),
	Entry("a reason code that does not exist", "panlifecycle-operations", "operationReasonCode: CONTACT_CARDHOLDER", "operationReasonCode: CONTACT", "operationReasonCode: CONTACT\n", "can't be CONTACT"),
	Entry("a column that leads nowhere", "panlifecycle-operations", "pan2: replaceCardholderInfo/primaryAccountNumber", "pan2: replaceCardholderInfo/pan", "pan2: replaceCardholderInfo/pan\n", "no member"),
	Entry("an example that its own pattern refuses", "batch", "example: UCM_REQ_", "example: UCM_", "example: UCM_d1", "does not match"),
	Entry("a component that does not exist", "batch", "schema: BatchResponse", "schema: BatchAnswer", "schema: BatchAnswer", "no component BatchAnswer"),
	Entry("a document given twice", "documents", "id: pushResults", "id: pushData", "id: pushData, schema: PushResults", "stands twice"),
)
