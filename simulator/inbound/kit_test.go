package inbound_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	fixturekeys "github.com/vtsim/vtsim/fixtures/keys"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
	"github.com/vtsim/vtsim/keys/xpay"
	"github.com/vtsim/vtsim/simulator/clock"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

func TestInbound(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "inbound")
}

// bank is the issuer that most tests call as; other is one that must not see
// anything of it.
const (
	bank  = "demo-bank"
	other = "second-bank"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// lab is a whole simulator's inbound side behind real TLS, with an empty
// vault and throw-away keys. Every test makes its own.
type lab struct {
	contract  *contract.Contract
	fixtures  *fixtures.Set
	directory *keys.Directory
	vault     vault.Vault
	clock     *clock.Clock
	faults    *fault.Set
	server    *httptest.Server
	inbound   *inbound.Server
	calls     atomic.Int64 // made by call, each with an X-REQUEST-ID of its own
}

func newLab(change ...func(*inbound.Config)) *lab {
	GinkgoHelper()
	l := &lab{faults: fault.NewSet()}
	var err error
	l.contract, err = contract.Load()
	Expect(err).NotTo(HaveOccurred())
	l.fixtures, err = fixtures.Load()
	Expect(err).NotTo(HaveOccurred())
	l.clock = clock.New(time.Now)
	l.clock.Freeze(noon)
	l.directory, err = keys.LoadFS(fixturekeys.TestOnly(), keys.Settings{Facts: keys.FactsOf(l.contract), Now: func() time.Time { return noon }})
	Expect(err).NotTo(HaveOccurred())
	l.vault, err = vault.Open(context.Background(), vault.Options{Key: l.directory.VaultKey, Clock: l.clock.Now})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(l.vault.Close)
	for name := range l.directory.Issuers {
		Expect(l.vault.PutIssuer(context.Background(), l.issuer(name))).To(Succeed())
	}
	config := inbound.Config{Contract: l.contract, Vault: l.vault, Fixtures: l.fixtures, Clock: l.clock, Faults: l.faults,
		VisaEncryption: l.directory.VisaEncryption, VisaSigning: l.directory.VisaSigning, Knobs: map[string]bool{}}
	for _, c := range change {
		c(&config)
	}
	l.inbound, err = inbound.New(config)
	Expect(err).NotTo(HaveOccurred())
	l.server = httptest.NewUnstartedServer(l.inbound.Handler())
	l.server.TLS = inbound.TLSConfig(l.directory.Server, l.directory.ClientCAs)
	l.server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that tests mean to fail
	l.server.StartTLS()
	DeferCleanup(l.server.Close)
	return l
}

// issuer is the vault's row of an issuer of the key directory.
func (l *lab) issuer(name string) vault.Issuer {
	from := l.directory.Issuers[name]
	text := func(p keys.KeyPair) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate.Raw}))
	}
	return vault.Issuer{Name: name, Endpoint: from.Profile.Endpoint, AccountRanges: from.Profile.AccountRanges, APIKey: from.Credentials.APIKey,
		ClientID: from.Credentials.ClientID, SigningKeyID: from.Credentials.SigningKeyID, SharedSecret: from.Credentials.SharedSecret,
		EncryptionCertificate: text(from.Encryption), SigningCertificate: text(from.Signing), ClientCertificate: text(from.Client), CreatedAt: noon}
}

// request is one call as an issuer makes it. Zero values are right ones.
type request struct {
	as           string // issuer; bank by default
	method, path string // path with its query, without apiKey
	body         any    // marshalled as it is
	sealed       any    // sealed into the body's encryptedData
	headers      map[string]string
	edit         func(*http.Request) // last, after signing
	raw          []byte              // body bytes instead of body
	audience     []string
}

// answer is what came back, opened.
type answer struct {
	status  int
	headers http.Header
	body    map[string]any
	sealed  map[string]any
	raw     string
}

// reason is errorResponse.reason.
func (a answer) reason() string {
	response, _ := a.body["errorResponse"].(map[string]any)
	reason, _ := response["reason"].(string)
	return reason
}

