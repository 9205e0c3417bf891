package inbound

import (
	"slices"

	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// kindSeed marks the account ranges, by their nine digits, whose records of
// the fixtures are in the vault.
const kindSeed = "seed"

// seed puts the enrolments, links and replacements that the fixtures give to
// the issuer of that name into the vault, once for each of its account ranges:
// from then on the vault alone counts, and what is deleted stays deleted until
// the issuer is reset.
func (u *accountUpdate) seed() error {
	due, err := u.unseeded()
	if err != nil || len(due) == 0 {
		return err
	}
	set, r := u.server.Fixtures, u.records()
	isDue := func(pan string) bool { return slices.Contains(due, accountRange(u.call.Issuer, pan)) }
	for _, e := range set.Enrolments {
		if isDue(e.PAN) {
			err = u.seedAccount(e.PAN, func(account vault.PAN) error {
				return r.put(kindRPIN, account.ReferenceID, enrolment{RPIN: e.RPIN, ProductID: e.ProductID})
			})
		}
		if err != nil {
			return err
		}
	}
	for _, l := range set.Links {
		if isDue(l.PAN) {
			err = u.seedAccount(l.PAN, func(account vault.PAN) error {
				return r.putLink(account.ReferenceID, accountRange(u.call.Issuer, l.PAN), nil,
					groupLink{GroupType: l.GroupType, GroupID: l.GroupID, Primary: l.Primary, Virtual: l.Virtual})
			})
		}
		if err != nil {
			return err
		}
	}
	for _, p := range set.Replacements {
		if isDue(p.PAN) {
			err = u.seedReplacement(p.PAN, p.OldAccountNumber)
		}
		if err != nil {
			return err
		}
	}
	for _, digits := range due {
		if err := r.put(kindSeed, digits, struct{}{}); err != nil {
			return err
		}
	}
	return nil
}

// unseeded are the account ranges of the issuer that the fixtures have records
// for and that are not marked yet.
func (u *accountUpdate) unseeded() ([]string, error) {
	var due []string
	note := func(pan string) {
		owner, _ := u.server.Fixtures.RangeOf(pan)
		digits := accountRange(u.call.Issuer, pan)
		if owner.Issuer == u.call.Issuer.Name && digits != "" && !slices.Contains(due, digits) {
			due = append(due, digits)
		}
	}
	for _, e := range u.server.Fixtures.Enrolments {
		note(e.PAN)
	}
	for _, l := range u.server.Fixtures.Links {
		note(l.PAN)
	}
	for _, p := range u.server.Fixtures.Replacements {
		note(p.PAN)
	}
	if len(due) == 0 {
		return nil, nil
	}
	marked, err := u.tx.Records(kindSeed, "", 0)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(due, func(digits string) bool {
		return slices.ContainsFunc(marked, func(m vault.Record) bool { return m.Key == digits })
	}), nil
}

func (u *accountUpdate) seedAccount(pan string, store func(vault.PAN) error) error {
	account, err := u.server.account(u.tx, u.call, pan, token.Expiration{})
	if err != nil {
		return err
	}
	return store(account)
}

func (u *accountUpdate) seedReplacement(pan, old string) error {
	return u.seedAccount(pan, func(account vault.PAN) error {
		return u.seedAccount(old, func(replaced vault.PAN) error {
			return u.records().putReplacement(account.ReferenceID, replaced.ReferenceID, replacementLink{})
		})
	})
}
