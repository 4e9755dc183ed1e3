-- Messages that nobody edits any more are forgotten, oldest first. The same names as for SQLite.

CREATE INDEX messages_at ON messages (at);