// details are the locations of errorResponse.details.
func (a answer) details() []string {
	response, _ := a.body["errorResponse"].(map[string]any)
	list, _ := response["details"].([]any)
	var locations []string
	for _, detail := range list {
		locations = append(locations, detail.(map[string]any)["location"].(string))
	}
	return locations
}

func (l *lab) call(r request) answer {
	GinkgoHelper()
	if r.as == "" {
		r.as = bank
	}
	issuer := l.directory.Issuers[r.as]
	content := r.raw
	if content == nil && (r.body != nil || r.sealed != nil) {
		content = l.compose(r, issuer)
	}
	path, query, _ := strings.Cut(r.path, "?")
	if query != "" {
		query += "&"
	}
	query += "apiKey=" + issuer.Credentials.APIKey
	if r.method == "" {
		r.method = http.MethodPost
	}
	httpRequest, err := http.NewRequest(r.method, l.server.URL+path+"?"+query, bytes.NewReader(content))
	Expect(err).NotTo(HaveOccurred())
	httpRequest.Header.Set("X-REQUEST-ID", fmt.Sprintf("test-%d", l.calls.Add(1)))
	httpRequest.Header.Set("Accept", "application/json")
	if len(content) > 0 {
		httpRequest.Header.Set("Content-Type", "application/json; charset=UTF-8")
	}
	signed, err := xpay.Sign(keys.PayTokenRules(l.contract.Tables.Envelope), xpay.NewSecret(r.as, []byte(issuer.Credentials.SharedSecret)), l.clock.Now(), xpay.CallOf(httpRequest, content))
	Expect(err).NotTo(HaveOccurred())
	httpRequest.Header.Set("x-pay-token", signed)
	for name, value := range r.headers {
		httpRequest.Header.Set(name, value)
	}
	if r.edit != nil {
		r.edit(httpRequest)
	}
	return l.send(httpRequest, issuer)
}

// compose marshals the body and seals what is to be sealed.
func (l *lab) compose(r request, issuer *keys.Issuer) []byte {
	GinkgoHelper()
	members := map[string]any{}
	if r.body != nil {
		content, err := json.Marshal(r.body)
		Expect(err).NotTo(HaveOccurred())
		if r.sealed == nil {
			return content
		}
		Expect(json.Unmarshal(content, &members)).To(Succeed())
	}
	members["encryptedData"] = l.seal(r, issuer)
	content, err := json.Marshal(members)
	Expect(err).NotTo(HaveOccurred())
	return content
}

func (l *lab) seal(r request, issuer *keys.Issuer) string {
	GinkgoHelper()
	payload, err := json.Marshal(r.sealed)
	Expect(err).NotTo(HaveOccurred())
	use, sealing := jose.UseAPI, jose.Sealing{To: jose.EncryptionKey{ID: issuer.Credentials.APIKey, RSA: l.directory.VisaEncryption.Public()},
		By: jose.SigningKey{ID: issuer.Credentials.SigningKeyID, RSA: issuer.Signing.Key}}
	if r.audience != nil {
		use, sealing.Issuer, sealing.Audience = jose.UsePushCardEnrollment, issuer.Credentials.ClientID, r.audience
	}
	blob, err := l.envelope().Seal(use, payload, sealing)
	Expect(err).NotTo(HaveOccurred())
	return blob
}

func (l *lab) envelope() *jose.Envelope {
	GinkgoHelper()
	envelope, err := jose.New(keys.JOSERules(l.contract.Tables.Envelope), l.clock.Now)
	Expect(err).NotTo(HaveOccurred())
	return envelope
}

