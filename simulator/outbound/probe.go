package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"sync/atomic"
	"time"
)

// explain finds out whether a dropped connection was a client certificate that
// the endpoint refused. In TLS 1.3 that comes after the handshake, and the
// request that was on its way by then often hides the alert. So a connection
// is made once more, and listened to without a word being said on it. Where
// that was quiet once, later connections that are dropped were not refused.
func (c *Client) explain(ctx context.Context, target Target, d *Draft, f *Failure) {
	quiet := c.route(target, d).quiet
	at, err := url.Parse(d.URL)
	if err != nil || quiet.Load() {
		return
	}
	address := at.Host
	if at.Port() == "" {
		address = net.JoinHostPort(at.Hostname(), "443")
	}
	ctx, cancel := context.WithTimeout(ctx, c.ConnectTimeout)
	defer cancel()
	config := c.secure(target, d, &atomic.Bool{})
	if config.ServerName == "" {
		config.ServerName = at.Hostname()
	}
	connection, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	if err == nil {
		_ = connection.SetReadDeadline(time.Now().Add(alertPatience))
		_, err = connection.Read(make([]byte, 1))
		_ = connection.Close()
	}
	var refused *net.OpError
	if errors.As(err, &refused) && refused.Op == opAlert {
		*f = Failure{cause: err}
		f.classify(err)
		return
	}
	quiet.Store(connection != nil)
}

// alertPatience is how long an alert may take after the handshake.
const alertPatience = time.Second

// opAlert is how crypto/tls names an alert of the other side.
const opAlert = "remote error"
