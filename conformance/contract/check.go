package contract

import (
	"fmt"
	"regexp"
	"slices"
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
		for _, part := range op.Parts() {
			if err := c.checkPresence(op.Field(part)); err != nil {
				return fmt.Errorf("%s/%s: %w", op.ID, part, err)
			}
		}
	}
	return c.Tables.check(c)
}

// useCases are the values of x-use-case.
var useCases = []string{"cloud-token-framework"}

// checkPresence compares what x-only-in, x-use-case and x-with of the members
// name with what there is.
func (c *Contract) checkPresence(of *Field) error {
	if of.Items != nil {
		if err := c.checkPresence(of.Items); err != nil {
			return err
		}
	}
	for _, f := range of.Fields {
		for _, id := range f.OnlyIn {
			if c.operations[id] == nil {
				return fmt.Errorf("%s: x-only-in names %q, which is no operation", f.Pointer, id)
			}
		}
		if f.UseCase != "" && !slices.Contains(useCases, f.UseCase) {
			return fmt.Errorf("%s: x-use-case is %q, want one of %v", f.Pointer, f.UseCase, useCases)
		}
		for name, values := range f.With {
			member := of.Member(name)
			if member == nil {
				return fmt.Errorf("%s: x-with names %q, which is no member beside it", f.Pointer, name)
			}
			for _, value := range values {
				if !slices.Contains(member.Enum, any(value)) {
					return fmt.Errorf("%s: x-with gives %s the value %q, which it does not have", f.Pointer, name, value)
				}
			}
		}
		if err := c.checkPresence(f); err != nil {
			return err
		}
	}
	return nil
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
