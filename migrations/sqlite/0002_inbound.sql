-- What arrives is kept before it is read. The same tables, columns and names as for PostgreSQL.

-- Its type in the platform's words, and the line it waits in; empty for what was decided as it came.
ALTER TABLE inbox ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE inbox ADD COLUMN lane TEXT NOT NULL DEFAULT '';
-- The signature it came with.
ALTER TABLE inbox ADD COLUMN proof TEXT NOT NULL DEFAULT '';
-- The process that works it.
ALTER TABLE inbox ADD COLUMN holder TEXT NOT NULL DEFAULT '';
-- Its place among what is to be worked, about the microsecond it came; 0 once it is worked and its sender told.
ALTER TABLE inbox ADD COLUMN open INTEGER NOT NULL DEFAULT 0;

-- A row is in one of the two: what is to be worked, or what is to be forgotten one day.
CREATE INDEX inbox_open ON inbox (holder, open, key) WHERE open > 0;
CREATE INDEX inbox_done ON inbox (at, key) WHERE open = 0;
DROP INDEX inbox_at;

-- How many claims may have done something outside: those that were not given back untouched.
ALTER TABLE outbox ADD COLUMN doubts INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET doubts = attempts;

-- The reactions of people on our messages, as far as they were decided.
CREATE TABLE reactions (
    platform TEXT    NOT NULL,
    message  TEXT    NOT NULL,
    account  TEXT    NOT NULL,
    emoji    TEXT    NOT NULL,
    added    INTEGER NOT NULL CHECK (added IN (0, 1)),
    source   TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (platform, message, account, emoji)
) STRICT, WITHOUT ROWID;

CREATE INDEX reactions_at ON reactions (at);
