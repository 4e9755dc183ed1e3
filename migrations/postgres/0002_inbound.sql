-- What arrives is kept before it is read. The same tables, columns and names as for SQLite.

-- Its type in the platform's words, and the line it waits in; empty for what was decided as it came.
ALTER TABLE inbox ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE inbox ADD COLUMN lane TEXT NOT NULL DEFAULT '';
-- The signature it came with.
ALTER TABLE inbox ADD COLUMN proof TEXT NOT NULL DEFAULT '';
-- The process that works it.
ALTER TABLE inbox ADD COLUMN holder TEXT COLLATE "C" NOT NULL DEFAULT '';
-- Its place among what is to be worked, about the microsecond it came; 0 once it is worked and its sender told.
ALTER TABLE inbox ADD COLUMN open BIGINT NOT NULL DEFAULT 0;

-- A row is in one of the two: what is to be worked, or what is to be forgotten one day.
CREATE INDEX inbox_open ON inbox (holder, open, key) WHERE open > 0;
CREATE INDEX inbox_done ON inbox (at, key) WHERE open = 0;
DROP INDEX inbox_at;

-- How many claims may have done something outside: those that were not given back untouched.
ALTER TABLE outbox ADD COLUMN doubts BIGINT NOT NULL DEFAULT 0;
UPDATE outbox SET doubts = attempts;

-- The reactions of people on our messages, as far as they were decided.
CREATE TABLE reactions (
    platform TEXT COLLATE "C" NOT NULL,
    message  TEXT COLLATE "C" NOT NULL,
    account  TEXT COLLATE "C" NOT NULL,
    emoji    TEXT COLLATE "C" NOT NULL,
    added    BIGINT NOT NULL CHECK (added IN (0, 1)),
    source   TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (platform, message, account, emoji)
);

CREATE INDEX reactions_at ON reactions (at);
