package xpay

// MistakeID names a known mistake. Ids never change their meaning.
type MistakeID string

// Mistakes in the header's form.
const (
	// HeaderMissing: the call carries no token at all.
	HeaderMissing MistakeID = "header-missing"
	// HeaderQuoted: the whole value stands in quotation marks.
	HeaderQuoted MistakeID = "header-quoted"
	// HeaderNameRepeated: the value begins with the header's own name, as in the spec's printed example.
	HeaderNameRepeated MistakeID = "header-name-repeated"
	// HeaderSpaces: there are blanks around the colons, as in the spec's printed concatenation.
	HeaderSpaces MistakeID = "header-spaces"
	// HeaderScheme: the scheme is missing, in other capitals, or another one.
	HeaderScheme MistakeID = "header-scheme"
	// HeaderOrder: digest and timestamp changed places.
	HeaderOrder MistakeID = "header-order"
	// HeaderParts: the value has too few or too many parts, or other separators.
	HeaderParts MistakeID = "header-parts"
	// HeaderTooLong: the value is longer than the rule allows.
	HeaderTooLong MistakeID = "header-too-long"
)

// Mistakes with time.
const (
	// TimestampMilliseconds: the header's timestamp is in milliseconds.
	TimestampMilliseconds MistakeID = "timestamp-milliseconds"
	// TimestampNotEpoch: the header's timestamp is a date, a fraction, or something else that is not a whole number.
	TimestampNotEpoch MistakeID = "timestamp-not-epoch"
	// TimestampSignedMilliseconds: the header has seconds, the signed string milliseconds.
	TimestampSignedMilliseconds MistakeID = "timestamp-signed-milliseconds"
	// TimestampTakenTwice: the clock was read once for the header and once for the signed string, with a second's turn between.
	TimestampTakenTwice MistakeID = "timestamp-taken-twice"
	// TimestampOmitted: the signed string has no timestamp.
	TimestampOmitted MistakeID = "timestamp-omitted"
	// ClockBehind: the timestamp is too old: a clock that is slow, or a token that was kept.
	ClockBehind MistakeID = "clock-behind"
	// ClockAhead: the timestamp is too far in the future: a clock that is fast.
	ClockAhead MistakeID = "clock-ahead"
	// ClockLocalTime: the timestamp is off by a whole number of half hours: local time was taken for UTC.
	ClockLocalTime MistakeID = "clock-local-time"
	// TokenReused: the token was accepted before, and single use is on.
	TokenReused MistakeID = "token-reused"
)

// Mistakes with the path.
const (
	// PathLeadingSlash: the path was signed with its leading slash.
	PathLeadingSlash MistakeID = "path-leading-slash"
	// PathTrailingSlash: the path was signed with a slash at its end.
	PathTrailingSlash MistakeID = "path-trailing-slash"
	// PathBothSlashes: the path was signed with a slash at both ends.
	PathBothSlashes MistakeID = "path-both-slashes"
	// PathFirstSegmentDropped: the product's name is missing from the signed path, the version is there, as other APIs of the same house want it.
	PathFirstSegmentDropped MistakeID = "path-first-segment-dropped"
	// PathVersionDropped: the version is missing from the signed path.
	PathVersionDropped MistakeID = "path-version-dropped"
	// PathPrefixDropped: product and version are missing from the signed path, the API's name alone was taken.
	PathPrefixDropped MistakeID = "path-prefix-dropped"
	// PathDecoded: percent escapes of the path were decoded before signing.
	PathDecoded MistakeID = "path-decoded"
	// PathLowerCase: the path was signed in lower case.
	PathLowerCase MistakeID = "path-lower-case"
	// PathHost: the host stands before the signed path.
	PathHost MistakeID = "path-host"
	// PathFullURL: the whole URL was signed instead of the path.
	PathFullURL MistakeID = "path-full-url"
	// PathOmitted: the signed string has no path.
	PathOmitted MistakeID = "path-omitted"
)

