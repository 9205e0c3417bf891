package judge_test

import (
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/keys"
)

// probes are all exchanges that the reference issuer is judged by here.
func probes() []probe {
	return slices.Concat(cardProbes(), fieldProbes(), stepUpProbes(), passcodeProbes(), envelopeProbes(), toleranceProbes(), notificationProbes())
}

func cardProbes() []probe {
	role := func(op, role, trigger string) probe {
		return probe{op: op, name: role, call: of(op, role), want: refusedFor(trigger)}
	}
	declined := contract.TriggerAuthFailed
	return []probe{
		role("approveProvisioning", keys.RoleEligible, ""), role("approveProvisioning", keys.RoleStepUp, ""),
		role("approveProvisioning", keys.RoleDeclined, declined), role("approveProvisioning", keys.RoleIneligible, contract.TriggerPANIneligible),
		role("approveProvisioning", keys.RoleExpired, contract.TriggerExpirationDate), role("approveProvisioning", keys.RoleUnknown, contract.TriggerInvalidPAN),
		role("approveProvisioning", keys.RoleFraud, contract.TriggerSuspectedFraud), role("approveProvisioning", keys.RoleReplaced, contract.TriggerCardReplaced),
		role("approveProvisioning", keys.RoleWrongCVV2, contract.TriggerCVV2),
		{op: "approveProvisioning", name: "expiration date of another card", want: refusedFor(contract.TriggerExpirationDate),
			call: of("approveProvisioning", keys.RoleEligible, held("expirationDate", map[string]any{"month": "1", "year": "2054"}))},
		role("checkEligibility", keys.RoleEligible, ""), role("checkEligibility", keys.RoleDeclined, declined),
		role("checkEligibility", keys.RoleIneligible, contract.TriggerPANIneligible), role("checkEligibility", keys.RoleExpired, contract.TriggerCardExpired),
		role("checkEligibility", keys.RoleUnknown, contract.TriggerInvalidPAN), role("checkEligibility", keys.RoleFraud, contract.TriggerSuspectedFraud),
		role("checkEligibility", keys.RoleReplaced, contract.TriggerCardReplaced), role("checkEligibility", wrongCardType, contract.TriggerCardType),
		role("deviceTokenBinding", keys.RoleEligible, ""), role("deviceTokenBinding", keys.RoleStepUp, ""),
		role("deviceTokenBinding", keys.RoleDeclined, declined), role("deviceTokenBinding", keys.RoleExpired, contract.TriggerExpirationDate),
		role("retrieveStepUpMethods", keys.RoleUnknown, contract.TriggerInvalidPAN), role("sendPasscode", keys.RoleUnknown, contract.TriggerInvalidPAN),
	}
}

// fieldProbes break one member each.
func fieldProbes() []probe {
	var all []probe
	for _, op := range decisionCalls {
		add := func(name, trigger string, change ...func(*peer, *sent)) {
			all = append(all, probe{op: op, name: name, call: of(op, keys.RoleEligible, change...), want: refusedFor(trigger)})
		}
		add("missing", "required", without("encryptedData"), func(_ *peer, s *sent) { s.sealed = nil })
		add("too long", "length", setting("panReferenceID", strings.Repeat("V", 33)))
		add("wrong type", "type", setting("panReferenceID", 7.5))
		if op != "deviceTokenBinding" {
			add("wrong value", "value", held("primaryAccountNumber", "40000000100000x8"))
		} else {
			add("wrong value", "value", setting("locale", "engli"))
		}
		add("not JSON", contract.TriggerMalformed, written(func([]byte) []byte { return []byte("{") }))
	}
	for _, op := range []string{"checkEligibility", "retrieveStepUpMethods", "sendPasscode"} {
		all = append(all, probe{op: op, name: "no trace id", call: of(op, keys.RoleEligible, without("lifeCycleTraceID")),
			want: judge.Want{Refused: "required", Rule: op + "/request/lifeCycleTraceID#absence-refused"}})
	}
	return all
}

