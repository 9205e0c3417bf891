package inbound

import (
	"slices"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
)

// unitedStates is the country whose addresses need state and ZIP code (p.69,
// INT-136), ISO 3166-1 alpha-2.
const unitedStates = "US"

// claim is one structure of an account level update, or one group of it, and
// everything that the conditions of appendix A compare it with. It is loaded
// before it is judged, so that predicates cannot fail.
type claim struct {
	// part is the structure that is judged, a member of accountLevelInfo.
	part   string
	tables *contract.RejectCodes
	set    *fixtures.Set
	// today is written as the payload writes dates, YYYYMMDD (p.67).
	today string

	// number is the account number; own says that it lies in a range of the
	// caller, which is in, with product as the range's own.
	number  string
	own     bool
	in      fixtures.AccountRange
	product fixtures.Product
	caller  fixtures.Issuer

	// info is accountLevelInfo, the others its structures; nil when absent.
	info, enrollment, replacement members
	// groups are all groups of the request, group the one that is judged.
	groups []members
	group  members

	// asked is the product that the request names, entry the RPIN.
	asked      fixtures.Product
	askedKnown bool
	entry      fixtures.RPIN
	entryKnown bool

	// program is the RPIN that the account is enrolled in; without number
	// where it is in none.
	program fixtures.RPIN
	// links are the groups that the account is in, membership the one that
	// is judged, nil when it is not in it; census counts that group, and
	// neighbours are the account ranges in it.
	links      []groupLink
	membership *groupLink
	census     census
	neighbours []fixtures.AccountRange

	old oldAccount
}

// oldAccount is the account that is replaced, and what is known of it.
type oldAccount struct {
	number string
	// in is its range; known says that some issuer has it, own that the
	// caller does.
	in         fixtures.AccountRange
	known, own bool
	// linked says that the account replaces this one, replaces that it
	// replaces any, replaced that this one was replaced by any.
	linked, replaces, replaced bool
	// newer says that this one has, directly or over others, replaced the
	// account.
	newer bool
}

// newClaim is the claim of a structure as far as all structures share it.
func (u *accountUpdate) newClaim(part string) *claim {
	set := u.server.Fixtures
	c := &claim{part: part, tables: &u.server.contract.Tables.RejectCodes, set: set, today: u.call.Now.UTC().Format(dateLayout),
		number: u.number, caller: u.caller, info: u.info,
		enrollment: u.info.object(rpinEnrollmentMember), replacement: u.info.object(replaceEnrollmentMember)}
	if digits := accountRange(u.call.Issuer, u.number); digits != "" {
		c.own, c.in = true, u.server.rangeOf(u.caller, digits)
		c.product, _ = set.Product(c.in.ProductID)
	}
	c.asked, c.askedKnown = set.Product(u.info.text(productIDMember))
	c.entry, c.entryKnown = set.RPIN(c.enrollment.text("rpin"))
	for _, element := range u.info.object(linkEnrollmentMember).list("group") {
		group, _ := element.(map[string]any)
		c.groups = append(c.groups, group)
	}
	return c
}

// fixtureIssuer is the sample issuer of that name, or one that no fixture
// knows and that has no sender.
func (s *Server) fixtureIssuer(name string) fixtures.Issuer {
	if issuer, known := s.Fixtures.Issuer(name); known {
		return issuer
	}
	return fixtures.Issuer{Name: name}
}

// rangeOf describes an account range of the caller. One that the fixtures give
// to another issuer, such as the ranges of public test numbers, is the
// caller's here, and its sender too unless somebody else looks after it.
func (s *Server) rangeOf(caller fixtures.Issuer, digits string) fixtures.AccountRange {
	// RangeOf wants an account number; a digit more makes the range one.
	found, known := s.Fixtures.RangeOf(digits + "0")
	if !known {
		return s.Fixtures.NewAccountRange(digits, caller)
	}
	if found.Issuer != caller.Name {
		if owner := s.fixtureIssuer(found.Issuer); found.Sender == owner.Sender {
			found.Sender, found.SubSender = caller.Sender, caller.SubSender
		}
		found.Issuer = caller.Name
	}
	return found
}

// contact is the contact information where the product takes it; for any
// other product it is ignored (p.66, INT-139).
func (c *claim) contact() (members, bool) {
	given := c.info.object(contactMember)
	return given, given != nil && c.asked.Contact
}

// value follows a path of the table to the text that the claim has there.
func (c *claim) value(path string) string {
	at := c.info
	names := strings.Split(path, "/")
	for _, name := range names[:len(names)-1] {
		at = at.object(name)
	}
	return at.text(names[len(names)-1])
}

// deletes says that the RPIN enrolment is to be taken away, which needs
// nothing but the action (INT-066).
func (c *claim) deletes() bool { return c.enrollment.text("action") == deleteAction }

func (c *claim) groupType() string { return c.group.text("groupType") }

func (c *claim) groupID() string { return c.group.text("groupID") }

func (c *claim) action() string { return c.group.text("action") }

func (c *claim) flag() string { return c.group.text("isPrimaryAccount") }

// hasPrimary says that groups of the type know a primary account (p.71).
func (c *claim) hasPrimary() bool {
	custom, _ := c.set.GroupType(c.groupType())
	return custom.Primary || slices.Contains(c.tables.PrimaryGroupTypes.Codes, c.groupType())
}

// spendAssessed says that accounts in groups of the type are assessed by
// spend (INT-138).
func (c *claim) spendAssessed(groupType string) bool {
	custom, _ := c.set.GroupType(groupType)
	return custom.SpendAssessed || slices.Contains(c.tables.SpendAssessedGroupTypes.Codes, groupType)
}

// needsProduct says that groups of the type need a productID (p.66, 70).
func (c *claim) needsProduct() bool {
	return slices.Contains(c.tables.ProductGroupTypes.Codes, c.groupType())
}

// repeated counts the groups of the request with this type and identifier, by
// action (INT-137).
func (c *claim) repeated() map[string]int {
	count := map[string]int{}
	for _, other := range c.groups {
		if other.text("groupType") == c.groupType() && other.text("groupID") == c.groupID() {
			count[other.text("action")]++
		}
	}
	return count
}
