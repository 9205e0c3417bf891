package xpay

import (
	"net"
	"slices"
	"strings"
)

func pathMistakes() []entry {
	keep := "Sign the path as it stands in the URL, from the product's name on, without the slashes at its ends."
	base := func(b pathBase) func(subject) []variant { return one(func(r *recipe) { r.path.base = b }) }
	return []entry{
		{id: PathLeadingSlash, axes: axisPathSlash, variants: one(func(r *recipe) { r.path.leading = true }),
			title: "The path was signed with its leading slash.", mend: "Cut the leading slash off the signed path."},
		{id: PathTrailingSlash, axes: axisPathSlash, variants: one(func(r *recipe) { r.path.trailing = true }),
			title: "The path was signed with a slash at its end.", mend: "Cut the slash off the end of the signed path."},
		{id: PathBothSlashes, axes: axisPathSlash, variants: one(func(r *recipe) { r.path.leading, r.path.trailing = true, true }),
			title: "The path was signed with slashes at both ends.", mend: "Cut the slashes off both ends of the signed path."},
		{id: PathFirstSegmentDropped, axes: axisPathBase, variants: base(pathWithoutFirst),
			title: "The path was signed without its first segment.", mend: keep},
		{id: PathVersionDropped, axes: axisPathBase, variants: base(pathWithoutVersion),
			title: "The path was signed without the version.", mend: keep},
		{id: PathPrefixDropped, axes: axisPathBase, variants: base(pathWithoutPrefix),
			title: "The path was signed without product and version.", mend: keep},
		{id: PathDecoded, axes: axisPathBase, variants: base(pathPercentDecoded),
			title: "The path was signed with its percent escapes decoded.", mend: "Sign the path's characters as they are sent."},
		{id: PathLowerCase, axes: axisPathBase, variants: base(pathLower),
			title: "The path was signed in lower case.", mend: "Sign the path's characters as they are sent."},
		{id: PathHost, axes: axisPathBase | axisPathSlash, variants: hosts(""),
			title: "The host was signed before the path.", mend: keep},
		{id: PathFullURL, axes: axisPathBase | axisPathSlash, variants: hosts("https://", "http://"),
			title: "The whole URL was signed.", mend: keep},
		{id: PathOmitted, axes: axisPathBase | axisPathSlash, variants: base(pathNone),
			title: "The path was not signed.", mend: keep},
	}
}

// hosts puts the call's host in front of the path, with and without its port.
func hosts(schemes ...string) func(subject) []variant {
	return func(s subject) []variant {
		if s.call.Host == "" {
			return nil
		}
		names := []string{s.call.Host}
		if name, _, err := net.SplitHostPort(s.call.Host); err == nil {
			names = append(names, name)
		} else {
			names = append(names, net.JoinHostPort(s.call.Host, "443"))
		}
		var variants []variant
		for _, scheme := range schemes {
			for _, name := range names {
				before := scheme + name
				variants = append(variants, variant{change: func(r *recipe) { r.path.before = before }})
			}
		}
		return variants
	}
}

