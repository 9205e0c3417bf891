package inbound

import (
	"strings"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
)

// replace judges replaceEnrollment and notes, or takes back, that the account
// replaces another one (p.69).
func (u *accountUpdate) replace() (map[string]any, error) {
	c := u.newClaim(replaceEnrollmentMember)
	if err := u.loadReplacement(c); err != nil {
		return nil, err
	}
	broken := judge(u.server.appendix.link, c)
	if broken.refuses() {
		return broken.reply(), nil
	}
	old, err := u.server.account(u.tx, u.call, c.old.number, token.Expiration{})
	if err != nil {
		return nil, err
	}
	if unlinks(c) {
		return broken.reply(), u.records().dropReplacement(u.account.ReferenceID, old.ReferenceID)
	}
	return broken.reply(), u.records().putReplacement(u.account.ReferenceID, old.ReferenceID,
		replacementLink{LinkReasonCode: c.replacement.text("linkReasonCode"), UpdateReferenceID: u.reference})
}

// loadReplacement reads what is known of both accounts of a replacement.
func (u *accountUpdate) loadReplacement(c *claim) error {
	if err := u.loadProgram(c); err != nil {
		return err
	}
	old := &c.old
	old.number = c.replacement.text("oldAccountNumber")
	if digits := accountRange(u.call.Issuer, old.number); digits != "" {
		old.own, old.known, old.in = true, true, u.server.rangeOf(u.caller, digits)
	} else {
		old.in, old.known = u.server.Fixtures.RangeOf(old.number)
		// A range of the fixtures that the caller could have, but has not.
		old.known = old.known && old.in.Issuer != u.caller.Name
	}
	r, account := u.records(), u.account.ReferenceID
	if account == "" {
		return nil
	}
	replaces, err := r.replaces(account)
	if err != nil {
		return err
	}
	old.replaces = replaces != ""
	stored, err := u.tx.PANByNumber(old.number)
	if there, err := exists(err); !there {
		return err
	}
	old.linked = replaces == stored.ReferenceID
	if old.replaced, err = r.get(kindReplaced, stored.ReferenceID, &replacementLink{}); err != nil {
		return err
	}
	old.newer, err = r.hasReplaced(stored.ReferenceID, account)
	return err
}

// loadProgram reads the RPIN that the account is enrolled in.
func (u *accountUpdate) loadProgram(c *claim) error {
	if u.account.ReferenceID == "" {
		return nil
	}
	var e enrolment
	_, err := u.records().get(kindRPIN, u.account.ReferenceID, &e)
	c.program, _ = c.set.RPIN(e.RPIN)
	return err
}

// unlinks says that the replacement is to be taken back, else it is made.
func unlinks(c *claim) bool { return !blank(c.replacement.text("unlinkIndicator")) }

// links says that the replacement is to be made.
func links(c *claim) bool { return !blank(c.replacement.text("linkReasonCode")) }

// blank tells absence, which in these two members blanks are too (p.250).
func blank(value string) bool { return strings.Trim(value, " ") == "" }

func linkReasonCodeInvalid(r *rejectRule, c *claim) bool {
	reason := c.replacement.text("linkReasonCode")
	return reason != "" && !r.listed(replaceEnrollmentMember+"/linkReasonCode", reason)
}

func unlinkIndicatorInvalid(r *rejectRule, c *claim) bool {
	indicator := c.replacement.text("unlinkIndicator")
	return indicator != "" && !r.listed(replaceEnrollmentMember+"/unlinkIndicator", indicator)
}

func linkReasonAndUnlinkMissing(_ *rejectRule, c *claim) bool { return !links(c) && !unlinks(c) }

func linkReasonAndUnlinkBoth(_ *rejectRule, c *claim) bool { return links(c) && unlinks(c) }

func oldAccountNumberInvalid(r *rejectRule, c *claim) bool {
	return !r.matches(c.old.number) || !fixtures.Luhn(c.old.number)
}

func oldAccountNumberOutsideRanges(_ *rejectRule, c *claim) bool { return !c.old.known }

func issuerDiffers(_ *rejectRule, c *claim) bool { return !c.old.own }

func replacementOfItself(_ *rejectRule, c *claim) bool { return c.old.number == c.number }

func replacementCyclic(_ *rejectRule, c *claim) bool { return c.old.newer }

func replacementAlreadyLinked(_ *rejectRule, c *claim) bool { return links(c) && c.old.linked }

func replacementOfSeveral(_ *rejectRule, c *claim) bool {
	return links(c) && (c.old.replaces || c.old.replaced)
}
