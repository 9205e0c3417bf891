package contract

import (
	"fmt"
	"regexp"
	"strings"
)

// Traffic directions of a header rule.
const (
	headerRequest  = "request"
	headerResponse = "response"
)

// HeaderRule describes one HTTP header of requests or responses (p.26-28).
type HeaderRule struct {
	// Name as the specification writes it; HTTP ignores its letter case.
	Name string `yaml:"name" json:"name"`
	// Direction is request or response.
	Direction string `yaml:"direction" json:"direction"`
	// Traffic lists inbound (issuer to Visa) and outbound (Visa to issuer).
	Traffic     []Direction     `yaml:"traffic" json:"traffic"`
	Page        int             `yaml:"page" json:"page"`
	Requirement Requirement     `yaml:"requirement" json:"requirement"`
	Condition   HeaderCondition `yaml:"condition" json:"condition,omitzero"`
	// Pattern of a right value, as Go writes regular expressions; {scheme}
	// in the file is replaced by that of Envelope.
	Pattern string `yaml:"pattern" json:"pattern,omitempty"`
	// MaxLength in characters; zero when unbounded. Of a header with
	// Envelope it comes from there.
	MaxLength int `yaml:"maxLength" json:"maxLength,omitempty"`
	// Single says that the header may stand once only.
	Single bool `yaml:"single" json:"single"`
	// Default is what an absent optional header means.
	Default string `yaml:"default" json:"default,omitempty"`
	Example string `yaml:"example" json:"example,omitempty"`
	// Sensitive values are never repeated in a message.
	Sensitive bool `yaml:"sensitive" json:"sensitive,omitempty"`
	// Envelope names the entry of the envelope table that adds facts.
	Envelope string `yaml:"envelope" json:"envelope,omitempty"`
	// Equals names the request header that a response header repeats.
	Equals string `yaml:"equals" json:"equals,omitempty"`
	Level  Level  `yaml:"level" json:"level"`
	// Trigger leads to the error that answers a violation in an inbound
	// request.
	Trigger        string `yaml:"trigger" json:"trigger,omitempty"`
	Interpretation string `yaml:"interpretation" json:"interpretation,omitempty"`
	Description    string `yaml:"description" json:"description"`

	pattern *regexp.Regexp
}

// HeaderCondition says when a conditional header is required, and when the
// value of an optional one counts.
type HeaderCondition struct {
	// BodyPresent: there is a body.
	BodyPresent bool `yaml:"bodyPresent" json:"bodyPresent,omitempty"`
}

// Keywords of the rules of a header.
const (
	headerRequired  = "required"
	headerSingle    = "single"
	headerMaxLength = "maxLength"
	headerPattern   = "pattern"
	headerEquals    = "equals-request"
)

// compileHeaders adds the facts of the envelope and compiles the patterns.
func (t *Tables) compileHeaders() error {
	for i := range t.Headers {
		h := &t.Headers[i]
		if h.Envelope == envelopeXPayToken {
			h.Pattern = strings.ReplaceAll(h.Pattern, "{scheme}", regexp.QuoteMeta(t.Envelope.XPayToken.Scheme))
			if h.MaxLength == 0 {
				h.MaxLength = t.Envelope.XPayToken.MaxLength
			}
		}
		if h.Pattern == "" {
			continue
		}
		var err error
		if h.pattern, err = regexp.Compile(h.Pattern); err != nil {
			source := t.sources[headerTable]
			return fmt.Errorf("%s: line %d: pattern: %w", source.file, source.line([]any{"headers", i, "pattern"}), err)
		}
	}
	return nil
}

// id builds headers/<direction>/<name>#<keyword>.
func (h *HeaderRule) id(keyword string) string {
	return "headers/" + h.Direction + "/" + h.Name + "#" + keyword
}

// keywords lists the constraints that a message can break.
func (h *HeaderRule) keywords() []string {
	var list []string
	for _, k := range []struct {
		word    string
		present bool
	}{
		{headerRequired, h.Requirement == Required || h.Requirement == Conditional},
		{headerSingle, h.Single},
		{headerMaxLength, h.MaxLength > 0},
		{headerPattern, h.Pattern != ""},
		{headerEquals, h.Equals != ""},
	} {
		if k.present {
			list = append(list, k.word)
		}
	}
	return list
}

// expected says what would be right, without the header's name.
func (h *HeaderRule) expected(keyword string) string {
	switch keyword {
	case headerRequired:
		if h.Condition.BodyPresent {
			return "present whenever there is a body"
		}
		return "present"
	case headerSingle:
		return "given once"
	case headerMaxLength:
		return fmt.Sprintf("at most %d characters", h.MaxLength)
	case headerEquals:
		return "equal to the request's " + h.Equals
	default:
		return "of the form " + h.Pattern
	}
}

// rules are the rules of the header for the list of all rules. What the
// issuer sends, it can break: requests to Visa and answers to Visa. A header
// that travels both ways has one rule, which judges the issuer.
func (h *HeaderRule) rules() []Rule {
	var list []Rule
	for _, keyword := range h.keywords() {
		list = append(list, Rule{ID: h.id(keyword), Level: h.Level, Party: Issuer, Page: h.Page,
			Title: h.Name + " is " + h.expected(keyword), Interpretation: h.Interpretation})
	}
	return list
}

func checkHeaders(p place, list []HeaderRule, envelope *Envelope) {
	seen := map[string]bool{}
	for i, h := range list {
		at := p.at(i)
		at.at("name").unique(seen, "header", h.Direction+" "+strings.ToLower(h.Name))
		at.page(h.Page)
		at.filled(map[string]string{"name": h.Name, "description": h.Description})
		at.at("direction").known("direction", h.Direction, words(headerRequest, headerResponse))
		at.at("requirement").known("requirement", string(h.Requirement), words(string(Required), string(Conditional), string(Optional)))
		if h.Requirement == Conditional && !h.Condition.BodyPresent {
			at.failf("a conditional header needs a condition")
		}
		if !h.Level.known() {
			at.at("level").failf("level is %q, want must, should or info", h.Level)
		}
		h.checkTraffic(at)
		if h.Direction == headerRequest && !standardTriggers[h.Trigger] {
			at.at("trigger").known("trigger", h.Trigger, triggerWords)
		}
		if h.Envelope != "" {
			at.at("envelope").known("entry", h.Envelope, words(envelopeXPayToken))
			if !strings.EqualFold(h.Name, envelope.XPayToken.Header) {
				at.at("name").failf("name is %s, the envelope table says %s", h.Name, envelope.XPayToken.Header)
			}
		}
	}
	for i, h := range list {
		if h.Equals != "" && !seen[headerRequest+" "+strings.ToLower(h.Equals)] {
			p.at(i, "equals").failf("there is no request header %s", h.Equals)
		}
	}
}

func (h *HeaderRule) checkTraffic(p place) {
	if len(h.Traffic) == 0 {
		p.failf("traffic is missing")
	}
	seen := map[string]bool{}
	for j, direction := range h.Traffic {
		at := p.at("traffic", j)
		at.unique(seen, "direction", string(direction))
		at.known("direction", string(direction), words(string(Inbound), string(Outbound)))
	}
}
