//! The rest of the tables page by page, for moving a whole store to another database.
//!
//! Leases are deliberately absent: whoever moves a store has stopped the service, and they run out by themselves.

use super::{InboxRow, MessageRow, OutboxRow, ReactionRow, Result, Store, TimerRow};
use crate::domain::ids::PlatformName;
use async_trait::async_trait;

/// Pages in key order: rows after a key, at most `limit`.
#[async_trait]
pub trait Dump: Store {
    async fn inbox_page(&self, after: &str, limit: i64) -> Result<Vec<InboxRow>>;

    async fn timers_page(&self, after: &str, limit: i64) -> Result<Vec<TimerRow>>;

    async fn outbox_page(&self, after: &str, limit: i64) -> Result<Vec<OutboxRow>>;

    async fn messages_page(&self, after: (&PlatformName, &str), limit: i64) -> Result<Vec<MessageRow>>;

    /// After (platform, message, account, emoji).
    async fn reactions_page(&self, after: [&str; 4], limit: i64) -> Result<Vec<ReactionRow>>;

    async fn settings_page(&self, after: &str, limit: i64) -> Result<Vec<(String, String)>>;
}
