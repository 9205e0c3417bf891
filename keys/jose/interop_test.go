package jose_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/keys/jose"
)

// nodeRequest and nodeAnswer are what testdata/interop.mjs reads and writes.
type nodeRequest struct {
	Do              string         `json:"do"`
	Blob            string         `json:"blob,omitempty"`
	Payload         string         `json:"payload"`
	InsideHeader    map[string]any `json:"insideHeader,omitempty"`
	OutsideHeader   map[string]any `json:"outsideHeader,omitempty"`
	EncryptionKey   string         `json:"encryptionKey,omitempty"`
	DecryptionKey   string         `json:"decryptionKey,omitempty"`
	SigningKey      string         `json:"signingKey,omitempty"`
	VerificationKey string         `json:"verificationKey,omitempty"`
	Secret          string         `json:"secret,omitempty"`
}

type nodeAnswer struct {
	Blob, Payload, Error        string
	InsideHeader, OutsideHeader map[string]any
}

func runNode(requests []nodeRequest) ([]nodeAnswer, error) {
	input, err := json.Marshal(requests)
	if err != nil {
		return nil, err
	}
	var output, complaints bytes.Buffer
	command := exec.Command("node", "testdata/interop.mjs")
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(input), &output, &complaints
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("node: %w: %s", err, complaints.String())
	}
	var answers []nodeAnswer
	return answers, json.Unmarshal(output.Bytes(), &answers)
}

// publicPEM is the public half of a test key, as Node reads it.
func publicPEM(key testKey) string {
	der, err := x509.MarshalPKIXPublicKey(&key.rsa.PublicKey)
	if err != nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// nodeSeal is the request with which Node seals what a forge would.
func nodeSeal(f *forge, hub bool) nodeRequest {
	request := nodeRequest{Do: "seal", Payload: b64(f.payload), SigningKey: f.keys[f.signer].PEM,
		InsideHeader: map[string]any{}, OutsideHeader: map[string]any{}}
	for raw, into := range map[string]*map[string]any{string(f.inside.raw()): &request.InsideHeader, string(f.outside.raw()): &request.OutsideHeader} {
		if err := json.Unmarshal([]byte(raw), into); err != nil {
			panic(err)
		}
	}
	if hub {
		request.Secret = f.keys["hub-secret"].Secret
	} else {
		request.EncryptionKey = publicPEM(f.keys["visa-encryption"])
	}
	return request
}

var _ = Describe("Node's crypto module as second implementation (pp.39-44, p.224)", Ordered, func() {
	var keys testKeys
	BeforeAll(func() {
		if _, err := exec.LookPath("node"); err != nil {
			if os.Getenv("CI") != "" {
				Fail("node is needed for the interoperability tests and is not installed")
			}
			Skip("node is not installed: the interoperability of the envelopes is not proven here")
		}
		var err error
		keys, err = readKeys()
		Expect(err).NotTo(HaveOccurred())
	})

	uses := []jose.Use{jose.UseAPI, jose.UsePushCardEnrollment, jose.UseHubPushData, jose.UseHubResults}

	It("opens what Seal makes, with a salt of exactly 32 bytes and iat as a string", func() {
		var requests []nodeRequest
		for _, use := range uses {
			blob, err := envelope(noon).Seal(use, pan, sealing(keys, use))
			Expect(err).NotTo(HaveOccurred())
			request := nodeRequest{Do: "open", Blob: blob, VerificationKey: publicPEM(keys["issuer-signing"])}
			if isHub(use) {
				request.Secret = keys["hub-secret"].Secret
			} else {
				request.DecryptionKey = keys["visa-encryption"].PEM
			}
			requests = append(requests, request)
		}
		answers, err := runNode(requests)
		Expect(err).NotTo(HaveOccurred())
		Expect(answers).To(HaveLen(len(uses)))
		for i, answer := range answers {
			Expect(answer.Error).To(BeEmpty(), string(uses[i]))
			payload, err := base64.RawURLEncoding.DecodeString(answer.Payload)
			Expect(err).NotTo(HaveOccurred())
			Expect(payload).To(Equal(pan))
			expectHeaders(uses[i], answer.InsideHeader, answer.OutsideHeader)
		}
	})

	It("seals what Open opens", func() {
		var requests []nodeRequest
		for _, use := range uses {
			requests = append(requests, nodeSeal(newForge(keys, use, noon), isHub(use)))
		}
		answers, err := runNode(requests)
		Expect(err).NotTo(HaveOccurred())
		Expect(answers).To(HaveLen(len(uses)))
		for i, use := range uses {
			Expect(answers[i].Error).To(BeEmpty(), string(use))
			opened, err := envelope(noon).Open(use, answers[i].Blob, keys.ring(standardRing(use)))
			Expect(err).NotTo(HaveOccurred(), string(use))
			Expect(opened.Payload).To(Equal(pan))
			Expect(opened.Warnings).To(BeEmpty())
		}
	})

	It("refuses, like us, a blob that was changed", func() {
		blob, err := envelope(noon).Seal(jose.UseAPI, pan, sealing(keys, jose.UseAPI))
		Expect(err).NotTo(HaveOccurred())
		at := len(blob) / 2
		changed := blob[:at] + string("AB"[btoi(blob[at] == 'A')]) + blob[at+1:]
		answers, err := runNode([]nodeRequest{{Do: "open", Blob: changed, VerificationKey: publicPEM(keys["issuer-signing"]), DecryptionKey: keys["visa-encryption"].PEM}})
		Expect(err).NotTo(HaveOccurred())
		Expect(answers[0].Error).To(Equal("signature"))
		_, err = envelope(noon).Open(jose.UseAPI, changed, keys.ring(standardRing(jose.UseAPI)))
		Expect(jose.ReasonOf(err)).To(Equal(jose.ReasonSignature))
	})
})

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func isHub(use jose.Use) bool { return use == jose.UseHubPushData || use == jose.UseHubResults }
