package jose

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// headers are the headers that could be read, with their names.
func (s *specimen) headers() []headerCheck {
	var found []headerCheck
	if s.jws != nil && s.jws.readable {
		found = append(found, headerCheck{members: s.jws.header, rules: s.rules, what: "JWS header", layer: LayerJWSHeader})
	}
	if s.jwe != nil && s.jwe.readable {
		found = append(found, headerCheck{members: s.jwe.header, rules: s.rules, what: "JWE header", layer: LayerJWEHeader})
	}
	return found
}

// anyHeader looks at both headers and joins what it finds.
func (s *specimen) anyHeader(look func(h headerCheck) (string, bool)) (string, bool) {
	var details []string
	for _, h := range s.headers() {
		if detail, found := look(h); found {
			details = append(details, h.what+": "+detail)
		}
	}
	return strings.Join(details, "; "), len(details) > 0
}

// inBoth is a cause that either header can have.
func inBoth(reasons ...Reason) []cause {
	var causes []cause
	for _, reason := range reasons {
		causes = append(causes, cause{LayerJWSHeader, reason}, cause{LayerJWEHeader, reason})
	}
	return causes
}

// headerEntries are the members of the headers but alg, enc and times.
func headerEntries() []entry {
	return []entry{
		{MistakeHeaderMalformed, "A header cannot be read", "Each header is one JSON object in UTF-8, encoded as base64url.", "{pages}",
			inBoth(ReasonHeaderMalformed), lookMalformed},
		{MistakeHeaderDuplicate, "A header member stands twice", "Send each member once; receivers differ in which of the two they take.", "{pages}",
			inBoth(ReasonHeaderDuplicate),
			func(s *specimen) (string, bool) {
				return s.anyHeader(func(h headerCheck) (string, bool) {
					return quoteAll(h.duplicates), len(h.duplicates) > 0
				})
			}},
		{MistakeExtension, "A header demands extensions", "Leave crit and b64 out.", "{pages}",
			append(inBoth(ReasonCritical), cause{LayerJWSHeader, ReasonUnencodedPayload}),
			func(s *specimen) (string, bool) {
				return s.anyHeader(func(h headerCheck) (string, bool) {
					return "crit or b64", h.has(memberCritical) || h.has(memberB64) && h.layer == LayerJWSHeader
				})
			}},
		{MistakeCompressed, "Compressed before it was encrypted", "Switch compression off; zip is not used.", "{jwePage}",
			inBoth(ReasonCompressed),
			func(s *specimen) (string, bool) {
				return s.anyHeader(func(h headerCheck) (string, bool) { return "zip", h.has(memberCompression) })
			}},
		{MistakeType, "typ is wrong or missing", "Write typ {typ} into both headers.", "{pages}", inBoth(ReasonType), lookType},
		{MistakeContentType, "cty is wrong", "Write cty {cty} into the JWS header, or leave it out.", "{jwsPage}",
			[]cause{{LayerJWSHeader, ReasonContentType}},
			func(s *specimen) (string, bool) {
				return s.anyHeader(func(h headerCheck) (string, bool) {
					value, present, _ := h.text(memberContentType)
					return "cty is " + quote(value), h.layer == LayerJWSHeader && present && value != s.rules.ContentType
				})
			}},
		{MistakeKeyIDUnusable, "kid is missing or unusable", "Name the key: a string of at most {kidLength} characters.", "{kidPage}",
			inBoth(ReasonKeyIDMissing, ReasonKeyIDMalformed),
			func(s *specimen) (string, bool) {
				return s.anyHeader(func(h headerCheck) (string, bool) {
					_, refused := h.keyID()
					if refused == nil {
						return "", false
					}
					return strings.TrimPrefix(refused.Message, h.what+": "), true
				})
			}},
		{MistakeKeyIDsSwapped, "The two kids are swapped", "kid of the JWE header names the recipient's key, kid of the JWS header the signer's.", "{kidPage}",
			[]cause{{LayerJWSHeader, ReasonKeyIDUnknown}},
			func(s *specimen) (string, bool) { return "each names a key of the other kind", s.kidsSwapped() }},
		{MistakeKeyIDUnknown, "kid names no known key", "Compare kid with the id that was exchanged at onboarding; ids are case-sensitive.", "{kidPage}",
			inBoth(ReasonKeyIDUnknown), lookKeyIDUnknown},
		{MistakeKeyInHeader, "A key or certificate in a header", "Leave it out: it is ignored, kid alone chooses the key.", "{pages}",
			inBoth(ReasonHeaderMalformed),
			func(s *specimen) (string, bool) {
				return s.anyHeader(func(h headerCheck) (string, bool) {
					carriers := slices.DeleteFunc(slices.Clone(h.names), func(name string) bool { return !slices.Contains(keyCarriers, name) })
					return quoteAll(carriers), len(carriers) > 0
				})
			}},
	}
}