func queryMistakes() []entry {
	order := func(o queryOrder) func(subject) []variant { return one(func(r *recipe) { r.query.order = o }) }
	encoding := func(e queryEncoding) func(subject) []variant {
		return one(func(r *recipe) { r.query.encoding = e })
	}
	sorted := "Encode names and values first, then sort the parameters by name and by value, byte by byte."
	encoded := "Encode names and values per RFC 3986: letters, digits and -._~ as they are, every other byte as % and two upper-case hexadecimal digits."
	return []entry{
		{id: QueryUnsorted, axes: axisQueryOrder, variants: order(orderAsSent), title: "The parameters were signed in the order of the URL.", mend: sorted},
		{id: QuerySortedCaseless, axes: axisQueryOrder, variants: order(orderCaseless), title: "The parameters were sorted without regard to case.", mend: sorted},
		{id: QuerySortedAsText, axes: axisQueryOrder, variants: order(orderAsText), title: "The parameters were sorted as whole name=value strings.", mend: sorted},
		{id: QuerySortedBeforeEncoding, axes: axisQueryOrder, variants: order(orderBeforeEncoding), title: "The parameters were sorted before they were encoded.", mend: sorted},
		{id: QueryNotEncoded, axes: axisQueryEncoding, variants: encoding(encodeNothing), title: "The query was signed without percent-encoding.", mend: encoded},
		{id: QueryPlusForSpace, axes: axisQueryEncoding, variants: encoding(encodeSpaceAsPlus), title: "A space was signed as '+'.", mend: "Sign a space as %20."},
		{id: QueryPlusLiteral, axes: axisQueryEncoding, variants: encoding(encodePlusLiteral), title: "A '+' of the URL was signed as a plus sign; servers read it as a space.", mend: "Send a plus sign as %2B and sign it so."},
		{id: QueryLowerCaseHex, axes: axisQueryEncoding, variants: encoding(encodeLowerHex), title: "Percent escapes were signed with lower-case hexadecimal digits.", mend: "Sign percent escapes with upper-case hexadecimal digits."},
		{id: QueryMarksUnencoded, axes: axisQueryEncoding, variants: encoding(encodeComponent), title: "The characters !'()* were signed unencoded.", mend: encoded},
		{id: QueryFormEncoded, axes: axisQueryEncoding, variants: encoding(encodeForm), title: "The query was signed in the encoding of HTML forms.", mend: encoded},
		{id: QueryEncodedTwice, axes: axisQueryEncoding, variants: encoding(encodeTwice), title: "The query was encoded twice before signing.", mend: "Encode the plain names and values, once."},
		{id: QueryEncodingAsSent, axes: axisQueryEncoding, variants: encoding(encodeAsSent), title: "The parameters were sorted, but signed with the escapes of the URL.", mend: encoded},
		{id: QueryVerbatim, axes: axisQueryOrder | axisQueryEncoding | axisQueryEquals,
			variants: one(func(r *recipe) { r.query.order, r.query.encoding = orderAsSent, encodeAsSent }),
			title:    "The query was signed exactly as it stands in the URL.", mend: encoded + " " + sorted},
		{id: QueryEqualsMissing, axes: axisQueryEquals, variants: one(func(r *recipe) { r.query.equalsAbsent = true }),
			title: "The '=' of an empty value was not signed.", mend: "Sign a '=' after every name, also when its value is empty."},
		{id: QueryQuestionMark, axes: axisQueryMark, variants: one(func(r *recipe) { r.query.questionMark = true }),
			title: "The question mark was signed.", mend: "Put the query right behind the path, without a question mark."},
		{id: QueryAPIKeyCase, axes: axisQueryKey, variants: respelled,
			title: "The API key's parameter was signed in other capitals than sent.", mend: "Send and sign it as {apiKey}."},
		{id: QueryAPIKeyOmitted, axes: axisQueryKey, variants: keyDropped,
			title: "The API key's parameter was not signed.", mend: "Sign every parameter of the URL, {apiKey} too."},
		{id: QueryOmitted, axes: axisQuery, variants: one(func(r *recipe) { r.query.omitted = true }),
			title: "The query was not signed.", mend: "Sign the query, canonical, between path and body."},
		{id: QueryMalformed, title: "The URL has a percent sign that two hexadecimal digits don't follow.", mend: "Send a percent sign as %25."},
		{id: APIKeyMissing, title: "The URL has no {apiKey}.", mend: "Send your API key in the query of every call, as {apiKey}=… (INT-003)."},
		{id: APIKeyCase, title: "The URL spells {apiKey} in other capitals.", mend: "Send the parameter as {apiKey}, in these capitals (INT-003)."},
	}
}

func respelled(s subject) []variant {
	if s.apiKeyName == "" {
		return nil
	}
	name := s.rules.APIKeyParameter
	var variants []variant
	for _, spelling := range []string{strings.ToLower(name), name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
		if slices.ContainsFunc(variants, func(v variant) bool { return v.detail == "signed: "+spelling }) {
			continue
		}
		variants = append(variants, variant{detail: "signed: " + spelling, change: func(r *recipe) { r.query.respellName, r.query.respelledName = name, spelling }})
	}
	return variants
}

