package contract_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
)

var _ = Describe("Shown", func() {
	It("masks what is sensitive, hides what is unknown, and keeps the rest", func() {
		op, err := loaded().Operation("checkEligibility")
		Expect(err).NotTo(HaveOccurred())
		payload, err := contract.Decode([]byte(`{"cardholderInfo": {"primaryAccountNumber": "4111111111111111", "riskAssessmentScore": "3", "4111111111111111": "x"}, "new": {"pin": "1234"}}`))
		Expect(err).NotTo(HaveOccurred())
		Expect(contract.Shown(payload, op.Field(contract.SealedRequest))).To(Equal(map[string]any{
			"cardholderInfo": map[string]any{"primaryAccountNumber": "411111******1111", "riskAssessmentScore": "3", "411111******1111": "not in the contract: a string of 1 characters"},
			"new":            "not in the contract: an object of 1 members"}))
	})

	It("gives only the kind of a list that nobody described", func() {
		Expect(contract.Shown([]any{"4111111111111111"}, nil)).To(Equal("an array of 1"))
	})

	It("cuts a text at the end of a character", func() {
		cut := contract.Shorten(strings.Repeat("ü", 600))
		Expect(len(cut)).To(BeNumerically("<", 520))
		Expect(cut).To(HaveSuffix("ü…"))
	})
})
