package judge

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// sent is what the judge needs of a request.
type sent struct {
	// members is the body, sealed the payload; of a call that was sent as
	// broken JSON, what it was made from.
	members, sealed map[string]any
	path            map[string]string
	// secrets are the values by their kind, as the contract's fields are
	// marked: pan, cvv2, otp.
	secrets map[string][]string
}

// Kinds of sensitive members (contract.Field.Sensitive).
const (
	secretPAN  = "pan"
	secretCVV2 = "cvv2"
	secretOTP  = "otp"
)

func readSent(op *facts, x *outbound.Exchange) sent {
	s := sent{members: plain(x.Request.Members), sealed: plain(x.Request.Sealed), path: pathOf(op.Path, x.Request.URL), secrets: map[string][]string{}}
	s.collect(op.Field(contract.Request), s.members)
	s.collect(op.Field(contract.SealedRequest), s.sealed)
	return s
}

// plain brings members into the form of decoded JSON.
func plain(members map[string]any) map[string]any {
	content, err := json.Marshal(members)
	if err != nil {
		return nil
	}
	value, err := contract.Decode(content)
	if err != nil {
		return nil
	}
	object, _ := value.(map[string]any)
	return object
}

// collect finds the sensitive values. The number of a token is no PAN
// (INT-154).
func (s *sent) collect(field *contract.Field, value any) {
	if field == nil {
		return
	}
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			s.collect(field.Member(name), member)
		}
	case []any:
		for _, element := range v {
			s.collect(field.Items, element)
		}
	case string, json.Number:
		if value := fmt.Sprint(v); telling(field.Sensitive, value) && !strings.Contains(strings.ToLower(field.Name), "token") {
			s.secrets[field.Sensitive] = append(s.secrets[field.Sensitive], value)
		}
	}
}

// telling says whether a value is of the size that a secret of the kind has:
// what a negative case puts in its place may be anything, and everywhere.
func telling(kind, value string) bool {
	for _, r := range value {
		if r < '0' || r > '9' {
			return false
		}
	}
	switch kind {
	case secretPAN:
		return len(value) >= 12
	case secretCVV2:
		return len(value) == 3 || len(value) == 4
	case secretOTP:
		return len(value) >= 4
	}
	return false
}

// pathOf reads the parameters of a path template out of the end of a URL.
func pathOf(template, address string) map[string]string {
	at, err := url.Parse(address)
	if err != nil {
		return nil
	}
	var names []string
	pattern := parameter.ReplaceAllStringFunc(regexp.QuoteMeta(template), func(name string) string {
		names = append(names, strings.Trim(name, `\{}`))
		return "([^/]*)"
	})
	found := regexp.MustCompile(pattern + "$").FindStringSubmatch(at.Path)
	path := map[string]string{}
	for i, name := range names {
		if found != nil {
			path[name] = found[i+1]
		}
	}
	return path
}

// parameter of a path template once its braces are quoted.
var parameter = regexp.MustCompile(`\\\{[A-Za-z]+\\\}`)

// token is the tokenReferenceID of path or body; empty when there is none.
func (s sent) token() string {
	if reference := s.path["tokenReferenceID"]; reference != "" {
		return reference
	}
	return text(s.members, "tokenReferenceID")
}

// account is the PAN of the payload, wherever it stands (INT-101).
func (s sent) account() string {
	if len(s.secrets[secretPAN]) > 0 {
		return s.secrets[secretPAN][0]
	}
	return ""
}

func (s sent) flag(name string) bool { set, _ := s.members[name].(bool); return set }
