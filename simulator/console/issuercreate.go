package console

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/simulator/inbound"
	"github.com/vtsim/vtsim/simulator/vault"
)

// issuerRequest is an issuer to be made.
type issuerRequest struct {
	Name          string    `json:"name"`
	Endpoint      string    `json:"endpoint"`
	AccountRanges []string  `json:"accountRanges"`
	Hosts         []string  `json:"hosts"`
	Settings      *settings `json:"settings"`
}

// issuerMade is the one answer that has an issuer's secrets.
type issuerMade struct {
	Name          string            `json:"name"`
	APIKey        string            `json:"apiKey"`
	SharedSecret  string            `json:"sharedSecret"`
	ClientID      string            `json:"clientID"`
	SigningKeyID  string            `json:"signingKeyID"`
	AccountRanges []string          `json:"accountRanges"`
	Files         map[string]string `json:"files"`
}

// createIssuer makes an issuer. Name and ranges are reserved first, since
// making keys takes long and several may be made at the same time.
func (c *Console) createIssuer(ctx context.Context, r *request) (*reply, error) {
	var wanted issuerRequest
	if err := r.decode(&wanted); err != nil {
		return nil, err
	}
	var err error
	if wanted.Endpoint, err = cleanEndpoint(wanted.Endpoint); err != nil {
		return nil, err
	}
	if err := keys.CheckName(wanted.Name); err != nil {
		return nil, bad("name", "name must consist of lower-case letters, digits and inner hyphens, 1 to 63 characters.")
	}
	var chosen map[string]any
	if wanted.Settings != nil {
		if chosen, err = c.changedSettings(nil, wanted.Settings); err != nil {
			return nil, err
		}
	}
	release, err := c.reserve(ctx, &wanted)
	if err != nil {
		return nil, err
	}
	defer release()
	files, issuer, err := c.newIssuer(ctx, wanted)
	if err != nil {
		return nil, err
	}
	row := inbound.Registered(issuer, c.Clock.Now())
	row.Settings = chosen
	if err := c.Vault.PutIssuer(ctx, row); err != nil {
		return nil, err
	}
	c.cardsMu.Lock()
	c.cards[issuer.Name] = issuer.Profile.Cards
	c.cardsMu.Unlock()
	c.Log.Info("made an issuer", "issuer", issuer.Name, "accountRanges", row.AccountRanges)
	return &reply{body: made(issuer, files), location: "/api/v1/issuers/" + issuer.Name}, nil
}

// newIssuer makes keys, certificates and credentials.
func (c *Console) newIssuer(ctx context.Context, wanted issuerRequest) (keys.Files, *keys.Issuer, error) {
	if c.Authority.Key == nil {
		return nil, nil, conflict("", "The root has no private key in this data directory, so it cannot sign the certificates of a new issuer.")
	}
	files, err := keys.NewIssuer(ctx, c.Authority, nil, keys.IssuerOptions{Settings: c.Settings, Name: wanted.Name, Hosts: wanted.Hosts,
		Endpoint: wanted.Endpoint, AccountRanges: wanted.AccountRanges})
	if err != nil {
		return nil, nil, fmt.Errorf("make issuer %s: %w", wanted.Name, err)
	}
	issuer, err := keys.ParseIssuer(wanted.Name, files, c.Authority, c.Settings)
	if err != nil {
		return nil, nil, fmt.Errorf("make issuer %s: %w", wanted.Name, err)
	}
	return files, issuer, nil
}

func made(issuer *keys.Issuer, files keys.Files) issuerMade {
	pem := map[string]string{}
	for name, content := range files {
		if ending := path.Ext(name); ending == ".key" || ending == ".crt" {
			pem[name] = string(content)
		}
	}
	credentials := issuer.Credentials
	return issuerMade{Name: issuer.Name, APIKey: credentials.APIKey, SharedSecret: credentials.SharedSecret, ClientID: credentials.ClientID,
		SigningKeyID: credentials.SigningKeyID, AccountRanges: issuer.Profile.AccountRanges, Files: pem}
}

// reserve keeps name and ranges from others until the issuer is in the vault,
// and gives a range to one that names none.
func (c *Console) reserve(ctx context.Context, wanted *issuerRequest) (release func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch _, err := c.Vault.Issuer(ctx, wanted.Name); {
	case err == nil, c.creating[wanted.Name]:
		return nil, conflict("name", "There is an issuer of this name already.")
	case !errors.Is(err, vault.ErrNotFound):
		return nil, err
	}
	if len(wanted.AccountRanges) == 0 {
		free, err := c.freeRange(ctx)
		if err != nil {
			return nil, err
		}
		wanted.AccountRanges = []string{free}
	}
	if err := c.checkRanges(ctx, wanted.Name, wanted.AccountRanges); err != nil {
		return nil, err
	}
	for _, digits := range wanted.AccountRanges {
		if c.reserved[digits] {
			return nil, conflict("accountRanges", "Account range %s is being given to another issuer right now.", digits)
		}
	}
	name, ranges := wanted.Name, slices.Clone(wanted.AccountRanges)
	c.creating[name] = true
	for _, digits := range ranges {
		c.reserved[digits] = true
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.creating, name)
		for _, digits := range ranges {
			delete(c.reserved, digits)
		}
	}, nil
}

// freeRange is an account range that no issuer has, no sample issuer either.
func (c *Console) freeRange(ctx context.Context) (string, error) {
	var taken []string
	issuers, err := c.Vault.Issuers(ctx)
	if err != nil {
		return "", err
	}
	for _, issuer := range issuers {
		taken = append(taken, issuer.AccountRanges...)
	}
	for _, sample := range c.Fixtures.AccountRanges {
		taken = append(taken, sample.Range)
	}
	taken = slices.AppendSeq(taken, maps.Keys(c.reserved))
	free, err := keys.FreeAccountRange(taken)
	if err != nil {
		return "", conflict("accountRanges", "All account ranges that are given out are taken; name one.")
	}
	return free, nil
}
