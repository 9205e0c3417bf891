package client

import (
	"maps"
	"slices"
	"strings"

	"github.com/vtsim/vtsim/keys"
)

// Curl is the call as a command line for a POSIX shell. It holds the apiKey
// and a valid x-pay-token, and sends what the call sends, byte for byte.
func (c *Call) Curl(files keys.ClientFiles) string {
	lines := []string{"curl --silent --show-error --include --globoff --path-as-is"}
	if strings.HasPrefix(c.URL, "https:") {
		lines = append(lines, "--cacert "+quoted(files.Authority), "--cert "+quoted(files.Certificate), "--key "+quoted(files.Key))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Header)) {
		for _, value := range c.Header[name] {
			lines = append(lines, "--header "+quoted(name+": "+value))
		}
	}
	if len(c.Body) > 0 {
		lines = append(lines, "--data-raw "+quoted(string(c.Body)))
	}
	return strings.Join(append(lines, "--request "+c.Method+" "+quoted(c.URL)), " \\\n  ")
}

// quoted makes one word of the text for a shell.
func quoted(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+=,", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
