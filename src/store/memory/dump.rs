//! [`Dump`] from memory.

use super::{MemoryStore, most};
use crate::domain::ids::PlatformName;
use crate::store::{Dump, InboxRow, MessageRow, OutboxRow, ReactionRow, Result, TimerRow};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::ops::Bound;

fn page<V: Clone>(rows: &BTreeMap<String, V>, after: &str, limit: i64) -> Vec<V> {
    let rows = rows.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
    rows.take(most(limit)).map(|(_, row)| row.clone()).collect()
}

#[async_trait]
impl Dump for MemoryStore {
    async fn inbox_page(&self, after: &str, limit: i64) -> Result<Vec<InboxRow>> {
        Ok(page(&self.lock().inbox, after, limit))
    }

    async fn timers_page(&self, after: &str, limit: i64) -> Result<Vec<TimerRow>> {
        Ok(page(&self.lock().timers, after, limit))
    }

    async fn outbox_page(&self, after: &str, limit: i64) -> Result<Vec<OutboxRow>> {
        Ok(page(&self.lock().outbox, after, limit).into_iter().map(|queued| queued.row).collect())
    }

    async fn messages_page(&self, after: (&PlatformName, &str), limit: i64) -> Result<Vec<MessageRow>> {
        let after = (after.0.clone(), after.1.to_owned());
        let tables = self.lock();
        let rows = tables.messages.range((Bound::Excluded(after), Bound::Unbounded));
        Ok(rows.take(most(limit)).map(|(_, row)| row.clone()).collect())
    }

    async fn reactions_page(&self, after: [&str; 4], limit: i64) -> Result<Vec<ReactionRow>> {
        let tables = self.lock();
        let rows = tables.reactions.range((Bound::Excluded(after.map(str::to_owned)), Bound::Unbounded));
        Ok(rows.take(most(limit)).map(|(_, row)| row.clone()).collect())
    }

    async fn settings_page(&self, after: &str, limit: i64) -> Result<Vec<(String, String)>> {
        let tables = self.lock();
        let rows = tables.settings.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        Ok(rows.take(most(limit)).map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}
