//! The embedded database has one connection that writes. What waits for it is stored as one transaction, with one flush of
//! the disk for all of it and no added delay.
//!
//! Nobody is told before the commit. When a piece of work fails, nothing of its group stays and each piece is done by itself,
//! so that only the one that fails is told so; work is therefore done again from its start.

use super::checkpoint::{Checkpoints, not_carried};
use super::writing::{Opening, Writer, thread};
use crate::limits;
use crate::store::lock::Lock;
use crate::store::{Result, StoreError};
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::{mpsc, oneshot};

/// Whoever asked waits, it is under way, or they no longer wait.
const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const GIVEN_UP: u8 = 2;

/// A piece of work and whoever waits for it.
pub(super) trait Work: Send {
    /// Whether anybody still waits; from now on they do until they are told.
    fn begin(&self) -> bool;
    fn run(&mut self, conn: &Connection) -> Result<()>;
    /// What it made, if that is stored.
    fn tell(self: Box<Self>, stored: Result<()>);
}

struct Asked<T, F> {
    work: F,
    made: Option<T>,
    state: Arc<AtomicU8>,
    tell: oneshot::Sender<Result<T>>,
}

impl<T, F> Work for Asked<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> Result<T> + Send,
{
    fn begin(&self) -> bool {
        self.state.compare_exchange(WAITING, BEGUN, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn run(&mut self, conn: &Connection) -> Result<()> {
        self.made = Some((self.work)(conn)?);
        Ok(())
    }

    fn tell(self: Box<Self>, stored: Result<()>) {
        let lost = || StoreError::Unavailable("the write was given up".into());
        // Whoever no longer waits asks the inbox.
        let Self { made, tell, .. } = *self;
        let _ = tell.send(stored.and_then(|()| made.ok_or_else(lost)));
    }
}

/// Asks for `work`.
///
/// # Errors
/// Its own, or `Unavailable` when it has not begun within [`limits::STORE_WAIT`] and never will.
pub(super) async fn ask<T, F>(queue: &mpsc::Sender<Box<dyn Work>>, work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnMut(&Connection) -> Result<T> + Send + 'static,
{
    let (tell, mut told) = oneshot::channel();
    let state = Arc::new(AtomicU8::new(WAITING));
    let asked = Asked { work, made: None, state: Arc::clone(&state), tell };
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

/// Begins the writer's thread, which ends when nobody can ask any more, and gives the lock on the file back. The receiver is
/// told then whether the log was carried over.
///
/// # Errors
/// When the database cannot be opened, or the machine gives no thread.
pub(super) fn begin(
    opening: Opening,
    lock: Lock,
    queue: mpsc::Receiver<Box<dyn Work>>,
) -> Result<oneshot::Receiver<Result<()>>> {
    let (mut writer, mut checkpoints) = (Writer::new(opening.clone())?, Checkpoints::begin(opening)?);
    let (tell, told) = oneshot::channel();
    let run = move || {
        write_loop(&mut writer, queue, &mut checkpoints);
        checkpoints.end();
        let carried = writer.carry_over(true).map(|_| ());
        drop((writer, lock));
        let _ = tell.send(carried);
    };
    thread("store-writer", run).map(|_| told)
}

fn write_loop(writer: &mut Writer, mut queue: mpsc::Receiver<Box<dyn Work>>, checkpoints: &mut Checkpoints) {
    let mut waiting: Vec<Box<dyn Work>> = Vec::with_capacity(limits::SQLITE_AT_ONCE);
    while queue.blocking_recv_many(&mut waiting, limits::SQLITE_AT_ONCE) > 0 {
        waiting.retain(|work| work.begin());
        let crowd = waiting.len() > 1;
        let mut together = || writer.transaction(|conn| waiting.iter_mut().try_for_each(|work| work.run(conn)));
        if crowd && together().is_ok() {
            for work in waiting.drain(..) {
                work.tell(Ok(()));
            }
            go_on(writer, checkpoints);
        }
        for mut work in waiting.drain(..) {
            let stored = writer.transaction(|conn| work.run(conn));
            work.tell(stored);
            go_on(writer, checkpoints);
        }
    }
}

/// After a commit, and after everybody was told.
fn go_on(writer: &mut Writer, checkpoints: &mut Checkpoints) {
    if checkpoints.committed()
        && let Err(error) = writer.carry_over(false)
    {
        not_carried(&error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};

    type Queue = mpsc::Sender<Box<dyn Work>>;

    /// A database with a table of numbers, and its writer.
    fn writer(dir: &tempfile::TempDir) -> (Queue, oneshot::Receiver<Result<()>>, std::path::PathBuf) {
        let path = dir.path().join("box.db");
        let conn = Connection::open(&path).unwrap();
        conn.pragma_update(None, "journal_mode", "WAL").unwrap();
        conn.execute_batch("CREATE TABLE numbers (n INTEGER PRIMARY KEY)").unwrap();
        let (queue, asked) = mpsc::channel(64);
        let opening = Opening { path: path.clone(), pages: u32::MAX - 1 };
        let ended = begin(opening, Lock::take(&path).unwrap(), asked).unwrap();
        (queue, ended, path)
    }

    fn numbers(path: &std::path::Path) -> Vec<i64> {
        let conn = Connection::open(path).unwrap();
        let mut all = conn.prepare("SELECT n FROM numbers ORDER BY n").unwrap();
        all.query_map([], |row| row.get(0)).unwrap().map(std::result::Result::unwrap).collect()
    }

    fn insert(conn: &Connection, n: i64) -> Result<i64> {
        conn.execute("INSERT INTO numbers VALUES (?1)", [n]).map_err(super::super::error::embedded("numbers"))?;
        Ok(n)
    }

    /// Holds the writer's thread until the gate is opened; returns once it is held.
    async fn held(queue: &Queue) -> (Sender<()>, tokio::task::JoinHandle<Result<()>>) {
        let (open, gate) = channel::<()>();
        let (begun, under_way) = oneshot::channel();
        let (queue, mut begun) = (queue.clone(), Some(begun));
        let work = move |_: &Connection| {
            let _ = begun.take().map(|begun| begun.send(()));
            gate.recv().unwrap();
            Ok(())
        };
        let task = tokio::spawn(async move { ask(&queue, work).await });
        under_way.await.unwrap();
        (open, task)
    }

    #[tokio::test]
    async fn what_fails_or_panics_takes_nobody_along() {
        let dir = tempfile::tempdir().unwrap();
        let (queue, ended, path) = writer(&dir);
        let (open, holding) = held(&queue).await;
        let fails =
            |conn: &Connection| insert(conn, 2).and_then(|_| Err::<i64, _>(StoreError::Conflict("mine".into())));
        let panics = |conn: &Connection| -> Result<i64> { panic!("after {:?}", insert(conn, 3)) };
        let all = async {
            tokio::join!(
                ask(&queue, |conn| insert(conn, 1)),
                ask(&queue, fails),
                ask(&queue, panics),
                ask(&queue, |conn| insert(conn, 4)),
            )
        };
        // All four wait before the gate opens.
        let opens = async {
            while queue.capacity() > queue.max_capacity() - 4 {
                tokio::task::yield_now().await;
            }
            open.send(()).unwrap();
        };
        let ((first, failed, panicked, last), ()) = tokio::join!(all, opens);
        holding.await.unwrap().unwrap();
        assert_eq!((first.unwrap(), last.unwrap()), (1, 4));
        assert!(matches!(failed, Err(StoreError::Conflict(what)) if what == "mine"));
        assert!(matches!(panicked, Err(StoreError::Unavailable(what)) if what.contains("given up")));
        assert_eq!(numbers(&path), [1, 4]);
        drop(queue);
        ended.await.unwrap().unwrap();
        Lock::take(&path).unwrap();
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_not_begun() {
        let dir = tempfile::tempdir().unwrap();
        let (queue, ended, path) = writer(&dir);
        let (open, holding) = held(&queue).await;
        // Its thirty seconds are over as soon as nothing else happens.
        tokio::time::pause();
        let late = ask(&queue, |conn| insert(conn, 1)).await;
        tokio::time::resume();
        assert!(matches!(late, Err(StoreError::Unavailable(what)) if what.contains("30 s")));
        open.send(()).unwrap();
        holding.await.unwrap().unwrap();
        assert_eq!(ask(&queue, |conn| insert(conn, 2)).await.unwrap(), 2);
        drop(queue);
        ended.await.unwrap().unwrap();
        assert_eq!(numbers(&path), [2]);
    }
}
