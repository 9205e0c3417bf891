package report_test

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/conformance/report"
)

// secrets are what the masked texts of the examples stand for.
var secrets = []string{"4895370012003478", "735291", "hunter2-shared-secret"}

var writers = map[string]func(io.Writer, *conformance.Result) error{
	"txt": func(w io.Writer, r *conformance.Result) error {
		return report.Terminal(w, r, report.TerminalOptions{})
	},
	"json": report.JSON, "xml": report.JUnit, "md": report.Markdown, "html": report.HTML,
}

// refusing is a full disk.
type refusing struct{}

func (refusing) Write([]byte) (int, error) { return 0, errors.New("disk is full") }

// example builds a Result case by case.
type example struct{ conformance.Result }

var began = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

func newExample() *example {
	return &example{conformance.Result{
		Schema: conformance.Schema, Tool: conformance.Tool{Version: "1.0.0", Commit: "0123abc"}, Spec: "3.7 (23.05)",
		Issuer:    conformance.Issuer{Name: "first-bank", Endpoint: "https://issuer.example:9443/vts"},
		Plan:      conformance.Plan{Profile: "full", Seed: "20260314", Parallel: 4, FailOn: "must", File: "issuer.yaml"},
		StartedAt: began, DurationMS: 8421, Verdict: conformance.Conformant, Reason: "No must rule is broken.",
		Rules: conformance.RuleCounts{Total: 412, Exercised: 398, Proven: 371}, NextSteps: []string{},
	}}
}

// add puts a case in, with one exchange for each answer.
func (e *example) add(c conformance.Case, answers ...conformance.Message) *example {
	if c.Title == "" {
		c.Title = "A case about " + c.ID
	}
	c.Cites = []conformance.Cite{{Operation: c.Operations[0], Page: 171}}
	c.Tags = []string{"provisioning"}
	c.Area = "contract"
	c.Rerun = "vtsim certify -f issuer.yaml --seed 20260314 --case " + c.ID
	for i, answer := range answers {
		exchange := e.exchange(c, i+1)
		exchange.Response = &answer
		e.Exchanges = append(e.Exchanges, exchange)
		c.Exchanges = append(c.Exchanges, exchange.ID)
	}
	for i := range c.Findings {
		if len(c.Exchanges) > 0 {
			c.Findings[i].Exchange, c.Findings[i].Step = c.Exchanges[0], 1
		}
	}
	e.Cases = append(e.Cases, c)
	return e
}

