package inbound

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The memory of request ids (p.26, INT-150)", func() {
	key := func(id int) requestKey { return requestKey{"bank", fmt.Sprint(id)} }
	call := func(b byte) (digest [32]byte) {
		digest[0] = b
		return digest
	}

	It("tells another call under one id from a resend", func() {
		var seen requestIDs
		Expect(seen.reused(key(1), call(1))).To(BeFalse())
		Expect(seen.reused(key(1), call(1))).To(BeFalse())
		Expect(seen.reused(key(1), call(2))).To(BeTrue())
		Expect(seen.reused(requestKey{"other", "1"}, call(2))).To(BeFalse())
	})

	It("forgets the oldest first and never grows beyond its bound", func() {
		var seen requestIDs
		for id := range 3 * rememberedRequests {
			Expect(seen.reused(key(id), call(1))).To(BeFalse())
		}
		Expect(seen.calls).To(HaveLen(rememberedRequests))
		Expect(seen.oldest).To(HaveLen(rememberedRequests))
		Expect(seen.reused(key(3*rememberedRequests-1), call(2))).To(BeTrue(), "the newest")
		Expect(seen.reused(key(2*rememberedRequests), call(2))).To(BeTrue(), "the oldest that is left")
		Expect(seen.reused(key(2*rememberedRequests-1), call(2))).To(BeFalse(), "one older than that")
	})
})
