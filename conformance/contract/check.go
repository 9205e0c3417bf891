package contract

import (
	"fmt"
	"regexp"
)

// codeShape is what business error codes look like.
var codeShape = regexp.MustCompile(`^(VSE|ISE)4[0-9]{4}$`)

// selfCheck looks for what the other steps can't see one operation at a time.
func (c *Contract) selfCheck() error {
	for _, rule := range c.rules {
		if rule.Page < firstPage || rule.Page > lastPage {
			return fmt.Errorf("rule %s has page %d, want one from %d to %d", rule.ID, rule.Page, firstPage, lastPage)
		}
	}
	for _, op := range c.ordered {
		if err := op.selfCheck(); err != nil {
			return fmt.Errorf("%s: %w", op.ID, err)
		}
	}
	return c.Tables.check(c)
}

// selfCheck looks at what an operation must have.
func (o *Operation) selfCheck() error {
	if o.Direction == Document {
		return nil
	}
	if o.Path == "" || o.Method == "" {
		return fmt.Errorf("no path or method")
	}
	if o.Section == "" || o.Summary == "" || o.Pages == "" {
		return fmt.Errorf("x-spec or summary is incomplete")
	}
	seen := map[string]bool{}
	for i, row := range o.Errors {
		if row.Code != "" && !codeShape.MatchString(row.Code) {
			return fmt.Errorf("x-errors/%d: %q is no error code", i, row.Code)
		}
		key := fmt.Sprintf("%d %s %s %s", row.HTTP, row.ActionCode, row.Code, row.Name)
		if seen[key] {
			return fmt.Errorf("x-errors/%d: row %s stands twice", i, key)
		}
		seen[key] = true
		for _, action := range o.actionCodes() {
			if row.ActionCode == action {
				row.ActionCode = ""
			}
		}
		if row.ActionCode != "" {
			return fmt.Errorf("x-errors/%d: action code %s is not in the response's enumeration", i, row.ActionCode)
		}
	}
	return nil
}

// actionCodes are the values of the response's actionCode, none when the
// response has no such member.
func (o *Operation) actionCodes() []string {
	root := o.Field(Response)
	if root == nil {
		return nil
	}
	member := root.Member("actionCode")
	if member == nil {
		return nil
	}
	codes := make([]string, len(member.Enum))
	for i, value := range member.Enum {
		codes[i] = fmt.Sprint(value)
	}
	return codes
}
