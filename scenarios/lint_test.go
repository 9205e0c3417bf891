package scenarios_test

import (
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/scenarios"
)

// head is a scenario up to its steps, whose first line is the sixth.
const head = "scenario: a\ntitle: t\ncites: [checkEligibility p.142]\n\nsteps:\n"

// problems of a file.
func problems(yaml string) []string {
	GinkgoHelper()
	_, err := scenarios.Parse(specification(), "f.yaml", []byte(yaml))
	if err == nil {
		return nil
	}
	Expect(err).To(BeAssignableToTypeOf(scenarios.Problems{}))
	return strings.Split(err.Error(), "\n")
}

var _ = Describe("linting", func() {
	DescribeTable("tells the place of a mistake and what would be right", func(yaml, want string) {
		Expect(problems(yaml)).To(ConsistOf(HavePrefix("f.yaml:" + want)))
	},
		Entry("an unknown top-level key", "scenario: a\ntitle: t\ncites: [checkEligibility p.142]\nstep: []\nsteps: [{wait: 1s}]", `4:1: unknown key "step"; did you mean steps?`),
		Entry("a key that stands twice", head+"  - {wait: 1s, wait: 2s}", `6:16: key "wait" stands here a second time`),
		Entry("a name that is none", "scenario: A b\ntitle: t\ncites: [checkEligibility p.142]\nsteps: [{wait: 1s}]", `1:11: a scenario's name is lower-case words`),
		Entry("no name", "title: t\ncites: [checkEligibility p.142]\nsteps: [{wait: 1s}]", "1:1: the scenario has no name; add scenario"),
		Entry("no title", "scenario: a\ncites: [checkEligibility p.142]\nsteps: [{wait: 1s}]", "1:1: the scenario has no title"),
		Entry("no page", "scenario: a\ntitle: t\nsteps: [{wait: 1s}]", "1:1: the scenario cites no page"),
		Entry("no steps", "scenario: a\ntitle: t\ncites: [checkEligibility p.142]", "1:1: the scenario has no steps"),
		Entry("empty steps", "scenario: a\ntitle: t\ncites: [checkEligibility p.142]\nsteps: []", "4:8: the list of steps is empty"),
		Entry("steps and generate", "scenario: a\ntitle: t\nsteps: [{wait: 1s}]\ngenerate: {kind: over-length}", "3:8: a scenario has steps or generate"),
		Entry("a kind that makes nothing", "scenario: a\ntitle: t\ngenerate: {kind: over-length, operations: [tokenNotification]}", "3:44: over-length makes no case of tokenNotification"),
		Entry("an unknown kind", "scenario: a\ntitle: t\ngenerate: {kind: overlength}", `3:18: unknown kind "overlength"; did you mean over-length?`),
		Entry("a citation that is none", "scenario: a\ntitle: t\ncites: [page 142]\nsteps: [{wait: 1s}]", `3:9: a citation is an operation and a page, not "page 142"`),
		Entry("a citation of no operation", "scenario: a\ntitle: t\ncites: [checkEligibilty p.142]\nsteps: [{wait: 1s}]", `3:9: unknown operation "checkEligibilty"; did you mean checkEligibility?`),
		Entry("a page about something else", "scenario: a\ntitle: t\ncites: [checkEligibility p.200]\nsteps: [{wait: 1s}]", "3:9: page 200 says nothing about checkEligibility; checkEligibility stands on pages 140-149"),
		Entry("an unknown level", "scenario: a\ntitle: t\nlevel: may\ncites: [checkEligibility p.142]\nsteps: [{wait: 1s}]", `3:8: unknown level "may"`),
		Entry("a tag that is none", "scenario: a\ntitle: t\ntags: [ok, Not ok]\ncites: [checkEligibility p.142]\nsteps: [{wait: 1s}]", `3:12: a tag is lower-case`),
		Entry("an unknown card role", "scenario: a\ntitle: t\ncard: stepup\ncites: [checkEligibility p.142]\nsteps: [{wait: 1s}]", `3:7: unknown card role "stepup"; did you mean stepUp?`),
		Entry("an unknown token type", "scenario: a\ntitle: t\ntoken: {type: HCF}\ncites: [checkEligibility p.142]\nsteps: [{wait: 1s}]", `3:15: unknown token type "HCF"; did you mean HCE?`),
		Entry("a need of an unknown operation", "scenario: a\ntitle: t\nneeds: {apis: [tokenInquiry]}\ncites: [checkEligibility p.142]\nsteps: [{wait: 1s}]", `3:16: unknown operation "tokenInquiry"`),
		Entry("a merge key", head+"  - &x {wait: 1s}\n  - {<<: *x}", "7:5: the step does nothing"),

		Entry("a step that is none", head+"  - wait", "6:5: a step is a mapping"),
		Entry("a step without a verb", head+"  - cal: checkEligibility", `6:5: unknown step "cal"; did you mean call?`),
		Entry("a step with two verbs", head+"  - call: checkEligibility\n    wait: 1s", "7:5: a step does one thing"),
		Entry("an unknown operation", head+"  - call: approveProvisoning", `6:11: unknown operation "approveProvisoning"; did you mean approveProvisioning?`),
		Entry("a call of the issuer", head+"  - call: tokenInquiry", `6:11: unknown operation "tokenInquiry"`),
		Entry("an unknown option", head+"  - call: checkEligibility\n    expects: {status: 200}", `7:5: unknown key "expects"; did you mean expect?`),
		Entry("an unknown member", head+"  - call: checkEligibility\n    with: {panSource: X, panSauce: Y}", `7:26: checkEligibility has no member "panSauce"; did you mean panSource?`),
		Entry("an unknown member in a structure", head+"  - call: approveProvisioning\n    with: {tokenInfo.tokenTyp: X}", `7:12: approveProvisioning has no member "tokenInfo.tokenTyp"; did you mean tokenType?`),
		Entry("a number that is none in JSON", head+"  - call: checkEligibility\n    with: {lifeCycleTraceID: 0x1F}", `7:30: "0x1F" is no number as JSON writes them`),
		Entry("a patch that is none", head+"  - call: checkEligibility\n    patch: {op: add}", "7:12: a list belongs here, not a mapping"),
		Entry("a patch operation that is none", head+"  - call: checkEligibility\n    patch: [{op: ad, path: /x, value: 1}]", `7:18: unknown patch operation "ad"; did you mean add?`),
		Entry("a patch without its value", head+"  - call: checkEligibility\n    patch: [{op: add, path: /x}]", "7:13: the patch operation has no value"),
		Entry("a patch of no pointer", head+"  - call: checkEligibility\n    patch: [{op: remove, path: a.b}]", `7:32: "a.b" is no JSON Pointer; did you mean /a/b?`),
		Entry("a pointer with ~ alone", head+"  - call: checkEligibility\n    patch: [{op: remove, path: /a~b}]", `7:32: "/a~b" is no JSON Pointer, ~ stands alone`),
		Entry("an unknown corruption", head+"  - call: checkEligibility\n    corrupt: {jws: signatur}", `7:20: unknown corruption "jws/signatur"; did you mean jws/signature?`),
		Entry("two corruptions of one envelope", head+"  - call: checkEligibility\n    corrupt: [jws/signature, jwe/tag]", "7:30: jwe/tag and jws/signature both seal the payload"),
		Entry("a corruption of no payload", head+"  - call: cardMetadataUpdateNotification\n    corrupt: jwe/tag", "7:14: jwe/tag breaks a sealed payload"),
		Entry("one call at once", head+"  - call: checkEligibility\n    atOnce: 1", "7:13: a whole number from 2 to 100"),
		Entry("an unknown rule", head+"  - call: checkEligibility\n    rule: envelope/outbound#bad-signature-refusd", `7:11: unknown rule "envelope/outbound#bad-signature-refusd"; did you mean envelope/outbound#bad-signature-refused?`),
		Entry("a rule of Visa's side", head+"  - call: checkEligibility\n    rule: outbound/request#token-type-sent", "7:11: rule outbound/request#token-type-sent binds Visa's side"),

		Entry("an unknown trigger", head+"  - call: checkEligibility\n    card: unknown\n    expect: {refused: invalidpan}", `8:23: unknown trigger "invalidpan"; did you mean invalid-pan?`),
		Entry("a trigger that the table does not have", head+"  - call: checkEligibility\n    card: unknown\n    expect: {refused: token-value}", `8:23: checkEligibility has no error for "token-value"; its table has required`),
		Entry("a negative call with nothing wrong", head+"  - call: checkEligibility\n    expect: {refused: crypto}", "6:5: nothing is wrong with this call"),
		Entry("refused and open", head+"  - call: checkEligibility\n    card: unknown\n    expect: {refused: crypto, open: true}", "8:13: refused, open, decided and declined contradict each other"),
		Entry("a declined notification", head+"  - call: tokenNotification\n    expect: {declined: true}", "7:13: tokenNotification has no actionCode that could decline"),
		Entry("a decline where there is none", head+"  - call: checkEligibility\n    expect: {declined: true}", "7:13: checkEligibility has no actionCode that could decline; say what it is refused for: refused: <trigger>"),
		Entry("no answer and more", head+"  - call: checkEligibility\n    corrupt: tls/no-client-certificate\n    expect: {tls: refused, status: 200}", "8:13: tls: refused says that no answer comes"),
		Entry("a status that is none", head+"  - call: checkEligibility\n    expect: {status: 20}", `7:22: "20" is no status`),
		Entry("a code of another table", head+"  - call: checkEligibility\n    expect: {errorCode: ISE49999}", `7:25: "ISE49999" is no error code of checkEligibility; its table has ISE40000`),
		Entry("a budget that there is none of", head+"  - call: tokenNotification\n    expect: {within: budget}", "7:22: the specification gives no expected response time for tokenNotification"),
		Entry("a duration that is none", head+"  - call: checkEligibility\n    expect: {within: 3}", `7:22: a duration belongs here, not "3"`),
		Entry("a regular expression that is none", head+"  - call: checkEligibility\n    expect: {body: {errorCode: {matches: \"(\"}}}", "7:42: is no regular expression"),
		Entry("a member that no answer has", head+"  - call: approveProvisioning\n    expect: {body: {actionKode: x}}", `7:21: an answer to approveProvisioning has no member "actionKode"; did you mean actionCode?`),
		Entry("two operators", head+"  - call: checkEligibility\n    expect: {body: {errorCode: {present: true, length: 3}}}", "7:48: a match has one operator"),
		Entry("a length without bounds", head+"  - call: checkEligibility\n    expect: {body: {errorCode: {length: {}}}}", "7:41: the length has no bounds"),
		Entry("a name that can't be saved", head+"  - call: checkEligibility\n    save: {now: /x}", `7:12: "now" can't be a name`),
		Entry("a value from nowhere", head+"  - call: checkEligibility\n    save: {x: {take: /a, where: 1}}", "7:15: the value is taken from nowhere"),
		Entry("take without where", head+"  - call: checkEligibility\n    save: {x: {from: /a, take: /b}}", "7:32: take points into the element"),
		Entry("a template that nothing saved", head+"  - call: checkEligibility\n    with: {panSource: \"{{metod}}\"}\n  - wait: 1s", `7:23: {{metod}} stands for nothing`),
		Entry("a template that only its own step saves", head+"  - call: checkEligibility\n    with: {panSource: \"{{code}}\"}\n    save: {code: /errorCode}", `7:23: {{code}} stands for nothing`),
		Entry("a template that is not closed", head+"  - call: checkEligibility\n    with: {panSource: \"{{now\"}", "7:23: {{ is not closed"),

		Entry("a wait for nothing", head+"  - token: {do: suspend}\n  - wait: notifications", "7:11: nothing before this sends the issuer a notification; put an action of the wallet before it, such as wallet-suspend, or await a call of the issuer"),
		Entry("an await that nothing leads to", head+"  - await: tokenLifecycle", "6:5: nothing before this await makes the issuer act; put a trigger before it"),
		Entry("an await of a call of Visa", head+"  - await: checkEligibility\n    ask: do", `6:12: unknown operation "checkEligibility"`),
		Entry("an await for a member that there is none of", head+"  - await: tokenLifecycle\n    ask: do\n    where: {operationTyp: X}", `8:13: tokenLifecycle has no member "operationTyp"; did you mean operationType?`),
		Entry("a fault that changes nothing", head+"  - fault: {operation: tokenLifecycle}", "6:12: the fault changes nothing"),
		Entry("a fault of no operation", head+"  - fault: {status: 500}", "6:12: the fault has no operation"),
		Entry("a fault with a code of no table", head+"  - fault: {operation: tokenLifecycle, code: VSE49999}", `6:46: "VSE49999" is no error code of tokenLifecycle`),
		Entry("an unknown token action", head+"  - token: {do: suspnd}", `6:17: unknown token action "suspnd"; did you mean suspend?`),
		Entry("a token status that there is none of", head+"  - token: {do: suspend, expect: SUSPEND}", `6:34: unknown token status "SUSPEND"; did you mean SUSPENDED?`),
		Entry("a clock that stands still", head+"  - clock: {}", "6:12: the clock stands still"),
		Entry("a wait for something else", head+"  - wait: notification", `6:11: a wait is for notifications or a duration, not "notification"; did you mean notifications?`),

		Entry("an alias", head+"  - call: checkEligibility\n    with: {panSource: &x ON_FILE, tokenReferenceID: *x}", "7:53: an alias (*name) is not read here"),
		Entry("a file that is no YAML", head+"  - {wait: 1s\n", "6:3: is not YAML"),
		Entry("an empty file", "# nothing: here\n", "1:1: no scenario stands here"),
		Entry("a file of something else", "- a: b\n", "1:1: a mapping (key: value) belongs here, not a list"),
	)

	It("tells all mistakes of a file at once, in the order of their places, and gives the scenarios that have none", func() {
		yaml := head + "  - call: chekEligibility\n    card: nobody\n  - wait: soon\n---\nscenario: b\ntitle: t\ncites: [checkEligibility p.142]\nsteps: [{wait: 1s}]\n---\nscenario: c\n"
		found, err := scenarios.Parse(specification(), "f.yaml", []byte(yaml))
		Expect(found).To(HaveLen(1))
		Expect(found[0].Name).To(Equal("b"))
		Expect(strings.Split(err.Error(), "\n")).To(HaveExactElements(HavePrefix("f.yaml:6:11"), HavePrefix("f.yaml:7:11"), HavePrefix("f.yaml:8:11"),
			HavePrefix("f.yaml:15:1"), HavePrefix("f.yaml:15:1"), HavePrefix("f.yaml:15:1")))
	})

	It("finds nothing wrong with the good examples", func() {
		library, err := scenarios.Lint(specification(), "testdata/good")
		Expect(err).NotTo(HaveOccurred())
		Expect(library.Names()).To(Equal([]string{"step-up-by-passcode", "refused-for-its-signature", "suspended-by-the-issuer", "resumed-by-a-person", "too-long"}))
	})

	It("needs names to be unique over all files, and names both places", func() {
		dir := GinkgoT().TempDir()
		Expect(os.WriteFile(filepath.Join(dir, "mine.yaml"), []byte("scenario: eligibility-eligible\ntitle: t\ncites: [checkEligibility p.142]\nsteps: [{wait: 1s}]\n"), 0o600)).To(Succeed())
		_, err := scenarios.Load(specification(), dir)
		Expect(err).To(MatchError(And(HavePrefix(filepath.Join(dir, "mine.yaml")+":1:1: scenario eligibility-eligible stands at library"), MatchRegexp(`checkeligibility\.yaml:\d+:1 too`))))
	})

	It("tells of folders that are not there or hold nothing", func() {
		_, err := scenarios.Load(specification(), "nowhere", GinkgoT().TempDir())
		Expect(err).To(MatchError(And(ContainSubstring("nowhere:1:1: can't be read"), ContainSubstring("the folder holds no scenario"))))
	})
})
