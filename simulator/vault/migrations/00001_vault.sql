-- +goose Up

-- The proof that the vault key fits this database.
CREATE TABLE vault_key (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    proof BLOB    NOT NULL
) STRICT;

CREATE TABLE issuers (
    name          TEXT NOT NULL PRIMARY KEY,
    api_key       TEXT UNIQUE,
    secret_sealed BLOB NOT NULL,
    content       TEXT NOT NULL
) STRICT;

CREATE TABLE account_ranges (
    account_range TEXT NOT NULL PRIMARY KEY,
    issuer        TEXT NOT NULL REFERENCES issuers (name)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_ranges_issuer ON account_ranges (issuer);

CREATE TABLE pans (
    issuer        TEXT NOT NULL REFERENCES issuers (name),
    reference_id  TEXT NOT NULL,
    number_hash   BLOB NOT NULL,
    number_sealed BLOB NOT NULL,
    content       TEXT NOT NULL,
    PRIMARY KEY (issuer, reference_id),
    UNIQUE (issuer, number_hash)
) STRICT;

-- changed orders the tokens of a PAN by their last change.
CREATE TABLE tokens (
    issuer           TEXT    NOT NULL,
    reference_id     TEXT    NOT NULL,
    requestor_id     TEXT    NOT NULL,
    pan_reference_id TEXT    NOT NULL,
    number_hash      BLOB    NOT NULL,
    number_sealed    BLOB    NOT NULL,
    changed          INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    content          TEXT    NOT NULL,
    PRIMARY KEY (issuer, reference_id),
    UNIQUE (issuer, number_hash),
    FOREIGN KEY (issuer, pan_reference_id) REFERENCES pans (issuer, reference_id)
) STRICT;
CREATE INDEX tokens_pan ON tokens (issuer, pan_reference_id, changed);
CREATE INDEX tokens_reference ON tokens (reference_id);

CREATE TABLE bindings (
    issuer             TEXT    NOT NULL,
    token_reference_id TEXT    NOT NULL,
    device_index       INTEGER NOT NULL,
    content            TEXT    NOT NULL,
    PRIMARY KEY (issuer, token_reference_id, device_index),
    FOREIGN KEY (issuer, token_reference_id) REFERENCES tokens (issuer, reference_id)
) STRICT;

CREATE TABLE verifications (
    issuer              TEXT    NOT NULL,
    token_reference_id  TEXT    NOT NULL,
    life_cycle_trace_id INTEGER NOT NULL,
    started_at          INTEGER NOT NULL,
    content             TEXT    NOT NULL,
    PRIMARY KEY (issuer, token_reference_id, life_cycle_trace_id),
    FOREIGN KEY (issuer, token_reference_id) REFERENCES tokens (issuer, reference_id)
) STRICT;

CREATE TABLE otps (
    issuer             TEXT NOT NULL,
    token_reference_id TEXT NOT NULL,
    value_hash         BLOB NOT NULL,
    content            TEXT NOT NULL,
    PRIMARY KEY (issuer, token_reference_id),
    FOREIGN KEY (issuer, token_reference_id) REFERENCES tokens (issuer, reference_id)
) STRICT;

CREATE TABLE records (
    issuer     TEXT    NOT NULL REFERENCES issuers (name),
    kind       TEXT    NOT NULL,
    record_key TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    content    TEXT    NOT NULL,
    PRIMARY KEY (issuer, kind, record_key)
) STRICT;

CREATE TABLE notifications (
    seq       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    issuer    TEXT    NOT NULL REFERENCES issuers (name),
    id        TEXT    NOT NULL,
    operation TEXT    NOT NULL,
    token_id  TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    due_at    INTEGER NOT NULL,
    inquiries INTEGER NOT NULL,
    content   TEXT    NOT NULL,
    UNIQUE (issuer, id)
) STRICT;
CREATE INDEX notifications_issuer ON notifications (issuer, state, seq);
CREATE INDEX notifications_state ON notifications (state, seq);
CREATE INDEX notifications_token ON notifications (issuer, token_id, seq);

-- The journal is a ring: journal_size counts it, journal_marks remembers per
-- issuer how far it was emptied. issuer is empty for calls of nobody known.
CREATE TABLE journal (
    seq       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    issuer    TEXT    NOT NULL,
    id        TEXT    NOT NULL,
    direction TEXT    NOT NULL,
    operation TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    elapsed   INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    content   TEXT    NOT NULL,
    UNIQUE (id, issuer)
) STRICT;
CREATE INDEX journal_issuer ON journal (issuer, seq);

CREATE TABLE journal_size (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    row_count  INTEGER NOT NULL,
    byte_count INTEGER NOT NULL
) STRICT;
INSERT INTO journal_size (id, row_count, byte_count) VALUES (1, 0, 0);

CREATE TABLE journal_marks (
    issuer TEXT    NOT NULL PRIMARY KEY,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pay_tokens (
    issuer     TEXT    NOT NULL REFERENCES issuers (name),
    digest     TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX pay_tokens_expiry ON pay_tokens (issuer, expires_at);
