//! Schedules against a calculator of their own: at every change of the clocks of every zone from 2020 to 2040, and anywhere else.
//!
//! The calculator matches every local minute by plain arithmetic and takes the first instant at which the clock reads it or
//! later. It shares nothing with the product but the zone database.

use crate::rosters_oracle::{Clockwork, clockwork, first_reading};
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;
use signalbox::domain::rhythm::Cron;
use signalbox::domain::window::zone;
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 86_400;
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A schedule as sets; an empty set is every one.
#[derive(Clone, Debug)]
struct Times {
    minutes: BTreeSet<i64>,
    hours: BTreeSet<i64>,
    days: BTreeSet<i64>,
    months: BTreeSet<i64>,
    weekdays: BTreeSet<i64>,
}

impl Times {
    fn text(&self) -> String {
        let list = |set: &BTreeSet<i64>| match set.is_empty() {
            true => "*".to_owned(),
            false => set.iter().map(i64::to_string).collect::<Vec<_>>().join(","),
        };
        let named: Vec<&str> = self.weekdays.iter().map(|d| NAMES[usize::try_from(*d).unwrap()]).collect();
        let weekdays = if named.is_empty() { "*".to_owned() } else { named.join(",") };
        let (minutes, hours) = (list(&self.minutes), list(&self.hours));
        format!("{minutes} {hours} {} {} {weekdays}", list(&self.days), list(&self.months))
    }

    /// Local seconds at which it matches, in these local days since 1970.
    fn matches(&self, days: std::ops::Range<i64>) -> Vec<i64> {
        let all = |set: &BTreeSet<i64>, n| set.is_empty() || set.contains(&n);
        let mut out = Vec::new();
        for day in days {
            let (month, of_month) = calendar(day);
            let weekday = (day + 3).rem_euclid(7);
            if !(all(&self.days, of_month) && all(&self.months, month) && all(&self.weekdays, weekday)) {
                continue;
            }
            for minute in 0..24 * 60 {
                if all(&self.hours, minute / 60) && all(&self.minutes, minute % 60) {
                    out.push(day * DAY + minute * 60);
                }
            }
        }
        out
    }

    /// Instants in `(from, to]`, in seconds.
    fn slots(&self, clockwork: &Clockwork, from: i64, to: i64) -> BTreeSet<i64> {
        let days = from.div_euclid(DAY) - 2..to.div_euclid(DAY) + 3;
        let at = self.matches(days).into_iter().map(|local| first_reading(clockwork, local));
        at.filter(|at| from < *at && *at <= to).collect()
    }
}

/// Month and day of the month of a day since 1970, by counting.
fn calendar(mut day: i64) -> (i64, i64) {
    let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let mut year = 1970;
    while day >= if leap(year) { 366 } else { 365 } {
        day -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (month, day + 1)
}

fn ours(cron: &Cron, from: i64, to: i64) -> BTreeSet<i64> {
    let at = |second| Timestamp::from_second(second).unwrap();
    let slots = std::iter::successors(cron.next(at(from)), |slot| cron.next(*slot));
    slots.take_while(|slot| *slot <= at(to)).map(|slot| slot.as_second()).collect()
}

fn agree(times: &Times, zone_name: &str, clockwork: &Clockwork, from: i64, to: i64) {
    let cron = Cron::read(&times.text(), zone_name).unwrap();
    assert_eq!(ours(&cron, from, to), times.slots(clockwork, from, to), "{cron} from {from}");
}

/// Zones whose clocks run alike in these years are tried once.
fn zones() -> BTreeMap<Clockwork, String> {
    let mut out = BTreeMap::new();
    for name in TimeZoneDatabase::bundled().available() {
        if let Some(found) = zone(name.as_str()) {
            out.entry(clockwork(&found)).or_insert_with(|| name.to_string());
        }
    }
    out
}

#[test]
fn at_every_change_of_the_clocks_no_slot_is_lost_and_none_comes_twice() {
    let set = |all: &[i64]| all.iter().copied().collect::<BTreeSet<_>>();
    let none = BTreeSet::new;
    let (mut changes, all) = (0, zones());
    assert!(all.len() > 50, "{} kinds of clocks", all.len());
    for (clockwork, name) in &all {
        for (at, _) in clockwork.iter().skip(1).filter(|(at, _)| (1_577_836_800..2_208_988_800).contains(at)) {
            changes += 1;
            let often =
                Times { minutes: set(&[0, 20, 30]), hours: none(), days: none(), months: none(), weekdays: none() };
            agree(&often, name, clockwork, at - 5 * 3600, at + 5 * 3600);
            if changes % 8 == 0 {
                let nightly = Times {
                    minutes: set(&[30]),
                    hours: set(&[0, 1, 2, 3]),
                    days: none(),
                    months: none(),
                    weekdays: none(),
                };
                agree(&nightly, name, clockwork, at - 2 * DAY, at + 2 * DAY);
            }
        }
    }
    assert!(changes > 1_000, "{changes} changes");
}

fn some(of: std::ops::Range<i64>, most: usize) -> impl Strategy<Value = BTreeSet<i64>> {
    proptest::collection::btree_set(of, 0..=most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_schedule_agrees_in_any_zone(
        minutes in proptest::collection::btree_set(0..60_i64, 1..=2),
        hours in some(0..24, 2),
        days in some(1..32, 3),
        months in some(1..13, 6),
        weekdays in some(0..7, 3),
        which in 0..10_000_usize,
        from in 1_577_836_800..2_176_000_000_i64,
    ) {
        let weekdays = if days.is_empty() { weekdays } else { BTreeSet::new() };
        let times = Times { minutes, hours, days, months, weekdays };
        let all = zones();
        let (clockwork, name) = all.iter().nth(which % all.len()).unwrap();
        agree(&times, name, clockwork, from, from + 12 * DAY);
    }
}
