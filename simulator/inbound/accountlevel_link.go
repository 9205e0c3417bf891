package inbound

import (
	"maps"
	"slices"
)

// Group types that conditions of appendix A name (p.252, INT-138): a card
// that is virtual in a VIRTUAL group may be in no LOC group.
const (
	groupLOC     = "LOC"
	groupVirtual = "VIRTUAL"
)

// Values of isPrimaryAccount (p.71).
const (
	flagPrimary   = "Y"
	flagSecondary = "N"
)

// Members of a group's answer (p.178).
const (
	groupTypeMember = "groupType"
	groupIDMember   = "groupID"
)

// link judges the groups of linkEnrollment one after the other and carries out
// each before the next is judged (p.70-71). Without any group one answer says
// so.
func (u *accountUpdate) link() (map[string]any, error) {
	c := u.newClaim(linkEnrollmentMember)
	if err := u.loadProgram(c); err != nil {
		return nil, err
	}
	groups := c.groups
	if len(groups) == 0 {
		groups = []members{nil}
	}
	answers := make([]any, len(groups))
	for i, group := range groups {
		c.group = group
		if err := u.loadGroup(c); err != nil {
			return nil, err
		}
		broken := judge(u.server.appendix.link, c)
		if !broken.refuses() {
			if err := u.moveLink(c); err != nil {
				return nil, err
			}
		}
		answers[i] = u.groupReply(c, broken)
	}
	return map[string]any{"groupResp": answers}, nil
}

// loadGroup reads what is known of the group and of the account in it.
func (u *accountUpdate) loadGroup(c *claim) error {
	c.links, c.membership, c.census, c.neighbours = nil, nil, census{}, nil
	if u.account.ReferenceID == "" {
		return nil
	}
	var err error
	if c.links, err = u.records().links(u.account.ReferenceID); err != nil {
		return err
	}
	for i, l := range c.links {
		if l.GroupType == c.groupType() && l.GroupID == c.groupID() {
			c.membership = &c.links[i]
		}
	}
	c.census, err = u.records().census(c.groupType(), c.groupID())
	for _, digits := range slices.Sorted(maps.Keys(c.census.Ranges)) {
		c.neighbours = append(c.neighbours, u.server.rangeOf(u.caller, digits))
	}
	return err
}

// moveLink adds, changes or removes the link that was judged right.
func (u *accountUpdate) moveLink(c *claim) error {
	account, digits := u.account.ReferenceID, accountRange(u.call.Issuer, u.number)
	if c.action() == deleteAction {
		return u.records().dropLink(account, digits, *c.membership)
	}
	primary := c.flag() == flagPrimary
	return u.records().putLink(account, digits, c.membership, groupLink{GroupType: c.groupType(), GroupID: c.groupID(), Primary: primary,
		Virtual: c.groupType() == groupVirtual && !primary, UpdateReferenceID: u.reference})
}

// groupReply answers for one group with its type and identifier as they came,
// cut to what the notification can carry (p.178).
func (u *accountUpdate) groupReply(c *claim, broken *rejectRule) map[string]any {
	answer := broken.reply()
	for name, value := range map[string]string{groupTypeMember: c.groupType(), groupIDMember: c.groupID()} {
		if isAccountNumber(value) {
			value = hideDigits(value)
		}
		if most := u.server.appendix.group.Member(name).MaxLength; most != nil {
			value = firstRunes(value, *most)
		}
		answer[name] = value
	}
	return answer
}

// hideDigits leaves the last four digits only.
func hideDigits(value string) string {
	hidden, shown := []byte(value), 4
	for i, b := range slices.Backward(hidden) {
		if b < '0' || b > '9' {
			continue
		}
		if shown--; shown < 0 {
			hidden[i] = '*'
		}
	}
	return string(hidden)
}

func firstRunes(value string, most int) string {
	if runes := []rune(value); len(runes) > most {
		return string(runes[:most])
	}
	return value
}
