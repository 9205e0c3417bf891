package contract

import (
	"regexp"
	"strings"
)

// interpretationMention finds every place where an interpretation is named,
// in values, texts and comments alike.
var interpretationMention = regexp.MustCompile(`INT-[0-9]+`)

// place returns the root of a table, for its checks.
func (t *Tables) place(table string, found *problems) place {
	return place{source: t.sources[table], problems: found}
}

// checkAlone looks for what is wrong inside the tables: what stands twice,
// what is missing, and interpretations that do not exist. All problems are
// reported at once.
func (t *Tables) checkAlone() error {
	found := &problems{}
	t.Envelope.check(t.place(envelopeTable, found))
	checkHeaders(t.place(headerTable, found).at("headers"), t.Headers, &t.Envelope)
	t.StandardErrors.check(t.place(standardErrorTable, found))
	t.Lifecycle.check(t.place(lifecycleTable, found))
	t.PANLifecycleOperations.check(t.place(panLifecycleTable, found))
	t.RejectCodes.check(t.place(rejectCodeTable, found))
	t.D1.check(t.place(d1Table, found))
	t.Batch.check(t.place(batchTable, found))
	checkDocuments(t.place(documentTable, found), t.Documents)
	checkInterpretations(t.place(interpretationTable, found).at("interpretations"), t.Interpretations)
	checkNamedRules(t.place(namedRuleTable, found).at("rules"), t.NamedRules)
	t.checkMentions(found)
	return found.err()
}

// checkMentions demands that every interpretation that a table names exists.
func (t *Tables) checkMentions(found *problems) {
	known := map[string]bool{}
	for _, n := range t.Interpretations {
		known[n.ID] = true
	}
	for _, table := range sortedKeys(t.sources) {
		source := t.sources[table]
		for number, line := range strings.Split(string(source.content), "\n") {
			for _, id := range interpretationMention.FindAllString(line, -1) {
				if !known[id] {
					found.addf(source.file, number+1, "interpretation %s does not exist", id)
				}
			}
		}
	}
}
