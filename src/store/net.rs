//! What one [`Batch`] comes to: checked without looking at the database, repeated keys folded into one.
//!
//! All stores go through here, so they refuse the same batches and store the same rows. Everything is in key order, so that
//! two replicas take their row locks in the same order.

use super::{
    Batch, EventRow, HistoryRow, InboxRow, MessageRow, OutboxRow, ReactionRow, Receipt, Result, StateRow, StoreError,
    TimerRow,
};
use crate::chat::Kept;
use crate::limits;
use std::collections::{BTreeMap, BTreeSet};

/// Where a stream must stand, and with which hash if the batch continues it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected<'a> {
    pub seq: i64,
    pub hash: Option<&'a str>,
}

#[derive(Debug, Default)]
pub(super) struct Net<'a> {
    pub expected: BTreeMap<&'a str, Expected<'a>>,
    pub inbox: BTreeMap<&'a str, &'a InboxRow>,
    pub events: &'a [EventRow],
    pub states: BTreeMap<&'a str, &'a StateRow>,
    pub timers_fired: BTreeMap<&'a str, i64>,
    pub timers_cancelled: BTreeSet<&'a str>,
    pub timers_set: BTreeMap<&'a str, &'a TimerRow>,
    pub receipts: BTreeMap<&'a str, &'a Receipt>,
    pub outbox_cancelled: BTreeSet<&'a str>,
    /// By key. When a key is there twice, the first gives id, target and stream, the last the body, and the later due
    /// time counts.
    pub outbox: BTreeMap<&'a str, Put<'a>>,
    pub history: BTreeMap<i64, &'a HistoryRow>,
    pub messages: BTreeMap<(&'a str, &'a str), &'a MessageRow>,
    pub reactions: BTreeMap<[&'a str; 4], &'a ReactionRow>,
}

/// An outbox row to be put in, `changes` times.
#[derive(Debug)]
pub(super) struct Put<'a> {
    pub first: &'a OutboxRow,
    pub last: &'a OutboxRow,
    pub due_at: i64,
    pub changes: i64,
}

pub(super) fn conflict<T>(what: impl Into<String>) -> Result<T> {
    Err(StoreError::Conflict(what.into()))
}

/// The refusals, worded once for all stores.
pub(super) mod lost {
    use super::{StoreError, conflict};

    pub fn stream(name: &str, expected: i64, found: i64) -> StoreError {
        StoreError::Conflict(format!("stream {name} stands at {found}, not at {expected}"))
    }

    pub fn chain(name: &str, seq: i64) -> StoreError {
        let what = "does not continue the stored hash chain".to_owned();
        StoreError::Corrupt { table: "events", row: format!("{name}/{seq}"), what }
    }

    pub fn input() -> StoreError {
        StoreError::Conflict("an input of this batch was decided before".to_owned())
    }

    pub fn arrival() -> StoreError {
        StoreError::Conflict("an arrival was kept by somebody else meanwhile".to_owned())
    }

    pub fn timer() -> StoreError {
        StoreError::Conflict("a timer of this batch fired, moved or was cancelled meanwhile".to_owned())
    }

    pub fn lease<T>() -> super::Result<T> {
        conflict("the lease behind a receipt of this batch was lost")
    }
}

impl<'a> Net<'a> {
    /// # Errors
    /// `Conflict` when the batch contradicts itself, `Corrupt` when a row of it cannot be stored.
    pub fn of(batch: &'a Batch) -> Result<Self> {
        let mut net = Net { events: &batch.events, ..Net::default() };
        for row in &batch.states {
            text("states", row.stream.as_str(), &[&row.hash, &row.body])?;
            net.states.insert(row.stream.as_str(), row);
        }
        net.expectations(batch)?;
        for row in &batch.inbox {
            arrival(row)?;
            if net.inbox.insert(&row.key, row).is_some() {
                return Err(lost::input());
            }
        }
        net.timers(batch)?;
        net.outbox(batch)?;
        for row in &batch.history {
            let texts = [&row.service, &row.environment, &row.version, &row.revision, &row.status, &row.requester];
            let texts = texts.map(String::as_str);
            text("history", &row.number.to_string(), &texts)?;
            text("history", &row.number.to_string(), &[&row.note])?;
            net.history.insert(row.number, row);
        }
        for row in &batch.messages {
            text("messages", &row.key, &[&row.channel, &row.shown])?;
            text("messages", row.platform.as_str(), &[])?;
            text("messages", &row.id, &[])?;
            net.messages.insert((row.platform.as_str(), &row.key), row);
        }
        for row in &batch.reactions {
            let key: [&str; 4] = [row.platform.as_str(), &row.message, &row.account, &row.emoji];
            key.iter().try_for_each(|part| text("reactions", part, &[&row.source]))?;
            net.reactions.insert(key, row);
        }
        Ok(net)
    }

