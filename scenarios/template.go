package scenarios

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What {{name}} stands for in every case, beside what it has saved: the time,
// which may be moved (now-48h), the issuer's name, the card and the token of the
// case, the number of another account beside the card's, and what is drawn for
// the case. The values of another card of the case are {{card.ROLE.pan}}, and so
// on.
const (
	valueNow            = "now"
	valueIssuer         = "issuer"
	valuePAN            = "card.pan"
	valueExpMonth       = "card.expMonth"
	valueExpYear        = "card.expYear"
	valueCVV2           = "card.cvv2"
	valueTokenReference = "token.reference"
	valueTokenRequestor = "token.requestor"
	valueTokenType      = "token.type"
	valueTokenNumber    = "token.number"
	valuePANReference   = "pan.reference"
	valueReplacement    = "replacement.pan"
	valueRandomOTP      = "random.otp"
	valueRandomID       = "random.id"
)

// TemplateNames are what {{name}} can stand for without a step that saves it,
// but for the values of other cards.
func TemplateNames() []string {
	return []string{valueNow, valueIssuer, valuePAN, valueExpMonth, valueExpYear, valueCVV2, valueTokenReference, valueTokenRequestor, valueTokenType,
		valueTokenNumber, valuePANReference, valueReplacement, valueRandomOTP, valueRandomID}
}

// templateName is {{name}}; templateWhole is a text that is nothing else.
var (
	templateName  = regexp.MustCompile(`\{\{\s*([A-Za-z][A-Za-z0-9_.+-]*)\s*\}\}`)
	templateWhole = regexp.MustCompile(`^\{\{\s*([A-Za-z][A-Za-z0-9_.+-]*)\s*\}\}$`)
)

// scope is what names stand for; what was saved goes first.
type scope struct {
	saved, known map[string]any
	// now is the time of the case.
	now time.Time
}

func (s scope) lookup(name string) (any, error) {
	if value, ok := s.saved[name]; ok {
		return value, nil
	}
	if value, ok := s.known[name]; ok {
		return value, nil
	}
	if moved, ok := timeOf(name, s.now); ok {
		return moved.UTC().Format(dateTimeLayout), nil
	}
	names := slices.Concat(slices.Collect(maps.Keys(s.saved)), slices.Collect(maps.Keys(s.known)))
	slices.Sort(names)
	return nil, fmt.Errorf("nothing is known as {{%s}}; there are %s", name, strings.Join(slices.Compact(names), ", "))
}

// dateTimeLayout is how the specification writes times, in GMT (p.50).
const dateTimeLayout = "2006-01-02T15:04:05.000Z"

// timeOf is the time that now, or now with a duration behind it, stands for.
func timeOf(name string, now time.Time) (time.Time, bool) {
	rest, ok := strings.CutPrefix(name, valueNow)
	if !ok || rest == "" {
		return now, ok
	}
	if rest[0] != '+' && rest[0] != '-' {
		return now, false
	}
	moved, err := time.ParseDuration(rest)
	return now.Add(moved), err == nil
}

// resolve puts values into the texts of a decoded value. A text that is a
// template and nothing else becomes the value, with its type.
func (s scope) resolve(value any) (any, error) {
	switch v := value.(type) {
	case string:
		if whole := templateWhole.FindStringSubmatch(v); whole != nil {
			return s.lookup(whole[1])
		}
		return s.text(v)
	case map[string]any:
		resolved := make(map[string]any, len(v))
		for name, member := range v {
			var err error
			if resolved[name], err = s.resolve(member); err != nil {
				return nil, err
			}
		}
		return resolved, nil
	case []any:
		resolved := make([]any, len(v))
		for i, element := range v {
			var err error
			if resolved[i], err = s.resolve(element); err != nil {
				return nil, err
			}
		}
		return resolved, nil
	}
	return value, nil
}

// text puts values into a text as they are.
func (s scope) text(text string) (string, error) {
	return s.render(text, func(_ string, value any) (string, error) { return plainText(value) })
}

