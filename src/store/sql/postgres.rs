//! PostgreSQL, for several replicas that share the work.

use super::commit::{Counts, Must, expected};
use super::packed;
use crate::limits;
use crate::store::migrations;
use crate::store::net::lost;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use std::str::FromStr as _;
use std::sync::Arc;

super::store!(
    PgStore,
    sqlx::Postgres,
    each = "jsonb_array_elements(CAST($1 AS JSONB))",
    lock = " FOR UPDATE OF s",
    skip = " FOR UPDATE OF o SKIP LOCKED",
    alone = ""
);

/// Waits for whoever else is about to begin the same streams. "SIGB" keeps our numbers apart from other programs'; the lock
/// goes with the transaction.
const VACANT: &str = "SELECT pg_advisory_xact_lock(1397311298, CAST(j.value->>0 AS INT)) \
                      FROM jsonb_array_elements(CAST($1 AS JSONB)) AS j";

type Conn = sqlx::PgConnection;

/// What was worked, what of the arrivals stands already, and the arrivals; each with a list of its rows.
pub(super) const INBOX_CLOSE: &str = "UPDATE inbox SET open = 0 WHERE open > 0 AND key IN \
                           (SELECT j.value->>0 FROM jsonb_array_elements(CAST($1 AS JSONB)) AS j)";
pub(super) const INBOX_PROOFS: &str = "SELECT i.key, i.proof FROM inbox i WHERE i.key IN \
                            (SELECT j.value->>0 FROM jsonb_array_elements(CAST($1 AS JSONB)) AS j)";
pub(super) const INBOX_KEEP: &str = "INSERT INTO inbox (key, at, body, answer, kind, lane, proof, holder, open) \
    SELECT j.value->>0, CAST(j.value->>1 AS BIGINT), j.value->>2, j.value->>3, j.value->>4, j.value->>5, \
    j.value->>6, j.value->>7, CAST(j.value->>8 AS BIGINT) FROM jsonb_array_elements(CAST($1 AS JSONB)) AS j \
    WHERE true ON CONFLICT (key) DO NOTHING";

/// The oldest server all statements were tried on.
const OLDEST: i64 = 130_000;

#[derive(Debug)]
pub struct PgStore {
    writer: PgPool,
    reader: PgPool,
}

/// Connects and migrates; several replicas may do so at once.
///
/// # Errors
/// `Unavailable` when the server cannot be reached, `Refused` when it cannot keep what we promise.
pub async fn open_postgres(url: &str) -> Result<PgStore> {
    let options = options(url)?;
    let mut conn = options.connect().await.map_err(error("connection"))?;
    check(&mut conn).await?;
    migrations::postgres(&mut conn).await?;
    conn.close().await.map_err(error("connection"))?;
    Ok(pooled(options))
}

impl PgStore {
    /// Connects to read only: every write fails. Migrates nothing.
    ///
    /// # Errors
    /// As [`open_postgres`].
    pub async fn read_only(url: &str) -> Result<Self> {
        let options = options(url)?.options([("default_transaction_read_only", "on")]);
        let mut conn = options.connect().await.map_err(error("connection"))?;
        check(&mut conn).await?;
        conn.close().await.map_err(error("connection"))?;
        Ok(pooled(options))
    }

    /// `work` in a transaction of its own.
    async fn transacted<T: Send + 'static>(
        &self,
        work: impl for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T>> + Send + 'static,
    ) -> Result<T> {
        let pool = self.writer.clone();
        to_the_end(async move {
            let mut conn = pool.acquire().await.map_err(error("connection"))?;
            let (done, sound) = transaction(&mut conn, async |conn| work(conn).await).await;
            if !sound {
                let _ = conn.close().await;
            }
            done
        })
        .await
    }

    async fn write(&self, table: &'static str, sql: &'static str, values: Vec<Value>) -> Result<u64> {
        let pool = self.writer.clone();
        to_the_end(async move {
            let mut conn = pool.acquire().await.map_err(error("connection"))?;
            Ok(bound(sql, values).execute(&mut *conn).await.map_err(error(table))?.rows_affected())
        })
        .await
    }

    async fn commit_packed(&self, packed: Packed) -> Result<()> {
        self.transacted(move |conn| async move { write(conn, &packed).await }.boxed()).await
    }

    async fn claim_rows(&self, values: Vec<Value>) -> Result<Vec<(OutboxRow, i64, i64)>> {
        let pool = self.writer.clone();
        to_the_end(async move {
            let mut conn = pool.acquire().await.map_err(error("connection"))?;
            let claimed = |row: &PgRow| Ok((outbox(row)?, row.try_get(7)?, row.try_get(8)?));
            rows(&mut *conn, "outbox", bound(sql::CLAIM, values), claimed).await
        })
        .await
    }

    /// What those that arrive were signed with that stand already; the others are stored.
    async fn keep_rows(
        &self,
        rows: BTreeMap<&str, &InboxRow>,
        closed: BTreeSet<&String>,
    ) -> Result<BTreeMap<String, String>> {
        let keys = packed::part(rows.keys().map(|key| (key,)))?;
        let rows = packed::inbox(rows.into_values())?;
        let parts = Arc::new([packed::part(closed.into_iter().map(|key| (key,)))?, keys, rows]);
        let keep = async || {
            let parts = Arc::clone(&parts);
            self.transacted(move |conn| {
                let parts = Arc::clone(&parts);
                async move { write_arrivals(conn, &parts).await }.boxed()
            })
            .await
        };
        match keep().await {
            // Another replica has kept one of them meanwhile, and now it is found.
            Err(StoreError::Conflict(_)) => keep().await,
            done => done,
        }
    }

    async fn shut(&self) -> Result<()> {
        self.writer.close().await;
        Ok(())
    }
}

