package xpay

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

func partsMistakes() []entry {
	return []entry{
		{id: PartsSeparated, axes: axisParts, variants: separated,
			title: "Something was signed between the parts.", mend: "Put timestamp, path, query and body together with nothing between them."},
		{id: PartsReordered, axes: axisOrder, alone: true, variants: permuted,
			title: "The parts were signed in another order.", mend: "Sign timestamp, path, query and body in this order."},
		{id: MethodIncluded, axes: axisOrder, variants: withMethod,
			title: "The HTTP method was signed too.", mend: "Leave the method out: timestamp, path, query and body are all."},
	}
}

func separated(subject) []variant {
	names := []struct{ separator, name string }{
		{":", "a colon"}, {"\n", "a line feed"}, {"|", "a bar"}, {",", "a comma"}, {".", "a full stop"}, {" ", "a space"}, {"&", "an ampersand"},
		{";", "a semicolon"}, {"-", "a dash"}, {"+", "a plus sign"}, {"\r\n", "a line end"}, {"::", "two colons"},
	}
	var variants []variant
	for _, n := range names {
		variants = append(variants,
			variant{detail: n.name, change: func(r *recipe) { r.separator = n.separator }},
			variant{detail: n.name + ", not around empty parts", change: func(r *recipe) { r.separator, r.skipEmpty = n.separator, true }},
		)
	}
	return variants
}

func permuted(subject) []variant {
	names := map[byte]string{byte(partTimestamp): "timestamp", byte(partPath): "path", byte(partQuery): "query", byte(partBody): "body"}
	var variants []variant
	for _, order := range permutations(ruleOrder) {
		if order == ruleOrder {
			continue
		}
		words := make([]string, 0, len(order))
		for i := range len(order) {
			words = append(words, names[order[i]])
		}
		variants = append(variants, variant{detail: "signed: " + strings.Join(words, ", "), change: func(r *recipe) { r.order = order }})
	}
	return variants
}

func permutations(text string) []string {
	if len(text) < 2 {
		return []string{text}
	}
	var all []string
	for i := range len(text) {
		for _, rest := range permutations(text[:i] + text[i+1:]) {
			all = append(all, text[i:i+1]+rest)
		}
	}
	return all
}

func withMethod(s subject) []variant {
	if s.call.Method == "" {
		return nil
	}
	first, second := string(partMethod)+ruleOrder, ruleOrder[:1]+string(partMethod)+ruleOrder[1:]
	return []variant{
		{detail: "at the beginning", change: func(r *recipe) { r.order = first }},
		{detail: "after the timestamp", change: func(r *recipe) { r.order = second }},
	}
}

func secretMistakes() []entry {
	right := "Use the shared secret that belongs to the API key of this call, in this environment."
	asIssued := "Use the characters of the shared secret as they were issued, as bytes."
	return []entry{
		{id: SecretOfAnother, axes: axisSecret, variants: othersOf, title: "The secret of another environment or issuer was used.", mend: right},
		{id: SecretWhitespace, axes: axisSecret, variants: secretBlanks, title: "The secret was used with other blanks or line ends around it.", mend: "Trim the line end when the secret is read from a file. " + asIssued},
		{id: SecretDecoded, axes: axisSecret, variants: secretDecoded, title: "The secret was decoded before use.", mend: asIssued},
		{id: SecretEncoded, axes: axisSecret, variants: secretEncoded, title: "The secret was encoded before use.", mend: asIssued},
		{id: SecretAPIKey, axes: axisSecret, variants: secretIsAPIKey, title: "The API key was used as the secret.", mend: right},
		{id: SecretEmpty, axes: axisSecret, variants: one(useKey("")), title: "The secret was empty.", mend: "See that the secret is configured where the call is signed. " + right},
	}
}

func useKey(key string) func(*recipe) {
	return func(r *recipe) { r.key, r.keyless = key, false }
}

func othersOf(s subject) []variant {
	var variants []variant
	for _, other := range s.others {
		if other.key != "" && other.key != s.secret.key {
			variants = append(variants, variant{detail: "signed with: " + other.label, change: useKey(other.key)})
		}
	}
	return variants
}

