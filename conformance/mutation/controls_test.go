package mutation_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance"
	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/conformance/reference"
	"github.com/vtsim/vtsim/keys"
	"github.com/vtsim/vtsim/scenarios"
)

var _ = Describe("A server that implements nothing", func() {
	// passed are the cases without a finding, but for those that want no answer
	// at all.
	passed := func(ctx context.Context, handler http.Handler) []scenarios.Case {
		GinkgoHelper()
		result, cases := certified(ctx, endpoint(handler).URL, func(*conformance.Setup) {})
		Expect(result.Verdict).To(Equal(conformance.NotConformant))
		Expect(result.Counts.Broken).To(BeZero())
		var good []scenarios.Case
		for _, one := range result.Cases {
			if one.Outcome != conformance.Passed {
				continue
			}
			at := slices.IndexFunc(cases, func(c scenarios.Case) bool { return c.ID == one.ID })
			if slices.ContainsFunc(callsOf(cases[at]), func(c *scenarios.Call) bool { return !c.Expect.TLSRefused }) {
				good = append(good, cases[at])
			}
		}
		return good
	}

	It("passes nothing when it slams every connection", func(ctx SpecContext) {
		Expect(passed(ctx, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))).To(BeEmpty())
	})

	It("decides, offers and refuses nothing by answering 200 and {}", func(ctx SpecContext) {
		for _, one := range passed(ctx, answering(func(*contract.Operation) (int, string) { return http.StatusOK, "{}" })) {
			for _, call := range callsOf(one) {
				Expect(call.Expect.Refused).To(BeEmpty(), one.ID)
				Expect(call.Operation).NotTo(BeElementOf("approveProvisioning", "deviceTokenBinding", "retrieveStepUpMethods", "sendPasscode"), one.ID)
			}
		}
	})

	It("takes and refuses nothing by answering every call with an internal error", func(ctx SpecContext) {
		internal := func(op *contract.Operation) (int, string) {
			row := setup().Contract.ErrorOn(op.ID, contract.TriggerInternal)
			body, err := json.Marshal(map[string]string{"actionCode": row.ActionCode, "errorCode": row.Code})
			if err != nil || row.Code == "" {
				return http.StatusInternalServerError, ""
			}
			return http.StatusOK, string(body)
		}
		for _, one := range passed(ctx, answering(internal)) {
			for _, call := range callsOf(one) {
				Expect(call.Expect.Open && len(call.Corrupt) > 0 || len(call.Expect.Status) > 0).To(BeTrue(), one.ID)
			}
		}
	})
})

var _ = Describe("An issuer that answers right in another way", func() {
	It("is clean: more members, null ones, HTTP/1.1, in chunks, names of headers in small letters", func(ctx SpecContext) {
		s := setup()
		pair, err := reference.Open(ctx, s, keys.DefaultIssuer)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(pair.Close(ctx)).To(Succeed()) })
		front := endpoint(otherwise(pair.Issuer.URL()))
		result, _ := certified(ctx, front.URL, func(*conformance.Setup) {})
		var found []string
		for _, one := range result.Cases {
			for _, f := range one.Findings {
				found = append(found, one.ID+": "+f.Message)
			}
			if one.Outcome == conformance.Broken {
				found = append(found, one.ID+": "+one.Reason)
			}
		}
		Expect(found).To(BeEmpty())
		Expect(result.Verdict).To(Equal(conformance.Conformant))
	})
})

func callsOf(one scenarios.Case) []*scenarios.Call {
	var calls []*scenarios.Call
	for _, step := range one.Scenario.Steps {
		if step.Call != nil {
			calls = append(calls, step.Call)
		}
	}
	return calls
}

// answering says the same to every call of an operation.
func answering(say func(op *contract.Operation) (int, string)) http.Handler {
	c := setup().Contract
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20))
		for _, op := range c.Operations() {
			if op.Direction == contract.Outbound && serves(op, r.URL) {
				status, body := say(op)
				w.Header().Set("X-Response-Id", r.Header.Get("X-Request-Id"))
				if body != "" {
					w.Header().Set("Content-Type", "application/json; charset=UTF-8")
				}
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
				return
			}
		}
		w.WriteHeader(http.StatusNotFound)
	})
}

var inBraces = regexp.MustCompile(`\\\{[A-Za-z]+\\\}`)

func serves(op *contract.Operation, at *url.URL) bool {
	if !regexp.MustCompile(inBraces.ReplaceAllString(regexp.QuoteMeta(op.Path), "[^/]*") + "$").MatchString(at.Path) {
		return false
	}
	for name, values := range op.FixedQuery {
		if !slices.Contains(values, at.Query().Get(name)) {
			return false
		}
	}
	return true
}

// otherwise stands before the reference issuer and says the same as it does in
// another way.
func otherwise(behind string) http.Handler {
	s := setup()
	target, err := url.Parse(behind)
	Expect(err).NotTo(HaveOccurred())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.Directory.CA.Pool(), Certificates: []tls.Certificate{s.Directory.Client}, MinVersion: tls.VersionTLS12}}
	DeferCleanup(transport.CloseIdleConnections)
	return &httputil.ReverseProxy{Transport: transport, ErrorLog: log.New(io.Discard, "", 0),
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ModifyResponse: func(r *http.Response) error {
			content, err := io.ReadAll(r.Body)
			if err != nil || len(content) == 0 {
				r.Body = http.NoBody
				return err
			}
			var members map[string]any
			if json.Unmarshal(content, &members) == nil {
				members["sentSince2024"], members["addressVerificationResultCode"] = map[string]any{"colour": "green"}, nil
				if members["errorCode"] == nil {
					members["errorCode"] = nil
				}
				if content, err = json.MarshalIndent(members, "\t", "  "); err != nil {
					return err
				}
			}
			r.Header.Del("Content-Length")
			for name, values := range r.Header {
				delete(r.Header, name)
				r.Header[strings.ToLower(name)] = values
			}
			r.ContentLength, r.Body = -1, io.NopCloser(bytes.NewReader(content))
			return nil
		}}
}
