package report_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/vtsim/vtsim/conformance/report"
)

// FuzzRead reads any bytes: an error or a Result that every format can write
// and that reads back.
func FuzzRead(f *testing.F) {
	for _, build := range examples {
		var b bytes.Buffer
		if err := report.JSON(&b, build()); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
		f.Add(b.Bytes()[:b.Len()/2])
	}
	f.Add([]byte(`{"schema":"vtsim-result/2"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		result, err := report.Read(bytes.NewReader(raw))
		if err != nil {
			return
		}
		for name, write := range writers {
			if err := write(io.Discard, result); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		var first, second bytes.Buffer
		if err := report.JSON(&first, result); err != nil {
			t.Fatal(err)
		}
		again, err := report.Read(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
		if err := report.JSON(&second, again); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("what was read back is another Result: %v", err)
		}
	})
}
