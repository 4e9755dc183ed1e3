//! One replica's way to the common store: it fails before a commit, after it, dies at it, or is away for a while.
//!
//! A saboteur may sit in it, to prove that the invariants can fail.

use super::checker::{Checker, page_of_row};
use super::core::{Shared, at_once, die, lock, pass};
use async_trait::async_trait;
use signalbox::chat::Kept;
use signalbox::domain::ids::{PlatformName, Stream};
use signalbox::store::{
    Batch, Claim, EventRow, HistoryQuery, HistoryRow, InboxRow, MemoryStore, MessageRow, OutboxRow, ReactionRow,
    Result, StateRow, Store, StoreError, TimerRow,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A planted bug.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sabotage {
    #[default]
    None,
    /// Some timers are not stored.
    ForgetsTimers,
    /// Some outbox rows are not stored.
    DropsEffects,
    /// Inbox keys are not kept, so an envelope is decided twice.
    ForgetsInbox,
    /// Some commits are answered and not stored.
    Lies,
    /// A fired timer stays.
    KeepsFiredTimers,
    /// Streams that were only read are not compared.
    IgnoresReads,
    /// Some claims go to two replicas at once.
    ForgetsLeases,
    /// Some arrivals are acknowledged and not stored.
    DropsArrivals,
    /// Whoever closes what was worked closes everything that is open.
    ClosesUnworked,
    /// What is to be worked is read backwards.
    ReadsBackwards,
    /// Some rows of pages are not stored.
    LosesPages,
    /// Pages wait for a minute before their first try.
    PutsPagesOff,
    /// Whoever looks at an incident sees now and then what stood there before.
    ReadsOldIncidents,
    /// Nobody is told that a page may have been tried before.
    ForgetsDoubts,
    /// Some pages that arrived stay on their way.
    KeepsSentPages,
    /// Every claim counts as the first.
    ForgetsAttempts,
    /// Nobody is told that a post may have been made before.
    ForgetsPublicDoubts,
    /// How services are, in public, is now and then not on its way.
    LosesComponents,
}

impl Sabotage {
    pub const ALL: [Self; 10] = [
        Self::ForgetsTimers,
        Self::DropsEffects,
        Self::ForgetsInbox,
        Self::Lies,
        Self::KeepsFiredTimers,
        Self::IgnoresReads,
        Self::ForgetsLeases,
        Self::DropsArrivals,
        Self::ClosesUnworked,
        Self::ReadsBackwards,
    ];

    /// Those that one invariant is about, and its words.
    pub const BY_WORDS: [(Self, &str); 8] = [
        (Self::LosesPages, "has no row"),
        (Self::PutsPagesOff, "before its first try"),
        (Self::ReadsOldIncidents, "is begun after"),
        (Self::ForgetsDoubts, "does not say so"),
        (Self::KeepsSentPages, "and nothing had gone wrong"),
        (Self::ForgetsAttempts, "is handed over a second time"),
        (Self::ForgetsPublicDoubts, "customers read"),
        (Self::LosesComponents, "and should be"),
    ];
}

pub struct SimStore {
    pub inner: Arc<MemoryStore>,
    pub core: Shared,
    pub checker: Arc<Mutex<Checker>>,
    pub replica: usize,
    pub sabotage: Sabotage,
    /// Incidents as they were read last.
    pub old: Mutex<BTreeMap<Stream, StateRow>>,
}

fn is_page(row: &OutboxRow) -> bool {
    page_of_row(&row.key).is_some()
}

fn away<T>(what: &str) -> Result<T> {
    Err(StoreError::Unavailable(what.into()))
}

impl SimStore {
    /// What every call meets first.
    async fn reach(&self) -> Result<()> {
        pass(&self.core, 800).await;
        let mut core = lock(&self.core);
        let what = match core.faults && core.t < core.outage_until {
            true => "it is away",
            false if core.fault(|r| r.store_fails) => "a connection broke",
            false => return Ok(()),
        };
        core.troubles[self.replica] += 1;
        away(what)
    }

    fn sabotaged(&self, batch: &Batch) -> Batch {
        let mut out = batch.clone();
        let now_and_then = lock(&self.core).chance(100);
        match self.sabotage {
            Sabotage::ForgetsTimers if now_and_then => out.timers_set.clear(),
            Sabotage::DropsEffects if now_and_then => {
                out.outbox.pop();
            }
            Sabotage::ForgetsInbox => out.inbox.clear(),
            Sabotage::Lies if now_and_then => out = Batch::default(),
            Sabotage::KeepsFiredTimers => {
                let fired = std::mem::take(&mut out.timers_fired);
                out.timers_cancelled.retain(|id| !fired.iter().any(|(f, _)| f == id));
            }
            Sabotage::IgnoresReads => out.reads.clear(),
            Sabotage::LosesPages if now_and_then => out.outbox.retain(|row| !is_page(row)),
            Sabotage::LosesComponents if now_and_then => out.outbox.retain(|row| !row.key.starts_with("component/")),
            Sabotage::PutsPagesOff => {
                out.outbox.iter_mut().filter(|row| is_page(row)).for_each(|row| row.due_at += 60_000);
            }
            Sabotage::KeepsSentPages if now_and_then => {
                let rows = at_once(self.inner.outbox(i64::MAX)).unwrap_or_default();
                out.receipts.retain(|receipt| !rows.iter().any(|row| row.id == receipt.id && is_page(row)));
            }
            _ => {}
        }
        out
    }
}

#[async_trait]
impl Store for SimStore {
    async fn commit(&self, batch: &Batch) -> Result<()> {
        self.reach().await?;
        if lock(&self.core).fault(|r| r.crash_at_commit) {
            die(&self.core, self.replica, "before a commit").await;
        }
        if lock(&self.core).fault(|r| r.commit_fails) {
            lock(&self.core).troubles[self.replica] += 1;
            let full = lock(&self.core).chance(200);
            return if full { Err(StoreError::Full) } else { away("the commit failed") };
        }
        let stored = at_once(self.inner.commit(&self.sabotaged(batch)));
        match &stored {
            Ok(()) => {
                lock(&self.core).count("commits");
                lock(&self.checker).committed(self.replica, batch, &self.inner, &self.core);
            }
            Err(StoreError::Conflict(what)) => {
                let mut core = lock(&self.core);
                core.count("conflicts");
                core.say(format!("r{} conflict: {what}", self.replica));
            }
            Err(error) => lock(&self.core).violate(format!("the store refuses a batch for ever: {error}")),
        }
        stored?;
        if lock(&self.core).fault(|r| r.crash_at_commit) {
            die(&self.core, self.replica, "after a commit").await;
        }
        pass(&self.core, 800).await;
        let mut core = lock(&self.core);
        if core.fault(|r| r.commit_unanswered) {
            core.troubles[self.replica] += 1;
            core.say(format!("r{} commit done, the answer is lost", self.replica));
            return away("the answer to the commit is lost");
        }
        Ok(())
    }

    async fn states(&self, streams: &[Stream]) -> Result<Vec<StateRow>> {
        self.reach().await?;
        let mut rows = self.inner.states(streams).await?;
        if self.sabotage == Sabotage::ReadsOldIncidents {
            for row in rows.iter_mut().filter(|row| row.stream.kind() == "incident") {
                let old = lock(&self.old).insert(row.stream.clone(), row.clone());
                if let Some(old) = old.filter(|_| lock(&self.core).chance(300)) {
                    *row = old;
                }
            }
        }
        Ok(rows)
    }

    async fn answers(&self, keys: &[String]) -> Result<Vec<(String, String)>> {
        self.reach().await?;
        self.inner.answers(keys).await
    }

    async fn keep(&self, rows: &[InboxRow], closed: &[String]) -> Result<Vec<Kept>> {
        self.reach().await?;
        if lock(&self.core).fault(|r| r.crash_at_commit) {
            die(&self.core, self.replica, "before it keeps").await;
        }
        let kept = match self.sabotage {
            Sabotage::DropsArrivals if !rows.is_empty() && lock(&self.core).chance(100) => vec![Kept::New; rows.len()],
            Sabotage::ClosesUnworked if !closed.is_empty() => {
                let mut closed = closed.to_vec();
                for holder in at_once(self.inner.inbox_holders())? {
                    closed
                        .extend(at_once(self.inner.open_inbox(&holder, (0, ""), i64::MAX))?.into_iter().map(|r| r.key));
                }
                self.inner.keep(rows, &closed).await?
            }
            _ => self.inner.keep(rows, closed).await?,
        };
        {
            let mut core = lock(&self.core);
            core.count("keeps");
            for (row, _) in rows.iter().zip(&kept).filter(|(_, kept)| **kept == Kept::New) {
                let before = core.kept.len();
                core.kept.entry(row.key.clone()).or_insert(before);
            }
        }
        if lock(&self.core).fault(|r| r.crash_at_commit) {
            die(&self.core, self.replica, "after it kept").await;
        }
        if lock(&self.core).fault(|r| r.commit_unanswered) {
            return away("the answer to a keep is lost");
        }
        Ok(kept)
    }

    async fn open_inbox(&self, holder: &str, after: (i64, &str), limit: i64) -> Result<Vec<InboxRow>> {
        self.reach().await?;
        let mut rows = self.inner.open_inbox(holder, after, limit).await?;
        if self.sabotage == Sabotage::ReadsBackwards {
            // The last one says where the next page begins.
            let before = rows.len().saturating_sub(1);
            rows[..before].reverse();
        }
        Ok(rows)
    }

    async fn open_inbox_count(&self) -> Result<i64> {
        self.reach().await?;
        self.inner.open_inbox_count().await
    }

    async fn inbox_holders(&self) -> Result<Vec<String>> {
        self.reach().await?;
        self.inner.inbox_holders().await
    }

    async fn last_place(&self) -> Result<i64> {
        self.reach().await?;
        self.inner.last_place().await
    }

    async fn adopt_inbox(&self, from: &str, to: &str) -> Result<u64> {
        self.reach().await?;
        self.inner.adopt_inbox(from, to).await
    }

    fn shared(&self) -> bool {
        true
    }

    async fn events(&self, stream: &Stream, after: i64, limit: i64) -> Result<Vec<EventRow>> {
        self.reach().await?;
        self.inner.events(stream, after, limit).await
    }

    async fn heads(&self, after: &str, limit: i64) -> Result<Vec<(Stream, i64, String)>> {
        self.reach().await?;
        self.inner.heads(after, limit).await
    }

    async fn streams(&self, after: &str, limit: i64) -> Result<Vec<Stream>> {
        self.reach().await?;
        self.inner.streams(after, limit).await
    }

    async fn last_number(&self) -> Result<i64> {
        self.reach().await?;
        self.inner.last_number().await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Vec<HistoryRow>> {
        self.reach().await?;
        self.inner.history(query).await
    }

    async fn due_timers(&self, wall: i64, work: i64, limit: i64) -> Result<Vec<TimerRow>> {
        self.reach().await?;
        self.inner.due_timers(wall, work, limit).await
    }

    async fn next_timers(&self) -> Result<(Option<i64>, Option<i64>)> {
        self.reach().await?;
        self.inner.next_timers().await
    }

    async fn claim(&self, now: i64, owner: &str, lease_until: i64, limit: i64) -> Result<Vec<Claim>> {
        self.reach().await?;
        let lease_until = if self.sabotage == Sabotage::ForgetsLeases { now + 1 } else { lease_until };
        let mut claims = self.inner.claim(now, owner, lease_until, limit).await?;
        if self.sabotage == Sabotage::ForgetsDoubts {
            claims.iter_mut().filter(|claim| is_page(&claim.row)).for_each(|claim| claim.doubt = false);
        }
        if self.sabotage == Sabotage::ForgetsPublicDoubts {
            let public = |claim: &&mut Claim| claim.row.target.starts_with("public:");
            claims.iter_mut().filter(public).for_each(|claim| claim.doubt = false);
        }
        if self.sabotage == Sabotage::ForgetsAttempts {
            let task = |claim: &&mut Claim| claim.row.target.starts_with("task:run.");
            claims.iter_mut().filter(task).for_each(|claim| claim.row.attempts = 1);
        }
        // A lost answer: the rows are leased and nobody knows.
        if lock(&self.core).fault(|r| r.commit_unanswered) {
            return away("the answer to a claim is lost");
        }
        Ok(claims)
    }

    async fn renew(&self, claim: &Claim, lease_until: i64) -> Result<bool> {
        self.reach().await?;
        self.inner.renew(claim, lease_until).await
    }

    async fn release(&self, claim: &Claim, due_at: i64) -> Result<()> {
        self.reach().await?;
        self.inner.release(claim, due_at).await
    }

    async fn put_back(&self, claim: &Claim, due_at: i64) -> Result<()> {
        self.reach().await?;
        self.inner.put_back(claim, due_at).await
    }

    async fn break_leases(&self) -> Result<u64> {
        self.reach().await?;
        self.inner.break_leases().await
    }

    async fn next_outbox(&self) -> Result<Option<i64>> {
        self.reach().await?;
        self.inner.next_outbox().await
    }

    async fn outbox_due(&self, key: &str) -> Result<Option<i64>> {
        self.reach().await?;
        self.inner.outbox_due(key).await
    }

    async fn outbox(&self, limit: i64) -> Result<Vec<OutboxRow>> {
        self.inner.outbox(limit).await
    }

    async fn timers(&self, limit: i64) -> Result<Vec<TimerRow>> {
        self.inner.timers(limit).await
    }

    async fn message(&self, platform: &PlatformName, key: &str) -> Result<Option<MessageRow>> {
        self.reach().await?;
        self.inner.message(platform, key).await
    }

    async fn message_by_id(&self, platform: &PlatformName, id: &str) -> Result<Option<MessageRow>> {
        self.reach().await?;
        self.inner.message_by_id(platform, id).await
    }

    async fn reactions(&self, platform: &PlatformName, message: &str) -> Result<Vec<ReactionRow>> {
        self.reach().await?;
        self.inner.reactions(platform, message).await
    }

    async fn lease(&self, name: &str, owner: &str, now: i64, until: i64) -> Result<bool> {
        self.reach().await?;
        self.inner.lease(name, owner, now, until).await
    }

    async fn prune_inbox(&self, before: i64, limit: i64) -> Result<u64> {
        self.reach().await?;
        self.inner.prune_inbox(before, limit).await
    }

    async fn prune_reactions(&self, before: i64, limit: i64) -> Result<u64> {
        self.reach().await?;
        self.inner.prune_reactions(before, limit).await
    }

    async fn prune_messages(&self, before: i64, limit: i64) -> Result<u64> {
        self.reach().await?;
        self.inner.prune_messages(before, limit).await
    }

    async fn prune_leases(&self, before: i64) -> Result<u64> {
        self.reach().await?;
        self.inner.prune_leases(before).await
    }

    async fn setting(&self, name: &str) -> Result<Option<String>> {
        self.inner.setting(name).await
    }

    async fn set_setting(&self, name: &str, value: &str) -> Result<()> {
        self.inner.set_setting(name, value).await
    }

    async fn ping(&self) -> Result<()> {
        self.reach().await
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}
