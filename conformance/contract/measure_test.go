package contract_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/vtsim/vtsim/conformance/contract"
)

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := contract.LoadFS(os.DirFS("spec")); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkValidate measures a checkEligibility request, clear and sealed
// part, as an issuer's endpoint or the judge would validate it.
func BenchmarkValidate(b *testing.B) {
	c, err := contract.Load()
	if err != nil {
		b.Fatal(err)
	}
	for _, part := range []struct {
		name contract.Part
		file string
	}{{contract.Request, "testdata/samples/checkEligibility-request-2.json"}, {contract.SealedRequest, "testdata/samples/checkEligibility-request-encryptedData-1.json"}} {
		content, err := os.ReadFile(part.file)
		if err != nil {
			b.Fatal(err)
		}
		var s struct{ Payload json.RawMessage }
		if err := json.Unmarshal(content, &s); err != nil {
			b.Fatal(err)
		}
		payload, err := contract.Decode(s.Payload)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(part.name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Validate("checkEligibility", part.name, payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func FuzzValidate(f *testing.F) {
	c, err := contract.Load()
	if err != nil {
		f.Fatal(err)
	}
	operations := c.Operations()
	for i := range operations {
		f.Add(uint8(i), uint8(0), []byte(suspend))
		f.Add(uint8(i), uint8(1), []byte(`{"deviceInfo":[null],"encryptedData":1e999,"a":{"":""}}`))
	}
	f.Fuzz(func(t *testing.T, operation, part uint8, content []byte) {
		payload, err := contract.Decode(content)
		if err != nil {
			return
		}
		op := operations[int(operation)%len(operations)]
		parts := op.Parts()
		name := parts[int(part)%len(parts)]
		if _, object := payload.(map[string]any); !object && (name == contract.Path || name == contract.Query) {
			return // parameters are an object by construction
		}
		violations, err := c.Validate(op.ID, name, payload)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range violations {
			if _, err := c.Rule(v.Rule); err != nil {
				t.Errorf("violation of a rule that is not listed: %v", err)
			}
			if row := c.ErrorFor(op.ID, v); op.Direction == contract.Inbound && row.HTTP < 400 {
				t.Errorf("%s leads to no error: %+v", v.Rule, row)
			}
		}
	})
}
