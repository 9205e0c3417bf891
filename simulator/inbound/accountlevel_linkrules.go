package inbound

import (
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/vtsim/vtsim/fixtures"
)

// groupAt is where the table looks at the members of a group.
const groupAt = linkEnrollmentMember + "/group/*/"

// linkPredicates decide on the codes of the second table, by rule
// (p.250-252). longest is the length of a groupType that the notification can
// give back, in characters (p.178).
func linkPredicates(longest int) map[string]predicate {
	return map[string]predicate{
		"account-number-invalid":   accountNumberInvalid,
		"link-not-possible":        linkNotPossible,
		"sender-differs":           senderDiffers,
		"rpin-without-cmf":         programWithoutCMF,
		"country-differs":          countryDiffers,
		"product-category-differs": productCategoryDiffers,
		"unlink-without-link":      unlinkWithoutLink,

		"link-reason-code-invalid":          linkReasonCodeInvalid,
		"unlink-indicator-invalid":          unlinkIndicatorInvalid,
		"link-reason-and-unlink-missing":    linkReasonAndUnlinkMissing,
		"link-reason-and-unlink-both":       linkReasonAndUnlinkBoth,
		"old-account-number-invalid":        oldAccountNumberInvalid,
		"old-account-number-outside-ranges": oldAccountNumberOutsideRanges,
		"issuer-differs":                    issuerDiffers,
		"replacement-of-itself":             replacementOfItself,
		"replacement-cyclic":                replacementCyclic,
		"replacement-already-linked":        replacementAlreadyLinked,
		"replacement-of-several":            replacementOfSeveral,

		"length-invalid":               groupTypeLongerThan(longest),
		"action-unknown":               groupActionUnknown,
		"group-type-unknown":           groupTypeUnknown,
		"group-type-not-configured":    groupTypeNotConfigured,
		"group-type-not-in-country":    groupTypeNotInCountry,
		"group-id-invalid":             groupIDInvalid,
		"primary-indicator-invalid":    primaryIndicatorInvalid,
		"primary-indicator-missing":    primaryIndicatorMissing,
		"action-not-allowed-for-group": actionNotAllowedForGroup,
		"add-and-delete":               addAndDelete,
		"delete-duplicate":             givenTwice(deleteAction),
		"change-duplicate":             givenTwice(changeAction),
		"product-id-invalid":           groupProductInvalid,
		"product-without-cmf":          productWithoutCMF,
		"platform-differs":             platformDiffers,
		"small-business-primary":       smallBusinessPrimary,
		"primary-account-deleted":      primaryAccountDeleted,
		"change-invalid":               changeInvalid,
		"card-is-virtual":              cardIsVirtual,
		"card-cannot-be-virtual":       cardCannotBeVirtual,
		"spend-assessed-twice":         spendAssessedTwice,
		"account-in-other-group":       accountInOtherGroup,
		"link-present":                 linkPresent,
	}
}

// linkNotPossible is the code for what has no other: the account is not the
// caller's, or there is no group.
func linkNotPossible(_ *rejectRule, c *claim) bool {
	return !c.own || c.part == linkEnrollmentMember && len(c.groups) == 0
}

func senderDiffers(_ *rejectRule, c *claim) bool { return c.in.Sender != c.caller.Sender }

func programWithoutCMF(_ *rejectRule, c *claim) bool {
	return c.program.RPIN != "" && !c.program.CMFAllowed
}

// partners are the account ranges that the account is or would be joined to.
func (c *claim) partners() []fixtures.AccountRange {
	if c.part == replaceEnrollmentMember {
		return []fixtures.AccountRange{c.old.in}
	}
	return c.neighbours
}

func countryDiffers(_ *rejectRule, c *claim) bool {
	return slices.ContainsFunc(c.partners(), func(r fixtures.AccountRange) bool { return r.Country != c.in.Country })
}

func productCategoryDiffers(_ *rejectRule, c *claim) bool {
	return slices.ContainsFunc(c.partners(), func(r fixtures.AccountRange) bool {
		p, _ := c.set.Product(r.ProductID)
		return p.ProductCategory != c.product.ProductCategory
	})
}

func unlinkWithoutLink(_ *rejectRule, c *claim) bool {
	if c.part == replaceEnrollmentMember {
		return unlinks(c) && !c.old.linked
	}
	return c.action() == deleteAction && c.membership == nil
}

func groupTypeLongerThan(longest int) predicate {
	return func(_ *rejectRule, c *claim) bool { return utf8.RuneCountInString(c.groupType()) > longest }
}

func groupActionUnknown(r *rejectRule, c *claim) bool {
	return !r.listed(groupAt+"action", c.action())
}

func groupTypeUnknown(r *rejectRule, c *claim) bool {
	_, custom := c.set.GroupType(c.groupType())
	return !custom && !r.listed(groupAt+groupTypeMember, c.groupType())
}

func groupTypeNotConfigured(_ *rejectRule, c *claim) bool {
	_, custom := c.set.GroupType(c.groupType())
	return custom && !slices.Contains(c.in.CustomGroupTypes, c.groupType())
}

