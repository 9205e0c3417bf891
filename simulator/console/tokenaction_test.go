package console_test

import (
	"context"
	"fmt"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("an action upon a token", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })

	act := func(reference string, body any) answer {
		GinkgoHelper()
		return l.post("/api/v1/tokens/"+reference+"/actions", body)
	}

	It("follows the matrix in every state, and a refusal names trigger and page (p.89)", func() {
		table := l.contract.Tables.Lifecycle
		for _, state := range table.States {
			for _, action := range table.Actions {
				reference := l.givenToken(bank, map[string]any{"tokenStatus": state.Name})
				body := map[string]any{"action": action.Name, "by": "TOKEN_REQUESTOR"}
				switch action.Name {
				case token.ReplacePAN:
					body["pan"] = l.number(bank)
				case token.UpdateExpirationDate:
					body["panExpirationDate"] = map[string]any{"month": "09", "year": "2033"}
				}
				cell, ok := table.Cell(state.Name, action.Name)
				Expect(ok).To(BeTrue())
				before := l.get("/api/v1/tokens/" + reference).raw
				a := act(reference, body)
				if cell.Allowed {
					Expect(a.ok(http.StatusOK).body["tokenStatus"]).To(Equal(cell.Result))
					continue
				}
				a.refused(http.StatusConflict, "action", action.Name, state.Name)
				problem := a.body["error"].(map[string]any)
				Expect(problem["trigger"]).To(Equal(cell.Refusal))
				Expect(problem["page"]).To(BeEquivalentTo(cell.Page))
				Expect(problem["interpretation"]).To(BeEquivalentTo(cell.Interpretation))
				Expect(l.get("/api/v1/tokens/" + reference).raw).To(MatchJSON(before))
			}
		}
	})

	It("lets only who suspended resume (p.76)", func() {
		reference := l.givenToken(bank, nil)
		act(reference, `{"action": "suspend", "by": "TOKEN_REQUESTOR"}`).ok(http.StatusOK)
		a := act(reference, `{"action": "resume", "by": "ISSUER"}`)
		a.refused(http.StatusConflict, "action", "TOKEN_REQUESTOR", "p.76")
		Expect(a.body["error"]).To(HaveKeyWithValue("trigger", "value"))
		Expect(a.body["error"]).To(HaveKeyWithValue("interpretation", "INT-051"))
		Expect(act(reference, `{"action": "resume", "by": "TOKEN_REQUESTOR"}`).ok(http.StatusOK).body["tokenStatus"]).To(Equal("ACTIVE"))
	})

	It("keeps operator and actor, and tells the issuer nothing unasked", func() {
		reference := l.givenToken(bank, nil)
		a := act(reference, `{"action": "suspend", "by": "ISSUER", "operatorID": "agent-7"}`).ok(http.StatusOK)
		Expect(a.body["entityOfLastAction"]).To(Equal("ISSUER"))
		found, err := l.vault.FindToken(context.Background(), bank, reference)
		Expect(err).NotTo(HaveOccurred())
		Expect(found.OperatorID).To(Equal("agent-7"))
		Expect(l.queued(bank)).To(BeEmpty())
	})

	It("moves the token to another PAN and remembers the last digits of the old one (p.76)", func() {
		pan, next := l.number(bank), l.number(bank)
		before := l.post("/api/v1/tokens", l.tokenOf(bank, map[string]any{"pan": pan})).ok(http.StatusCreated)
		a := act(before.body["tokenReferenceID"].(string), map[string]any{"action": "replacePAN", "by": "ISSUER", "pan": next,
			"panExpirationDate": map[string]any{"month": "01", "year": "2034"}}).ok(http.StatusOK)
		Expect(a.body["panReferenceID"]).NotTo(Equal(before.body["panReferenceID"]))
		Expect(a.body["lastFourOfPAN"]).To(Equal(next[12:]))
		Expect(a.body["panExpirationDate"]).To(Equal(map[string]any{"month": "01", "year": "2034"}))
		found, err := l.vault.FindToken(context.Background(), bank, before.body["tokenReferenceID"].(string))
		Expect(err).NotTo(HaveOccurred())
		Expect(found.LastFourOfPreviousPAN).To(Equal(pan[12:]))
	})

	It("that is refused leaves the PAN alone, too", func() {
		reference, next := l.givenToken(bank, map[string]any{"tokenStatus": "DEACTIVATED"}), l.number(bank)
		act(reference, map[string]any{"action": "replacePAN", "by": "ISSUER", "pan": next}).refused(http.StatusConflict, "action")
		err := l.vault.View(context.Background(), bank, func(tx vault.Tx) error {
			_, err := tx.PANByNumber(next)
			return err
		})
		Expect(err).To(MatchError(vault.ErrNotFound))
	})

	It("changes the date of the PAN", func() {
		reference := l.givenToken(bank, nil)
		a := act(reference, `{"action": "updateExpirationDate", "by": "ISSUER", "panExpirationDate": {"month": "03", "year": "2032"}}`).ok(http.StatusOK)
		Expect(a.body["panExpirationDate"]).To(Equal(map[string]any{"month": "03", "year": "2032"}))
		Expect(l.get("/api/v1/tokens/" + reference).body["panExpirationDate"]).To(Equal(map[string]any{"month": "03", "year": "2032"}))
	})

	DescribeTable("is refused when the request is not right", func(body string, status int, field string, parts ...string) {
		reference := l.givenToken(bank, nil)
		act(reference, body).refused(status, field, parts...)
	},
		Entry("no action", `{"by": "ISSUER"}`, http.StatusBadRequest, "action", "required"),
		Entry("nobody who acts", `{"action": "suspend"}`, http.StatusBadRequest, "by", "required"),
		Entry("an unknown action", `{"action": "explode", "by": "ISSUER"}`, http.StatusBadRequest, "action", "suspend"),
		Entry("an unknown actor", `{"action": "suspend", "by": "VISA"}`, http.StatusBadRequest, "by", "TOKEN_REQUESTOR"),
		Entry("no PAN to go to", `{"action": "replacePAN", "by": "ISSUER"}`, http.StatusBadRequest, "pan", "new PAN"),
		Entry("a PAN of another issuer", `{"action": "replacePAN", "by": "ISSUER", "pan": "4000000020000017"}`, http.StatusBadRequest, "pan"),
		Entry("a PAN for nothing", `{"action": "suspend", "by": "ISSUER", "pan": "4000000010000019"}`, http.StatusBadRequest, "pan", "replacePAN"),
		Entry("no date", `{"action": "updateExpirationDate", "by": "ISSUER"}`, http.StatusBadRequest, "panExpirationDate", "new date"),
		Entry("a date for nothing", `{"action": "suspend", "by": "ISSUER", "panExpirationDate": {"month": "1", "year": "2030"}}`, http.StatusBadRequest, "panExpirationDate", "updateExpirationDate"),
	)

	It("upon no token finds none", func() {
		act("DNITHE000000000000000000", `{"action": "suspend", "by": "ISSUER"}`).refused(http.StatusNotFound, "tokenReferenceID")
	})

	It("is taken once, however many ask at once", func() {
		reference := l.givenToken(bank, nil)
		outcomes := make(chan int, 16)
		for range cap(outcomes) {
			go func() {
				defer GinkgoRecover()
				outcomes <- act(reference, `{"action": "suspend", "by": "ISSUER"}`).status
			}()
		}
		counted := map[int]int{}
		for range cap(outcomes) {
			counted[<-outcomes]++
		}
		Expect(counted).To(Equal(map[int]int{http.StatusOK: 1, http.StatusConflict: cap(outcomes) - 1}), fmt.Sprint(counted))
	})
})
