package console

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/vtsim/vtsim/simulator/vault"
)

// sized is a vault that knows how much it holds.
type sized interface {
	Sizes(ctx context.Context) (vault.Sizes, error)
}

// metrics counts calls and measures vault and process. Labels are names of
// operations, issuers and states and HTTP statuses, never anything of a call.
type metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	vault    sized

	notifications, rows, bytes *prometheus.Desc
}

func newMetrics(store vault.Vault) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vtsim_inbound_calls_total",
			Help: "Calls of issuers, by operation, issuer and HTTP status of the answer; status 0 is a connection that was cut."}, []string{"operation", "issuer", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "vtsim_inbound_call_duration_seconds",
			Help: "Time from a call's headers to its answer.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 14)}, []string{"operation"}),
		notifications: prometheus.NewDesc("vtsim_notifications", "Notifications in the queue, by issuer and state.", []string{"issuer", "state"}, nil),
		rows:          prometheus.NewDesc("vtsim_journal_rows", "Rows in the journal.", nil, nil),
		bytes:         prometheus.NewDesc("vtsim_journal_bytes", "Bytes of content in the journal.", nil, nil),
	}
	m.registry.MustRegister(m.calls, m.duration, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if store, ok := store.(sized); ok {
		m.vault = store
		m.registry.MustRegister(m)
	}
	return m
}

// Served counts one call of an issuer; both names may be empty. Status 0 is a
// connection that was cut.
func (c *Console) Served(operation, issuer string, status int, took time.Duration) {
	c.metrics.calls.WithLabelValues(operation, issuer, strconv.Itoa(status)).Inc()
	c.metrics.duration.WithLabelValues(operation).Observe(took.Seconds())
}

// forget drops what was counted of an issuer that is gone.
func (m *metrics) forget(issuer string) {
	m.calls.DeletePartialMatch(prometheus.Labels{"issuer": issuer})
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	to <- m.notifications
	to <- m.rows
	to <- m.bytes
}

// Collect implements prometheus.Collector: the vault is asked at each scrape.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readyPatience)
	defer cancel()
	sizes, err := m.vault.Sizes(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(m.rows, err)
		return
	}
	gauge := func(of *prometheus.Desc, value int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(of, prometheus.GaugeValue, float64(value), labels...)
	}
	gauge(m.rows, sizes.JournalRows)
	gauge(m.bytes, sizes.JournalBytes)
	for issuer, states := range sizes.Notifications {
		for state, count := range states {
			gauge(m.notifications, count, issuer, state)
		}
	}
}
