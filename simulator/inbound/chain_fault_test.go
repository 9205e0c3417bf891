package inbound_test

import (
	"context"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/token"
)

var _ = Describe("The way out, faults that somebody set", func() {
	var (
		l *lab
		t token.Token
	)
	BeforeEach(func() {
		l = newLab()
		t = l.givenToken(bank, l.givenPAN(bank, lifecyclePAN))
	})
	given := func(when fault.When, respond fault.Respond, times int) {
		GinkgoHelper()
		_, err := l.faults.Add(fault.Fault{Issuer: bank, Operation: "tokenLifecycle", When: when, Respond: respond, Times: times})
		Expect(err).NotTo(HaveOccurred())
	}
	suspend := func() answer {
		GinkgoHelper()
		return l.lifecycle(t, "SUSPEND", nil)
	}
	state := func() string { return string(l.token(bank, t.ReferenceID).Status) }
	// broken sends the call where its connection is to be cut.
	broken := func() {
		GinkgoHelper()
		r := l.target(t, bank, "?apiKey="+l.directory.Issuers[bank].Credentials.APIKey)
		_, err := l.client(l.directory.Issuers[bank]).Do(r)
		Expect(err).To(HaveOccurred())
	}

	DescribeTable("answer in the operation's place before anything is changed", func(respond fault.Respond, status int, reason string) {
		given(fault.BeforeCommit, respond, 1)
		suspend().mustRefuse(status, reason)
		Expect(state()).To(Equal("ACTIVE"))
		Expect(l.notifications(bank)).To(BeEmpty())
		rows := l.traffic(bank)
		Expect(rows).To(HaveLen(1))
		Expect(rows[0].Response.Status).To(Equal(status))
		Expect(rulesOf(rows[0])).To(ConsistOf("fault"))
		l.mustSucceed("tokenLifecycle", suspend())
	},
		Entry("with status and code of the operation (p.94)", fault.Respond{Status: 500, Code: "VSE40009"}, 500, "VSE40009"),
		Entry("with another status than the code has", fault.Respond{Status: 503, Code: "VSE40009"}, 503, "VSE40009"),
		Entry("with a code of any make", fault.Respond{Status: 400, Code: "ISE40504"}, 400, "ISE40504"),
		Entry("with a status alone", fault.Respond{Status: 503}, 503, "serviceError"),
	)

	It("answer in its place once it is done, and the journal says what the caller saw", func() {
		given(fault.AfterCommit, fault.Respond{Status: 500, Code: "VSE40009"}, 1)
		suspend().mustRefuse(500, "VSE40009")
		Expect(state()).To(Equal("SUSPENDED"))
		Expect(l.notifications(bank)).To(HaveLen(1))
		rows := l.traffic(bank)
		Expect(rows).To(HaveLen(1))
		Expect(rows[0].Response.Status).To(Equal(500))
		Expect(rows[0].Response.Body).To(HaveKeyWithValue("errorResponse", HaveKeyWithValue("reason", "VSE40009")))
		Expect(rulesOf(rows[0])).To(ConsistOf("fault"))
		suspend().mustRefuse(400, "VSE40002", "operationType")
	})

	It("hide a sealed answer as well", func() {
		_, err := l.faults.Add(fault.Fault{Issuer: bank, When: fault.AfterCommit, Respond: fault.Respond{Status: 502}})
		Expect(err).NotTo(HaveOccurred())
		got := l.inquire(t, "")
		got.mustRefuse(502, "serviceError")
		Expect(l.lastRow().Response.Decrypted).To(BeNil())
	})

	It("cut the connection before anything is changed", func() {
		given(fault.BeforeCommit, fault.Respond{Drop: true}, 1)
		broken()
		Expect(state()).To(Equal("ACTIVE"))
		rows := l.traffic(bank)
		Expect(rows).To(HaveLen(1))
		Expect(rows[0].Response.Status).To(BeZero())
		Expect(rulesOf(rows[0])).To(ConsistOf("fault"))
	})

	It("cut the connection when the change is done: the lost answer that proves idempotency", func() {
		given(fault.AfterCommit, fault.Respond{Drop: true}, 1)
		broken()
		Expect(state()).To(Equal("SUSPENDED"))
		Expect(l.notifications(bank)).To(HaveLen(1))
		rows := l.traffic(bank)
		Expect(rows).To(HaveLen(1))
		Expect(rows[0].Response).To(And(HaveField("Status", BeZero()), HaveField("Body", BeNil())))
		suspend().mustRefuse(400, "VSE40002", "operationType")
	})

	DescribeTable("delay by the real clock, also while the simulator's stands still", func(when fault.When) {
		const delay = 60 * time.Millisecond
		given(when, fault.Respond{Delay: delay}, 1)
		began := time.Now()
		l.mustSucceed("tokenLifecycle", suspend())
		Expect(time.Since(began)).To(BeNumerically(">=", delay))
		Expect(l.clock.Now()).To(BeTemporally("==", noon))
		Expect(l.traffic(bank)[0].Elapsed).To(BeNumerically(">=", delay), "the journal knows")
		Expect(state()).To(Equal("SUSPENDED"))
	},
		Entry("before", fault.BeforeCommit),
		Entry("after", fault.AfterCommit),
	)

	It("end with the caller who does not wait for them", func() {
		given(fault.BeforeCommit, fault.Respond{Delay: time.Hour}, 1)
		r := l.target(t, bank, "?apiKey="+l.directory.Issuers[bank].Credentials.APIKey)
		waiting, leave := context.WithCancel(context.Background())
		left := make(chan error, 1)
		go func() {
			_, err := l.client(l.directory.Issuers[bank]).Do(r.WithContext(waiting))
			left <- err
		}()
		Eventually(func() int { return l.faults.List(bank)[0].Remaining }).Should(BeZero(), "the fault has struck")
		leave()
		Eventually(left).Should(Receive(HaveOccurred()))
		Eventually(func() int { return len(l.traffic(bank)) }).Should(Equal(1))
		row := l.lastRow()
		Expect(row.Diagnosis).To(Equal("the caller went away before it was answered"))
		Expect(row.Response.Status).To(BeZero())
		Expect(state()).To(Equal("ACTIVE"))
	})

	It("strike neither other operations nor other issuers, nor calls that are refused before", func() {
		given(fault.BeforeCommit, fault.Respond{Status: 503}, 1)
		l.mustSucceed("tokenInquiry", l.inquire(t, ""))
		foreign := l.givenToken(other, l.givenPAN(other, "4000000020000017"))
		l.mustSucceed("tokenLifecycle", l.call(request{as: other, path: tokenPath(foreign, "lifecycle"), body: lifecycleBody("SUSPEND", nil)}))
		l.lifecycle(t, "PAUSE", nil).mustRefuse(400, "VSE40000", "operationType")
		suspend().mustRefuse(http.StatusServiceUnavailable, "serviceError")
	})

	It("that strike after the commit spare a call that commits nothing", func() {
		given(fault.AfterCommit, fault.Respond{Status: 503}, 1)
		l.lifecycle(t, "RESUME", nil).mustRefuse(400, "VSE40002", "operationType")
		suspend().mustRefuse(503, "serviceError")
	})
})
