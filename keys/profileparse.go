package keys

import (
	"errors"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// profileReader fills one Profile.
type profileReader struct {
	yamlFile
	facts   Facts
	profile *Profile
}

func parseProfile(data []byte, file string, s Settings, read func(string) ([]byte, error)) (*Profile, error) {
	r := profileReader{
		yamlFile: yamlFile{file: file, lookup: s.LookupEnv},
		facts:    s.Facts,
		profile:  &Profile{File: file, read: read},
	}
	root, err := r.root(data)
	if err != nil {
		return nil, err
	}
	if err := r.profileAt(root); err != nil {
		return nil, err
	}
	return r.profile, nil
}

func (r *profileReader) profileAt(root *yaml.Node) error {
	p := r.profile
	err := r.object(root, map[string]field{
		"name":            r.name,
		"endpoint":        r.endpoint,
		"tls":             r.tls,
		"keys":            r.keys,
		"credentials":     r.path(&p.Credentials),
		"sendXPayToken":   r.boolean(&p.SendXPayToken),
		"participation":   r.participation,
		"accountRanges":   r.list(r.accountRange),
		"cards":           r.list(r.card),
		"triggers":        r.triggers,
		"interpretations": r.interpretations,
		"policies":        r.list(r.policy),
	})
	switch {
	case err != nil:
		return err
	case p.Name == "":
		return r.fail(root, "name is missing", "add the issuer's name")
	case p.Endpoint == "":
		return r.fail(root, "endpoint is missing", "add the URL at which the issuer serves Visa's calls")
	}
	if p.Participation == nil {
		p.Participation = make(map[string]bool, len(r.facts.Outbound))
		for _, operation := range r.facts.Outbound {
			p.Participation[operation] = true
		}
	}
	return nil
}

func (r *profileReader) name(n *yaml.Node) error {
	if err := r.text(&r.profile.Name)(n); err != nil {
		return err
	}
	if err := CheckName(r.profile.Name); err != nil {
		return r.fail(n, err.Error(), "")
	}
	return nil
}

func (r *profileReader) endpoint(n *yaml.Node) error {
	var text string
	if err := r.text(&text)(n); err != nil {
		return err
	}
	endpoint, err := cleanEndpoint(text)
	if err != nil {
		return r.fail(n, err.Error(), "")
	}
	r.profile.Endpoint = endpoint
	return nil
}

// cleanEndpoint checks an issuer's URL (p.25) and takes trailing slashes off.
func cleanEndpoint(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("the endpoint must be a URL such as https://localhost:9443, without user, query or fragment")
	}
	return strings.TrimRight(text, "/"), nil
}

// path is a text that names a file.
func (r *profileReader) path(into *string) field {
	return func(n *yaml.Node) error {
		if err := r.text(into)(n); err != nil {
			return err
		}
		if *into == "" {
			return r.fail(n, "a file's path belongs here", "")
		}
		*into = r.profile.resolve(*into)
		return nil
	}
}

func (r *profileReader) tls(n *yaml.Node) error {
	t := &r.profile.TLS
	err := r.object(n, map[string]field{
		"ca":          r.path(&t.CA),
		"certificate": r.path(&t.Certificate),
		"key":         r.path(&t.Key),
		"serverName":  r.text(&t.ServerName),
	})
	if err == nil && (t.Certificate == "") != (t.Key == "") {
		return r.fail(n, "certificate and key go together, one is missing", "")
	}
	return err
}

func (r *profileReader) keys(n *yaml.Node) error {
	k := &r.profile.Keys
	return r.object(n, map[string]field{
		"visaEncryption":   r.keyFiles(&k.VisaEncryption, true),
		"visaSigning":      r.keyFiles(&k.VisaSigning, true),
		"issuerEncryption": r.keyFiles(&k.IssuerEncryption, false),
		"issuerSigning":    r.keyFiles(&k.IssuerSigning, false),
	})
}

