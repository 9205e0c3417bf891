package xpay

import (
	"strings"
)

// queryOrder is how parameters were sorted. The zero value is the rule.
type queryOrder int

const (
	orderByName queryOrder = iota
	orderAsSent
	orderCaseless
	orderAsText
	orderBeforeEncoding
)

// queryEncoding is how names and values were written. The zero value is the rule.
type queryEncoding int

const (
	encodeRFC3986 queryEncoding = iota
	encodeAsSent
	encodeNothing
	encodeSpaceAsPlus
	encodePlusLiteral
	encodeLowerHex
	encodeComponent
	encodeForm
	encodeTwice
)

// queryForm is a way to write the query string into the signed string. The zero value is the rule.
type queryForm struct {
	order        queryOrder
	encoding     queryEncoding
	equalsAbsent bool
	questionMark bool
	omitted      bool
	// dropName and its values' spelling concern one parameter, whatever its capitals on the wire; empty: none.
	dropName      string
	respellName   string
	respelledName string
}

func (q queryForm) render(parameters []parameter) string {
	if q.omitted || len(parameters) == 0 {
		return ""
	}
	fields := make([]field, 0, len(parameters))
	for _, p := range parameters {
		if q.dropName != "" && strings.EqualFold(p.name, q.dropName) {
			continue
		}
		if q.respellName != "" && strings.EqualFold(p.name, q.respellName) {
			p.name, p.rawName = q.respelledName, q.respelledName
		}
		fields = append(fields, field{name: q.encoding.write(p.name, p.rawName), value: q.encoding.write(p.value, p.rawValue), parameter: p})
	}
	sortFields(fields, q.order.compare())
	var out strings.Builder
	for i, f := range fields {
		if i > 0 {
			out.WriteByte('&')
		}
		out.WriteString(f.name)
		if f.value != "" || !q.equalsAbsent {
			out.WriteByte('=')
		}
		out.WriteString(f.value)
	}
	if q.questionMark && len(fields) > 0 {
		return "?" + out.String()
	}
	return out.String()
}

func (o queryOrder) compare() func(a, b field) int {
	switch o {
	case orderAsSent:
		return nil
	case orderCaseless:
		return func(a, b field) int {
			if order := strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)); order != 0 {
				return order
			}
			return strings.Compare(strings.ToLower(a.value), strings.ToLower(b.value))
		}
	case orderAsText:
		return func(a, b field) int { return strings.Compare(a.name+"="+a.value, b.name+"="+b.value) }
	case orderBeforeEncoding:
		return func(a, b field) int {
			if order := strings.Compare(a.parameter.name, b.parameter.name); order != 0 {
				return order
			}
			return strings.Compare(a.parameter.value, b.parameter.value)
		}
	default:
		return byNameThenValue
	}
}

func (e queryEncoding) write(decoded, raw string) string {
	switch e {
	case encodeAsSent:
		return raw
	case encodeNothing:
		return decoded
	case encodeSpaceAsPlus:
		return strings.ReplaceAll(encode(decoded, unreservedMarks, upperHex), "%20", "+")
	case encodePlusLiteral:
		literal, _ := decode(strings.ReplaceAll(raw, "+", "%2B"))
		return encode(literal, unreservedMarks, upperHex)
	case encodeLowerHex:
		return encode(decoded, unreservedMarks, lowerHex)
	case encodeComponent:
		return encode(decoded, unreservedMarks+"!'()*", upperHex)
	case encodeForm:
		return strings.ReplaceAll(encode(decoded, "-._*", upperHex), "%20", "+")
	case encodeTwice:
		return encode(encode(decoded, unreservedMarks, upperHex), unreservedMarks, upperHex)
	default:
		return encode(decoded, unreservedMarks, upperHex)
	}
}
