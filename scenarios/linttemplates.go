package scenarios

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

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
		if _, moved := timeOf(name, time.Time{}); moved || slices.Contains(TemplateNames(), name) || slices.Contains(saved, name) || p.ofCard(name) {
			continue
		}
		p.fail(n, "{{"+name+"}} stands for nothing, no earlier step saves it", nearest(name, append(TemplateNames(), saved...)))
	}
	if strings.Contains(template.ReplaceAllString(n.Value, ""), "{{") {
		p.fail(n, "{{ is not closed", "write {{name}}")
	}
}

// ofCard reports whether the name is a value of another card: card.ROLE.pan.
func (p *parser) ofCard(name string) bool {
	rest, ok := strings.CutPrefix(name, "card.")
	role, value, also := strings.Cut(rest, ".")
	return ok && also && slices.Contains(p.words.roles, role) && slices.Contains(cardValues(), value)
}