// lookMalformed leaves to MistakeKeyInHeader what only go-jose cannot read.
func lookMalformed(s *specimen) (string, bool) {
	switch {
	case s.jws != nil && !s.jws.readable && (looksJSON(string(s.jws.raw)) || s.jwe != nil && s.jwe.readable):
		return "the JWS header", true
	case s.jwe != nil && !s.jwe.readable && (s.jws != nil && s.jws.readable || looksJSON(string(s.jwe.raw))):
		return "the JWE header", true
	}
	return "", false
}

func lookType(s *specimen) (string, bool) {
	return s.anyHeader(func(h headerCheck) (string, bool) {
		value, present, _ := h.text(memberType)
		switch {
		case present && value != s.rules.Type:
			return "typ is " + quote(value), true
		case !present && h.layer == LayerJWEHeader:
			return "typ is missing", true
		}
		return "", false
	})
}

func (s *specimen) kidsSwapped() bool {
	if s.jws == nil || s.jwe == nil {
		return false
	}
	outer, _, _ := s.jws.header.text(memberKeyID)
	inner, _, _ := s.jwe.header.text(memberKeyID)
	openers, _ := s.c.Keys.decryptionKeys(outer, s.hub, false)
	verifiers, _ := s.c.Keys.verificationKeys(inner, false)
	return outer != inner && len(openers) > 0 && len(verifiers) > 0
}

func lookKeyIDUnknown(s *specimen) (string, bool) {
	if s.kidsSwapped() {
		return "", false
	}
	return s.anyHeader(func(h headerCheck) (string, bool) {
		id, _, _ := h.text(memberKeyID)
		if id == "" || utf8.RuneCountInString(id) > s.rules.KeyID.MaxLength {
			return "", false
		}
		known, label, fits := s.named(h.layer, id)
		altered := h.layer == LayerJWSHeader && s.signature.fits && s.signature.way == signedKeyID ||
			h.layer == LayerJWEHeader && s.text.way == textHeaderProven && s.text.sealedAs == memberKeyID
		if known || altered {
			return "", false
		}
		detail := showID(id)
		if label != "" {
			detail += ", the id of " + quote(label) + ", which is not this party's"
		}
		if fits != "" {
			detail += "; the key that fits is " + quote(fits)
		}
		return detail, true
	})
}

// named reports whether this party has a key with the id of that header; of an id that only others have it gives the label,
// and in fits the label of the key that made or opens the envelope.
func (s *specimen) named(layer Layer, id string) (known bool, label, fits string) {
	if layer == LayerJWSHeader {
		own, _ := s.c.Keys.verificationKeys(id, false)
		if others, _ := s.c.Known.verificationKeys(id, false); len(others) > 0 {
			label = others[0].Label
		}
		return len(own) > 0, label, s.signature.label
	}
	own, _ := s.c.Keys.decryptionKeys(id, s.hub, false)
	if others, _ := s.c.Known.decryptionKeys(id, s.hub, false); len(others) > 0 {
		label = others[0].Label
	}
	return len(own) > 0, label, s.key.label
}

func quoteAll(values []string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = quote(value)
	}
	return strings.Join(quoted, ", ")
}
