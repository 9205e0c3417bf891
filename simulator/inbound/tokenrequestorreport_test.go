package inbound_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/inbound"
)

const (
	reportPath = "/vtis/v1/reports/tokenRequestor"
	fromName   = "fromIDAssignedDateTime"
	toName     = "toIDAssignedDateTime"
	oneDay     = 24 * time.Hour
)

// moment writes a time as the report takes it (p.112).
func moment(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// reportQuery asks for the window, 1000 on the first page, then changed.
func reportQuery(from, to time.Time, change ...string) string {
	query := url.Values{fromName: {moment(from)}, toName: {moment(to)}, "page": {"0"}, "limit": {"1000"}}
	for i := 0; i < len(change); i += 2 {
		if change[i+1] == "" {
			query.Del(change[i])
		} else {
			query.Set(change[i], change[i+1])
		}
	}
	return reportPath + "?" + query.Encode()
}

func (l *lab) report(from, to time.Time, change ...string) answer {
	GinkgoHelper()
	return l.call(request{method: http.MethodGet, path: reportQuery(from, to, change...)})
}

// reported are the names on the page, in its order.
func reported(got answer) []string {
	GinkgoHelper()
	Expect(got.status).To(Equal(http.StatusOK), got.raw)
	names := []string{}
	for _, row := range got.body["tokenRequestors"].([]any) {
		names = append(names, row.(map[string]any)["tokenRequestorName"].(string))
	}
	return names
}

// withFixtures serves other fixtures than the shipped ones: of one file each
// old text is replaced by the one behind it.
func withFixtures(file string, replace ...string) func(*inbound.Config) {
	return func(c *inbound.Config) {
		GinkgoHelper()
		whole, root := fstest.MapFS{}, os.DirFS("../../fixtures")
		names, err := fs.Glob(root, "data/*.json")
		Expect(err).NotTo(HaveOccurred())
		for _, name := range names {
			content, err := fs.ReadFile(root, name)
			Expect(err).NotTo(HaveOccurred())
			if name == "data/"+file {
				for i := 0; i < len(replace); i += 2 {
					Expect(string(content)).To(ContainSubstring(replace[i]), "the test's own premise")
				}
				content = []byte(strings.NewReplacer(replace...).Replace(string(content)))
			}
			whole[name] = &fstest.MapFile{Data: content}
		}
		c.Fixtures, err = fixtures.LoadFS(whole)
		Expect(err).NotTo(HaveOccurred())
	}
}

var fortnight = []string{"Northgate Books", "Lumen Streaming", "Cobalt Wallet", "Pebble Watch Pay"}

var _ = Describe("tokenRequestorReport (p.110-115)", func() {
	It("lists who was assigned within the window, oldest first, with totals and the latest time (p.112)", func() {
		l := newLab()
		got := l.report(noon.Add(-14*oneDay), noon)
		l.expectByContract("tokenRequestorReport", got)
		Expect(reported(got)).To(Equal(fortnight))
		Expect(got.body).To(And(HaveKeyWithValue("count", 4.0), HaveKeyWithValue("totalResults", 4.0),
			HaveKeyWithValue("maxTokenRequestorIDAssignedDateTime", "2026-05-31T18:18:18.818Z")))
		Expect(got.headers.Get("X-RESPONSE-ID")).To(Equal("test-1"))
		Expect(l.notifications(bank)).To(BeEmpty())
	})

	It("gives every member of a token requestor, ids as numbers (p.113-114, INT-042)", func() {
		l := newLab()
		got := l.report(noon.Add(-31*oneDay), noon.Add(-29*oneDay))
		l.expectByContract("tokenRequestorReport", got)
		rows, err := json.Marshal(got.body["tokenRequestors"])
		Expect(err).NotTo(HaveOccurred())
		Expect(rows).To(MatchJSON(`[{"tokenRequestorID": 40010090410, "tokenRequestorName": "Brook Payments",
			"tokenRequestorWebsiteURL": "https://brook-payments.example/", "tokenTypes": ["CARD_ON_FILE", "ECOMMERCE"],
			"tokenRequestorType": "PAYMENT_SERVICE_PROVIDER", "tokenRequestorIDAssignedDateTime": "2026-05-02T20:20:20.202Z",
			"tokenRequestorTSPs": [{"tokenRequestorTSPID": 40010091001, "tokenRequestorTSPName": "Sample Token Services"},
				{"tokenRequestorTSPID": 40010091002, "tokenRequestorTSPName": "Wearables Token Hub"}]}]`))
		Expect(got.raw).To(ContainSubstring(`"tokenRequestorID":40010090410,`))
	})

	It("can list every kind of token requestor and every type of token (p.113)", func() {
		l := newLab(withFixtures("tokenrequestors.json", `"assignedDaysAgo": 75`, `"assignedDaysAgo": 59`))
		kinds, types := map[string]bool{}, map[string]bool{}
		for from := noon.Add(-60 * oneDay); from.Before(noon); from = from.Add(10 * oneDay) {
			got := l.report(from, from.Add(14*oneDay))
			l.expectByContract("tokenRequestorReport", got)
			for _, raw := range got.body["tokenRequestors"].([]any) {
				row := raw.(map[string]any)
				kinds[row["tokenRequestorType"].(string)] = true
				collect(types, row["tokenTypes"])
			}
		}
		Expect(keysOf(kinds)).To(ConsistOf(l.enumAt("tokenRequestorReport", contract.Response, "tokenRequestors", "*", "tokenRequestorType")))
		Expect(keysOf(types)).To(ConsistOf(l.enumAt("tokenRequestorReport", contract.Response, "tokenRequestors", "*", "tokenTypes", "*")))
	})

	DescribeTable("turns pages (p.110-111)", func(page, limit string, want ...string) {
		l := newLab()
		got := l.report(noon.Add(-14*oneDay), noon, "page", page, "limit", limit)
		l.expectByContract("tokenRequestorReport", got)
		Expect(reported(got)).To(Equal(append([]string{}, want...)))
		Expect(got.body).To(And(HaveKeyWithValue("count", float64(len(want))), HaveKeyWithValue("totalResults", 4.0),
			HaveKeyWithValue("maxTokenRequestorIDAssignedDateTime", "2026-05-31T18:18:18.818Z")))
	},
		Entry("the first", "0", "3", fortnight[0], fortnight[1], fortnight[2]),
		Entry("the last, which is not full", "1", "3", fortnight[3]),
		Entry("one behind the last", "2", "3"),
		Entry("one behind a last that is full", "2", "2"),
		Entry("one by one", "2", "1", fortnight[2]),
		Entry("as many as there are", "0", "4", fortnight[0], fortnight[1], fortnight[2], fortnight[3]),
		Entry("the greatest limit", "0", "1000", fortnight[0], fortnight[1], fortnight[2], fortnight[3]),
		Entry("leading zeros", "00", "0002", fortnight[0], fortnight[1]),
		Entry("a limit of 0 asks for the totals only", "0", "0"),
		Entry("a limit of 0 has the same totals on any page", "7", "0"),
		Entry("a page past counting", strings.Repeat("9", 30), "1000"),
		Entry("the greatest number there is, times the limit", "9223372036854775807", "2"),
	)

	It("puts token requestors of the same moment in the order of their ids", func() {
		l := newLab(func(c *inbound.Config) {
			same := *c.Fixtures
			same.TokenRequestors = slices.Clone(same.TokenRequestors)
			for i := range 3 {
				last := &same.TokenRequestors[len(same.TokenRequestors)-1-i]
				last.AssignedDaysAgo, last.AssignedTime = 1, "18:18:18.818"
			}
			c.Fixtures = &same
		})
		at := time.Date(2026, 5, 31, 18, 18, 18, 818e6, time.UTC)
		Expect(reported(l.report(at, at))).To(Equal([]string{"Pebble Watch Pay", "Cobalt Wallet", "Lumen Streaming"}))
		Expect(reported(l.report(at.Add(-13*oneDay), at))).To(Equal([]string{"Northgate Books", "Pebble Watch Pay", "Cobalt Wallet", "Lumen Streaming"}))
	})

	It("answers without a latest time when nothing matches", func() {
		l := newLab()
		got := l.report(noon.Add(-time.Minute), noon)
		l.expectByContract("tokenRequestorReport", got)
		Expect(got.raw).To(MatchJSON(`{"count": 0, "totalResults": 0, "tokenRequestors": []}`))
	})

	It("includes both ends of the window to the millisecond", func() {
		l := newLab()
		at := time.Date(2026, 5, 31, 18, 18, 18, 818e6, time.UTC)
		Expect(reported(l.report(at, at))).To(Equal([]string{"Pebble Watch Pay"}))
		Expect(reported(l.report(at.Add(time.Millisecond), noon))).To(BeEmpty())
		Expect(reported(l.report(at.Add(-oneDay), at.Add(-time.Millisecond)))).To(BeEmpty())
	})

	It("goes by the simulator's clock", func() {
		l := newLab()
		l.clock.Advance(10 * oneDay)
		Expect(reported(l.report(noon.Add(8*oneDay), noon.Add(10*oneDay)))).To(Equal([]string{"Pebble Watch Pay"}))
		expectRefusal(l.report(noon.Add(-51*oneDay), noon.Add(-50*oneDay)), "invalidParameter", fromName)
	})

	It("tells all issuers the same", func() {
		l := newLab()
		query := reportQuery(noon.Add(-14*oneDay), noon)
		Expect(l.call(request{as: other, method: http.MethodGet, path: query}).raw).To(Equal(l.call(request{method: http.MethodGet, path: query}).raw))
	})

	It("leaves the Z out where the deployment chose so (INT-085)", func() {
		l := newLab(withKnob("omitZInReport"))
		got := l.report(noon.Add(-2*oneDay), noon)
		l.expectByContract("tokenRequestorReport", got)
		Expect(got.body).To(HaveKeyWithValue("maxTokenRequestorIDAssignedDateTime", "2026-05-31T18:18:18.818"))
		Expect(got.raw).NotTo(MatchRegexp(`[0-9]Z"`))
	})

	DescribeTable("takes times with and without Z as GMT (INT-085)", func(ending string) {
		l := newLab()
		got := l.report(noon, noon, fromName, "2026-05-31T18:18:18.818"+ending, toName, "2026-05-31T18:18:18.818"+ending)
		Expect(reported(got)).To(Equal([]string{"Pebble Watch Pay"}))
	},
		Entry("with", "Z"), Entry("without", ""), Entry("in lower case", "z"),
	)

	DescribeTable("holds the window against its bounds (p.111-112, INT-086)", func(from, length time.Duration, locations ...string) {
		l := newLab()
		start := noon.Add(from)
		got := l.report(start, start.Add(length))
		if len(locations) == 0 {
			l.expectByContract("tokenRequestorReport", got)
			return
		}
		expectRefusal(got, "invalidParameter", locations...)
		Expect(l.traffic(bank)[0].Violations).To(HaveEach(And(HaveField("Rule", "tokenRequestorReport/query#window"), HaveField("Page", 112))))
		Expect(l.traffic(bank)[0].Violations).To(HaveLen(len(locations)))
	},
		Entry("begins now", time.Duration(0), time.Duration(0)),
		Entry("begins 1 ms after now", time.Millisecond, time.Duration(0), fromName),
		Entry("begins tomorrow", oneDay, oneDay, fromName),
		Entry("begins 60 days ago", -60*oneDay, oneDay),
		Entry("begins 60 days and 1 ms ago", -60*oneDay-time.Millisecond, oneDay, fromName),
		Entry("begins 61 days ago", -61*oneDay, oneDay, fromName),
		Entry("ends as it begins", -oneDay, time.Duration(0)),
		Entry("ends 1 ms before it begins", -oneDay, -time.Millisecond, toName),
		Entry("ends a day before it begins", -oneDay, -oneDay, toName),
		Entry("is 14 days long", -20*oneDay, 14*oneDay),
		Entry("is 14 days and 1 ms long", -20*oneDay, 14*oneDay+time.Millisecond, toName),
		Entry("is 15 days long", -20*oneDay, 15*oneDay, toName),
		Entry("ends after now", -oneDay, 14*oneDay),
		Entry("begins too early and is too long", -75*oneDay, 15*oneDay, fromName, toName),
		Entry("begins after now and ends before it begins", oneDay, -time.Millisecond, fromName, toName),
	)

	It("says what would be right", func() {
		got := newLab().report(noon.Add(-61*oneDay), noon.Add(-40*oneDay))
		Expect(got.raw).To(And(ContainSubstring("60 days before now, which is 2026-06-01T12:00:00.000Z"), ContainSubstring("14 days after "+fromName), ContainSubstring("(p.112)")))
	})

	DescribeTable("answers invalidParameter for a parameter that is missing or wrong (p.31, p.111-112)", func(name, value string) {
		expectRefusal(newLab().report(noon.Add(-oneDay), noon, name, value), "invalidParameter", name)
	},
		Entry(nil, "page", ""), Entry(nil, "limit", ""), Entry(nil, fromName, ""), Entry(nil, toName, ""),
		Entry(nil, "page", "-1"), Entry(nil, "page", "first"), Entry(nil, "page", "1.5"),
		Entry(nil, "limit", "-1"), Entry(nil, "limit", "1001"), Entry(nil, "limit", "10000"), Entry(nil, "limit", "all"),
		Entry("no time of day", fromName, "2026-05-31"),
		Entry("no milliseconds", fromName, "2026-05-31T12:00:00Z"),
		Entry("an offset", toName, "2026-05-31T12:00:00.000+02:00"),
		Entry("a day that is in no month", fromName, "2026-05-32T12:00:00.000Z"),
		Entry("a day that this month has not", fromName, "2026-04-31T12:00:00.000Z"),
		Entry("a leap day of another year", toName, "2026-02-29T12:00:00.000Z"),
	)

	It("names every parameter that is wrong", func() {
		got := newLab().report(noon, noon, fromName, "2026-02-30T12:00:00.000Z", toName, "2026-02-31T12:00:00.000Z")
		expectRefusal(got, "invalidParameter", fromName, toName)
		got = newLab().call(request{method: http.MethodGet, path: reportPath})
		expectRefusal(got, "invalidParameter", "page", "limit", fromName, toName)
	})

	It("refuses a parameter that is given twice", func() {
		l := newLab()
		got := l.call(request{method: http.MethodGet, path: reportQuery(noon.Add(-oneDay), noon) + "&page=1"})
		expectRefusal(got, "invalidParameter", "page")
	})

	It("answers serviceError when the simulator itself fails (p.31, p.114)", func() {
		got := newLab(func(c *inbound.Config) { c.Vault = fullDisk{c.Vault} }).report(noon.Add(-oneDay), noon)
		Expect(got.status).To(Equal(500))
		Expect(got.reason()).To(Equal("serviceError"))
	})

	It("does not change while its pages are turned", func() {
		l := newLab()
		var names []string
		for page := range 3 {
			names = append(names, reported(l.report(noon.Add(-14*oneDay), noon, "limit", "2", "page", fmt.Sprint(page)))...)
			l.clock.Advance(time.Minute)
		}
		Expect(names).To(Equal(slices.Clone(fortnight)))
	})

	standardErrors(func() request {
		return request{method: http.MethodGet, path: reportQuery(noon.Add(-oneDay), noon)}
	}, http.MethodPost)
})
