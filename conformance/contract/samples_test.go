package contract_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sort"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
)

// sample is one payload that the specification prints, with what it elides
// filled in.
type sample struct {
	Operation      string          `json:"operation"`
	Part           contract.Part   `json:"part"`
	Page           int             `json:"page"`
	Payload        json.RawMessage `json:"payload"`
	Note           string          `json:"note"`
	Violates       []string        `json:"violates"`
	Interpretation string          `json:"interpretation"`
}

func loadSamples() map[string]sample {
	files, err := filepath.Glob("testdata/samples/*.json")
	Expect(err).NotTo(HaveOccurred())
	samples := map[string]sample{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		var s sample
		Expect(json.Unmarshal(content, &s)).To(Succeed(), file)
		samples[file] = s
	}
	return samples
}

var _ = Describe("the sample payloads of the specification", func() {
	It("validate, or break exactly the rules that an interpretation explains", func() {
		c := loaded()
		samples := loadSamples()
		Expect(len(samples)).To(BeNumerically(">", 40))
		for file, s := range samples {
			payload, err := contract.Decode(s.Payload)
			Expect(err).NotTo(HaveOccurred(), file)
			violations, err := c.Validate(s.Operation, s.Part, payload)
			Expect(err).NotTo(HaveOccurred(), file)
			broken := []string{}
			for _, v := range violations {
				broken = append(broken, v.Rule)
			}
			want := append([]string{}, s.Violates...)
			sort.Strings(broken)
			sort.Strings(want)
			Expect(broken).To(Equal(want), "%s: %+v", file, violations)
			if len(want) > 0 {
				_, err := c.Interpretation(s.Interpretation)
				Expect(err).NotTo(HaveOccurred(), "%s: a sample that doesn't validate needs its interpretation", file)
			}
		}
	})

	It("cover every operation", func() {
		seen := map[string]bool{}
		for _, s := range loadSamples() {
			seen[s.Operation] = true
		}
		for _, op := range loaded().Operations() {
			Expect(seen).To(HaveKey(op.ID))
		}
	})
})
