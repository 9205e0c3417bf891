package jose

import (
	"fmt"
	"strings"
)

// partyEntries are iss and aud.
func partyEntries() []entry {
	missing := []cause{{LayerAudience, ReasonIssuerMissing}, {LayerAudience, ReasonAudienceMissing}}
	return []entry{
		{MistakePartiesElsewhere, "iss or aud stand in the JWS header", "Put iss and aud into the JWE header.", "{audiencePage}", missing,
			func(s *specimen) (string, bool) {
				lacking := s.lackingParties()
				elsewhere := lacking[:0:0]
				for _, name := range lacking {
					if s.jws != nil && s.jws.header.has(name) {
						elsewhere = append(elsewhere, name)
					}
				}
				return strings.Join(elsewhere, ", "), len(elsewhere) > 0
			}},
		{MistakePartiesMissing, "iss or aud are missing", "Name the originator (iss) and the recipients (aud) by their vClientIDs in the JWE header.", "{audiencePage}", missing,
			func(s *specimen) (string, bool) {
				lacking := s.lackingParties()
				for _, name := range lacking {
					if s.jws != nil && s.jws.header.has(name) {
						return "", false
					}
				}
				return strings.Join(lacking, ", "), len(lacking) > 0
			}},
		{MistakeAudienceArray, "aud is a JSON array", "Write the ids into one string with commas between.", "{audiencePage}",
			[]cause{{LayerAudience, ReasonAudienceMalformed}},
			func(s *specimen) (string, bool) {
				raw := s.member(memberAudience)
				return "", len(raw) > 0 && raw[0] == '['
			}},
		{MistakeAudienceTooMany, "aud names too many recipients", "At most {audienceItems} here: split them over several calls.", "{audiencePage}",
			[]cause{{LayerAudience, ReasonAudienceTooMany}},
			func(s *specimen) (string, bool) {
				return s.partyRefused(ReasonAudienceTooMany)
			}},
		{MistakePartiesMalformed, "iss or aud are too long or no ids", "iss is one id, aud ids with commas between, at most {audienceLength} characters together.", "{audiencePage}",
			[]cause{{LayerAudience, ReasonIssuerMalformed}, {LayerAudience, ReasonAudienceMalformed}},
			func(s *specimen) (string, bool) {
				if raw := s.member(memberAudience); len(raw) > 0 && raw[0] == '[' {
					return "", false
				}
				return s.partyRefused(ReasonIssuerMalformed, ReasonAudienceMalformed)
			}},
	}
}

// member is a member of the JWE header; empty where there is none.
func (s *specimen) member(name string) string {
	if s.jwe == nil {
		return ""
	}
	return string(s.jwe.header.values[name])
}

func (s *specimen) lackingParties() []string {
	if !s.parties || s.jwe == nil || !s.jwe.readable {
		return nil
	}
	var lacking []string
	for _, name := range []string{memberIssuer, memberAudience} {
		if !s.jwe.header.has(name) {
			lacking = append(lacking, name)
		}
	}
	return lacking
}

// partyRefused lets Open's own checks judge iss and aud, and picks the reasons asked for.
func (s *specimen) partyRefused(reasons ...Reason) (string, bool) {
	if s.jwe == nil || !s.jwe.readable {
		return "", false
	}
	h := headerCheck{members: s.jwe.header, rules: s.rules, what: "JWE header"}
	_, byIssuer := h.issuer(false)
	_, _, byAudience := h.audience(false, s.maxAudience)
	for _, refused := range []*Refused{byIssuer, byAudience} {
		for _, reason := range reasons {
			if refused != nil && refused.Reason == reason {
				return strings.TrimPrefix(refused.Message, fmt.Sprintf("%s: ", h.what)), true
			}
		}
	}
	return "", false
}
