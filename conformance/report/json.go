package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/vtsim/vtsim/conformance"
)

//go:embed result.schema.json
var schemaDocument []byte

// Schema returns the JSON Schema (2020-12) of the Result document.
func Schema() []byte { return bytes.Clone(schemaDocument) }

var compiledSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaDocument))
	if err != nil {
		return nil, fmt.Errorf("the shipped schema: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("urn:vtsim:result:1", document); err != nil {
		return nil, fmt.Errorf("the shipped schema: %w", err)
	}
	return compiler.Compile("urn:vtsim:result:1")
})

// JSON writes the Result document. Lists that are nil are written as empty
// ones, as the schema wants them.
func JSON(w io.Writer, result *conformance.Result) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(complete(reflect.ValueOf(*result)).Interface()); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// complete copies a value with its nil slices made empty and its texts made
// UTF-8, which JSON needs.
func complete(v reflect.Value) reflect.Value {
	fresh := reflect.New(v.Type()).Elem()
	fresh.Set(v)
	switch v.Kind() {
	case reflect.String:
		fresh.SetString(strings.ToValidUTF8(v.String(), "\ufffd"))
	case reflect.Interface:
		if !v.IsNil() {
			fresh.Set(complete(v.Elem()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fresh.Field(i).Set(complete(v.Field(i)))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			fresh.Set(reflect.New(v.Type().Elem()))
			fresh.Elem().Set(complete(v.Elem()))
		}
	case reflect.Slice:
		fresh.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			fresh.Index(i).Set(complete(v.Index(i)))
		}
	case reflect.Map:
		if !v.IsNil() {
			fresh.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
			for entries := v.MapRange(); entries.Next(); {
				fresh.SetMapIndex(complete(entries.Key()), complete(entries.Value()))
			}
		}
	}
	return fresh
}

// Read reads a Result document and is strict about it: an error says whether
// the document is none, was made by a newer vtsim, is cut off, or where it
// differs from the schema.
func Read(r io.Reader) (*conformance.Result, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the result: %w", err)
	}
	if err := isResult(raw); err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("the result is not JSON: %w", err)
	}
	schema, err := compiledSchema()
	if err != nil {
		return nil, err
	}
	if err := schema.Validate(document); err != nil {
		return nil, schemaError(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	result := &conformance.Result{}
	if err := decoder.Decode(result); err != nil {
		return nil, fmt.Errorf("the result can't be read: %w", err)
	}
	return result, consistent(result)
}

// isResult looks at the syntax and the schema's name alone.
func isResult(raw []byte) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return errors.New("the file is empty, it holds no result; a run that was killed before it wrote leaves one like it")
	}
	var header struct {
		Schema *string `json:"schema"`
	}
	err := json.Unmarshal(raw, &header)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(bytes.TrimRight(raw, " \t\r\n"))) && bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")):
		return fmt.Errorf("the result is cut off after %d bytes; the run or the copy of the file was ended before its end", len(raw))
	case errors.As(err, &syntax):
		line, column := position(raw, syntax.Offset)
		return fmt.Errorf("the file is not JSON, so no result: line %d, column %d: %w; vtsim certify --json FILE writes one", line, column, err)
	case errors.As(err, &kind) || header.Schema == nil:
		return errors.New(`the file is JSON but no result, it has no text member "schema"; vtsim certify --json FILE writes one`)
	case err != nil:
		return fmt.Errorf("the result can't be read: %w", err)
	}
	return knownSchema(*header.Schema)
}

func knownSchema(name string) error {
	if name == conformance.Schema {
		return nil
	}
	ours, ownVersion := splitSchema(conformance.Schema)
	theirs, version := splitSchema(name)
	switch {
	case theirs != ours:
		return fmt.Errorf("the file is no result: its schema is %q, want %q", shortened(name, 80), conformance.Schema)
	case version > ownVersion:
		return fmt.Errorf("the result was made by a newer vtsim: its schema is %q, this one reads %q; update vtsim", shortened(name, 80), conformance.Schema)
	}
	return fmt.Errorf("the result's schema is %q, this vtsim reads %q; make it anew with vtsim certify", shortened(name, 80), conformance.Schema)
}

func splitSchema(name string) (string, int) {
	family, version, _ := strings.Cut(name, "/")
	n, err := strconv.Atoi(version)
	if err != nil {
		return family, -1
	}
	return family, n
}

// schemaError names the first place that differs, deepest cause.
func schemaError(err error) error {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("the result can't be checked: %w", err)
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	place := "/" + strings.Join(invalid.InstanceLocation, "/")
	if required, ok := invalid.ErrorKind.(*kind.Required); ok {
		return fmt.Errorf("the result is not complete: at %s the member %s is missing", place, strings.Join(required.Missing, ", "))
	}
	what := invalid.Error()
	if _, after, found := strings.Cut(what, "': "); found {
		what = after
	}
	return fmt.Errorf("the result is not as its schema says: at %s: %s (vtsim report schema prints it)", place, shortened(oneLine(visible(what)), 300))
}

// consistent checks what the schema can't: ids are unique and known.
func consistent(result *conformance.Result) error {
	exchanges, cases := map[string]bool{}, map[string]bool{}
	for i, exchange := range result.Exchanges {
		if exchanges[exchange.ID] {
			return fmt.Errorf("the result contradicts itself: at /exchanges/%d the id %q is there twice", i, exchange.ID)
		}
		exchanges[exchange.ID] = true
	}
	for i, c := range result.Cases {
		if cases[c.ID] {
			return fmt.Errorf("the result contradicts itself: at /cases/%d the id %q is there twice", i, c.ID)
		}
		cases[c.ID] = true
		for _, id := range c.Exchanges {
			if !exchanges[id] {
				return fmt.Errorf("the result contradicts itself: /cases/%d names exchange %q, which is not in it", i, id)
			}
		}
	}
	return nil
}

// position of a byte, line and column from 1.
func position(raw []byte, offset int64) (line, column int) {
	before := raw[:min(max(int(offset)-1, 0), len(raw))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}
