package report

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vtsim/vtsim/conformance"
)

// visible makes every byte of the text show as what it is: control and
// formatting characters, which could move a cursor or turn the reading
// direction, become escapes, and so do bytes that are no UTF-8. Newlines and
// tabs stay.
func visible(text string) string {
	if isVisible(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case shows(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
		i += size
	}
	return b.String()
}

func isVisible(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	for _, r := range text {
		if !shows(r) {
			return false
		}
	}
	return true
}

func shows(r rune) bool {
	return r == '\n' || r == '\t' || r == utf8.RuneError || unicode.IsGraphic(r) || unicode.Is(unicode.Co, r)
}

// printable is a copy of the Result in which every text is visible. Bodies are
// left as they are; whoever prints one makes it visible line by line.
func printable(result *conformance.Result) *conformance.Result {
	copied := clean(reflect.ValueOf(*result)).Interface().(conformance.Result)
	return &copied
}

// clean copies a value and cleans the texts in it, also of members that are
// yet to be added.
func clean(v reflect.Value) reflect.Value {
	fresh := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		fresh.SetString(visible(v.String()))
	case reflect.Struct:
		fresh.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fresh.Field(i).Set(clean(v.Field(i)))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			fresh.Set(reflect.New(v.Type().Elem()))
			fresh.Elem().Set(clean(v.Elem()))
		}
	case reflect.Slice:
		if !v.IsNil() {
			fresh.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				fresh.Index(i).Set(clean(v.Index(i)))
			}
		}
	case reflect.Map:
		if !v.IsNil() {
			fresh.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
			for entries := v.MapRange(); entries.Next(); {
				fresh.SetMapIndex(clean(entries.Key()), clean(entries.Value()))
			}
		}
	default:
		fresh.Set(v)
	}
	return fresh
}

// oneLine joins the lines of a text.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// shortened cuts a text after so many characters and says how much is gone.
func shortened(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return fmt.Sprintf("%s… (%d characters more)", string(runes[:limit]), len(runes)-limit)
}

// counted is "1 case" or "2 cases".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
