package scenarios

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/keys"
)

// Bounds of what a trigger may say, in bytes, and how long a command's
// children may hold its output once it has ended.
const (
	triggerOutput = 16 << 10
	triggerLinger = time.Second
)

// trigger makes the issuer act. Whatever goes wrong is ours: the issuer is
// judged by the call that is awaited.
func (x *run) trigger(ctx context.Context, t *Trigger) error {
	if err := x.mark(ctx, "trigger "+t.Name); err != nil {
		return err
	}
	known, ok := keys.Trigger{}, false
	if x.Profile != nil {
		known, ok = x.Profile.Triggers[t.Name]
	}
	if !ok {
		return x.askPerson(ctx, t)
	}
	within := known.Timeout
	if within <= 0 {
		within = x.TriggerWithin
	}
	limited, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("it took longer than %s", within))
	defer cancel()
	var err error
	if known.HTTP != nil {
		err = x.triggerHTTP(limited, known.HTTP)
	} else {
		err = x.triggerCommand(limited, known.Command)
	}
	if err != nil {
		return fmt.Errorf("trigger %s of issuer.yaml: %w", t.Name, err)
	}
	return nil
}

// askPerson lets the person at the terminal do it.
func (x *run) askPerson(ctx context.Context, t *Trigger) error {
	switch {
	case t.Ask == "":
		return fmt.Errorf("issuer.yaml has no trigger %s, and the scenario does not say what a person could do instead", t.Name)
	case x.Prompt == nil:
		return fmt.Errorf("issuer.yaml has no trigger %s, and there is no person at a terminal to ask", t.Name)
	}
	text, err := x.scope().text(t.Ask)
	if err != nil {
		return err
	}
	if err := x.Prompt(ctx, contract.Mask(text)); err != nil {
		return fmt.Errorf("asking the person at the terminal: %w", err)
	}
	return nil
}

// triggerHTTP makes the request; a success is any 2xx. Where Visa's side was
// told to fail, the issuer's test interface may well report that it did.
func (x *run) triggerHTTP(ctx context.Context, t *keys.HTTPTrigger) error {
	request, err := x.triggerRequest(ctx, t)
	if err != nil {
		return err
	}
	response, err := x.HTTP.Do(request)
	if err != nil {
		var about *url.Error
		if errors.As(err, &about) {
			err = about.Err // the URL may hold a card
		}
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return fmt.Errorf("the request failed: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(response.Body, triggerOutput))
	if response.StatusCode/100 == http.StatusOK/100 || x.faulty {
		return nil
	}
	if err != nil || len(said) == 0 {
		return fmt.Errorf("it was answered by status %d", response.StatusCode)
	}
	return fmt.Errorf("it was answered by status %d: %s", response.StatusCode, oneLine(string(said)))
}

func (x *run) triggerRequest(ctx context.Context, t *keys.HTTPTrigger) (*http.Request, error) {
	scope := x.scope()
	address, err := scope.url(t.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	headers := http.Header{}
	for name, text := range t.Headers {
		value, err := scope.text(text)
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", name, err)
		}
		headers.Set(name, value)
	}
	kind := strings.ToLower(headers.Get("Content-Type"))
	escaped := scope.text
	switch start := strings.TrimSpace(t.Body); {
	case strings.Contains(kind, "x-www-form-urlencoded"):
		escaped = scope.form
	case strings.Contains(kind, "json"):
		escaped = scope.json
	case kind == "" && (strings.HasPrefix(start, "{") || strings.HasPrefix(start, "[")):
		escaped = scope.json
		headers.Set("Content-Type", "application/json")
	}
	body, err := escaped(t.Body)
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	method := t.Method
	if method == "" {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, errors.New("method or url make no request; look at them in issuer.yaml")
	}
	request.Header = headers
	request.Host = headers.Get("Host")
	return request, nil
}

// triggerCommand runs a command in the profile's folder, without a shell.
func (x *run) triggerCommand(ctx context.Context, words []string) error {
	scope, arguments := x.scope(), make([]string, len(words))
	for i, word := range words {
		var err error
		if arguments[i], err = scope.text(word); err != nil {
			return fmt.Errorf("word %d of the command: %w", i+1, err)
		}
	}
	if len(arguments) == 0 {
		return errors.New("the command is empty")
	}
	said := &bounded{most: triggerOutput}
	command := exec.CommandContext(ctx, arguments[0], arguments[1:]...)
	command.Dir, command.Stdout, command.Stderr, command.WaitDelay = filepath.Dir(x.Profile.File), said, said, triggerLinger
	err := command.Run()
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if text := oneLine(said.String()); text != "" {
		return fmt.Errorf("the command failed: %w: %s", err, text)
	}
	return fmt.Errorf("the command failed: %w", err)
}

// bounded keeps the beginning of what is written and takes the rest.
type bounded struct {
	most int

	mu   sync.Mutex
	text strings.Builder
}

func (b *bounded) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text.Write(p[:min(len(p), max(0, b.most-b.text.Len()))])
	return len(p), nil
}

func (b *bounded) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// oneLine is a text of somebody else in one line of readable length.
func oneLine(text string) string {
	return contract.Shorten(contract.Mask(strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")))
}
