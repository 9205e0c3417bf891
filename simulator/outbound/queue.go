package outbound

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/vault"
)

// Store is what the queue needs of the vault; *vault.Store has it.
type Store interface {
	vault.Vault
	// Writer is the pool that the queue keeps its tables in.
	Writer() *sql.DB
	// Waiting and Due find what is due and not taken up, Requeue begins anew.
	Waiting(ctx context.Context, by time.Time) ([]string, error)
	Due(ctx context.Context, issuer string, by time.Time, limit int) ([]vault.Notification, error)
	Requeue(ctx context.Context, also func(*sql.Tx) error) error
}

// MovableClock is the simulator's clock: notifications are due by it, and it
// says when it was moved.
type MovableClock interface {
	Clock
	Changed() <-chan struct{}
}

// QueueConfig is what a queue is made of. Vault, Client, Builder, Targets and
// Clock are required.
type QueueConfig struct {
	Vault   Store
	Client  *Client
	Builder *Builder
	// Targets finds the endpoint and keys of an issuer. Its error ends the
	// notification's life: the configuration is wrong.
	Targets func(issuer vault.Issuer) (Target, error)
	Clock   MovableClock
	// Requestor finds a token requestor for its name; nil knows none.
	Requestor func(id string) (fixtures.TokenRequestor, bool)
	// Rand gives numbers in [0, 1) for jitter and order; nil is the system's.
	// It must be safe for concurrent use.
	Rand func() float64
	Log  *slog.Logger
	// MaxAttempts after which a notification is dead, 10 by default.
	MaxAttempts int
	// Concurrency is how many calls to one issuer run at a time, 4 by
	// default.
	Concurrency int
	// Backoff says how long a refused notification waits, by the simulator's
	// clock.
	Backoff Backoff
	// Deadline of one call, half a minute by default.
	Deadline time.Duration
}

// Queue sends the notifications that the vault holds, at least once each and
// always with the same X-REQUEST-ID.
//
//	vault.Tx.Enqueue ──due at once: Enqueued, same transaction──→ River job
//	     └──due later, or paused: dispatch, when its time comes──→ River job
//	River job ──worker: build, send──→ delivered, dead, or due again later
//
// The vault's row is the truth and the River job only the order to look at it:
// a job whose row is gone, done or not taken up any more does nothing. Each
// issuer has a River queue of its own with workers of its own, so that one who
// hangs costs another nothing. River's own retries are for failures on this
// side, such as a full disk; what an issuer refuses is due again by the
// simulator's clock.
type Queue struct {
	QueueConfig
	river *river.Client[*sql.Tx]
	wake  chan struct{}

	// queues are the issuers that have a River queue; the dispatcher's own.
	queues map[string]bool

	mu     sync.Mutex
	paused map[string]bool
	// settled is closed and replaced whenever an attempt has ended.
	settled chan struct{}

	watchers watchers

	life    sync.Mutex // one start or stop at a time
	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// How the queue looks for work: River polls for jobs, and the dispatcher for
// what came due without a move of the clock. The cooldown lies between two
// jobs of one worker, so that it is the shortest that River takes.
const (
	pollInterval     = 50 * time.Millisecond
	fetchCooldown    = time.Millisecond
	dispatchInterval = 100 * time.Millisecond
	dispatchBatch    = 100
	keepJobs         = 10 * time.Minute
)

// NewQueue makes the queue's tables and takes back what an earlier process had
// begun. It belongs before anything is served; nothing is sent before Start.
func NewQueue(ctx context.Context, config QueueConfig) (*Queue, error) {
	if config.Vault == nil || config.Client == nil || config.Builder == nil || config.Targets == nil || config.Clock == nil {
		return nil, errors.New("outbound: vault, client, builder, targets and clock are required for the queue")
	}
	q := &Queue{QueueConfig: config, wake: make(chan struct{}, 1), paused: map[string]bool{}, queues: map[string]bool{}, settled: make(chan struct{})}
	if q.Rand == nil {
		q.Rand = rand.Float64
	}
	if q.Log == nil {
		q.Log = slog.New(slog.DiscardHandler)
	}
	if q.MaxAttempts == 0 {
		q.MaxAttempts = 10
	}
	if q.Concurrency == 0 {
		q.Concurrency = 4
	}
	q.Backoff = q.Backoff.orDefault()
	if err := q.Recover(ctx); err != nil {
		return nil, err
	}
	return q, q.connect()
}

// connect makes the River client.
func (q *Queue) connect() error {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{queue: q}); err != nil {
		return fmt.Errorf("preparing the notification queue: %w", err)
	}
	client, err := river.NewClient(riversqlite.New(q.Vault.Writer()), &river.Config{
		ID: "vtsim", Workers: workers, Logger: quiet(q.Log), JobTimeout: -1, PollOnly: true,
		FetchCooldown: fetchCooldown, FetchPollInterval: pollInterval,
		CompletedJobRetentionPeriod: keepJobs, CancelledJobRetentionPeriod: keepJobs, DiscardedJobRetentionPeriod: keepJobs,
		// River wants one queue to begin with; issuers' queues come as they are met.
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 1, FetchPollInterval: time.Minute}}})
	if err != nil {
		return fmt.Errorf("preparing the notification queue: %w", err)
	}
	q.river = client
	return nil
}