// Mistakes with the query string.
const (
	// QueryUnsorted: parameters were signed in the order of the URL.
	QueryUnsorted MistakeID = "query-unsorted"
	// QuerySortedCaseless: parameters were sorted without regard to case.
	QuerySortedCaseless MistakeID = "query-sorted-caseless"
	// QuerySortedAsText: name=value pairs were sorted as whole strings.
	QuerySortedAsText MistakeID = "query-sorted-as-text"
	// QuerySortedBeforeEncoding: parameters were sorted first and encoded afterwards.
	QuerySortedBeforeEncoding MistakeID = "query-sorted-before-encoding"
	// QueryNotEncoded: names and values were signed without any percent-encoding.
	QueryNotEncoded MistakeID = "query-not-encoded"
	// QueryPlusForSpace: a space was signed as '+'.
	QueryPlusForSpace MistakeID = "query-plus-for-space"
	// QueryPlusLiteral: a '+' of the URL was meant and signed as a plus sign, where servers read a space.
	QueryPlusLiteral MistakeID = "query-plus-literal"
	// QueryLowerCaseHex: percent escapes were signed with lower-case hexadecimal digits.
	QueryLowerCaseHex MistakeID = "query-lower-case-hex"
	// QueryMarksUnencoded: !'()* were left as they are, as JavaScript's encodeURIComponent does.
	QueryMarksUnencoded MistakeID = "query-marks-unencoded"
	// QueryFormEncoded: the encoding was that of HTML forms, as Java's URLEncoder writes it.
	QueryFormEncoded MistakeID = "query-form-encoded"
	// QueryEncodedTwice: what was encoded already was encoded again.
	QueryEncodedTwice MistakeID = "query-encoded-twice"
	// QueryEncodingAsSent: parameters were sorted, but signed with the escapes of the URL.
	QueryEncodingAsSent MistakeID = "query-encoding-as-sent"
	// QueryVerbatim: the query string was signed exactly as it stands in the URL.
	QueryVerbatim MistakeID = "query-verbatim"
	// QueryEqualsMissing: the '=' of an empty value was left out.
	QueryEqualsMissing MistakeID = "query-equals-missing"
	// QueryQuestionMark: the question mark was signed.
	QueryQuestionMark MistakeID = "query-question-mark"
	// QueryAPIKeyCase: the API key's parameter was signed in other capitals than sent.
	QueryAPIKeyCase MistakeID = "query-api-key-case"
	// QueryAPIKeyOmitted: the API key's parameter was sent, but not signed.
	QueryAPIKeyOmitted MistakeID = "query-api-key-omitted"
	// QueryOmitted: the signed string has no query.
	QueryOmitted MistakeID = "query-omitted"
	// QueryMalformed: the URL has a percent sign without two hexadecimal digits.
	QueryMalformed MistakeID = "query-malformed"
	// APIKeyMissing: the URL has no API key at all, so the call is refused whatever its digest (INT-003).
	APIKeyMissing MistakeID = "api-key-missing"
	// APIKeyCase: the URL spells the API key's parameter in other capitals, so the call is refused whatever its digest (INT-003).
	APIKeyCase MistakeID = "api-key-case"
)

// Mistakes with the body.
const (
	// BodyTrimmed: blanks or line ends around the body were cut off before signing.
	BodyTrimmed MistakeID = "body-trimmed"
	// BodyTrailingNewline: the body was signed with a line end that was not sent.
	BodyTrailingNewline MistakeID = "body-trailing-newline"
	// BodyLineEnds: line ends changed between signing and sending.
	BodyLineEnds MistakeID = "body-line-ends"
	// BodyCompact: JSON was signed compact and sent with extra blanks.
	BodyCompact MistakeID = "body-compact"
	// BodyIndentTwo: JSON was signed pretty-printed with two spaces.
	BodyIndentTwo MistakeID = "body-indent-two"
	// BodyIndentFour: JSON was signed pretty-printed with four spaces.
	BodyIndentFour MistakeID = "body-indent-four"
	// BodyIndentTab: JSON was signed pretty-printed with tabs.
	BodyIndentTab MistakeID = "body-indent-tab"
	// BodySpaced: JSON was signed with a space after each colon and comma, as Python writes it.
	BodySpaced MistakeID = "body-spaced"
	// BodyReordered: JSON was signed compact with its members in alphabetical order.
	BodyReordered MistakeID = "body-reordered"
	// BodyEscapes: characters were escaped when the JSON was signed and not when it was sent, or the other way round.
	BodyEscapes MistakeID = "body-escapes"
	// BodyLatin1: the body was signed in ISO 8859-1 and sent in UTF-8.
	BodyLatin1 MistakeID = "body-latin1"
	// BodyOmitted: a body was sent, but not signed.
	BodyOmitted MistakeID = "body-omitted"
	// BodyInvented: no body was sent, but an empty object, null or the like was signed.
	BodyInvented MistakeID = "body-invented"
)

