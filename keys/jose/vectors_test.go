package jose_test

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys/jose"
)

// vectorFile is fixtures/vectors/jose.json.
type vectorFile struct {
	About   string   `json:"about"`
	Keys    string   `json:"keys"`
	Known   ring     `json:"known"`
	Vectors []vector `json:"vectors"`
}

type vector struct {
	ID    string   `json:"id"`
	Title string   `json:"title"`
	Cite  string   `json:"cite"`
	Use   jose.Use `json:"use"`
	// Now is the receiver's clock.
	Now          time.Time        `json:"now"`
	Decryption   []keyRef         `json:"decryption"`
	Verification []keyRef         `json:"verification"`
	FallBack     bool             `json:"fallBackOnUnknownKid,omitempty"`
	MadeBy       string           `json:"madeBy"`
	Blob         string           `json:"blob"`
	Expect       string           `json:"expect"`
	Layer        jose.Layer       `json:"layer,omitempty"`
	Reason       jose.Reason      `json:"reason,omitempty"`
	Warnings     []jose.WarningID `json:"warnings,omitempty"`
	Mistake      jose.MistakeID   `json:"mistake,omitempty"`
	Payload      *string          `json:"payload,omitempty"`
}

const (
	accept            = "accept"
	acceptWithWarning = "accept-with-warning"
	refuse            = "refuse"
)

// vector makes the vector of a recipe, without its blob.
func (r recipe) vector() vector {
	keys := standardRing(r.use)
	if r.keys != nil {
		r.keys(&keys)
	}
	v := vector{ID: r.id, Title: r.title, Cite: r.cite, Use: r.use, Now: noon.Add(r.later), Decryption: keys.Decryption, Verification: keys.Verification,
		FallBack: r.fallBack, MadeBy: "Go's standard library", Expect: accept, Warnings: r.warnings, Mistake: r.mistake}
	if r.node {
		v.MadeBy = "Node's crypto module"
	}
	if len(r.warnings) > 0 {
		v.Expect = acceptWithWarning
	}
	if r.refused != nil {
		v.Expect, v.Layer, v.Reason = refuse, r.refused.layer, r.refused.reason
	}
	return v
}

// bake makes the blob and, for valid vectors, the payload.
func (r recipe) bake(keys testKeys) (vector, error) {
	v := r.vector()
	f := newForge(keys, r.use, noon)
	if r.edit != nil {
		r.edit(f)
	}
	payload := string(f.payload)
	switch {
	case r.make != nil:
		v.Blob = r.make(f)
	case r.node:
		answers, err := runNode([]nodeRequest{nodeSeal(f, isHub(r.use))})
		if err != nil || len(answers) != 1 || answers[0].Error != "" {
			return v, fmt.Errorf("vector %s: %v %v", r.id, err, answers)
		}
		v.Blob = answers[0].Blob
	default:
		v.Blob = f.blob()
	}
	if v.Expect != refuse {
		v.Payload = &payload
	}
	return v, nil
}

func writeVectors() error {
	keys, err := readKeys()
	if err != nil {
		return err
	}
	file := vectorFile{About: "Vectors for the JWE inside a JWS of the VTS Issuer API. One fault each; see README.md. Written by the tests of keys/jose.",
		Keys: "jose-keys.test-only.json", Known: knownRing()}
	for _, r := range recipes() {
		v, err := r.bake(keys)
		if err != nil {
			return err
		}
		file.Vectors = append(file.Vectors, v)
	}
	text, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(vectorsFile, append(text, '\n'), 0o644)
}

func readVectors() (vectorFile, error) {
	var file vectorFile
	text, err := os.ReadFile(vectorsFile)
	if err != nil {
		return file, err
	}
	return file, json.Unmarshal(text, &file)
}

func (v vector) envelope() *jose.Envelope {
	return envelope(v.Now, func(r *jose.Rules) { r.UnknownKeyIDFallsBack = v.FallBack })
}

func (v vector) ring(keys testKeys) jose.Keyring {
	return keys.ring(ring{Decryption: v.Decryption, Verification: v.Verification})
}

func (v vector) diagnose(keys testKeys, known ring) *jose.Diagnosis {
	d, err := v.envelope().Diagnose(jose.Case{Use: v.Use, Blob: v.Blob, Keys: v.ring(keys), Known: keys.ring(known)})
	ExpectWithOffset(1, err).NotTo(HaveOccurred())
	return d
}

var _ = BeforeSuite(func() {
	if *update {
		Expect(writeVectors()).To(Succeed())
	}
})

