package judge_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/judge"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// FuzzExchange judges answers of any status, header and body: nothing panics,
// every broken rule is one of the contract and counts as exercised, and no text
// holds what the call said in confidence.
func FuzzExchange(f *testing.F) {
	spec, err := contract.Load()
	if err != nil {
		f.Fatal(err)
	}
	j := judge.New(spec)
	var ids []string
	for _, op := range spec.Operations() {
		if op.Direction == contract.Outbound {
			ids = append(ids, op.ID)
		}
	}
	slices.Sort(ids)
	for i, body := range []string{``, `{}`, `null`, `[[{}]]`, `{"actionCode":"00","a":"` + pan + `"}`, `{"actionCode":"` + otp + `","errorCode":"` + pan + `"}`,
		`{"errorCode":"` + otp + `"}`, `{"stepUpMethods":[{"type":"OTPSMS","value":"` + pan + `","identifier":"` + otp + `"}],"responseCode":"` + otp + `"}`,
		`{"` + pan + `":{"` + otp + `":1e999}}`, `{"errorResponse":{"reason":"` + otp + `"}}`, `{"cardMetadataInfo":{"cardIssuer":` + pan + `}}`} {
		f.Add(uint8(i), uint16(200), "X-Response-Id", pan, []byte(body), uint8(i))
		f.Add(uint8(i+3), uint16(400), "Content-Type", "text/"+otp, []byte(body), uint8(i+1))
	}
	wants := []judge.Want{{}, {Open: true}, {TLSRefused: true}, {Refused: contract.TriggerCrypto}, {Refused: contract.TriggerMalformed}, {Refused: "length"},
		{Refused: contract.TriggerAuthFailed}, {Refused: contract.TriggerMethodUnknown}, {Rule: "outbound/request#member-order-free"}, {Refused: "no such trigger"}}
	f.Fuzz(func(t *testing.T, operation uint8, status uint16, header, value string, body []byte, want uint8) {
		trial := j.Begin(nil)
		for range 2 {
			x := exchangeOf(ids[int(operation)%len(ids)], map[string]any{"otpValue": otp, "tokenReferenceID": "t", "otpReason": "PAYMENT", "otpMethodIdentifier": otp},
				map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": pan, "cvv2": cvv2}},
				&outbound.Received{Status: int(status), Headers: http.Header{header: {value}}, Body: body})
			ruling := trial.Exchange(1, x, wants[int(want)%len(wants)])
			for _, found := range ruling.Findings {
				if _, err := spec.Rule(found.Rule); err != nil || !slices.Contains(ruling.Exercised, found.Rule) {
					t.Fatalf("rule %s: %v", found.Rule, err)
				}
				// The kinds are told apart by what else their digits could be.
				text := fmt.Sprintf("%+v", found)
				if strings.Contains(text, pan) || operation%uint8(len(ids)) == passcodeAt(ids) && strings.Contains(text, otp) {
					t.Fatalf("a secret in %s", text)
				}
			}
		}
		trial.End()
	})
}

// passcodeAt is where the operation stands that sends a passcode.
func passcodeAt(ids []string) uint8 { return uint8(slices.Index(ids, passcode)) }
