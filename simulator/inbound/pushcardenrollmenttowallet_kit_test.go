package inbound_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/simulator/vault"
)

const (
	pushPath = "/vtis/v1/pushCardEnrollmentToWallet"
	pushID   = "pushCardEnrollmentToWallet"
	statusID = "pushProvisioningStatusNotification"
)

// Profiles of the fixtures: an app of every uriType, Android only by an own
// scheme, none of a uriType, and two platforms of which one has no uri.
const (
	amazon        = "c7e2b8d4-5a19-4f36-b0c8-9e4d1a6f2b04"
	samsung       = "a1d94c57-2f63-4b0e-8e75-6c3f9b2d7e02"
	netflix       = "0b6f3d92-8c4e-4a51-9f7d-2e8a5c1b7d05"
	lumen         = "2170c9f8-1e5b-4d63-a7f2-8b4e6d0a3c08"
	amazonID      = "40010051602"
	trace         = "0TDFfL1OmJJ5AHONhn5Z2GxTS5ZOoVja"
	traceLocation = "encryptedData/provider/issuerTraceID"
)

// visaCard is an enrollment of a Visa card (p.214-215), without the members
// named.
func visaCard(number string, without ...string) map[string]any {
	instrument := map[string]any{"accountNumber": number, "name": "Vera Visa", "expirationDate": map[string]any{"month": "9", "year": "2031"},
		"billingAddress": map[string]any{"line1": "801 Metro Centre Blvd", "city": "Foster City", "state": "CA", "postalCode": "94404", "country": "US"}}
	for _, name := range without {
		delete(instrument, name)
	}
	return map[string]any{"tsp": "V", "paymentInstrument": instrument}
}

func mastercard() map[string]any { return map[string]any{"tsp": "MC", "payload": "FsbH7qcWy3"} }

// pushPayload is a push of the cards across devices (p.222); change maps
// paths such as "provider/passcode/value" to values, nil takes a member out.
func pushPayload(change map[string]any, cards ...map[string]any) map[string]any {
	list := []any{}
	for _, card := range cards {
		list = append(list, card)
	}
	payload := map[string]any{"enrollments": list, "provider": map[string]any{
		"intent": "PUSH_PROV_CROSS_DEVICE", "clientWalletProvider": amazonID, "clientDeviceID": "0_enOI", "issuerTraceID": trace,
		"issuerClientInformation": map[string]any{"source": "ISSUER", "firstName": "Vera", "lastName": "Visa", "contactEmail": "vera@example.com"},
	}}
	for _, path := range slices.Sorted(maps.Keys(change)) { // a structure before its members
		value, at, steps := change[path], payload, strings.Split(path, "/")
		for _, step := range steps[:len(steps)-1] {
			at = at[step].(map[string]any)
		}
		if last := steps[len(steps)-1]; value == nil {
			delete(at, last)
		} else {
			at[last] = value
		}
	}
	return payload
}

// onFile are the changes that make the push one for Secure Remote Commerce
// (p.216-218).
func onFile(more ...map[string]any) map[string]any {
	change := map[string]any{"provider/intent": "PUSH_PROV_ONFILE", "provider/issuerAccountID": "acct-1",
		"provider/issuerClientInformation/issuerAccountID": "acct-2"}
	for _, m := range more {
		maps.Copy(change, m)
	}
	return change
}

// push sends the payload to the recipients; body are members beside
// encryptedData.
func (l *lab) push(as string, payload, body map[string]any, audience ...string) answer {
	GinkgoHelper()
	if body == nil {
		body = map[string]any{}
	}
	return l.call(request{as: as, path: pushPath, body: body, sealed: payload, audience: audience})
}

// pushSealed seals the payload with another header than push does, under
// rules that let anything through.
func (l *lab) pushSealed(as string, payload map[string]any, use jose.Use, change func(*jose.Sealing)) answer {
	GinkgoHelper()
	issuer := l.directory.Issuers[as]
	sealing := jose.Sealing{To: jose.EncryptionKey{ID: issuer.Credentials.APIKey, RSA: l.directory.VisaEncryption.Public()},
		By: jose.SigningKey{ID: issuer.Credentials.SigningKeyID, RSA: issuer.Signing.Key}, Issuer: issuer.Credentials.ClientID, Audience: []string{amazon}}
	change(&sealing)
	rules := keys.JOSERules(l.contract.Tables.Envelope)
	rules.Audience.MaxItems, rules.Audience.MaxLength, rules.Issuer.MaxLength = 100, 10000, 1000
	rules.APIMaxLength, rules.PushCardEnrollmentMaxLength = 100000, 100000
	envelope, err := jose.New(rules, l.clock.Now)
	Expect(err).NotTo(HaveOccurred())
	content, err := json.Marshal(payload)
	Expect(err).NotTo(HaveOccurred())
	blob, err := envelope.Seal(use, content, sealing)
	Expect(err).NotTo(HaveOccurred())
	return l.call(request{as: as, path: pushPath, body: map[string]any{"encryptedData": blob}})
}

// pushes are the issuer's records of pushes, by key.
func (l *lab) pushes(issuer string) map[string]map[string]any { return l.stored(issuer, "push") }

// expectPushed checks a push that was taken over without a uri (p.223).
func (l *lab) expectPushed(got answer) {
	GinkgoHelper()
	l.expectByContract(pushID, got)
	Expect(got.raw).To(MatchJSON(`{"status": "ACCEPTED"}`))
}

// expectNoPush checks that a refused push left nothing behind.
func (l *lab) expectNoPush(issuer string) {
	GinkgoHelper()
	Expect(l.pushes(issuer)).To(BeEmpty())
	Expect(l.stored(issuer, "push-trace")).To(BeEmpty())
	Expect(l.notifications(issuer)).To(BeEmpty())
}

// expectStatus checks that the notification can be sent: its facts are right
// as the status call of the contract (p.236-238).
func (l *lab) expectStatus(n vault.Notification) {
	GinkgoHelper()
	Expect(n.Operation).To(Equal(statusID))
	Expect(n.EventType).To(Equal("PUSH_PROVISIONING_STATUS"))
	Expect(l.contract.Validate(statusID, contract.Path, map[string]any{"tokenRequestorID": n.Facts["tokenRequestorID"]})).To(BeEmpty())
	body := map[string]any{"statusCode": n.Facts["statusCode"], "encryptedData": "a.b.c"}
	if id, ok := n.Facts["issuerTraceID"]; ok {
		body["issuerTraceID"] = id
	}
	Expect(l.contract.Validate(statusID, contract.Request, body)).To(BeEmpty())
	Expect(l.contract.Validate(statusID, contract.SealedRequest, n.Facts["clientInformation"])).To(BeEmpty())
}

// everythingStored is all that the vault keeps of the pushes, as text.
func (l *lab) everythingStored(issuer string) string {
	GinkgoHelper()
	content, err := json.Marshal([]any{l.pushes(issuer), l.stored(issuer, "push-trace"), l.notifications(issuer), l.traffic(issuer)})
	Expect(err).NotTo(HaveOccurred())
	return string(content)
}

var _ = Describe("pushCardEnrollmentToWallet, calls that are none", func() {
	standardErrors(func() request {
		return request{path: pushPath, body: map[string]any{}, audience: []string{amazon}, sealed: pushPayload(nil, visaCard(freshPAN(bankRange)))}
	}, http.MethodGet)
})
