package inbound

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/simulator/fault"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Call is one request on its way through the stages; later stages fill in
// more of it.
type Call struct {
	// ID of the journal row, RequestID the caller's X-REQUEST-ID.
	ID, RequestID string
	Operation     *contract.Operation
	// Now is the simulator's time at which the call came in.
	Now time.Time
	// Issuer who calls; set by the identity stage.
	Issuer vault.Issuer
	// Path and Query are the parameters as the contract's parts hold them.
	Path, Query map[string]any
	// Body is the request as it travelled, Sealed the decrypted content of
	// its encryptedData; nil when there is none.
	Body, Sealed map[string]any
	// Audience are the recipients named in the envelope (p.41).
	Audience []string

	request *http.Request
	raw     []byte
	// apiKeyName is how the query spells the parameter of the apiKey.
	apiKeyName string
	keys       *issuerKeys
	// traffic gathers what the journal is to say beside the messages.
	traffic vault.Traffic
	started time.Time // monotonic
	status  int       // of the answer; 0 until there is one
	// struck is a fault that will strike after the commit, recorded what the
	// transaction's journal row says the caller saw.
	struck   *fault.Fault
	recorded *outcome
}

// Answer is a success.
type Answer struct {
	// Body of the response; nil is an empty body. Sealed is put, sealed,
	// into its encryptedData member; nil when there is none.
	Body, Sealed map[string]any
}

// Parameter returns a path or query parameter as text, "" when absent.
func (c *Call) Parameter(name string) string {
	for _, part := range []map[string]any{c.Path, c.Query} {
		if value, ok := part[name]; ok {
			return fmt.Sprint(value)
		}
	}
	return ""
}

// Decode reads validated members into a struct.
func Decode(members map[string]any, target any) error {
	content, err := json.Marshal(members)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, target)
}

// Warn notes something that was accepted though it is not as it should be.
func (c *Call) Warn(rule string, page int, message string) {
	c.traffic.Violations = append(c.traffic.Violations, vault.Violation{Rule: rule, Page: page, Message: contract.Mask(message)})
}
