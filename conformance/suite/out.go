package suite

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/vtsim/vtsim/conformance"
)

// write leaves the Result in the file that the configuration names.
func (s *certification) write(result *conformance.Result) error {
	suite, _ := ginkgo.GinkgoConfiguration()
	if chosen := chosenBy(suite); chosen != "" {
		result.Plan.Filter = strings.TrimSpace(result.Plan.Filter + " " + chosen)
	}
	if s.config.Out == "" {
		return nil
	}
	for i := range result.Cases { // lists of the document are never null
		one := &result.Cases[i]
		one.Tags, one.Operations, one.Findings = listed(one.Tags), listed(one.Operations), listed(one.Findings)
	}
	document, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(s.config.Out), 0o755); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	if err := os.WriteFile(s.config.Out, append(document, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// listed is the list, an empty one for nil.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// chosenBy says which of Ginkgo's options chose among the specs.
func chosenBy(c types.SuiteConfig) string {
	var words []string
	if c.LabelFilter != "" {
		words = append(words, "labels:"+c.LabelFilter)
	}
	for _, focus := range c.FocusStrings {
		words = append(words, "focus:"+focus)
	}
	for _, skip := range c.SkipStrings {
		words = append(words, "skip:"+skip)
	}
	return strings.Join(words, " ")
}
