package contract_test

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
)

// factLine writes a field as the facts files do. They were made by a second
// reading of the specification, by extraction from its tables and by eye.
func factLine(operation string, part contract.Part, f *contract.Field) string {
	types := append([]string{}, f.Types...)
	sort.Strings(types)
	length := ""
	switch {
	case f.MaxLength != nil:
		length = strconv.Itoa(*f.MaxLength)
	case f.Maximum != "" && strings.Trim(f.Maximum, "9") == "":
		length = strconv.Itoa(len(f.Maximum))
	}
	values := make([]string, len(f.Enum))
	for i, value := range f.Enum {
		values[i] = fmt.Sprint(value)
	}
	requirement := string(f.Requirement)
	if strings.HasSuffix(f.Pointer, "/*") {
		requirement = ""
	}
	return strings.Join([]string{operation, string(part), f.Pointer, requirement, strings.Join(types, ","), length, strings.Join(values, "|"), strconv.Itoa(f.Page)}, "\t")
}

func factLines(direction func(contract.Direction) bool) []string {
	var lines []string
	for _, op := range loaded().Operations() {
		if !direction(op.Direction) {
			continue
		}
		for _, part := range op.Parts() {
			var walk func(f *contract.Field)
			walk = func(f *contract.Field) {
				if f.Pointer != "" {
					lines = append(lines, factLine(op.ID, part, f))
				}
				for _, member := range f.Fields {
					walk(member)
				}
				if f.Items != nil {
					walk(f.Items)
				}
			}
			walk(op.Field(part))
		}
	}
	return lines
}

func factsIn(file string) []string {
	content, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	lines := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	Expect(len(lines)).To(BeNumerically(">", 400), file)
	return lines[1:]
}

var _ = Describe("the facts of the specification, read a second time", func() {
	It("are those of the contract, for what issuers send and for documents", func() {
		Expect(factLines(func(d contract.Direction) bool { return d != contract.Outbound })).To(ConsistOf(factsIn("testdata/facts-inbound.tsv")))
	})

	It("are those of the contract, for what Visa sends", func() {
		var facts []string
		for _, line := range factsIn("testdata/facts-outbound.tsv") {
			cells := strings.Split(line, "\t")
			if cells[1] == string(contract.Query) { // fixed values of the target's query
				op, err := loaded().Operation(cells[0])
				Expect(err).NotTo(HaveOccurred())
				Expect(strings.Join(op.FixedQuery[strings.TrimPrefix(cells[2], "/")], "|")).To(Equal(cells[6]), line)
				continue
			}
			facts = append(facts, line)
		}
		Expect(factLines(func(d contract.Direction) bool { return d == contract.Outbound })).To(ConsistOf(facts))
	})
})
