package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/vtsim/vtsim/conformance"
)

// plain is the text of a report entry. Ginkgo shows what String returns.
type plain string

func (p plain) String() string { return string(p) }

// longest text of one line, in bytes; the rest stands in the Result.
const longest = 4000

// printable is one line without what a terminal or Ginkgo's colours would act
// on: much of it is what the issuer sent.
func printable(text string) string {
	if len(text) > longest {
		text = fmt.Sprintf("%s… (%d bytes more)", strings.ToValidUTF8(text[:longest], ""), len(text)-longest)
	}
	return uncoloured(strings.Map(visible, text))
}

// visible replaces what moves the cursor, turns the writing around, or is not
// there to be seen.
func visible(r rune) rune {
	if !unicode.IsPrint(r) {
		return unicode.ReplacementChar
	}
	return r
}

// uncoloured takes the meaning from Ginkgo's {{colour}}.
func uncoloured(text string) string { return strings.ReplaceAll(text, "{{", "{ {") }

// transcript shows the exchanges of a case, which are masked.
func transcript(exchanges []conformance.Exchange) string {
	var b strings.Builder
	for _, x := range exchanges {
		there, back := "-->", "<--"
		if x.Direction == "inbound" {
			there, back = back, there
		}
		fmt.Fprintf(&b, "step %d, %s: %s", x.Step, printable(x.Operation), printable(x.Title))
		if len(x.Corruptions) > 0 {
			fmt.Fprintf(&b, " [%s]", printable(strings.Join(x.Corruptions, ", ")))
		}
		fmt.Fprintf(&b, "\n%s %s %s\n", there, printable(x.Request.Method), printable(x.Request.Path))
		content(&b, &x.Request)
		if x.Response != nil {
			fmt.Fprintf(&b, "%s HTTP %d%s\n", back, x.Response.Status, timed(x.Timing))
			content(&b, x.Response)
		}
		if x.Failure != "" {
			fmt.Fprintf(&b, "%s %s%s\n", back, printable(x.Failure), timed(x.Timing))
		}
	}
	return b.String()
}

func timed(t conformance.Timing) string {
	text := " after " + (time.Duration(t.TotalUS) * time.Microsecond).Round(time.Millisecond).String()
	if t.BudgetUS > 0 {
		text += fmt.Sprintf(" of %s", time.Duration(t.BudgetUS)*time.Microsecond)
	}
	return text
}

// content of a message: headers, body, and what was sealed in it.
func content(b *strings.Builder, m *conformance.Message) {
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		for _, value := range m.Headers[name] {
			fmt.Fprintf(b, "    %s: %s\n", printable(name), printable(value))
		}
	}
	shown(b, "body", m.Body)
	shown(b, "opened", m.Decrypted)
}

// shown writes a value as JSON, whose strings hold no control characters.
func shown(b *strings.Builder, name string, value any) {
	if value == nil {
		return
	}
	var document bytes.Buffer
	encoder := json.NewEncoder(&document)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("    ", "  ")
	text := ""
	if err := encoder.Encode(value); err != nil {
		text = printable(fmt.Sprint(value))
	} else {
		lines := strings.Split(strings.TrimSpace(document.String()), "\n")
		for i := range lines {
			lines[i] = printable(lines[i])
		}
		text = strings.Join(lines, "\n")
	}
	fmt.Fprintf(b, "    %s: %s\n", name, text)
}
