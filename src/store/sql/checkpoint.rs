//! Carries the write-ahead log over into the database file beside the writer, on a thread and a connection of its own, so that
//! no commit waits for it.
//!
//! The log begins anew at a moment when all of it is carried over. Under a load without a pause that moment does not come by
//! itself; then the writer carries the little that is left over between two commits.

use super::writing::{Opening, Writer, thread};
use crate::limits;
use crate::store::{Result, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// The writer's end.
pub(super) struct Checkpoints {
    commits: u32,
    due: SyncSender<()>,
    too_long: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    /// Begins the thread.
    ///
    /// # Errors
    /// When the machine gives none, or the database cannot be opened.
    pub(super) fn begin(opening: Opening) -> Result<Self> {
        let (due, asked) = sync_channel(1);
        let too_long = Arc::new(AtomicBool::new(false));
        let (own, told) = (Writer::new(opening)?, Arc::clone(&too_long));
        let thread = thread("store-log", move || work(own, &asked, &told))?;
        Ok(Self { commits: 0, due, too_long, thread })
    }

    /// After a commit. True when the writer has to carry over what is left.
    pub(super) fn committed(&mut self) -> bool {
        self.commits += 1;
        if self.commits >= limits::SQLITE_CHECKPOINT_COMMITS && self.due.try_send(()).is_ok() {
            self.commits = 0;
        }
        self.too_long.swap(false, Ordering::AcqRel)
    }

    /// Returns when the thread has ended.
    pub(super) fn end(self) {
        drop(self.due);
        let _ = self.thread.join();
    }
}

fn work(mut own: Writer, due: &Receiver<()>, too_long: &AtomicBool) {
    while due.recv().is_ok() {
        let long = match own.carry_over(false) {
            Ok(pages) => pages > limits::SQLITE_WAL_PAGES,
            Err(error) => {
                not_carried(&error);
                true
            }
        };
        too_long.fetch_or(long, Ordering::AcqRel);
    }
}

/// The next commits ask again.
pub(super) fn not_carried(error: &StoreError) {
    tracing::warn!(name: "store.checkpoint_failed", %error, "the log is not carried over: {error}");
}
