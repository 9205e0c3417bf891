package inbound

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/vtsim/vtsim/keys/xpay"
	"github.com/vtsim/vtsim/simulator/vault"
)

// authenticate verifies x-pay-token (p.27). The doctor's diagnosis of a
// refused one goes to journal and log only.
func (s *Server) authenticate(ctx context.Context, call *Call) error {
	signed := xpay.CallOf(call.request, call.raw)
	value, err := s.payRules.FromHeader(call.request.Header)
	if err == nil {
		err = s.verify(ctx, call, value, signed)
	}
	var refused *xpay.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.As(err, &refused):
		return err
	}
	return s.unauthorized(s.examine(ctx, call, value, signed, refused), s.brokenPayTokenRules(call, refused.Reason)...)
}

// verify checks the token, and notes what is accepted though it is not as it
// should be.
func (s *Server) verify(ctx context.Context, call *Call, value string, signed xpay.Call) error {
	verifier := s.verifier
	if s.Knobs[knobPayTokenOnce] {
		verifier.Replays = replays{s.Vault, call.Issuer.Name}
	}
	accepted, err := verifier.Verify(ctx, call.keys.secret, value, signed)
	if err != nil {
		return err
	}
	for _, warning := range accepted.Warnings {
		call.Warn(s.payTokenRule("lower-case"), s.payRules.Page, warning.Text)
	}
	return nil
}

func (s *Server) payTokenRule(keyword string) string {
	return "headers/request/" + s.payRules.Header + "#" + keyword
}

// brokenPayTokenRules are the rules that the refused token breaks, for the
// journal: those of the header's form, else that of the layer that refused.
func (s *Server) brokenPayTokenRules(call *Call, reason xpay.Reason) []string {
	switch reason.Layer() {
	case xpay.LayerWindow:
		return []string{s.payTokenRule("window")}
	case xpay.LayerDigest:
		return []string{s.payTokenRule("digest"), ruleIdentityConsistent}
	case xpay.LayerReplay:
		return []string{s.payTokenRule("single-use")}
	}
	var rules []string
	for _, v := range s.contract.Tables.ValidateRequestHeaders(call.request.Header, len(call.raw) > 0) {
		if strings.EqualFold(v.Header, s.payRules.Header) {
			rules = append(rules, v.Rule)
		}
	}
	if len(rules) == 0 { // well formed, but no time that seconds can be
		rules = append(rules, s.payTokenRule("window"))
	}
	return rules
}

// examine has the doctor find out why the token was refused. It is a search
// of up to some tenths of a second: when too many are under way, the refusal
// alone has to do.
func (s *Server) examine(ctx context.Context, call *Call, value string, signed xpay.Call, refused *xpay.Error) string {
	if value == "" {
		return refused.Error() // there is nothing to examine
	}
	select {
	case s.doctors <- struct{}{}:
		defer func() { <-s.doctors }()
	default:
		return refused.Error() + "\nThe doctor is busy with other calls; send this one again for a full diagnosis."
	}
	found, err := s.doctor.Diagnose(ctx, xpay.Case{Call: signed, Header: value, Secrets: []xpay.Secret{call.keys.secret},
		Others: s.otherSecrets(ctx, call.Issuer.Name), Replayed: refused.Reason == xpay.ReasonTokenReplayed})
	if err != nil {
		return refused.Error()
	}
	// A whole digest is as good as the credential: of the expected one and of
	// the received one only the beginning is shown, enough to compare.
	const shown = 23 // scheme, timestamp, and eight digits
	if len(found.ReceivedHeader) > shown {
		found.ReceivedHeader = fmt.Sprintf("%s… (%d characters)", strings.ToValidUTF8(found.ReceivedHeader[:shown], ""), len(found.ReceivedHeader))
	}
	return strings.ReplaceAll(digests.ReplaceAllString(found.Text(), "$1…"), call.Issuer.APIKey, hidden)
}

// digests finds what may be a digest in hexadecimal.
var digests = regexp.MustCompile(`([0-9A-Fa-f]{8})[0-9A-Fa-f]{24,}`)

// replays is the optional single-use check of x-pay-token (INT-001).
type replays struct {
	vault  vault.Vault
	issuer string
}

// Use implements xpay.ReplayCache.
func (r replays) Use(ctx context.Context, digest [sha256.Size]byte, _, until time.Time) (bool, error) {
	used, err := r.vault.UsedPayToken(ctx, r.issuer, hex.EncodeToString(digest[:]), until)
	return !used, err
}

// otherSecrets are those of the other issuers, so that the doctor can tell a
// call that was signed with one of them.
func (s *Server) otherSecrets(ctx context.Context, except string) []xpay.Secret {
	issuers, err := s.Vault.Issuers(ctx)
	if err != nil {
		return nil
	}
	var secrets []xpay.Secret
	for _, issuer := range issuers {
		if issuer.Name != except {
			secrets = append(secrets, xpay.NewSecret("issuer "+issuer.Name, []byte(issuer.SharedSecret)))
		}
	}
	return secrets
}
