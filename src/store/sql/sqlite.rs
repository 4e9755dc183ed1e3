//! The embedded database: one file, one process, one writing connection.
//!
//! Commits reach the disk before they are answered (WAL with full sync, read back at start), all that wait as one. A backup or
//! an audit may read the file from another process meanwhile; only writing is ours alone.

use super::checkpoint::Checkpoints;
use super::commit::{Counts, Must, expected};
use super::group::{self, Within, Work};
use crate::limits;
use crate::store::lock::Lock;
use crate::store::migrations;
use futures_util::TryStreamExt as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

super::store!(
    SqliteStore,
    sqlx::Sqlite,
    begin = "BEGIN IMMEDIATE",
    each = "json_each($1)",
    lock = "",
    skip = "",
    alone = "UPDATE outbox SET owner = '', lease_until = 0 WHERE lease_until > 0"
);

/// The first version without the WAL-reset bug, which could damage a file that two connections write and checkpoint.
const OLDEST: (u32, u32, u32) = (3, 51, 3);

/// "SIGB", as the first migration sets it.
const APPLICATION_ID: i64 = 1_397_311_298;

/// All of a transaction that keeps arrivals in one text: closed, looked up, stored. A trip to the connection's thread takes
/// longer than what is done there, and an acknowledgement waits for it.
static KEEP: LazyLock<Arc<str>> = LazyLock::new(|| {
    let (look_up, keep) = (sql::INBOX_PROOFS.replace("$1", "$2"), sql::INBOX_KEEP.replace("$1", "$3"));
    format!("{}; {look_up}; {keep}", sql::INBOX_CLOSE).into()
});
static KEEP_ALONE: LazyLock<Arc<str>> = LazyLock::new(|| format!("BEGIN IMMEDIATE; {}; COMMIT", &**KEEP).into());

#[derive(Debug)]
pub struct SqliteStore {
    /// One connection, for [`group::write_loop`] alone.
    writer: SqlitePool,
    /// What is to be written; none when it was opened to be read only, or is closed.
    queue: Mutex<Option<mpsc::Sender<Box<dyn Work>>>>,
    reader: SqlitePool,
    /// Given back on [`Store::close`]; none when it was opened to be read only.
    lock: Mutex<Option<Lock>>,
    /// They end with the queue.
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// Opens or creates the database of this process.
///
/// # Errors
/// `Refused`, with what to do, when the file is in use, damaged, somebody else's or a newer version's, or a setting does not
/// hold. An existing file is never overwritten.
pub async fn open_sqlite(path: &Path) -> Result<SqliteStore> {
    SqliteStore::bounded(path, u32::MAX - 1).await
}

async fn open_with(path: &Path, options: SqliteConnectOptions) -> Result<SqliteStore> {
    present(path)?;
    let lock = Lock::take(path)?;
    create(path)?;
    let mut conn = connect(path, &options).await?;
    ours(path, &mut conn).await?;
    check(path, &mut conn).await?;
    migrations::sqlite(&mut conn).await.map_err(|e| damaged_or(path, e))?;
    conn.close().await.map_err(error("database"))?;
    let pool = SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None).test_before_acquire(false);
    let pool = pool.acquire_timeout(limits::STORE_WAIT);
    let writer = pool.clone().max_connections(1).connect_lazy_with(options.clone());
    let (ask, asked) = mpsc::channel(limits::SQLITE_QUEUE);
    let (checkpoints, carrying) = Checkpoints::begin(options.clone());
    let writing = tokio::spawn(group::write_loop(writer.clone(), asked, checkpoints));
    Ok(SqliteStore {
        writer,
        queue: Mutex::new(Some(ask)),
        reader: pool.max_connections(limits::SQLITE_READERS).connect_lazy_with(options.pragma("query_only", "ON")),
        lock: Mutex::new(Some(lock)),
        tasks: Mutex::new(vec![writing, carrying]),
    })
}

impl SqliteStore {
    /// As [`open_sqlite`], for a file that must not grow past so many pages of 4 KiB: commits that do not fit are answered
    /// with `Full`, as on a full disk.
    ///
    /// # Errors
    /// As [`open_sqlite`].
    pub async fn bounded(path: &Path, pages: u32) -> Result<Self> {
        open_with(path, options(path).pragma("max_page_count", pages.to_string())).await
    }

