package contract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

// Tables are the tables beside the OpenAPI document: facts of the
// specification that no schema of one payload can say. They are immutable
// after loading.
type Tables struct {
	// Lifecycle is the matrix of token states and actions (p.89).
	Lifecycle Lifecycle `json:"lifecycle"`
	// StandardErrors are the errors of every API (p.31).
	StandardErrors StandardErrors `json:"standardErrors"`
	// Headers are the HTTP headers of requests and responses (p.26-28).
	Headers []HeaderRule `json:"headers"`
	// RejectCodes are the two tables of appendix A (p.248-252).
	RejectCodes RejectCodes `json:"rejectCodes"`
	// D1 are the error codes of the D1 API, which has no page numbers.
	D1 D1 `json:"d1"`
	// Interpretations are our decisions where the specification leaves a
	// question open.
	Interpretations []Interpretation `json:"interpretations"`
	// NamedRules are the rules that need more than one document.
	NamedRules []NamedRule `json:"namedRules"`
	// Envelope are the facts of x-pay-token, JWE and JWS (p.27-45, 224-233).
	Envelope Envelope `json:"envelope"`
	// PANLifecycleOperations says what each PAN lifecycle operation needs
	// (p.61).
	PANLifecycleOperations PANLifecycleOperations `json:"panLifecycleOperations"`
	// Batch are the rules of the card metadata batch file (p.240-246).
	Batch Batch `json:"batch"`
	// Documents are the payloads without an HTTP operation.
	Documents []DocumentPayload `json:"documents"`

	sources map[string]*source
}

// tableFolder is where the tables lie below the root of the contract.
const tableFolder = "tables"

// Names of the table files, without folder and ending.
const (
	lifecycleTable      = "lifecycle"
	standardErrorTable  = "standarderrors"
	headerTable         = "headers"
	rejectCodeTable     = "rejectcodes"
	d1Table             = "d1errors"
	interpretationTable = "interpretations"
	namedRuleTable      = "rules"
	envelopeTable       = "envelope"
	panLifecycleTable   = "panlifecycle-operations"
	batchTable          = "batch"
	documentTable       = "documents"
)

// loadTables reads and checks every file of the folder tables. A file that is
// missing, a file that nothing reads, an unknown or repeated key, and a table
// that contradicts itself are errors that name file and line. References to
// operations are checked later, by check.
func loadTables(fsys fs.FS) (*Tables, error) {
	t := &Tables{sources: map[string]*source{}}
	headers := struct {
		Headers []HeaderRule `yaml:"headers"`
	}{}
	interpretations := struct {
		Interpretations []Interpretation `yaml:"interpretations"`
	}{}
	rules := struct {
		Rules []NamedRule `yaml:"rules"`
	}{}
	err := t.read(fsys, map[string]any{
		lifecycleTable: &t.Lifecycle, standardErrorTable: &t.StandardErrors, headerTable: &headers,
		rejectCodeTable: &t.RejectCodes, d1Table: &t.D1, interpretationTable: &interpretations,
		namedRuleTable: &rules, envelopeTable: &t.Envelope, panLifecycleTable: &t.PANLifecycleOperations,
		batchTable: &t.Batch, documentTable: &t.Documents,
	})
	if err != nil {
		return nil, err
	}
	t.Headers, t.Interpretations, t.NamedRules = headers.Headers, interpretations.Interpretations, rules.Rules
	if err := t.compileHeaders(); err != nil {
		return nil, err
	}
	if err := t.checkAlone(); err != nil {
		return nil, err
	}
	return t, nil
}

// read decodes all files side by side, each into its target, and keeps their
// text for messages.
func (t *Tables) read(fsys fs.FS, targets map[string]any) error {
	found, err := fs.Glob(fsys, path.Join(tableFolder, "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range found {
		if targets[tableName(file)] == nil {
			return fmt.Errorf("%s: no table has this name, nothing would read the file", file)
		}
	}
	names := sortedKeys(targets)
	errs := make([]error, len(names))
	sources := make([]*source, len(names))
	var done sync.WaitGroup
	for i, name := range names {
		done.Go(func() {
			file := path.Join(tableFolder, name+".yaml")
			content, err := fs.ReadFile(fsys, file)
			if err == nil {
				err = decodeStrictly(content, targets[name])
			}
			if err != nil {
				errs[i] = inFile(file, err)
			}
			sources[i] = &source{file: file, content: content}
		})
	}
	done.Wait()
	for i, name := range names {
		t.sources[name] = sources[i]
	}
	return errors.Join(errs...)
}

// inFile puts the file's name before an error of the decoder, and before each
// of the lines of one that has several.
func inFile(file string, err error) error {
	var several *yaml.TypeError
	if !errors.As(err, &several) {
		return fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	list := make([]error, len(several.Errors))
	for i, one := range several.Errors {
		list[i] = fmt.Errorf("%s: %s", file, one)
	}
	return errors.Join(list...)
}

func tableName(file string) string { return strings.TrimSuffix(path.Base(file), ".yaml") }

// decodeStrictly decodes the one YAML document of the content and refuses
// keys that the target does not have.
func decodeStrictly(content []byte, target any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(target); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("the file is empty")
		}
		return err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("the file holds more than one YAML document")
	}
	return nil
}
