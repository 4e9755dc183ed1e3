//! The console: a chat server of our own, for trying signalbox and for running it on one machine.
//!
//! It stands in for Slack or Discord behind the same [`Platform`](super::Platform) trait, so it keeps its own storage (channels, threads,
//! reactions, read marks) and knows nothing of deployments. It promises that posting a key twice leaves one message, that
//! an edit keeps the message's place, and that a retried act reaches [`Intake`](super::Intake) under the same envelope id.
//! Deliberately absent: accounts and passwords. Whoever holds the page's secret may act as anybody; see `web`.

mod act;
mod entry;
mod error;
mod outbound;
mod read;
mod storage;
mod words;

pub use act::{Click, Done, OpenForm, React, Say};
pub use entry::{Content, Entry, Reaction};
pub use error::ConsoleError;
pub use read::{Page, Unread};

use crate::clock::Clock;
use crate::domain::ids::PlatformName;
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;
use storage::Storage;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The name under which the console is known in config and in the journal.
pub const NAME: &str = "console";

/// Makes an id that was never made before.
pub type NewId = Arc<dyn Fn() -> String + Send + Sync>;

/// The chat server behind the console page.
pub struct ConsolePlatform {
    name: PlatformName,
    storage: Storage,
    clock: Arc<dyn Clock>,
    ids: NewId,
    /// The revision of the latest change, for live updates.
    latest: watch::Sender<i64>,
    closing: CancellationToken,
}

impl ConsolePlatform {
    /// Opens the file, making it when it is absent.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database, or was written by a newer signalbox.
    pub async fn open(file: &Path, clock: Arc<dyn Clock>, ids: NewId) -> Result<Self, ConsoleError> {
        Self::over(Storage::open(file).await?, clock, ids).await
    }

    /// Forgets everything when it is dropped: tests and rehearsals.
    ///
    /// # Errors
    /// When SQLite has no memory to give.
    pub async fn in_memory(clock: Arc<dyn Clock>, ids: NewId) -> Result<Self, ConsoleError> {
        Self::over(Storage::in_memory().await?, clock, ids).await
    }

    async fn over(storage: Storage, clock: Arc<dyn Clock>, ids: NewId) -> Result<Self, ConsoleError> {
        let (latest, _) = watch::channel(storage.latest().await?);
        let closing = CancellationToken::new();
        Ok(Self { name: PlatformName::new(NAME), storage, clock, ids, latest, closing })
    }

    /// Wakes on every change with its revision; [`ConsolePlatform::changes`] then tells what changed. It closes when the
    /// platform is dropped.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.latest.subscribe()
    }

    /// Cancelled when live updates must end, so that a server can shut down without waiting for open pages.
    #[must_use]
    pub fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Ends live updates, writes what is pending into the file and closes it. Calls after this fail.
    pub async fn close(&self) {
        self.closing.cancel();
        self.storage.close().await;
    }

    fn now(&self) -> Timestamp {
        self.clock.now().wall
    }

    /// Tells the live streams; called after each commit.
    fn changed(&self, rev: i64) {
        self.latest.send_if_modified(|latest| {
            let newer = rev > *latest;
            *latest = (*latest).max(rev);
            newer
        });
    }
}
