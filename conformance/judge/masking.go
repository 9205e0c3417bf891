package judge

import (
	"fmt"
	"strings"
	"unicode"
)

// masking judges the value of one method (INT-110). A value that is too long
// or of another type is its own fault.
func (r *ruling) masking(m method) {
	if m.value == "" || m.misformed["value"] || m.misformed["type"] {
		return
	}
	at := m.at + "/value"
	switch {
	case carriesPasscode(m.kind):
		shown, hidden, what := contact(m.value)
		if shown+hidden == 0 {
			return // neither a number nor an address: nothing to mask
		}
		r.exercise(ruleConsumerMasked)
		if !maskedEnough(shown, hidden, what) {
			r.broken(ruleConsumerMasked, fault{came: fmt.Sprintf("the value of %s with %d of %d %s readable", m.kind, shown, shown+hidden, what),
				want: "at least half of them masked", location: at})
		}
	case m.kind == methodService:
		r.exercise(ruleServiceInFull)
		if hidden := masks(m.value); hidden > 1 { // one may be a key of the telephone
			r.broken(ruleServiceInFull, fault{came: fmt.Sprintf("the number of a call center with %d characters masked", hidden), want: "the number in full", location: at})
		}
	}
}

const (
	digitsOfNumber  = "digits"
	charactersOfBox = "characters before the at sign"
)

// maskedEnough is the half rule. A number without any mask is one in full,
// unless so few digits are left that half of the shortest number is gone.
func maskedEnough(shown, hidden int, what string) bool {
	const shortest = 7 // digits of a telephone number without area code
	if what == digitsOfNumber && hidden == 0 {
		return shown <= shortest/2+1
	}
	return hidden >= shown
}

// contact counts what can be read and what is masked of a telephone number or
// an e-mail address.
func contact(value string) (shown, hidden int, what string) {
	if at := strings.LastIndexByte(value, '@'); at >= 0 {
		box := value[:at]
		hidden = masks(box)
		return len([]rune(box)) - hidden, hidden, charactersOfBox
	}
	if shown = len(only(value, isDigit)); shown == 0 {
		return 0, 0, digitsOfNumber
	}
	return shown, masks(value), digitsOfNumber
}

// masks counts the characters that stand for hidden ones. One x alone is a
// letter or an extension, and two among other letters are a word.
func masks(value string) int {
	count, run, least := 0, 0, 2
	if only(value, func(c rune) bool { return unicode.IsLetter(c) && !isX(c) }) != "" {
		least = 3
	}
	for _, c := range value + " " {
		if isX(c) {
			run++
			continue
		}
		if run >= least {
			count += run
		}
		run = 0
		if isMask(c) {
			count++
		}
	}
	return count
}

func isX(c rune) bool { return c == 'x' || c == 'X' }

func isMask(c rune) bool { return strings.ContainsRune("*#•●∙·…∗＊", c) }

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

// only keeps the characters that are wanted.
func only(text string, wanted func(rune) bool) string {
	return strings.Map(func(c rune) rune {
		if wanted(c) {
			return c
		}
		return -1
	}, text)
}