// Mistakes in putting the parts together.
const (
	// PartsSeparated: something stands between the parts of the signed string.
	PartsSeparated MistakeID = "parts-separated"
	// PartsReordered: the parts were signed in another order.
	PartsReordered MistakeID = "parts-reordered"
	// MethodIncluded: the HTTP method was signed too.
	MethodIncluded MistakeID = "method-included"
)

// Mistakes with the secret.
const (
	// SecretOfAnother: the secret of another environment or issuer was used.
	SecretOfAnother MistakeID = "secret-of-another"
	// SecretWhitespace: the secret was used with blanks or a line end around it, or without those that it has.
	SecretWhitespace MistakeID = "secret-whitespace"
	// SecretDecoded: the secret was decoded from hexadecimal or Base64 before use.
	SecretDecoded MistakeID = "secret-decoded"
	// SecretEncoded: the secret was encoded as hexadecimal or Base64 before use.
	SecretEncoded MistakeID = "secret-encoded"
	// SecretAPIKey: the API key was used as the secret.
	SecretAPIKey MistakeID = "secret-api-key"
	// SecretEmpty: the secret was empty when the call was signed.
	SecretEmpty MistakeID = "secret-empty"
)

// Mistakes with the digest.
const (
	// HashSecretFirst: a plain hash of secret and message instead of a keyed one.
	HashSecretFirst MistakeID = "hash-secret-first"
	// HashSecretLast: a plain hash of message and secret instead of a keyed one.
	HashSecretLast MistakeID = "hash-secret-last"
	// HashWithoutSecret: a plain hash of the message, no secret at all.
	HashWithoutSecret MistakeID = "hash-without-secret"
	// HMACSHA1: the keyed hash was made with SHA-1.
	HMACSHA1 MistakeID = "hmac-sha1"
	// HMACSHA384: the keyed hash was made with SHA-384.
	HMACSHA384 MistakeID = "hmac-sha384"
	// HMACSHA512: the keyed hash was made with SHA-512.
	HMACSHA512 MistakeID = "hmac-sha512"
	// HMACSwapped: secret and message changed places in the keyed hash.
	HMACSwapped MistakeID = "hmac-swapped"
	// DigestUpperCase: hexadecimal digits in upper case; accepted with a warning (INT-001).
	DigestUpperCase MistakeID = "digest-upper-case"
	// DigestBase64: Base64 instead of hexadecimal.
	DigestBase64 MistakeID = "digest-base64"
	// DigestBase64URL: Base64URL instead of hexadecimal.
	DigestBase64URL MistakeID = "digest-base64url"
	// DigestBase64OfHex: Base64 around the hexadecimal digits.
	DigestBase64OfHex MistakeID = "digest-base64-of-hex"
	// DigestTruncated: the digest was cut off, by a column or a variable that is too short.
	DigestTruncated MistakeID = "digest-truncated"
)

// Mistake is one entry of the catalogue, or one finding of the doctor.
type Mistake struct {
	// ID is for machines.
	ID MistakeID `json:"id"`
	// Title says what was done.
	Title string `json:"title"`
	// Explains is true when undoing this mistake, together with the other ones that explain, makes the token right: proven by
	// reproducing the received digest, or evident where there is no digest. False is a thing seen that proves nothing.
	Explains bool `json:"explains"`
	// Mend says how to do it right.
	Mend string `json:"mend"`
	// Detail is what this call adds: which issuer's secret, how many seconds, which character. Empty where there is nothing to add.
	Detail string `json:"detail,omitempty"`
}
