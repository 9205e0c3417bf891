package inbound

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/keys/jose"
)

// sealedMember carries the sealed payload in requests and answers.
const sealedMember = "encryptedData"

// open opens the request's envelope, when it has one. To the caller every
// refusal looks the same; the doctor's diagnosis goes to the journal.
func (s *Server) open(ctx context.Context, call *Call) error {
	blob := s.blobOf(call)
	if blob == "" {
		return nil
	}
	release, err := s.cryptography(ctx)
	if err != nil {
		return err
	}
	defer release()
	use := keys.UseOf(call.Operation.ID)
	opened, err := s.envelope.Open(use, blob, call.keys.ring)
	if err != nil {
		return s.unopened(ctx, call, use, blob, err)
	}
	for _, warning := range opened.Warnings {
		s.warnOfEnvelope(call, warning)
	}
	call.Audience = opened.JWE.Audience
	if call.Sealed, err = parseObject(opened.Payload, s.Limits.Depth); err != nil {
		return s.uncryptic(call, fmt.Sprintf("the envelope opens, but its content is not usable: %v", err), "envelope#payload-json")
	}
	if issuer := opened.JWE.Issuer; issuer != "" && issuer != call.Issuer.ClientID {
		return s.uncryptic(call, "iss of the JWE is not the clientID of the calling issuer (p.41)", "envelope/jwe/iss#known")
	}
	return nil
}

// blobOf is the envelope of the request. One that is no text, or longer than
// the field may be, is not opened: the field's own rules refuse it.
func (s *Server) blobOf(call *Call) string {
	if call.Operation.Field(contract.SealedRequest) == nil {
		return ""
	}
	blob, _ := call.Body[sealedMember].(string)
	field := call.Operation.Field(contract.Request).Member(sealedMember)
	if field != nil && field.MaxLength != nil && utf8.RuneCountInString(blob) > *field.MaxLength {
		return ""
	}
	return blob
}

// uncryptic is the answer to every envelope that is not as it should be.
func (s *Server) uncryptic(call *Call, diagnosis string, rules ...string) *Refusal {
	refusal := s.RefuseAt(call, contract.TriggerCrypto, sealedMember, "Unable to decrypt.")
	refusal.Diagnosis = diagnosis
	return refusal.breaking(s.contract, rules...)
}

// unopened refuses an envelope and has the doctor explain it.
func (s *Server) unopened(ctx context.Context, call *Call, use jose.Use, blob string, cause error) error {
	var refused *jose.Refused
	if !errors.As(cause, &refused) || refused.Layer == jose.LayerSetup {
		return cause
	}
	diagnosis := refused.Error()
	found, err := s.envelope.Diagnose(jose.Case{Use: use, Blob: blob, Keys: call.keys.ring, Known: s.otherKeys(ctx, call.Issuer.Name), At: call.Now})
	if err == nil {
		diagnosis = found.Text()
	}
	return s.uncryptic(call, diagnosis, envelopeRule(refused.Layer, refused.Reason))
}

// otherKeys are the verification keys of the other issuers, for the doctor.
func (s *Server) otherKeys(ctx context.Context, except string) jose.Keyring {
	var known jose.Keyring
	issuers, err := s.Vault.Issuers(ctx)
	if err != nil {
		return known
	}
	for _, issuer := range issuers {
		if issuer.Name == except {
			continue
		}
		if material, err := s.keysOf(issuer); err == nil {
			known.Verification = append(known.Verification, material.ring.Verification...)
		}
	}
	return known
}

// cryptography waits for a place in the bounded pool of RSA work.
func (s *Server) cryptography(ctx context.Context) (release func(), err error) {
	select {
	case s.rsa <- struct{}{}:
		return func() { <-s.rsa }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// seal puts the answer's sealed payload into its body.
func (s *Server) seal(call *Call, answer *Answer) error {
	if answer.Sealed == nil {
		return nil
	}
	payload, err := json.Marshal(answer.Sealed)
	if err != nil {
		return err
	}
	release, err := s.cryptography(call.request.Context())
	if err != nil {
		return err
	}
	defer release()
	blob, err := s.envelope.Seal(keys.UseOf(call.Operation.ID), payload, jose.Sealing{To: call.keys.encrypt,
		By: jose.SigningKey{ID: s.VisaSigning.ID, RSA: s.VisaSigning.Key}})
	if err != nil {
		return err
	}
	if answer.Body == nil {
		answer.Body = map[string]any{}
	}
	answer.Body[sealedMember] = blob
	return nil
}
