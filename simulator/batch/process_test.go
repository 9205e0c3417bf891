package batch_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/batch"
	"github.com/vtsim/vtsim/simulator/vault"
)

var _ = Describe("A batch file", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })

	It("is answered row by row and in order, with the counts in the header (p.243-245)", func() {
		l.given(fileName, fileOf(goodRows(1, 11)...))
		result, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect(*result).To(And(HaveField("Issuer", bank), HaveField("Rows", 11), HaveField("Success", 11), HaveField("Failure", 0),
			HaveField("Before", 0), HaveField("FinishedBefore", BeZero()), HaveField("Warnings", BeEmpty()), HaveField("Response", filepath.Join(l.folder, responseName))))
		r := l.response(responseName)
		Expect(r.Header.SuccessCount).To(Equal(11))
		Expect(r.Header.FailureCount).To(BeZero())
		Expect(r.Header.CorrelationID).To(MatchRegexp(`^1_.+_BATCH-WEB$`))
		Expect(r.Header.CorrelationID).To(Equal(result.CorrelationID))
		seen := map[string]bool{}
		for i, detail := range r.Details {
			id := []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}[i]
			Expect(detail.RowID).To(Equal(id))
			Expect(detail.ResponseDetails).To(ConsistOf(HaveField("TaskID", "task-"+id)))
			Expect(detail.ResponseID).To(HaveSuffix("_" + id))
			seen[detail.ResponseID] = true
		}
		Expect(seen).To(HaveLen(11))
		Expect(l.applied(bank)).To(HaveLen(11))
		Expect(l.applied(other)).To(BeEmpty())
	})

	It("hands its rows on as they are, numbers as they were written", func() {
		l.given(fileName, fileOf(goodRow(1)))
		_, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect(l.applier.last).To(And(HaveLen(5), HaveKeyWithValue("tokenRequestorID", json.Number("40010075001")),
			HaveKeyWithValue("cardMetadataInfo", map[string]any{"cardIssuer": "Bank1", "shortDescription": "<b> & \u2028"})))
	})

	It("leaves nothing behind beside the response, which is as readable as the request", func() {
		l.given(fileName, fileOf(goodRow(1)))
		_, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect(l.files()).To(ConsistOf(fileName, responseName))
		info, err := os.Stat(filepath.Join(l.folder, responseName))
		Expect(err).NotTo(HaveOccurred())
		Expect(info.Mode().Perm()).To(Equal(os.FileMode(0o640)))
	})

	It("may have no rows", func() {
		l.given(fileName, fileOf())
		result, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Rows).To(BeZero())
		Expect(l.response(responseName).Details).To(BeEmpty())
	})

	It("leaves one row in the traffic journal, with its counts and what was warned of", func() {
		l.given(fileName, fileOf(goodRow(1), " "+goodRow(2)))
		result, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		rows, _, err := l.vault.Traffic(GinkgoT().Context(), trafficOf(bank))
		Expect(err).NotTo(HaveOccurred())
		Expect(rows).To(HaveLen(1))
		Expect(rows[0].Operation).To(Equal("batchRequest"))
		Expect(rows[0].Response.Body).To(HaveKeyWithValue("header", HaveKeyWithValue("correlationID", result.CorrelationID)))
		Expect(rows[0].Violations).To(ConsistOf(And(HaveField("Rule", "batchRequest/document#row-per-line"), HaveField("Page", 240))))
	})

	It("gives what its rows queue its own traffic row as their cause", func() {
		l.given(fileName, fileOf(goodRow(1)))
		_, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		rows, _, err := l.vault.Traffic(GinkgoT().Context(), trafficOf(bank))
		Expect(err).NotTo(HaveOccurred())
		Expect(l.vault.View(GinkgoT().Context(), bank, func(tx vault.Tx) error {
			record, err := tx.Record("applied", "1")
			Expect(record.Content).To(HaveKeyWithValue("cause", rows[0].ID))
			return err
		})).To(Succeed())
	})

	It("is warned of once when rows share lines or have blanks, and carried out (p.240, INT-096)", func() {
		var pretty strings.Builder
		encoder := json.NewEncoder(&pretty)
		encoder.SetIndent("", "  ")
		var value any
		Expect(json.Unmarshal([]byte(fileOf(goodRows(1, 3)...)), &value)).To(Succeed())
		Expect(encoder.Encode(value)).To(Succeed())
		l.given(fileName, pretty.String())
		result, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Success).To(Equal(3))
		Expect(result.Warnings).To(ConsistOf(batch.Warning{Rule: "batchRequest/document#row-per-line", Page: 240,
			Message: "a row should have a line of its own and no blanks in it", Line: 3, Count: 3}))
	})

	It("is warned of once per rule about what the contract only advises (p.103)", func() {
		past := map[string]any{"cardMetadataInfo": map[string]any{"labelColor": "rgb(112,533,123)"}}
		l.given(fileName, fileOf(goodRow(1), goodRow(2, past), goodRow(3, past), goodRow(4), goodRow(5), goodRow(6, past)))
		result, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Success).To(Equal(6))
		Expect(result.Warnings).To(ConsistOf(And(HaveField("Page", 103), HaveField("Count", 3), HaveField("Line", 2))))
		Expect(result.Warnings[0].String()).To(ContainSubstring("(p.103); 3 rows, the first on line 2"))
	})

	DescribeTable("answers the row that is wrong with errorResponse and carries out the others (p.241-242, 245)", func(row, reason, name string, locations ...string) {
		l.given(fileName, fileOf(goodRow(1), row, goodRow(3)))
		result, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect([]int{result.Success, result.Failure}).To(Equal([]int{2, 1}))
		r := l.response(responseName)
		Expect([]int{r.Header.SuccessCount, r.Header.FailureCount}).To(Equal([]int{2, 1}))
		Expect(*r.Details[1].ErrorResponse).To(And(HaveField("Status", 400), HaveField("Message", name), HaveField("Reason", reason)))
		Expect(r.locations(1)).To(ConsistOf(locations))
		Expect(r.Details[1].ResponseID).To(HaveSuffix("_2"))
		Expect(r.Details[0].ErrorResponse).To(BeNil())
		Expect(r.Details[2].ErrorResponse).To(BeNil())
		Expect(l.applied(bank)).To(ConsistOf("1", "3"))
	},
		Entry("no tokenReferenceID", goodRow(2, map[string]any{"tokenReferenceID": nil}), "VSE40001", "VSE_ERROR_REQUIRED_DATA_MISSING", "tokenReferenceID"),
		Entry("no tokenRequestorID", goodRow(2, map[string]any{"tokenRequestorID": nil}), "VSE40001", "VSE_ERROR_REQUIRED_DATA_MISSING", "tokenRequestorID"),
		Entry("no operationReason", goodRow(2, map[string]any{"operationReason": nil}), "VSE40001", "VSE_ERROR_REQUIRED_DATA_MISSING", "operationReason"),
		Entry("no cardMetadataInfo", goodRow(2, map[string]any{"cardMetadataInfo": nil}), "VSE40001", "VSE_ERROR_REQUIRED_DATA_MISSING", "cardMetadataInfo"),
		Entry("no rowId", goodRow(2, map[string]any{"rowId": nil}), "VSE40001", "VSE_ERROR_REQUIRED_DATA_MISSING", "rowId"),
		Entry("a wrong member before a missing one", goodRow(2, map[string]any{"operationReason": nil, "cardMetadataInfo": map[string]any{"labelColor": "red"}}), "VSE40001", "VSE_ERROR_REQUIRED_DATA_MISSING", "operationReason", "cardMetadataInfo/labelColor"),
		Entry("operatorID of 17 characters", goodRow(2, map[string]any{"operatorID": strings.Repeat("x", 17)}), "VSE40000", "VSE_ERROR_INVALID_DATA", "operatorID"),
		Entry("operationReason of 129 characters", goodRow(2, map[string]any{"operationReason": strings.Repeat("x", 129)}), "VSE40000", "VSE_ERROR_INVALID_DATA", "operationReason"),
		Entry("two members wrong", goodRow(2, map[string]any{"cardMetadataInfo": map[string]any{"labelColor": "red", "shortDescription": 1}}), "VSE40000", "VSE_ERROR_INVALID_DATA", "cardMetadataInfo/labelColor", "cardMetadataInfo/shortDescription"),
		Entry("rowId past 50000", goodRow(50001), "VSE40000", "VSE_ERROR_INVALID_DATA", "rowId"),
		Entry("rowId of six digits", goodRow(2, map[string]any{"rowId": "000002"}), "VSE40000", "VSE_ERROR_INVALID_DATA", "rowId", "rowId"),
		Entry("rowId as a number", goodRow(2, map[string]any{"rowId": 2}), "VSE40000", "VSE_ERROR_INVALID_DATA", "rowId"),
		Entry("rowId of letters", goodRow(2, map[string]any{"rowId": "two"}), "VSE40000", "VSE_ERROR_INVALID_DATA", "rowId"),
		Entry("a member that stands twice", `{"rowId":"2","cardMetadataInfo":{"cardIssuer":"a","cardIssuer":"b"}}`, "VSE40000", "VSE_ERROR_INVALID_DATA", "cardMetadataInfo/cardIssuer"),
		Entry("a row nested without end", `{"rowId":"2","cardMetadataInfo":`+strings.Repeat("[", 200)+strings.Repeat("]", 200)+`}`, "VSE40000", "VSE_ERROR_INVALID_DATA", "cardMetadataInfo"),
		Entry("a row that is no object", `["2"]`, "VSE40000", "VSE_ERROR_INVALID_DATA", "updateCardMetadata"),
		Entry("a row that is null", `null`, "VSE40000", "VSE_ERROR_INVALID_DATA", "updateCardMetadata"),
	)

	It("carries out only the first of the rows that share a rowId (p.241)", func() {
		l.given(fileName, fileOf(goodRow(1), goodRow(1, map[string]any{"tokenReferenceID": "DNITHE2"}), goodRow(2, map[string]any{"operationReason": nil}), goodRow(2), goodRow(1), goodRow(3), goodRow(1, map[string]any{"operationReason": nil})))
		result, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect([]int{result.Success, result.Failure}).To(Equal([]int{2, 5}))
		r := l.response(responseName)
		for _, row := range []int{1, 3, 4} {
			Expect(r.Details[row].ErrorResponse.Reason).To(Equal("VSE40000"))
			Expect(r.locations(row)).To(ConsistOf("rowId"))
		}
		Expect(r.Details[1].RowID).To(Equal("1"))
		Expect(r.Details[6].ErrorResponse.Reason).To(Equal("VSE40001"))
		Expect(r.locations(6)).To(ConsistOf("operationReason"))
		Expect(l.applied(bank)).To(ConsistOf("1", "3"))
	})

	It("names a row without usable rowId by its place, and does not echo the rowId (p.244)", func() {
		l.given(fileName, fileOf(goodRow(7), goodRow(0, map[string]any{"rowId": "x"}), goodRow(9)))
		_, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		r := l.response(responseName)
		Expect(r.Details[1].ResponseID).To(HaveSuffix("_2"))
		Expect(r.Details[1].RowID).To(BeEmpty())
		Expect(r.Details[2].RowID).To(Equal("9"))
	})

	It("reports what the applier refuses by the row of its table (p.246)", func() {
		l.applier.fail["2"] = refusal{contract.ErrorRow{HTTP: 400, Code: "VSE40004", Name: "VSE_ERROR_INVALID_PROFILE_ID"}}
		l.given(fileName, fileOf(goodRows(1, 3)...))
		result, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect([]int{result.Success, result.Failure}).To(Equal([]int{2, 1}))
		r := l.response(responseName)
		Expect(*r.Details[1].ErrorResponse).To(And(HaveField("Reason", "VSE40004"), HaveField("Message", "VSE_ERROR_INVALID_PROFILE_ID")))
		Expect(r.locations(1)).To(ConsistOf("cardMetadataInfo/profileID"))
	})

	It("echoes no PAN that somebody put where none belongs", func() {
		pan := "4000000010000018"
		l.given(fileName, fileOf(`{"rowId":"1","`+pan+`":1,"`+pan+`":2}`, goodRow(2, map[string]any{"cardMetadataInfo": map[string]any{"labelColor": pan}})))
		_, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect(l.response(responseName).text).NotTo(ContainSubstring(pan))
	})

	It("may be answered elsewhere: under a name, or in a folder", func() {
		l.given(fileName, fileOf(goodRow(1)))
		Expect(os.Mkdir(filepath.Join(l.folder, "out"), 0o755)).To(Succeed())
		file := filepath.Join(l.folder, fileName)
		result, err := l.processor().Process(GinkgoT().Context(), file, filepath.Join(l.folder, "out"))
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Response).To(Equal(filepath.Join(l.folder, "out", responseName)))
		result, err = l.processor().Process(GinkgoT().Context(), file, filepath.Join(l.folder, "answer.json"))
		Expect(err).NotTo(HaveOccurred())
		Expect(l.response("answer.json").text).To(Equal(l.response("out/" + responseName).text))
		Expect(result.FinishedBefore).To(Equal(noon))
	})
})

