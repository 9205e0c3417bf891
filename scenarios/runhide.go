package scenarios

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// hidden is what a secret is replaced by.
const hidden = "***"

// shortSecret is up to how many characters a secret, such as a CVV2, is hidden
// only where it stands alone: as a part of something else it is none.
const shortSecret = 4

// hide keeps a text from being shown from now on.
func (x *run) hide(text string) {
	if len(text) > 2 {
		x.secrets[text] = true
	}
}

// hideAll hides the members that the contract calls sensitive.
func (x *run) hideAll(value any, field *contract.Field) {
	if field == nil {
		return
	}
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			x.hideAll(member, field.Member(name))
		}
	case []any:
		for _, element := range v {
			x.hideAll(element, field.Items)
		}
	case nil:
	default:
		if field.Sensitive != "" {
			x.hide(fmt.Sprint(v))
		}
	}
}

// hidden masks a text: whatever looks like the number of a card, and the
// secrets that this case has used.
func (x *run) hidden(text string) string {
	text = contract.Mask(text)
	for secret := range x.secrets {
		if len(secret) > shortSecret {
			text = strings.ReplaceAll(text, secret, hidden)
			continue
		}
		if strings.Contains(text, secret) {
			alone := regexp.MustCompile(`(^|[^0-9A-Za-z])` + regexp.QuoteMeta(secret) + `($|[^0-9A-Za-z])`)
			text = alone.ReplaceAllString(text, "${1}"+hidden+"${2}")
		}
	}
	return text
}

// maskedError shows an error without its secrets.
type maskedError struct {
	text  string
	cause error
}

func (e *maskedError) Error() string { return e.text }
func (e *maskedError) Unwrap() error { return e.cause }

func (x *run) masked(err error) error {
	if err == nil {
		return nil
	}
	text := x.hidden(err.Error())
	if text == err.Error() {
		return err
	}
	return &maskedError{text: text, cause: err}
}
