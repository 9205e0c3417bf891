package vault_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = inBothPlaces("what belongs to a token", func(open func(vault.Options) *vault.Store) {
	var (
		clock *manual
		s     *vault.Store
	)
	BeforeEach(func() {
		clock = newClock()
		s = open(vault.Options{Clock: clock.Now})
		putIssuer(s, "alpha")
		stock(s, "alpha", 2)
	})

	It("are device bindings, one for each device index (p.79-80)", func() {
		update(s, "alpha", func(tx vault.Tx) {
			for _, index := range []int{99, 1, 2} {
				Expect(tx.PutBinding(vault.Binding{TokenReferenceID: tokenID(1), Index: index, DeviceID: "A1", Status: "CHALLENGED"})).To(Succeed())
			}
			Expect(tx.PutBinding(vault.Binding{TokenReferenceID: tokenID(2), Index: 1})).To(Succeed())
			Expect(tx.PutBinding(vault.Binding{TokenReferenceID: tokenID(1), Index: 2, DeviceID: "A1", Status: "APPROVED"})).To(Succeed())
			Expect(tx.DropBinding(tokenID(1), 1)).To(Succeed())
			Expect(tx.DropBinding(tokenID(1), 1)).To(MatchError(vault.ErrNotFound))
			Expect(tx.PutBinding(vault.Binding{TokenReferenceID: "unknown", Index: 1})).To(MatchError(vault.ErrNotFound))
		})
		view(s, "alpha", func(tx vault.Tx) {
			Expect(tx.Bindings(tokenID(1))).To(Equal([]vault.Binding{
				{TokenReferenceID: tokenID(1), Index: 2, DeviceID: "A1", Status: "APPROVED", UpdatedAt: clock.Now()},
				{TokenReferenceID: tokenID(1), Index: 99, DeviceID: "A1", Status: "CHALLENGED", UpdatedAt: clock.Now()},
			}))
		})
	})

	It("are cardholder verifications, in the order of their start (p.79)", func() {
		update(s, "alpha", func(tx vault.Tx) {
			Expect(tx.PutVerification(vault.Verification{TokenReferenceID: tokenID(1), LifeCycleTraceID: 1, Status: "PENDING", StartedAt: clock.Now().Add(time.Second)})).To(Succeed())
			Expect(tx.PutVerification(vault.Verification{TokenReferenceID: tokenID(1), LifeCycleTraceID: 2, Status: "PENDING"})).To(Succeed())
			Expect(tx.PutVerification(vault.Verification{TokenReferenceID: tokenID(1), LifeCycleTraceID: 2, Status: "COMPLETED", Result: "APPROVED"})).To(Succeed())
		})
		view(s, "alpha", func(tx vault.Tx) {
			Expect(tx.Verifications(tokenID(1))).To(Equal([]vault.Verification{
				{TokenReferenceID: tokenID(1), LifeCycleTraceID: 2, Status: "COMPLETED", StartedAt: clock.Now(), Result: "APPROVED"},
				{TokenReferenceID: tokenID(1), LifeCycleTraceID: 1, Status: "PENDING", StartedAt: clock.Now().Add(time.Second)},
			}))
			Expect(tx.Verifications(tokenID(2))).To(BeEmpty())
		})
	})

	It("is one OTP, of which the value is only there as a hash", func() {
		update(s, "alpha", func(tx vault.Tx) {
			_, err := tx.OTP(tokenID(1))
			Expect(err).To(MatchError(vault.ErrNotFound))
			Expect(tx.PutOTP(vault.OTP{TokenReferenceID: tokenID(1), ValueHash: tx.Hash("111111"), Generated: 1})).To(Succeed())
			Expect(tx.PutOTP(vault.OTP{TokenReferenceID: tokenID(1), ValueHash: tx.Hash("222222"), Generated: 2, ExpiresAt: clock.Now()})).To(Succeed())
			Expect(tx.OTP(tokenID(1))).To(Equal(vault.OTP{TokenReferenceID: tokenID(1), ValueHash: tx.Hash("222222"), Generated: 2, ExpiresAt: clock.Now()}))
		})
	})
})

var _ = inBothPlaces("records", func(open func(vault.Options) *vault.Store) {
	var (
		clock *manual
		s     *vault.Store
	)
	BeforeEach(func() {
		clock = newClock()
		s = open(vault.Options{Clock: clock.Now})
		putIssuer(s, "alpha")
	})

	It("are stored, replaced and dropped by kind and key", func() {
		update(s, "alpha", func(tx vault.Tx) {
			Expect(tx.PutRecord(vault.Record{Kind: "task", Key: "1", Content: map[string]any{"n": 1}})).To(Succeed())
			Expect(tx.PutRecord(vault.Record{Kind: "task", Key: "1", Content: map[string]any{"n": 2, "list": []any{"a"}}})).To(Succeed())
			Expect(tx.PutRecord(vault.Record{Kind: "group", Key: "1"})).To(Succeed())
			Expect(tx.Record("task", "1")).To(Equal(vault.Record{
				Kind: "task", Key: "1", Content: map[string]any{"n": 2.0, "list": []any{"a"}}, UpdatedAt: clock.Now()}))
			Expect(tx.DropRecord("task", "1")).To(Succeed())
			Expect(tx.DropRecord("task", "1")).To(MatchError(vault.ErrNotFound))
			_, err := tx.Record("task", "1")
			Expect(err).To(MatchError(vault.ErrNotFound))
			Expect(tx.Record("group", "1")).To(HaveField("Content", BeNil()))
		})
	})

	It("are added only where the key is free, and the update can go on", func() {
		update(s, "alpha", func(tx vault.Tx) {
			Expect(tx.AddRecord(vault.Record{Kind: "push", Key: "trace", Content: map[string]any{"first": true}})).To(Succeed())
			Expect(tx.AddRecord(vault.Record{Kind: "push", Key: "trace"})).To(MatchError(vault.ErrExists))
			Expect(tx.AddRecord(vault.Record{Kind: "push", Key: "other"})).To(Succeed())
		})
		view(s, "alpha", func(tx vault.Tx) {
			Expect(tx.Record("push", "trace")).To(HaveField("Content", HaveKey("first")))
			Expect(tx.Records("push", "", 0)).To(HaveLen(2))
		})
	})

	It("are listed by the beginning of the key, whatever characters it has", func() {
		keys := []string{"V-1", "V-1/a", "V-1/b", "V-1/ÿ", "V-1/\U0001F600", "V-10", "V-2", "%", "_"}
		update(s, "alpha", func(tx vault.Tx) {
			for _, key := range keys {
				Expect(tx.PutRecord(vault.Record{Kind: "k", Key: key})).To(Succeed())
			}
		})
		listed := func(prefix string, limit int) (found []string) {
			view(s, "alpha", func(tx vault.Tx) {
				records, err := tx.Records("k", prefix, limit)
				Expect(err).NotTo(HaveOccurred())
				for _, r := range records {
					found = append(found, r.Key)
				}
			})
			return found
		}
		Expect(listed("V-1/", 0)).To(Equal([]string{"V-1/a", "V-1/b", "V-1/ÿ", "V-1/\U0001F600"}))
		Expect(listed("V-1", 0)).To(HaveLen(6))
		Expect(listed("V-1", 2)).To(Equal([]string{"V-1", "V-1/a"}))
		Expect(listed("", 0)).To(HaveLen(len(keys)))
		Expect(listed("%", 0)).To(Equal([]string{"%"}))
		Expect(listed("_", 0)).To(Equal([]string{"_"}))
		Expect(listed("W", 0)).To(BeEmpty())
	})
})
