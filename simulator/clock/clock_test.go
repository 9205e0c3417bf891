package clock_test

import (
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/clock"
)

var _ = Describe("the clock", func() {
	var (
		noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		real time.Time
		c    *clock.Clock
	)
	BeforeEach(func() {
		real = noon
		c = clock.New(func() time.Time { return real })
	})
	pass := func(d time.Duration) { real = real.Add(d) }

	It("runs with its source", func() {
		Expect(c.Now()).To(Equal(noon))
		pass(time.Minute)
		Expect(c.Now()).To(Equal(noon.Add(time.Minute)))
		Expect(c.Frozen()).To(BeFalse())
	})

	It("runs with the system's clock when it has no other", func() {
		before := time.Now()
		for _, c := range []*clock.Clock{new(clock.Clock), clock.New(nil)} {
			Expect(c.Now()).To(BeTemporally("~", before, time.Minute))
			Expect(c.Now().Location()).To(Equal(time.UTC))
			Expect(c.Now().String()).NotTo(ContainSubstring("m="), "no monotonic reading")
		}
	})

	It("is moved forward and back while it runs, and goes on running", func() {
		c.Advance(8 * time.Minute)
		Expect(c.Now()).To(Equal(noon.Add(8 * time.Minute)))
		pass(time.Second)
		c.Advance(-time.Hour)
		Expect(c.Now()).To(Equal(noon.Add(-52*time.Minute + time.Second)))
		c.Set(noon.AddDate(1, 0, 0))
		pass(time.Second)
		Expect(c.Now()).To(Equal(noon.AddDate(1, 0, 0).Add(time.Second)))
		Expect(c.Frozen()).To(BeFalse())
	})

	It("stands still where it is frozen, is moved there, and resumes from there", func() {
		c.Freeze(noon.Add(time.Hour))
		pass(time.Minute)
		Expect(c.Frozen()).To(BeTrue())
		Expect(c.Now()).To(Equal(noon.Add(time.Hour)))
		c.Advance(time.Second)
		Expect(c.Now()).To(Equal(noon.Add(time.Hour + time.Second)))
		c.Set(noon)
		Expect(c.Now()).To(Equal(noon))
		Expect(c.Frozen()).To(BeTrue())
		c.Resume()
		Expect(c.Frozen()).To(BeFalse())
		pass(time.Second)
		Expect(c.Now()).To(Equal(noon.Add(time.Second)))
		c.Resume() // it runs already
		Expect(c.Now()).To(Equal(noon.Add(time.Second)))
	})

	It("is frozen now when no time is given", func() {
		c.Advance(time.Minute)
		c.Freeze(time.Time{})
		pass(time.Hour)
		Expect(c.Now()).To(Equal(noon.Add(time.Minute)))
	})

	It("takes times of any zone and gives them in UTC", func() {
		c.Freeze(time.Date(2026, 3, 1, 14, 0, 0, 0, time.FixedZone("", 2*3600)))
		Expect(c.Now()).To(Equal(noon))
		c.Set(time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("", 3600)))
		Expect(c.Now()).To(Equal(noon))
	})

	DescribeTable("says so to all who wait, whenever it is", func(move func()) {
		c.Freeze(noon)
		first, second := c.Changed(), c.Changed()
		Expect(first).NotTo(BeClosed())
		move()
		Expect(first).To(BeClosed())
		Expect(second).To(BeClosed())
		Expect(c.Changed()).NotTo(BeClosed())
	},
		Entry("advanced", func() { c.Advance(1) }),
		Entry("set", func() { c.Set(noon) }),
		Entry("frozen", func() { c.Freeze(noon) }),
		Entry("resumed", func() { c.Resume() }),
	)

	It("says nothing when nothing changed", func() {
		changed := c.Changed()
		c.Resume()
		pass(time.Hour)
		c.Now()
		Expect(changed).NotTo(BeClosed())
	})

	It("loses no move when many move it and wait for it", func() {
		c.Freeze(noon)
		var wait sync.WaitGroup
		done := make(chan struct{})
		var watcher sync.WaitGroup
		watcher.Go(func() { // sees the last move, whichever that is
			for {
				changed := c.Changed()
				if c.Now().Equal(noon.Add(1000 * time.Second)) {
					close(done)
					return
				}
				<-changed
			}
		})
		for range 100 {
			wait.Go(func() {
				for range 10 {
					c.Advance(time.Second)
				}
			})
		}
		wait.Wait()
		Eventually(done).Should(BeClosed())
		watcher.Wait()
	})
})
