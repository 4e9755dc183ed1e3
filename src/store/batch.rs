//! Grouping: several inputs' batches become one transaction with the result they would have one after the other.

use super::{Batch, ReactionRow};
use crate::domain::ids::Stream;

impl Batch {
    /// Takes `later` in, as if it were committed right after `self`, in the same transaction.
    ///
    /// One freedom is taken: a receipt of `later` for a row that `self` replaces deletes that row and leaves the replacement as
    /// a new row with its own id; one after the other, the old row would be released and keep its id.
    ///
    /// # Errors
    /// Gives `later` back untouched when the two cannot be one transaction: it has to be committed by itself, and will say
    /// `Conflict` if it has lost a race.
    pub fn absorb(&mut self, later: Self) -> Result<(), Box<Self>> {
        if !self.admits(&later) {
            return Err(Box::new(later));
        }
        let Self { reads, inbox, events, states, .. } = later;
        for (stream, seq) in reads {
            let known = self.reads.iter().any(|(s, _)| *s == stream) || self.last_seq(&stream).is_some();
            if !known {
                self.reads.push((stream, seq));
            }
        }
        self.inbox.extend(inbox);
        self.events.extend(events);
        for row in states {
            put(&mut self.states, row, |a, b| a.stream == b.stream);
        }
        self.timers_fired.extend(later.timers_fired);
        for id in later.timers_cancelled {
            self.timers_set.retain(|t| t.id != id);
            put(&mut self.timers_cancelled, id, |a, b| a == b);
        }
        for row in later.timers_set {
            put(&mut self.timers_set, row, |a, b| a.id == b.id);
        }
        self.receipts.extend(later.receipts);
        for key in later.outbox_cancelled {
            self.outbox.retain(|o| o.key != key);
            put(&mut self.outbox_cancelled, key, |a, b| a == b);
        }
        self.outbox.extend(later.outbox);
        for row in later.history {
            put(&mut self.history, row, |a, b| a.number == b.number);
        }
        for row in later.messages {
            put(&mut self.messages, row, |a, b| a.platform == b.platform && a.key == b.key);
        }
        for row in later.reactions {
            let same = |a: &ReactionRow, b: &ReactionRow| {
                (&a.platform, &a.message, &a.account, &a.emoji) == (&b.platform, &b.message, &b.account, &b.emoji)
            };
            put(&mut self.reactions, row, same);
        }
        Ok(())
    }

    /// The last sequence this batch brings `stream` to.
    fn last_seq(&self, stream: &Stream) -> Option<i64> {
        self.events.iter().rev().find(|e| e.stream == *stream).map(|e| e.seq)
    }

    /// What either side read or continues must be where the other left it, and no expectation may depend on what the other did.
    fn admits(&self, later: &Self) -> bool {
        let stands = |stream: &Stream, seq: i64| match self.last_seq(stream) {
            Some(last) => last == seq,
            None => self.reads.iter().all(|(s, n)| s != stream || *n == seq),
        };
        let first = |i: usize| later.events[..i].iter().all(|e| e.stream != later.events[i].stream);
        let touches_timer = |id: &String| {
            self.timers_fired.iter().any(|(t, _)| t == id)
                || self.timers_cancelled.contains(id)
                || self.timers_set.iter().any(|t| t.id == *id)
        };
        let touches_row =
            |id: &String| self.receipts.iter().any(|r| r.id == *id) || self.outbox.iter().any(|o| o.id == *id);
        (later.events.iter().enumerate()).all(|(i, e)| !first(i) || stands(&e.stream, e.seq - 1))
            && later.reads.iter().all(|(stream, seq)| stands(stream, *seq))
            && !later.inbox.iter().any(|i| self.inbox.iter().any(|mine| mine.key == i.key))
            && !later.timers_fired.iter().any(|(id, _)| touches_timer(id))
            && !later.receipts.iter().any(|r| touches_row(&r.id))
    }
}

/// Replaces the row that is the same thing, in its place, or adds it.
fn put<T>(rows: &mut Vec<T>, row: T, same: impl Fn(&T, &T) -> bool) {
    match rows.iter_mut().find(|r| same(r, &row)) {
        Some(standing) => *standing = row,
        None => rows.push(row),
    }
}
