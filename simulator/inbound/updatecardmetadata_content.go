package inbound

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Kinds of the vault's records about card metadata.
const (
	// kindCardMetadata has the metadata of a token or a PAN under its
	// reference. A token has what is kept for itself, else for its PAN.
	kindCardMetadata = "cardmetadata"
	// kindTask has the tasks by their taskID.
	kindTask = "task"
	// kindMetadataProfile has metadata that the issuer preloaded, by profile
	// id, in the member cardMetadataInfo (p.104).
	kindMetadataProfile = "metadataprofile"
)

const (
	metadataMember = "cardMetadataInfo"
	profileMember  = "profileID"
)

// metadataUpdate is what a request sets.
type metadataUpdate struct {
	// info is the complete metadata: that of the profile, if one is named,
	// with the members that were sent in their place.
	info               map[string]any
	profileID          string
	reason, operatorID string
	requestID          string
}

// metadataUpdate reads the request and looks up the profile that it names.
func (s *Server) metadataUpdate(tx vault.Tx, call *Call) (metadataUpdate, error) {
	sent, _ := filled(call.Body[metadataMember]).(map[string]any)
	update := metadataUpdate{info: map[string]any{}, profileID: text(sent[profileMember]), requestID: call.RequestID,
		reason: contract.Mask(text(call.Body["operationReason"])), operatorID: text(call.Body["operatorID"])}
	if update.profileID != "" {
		profile, err := s.metadataProfile(tx, call, update.profileID)
		if err != nil {
			return metadataUpdate{}, err
		}
		update.info = profile
	}
	maps.Copy(update.info, sent)
	if holdsPAN(update.info, call.Issuer) {
		update.info, _ = contract.MaskValue(update.info, nil).(map[string]any)
	}
	return update, nil
}

// record is the update as the vault keeps it for a token or a PAN.
func (u metadataUpdate) record(call *Call, reference string) vault.Record {
	content := map[string]any{metadataMember: u.info, "operationReason": u.reason, "operatorID": u.operatorID,
		"requestID": u.requestID, "cause": call.ID}
	return vault.Record{Kind: kindCardMetadata, Key: reference, Content: content, UpdatedAt: call.Now}
}

// metadataProfile returns the metadata that the issuer preloaded under the
// id, a copy, or refuses the call: nobody may name a profile of another
// issuer (p.104, p.108).
func (s *Server) metadataProfile(tx vault.Tx, call *Call, id string) (map[string]any, error) {
	stored, err := tx.Record(kindMetadataProfile, id)
	if err == nil {
		info, _ := stored.Content[metadataMember].(map[string]any)
		return maps.Clone(info), nil
	}
	if !errors.Is(err, vault.ErrNotFound) {
		return nil, err
	}
	profile, ok := s.Fixtures.MetadataProfile(id)
	if !ok || profile.Issuer != s.sampleIssuer(call.Issuer.Name) {
		return nil, s.RefuseAt(call, contract.TriggerProfileID, metadataMember+"/"+profileMember, "The issuer has preloaded no card metadata under this profileID.")
	}
	info := map[string]any{}
	return info, json.Unmarshal(profile.CardMetadataInfo, &info)
}

// sampleIssuer is the issuer of the fixtures whose metadata profiles an issuer
// has: its own, and for one that no fixture lists those of the first, so that
// a new issuer has some to name.
func (s *Server) sampleIssuer(name string) string {
	if slices.ContainsFunc(s.Fixtures.Issuers, func(i fixtures.Issuer) bool { return i.Name == name }) || len(s.Fixtures.Issuers) == 0 {
		return name
	}
	return s.Fixtures.Issuers[0].Name
}

// filled copies a value without the members that count as absent: null, empty
// text (INT-122), and structures without anything in them (p.109).
func filled(value any) any {
	switch v := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for name, member := range v {
			if member = filled(member); member != nil {
				kept[name] = member
			}
		}
		if len(kept) > 0 {
			return kept
		}
		return nil
	case string:
		if v == "" {
			return nil
		}
	}
	return value
}

// holdsPAN tells whether somewhere in the metadata, which is kept in clear and
// shown on devices, there may be a PAN of the issuer.
func holdsPAN(info map[string]any, issuer vault.Issuer) bool {
	content, err := json.Marshal(info)
	if err != nil {
		return true
	}
	joined := strings.NewReplacer(" ", "", "-", "").Replace(string(content))
	return slices.ContainsFunc(issuer.AccountRanges, func(digits string) bool { return strings.Contains(joined, digits) })
}

// requestorID is a token requestor's id as the vault has it, digits, from a
// text or a number of any notation (INT-042). The contract bounds it.
func requestorID(value any) string {
	number, ok := value.(json.Number)
	if !ok {
		return text(value)
	}
	if float, err := number.Float64(); err == nil { // exact: the ids have 11 digits
		return strconv.FormatFloat(float, 'f', -1, 64)
	}
	return number.String()
}

// emittedRequestorID is the id as answers to issuers have it: a number
// (INT-042).
func emittedRequestorID(id string) any {
	if id == "" || len(id) > 1 && id[0] == '0' || strings.Trim(id, "0123456789") != "" {
		return id // no number would read the same
	}
	return json.Number(id)
}