var _ = Describe("A batch file that can't be processed", func() {
	var l *lab
	BeforeEach(func() { l = newLab() })

	fault := func(err error) *batch.FileError {
		GinkgoHelper()
		var found *batch.FileError
		Expect(err).To(BeAssignableToTypeOf(found))
		found = err.(*batch.FileError)
		Expect(found.What).NotTo(BeEmpty())
		Expect(found.Mend).NotTo(BeEmpty())
		Expect(l.applier.calls).To(BeZero())
		Expect(l.files()).NotTo(ContainElement(responseName))
		return found
	}

	DescribeTable("has a wrong name (p.241, INT-095)", func(name string) {
		l.given(name, fileOf(goodRow(1)))
		_, err := l.process(name)
		Expect(fault(err)).To(And(HaveField("Page", 241), HaveField("File", name)))
	},
		Entry("the response's prefix", "UCM_RES_"+bankID+"_2026-06-01T12.00.01.json"),
		Entry("lower case", "ucm_req_"+bankID+"_2026-06-01T12.00.00.json"),
		Entry("no client id", "UCM_REQ_2026-06-01T12.00.00.json"),
		Entry("an empty client id", "UCM_REQ__2026-06-01T12.00.00.json"),
		Entry("a character that client ids lack", "UCM_REQ_d1.cd_2026-06-01T12.00.00.json"),
		Entry("the day without its hyphen, as the pattern is printed", "UCM_REQ_"+bankID+"_2026-0601T12.00.00.json"),
		Entry("colons in the time", "UCM_REQ_"+bankID+"_2026-06-01T12:00:00.json"),
		Entry("no time", "UCM_REQ_"+bankID+"_2026-06-01.json"),
		Entry("another extension", "UCM_REQ_"+bankID+"_2026-06-01T12.00.00.txt"),
		Entry("something behind", "UCM_REQ_"+bankID+"_2026-06-01T12.00.00.json.part"),
		Entry("something before", "x_UCM_REQ_"+bankID+"_2026-06-01T12.00.00.json"),
	)

	It("has the client id of nobody", func() {
		name := "UCM_REQ_nobody_2026-06-01T12.00.00.json"
		l.given(name, fileOf(goodRow(1)))
		_, err := l.process(name)
		Expect(fault(err).Error()).To(And(ContainSubstring(name), ContainSubstring("no issuer has"), ContainSubstring("credentials.yaml")))
	})

	It("has the client id of another issuer than the one asked for", func() {
		l.config.Issuer = other
		l.given(fileName, fileOf(goodRow(1)))
		_, err := l.process(fileName)
		Expect(fault(err).Error()).To(And(ContainSubstring(bank), ContainSubstring(other)))
	})

	It("is not there", func() {
		_, err := l.process(fileName)
		Expect(fault(err).Error()).To(ContainSubstring("can't be read"))
	})

	DescribeTable("has a fault in its form, and nothing of it is carried out", func(content string, line int, what string) {
		l.given(fileName, content)
		_, err := l.process(fileName)
		found := fault(err)
		Expect(found.Line).To(Equal(line))
		Expect(found.What).To(ContainSubstring(what))
		Expect(found.Error()).To(ContainSubstring("(p.241)"))
	},
		Entry("nothing in it", "", 1, "ends too early"),
		Entry("no JSON", "hello", 1, "one JSON object"),
		Entry("an array at the top", "[]", 1, "one JSON object"),
		Entry("another member", `{"updatecardmetadata":[]}`, 1, "no updateCardMetadata"),
		Entry("an object instead of the array", `{"updateCardMetadata":{}}`, 1, "must be an array"),
		Entry("null instead of the array", `{"updateCardMetadata":null}`, 1, "must be an array"),
		Entry("the array twice", `{"updateCardMetadata":[],"updateCardMetadata":[]}`, 1, "twice"),
		Entry("an end in the middle of a row", strings.TrimSuffix(fileOf(goodRows(1, 9)...), `01}]}`), 9, "ends too early"),
		Entry("an end between rows", "{\"updateCardMetadata\":[1,\n", 2, "ends too early"),
		Entry("an end before the last brace", "{\"updateCardMetadata\":[]\n", 2, "ends too early"),
		Entry("no comma between rows", "{\"updateCardMetadata\":[{}\n{}]}", 2, "comma"),
		Entry("a comma too many", "{\"updateCardMetadata\":[{},\n]}", 2, "comma"),
		Entry("a row that is no JSON", "{\"updateCardMetadata\":[\n{'a':1}]}", 2, "not JSON"),
		Entry("brackets that do not match", "{\"updateCardMetadata\":[\n{\"a\":[}]}]}", 2, "not JSON"),
		Entry("a row that only closes", "{\"updateCardMetadata\":[}]}", 1, "not JSON"),
		Entry("no colon", `{"updateCardMetadata" []}`, 1, "colon"),
		Entry("a name that is none", `{updateCardMetadata:[]}`, 1, "not JSON"),
		Entry("a name that is a number", `{1:[]}`, 1, "name is missing"),
		Entry("something behind", fileOf()+"\n{}", 2, "something follows"),
		Entry("bytes that are no UTF-8", "{\"updateCardMetadata\":[\n\"\xff\"]}", 2, "UTF-8"),
		Entry("a byte order mark", "\uFEFF"+fileOf(), 1, "byte order mark"),
		Entry("UTF-16", "\xff\xfe{\x00}\x00", 1, "one JSON object"),
		Entry("a row without end", "{\"updateCardMetadata\":[\n\""+strings.Repeat("x", 1<<17), 2, "larger than 65536 bytes"),
		Entry("50,001 rows", fileOf(strings.Split(strings.Repeat("1 ", 50000)+"1", " ")...), 50001, "more than 50000 rows"),
	)

	It("is refused before its rows also where the fault is at its end", func() {
		l.given(fileName, strings.TrimSuffix(fileOf(goodRows(1, 50)...), "}"))
		_, err := l.process(fileName)
		fault(err)
		Expect(l.applied(bank)).To(BeEmpty())
		l.given(fileName, fileOf(goodRows(1, 50)...))
		result, err := l.process(fileName)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Success).To(Equal(50))
	})

	It("is a mistake of the program without its parts", func() {
		_, err := batch.New(batch.Config{})
		Expect(err).To(MatchError(ContainSubstring("required")))
	})
})
