package policy

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// RulePrefix stands before the row's name where a deviation names its rule.
const RulePrefix = "policy:"

// Deviation is an answer that is not what the row says. Its texts are masked.
type Deviation struct {
	Message, Expected, Actual string
}

// The action codes that are no declines (p.127).
const (
	approved    = "00"
	conditional = "85"
)

// Judge holds the answer to one call of a case against the row. Nil and true
// say that it is as the row says; false that the answer decides nothing, which
// is the specification's business and not the row's.
func (r *Row) Judge(x *outbound.Exchange) (*Deviation, bool) {
	if x == nil || x.Failure != nil || x.Response == nil || x.Response.Status/100 != http.StatusOK/100 || x.Response.Truncated {
		return nil, false
	}
	decoded, err := contract.Decode(x.Response.Body)
	body, ok := decoded.(map[string]any)
	if err != nil || !ok {
		return nil, false
	}
	if x.Operation == methods {
		return r.judgeMethods(body), true
	}
	path, said := pathOf(body)
	if path == "" {
		return nil, false
	}
	if path == r.Path {
		return nil, true
	}
	return r.deviation(r.Path, path+" ("+said+")"), true
}

// pathOf is the way that the answer takes, and what says so; empty where it
// says nothing.
func pathOf(body map[string]any) (path, said string) {
	action, _ := body["actionCode"].(string)
	code, _ := body["errorCode"].(string)
	for _, part := range [][2]string{{"actionCode", action}, {"errorCode", code}} {
		if part[1] != "" {
			said = strings.TrimPrefix(said+", "+part[0]+" "+shortened(part[1]), ", ")
		}
	}
	switch {
	case action == "" && code == "":
		return "", ""
	case action == approved && code == "":
		return keys.PathGreen, said
	case action == conditional && code == "":
		return keys.PathYellow, said
	}
	return keys.PathRed, said
}

func (r *Row) judgeMethods(body map[string]any) *Deviation {
	var offered, missing []string
	list, _ := body["stepUpMethods"].([]any)
	for _, element := range list {
		method, _ := element.(map[string]any)
		if name, ok := method["type"].(string); ok {
			offered = append(offered, shortened(name))
		}
	}
	for _, name := range r.StepUpMethods {
		if !slices.Contains(offered, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	came := "no step-up method"
	if len(offered) > 0 {
		came = "step-up methods " + strings.Join(offered, ", ")
	}
	return r.deviation("step-up methods "+strings.Join(r.StepUpMethods, ", "), came+", without "+strings.Join(missing, ", "))
}

func (r *Row) deviation(want, got string) *Deviation {
	return &Deviation{Expected: want, Actual: got,
		Message: fmt.Sprintf("the policy %q (line %d of the profile) says %s, the issuer answered %s", r.Name, r.Line, want, got)}
}

// shortened is a text of the issuer, masked: a code or a type has no more than
// a few characters.
func shortened(text string) string {
	const most = 40
	runes := []rune(contract.Mask(text))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}
