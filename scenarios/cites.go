package scenarios

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/conformance/contract"
)

var citation = regexp.MustCompile(`^([A-Za-z]+) p\.([0-9]{1,4})$`)

// cite reads "operation p.N".
func (p *parser) cite(n *yaml.Node) {
	text, ok := p.text(n)
	if !ok {
		return
	}
	parts := citation.FindStringSubmatch(text)
	if parts == nil {
		p.fail(n, "a citation is an operation and a page, not "+printable(text), "write it like approveProvisioning p.127")
		return
	}
	page, _ := strconv.Atoi(parts[2]) // four digits at most
	op, err := p.contract.Operation(parts[1])
	if err != nil {
		p.fail(n, "unknown operation "+printable(parts[1]), nearest(parts[1], p.operations()))
		return
	}
	if known := p.citable(op); !known[page] {
		p.fail(n, fmt.Sprintf("page %d says nothing about %s", page, op.ID), fmt.Sprintf("%s stands on pages %s", op.ID, op.Pages))
		return
	}
	p.scenario.Cites = append(p.scenario.Cites, Cite{op.ID, page})
}

// citable are the pages on which the contract knows something about the
// operation: its own, those of its members, rules and headers, of the errors
// of every API, and of the envelope.
func (p *parser) citable(op *contract.Operation) map[int]bool {
	if pages, ok := p.pages[op.ID]; ok {
		return pages
	}
	tables, pages := p.contract.Tables, map[int]bool{}
	span := func(r contract.PageRange) {
		for page := r.First; page <= r.Last; page++ {
			pages[page] = true
		}
	}
	span(pagesOf(op))
	for _, r := range tables.Envelope.JOSE.Pages {
		span(r)
	}
	for _, rule := range p.contract.Rules() {
		if rule.Operation == op.ID {
			pages[rule.Page] = true
		}
	}
	for _, rule := range tables.NamedRules {
		if rule.Names(op) {
			pages[rule.Page] = true
		}
	}
	for _, header := range tables.Headers {
		pages[header.Page] = true
	}
	for _, row := range tables.StandardErrors.Errors {
		pages[row.Page] = true
	}
	p.pages[op.ID] = pages
	return pages
}

// pagesOf is the operation's range of pages.
func pagesOf(op *contract.Operation) contract.PageRange {
	first, last, isRange := strings.Cut(op.Pages, "-")
	if !isRange {
		last = first
	}
	from, err := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	if err != nil || err2 != nil {
		return contract.PageRange{First: op.Page, Last: op.Page}
	}
	return contract.PageRange{First: from, Last: to}
}