    /// Opens the database to read it beside the process that writes it; every write fails. Takes no lock, migrates nothing,
    /// and leaves the file as it is, so that a backup can lie where nothing can be written.
    ///
    /// # Errors
    /// As [`open_sqlite`].
    pub async fn read_only(path: &Path) -> Result<Self> {
        let options = reading(path).await?;
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(limits::STORE_WAIT);
        let pool = pool.connect_lazy_with(options);
        Ok(Self {
            writer: pool.clone(),
            queue: Mutex::new(None),
            reader: pool,
            lock: Mutex::new(None),
            tasks: Mutex::default(),
        })
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
        Ok(Self {
            writer: pool.clone(),
            queue: Mutex::new(None),
            reader: pool,
            lock: Mutex::new(None),
            tasks: Mutex::default(),
        })
    }

    /// `work` in a transaction, with whatever else waits.
    async fn transacted<T: Send + 'static>(
        &self,
        work: impl for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.asked(false, move |conn, _| work(conn)).await
    }

    /// The same for a single statement, which commits by itself when nothing else waits.
    async fn statement<T: Send + 'static>(
        &self,
        work: impl for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.asked(true, move |conn, _| work(conn)).await
    }

    /// What those that arrive were signed with that stand already; the others are stored, since nobody else writes. Takes
    /// what is closed, the keys and the rows.
    async fn keep_packed(&self, parts: Arc<[Part; 3]>) -> Result<BTreeMap<String, String>> {
        self.asked(true, move |conn, within| {
            let (parts, text) = (Arc::clone(&parts), if within == Within::Group { &KEEP } else { &KEEP_ALONE });
            async move {
                let query = sqlx::query_as::<_, (String, String)>(AssertSqlSafe(Arc::clone(text)));
                let query = parts.iter().fold(query, |query, part| query.bind(part.json.clone()));
                Ok(query.fetch_all(conn).await.map_err(error("inbox"))?.into_iter().collect())
            }
            .boxed()
        })
        .await
    }

    async fn asked<T: Send + 'static>(
        &self,
        commits: bool,
        work: impl for<'c> Fn(&'c mut Conn, Within) -> BoxFuture<'c, Result<T>> + Send + 'static,
    ) -> Result<T> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let closed = || StoreError::Unavailable("the database is closed, or open to be read only".into());
        group::ask(&queue.ok_or_else(closed)?, commits, work).await
    }

    async fn shut(&self) -> Result<()> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        futures_util::future::join_all(tasks).await;
        self.reader.close().await;
        let held = self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
        let checkpoint = match &held {
            Some(_) if !self.writer.is_closed() => sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&self.writer)
                .await
                .map(|_| ())
                .map_err(error("database")),
            _ => Ok(()),
        };
        self.writer.close().await;
        drop(held);
        checkpoint
    }
}

/// All statements of a batch as one text, each with a parameter of its own and a row that counts what it touched, behind the
/// streams it expects: a trip to the connection's thread takes longer than what most of them do.
async fn write(conn: &mut Conn, batch: &Packed) -> Result<()> {
    let mut text = sql::STATES_EXPECTED.to_owned();
    let (mut parts, mut rows_of) = (vec![&batch.streams], Vec::new());
    for (step, must) in steps(batch) {
        parts.push(step.part);
        rows_of.push((step.table, must));
        let own = format!("${}", parts.len());
        text.extend(["; ", &step.sql.replace("$1", &own), "; SELECT '', changes(), ''"]);
    }
    let query = sqlx::query_as::<_, Stands>(AssertSqlSafe(text));
    let query = parts.into_iter().fold(query, |query, part| query.bind(&part.json));
    let (mut stand, mut counts, mut rows_of) = (Vec::new(), Counts::default(), rows_of.into_iter().peekable());
    let mut rows = query.fetch(conn);
    loop {
        let table = rows_of.peek().map_or("states", |(table, _)| *table);
        let Some((stream, n, hash)) = rows.try_next().await.map_err(error(table))? else { break };
        if !stream.is_empty() {
            stand.push((stream, n, hash));
        } else if let Some((_, must)) = rows_of.next() {
            counts.add(must, u64::try_from(n).unwrap_or(0));
        }
    }
    expected(batch, stand)?;
    counts.hold(batch)
}

fn options(path: &Path) -> SqliteConnectOptions {
    // Carried over by `checkpoint`.
    common(path).journal_mode(SqliteJournalMode::Wal).pragma("wal_autocheckpoint", "0")
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
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(limits::SQLITE_BUSY)
        .pragma("cache_size", limits::SQLITE_CACHE)
        .pragma("journal_size_limit", limits::SQLITE_WAL_BYTES)
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging()
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