func secretBlanks(s subject) []variant {
	if s.secret.key == "" {
		return nil
	}
	trimmed := strings.TrimSpace(s.secret.key)
	var variants []variant
	for _, v := range []struct{ detail, key string }{
		{"a line feed at its end", trimmed + "\n"}, {"CR LF at its end", trimmed + "\r\n"}, {"a space at its end", trimmed + " "},
		{"a space at its beginning", " " + trimmed}, {"trimmed, though it has blanks", trimmed}, {"in quotation marks", `"` + trimmed + `"`},
	} {
		if v.key != s.secret.key && v.key != "" {
			variants = append(variants, variant{detail: v.detail, change: useKey(v.key)})
		}
	}
	return variants
}

func secretDecoded(s subject) []variant {
	var variants []variant
	if key, err := hex.DecodeString(s.secret.key); err == nil && len(key) > 0 {
		variants = append(variants, variant{detail: "from hexadecimal", change: useKey(string(key))})
	}
	bare := strings.TrimRight(s.secret.key, "=")
	if key, err := base64.RawStdEncoding.DecodeString(bare); err == nil && len(key) > 0 {
		variants = append(variants, variant{detail: "from Base64", change: useKey(string(key))})
	}
	if key, err := base64.RawURLEncoding.DecodeString(bare); err == nil && len(key) > 0 {
		variants = append(variants, variant{detail: "from Base64URL", change: useKey(string(key))})
	}
	return variants
}

func secretEncoded(s subject) []variant {
	if s.secret.key == "" {
		return nil
	}
	key := []byte(s.secret.key)
	return []variant{
		{detail: "as hexadecimal", change: useKey(hex.EncodeToString(key))},
		{detail: "as upper-case hexadecimal", change: useKey(strings.ToUpper(hex.EncodeToString(key)))},
		{detail: "as Base64", change: useKey(base64.StdEncoding.EncodeToString(key))},
		{detail: "as Base64URL", change: useKey(base64.RawURLEncoding.EncodeToString(key))},
	}
}

func secretIsAPIKey(s subject) []variant {
	if s.apiKey == "" || s.apiKey == s.secret.key {
		return nil
	}
	return []variant{{change: useKey(s.apiKey)}}
}

func digestMistakes() []entry {
	hmac256 := "Make the digest with HMAC and SHA-256: the secret is the key, the signed string the message."
	algorithm := func(d digestForm) func(subject) []variant { return one(func(r *recipe) { r.digest = d }) }
	lower := "Write the digest as lower-case hexadecimal digits."
	return []entry{
		{id: HashSecretFirst, axes: axisDigest, variants: algorithm(sha256SecretFirst), title: "A plain SHA-256 of secret and signed string was made.", mend: hmac256},
		{id: HashSecretLast, axes: axisDigest, variants: algorithm(sha256SecretLast), title: "A plain SHA-256 of signed string and secret was made.", mend: hmac256},
		{id: HashWithoutSecret, axes: axisDigest | axisSecret, title: "A plain SHA-256 without any secret was made.", mend: hmac256,
			variants: one(func(r *recipe) { r.digest, r.keyless = sha256WithoutSecret, false })},
		{id: HMACSHA1, axes: axisDigest, variants: algorithm(hmacSHA1), title: "The HMAC was made with SHA-1.", mend: hmac256},
		{id: HMACSHA384, axes: axisDigest, variants: algorithm(hmacSHA384), title: "The HMAC was made with SHA-384.", mend: hmac256},
		{id: HMACSHA512, axes: axisDigest, variants: algorithm(hmacSHA512), title: "The HMAC was made with SHA-512.", mend: hmac256},
		{id: HMACSwapped, axes: axisDigest, variants: algorithm(hmacSwapped), title: "Secret and signed string changed places in the HMAC.", mend: hmac256},
		{id: DigestUpperCase, title: "The digest is in upper-case hexadecimal.", mend: lower + " It is accepted, with this warning (INT-001)."},
		{id: DigestBase64, title: "The digest is in Base64.", mend: lower},
		{id: DigestBase64URL, title: "The digest is in Base64URL.", mend: lower},
		{id: DigestBase64OfHex, title: "The digest is in Base64 around hexadecimal.", mend: lower},
		{id: DigestTruncated, title: "The digest was cut off.", mend: "Send all of the digest; see that nothing on its way is too short for it."},
	}
}