func (e *example) exchange(c conformance.Case, step int) conformance.Exchange {
	n := len(e.Exchanges) + 1
	return conformance.Exchange{
		ID: fmt.Sprintf("x%d", n), Case: c.ID, Step: step, Title: "call " + c.Operations[0], Direction: "outbound", Operation: c.Operations[0],
		Time: began.Add(time.Duration(n) * 137 * time.Millisecond), RequestID: fmt.Sprintf("request-%d", n),
		Request: conformance.Message{Method: "POST", Path: "/vtis/v1/" + c.Operations[0],
			Headers: map[string][]string{"Content-Type": {"application/json"}, "X-REQUEST-ID": {fmt.Sprintf("request-%d", n)}},
			Body:    map[string]any{"encryptedData": "eyJ0eXAiOiJKT1NFIiwi… (1180 characters)"}, Decrypted: map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": "489537******3478", "cvv2": "***"}}},
		Timing: conformance.Timing{ConnectUS: 3100, FirstByteUS: 21000 + int64(n)*700, TotalUS: 22000 + int64(n)*800, BudgetUS: 1_500_000},
		TLS:    "TLS 1.3, TLS_AES_128_GCM_SHA256",
	}
}

// score counts what was added.
func (e *example) score() *conformance.Result {
	area := conformance.Area{Name: "contract"}
	for _, c := range e.Cases {
		switch c.Outcome {
		case conformance.Passed:
			e.Counts.Passed++
			area.Passed++
		case conformance.Failed:
			e.Counts.Failed++
		case conformance.Warned:
			e.Counts.Warned++
			area.Passed++
		case conformance.Skipped:
			e.Counts.Skipped++
			area.Skipped++
			continue
		case conformance.Broken:
			e.Counts.Broken++
			continue
		}
		area.Total++
	}
	e.Plan.Planned, e.Plan.Skipped = len(e.Cases), e.Counts.Skipped
	e.Score = []conformance.Area{area, {Name: "errors", Passed: 61, Total: 61}, {Name: "timing", Passed: 11, Total: 12, Skipped: 3}}
	return &e.Result
}

func good() conformance.Message {
	return conformance.Message{Status: 200, Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: map[string]any{"actionCode": "00"}}
}

func clean() *conformance.Result {
	e := newExample()
	for _, operation := range []string{"approveProvisioning", "checkEligibility", "sendPasscode"} {
		e.add(conformance.Case{ID: operation + ".good", Operations: []string{operation}, Outcome: conformance.Passed, ElapsedMS: 24, BudgetMS: 1500}, good())
	}
	e.add(conformance.Case{ID: "step-up.fraud", Operations: []string{"sendPasscode"}, Outcome: conformance.Skipped, Reason: "the profile names no card with the role fraud"})
	return e.score()
}

// tooLong is a broken must rule with all that a finding can have.
func tooLong(actual string) judge.Finding {
	return judge.Finding{Rule: "retrieveStepUpMethods/response/stepUpMethods/*/identifier#maxLength", Level: "must", Outcome: judge.Failed, Operation: "retrieveStepUpMethods",
		Message: "identifier of the second step-up method has 41 characters, 32 are allowed", Expected: "at most 32 characters", Actual: actual,
		Location: "/stepUpMethods/1/identifier", Cite: judge.Cite{Section: "Retrieve Step-up Methods", Page: 171}, Interpretation: "INT-007", Treated: "taken as an error, not sent again"}
}

func stepUpMethods() conformance.Message {
	return conformance.Message{Status: 200, Headers: map[string][]string{"Content-Type": {"application/json"}, "Date": {"Sat, 14 Mar 2026 09:26:54 GMT"}},
		Body: map[string]any{"encryptedData": "eyJ0eXAiOiJKT1NFIiwi… (912 characters)"},
		Decrypted: map[string]any{"stepUpMethods": []any{
			map[string]any{"type": "OTPSMS", "value": "******4411", "identifier": "m1"},
			map[string]any{"type": "OTPEMAIL", "value": "j***@example.com", "identifier": "m2-0123456789-0123456789-0123456789-01234"},
			map[string]any{"type": "CUSTOMERSERVICE"}}}}
}

func failing() *conformance.Result {
	e := newExample()
	e.Verdict, e.Reason = conformance.NotConformant, "3 must rules are broken in 7 cases."
	e.NextSteps = []string{"Shorten step-up method identifiers to 32 characters (p.171): 5 cases break on it.",
		"Answer a missing panSource with the error that the table of approveProvisioning has for it (p.131).", "Give the profile a card with the role fraud: 2 cases wait for it."}
	for i := range 5 {
		e.add(conformance.Case{ID: fmt.Sprintf("step-up-methods.%02d", i+1), Title: "Step-up methods for a conditional approval", Operations: []string{"retrieveStepUpMethods", "approveProvisioning"},
			Outcome: conformance.Failed, ElapsedMS: 61, BudgetMS: 1500, Findings: []judge.Finding{tooLong("m2-0123456789-0123456789-0123456789-01234")}}, stepUpMethods(), good())
	}
	e.add(conformance.Case{ID: "approve.missing-panSource", Title: "A call without panSource is refused with the right error", Operations: []string{"approveProvisioning"}, Outcome: conformance.Failed, ElapsedMS: 33, BudgetMS: 1500,
		Findings: []judge.Finding{
			{Rule: "approveProvisioning/errors#code", Level: "must", Outcome: judge.Failed, Operation: "approveProvisioning", Message: "A missing field was answered with another error than the table has for it.",
				Expected: "HTTP 400, errorCode ISE40001 and no other", Actual: "HTTP 500, errorCode ISE50001", Location: "/errorCode", Cite: judge.Cite{Section: "Approve Provisioning, errors", Page: 131}},
			{Rule: "approveProvisioning/response/errorMessage#present", Level: "must", Outcome: judge.Failed, Operation: "approveProvisioning", Message: "errorMessage is missing.", Expected: "a text", Actual: "nothing", Location: "/errorMessage", Cite: judge.Cite{Page: 131}},
		}}, conformance.Message{Status: 500, Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: map[string]any{"errorCode": "ISE50001"}})
	slow := judge.Finding{Rule: "checkEligibility#budget", Level: "should", Outcome: judge.Warned, Operation: "checkEligibility", Message: "The answer took 1.70 s, 1.5 s are expected.", Expected: "within 1.5 s", Actual: "1.70 s", Cite: judge.Cite{Section: "Response times", Page: 25}}
	e.add(conformance.Case{ID: "eligibility.good", Title: "An eligible card", Operations: []string{"checkEligibility"}, Outcome: conformance.Warned, ElapsedMS: 1710, BudgetMS: 1500, Findings: []judge.Finding{slow}}, good())
	e.Exchanges[len(e.Exchanges)-1].Timing.TotalUS = 1_702_311
	e.add(conformance.Case{ID: "known.one", Operations: []string{"sendPasscode"}, Outcome: conformance.Failed, Known: "BANK-1411", ElapsedMS: 20,
		Findings: []judge.Finding{{Rule: "sendPasscode/errors#code", Level: "must", Outcome: judge.Failed, Operation: "sendPasscode", Message: "A wrong passcode was answered with HTTP 500.", Cite: judge.Cite{Page: 188}}}}, conformance.Message{Status: 500})
	e.KnownFailures = []conformance.KnownFailureUse{{Case: "known.one", Reason: "BANK-1411", Owner: "payments team", Expires: "2026-05-31", Uses: 1},
		{Rule: "tokenNotification/*", Reason: "BANK-1300", Owner: "payments team", Expires: "2026-01-31", Problem: "it expired and excuses nothing"}}
	e.add(conformance.Case{ID: "passcode.good", Title: "A right passcode", Operations: []string{"sendPasscode"}, Outcome: conformance.Passed, ElapsedMS: 24, BudgetMS: 1500,
		Findings: []judge.Finding{{Rule: "sendPasscode#responseHeader", Level: "info", Outcome: judge.Noted, Operation: "sendPasscode", Message: "The answer has a member that the spec doesn't know: trace.", Cite: judge.Cite{Page: 24}}}}, good())
	e.add(conformance.Case{ID: "step-up.fraud.1", Operations: []string{"sendPasscode"}, Outcome: conformance.Skipped, Reason: "the profile names no card with the role fraud"})
	e.add(conformance.Case{ID: "step-up.fraud.2", Operations: []string{"sendPasscode"}, Outcome: conformance.Skipped, Reason: "the profile names no card with the role fraud"})
	e.Rules = partCovered()
	for i := range e.Cases {
		e.Cases[i].Exercised = []string{"approveProvisioning/errors#code", "sendPasscode/response#type"}[i%2:]
	}
	e.add(conformance.Case{ID: "device-binding", Operations: []string{"deviceTokenBinding"}, Outcome: conformance.Skipped, Reason: "the issuer doesn't offer deviceTokenBinding"})
	return e.score()
}

// partCovered has a rule that is covered, one that is exercised only, and two
// that are not.
func partCovered() conformance.RuleCounts {
	return conformance.RuleCounts{Total: 5, Exercised: 3, Proven: 2, Places: []conformance.RulePlace{
		{Page: 25, Total: 1, Must: 0, Exercised: 1, Gaps: []conformance.RuleGap{{Rule: "transport#keep-alive", Level: "should", Exercised: true}}},
		{Page: 131, Section: "Approve Provisioning", Operation: "approveProvisioning", Total: 2, Must: 2, Exercised: 1, Proven: 1,
			Gaps: []conformance.RuleGap{{Rule: "approveProvisioning/response/emailAddress#maxLength", Level: "must", Reason: "no case makes an issuer send it"}}},
		{Page: 188, Section: "Send Passcode", Operation: "sendPasscode", Total: 2, Must: 1, Exercised: 1, Proven: 1,
			Gaps: []conformance.RuleGap{{Rule: "sendPasscode/response/actionCode#pattern", Level: "info"}}}}}
}

func incomplete() *conformance.Result {
	e := newExample()
	e.Verdict, e.Reason, e.Mend = conformance.Incomplete, "The issuer could not be reached: connection refused at issuer.example:9443.", "Is the issuer running, and is the port in issuer.yaml the right one?"
	e.NextSteps = []string{"Start the issuer, then: vtsim certify -f issuer.yaml --dry-run"}
	for _, id := range []string{"approve.one", "approve.two"} {
		e.add(conformance.Case{ID: id, Operations: []string{"approveProvisioning"}, Outcome: conformance.Broken, Reason: "the card with the role eligible has no expiry date in issuer.yaml:14:5"})
	}
	last := len(e.Cases) - 1
	exchange := e.exchange(e.Cases[last], 1)
	exchange.Failure = "connection refused"
	e.Exchanges = append(e.Exchanges, exchange)
	e.Cases[last].Exchanges = []string{exchange.ID}
	return e.score()
}

func interrupted() *conformance.Result {
	r := clean()
	r.Interrupted, r.Verdict, r.Reason = true, conformance.Incomplete, "The run was interrupted after 4 of 120 cases."
	return r
}

// nasty is what an issuer could send to break out of a report.
const nasty = "\x1b[31m\x00\x07]]></failure><script>alert(1)</script><img src=x onerror=alert(1)>|`code`|\r\n## heading\n::error::ci ##vso[task] [link](http://evil.example) **bold** @all #1 www.evil.example \xff\xfe\u202eevil\u2028 \" ' {{.}} $x$ &amp; <!-- -->"

func hostile() *conformance.Result {
	e := newExample()
	e.Verdict, e.Reason, e.Mend, e.NextSteps = conformance.NotConformant, "Broken: "+nasty, nasty, []string{nasty}
	e.Issuer.Name, e.Issuer.Endpoint, e.Plan.Filter = nasty, "https://issuer.example/"+nasty, nasty
	finding := tooLong(nasty)
	finding.Message, finding.Expected, finding.Location, finding.Rule, finding.Treated = nasty, nasty, "/"+nasty, "rule "+nasty, nasty
	finding.Cite.Section = nasty
	body := conformance.Message{Status: 200, Headers: map[string][]string{nasty: {nasty, nasty}}, Body: nasty, Decrypted: map[string]any{nasty: []any{nasty, 1.5, nil, true}, "stepUpMethods": nasty}}
	e.add(conformance.Case{ID: "case " + nasty, Title: nasty, Operations: []string{nasty}, Outcome: conformance.Failed, Findings: []judge.Finding{finding, tooLong(nasty)}}, body)
	e.add(conformance.Case{ID: "skip", Operations: []string{"sendPasscode"}, Outcome: conformance.Skipped, Reason: nasty})
	e.add(conformance.Case{ID: "broken", Operations: []string{"sendPasscode"}, Outcome: conformance.Broken, Reason: nasty})
	e.add(conformance.Case{ID: "warned", Title: nasty, Operations: []string{"sendPasscode"}, Outcome: conformance.Warned, Findings: []judge.Finding{{Rule: "r", Level: "should", Outcome: judge.Warned, Message: nasty}}})
	e.KnownFailures = []conformance.KnownFailureUse{{Rule: nasty, Reason: nasty, Owner: nasty, Expires: nasty, Problem: nasty}}
	return e.score()
}

// huge has n failed cases, all for one reason.
func huge(n int) *conformance.Result {
	e := newExample()
	e.Verdict = conformance.NotConformant
	for i := range n {
		e.add(conformance.Case{ID: fmt.Sprintf("case-%05d", i), Operations: []string{"retrieveStepUpMethods"}, Outcome: conformance.Failed, Findings: []judge.Finding{tooLong(fmt.Sprintf("value %d", i))}}, stepUpMethods(), stepUpMethods())
	}
	return e.score()
}

var digits = regexp.MustCompile(`[0-9]{13,19}`)

// cardNumbers finds what passes the check digit.
func cardNumbers(text []byte) []string {
	found := []string{}
	for _, number := range digits.FindAllString(string(text), -1) {
		sum := 0
		for i := range len(number) {
			digit := int(number[len(number)-1-i] - '0')
			if i%2 == 1 {
				if digit *= 2; digit > 9 {
					digit -= 9
				}
			}
			sum += digit
		}
		if sum%10 == 0 {
			found = append(found, number)
		}
	}
	return found
}
