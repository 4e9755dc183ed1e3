//! A batch as the databases take it: one JSON list of lists per table, made before the transaction begins.

use crate::store::net::Net;
use crate::store::{Batch, InboxRow, Result, StoreError};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// The rows of one table.
#[derive(Debug, Default)]
pub struct Part {
    pub json: String,
    pub rows: usize,
}

/// Owns everything, so that the transaction can run in a task of its own.
#[derive(Debug, Default)]
pub struct Packed {
    /// Where each stream must stand; in name order, as the database answers.
    pub expected: Vec<(String, i64, Option<String>)>,
    pub streams: Part,
    /// Numbers that stand for the streams expected to be empty. Two streams may share one and then wait for nothing.
    pub vacant: Part,
    pub inbox: Part,
    pub events: Part,
    pub states: Part,
    pub timers_fired: Part,
    pub timers_cancelled: Part,
    pub timers_set: Part,
    pub receipts: Part,
    pub outbox_cancelled: Part,
    pub outbox: Part,
    pub history: Part,
    pub messages: Part,
    pub reactions: Part,
}

impl Packed {
    /// # Errors
    /// As [`Net::of`].
    pub fn of(batch: &Batch) -> Result<Self> {
        let net = Net::of(batch)?;
        let owned = |text: &str| text.to_owned();
        Ok(Self {
            expected: net.expected.iter().map(|(s, e)| (owned(s), e.seq, e.hash.map(owned))).collect(),
            streams: part(net.expected.keys().map(|s| (s,)))?,
            vacant: part(vacant(&net).into_iter().map(|n| (n,)))?,
            inbox: inbox(net.inbox.values().copied())?,
            events: part(
                net.events
                    .iter()
                    .map(|r| (r.stream.as_str(), r.seq, &r.kind, &r.actor, r.at, &r.body, &r.previous, &r.hash)),
            )?,
            states: part(net.states.values().map(|r| (r.stream.as_str(), r.seq, &r.hash, &r.body)))?,
            timers_fired: part(net.timers_fired.iter())?,
            timers_cancelled: part(net.timers_cancelled.iter().map(|id| (id,)))?,
            timers_set: part(
                net.timers_set.values().map(|r| (&r.id, r.stream.as_str(), r.due_at, i64::from(r.work), &r.body)),
            )?,
            receipts: part(net.receipts.values().map(|r| (&r.id, &r.owner, r.version)))?,
            outbox_cancelled: part(net.outbox_cancelled.iter().map(|key| (key,)))?,
            outbox: part(net.outbox.values().map(|p| {
                let (r, last) = (p.first, p.last);
                (&r.id, &r.key, &r.target, r.stream.as_str(), p.due_at, r.attempts, &last.body, p.changes)
            }))?,
            history: part(net.history.values().map(|r| {
                let texts = (&r.service, &r.environment, &r.version, &r.revision, &r.status, &r.requester);
                (
                    r.number,
                    texts.0,
                    texts.1,
                    texts.2,
                    texts.3,
                    texts.4,
                    texts.5,
                    r.requested_at,
                    r.started_at,
                    r.ended_at,
                    &r.note,
                )
            }))?,
            messages: part(
                net.messages.values().map(|r| (r.platform.as_str(), &r.key, &r.channel, &r.id, &r.shown, r.at)),
            )?,
            reactions: part(
                net.reactions.iter().map(|(k, r)| (k[0], k[1], k[2], k[3], i64::from(r.added), &r.source, r.at)),
            )?,
        })
    }
}

/// In their own order: everybody locks them in this one.
fn vacant(net: &Net<'_>) -> BTreeSet<i32> {
    let empty = net.expected.iter().filter(|(_, e)| e.seq == 0);
    empty
        .map(|(stream, _)| {
            let digest = Sha256::digest(stream.as_bytes());
            i32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
        })
        .collect()
}

pub fn inbox<'a>(rows: impl Iterator<Item = &'a InboxRow>) -> Result<Part> {
    part(rows.map(|r| (&r.key, r.at, &r.body, &r.answer, &r.kind, &r.lane, &r.proof, &r.holder, r.open)))
}

pub fn part<T: Serialize>(rows: impl Iterator<Item = T>) -> Result<Part> {
    let mut count = 0;
    let json = list(rows.inspect(|_| count += 1))?;
    Ok(Part { json, rows: count })
}

/// `[row, row, …]`
pub fn list<T: Serialize>(rows: impl Iterator<Item = T>) -> Result<String> {
    let mut out = vec![b'['];
    for row in rows {
        if out.len() > 1 {
            out.push(b',');
        }
        serde_json::to_writer(&mut out, &row).map_err(|e| StoreError::Unavailable(e.to_string()))?;
    }
    out.push(b']');
    String::from_utf8(out).map_err(|e| StoreError::Unavailable(e.to_string()))
}