fn bound(sql: &'static str, values: Vec<Value>) -> Query<'static> {
    values.into_iter().fold(sqlx::query(sql), |query, value| match value {
        Value::Int(n) => query.bind(n),
        Value::Text(text) => query.bind(text),
    })
}

/// Begins, works, commits; when the work fails, nothing of it stays. Also whether the connection is as it was: one that was
/// lost is not.
async fn transaction<T>(conn: &mut Conn, work: impl AsyncFnOnce(&mut Conn) -> Result<T>) -> (Result<T>, bool) {
    let run = async |conn: &mut Conn, sql: &'static str| sqlx::query(sql).execute(conn).await;
    if let Err(e) = run(conn, "BEGIN").await {
        return (Err(error("connection")(e)), false);
    }
    let done = match work(conn).await {
        Ok(done) => run(conn, "COMMIT").await.map(|_| done).map_err(error("commit")),
        failed => failed,
    };
    let sound = done.is_ok() || run(conn, "ROLLBACK").await.is_ok();
    (done, sound)
}

/// Runs `work` to its end even if the caller goes away: a transaction is never cut in half.
async fn to_the_end<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    tokio::spawn(work).await.unwrap_or_else(|e| Err(StoreError::Unavailable(format!("the write was given up: {e}"))))
}

async fn put(conn: &mut Conn, table: &'static str, sql: &'static str, part: &Part) -> Result<u64> {
    if part.rows == 0 {
        return Ok(0);
    }
    let done = sqlx::query(sql).bind(&part.json).execute(conn).await.map_err(error(table))?;
    Ok(done.rows_affected())
}

async fn write(conn: &mut Conn, batch: &Packed) -> Result<()> {
    if !batch.expected.is_empty() {
        // Before any row is locked, so that two replicas cannot wait for each other.
        put(conn, "states", VACANT, &batch.vacant).await?;
        let query = sqlx::query_as::<_, (String, i64, String)>(sql::STATES_EXPECTED).bind(&batch.streams.json);
        expected(batch, query.fetch_all(&mut *conn).await.map_err(error("states"))?)?;
    }
    let mut counts = Counts::default();
    for (step, must) in steps(batch) {
        counts.add(must, put(conn, step.table, step.sql, step.part).await?);
    }
    counts.hold(batch)
}

/// Looked up first, since an answer for each stored row costs more than a statement.
async fn write_arrivals(conn: &mut Conn, [closed, keys, rows]: &[Part; 3]) -> Result<BTreeMap<String, String>> {
    put(conn, "inbox", INBOX_CLOSE, closed).await?;
    if rows.rows == 0 {
        return Ok(BTreeMap::new());
    }
    let proofs = sqlx::query_as::<_, (String, String)>(INBOX_PROOFS).bind(&keys.json);
    let standing: BTreeMap<_, _> = proofs.fetch_all(&mut *conn).await.map_err(error("inbox"))?.into_iter().collect();
    let stored = put(conn, "inbox", INBOX_KEEP, rows).await?;
    if stored == (rows.rows - standing.len()) as u64 { Ok(standing) } else { Err(lost::arrival()) }
}

pub(super) fn options(url: &str) -> Result<PgConnectOptions> {
    // The error of a bad URL may repeat its password.
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Refused("store: not a postgres:// URL".to_owned()))?
        .application_name("signalbox")
        .options([
            ("synchronous_commit", "on"),
            // A rollback outside a transaction is meant (see `pooled`), and is no news for the log.
            ("client_min_messages", "error"),
            ("default_transaction_isolation", "read committed"),
            // Every statement looks rows up by index. A planner without fresh statistics would rather read a whole queue.
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("jit", "off"),
            ("lock_timeout", limits::PG_LOCK_MS),
            ("statement_timeout", limits::PG_STATEMENT_MS),
            ("idle_in_transaction_session_timeout", limits::PG_IDLE_MS),
        ]);
    Ok(options.disable_statement_logging())
}

fn pooled(options: PgConnectOptions) -> PgStore {
    let pool = PgPoolOptions::new()
        .max_connections(limits::PG_CONNECTIONS)
        .acquire_timeout(limits::STORE_WAIT)
        // A call that was dropped while it began a transaction would leave it open, and the next write would vanish in it.
        .after_release(|conn, _| {
            Box::pin(async move {
                conn.execute("ROLLBACK").await?;
                Ok(true)
            })
        })
        .connect_lazy_with(options);
    PgStore { writer: pool.clone(), reader: pool }
}

/// Reads back what durability rests on.
async fn check(conn: &mut sqlx::PgConnection) -> Result<()> {
    let refused = |what: String| Err(StoreError::Refused(format!("PostgreSQL: {what}")));
    let show = async |conn: &mut sqlx::PgConnection, sql: &'static str| {
        sqlx::query_scalar::<_, String>(sql).fetch_one(conn).await.map_err(error("connection"))
    };
    let version = show(conn, "SHOW server_version_num").await?;
    if version.parse::<i64>().unwrap_or(0) < OLDEST {
        return refused(format!("version {version} is too old; use 13 or newer"));
    }
    let encoding = show(conn, "SHOW server_encoding").await?;
    if encoding != "UTF8" {
        return refused(format!("the database's encoding is {encoding}; create one with UTF8"));
    }
    let sync = show(conn, "SHOW synchronous_commit").await?;
    if sync != "on" {
        return refused(format!("synchronous_commit is {sync}: commits would not be safe"));
    }
    if show(conn, "SHOW fsync").await? != "on" {
        tracing::warn!(
            name = "store.fsync_off",
            "PostgreSQL runs with fsync off: commits may be lost when the machine stops"
        );
    }
    Ok(())
}
