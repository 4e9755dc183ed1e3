//! Posts under way. A message can be seen, and reacted to, a moment before the store knows it: its receipt is committed
//! after the platform has answered. Who meets an unknown message waits here until that moment is over.
//!
//! Deliberately absent: posts of other replicas, which this process cannot see.

use super::Engine;
use crate::domain::ids::PlatformName;
use crate::limits;
use crate::store::{MessageRow, Result};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
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
        let settled = async {
            loop {
                let ended = self.posting.ended.notified();
                // Looked at before the store is: what is not under way now has its receipt there.
                let busy = self.posting.any(platform);
                let row = self.deps.store.message_by_id(platform, id).await?;
                if row.is_some() || !busy {
                    return Ok(row);
                }
                ended.await;
            }
        };
        let patience = Duration::from_millis(limits::POSTING_WAIT_MS);
        match tokio::time::timeout(patience, settled).await {
            Ok(found) => found,
            Err(_) => self.deps.store.message_by_id(platform, id).await,
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
