package xpay_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"github.com/vtsim/vtsim/keys/xpay"
)

const (
	lifecyclePath = "vtis/v1/tokenRequestors/40010030273/tokens/DNITHE3022/lifecycle"
	keyQuery      = "apiKey=" + sampleKey
	lifecycleBody = `{"operationReason":"CUSTOMER_CONFIRMED","encryptedData":"eyJ0.c2Ft"}`
	right         = second + lifecyclePath + keyQuery + lifecycleBody
	reportPath    = "vtis/v1/reports/tokenRequestor"
	otherSecret   = "another-issuer-secret-4c1"
)

// mistaken is one mistake made in one way.
type mistaken struct {
	id   xpay.MistakeID
	what string
	call xpay.Call
	// token is the header's value.
	token string
	// detail must be in the mistake's detail, or its mend.
	detail string
	tweak  func(*xpay.Case)
}

func withBody(body string) xpay.Call {
	call := lifecycle()
	call.Body = []byte(body)
	return call
}

func signedBody(sent, signed string) (xpay.Call, string) {
	return withBody(sent), tokenOf(second, second+lifecyclePath+keyQuery+signed)
}

func withAlgorithm(algorithm func() hash.Hash, key, message string) string {
	mac := hmac.New(algorithm, []byte(key))
	mac.Write([]byte(message))
	return "xv2:" + second + ":" + hex.EncodeToString(mac.Sum(nil))
}

func plainSHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "xv2:" + second + ":" + hex.EncodeToString(sum[:])
}

func reencoded(message string, encode func([]byte) string) string {
	mac := hmac.New(sha256.New, []byte(sharedSecret))
	mac.Write([]byte(message))
	return "xv2:" + second + ":" + encode(mac.Sum(nil))
}

// everyMistake has each mistake of the catalogue at least once.
func everyMistake() []mistaken {
	var all []mistaken
	for _, group := range [][]mistaken{headerCases(), timeCases(), pathCases(), queryCases(), bodyCases(), otherCases()} {
		all = append(all, group...)
	}
	return all
}

func headerCases() []mistaken {
	call, digest := lifecycle(), hmacHex(sharedSecret, right)
	return []mistaken{
		{id: xpay.HeaderMissing, call: call, token: ""},
		{id: xpay.HeaderMissing, what: "blanks only", call: call, token: "  "},
		{id: xpay.HeaderQuoted, call: call, token: `"xv2:` + second + ":" + digest + `"`},
		{id: xpay.HeaderNameRepeated, call: call, token: "X-Pay-Token: xv2:" + second + ":" + digest},
		{id: xpay.HeaderSpaces, call: call, token: "xv2: " + second + " : " + digest},
		{id: xpay.HeaderScheme, what: "missing", call: call, token: second + ":" + digest, detail: "it is missing"},
		{id: xpay.HeaderScheme, what: "another", call: call, token: "xv1:" + second + ":" + digest},
		{id: xpay.HeaderOrder, call: call, token: "xv2:" + digest + ":" + second},
		{id: xpay.HeaderParts, what: "too many", call: call, token: "xv2:" + second + ":" + digest + ":x"},
		{id: xpay.HeaderParts, what: "other separators", call: call, token: "xv2|" + second + "|" + digest},
		{id: xpay.HeaderParts, what: "digest only", call: call, token: hmacHex(sharedSecret, lifecyclePath+keyQuery+lifecycleBody)},
		{id: xpay.HeaderParts, what: "no digest", call: call, token: "xv2:" + second},
		{id: xpay.HeaderTooLong, call: call, token: "xv2:" + second + ":" + digest + ":" + strings.Repeat("0", 256), detail: "at most 256"},
		{id: xpay.DigestUpperCase, call: call, token: "xv2:" + second + ":" + strings.ToUpper(digest)},
		{id: xpay.DigestBase64, call: call, token: reencoded(right, base64.StdEncoding.EncodeToString)},
		{id: xpay.DigestBase64, what: "unpadded", call: call, token: reencoded(right, base64.RawStdEncoding.EncodeToString)},
		// This call's digest has one of the two characters that tell the alphabets apart.
		{id: xpay.DigestBase64URL, call: report(keyQuery + "&page=0"), token: reencoded(second+reportPath+keyQuery+"&page=0", base64.URLEncoding.EncodeToString)},
		{id: xpay.DigestBase64OfHex, call: call, token: "xv2:" + second + ":" + base64.StdEncoding.EncodeToString([]byte(digest))},
		{id: xpay.DigestTruncated, call: call, token: "xv2:" + second + ":" + digest[:40]},
	}
}

