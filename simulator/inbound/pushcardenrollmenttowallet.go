package inbound

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Words of the request that decide what happens, and of the status that is
// told afterwards.
const (
	routeSyncDirect = "SYNC_DIRECT" // p.213
	routeAsync      = "ASYNC"       // p.213, where route is absent
	tspVisa         = "V"           // p.214
	pushAccepted    = "ACCEPTED"    // p.220
	pushSucceeded   = "SUCCESS"     // p.237
)

// pushStatus is the operation that tells how a push ended (p.235).
const pushStatus = "pushProvisioningStatusNotification"

// push is one call that is being carried out.
type push struct {
	// reference is what the wallet's app gets as pushData and what names the
	// push in the vault.
	reference string
	// wallets are the recipients, each once, in the order of aud.
	wallets []fixtures.NHPPProfile
	// enrollments and provider are the decrypted payload as it came.
	enrollments []enrollment
	provider    map[string]any
}

// enrollment is an element of enrollments (p.214).
type enrollment map[string]any

func (e enrollment) isVisa() bool { return text(e["tsp"]) == tspVisa }

// instrument is the Visa card, nil for another provider's.
func (e enrollment) instrument() map[string]any {
	members, _ := e["paymentInstrument"].(map[string]any)
	return members
}

func (e enrollment) number() string { return text(e.instrument()["accountNumber"]) }

// pushCardEnrollmentToWallet hands cards of one customer to the wallets that
// aud names (p.212-223). Each card and wallet becomes a record for the wallet
// to work on (see enrol), and for each Visa card of each wallet the issuer is
// told how its push ended (p.235). A push that is refused leaves nothing behind, so
// that its issuerTraceID can be used again.
func (s *Server) pushCardEnrollmentToWallet(_ context.Context, tx vault.Tx, call *Call) (*Answer, error) {
	p, err := s.readPush(call)
	if err != nil {
		return nil, err
	}
	if err := s.refuseMisfits(call, s.pushMisfits(call, p)); err != nil {
		return nil, err
	}
	answer, err := s.pushAnswer(call, p)
	if err != nil {
		return nil, err
	}
	if err := s.useTraceID(tx, call, p); err != nil {
		return nil, err
	}
	cards, err := s.keptCards(tx, call, p)
	if err != nil {
		return nil, err
	}
	provider := s.keptProvider(tx, call, p)
	for _, wallet := range p.wallets {
		for _, card := range cards {
			if err := s.enrol(tx, call, p, wallet, card, provider); err != nil {
				return nil, err
			}
		}
	}
	return answer, nil
}

// readPush takes the call apart and names it.
func (s *Server) readPush(call *Call) (push, error) {
	p := push{wallets: s.recipients(call)}
	p.provider, _ = call.Sealed["provider"].(map[string]any)
	list, _ := call.Sealed["enrollments"].([]any)
	for _, element := range list {
		members, _ := element.(map[string]any)
		p.enrollments = append(p.enrollments, members)
	}
	var err error
	p.reference, err = s.pushReference()
	return p, err
}

// pushReference draws a name for the push: 32 characters of the Base64URL
// alphabet that say nothing about what is pushed.
func (s *Server) pushReference() (string, error) {
	var random [24]byte
	if _, err := io.ReadFull(s.Rand, random[:]); err != nil {
		return "", fmt.Errorf("draw a push reference: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(random[:]), nil
}

// recipients are the wallets that aud names, each once; unknown ones are left
// to pushMisfits.
func (s *Server) recipients(call *Call) []fixtures.NHPPProfile {
	var wallets []fixtures.NHPPProfile
	named := map[string]bool{}
	for _, id := range call.Audience {
		if wallet, known := s.Fixtures.NHPPProfile(id); known && !named[id] {
			named[id] = true
			wallets = append(wallets, wallet)
		}
	}
	return wallets
}

// pushMisfits are the faults of the push that its schema can't show: a
// recipient that nobody is, no card at all, and cards that the issuer has
// not.
func (s *Server) pushMisfits(call *Call, p push) []misfit {
	var found []misfit
	for i, id := range call.Audience {
		if _, known := s.Fixtures.NHPPProfile(id); !known {
			found = append(found, misfit{rule: "envelope/jwe/aud#known", at: sealedMember,
				message: fmt.Sprintf("value %d of aud in the JWE header must be the clientID of a profile that retrieveNHPPParticipants lists", i+1)})
		}
	}
	if len(p.enrollments) == 0 {
		found = append(found, misfit{rule: "pushCardEnrollmentToWallet/request/encryptedData/enrollments#required", kind: contract.KindRequired,
			at: sealedMember + "/enrollments", message: "enrollments must have a card to push"})
	}
	for i, card := range p.enrollments {
		if !card.isVisa() || s.knownCard(call, card.number()) {
			continue
		}
		found = append(found, misfit{rule: "pushCardEnrollmentToWallet/request#card-known",
			at: fmt.Sprintf("%s/enrollments/%d/paymentInstrument/accountNumber", sealedMember, i), message: "accountNumber is not a card of this issuer"})
	}
	return found
}

// pushAnswer tells that the push was taken over and, for SYNC_DIRECT, what
// the issuer opens next: the app of the first recipient that can be opened on
// a uriType, with the reference of the push as its pushData (p.220). The
// other recipients find the push as with ASYNC.
func (s *Server) pushAnswer(call *Call, p push) (*Answer, error) {
	answer := &Answer{Body: map[string]any{"status": pushAccepted}}
	if text(call.Body["route"]) != routeSyncDirect {
		return answer, nil
	}
	uriType := text(call.Body["uriType"])
	for _, wallet := range p.wallets {
		for _, platform := range wallet.SupportedPlatforms {
			if platform.PlatformType != uriType || platform.URI == "" {
				continue
			}
			uri, err := url.Parse(platform.URI)
			if err != nil {
				return nil, fmt.Errorf("uri of profile %s for %s: %w", wallet.ClientID, uriType, err)
			}
			query := uri.Query()
			query.Set("pushData", p.reference)
			uri.RawQuery = query.Encode()
			answer.Body["uri"] = uri.String()
			return answer, nil
		}
	}
	return nil, s.RefuseAt(call, string(contract.KindValue), "uriType",
		"No recipient in aud has an app of uriType %s; supportedPlatforms of the profiles that retrieveNHPPParticipants lists name those that there are.", uriType)
}

// useTraceID takes the issuerTraceID out of use, or refuses the push as a
// replay (p.217, INT-146).
func (s *Server) useTraceID(tx vault.Tx, call *Call, p push) error {
	err := tx.AddRecord(vault.Record{Kind: recordPushTrace, Key: hex.EncodeToString(tx.Hash(text(p.provider["issuerTraceID"]))),
		Content: map[string]any{"pushData": p.reference, "requestID": call.RequestID}, UpdatedAt: call.Now})
	if errors.Is(err, vault.ErrExists) {
		return s.broken(call, "pushCardEnrollmentToWallet/request#trace-id-unused", string(contract.KindValue),
			"provider/issuerTraceID", "This issuerTraceID was used for an earlier push; each needs a new one")
	}
	return err
}