// render puts values into a text, each as escape writes it behind what stands
// before it in the template.
func (s scope) render(text string, escape func(before string, value any) (string, error)) (string, error) {
	var rendered strings.Builder
	at := 0
	for _, span := range templateName.FindAllStringSubmatchIndex(text, -1) {
		value, err := s.lookup(text[span[2]:span[3]])
		if err != nil {
			return "", err
		}
		written, err := escape(text[:span[0]], value)
		if err != nil {
			return "", fmt.Errorf("{{%s}}: %w", text[span[2]:span[3]], err)
		}
		rendered.WriteString(text[at:span[0]] + written)
		at = span[1]
	}
	if loose := templateName.ReplaceAllString(text, ""); strings.Contains(loose, "{{") {
		return "", fmt.Errorf(`"{{" without a name and "}}" behind it`)
	}
	rendered.WriteString(text[at:])
	return rendered.String(), nil
}

// plainText is a value that can stand in the midst of a text.
func plainText(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case map[string]any, []any:
		return "", fmt.Errorf("an object or an array cannot stand in a text")
	case nil:
		return "", fmt.Errorf("null cannot stand in a text")
	}
	return fmt.Sprint(value), nil
}

// url puts values into a URL: escaped as a segment of the path, and behind the
// question mark as a parameter.
func (s scope) url(text string) (string, error) {
	return s.render(text, func(before string, value any) (string, error) {
		plain, err := plainText(value)
		if strings.Contains(before, "?") {
			return url.QueryEscape(plain), err
		}
		return url.PathEscape(plain), err
	})
}

// form puts values into a body of application/x-www-form-urlencoded.
func (s scope) form(text string) (string, error) {
	return s.render(text, func(_ string, value any) (string, error) {
		plain, err := plainText(value)
		return url.QueryEscape(plain), err
	})
}

// json puts values into a JSON text: inside quotes as the characters of a
// string, elsewhere as JSON.
func (s scope) json(text string) (string, error) {
	return s.render(text, func(before string, value any) (string, error) {
		inside := quoted(before)
		if inside {
			plain, err := plainText(value)
			if err != nil {
				return "", err
			}
			value = plain
		}
		encoded, err := json.Marshal(value)
		if err == nil && inside {
			encoded = encoded[1 : len(encoded)-1]
		}
		return string(encoded), err
	})
}

// quoted tells whether a JSON text ends inside of a string.
func quoted(text string) bool {
	inside := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			inside = !inside
		case text[i] == '\\' && inside:
			i++
		}
	}
	return inside
}

// match puts values into the texts of a match.
func (s scope) match(m *Match) (*Match, error) {
	if m == nil {
		return nil, nil
	}
	resolved := *m
	var err error
	if resolved.Literal, err = s.resolve(m.Literal); err != nil {
		return nil, err
	}
	for _, part := range []**Match{&resolved.Contains, &resolved.Not} {
		if *part, err = s.match(*part); err != nil {
			return nil, err
		}
	}
	if resolved.Matches, err = s.expression(m.Matches); err != nil {
		return nil, err
	}
	resolved.OneOf = nil
	for _, one := range m.OneOf {
		inner, err := s.match(one)
		if err != nil {
			return nil, err
		}
		resolved.OneOf = append(resolved.OneOf, inner)
	}
	if m.Members == nil {
		return &resolved, nil
	}
	resolved.Members = make(map[string]*Match, len(m.Members))
	for name, member := range m.Members {
		if resolved.Members[name], err = s.match(member); err != nil {
			return nil, err
		}
	}
	return &resolved, nil
}

// expression puts values into a regular expression, in which they stand for
// themselves.
func (s scope) expression(text string) (string, error) {
	if !templateName.MatchString(text) {
		return text, nil // "{{" may be part of an expression
	}
	return s.render(text, func(_ string, value any) (string, error) {
		plain, err := plainText(value)
		return regexp.QuoteMeta(plain), err
	})
}
