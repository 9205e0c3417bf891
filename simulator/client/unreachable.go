package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
)

// Unreachable says why no answer of the API came back and how to mend it.
type Unreachable struct {
	// Reason is what happened, Mend what to do.
	Reason, Mend string
	cause        error
}

func (u *Unreachable) Error() string { return u.Reason + "; " + u.Mend }
func (u *Unreachable) Unwrap() error { return u.cause }

// unreachable explains an error of the transport.
func (c *Client) unreachable(err error) error {
	for _, explain := range []func(error) (reason, mend string, ok bool){c.ended, c.notTrusted, c.notAccepted, c.notThere} {
		if reason, mend, ok := explain(err); ok {
			return &Unreachable{Reason: reason, Mend: mend, cause: err}
		}
	}
	return &Unreachable{Reason: fmt.Sprintf("%s can't be called: %v", c.base.Host, innermost(err)), Mend: "see whether vtsim serve runs there", cause: err}
}

// ended: who called gave up, or waited in vain.
func (c *Client) ended(err error) (reason, mend string, ok bool) {
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "the call was interrupted", "call again", true
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("%s did not answer within %s", c.base.Host, c.Timeout), "raise --timeout, or see the faults set in the console", true
	}
	return "", "", false
}

// notTrusted: the server's certificate is not what it should be.
func (c *Client) notTrusted(err error) (reason, mend string, ok bool) {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &authority):
		return fmt.Sprintf("the certificate of %s is not signed by the CA of the data directory", c.base.Host),
			"--data must name the data directory that the server runs on", true
	case errors.As(err, &name):
		return fmt.Sprintf("the certificate of %s is for other names: %s", c.base.Host, strings.Join(namesOf(name.Certificate), ", ")),
			"use one of them in the URL, or make the certificate with vtsim init --host", true
	case errors.As(err, &invalid):
		return fmt.Sprintf("the certificate of %s is not usable: %v", c.base.Host, invalid), "renew it with vtsim keys rotate pki/server", true
	case errors.As(err, &verification):
		return fmt.Sprintf("the certificate of %s is refused: %v", c.base.Host, verification.Err), "see pki/ in the data directory", true
	}
	return "", "", false
}

func namesOf(certificate *x509.Certificate) []string {
	names := append([]string{}, certificate.DNSNames...)
	for _, ip := range certificate.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// notAccepted: the server does not want us, or does not speak TLS.
func (c *Client) notAccepted(err error) (reason, mend string, ok bool) {
	var alert *net.OpError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &alert) && alert.Op == "remote error": // crypto/tls has no type for an alert of the other side
		return fmt.Sprintf("%s refused the client certificate of issuer %s (%v)", c.base.Host, c.Issuer.Name, alert.Err),
			"--data must name the data directory that the server runs on; restart the server after keys rotate or import", true
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return c.base.Host + " speaks plain HTTP and was called with TLS",
			"that is the port of the console or of serve --plain; take the API's URL from the ready line of vtsim serve, or write http:// for --plain", true
	}
	return "", "", false
}

// notThere: nothing answers, or it went away.
func (c *Client) notThere(err error) (reason, mend string, ok bool) {
	var unknown *net.DNSError
	switch {
	case errors.As(err, &unknown):
		return fmt.Sprintf("there is no host %s", unknown.Name), "correct --url", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens on " + c.base.Host, "start vtsim serve, or give its URL with --url", true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return c.base.Host + " cut the connection before it answered", "a fault set in the console does so; else see the server's log", true
	}
	return "", "", false
}

// innermost is what went wrong at last, without the URL, which has the apiKey.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
