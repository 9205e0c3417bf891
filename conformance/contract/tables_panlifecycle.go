package contract

// PANLifecycleOperations says which members of the decrypted payload each PAN
// lifecycle operation needs (p.61, INT-062).
type PANLifecycleOperations struct {
	Page           int    `yaml:"page" json:"page"`
	Pages          Pages  `yaml:"pages" json:"pages"`
	Operation      string `yaml:"operation" json:"operation"`
	Part           Part   `yaml:"part" json:"part"`
	Interpretation string `yaml:"interpretation" json:"interpretation"`
	// Columns are the places of the table's columns in the payload.
	Columns PANLifecycleColumns `yaml:"columns" json:"columns"`
	Rows    []PANLifecycleRow   `yaml:"rows" json:"rows"`
}

// PANLifecycleColumns are the columns of the table, each a path of member
// names with slashes between them.
type PANLifecycleColumns struct {
	PAN               string `yaml:"pan" json:"pan"`
	ExpirationDate    string `yaml:"expdt" json:"expdt"`
	NewPAN            string `yaml:"pan2" json:"pan2"`
	NewExpirationDate string `yaml:"expdt2" json:"expdt2"`
}

// Need is what a cell of the table says.
type Need string

const (
	// NeedRequired members must be there.
	NeedRequired Need = "required"
	// NeedNotApplicable members are taken out before the payload is judged.
	NeedNotApplicable Need = "not-applicable"
	// NeedUnstated members are ignored.
	NeedUnstated Need = "unstated"
)

// PANRelation says how old and new PAN relate (p.64).
type PANRelation string

const (
	PANsSame      PANRelation = "same"
	PANsDifferent PANRelation = "different"
	// PANsUnrelated: one of them is not applicable.
	PANsUnrelated PANRelation = "none"
)

// PANLifecycleRow is one operation of the table.
type PANLifecycleRow struct {
	Name                string `yaml:"name" json:"name"`
	OperationReasonCode string `yaml:"operationReasonCode" json:"operationReasonCode"`
	OperationType       string `yaml:"operationType" json:"operationType"`
	// AccountLevel is the member of accountLevelInfo that selects the row,
	// empty for rows that the reason code selects alone.
	AccountLevel      string      `yaml:"accountLevel" json:"accountLevel,omitempty"`
	PAN               Need        `yaml:"pan" json:"pan"`
	ExpirationDate    Need        `yaml:"expdt" json:"expdt"`
	NewPAN            Need        `yaml:"pan2" json:"pan2"`
	NewExpirationDate Need        `yaml:"expdt2" json:"expdt2"`
	AccountLevelInfo  Need        `yaml:"accountLevelInfo" json:"accountLevelInfo"`
	PANs              PANRelation `yaml:"pans" json:"pans"`
	// UsedBy are the systems that take the operation: Token, VAU, ALM.
	UsedBy []string `yaml:"usedBy" json:"usedBy"`
	Page   int      `yaml:"page" json:"page"`
}

// RowsOf returns the rows that a request selects. Those of an account level
// update are all returned; which of them apply depends on the members of
// accountLevelInfo.
func (o *PANLifecycleOperations) RowsOf(operationType, operationReasonCode string) []PANLifecycleRow {
	var rows []PANLifecycleRow
	for _, row := range o.Rows {
		if row.OperationType == operationType && row.OperationReasonCode == operationReasonCode {
			rows = append(rows, row)
		}
	}
	return rows
}

func (o *PANLifecycleOperations) check(p place) {
	p.page(o.Page)
	p.pages(o.Pages)
	p.filled(map[string]string{"operation": o.Operation, "part": string(o.Part), "interpretation": o.Interpretation})
	p.at("columns").filled(map[string]string{"pan": o.Columns.PAN, "expdt": o.Columns.ExpirationDate,
		"pan2": o.Columns.NewPAN, "expdt2": o.Columns.NewExpirationDate})
	names, selectors := map[string]bool{}, map[string]bool{}
	for i, row := range o.Rows {
		at := p.at("rows", i)
		at.at("name").unique(names, "name", row.Name)
		at.unique(selectors, "selection", row.OperationType+" "+row.OperationReasonCode+" "+row.AccountLevel)
		row.check(at)
	}
	if len(o.Rows) == 0 {
		p.at("rows").failf("the table is empty")
	}
}

func (r PANLifecycleRow) check(p place) {
	p.page(r.Page)
	p.filled(map[string]string{"name": r.Name, "operationReasonCode": r.OperationReasonCode, "operationType": r.OperationType})
	cells := map[string]Need{"pan": r.PAN, "expdt": r.ExpirationDate, "pan2": r.NewPAN, "expdt2": r.NewExpirationDate}
	for _, column := range sortedKeys(cells) {
		p.at(column).known("need", string(cells[column]), words(string(NeedRequired), string(NeedNotApplicable)))
	}
	p.at("accountLevelInfo").known("need", string(r.AccountLevelInfo), words(string(NeedRequired), string(NeedNotApplicable), string(NeedUnstated)))
	p.at("pans").known("relation", string(r.PANs), words(string(PANsSame), string(PANsDifferent), string(PANsUnrelated)))
	if both := r.PAN == NeedRequired && r.NewPAN == NeedRequired; both != (r.PANs != PANsUnrelated) {
		p.at("pans").failf("pans is %s, which does not fit the cells of the two PANs", r.PANs)
	}
	if len(r.UsedBy) == 0 {
		p.failf("usedBy is missing")
	}
	p.at("usedBy").distinct("system", r.UsedBy)
}
