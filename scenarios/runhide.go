package scenarios

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// hidden is what a secret is replaced by.
const hidden = "***"

// shortSecret is up to how many characters a secret, such as a CVV2, is hidden
// only where it stands alone: as a part of something else it is none.
const shortSecret = 4

// hide keeps a text from being shown from now on; of an account number the
// ends stay.
func (x *run) hide(text string) {
	if len(text) > 2 {
		x.secrets[text] = hidden
	}
	if masked := contract.Mask(text); masked != text {
		x.secrets[text] = masked
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

// hidden masks a text: the secrets that this case has used, and whatever else
// looks like the number of a card. The longest go first, as one may be a part
// of another.
func (x *run) hidden(text string) string {
	longest := func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }
	for _, secret := range slices.SortedFunc(maps.Keys(x.secrets), longest) {
		if !strings.Contains(text, secret) {
			continue
		}
		if len(secret) > shortSecret {
			text = strings.ReplaceAll(text, secret, x.secrets[secret])
			continue
		}
		alone := regexp.MustCompile(`(^|[^0-9A-Za-z])` + regexp.QuoteMeta(secret) + `($|[^0-9A-Za-z])`)
		text = alone.ReplaceAllString(text, "${1}"+hidden+"${2}")
	}
	return contract.Mask(text)
}

// hiddenIn masks the texts of a decoded value.
func (x *run) hiddenIn(value any) any {
	switch v := value.(type) {
	case string:
		return x.hidden(v)
	case map[string]any:
		copied := make(map[string]any, len(v))
		for name, member := range v {
			copied[name] = x.hiddenIn(member)
		}
		return copied
	case []any:
		copied := make([]any, len(v))
		for i, element := range v {
			copied[i] = x.hiddenIn(element)
		}
		return copied
	}
	return value
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
