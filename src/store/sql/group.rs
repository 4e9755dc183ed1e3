//! The embedded database has one connection that writes. What waits for it is stored as one transaction, with one flush of
//! the disk for all of it and no added delay.
//!
//! Nobody is told before the commit. When a piece of work fails, nothing of its group stays and each piece is done by itself,
//! so that only the one that fails is told so; work is therefore done again from its start.

use super::checkpoint::{self, Checkpoints};
use super::failed;
use super::sqlite::{ended, transaction};
use crate::limits;
use crate::store::{Result, StoreError};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection, SqlitePool};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::{mpsc, oneshot};

/// Whether a piece of work is in somebody else's transaction or has to see to its own commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    Group,
    Nothing,
}

/// Whoever asked waits, it is under way, or they no longer wait.
const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const GIVEN_UP: u8 = 2;

/// A piece of work and whoever waits for it.
pub(super) trait Work: Send {
    /// Whether anybody still waits; from now on they do until they are told.
    fn begin(&self) -> bool;
    fn run<'c>(&'c mut self, conn: &'c mut SqliteConnection, within: Within) -> BoxFuture<'c, Result<()>>;
    /// It commits by itself when it is within nothing.
    fn commits(&self) -> bool;
    /// What it made, if that is stored.
    fn tell(self: Box<Self>, stored: Result<()>);
}

struct Asked<T, F> {
    work: F,
    commits: bool,
    made: Option<T>,
    state: Arc<AtomicU8>,
    tell: oneshot::Sender<Result<T>>,
}

impl<T, F> Work for Asked<T, F>
where
    T: Send,
    F: for<'c> Fn(&'c mut SqliteConnection, Within) -> BoxFuture<'c, Result<T>> + Send,
{
    fn begin(&self) -> bool {
        self.state.compare_exchange(WAITING, BEGUN, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn run<'c>(&'c mut self, conn: &'c mut SqliteConnection, within: Within) -> BoxFuture<'c, Result<()>> {
        let work = (self.work)(conn, within);
        let made = &mut self.made;
        Box::pin(async move {
            *made = Some(work.await?);
            Ok(())
        })
    }

    fn commits(&self) -> bool {
        self.commits
    }

    fn tell(self: Box<Self>, stored: Result<()>) {
        let lost = || StoreError::Unavailable("the write was given up".into());
        // Whoever no longer waits asks the inbox.
        let Self { made, tell, .. } = *self;
        let _ = tell.send(stored.and_then(|()| made.ok_or_else(lost)));
    }
}

/// Asks for `work`, which `commits` by itself when it is within nothing.
///
/// # Errors
/// Its own, or `Unavailable` when it has not begun within [`limits::STORE_WAIT`] and never will.
pub(super) async fn ask<T, F>(queue: &mpsc::Sender<Box<dyn Work>>, commits: bool, work: F) -> Result<T>
where
    T: Send + 'static,
    F: for<'c> Fn(&'c mut SqliteConnection, Within) -> BoxFuture<'c, Result<T>> + Send + 'static,
{
    let (tell, mut told) = oneshot::channel();
    let state = Arc::new(AtomicU8::new(WAITING));
    let asked = Asked { work, commits, made: None, state: Arc::clone(&state), tell };
    let gone = || StoreError::Unavailable("the database is closed".into());
    let busy =
        || StoreError::Unavailable(format!("the database has not answered for {} s", limits::STORE_WAIT.as_secs()));
    tokio::time::timeout(limits::STORE_WAIT, queue.send(Box::new(asked)))
        .await
        .map_err(|_| busy())?
        .map_err(|_| gone())?;
    match tokio::time::timeout(limits::STORE_WAIT, &mut told).await {
        Ok(told) => told.map_err(|_| gone())?,
        Err(_) if state.compare_exchange(WAITING, GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok() => Err(busy()),
        Err(_) => told.await.map_err(|_| gone())?,
    }
}

/// The connection that writes. It is kept: to give it back and take it again is one more trip to its thread each time.
struct Writer {
    pool: SqlitePool,
    conn: Option<PoolConnection<Sqlite>>,
    /// No transaction is open on it.
    sound: bool,
}

impl Writer {
    /// Until the work says otherwise, the connection is not to be used again.
    async fn conn(&mut self) -> Result<&mut SqliteConnection> {
        if !std::mem::take(&mut self.sound)
            && let Some(left) = self.conn.take()
        {
            let _ = left.close().await;
        }
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.pool.acquire().await.map_err(failed("connection"))?,
        };
        Ok(self.conn.insert(conn))
    }

    async fn together(&mut self, waiting: &mut [Box<dyn Work>]) -> Result<()> {
        let (done, sound) = transaction(self.conn().await?, async |conn| {
            for work in waiting {
                work.run(conn, Within::Group).await?;
            }
            Ok(())
        })
        .await;
        self.sound = sound;
        done
    }

    async fn alone(&mut self, work: &mut dyn Work) -> Result<()> {
        let conn = self.conn().await?;
        let (done, sound) = if work.commits() {
            let done = work.run(conn, Within::Nothing).await;
            ended(conn, done).await
        } else {
            transaction(conn, async |conn| work.run(conn, Within::Group).await).await
        };
        self.sound = sound;
        done
    }

    /// After a commit, and after everybody was told.
    async fn go_on(&mut self, checkpoints: &mut Checkpoints) {
        if checkpoints.committed()
            && let Ok(conn) = self.conn().await
        {
            match checkpoint::passive(conn).await {
                Ok(_) => self.sound = true,
                Err(error) => {
                    tracing::warn!(name: "store.checkpoint_failed", %error, "the log is not carried over: {error}");
                }
            }
        }
    }
}

/// The writer's task, until nobody can ask any more.
pub(super) async fn write_loop(
    pool: SqlitePool,
    mut queue: mpsc::Receiver<Box<dyn Work>>,
    mut checkpoints: Checkpoints,
) {
    let mut writer = Writer { pool, conn: None, sound: true };
    let mut waiting = Vec::with_capacity(limits::SQLITE_AT_ONCE);
    while queue.recv_many(&mut waiting, limits::SQLITE_AT_ONCE).await > 0 {
        waiting.retain(|work| work.begin());
        if waiting.len() > 1 && to_the_end(writer.together(&mut waiting)).await.is_ok() {
            for work in waiting.drain(..) {
                work.tell(Ok(()));
            }
            writer.go_on(&mut checkpoints).await;
        }
        for mut work in waiting.drain(..) {
            let stored = to_the_end(writer.alone(work.as_mut())).await;
            work.tell(stored);
            writer.go_on(&mut checkpoints).await;
        }
    }
}

/// The writer goes on whatever happens to a piece of work.
async fn to_the_end(work: impl Future<Output = Result<()>>) -> Result<()> {
    let given_up = |_| Err(StoreError::Unavailable("the write was given up".into()));
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(given_up)
}
