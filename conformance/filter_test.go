package conformance_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vtsim/vtsim/conformance"
)

// FuzzFilter chooses by what somebody typed.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"", "tag:core -id:*otp*", "operation:a,b", "x", ":", "-", "id:[", "a:b:c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := conformance.ParseFilter(text)
		if err != nil && !errors.Is(err, conformance.ErrUsage) {
			t.Fatal(err)
		}
		if err == nil && len(filter) != len(strings.Fields(text)) {
			t.Fatalf("%q has %d words and %d terms", text, len(strings.Fields(text)), len(filter))
		}
	})
}
