package xpay_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys/xpay"
)

const vectorsFile = "../../fixtures/vectors/xpay.json"

// vector is one entry of the language-neutral file.
type vector struct {
	ID           string         `json:"id"`
	Title        string         `json:"title"`
	Cite         string         `json:"cite"`
	Secret       string         `json:"secret"`
	OtherSecrets []labelled     `json:"otherSecrets,omitempty"`
	Clock        int64          `json:"clock"`
	Method       string         `json:"method"`
	Host         string         `json:"host"`
	Path         string         `json:"path"`
	Query        string         `json:"query"`
	Body         string         `json:"body"`
	Token        string         `json:"token"`
	Expect       string         `json:"expect"`
	Layer        xpay.Layer     `json:"layer"`
	Reason       xpay.Reason    `json:"reason"`
	Mistake      xpay.MistakeID `json:"mistake"`
	AlreadyUsed  bool           `json:"alreadyUsed,omitempty"`
}

type labelled struct {
	Label  string `json:"label"`
	Secret string `json:"secret"`
}

const (
	accept            = "accept"
	acceptWithWarning = "accept-with-warning"
	refuse            = "refuse"
)

func (v vector) call() xpay.Call {
	return xpay.Call{Method: v.Method, Host: v.Host, Path: v.Path, Query: v.Query, Body: []byte(v.Body)}
}

func (v vector) secret() xpay.Secret { return xpay.NewSecret("the issuer's", []byte(v.Secret)) }

func (v vector) now() time.Time { return time.Unix(v.Clock, 0) }

// timestamp is the token's own, for vectors whose token can be read.
func (v vector) timestamp() time.Time {
	GinkgoHelper()
	token, err := xpay.Parse(rules(), v.Token)
	Expect(err).NotTo(HaveOccurred())
	return time.Unix(token.Seconds, 0)
}

func readVectors() ([]vector, error) {
	text, err := os.ReadFile(vectorsFile)
	if err != nil {
		return nil, err
	}
	var file struct {
		Envelope string
		Page     int
		Vectors  []vector
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, err
	}
	return file.Vectors, nil
}

// vectorEntries are read while the tree of specs is built; a file that cannot be read is told by the last of the specs below.
func vectorEntries(body func(vector)) []any {
	entries := []any{body}
	vectors, _ := readVectors()
	for _, v := range vectors {
		entries = append(entries, Entry(v.ID+": "+v.Title+" ("+v.Cite+")", v))
	}
	return entries
}

var _ = DescribeTable("Vectors: what signing gives", vectorEntries(func(v vector) {
	if v.Expect == refuse && v.Layer != xpay.LayerReplay && v.Layer != xpay.LayerWindow {
		token, err := xpay.Sign(rules(), v.secret(), v.now(), v.call())
		if v.Reason == xpay.ReasonQueryMalformed {
			Expect(xpay.ReasonOf(err)).To(Equal(xpay.ReasonQueryMalformed))
			return
		}
		Expect(err).NotTo(HaveOccurred())
		Expect(token).NotTo(Equal(v.Token))
		return
	}
	token, err := xpay.Sign(rules(), v.secret(), v.timestamp(), v.call())
	Expect(err).NotTo(HaveOccurred())
	if v.Expect == acceptWithWarning {
		Expect(v.Token).NotTo(Equal(token))
		Expect(strings.ToLower(v.Token)).To(Equal(token))
		return
	}
	Expect(v.Token).To(Equal(token))
})...)

var _ = DescribeTable("Vectors: what verifying says", vectorEntries(func(v vector) {
	verifier := xpay.Verifier{Rules: rules(), Clock: clockAt(v.now())}
	if v.AlreadyUsed {
		cache, err := xpay.NewMemoryReplayCache(1)
		Expect(err).NotTo(HaveOccurred())
		verifier.Replays = cache
		_, err = verifier.Verify(GinkgoT().Context(), v.secret(), v.Token, v.call())
		Expect(err).NotTo(HaveOccurred())
	}
	accepted, err := verifier.Verify(GinkgoT().Context(), v.secret(), v.Token, v.call())
	Expect(xpay.ReasonOf(err)).To(Equal(v.Reason))
	switch v.Expect {
	case refuse:
		Expect(err).To(HaveOccurred())
		Expect(v.Reason.Layer()).To(Equal(v.Layer))
	case acceptWithWarning:
		Expect(err).NotTo(HaveOccurred())
		Expect(accepted.Warnings).To(HaveLen(1))
		Expect(accepted.Warnings[0].ID).To(Equal(v.Mistake))
	default:
		Expect(v.Expect).To(Equal(accept))
		Expect(err).NotTo(HaveOccurred())
		Expect(accepted.Warnings).To(BeEmpty())
	}
})...)

