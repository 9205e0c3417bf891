package keys

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	throwaway "github.com/vtsim/vtsim/fixtures/keys"
)

func TestKeys(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Keys")
}

// now is the clock of the tests.
var now = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// facts are the numbers that callers take from the contract.
func facts() Facts {
	return Facts{
		RSABits: 2048, APIKeyLength: 49, APIKeyMax: 64, ClientIDMax: 36, KeyIDMax: 64,
		Outbound: []string{
			"approveProvisioning", "approveProvisioningStandIn", "cardMetadataUpdateNotification", "checkEligibility",
			"deviceTokenBinding", "retrieveStepUpMethods", "panUpdateNotification", "sendPasscode",
			"tokenCreateNotification", "tokenNotification", "pushProvisioningStatusNotification",
		},
	}
}

// settings make material of spare keys, at the tests' clock and without an environment.
func settings() Settings {
	GinkgoHelper()
	spares, err := NewSpares(throwaway.Spare(), nil)
	Expect(err).NotTo(HaveOccurred())
	return Settings{
		Facts:     facts(),
		Now:       func() time.Time { return now },
		Keys:      spares,
		LookupEnv: func(string) (string, bool) { return "", false },
	}
}

// directory makes a data directory in a new folder.
func directory(s Settings) string {
	GinkgoHelper()
	dir := filepath.Join(GinkgoT().TempDir(), ".vtsim")
	_, err := Init(context.Background(), dir, InitOptions{Settings: s})
	Expect(err).NotTo(HaveOccurred())
	return dir
}

// throwAwayCopy is the embedded data directory as a folder: for tests that
// change files and need no new keys.
func throwAwayCopy() string {
	GinkgoHelper()
	dir := GinkgoT().TempDir()
	Expect(os.CopyFS(dir, throwaway.TestOnly())).To(Succeed())
	Expect(os.RemoveAll(filepath.Join(dir, "spare"))).To(Succeed())
	Expect(filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		mode := modePublic
		if private(filepath.Base(name)) {
			mode = modePrivate
		}
		return os.Chmod(name, mode)
	})).To(Succeed())
	return dir
}

// contents of all files below a folder, by relative path.
func contents(dir string) map[string]string {
	GinkgoHelper()
	found := map[string]string{}
	Expect(filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		relative, _ := filepath.Rel(dir, name)
		found[filepath.ToSlash(relative)] = string(data)
		return err
	})).To(Succeed())
	return found
}

func read(dir, name string) []byte {
	GinkgoHelper()
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	Expect(err).NotTo(HaveOccurred())
	return data
}

func write(dir, name string, data []byte) {
	GinkgoHelper()
	Expect(os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), data, modePrivate)).To(Succeed())
}