    /// The reads, and what the events imply: each stream is continued where it stands, without a gap, and its state follows.
    fn expectations(&mut self, batch: &'a Batch) -> Result<()> {
        for (stream, seq) in &batch.reads {
            text("reads", stream.as_str(), &[])?;
            let before = self.expected.insert(stream.as_str(), Expected { seq: *seq, hash: None });
            if before.is_some_and(|b| b.seq != *seq) {
                return conflict(format!("stream {stream} was read at two sequences"));
            }
        }
        let mut last: BTreeMap<&str, &EventRow> = BTreeMap::new();
        for event in &batch.events {
            let stream = event.stream.as_str();
            text("events", stream, &[&event.kind, &event.actor, &event.body, &event.previous, &event.hash])?;
            if let Some(before) = last.insert(stream, event) {
                if event.seq != before.seq + 1 {
                    return conflict(format!("stream {stream}: event {} follows {}", event.seq, before.seq));
                }
                if event.previous != before.hash {
                    return Err(lost::chain(stream, event.seq));
                }
                continue;
            }
            let expected = Expected { seq: event.seq - 1, hash: Some(&event.previous) };
            if let Some(read) = self.expected.get(stream)
                && read.seq != expected.seq
            {
                return Err(lost::stream(stream, expected.seq, read.seq));
            }
            self.expected.insert(stream, expected);
        }
        for (stream, event) in last {
            let state = self.states.get(stream);
            if !state.is_some_and(|s| s.seq == event.seq && s.hash == event.hash) {
                let what = format!("the batch brings events up to {} but no state as of it", event.seq);
                return Err(StoreError::Corrupt { table: "states", row: stream.to_owned(), what });
            }
        }
        Ok(())
    }

    fn timers(&mut self, batch: &'a Batch) -> Result<()> {
        for (id, due_at) in &batch.timers_fired {
            text("timers", id, &[])?;
            if self.timers_fired.insert(id, *due_at).is_some() {
                return Err(lost::timer());
            }
        }
        for id in &batch.timers_cancelled {
            text("timers", id, &[])?;
            self.timers_cancelled.insert(id);
        }
        for row in &batch.timers_set {
            text("timers", &row.id, &[row.stream.as_str(), &row.body])?;
            self.timers_set.insert(&row.id, row);
        }
        Ok(())
    }

    fn outbox(&mut self, batch: &'a Batch) -> Result<()> {
        for receipt in &batch.receipts {
            text("outbox", &receipt.id, &[&receipt.owner])?;
            if self.receipts.insert(&receipt.id, receipt).is_some() {
                return lost::lease();
            }
        }
        for key in &batch.outbox_cancelled {
            text("outbox", key, &[])?;
            self.outbox_cancelled.insert(key);
        }
        let mut ids = BTreeSet::new();
        for row in &batch.outbox {
            text("outbox", &row.key, &[row.stream.as_str(), &row.body])?;
            text("outbox", &row.id, &[])?;
            text("outbox", &row.target, &[])?;
            let put =
                self.outbox.entry(&row.key).or_insert(Put { first: row, last: row, due_at: row.due_at, changes: 0 });
            put.last = row;
            put.due_at = put.due_at.max(row.due_at);
            put.changes += 1;
            if put.changes == 1 && !ids.insert(&row.id) {
                return conflict(format!("outbox id {} is there twice", row.id));
            }
        }
        Ok(())
    }
}

/// What arrived, by key, and what every second row of a key is: the first one is kept.
///
/// # Errors
/// `Corrupt` when a row cannot be stored.
pub(super) fn keeping(rows: &[InboxRow]) -> Result<BTreeMap<&str, &InboxRow>> {
    let mut out = BTreeMap::new();
    for row in rows {
        arrival(row)?;
        out.entry(row.key.as_str()).or_insert(row);
    }
    Ok(out)
}

/// What became of each of `rows`, when those of `standing` were there before, with these proofs, and the others were stored.
pub(super) fn kept(rows: &[InboxRow], standing: &BTreeMap<String, String>) -> Vec<Kept> {
    let mut stored: BTreeMap<&str, &String> = BTreeMap::new();
    let mut out = Vec::with_capacity(rows.len());
    for InboxRow { key, proof, .. } in rows {
        out.push(match standing.get(key).or_else(|| stored.get(key.as_str()).copied()) {
            None => {
                stored.insert(key, proof);
                Kept::New
            }
            Some(first) if !proof.is_empty() && first == proof => Kept::Replayed,
            Some(_) => Kept::Again,
        });
    }
    out
}

fn arrival(row: &InboxRow) -> Result<()> {
    text("inbox", &row.key, &[&row.body, &row.answer, &row.kind, &row.lane, &row.proof])?;
    text("inbox", &row.holder, &[])
}

/// `row` is a key: PostgreSQL cannot index a very long one. Neither can it store U+0000, and SQLite cuts text there: such a row
/// is refused before it is half stored. JSON bodies never hold one, they escape it; the rest is ours or was cleaned where it
/// came in.
fn text(table: &'static str, row: &str, others: &[&str]) -> Result<()> {
    if row.len() > limits::STORE_KEY_BYTES {
        let what = format!("its key is {} bytes long", row.len());
        return Err(StoreError::Corrupt { table, row: row.chars().take(40).collect(), what });
    }
    if row.contains('\0') || others.iter().any(|t| t.contains('\0')) {
        return Err(StoreError::Corrupt {
            table,
            row: row.replace('\0', "\u{fffd}"),
            what: "holds a NUL character".to_owned(),
        });
    }
    Ok(())
}
