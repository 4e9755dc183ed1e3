//! One batch, a dozen statements at most whatever its size. What must hold is read before the first of them and counted after
//! the last, in the same transaction.

macro_rules! commit {
    ($Db:ty) => {
        /// What a batch does to one table.
        struct Step<'a> {
            table: &'static str,
            sql: &'static str,
            part: &'a Part,
        }

        /// In the order [`Batch`] promises; those that do nothing are left out. With each goes how many rows it must touch, when
        /// that is part of what must hold; those with the same table count together.
        fn steps(batch: &Packed) -> impl Iterator<Item = (Step<'_>, Option<Must>)> {
            let step = |table, sql, part, must| (Step { table, sql, part }, must);
            let all = [
                step("timers", sql::TIMERS_FIRED, &batch.timers_fired, Some(Must::Fire)),
                step("outbox", sql::RECEIPTS_DELETE, &batch.receipts, Some(Must::Hold)),
                step("outbox", sql::RECEIPTS_RELEASE, &batch.receipts, Some(Must::Hold)),
                step("inbox", sql::INBOX_PUT, &batch.inbox, Some(Must::Decide)),
                step("events", sql::EVENTS_INSERT, &batch.events, None),
                step("states", sql::STATES_PUT, &batch.states, None),
                step("timers", sql::TIMERS_CANCEL, &batch.timers_cancelled, None),
                step("timers", sql::TIMERS_SET, &batch.timers_set, None),
                step("outbox", sql::OUTBOX_CANCEL, &batch.outbox_cancelled, None),
                step("outbox", sql::OUTBOX_PUT, &batch.outbox, None),
                step("history", sql::HISTORY_PUT, &batch.history, None),
                step("messages", sql::MESSAGES_PUT, &batch.messages, None),
                step("reactions", sql::REACTIONS_PUT, &batch.reactions, None),
            ];
            all.into_iter().filter(|(step, _)| step.part.rows > 0)
        }
    };
}
pub(super) use commit;

use super::packed::Packed;
use crate::store::Result;
use crate::store::net::lost;

/// What a count of rows stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Must {
    /// Every timer of the batch still stands.
    Fire,
    /// Every lease behind a receipt is still held.
    Hold,
    /// No input was decided before.
    Decide,
}

/// Counts rows as they are touched.
#[derive(Default)]
pub(super) struct Counts([u64; 3]);

impl Counts {
    pub(super) fn add(&mut self, must: Option<Must>, rows: u64) {
        if let Some(n) = must.and_then(|must| self.0.get_mut(must as usize)) {
            *n += rows;
        }
    }

    /// Whether all of the batch was there to be touched.
    pub(super) fn hold(&self, batch: &Packed) -> Result<()> {
        let [fired, held, decided] = self.0;
        if fired != batch.timers_fired.rows as u64 {
            return Err(lost::timer());
        }
        if held != batch.receipts.rows as u64 {
            return lost::lease();
        }
        if decided != batch.inbox.rows as u64 {
            return Err(lost::input());
        }
        Ok(())
    }
}

/// Whether every stream stands where the batch expects it; both in name order.
pub(super) fn expected(batch: &Packed, found: Vec<(String, i64, String)>) -> Result<()> {
    let mut found = found.into_iter().peekable();
    for (stream, seq, hash) in &batch.expected {
        let row = found.next_if(|(name, _, _)| name == stream);
        let (at, stored) = row.map_or((0, String::new()), |(_, at, stored)| (at, stored));
        if at != *seq {
            return Err(lost::stream(stream, *seq, at));
        }
        if hash.as_ref().is_some_and(|hash| *hash != stored) {
            return Err(lost::chain(stream, seq + 1));
        }
    }
    Ok(())
}
