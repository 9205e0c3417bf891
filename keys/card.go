package keys

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/fixtures"
)

// Card is one test card of an issuer.
type Card struct {
	// Role says what the issuer does with the card; one of Roles.
	Role string
	// PAN has digits only and a valid check digit.
	PAN string
	// ExpMonth is two digits, ExpYear four; both may be empty.
	ExpMonth, ExpYear string
	// CVV2 is digits, or empty.
	CVV2 string
}

// String leaves the PAN out but for its last four digits, and the CVV2.
func (c Card) String() string {
	return fmt.Sprintf("card %s ending %s", c.Role, c.PAN[max(0, len(c.PAN)-4):])
}

// GoString is String.
func (c Card) GoString() string { return c.String() }

// LogValue is String.
func (c Card) LogValue() slog.Value { return slog.StringValue(c.String()) }

// The roles of cards.
const (
	RoleEligible   = "eligible"   // can be tokenized on the green path
	RoleStepUp     = "stepUp"     // needs the cardholder's verification
	RoleDeclined   = "declined"   // provisioning is declined
	RoleIneligible = "ineligible" // may not be tokenized
	RoleExpired    = "expired"    // expiration date in the past
	RoleUnknown    = "unknown"    // not an account of the issuer
	RoleFraud      = "fraud"      // blocked for suspected fraud
	RoleReplaced   = "replaced"   // lost or stolen and replaced by another
	RoleWrongCVV2  = "wrongCvv2"  // an eligible card, given with a wrong CVV2
	// RoleWrongCardType is a card of a type that is not tokenized.
	RoleWrongCardType = "wrongCardType"
)

// Roles returns all roles, the plainest first.
func Roles() []string {
	return []string{RoleEligible, RoleStepUp, RoleDeclined, RoleIneligible, RoleExpired, RoleUnknown, RoleFraud, RoleReplaced, RoleWrongCVV2, RoleWrongCardType}
}

var (
	expiryMonth = regexp.MustCompile(`^(0[1-9]|1[0-2])$`)
	expiryYear  = regexp.MustCompile(`^[0-9]{4}$`)
	digitsOnly  = regexp.MustCompile(`^[0-9]+$`)
)

// ParseCards reads a list of cards on its own, YAML or JSON, as it stands in a
// profile's cards section; file is the name for errors.
func ParseCards(data []byte, file string, s Settings) ([]Card, error) {
	s, err := s.ready()
	if err != nil {
		return nil, err
	}
	r := profileReader{yamlFile: yamlFile{file: file, lookup: s.LookupEnv}, facts: s.Facts, profile: &Profile{File: file}}
	root, err := r.root(data)
	if err != nil {
		return nil, err
	}
	if err := r.list(r.card)(root); err != nil {
		return nil, err
	}
	return r.profile.Cards, nil
}

func (r *profileReader) card(n *yaml.Node) error {
	var c Card
	err := r.object(n, map[string]field{
		"role":     r.role(&c.Role),
		"pan":      r.pan(&c.PAN),
		"expMonth": r.matching(&c.ExpMonth, expiryMonth, "a month of two digits, 01 to 12,"),
		"expYear":  r.matching(&c.ExpYear, expiryYear, "a year of four digits"),
		"cvv2":     r.matching(&c.CVV2, digitsOnly, "a CVV2 of digits in quotes"),
	})
	switch {
	case err != nil:
		return err
	case c.Role == "":
		return r.fail(n, "role is missing", "it is one of "+strings.Join(Roles(), ", "))
	case c.PAN == "":
		return r.fail(n, "pan is missing", "")
	case (c.ExpMonth == "") != (c.ExpYear == ""):
		return r.fail(n, "expMonth and expYear go together, one is missing", "")
	}
	for _, other := range r.profile.Cards {
		if other == c {
			return r.fail(n, "the same card stands above in the same role", "")
		}
	}
	r.profile.Cards = append(r.profile.Cards, c)
	return nil
}

func (r *profileReader) role(into *string) field {
	return func(n *yaml.Node) error {
		if err := r.text(into)(n); err != nil {
			return err
		}
		if !slices.Contains(Roles(), *into) {
			return r.fail(n, "unknown role "+printable(*into), "it is one of "+strings.Join(Roles(), ", "))
		}
		return nil
	}
}