func stepUpProbes() []probe {
	const op = "retrieveStepUpMethods"
	asks := func(name, reason string, change ...func(*peer, *sent)) probe {
		return probe{op: op, name: name, call: of(op, keys.RoleStepUp, append(change, setting("otpReason", reason))...)}
	}
	return []probe{
		asks("for provisioning", "PROVISIONING"), asks("for a payment", "PAYMENT"),
		asks("for a device", "TOKEN_DEVICE_BINDING", setting("deviceInfo", map[string]any{"deviceIndex": 1})),
		asks("past the limit", "PROVISIONING", setting("otpMaxReached", true)),
		asks("from the banking app", "PROVISIONING", setting("panSource", "MOBILE_BANKING_APP")),
		{op: op, name: "declined card for a step-up", call: of(op, keys.RoleDeclined, setting("otpReason", "CARDHOLDER_STEPUP"))},
		{op: op, name: "after the decision", call: of(op, keys.RoleEligible, func(p *peer, s *sent) {
			bound := p.call("deviceTokenBinding", p.card(keys.RoleEligible))
			p.prepare(bound)
			s.body["tokenReferenceID"], s.body["otpReason"], s.body["deviceInfo"] = bound.path["tokenReferenceID"], "TOKEN_DEVICE_BINDING", map[string]any{"deviceIndex": 1}
		})},
		{op: op, name: "stable", call: func(p *peer) sent {
			s := of(op, keys.RoleEligible)(p)
			p.exchange(s, judge.Want{})
			return s
		}},
		{op: op, name: "accepted", call: func(p *peer) sent {
			s := of("sendPasscode", keys.RoleEligible)(p)
			if s.body["otpMethodIdentifier"] == nil { // there is none to be accepted
				return of(op, keys.RoleEligible)(p)
			}
			return s
		}},
		{op: op, name: "a token that is no more", want: refusedFor(contract.TriggerTokenReference), call: of(op, keys.RoleEligible, ended)},
		{op: op, name: "another token number", want: refusedFor(contract.TriggerTokenValue), call: of(op, keys.RoleEligible, renumbered)},
	}
}

func passcodeProbes() []probe {
	const op = "sendPasscode"
	refused := func(name, trigger string, change func(*peer, *sent)) probe {
		return probe{op: op, name: name, want: refusedFor(trigger), call: of(op, keys.RoleEligible, change)}
	}
	return []probe{
		{op: op, name: "delivered", call: of(op, keys.RoleEligible)},
		refused("unknown method", contract.TriggerMethodUnknown, setting("otpMethodIdentifier", "0000")),
		refused("no channel", contract.TriggerOTPChannel, func(p *peer, s *sent) {
			s.body["otpMethodIdentifier"] = methods(p, *s, nil)["CUSTOMERSERVICE"]
		}),
		refused("past the limit", contract.TriggerMethodInvalid, func(p *peer, s *sent) { methods(p, *s, map[string]any{"otpMaxReached": true}) }),
		refused("a token that is no more", contract.TriggerTokenReference, ended),
		refused("another token number", contract.TriggerTokenValue, renumbered),
	}
}

// envelopeProbes send envelopes that must be refused (p.39-45).
func envelopeProbes() []probe {
	var all []probe
	for _, op := range decisionCalls {
		all = append(all, probe{op: op, name: "a cut envelope", want: refusedFor(contract.TriggerCrypto), call: of(op, keys.RoleEligible, cut)})
	}
	for rule, change := range map[string]func(*peer, *sent){
		"unsigned-refused": corrupted("jws/unsigned"), "alg-none-refused": corrupted("jws/alg-none"), "jws-alg-refused": otherJWS,
		"bad-signature-refused": corrupted("jws/signature"), "foreign-signature-refused": corrupted("jws/wrong-key"),
		"jws-kid-unknown-refused": corrupted("jws/kid-unknown"), "jwe-alg-refused": corrupted("jwe/alg"), "tampered-refused": corrupted("jwe/tag"),
		"wrong-recipient-refused": corrupted("jwe/wrong-key"), "expired-refused": corrupted("jwe/iat-expired"),
	} {
		all = append(all, probe{op: "approveProvisioning", name: rule, want: judge.Want{Refused: contract.TriggerCrypto, Rule: "envelope/outbound#" + rule},
			call: of("approveProvisioning", keys.RoleEligible, change)})
	}
	return all
}

