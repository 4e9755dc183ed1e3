//! Lanes: what was kept waits here for its work, in the order it came, one at a time in each lane.
//!
//! Memory is bounded. What does not fit stays in the store alone and is read back in pages once there is room, oldest first:
//! while anything is left there, nothing new is taken in, so the order in a lane holds. Deliberately absent: the work itself.

use crate::limits;
use crate::store::InboxRow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// An arrival in line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub row: InboxRow,
    /// How often its platform could not be had, and how often the store could not.
    pub tries: u32,
    pub store_tries: u32,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Held>,
    /// Its first one is being worked, or is about to be worked again.
    busy: bool,
}

struct State {
    lanes: BTreeMap<String, Lane>,
    /// Lanes that can go on, the one that waits longest first.
    ready: VecDeque<String>,
    /// Keys that were taken in and are not yet closed in the store.
    held: BTreeSet<String>,
    /// Of these, what is not done, and its bytes.
    count: usize,
    bytes: usize,
    /// The store may hold more than memory does.
    behind: bool,
    /// Something was left to the store since the last page was asked for.
    missed: bool,
    /// How far the store was read back, and whether it is to be read from its start again.
    cursor: (i64, String),
    restart: bool,
}

pub(super) struct Lanes {
    state: Mutex<State>,
    /// There may be something to do.
    pub changed: Notify,
}

impl Default for Lanes {
    /// Behind: an earlier process may have left something.
    fn default() -> Self {
        let state = State {
            lanes: BTreeMap::new(),
            ready: VecDeque::new(),
            held: BTreeSet::new(),
            count: 0,
            bytes: 0,
            behind: true,
            missed: false,
            cursor: (0, String::new()),
            restart: false,
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }
}

impl State {
    fn room(&self) -> bool {
        self.count < limits::LANES_HELD && self.bytes < limits::LANES_BYTES
    }

    fn take_in(&mut self, row: InboxRow) {
        if !self.held.insert(row.key.clone()) {
            return;
        }
        self.count += 1;
        self.bytes += row.body.len();
        let name = lane(&row);
        let lane = self.lanes.entry(name.clone()).or_default();
        if lane.waiting.is_empty() && !lane.busy {
            self.ready.push_back(name);
        }
        // What another process left may be older than what waits here.
        let at = lane.waiting.partition_point(|h| (h.row.open, &h.row.key) < (row.open, &row.key));
        lane.waiting.insert(at, Held { row, tries: 0, store_tries: 0 });
    }

    fn free(&mut self, name: &str) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        lane.busy = false;
        if lane.waiting.is_empty() {
            self.lanes.remove(name);
        } else {
            self.ready.push_back(name.to_owned());
        }
    }
}

impl Lanes {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are in memory and not done.
    pub(super) fn held(&self) -> usize {
        self.state().count
    }

    /// Takes in what was kept just now, or leaves it to the store.
    pub(super) fn offer(&self, rows: impl IntoIterator<Item = InboxRow>) {
        let mut state = self.state();
        for row in rows {
            if state.behind || !state.room() {
                state.behind = true;
                state.missed = true;
            } else {
                state.take_in(row);
            }
        }
        drop(state);
        self.changed.notify_one();
    }

    /// The store may hold something that memory does not: a kept row whose answer was lost, or another process's.
    pub(super) fn look_again(&self) {
        let mut state = self.state();
        state.behind = true;
        state.restart = true;
        drop(state);
        self.changed.notify_one();
    }

    /// Behind which row the store is to be read, when there is more in it and room for it.
    pub(super) fn wants(&self) -> Option<(i64, String)> {
        let mut state = self.state();
        if !state.behind || !state.room() {
            return None;
        }
        state.missed = false;
        if std::mem::take(&mut state.restart) {
            state.cursor = (0, String::new());
        }
        Some(state.cursor.clone())
    }

    /// Takes in a page that was read back; `last` when nothing came after it.
    pub(super) fn read_back(&self, page: Vec<InboxRow>, last: bool) {
        let mut state = self.state();
        if let Some(row) = page.last() {
            state.cursor = (row.open, row.key.clone());
        }
        for row in page {
            state.take_in(row);
        }
        if last && !state.missed && !state.restart {
            state.behind = false;
            state.cursor = (0, String::new());
        }
    }

    /// The next arrival to be worked. Its lane rests until [`Lanes::done`] or [`Lanes::again`].
    pub(super) fn next(&self) -> Option<Held> {
        let mut state = self.state();
        while let Some(name) = state.ready.pop_front() {
            let Some(lane) = state.lanes.get_mut(&name) else { continue };
            if let Some(held) = lane.waiting.pop_front() {
                lane.busy = true;
                return Some(held);
            }
            state.free(&name);
        }
        None
    }

    /// It is worked; its key is remembered until [`Lanes::closed`].
    pub(super) fn done(&self, held: &Held) {
        let mut state = self.state();
        state.count = state.count.saturating_sub(1);
        state.bytes = state.bytes.saturating_sub(held.row.body.len());
        state.free(&lane(&held.row));
        drop(state);
        self.changed.notify_one();
    }

