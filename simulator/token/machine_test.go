package token_test

import (
	"errors"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/token"
)

func TestToken(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "token")
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func machine() *token.Machine {
	c, err := contract.Load()
	if err != nil {
		panic(err)
	}
	return token.NewMachine(&c.Tables.Lifecycle)
}

func in(status token.Status) token.Token {
	t := token.Token{Status: status, EntityOfLastAction: token.TokenRequestor, ActivatedAt: noon.Add(-time.Hour), Version: 3}
	if status == "SUSPENDED" {
		t.SuspendedBy = token.Issuer
	}
	return t
}

var _ = DescribeTable("every cell of the matrix (p.89)", func(status, action, want string) {
	before := in(token.Status(status))
	after, err := machine().Apply(before, token.Action{Name: action, By: token.Issuer, At: noon})
	var refusal *token.Refusal
	if errors.As(err, &refusal) {
		Expect(refusal.Trigger).To(Equal(want))
		Expect(after).To(Equal(before))
		return
	}
	Expect(err).NotTo(HaveOccurred())
	Expect(string(after.Status)).To(Equal(want))
	Expect(after.EntityOfLastAction).To(Equal(token.Issuer))
},
	Entry(nil, "INACTIVE", "activate", "ACTIVE"),
	Entry(nil, "INACTIVE", "suspend", "state-refused"),
	Entry(nil, "INACTIVE", "resume", "state-refused"),
	Entry(nil, "INACTIVE", "deactivate", "DEACTIVATED"),
	Entry(nil, "INACTIVE", "updateExpirationDate", "INACTIVE"),
	Entry(nil, "INACTIVE", "replacePAN", "INACTIVE"),
	Entry(nil, "ACTIVE", "activate", "state-exists"),
	Entry(nil, "ACTIVE", "suspend", "SUSPENDED"),
	Entry(nil, "ACTIVE", "resume", "state-exists"),
	Entry(nil, "ACTIVE", "deactivate", "DEACTIVATED"),
	Entry(nil, "ACTIVE", "updateExpirationDate", "ACTIVE"),
	Entry(nil, "ACTIVE", "replacePAN", "ACTIVE"),
	Entry(nil, "SUSPENDED", "activate", "state-refused"),
	Entry(nil, "SUSPENDED", "suspend", "state-exists"),
	Entry(nil, "SUSPENDED", "resume", "ACTIVE"),
	Entry(nil, "SUSPENDED", "deactivate", "DEACTIVATED"),
	Entry(nil, "SUSPENDED", "updateExpirationDate", "SUSPENDED"),
	Entry(nil, "SUSPENDED", "replacePAN", "SUSPENDED"),
	Entry(nil, "DEACTIVATED", "activate", "state-refused"),
	Entry(nil, "DEACTIVATED", "suspend", "state-refused"),
	Entry(nil, "DEACTIVATED", "resume", "state-refused"),
	Entry(nil, "DEACTIVATED", "deactivate", "state-exists"),
	Entry(nil, "DEACTIVATED", "updateExpirationDate", "DEACTIVATED"),
	Entry(nil, "DEACTIVATED", "replacePAN", "state-refused"),
)

var _ = Describe("an action", func() {
	It("lets only who suspended resume (p.76, INT-051)", func() {
		t, err := machine().Apply(in("ACTIVE"), token.Action{Name: token.Suspend, By: token.TokenRequestor, At: noon})
		Expect(err).NotTo(HaveOccurred())
		after, err := machine().Apply(t, token.Action{Name: token.Resume, By: token.Issuer, At: noon})
		var refusal *token.Refusal
		Expect(errors.As(err, &refusal)).To(BeTrue())
		Expect(refusal.Trigger).To(Equal("value"))
		Expect(refusal.Error()).To(And(ContainSubstring("TOKEN_REQUESTOR"), ContainSubstring("ISSUER")))
		Expect(after).To(Equal(t))
		Expect(machine().Allowed(t, token.Resume, token.TokenRequestor)).To(Succeed())
	})

	It("keeps the times: activation is set again on resumption, deactivation once (p.50)", func() {
		m := machine()
		t, _ := m.Apply(in("ACTIVE"), token.Action{Name: token.Suspend, By: token.Issuer, At: noon})
		Expect(t.ActivatedAt).To(Equal(noon.Add(-time.Hour)))
		Expect(t.StatusUpdatedAt).To(Equal(noon))
		t, _ = m.Apply(t, token.Action{Name: token.Resume, By: token.Issuer, At: noon.Add(time.Minute)})
		Expect(t.ActivatedAt).To(Equal(noon.Add(time.Minute)))
		Expect(t.SuspendedBy).To(BeEmpty())
		t, _ = m.Apply(t, token.Action{Name: token.Deactivate, By: token.Issuer, At: noon.Add(time.Hour)})
		Expect(t.DeactivatedAt).To(Equal(noon.Add(time.Hour)))
	})

	It("moves the token to the new PAN and remembers the last digits of the old one (p.76)", func() {
		t, err := machine().Apply(in("SUSPENDED"), token.Action{Name: token.ReplacePAN, By: token.Issuer, At: noon, PANReferenceID: "V-2", LastFourOfPreviousPAN: "0042"})
		Expect(err).NotTo(HaveOccurred())
		Expect(t.PANReferenceID).To(Equal("V-2"))
		Expect(t.LastFourOfPreviousPAN).To(Equal("0042"))
		Expect(t.StatusUpdatedAt).To(BeZero())
		Expect(t.SuspendedBy).To(Equal(token.Issuer))
	})

	It("that nobody knows is the caller's error, not a refusal", func() {
		_, err := machine().Apply(in("ACTIVE"), token.Action{Name: "explode"})
		var refusal *token.Refusal
		Expect(err).To(HaveOccurred())
		Expect(errors.As(err, &refusal)).To(BeFalse())
	})
})

var _ = It("holds for any sequence of actions: only cells of the matrix, deactivated is final, refusals change nothing", func() {
	c, err := contract.Load()
	Expect(err).NotTo(HaveOccurred())
	m, table := machine(), &c.Tables.Lifecycle
	rapid.Check(GinkgoT(), func(t *rapid.T) {
		now, at := in("INACTIVE"), noon
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			name := rapid.SampledFrom(table.Actions).Draw(t, "action").Name
			by := rapid.SampledFrom([]token.Entity{token.Issuer, token.TokenRequestor}).Draw(t, "by")
			at = at.Add(time.Second)
			after, err := m.Apply(now, token.Action{Name: name, By: by, At: at})
			cell, ok := table.Cell(string(now.Status), name)
			if !ok {
				t.Fatalf("no cell %s %s", now.Status, name)
			}
			if err != nil {
				if cell.Allowed && !(name == token.Resume && now.SuspendedBy != by) {
					t.Fatalf("%s in %s refused: %v", name, now.Status, err)
				}
				if after.Status != now.Status || after.EntityOfLastAction != now.EntityOfLastAction || !after.StatusUpdatedAt.Equal(now.StatusUpdatedAt) {
					t.Fatalf("a refusal changed the token")
				}
				continue
			}
			if !cell.Allowed || string(after.Status) != cell.Result {
				t.Fatalf("%s in %s led to %s, the matrix says %+v", name, now.Status, after.Status, cell)
			}
			if now.Status == "DEACTIVATED" && after.Status != "DEACTIVATED" {
				t.Fatalf("a deactivated token came back by %s", name)
			}
			if (after.Status == "SUSPENDED") != (after.SuspendedBy != "") {
				t.Fatalf("%s but suspended by %q", after.Status, after.SuspendedBy)
			}
			now = after
		}
	})
})
