//! The console's own file: SQLite with a write-ahead log, one writer, a few readers.
//!
//! Every change of a message takes the next revision, so "what changed since" is one index range and survives a restart.
//! SQL has no clock and no randomness; both arrive as arguments.

use super::error::ConsoleError;
use crate::limits::{CONSOLE_BUSY, CONSOLE_READERS};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::path::Path;

/// The layout below; counted up when it changes.
const LAYOUT: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rev INTEGER NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    thread INTEGER REFERENCES messages (id),
    author TEXT,
    only_for TEXT,
    key TEXT UNIQUE,
    content TEXT NOT NULL,
    mentions TEXT NOT NULL,
    created INTEGER NOT NULL,
    edited INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS messages_in_channel ON messages (channel, id);
CREATE INDEX IF NOT EXISTS messages_in_thread ON messages (thread, id);
CREATE TABLE IF NOT EXISTS reactions (
    message INTEGER NOT NULL REFERENCES messages (id),
    emoji TEXT NOT NULL,
    person TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (message, emoji, person)
) STRICT;
CREATE TABLE IF NOT EXISTS reads (
    person TEXT NOT NULL,
    channel TEXT NOT NULL,
    upto INTEGER NOT NULL,
    PRIMARY KEY (person, channel)
) STRICT;
PRAGMA user_version = 1;
";

pub(super) struct Storage {
    pub write: SqlitePool,
    pub read: SqlitePool,
}

impl Storage {
    pub async fn open(file: &Path) -> Result<Self, ConsoleError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(CONSOLE_BUSY);
        let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        Self::prepare(&write).await?;
        let read = SqlitePoolOptions::new().max_connections(CONSOLE_READERS).connect_with(options).await?;
        Ok(Self { write, read })
    }

    pub async fn in_memory() -> Result<Self, ConsoleError> {
        // One connection that is never given up: the database lives in it.
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(SqliteConnectOptions::new().in_memory(true))
            .await?;
        Self::prepare(&write).await?;
        Ok(Self { read: write.clone(), write })
    }

    async fn prepare(pool: &SqlitePool) -> Result<(), ConsoleError> {
        let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(pool).await?;
        if found > LAYOUT {
            return Err(ConsoleError::Newer { found, known: LAYOUT });
        }
        sqlx::raw_sql(SCHEMA).execute(pool).await?;
        Ok(())
    }

    /// The revision of the latest change, 0 when there was none.
    pub async fn latest(&self) -> Result<i64, ConsoleError> {
        Ok(sqlx::query_scalar("SELECT COALESCE(MAX(rev), 0) FROM messages").fetch_one(&self.read).await?)
    }

    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}