func timeCases() []mistaken {
	call := lifecycle()
	rest := lifecyclePath + keyQuery + lifecycleBody
	at := func(offset int) string { return fmt.Sprint(1700000000 + offset) }
	return []mistaken{
		{id: xpay.TimestampMilliseconds, what: "signed so too", call: call, token: tokenOf(second+"250", second+"250"+rest)},
		{id: xpay.TimestampMilliseconds, what: "seconds signed", call: call, token: tokenOf(second+"250", right)},
		{id: xpay.TimestampNotEpoch, what: "date", call: call, token: tokenOf("2023-11-14T22:13:20Z", "2023-11-14T22:13:20Z"+rest)},
		{id: xpay.TimestampNotEpoch, what: "fraction", call: call, token: tokenOf(second+".25", second+".25"+rest)},
		{id: xpay.TimestampNotEpoch, what: "nanoseconds", call: call, token: tokenOf(second+"000000000", second+"000000000"+rest)},
		{id: xpay.TimestampSignedMilliseconds, call: call, token: tokenOf(second, second+"987"+rest), detail: "signed: " + second + "987"},
		{id: xpay.TimestampTakenTwice, what: "later", call: call, token: tokenOf(second, at(1)+rest), detail: "signed: 1700000001"},
		{id: xpay.TimestampTakenTwice, what: "earlier", call: call, token: tokenOf(second, at(-3)+rest), detail: "signed: 1699999997"},
		{id: xpay.TimestampOmitted, call: call, token: tokenOf(second, rest)},
		{id: xpay.ClockBehind, call: call, token: tokenOf(at(-500), at(-500)+rest), detail: "500 s behind"},
		{id: xpay.ClockBehind, what: "in milliseconds", call: call, token: "xv2:1699999500000:" + hmacHex(sharedSecret, at(-500)+rest), detail: "500 s behind"},
		{id: xpay.ClockAhead, call: call, token: tokenOf(at(481), at(481)+rest), detail: "481 s ahead"},
		{id: xpay.ClockLocalTime, what: "ahead", call: call, token: tokenOf(at(19800-20), at(19800-20)+rest), detail: "19780 s ahead"},
		{id: xpay.ClockLocalTime, what: "behind", call: call, token: tokenOf(at(-5*3600-3), at(-5*3600-3)+rest), detail: "18003 s behind"},
		{id: xpay.ClockBehind, what: "farther than any time zone", call: call, token: tokenOf(at(-15*3600), at(-15*3600)+rest), detail: "54000 s behind"},
		{id: xpay.TokenReused, call: call, token: tokenOf(second, right), tweak: func(c *xpay.Case) { c.Replayed = true }},
	}
}

func pathCases() []mistaken {
	signed := func(path string) string { return tokenOf(second, second+path+keyQuery+lifecycleBody) }
	call := lifecycle()
	escaped := call
	escaped.Path = "/vtis/v1/tokens/DNI%20THE/details"
	rest := strings.TrimPrefix(lifecyclePath, "vtis/v1/")
	return []mistaken{
		{id: xpay.PathLeadingSlash, call: call, token: signed("/" + lifecyclePath)},
		{id: xpay.PathTrailingSlash, call: call, token: signed(lifecyclePath + "/")},
		{id: xpay.PathBothSlashes, call: call, token: signed("/" + lifecyclePath + "/")},
		{id: xpay.PathFirstSegmentDropped, call: call, token: signed("v1/" + rest)},
		{id: xpay.PathVersionDropped, call: call, token: signed("vtis/" + rest)},
		{id: xpay.PathPrefixDropped, call: call, token: signed(rest)},
		{id: xpay.PathDecoded, call: escaped, token: signed("vtis/v1/tokens/DNI THE/details")},
		{id: xpay.PathLowerCase, call: call, token: signed(strings.ToLower(lifecyclePath))},
		{id: xpay.PathHost, call: call, token: signed("vts.example:8443/" + lifecyclePath)},
		{id: xpay.PathHost, what: "without port", call: call, token: signed("vts.example/" + lifecyclePath)},
		{id: xpay.PathFullURL, call: call, token: signed("https://vts.example:8443/" + lifecyclePath)},
		{id: xpay.PathFullURL, what: "plain HTTP", call: call, token: signed("http://vts.example/" + lifecyclePath)},
		{id: xpay.PathOmitted, call: call, token: signed("")},
	}
}

