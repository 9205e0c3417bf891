package console

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
)

// readyPatience is how long the vault may take to answer.
const readyPatience = 2 * time.Second

type health struct {
	Status string `json:"status"`
}

// healthz answers while the process serves.
func (c *Console) healthz(context.Context, *request) (*reply, error) {
	return &reply{body: health{"ok"}}, nil
}

// readyz answers while the vault does.
func (c *Console) readyz(ctx context.Context, _ *request) (*reply, error) {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	if _, err := c.Vault.Issuers(ctx); err != nil {
		return nil, &problem{status: http.StatusServiceUnavailable, cause: err, Message: "The vault does not answer."}
	}
	return &reply{body: health{"ok"}}, nil
}

// showMetrics answers in the format of Prometheus. They are gathered first, so
// that a failure is answered like any other.
func (c *Console) showMetrics(context.Context, *request) (*reply, error) {
	gathered, err := c.metrics.registry.Gather()
	if err != nil {
		return nil, err
	}
	have := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return gathered, nil })
	return &reply{serve: promhttp.HandlerFor(have, promhttp.HandlerOpts{})}, nil
}
