package inbound

import (
	"errors"
	"fmt"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// What panUpdateNotification says about an account level update (p.175-176).
const (
	eventAccountLevel  = "ACCOUNT_LEVEL_RECORD"
	reasonAccountLevel = "ACCOUNT_LEVEL_RECORD_UPDATE"
)

// Members of accountLevelInfo (p.66). The enrolments are answered under their
// own names.
const (
	productIDMember         = "productID"
	contactMember           = "customerContactInfo"
	rpinEnrollmentMember    = "rpinEnrollment"
	replaceEnrollmentMember = "replaceEnrollment"
	linkEnrollmentMember    = "linkEnrollment"
)

// deleteAction takes an enrolment or a link away; changeAction and addAction
// set one up (p.67, 70).
const (
	addAction    = "Add"
	changeAction = "Change"
	deleteAction = "Delete"
)

// accountUpdate is one account level update on its way through its parts.
type accountUpdate struct {
	server *Server
	tx     vault.Tx
	call   *Call
	// reference is the updateReferenceID (p.64), masked where it looks like
	// a card number.
	reference string
	// number is the account number, account its row; without ReferenceID
	// where the number is no card of the issuer.
	number  string
	account vault.PAN
	caller  fixtures.Issuer
	info    members
}

// accountLevel enrols the account in an RPIN with its contact information,
// notes or unlinks a replacement, and adds, changes or removes links to groups
// (p.66-71). A fault that appendix A has a code for does not refuse the call
// (INT-132): each enrolment is judged and carried out by itself (INT-133), and
// a notification tells later what became of it (p.177-179).
//
// Its facts are
//
//	{"messageReasonCode": "…", "updateReferenceID": "…",
//	 "accountLevelInfoResp": {…},                   as it is sent
//	 "cardholderInfo": {"panReferenceID": "V-…"}}   the account, where it is a card of the issuer
func (s *Server) accountLevel(tx vault.Tx, call *Call, request panLifecycleRequest) error {
	u, err := s.newAccountUpdate(tx, call, request)
	if err != nil {
		return err
	}
	outcome := map[string]any{}
	for _, part := range []struct {
		member  string
		process func() (map[string]any, error)
	}{
		{rpinEnrollmentMember, u.enrol},
		{replaceEnrollmentMember, u.replace},
		{linkEnrollmentMember, u.link},
	} {
		if !given(u.info[part.member]) {
			continue
		}
		if outcome[part.member], err = part.process(); err != nil {
			return fmt.Errorf("%s: %w", part.member, err)
		}
	}
	if err := u.audit(request, outcome); err != nil {
		return err
	}
	return u.notify(outcome)
}

func (s *Server) newAccountUpdate(tx vault.Tx, call *Call, request panLifecycleRequest) (*accountUpdate, error) {
	payload := members(request.Payload)
	u := &accountUpdate{server: s, tx: tx, call: call, reference: contract.Mask(request.UpdateReferenceID),
		number: payload.object("replaceCardholderInfo").text("primaryAccountNumber"),
		caller: s.fixtureIssuer(call.Issuer.Name), info: payload.object(accountLevelMember)}
	if err := u.seed(); err != nil {
		return nil, err
	}
	if !s.knownCard(call, u.number) {
		return u, nil
	}
	var err error
	u.account, err = s.account(tx, call, u.number, token.Expiration{})
	return u, err
}

// notify queues the outcome for the issuer. An account that is no card of the
// issuer has no reference to name it by.
func (u *accountUpdate) notify(outcome map[string]any) error {
	facts := map[string]any{"messageReasonCode": reasonAccountLevel, accountLevelResponse: outcome, "updateReferenceID": u.reference}
	if u.account.ReferenceID != "" {
		facts["cardholderInfo"] = cardFact(u.account)
	}
	return u.server.enqueue(u.tx, u.call, vault.Notification{Operation: u.server.contract.Tables.RejectCodes.AppliesTo.AnsweredBy,
		EventType: eventAccountLevel, PANID: u.account.ReferenceID, Facts: facts})
}

// audit keeps by whom and why the records of an account were updated.
func (u *accountUpdate) audit(request panLifecycleRequest, outcome map[string]any) error {
	if u.account.ReferenceID == "" {
		return nil
	}
	entry := map[string]any{"operationType": request.OperationType, "operationReasonCode": request.OperationReasonCode,
		"operationReason": contract.Mask(request.OperationReason), "operatorID": contract.Mask(request.OperatorID), "requestID": u.call.RequestID,
		"updateReferenceID": u.reference, "outcome": outcome}
	return u.tx.PutRecord(vault.Record{Kind: "audit", Key: u.account.ReferenceID + "/" + u.call.ID, Content: entry, UpdatedAt: u.call.Now})
}

// exists tells a row that is there from one that is not.
func exists(err error) (bool, error) {
	if errors.Is(err, vault.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// members is a decoded object whose members may be absent, of which text says
// "" (INT-125). Names are matched to the letter: the sample's spellings are
// unknown members (INT-067).
type members map[string]any

func (m members) text(name string) string { return text(m[name]) }

func (m members) object(name string) members {
	inner, _ := m[name].(map[string]any)
	return inner
}

func (m members) list(name string) []any {
	list, _ := m[name].([]any)
	return list
}
