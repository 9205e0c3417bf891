package jose

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// shownLength is how much of a value from outside a message repeats.
const shownLength = 64

// cardNumber is what may be a PAN or a token.
var cardNumber = regexp.MustCompile(`[0-9]{13,19}`)

// quote shows a value from outside: quoted, cut, and with the middle of whatever may be a card number hidden.
func quote(value string) string {
	masked := cardNumber.ReplaceAllStringFunc(value, func(digits string) string {
		return digits[:6] + strings.Repeat("*", len(digits)-10) + digits[len(digits)-4:]
	})
	if runes := []rune(masked); len(runes) > shownLength {
		return strconv.QuoteToASCII(string(runes[:shownLength])) + fmt.Sprintf("… (%d characters)", len(runes))
	}
	return strconv.QuoteToASCII(masked)
}

// showID shows a key id. Short ones are shown whole; of long ones, which may be API keys (INT-025), the two ends.
func showID(id string) string {
	const short, end = 12, 4
	runes := []rune(id)
	if len(runes) <= short {
		return quote(id)
	}
	return fmt.Sprintf("%s (%d characters)", strconv.QuoteToASCII(string(runes[:end])+"..."+string(runes[len(runes)-end:])), len(runes))
}