func (r *profileReader) pan(into *string) field {
	return func(n *yaml.Node) error {
		if err := r.text(into)(n); err != nil {
			return err
		}
		switch {
		case len(*into) <= accountRangeDigits || !digitsOnly.MatchString(*into):
			return r.fail(n, fmt.Sprintf("a PAN of digits only, longer than the %d of its account range, belongs here", accountRangeDigits), "write it in quotes, without blanks")
		case !fixtures.Luhn(*into):
			return r.fail(n, "the last digit of this PAN does not fit the others (Luhn check)", "")
		}
		return nil
	}
}

// accountRangeDigits is how many leading digits make an account range (p.62).
const accountRangeDigits = 9

// samplePANDigits is the length of the PANs that are made here.
const samplePANDigits = 16

func checkAccountRange(digits string) error {
	if len(digits) != accountRangeDigits || !digitsOnly.MatchString(digits) || digits[0] != '4' {
		return fmt.Errorf("an account range of %d digits that begins with 4 belongs here", accountRangeDigits)
	}
	return nil
}

// testRange starts the account ranges that are given out here, a prefix that
// test cards commonly have.
const testRange = "400000"

// FreeAccountRange returns an account range that is not in taken: 400000001,
// 400000002 and so on.
func FreeAccountRange(taken []string) (string, error) {
	const free = accountRangeDigits - len(testRange)
	last := 1
	for range free {
		last *= 10
	}
	for i := 1; i < last; i++ {
		if digits := fmt.Sprintf("%s%0*d", testRange, free, i); !slices.Contains(taken, digits) {
			return digits, nil
		}
	}
	return "", errors.New("all test account ranges are taken; name a range")
}

// SampleCards makes one card of each role in the account range. The expired
// one expired a year before now, the others are good until the given time.
func SampleCards(accountRange string, now, until time.Time, random io.Reader) ([]Card, error) {
	if err := checkAccountRange(accountRange); err != nil {
		return nil, err
	}
	roles := Roles()
	cards := make([]Card, len(roles))
	for i, role := range roles {
		cvv2, err := rand.Int(random, big.NewInt(1000))
		if err != nil {
			return nil, fmt.Errorf("draw a CVV2: %w", err)
		}
		expiry := until.UTC()
		if role == RoleExpired {
			expiry = now.UTC().AddDate(-1, 0, 0)
		}
		digits := fmt.Sprintf("%s%0*d", accountRange, samplePANDigits-1-accountRangeDigits, i+1)
		cards[i] = Card{
			Role:     role,
			PAN:      digits + string(fixtures.CheckDigit(digits)),
			ExpMonth: expiry.Format("01"),
			ExpYear:  expiry.Format("2006"),
			CVV2:     fmt.Sprintf("%03d", cvv2),
		}
	}
	return cards, nil
}

// plenty is how many cards of the roles that most cases need are enough. A case
// has its card for itself, so that with a single one they would run one after
// another.
var plenty = map[string]int{RoleEligible: 8, RoleStepUp: 4}

// Plenty adds accounts of the range of the first card of a role that most cases
// need, until there are enough: from the last number of the range downwards.
func Plenty(cards []Card) []Card {
	all, serial := slices.Clone(cards), lastSerial
	for _, role := range []string{RoleEligible, RoleStepUp} {
		first := slices.IndexFunc(cards, func(c Card) bool { return c.Role == role })
		for missing := plenty[role] - countRole(cards, role); first >= 0 && missing > 0; serial-- {
			one := cards[first]
			digits := fmt.Sprintf("%s%0*d", one.PAN[:accountRangeDigits], len(one.PAN)-accountRangeDigits-1, serial)
			one.PAN = digits + string(fixtures.CheckDigit(digits))
			if !slices.ContainsFunc(all, func(c Card) bool { return c.PAN == one.PAN }) {
				all = append(all, one)
				missing--
			}
		}
	}
	return all
}

// lastSerial is the last of the six digits behind the account range of a PAN of
// sixteen, where no sample card is.
const lastSerial = 999_999

func countRole(cards []Card, role string) int {
	count := 0
	for _, card := range cards {
		if card.Role == role {
			count++
		}
	}
	return count
}
