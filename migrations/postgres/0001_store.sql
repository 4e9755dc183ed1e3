-- The store of one signalbox. The same tables, columns and names as for SQLite.
-- Times are epoch milliseconds, flags 0 or 1, bodies JSON as text. Nothing is NULL.

-- COLLATE "C": text is ordered by its bytes, as on SQLite and in Rust, whatever the cluster's locale is.

CREATE TABLE events (
    stream   TEXT COLLATE "C" NOT NULL,
    seq      BIGINT NOT NULL CHECK (seq > 0),
    kind     TEXT NOT NULL,
    actor    TEXT NOT NULL,
    at       BIGINT NOT NULL,
    body     TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash     TEXT NOT NULL,
    PRIMARY KEY (stream, seq)
);

CREATE TABLE states (
    stream TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq    BIGINT NOT NULL CHECK (seq > 0),
    hash   TEXT NOT NULL,
    body   TEXT NOT NULL
);

CREATE TABLE timers (
    id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    stream TEXT COLLATE "C" NOT NULL,
    due_at BIGINT NOT NULL,
    work   BIGINT NOT NULL CHECK (work IN (0, 1)),
    body   TEXT NOT NULL
);

CREATE INDEX timers_due ON timers (work, due_at, id);

CREATE TABLE outbox (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    key         TEXT COLLATE "C" NOT NULL UNIQUE,
    target      TEXT COLLATE "C" NOT NULL,
    stream      TEXT COLLATE "C" NOT NULL,
    due_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL CHECK (attempts >= 0),
    body        TEXT NOT NULL,
    owner       TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    version     BIGINT NOT NULL CHECK (version > 0)
);

CREATE INDEX outbox_order ON outbox (target, id);
CREATE INDEX outbox_leased ON outbox (target, lease_until) WHERE lease_until > 0;

CREATE TABLE inbox (
    key    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    body   TEXT NOT NULL,
    answer TEXT NOT NULL
);

CREATE INDEX inbox_at ON inbox (at, key);

CREATE TABLE history (
    number       BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
    service      TEXT COLLATE "C" NOT NULL,
    environment  TEXT COLLATE "C" NOT NULL,
    version      TEXT NOT NULL,
    revision     TEXT NOT NULL,
    status       TEXT NOT NULL,
    requester    TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    started_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    note         TEXT NOT NULL
);

CREATE INDEX history_place ON history (service, environment, number);

CREATE TABLE messages (
    platform TEXT COLLATE "C" NOT NULL,
    key      TEXT COLLATE "C" NOT NULL,
    channel  TEXT NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    shown    TEXT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (platform, key)
);

CREATE INDEX messages_id ON messages (platform, id, key);

CREATE TABLE leases (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE settings (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Rows come and go: vacuum early, or the heads of the queues fill with dead rows.
ALTER TABLE timers SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE inbox SET (autovacuum_vacuum_scale_factor = 0.05);
