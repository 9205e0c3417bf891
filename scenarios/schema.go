package scenarios

import _ "embed"

//go:embed scenario.schema.json
var schema []byte

// Schema is the JSON Schema of a scenario file's document, for editors. It
// knows the words of the contract; what needs more than one place of a file to
// be told is for Parse to find.
func Schema() []byte { return schema }
