//! Posts under way. A message can be seen, and reacted to, a moment before the store knows it: its receipt is committed
//! after the platform has answered. Who meets an unknown message waits here until that moment is over.
//!
//! Deliberately absent: posts of other replicas, which this process cannot see.

use super::Engine;
use crate::clock::Stopwatch;
use crate::domain::ids::PlatformName;
use crate::domain::time::Span;
use crate::limits;
use crate::store::{MessageRow, Result};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

#[derive(Default)]
pub(super) struct Posting {
    under_way: Mutex<BTreeMap<PlatformName, usize>>,
    ended: Notify,
}

/// A post and its receipt; over when this is dropped.
pub(super) struct UnderWay<'a> {
    posting: &'a Posting,
    platform: PlatformName,
}

impl Posting {
    pub(super) fn begin(&self, platform: &PlatformName) -> UnderWay<'_> {
        let mut all = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        *all.entry(platform.clone()).or_default() += 1;
        UnderWay { posting: self, platform: platform.clone() }
    }

    fn any(&self, platform: &PlatformName) -> bool {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).get(platform).is_some_and(|n| *n > 0)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut all = self.posting.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = all.get_mut(&self.platform) {
            *n = n.saturating_sub(1);
        }
        drop(all);
        self.posting.ended.notify_waiters();
    }
}

impl Engine {
    /// Our message with this id, also when it is being stored just now; the wait is bounded by [`limits::POSTING_WAIT_MS`].
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn message_with(&self, platform: &PlatformName, id: &str) -> Result<Option<MessageRow>> {
        let watch = Stopwatch::start();
        loop {
            let ended = self.posting.ended.notified();
            // Looked at before the store is: what is not under way now has its receipt there.
            let busy = self.posting.any(platform);
            let row = self.deps.store.message_by_id(platform, id).await?;
            let left = limits::POSTING_WAIT_MS - watch.elapsed().as_millis();
            // Virtual time has no runtime to wait in; there a reaction that comes too early means nothing.
            let waits = tokio::runtime::Handle::try_current().is_ok();
            if row.is_some() || !busy || !waits || left <= 0 {
                return Ok(row);
            }
            let _ = tokio::time::timeout(Span::millis(left).to_std(), ended).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_post_is_under_way_until_it_is_dropped() {
        let (posting, console, other) = (Posting::default(), PlatformName::new("console"), PlatformName::new("other"));
        assert!(!posting.any(&console));
        let (first, second) = (posting.begin(&console), posting.begin(&console));
        assert!(posting.any(&console) && !posting.any(&other));
        let ended = posting.ended.notified();
        drop(first);
        ended.await;
        assert!(posting.any(&console));
        drop(second);
        assert!(!posting.any(&console));
    }
}
