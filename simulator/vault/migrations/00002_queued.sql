-- +goose Up

-- queued says that the queue has taken up the next attempt of a notification.
-- What is due and not queued is found by the index alone, however much was
-- sent before.
ALTER TABLE notifications ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;
CREATE INDEX notifications_due ON notifications (issuer, due_at, seq)
    WHERE queued = 0 AND inquiries = 0 AND state IN ('pending', 'retrying');
