package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/judge"
)

// bodyLimit is how much of one body a transcript shows, in bytes.
const bodyLimit = 64 << 10

// Between member names and the tokens of a JSON Pointer (RFC 6901).
var (
	pointerNames  = strings.NewReplacer("~1", "/", "~0", "~")
	pointerTokens = strings.NewReplacer("~", "~0", "/", "~1")
)

// talk is an exchange as a page shows it: what was said, and beside each
// member of the issuer's side what the contract wanted instead.
type talk struct {
	*conformance.Exchange
	Parts []part
	// answers is where those of the answer begin among the parts.
	answers int
	// Findings about the exchange as a whole.
	Findings []judge.Finding
	// Bar is the time in percent of the budget, at most 100; Over says that it
	// was exceeded.
	Bar  int
	Over bool
	size int
}

// part is one text of an exchange: the head, the body, or what was sealed in
// it.
type part struct {
	Title string
	// Theirs says that the issuer sent it.
	Theirs bool
	Pieces []piece
}

// piece is some lines of a part; where findings are about the last of them,
// they stand beside it.
type piece struct {
	Before   string
	Line     string
	Findings []judge.Finding
}

func talkOf(exchange *conformance.Exchange, all []judge.Finding) talk {
	t := talk{Exchange: exchange}
	var about []judge.Finding
	for _, f := range all {
		if f.Exchange == exchange.ID {
			about = append(about, f)
		}
	}
	inbound := exchange.Direction == "inbound"
	theirs := exchange.Response
	if inbound {
		theirs = &exchange.Request
	}
	placed := t.placeFindings(theirs, about)
	t.parts("request", &exchange.Request, inbound, placed)
	t.answers = len(t.Parts)
	t.parts("answer", exchange.Response, !inbound, placed)
	if budget := exchange.Timing.BudgetUS; budget > 0 {
		t.Bar, t.Over = share(int(exchange.Timing.TotalUS), int(budget)), exchange.Timing.TotalUS > budget
	}
	for _, p := range t.Parts {
		for _, piece := range p.Pieces {
			t.size += len(piece.Before) + len(piece.Line)
		}
	}
	t.size += talkMarkup
	return t
}

// Sides are the parts of the request and those of the answer, which stand side
// by side.
func (t talk) Sides() [][]part { return [][]part{t.Parts[:t.answers], t.Parts[t.answers:]} }

// placedFindings are findings by pointer, into the body and into what was
// sealed.
type placedFindings struct{ body, decrypted map[string][]judge.Finding }

// placeFindings puts each finding at the member that it is about, or at the
// nearest one around it, when the member is missing.
func (t *talk) placeFindings(theirs *conformance.Message, about []judge.Finding) placedFindings {
	placed := placedFindings{map[string][]judge.Finding{}, map[string][]judge.Finding{}}
	for _, f := range about {
		if theirs == nil || !strings.HasPrefix(f.Location, "/") {
			t.Findings = append(t.Findings, f)
			continue
		}
		inBody, exact := nearest(theirs.Body, f.Location)
		inDecrypted, exactly := nearest(theirs.Decrypted, f.Location)
		switch {
		case theirs.Decrypted != nil && (exactly || !exact):
			placed.decrypted[inDecrypted] = append(placed.decrypted[inDecrypted], f)
		case isStructure(theirs.Body):
			placed.body[inBody] = append(placed.body[inBody], f)
		default:
			t.Findings = append(t.Findings, f)
		}
	}
	return placed
}

