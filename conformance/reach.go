package conformance

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// reachTimeout bounds each step of finding out whether the endpoint can be
// reached: nobody waits longer than a second to hear that it cannot.
const reachTimeout = time.Second

// Versions of TLS that are right; 0 is no bound.
const (
	oldest = tls.VersionTLS12
	newest = 0
)

// dial makes a TLS session as Visa's side does; most is the newest version, 0
// for no bound.
func (r *run) dial(ctx context.Context, least, most uint16) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", r.address())
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: r.Target.Roots, ServerName: r.Target.ServerName, MinVersion: least, MaxVersion: most}
	if config.ServerName == "" {
		config.ServerName = r.Profile.Host()
	}
	if r.Target.Client != nil {
		config.Certificates = []tls.Certificate{*r.Target.Client}
	}
	connection := tls.Client(raw, config)
	if err := connection.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return connection, nil
}

// address of the endpoint, with its port.
func (r *run) address() string {
	at, err := url.Parse(r.Target.Endpoint)
	if err != nil {
		return ""
	}
	if at.Port() != "" {
		return at.Host
	}
	return net.JoinHostPort(at.Hostname(), map[string]string{"http": "80"}[at.Scheme]+map[string]string{"https": "443"}[at.Scheme])
}

// handshake makes a TLS session and tells what stands in its way.
func (r *run) handshake(ctx context.Context) *obstacle {
	if strings.HasPrefix(r.Target.Endpoint, "http:") {
		return r.plainEndpoint(ctx)
	}
	connection, err := r.dial(ctx, oldest, newest)
	if err == nil {
		_ = connection.Close()
		return nil
	}
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	var network *net.OpError
	switch {
	case errors.As(err, &record):
		return r.plainEndpoint(ctx)
	case errors.As(err, &unknown):
		return r.unknownAuthority(unknown)
	case errors.As(err, &hostname):
		return r.unreachable("the endpoint's certificate is not for "+hostname.Host, "set tls.serverName in issuer.yaml to a name in the certificate, or give the endpoint a certificate for this host")
	case errors.As(err, &invalid):
		return r.against("transport#server-certificate-valid", "the endpoint's certificate is not valid: "+invalid.Error(), "renew the certificate, or look at the clock of this machine")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return r.unreachable("nobody took part in a TLS handshake within "+reachTimeout.String(), "look at host, port and firewall of the endpoint, and whether what listens there speaks TLS")
	case errors.As(err, &network) && network.Op == "dial":
		return r.unreachable("no connection: "+ending(err), "is the issuer running there? look at host and port of endpoint in issuer.yaml")
	case errors.As(err, &network) && network.Op == "remote error":
		return r.rejected(ctx, network)
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return r.unreachable("the endpoint takes the connection and closes it before there is a TLS session", "look at the port, and whether something in between refuses this machine")
	}
	return r.unreachable("no TLS session: "+ending(err), "look at host, port and TLS settings of the endpoint")
}

// rejected tells a version that is too old from a certificate that is not
// wanted.
func (r *run) rejected(ctx context.Context, alert *net.OpError) *obstacle {
	if connection, err := r.dial(ctx, tls.VersionTLS10, tls.VersionTLS11); err == nil {
		version := tls.VersionName(connection.ConnectionState().Version)
		_ = connection.Close()
		return r.against("transport#tls-version", "the endpoint speaks nothing newer than "+version, "switch on TLS 1.2 or 1.3")
	}
	return r.unreachable("the endpoint refused the TLS session: "+alert.Err.Error(), "it may not accept Visa's client certificate: give the endpoint the authority of tls.certificate in issuer.yaml")
}

// unknownAuthority tells a certificate that nobody vouches for from one whose
// authority this side was not given.
func (r *run) unknownAuthority(e x509.UnknownAuthorityError) *obstacle {
	if selfSigned(e.Cert) {
		return r.against("transport#server-certificate-valid", "the endpoint's certificate is signed by itself and by no authority", "get it signed by the authority that was exchanged, tls.ca in issuer.yaml")
	}
	return r.unreachable("the endpoint's certificate hangs on an authority that this side does not know", "set tls.ca in issuer.yaml to the authority that signed the endpoint's certificate")
}

// selfSigned tells a leaf that signed itself; CheckSignatureFrom would ask that
// it may sign certificates.
func selfSigned(c *x509.Certificate) bool {
	return c != nil && c.Issuer.String() == c.Subject.String() && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// ending is the end of a chain of errors, without addresses in front.
func ending(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
