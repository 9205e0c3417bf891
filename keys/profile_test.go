package keys

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	throwaway "github.com/vtsim/vtsim/fixtures/keys"
)

const fullProfile = `
name: my-bank
endpoint: ${ENDPOINT}/vts/
tls: {ca: /etc/ca.pem, certificate: tls/visa.crt, key: ../visa.key, serverName: issuer.test}
keys:
  visaEncryption: {certificate: a.crt, key: a.key}
  visaSigning: {certificate: b.crt, key: b.key}
  issuerEncryption: {certificate: c.crt}
  issuerSigning: {certificate: d.crt, key: d.key}
credentials: secrets/credentials.yaml
sendXPayToken: true
participation: {checkEligibility: true, sendPasscode: false}
accountRanges: [412345678, "412345679"]
cards:
  - {role: eligible, pan: 4000000010000018, expMonth: 09, expYear: 2031, cvv2: 012}
  - {role: wrongCvv2, pan: "4000000010000018", cvv2: "999"}
triggers:
  inquire: {http: {url: "https://issuer.test/inquire?secret=${KEY}", headers: {X-Test: "1"}, body: "{{token}} costs $${5}"}, timeout: 2s}
  suspend: {command: [./suspend.sh, "{{token}}"]}
interpretations: {INT-101: flat}
policies:
  - name: step up
    when: {wallet: [W], tokenType: [HCE], panSource: [KEY_ENTERED], reasonCode: [A0], cvv2Result: [M], deviceScore: {min: 1, max: 2}, riskScore: {max: 50}}
    then: {path: yellow, stepUpMethods: [OTPSMS]}
  - {name: rest, then: {path: green}}
`

func profileSettings() Settings {
	return Settings{Facts: facts(), LookupEnv: func(name string) (string, bool) {
		value, ok := map[string]string{"ENDPOINT": "https://issuer.test:9443", "KEY": "k}\nname: x"}[name]
		return value, ok
	}}
}

