package keys

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"strings"
)

// CSR returns a certificate signing request in PEM for a key of the data
// directory, to be signed elsewhere (p.35). What is named as for Rotate. An
// empty subject means that of the present certificate; for servers the
// request carries the present certificate's hosts. The answer comes back by
// Import without a key.
func CSR(dir, what string, subject pkix.Name, s Settings) ([]byte, error) {
	s, err := s.ready()
	if err != nil {
		return nil, err
	}
	sl, err := parseSlot(what)
	if err != nil {
		return nil, err
	}
	l := diskLoader(dir, s)
	if err := l.present(sl); err != nil {
		return nil, err
	}
	key, err := l.key(sl, true, "make a new pair: vtsim keys rotate "+sl.name)
	if err != nil {
		return nil, err
	}
	present, err := l.renewal(sl)
	if err != nil {
		return nil, err
	}
	if len(subject.ToRDNSequence()) == 0 {
		subject = present.subject
	}
	request := &x509.CertificateRequest{Subject: subject, SignatureAlgorithm: x509.SHA256WithRSA}
	if sl.kind == KindServer {
		request.DNSNames, request.IPAddresses = splitHosts(present.hosts)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, request, key)
	if err != nil {
		return nil, fmt.Errorf("make the request for %s: %w", sl.name, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockRequest, Bytes: der}), nil
}

// ParseSubject reads a distinguished name such as "CN=Demo Bank,O=Demo,C=US".
// Known attributes are CN, O, OU, L, ST, C and SERIALNUMBER; a backslash takes
// the special meaning from the character after it.
func ParseSubject(text string) (pkix.Name, error) {
	var name pkix.Name
	for _, part := range splitUnescaped(text) {
		attribute, value, found := strings.Cut(part, "=")
		value = strings.TrimSpace(unescape(value))
		if !found || value == "" {
			return pkix.Name{}, fmt.Errorf("subject %q: %q is not ATTRIBUTE=value; write for example CN=Demo Bank,O=Demo,C=US", text, strings.TrimSpace(part))
		}
		switch strings.ToUpper(strings.TrimSpace(attribute)) {
		case "CN":
			name.CommonName = value
		case "O":
			name.Organization = append(name.Organization, value)
		case "OU":
			name.OrganizationalUnit = append(name.OrganizationalUnit, value)
		case "L":
			name.Locality = append(name.Locality, value)
		case "ST":
			name.Province = append(name.Province, value)
		case "C":
			name.Country = append(name.Country, value)
		case "SERIALNUMBER":
			name.SerialNumber = value
		default:
			return pkix.Name{}, fmt.Errorf("subject %q: unknown attribute %q; known are CN, O, OU, L, ST, C, SERIALNUMBER", text, strings.TrimSpace(attribute))
		}
	}
	return name, nil
}

// splitUnescaped cuts at commas that no backslash stands before.
func splitUnescaped(text string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case ',':
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
