//! The store in memory: for simulation, rehearsals and feature tests. Deterministic, no I/O, no clock.
//!
//! It promises what the databases promise, one lock in place of transactions. [`MemoryStore::fork`] keeps what is committed at
//! that moment, so that a simulated crash can go on from there; nothing is copied until one of the two changes.

mod dump;

use super::net::{self, Net, lost};
use super::{
    Batch, Claim, EventRow, HistoryQuery, HistoryRow, InboxRow, MessageRow, OutboxRow, ReactionRow, Result, StateRow,
    Store, StoreError, TimerRow,
};
use crate::chat::Kept;
use crate::domain::ids::{PlatformName, Stream};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Clone, Debug, Default)]
struct Tables {
    events: BTreeMap<Stream, Arc<Vec<EventRow>>>,
    states: BTreeMap<Stream, StateRow>,
    timers: BTreeMap<String, TimerRow>,
    /// By id.
    outbox: BTreeMap<String, Queued>,
    /// Key to id.
    outbox_keys: BTreeMap<String, String>,
    inbox: BTreeMap<String, InboxRow>,
    history: BTreeMap<i64, HistoryRow>,
    messages: BTreeMap<(PlatformName, String), MessageRow>,
    reactions: BTreeMap<[String; 4], ReactionRow>,
    leases: BTreeMap<String, (String, i64)>,
    settings: BTreeMap<String, String>,
    shared: bool,
}

#[derive(Clone, Debug)]
struct Queued {
    row: OutboxRow,
    owner: String,
    /// 0 while it is free.
    lease_until: i64,
    version: i64,
    doubts: i64,
}

#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Arc<Tables>>);

impl MemoryStore {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store that several engines are at work on, as replicas are on PostgreSQL.
    #[must_use]
    pub fn for_replicas() -> Self {
        Self(Mutex::new(Arc::new(Tables { shared: true, ..Tables::default() })))
    }

    /// A second store that holds what this one holds now. The two go their own ways from here.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(Mutex::new(Arc::clone(&self.lock())))
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Tables>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a row back, with so many doubts fewer.
    fn free(&self, claim: &Claim, due_at: i64, doubts: i64) {
        self.change(|tables| {
            if let Some(queued) = tables.held(claim) {
                // A row that was replaced meanwhile is due when its replacement said.
                if queued.version == claim.version {
                    queued.row.due_at = due_at;
                }
                queued.owner.clear();
                queued.lease_until = 0;
                queued.doubts -= doubts;
            }
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut Tables) -> T) -> T {
        change(Arc::make_mut(&mut self.lock()))
    }
}

/// How many of `limit`; a negative limit is none.
fn most(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(0)
}

impl Tables {
    /// Whether every expectation of the batch holds. Changes nothing.
    fn check(&self, net: &Net<'_>) -> Result<()> {
        for (stream, expected) in &net.expected {
            let stands = self.states.get(*stream);
            let seq = stands.map_or(0, |s| s.seq);
            if seq != expected.seq {
                return Err(lost::stream(stream, expected.seq, seq));
            }
            if expected.hash.is_some_and(|hash| hash != stands.map_or("", |s| s.hash.as_str())) {
                return Err(lost::chain(stream, seq + 1));
            }
        }
        if net.inbox.keys().any(|key| self.inbox.get(*key).is_some_and(|row| !row.answer.is_empty())) {
            return Err(lost::input());
        }
        if net.timers_fired.iter().any(|(id, due)| self.timers.get(*id).is_none_or(|t| t.due_at != *due)) {
            return Err(lost::timer());
        }
        let mut deleted = Vec::new();
        for (id, receipt) in &net.receipts {
            match self.outbox.get(*id).filter(|q| q.lease_until > 0 && q.owner == receipt.owner) {
                Some(queued) if queued.version == receipt.version => deleted.push(*id),
                Some(_) => {}
                None => return lost::lease(),
            }
        }
        let key_stays = |key: &str| {
            let standing = self.outbox_keys.get(key).is_some_and(|id| !deleted.contains(&id.as_str()));
            standing && !net.outbox_cancelled.contains(key)
        };
        for (key, put) in &net.outbox {
            let id = put.first.id.as_str();
            if let Some(other) = self.outbox.get(id)
                && !key_stays(key)
                && !deleted.contains(&id)
                && !net.outbox_cancelled.contains(other.row.key.as_str())
            {
                return Err(StoreError::Conflict(format!("outbox id {id} is taken")));
            }
        }
        Ok(())
    }