var _ = DescribeTable("Vectors: what the doctor says", vectorEntries(func(v vector) {
	c := xpay.Case{Call: v.call(), Header: v.Token, Secrets: []xpay.Secret{v.secret()}, Replayed: v.AlreadyUsed}
	for _, other := range v.OtherSecrets {
		c.Others = append(c.Others, xpay.NewSecret(other.Label, []byte(other.Secret)))
	}
	d, err := xpay.Doctor{Rules: rules(), Clock: clockAt(v.now())}.Diagnose(GinkgoT().Context(), c)
	Expect(err).NotTo(HaveOccurred())
	Expect(d.Reason).To(Equal(v.Reason))
	if v.Mistake != "" {
		Expect(explaining(d)).NotTo(BeEmpty(), d.Text)
		Expect(explaining(d)[0]).To(Equal(v.Mistake), d.Text)
	} else {
		// Query-less calls lack the API key, which is another story than the token's.
		Expect(explaining(d)).To(Or(BeEmpty(), Equal([]xpay.MistakeID{xpay.APIKeyMissing})), d.Text)
	}
	Expect(d.Explained).To(Equal(v.Mistake != "" || v.Expect != refuse), d.Text)
})...)

var _ = Describe("The file of vectors", func() {
	It("can be read, and has at least forty vectors of each expectation's worth", func() {
		vectors, err := readVectors()
		Expect(err).NotTo(HaveOccurred())
		Expect(len(vectors)).To(BeNumerically(">=", 40))
		count := map[string]int{}
		ids := map[string]bool{}
		for _, v := range vectors {
			Expect(ids).NotTo(HaveKey(v.ID))
			ids[v.ID] = true
			count[v.Expect+" "+string(v.Layer)]++
			Expect(v.Title).NotTo(BeEmpty(), v.ID)
			Expect(v.Cite).To(MatchRegexp(`^p\.\d+(, (p\.\d+|INT-\d{3}))*$`), v.ID)
			Expect(v.Secret).NotTo(BeEmpty(), v.ID)
			Expect(v.Clock).To(BeNumerically(">", 0), v.ID)
			Expect(v.Expect == refuse).To(Equal(v.Layer != "" && v.Reason != ""), v.ID)
		}
		Expect(count).To(HaveLen(6), "accept, accept with warning, and a refusal at each of four layers")
	})
})

var _ = Describe("Another implementation (p.27)", func() {
	It("written in another language agrees on every vector, and with what is signed here", func() {
		node, err := exec.LookPath("node")
		if err != nil {
			if os.Getenv("CI") != "" {
				Fail("node is not installed: the interoperability of x-pay-token must be proven in CI")
			}
			Skip("node is not installed: the interoperability of x-pay-token was not tried")
		}
		vectors, err := readVectors()
		Expect(err).NotTo(HaveOccurred())
		vectors = append(vectors, signedHere()...)
		file := filepath.Join(GinkgoT().TempDir(), "vectors.json")
		text, err := json.Marshal(map[string]any{"vectors": vectors})
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(file, text, 0o600)).To(Succeed())

		printed, err := exec.CommandContext(GinkgoT().Context(), node, "testdata/interop.mjs", file).Output()
		Expect(err).NotTo(HaveOccurred())
		var theirs struct {
			Results []struct {
				ID, Signed, Expect string
				Layer              xpay.Layer
				Reason             xpay.Reason
			}
		}
		Expect(json.Unmarshal(printed, &theirs)).To(Succeed())
		Expect(theirs.Results).To(HaveLen(len(vectors)))
		for i, v := range vectors {
			their := theirs.Results[i]
			Expect(their.ID).To(Equal(v.ID))
			Expect(their.Expect).To(Equal(v.Expect), v.ID)
			Expect(their.Layer).To(Equal(v.Layer), v.ID)
			Expect(their.Reason).To(Equal(v.Reason), v.ID)
			ours, err := xpay.Sign(rules(), v.secret(), v.now(), v.call())
			Expect(their.Signed).To(Equal(ours), v.ID)
			if err == nil {
				_, err = xpay.Verifier{Rules: rules(), Clock: clockAt(v.now())}.Verify(GinkgoT().Context(), v.secret(), their.Signed, v.call())
				Expect(err).NotTo(HaveOccurred(), v.ID)
			}
		}
	})
})

// signedHere are calls of every odd kind with tokens that Sign made.
func signedHere() []vector {
	GinkgoHelper()
	var vectors []vector
	queries := []string{"", "a", "=", "a=b=c&&d", "%41=%7e&A=~", "z=ü&a=%C3%BC+%2B", "a~=1&a%C3%A9=2", "b=2&b=10&b=", "a-b=1&a=2&a.b=3", "x=😀;,:@&y=!'()*", "%e2%82%ac=\\\"<>"}
	for _, path := range []string{"/", "/vtis/v1/sendPasscode", "//a//b/%2F/ü/"} {
		for i, query := range queries {
			v := vector{ID: path + " " + query, Secret: "s€cret", Clock: instant.Unix() + int64(i), Method: "POST", Path: path, Query: query, Body: "{\"ü\":\r\n\t\"\u2028\"}" + query, Expect: accept}
			token, err := xpay.Sign(rules(), v.secret(), v.now(), v.call())
			Expect(err).NotTo(HaveOccurred())
			v.Token = token
			vectors = append(vectors, v)
		}
	}
	return vectors
}