func queryCases() []mistaken {
	made := func(id xpay.MistakeID, what, sent, signed string) mistaken {
		return mistaken{id: id, what: what, call: report(sent), token: tokenOf(second, second+reportPath+signed)}
	}
	all := []mistaken{
		made(xpay.QueryUnsorted, "", "page=0&"+keyQuery, "page=0&"+keyQuery),
		made(xpay.QuerySortedCaseless, "", "Zone=1&"+keyQuery, keyQuery+"&Zone=1"),
		made(xpay.QuerySortedAsText, "", "a=1&a-b=2&"+keyQuery, "a-b=2&a=1&"+keyQuery),
		made(xpay.QuerySortedBeforeEncoding, "", keyQuery+"&b%C3%A9=2&b~=1", keyQuery+"&b~=1&b%C3%A9=2"),
		made(xpay.QueryNotEncoded, "", keyQuery+"&t=08%3A57", keyQuery+"&t=08:57"),
		made(xpay.QueryPlusForSpace, "", keyQuery+"&t=a%20b", keyQuery+"&t=a+b"),
		made(xpay.QueryPlusLiteral, "", keyQuery+"&t=00:00+01:00", keyQuery+"&t=00%3A00%2B01%3A00"),
		made(xpay.QueryLowerCaseHex, "", keyQuery+"&t=08%3A57", keyQuery+"&t=08%3a57"),
		made(xpay.QueryMarksUnencoded, "", keyQuery+"&t=(08%3A57)", keyQuery+"&t=(08%3A57)"),
		made(xpay.QueryFormEncoded, "", keyQuery+"&t=~a%20%2A", keyQuery+"&t=%7Ea+*"),
		made(xpay.QueryEncodedTwice, "", keyQuery+"&t=08%3A57", keyQuery+"&t=08%253A57"),
		made(xpay.QueryEncodingAsSent, "", "t=08:57%2F1&"+keyQuery, keyQuery+"&t=08:57%2F1"),
		made(xpay.QueryVerbatim, "", "t=08:57%2F1&"+keyQuery+"&empty", "t=08:57%2F1&"+keyQuery+"&empty="),
		made(xpay.QueryEqualsMissing, "", keyQuery+"&flag=", keyQuery+"&flag"),
		made(xpay.QueryQuestionMark, "", keyQuery, "?"+keyQuery),
		made(xpay.QueryAPIKeyCase, "lower case signed", keyQuery, "apikey="+sampleKey),
		made(xpay.QueryAPIKeyOmitted, "", "page=0&"+keyQuery, "page=0"),
		made(xpay.QueryOmitted, "", "page=0&"+keyQuery, ""),
		made(xpay.QueryMalformed, "", keyQuery+"&rate=5%", keyQuery+"&rate=5%25"),
		made(xpay.APIKeyMissing, "", "page=0", "page=0"),
		made(xpay.APIKeyCase, "", "apikey="+sampleKey, "apikey="+sampleKey),
	}
	all[len(all)-1].detail = "sent: apikey"
	return all
}

func bodyCases() []mistaken {
	made := func(id xpay.MistakeID, what, sent, signed string) mistaken {
		call, token := signedBody(sent, signed)
		return mistaken{id: id, what: what, call: call, token: token}
	}
	pretty := func(indent string) string {
		return "{\n" + indent + `"operationReason": "CUSTOMER_CONFIRMED",` + "\n" + indent + `"encryptedData": "eyJ0.c2Ft"` + "\n}"
	}
	bare := lifecycle()
	bare.Body = nil
	return []mistaken{
		made(xpay.BodyTrimmed, "", " "+lifecycleBody+"\r\n", lifecycleBody),
		made(xpay.BodyTrailingNewline, "LF", lifecycleBody, lifecycleBody+"\n"),
		made(xpay.BodyTrailingNewline, "CR LF", lifecycleBody, lifecycleBody+"\r\n"),
		made(xpay.BodyLineEnds, "LF signed", "{\r\n\"a\":1\r\n}\r\n", "{\n\"a\":1\n}\n"),
		made(xpay.BodyLineEnds, "CR LF signed", "{\n\"a\":1\n}", "{\r\n\"a\":1\r\n}"),
		made(xpay.BodyCompact, "", pretty("   "), lifecycleBody),
		made(xpay.BodyIndentTwo, "", lifecycleBody, pretty("  ")),
		made(xpay.BodyIndentFour, "", lifecycleBody, pretty("    ")),
		made(xpay.BodyIndentTab, "", lifecycleBody, pretty("\t")),
		made(xpay.BodySpaced, "", `{"a":"x,\":y","b":[1,2]}`, `{"a": "x,\":y", "b": [1, 2]}`),
		made(xpay.BodyReordered, "", `{"b":1.50,"a":"<"}`, `{"a":"<","b":1.50}`),
		made(xpay.BodyEscapes, "HTML", `{"a":"<&>"}`, `{"a":"\u003c\u0026\u003e"}`),
		made(xpay.BodyEscapes, "slashes", `{"a":"x/y"}`, `{"a":"x\/y"}`),
		made(xpay.BodyEscapes, "non-ASCII", `{"a":"ü😀"}`, `{"a":"\u00fc\ud83d\ude00"}`),
		made(xpay.BodyEscapes, "unescaped", `{"a":"\u00fc\ud83d\ude00\/\u003c\n\u0009\u0022"}`, `{"a":"ü😀/<\n\u0009\u0022"}`),
		made(xpay.BodyLatin1, "", `{"a":"Grüße €"}`, "{\"a\":\"Gr\xfc\xdfe ?\"}"),
		made(xpay.BodyOmitted, "", lifecycleBody, ""),
		{id: xpay.BodyInvented, call: bare, token: tokenOf(second, second+lifecyclePath+keyQuery+"{}"), detail: "signed: {}"},
		{id: xpay.BodyInvented, what: "null", call: bare, token: tokenOf(second, second+lifecyclePath+keyQuery+"null"), detail: "signed: null"},
	}
}

