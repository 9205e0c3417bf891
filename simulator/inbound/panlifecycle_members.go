package inbound

import (
	"fmt"
	"maps"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
)

// accountLevelMember carries what an account level update is about (p.65).
const accountLevelMember = "accountLevelInfo"

// defaultOperationType is what a call without operationType means where the
// deployment chose so (p.61, INT-060).
const defaultOperationType = "UPDATE"

// defaulted is the body as the contract is to see it: a copy with the default
// operationType, where the knob gives it one (INT-060), else the body itself.
func (s *Server) defaulted(call *Call) map[string]any {
	if call.Operation.ID != s.contract.Tables.PANLifecycleOperations.Operation || !s.Knobs["defaultOperationType"] || given(call.Body["operationType"]) {
		return call.Body
	}
	body := maps.Clone(call.Body)
	body["operationType"] = defaultOperationType
	return body
}

// panLifecycleRows are the rows of the operations table that a PAN lifecycle
// call selects (p.61): more than one when it carries several enrolments, and
// all account level rows when it carries none that the table knows. Other
// operations select none.
func (s *Server) panLifecycleRows(call *Call) []contract.PANLifecycleRow {
	table := &s.contract.Tables.PANLifecycleOperations
	if call.Operation.ID != table.Operation {
		return nil
	}
	rows := table.RowsOf(text(s.defaulted(call)["operationType"]), text(call.Body["operationReasonCode"]))
	enrolments, _ := call.Sealed[accountLevelMember].(map[string]any)
	var selected []contract.PANLifecycleRow
	for _, row := range rows {
		if row.AccountLevel == "" || given(enrolments[row.AccountLevel]) {
			selected = append(selected, row)
		}
	}
	if len(selected) == 0 {
		return rows
	}
	return selected
}

// panCell is a place of the decrypted payload and whether the operation needs
// something there.
type panCell struct {
	path     string // member names with slashes between them
	required bool
	page     int
}

// panCells are the cells of the selected rows; a place that one of the rows
// needs is needed.
func (s *Server) panCells(rows []contract.PANLifecycleRow) []panCell {
	columns := s.panColumns()
	cells := []panCell{{path: columns.PAN}, {path: columns.ExpirationDate}, {path: columns.NewPAN}, {path: columns.NewExpirationDate}, {path: accountLevelMember}}
	for _, row := range rows {
		for i, need := range []contract.Need{row.PAN, row.ExpirationDate, row.NewPAN, row.NewExpirationDate, row.AccountLevelInfo} {
			cells[i].page = row.Page
			cells[i].required = cells[i].required || need == contract.NeedRequired
		}
	}
	return cells
}

func (s *Server) panColumns() contract.PANLifecycleColumns {
	return s.contract.Tables.PANLifecycleOperations.Columns
}

// relevant is the decrypted payload as the operation looks at it: for PAN
// lifecycle without what its row of the operations table calls not applicable
// or does not speak of (INT-062), for every other operation as it came.
func (s *Server) relevant(call *Call) map[string]any {
	rows := s.panLifecycleRows(call)
	if len(rows) == 0 {
		return call.Sealed
	}
	kept := maps.Clone(call.Sealed)
	needed := map[string]bool{}
	cells := s.panCells(rows)
	for _, cell := range cells {
		structure, _, _ := strings.Cut(cell.path, "/")
		needed[structure] = needed[structure] || cell.required
	}
	for _, cell := range cells {
		structure, member, _ := strings.Cut(cell.path, "/")
		members, isObject := kept[structure].(map[string]any)
		switch {
		case !needed[structure]:
			delete(kept, structure)
		case !cell.required && isObject:
			members = maps.Clone(members)
			delete(members, member)
			kept[structure] = members
		}
	}
	return kept
}

// missing are the places of the decrypted payload where the operation needs
// something and has nothing, as violations: what the operations table demands
// beyond the structures' own tables (INT-062). Of a structure that is missing
// altogether only the structure is named.
func (s *Server) missing(call *Call) []contract.Violation {
	var found []contract.Violation
	named := map[string]bool{}
	for _, cell := range s.panCells(s.panLifecycleRows(call)) {
		if !cell.required {
			continue
		}
		at := s.absentAt(call, cell.path)
		if at == "" || named[at] {
			continue
		}
		named[at] = true
		found = append(found, s.operationMember(at, cell.page, call))
	}
	return found
}

// absentAt is the outermost place on the way to the path where nothing is, ""
// when something is there or the contract itself finds that out.
func (s *Server) absentAt(call *Call, path string) string {
	structure, member, _ := strings.Cut(path, "/")
	if !given(call.Sealed[structure]) {
		return structure
	}
	members, isObject := call.Sealed[structure].(map[string]any)
	if !isObject || member == "" || given(members[member]) {
		return ""
	}
	field := call.Operation.Field(contract.SealedRequest).Member(structure).Member(member)
	if field.Requirement == contract.Required {
		return ""
	}
	return path
}

func (s *Server) operationMember(at string, page int, call *Call) contract.Violation {
	v := contract.Violation{Rule: "panLifecycle/request#operation-members", Level: contract.Must, Kind: contract.KindRequired,
		Location: "/" + at, Page: page, Interpretation: s.contract.Tables.PANLifecycleOperations.Interpretation}
	v.Message = fmt.Sprintf("%s is required when operationReasonCode is %s and operationType is %s",
		at, text(call.Body["operationReasonCode"]), text(s.defaulted(call)["operationType"]))
	v.Expected, v.Got = "present", "nothing"
	return v
}

// given tells whether a decoded member counts as sent (INT-125).
func given(value any) bool { return value != nil && value != "" }
