package inbound

import (
	"slices"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
)

// enrol judges rpinEnrollment with the contact information beside it, and
// carries both out (p.66-69).
func (u *accountUpdate) enrol() (map[string]any, error) {
	c := u.newClaim(rpinEnrollmentMember)
	broken := judge(u.server.appendix.rpin, c)
	if broken.refuses() {
		return broken.reply(), nil
	}
	r, account := u.records(), u.account.ReferenceID
	if c.deletes() {
		if err := r.drop(kindRPIN, account); err != nil {
			return nil, err
		}
		return broken.reply(), r.drop(kindContact, account)
	}
	effective := c.enrollment.text("rpinEffectiveDate")
	if effective == "" {
		effective = c.today // INT-135
	}
	if err := r.put(kindRPIN, account, enrolment{RPIN: c.entry.RPIN, ProductID: c.asked.ProductID,
		AccountOpenDate: c.enrollment.text("accountOpenDate"), RPINEffectiveDate: effective, UpdateReferenceID: u.reference}); err != nil {
		return nil, err
	}
	return broken.reply(), u.storeContact(c)
}

// storeContact keeps the contact information, or deletes what there is when
// none came with the enrolment (p.66). Names and addresses are kept masked:
// nothing ever asks for them in clear.
func (u *accountUpdate) storeContact(c *claim) error {
	given, taken := c.contact()
	if !taken {
		return u.records().drop(kindContact, u.account.ReferenceID)
	}
	return u.records().put(kindContact, u.account.ReferenceID, contract.MaskValue(map[string]any(given), u.server.appendix.contact))
}

// rpinPredicates decide on the codes of the first table, by rule (p.248-249).
func rpinPredicates() map[string]predicate {
	return map[string]predicate{
		"action-unknown":                        rpinActionUnknown,
		"last-name-missing":                     contactLacks("lastName"),
		"first-name-missing":                    contactLacks("firstName"),
		"account-number-invalid":                accountNumberInvalid,
		"account-number-outside-ranges":         accountNumberOutsideRanges,
		"name-prefix-invalid":                   contactWrong("namePrefix"),
		"name-suffix-invalid":                   contactWrong("nameSuffix"),
		"address-line1-missing":                 addressLacks("line1"),
		"address-city-missing":                  addressLacks("city"),
		"address-state-invalid":                 addressStateInvalid,
		"address-zip-invalid":                   addressZIPInvalid,
		"rpin-invalid":                          rpinInvalid,
		"product-id-invalid":                    rpinProductInvalid,
		"product-id-not-of-rpin":                productNotOfRPIN,
		"product-category-not-of-range":         categoryNotOfRange,
		"product-id-below-range":                productBelowRange,
		"rpin-without-cmf":                      rpinWithoutCMF,
		"contact-method-invalid":                contactMethodInvalid,
		"range-not-registered-and-rpin-missing": rangeNotRegisteredAndRPINMissing,
		"range-not-registered":                  rangeNotRegistered,
		"rpin-missing":                          rpinMissing,
		"email-missing":                         contactLacksPreferred("E", "email"),
		"product-not-registered-for-range":      productNotRegistered,
		"mobile-number-missing":                 contactLacksPreferred("C", "mobileNumber"),
		"mobile-number-invalid":                 contactWrong("mobileNumber"),
		"account-open-date-invalid":             accountOpenDateInvalid,
		"account-open-date-missing":             accountOpenDateMissing,
		"rpin-effective-date-invalid":           rpinEffectiveDateInvalid,
		"length-invalid":                        contactLengthInvalid,
	}
}

func rpinActionUnknown(r *rejectRule, c *claim) bool {
	if !r.listed(rpinEnrollmentMember+"/action", c.enrollment.text("action")) {
		return true
	}
	given, taken := c.contact()
	return taken && !r.listed(contactMember+"/action", given.text("action"))
}

// accountNumberInvalid and rpinWithoutCMF serve both tables as far as they
// look at the same members.
func accountNumberInvalid(r *rejectRule, c *claim) bool {
	return !r.matches(c.number) || !fixtures.Luhn(c.number)
}

func accountNumberOutsideRanges(_ *rejectRule, c *claim) bool { return !c.own }

func rangeNotRegisteredAndRPINMissing(_ *rejectRule, c *claim) bool {
	return !c.in.Registered && !c.deletes() && c.enrollment.text("rpin") == ""
}

func rangeNotRegistered(_ *rejectRule, c *claim) bool {
	return !c.in.Registered && !c.deletes() && c.enrollment.text("rpin") != ""
}