func otherCases() []mistaken {
	call := lifecycle()
	keyed := func(key string) string { return "xv2:" + second + ":" + hmacHex(key, right) }
	others := func(c *xpay.Case) {
		c.Others = []xpay.Secret{xpay.NewSecret("issuer beacon", []byte("beacon-secret-2231")), xpay.NewSecret("issuer demo, production", []byte(otherSecret))}
	}
	secretIs := func(key string) func(*xpay.Case) {
		return func(c *xpay.Case) { c.Secrets = []xpay.Secret{xpay.NewSecret("issuer demo", []byte(key))} }
	}
	bare := report(keyQuery)
	return []mistaken{
		{id: xpay.PartsSeparated, call: call, token: tokenOf(second, strings.Join([]string{second, lifecyclePath, keyQuery, lifecycleBody}, "\n")), detail: "a line feed"},
		{id: xpay.PartsSeparated, what: "without body", call: bare, token: tokenOf(second, second+"|"+reportPath+"|"+keyQuery), detail: "a bar, not around empty parts"},
		{id: xpay.PartsReordered, call: call, token: tokenOf(second, lifecyclePath+keyQuery+lifecycleBody+second), detail: "signed: path, query, body, timestamp"},
		{id: xpay.MethodIncluded, call: call, token: tokenOf(second, "POST"+right), detail: "at the beginning"},
		{id: xpay.MethodIncluded, what: "second", call: call, token: tokenOf(second, second+"POST"+right[len(second):]), detail: "after the timestamp"},
		{id: xpay.SecretOfAnother, call: call, token: keyed(otherSecret), detail: "signed with: issuer demo, production", tweak: others},
		{id: xpay.SecretOfAnother, what: "for an unknown API key", call: call, token: keyed(otherSecret), detail: "issuer demo, production",
			tweak: func(c *xpay.Case) { others(c); c.Secrets = nil }},
		{id: xpay.SecretWhitespace, call: call, token: keyed(sharedSecret + "\n"), detail: "a line feed"},
		{id: xpay.SecretWhitespace, what: "trimmed", call: call, token: keyed("has a blank"), detail: "trimmed", tweak: secretIs("has a blank ")},
		{id: xpay.SecretDecoded, what: "hexadecimal", call: call, token: keyed("\x01\x02\xab"), detail: "hexadecimal", tweak: secretIs("0102ab")},
		{id: xpay.SecretDecoded, what: "Base64", call: call, token: keyed("\xff\xefsecret"), detail: "Base64", tweak: secretIs("/+9zZWNyZXQ=")},
		{id: xpay.SecretDecoded, what: "Base64URL", call: call, token: keyed("\xff\xefsecret"), detail: "Base64URL", tweak: secretIs("_-9zZWNyZXQ")},
		{id: xpay.SecretEncoded, call: call, token: keyed(base64.StdEncoding.EncodeToString([]byte(sharedSecret))), detail: "Base64"},
		{id: xpay.SecretEncoded, what: "hexadecimal", call: call, token: keyed(hex.EncodeToString([]byte(sharedSecret))), detail: "hexadecimal"},
		{id: xpay.SecretAPIKey, call: call, token: keyed(sampleKey)},
		{id: xpay.SecretEmpty, call: call, token: keyed("")},
		{id: xpay.HashSecretFirst, call: call, token: plainSHA256(sharedSecret + right)},
		{id: xpay.HashSecretLast, call: call, token: plainSHA256(right + sharedSecret)},
		{id: xpay.HashWithoutSecret, call: call, token: plainSHA256(right)},
		{id: xpay.HMACSHA1, call: call, token: withAlgorithm(sha1.New, sharedSecret, right)},
		{id: xpay.HMACSHA384, call: call, token: withAlgorithm(sha512.New384, sharedSecret, right)},
		{id: xpay.HMACSHA512, call: call, token: withAlgorithm(sha512.New, sharedSecret, right)},
		{id: xpay.HMACSwapped, call: call, token: "xv2:" + second + ":" + hmacHex(right, sharedSecret)},
	}
}
