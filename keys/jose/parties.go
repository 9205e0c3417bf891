package jose

import (
	"strings"
	"unicode/utf8"
)

// isClientID reports whether a text may be a vClientID. The tables say alphanumeric; ids in practice are UUIDs or have a
// suffix, so hyphen and underscore pass too.
func isClientID(text string) bool {
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			continue
		}
		return false
	}
	return text != ""
}

// issuer reads iss (p.41, p.224).
func (h headerCheck) issuer(required bool) (string, *Refused) {
	h.layer, h.cite = LayerAudience, page(h.rules.Issuer.Page)
	value, present, isText := h.text(memberIssuer)
	switch {
	case !present && required:
		return "", h.refuse(ReasonIssuerMissing, "iss is missing: name the originator's vClientID")
	case !present:
		return "", nil
	case !isText:
		return "", h.refuse(ReasonIssuerMalformed, "iss is %s where a string is due", kind(h.values[memberIssuer]))
	case utf8.RuneCountInString(value) > h.rules.Issuer.MaxLength:
		return "", h.refuse(ReasonIssuerMalformed, "iss has %d characters where at most %d are allowed", utf8.RuneCountInString(value), h.rules.Issuer.MaxLength)
	case !isClientID(value):
		return "", h.refuse(ReasonIssuerMalformed, "iss is empty or has characters that no vClientID has")
	}
	return value, nil
}

// audience reads aud: client ids with commas between (p.41, p.224, INT-026). blanks says that some stood around them.
func (h headerCheck) audience(required bool, maxItems int) (ids []string, blanks bool, refused *Refused) {
	h.layer, h.cite = LayerAudience, page(h.rules.Audience.Page)
	value, present, isText := h.text(memberAudience)
	switch {
	case !present && required:
		return nil, false, h.refuse(ReasonAudienceMissing, "aud is missing: name the recipients' vClientIDs")
	case !present:
		return nil, false, nil
	case !isText:
		return nil, false, h.refuse(ReasonAudienceMalformed, "aud is %s where one string is due: write the ids into it with commas between", kind(h.values[memberAudience]))
	case utf8.RuneCountInString(value) > h.rules.Audience.MaxLength:
		return nil, false, h.refuse(ReasonAudienceMalformed, "aud has %d characters where at most %d are allowed: split the recipients over several calls",
			utf8.RuneCountInString(value), h.rules.Audience.MaxLength)
	}
	for item := range strings.SplitSeq(value, ",") {
		id := strings.Trim(item, " ")
		blanks = blanks || id != item
		if !isClientID(id) {
			return nil, false, h.refuse(ReasonAudienceMalformed, "aud: value %d is empty or has characters that no vClientID has", len(ids)+1)
		}
		ids = append(ids, id)
	}
	if len(ids) > maxItems {
		return nil, false, h.refuse(ReasonAudienceTooMany, "aud names %d recipients where at most %d are allowed", len(ids), maxItems)
	}
	return ids, blanks, nil
}
