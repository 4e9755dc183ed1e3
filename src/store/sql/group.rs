//! The embedded database has one connection that writes. What waits for it is stored as one transaction, with one flush of
//! the disk for all of it and no added delay.
//!
//! Nobody is told before the commit. When a piece of work fails, nothing of its group stays and each piece is done by itself,
//! so that only the one that fails is told so; work is therefore done again from its start.

use super::checkpoint::{Checkpoints, not_carried};
use super::writing::{Opening, Writer};
use crate::limits;
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

/// Begins the writer's thread, which ends when nobody can ask any more. The receiver is told then whether the log was carried
/// over.
///
/// # Errors
/// When the database cannot be opened, or the machine gives no thread.
pub(super) fn begin(opening: Opening, queue: mpsc::Receiver<Box<dyn Work>>) -> Result<oneshot::Receiver<Result<()>>> {
    let (mut writer, mut checkpoints) = (Writer::new(opening.clone())?, Checkpoints::begin(opening)?);
    let (tell, told) = oneshot::channel();
    let work = move || {
        write_loop(&mut writer, queue, &mut checkpoints);
        checkpoints.end();
        let _ = tell.send(writer.carry_over(true).map(|_| ()));
    };
    let thread = std::thread::Builder::new().name("store-writer".into()).spawn(work);
    thread.map(|_| told).map_err(|e| StoreError::Refused(format!("no thread for the database: {e}")))
}

fn write_loop(writer: &mut Writer, mut queue: mpsc::Receiver<Box<dyn Work>>, checkpoints: &mut Checkpoints) {
    let mut waiting: Vec<Box<dyn Work>> = Vec::with_capacity(limits::SQLITE_AT_ONCE);
    while queue.blocking_recv_many(&mut waiting, limits::SQLITE_AT_ONCE) > 0 {
        waiting.retain(|work| work.begin());
        if waiting.is_empty() {
            continue;
        }
        let together = writer.transaction(|conn| waiting.iter_mut().try_for_each(|work| work.run(conn)));
        if together.is_ok() {
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
