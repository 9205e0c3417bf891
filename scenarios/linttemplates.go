package scenarios

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// nowName stands for the time, and may be followed by a duration: now-48h.
const nowName = "now"

// TemplateNames are what {{…}} can stand for without a step that saves it.
func TemplateNames() []string {
	return []string{nowName, "card.pan", "card.expMonth", "card.expYear", "card.cvv2", "token.reference", "token.requestor",
		"token.number", "pan.reference", "random.otp", "random.id"}
}

var template = regexp.MustCompile(`\{\{(.*?)\}\}`)

// templates checks every {{name}} below the node: it is known, or was saved by
// an earlier step.
func (p *parser) templates(n *yaml.Node, saved []string) {
	for _, child := range n.Content {
		p.templates(child, saved)
	}
	if n.Kind != yaml.ScalarNode || !strings.Contains(n.Value, "{{") {
		return
	}
	for _, found := range template.FindAllStringSubmatch(n.Value, -1) {
		name := strings.TrimSpace(found[1])
		if isNow(name) || slices.Contains(TemplateNames(), name) || slices.Contains(saved, name) {
			continue
		}
		p.fail(n, "{{"+name+"}} stands for nothing, no earlier step saves it", nearest(name, append(TemplateNames(), saved...)))
	}
	if strings.Contains(template.ReplaceAllString(n.Value, ""), "{{") {
		p.fail(n, "{{ is not closed", "write {{name}}")
	}
}

// isNow reports whether the name is the time, or a time before or after it.
func isNow(name string) bool {
	rest, ok := strings.CutPrefix(name, nowName)
	if !ok || rest == "" {
		return ok
	}
	if rest = strings.ReplaceAll(rest, " ", ""); rest == "" || rest[0] != '+' && rest[0] != '-' {
		return false
	}
	_, err := time.ParseDuration(rest)
	return err == nil
}
