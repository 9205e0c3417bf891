package jose

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Case is a refused envelope with everything that may explain it.
type Case struct {
	Use  Use
	Blob string
	// Keys is the ring that should have opened it.
	Keys Keyring
	// Known are further keys: of other environments, other issuers, earlier times. They are tried, and named by label.
	Known Keyring
	// At is the instant of the refusal; zero means now.
	At time.Time
}

// Fact is one thing that was seen.
type Fact struct{ Name, Value string }

// Diagnosis is the doctor's answer. It is for the owner of the keys (console, command line), never for the sender of the
// envelope: it tells which keys fit. It holds header values and lengths, no key, secret or payload.
type Diagnosis struct {
	// Refused is what Open says; nil where the envelope opens.
	Refused *Refused
	// Warnings are Open's, where it opens.
	Warnings []Warning
	// Facts is what was seen, from outside to inside.
	Facts []Fact
	// Expected describes a right envelope for this use.
	Expected []Fact
	// Mistakes are the known mistakes that were found, those that explain the refusal first.
	Mistakes []Mistake
}

// Diagnose examines an envelope. It tries every key in a handful of ways, which takes some private-key operations for
// each: run it on demand or for refused envelopes, not on the way of every call. An error is a *Refused with LayerSetup.
func (e *Envelope) Diagnose(c Case) (*Diagnosis, error) {
	p, refused := e.rules.profile(c.Use)
	if refused != nil {
		return nil, refused
	}
	now := c.At
	if now.IsZero() {
		now = e.now()
	}
	s := e.specimen(p, c, now)
	d := &Diagnosis{Refused: s.refused, Facts: s.facts(), Expected: s.expected()}
	if s.opened != nil {
		d.Warnings = s.opened.Warnings
	}
	fill := s.placeholders()
	for _, entry := range catalogue() {
		detail, found := entry.look(s)
		if !found {
			continue
		}
		explains := s.refused != nil && slices.Contains(entry.explains, cause{s.refused.Layer, s.refused.Reason})
		d.Mistakes = append(d.Mistakes, Mistake{ID: entry.id, Title: fill.Replace(entry.title), Detail: detail,
			Explains: explains, Mend: fill.Replace(entry.mend), Cite: fill.Replace(entry.cite)})
	}
	slices.SortStableFunc(d.Mistakes, func(a, b Mistake) int {
		switch {
		case a.Explains == b.Explains:
			return 0
		case a.Explains:
			return -1
		}
		return 1
	})
	return d, nil
}

// Catalogue lists the mistakes that the doctor knows, with their texts for one use. An error is a *Refused with LayerSetup.
func (e *Envelope) Catalogue(use Use) ([]Mistake, error) {
	p, refused := e.rules.profile(use)
	if refused != nil {
		return nil, refused
	}
	fill := (&specimen{profile: p, rules: e.rules}).placeholders()
	var all []Mistake
	for _, entry := range catalogue() {
		all = append(all, Mistake{ID: entry.id, Title: fill.Replace(entry.title), Mend: fill.Replace(entry.mend), Cite: fill.Replace(entry.cite)})
	}
	return all, nil
}

// placeholders fill the rules' values into the catalogue's texts.
func (s *specimen) placeholders() *strings.Replacer {
	return strings.NewReplacer(
		"{alg}", s.suite.KeyAlgorithm, "{enc}", s.suite.Encryption, "{sig}", s.suite.Signature,
		"{typ}", s.rules.Type, "{cty}", s.rules.ContentType,
		"{ttl}", spell(s.rules.TTL), "{allowance}", spell(s.rules.FutureAllowance),
		"{max}", strconv.Itoa(s.maxLength), "{bits}", strconv.Itoa(s.rules.RSABits), "{kidLength}", strconv.Itoa(s.rules.KeyID.MaxLength),
		"{audienceItems}", strconv.Itoa(s.maxAudience), "{audienceLength}", strconv.Itoa(s.rules.Audience.MaxLength),
		"{pages}", pages(s.pages), "{jwePage}", page(s.suite.JWEPage), "{jwsPage}", page(s.suite.JWSPage),
		"{kidPage}", page(s.rules.KeyID.Page), "{audiencePage}", page(s.rules.Audience.Page),
	)
}

// Text is the diagnosis for a terminal, in lines of plain text.
func (d *Diagnosis) Text() string {
	var b strings.Builder
	if d.Refused == nil {
		b.WriteString("the envelope opens\n")
	} else {
		b.WriteString(d.Refused.Error() + "\n")
	}
	for _, warning := range d.Warnings {
		fmt.Fprintf(&b, "accepted with a warning: %s\n", warning.Message)
	}
	d.writeMistakes(&b, "explained by", true)
	d.writeMistakes(&b, "seen beside it", false)
	if d.Refused != nil && (len(d.Mistakes) == 0 || !d.Mistakes[0].Explains) {
		b.WriteString("\nno known mistake explains the refusal\n")
	}
	for _, block := range []struct {
		title string
		facts []Fact
	}{{"seen", d.Facts}, {"expected", d.Expected}} {
		fmt.Fprintf(&b, "\n%s:\n", block.title)
		for _, fact := range block.facts {
			fmt.Fprintf(&b, "  %-15s %s\n", fact.Name, fact.Value)
		}
	}
	return b.String()
}

func (d *Diagnosis) writeMistakes(b *strings.Builder, title string, explains bool) {
	first := true
	for _, m := range d.Mistakes {
		if m.Explains != explains {
			continue
		}
		if first {
			fmt.Fprintf(b, "\n%s:\n", title)
			first = false
		}
		fmt.Fprintf(b, "  %s [%s]", m.Title, m.ID)
		if m.Cite != "" {
			fmt.Fprintf(b, " (%s)", m.Cite)
		}
		if m.Detail != "" {
			fmt.Fprintf(b, "\n    seen: %s", m.Detail)
		}
		fmt.Fprintf(b, "\n    mend: %s\n", m.Mend)
	}
}