var _ = Describe("An issuer's profile", func() {
	It("is read completely", func() {
		file := filepath.Join("some", "folder", "issuer.yaml")
		p := must(ParseProfile([]byte(fullProfile), file, profileSettings()))
		in := func(name string) string { return filepath.Join("some", "folder", name) }
		number := func(n int) *int { return &n }
		p.read = nil
		Expect(p).To(Equal(&Profile{
			File: file, Name: "my-bank", Endpoint: "https://issuer.test:9443/vts",
			TLS: ProfileTLS{CA: "/etc/ca.pem", Certificate: in("tls/visa.crt"), Key: filepath.Join("some", "visa.key"), ServerName: "issuer.test"},
			Keys: ProfileKeys{
				VisaEncryption: KeyFiles{in("a.crt"), in("a.key")}, VisaSigning: KeyFiles{in("b.crt"), in("b.key")},
				IssuerEncryption: KeyFiles{Certificate: in("c.crt")}, IssuerSigning: KeyFiles{in("d.crt"), in("d.key")},
			},
			Credentials: in("secrets/credentials.yaml"), SendXPayToken: true,
			Participation: map[string]bool{"checkEligibility": true, "sendPasscode": false},
			AccountRanges: []string{"412345678", "412345679"},
			Cards: []Card{
				{Role: "eligible", PAN: "4000000010000018", ExpMonth: "09", ExpYear: "2031", CVV2: "012"},
				{Role: "wrongCvv2", PAN: "4000000010000018", CVV2: "999"},
			},
			Triggers: map[string]Trigger{
				"inquire": {HTTP: &HTTPTrigger{URL: "https://issuer.test/inquire?secret=k}\nname: x", Headers: map[string]string{"X-Test": "1"}, Body: "{{token}} costs ${5}"}, Timeout: 2 * time.Second},
				"suspend": {Command: []string{"./suspend.sh", "{{token}}"}},
			},
			Interpretations: map[string]string{"INT-101": "flat"},
			Policies: []Policy{
				{Name: "step up", Path: PathYellow, StepUpMethods: []string{"OTPSMS"}, When: PolicyCondition{
					Wallets: []string{"W"}, TokenTypes: []string{"HCE"}, PANSources: []string{"KEY_ENTERED"}, ReasonCodes: []string{"A0"},
					CVV2Results: []string{"M"}, DeviceScore: Range{number(1), number(2)}, RiskScore: Range{Max: number(50)},
				}, Line: 22, Column: 5},
				{Name: "rest", Path: PathGreen, Line: 25, Column: 5},
			},
		}))
		Expect(p.Host()).To(Equal("issuer.test"))
	})

	It("serves all operations when it does not say which", func() {
		p := must(ParseProfile([]byte("name: a\nendpoint: https://a\n"), "issuer.yaml", profileSettings()))
		Expect(p.Participation).To(HaveLen(11))
		for _, operation := range facts().Outbound {
			Expect(p.Participation[operation]).To(BeTrue(), operation)
		}
	})

	It("is written by init so that it can be certified as it is", func() {
		s := settings()
		dir := directory(s)
		p := must(LoadProfile(filepath.Join(dir, "issuers", "demo-bank", "issuer.yaml"), s))
		Expect(p.Endpoint).To(Equal("https://localhost:9443"))
		Expect(p.Participation).To(HaveLen(11))
		Expect(p.AccountRanges).To(Equal([]string{"400000001"}))
		Expect(p.Triggers).To(HaveKeyWithValue("suspend", Trigger{HTTP: &HTTPTrigger{URL: DefaultControl + "/trigger/suspend",
			Headers: map[string]string{"Content-Type": "application/json"},
			Body:    `{"tokenRequestorID": "{{token.requestor}}", "tokenReferenceID": "{{token.reference}}"}`}}))
		Expect(p.Policies).To(BeEmpty())
		Expect(p.Cards).To(HaveLen(20))
		for i, card := range p.Cards {
			if i < len(Roles()) {
				Expect(card.Role).To(Equal(Roles()[i]))
			}
			Expect(card.PAN).To(HavePrefix("400000001"))
			Expect(card.PAN).To(HaveLen(16))
			Expect(fixtures.Luhn(card.PAN)).To(BeTrue())
			Expect(card.CVV2).To(MatchRegexp(`^[0-9]{3}$`))
			good := card.ExpYear+card.ExpMonth > now.Format("200601")
			Expect(good).To(Equal(card.Role != RoleExpired), card.Role)
		}
		c := must(p.Connect(s))
		d := must(LoadDirectory(dir, s))
		Expect(c.VisaSigning.ID).To(Equal(d.VisaSigning.ID))
		Expect(c.VisaEncryption.Key.Equal(d.VisaEncryption.Key)).To(BeTrue())
		Expect(c.IssuerSigning.ID).To(Equal(d.Issuers["demo-bank"].Credentials.SigningKeyID))
		Expect(c.IssuerEncryption.Key).To(BeNil(), "only the certificate is named")
		Expect(c.Certificate.Leaf.Equal(d.Client.Leaf)).To(BeTrue())
	})

	It("explains its sections in comments whose examples work", func() {
		text := string(must(fs.ReadFile(throwaway.TestOnly(), "issuers/demo-bank/issuer.yaml")))
		uncommented := regexp.MustCompile(`(?m)^(triggers: \{\}|interpretations: \{\}|policies: \[\])\n((?:#  .*\n)+)`).ReplaceAllStringFunc(text, func(section string) string {
			section = strings.NewReplacer(" {}\n", "\n", " []\n", "\n").Replace(section)
			return regexp.MustCompile(`(?m)^#`).ReplaceAllString(section, "")
		})
		p := must(ParseProfile([]byte(uncommented), "issuer.yaml", settings()))
		Expect(p.Triggers).To(HaveLen(2))
		Expect(p.Triggers["tokenInquiry"].HTTP.Body).To(Equal(`{"tokenReferenceID": "{{tokenReferenceID}}"}`))
		Expect(p.Interpretations).To(HaveKey("INT-101"))
		Expect(p.Policies).To(HaveLen(1))
	})

	DescribeTable("is refused with the place and the cure", func(text string, parts ...string) {
		_, err := ParseProfile([]byte(text), "issuer.yaml", profileSettings())
		Expect(err).To(HaveOccurred())
		for _, part := range parts {
			Expect(err).To(MatchError(ContainSubstring(part)))
		}
		Expect(err.Error()).To(HavePrefix("issuer.yaml:"))
		Expect(err.Error()).NotTo(MatchRegexp(`\n|[0-9]{13}`))
	},
		Entry("empty", "", "is empty"),
		Entry("only a comment", "# nothing\n", "is empty"),
		Entry("a list", "- a\n", ":1:1: a mapping (key: value) belongs here, not a list"),
		Entry("two documents", "name: a\nendpoint: https://a\n---\nname: b\n", ":3:1: a second YAML document"),
		Entry("no name", "endpoint: https://a\n", "name is missing"),
		Entry("no endpoint", "name: a\n", "endpoint is missing"),
		Entry("a bad name", "name: A b\n", ":1:7:", "lower-case"),
		Entry("an endpoint of another scheme", "name: a\nendpoint: ftp://a\n", ":2:11: the endpoint must be a URL"),
		Entry("an endpoint with a query", "name: a\nendpoint: https://a?b=c\n", ":2:11:"),
		Entry("an unknown key", "nam: a\n", `:1:1: unknown key "nam"; known here are accountRanges, cards, credentials`),
		Entry("an unknown key inside", "tls:\n  cert: a\n", `:2:3: unknown key "cert"; known here are ca, certificate, key, serverName`),
		Entry("a certificate without key", "tls: {certificate: a}\n", ":1:6: certificate and key go together"),
		Entry("Visa's key missing", "keys: {visaSigning: {certificate: a}}\n", "key is missing"),
		Entry("a certificate missing", "keys: {issuerSigning: {key: a}}\n", "certificate is missing"),
		Entry("an empty path", "credentials: \"\"\n", ":1:14: a file's path"),
		Entry("nothing for a text", "credentials:\n", "a text belongs here, not nothing"),
		Entry("a word for a switch", "sendXPayToken: maybe\n", ":1:16: true or false"),
		Entry("an unknown operation", "participation:\n  checkEligable: true\n", `:2:3: unknown operation "checkEligable"; known are approveProvisioning`),
		Entry("an operation with a word", "participation: {checkEligibility: often}\n", "true or false"),
		Entry("a short account range", "accountRanges: [\"41234567\"]\n", ":1:17: an account range of 9 digits"),
		Entry("a PAN for an account range", "accountRanges: [\"4000000010000018\"]\n", "9 digits"),
		Entry("an account range twice", "accountRanges: [\"412345678\", \"412345678\"]\n", ":1:30: account range 412345678 stands here a second time"),
		Entry("an unknown role", "cards: [{role: elegible, pan: \"4000000010000018\"}]\n", `:1:16: unknown role "elegible"; it is one of eligible, stepUp`),
		Entry("a PAN for a role", "cards: [{role: \"4000000010000018\"}]\n", `unknown role "…"`),
		Entry("no role", "cards: [{pan: \"4000000010000018\"}]\n", "role is missing"),
		Entry("no PAN", "cards: [{role: eligible}]\n", "pan is missing"),
		Entry("a PAN with blanks", "cards: [{role: eligible, pan: \"4000 0000 1000 0018\"}]\n", ":1:31: a PAN of digits only"),
		Entry("a PAN with a wrong check digit", "cards: [{role: eligible, pan: \"4000000010000019\"}]\n", "Luhn"),
		Entry("a month of 13", "cards: [{role: eligible, expMonth: \"13\"}]\n", "01 to 12"),
		Entry("a year of two digits", "cards: [{role: eligible, expYear: 31}]\n", "four digits"),
		Entry("half an expiry date", "cards: [{role: eligible, pan: \"4000000010000018\", expYear: 2031}]\n", "go together"),
		Entry("a CVV2 of letters", "cards: [{role: eligible, cvv2: abc}]\n", "CVV2 of digits"),
		Entry("a card twice", "cards: [{role: eligible, pan: \"4000000010000018\"}, {role: eligible, pan: \"4000000010000018\"}]\n", "same card"),
		Entry("cards as a mapping", "cards: {role: eligible}\n", ":1:8: a list belongs here, not a mapping"),
		Entry("a trigger without action", "triggers: {a: {timeout: 1s}}\n", ":1:12: a trigger has either http or command"),
		Entry("a trigger with both", "triggers: {a: {command: [x], http: {url: u}}}\n", "either http or command"),
		Entry("an HTTP trigger without URL", "triggers: {a: {http: {method: GET}}}\n", "url is missing"),
		Entry("a time-out without unit", "triggers: {a: {command: [x], timeout: 5}}\n", ":1:39: a positive duration"),
		Entry("an unknown interpretation", "interpretations: {int-1: x}\n", ":1:19: an interpretation's id"),
		Entry("a policy without name", "policies: [{then: {path: green}}]\n", "name is missing"),
		Entry("a policy without decision", "policies: [{name: a}]\n", "then.path is missing"),
		Entry("a policy with another colour", "policies: [{name: a, then: {path: blue}}]\n", "green, yellow or red"),
		Entry("a green policy with step-up", "policies: [{name: a, then: {path: green, stepUpMethods: [X]}}]\n", "yellow only"),
		Entry("two policies of one name", "policies: [{name: a, then: {path: red}}, {name: a, then: {path: red}}]\n", ":1:42: a policy of this name"),
		Entry("a score of words", "policies: [{name: a, when: {riskScore: {min: low}}}]\n", "whole number"),
		Entry("a score the wrong way round", "policies: [{name: a, when: {riskScore: {min: 2, max: 1}}}]\n", "min is greater"),
		Entry("a variable that is not closed", "name: ${ENDPOINT\n", ":1:7: ${ does not start a variable"),
		Entry("a variable with blanks", "name: \"${A B}\"\n", "does not start a variable"),
		Entry("a variable that is not set", "name: ${NOBODY}\n", "environment variable NOBODY is not set"),
		Entry("a mapping as key", "{a: b}: c\n", ":1:1: a plain key belongs here, not a mapping"),
	)

	It("says when the file is missing", func() {
		_, err := LoadProfile(filepath.Join(GinkgoT().TempDir(), "issuer.yaml"), profileSettings())
		Expect(err).To(MatchError(ContainSubstring("issuer.yaml: is missing; vtsim init writes one")))
	})

	DescribeTable("is not connected with material that is not sound", func(change func(*Profile), parts ...string) {
		dir := throwAwayCopy()
		p := must(LoadProfile(filepath.Join(dir, "issuers", "demo-bank", "issuer.yaml"), settings()))
		change(p)
		_, err := p.Connect(settings())
		for _, part := range parts {
			Expect(err).To(MatchError(ContainSubstring(part)))
		}
	},
		Entry("no CA file", func(p *Profile) { p.TLS.CA += "x" }, "pki/ca.crtx: is missing", "tls.ca in"),
		Entry("a key as CA", func(p *Profile) { p.TLS.CA = p.TLS.Key }, `type "PRIVATE KEY" where CERTIFICATE belongs`),
		Entry("no keys", func(p *Profile) { p.Keys.VisaSigning = KeyFiles{} }, "issuer.yaml: keys.visaSigning is missing"),
		Entry("keys of different pairs", func(p *Profile) { p.Keys.VisaSigning.Key = p.Keys.VisaEncryption.Key }, "visa/signing.crt: does not belong", "keys.visaSigning in"),
		Entry("a server certificate for the client", func(p *Profile) {
			p.TLS.Certificate = strings.Replace(p.TLS.Certificate, "client", "server", 1)
			p.TLS.Key = strings.Replace(p.TLS.Key, "client", "server", 1)
		}, "server.crt: does not allow the use as TLS client", "tls in"),
		Entry("a key that is missing", func(p *Profile) { p.Keys.VisaSigning.Key += "x" }, "signing.keyx: is missing"),
		Entry("a key that is none", func(p *Profile) { p.Keys.VisaSigning.Key = p.File }, "issuer.yaml: is not PEM"),
		Entry("no credentials", func(p *Profile) { p.Credentials = "" }, "credentials is missing"),
		Entry("credentials elsewhere", func(p *Profile) { p.Credentials += "x" }, "credentials.yamlx: is missing"),
	)

	It("is connected under the name that the issuer gave its signing key (p.43)", func() {
		dir := throwAwayCopy()
		write(dir, "issuers/demo-bank/credentials.yaml", []byte("apiKey: a\nsharedSecret: s\nclientID: c\nsigningKeyID: their-own-name\n"))
		p := must(LoadProfile(filepath.Join(dir, "issuers", "demo-bank", "issuer.yaml"), settings()))
		Expect(must(p.Connect(settings())).IssuerSigning.ID).To(Equal("their-own-name"))
	})

	It("is connected without TLS files when it has none", func() {
		dir := throwAwayCopy()
		p := must(LoadProfile(filepath.Join(dir, "issuers", "demo-bank", "issuer.yaml"), settings()))
		p.TLS = ProfileTLS{}
		c := must(p.Connect(settings()))
		Expect(c.RootCAs).To(BeNil())
		Expect(c.Certificate).To(BeNil())
	})
})