func isStructure(body any) bool {
	switch plain(body).(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// nearest is the pointer of the member, or of the nearest one around it that
// is there.
func nearest(body any, pointer string) (at string, exact bool) {
	value := plain(body)
	for _, token := range strings.Split(pointer, "/")[1:] {
		name := pointerNames.Replace(token)
		switch holder := value.(type) {
		case map[string]any:
			inner, ok := holder[name]
			if !ok {
				return at, false
			}
			value = inner
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(holder) {
				return at, false
			}
			value = holder[i]
		default:
			return at, false
		}
		at += "/" + token
	}
	return at, true
}

// parts adds the texts of a message.
func (t *talk) parts(name string, m *conformance.Message, theirs bool, placed placedFindings) {
	if m == nil {
		return
	}
	t.Parts = append(t.Parts, part{Title: name, Theirs: theirs, Pieces: []piece{{Before: headOf(m)}}})
	if m.Body != nil {
		t.Parts = append(t.Parts, part{Title: name + " body", Theirs: theirs, Pieces: piecesOf(m.Body, theirs, placed.body)})
	}
	if m.Decrypted != nil {
		t.Parts = append(t.Parts, part{Title: name + ", opened", Theirs: theirs, Pieces: piecesOf(m.Decrypted, theirs, placed.decrypted)})
	}
}

// headOf a message: first line and headers, in the order of the alphabet.
func headOf(m *conformance.Message) string {
	var b strings.Builder
	if m.Method != "" || m.Path != "" {
		fmt.Fprintf(&b, "%s %s\n", m.Method, m.Path)
	}
	if m.Status != 0 {
		fmt.Fprintf(&b, "HTTP %d\n", m.Status)
	}
	names := make([]string, 0, len(m.Headers))
	for name := range m.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range m.Headers[name] {
			fmt.Fprintf(&b, "%s: %s\n", oneLine(name), oneLine(value))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// plain brings a body into the shapes of encoding/json, numbers as they came.
func plain(body any) any {
	switch body.(type) {
	case map[string]any, []any, string, nil:
		return body
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Sprint(body)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return string(raw)
	}
	return value
}

// piecesOf prints a body, and cuts it after each line that findings are about.
func piecesOf(body any, theirs bool, placed map[string][]judge.Finding) []piece {
	if text, ok := plain(body).(string); ok {
		return []piece{{Before: visible(cut(text))}}
	}
	p := &printer{}
	if theirs {
		p.placed = placed
	}
	p.value(plain(body), "", "", "", "")
	return p.done()
}

func cut(text string) string {
	if len(text) <= bodyLimit {
		return text
	}
	return fmt.Sprintf("%s\n… %d bytes more stand in the JSON result", strings.ToValidUTF8(text[:bodyLimit], ""), len(text)-bodyLimit)
}

// printer prints JSON line by line and knows which member a line shows.
type printer struct {
	placed map[string][]judge.Finding
	pieces []piece
	before strings.Builder
	size   int
}

// line adds a line; findings at its pointer end the piece.
func (p *printer) line(pointer, text string, opens bool) {
	text = visible(text)
	p.size += len(text) + 1
	findings := p.placed[pointer]
	if !opens || len(findings) == 0 {
		if p.size <= bodyLimit {
			p.before.WriteString(text + "\n")
		}
		return
	}
	p.pieces = append(p.pieces, piece{Before: strings.TrimSuffix(p.before.String(), "\n"), Line: shortened(text, 2000), Findings: findings})
	p.before.Reset()
}

func (p *printer) done() []piece {
	if p.size > bodyLimit {
		fmt.Fprintf(&p.before, "… %d bytes more stand in the JSON result", p.size-bodyLimit)
	}
	if rest := strings.TrimSuffix(p.before.String(), "\n"); rest != "" {
		p.pieces = append(p.pieces, piece{Before: rest})
	}
	return p.pieces
}

// value prints a value: the name before it, a comma behind it.
func (p *printer) value(value any, pointer, indent, name, comma string) {
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 0 {
			p.line(pointer, indent+name+"{}"+comma, true)
			return
		}
		p.line(pointer, indent+name+"{", true)
		names := make([]string, 0, len(v))
		for member := range v {
			names = append(names, member)
		}
		slices.Sort(names)
		for i, member := range names {
			p.value(v[member], pointer+"/"+pointerTokens.Replace(member), indent+"  ", literal(member)+": ", commaAfter(i, len(names)))
		}
		p.line(pointer, indent+"}"+comma, false)
	case []any:
		if len(v) == 0 {
			p.line(pointer, indent+name+"[]"+comma, true)
			return
		}
		p.line(pointer, indent+name+"[", true)
		for i, item := range v {
			p.value(item, pointer+"/"+strconv.Itoa(i), indent+"  ", "", commaAfter(i, len(v)))
		}
		p.line(pointer, indent+"]"+comma, false)
	default:
		p.line(pointer, indent+name+literal(v)+comma, true)
	}
}

func commaAfter(i, n int) string {
	if i == n-1 {
		return ""
	}
	return ","
}

// literal is a scalar as JSON writes it.
func literal(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
