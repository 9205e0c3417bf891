package keys

import (
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/keys/xpay"
)

// The envelopes and the directory take their facts as parameters; these
// functions fill them from the contract, the one place that holds them.

// PayTokenRules are the rules of x-pay-token (p.27).
func PayTokenRules(e contract.Envelope) xpay.Rules {
	x := e.XPayToken
	return xpay.Rules{Header: x.Header, Scheme: x.Scheme, Window: x.Window(), MaxLength: x.MaxLength, APIKeyParameter: x.APIKeyParameter, Page: x.Page}
}

// JOSERules are the rules of the sealed payloads (p.39-45, 224-233). The
// specification gives no length for the enrolment hub; that of the push call
// bounds it.
func JOSERules(e contract.Envelope) jose.Rules {
	j := e.JOSE
	limit := func(s contract.HeaderSize) jose.Limit {
		return jose.Limit{MaxLength: s.MaxLength, MaxItems: s.MaxItems, Page: s.Page}
	}
	suite := func(jwe, jws contract.Algorithms) jose.Suite {
		return jose.Suite{KeyAlgorithm: jwe.Alg, Encryption: jwe.Enc, Signature: jws.Alg, JWEPage: jwe.Page, JWSPage: jws.Page}
	}
	push := j.MaxLengthOf(pushCardEnrollment)
	return jose.Rules{Type: j.Typ, ContentType: j.Cty, TTL: j.TTL(), FutureAllowance: jose.DefaultFutureAllowance,
		KeyID: limit(j.Kid), Issuer: limit(j.Iss), Audience: limit(j.Aud),
		API: suite(j.JWE, j.JWS), Hub: suite(e.Hub.JWE, e.Hub.JWS), HubAudienceItems: e.Hub.AudItems, RSABits: j.RSABits,
		APIMaxLength: j.MaxLengthOf(""), PushCardEnrollmentMaxLength: push, HubMaxLength: push,
		Pages: j.Pages.String(), HubPages: e.Hub.Pages.String()}
}

// pushCardEnrollment is the operation that has envelope rules of its own.
const pushCardEnrollment = "pushCardEnrollmentToWallet"

// UseOf tells which kind of envelope the operation's payloads travel in.
func UseOf(operation string) jose.Use {
	if operation == pushCardEnrollment {
		return jose.UsePushCardEnrollment
	}
	return jose.UseAPI
}

// FactsOf are the numbers that key material depends on.
func FactsOf(c *contract.Contract) Facts {
	credentials := c.Tables.Envelope.Credentials
	facts := Facts{RSABits: c.Tables.Envelope.JOSE.RSABits, APIKeyLength: credentials.APIKey.IssuedLength, APIKeyMax: credentials.APIKey.MaxLength,
		ClientIDMax: credentials.ClientID.MaxLength, KeyIDMax: c.Tables.Envelope.JOSE.Kid.MaxLength}
	for _, op := range c.Operations() {
		if op.Direction == contract.Outbound {
			facts.Outbound = append(facts.Outbound, op.ID)
		}
	}
	facts.Policies = policyValues(c)
	return facts
}
