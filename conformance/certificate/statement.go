package certificate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/vtsim/vtsim/conformance"
)

// Schema of the Statement.
const Schema = "vtsim-certificate/1"

// Statement is what a certificate says about a Result.
type Statement struct {
	Schema string `json:"schema"`
	// Result that is certified.
	Result  Digest              `json:"result"`
	Verdict conformance.Verdict `json:"verdict"`
	// Interrupted says that the Result is a part of one.
	Interrupted bool               `json:"interrupted,omitempty"`
	Tool        conformance.Tool   `json:"tool"`
	Spec        string             `json:"spec"`
	Issuer      conformance.Issuer `json:"issuer"`
	// Profile, Filter, FailOn and Seed are what was asked for.
	Profile string             `json:"profile"`
	Filter  string             `json:"filter,omitempty"`
	FailOn  string             `json:"failOn"`
	Seed    string             `json:"seed"`
	Counts  conformance.Counts `json:"counts"`
	Rules   Rules              `json:"rules"`
	// StartedAt is when the run began, IssuedAt when this was signed, both UTC.
	StartedAt time.Time `json:"startedAt"`
	IssuedAt  time.Time `json:"issuedAt"`
}

// Digest of the Result document's bytes, as they lie in its file.
type Digest struct {
	// SHA256 in hexadecimal.
	SHA256 string `json:"sha256"`
	Bytes  int    `json:"bytes"`
}

// Rules are the sums of conformance.RuleCounts.
type Rules struct {
	Total     int `json:"total"`
	Exercised int `json:"exercised"`
	Proven    int `json:"proven"`
}

// stated is what a Statement takes from a Result.
type stated struct {
	Schema      string              `json:"schema"`
	Tool        conformance.Tool    `json:"tool"`
	Spec        string              `json:"spec"`
	Issuer      conformance.Issuer  `json:"issuer"`
	Plan        conformance.Plan    `json:"plan"`
	StartedAt   time.Time           `json:"startedAt"`
	Verdict     conformance.Verdict `json:"verdict"`
	Interrupted bool                `json:"interrupted"`
	Counts      conformance.Counts  `json:"counts"`
	Rules       Rules               `json:"rules"`
}

// statementOf a Result document.
func statementOf(result []byte, issued time.Time) (Statement, error) {
	var r stated
	if err := json.Unmarshal(result, &r); err != nil {
		return Statement{}, fmt.Errorf("the result is not JSON: %w", err)
	}
	if r.Schema != conformance.Schema {
		return Statement{}, fmt.Errorf("the result's schema is %.80q, want %q", r.Schema, conformance.Schema)
	}
	if r.Verdict == "" {
		return Statement{}, errors.New("the result has no verdict")
	}
	sum := sha256.Sum256(result)
	return Statement{Schema: Schema, Result: Digest{SHA256: hex.EncodeToString(sum[:]), Bytes: len(result)}, Verdict: r.Verdict, Interrupted: r.Interrupted,
		Tool: r.Tool, Spec: r.Spec, Issuer: r.Issuer, Profile: r.Plan.Profile, Filter: r.Plan.Filter, FailOn: r.Plan.FailOn, Seed: r.Plan.Seed,
		Counts: r.Counts, Rules: r.Rules, StartedAt: r.StartedAt.UTC(), IssuedAt: issued.UTC().Truncate(time.Second)}, nil
}

// read is strict: what this version does not know, it does not certify.
func read(payload []byte) (Statement, error) {
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	var s Statement
	if err := decoder.Decode(&s); err != nil {
		return Statement{}, fmt.Errorf("the certificate's statement can't be read: %w", err)
	}
	if decoder.More() {
		return Statement{}, errors.New("the certificate's statement is followed by something")
	}
	if s.Schema != Schema {
		return Statement{}, fmt.Errorf("the certificate's schema is %.80q, this vtsim reads %q", s.Schema, Schema)
	}
	return s, nil
}

// same compares two statements about one Result.
func same(a, b Statement) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
