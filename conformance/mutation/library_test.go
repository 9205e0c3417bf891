package mutation_test

import (
	"fmt"
	"net/url"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/scenarios"
	"github.com/vtsim/vtsim/simulator/outbound"
)

// elsewhere are members that the good calls of an operation do not hold, since
// only a cloud token or a token that others look at gives them (p.123, p.162);
// original are those that say what a token was made from (p.50), which is the
// token's own story.
var (
	elsewhere = []string{"tokenStatus", "tokenAssuranceMethod", "tokenType", "osType", "locationSource", "tokenProtectionMethod"}
	original  = []string{"originalTokenType", "originaltokenAssuranceMethod", "originalDeviceType"}
)

var _ = Describe("The library", Ordered, func() {
	var cases []scenarios.Case
	var result *conformance.Result

	BeforeAll(func() {
		library, err := scenarios.Load(setup().Contract)
		Expect(err).NotTo(HaveOccurred())
		cases, err = library.Cases(seed)
		Expect(err).NotTo(HaveOccurred())
		report, err := proof()
		Expect(err).NotTo(HaveOccurred())
		result = report.Clean
	})

	It("breaks every call in every way of the catalogue", func() {
		var used, unused []string
		for _, one := range cases {
			for _, call := range callsOf(one) {
				used = append(used, call.Corrupt...)
			}
		}
		for _, corruption := range outbound.Corruptions() {
			if !slices.Contains(used, corruption.ID) {
				unused = append(unused, corruption.ID)
			}
		}
		Expect(unused).To(BeEmpty())
	})

	It("provokes every code of every error table but that of the issuer's own failure, which no call brings about", func() {
		wanted := map[string]bool{}
		for _, one := range cases {
			for _, call := range callsOf(one) {
				wanted[call.Operation+" "+call.Expect.Refused] = true
			}
		}
		var missed []string
		for _, op := range setup().Contract.Operations() {
			if op.Direction != contract.Outbound {
				continue
			}
			for _, row := range op.Errors {
				if row.Code == "" || slices.Contains(row.On, contract.TriggerInternal) {
					continue
				}
				if !slices.ContainsFunc(row.On, func(trigger string) bool { return wanted[op.ID+" "+trigger] }) {
					missed = append(missed, fmt.Sprintf("%s %s on %v", op.ID, row.Code, row.On))
				}
			}
		}
		Expect(missed).To(BeEmpty())
	})

	It("sends every value of every enumeration", func() {
		sent := map[string]map[string]bool{}
		for _, x := range result.Exchanges {
			if x.Direction != string(contract.Outbound) {
				continue
			}
			add := func(name string, value any) {
				key := x.Operation + " " + name
				if sent[key] == nil {
					sent[key] = map[string]bool{}
				}
				sent[key][fmt.Sprint(value)] = true
			}
			each(x.Request.Body, add)
			each(x.Request.Decrypted, add)
			if at, err := url.Parse(x.Request.Path); err == nil {
				for name, values := range at.Query() {
					add(name, values[0])
				}
			}
		}
		var unsent []string
		for _, op := range setup().Contract.Operations() {
			if op.Direction != contract.Outbound {
				continue
			}
			for _, part := range []contract.Part{contract.Query, contract.Request, contract.SealedRequest} {
				enumerated(op.Field(part), func(name string, value any) {
					values := sent[op.ID+" "+name]
					if len(values) == 0 && slices.Contains(elsewhere, name) || slices.Contains(original, name) {
						return
					}
					if !values[fmt.Sprint(value)] {
						unsent = append(unsent, fmt.Sprintf("%s %s %v", op.ID, name, value))
					}
				})
			}
		}
		Expect(unsent).To(BeEmpty())
	})
})

// each visits the members of a JSON value, at any depth, that are no objects.
func each(value any, visit func(name string, value any)) {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			visit(name, member)
			each(member, visit)
		}
	case []any:
		for _, element := range v {
			each(element, visit)
		}
	}
}

// enumerated visits every value of every enumeration below the field.
func enumerated(field *contract.Field, visit func(name string, value any)) {
	if field == nil {
		return
	}
	for _, value := range field.Enum {
		visit(field.Name, value)
	}
	for _, member := range field.Fields {
		enumerated(member, visit)
	}
	enumerated(field.Items, visit)
}
