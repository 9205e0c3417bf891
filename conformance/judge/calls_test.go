package judge_test

import (
	"fmt"
	"maps"
	"strings"
)

// notification is a right notification, from the samples of the contract.
func notification(op string, p *peer) sent {
	s := sent{op: op, body: sample(op, "request")}
	delete(s.body, "encryptedData")
	s.path = p.token()
	if strings.HasPrefix(op, "pan") {
		s.path = nil
	}
	if op != "cardMetadataUpdateNotification" {
		s.sealed = sample(op, "request-encryptedData")
	}
	if info, ok := s.sealed["tokenInfo"].(map[string]any); ok {
		info["autoFillIndicator"] = false
	}
	switch op {
	case "tokenCreateNotification":
		maps.Copy(s.body, map[string]any{"clientWalletAccountID": "40010000030", "lifeCycleTraceID": 1, "actionCode": "00"})
	case "pushProvisioningStatusNotification":
		s.body["statusCode"] = "SUCCESS"
	}
	return s
}

// said are the messages of the last trial.
func said(p *peer) string {
	var text strings.Builder
	for _, f := range p.found {
		fmt.Fprintf(&text, "\n  %s: %s [%s]", f.Rule, f.Message, f.Treated)
	}
	return text.String()
}
