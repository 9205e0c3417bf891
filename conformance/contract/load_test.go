package contract_test

import (
	"io/fs"
	"os"
	"strings"
	"testing/fstest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
)

// edited is the shipped contract with one replacement in one file.
func edited(file, old, replacement string) fs.FS {
	GinkgoHelper()
	whole := fstest.MapFS{}
	Expect(fs.WalkDir(os.DirFS("spec"), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(os.DirFS("spec"), path)
		whole[path] = &fstest.MapFile{Data: content}
		return err
	})).To(Succeed())
	text := string(whole[file].Data)
	Expect(text).To(ContainSubstring(old), "the test's own premise")
	whole[file] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, replacement, 1))}
	return whole
}

const lifecycle = "inbound/tokenlifecycle.yaml"

var _ = DescribeTable("loading refuses a contract that is wrong, and names the place",
	func(file, old, replacement string, want ...string) {
		_, err := contract.LoadFS(edited(file, old, replacement))
		Expect(err).To(HaveOccurred())
		for _, part := range want {
			Expect(err.Error()).To(ContainSubstring(part))
		}
	},
	Entry("YAML that does not parse", lifecycle, "summary: ", "summary: [", lifecycle, "line "),
	Entry("a key given twice", lifecycle, "x-page: 90\n      parameters", "x-page: 90\n      x-page: 90\n      parameters", lifecycle, "already defined"),
	Entry("a component given in two files", lifecycle, "    TokenLifecycleRequest:\n", "    OperatorID: {type: string}\n    TokenLifecycleRequest:\n", "OperatorID", "scalars.yaml", lifecycle),
	Entry("a reference that leads nowhere", lifecycle, "schemas/OperatorID'", "schemas/OperatorIdentity'", "OperatorIdentity", "leads nowhere"),
	Entry("a misspelt keyword", lifecycle, "maxLength: 254", "maxLenght: 254", "maxLenght", "operationReason"),
	Entry("a page outside the specification", lifecycle, "x-page: 91\n          type: string", "x-page: 910\n          type: string", "910", "activationCode"),
	Entry("an enum value twice", lifecycle, "            - SUSPEND\n", "            - DELETE\n", "DELETE stands twice"),
	Entry("a required member that is not there", lifecycle, "[operationType, operationReason]", "[operationType, reason]", `"reason" is no property`),
	Entry("a condition without a name", lifecycle, "x-rule: required-with-call-center-activation\n          x-at", "x-at", "needs x-rule"),
	Entry("a condition that points nowhere", lifecycle, "x-at: activationCode", "x-at: activationcode", "activationcode"),
	Entry("a condition of no kind", lifecycle, "x-kind: required", "x-kind: requird", "requird"),
	Entry("a conditional member without its condition", lifecycle, "          x-condition: operationType is CALL_CENTER_ACTIVATION\n", "", "without x-condition"),
	Entry("an unknown trigger", lifecycle, "on: [state-exists]", "on: [state-exist]", "state-exist"),
	Entry("a code of no known shape", lifecycle, "code: VSE40002", "code: VSE4002", "VSE4002"),
	Entry("an error row without a page", lifecycle, "page: 94, on: [state-exists]", "on: [state-exists]", "x-errors/2"),
	Entry("an unknown budget", "outbound/checkeligibility.yaml", "x-budget: 2.5s", "x-budget: 2.5 s", "x-budget"),
	Entry("a member only in an operation that is none", "components/structures.yaml", "x-only-in: [approveProvisioning, tokenCreate", "x-only-in: [approveProvision, tokenCreate", `"approveProvision"`, "no operation"),
	Entry("a use case of no name", "outbound/sendpasscode.yaml", "x-use-case: cloud-token-framework", "x-use-case: cloud", "x-use-case"),
	Entry("a member that comes with a value that is none", "outbound/tokennotification.yaml", "x-with: {messageReasonCode: [CARDHOLDER_STEPUP_RESULT]}",
		"x-with: {messageReasonCode: [STEPUP_RESULT]}", "STEPUP_RESULT"),
	Entry("a webhook named unlike its operation", "outbound/checkeligibility.yaml", "operationId: checkEligibility", "operationId: checkEligible", "checkEligib"),
)