func groupTypeNotInCountry(_ *rejectRule, c *claim) bool {
	g, custom := c.set.GroupType(c.groupType())
	return custom && !slices.Contains(g.Countries, c.in.Country)
}

func groupIDInvalid(r *rejectRule, c *claim) bool {
	id := c.groupID()
	return c.group[groupIDMember] == nil || r.tooLong(groupAt+groupIDMember, id) || !r.matches(id) || isAccountNumber(id)
}

// grouping is what people put between the digits of an account number.
var grouping = regexp.MustCompile(`[ _-]`)

// isAccountNumber recognises an account number where none may stand (p.71).
func isAccountNumber(value string) bool {
	digits := grouping.ReplaceAllString(value, "")
	return len(digits) >= 13 && len(digits) <= 19 && digits[0] == '4' && fixtures.Luhn(digits)
}

func primaryIndicatorInvalid(r *rejectRule, c *claim) bool {
	return c.flag() != "" && !r.listed(groupAt+"isPrimaryAccount", c.flag())
}

func primaryIndicatorMissing(_ *rejectRule, c *claim) bool { return c.hasPrimary() && c.flag() == "" }

func actionNotAllowedForGroup(_ *rejectRule, c *claim) bool {
	return c.action() == changeAction && !c.hasPrimary() && c.flag() == ""
}

func addAndDelete(_ *rejectRule, c *claim) bool {
	count := c.repeated()
	return c.action() != changeAction && count[addAction] > 0 && count[deleteAction] > 0
}

func givenTwice(action string) predicate {
	return func(_ *rejectRule, c *claim) bool { return c.action() == action && c.repeated()[action] > 1 }
}

func groupProductInvalid(_ *rejectRule, c *claim) bool {
	return !c.askedKnown && (c.needsProduct() || c.info.text(productIDMember) != "")
}

func productWithoutCMF(_ *rejectRule, c *claim) bool { return c.needsProduct() && !c.asked.CMF }

// platformDiffers compares the product that the request names, else the
// program that the account is in, with the account range.
func platformDiffers(_ *rejectRule, c *claim) bool {
	switch {
	case c.askedKnown:
		return c.asked.Platform != c.product.Platform
	case c.program.RPIN != "":
		return c.program.Platform != c.product.Platform
	}
	return false
}

// isPrimary says that the account is the primary of the group now.
func (c *claim) isPrimary() bool { return c.membership != nil && c.membership.Primary }

// others counts the accounts of the group without this one, and the
// primaries among them.
func (c *claim) others() (accounts, primaries int) {
	accounts, primaries = c.census.Accounts, c.census.Primaries
	if c.membership != nil {
		accounts--
	}
	if c.isPrimary() {
		primaries--
	}
	return accounts, primaries
}

func smallBusinessPrimary(_ *rejectRule, c *claim) bool {
	accounts, primaries := c.others()
	second := c.action() != deleteAction && c.flag() == flagPrimary && primaries > 0
	stepsDown := c.action() == deleteAction || c.flag() != flagPrimary
	none := c.isPrimary() && stepsDown && primaries == 0 && accounts > 0
	return c.product.SmallBusiness && (second || none)
}

func primaryAccountDeleted(_ *rejectRule, c *claim) bool {
	accounts, _ := c.others()
	return c.action() == deleteAction && c.isPrimary() && accounts > 0
}

func changeInvalid(_ *rejectRule, c *claim) bool {
	return c.action() == changeAction && (c.membership == nil || c.isPrimary() == (c.flag() == flagPrimary))
}

func cardIsVirtual(_ *rejectRule, c *claim) bool {
	virtual := slices.ContainsFunc(c.links, func(l groupLink) bool { return l.Virtual })
	return c.action() == addAction && virtual && (c.flag() == flagPrimary || c.groupType() == groupLOC)
}

func cardCannotBeVirtual(_ *rejectRule, c *claim) bool {
	physical := slices.ContainsFunc(c.links, func(l groupLink) bool {
		return l.GroupType == groupVirtual && l.Primary || l.GroupType == groupLOC
	})
	return c.action() == addAction && c.groupType() == groupVirtual && c.flag() == flagSecondary && physical
}

func spendAssessedTwice(_ *rejectRule, c *claim) bool {
	return c.action() == addAction && c.spendAssessed(c.groupType()) && slices.ContainsFunc(c.links, func(l groupLink) bool {
		return l.GroupType != c.groupType() && c.spendAssessed(l.GroupType)
	})
}

func accountInOtherGroup(_ *rejectRule, c *claim) bool {
	return c.action() == addAction && slices.ContainsFunc(c.links, func(l groupLink) bool {
		return l.GroupType == c.groupType() && l.GroupID != c.groupID()
	})
}

func linkPresent(_ *rejectRule, c *claim) bool {
	return c.action() == addAction && c.membership != nil && c.isPrimary() == (c.flag() == flagPrimary)
}
