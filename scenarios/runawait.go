package scenarios

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// How often the journal is looked at, in real time: the simulator's clock may
// stand still, and the journal tells nobody when a row comes.
const (
	firstLook = 5 * time.Millisecond
	lastLook  = 100 * time.Millisecond
)

// await waits for a call of the issuer about a token or card of this case that
// came after the last trigger, or since the case began.
func (x *run) await(ctx context.Context, a *Await, record *Record) (last bool, err error) {
	record.Title = "await " + a.Operation
	op, err := x.Contract.Operation(a.Operation)
	if err != nil {
		return false, err
	}
	if op.Direction != contract.Inbound {
		return false, fmt.Errorf("%s is no call of issuers", op.ID)
	}
	search := &search{run: x, op: op, after: x.since}
	if search.where, err = x.scope().match(a.Where); err != nil {
		return false, err
	}
	within := a.Within
	if within <= 0 {
		within = x.AwaitWithin
	}
	began := time.Now()
	if err := search.until(ctx, within); err != nil {
		return false, err
	}
	if search.found == nil {
		record.Mismatches = []Mismatch{search.missing(time.Since(began))}
		return len(a.Save) > 0, nil
	}
	record.Inbound = search.found
	x.consumed[search.found.ID] = true
	if record.Mismatches, err = x.judgeInbound(ctx, a, search.found); err != nil {
		return false, err
	}
	missing, err := x.keep(a.Save, requestOf(op, search.found), nil)
	record.Mismatches = append(record.Mismatches, missing...)
	return len(missing) > 0, err
}

// search looks for one row of the journal.
type search struct {
	*run
	op    *contract.Operation
	where *Match
	after string
	found *vault.Traffic
	// other is the last call of the operation that was not the one: of this
	// case but not as it should be, or refused before anybody could tell
	// whose it was.
	other *vault.Traffic
}

// until looks until the row is there or the time is over.
func (s *search) until(ctx context.Context, within time.Duration) error {
	over := time.NewTimer(within)
	defer over.Stop()
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		if err := s.look(ctx); err != nil || s.found != nil {
			return err
		}
		again := time.NewTimer(pause)
		select {
		case <-again.C:
			continue
		case <-over.C:
			again.Stop()
			return s.look(ctx) // it may have come during the last pause
		case <-ctx.Done():
			again.Stop()
			return context.Cause(ctx)
		}
	}
}

// look reads on in the journal. The rows of all issuers are read: one that
// nobody could be told for has none.
func (s *search) look(ctx context.Context) error {
	for {
		rows, next, err := s.Vault.Traffic(ctx, vault.TrafficQuery{Direction: string(contract.Inbound), Operation: s.op.ID, After: s.after})
		if err != nil {
			return err
		}
		for i := range rows {
			if s.take(&rows[i]); s.found != nil {
				return nil
			}
		}
		if s.after = next; len(rows) == 0 {
			return nil
		}
	}
}

func (s *search) take(row *vault.Traffic) {
	if s.consumed[row.ID] {
		return
	}
	switch ours, told := s.ours(row); {
	case ours && row.Issuer == s.Issuer.Name:
		if len(Evaluate(s.where, requestOf(s.op, row), nil)) == 0 {
			s.found = row
			return
		}
		s.other = row
	case !told && row.Response.Status/100 != http.StatusOK/100 && (row.Issuer == "" || row.Issuer == s.Issuer.Name):
		s.other = row
	}
}

// ours tells whether the call is about a token or card of the case, and
// whether it says at all what it is about. The journal is masked, and so
// numbers are compared as it shows them.
func (s *search) ours(row *vault.Traffic) (ours, told bool) {
	about := map[string]bool{}
	for _, subject := range s.subjects {
		for _, name := range []string{subject.token.ReferenceID, subject.pan.ReferenceID, contract.Mask(subject.card.PAN), contract.Mask(subject.pan.Number), contract.Mask(subject.token.Number)} {
			about[name] = true
		}
	}
	walkTexts(requestOf(s.op, row), "", func(name, text string) {
		ours = ours || about[text]
		told = told || name == "tokenReferenceID" || name == "panReferenceID" || name == "primaryAccountNumber"
	})
	return ours, told
}

