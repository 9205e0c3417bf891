package contract

import "regexp"

// Batch are the rules of the card metadata batch that no schema can say
// (p.240-246).
type Batch struct {
	Pages Pages `yaml:"pages" json:"pages"`
	// Files are the request and the response file.
	Files []BatchFile `yaml:"files" json:"files"`
	// Rows bounds the array of requests, RowID its row identifiers.
	Rows  BatchRows  `yaml:"rows" json:"rows"`
	RowID BatchRowID `yaml:"rowID" json:"rowID"`
	// Layout is how the text of the request file is to look.
	Layout BatchLayout `yaml:"layout" json:"layout"`
	// ResponseID and CorrelationID are identifiers in the response file.
	ResponseID    BatchIdentifier `yaml:"responseID" json:"responseID"`
	CorrelationID BatchIdentifier `yaml:"correlationID" json:"correlationID"`
	Counts        BatchCounts     `yaml:"counts" json:"counts"`
}

// BatchFile describes one kind of file (p.241).
type BatchFile struct {
	// Kind is request or response.
	Kind   string `yaml:"kind" json:"kind"`
	Prefix string `yaml:"prefix" json:"prefix"`
	// Template of the name with {clientID} and {time}; TimeLayout is Go's.
	Template   string `yaml:"template" json:"template"`
	TimeLayout string `yaml:"timeLayout" json:"timeLayout"`
	// Pattern of the name with the groups clientID and time.
	Pattern string `yaml:"pattern" json:"pattern"`
	Example string `yaml:"example" json:"example"`
	// Schema is the component that the content follows.
	Schema         string `yaml:"schema" json:"schema"`
	Page           int    `yaml:"page" json:"page"`
	Interpretation string `yaml:"interpretation" json:"interpretation,omitempty"`
}

// BatchRows bounds the array of requests (p.241).
type BatchRows struct {
	Member string `yaml:"member" json:"member"`
	Max    int    `yaml:"max" json:"max"`
	Page   int    `yaml:"page" json:"page"`
}

// BatchRowID bounds a row's identifier (p.241).
type BatchRowID struct {
	Member string `yaml:"member" json:"member"`
	// MaxLength in characters, Max as a number.
	MaxLength int  `yaml:"maxLength" json:"maxLength"`
	Max       int  `yaml:"max" json:"max"`
	Unique    bool `yaml:"unique" json:"unique"`
	Page      int  `yaml:"page" json:"page"`
}

// BatchLayout is how the text of the request file is to look (p.240).
type BatchLayout struct {
	RowPerLine     bool   `yaml:"rowPerLine" json:"rowPerLine"`
	Whitespace     bool   `yaml:"whitespace" json:"whitespace"`
	Level          Level  `yaml:"level" json:"level"`
	Page           int    `yaml:"page" json:"page"`
	Interpretation string `yaml:"interpretation" json:"interpretation,omitempty"`
}

// BatchIdentifier is an identifier in the response file (p.244), made from a
// template.
type BatchIdentifier struct {
	Member    string `yaml:"member" json:"member"`
	Template  string `yaml:"template" json:"template"`
	Separator string `yaml:"separator" json:"separator,omitempty"`
	Suffix    string `yaml:"suffix" json:"suffix,omitempty"`
	Page      int    `yaml:"page" json:"page"`
}

// BatchCounts are the totals of the response file (p.244-245).
type BatchCounts struct {
	Success BatchCount `yaml:"success" json:"success"`
	Failure BatchCount `yaml:"failure" json:"failure"`
}

// BatchCount is one total; Counts names the member that a counted row has.
type BatchCount struct {
	Member string `yaml:"member" json:"member"`
	Counts string `yaml:"counts" json:"counts"`
	Page   int    `yaml:"page" json:"page"`
}

// DocumentPayload is a payload without an HTTP operation of its own, which is
// validated as an operation whose one part is its document.
type DocumentPayload struct {
	ID string `yaml:"id" json:"id"`
	// Schema is the component that it follows.
	Schema string `yaml:"schema" json:"schema"`
	Page   int    `yaml:"page" json:"page"`
	// Party makes the document.
	Party Party `yaml:"party" json:"party"`
}

// File returns the description of the files of that kind, request or
// response.
func (b *Batch) File(kind string) (BatchFile, bool) {
	for _, file := range b.Files {
		if file.Kind == kind {
			return file, true
		}
	}
	return BatchFile{}, false
}

func (b *Batch) check(p place) {
	p.pages(b.Pages)
	kinds := map[string]bool{}
	for i, file := range b.Files {
		at := p.at("files", i)
		at.at("kind").unique(kinds, "kind", file.Kind)
		file.check(at)
	}
	for _, kind := range []string{headerRequest, headerResponse} {
		if !kinds[kind] {
			p.at("files").failf("the %s file is missing", kind)
		}
	}
	p.at("rows").page(b.Rows.Page)
	p.at("rows").filled(map[string]string{"member": b.Rows.Member})
	p.at("rows").positive(map[string]int{"max": b.Rows.Max})
	p.at("rowID").page(b.RowID.Page)
	p.at("rowID").filled(map[string]string{"member": b.RowID.Member})
	p.at("rowID").positive(map[string]int{"maxLength": b.RowID.MaxLength, "max": b.RowID.Max})
	p.at("layout").page(b.Layout.Page)
	if !b.Layout.Level.known() {
		p.at("layout", "level").failf("level is %q, want must, should or info", b.Layout.Level)
	}
	b.ResponseID.check(p.at("responseID"))
	b.CorrelationID.check(p.at("correlationID"))
	for _, count := range []struct {
		name string
		BatchCount
	}{{"success", b.Counts.Success}, {"failure", b.Counts.Failure}} {
		at := p.at("counts", count.name)
		at.page(count.Page)
		at.filled(map[string]string{"member": count.Member, "counts": count.Counts})
	}
}

func (i BatchIdentifier) check(p place) {
	p.page(i.Page)
	p.filled(map[string]string{"member": i.Member, "template": i.Template})
}

func (f BatchFile) check(p place) {
	p.page(f.Page)
	p.at("kind").known("kind", f.Kind, words(headerRequest, headerResponse))
	p.filled(map[string]string{"prefix": f.Prefix, "template": f.Template, "timeLayout": f.TimeLayout, "schema": f.Schema})
	pattern, err := regexp.Compile(f.Pattern)
	if err != nil {
		p.at("pattern").failf("%v", err)
		return
	}
	if !pattern.MatchString(f.Example) {
		p.at("example").failf("example %s does not match the pattern", f.Example)
	}
}

func checkDocuments(p place, list []DocumentPayload) {
	ids := map[string]bool{}
	for i, document := range list {
		at := p.at(i)
		at.at("id").unique(ids, "document", document.ID)
		at.filled(map[string]string{"id": document.ID, "schema": document.Schema})
		at.page(document.Page)
		at.at("party").known("party", string(document.Party), words(string(Issuer), string(Visa)))
	}
}
