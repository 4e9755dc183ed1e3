//! The embedded database: one file, one process, one writing connection.
//!
//! Commits reach the disk before they are answered (WAL with full sync, read back at start), all that wait as one. A backup or
//! an audit may read the file from another process meanwhile; only writing is ours alone.

use super::commit::{Counts, Must, expected};
use super::group::{self, Work};
use super::writing::{self, Opening, PRAGMAS};
use crate::limits;
use crate::store::lock::Lock;
use crate::store::migrations;
use rusqlite::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

super::store!(
    SqliteStore,
    sqlx::Sqlite,
    each = "json_each($1)",
    lock = "",
    skip = "",
    alone = "UPDATE outbox SET owner = '', lease_until = 0 WHERE lease_until > 0"
);

/// The first version without the WAL-reset bug, which could damage a file that two connections write and checkpoint.
const OLDEST: (u32, u32, u32) = (3, 51, 3);

/// "SIGB", as the first migration sets it.
const APPLICATION_ID: i64 = 1_397_311_298;

pub(super) const INBOX_CLOSE: &str = "UPDATE inbox SET open = 0 WHERE key = ?1 AND open > 0";
pub(super) const INBOX_KEEP: &str = "INSERT INTO inbox (key, at, body, answer, kind, lane, proof, holder, open) \
                          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (key) DO NOTHING";
pub(super) const INBOX_PROOF: &str = "SELECT proof FROM inbox WHERE key = ?1";

#[derive(Debug)]
pub struct SqliteStore {
    reader: SqlitePool,
    /// None when it was opened to be read only, or is closed.
    writer: Mutex<Option<Writer>>,
}

/// The writer's thread, which holds the lock on the file.
#[derive(Debug)]
struct Writer {
    /// What is to be written; the thread ends when this is dropped.
    queue: mpsc::Sender<Box<dyn Work>>,
    /// Told at the end whether the log was carried over.
    ended: oneshot::Receiver<Result<()>>,
}

/// Opens or creates the database of this process.
///
/// # Errors
/// `Refused`, with what to do, when the file is in use, damaged, somebody else's or a newer version's, or a setting does not
/// hold. An existing file is never overwritten.
pub async fn open_sqlite(path: &Path) -> Result<SqliteStore> {
    SqliteStore::bounded(path, u32::MAX - 1).await
}

async fn open_with(path: &Path, pages: u32) -> Result<SqliteStore> {
    present(path)?;
    let lock = Lock::take(path)?;
    create(path)?;
    let options = common(path).journal_mode(SqliteJournalMode::Wal);
    let mut conn = connect(path, &options).await?;
    ours(path, &mut conn).await?;
    check(path, &mut conn).await?;
    migrations::sqlite(&mut conn).await.map_err(|e| damaged_or(path, e))?;
    conn.close().await.map_err(error("database"))?;
    let pool = SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None).test_before_acquire(false);
    let pool = pool.acquire_timeout(limits::STORE_WAIT);
    let (queue, asked) = mpsc::channel(limits::SQLITE_QUEUE);
    let ended = group::begin(Opening { path: path.to_owned(), pages }, lock, asked)?;
    Ok(SqliteStore {
        reader: pool.max_connections(limits::SQLITE_READERS).connect_lazy_with(options.pragma("query_only", "ON")),
        writer: Mutex::new(Some(Writer { queue, ended })),
    })
}

impl SqliteStore {
    /// As [`open_sqlite`], for a file that must not grow past so many pages of 4 KiB: commits that do not fit are answered
    /// with `Full`, as on a full disk.
    ///
    /// # Errors
    /// As [`open_sqlite`].
    pub async fn bounded(path: &Path, pages: u32) -> Result<Self> {
        open_with(path, pages).await
    }

    /// Opens the database to read it beside the process that writes it; every write fails. Takes no lock, migrates nothing,
    /// and leaves the file as it is, so that a backup can lie where nothing can be written.
    ///
    /// # Errors
    /// As [`open_sqlite`].
    pub async fn read_only(path: &Path) -> Result<Self> {
        let options = reading(path).await?;
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(limits::STORE_WAIT);
        Ok(Self { reader: pool.connect_lazy_with(options), writer: Mutex::default() })
    }

    /// Writes a copy of the database at `path` to `copy`, an empty file. Only reads `path`.
    pub(in crate::store) async fn copy_into(path: &Path, copy: &Path) -> Result<()> {
        let mut conn = readable(path, reading(path).await?).await?;
        let name = copy.to_string_lossy().into_owned();
        let done = sqlx::query("VACUUM INTO $1").bind(name).execute(&mut conn).await.map_err(error("backup"));
        conn.close().await.map_err(error("database"))?;
        done.map(|_| ())
    }

