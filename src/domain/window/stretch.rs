//! Half-open stretches of instants, and what windows and prohibitions come to as such.

use super::types::Window;
use super::zone::{even_stretches, zone};
use jiff::civil::{DateTime, Time};
use jiff::tz::Offset;

pub(super) const HOUR: i64 = 3_600_000;
pub(super) const DAY: i64 = 24 * HOUR;

/// `[start, end)`, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stretch {
    pub start: i64,
    pub end: i64,
}

impl Stretch {
    pub fn contains(self, at: i64) -> bool {
        self.start <= at && at < self.end
    }

    /// The part inside `other`, unless that is empty.
    pub fn within(self, other: Self) -> Option<Self> {
        let part = Self { start: self.start.max(other.start), end: self.end.min(other.end) };
        (part.start < part.end).then_some(part)
    }
}

/// Adds the parts of `range` in which `window` is open, in the order of time. A zone that does not exist opens nothing.
pub(super) fn add_occurrences(window: &Window, range: Stretch, out: &mut Vec<Stretch>) {
    let Some(zone) = zone(&window.zone) else { return };
    let days = window.days.iter().fold(0u8, |mask, day| mask | 1 << day.to_monday_zero_offset());
    let from = of_day(window.from);
    let to = match window.to.map(of_day) {
        None => DAY,
        Some(to) if to <= from => to + DAY,
        Some(to) => to,
    };
    for part in even_stretches(&zone, range) {
        // One day earlier as well: yesterday's window may reach into today.
        let first = (part.stretch.start + part.offset).div_euclid(DAY) - 1;
        let last = (part.stretch.end - 1 + part.offset).div_euclid(DAY);
        for day in first..=last {
            // The epoch was a Thursday.
            if days & (1 << (day + 3).rem_euclid(7)) == 0 {
                continue;
            }
            let midnight = day * DAY - part.offset;
            out.extend(Stretch { start: midnight + from, end: midnight + to }.within(part.stretch));
        }
    }
}

/// The unbroken stretch that a prohibition from `from` to `to` covers; `None` when it is empty. Where the zone does not
/// exist it covers every zone's reading of it, since a rule that cannot be read must not open anything.
pub(super) fn prohibition(from: DateTime, to: DateTime, zone_name: &str) -> Option<Stretch> {
    let local = Stretch { start: local_millis(from), end: local_millis(to) };
    if local.start >= local.end {
        return None;
    }
    let around = Stretch { start: local.start - FARTHEST, end: local.end + FARTHEST };
    let Some(zone) = zone(zone_name) else { return Some(around) };
    even_stretches(&zone, around)
        .into_iter()
        .filter_map(|p| Stretch { start: local.start - p.offset, end: local.end - p.offset }.within(p.stretch))
        .reduce(|all, part| Stretch { start: all.start.min(part.start), end: all.end.max(part.end) })
}

/// Further than any zone is from UTC.
pub(super) const FARTHEST: i64 = 26 * HOUR;

/// A local time as if it were UTC: a number to compare and to subtract an offset from.
fn local_millis(at: DateTime) -> i64 {
    Offset::UTC.to_timestamp(at).map_or_else(
        |_| {
            if at.year() < 1970 { jiff::Timestamp::MIN.as_millisecond() } else { jiff::Timestamp::MAX.as_millisecond() }
        },
        jiff::Timestamp::as_millisecond,
    )
}

/// Sorts, and joins what overlaps or adjoins.
pub(super) fn join(mut parts: Vec<Stretch>) -> Vec<Stretch> {
    parts.sort_unstable();
    let mut joined: Vec<Stretch> = Vec::with_capacity(parts.len());
    for part in parts {
        match joined.last_mut() {
            Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
            _ => joined.push(part),
        }
    }
    joined
}

/// `open` without `closed`; both joined.
pub(super) fn subtract(open: &[Stretch], closed: &[Stretch]) -> Vec<Stretch> {
    let mut left = Vec::with_capacity(open.len());
    let mut closed = closed.iter().copied().peekable();
    for part in open {
        let mut start = part.start;
        while closed.next_if(|c| c.end <= start).is_some() {}
        while let Some(c) = closed.peek().copied().filter(|c| c.start < part.end) {
            left.extend(Stretch { start, end: c.start }.within(*part));
            start = c.end;
            if c.end > part.end {
                break;
            }
            closed.next();
        }
        left.extend(Stretch { start, end: part.end }.within(*part));
    }
    left
}

fn of_day(time: Time) -> i64 {
    let seconds = (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
    seconds * 1000 + i64::from(time.millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(i64, i64)]) -> Vec<Stretch> {
        pairs.iter().map(|(start, end)| Stretch { start: *start, end: *end }).collect()
    }

    #[test]
    fn joining_keeps_gaps_only() {
        assert_eq!(join(of(&[(5, 7), (1, 3), (3, 4), (6, 9), (6, 7)])), of(&[(1, 4), (5, 9)]));
        assert_eq!(join(Vec::new()), of(&[]));
    }

    #[test]
    fn subtracting_agrees_with_single_instants() {
        let cases = [
            (of(&[(0, 10)]), of(&[])),
            (of(&[(0, 10)]), of(&[(0, 10)])),
            (of(&[(0, 10)]), of(&[(3, 5)])),
            (of(&[(0, 10), (12, 20)]), of(&[(8, 14)])),
            (of(&[(0, 4), (6, 10), (12, 20)]), of(&[(2, 7), (9, 13), (15, 16), (19, 30)])),
            (of(&[(5, 6), (8, 9)]), of(&[(0, 20)])),
            (of(&[(5, 6)]), of(&[(0, 5), (6, 7)])),
        ];
        for (open, closed) in cases {
            let left = subtract(&open, &closed);
            for at in -1..35 {
                let expected = open.iter().any(|s| s.contains(at)) && !closed.iter().any(|s| s.contains(at));
                assert_eq!(left.iter().any(|s| s.contains(at)), expected, "{open:?} without {closed:?} at {at}");
            }
            assert!(left.windows(2).all(|p| p[0].end < p[1].start), "{left:?}");
        }
    }

    #[test]
    fn a_prohibition_in_an_unknown_zone_covers_every_zone() {
        let from = jiff::civil::date(2026, 1, 1).at(0, 0, 0, 0);
        let known = prohibition(from, from.with().day(2).build().unwrap(), "Pacific/Kiritimati").unwrap();
        let unknown = prohibition(from, from.with().day(2).build().unwrap(), "Nowhere").unwrap();
        assert!(unknown.start <= known.start && known.end <= unknown.end);
        assert_eq!(prohibition(from, from, "UTC"), None);
    }
}
