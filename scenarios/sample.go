package scenarios

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/outbound"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/vault"
)

// sealedMember holds the sealed payload, opened in the document of a sample.
const sealedMember = "encryptedData"

// sample is the good call of an operation, as the runner makes it, with a card
// and a token of nobody: it says which members there are.
type sample struct {
	op   *contract.Operation
	path map[string]any
	// document is the body, in which encryptedData is the opened payload.
	document []byte
	places   []place
}

// What the samples are about.
const (
	samplePAN, sampleReplacement  = "4000009010000019", "4000009010000027"
	samplePANID, sampleOtherPANID = "V-0000000000000000000001", "V-0000000000000000000002"
	sampleTokenID, sampleTokenPAN = "DNITHE000000000000000001", "4900000000000010"
	sampleSeed, sampleType        = "sample", "HCE"
	sampleMonth, sampleYear       = "12", "2030"
	sampleStatus, sampleCVV2      = "ACTIVE", "123"
)

var sampleTime = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// sampleSubject is an active token of a card, and the card that may take the
// place of that.
func sampleSubject(set *fixtures.Set, tokenType string) outbound.Subject {
	until := token.Expiration{Month: sampleMonth, Year: sampleYear}
	s := outbound.Subject{
		PAN:         &vault.PAN{ReferenceID: samplePANID, Number: samplePAN, Expiration: until},
		Replacement: &vault.PAN{ReferenceID: sampleOtherPANID, Number: sampleReplacement, Expiration: until},
		Token: &token.Token{ReferenceID: sampleTokenID, PANReferenceID: samplePANID, Number: sampleTokenPAN, Type: tokenType, Status: sampleStatus,
			Expiration: until, CreatedAt: sampleTime, ActivatedAt: sampleTime, StatusUpdatedAt: sampleTime},
	}
	for i, requestor := range set.TokenRequestors {
		if s.Requestor == nil || strings.Contains(strings.Join(requestor.TokenTypes, " "), tokenType) {
			s.Requestor, s.Token.RequestorID = &set.TokenRequestors[i], requestor.TokenRequestorID
		}
	}
	return s
}

// newSample makes the good call of the operation with the overriding members
// of its base.
func newSample(c *contract.Contract, b *outbound.Builder, set *fixtures.Set, op *contract.Operation, tokenType string, with map[string]any) (*sample, error) {
	if tokenType == "" {
		tokenType = sampleType
	}
	subject := sampleSubject(set, tokenType)
	facts, err := b.Sample(op.ID, subject, sampleSeed, sampleTime)
	if err != nil {
		return nil, err
	}
	facts["cardholderInfo"] = outbound.SampleCardholder(sampleCVV2)
	subject.Given = facts
	call, err := b.Build(op.ID, outbound.FactsOf(subject, sampleTime), with)
	if err != nil {
		return nil, err
	}
	whole := map[string]any{}
	for name, value := range call.Members {
		whole[name] = value
	}
	if call.Sealed != nil {
		whole[sealedMember] = call.Sealed
	}
	s := &sample{op: op, path: map[string]any{}}
	for name, value := range call.Path {
		s.path[name] = value
	}
	if s.document, err = json.Marshal(whole); err != nil {
		return nil, err
	}
	if broken, err := s.violations(c, change{}); err != nil || len(broken) > 0 {
		return nil, fmt.Errorf("the sample of %s breaks the contract: %v %w", op.ID, broken, err)
	}
	return s, s.lay()
}

// lay finds the places of the call, in the order of the contract.
func (s *sample) lay() error {
	decoded, err := contract.Decode(s.document)
	if err != nil {
		return err
	}
	if field := s.op.Field(contract.Path); field != nil {
		s.walk(contract.Path, field, "", s.path)
	}
	body := decoded.(map[string]any) // it was one a moment ago
	s.walk(contract.Request, s.op.Field(contract.Request), "", body)
	if payload, ok := body[sealedMember]; ok {
		s.walk(contract.SealedRequest, s.op.Field(contract.SealedRequest), "/"+sealedMember, payload)
	}
	return nil
}

func (s *sample) walk(part contract.Part, field *contract.Field, pointer string, value any) {
	if field == nil {
		return
	}
	s.places = append(s.places, place{part, field, pointer, value})
	if field.Sealed {
		return // what is in it is a part of its own
	}
	switch v := value.(type) {
	case map[string]any:
		for _, member := range field.Fields {
			if inner, ok := v[member.Name]; ok {
				s.walk(part, member, pointer+"/"+escapePointer(member.Name), inner)
			}
		}
	case []any:
		for i, element := range v {
			s.walk(part, field.Items, pointer+"/"+strconv.Itoa(i), element)
		}
	}
}

func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// patch writes a change as an RFC 6902 document.
func (c change) patch() ([]byte, error) {
	step := map[string]any{"op": c.op, "path": c.pointer}
	if c.op != "remove" {
		step["value"] = c.value
	}
	return json.Marshal([]any{step})
}

// violations are the must rules that the changed call breaks.
func (s *sample) violations(c *contract.Contract, changed change) ([]contract.Violation, error) {
	document := s.document
	if changed.op != "" {
		content, err := changed.patch()
		if err != nil {
			return nil, err
		}
		patch, err := jsonpatch.DecodePatch(content)
		if err != nil {
			return nil, err
		}
		if document, err = patch.Apply(document); err != nil {
			return nil, err
		}
	}
	decoded, err := contract.Decode(document)
	if err != nil {
		return nil, err
	}
	body := decoded.(map[string]any)
	payload, sealed := body[sealedMember]
	if sealed {
		body[sealedMember] = "sealed"
	}
	found, err := c.Validate(s.op.ID, contract.Request, body)
	if sealed && err == nil {
		var inside []contract.Violation
		inside, err = c.Validate(s.op.ID, contract.SealedRequest, payload)
		found = append(found, inside...)
	}
	return mustOnly(found), err
}

// pathViolations are those of another value of a path parameter.
func (s *sample) pathViolations(c *contract.Contract, name string, value any) ([]contract.Violation, error) {
	parameters := map[string]any{}
	for known, given := range s.path {
		parameters[known] = given
	}
	parameters[name] = value
	found, err := c.Validate(s.op.ID, contract.Path, parameters)
	return mustOnly(found), err
}

func mustOnly(all []contract.Violation) []contract.Violation {
	var must []contract.Violation
	for _, v := range all {
		if v.Level == contract.Must {
			must = append(must, v)
		}
	}
	return must
}
