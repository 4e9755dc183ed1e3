-- The store of one signalbox. The same tables, columns and names as for PostgreSQL.
-- Times are epoch milliseconds, flags 0 or 1, bodies JSON as text. Nothing is NULL.

-- "SIGB": tells our files from other programs' databases.
PRAGMA application_id = 1397311298;

CREATE TABLE events (
    stream   TEXT    NOT NULL,
    seq      INTEGER NOT NULL CHECK (seq > 0),
    kind     TEXT    NOT NULL,
    actor    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    body     TEXT    NOT NULL,
    previous TEXT    NOT NULL,
    hash     TEXT    NOT NULL,
    PRIMARY KEY (stream, seq)
) STRICT;

CREATE TABLE states (
    stream TEXT    NOT NULL PRIMARY KEY,
    seq    INTEGER NOT NULL CHECK (seq > 0),
    hash   TEXT    NOT NULL,
    body   TEXT    NOT NULL
) STRICT;

CREATE TABLE timers (
    id     TEXT    NOT NULL PRIMARY KEY,
    stream TEXT    NOT NULL,
    due_at INTEGER NOT NULL,
    work   INTEGER NOT NULL CHECK (work IN (0, 1)),
    body   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX timers_due ON timers (work, due_at, id);

CREATE TABLE outbox (
    id          TEXT    NOT NULL PRIMARY KEY,
    key         TEXT    NOT NULL UNIQUE,
    target      TEXT    NOT NULL,
    stream      TEXT    NOT NULL,
    due_at      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL CHECK (attempts >= 0),
    body        TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    lease_until INTEGER NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0)
) STRICT;

CREATE INDEX outbox_order ON outbox (target, id);
CREATE INDEX outbox_leased ON outbox (target, lease_until) WHERE lease_until > 0;

CREATE TABLE inbox (
    key    TEXT    NOT NULL PRIMARY KEY,
    at     INTEGER NOT NULL,
    body   TEXT    NOT NULL,
    answer TEXT    NOT NULL
) STRICT;

CREATE INDEX inbox_at ON inbox (at, key);

CREATE TABLE history (
    number       INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
    service      TEXT    NOT NULL,
    environment  TEXT    NOT NULL,
    version      TEXT    NOT NULL,
    revision     TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    requester    TEXT    NOT NULL,
    requested_at INTEGER NOT NULL,
    started_at   INTEGER NOT NULL,
    ended_at     INTEGER NOT NULL,
    note         TEXT    NOT NULL
) STRICT;

CREATE INDEX history_place ON history (service, environment, number);

CREATE TABLE messages (
    platform TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    channel  TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    shown    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (platform, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX messages_id ON messages (platform, id, key);

CREATE TABLE leases (
    name  TEXT    NOT NULL PRIMARY KEY,
    owner TEXT    NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
