package xpay

import (
	"fmt"
	"strings"
	"time"
)

// Diagnosis is what the doctor found out. It is for the owner of the credentials: it holds the expected token, so it must
// never go into an answer to the caller. Secrets and, unless the case vouched for it, the body's content are not in it.
type Diagnosis struct {
	// Header is the header's name, Page the page of its rule, Window its tolerance.
	Header string        `json:"header"`
	Page   int           `json:"page,omitempty"`
	Window time.Duration `json:"-"`
	// Clock is the time of the diagnosis.
	Clock time.Time `json:"clock"`
	// Reason and Refusal are what a verifier says now; both are empty when it accepts the token.
	Reason  Reason `json:"reason,omitempty"`
	Refusal string `json:"refusal,omitempty"`
	// Computed is the string that should have been signed, masked.
	Computed string `json:"computed"`
	// Expected is the digest that should have come, in lower-case hexadecimal, ExpectedHeader the whole value. Both are empty
	// when no secret is known for the call.
	Expected       string `json:"expected,omitempty"`
	ExpectedHeader string `json:"expectedHeader,omitempty"`
	// Received is the digest that came, as far as one can be made out, ReceivedHeader the whole value, cut at its greatest length; both masked.
	Received       string `json:"received"`
	ReceivedHeader string `json:"receivedHeader"`
	// FirstDifferingByte is the index at which the received digest departs from the expected one; -1 when they are equal or
	// none is expected.
	FirstDifferingByte int `json:"firstDifferingByte"`
	// Signed is the string that was signed instead of Computed, masked, when the search found it; empty when it is the same
	// or was not found.
	Signed string `json:"signed,omitempty"`
	// SignedDiffersAt is the index of the byte at which the string that was signed departs from the one that should have
	// been, counted before masking; -1 when Signed is empty.
	SignedDiffersAt int `json:"signedDiffersAt"`
	// Mistakes are what explains the token first, and then what else was seen. Empty: the token is right, or nothing known
	// explains it; Explained tells which.
	Mistakes []Mistake `json:"mistakes"`
	// Explained is true when the received token is accounted for: it is right, or the explaining mistakes make it what it is.
	Explained bool `json:"explained"`
	// Tried is the number of digests made in the search.
	Tried int `json:"tried"`
	// Complete is false when the search ended early, by its budget or by its context.
	Complete bool `json:"complete"`
}

// compare sets the string that was signed beside the one that should have been.
func (d *Diagnosis) compare(mask masker, k *kitchen, rule, made recipe) {
	right := string(k.message(rule))
	signed := string(k.message(made))
	if d.SignedDiffersAt = firstDifference(right, signed); d.SignedDiffersAt >= 0 {
		d.Signed = mask.message(k, made)
	}
}

// conclude settles whether the token is explained.
func (d *Diagnosis) conclude(reproduced bool) {
	d.Explained = reproduced
	for _, m := range d.Mistakes {
		d.Explained = d.Explained || m.Explains
	}
	if d.Mistakes == nil {
		d.Mistakes = []Mistake{}
	}
}

// Text is the diagnosis for people, several lines, safe for a terminal.
func (d Diagnosis) Text() string {
	var out strings.Builder
	line := func(label, text string) { fmt.Fprintf(&out, "%-9s %s\n", label, printable(text)) }
	if d.Reason == "" {
		line("verdict", d.Header+" is accepted")
	} else {
		line("verdict", fmt.Sprintf("refused (%s): %s", d.Reason.Layer(), d.Refusal))
	}
	line("clock", fmt.Sprintf("%s, a token is good for %d s either way", d.Clock.UTC().Format(time.RFC3339), int64(d.Window/time.Second)))
	line("hashed", d.Computed)
	if d.Signed != "" {
		line("signed", d.Signed)
		line("", fmt.Sprintf("departs at byte %d", d.SignedDiffersAt))
	}
	if d.Expected == "" {
		line("expected", "unknown: there is no secret for this call")
	} else {
		line("expected", d.ExpectedHeader)
	}
	line("received", d.received())
	for _, m := range d.Mistakes {
		label := "mistake"
		if !m.Explains {
			label = "seen"
		}
		line(label, m.Title+d.detail(m)+" ["+string(m.ID)+"]")
		line("mend", m.Mend)
	}
	if !d.Explained {
		line("unknown", d.unknown())
	}
	return out.String()
}

func (d Diagnosis) received() string {
	switch {
	case d.ReceivedHeader == "":
		return "nothing"
	case d.FirstDifferingByte > 0:
		return fmt.Sprintf("%s (the digest departs at character %d)", d.ReceivedHeader, d.FirstDifferingByte)
	}
	return d.ReceivedHeader
}

func (d Diagnosis) detail(m Mistake) string {
	if m.Detail == "" {
		return ""
	}
	return " (" + m.Detail + ")"
}

func (d Diagnosis) unknown() string {
	tried := fmt.Sprintf("none of %d known ways to go wrong gives the received digest", d.Tried)
	if !d.Complete {
		tried = fmt.Sprintf("the search ended early, after %d digests without a match", d.Tried)
	}
	cite := ""
	if d.Page > 0 {
		cite = fmt.Sprintf(" (p.%d)", d.Page)
	}
	return tried + ": check the secret first, then compare the string that the sender hashes with the one above, byte for byte" + cite
}
