package xpay

import (
	"fmt"
	"strings"
	"time"
)

// axis is a bit for each thing about a recipe that only one mistake at a time can change; mistakes on different axes pair up.
type axis uint32

const (
	axisTimestamp axis = 1 << iota
	axisPathBase
	axisPathSlash
	axisQueryOrder
	axisQueryEncoding
	axisQueryEquals
	axisQueryMark
	axisQueryKey
	axisBodyLayout
	axisBodyEscape
	axisBodyTail
	axisParts
	axisOrder
	axisSecret
	axisDigest

	axisQuery = axisQueryOrder | axisQueryEncoding | axisQueryEquals | axisQueryMark | axisQueryKey
	axisBody  = axisBodyLayout | axisBodyEscape | axisBodyTail
)

// entry is a mistake of the catalogue. Its texts may name the rules as {header}, {scheme}, {window} and {apiKey}.
type entry struct {
	id          MistakeID
	title, mend string
	axes        axis
	// alone keeps an entry with very many variants out of the pairs.
	alone bool
	// variants are the ways to make the mistake with this call; nil for a mistake that shows in the header or the clock
	// and is no change to the recipe.
	variants func(subject) []variant
}

// variant is one way to make a mistake.
type variant struct {
	detail string
	change func(*recipe)
}

// subject is what variants depend on.
type subject struct {
	rules  Rules
	call   Call
	apiKey string // value of the API key's parameter, whatever its capitals; empty: absent
	// apiKeyName is the parameter's name as sent.
	apiKeyName string
	seconds    int64
	secret     Secret
	others     []Secret
}

// catalogue is every known mistake, the more telling before the more general.
func catalogue() []entry {
	var all []entry
	for _, group := range [][]entry{headerMistakes(), timeMistakes(), pathMistakes(), queryMistakes(), bodyMistakes(), partsMistakes(), secretMistakes(), digestMistakes()} {
		all = append(all, group...)
	}
	return all
}

// Catalogue lists every mistake that the doctor knows, its texts filled from the rules.
func Catalogue(rules Rules) []Mistake {
	var mistakes []Mistake
	for _, e := range catalogue() {
		mistakes = append(mistakes, e.mistake(rules, "", false))
	}
	return mistakes
}

func (e entry) mistake(rules Rules, detail string, explains bool) Mistake {
	fill := strings.NewReplacer(
		"{header}", rules.Header,
		"{scheme}", rules.Scheme,
		"{window}", fmt.Sprintf("%d s", int64(rules.Window/time.Second)),
		"{apiKey}", rules.APIKeyParameter,
	)
	return Mistake{ID: e.id, Title: fill.Replace(e.title), Mend: fill.Replace(e.mend), Detail: detail, Explains: explains}
}

// one is the variants of a mistake that can be made in one way only.
func one(change func(*recipe)) func(subject) []variant {
	return func(subject) []variant { return []variant{{change: change}} }
}

func headerMistakes() []entry {
	return []entry{
		{id: HeaderMissing, title: "The call carries no {header}.", mend: "Send {header}: {scheme}:<epoch seconds>:<hexadecimal digest> with every call."},
		{id: HeaderQuoted, title: "The value stands in quotation marks.", mend: "Send the value of {header} without quotation marks."},
		{id: HeaderNameRepeated, title: "The value begins with the header's own name.", mend: "The value of {header} begins with {scheme}:, not with the header's name."},
		{id: HeaderSpaces, title: "There are blanks in the value.", mend: "Join scheme, timestamp and digest with colons only, without blanks."},
		{id: HeaderScheme, title: "The scheme is missing or another one.", mend: "Begin the value with {scheme}: in these very characters."},
		{id: HeaderOrder, title: "Timestamp and digest changed places.", mend: "Send {scheme}:<epoch seconds>:<hexadecimal digest> in this order."},
		{id: HeaderParts, title: "The value has other parts or other separators.", mend: "Send three parts with colons between them: {scheme}:<epoch seconds>:<hexadecimal digest>."},
		{id: HeaderTooLong, title: "The value is too long.", mend: "Send nothing but {scheme}:<epoch seconds>:<hexadecimal digest>."},
	}
}

func timeMistakes() []entry {
	return []entry{
		{id: TimestampMilliseconds, title: "The timestamp is in milliseconds.", mend: "Send and sign whole seconds since 1970 (divide by 1000, drop the rest)."},
		{id: TimestampNotEpoch, title: "The timestamp is not a whole number.", mend: "Send and sign whole seconds since 1970 in UTC, digits only."},
		{id: TimestampSignedMilliseconds, axes: axisTimestamp, alone: true, variants: signedMilliseconds,
			title: "The header has seconds, but milliseconds were signed.", mend: "Make the timestamp's text once and use it in both the header and the signed string."},
		{id: TimestampTakenTwice, axes: axisTimestamp, variants: takenTwice,
			title: "The signed timestamp is another one than the header's.", mend: "Read the clock once and use the same text in both the header and the signed string."},
		{id: TimestampOmitted, axes: axisTimestamp, variants: one(func(r *recipe) { r.timestamp = "" }),
			title: "The timestamp was not signed.", mend: "Begin the signed string with the header's timestamp."},
		{id: ClockBehind, title: "The timestamp is too old.", mend: "Set the sender's clock (NTP), and make a token for each call instead of keeping one: it is good for {window}."},
		{id: ClockAhead, title: "The timestamp lies too far in the future.", mend: "Set the sender's clock (NTP); a token is good for {window} either way."},
		{id: ClockLocalTime, title: "The timestamp is off by whole half hours: local time was taken for UTC, or a token was kept.", mend: "Take the seconds since 1970 in UTC from the system instead of computing them from a local date."},
		{id: TokenReused, title: "The token was used before.", mend: "Make a token for each call, also when a call is repeated."},
	}
}

// signedMilliseconds tries every millisecond of the header's second.
func signedMilliseconds(s subject) []variant {
	variants := make([]variant, 0, 1000)
	for millisecond := range int64(1000) {
		text := fmt.Sprint(s.seconds*1000 + millisecond)
		variants = append(variants, variant{detail: "signed: " + text, change: func(r *recipe) { r.timestamp = text }})
	}
	return variants
}

func takenTwice(s subject) []variant {
	var variants []variant
	for _, drift := range []int64{1, -1, 2, -2, 3, -3} {
		text := fmt.Sprint(s.seconds + drift)
		variants = append(variants, variant{detail: "signed: " + text, change: func(r *recipe) { r.timestamp = text }})
	}
	return variants
}
