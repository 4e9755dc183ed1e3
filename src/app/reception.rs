//! Where what arrives is taken in: one thread with a runtime of its own, for connections to chat and the arrivals' writer.
//!
//! An acknowledgement then waits for no card that is drawn and no decision that is made, and what one commit has stored is
//! acknowledged by one thread that is woken once. Deliberately absent: any work on what arrives.

use anyhow::Context as _;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Ends its thread, and what still runs there, when it is dropped.
pub(super) struct Reception {
    handle: Handle,
    _ends: oneshot::Sender<()>,
}

impl Reception {
    /// # Errors
    /// When the machine gives no thread.
    pub(super) fn open() -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().context("no runtime for what arrives")?;
        let handle = runtime.handle().clone();
        let (ends, ended) = oneshot::channel();
        let run = move || {
            let _ = runtime.block_on(ended);
        };
        std::thread::Builder::new().name("reception".into()).spawn(run).context("no thread for what arrives")?;
        Ok(Self { handle, _ends: ends })
    }

    /// Where to spawn what takes in.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}
