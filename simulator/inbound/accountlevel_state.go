package inbound

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/vtsim/vtsim/simulator/vault"
)

// Kinds of the records of an account. Accounts stand in keys and contents by
// their PAN reference.
//
//	rpin         <account>                          enrolment in an RPIN
//	contact      <account>                          contact information, masked
//	link         <account>/<groupType>/<groupID>    a link to a group
//	group        <groupType>/<groupID>              census of the group
//	replacement  <account>                          the card that it replaces
//	replaced     <account>                          the card that replaces it
const (
	kindRPIN        = "rpin"
	kindContact     = "contact"
	kindLink        = "link"
	kindGroup       = "group"
	kindReplacement = "replacement"
	kindReplaced    = "replaced"
)

// dateLayout is YYYYMMDD (p.67).
const dateLayout = "20060102"

// enrolment is an account in a registered program (p.67).
type enrolment struct {
	RPIN              string `json:"rpin"`
	ProductID         string `json:"productID"`
	AccountOpenDate   string `json:"accountOpenDate,omitempty"`
	RPINEffectiveDate string `json:"rpinEffectiveDate,omitempty"`
	UpdateReferenceID string `json:"updateReferenceID,omitempty"`
}

// groupLink is an account's membership in a group (p.70-71).
type groupLink struct {
	GroupType string `json:"groupType"`
	GroupID   string `json:"groupID"`
	// Primary is the group's primary account, Virtual a virtual card of it.
	Primary           bool   `json:"primary"`
	Virtual           bool   `json:"virtual"`
	UpdateReferenceID string `json:"updateReferenceID,omitempty"`
}

// census counts the accounts of a group, so that a group of any size is
// judged by one record.
type census struct {
	Accounts  int `json:"accounts"`
	Primaries int `json:"primaries"`
	// Ranges counts the accounts by account range, nine digits each.
	Ranges map[string]int `json:"ranges"`
}

// replacementLink is the other card of a replacement (p.69).
type replacementLink struct {
	PANReferenceID    string `json:"panReferenceID"`
	LinkReasonCode    string `json:"linkReasonCode,omitempty"`
	UpdateReferenceID string `json:"updateReferenceID,omitempty"`
}

// records are the account level records of the issuer in one transaction.
type records struct {
	tx  vault.Tx
	now time.Time
}

func (u *accountUpdate) records() records { return records{u.tx, u.call.Now} }

// get reads a record into the target and tells whether it is there.
func (r records) get(kind, key string, target any) (bool, error) {
	stored, err := r.tx.Record(kind, key)
	if there, err := exists(err); !there {
		return false, err
	}
	return true, Decode(stored.Content, target)
}

func (r records) put(kind, key string, value any) error {
	content, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var members map[string]any
	if err := json.Unmarshal(content, &members); err != nil {
		return err
	}
	return r.tx.PutRecord(vault.Record{Kind: kind, Key: key, Content: members, UpdatedAt: r.now})
}

// drop removes a record; one that is not there is no error.
func (r records) drop(kind, key string) error {
	if err := r.tx.DropRecord(kind, key); !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	return nil
}

// links lists the groups that the account is in.
func (r records) links(account string) ([]groupLink, error) {
	stored, err := r.tx.Records(kindLink, account+"/", 0)
	if err != nil {
		return nil, err
	}
	list := make([]groupLink, len(stored))
	for i, record := range stored {
		if err := Decode(record.Content, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func groupKey(groupType, groupID string) string { return groupType + "/" + groupID }

// census counts the group; nobody is in one that has no record.
func (r records) census(groupType, groupID string) (census, error) {
	counted := census{Ranges: map[string]int{}}
	_, err := r.get(kindGroup, groupKey(groupType, groupID), &counted)
	return counted, err
}

// putLink stores a link and counts it; before is the link as it was, nil for
// a new one. digits are the account range.
func (r records) putLink(account, digits string, before *groupLink, l groupLink) error {
	if err := r.put(kindLink, account+"/"+groupKey(l.GroupType, l.GroupID), l); err != nil {
		return err
	}
	counted, err := r.census(l.GroupType, l.GroupID)
	if err != nil {
		return err
	}
	if before != nil {
		counted.count(*before, digits, -1)
	}
	counted.count(l, digits, 1)
	return r.put(kindGroup, groupKey(l.GroupType, l.GroupID), counted)
}

// dropLink removes a link, and the census with the group's last account.
func (r records) dropLink(account, digits string, l groupLink) error {
	if err := r.drop(kindLink, account+"/"+groupKey(l.GroupType, l.GroupID)); err != nil {
		return err
	}
	counted, err := r.census(l.GroupType, l.GroupID)
	if err != nil {
		return err
	}
	counted.count(l, digits, -1)
	if counted.Accounts <= 0 {
		return r.drop(kindGroup, groupKey(l.GroupType, l.GroupID))
	}
	return r.put(kindGroup, groupKey(l.GroupType, l.GroupID), counted)
}

func (c *census) count(l groupLink, digits string, by int) {
	c.Accounts += by
	if l.Primary {
		c.Primaries += by
	}
	if c.Ranges[digits] += by; c.Ranges[digits] <= 0 {
		delete(c.Ranges, digits)
	}
}

// putReplacement notes, from both sides, that the new card replaces the old.
func (r records) putReplacement(account, old string, l replacementLink) error {
	l.PANReferenceID = old
	if err := r.put(kindReplacement, account, l); err != nil {
		return err
	}
	l.PANReferenceID = account
	return r.put(kindReplaced, old, l)
}

func (r records) dropReplacement(account, old string) error {
	return errors.Join(r.drop(kindReplacement, account), r.drop(kindReplaced, old))
}

// replaces is the card that the account replaces, "" for none.
func (r records) replaces(account string) (string, error) {
	var l replacementLink
	_, err := r.get(kindReplacement, account, &l)
	return l.PANReferenceID, err
}

// hasReplaced follows the replacements from one card to the older ones and
// tells whether the account is among them.
func (r records) hasReplaced(card, account string) (bool, error) {
	for seen := map[string]bool{}; card != "" && !seen[card]; {
		seen[card] = true
		older, err := r.replaces(card)
		if err != nil || older == account {
			return err == nil, err
		}
		card = older
	}
	return false, nil
}