    /// Opens a finished copy that nobody else knows yet, after looking through all of it.
    pub(in crate::store) async fn of_copy(path: &Path) -> Result<Self> {
        let options =
            SqliteConnectOptions::new().filename(path).read_only(true).immutable(true).disable_statement_logging();
        let mut conn = readable(path, options.clone()).await?;
        let found: String =
            sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut conn).await.map_err(error("backup"))?;
        conn.close().await.map_err(error("database"))?;
        if found != "ok" {
            return Err(StoreError::Refused(format!("the copy is damaged, no backup was made: {found}")));
        }
        let pool = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options);
        Ok(Self { reader: pool, writer: Mutex::default() })
    }

    /// `work` on the writer's thread, in a transaction with whatever else waits.
    async fn asked<T: Send + 'static>(&self, work: impl FnMut(&Connection) -> Result<T> + Send + 'static) -> Result<T> {
        let queue = self.writer.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|w| w.queue.clone());
        let closed = || StoreError::Unavailable("the database is closed, or open to be read only".into());
        group::ask(&queue.ok_or_else(closed)?, work).await
    }

    async fn write(&self, table: &'static str, sql: &'static str, values: Vec<Value>) -> Result<u64> {
        self.asked(move |conn| writing::execute(conn, table, sql, &values)).await
    }

    async fn commit_packed(&self, packed: Packed) -> Result<()> {
        self.asked(move |conn| write(conn, &packed)).await
    }

    async fn claim_rows(&self, values: Vec<Value>) -> Result<Vec<(OutboxRow, i64, i64)>> {
        self.asked(move |conn| writing::rows(conn, "outbox", sql::CLAIM, &values, claimed)).await
    }

    /// What those that arrive were signed with that stand already; the others are stored, since nobody else writes.
    async fn keep_rows(
        &self,
        rows: BTreeMap<&str, &InboxRow>,
        closed: BTreeSet<&String>,
    ) -> Result<BTreeMap<String, String>> {
        let rows: Vec<InboxRow> = rows.into_values().cloned().collect();
        let closed: Vec<String> = closed.into_iter().cloned().collect();
        self.asked(move |conn| keep(conn, &rows, &closed).map_err(writing::error("inbox"))).await
    }

    /// Whoever has asked is told, then the log is carried over.
    async fn shut(&self) -> Result<()> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.reader.close().await;
        let Some(Writer { queue, ended }) = writer else { return Ok(()) };
        drop(queue);
        ended.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the writer is gone".into())))
    }
}

fn put(conn: &Connection, table: &'static str, sql: &str, part: &Part) -> Result<u64> {
    if part.rows == 0 { Ok(0) } else { writing::execute(conn, table, sql, std::slice::from_ref(&part.json)) }
}

fn write(conn: &Connection, batch: &Packed) -> Result<()> {
    if !batch.expected.is_empty() {
        let stands = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let streams = std::slice::from_ref(&batch.streams.json);
        expected(batch, writing::rows(conn, "states", sql::STATES_EXPECTED, streams, stands)?)?;
    }
    let mut counts = Counts::default();
    for (step, must) in steps(batch) {
        counts.add(must, put(conn, step.table, step.sql, step.part)?);
    }
    counts.hold(batch)
}

/// Row by row: an acknowledgement waits for it, and a list that is taken apart again costs more than a few statements.
fn keep(conn: &Connection, rows: &[InboxRow], closed: &[String]) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut close = conn.prepare_cached(INBOX_CLOSE)?;
    for key in closed {
        close.execute([key])?;
    }
    let (mut keep, mut proof) = (conn.prepare_cached(INBOX_KEEP)?, conn.prepare_cached(INBOX_PROOF)?);
    let mut standing = BTreeMap::new();
    for r in rows {
        let values = rusqlite::params![r.key, r.at, r.body, r.answer, r.kind, r.lane, r.proof, r.holder, r.open];
        if keep.execute(values)? == 0 {
            standing.insert(r.key.clone(), proof.query_row([&r.key], |row| row.get(0))?);
        }
    }
    Ok(standing)
}

/// A row of the outbox, its version, and how often it was begun.
fn claimed(row: &rusqlite::Row<'_>) -> rusqlite::Result<(OutboxRow, i64, i64)> {
    let claimed = OutboxRow {
        id: row.get(0)?,
        key: row.get(1)?,
        target: row.get(2)?,
        stream: Stream::new(&row.get::<_, String>(3)?),
        due_at: row.get(4)?,
        attempts: row.get(5)?,
        body: row.get(6)?,
    };
    Ok((claimed, row.get(7)?, row.get(8)?))
}