// toleranceProbes send what must not be refused (p.24-25).
func toleranceProbes() []probe {
	like := func(op, rule string, change ...func(*peer, *sent)) probe {
		return probe{op: op, name: rule, want: judge.Want{Rule: "outbound/request#" + rule}, call: of(op, keys.RoleEligible, change...)}
	}
	const op = "approveProvisioning"
	return []probe{
		like(op, "unknown-member-tolerated", setting("sentSince2024", true)),
		like(op, "unknown-parameter-tolerated", func(_ *peer, s *sent) { s.query = map[string]string{"since": "2024"} }),
		like("sendPasscode", "unknown-open-value-tolerated", setting("otpReason", "BIRTHDAY")),
		like(op, "unknown-value-tolerated", setting("consumerEntryMode", "THOUGHT")),
		like(op, "identifier-format-tolerated", func(_ *peer, s *sent) { s.path["tokenReferenceID"] = "0c9d-" + s.path["tokenReferenceID"][7:] }),
		like(op, "empty-members-absent", setting("locale", nil), setting("cvv2ResultsCode", "")),
		like(op, "member-order-free", written(func(body []byte) []byte {
			// The members come sorted; the first goes to the end.
			first, rest, _ := strings.Cut(strings.TrimSuffix(string(body[1:]), "}"), `,"`)
			return []byte(`{"` + rest + "," + first + "}")
		})),
	}
}

func notificationProbes() []probe {
	var all []probe
	for _, op := range []string{"approveProvisioningStandIn", "cardMetadataUpdateNotification", "panUpdateNotification",
		"tokenCreateNotification", "tokenNotification", "pushProvisioningStatusNotification"} {
		add := func(name string, want judge.Want, call func(*peer) sent) {
			all = append(all, probe{op: op, name: name, want: want, call: call})
		}
		broken := func(change func(*peer, *sent)) func(*peer) sent {
			return func(p *peer) sent {
				s := notification(op, p)
				change(p, &s)
				return s
			}
		}
		add("right", judge.Want{}, func(p *peer) sent { return introduced(p, notification(op, p)) })
		add("not JSON", refusedFor(contract.TriggerMalformed), broken(written(func([]byte) []byte { return []byte(`{"a":`) })))
		add("again", judge.Want{}, func(p *peer) sent {
			s := introduced(p, notification(op, p))
			corrupted("http/duplicate")(p, &s)
			return s
		})
		late := judge.Want{}
		if op == "cardMetadataUpdateNotification" || op == "pushProvisioningStatusNotification" { // they carry no time
			late.Rule = op + "/request#any-order-accepted"
		}
		add("late", late, func(p *peer) sent {
			s := introduced(p, notification(op, p))
			p.exchange(s, judge.Want{})
			if _, timed := s.body["dateTimeOfEvent"]; timed {
				s.body["dateTimeOfEvent"] = "2019-01-01T00:00:00.000Z"
			}
			return s
		})
		if op != "cardMetadataUpdateNotification" {
			add("broken envelope", refusedFor(contract.TriggerCrypto), broken(corrupted("jws/signature")))
		}
		if op != "panUpdateNotification" && op != "pushProvisioningStatusNotification" {
			add("unknown token", judge.Want{}, broken(func(*peer, *sent) {}))
		}
	}
	return all
}
