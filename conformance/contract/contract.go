package contract

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Direction tells who calls whom.
type Direction string

const (
	// Inbound operations are called by the issuer (chapters 5 and 7).
	Inbound Direction = "inbound"
	// Outbound operations are called by Visa (chapters 6 and 7).
	Outbound Direction = "outbound"
	// Document is a file or a browser payload without an HTTP operation of
	// its own (chapters 7 and 8).
	Document Direction = "document"
)

// Part is one piece of an exchange that the contract describes.
type Part string

const (
	// Path are the parameters inside the URL's path.
	Path Part = "path"
	// Query are the parameters of the URL's query.
	Query Part = "query"
	// Request is the request body as it travels.
	Request Part = "request"
	// Response is the body of a 2xx answer as it travels.
	Response Part = "response"
	// Sealed is the suffix of a part's name that stands for the decrypted
	// content of its encryptedData member.
	Sealed = "/encryptedData"
	// SealedRequest is the decrypted content of the request's encryptedData.
	SealedRequest Part = Request + Sealed
	// SealedResponse is the decrypted content of the response's encryptedData.
	SealedResponse Part = Response + Sealed
	// Body is the only part of a Document.
	Body Part = "document"
)

// Contract is the compiled specification. It is immutable and safe for
// concurrent use.
type Contract struct {
	// Tables are the tables beside the operations.
	Tables *Tables

	document   map[string]any
	operations map[string]*Operation
	ordered    []*Operation
	rules      []Rule
	ruleByID   map[string]int
	named      map[string]*condition // by schema location
}

// Operation is one API of the specification.
type Operation struct {
	// ID is the operationId, the name used in code, scenarios and reports.
	ID        string
	Direction Direction
	Summary   string
	// Section is the heading in the specification, Pages its page range.
	Section string
	Pages   string
	// Page is where the request is described.
	Page int
	// Method is the HTTP method.
	Method string
	// Path is the path template, relative to the host (inbound) or to the
	// issuer's endpoint (outbound).
	Path string
	// FixedQuery are query parameters whose values the operation fixes, each
	// with the values that are allowed.
	FixedQuery map[string][]string
	// Budget is the expected response time (p.247); zero where none is given.
	Budget time.Duration
	// Window bounds the times that the query asks for; nil where the
	// operation has no such query.
	Window *Window
	// Errors are the rows of the operation's error table, in its order.
	Errors []ErrorRow

	parts map[Part]*part
	maker Party // of a document
}

// part is one compiled part of an operation.
type part struct {
	name   Part
	schema *jsonschema.Schema
	field  *Field
}

// ErrorRow is one row of an operation's error table, or a standard error.
type ErrorRow struct {
	// HTTP is the status code.
	HTTP int `yaml:"http" json:"http"`
	// ActionCode goes with the error code in decision calls.
	ActionCode string `yaml:"actionCode" json:"actionCode,omitempty"`
	// Code is the VSE or ISE code; empty in HTTP-only and standard errors.
	Code string `yaml:"code" json:"code,omitempty"`
	// Name is the code's name, the HTTP reason or the standard reason.
	Name string `yaml:"name" json:"name"`
	// Page of the specification.
	Page int `yaml:"page" json:"page"`
	// On are the triggers that lead to this row.
	On []string `yaml:"on" json:"on"`
}

// Reason is what errorResponse.reason carries: the code where there is one,
// else the name (p.29).
func (r ErrorRow) Reason() string {
	if r.Code != "" {
		return r.Code
	}
	return r.Name
}

// has reports whether the row answers to the trigger.
func (r ErrorRow) has(trigger string) bool {
	for _, on := range r.On {
		if on == trigger {
			return true
		}
	}
	return false
}

// Operations returns all operations, inbound first, each group by page.
func (c *Contract) Operations() []*Operation { return c.ordered }

// Operation returns the operation or document with that id. The error names
// the nearest known id.
func (c *Contract) Operation(id string) (*Operation, error) {
	if op, ok := c.operations[id]; ok {
		return op, nil
	}
	ids := make([]string, 0, len(c.operations))
	for known := range c.operations {
		ids = append(ids, known)
	}
	sort.Strings(ids)
	if near := Nearest(id, ids); near != "" {
		return nil, fmt.Errorf("unknown operation %q, did you mean %s?", id, near)
	}
	return nil, fmt.Errorf("unknown operation %q, known are: %s", id, strings.Join(ids, ", "))
}

// Parts returns the names of the parts that the operation has.
func (o *Operation) Parts() []Part {
	names := make([]Part, 0, len(o.parts))
	for _, p := range partOrder {
		if _, ok := o.parts[p]; ok {
			names = append(names, p)
		}
	}
	return names
}

var partOrder = [...]Part{Path, Query, Request, SealedRequest, Response, SealedResponse, Body}

// Field returns the root of the part's fields, nil when the operation has no
// such part.
func (o *Operation) Field(p Part) *Field {
	if part, ok := o.parts[p]; ok {
		return part.field
	}
	return nil
}

// Budget returns the expected response time of the operation (p.247), zero
// where the specification gives none or the operation is unknown.
func (c *Contract) Budget(operation string) time.Duration {
	if op, ok := c.operations[operation]; ok {
		return op.Budget
	}
	return 0
}

// Nearest returns the candidate with the smallest edit distance, or "" when
// none is close.
func Nearest(word string, candidates []string) string {
	best, bestDistance := "", len(word)/2+1
	for _, candidate := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(candidate)); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// Spec is the version of the specification that the contract holds.
func (c *Contract) Spec() string {
	version, _ := section(c.document, "info")["version"].(string)
	return version
}
