package inbound_test

import (
	"context"
	"errors"
	"maps"
	"regexp"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

const metadataPath = "/vtis/v1/updateCardMetadata"

// guid is how a taskID looks (p.107).
var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// sampleMetadata is a set of metadata with a member of each kind (p.103-107).
func sampleMetadata() map[string]any {
	return map[string]any{"cardIssuer": "Bank1", "foregroundColor": "rgb(1,2,3)", "backgroundColor": "rgb(4,5,6)", "labelColor": "rgb(7,8,9)",
		"shortDescription": "The Bank Card", "longDescription": "The Bank Signature Rewards Card",
		"cardArtData":          map[string]any{"cardArtRefID": []any{"3f1a9c2e5d7b4086a1e2c3d4f5061728", "8b7c6d5e4f3a41209182736455463728"}},
		"termsAndConditionsID": "terms-1", "privacyPolicyURL": "https://bank1.example/privacy", "termsAndConditionsURL": "https://bank1.example/terms",
		"contactInfo": map[string]any{"contactWebsite": "https://bank1.example", "contactEmail": "care@bank1.example", "contactNumber": "+49 69 5550 1234 56", "contactName": "Bank1"},
		"applicationInfo": map[string]any{"supportsTokenNotifications": true, "supportsFPANNotifications": false, "appLaunchURL": "https://bank1.example/app",
			"associatedStoreIdentifiers": []any{"123", "456"}, "associatedApplicationIdentifiers": []any{"ABCDE12345.example.bank1"}}}
}

// metadataBody is a request whose selector is added by the caller; a nil
// member is taken out.
func metadataBody(members ...map[string]any) map[string]any {
	body := map[string]any{"operatorID": "Operator1", "operationReason": "Card art update", "cardMetadataInfo": sampleMetadata()}
	for _, m := range members {
		maps.Copy(body, m)
	}
	maps.DeleteFunc(body, func(_ string, value any) bool { return value == nil })
	return body
}

func selectToken(t token.Token) map[string]any {
	return map[string]any{"tokenRequestorID": t.RequestorID, "tokenReferenceID": t.ReferenceID}
}

func selectPAN(pan vault.PAN) map[string]any {
	return map[string]any{"panReferenceID": pan.ReferenceID}
}

// sealPAN is the payload that names a PAN by its number.
func sealPAN(number string) map[string]any {
	return map[string]any{"cardholderInfo": map[string]any{"primaryAccountNumber": number}}
}

// metadataDetail is an element of responseDetails (p.107-108).
type metadataDetail struct {
	TaskID           string
	TokenRequestorID any
	TokenReferenceID string
	PANReferenceID   string
	StatusCode       string
	ErrorCode        string
}

// updated expects a success that keeps the contract, and returns its details.
func (l *lab) updated(got answer) []metadataDetail {
	GinkgoHelper()
	Expect(got.status).To(Equal(200), got.raw)
	value, err := contract.Decode([]byte(got.raw))
	Expect(err).NotTo(HaveOccurred())
	violations, err := l.contract.Validate("updateCardMetadata", contract.Response, value)
	Expect(err).NotTo(HaveOccurred())
	Expect(violations).To(BeEmpty())
	list, ok := got.body["responseDetails"].([]any)
	Expect(ok).To(BeTrue(), got.raw)
	var details []metadataDetail
	for _, element := range list {
		members := element.(map[string]any)
		text := func(name string) string { s, _ := members[name].(string); return s }
		details = append(details, metadataDetail{text("taskID"), members["tokenRequestorID"], text("tokenReferenceID"), text("panReferenceID"), text("statusCode"), text("errorCode")})
	}
	return details
}

// metadataRecords are the vault's records of a kind, by key.
func (l *lab) metadataRecords(issuer, kind string) map[string]map[string]any {
	GinkgoHelper()
	found := map[string]map[string]any{}
	Expect(l.vault.View(context.Background(), issuer, func(tx vault.Tx) error {
		records, err := tx.Records(kind, "", 0)
		for _, r := range records {
			found[r.Key] = r.Content
		}
		return err
	})).To(Succeed())
	return found
}

// untouched expects that nothing came of a call.
func (l *lab) untouched(issuer string) {
	GinkgoHelper()
	Expect(l.metadataRecords(issuer, "cardmetadata")).To(BeEmpty())
	Expect(l.metadataRecords(issuer, "task")).To(BeEmpty())
	Expect(l.notifications(issuer)).To(BeEmpty())
}

// givenMetadataProfile preloads metadata for an issuer.
func (l *lab) givenMetadataProfile(issuer, id string, info map[string]any) {
	GinkgoHelper()
	Expect(l.vault.Update(context.Background(), issuer, func(tx vault.Tx) error {
		return tx.PutRecord(vault.Record{Kind: "metadataprofile", Key: id, Content: map[string]any{"cardMetadataInfo": info}})
	})).To(Succeed())
}

// metadataVault fails every change.
type metadataVault struct{ vault.Vault }

func (metadataVault) Update(context.Context, string, func(vault.Tx) error) error {
	return errors.New("disk full")
}