func keyDropped(s subject) []variant {
	if s.apiKeyName == "" {
		return nil
	}
	return []variant{{change: func(r *recipe) { r.query.dropName = s.rules.APIKeyParameter }}}
}

func bodyMistakes() []entry {
	same := "Sign the very bytes that are sent: serialise once, keep the bytes, sign them and send them."
	layout := func(l bodyLayout) func(subject) []variant { return one(func(r *recipe) { r.body.layout = l }) }
	return []entry{
		{id: BodyTrimmed, axes: axisBodyTail, variants: one(func(r *recipe) { r.body.tail = tailTrimmed }),
			title: "The body was signed without the blanks or line ends around it.", mend: same},
		{id: BodyTrailingNewline, axes: axisBodyTail, variants: tails, title: "The body was signed with a line end that was not sent.", mend: same},
		{id: BodyLineEnds, axes: axisBodyLayout, variants: lineEnds, title: "The body's line ends changed between signing and sending.", mend: same},
		{id: BodyCompact, axes: axisBodyLayout, variants: layout(layoutCompact), title: "The body was signed compact and sent with extra blanks.", mend: same},
		{id: BodyIndentTwo, axes: axisBodyLayout, variants: layout(layoutTwo), title: "The body was signed pretty-printed with two spaces.", mend: same},
		{id: BodyIndentFour, axes: axisBodyLayout, variants: layout(layoutFour), title: "The body was signed pretty-printed with four spaces.", mend: same},
		{id: BodyIndentTab, axes: axisBodyLayout, variants: layout(layoutTab), title: "The body was signed pretty-printed with tabs.", mend: same},
		{id: BodySpaced, axes: axisBodyLayout, variants: layout(layoutSpaced), title: "The body was signed with a space after each colon and comma.", mend: same},
		{id: BodyReordered, axes: axisBodyLayout, variants: layout(layoutReordered), title: "The body was signed compact with its members in alphabetical order.", mend: same},
		{id: BodyEscapes, axes: axisBodyEscape, variants: escapes, title: "Characters of the body were escaped differently when it was signed.", mend: same},
		{id: BodyLatin1, axes: axisBodyEscape, variants: one(func(r *recipe) { r.body.escape = charsetLatin1 }),
			title: "The body was signed in ISO 8859-1.", mend: "Turn the body into bytes as UTF-8, naming the charset instead of taking the platform's. " + same},
		{id: BodyOmitted, axes: axisBody, variants: one(func(r *recipe) { r.body.omitted = true }),
			title: "The body was not signed.", mend: "Sign the body's bytes last."},
		{id: BodyInvented, axes: axisBody, variants: invented,
			title: "A body was signed though none was sent.", mend: "Sign nothing after the query when the call has no body."},
	}
}

func tails(subject) []variant {
	return []variant{
		{detail: "LF", change: func(r *recipe) { r.body.tail = tailLineFeed }},
		{detail: "CR LF", change: func(r *recipe) { r.body.tail = tailCarriageReturn }},
	}
}

func lineEnds(subject) []variant {
	return []variant{
		{detail: "signed with LF", change: func(r *recipe) { r.body.layout = layoutLineFeeds }},
		{detail: "signed with CR LF", change: func(r *recipe) { r.body.layout = layoutCarriageReturns }},
	}
}

func escapes(subject) []variant {
	return []variant{
		{detail: `signed with <, > and & as \u escapes`, change: func(r *recipe) { r.body.escape = escapeHTML }},
		{detail: `signed with / as \/`, change: func(r *recipe) { r.body.escape = escapeSlashes }},
		{detail: `signed with non-ASCII characters as \u escapes`, change: func(r *recipe) { r.body.escape = escapeNonASCII }},
		{detail: "signed without the escapes that were sent", change: func(r *recipe) { r.body.escape = unescaped }},
	}
}

func invented(s subject) []variant {
	if len(s.call.Body) > 0 {
		return nil
	}
	var variants []variant
	for _, text := range []string{"{}", "null", `""`, "undefined", "[]", "None"} {
		variants = append(variants, variant{detail: "signed: " + text, change: func(r *recipe) { r.body.invented = text }})
	}
	return variants
}
