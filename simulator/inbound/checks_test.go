package inbound_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/vault"
)

// mustRefuse checks the whole error answer: status, reason, the places of the
// details, and that the contract has nothing to say against it (p.29-30).
func (a answer) mustRefuse(status int, reason string, locations ...string) {
	GinkgoHelper()
	Expect(a.status).To(Equal(status), a.raw)
	Expect(a.reason()).To(Equal(reason), a.raw)
	Expect(a.details()).To(ConsistOf(locations), a.raw)
	response, _ := a.body["errorResponse"].(map[string]any)
	Expect(response["status"]).To(BeEquivalentTo(status), "a number (INT-004)")
	Expect(response["message"]).NotTo(BeEmpty())
	Expect(a.headers.Get("Content-Type")).To(Equal("application/json; charset=UTF-8"))
	Expect(a.headers.Get("Content-Language")).To(Equal("en-US"))
	Expect(a.body).To(HaveLen(1))
}

// mustSucceed checks a success against the contract, sealed part included.
func (l *lab) mustSucceed(operation string, a answer) {
	GinkgoHelper()
	Expect(a.status).To(Equal(200), a.raw)
	op, err := l.contract.Operation(operation)
	Expect(err).NotTo(HaveOccurred())
	if op.Field(contract.Response) == nil {
		Expect(a.raw).To(BeEmpty(), "a success without payload has an empty body (INT-071)")
		Expect(a.headers.Get("Content-Length")).To(Equal("0"))
		return
	}
	body, err := contract.Decode([]byte(a.raw))
	Expect(err).NotTo(HaveOccurred())
	Expect(l.contract.Validate(operation, contract.Response, body)).To(BeEmpty())
	if a.sealed != nil {
		Expect(l.contract.Validate(operation, contract.SealedResponse, a.sealed)).To(BeEmpty())
	}
}

// lastRow is the newest journal row of all issuers.
func (l *lab) lastRow() vault.Traffic {
	GinkgoHelper()
	rows := l.traffic("")
	Expect(rows).NotTo(BeEmpty())
	return rows[len(rows)-1]
}

// rules are the ids of the violations of a journal row.
func rulesOf(row vault.Traffic) []string {
	var list []string
	for _, v := range row.Violations {
		list = append(list, v.Rule)
	}
	return list
}

// inTx runs f in an update of the issuer.
func (l *lab) inTx(issuer string, f func(vault.Tx) error) {
	GinkgoHelper()
	Expect(l.vault.Update(context.Background(), issuer, f)).To(Succeed())
}

// records are the records of a kind.
func (l *lab) records(issuer, kind string) []vault.Record {
	GinkgoHelper()
	var found []vault.Record
	Expect(l.vault.View(context.Background(), issuer, func(tx vault.Tx) error {
		var err error
		found, err = tx.Records(kind, "", 0)
		return err
	})).To(Succeed())
	return found
}

// bindings and verifications of a token.
func (l *lab) bindings(issuer, tokenID string) []vault.Binding {
	GinkgoHelper()
	var found []vault.Binding
	Expect(l.vault.View(context.Background(), issuer, func(tx vault.Tx) error {
		var err error
		found, err = tx.Bindings(tokenID)
		return err
	})).To(Succeed())
	return found
}

func (l *lab) verifications(issuer, tokenID string) []vault.Verification {
	GinkgoHelper()
	var found []vault.Verification
	Expect(l.vault.View(context.Background(), issuer, func(tx vault.Tx) error {
		var err error
		found, err = tx.Verifications(tokenID)
		return err
	})).To(Succeed())
	return found
}

// givenBinding and givenVerification put one into the vault.
func (l *lab) givenBinding(issuer string, b vault.Binding) {
	GinkgoHelper()
	l.inTx(issuer, func(tx vault.Tx) error { return tx.PutBinding(b) })
}

func (l *lab) givenVerification(issuer string, v vault.Verification) {
	GinkgoHelper()
	l.inTx(issuer, func(tx vault.Tx) error { return tx.PutVerification(v) })
}
