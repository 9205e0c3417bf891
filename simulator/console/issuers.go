package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/simulator/vault"
)

// page is the shape of every list that can be gone on with.
type page struct {
	Items any    `json:"items"`
	Next  string `json:"next"`
}

// issuerView is an issuer as the console shows it.
type issuerView struct {
	Name          string         `json:"name"`
	Endpoint      string         `json:"endpoint"`
	AccountRanges []string       `json:"accountRanges"`
	Settings      map[string]any `json:"settings,omitempty"`
}

func viewOfIssuer(issuer vault.Issuer) issuerView {
	view := issuerView{Name: issuer.Name, Endpoint: issuer.Endpoint, AccountRanges: issuer.AccountRanges}
	if view.AccountRanges == nil {
		view.AccountRanges = []string{}
	}
	if settings, ok := issuer.Settings[settingTransitions]; ok {
		view.Settings = map[string]any{settingTransitions: settings}
	}
	return view
}

func (c *Console) listIssuers(ctx context.Context, _ *request) (*reply, error) {
	issuers, err := c.Vault.Issuers(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]issuerView, len(issuers))
	for i, issuer := range issuers {
		views[i] = viewOfIssuer(issuer)
	}
	return &reply{body: page{Items: views}}, nil
}

// issuer finds an issuer that a request names in a member or parameter.
func (c *Console) issuer(ctx context.Context, field, name string) (vault.Issuer, error) {
	issuer, err := c.Vault.Issuer(ctx, name)
	if errors.Is(err, vault.ErrNotFound) {
		return issuer, missing(field, "There is no issuer of this name; GET /api/v1/issuers lists them.")
	}
	return issuer, err
}

// knownIssuer refuses a list that is limited to an issuer who does not exist:
// an empty list would hide the mistake.
func (c *Console) knownIssuer(ctx context.Context, r *request) error {
	name, given := r.query["issuer"]
	if !given {
		return nil
	}
	_, err := c.issuer(ctx, "issuer", name)
	return err
}

func (c *Console) getIssuer(ctx context.Context, r *request) (*reply, error) {
	issuer, err := c.issuer(ctx, "name", r.path("name"))
	if err != nil {
		return nil, err
	}
	return &reply{body: viewOfIssuer(issuer)}, nil
}

// issuerUpdate is what PUT changes.
type issuerUpdate struct {
	Endpoint      *string   `json:"endpoint"`
	AccountRanges []string  `json:"accountRanges"`
	Settings      *settings `json:"settings"`
}

func (c *Console) updateIssuer(ctx context.Context, r *request) (*reply, error) {
	var change issuerUpdate
	if err := r.decode(&change); err != nil {
		return nil, err
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	issuer, err := c.issuer(ctx, "name", r.path("name"))
	if err != nil {
		return nil, err
	}
	if change.Endpoint != nil {
		if issuer.Endpoint, err = cleanEndpoint(*change.Endpoint); err != nil {
			return nil, err
		}
	}
	if change.AccountRanges != nil {
		if err := c.checkRanges(ctx, issuer.Name, change.AccountRanges); err != nil {
			return nil, err
		}
		issuer.AccountRanges = change.AccountRanges
	}
	if change.Settings != nil {
		if issuer.Settings, err = c.changedSettings(issuer.Settings, change.Settings); err != nil {
			return nil, err
		}
	}
	if err := c.Vault.PutIssuer(ctx, issuer); err != nil {
		return nil, err
	}
	return &reply{body: viewOfIssuer(issuer)}, nil
}

// checkRanges refuses ranges that are another's, or those of tokens.
func (c *Console) checkRanges(ctx context.Context, issuer string, ranges []string) error {
	issuers, err := c.Vault.Issuers(ctx)
	if err != nil {
		return err
	}
	for _, digits := range ranges {
		if c.Fixtures.IsToken(digits) {
			return bad("accountRanges", "Account range %s is where token numbers are drawn from; choose another.", digits)
		}
		for _, other := range issuers {
			if other.Name != issuer && slices.Contains(other.AccountRanges, digits) {
				return conflict("accountRanges", "Account range %s belongs to another issuer; choose another, or none to get a free one.", digits)
			}
		}
	}
	return nil
}

func (c *Console) deleteIssuer(ctx context.Context, r *request) (*reply, error) {
	c.changing.Lock()
	defer c.changing.Unlock()
	issuer, err := c.issuer(ctx, "name", r.path("name"))
	if err != nil {
		return nil, err
	}
	if err := c.Vault.DropIssuer(ctx, issuer.Name); err != nil {
		return nil, err
	}
	// A pause goes with the issuer: one of the same name begins anew.
	if err := c.Calls.Queue().Resume(ctx, issuer.Name); err != nil {
		return nil, err
	}
	c.Faults.Reset(issuer.Name)
	c.metrics.forget(issuer.Name)
	c.cardsMu.Lock()
	defer c.cardsMu.Unlock()
	delete(c.cards, issuer.Name)
	return &reply{}, nil
}

// cleanEndpoint checks an issuer's URL (p.25) and takes trailing slashes off.
func cleanEndpoint(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", bad("endpoint", "endpoint must be a URL such as https://localhost:9443, without user, query or fragment.")
	}
	return strings.TrimRight(text, "/"), nil
}

func (c *Console) resetIssuer(ctx context.Context, r *request) (*reply, error) {
	var target struct {
		Issuer string `json:"issuer"`
	}
	if err := r.decode(&target); err != nil {
		return nil, err
	}
	if _, err := c.issuer(ctx, "issuer", target.Issuer); err != nil {
		return nil, err
	}
	if err := c.Vault.Reset(ctx, target.Issuer); err != nil {
		return nil, err
	}
	if err := c.Calls.Queue().Resume(ctx, target.Issuer); err != nil {
		return nil, err
	}
	c.Faults.Reset(target.Issuer)
	return &reply{}, nil
}

func (c *Console) describe(context.Context, *request) (*reply, error) {
	return &reply{serve: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaJSON)
		if _, err := w.Write(c.document.content); err != nil {
			c.Log.Debug("console caller went away", "cause", err)
		}
	})}, nil
}