    /// Cannot fail: [`Tables::check`] went before.
    fn apply(&mut self, net: &Net<'_>) {
        for (key, row) in &net.inbox {
            match self.inbox.get_mut(*key) {
                Some(kept) => kept.answer.clone_from(&row.answer),
                None => _ = self.inbox.insert(row.key.clone(), (*row).clone()),
            }
        }
        for event in net.events {
            Arc::make_mut(self.events.entry(event.stream.clone()).or_default()).push(event.clone());
        }
        self.states.extend(net.states.values().map(|row| (row.stream.clone(), (*row).clone())));
        for id in net.timers_fired.keys().chain(&net.timers_cancelled) {
            self.timers.remove(*id);
        }
        self.timers.extend(net.timers_set.values().map(|row| (row.id.clone(), (*row).clone())));
        self.apply_outbox(net);
        self.history.extend(net.history.iter().map(|(number, row)| (*number, (*row).clone())));
        let messages = net.messages.values().map(|row| ((row.platform.clone(), row.key.clone()), (*row).clone()));
        self.messages.extend(messages);
        let reactions = net.reactions.iter().map(|(key, row)| (key.map(str::to_owned), (*row).clone()));
        self.reactions.extend(reactions);
    }

    fn apply_outbox(&mut self, net: &Net<'_>) {
        for (id, receipt) in &net.receipts {
            let Some(queued) = self.outbox.get_mut(*id) else { continue };
            if queued.version == receipt.version {
                self.outbox_keys.remove(&queued.row.key);
                self.outbox.remove(*id);
            } else {
                queued.owner.clear();
                queued.lease_until = 0;
                queued.doubts = 0;
            }
        }
        for key in &net.outbox_cancelled {
            if let Some(id) = self.outbox_keys.remove(*key) {
                self.outbox.remove(&id);
            }
        }
        for (key, put) in &net.outbox {
            if let Some(queued) = self.outbox_keys.get(*key).and_then(|id| self.outbox.get_mut(id)) {
                queued.row.body.clone_from(&put.last.body);
                queued.row.due_at = queued.row.due_at.max(put.due_at);
                queued.version += put.changes;
                continue;
            }
            let row = OutboxRow { body: put.last.body.clone(), due_at: put.due_at, ..put.first.clone() };
            self.outbox_keys.insert((*key).to_owned(), row.id.clone());
            let doubts = row.attempts;
            let queued = Queued { row, owner: String::new(), lease_until: 0, version: put.changes, doubts };
            self.outbox.insert(queued.row.id.clone(), queued);
        }
    }

    /// Of each target, the oldest row and when the target is free to go on.
    fn heads(&self) -> Vec<(String, i64)> {
        let mut targets: BTreeMap<&str, (&str, i64)> = BTreeMap::new();
        for (id, queued) in &self.outbox {
            let (_, free_at) = targets.entry(&queued.row.target).or_insert((id, queued.row.due_at));
            *free_at = (*free_at).max(queued.lease_until);
        }
        let mut heads: Vec<_> = targets.into_values().map(|(id, free_at)| (id.to_owned(), free_at)).collect();
        heads.sort_unstable();
        heads
    }

