package inbound

import "github.com/vtsim/vtsim/keys/jose"

// envelopeFault is where and why an envelope was refused.
type envelopeFault struct {
	layer  jose.Layer
	reason jose.Reason
}

// envelopeRule names the rule of the contract that a refused envelope breaks,
// "" where none is about it.
func envelopeRule(layer jose.Layer, reason jose.Reason) string {
	if rule, ok := envelopeFaults()[envelopeFault{layer, reason}]; ok {
		return rule
	}
	return envelopeReasons()[reason]
}

// envelopeReasons are the reasons that one layer alone can have, or that mean
// the same in each.
func envelopeReasons() map[jose.Reason]string {
	return map[jose.Reason]string{
		jose.ReasonJSONSerialisation:   "envelope#compact-serialization",
		jose.ReasonPartCount:           "envelope#compact-serialization",
		jose.ReasonNotSigned:           "envelope#jws-around-jwe",
		jose.ReasonSignedThenEncrypted: "envelope#jws-around-jwe",
		jose.ReasonNotEncrypted:        "envelope#jws-around-jwe",
		jose.ReasonNotBase64URL:        "envelope#base64url-unpadded",
		jose.ReasonWeakKey:             "envelope#key-size",
		jose.ReasonSignature:           "envelope/jws#signature",
		jose.ReasonContentType:         "envelope/jws/cty#value",
		jose.ReasonEncryption:          "envelope/jwe/enc#value",
		jose.ReasonIVLength:            "envelope/jwe/iv#size",
		jose.ReasonTagLength:           "envelope/jwe/tag#size",
		jose.ReasonKeyLength:           "envelope/jwe#opens",
		jose.ReasonKey:                 "envelope/jwe#opens",
		jose.ReasonTag:                 "envelope/jwe#opens",
		jose.ReasonIssuedAtMissing:     "envelope/jwe/iat#required",
		jose.ReasonIssuedAtMalformed:   "envelope/jwe/iat#format",
		jose.ReasonStale:               "envelope/jwe/iat#fresh",
		jose.ReasonEarly:               "envelope/jwe/iat#fresh",
		jose.ReasonExpiresMalformed:    "envelope/jwe/exp#format",
		jose.ReasonExpiresBeforeIssued: "envelope/jwe/exp#not-passed",
		jose.ReasonExpired:             "envelope/jwe/exp#not-passed",
		jose.ReasonIssuerMissing:       "envelope/jwe/iss#required",
		jose.ReasonIssuerMalformed:     "envelope/jwe/iss#maxLength",
		jose.ReasonAudienceMissing:     "envelope/jwe/aud#required",
		jose.ReasonAudienceMalformed:   "envelope/jwe/aud#maxLength",
		jose.ReasonAudienceTooMany:     "envelope/jwe/aud#maxItems",
	}
}

// envelopeFaults are the reasons that mean another rule in each header.
func envelopeFaults() map[envelopeFault]string {
	rules := map[envelopeFault]string{}
	for layer, header := range map[jose.Layer]string{jose.LayerJWSHeader: "envelope/jws", jose.LayerJWEHeader: "envelope/jwe"} {
		rules[envelopeFault{layer, jose.ReasonAlgorithm}] = header + "/alg#value"
		rules[envelopeFault{layer, jose.ReasonType}] = header + "/typ#value"
		rules[envelopeFault{layer, jose.ReasonKeyIDMissing}] = header + "/kid#required"
		rules[envelopeFault{layer, jose.ReasonKeyIDMalformed}] = header + "/kid#maxLength"
		rules[envelopeFault{layer, jose.ReasonKeyIDUnknown}] = header + "/kid#known"
	}
	return rules
}

// warnOfEnvelope notes what was accepted though it is not as it should be,
// under the rule of the contract where there is one.
func (s *Server) warnOfEnvelope(call *Call, warning jose.Warning) {
	rules := map[jose.WarningID]string{
		jose.WarningMilliseconds:  "envelope/jwe/iat#seconds",
		jose.WarningKeyIDFellBack: "envelope/jwe/kid#known",
	}
	id, page := "envelope#"+string(warning.ID), call.Operation.Page
	if rule, err := s.contract.Rule(rules[warning.ID]); err == nil {
		id, page = rule.ID, rule.Page
	}
	call.Warn(id, page, warning.Message)
}