// walkTexts visits the texts of a decoded value with the names of their
// members.
func walkTexts(value any, name string, visit func(name, text string)) {
	switch v := value.(type) {
	case string:
		visit(name, v)
	case map[string]any:
		for inner, member := range v {
			walkTexts(member, inner, visit)
		}
	case []any:
		for _, element := range v {
			walkTexts(element, name, visit)
		}
	}
}

// requestOf is what the issuer said: the parameters of the path, the members
// and those that were sealed. Sensitive ones are masked.
func requestOf(op *contract.Operation, row *vault.Traffic) map[string]any {
	request := pathParameters(op.Path, row.Request.Path)
	if request == nil {
		request = map[string]any{}
	}
	sealed, _ := row.Request.Decrypted.(map[string]any)
	maps.Copy(request, sealed)
	plain, _ := row.Request.Body.(map[string]any)
	for name, value := range plain {
		if name != sealedMember {
			request[name] = value
		}
	}
	return request
}

// missing says what was awaited, since when, and what came instead.
func (s *search) missing(waited time.Duration) Mismatch {
	m := Mismatch{Want: fmt.Sprintf("a call of %s for token %s", s.op.ID, s.main.token.ReferenceID),
		Got: fmt.Sprintf("none within %s since %s", waited.Round(time.Millisecond), s.sinceFor)}
	if s.where != nil {
		m.Want += " with " + evaluation{show: shownValue}.want(s.where, spot{})
	}
	switch {
	case s.other == nil:
		return m
	case s.other.Response.Status/100 != http.StatusOK/100:
		m.Got += "; one came that does not fit, and was answered " + answered(s.other)
	default:
		m.Got += "; one came for it that does not fit: " + shownOpenly(requestOf(s.op, s.other))
	}
	return m
}

// answered says how Visa's side answered, and why.
func answered(row *vault.Traffic) string {
	said := []string{fmt.Sprintf("status %d", row.Response.Status)}
	if row.Response.Status == 0 {
		said[0] = "no answer, the connection was cut"
	}
	body, _ := row.Response.Body.(map[string]any)
	if refused, ok := body[memberErrorResponse].(map[string]any); ok && !absent(refused[memberErrorReason]) {
		said[0] += " " + fmt.Sprint(refused[memberErrorReason])
	}
	if row.Diagnosis != "" {
		said = append(said, row.Diagnosis)
	}
	for _, broken := range row.Violations {
		said = append(said, fmt.Sprintf("%s (p.%d, %s)", broken.Message, broken.Page, broken.Rule))
	}
	return strings.Join(said, ": ")
}

// judgeInbound compares Visa's answer to the issuer and what became of the
// token.
func (x *run) judgeInbound(ctx context.Context, a *Await, row *vault.Traffic) ([]Mismatch, error) {
	var found []Mismatch
	wanted := a.Status
	if len(wanted) == 0 {
		wanted = []string{"2xx"}
	}
	if !statusFits(wanted, row.Response.Status) {
		found = append(found, Mismatch{Want: a.Operation + " to be answered by status " + strings.Join(wanted, " or "), Got: answered(row)})
	}
	if a.TokenStatus == "" {
		return found, nil
	}
	m, err := x.tokenStatus(ctx, a.TokenStatus)
	return append(found, m...), err
}

// tokenStatus compares the state of the case's token.
func (x *run) tokenStatus(ctx context.Context, wanted string) ([]Mismatch, error) {
	if err := x.refresh(ctx); err != nil {
		return nil, err
	}
	if status := string(x.main.token.Status); status != wanted {
		return []Mismatch{{Want: "the token to be " + wanted, Got: status}}, nil
	}
	return nil, nil
}