var _ = Describe("Test cards", func() {
	It("are read from a list of their own, YAML or JSON", func() {
		yaml := must(ParseCards([]byte("- {role: fraud, pan: \"4000000010000018\", expMonth: \"01\", expYear: \"2030\", cvv2: \"001\"}\n"), "cards.yaml", profileSettings()))
		json := must(ParseCards([]byte(`[{"role":"fraud","pan":"4000000010000018","expMonth":"01","expYear":"2030","cvv2":"001"}]`), "cards.json", profileSettings()))
		Expect(yaml).To(Equal([]Card{{"fraud", "4000000010000018", "01", "2030", "001"}}))
		Expect(json).To(Equal(yaml))
		_, err := ParseCards([]byte(`[{"role":"x"}]`), "cards.json", profileSettings())
		Expect(err).To(MatchError(ContainSubstring(`cards.json:1:10: unknown role "x"`)))
	})

	It("print without PAN and CVV2", func() {
		card := Card{Role: "eligible", PAN: "4000000010000018", CVV2: "838"}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			Expect(fmt.Sprintf(verb, card)).To(Equal("card eligible ending 0018"))
			Expect(fmt.Sprintf(verb, []Card{card})).To(And(ContainSubstring("card eligible ending 0018"), Not(ContainSubstring("838"))))
		}
		Expect(card.LogValue().String()).To(Equal("card eligible ending 0018"))
		Expect(Card{}.String()).To(Equal("card  ending "))
	})

	DescribeTable("carry the check digit of ISO/IEC 7812", func(pan string, valid bool) { Expect(fixtures.Luhn(pan)).To(Equal(valid)) },
		Entry(nil, "4111111111111111", true), Entry(nil, "4012888888881881", true), Entry(nil, "4222222222222", true),
		Entry(nil, "4111111111111112", false), Entry(nil, "41111111111111x1", false), Entry(nil, "", false), Entry(nil, "0", false),
	)

	It("lie in account ranges that nobody has", func() {
		Expect(FreeAccountRange(nil)).To(Equal("400000001"))
		Expect(FreeAccountRange([]string{"400000001", "400000003"})).To(Equal("400000002"))
		var all []string
		for i := range 1000 {
			all = append(all, fmt.Sprintf("400000%03d", i))
		}
		_, err := FreeAccountRange(all)
		Expect(err).To(MatchError(ContainSubstring("all test account ranges are taken")))
	})

	It("has enough cards of the roles that most cases need, each a valid number of the range and no other's", func() {
		samples, err := SampleCards("400000001", now, now, rand.Reader)
		Expect(err).NotTo(HaveOccurred())
		cards := Plenty(samples)
		Expect(cards[:len(samples)]).To(Equal(samples))
		count, numbers := map[string]int{}, map[string]bool{}
		for _, card := range cards {
			count[card.Role]++
			numbers[card.PAN] = true
			Expect(card.PAN).To(And(HavePrefix("400000001"), HaveLen(16), HaveSuffix(string(fixtures.CheckDigit(card.PAN[:15])))))
		}
		Expect(numbers).To(HaveLen(len(cards)))
		Expect(count).To(And(HaveKeyWithValue(RoleEligible, 8), HaveKeyWithValue(RoleStepUp, 4), HaveKeyWithValue(RoleFraud, 1)))
		Expect(Plenty(cards)).To(Equal(cards))
		Expect(Plenty(nil)).To(BeEmpty())
	})

	It("needs a whole account range for sample cards", func() {
		_, err := SampleCards("4", now, now, nil)
		Expect(err).To(MatchError(ContainSubstring("9 digits")))
	})
})

