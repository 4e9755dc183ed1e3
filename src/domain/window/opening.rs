//! Whether an environment is open at an instant, which rule says so, and when that changes.

use super::stretch::{FARTHEST, Stretch, add_occurrences, join, prohibition, subtract};
use super::types::{Calendar, Freeze, Holiday, Window};
use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::domain::policy::Source;
use crate::domain::time::{Span, from_millis};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How far ahead openings and closings are looked for: a year with its holidays, and some.
pub const HORIZON: Span = Span::hours(400 * 24);

/// Most questions are answered within this, so it is tried first.
const NEAR: Span = Span::hours(8 * 24);

/// The answer of windows, freezes and holidays for one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    pub open: bool,
    pub reason: Reason,
    /// Of the freeze or the holiday that closes.
    pub name: Option<String>,
    /// The rule that decides: the freeze, the holiday, the window that is open, or the window that opens next.
    pub source: Option<Source>,
    /// When closed: the next instant at which it is open; `None` when there is none within [`HORIZON`].
    pub opens_at: Option<Timestamp>,
    /// When open: the first instant at which it no longer is; `None` when there is none within [`HORIZON`].
    pub closes_at: Option<Timestamp>,
}

impl Opening {
    /// The next instant at which the answer flips.
    #[must_use]
    pub fn next_change(&self) -> Option<Timestamp> {
        self.opens_at.or(self.closes_at)
    }
}

/// Why an environment is open or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It has no windows and nothing prohibits it now.
    AlwaysOpen,
    InsideWindow,
    OutsideWindow,
    Holiday,
    Freeze,
}

impl Reason {
    /// As machines read it; the same as its serialised form.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AlwaysOpen => "always_open",
            Self::InsideWindow => "inside_window",
            Self::OutsideWindow => "outside_window",
            Self::Holiday => "holiday",
            Self::Freeze => "freeze",
        }
    }
}

/// Asks windows and calendar about one instant. Freezes named in `passed` (their extra key is turned) do not close.
/// Freezes close every environment and service they name; holidays only environments that have windows.
#[must_use]
pub fn opening(
    windows: &[Window],
    calendar: &Calendar,
    service: &ServiceName,
    environment: &EnvironmentName,
    passed: &BTreeSet<String>,
    at: Timestamp,
) -> Opening {
    let now = millis(at);
    let mut view = View::new(windows, calendar, service, environment, passed, now, NEAR);
    if !view.settled() {
        view = View::new(windows, calendar, service, environment, passed, now, HORIZON);
    }
    let View { range, denials, open } = view;
    let is_open = open.first().is_some_and(|s| s.contains(now));
    let next = open.first().map(|s| if is_open { s.end } else { s.start }).filter(|ms| *ms < range.end);
    let denial = denials
        .iter()
        .rev()
        .filter(|d| d.stretch.contains(now))
        .max_by_key(|d| (d.reason == Reason::Freeze, d.stretch.end));
    let (reason, name, source) = match denial {
        Some(denial) => (denial.reason, Some(denial.name.to_owned()), Some(denial.source.clone())),
        None if windows.is_empty() => (Reason::AlwaysOpen, None, None),
        None if is_open => (Reason::InsideWindow, None, open_window(windows, now).map(|w| w.source.clone())),
        None => {
            let window = next.and_then(|ms| open_window(windows, ms)).or(windows.first());
            (Reason::OutsideWindow, None, window.map(|w| w.source.clone()))
        }
    };
    let next = next.map(from_millis);
    let (opens_at, closes_at) = if is_open { (None, next) } else { (next, None) };
    Opening { open: is_open, reason, name, source, opens_at, closes_at }
}

/// The freezes that close `service` in `environment` at `at`, whether somebody has passed them or not.
#[must_use]
pub fn freezes_at<'a>(
    calendar: &'a Calendar,
    service: &ServiceName,
    environment: &EnvironmentName,
    at: Timestamp,
) -> Vec<&'a Freeze> {
    let at = millis(at);
    let holds = |f: &&Freeze| prohibition(f.from, f.to, &f.zone).is_some_and(|s| s.contains(at));
    calendar.freezes.iter().filter(|f| concerns(f, service, environment)).filter(holds).collect()
}

/// Every stretch in `[from, to)` in which it is open, in the order of time, none adjoining the next; the first and the last
/// are cut at the edges. Nobody passes a freeze here.
#[must_use]
pub fn open_intervals(
    windows: &[Window],
    calendar: &Calendar,
    service: &ServiceName,
    environment: &EnvironmentName,
    from: Timestamp,
    to: Timestamp,
) -> Vec<(Timestamp, Timestamp)> {
    let range = Stretch { start: millis(from), end: millis(to) };
    if range.start >= range.end {
        return Vec::new();
    }
    let freezes = calendar.freezes.iter().filter(|f| concerns(f, service, environment));
    let denials = denials(windows, freezes, &calendar.holidays, range);
    let open = open_stretches(windows, &denials, range);
    open.into_iter().map(|s| (from_millis(s.start), from_millis(s.end))).collect()
}

