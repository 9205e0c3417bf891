package scenarios

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
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

// openedMember holds the sealed payload, opened, in the document of a sample.
const openedMember = "encryptedData"

// sample is the good call of an operation, as the runner makes it, with a card
// and a token of nobody: it says which members there are.
type sample struct {
	op   *contract.Operation
	path map[string]any
	// document is the body, in which encryptedData is the opened payload.
	document []byte
	places   []memberPlace
}

// What the samples are about.
const (
	samplePAN, samplePANID        = "4000009010000019", "V-0000000000000000000001"
	sampleTokenPAN, sampleTokenID = "4900000000000010", "DNITHE000000000000000001"
	sampleMonth, sampleYear       = "12", "2030"
	sampleCVV2, sampleSeed        = "123", "sample"
)

// Token that a case has when nothing else is said; see Scenario.Token.
const usualType, usualStatus = "HCE", "ACTIVE"

var sampleTime = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// sampleSubject is a card, and a token of it as a case begins with.
func sampleSubject(set *fixtures.Set, t Token) outbound.Subject {
	until := token.Expiration{Month: sampleMonth, Year: sampleYear}
	made := &token.Token{ReferenceID: sampleTokenID, PANReferenceID: samplePANID, Number: sampleTokenPAN, Expiration: until,
		Type: cmp.Or(t.Type, usualType), Status: token.Status(cmp.Or(t.Status, usualStatus)), CreatedAt: sampleTime, StatusUpdatedAt: sampleTime}
	if made.Status == usualStatus {
		made.ActivatedAt = sampleTime
	}
	holder := outbound.SampleCardholder(sampleCVV2)
	delete(holder, "billingAddress") // for Secure Remote Commerce (p.47)
	s := outbound.Subject{PAN: &vault.PAN{ReferenceID: samplePANID, Number: samplePAN, Expiration: until}, Token: made,
		Tokens: map[token.Status]int{made.Status: 1}, Given: outbound.Facts{"cardholderInfo": holder}}
	for i, requestor := range set.TokenRequestors {
		if s.Requestor == nil && slices.Contains(requestor.TokenTypes, made.Type) {
			s.Requestor, made.RequestorID = &set.TokenRequestors[i], requestor.TokenRequestorID
		}
	}
	return s
}

// newSample makes the good call of the operation with the overriding members
// of its base.
func newSample(c *contract.Contract, b *outbound.Builder, set *fixtures.Set, op *contract.Operation, t Token, with map[string]any) (*sample, error) {
	subject := sampleSubject(set, t)
	facts, err := b.Sample(op.ID, subject, sampleSeed, sampleTime)
	if err != nil {
		return nil, err
	}
	for name, fact := range subject.Given {
		facts[name] = fact
	}
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
		whole[openedMember] = call.Sealed
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
	if payload, ok := body[openedMember]; ok {
		s.walk(contract.SealedRequest, s.op.Field(contract.SealedRequest), "/"+openedMember, payload)
	}
	return nil
}

func (s *sample) walk(part contract.Part, field *contract.Field, pointer string, value any) {
	if field == nil {
		return
	}
	s.places = append(s.places, memberPlace{part, field, pointer, value})
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
	payload, sealed := body[openedMember]
	if sealed {
		body[openedMember] = "sealed"
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
