package xpay

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// defaultBudget is enough for every pair over a body of the greatest length, with a dozen other secrets.
const defaultBudget = 128 << 20

// Doctor explains refused tokens. It is safe for concurrent use if its clock is.
type Doctor struct {
	// Rules come from the contract.
	Rules Rules
	// Clock tells the time at which the call came in.
	Clock func() time.Time
	// Budget bounds the search, in bytes hashed; 0 means 128 MiB, a fraction of a second.
	Budget int
}

// Case is a call to explain.
type Case struct {
	// Call is the call as it came.
	Call Call
	// Header is the token's text as it came, empty if it was missing.
	Header string
	// Secrets are those that the issuer of the call may sign with; the expected digest is made with the first. None, if
	// the API key is unknown: the search among Others still runs.
	Secrets []Secret
	// Others are other known secrets, to find out that one of them was used.
	Others []Secret
	// Replayed says that the verifier refused the token because it was used before.
	Replayed bool
	// BodyIsSafe says that the body holds nothing sensitive and may be shown. Left false, only its length, its hash and the
	// names of its members are.
	BodyIsSafe bool
}

// Diagnose finds out why a call was refused. The error is an *Error for an unusable doctor, never for a bad call: for that
// there is the Diagnosis. A cancelled context ends the search early, and the diagnosis says so.
func (d Doctor) Diagnose(ctx context.Context, c Case) (Diagnosis, error) {
	if err := d.Rules.Validate(); err != nil {
		return Diagnosis{}, err
	}
	if d.Clock == nil {
		return Diagnosis{}, refuse(ReasonMisconfigured, "x-pay-token: the doctor has no clock")
	}
	now := d.Clock()
	budget := d.Budget
	if budget <= 0 {
		budget = defaultBudget
	}
	found := salvage(d.Rules, c.Header)
	kitchen := newKitchen(c.Call)
	s := &search{kitchen: kitchen, readings: readings(found.digest), budget: budget}
	hit, complete := s.run(ctx, bases(d.Rules, c, kitchen, found.timestamp))

	out := Diagnosis{Header: d.Rules.Header, Page: d.Rules.Page, Window: d.Rules.Window, Clock: now, FirstDifferingByte: -1, SignedDiffersAt: -1}
	out.Tried, out.Complete = s.tried, complete
	if err := d.refusal(ctx, c, now); err != nil {
		out.Reason, out.Refusal = ReasonOf(err), err.Error()
	}
	rule := d.rule(c, found, now)
	mask := newMasker(c)
	out.Computed = mask.message(kitchen, rule)
	out.Received, out.ReceivedHeader = found.shown(mask, found.digest), clip(found.shown(mask, c.Header), d.Rules.MaxLength)
	if !rule.keyless {
		out.Expected = hex.EncodeToString(rule.digest.sum(rule.key, kitchen.message(rule)))
		out.ExpectedHeader = d.Rules.Scheme + separator + rule.timestamp + separator + out.Expected
		out.FirstDifferingByte = firstDifference(out.Expected, found.digest)
	}
	if hit != nil {
		out.compare(mask, kitchen, rule, hit.recipe)
	}
	out.Mistakes = d.mistakes(c, found, kitchen, hit, out.Reason, now)
	out.conclude(hit != nil)
	return out, nil
}

// refusal is the error with which a verifier would refuse the call now, single use apart.
func (d Doctor) refusal(ctx context.Context, c Case, now time.Time) error {
	if c.Replayed {
		return refuse(ReasonTokenReplayed, d.Rules.Header+": the token was used before (INT-001)")
	}
	verifier := Verifier{Rules: d.Rules, Clock: func() time.Time { return now }}
	var last error
	for _, secret := range c.Secrets {
		if _, last = verifier.Verify(ctx, secret, c.Header, c.Call); last == nil {
			return nil
		}
	}
	if len(c.Secrets) == 0 {
		if _, err := Parse(d.Rules, c.Header); err != nil {
			return err
		}
		return refuse(ReasonDigestMismatch, d.Rules.Header+": no secret is known for the API key of this call")
	}
	return last
}