func (r *profileReader) keyFiles(into *KeyFiles, private bool) field {
	return func(n *yaml.Node) error {
		err := r.object(n, map[string]field{
			"certificate": r.path(&into.Certificate),
			"key":         r.path(&into.Key),
		})
		switch {
		case err != nil:
			return err
		case into.Certificate == "":
			return r.fail(n, "certificate is missing", "")
		case private && into.Key == "":
			return r.fail(n, "key is missing", "Visa's side needs its private keys")
		}
		return nil
	}
}

func (r *profileReader) participation(n *yaml.Node) error {
	r.profile.Participation = map[string]bool{}
	return r.each(n, func(key, value *yaml.Node) error {
		if !slices.Contains(r.facts.Outbound, key.Value) {
			return r.fail(key, "unknown operation "+printable(key.Value), "known are "+strings.Join(r.facts.Outbound, ", "))
		}
		var takesPart bool
		if err := r.boolean(&takesPart)(value); err != nil {
			return err
		}
		r.profile.Participation[key.Value] = takesPart
		return nil
	})
}

func (r *profileReader) accountRange(n *yaml.Node) error {
	var digits string
	if err := r.text(&digits)(n); err != nil {
		return err
	}
	if err := checkAccountRange(digits); err != nil {
		return r.fail(n, err.Error(), "")
	}
	if slices.Contains(r.profile.AccountRanges, digits) {
		return r.fail(n, "account range "+digits+" stands here a second time", "")
	}
	r.profile.AccountRanges = append(r.profile.AccountRanges, digits)
	return nil
}

var interpretationID = regexp.MustCompile(`^INT-[0-9]{3}$`)

func (r *profileReader) interpretations(n *yaml.Node) error {
	r.profile.Interpretations = map[string]string{}
	return r.each(n, func(key, value *yaml.Node) error {
		if !interpretationID.MatchString(key.Value) {
			return r.fail(key, "an interpretation's id such as INT-101 belongs here", "")
		}
		var choice string
		if err := r.text(&choice)(value); err != nil {
			return err
		}
		r.profile.Interpretations[key.Value] = choice
		return nil
	})
}

func (r *profileReader) triggers(n *yaml.Node) error {
	r.profile.Triggers = map[string]Trigger{}
	return r.each(n, func(key, value *yaml.Node) error {
		var t Trigger
		err := r.object(value, map[string]field{
			"http":    r.httpTrigger(&t),
			"command": r.texts(&t.Command),
			"timeout": r.duration(&t.Timeout),
		})
		if err != nil {
			return err
		}
		if (t.HTTP == nil) == (len(t.Command) == 0) {
			return r.fail(key, "a trigger has either http or command", "")
		}
		r.profile.Triggers[key.Value] = t
		return nil
	})
}

func (r *profileReader) httpTrigger(t *Trigger) field {
	return func(n *yaml.Node) error {
		t.HTTP = &HTTPTrigger{Headers: map[string]string{}}
		err := r.object(n, map[string]field{
			"method": r.text(&t.HTTP.Method),
			"url":    r.text(&t.HTTP.URL),
			"body":   r.text(&t.HTTP.Body),
			"headers": func(n *yaml.Node) error {
				return r.each(n, func(key, value *yaml.Node) error {
					var header string
					err := r.text(&header)(value)
					t.HTTP.Headers[key.Value] = header
					return err
				})
			},
		})
		if err == nil && t.HTTP.URL == "" {
			return r.fail(n, "url is missing", "")
		}
		return err
	}
}

// unreadable explains why a file can't be opened.
func unreadable(file string, err error, mend string) error {
	var path *os.PathError
	switch {
	case errors.Is(err, os.ErrNotExist):
		return &Problem{File: file, What: "is missing", Mend: mend, Err: err}
	case errors.Is(err, os.ErrPermission):
		return &Problem{File: file, What: "may not be read by this user", Mend: "give it to the user that runs vtsim, mode 0600", Err: err}
	case errors.As(err, &path):
		err = path.Err
	}
	return &Problem{File: file, What: "cannot be read (" + oneLine(err.Error()) + ")", Err: err}
}