var _ = Describe("Credentials", func() {
	It("have the shapes of the specification (pp.28, 97)", func() {
		s := settings()
		seen := map[string]bool{}
		for _, issuer := range []string{"first-bank", "second-bank"} {
			dir := filepath.Join(GinkgoT().TempDir(), issuer)
			must(Init(context.Background(), dir, InitOptions{Settings: s, Issuer: issuer}))
			file := filepath.Join(dir, "issuers", issuer, "credentials.yaml")
			c := must(ParseCredentials(must(os.ReadFile(file)), file, s))
			Expect(c.APIKey).To(MatchRegexp(`^[A-Za-z0-9]{49}$`))
			Expect(c.SharedSecret).To(MatchRegexp(`^[A-Za-z0-9]{50}$`))
			Expect(c.ClientID).To(MatchRegexp(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`))
			Expect(c.SigningKeyID).To(MatchRegexp(`^[0-9A-F]{8}$`))
			for _, value := range []string{c.APIKey, c.SharedSecret, c.ClientID, c.SigningKeyID} {
				Expect(seen).NotTo(HaveKey(value))
				seen[value] = true
			}
		}
	})

	It("follow the facts of the contract, not numbers of their own", func() {
		s := must(settings().ready())
		s.Facts.APIKeyLength = 12
		Expect(must(newCredentials(s, "X")).APIKey).To(HaveLen(12))
		s.Facts.ClientIDMax = 35
		_, err := newCredentials(s, "X")
		Expect(err).To(MatchError(ContainSubstring("longer than the 35")))
		s = must(settings().ready())
		s.Facts.KeyIDMax = 7
		_, err = newCredentials(s, "12345678")
		Expect(err).To(MatchError(ContainSubstring("longer than the 7")))
	})

	It("take their facts from the contract", func() {
		known := FactsOf(must(contract.Load()))
		Expect(known.Policies).To(HaveKeyWithValue(FactDeviceScore, HaveField("Values", []string{"1", "2", "3", "4", "5"})))
		Expect(known.Policies).To(HaveKeyWithValue(FactRiskScore, HaveField("Values", HaveLen(100))))
		Expect(known.Policies).To(HaveKeyWithValue(FactCVV2Result, HaveField("Values", HaveLen(5))))
		Expect(known.Policies).To(HaveLen(len(PolicyFacts())+1), "every fact, and the step-up methods")
		known.Policies = nil
		Expect(known).To(Equal(facts()))
	})

	It("come from the environment where the file says so", func() {
		c := must(ParseCredentials([]byte("apiKey: ${ENDPOINT}\nsharedSecret: s\nclientID: c\nsigningKeyID: k"), "credentials.yaml", Settings{
			Facts: facts(), LookupEnv: func(string) (string, bool) { return "fromEnvironment", true },
		}))
		Expect(c.APIKey).To(Equal("fromEnvironment"))
	})

	It("print without secrets", func() {
		c := Credentials{APIKey: "AAAA", SharedSecret: "SSSS", ClientID: "client", SigningKeyID: "KID"}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			Expect(fmt.Sprintf(verb, c)).To(Equal("credentials of client client, signing key KID"))
			Expect(fmt.Sprintf(verb, &Issuer{Credentials: c, Profile: &Profile{}})).NotTo(ContainSubstring("SSSS"))
		}
		Expect(c.LogValue().String()).NotTo(ContainSubstring("SSSS"))
	})

	It("are drawn without a preferred letter", func() {
		// Bytes past the last multiple of 62 are thrown away: 248 is the first.
		bytes := append([]byte{248, 255, 0, 61, 62, 247}, make([]byte, 100)...)
		Expect(randomText(strings.NewReader(string(bytes)), 6)).To(Equal("A9A9AA"))
	})
})

var _ = Describe("A source of keys", func() {
	ctx := context.Background()

	It("makes new keys of the length asked for", func() {
		key := must(Generated{}.RSA(ctx, 2048))
		Expect(key.N.BitLen()).To(Equal(2048))
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		_, err := Generated{}.RSA(cancelled, 2048)
		Expect(err).To(MatchError(context.Canceled))
	})

	It("hands out each spare key once, then asks the next source", func() {
		folder := GinkgoT().TempDir()
		Expect(os.WriteFile(filepath.Join(folder, "1.key"), must(os.ReadFile(filepath.Join("..", "fixtures", "keys", "testonly", "spare", "01.key"))), 0o600)).To(Succeed())
		next := must(NewSpares(throwaway.Spare(), nil))
		spares := must(NewSpares(os.DirFS(folder), next))
		Expect(spares.Left()).To(Equal(1))
		first := must(spares.RSA(ctx, 2048))
		Expect(spares.Left()).To(Equal(0))
		left := next.Left()
		second := must(spares.RSA(ctx, 2048))
		Expect(next.Left()).To(Equal(left - 1))
		Expect(first.Equal(second)).To(BeTrue(), "both sources begin with the same file")
		Expect(must(spares.RSA(ctx, 2048)).Equal(first)).To(BeFalse())
	})

	It("says when no key is left or a file is none", func() {
		folder := GinkgoT().TempDir()
		Expect(os.WriteFile(filepath.Join(folder, "1.key"), []byte("x"), 0o600)).To(Succeed())
		spares := must(NewSpares(os.DirFS(folder), nil))
		_, err := spares.RSA(ctx, 2048)
		Expect(err).To(MatchError(ContainSubstring("1.key: is not PEM")))
		_, err = spares.RSA(ctx, 2048)
		Expect(err).To(MatchError(ContainSubstring("used up")))
	})
})