/// Every stretch in `[from, to)` in which any of these windows is open, in the order of time, none adjoining the next; the first
/// and the last are cut at the edges. No freeze and no holiday counts.
#[must_use]
pub fn stretches(windows: &[Window], from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let range = Stretch { start: millis(from), end: millis(to) };
    let mut open = Vec::new();
    windows.iter().for_each(|window| add_occurrences(window, range, &mut open));
    join(open).into_iter().map(|s| (from_millis(s.start), from_millis(s.end))).collect()
}

/// What lies ahead of an instant, as far as it was looked.
struct View<'a> {
    range: Stretch,
    denials: Vec<Denial<'a>>,
    open: Vec<Stretch>,
}

impl<'a> View<'a> {
    fn new(
        windows: &[Window],
        calendar: &'a Calendar,
        service: &ServiceName,
        environment: &EnvironmentName,
        passed: &BTreeSet<String>,
        now: i64,
        ahead: Span,
    ) -> Self {
        // One more, so that a change at the very end is still seen as a change.
        let range = Stretch { start: now, end: now + ahead.as_millis() + 1 };
        let freezes =
            calendar.freezes.iter().filter(|f| concerns(f, service, environment) && !passed.contains(&f.name));
        let denials = denials(windows, freezes, &calendar.holidays, range);
        let open = open_stretches(windows, &denials, range);
        Self { range, denials, open }
    }

    /// Whether the next flip lies inside, so that looking further changes nothing.
    fn settled(&self) -> bool {
        self.open.first().is_some_and(|s| s.start > self.range.start || s.end < self.range.end)
    }
}

/// A freeze or holiday that touches the range asked about, in config order.
struct Denial<'a> {
    stretch: Stretch,
    reason: Reason,
    name: &'a str,
    source: &'a Source,
}

fn denials<'a>(
    windows: &[Window],
    freezes: impl Iterator<Item = &'a Freeze>,
    holidays: &'a [Holiday],
    range: Stretch,
) -> Vec<Denial<'a>> {
    // Most of a long calendar is far away; no zone is needed to see that.
    let (first, last) = (utc_date(range.start - FARTHEST), utc_date(range.end + FARTHEST));
    let covered = |from: DateTime, to: DateTime, zone: &str| {
        let near = from.date() <= last && first <= to.date();
        if near { prohibition(from, to, zone).filter(|s| s.within(range).is_some()) } else { None }
    };
    let mut denials = Vec::new();
    for f in freezes {
        let stretch = covered(f.from, f.to, &f.zone);
        denials.extend(stretch.map(|stretch| Denial {
            stretch,
            reason: Reason::Freeze,
            name: &f.name,
            source: &f.source,
        }));
    }
    if windows.is_empty() {
        return denials;
    }
    for h in holidays.iter().filter(|h| h.from <= last && first <= h.to) {
        let end = h.to.tomorrow().unwrap_or(h.to).to_datetime(Time::midnight());
        let stretch = covered(h.from.to_datetime(Time::midnight()), end, &h.zone);
        denials.extend(stretch.map(|stretch| Denial {
            stretch,
            reason: Reason::Holiday,
            name: &h.name,
            source: &h.source,
        }));
    }
    denials
}

fn open_stretches(windows: &[Window], denials: &[Denial<'_>], range: Stretch) -> Vec<Stretch> {
    let mut allowed = Vec::new();
    if windows.is_empty() {
        allowed.push(range);
    }
    for window in windows {
        add_occurrences(window, range, &mut allowed);
    }
    subtract(&join(allowed), &join(denials.iter().map(|d| d.stretch).collect()))
}

/// The first window in config order that is open at `at`, were nothing prohibited.
fn open_window(windows: &[Window], at: i64) -> Option<&Window> {
    windows.iter().find(|window| {
        let mut found = Vec::new();
        add_occurrences(window, Stretch { start: at, end: at + 1 }, &mut found);
        !found.is_empty()
    })
}

fn concerns(freeze: &Freeze, service: &ServiceName, environment: &EnvironmentName) -> bool {
    (freeze.environments.is_empty() || freeze.environments.contains(environment))
        && (freeze.services.is_empty() || freeze.services.contains(service))
}

fn utc_date(ms: i64) -> Date {
    Offset::UTC.to_datetime(from_millis(ms)).date()
}

/// The whole milliseconds that have begun by `at`: with edges on whole milliseconds, no answer depends on the rest.
fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond().div_euclid(1_000_000)).unwrap_or(i64::MAX / 2)
}