// rule is the recipe that would have been right: the header's timestamp if it is one, else in seconds, else the clock's.
func (d Doctor) rule(c Case, found remains, now time.Time) recipe {
	r := recipe{order: ruleOrder, keyless: true, timestamp: found.timestamp}
	if _, err := d.Rules.parseTimestamp(found.timestamp); err != nil {
		seconds := now.Unix()
		if number, err := strconv.ParseInt(found.timestamp, 10, 64); err == nil && number >= firstMilliseconds && number < firstNonsense {
			seconds = number / 1000
		}
		r.timestamp = strconv.FormatInt(seconds, 10)
	}
	if len(c.Secrets) > 0 && c.Secrets[0].key != "" {
		r.key, r.keyless = c.Secrets[0].key, false
	}
	return r
}

// mistakes are what explains the token, and what else was seen.
func (d Doctor) mistakes(c Case, found remains, kitchen *kitchen, hit *hit, reason Reason, now time.Time) []Mistake {
	byID := map[MistakeID]entry{}
	for _, e := range catalogue() {
		byID[e.id] = e
	}
	// Without a digest there is nothing to reproduce, and the header's form is the whole explanation.
	explains := hit != nil || found.digest == ""
	var all []Mistake
	add := func(id MistakeID, detail string) {
		all = append(all, byID[id].mistake(d.Rules, detail, explains))
	}
	for _, seen := range found.seen {
		add(seen.id, seen.detail)
	}
	if hit != nil {
		for _, made := range hit.steps {
			all = append(all, made.entry.mistake(d.Rules, made.detail, true))
		}
		if hit.encoding != "" {
			add(hit.encoding, "")
		}
	}
	if id, detail := d.clockMistake(found, now); id != "" {
		add(id, detail)
	}
	if reason == ReasonTokenReplayed {
		add(TokenReused, "")
	}
	if _, broken := parseQuery(c.Call.Query); broken >= 0 {
		add(QueryMalformed, fmt.Sprintf("at byte %d", broken))
	}
	switch name, _ := apiKeyOf(d.Rules, kitchen.parameters); name {
	case d.Rules.APIKeyParameter:
	case "":
		add(APIKeyMissing, "")
	default:
		add(APIKeyCase, "sent: "+name)
	}
	return all
}

// clockMistake compares the header's timestamp with the clock; an empty id means that they agree or that there is none.
func (d Doctor) clockMistake(found remains, now time.Time) (id MistakeID, detail string) {
	number, err := strconv.ParseInt(found.timestamp, 10, 64)
	if err != nil || number >= firstNonsense {
		return "", ""
	}
	if number >= firstMilliseconds {
		number /= 1000
	}
	if _, err := d.Rules.age(Token{Seconds: number}, now); err == nil {
		return "", ""
	}
	const halfHour, farthest, slack = 1800, 14 * 3600, 90
	late := now.Unix() - number
	distance := max(late, -late)
	detail = fmt.Sprintf("%d s behind the clock here", late)
	id = ClockBehind
	if late < 0 {
		detail, id = fmt.Sprintf("%d s ahead of the clock here", -late), ClockAhead
	}
	if rest := (distance + slack) % halfHour; distance <= farthest+slack && rest <= 2*slack {
		id = ClockLocalTime
	}
	return id, detail
}

// apiKeyOf is the parameter with the API key: the one in the right capitals if there is one, else any other spelling.
func apiKeyOf(rules Rules, parameters []parameter) (name, value string) {
	for _, p := range parameters {
		if p.name == rules.APIKeyParameter {
			return p.name, p.value
		}
		if name == "" && strings.EqualFold(p.name, rules.APIKeyParameter) {
			name, value = p.name, p.value
		}
	}
	return name, value
}

func clip(text string, length int) string {
	if len(text) <= length {
		return text
	}
	return text[:length] + "…"
}

// firstDifference is the index of the first byte in which two texts differ, -1 if they are equal.
func firstDifference(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) == len(b) {
		return -1
	}
	return min(len(a), len(b))
}