    /// It is to be worked once more, before everything else in its lane.
    pub(super) fn again(&self, held: Held) {
        let mut state = self.state();
        let name = lane(&held.row);
        state.lanes.entry(name.clone()).or_default().waiting.push_front(held);
        state.free(&name);
        drop(state);
        self.changed.notify_one();
    }

    /// Keys that are held, and lanes.
    pub(super) fn remembered(&self) -> [usize; 2] {
        let state = self.state();
        [state.held.len(), state.lanes.len()]
    }

    /// These are closed in the store.
    pub(super) fn closed(&self, keys: &[String]) {
        let mut state = self.state();
        for key in keys {
            state.held.remove(key);
        }
    }
}

/// A lane's name over all platforms.
pub(super) fn lane(row: &InboxRow) -> String {
    let platform = row.key.split_once(':').map_or("", |(platform, _)| platform);
    format!("{platform}:{}", row.lane)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(open: i64, lane: &str) -> InboxRow {
        let (key, lane) = (format!("slack:{open}"), lane.to_owned());
        InboxRow { key, lane, open, body: "{}".into(), ..InboxRow::default() }
    }

    fn caught_up() -> Lanes {
        let lanes = Lanes::default();
        assert_eq!(lanes.wants(), Some((0, String::new())));
        lanes.read_back(Vec::new(), true);
        assert_eq!(lanes.wants(), None);
        lanes
    }

    fn places(lanes: &Lanes) -> Vec<i64> {
        std::iter::from_fn(|| lanes.next().inspect(|h| lanes.done(h)).map(|h| h.row.open)).collect()
    }

    #[test]
    fn one_at_a_time_in_a_lane_and_lanes_side_by_side() {
        let lanes = caught_up();
        lanes.offer([row(1, "sara"), row(2, "sara"), row(3, "omar")]);
        let (first, other) = (lanes.next().unwrap(), lanes.next().unwrap());
        assert_eq!((first.row.open, other.row.open, lanes.next()), (1, 3, None));
        lanes.again(first.clone());
        assert_eq!(lanes.next().map(|h| h.row.open), Some(1), "the same again before the next");
        lanes.done(&first);
        assert_eq!(lanes.next().map(|h| h.row.open), Some(2));
        assert_eq!(lanes.held(), 2);
    }

    #[test]
    fn what_does_not_fit_is_read_back_in_order() {
        let lanes = caught_up();
        let most = i64::try_from(limits::LANES_HELD).unwrap();
        lanes.offer((1..=most).map(|n| row(n, "sara")));
        lanes.offer([row(most + 1, "sara")]);
        assert_eq!((lanes.held(), lanes.wants()), (limits::LANES_HELD, None), "full");
        let first = lanes.next().unwrap();
        lanes.done(&first);
        // There is room, but older ones wait in the store.
        lanes.offer([row(most + 2, "sara")]);
        assert_eq!(lanes.wants(), Some((0, String::new())));
        lanes.read_back((1..=3).map(|n| row(n, "sara")).collect(), false);
        assert_eq!(lanes.wants(), Some((3, "slack:3".into())));
        lanes.offer([row(most + 3, "sara")]);
        lanes.read_back(vec![row(most + 1, "sara"), row(most + 2, "sara")], true);
        let cursor = lanes.wants();
        assert_eq!(cursor, None, "full again");
        let second = lanes.next().unwrap();
        lanes.done(&second);
        let third = lanes.next().unwrap();
        lanes.done(&third);
        assert_eq!(lanes.wants(), Some((most + 2, format!("slack:{}", most + 2))));
        lanes.read_back(vec![row(most + 3, "sara")], true);
        assert_eq!(places(&lanes), (4..=most + 3).collect::<Vec<_>>());
        lanes.offer([row(most + 4, "sara")]);
        assert_eq!(places(&lanes), [most + 4], "caught up");
    }

    #[test]
    fn a_key_is_taken_in_once_until_it_is_closed() {
        let lanes = caught_up();
        lanes.offer([row(1, "sara")]);
        let held = lanes.next().unwrap();
        lanes.done(&held);
        lanes.look_again();
        assert!(lanes.wants().is_some());
        lanes.read_back(vec![row(1, "sara")], true);
        assert_eq!(lanes.next(), None, "worked, and about to be closed");
        lanes.closed(&["slack:1".into()]);
        lanes.offer([row(1, "sara")]);
        assert!(lanes.next().is_some());
    }

    #[test]
    fn large_ones_count_by_their_bytes() {
        let lanes = caught_up();
        let large = |n| InboxRow { body: "x".repeat(limits::LANES_BYTES), ..row(n, "sara") };
        lanes.offer([large(1), large(2)]);
        assert_eq!((lanes.held(), lanes.wants()), (1, None));
    }
}