func rpinMissing(_ *rejectRule, c *claim) bool {
	return c.in.Registered && !c.deletes() && c.enrollment.text("rpin") == ""
}

func rpinInvalid(r *rejectRule, c *claim) bool {
	number := c.enrollment.text("rpin")
	return number != "" && (!r.matches(number) || !c.entryKnown)
}

func rpinProductInvalid(_ *rejectRule, c *claim) bool { return !c.askedKnown }

func productNotOfRPIN(_ *rejectRule, c *claim) bool {
	return c.entryKnown && c.askedKnown && c.entry.ProductID != c.asked.ProductID
}

func categoryNotOfRange(_ *rejectRule, c *claim) bool {
	return c.entryKnown && c.entry.ProductCategory != c.product.ProductCategory
}

func productBelowRange(_ *rejectRule, c *claim) bool {
	return c.askedKnown && c.asked.Rank < c.product.Rank
}

func productNotRegistered(_ *rejectRule, c *claim) bool {
	return c.asked.ProductID != c.in.ProductID && !slices.Contains(c.in.RegisteredProducts, c.asked.ProductID)
}

func rpinWithoutCMF(_ *rejectRule, c *claim) bool { return c.entryKnown && !c.entry.CMFAllowed }

func accountOpenDateMissing(_ *rejectRule, c *claim) bool {
	return !c.deletes() && c.enrollment.text("accountOpenDate") == ""
}

func accountOpenDateInvalid(r *rejectRule, c *claim) bool {
	date := c.enrollment.text("accountOpenDate")
	return date != "" && (!r.matches(date) || !isCalendarDay(date) || date > c.today)
}

// rpinEffectiveDateInvalid takes an absent date for today, except that a
// Delete needs none (INT-066, INT-135).
func rpinEffectiveDateInvalid(r *rejectRule, c *claim) bool {
	date := c.enrollment.text("rpinEffectiveDate")
	if date == "" {
		if c.deletes() {
			return false
		}
		date = c.today
	}
	outside := c.entryKnown && (date <= c.entry.CreateDate || date >= c.entry.EndDate)
	return !r.matches(date) || !isCalendarDay(date) || outside || date < c.in.PortfolioEffectiveDate
}

func isCalendarDay(date string) bool {
	_, err := time.Parse(dateLayout, date)
	return err == nil
}

// contactLengthInvalid looks at the members that the table lists.
func contactLengthInvalid(r *rejectRule, c *claim) bool {
	_, taken := c.contact()
	return taken && slices.ContainsFunc(r.Trigger.At, func(path string) bool { return r.tooLong(path, c.value(path)) })
}

// contactLacks says that a member of the contact information is absent.
func contactLacks(name string) predicate {
	return func(_ *rejectRule, c *claim) bool {
		given, taken := c.contact()
		return taken && given.text(name) == ""
	}
}

// contactLacksPreferred says that the way to reach the preferred method of
// contact is absent (p.68).
func contactLacksPreferred(method, name string) predicate {
	return func(_ *rejectRule, c *claim) bool {
		given, taken := c.contact()
		return taken && given.text("prefMethodOfContact") == method && given.text(name) == ""
	}
}

// contactWrong says that a member is there, and too long or out of shape.
func contactWrong(name string) predicate {
	return func(r *rejectRule, c *claim) bool {
		given, taken := c.contact()
		value := given.text(name)
		return taken && value != "" && (r.tooLong(contactMember+"/"+name, value) || !r.matches(value))
	}
}

func contactMethodInvalid(r *rejectRule, c *claim) bool {
	given, taken := c.contact()
	method := given.text("prefMethodOfContact")
	return taken && method != "" && !r.listed(contactMember+"/prefMethodOfContact", method)
}

// address is the address where the product takes contact information.
func (c *claim) address() (members, bool) {
	given, taken := c.contact()
	address := given.object("address")
	return address, taken && address != nil
}

func addressLacks(name string) predicate {
	return func(_ *rejectRule, c *claim) bool {
		address, taken := c.address()
		return taken && address.text(name) == ""
	}
}

func addressStateInvalid(r *rejectRule, c *claim) bool {
	address, taken := c.address()
	state := address.text("state")
	wrong := state != "" && !r.matches(state)
	return taken && (wrong || c.in.Country == unitedStates && !slices.Contains(c.tables.USStates.Codes, state))
}

func addressZIPInvalid(r *rejectRule, c *claim) bool {
	address, taken := c.address()
	zip := address.text("zip")
	wrong := r.tooLong(contactMember+"/address/zip", zip) || strings.Trim(zip, "0123456789") != ""
	return taken && (wrong || c.in.Country == unitedStates && !r.matches(zip))
}
