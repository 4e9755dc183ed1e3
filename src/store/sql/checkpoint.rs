//! Carries the write-ahead log over into the database file beside the writer, on a connection of its own, so that no commit
//! waits for it.
//!
//! The log begins anew at a moment when all of it is carried over. Under a load without a pause that moment does not come by
//! itself; then the writer carries the little that is left over between two commits.

use crate::limits;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;

/// The writer's end.
pub(super) struct Checkpoints {
    commits: u32,
    due: mpsc::Sender<()>,
    too_long: Arc<AtomicBool>,
}

impl Checkpoints {
    /// Begins the task; it ends with this value. `options` are those of the writer.
    pub(super) fn begin(options: SqliteConnectOptions) -> (Self, tokio::task::JoinHandle<()>) {
        let (due, asked) = mpsc::channel(1);
        let too_long = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(work(options, asked, Arc::clone(&too_long)));
        (Self { commits: 0, due, too_long }, task)
    }

    /// After a commit. True when the writer has to carry over what is left.
    pub(super) fn committed(&mut self) -> bool {
        self.commits += 1;
        if self.commits >= limits::SQLITE_CHECKPOINT_COMMITS && self.due.try_send(()).is_ok() {
            self.commits = 0;
        }
        self.too_long.swap(false, Ordering::AcqRel)
    }
}

async fn work(options: SqliteConnectOptions, mut due: mpsc::Receiver<()>, too_long: Arc<AtomicBool>) {
    let mut conn: Option<SqliteConnection> = None;
    while due.recv().await.is_some() {
        let mut own = match conn.take() {
            Some(own) => own,
            None => match options.connect().await {
                Ok(own) => own,
                // The next commits ask again.
                Err(error) => {
                    tracing::warn!(name: "store.checkpoint_failed", %error, "the log is not carried over: {error}");
                    too_long.store(true, Ordering::Release);
                    continue;
                }
            },
        };
        match passive(&mut own).await {
            Ok(pages) => {
                too_long.fetch_or(pages > limits::SQLITE_WAL_PAGES, Ordering::AcqRel);
                conn = Some(own);
            }
            Err(error) => {
                tracing::warn!(name: "store.checkpoint_failed", %error, "the log is not carried over: {error}");
                too_long.store(true, Ordering::Release);
            }
        }
    }
    if let Some(conn) = conn {
        let _ = conn.close().await;
    }
}

/// Carries over what can be without waiting for anybody; returns how many pages the log has.
pub(super) async fn passive(conn: &mut SqliteConnection) -> sqlx::Result<i64> {
    let (_, pages, _) = sqlx::query_as::<_, (i64, i64, i64)>("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(conn).await?;
    Ok(pages)
}
