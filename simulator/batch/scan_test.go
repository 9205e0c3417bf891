package batch

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const rowsMember = "updateCardMetadata"

// scanned is what scan made of a text.
func scanned(text string, limit int) (rows []string, found []row, err error) {
	err = scan(strings.NewReader(text), rowsMember, limit, func(r row) error {
		rows = append(rows, string(r.raw))
		r.raw = nil
		found = append(found, r)
		return nil
	})
	return rows, found, err
}

var _ = Describe("scan", func() {
	It("hands out the rows as they stand in the file, whatever is in them", func() {
		rows, _, err := scanned(`{"updateCardMetadata":[{"a":"}],{\"\\"},[1,[2]],"x,]",-1.5e3,true,null,{}]}`, 100)
		Expect(err).NotTo(HaveOccurred())
		Expect(rows).To(Equal([]string{`{"a":"}],{\"\\"}`, `[1,[2]]`, `"x,]"`, `-1.5e3`, `true`, `null`, `{}`}))
	})

	It("takes a file without rows, and members beside the rows", func() {
		rows, _, err := scanned(`{"header": {"updateCardMetadata": [1]}, "updateCardMetadata" : [ ] , "n" : 12 }`+"\r\n", 100)
		Expect(err).NotTo(HaveOccurred())
		Expect(rows).To(BeEmpty())
	})

	It("finds the rows however the bytes arrive", func() {
		var rows []string
		err := scan(iotest.OneByteReader(strings.NewReader(`{"updateCardMetadata":[{"a":"\u00e9"},2]}`)), rowsMember, 100, func(r row) error {
			rows = append(rows, string(r.raw))
			return nil
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(rows).To(Equal([]string{`{"a":"\u00e9"}`, `2`}))
	})

	It("passes on what the reader and the caller return", func() {
		broken := errors.New("disk gone")
		Expect(scan(iotest.ErrReader(broken), rowsMember, 100, nil)).To(MatchError(broken))
		Expect(scan(strings.NewReader(`{"updateCardMetadata":[1]}`), rowsMember, 100, func(row) error { return broken })).To(MatchError(broken))
	})

	It("takes a row of exactly the limit and no larger one", func() {
		_, _, err := scanned(`{"updateCardMetadata":[{"abcdefghijkl":123}]}`, len(`{"abcdefghijkl":123}`))
		Expect(err).NotTo(HaveOccurred())
		_, _, err = scanned(`{"updateCardMetadata":[`+"\n"+`{"abcdefghijkl":1234}]}`, len(`{"abcdefghijkl":123}`))
		Expect(err).To(MatchError(ContainSubstring("line 2: a value is larger than 20 bytes")))
	})

	DescribeTable("knows rows that have a line of their own without blanks (p.240)", func(text string, tidy ...bool) {
		_, found, err := scanned(text, 100)
		Expect(err).NotTo(HaveOccurred())
		for i, want := range tidy {
			Expect(found[i].tidy).To(Equal(want), "row %d", i)
		}
		Expect(found).To(HaveLen(len(tidy)))
	},
		Entry("each on its line", "{\"updateCardMetadata\":[{\"a\":1},\n{\"a\":2}]}", true, true),
		Entry("the brackets on lines of their own", "{\"updateCardMetadata\":[\r\n{\"a\":\"x y\"},\r\n{\"a\":2}\r\n]}\r\n", true, true),
		Entry("two on one line", `{"updateCardMetadata":[{"a":1},{"a":2}]}`, true, false),
		Entry("a blank inside", `{"updateCardMetadata":[{"a": 1}]}`, false),
		Entry("a line end inside", "{\"updateCardMetadata\":[{\"a\":1,\n\"b\":2},\n{\"a\":2}]}", false, true),
		Entry("a blank before", "{\"updateCardMetadata\":[{\"a\":1},\n {\"a\":2}]}", true, false),
		Entry("a tab before the comma", "{\"updateCardMetadata\":[{\"a\":1}\t,\n{\"a\":2}]}", true, false),
	)

	It("numbers rows and lines", func() {
		_, found, err := scanned("{\"updateCardMetadata\":[\n{\"a\":\n1},\n\n2]}", 100)
		Expect(err).NotTo(HaveOccurred())
		Expect([]int{found[0].index, found[0].line, found[1].index, found[1].line}).To(Equal([]int{0, 2, 1, 5}))
	})
})

// FuzzScan compares scan with encoding/json: both must find the same rows, or
// both none.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`{"updateCardMetadata":[{"rowId":"1"},` + "\n" + `{"rowId":"2"}]}`, `{"updateCardMetadata":[]}`, `{"updateCardMetadata":[}]}`,
		`{"x":1,"updateCardMetadata":[1,"a\"b",[{}]]}`, `[]`, `{"updateCardMetadata":{}}`, `{"updateCardMetadata":[1],"updateCardMetadata":[2]}`,
		`{"updateCardMetadata":[1,]}`, `{"updateCardMetadata":["` + "\xff" + `"]}`, "\uFEFF{}", `{"updateCardMetadata":[{"a":1}`, `{"\u0075pdateCardMetadata":[tru]}`,
	} {
		f.Add([]byte(seed))
	}
	const limit = 256
	f.Fuzz(func(t *testing.T, content []byte) {
		var rows []string
		err := scan(bytes.NewReader(content), rowsMember, limit, func(r row) error {
			if !json.Valid(r.raw) {
				t.Errorf("row %d is not JSON", r.index)
			}
			if _, fault := decode(r.raw); fault != nil && fault.what == "" {
				t.Errorf("row %d: a fault without words", r.index)
			}
			rows = append(rows, string(r.raw))
			return nil
		})
		var members map[string]json.RawMessage
		var want []json.RawMessage
		reference := json.Unmarshal(content, &members)
		if reference == nil {
			reference = json.Unmarshal(members[rowsMember], &want)
		}
		if err != nil {
			var fault *faultAt
			if !errors.As(err, &fault) || fault.line < 1 {
				t.Fatalf("not a fault with a line: %v", err)
			}
			if reference == nil && want != nil && len(content) <= limit && !stricter(fault.what) {
				t.Fatalf("refused what is JSON: %v", err)
			}
			return
		}
		if reference != nil {
			t.Fatalf("accepted what is not JSON: %v", reference)
		}
		if len(rows) != len(want) {
			t.Fatalf("found %d rows, want %d", len(rows), len(want))
		}
		for i := range rows {
			if rows[i] != string(want[i]) {
				t.Fatalf("row %d is %q, want %q", i, rows[i], want[i])
			}
		}
	})
}

// stricter are complaints about what encoding/json lets pass.
func stricter(complaint string) bool {
	return strings.Contains(complaint, "UTF-8") || strings.Contains(complaint, "twice")
}