var _ = Describe("the vectors (pp.39-45, pp.224-233)", Ordered, ContinueOnFailure, func() {
	var (
		file vectorFile
		keys testKeys
	)
	BeforeAll(func() {
		var err error
		keys, err = readKeys()
		Expect(err).NotTo(HaveOccurred())
		file, err = readVectors()
		Expect(err).NotTo(HaveOccurred())
	})

	It("are the recipes', but for what is random", func() {
		var want, got []vector
		for _, r := range recipes() {
			want = append(want, r.vector())
		}
		for _, v := range file.Vectors {
			v.Blob, v.Payload = "", nil
			got = append(got, v)
		}
		Expect(got).To(Equal(want), "run the tests with -update")
		Expect(file.Known).To(Equal(knownRing()))
	})

	It("are many, each with its own id", func() {
		ids := map[string]bool{}
		kinds := map[string]int{}
		for _, v := range file.Vectors {
			Expect(ids).NotTo(HaveKey(v.ID))
			ids[v.ID] = true
			kinds[v.Expect]++
		}
		Expect(kinds[accept]).To(BeNumerically(">=", 15))
		Expect(kinds[acceptWithWarning]).To(BeNumerically(">=", 5))
		Expect(kinds[refuse]).To(BeNumerically(">=", 60))
	})

	for _, r := range recipes() {
		It(fmt.Sprintf("%s: %s (%s)", r.id, r.title, r.cite), func() {
			v := find(file, r.id)
			opened, err := v.envelope().Open(v.Use, v.Blob, v.ring(keys))
			if v.Expect == refuse {
				expectRefusal(v, err)
			} else {
				Expect(err).NotTo(HaveOccurred())
				Expect(string(opened.Payload)).To(Equal(*v.Payload))
				Expect(warningIDs(opened.Warnings)).To(Equal(v.Warnings))
			}
			expectDiagnosis(v, v.diagnose(keys, file.Known), file, keys)
		})
	}
})

func find(file vectorFile, id string) vector {
	for _, v := range file.Vectors {
		if v.ID == id {
			return v
		}
	}
	Fail("there is no vector " + id)
	return vector{}
}

func expectRefusal(v vector, err error) {
	var refused *jose.Refused
	ExpectWithOffset(1, err).To(BeAssignableToTypeOf(refused))
	refused = err.(*jose.Refused)
	ExpectWithOffset(1, []any{refused.Layer, refused.Reason}).To(Equal([]any{v.Layer, v.Reason}), refused.Message)
	ExpectWithOffset(1, refused.Message).NotTo(ContainSubstring("\n"))
	ExpectWithOffset(1, refused.Cite).To(HavePrefix("p"), "a refusal names its page")
}

// expectDiagnosis: the doctor's first mistake is the vector's, it explains a refusal and never explains an acceptance.
func expectDiagnosis(v vector, d *jose.Diagnosis, file vectorFile, keys testKeys) {
	text := d.Text()
	if v.Expect == refuse {
		ExpectWithOffset(1, d.Refused).NotTo(BeNil())
		ExpectWithOffset(1, d.Mistakes).NotTo(BeEmpty(), text)
		ExpectWithOffset(1, d.Mistakes[0].ID).To(Equal(v.Mistake), text)
		ExpectWithOffset(1, d.Mistakes[0].Explains).To(BeTrue(), text)
		for _, other := range d.Mistakes[1:] {
			ExpectWithOffset(1, other.Explains && !alsoExplains[v.ID][other.ID]).To(BeFalse(), "only one fault, but also "+string(other.ID)+"\n"+text)
		}
	} else {
		ExpectWithOffset(1, d.Refused).To(BeNil())
		for _, m := range d.Mistakes {
			ExpectWithOffset(1, m.Explains).To(BeFalse(), text)
		}
		if v.Mistake == "" {
			ExpectWithOffset(1, d.Mistakes).To(BeEmpty(), text)
		} else {
			ExpectWithOffset(1, d.Mistakes[0].ID).To(Equal(v.Mistake), text)
		}
	}
	for _, key := range keys {
		if key.Secret != "" {
			ExpectWithOffset(1, text).NotTo(ContainSubstring(key.Secret))
		}
	}
	for _, hidden := range []string{"4111111111111111", "cardholderInfo", "cvv2", "PRIVATE KEY", otherAPIKey, "{pages}", "{alg}"} {
		ExpectWithOffset(1, text).NotTo(ContainSubstring(hidden))
	}
}

// alsoExplains lists where a second entry of the catalogue rightly explains the same refusal.
var alsoExplains = map[string]map[jose.MistakeID]bool{}

func warningIDs(warnings []jose.Warning) []jose.WarningID {
	var ids []jose.WarningID
	for _, w := range warnings {
		ids = append(ids, w.ID)
	}
	return ids
}
