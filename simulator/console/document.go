package console

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/vtsim/vtsim/conformance/contract"
)

//go:embed openapi/paths.yaml openapi/schemas.yaml
var embedded embed.FS

// Media types of bodies.
const (
	mediaJSON   = "application/json"
	mediaBinary = "application/octet-stream"
)

// document is the description of the console.
type document struct {
	content    []byte // OpenAPI 3.1, JSON
	operations []*operation
}

// operation is one method of one path.
type operation struct {
	id, method, path string
	// success is the status of an answer that is not a problem.
	success int
	// query are the parameters by name.
	query map[string]parameter
	// body judges the JSON body; nil when there is none.
	body *jsonschema.Schema
	// open operations need no token.
	open bool
}

// parameter is one of the query.
type parameter struct {
	required, number bool
	schema           *jsonschema.Schema
}

// members is an object of the description.
type members = map[string]any

func object(value any) members {
	m, _ := value.(members)
	return m
}

// documents are read once for each contract: a process may open many
// simulators, as the mutation proof does, and reading takes 25 ms.
var documents sync.Map // *contract.Contract to *document

func documentOf(spec *contract.Contract) (*document, error) {
	if known, ok := documents.Load(spec); ok {
		return known.(*document), nil
	}
	d, err := readDocument(spec)
	if err == nil {
		documents.Store(spec, d)
	}
	return d, err
}

// readDocument reads the description and fills in what the contract knows.
func readDocument(spec *contract.Contract) (*document, error) {
	tree := members{}
	for _, name := range []string{"openapi/paths.yaml", "openapi/schemas.yaml"} {
		content, err := embedded.ReadFile(name)
		if err != nil {
			return nil, err
		}
		part := members{}
		if err := yaml.Unmarshal(content, &part); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		maps.Copy(tree, part)
	}
	if err := (filler{spec}).fill(tree); err != nil {
		return nil, err
	}
	content, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	d := &document{content: content}
	return d, d.readOperations()
}

// readOperations compiles what requests are judged by.
func (d *document) readOperations() error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(d.content))
	if err != nil {
		return err
	}
	r, err := newReader(object(value))
	if err != nil {
		return err
	}
	paths := object(r.tree["paths"])
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := object(paths[path])
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			raw := object(item[strings.ToLower(method)])
			if raw == nil {
				continue
			}
			op, err := r.operation(method, path, item, raw)
			if err != nil {
				return fmt.Errorf("%s %s: %w", method, path, err)
			}
			d.operations = append(d.operations, op)
		}
	}
	return nil
}

// reader makes operations of the description.
type reader struct {
	tree     members
	compiler *jsonschema.Compiler
	count    int
}

// base is the name of the description for the compiler of schemas.
const base = "https://vtsim.invalid/console"

// newReader hands the shapes to the compiler, under $defs, the place that it
// knows for schemas.
func newReader(tree members) (*reader, error) {
	r := &reader{tree: tree, compiler: jsonschema.NewCompiler()}
	shapes := object(object(tree["components"])["schemas"])
	return r, r.compiler.AddResource(base, members{"$defs": relocated(shapes)})
}

// relocated copies a schema with its references led to $defs.
func relocated(value any) any {
	switch v := value.(type) {
	case members:
		copied := make(members, len(v))
		for name, member := range v {
			copied[name] = relocated(member)
		}
		if ref, ok := v["$ref"].(string); ok {
			copied["$ref"] = base + strings.Replace(ref, "#/components/schemas/", "#/$defs/", 1)
		}
		return copied
	case []any:
		copied := make([]any, len(v))
		for i, element := range v {
			copied[i] = relocated(element)
		}
		return copied
	}
	return value
}

// compile compiles a schema that stands at its use.
func (r *reader) compile(schema members) (*jsonschema.Schema, error) {
	if ref, ok := schema["$ref"].(string); ok && len(schema) == 1 {
		return r.compiler.Compile(relocated(members{"$ref": ref}).(members)["$ref"].(string))
	}
	r.count++
	name := base + "/" + strconv.Itoa(r.count)
	if err := r.compiler.AddResource(name, relocated(schema)); err != nil {
		return nil, err
	}
	return r.compiler.Compile(name)
}

func (r *reader) operation(method, path string, item, raw members) (*operation, error) {
	op := &operation{method: method, path: path, query: map[string]parameter{}}
	op.id, _ = raw["operationId"].(string)
	if security, stated := raw["security"].([]any); stated && len(security) == 0 {
		op.open = true
	}
	for _, code := range slices.Sorted(maps.Keys(object(raw["responses"]))) {
		if status, err := strconv.Atoi(code); err == nil && status < 300 && op.success == 0 {
			op.success = status
		}
	}
	if op.id == "" || op.success == 0 {
		return nil, errors.New("it needs an operationId and a response of success")
	}
	own, _ := raw["parameters"].([]any)
	shared, _ := item["parameters"].([]any)
	for _, entry := range slices.Concat(shared, own) {
		if err := r.parameter(op, object(entry)); err != nil {
			return nil, err
		}
	}
	media := object(object(object(raw["requestBody"])["content"])[mediaJSON])
	if media == nil {
		return op, nil
	}
	var err error
	op.body, err = r.compile(object(media["schema"]))
	return op, err
}

func (r *reader) parameter(op *operation, entry members) error {
	if ref, ok := entry["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/components/parameters/")
		entry = object(object(object(r.tree["components"])["parameters"])[name])
	}
	name, _ := entry["name"].(string)
	if entry["in"] != "query" {
		return nil
	}
	shape := object(entry["schema"])
	schema, err := r.compile(shape)
	required, _ := entry["required"].(bool)
	op.query[name] = parameter{required: required, number: shape["type"] == "integer", schema: schema}
	return err
}
