package contract

import (
	"fmt"
	"strconv"
)

// D1 are the error codes of the D1 API and their categories. They have no
// page numbers; Source takes their place.
type D1 struct {
	Source     string       `yaml:"source" json:"source"`
	Categories []D1Category `yaml:"categories" json:"categories"`
	Mapping    D1Mapping    `yaml:"mapping" json:"mapping"`
	Codes      []D1Code     `yaml:"codes" json:"codes"`
}

// D1Category decides what a caller does after an error.
type D1Category struct {
	// Type is K, D, S or F.
	Type string `yaml:"type" json:"type"`
	Name string `yaml:"name" json:"name"`
	// Retry says whether the same request may be sent again.
	Retry bool `yaml:"retry" json:"retry"`
	// TokenMustBeDeleted says that the token is dead.
	TokenMustBeDeleted bool `yaml:"tokenMustBeDeleted" json:"tokenMustBeDeleted"`
	// HTTP5xx says that HTTP server errors count as this category.
	HTTP5xx     bool   `yaml:"http5xx" json:"http5xx"`
	Description string `yaml:"description" json:"description"`
}

// D1Code is one error code.
type D1Code struct {
	Code        int    `yaml:"code" json:"code"`
	Type        string `yaml:"type" json:"type"`
	Description string `yaml:"description" json:"description"`
}

// D1Mapping brings answers that carry no D1 code into the categories
// (INT-148).
type D1Mapping struct {
	Interpretation string `yaml:"interpretation" json:"interpretation"`
	// Transport is the type of a call that got no answer.
	Transport string `yaml:"transport" json:"transport"`
	// CodeDefault is the type of a VSE or ISE code that Codes does not list.
	CodeDefault string           `yaml:"codeDefault" json:"codeDefault"`
	HTTP        []D1StatusRange  `yaml:"http" json:"http"`
	Codes       []D1BusinessCode `yaml:"codes" json:"codes"`
}

// D1StatusRange maps HTTP statuses, From and To inclusive.
type D1StatusRange struct {
	From int    `yaml:"from" json:"from"`
	To   int    `yaml:"to" json:"to"`
	Type string `yaml:"type" json:"type"`
}

// D1BusinessCode maps a VSE or ISE code.
type D1BusinessCode struct {
	Code string `yaml:"code" json:"code"`
	Type string `yaml:"type" json:"type"`
}

// Category returns the category of that type.
func (d *D1) Category(kind string) (D1Category, bool) {
	for _, category := range d.Categories {
		if category.Type == kind {
			return category, true
		}
	}
	return D1Category{}, false
}

// Code returns the error code and its category.
func (d *D1) Code(number int) (D1Code, D1Category, bool) {
	for _, code := range d.Codes {
		if code.Code == number {
			category, ok := d.Category(code.Type)
			return code, category, ok
		}
	}
	return D1Code{}, D1Category{}, false
}

// CategoryOf returns the category of an answer that carries no D1 code, from
// its VSE or ISE code, "" when it has none, else from its HTTP status, zero
// when no answer came (INT-148).
func (d *D1) CategoryOf(status int, businessCode string) D1Category {
	category, _ := d.Category(d.typeOf(status, businessCode))
	return category
}

func (d *D1) typeOf(status int, businessCode string) string {
	for _, mapped := range d.Mapping.Codes {
		if mapped.Code == businessCode {
			return mapped.Type
		}
	}
	if businessCode != "" {
		return d.Mapping.CodeDefault
	}
	for _, r := range d.Mapping.HTTP {
		if r.From <= status && status <= r.To {
			return r.Type
		}
	}
	return d.Mapping.Transport
}

func (d *D1) check(p place) {
	p.filled(map[string]string{"source": d.Source})
	types := map[string]bool{}
	for i, category := range d.Categories {
		at := p.at("categories", i)
		at.at("type").unique(types, "type", category.Type)
		at.filled(map[string]string{"type": category.Type, "name": category.Name, "description": category.Description})
		if category.Retry && category.TokenMustBeDeleted {
			at.failf("a dead token is not retried")
		}
	}
	codes := map[string]bool{}
	for i, code := range d.Codes {
		at := p.at("codes", i)
		at.at("code").unique(codes, "code", strconv.Itoa(code.Code))
		at.at("type").known("type", code.Type, types)
		at.filled(map[string]string{"description": code.Description})
		if code.Code < 100 || code.Code > 999 {
			at.at("code").failf("code %d has not three digits", code.Code)
		}
	}
	d.Mapping.check(p.at("mapping"), types)
	for i, category := range d.Categories {
		if category.HTTP5xx != (d.typeOf(500, "") == category.Type) {
			p.at("categories", i, "http5xx").failf("http5xx and mapping/http disagree about status 500")
		}
	}
}

func (m D1Mapping) check(p place, types map[string]bool) {
	p.filled(map[string]string{"interpretation": m.Interpretation})
	p.at("transport").known("type", m.Transport, types)
	p.at("codeDefault").known("type", m.CodeDefault, types)
	next := 200
	for i, r := range m.HTTP {
		at := p.at("http", i)
		at.at("type").known("type", r.Type, types)
		if r.From != next || r.To < r.From {
			at.failf("statuses %d to %d leave a gap or overlap, want from %d", r.From, r.To, next)
		}
		next = r.To + 1
	}
	if next != 600 {
		p.at("http").failf("the statuses end at %d, want 599", next-1)
	}
	seen := map[string]bool{}
	for i, mapped := range m.Codes {
		at := p.at("codes", i)
		at.at("code").unique(seen, "code", mapped.Code)
		at.at("type").known("type", mapped.Type, types)
		if !codeShape.MatchString(mapped.Code) {
			at.at("code").failf("%s is no error code", fmt.Sprintf("%q", mapped.Code))
		}
	}
}