    fn timers_in_order(&self, wanted: impl Fn(&TimerRow) -> bool, limit: i64) -> Vec<TimerRow> {
        let mut rows: Vec<&TimerRow> = self.timers.values().filter(|t| wanted(t)).collect();
        rows.sort_unstable_by(|a, b| (a.due_at, &a.id).cmp(&(b.due_at, &b.id)));
        rows.into_iter().take(most(limit)).cloned().collect()
    }

    /// The claimed row, while that claim holds.
    fn held(&mut self, claim: &Claim) -> Option<&mut Queued> {
        self.outbox
            .get_mut(&claim.row.id)
            .filter(|q| q.lease_until > 0 && q.owner == claim.owner && q.row.attempts == claim.row.attempts)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, batch: &Batch) -> Result<()> {
        let net = Net::of(batch)?;
        let mut tables = self.lock();
        tables.check(&net)?;
        Arc::make_mut(&mut tables).apply(&net);
        Ok(())
    }

    async fn states(&self, streams: &[Stream]) -> Result<Vec<StateRow>> {
        let tables = self.lock();
        let mut names: Vec<&Stream> = streams.iter().collect();
        names.sort_unstable();
        names.dedup();
        Ok(names.into_iter().filter_map(|s| tables.states.get(s)).cloned().collect())
    }

    async fn answers(&self, keys: &[String]) -> Result<Vec<(String, String)>> {
        let tables = self.lock();
        let mut keys: Vec<&String> = keys.iter().collect();
        keys.sort_unstable();
        keys.dedup();
        let decided = keys.into_iter().filter_map(|k| tables.inbox.get(k)).filter(|i| !i.answer.is_empty());
        Ok(decided.map(|i| (i.key.clone(), i.answer.clone())).collect())
    }

    async fn keep(&self, rows: &[InboxRow], closed: &[String]) -> Result<Vec<Kept>> {
        let by_key = net::keeping(rows)?;
        let mut tables = self.lock();
        let tables = Arc::make_mut(&mut tables);
        for key in closed {
            if let Some(row) = tables.inbox.get_mut(key) {
                row.open = 0;
            }
        }
        let mut standing = BTreeMap::new();
        for (key, row) in by_key {
            match tables.inbox.get(key) {
                Some(stands) => _ = standing.insert(key.to_owned(), stands.proof.clone()),
                None => _ = tables.inbox.insert(key.to_owned(), row.clone()),
            }
        }
        Ok(net::kept(rows, &standing))
    }

    async fn open_inbox(&self, holder: &str, after: (i64, &str), limit: i64) -> Result<Vec<InboxRow>> {
        let tables = self.lock();
        let behind = |row: &&InboxRow| row.open > 0 && row.holder == holder && (row.open, row.key.as_str()) > after;
        let mut open: Vec<&InboxRow> = tables.inbox.values().filter(behind).collect();
        open.sort_unstable_by_key(|row| (row.open, &row.key));
        Ok(open.into_iter().take(most(limit)).cloned().collect())
    }

    async fn open_inbox_count(&self) -> Result<i64> {
        let open = self.lock().inbox.values().filter(|row| row.open > 0).count();
        Ok(i64::try_from(open).unwrap_or(i64::MAX))
    }

    async fn inbox_holders(&self) -> Result<Vec<String>> {
        let tables = self.lock();
        let open = tables.inbox.values().filter(|row| row.open > 0).map(|row| row.holder.clone());
        Ok(open.collect::<BTreeSet<_>>().into_iter().collect())
    }

    async fn last_place(&self) -> Result<i64> {
        Ok(self.lock().inbox.values().map(|row| row.open).max().unwrap_or(0))
    }

    async fn adopt_inbox(&self, from: &str, to: &str) -> Result<u64> {
        Ok(self.change(|tables| {
            let rows = tables.inbox.values_mut().filter(|row| row.open > 0 && row.holder == from);
            rows.map(|row| to.clone_into(&mut row.holder)).count() as u64
        }))
    }