// client presents the issuer's client certificate.
func (l *lab) client(issuer *keys.Issuer) *http.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: l.directory.CA.Pool(), Certificates: []tls.Certificate{issuer.Client.TLS()}, ServerName: "localhost"}}
	DeferCleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (l *lab) send(r *http.Request, issuer *keys.Issuer) answer {
	GinkgoHelper()
	response, err := l.client(issuer).Do(r)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	got := answer{status: response.StatusCode, headers: response.Header, raw: string(content)}
	if len(content) > 0 {
		Expect(json.Unmarshal(content, &got.body)).To(Succeed(), got.raw)
	}
	if blob, ok := got.body["encryptedData"].(string); ok {
		opened, err := l.envelope().Open(jose.UseAPI, blob, jose.Keyring{
			Decryption:   []jose.DecryptionKey{{ID: issuer.Credentials.APIKey, RSA: issuer.Encryption.Key}},
			Verification: []jose.VerificationKey{{ID: l.directory.VisaSigning.ID, RSA: l.directory.VisaSigning.Public()}}})
		Expect(err).NotTo(HaveOccurred())
		Expect(json.Unmarshal(opened.Payload, &got.sealed)).To(Succeed())
	}
	return got
}

// givenPAN puts a PAN into the vault of the issuer and returns it.
func (l *lab) givenPAN(issuer, number string) vault.PAN {
	GinkgoHelper()
	reference, err := fixtures.NewPANReferenceID(randomness)
	Expect(err).NotTo(HaveOccurred())
	pan := vault.PAN{ReferenceID: reference, Number: number, Expiration: token.Expiration{Month: "12", Year: "2029"}, CreatedAt: noon, UpdatedAt: noon}
	Expect(l.vault.Update(context.Background(), issuer, func(tx vault.Tx) error { return tx.PutPAN(pan) })).To(Succeed())
	return pan
}

// givenToken puts a token of the PAN into the vault and returns it as stored.
func (l *lab) givenToken(issuer string, pan vault.PAN, change ...func(*token.Token)) token.Token {
	GinkgoHelper()
	reference, err := fixtures.NewTokenReferenceID(randomness)
	Expect(err).NotTo(HaveOccurred())
	number, err := l.fixtures.NewTokenNumber(randomness)
	Expect(err).NotTo(HaveOccurred())
	t := token.Token{Issuer: issuer, ReferenceID: reference, RequestorID: "40010075001", PANReferenceID: pan.ReferenceID, Number: number,
		Type: "SECURE_ELEMENT", Status: "ACTIVE", EntityOfLastAction: token.TokenRequestor, Expiration: token.Expiration{Month: "11", Year: "2028"},
		AssuranceMethod: "00", CreatedAt: noon.Add(-time.Hour), ActivatedAt: noon.Add(-time.Hour), StatusUpdatedAt: noon.Add(-time.Hour),
		PANSource: "KEY_ENTERED", ClientWalletAccountID: "wallet-1", WalletAccountEmailAddressHash: "5DA27"}
	for _, c := range change {
		c(&t)
	}
	Expect(l.vault.Update(context.Background(), issuer, func(tx vault.Tx) error {
		var err error
		t, err = tx.PutToken(t)
		return err
	})).To(Succeed())
	return t
}

// token reads a token back.
func (l *lab) token(issuer, referenceID string) token.Token {
	GinkgoHelper()
	found, err := l.vault.FindToken(context.Background(), issuer, referenceID)
	Expect(err).NotTo(HaveOccurred())
	return found
}

// notifications are those queued for the issuer.
func (l *lab) notifications(issuer string) []vault.Notification {
	GinkgoHelper()
	list, _, err := l.vault.Notifications(context.Background(), vault.NotificationQuery{Issuer: issuer})
	Expect(err).NotTo(HaveOccurred())
	return list
}

// traffic is the journal of the issuer; "" is of calls whose issuer is unknown.
func (l *lab) traffic(issuer string) []vault.Traffic {
	GinkgoHelper()
	rows, _, err := l.vault.Traffic(context.Background(), vault.TrafficQuery{Issuer: issuer})
	Expect(err).NotTo(HaveOccurred())
	return rows
}

// tokenPath is the path of an API about the token.
func tokenPath(t token.Token, api string) string {
	return "/vtis/v1/tokenRequestors/" + t.RequestorID + "/tokens/" + t.ReferenceID + "/" + api
}