const sqlForget = `DELETE FROM river_job WHERE finalized_at IS NULL`

// Recover makes the queue's tables where they are missing, forgets the jobs
// that nobody finished and reads who is paused, so that every notification
// that is to be sent is found again. Nothing may be sent meanwhile; see
// Replace.
func (q *Queue) Recover(ctx context.Context) error {
	migrator, err := rivermigrate.New(riversqlite.New(q.Vault.Writer()), &rivermigrate.Config{Logger: quiet(q.Log)})
	if err == nil {
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		return fmt.Errorf("making the tables of the notification queue: %w", err)
	}
	err = q.Vault.Requeue(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, sqlForget)
		return err
	})
	if err != nil {
		return err
	}
	return q.readPaused(ctx)
}

// Enqueued is for vault.Options.OnEnqueue: what is due at once gets its job in
// the same transaction, and everything else is left for later. A nil queue
// leaves everything.
func (q *Queue) Enqueued(ctx context.Context, tx *sql.Tx, n vault.Notification) error {
	if q == nil || n.Inquiries > 0 || !open(n) || n.DueAt.After(q.Clock.Now()) || q.isPaused(n.Issuer) {
		return vault.ErrLater
	}
	if _, err := q.river.InsertTx(ctx, tx, job{Issuer: n.Issuer, ID: n.ID}, &river.InsertOpts{Queue: queueOf(n.Issuer)}); err != nil {
		return fmt.Errorf("queueing the sending of notification %s: %w", n.ID, err)
	}
	q.nudge()
	return nil
}

// open says that the notification is still to be sent.
func open(n vault.Notification) bool {
	return n.State == vault.StatePending || n.State == vault.StateRetrying
}

// queueOf names the issuer's River queue, whose names are stricter than those
// of issuers.
func queueOf(issuer string) string {
	sum := sha256.Sum256([]byte(issuer))
	return "issuer-" + hex.EncodeToString(sum[:12])
}

// Start begins to send.
func (q *Queue) Start() error {
	q.life.Lock()
	defer q.life.Unlock()
	return q.begin()
}

func (q *Queue) begin() error {
	if err := q.river.Start(context.Background()); err != nil {
		return fmt.Errorf("starting the notification queue: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	q.stop = cancel
	q.stopped.Go(func() { q.dispatchAll(ctx) })
	return nil
}

// Close finishes the calls in flight, until the context ends, and gives up
// what is left; it will be sent after the next start. It belongs before the
// vault's Close. What is closed already stays so.
func (q *Queue) Close(ctx context.Context) error {
	if q == nil {
		return nil
	}
	q.life.Lock()
	defer q.life.Unlock()
	return q.end(ctx)
}

func (q *Queue) end(ctx context.Context) error {
	if q.stop == nil {
		return nil
	}
	q.stop()
	q.stop = nil
	q.stopped.Wait()
	if err := q.river.Stop(ctx); err == nil {
		return nil
	}
	// The calls are cancelled and return at once, so this one needs no bound.
	if err := q.river.StopAndCancel(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("stopping the notification queue: %w", err)
	}
	return nil
}

// Replace lets replace put another content under the whole vault, such as
// vault.Restore does, and goes on with what is there then. No call may be under
// way meanwhile, since River fails badly when a job that it runs disappears:
// those that are under way end first, or are given up when the context ends.
func (q *Queue) Replace(ctx context.Context, replace func() error) error {
	q.life.Lock()
	defer q.life.Unlock()
	running := q.stop != nil
	if err := q.end(ctx); err != nil {
		return err
	}
	failed := errors.Join(replace(), q.Recover(context.WithoutCancel(ctx)))
	if running {
		failed = errors.Join(failed, q.begin())
	}
	return failed
}

// nudge lets the dispatcher look now.
func (q *Queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// settle tells those who wait that an attempt has ended.
func (q *Queue) settle() {
	q.mu.Lock()
	defer q.mu.Unlock()
	close(q.settled)
	q.settled = make(chan struct{})
}

// Wait returns when nothing is left that is due by now, for the issuer or, with
// an empty name, for all: everything was delivered, is dead, or waits for a
// later time. What is paused is waited for.
func (q *Queue) Wait(ctx context.Context, issuer string) error {
	for {
		q.mu.Lock()
		settled := q.settled
		q.mu.Unlock()
		left, err := q.left(ctx, issuer)
		if err != nil || !left {
			return err
		}
		select {
		case <-settled:
		case <-time.After(dispatchInterval):
		case <-ctx.Done():
			return fmt.Errorf("waiting for the notifications of issuer %q: %w", issuer, ctx.Err())
		}
	}
}

func (q *Queue) left(ctx context.Context, issuer string) (bool, error) {
	now := q.Clock.Now()
	for _, state := range []string{vault.StatePending, vault.StateRetrying} {
		found, _, err := q.Vault.Notifications(ctx, vault.NotificationQuery{Issuer: issuer, State: state, DueBefore: now, Limit: 1})
		if err != nil || len(found) > 0 {
			return true, err
		}
	}
	return false, nil
}