    fn shared(&self) -> bool {
        self.lock().shared
    }

    async fn events(&self, stream: &Stream, after: i64, limit: i64) -> Result<Vec<EventRow>> {
        let tables = self.lock();
        let rows = tables.events.get(stream).map_or(&[][..], |rows| rows.as_slice());
        Ok(rows.iter().filter(|e| e.seq > after).take(most(limit)).cloned().collect())
    }

    async fn heads(&self, after: &str, limit: i64) -> Result<Vec<(Stream, i64, String)>> {
        let tables = self.lock();
        let rows = tables.states.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        Ok(rows.take(most(limit)).map(|(_, s)| (s.stream.clone(), s.seq, s.hash.clone())).collect())
    }

    async fn streams(&self, after: &str, limit: i64) -> Result<Vec<Stream>> {
        let tables = self.lock();
        let rows = tables.events.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        Ok(rows.take(most(limit)).map(|(s, _)| s.clone()).collect())
    }

    async fn last_number(&self) -> Result<i64> {
        Ok(self.lock().history.last_key_value().map_or(0, |(number, _)| *number))
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Vec<HistoryRow>> {
        let tables = self.lock();
        let before = query.before.unwrap_or(i64::MAX);
        let asked = |asked: &Option<String>, found: &str| asked.as_ref().is_none_or(|a| a == found);
        let rows = tables.history.range(..before).rev().map(|(_, row)| row);
        let rows = rows.filter(|r| asked(&query.service, &r.service) && asked(&query.environment, &r.environment));
        Ok(rows.take(most(query.limit)).cloned().collect())
    }

    async fn due_timers(&self, wall: i64, work: i64, limit: i64) -> Result<Vec<TimerRow>> {
        Ok(self.lock().timers_in_order(|t| t.due_at <= if t.work { work } else { wall }, limit))
    }

    async fn next_timers(&self) -> Result<(Option<i64>, Option<i64>)> {
        let tables = self.lock();
        let next = |work| tables.timers.values().filter(|t| t.work == work).map(|t| t.due_at).min();
        Ok((next(false), next(true)))
    }

    async fn claim(&self, now: i64, owner: &str, lease_until: i64, limit: i64) -> Result<Vec<Claim>> {
        let mut tables = self.lock();
        let due: Vec<String> = tables
            .heads()
            .into_iter()
            .filter(|(_, free_at)| *free_at <= now)
            .map(|(id, _)| id)
            .take(most(limit))
            .collect();
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let tables = Arc::make_mut(&mut tables);
        let mut claims = Vec::new();
        for id in due {
            let Some(queued) = tables.outbox.get_mut(&id) else { continue };
            queued.row.attempts += 1;
            queued.doubts += 1;
            owner.clone_into(&mut queued.owner);
            queued.lease_until = lease_until;
            let (version, doubt) = (queued.version, queued.doubts > 1);
            claims.push(Claim { row: queued.row.clone(), owner: owner.to_owned(), lease_until, version, doubt });
        }
        Ok(claims)
    }

    async fn renew(&self, claim: &Claim, lease_until: i64) -> Result<bool> {
        Ok(self.change(|tables| tables.held(claim).map(|queued| queued.lease_until = lease_until).is_some()))
    }

    async fn release(&self, claim: &Claim, due_at: i64) -> Result<()> {
        self.free(claim, due_at, 0);
        Ok(())
    }

    async fn put_back(&self, claim: &Claim, due_at: i64) -> Result<()> {
        self.free(claim, due_at, 1);
        Ok(())
    }

    async fn break_leases(&self) -> Result<u64> {
        Ok(self.change(|tables| {
            let leased = tables.outbox.values_mut().filter(|queued| queued.lease_until > 0);
            let free = |queued: &mut Queued| {
                queued.owner.clear();
                queued.lease_until = 0;
            };
            leased.map(free).count() as u64
        }))
    }

    async fn next_outbox(&self) -> Result<Option<i64>> {
        Ok(self.lock().heads().into_iter().map(|(_, free_at)| free_at).min())
    }

    async fn outbox_due(&self, key: &str) -> Result<Option<i64>> {
        let tables = self.lock();
        Ok(tables.outbox_keys.get(key).and_then(|id| tables.outbox.get(id)).map(|q| q.row.due_at))
    }

    async fn outbox(&self, limit: i64) -> Result<Vec<OutboxRow>> {
        Ok(self.lock().outbox.values().take(most(limit)).map(|q| q.row.clone()).collect())
    }

    async fn timers(&self, limit: i64) -> Result<Vec<TimerRow>> {
        Ok(self.lock().timers_in_order(|_| true, limit))
    }

    async fn message(&self, platform: &PlatformName, key: &str) -> Result<Option<MessageRow>> {
        Ok(self.lock().messages.get(&(platform.clone(), key.to_owned())).cloned())
    }

    async fn message_by_id(&self, platform: &PlatformName, id: &str) -> Result<Option<MessageRow>> {
        Ok(self.lock().messages.values().find(|m| m.platform == *platform && m.id == id).cloned())
    }

    async fn reactions(&self, platform: &PlatformName, message: &str) -> Result<Vec<ReactionRow>> {
        let tables = self.lock();
        let from = [platform.as_str().to_owned(), message.to_owned(), String::new(), String::new()];
        let rows = tables.reactions.range(from..).map(|(_, row)| row);
        Ok(rows.take_while(|row| row.platform == *platform && row.message == message).cloned().collect())
    }

    async fn lease(&self, name: &str, owner: &str, now: i64, until: i64) -> Result<bool> {
        Ok(self.change(|tables| match tables.leases.get(name) {
            Some((holder, end)) if holder != owner && *end > now => false,
            _ => {
                tables.leases.insert(name.to_owned(), (owner.to_owned(), until));
                true
            }
        }))
    }

    async fn prune_inbox(&self, before: i64, limit: i64) -> Result<u64> {
        Ok(self.change(|tables| {
            let mut old: Vec<_> =
                tables.inbox.values().filter(|i| i.at < before && i.open == 0).map(|i| (i.at, i.key.clone())).collect();
            old.sort_unstable();
            old.truncate(most(limit));
            for (_, key) in &old {
                tables.inbox.remove(key);
            }
            old.len() as u64
        }))
    }

    async fn prune_reactions(&self, before: i64, limit: i64) -> Result<u64> {
        Ok(self.change(|tables| {
            let mut old: Vec<_> =
                tables.reactions.iter().filter(|(_, r)| r.at < before).map(|(k, r)| (r.at, k.clone())).collect();
            old.sort_unstable();
            old.truncate(most(limit));
            for (_, key) in &old {
                tables.reactions.remove(key);
            }
            old.len() as u64
        }))
    }

    async fn prune_messages(&self, before: i64, limit: i64) -> Result<u64> {
        Ok(self.change(|tables| {
            let mut old: Vec<_> =
                tables.messages.iter().filter(|(_, m)| m.at < before).map(|(k, m)| (m.at, k.clone())).collect();
            old.sort_unstable();
            old.truncate(most(limit));
            for (_, key) in &old {
                tables.messages.remove(key);
            }
            old.len() as u64
        }))
    }

    async fn prune_leases(&self, before: i64) -> Result<u64> {
        Ok(self.change(|tables| {
            let all = tables.leases.len();
            tables.leases.retain(|_, (_, until)| *until >= before);
            (all - tables.leases.len()) as u64
        }))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>> {
        Ok(self.lock().settings.get(name).cloned())
    }

    async fn set_setting(&self, name: &str, value: &str) -> Result<()> {
        self.change(|tables| tables.settings.insert(name.to_owned(), value.to_owned()));
        Ok(())
    }

    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}