/// How an existing database can be read without a change to its file. Where a finished database lies among files that cannot
/// be written (a read-only disk), it is read as one that nobody changes.
async fn reading(path: &Path) -> Result<SqliteConnectOptions> {
    let live = common(path).read_only(true);
    let refused = match readable(path, live.clone()).await {
        Ok(conn) => return conn.close().await.map(|()| live).map_err(error("database")),
        Err(refused) => refused,
    };
    if !unwritable(path) || has_log(path) {
        return Err(refused);
    }
    let still = live.immutable(true);
    readable(path, still.clone()).await?.close().await.map(|()| still).map_err(error("database"))
}

/// Whether nothing can be made beside the database.
fn unwritable(path: &Path) -> bool {
    rustix::fs::access(folder(path), rustix::fs::Access::WRITE_OK).is_err()
}

fn common(path: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(limits::SQLITE_BUSY)
        .disable_statement_logging();
    PRAGMAS.into_iter().fold(options, |options, (name, value)| options.pragma(name, value))
}

/// What can be seen without opening it.
fn present(path: &Path) -> Result<()> {
    let refused = |what: String| Err(StoreError::Refused(format!("{}: {what}", path.display())));
    if !folder(path).is_dir() {
        return refused("its folder does not exist; create it first".to_owned());
    }
    if !filled(path) && has_log(path) {
        return refused(
            "the database is missing but its -wal file is there; put the database back beside it".to_owned(),
        );
    }
    Ok(())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn filled(path: &Path) -> bool {
    path.metadata().is_ok_and(|m| m.len() > 0)
}

/// Whether commits stand in the write-ahead log beside the database.
fn has_log(path: &Path) -> bool {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    filled(Path::new(&wal))
}

/// Only its owner may read it: it holds what people said.
fn create(path: &Path) -> Result<()> {
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(StoreError::Refused(format!("{}: cannot create the database: {e}", path.display()))),
    }
}

/// An existing database of ours.
async fn readable(path: &Path, options: SqliteConnectOptions) -> Result<SqliteConnection> {
    if !path.exists() {
        return Err(StoreError::Refused(format!("{}: there is no such database", path.display())));
    }
    present(path)?;
    let mut conn = connect(path, &options).await?;
    ours(path, &mut conn).await?;
    Ok(conn)
}

async fn connect(path: &Path, options: &SqliteConnectOptions) -> Result<SqliteConnection> {
    options.connect().await.map_err(|e| damaged_or(path, error("database")(e)))
}

/// A damaged file stops the start with what to do; it is left as it is.
fn damaged_or(path: &Path, error: StoreError) -> StoreError {
    match error {
        StoreError::Corrupt { what, .. } => damaged(path, &what),
        StoreError::Unavailable(what) => StoreError::Refused(format!("{}: {what}", path.display())),
        other => other,
    }
}

fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::Refused(format!(
        "{}: the database is damaged ({what}). It was left as it is: move it away together with its -wal and -shm files, \
         put the last backup in its place and start again",
        path.display()
    ))
}

/// An empty file or one of ours.
async fn ours(path: &Path, conn: &mut SqliteConnection) -> Result<()> {
    let number = async |conn: &mut SqliteConnection, sql: &'static str| {
        sqlx::query_scalar::<_, i64>(sql).fetch_one(conn).await.map_err(|e| damaged_or(path, error("database")(e)))
    };
    let tables = number(conn, "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table'").await?;
    let id = number(conn, "PRAGMA application_id").await?;
    if tables > 0 && id != APPLICATION_ID {
        let what = "this is another program's database; name a file of its own for signalbox";
        return Err(StoreError::Refused(format!("{}: {what}", path.display())));
    }
    Ok(())
}

/// Reads back what durability rests on, and looks through a small file for damage.
async fn check(path: &Path, conn: &mut SqliteConnection) -> Result<()> {
    let refused = |what: String| Err(StoreError::Refused(format!("{}: {what}", path.display())));
    let failed = |e| damaged_or(path, error("database")(e));
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut *conn).await.map_err(failed)?;
    let mut parts = version.split('.').map(|p| p.parse::<u32>().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    if (part(), part(), part()) < OLDEST {
        return refused(format!("SQLite {version} can damage a database under load; build with 3.51.3 or newer"));
    }
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *conn).await.map_err(failed)?;
    if mode != "wal" {
        return refused(format!("journal_mode is {mode}, not wal; keep the database on a local disk"));
    }
    for (sql, name, wanted) in [("PRAGMA synchronous", "synchronous", 2), ("PRAGMA foreign_keys", "foreign_keys", 1)] {
        let found: i64 = sqlx::query_scalar(sql).fetch_one(&mut *conn).await.map_err(failed)?;
        if found != wanted {
            return refused(format!("{name} is {found}, not {wanted}: commits would not be safe"));
        }
    }
    if path.metadata().is_ok_and(|m| m.len() <= limits::SQLITE_CHECKED_BYTES) {
        let found: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut *conn).await.map_err(failed)?;
        if found != "ok" {
            return Err(damaged(path, &found));
        }
    }
    Ok(())
}
