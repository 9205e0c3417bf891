package xpay

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // not relied upon: recognised as somebody's mistake
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strings"
)

// part is one part of the signed string.
type part byte

const (
	partMethod    part = 'm'
	partTimestamp part = 't'
	partPath      part = 'p'
	partQuery     part = 'q'
	partBody      part = 'b'

	// ruleOrder is the order of the rule.
	ruleOrder = string(partTimestamp) + string(partPath) + string(partQuery) + string(partBody)
)

// pathForm is a way to write the path into the signed string. The zero value is the rule.
type pathForm struct {
	base              pathBase
	leading, trailing bool
	// before stands in front: a host, or a scheme and a host; a slash follows it.
	before string
}

type pathBase int

const (
	pathWhole pathBase = iota
	pathWithoutFirst
	pathWithoutVersion
	pathWithoutPrefix
	pathPercentDecoded
	pathLower
	pathNone
)

// digestForm is the function that made the digest. The zero value is the rule.
type digestForm int

const (
	hmacSHA256 digestForm = iota
	hmacSHA1
	hmacSHA384
	hmacSHA512
	hmacSwapped
	sha256SecretFirst
	sha256SecretLast
	sha256WithoutSecret
)

// recipe is a way from a call to a digest. A recipe with zero forms, the header's timestamp and the right secret is the rule;
// a mistake is a change to it.
type recipe struct {
	timestamp string
	path      pathForm
	query     queryForm
	body      bodyForm
	// order names the parts, between them stands the separator; skipEmpty leaves it out around empty parts.
	order     string
	separator string
	skipEmpty bool
	key       string
	// keyless is set when no secret is known for the call: such a recipe says nothing until a mistake brings one.
	keyless bool
	digest  digestForm
}

// kitchen writes the parts of one call, each form once.
type kitchen struct {
	call       Call
	parameters []parameter
	queries    map[queryForm]string
	bodies     map[bodyForm][]byte
	buffer     []byte
}

func newKitchen(call Call) *kitchen {
	parameters, _ := parseQuery(call.Query)
	return &kitchen{call: call, parameters: parameters, queries: map[queryForm]string{}, bodies: map[bodyForm][]byte{}}
}

// message is the signed string; it is good until the next call of message.
func (k *kitchen) message(r recipe) []byte {
	k.buffer = k.buffer[:0]
	written := 0
	for i := range len(r.order) {
		before := len(k.buffer)
		if r.separator != "" && written > 0 {
			k.buffer = append(k.buffer, r.separator...)
		}
		start := len(k.buffer)
		k.buffer = k.appendPart(k.buffer, r, part(r.order[i]))
		if r.skipEmpty && len(k.buffer) == start {
			k.buffer = k.buffer[:before]
			continue
		}
		written++
	}
	return k.buffer
}

func (k *kitchen) appendPart(out []byte, r recipe, p part) []byte {
	switch p {
	case partMethod:
		return append(out, k.call.Method...)
	case partTimestamp:
		return append(out, r.timestamp...)
	case partPath:
		return append(out, r.path.apply(k.call.Path)...)
	case partQuery:
		return append(out, k.query(r.query)...)
	default:
		return append(out, k.body(r.body)...)
	}
}

func (k *kitchen) query(form queryForm) string {
	text, known := k.queries[form]
	if !known {
		text = form.render(k.parameters)
		k.queries[form] = text
	}
	return text
}

func (k *kitchen) body(form bodyForm) []byte {
	body, known := k.bodies[form]
	if !known {
		body = form.apply(k.call.Body)
		k.bodies[form] = body
	}
	return body
}

func (f pathForm) apply(path string) string {
	text := f.base.apply(CanonicalPath(path))
	if f.before != "" {
		text = f.before + "/" + text
	} else if f.leading {
		text = "/" + text
	}
	if f.trailing {
		text += "/"
	}
	return text
}

func (b pathBase) apply(path string) string {
	segments := strings.Split(path, "/")
	version := versionSegment(segments)
	switch b {
	case pathWithoutFirst:
		if len(segments) > 1 {
			return strings.Join(segments[1:], "/")
		}
	case pathWithoutVersion:
		if version >= 0 {
			return strings.Join(append(segments[:version:version], segments[version+1:]...), "/")
		}
	case pathWithoutPrefix:
		if version >= 0 {
			return strings.Join(segments[version+1:], "/")
		}
	case pathPercentDecoded:
		decoded, _ := decode(strings.ReplaceAll(path, "+", "%2B"))
		return decoded
	case pathLower:
		return strings.ToLower(path)
	case pathNone:
		return ""
	}
	return path
}

// versionSegment is the index of the first segment like v1, or -1.
func versionSegment(segments []string) int {
	for i, segment := range segments {
		if len(segment) > 1 && segment[0] == 'v' && digitsOnly(segment[1:]) {
			return i
		}
	}
	return -1
}

func (d digestForm) sum(key string, message []byte) []byte {
	switch d {
	case hmacSHA1:
		return keyed(sha1.New, []byte(key), message)
	case hmacSHA384:
		return keyed(sha512.New384, []byte(key), message)
	case hmacSHA512:
		return keyed(sha512.New, []byte(key), message)
	case hmacSwapped:
		return keyed(sha256.New, message, []byte(key))
	case sha256SecretFirst:
		return plain([]byte(key), message)
	case sha256SecretLast:
		return plain(message, []byte(key))
	case sha256WithoutSecret:
		return plain(message, nil)
	default:
		return keyed(sha256.New, []byte(key), message)
	}
}

func keyed(algorithm func() hash.Hash, key, message []byte) []byte {
	mac := hmac.New(algorithm, key)
	mac.Write(message)
	return mac.Sum(nil)
}

func plain(first, second []byte) []byte {
	sum := sha256.Sum256(bytes.Join([][]byte{first, second}, nil))
	return sum[:]
}
