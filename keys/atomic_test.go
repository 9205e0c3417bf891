package keys

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Writing", func() {
	ctx := context.Background()
	broken := errors.New("the disk went away")

	// failing renames as the system does until the nth file.
	failing := func(nth int, fail func() error) func(string, string) error {
		count := 0
		return func(from, to string) error {
			if count++; count == nth {
				return fail()
			}
			return os.Rename(from, to)
		}
	}

	It("leaves nothing of a new directory when a file can't be put in place", func() {
		for _, nth := range []int{1, 12, 22} {
			s := settings()
			s.rename = failing(nth, func() error { return broken })
			dir := GinkgoT().TempDir()
			_, err := Init(ctx, dir, InitOptions{Settings: s})
			Expect(err).To(MatchError(broken))
			Expect(contents(dir)).To(BeEmpty())
		}
	})

	DescribeTable("takes everything back when a file can't be put in place", func(nth int) {
		dir := throwAwayCopy()
		before := contents(dir)
		s := settings()
		s.rename = failing(nth, func() error { return broken })
		_, err := Rotate(ctx, dir, "issuers/demo-bank/signing", s)
		Expect(err).To(MatchError(broken))
		Expect(err.Error()).NotTo(ContainSubstring("\n"))
		Expect(contents(dir)).To(Equal(before))
	},
		Entry("the first", 1), Entry("the second", 2), Entry("the third", 3),
	)

	It("leaves the old file whole when the machine stops between write and rename", func() {
		dir := throwAwayCopy()
		before := contents(dir)
		s := settings()
		type crash struct{}
		s.rename = func(from, to string) error {
			// The new content is complete on the disk at this moment, the old too.
			Expect(must(os.ReadFile(from))).NotTo(BeEmpty())
			panic(crash{})
		}
		Expect(func() { _, _ = Rotate(ctx, dir, "visa/signing", s) }).To(PanicWith(crash{}))
		after := contents(dir)
		for name, data := range before {
			Expect(after[name]).To(Equal(data), name)
		}
		_, err := LoadDirectory(dir, settings())
		Expect(err).NotTo(HaveOccurred())
		s.rename = nil
		_, err = Rotate(ctx, dir, "visa/signing", s)
		Expect(err).NotTo(HaveOccurred(), "the next try works")
	})

	It("names the copy to go back to when the machine stops between key and certificate", func() {
		dir := throwAwayCopy()
		s := settings()
		count := 0
		s.rename = func(from, to string) error {
			if count++; count == 2 {
				panic("power off")
			}
			return os.Rename(from, to)
		}
		Expect(func() { _, _ = Rotate(ctx, dir, "visa/signing", s) }).To(Panic())
		_, err := LoadDirectory(dir, settings())
		Expect(err).To(MatchError(And(
			ContainSubstring("signing.crt: does not belong to the private key"),
			MatchRegexp(`undone with .*visa/signing\.(crt|key)\.previous-20260301T120000Z`),
		)))
	})

	It("puts temporary files beside the target, private from the start", func() {
		dir := throwAwayCopy()
		s := settings()
		s.rename = func(from, to string) error {
			Expect(filepath.Dir(from)).To(Equal(filepath.Dir(to)))
			Expect(filepath.Base(from)).To(HavePrefix("." + filepath.Base(to) + "."))
			if strings.HasSuffix(to, ".key") {
				Expect(must(os.Stat(from)).Mode().Perm()).To(Equal(modePrivate))
			}
			return os.Rename(from, to)
		}
		_, err := Rotate(ctx, dir, "visa/encryption", s)
		Expect(err).NotTo(HaveOccurred())
		for name := range contents(dir) {
			Expect(name).NotTo(HaveSuffix(".tmp"))
		}
	})

	It("never overwrites a kept copy, also within one second", func() {
		dir := throwAwayCopy()
		s := settings()
		first := read(dir, "visa/signing.key")
		_, err := Rotate(ctx, dir, "visa/signing", s)
		Expect(err).NotTo(HaveOccurred())
		second := read(dir, "visa/signing.key")
		_, err = Rotate(ctx, dir, "visa/signing", s)
		Expect(err).NotTo(HaveOccurred())
		Expect(read(dir, "visa/signing.key.previous-20260301T120000Z")).To(Equal(first))
		Expect(read(dir, "visa/signing.key.previous-20260301T120000Z-2")).To(Equal(second))
	})
})
