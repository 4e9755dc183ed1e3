//! Rosters against an independent calculator: at every instant of twenty years exactly one person is on call, in every zone.
//!
//! The calculator shares nothing with the product but the zone database. It cuts a zone's time into the stretches between its
//! changes of offset, and takes as a hand-over the first instant of any stretch whose clock reads the local time or later.
//! Zones whose clocks run alike in these years are tried once.

use jiff::Timestamp;
use jiff::civil::{DateTime, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use signalbox::domain::policy::Source;
use signalbox::domain::roster::{Layer, Override, Roster, holder, shifts, who};
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 86_400;
const PEOPLE: [&str; 3] = ["lina", "sara", "omar"];

/// Seconds since the epoch of a civil time, as if it were UTC, by counting days from 1970.
fn local_seconds(at: DateTime) -> i64 {
    let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let (year, month) = (i64::from(at.year()), at.month());
    let mut days: i64 = (1970..year).map(|y| if leap(y) { 366 } else { 365 }).sum();
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days += lengths.iter().take(usize::try_from(month - 1).unwrap()).sum::<i64>() + i64::from(at.day()) - 1;
    days * DAY + i64::from(at.hour()) * 3600 + i64::from(at.minute()) * 60 + i64::from(at.second())
}

/// Stretches of even time: where each begins, and seconds ahead of UTC.
pub type Clockwork = Vec<(i64, i64)>;

pub fn clockwork(zone: &TimeZone) -> Clockwork {
    let begin: Timestamp = "2018-01-01T00:00:00Z".parse().unwrap();
    let end: Timestamp = "2043-01-01T00:00:00Z".parse().unwrap();
    let mut out = vec![(begin.as_second(), i64::from(zone.to_offset(begin).seconds()))];
    for change in zone.following(begin).take_while(|change| change.timestamp() < end) {
        let (at, offset) = (change.timestamp().as_second(), i64::from(change.offset().seconds()));
        if out.last().unwrap().1 != offset {
            out.push((at, offset));
        }
    }
    out
}

/// The first instant at which the clock reads `local` or later.
/// Also what the calculator of schedules reads.
pub fn first_reading(clockwork: &Clockwork, local: i64) -> i64 {
    let ends = clockwork.iter().skip(1).map(|(at, _)| *at).chain([i64::MAX]);
    let readings = clockwork.iter().zip(ends).filter_map(|((begin, offset), end)| {
        let at = (local - offset).max(*begin);
        (at < end).then_some(at)
    });
    readings.min().unwrap()
}

fn roster(zone: &str, from: DateTime, turn_days: i32) -> Roster {
    let people = PEOPLE.iter().map(|p| (*p).into()).collect();
    let layer = Layer { people, from, turn_days, only: Vec::new(), source: Source::default() };
    Roster {
        name: "primary".into(),
        zone: zone.into(),
        layers: vec![layer],
        managers: BTreeSet::new(),
        channel: None,
        source: Source::default(),
    }
}

fn at(seconds: i64, millis: i64) -> Timestamp {
    Timestamp::from_millisecond(seconds * 1000 + millis).unwrap()
}

/// Every zone of the database, one name for all whose clocks run alike.
fn zones() -> BTreeMap<Clockwork, String> {
    let database = TimeZoneDatabase::bundled();
    let names: Vec<String> = database.available().map(|name| name.to_string()).collect();
    assert!(names.len() > 400, "{}", names.len());
    let mut out = BTreeMap::new();
    for name in names {
        out.entry(clockwork(&database.get(&name).unwrap())).or_insert(name);
    }
    out
}

#[test]
fn there_is_exactly_one_holder_at_every_instant_in_every_zone_from_2020_to_2040() {
    let zones = zones();
    assert!(zones.values().count() > 60);
    for (clockwork, zone) in &zones {
        // At ten in the morning, and at a time of night that changes of the clock skip and repeat.
        for from in [date(2026, 1, 5).at(10, 0, 0, 0), date(2026, 1, 4).at(2, 30, 0, 0)] {
            weekly(zone, clockwork, from);
        }
    }
}

fn weekly(zone: &str, clockwork: &Clockwork, from: DateTime) {
    let roster = roster(zone, from, 7);
    let (first, last) =
        (at(first_reading(clockwork, local_seconds(date(2020, 1, 1).at(0, 0, 0, 0))), 0), at(2_208_988_800, 0));
    let anchor = local_seconds(from);
    let turn = |n: i64| first_reading(clockwork, anchor + n * 7 * DAY);
    let count = i64::try_from(PEOPLE.len()).unwrap();
    let person = |n: i64| PEOPLE[usize::try_from(n.rem_euclid(count)).unwrap()];
    // The shifts tile the time: one follows the other, each with the person whose turn it is.
    let all = shifts(&roster, &[], first, last);
    assert_eq!((all.first().unwrap().from, all.last().unwrap().until), (first, last), "{zone}");
    assert!(all.windows(2).all(|pair| pair[0].until == pair[1].from), "{zone}");
    let mut n = (first.as_second() - turn(0)).div_euclid(7 * DAY) - 1;
    while turn(n + 1) <= first.as_second() {
        n += 1;
    }
    for shift in &all {
        assert_eq!(shift.person.as_ref().map(|p| p.as_str()), Some(person(n)), "{zone} {}", shift.from);
        assert!(shift.from == first || shift.from == at(turn(n), 0), "{zone} {}", shift.from);
        n += 1;
    }
    // Around every change of the clock, and around the hand-over that follows it.
    for (change, _) in clockwork.iter().filter(|(c, _)| (first.as_second()..last.as_second()).contains(c)) {
        let shift = |instant: Timestamp| all.iter().find(|s| s.from <= instant && instant < s.until).unwrap();
        let next = shift(at(*change, 0)).until;
        for instant in [at(*change, -1), at(*change, 0), at(*change, 1), at(next.as_second(), -1), next] {
            if instant >= last {
                continue;
            }
            let expected = shift(instant);
            assert_eq!(holder(&roster, &[], instant), expected.person.as_ref(), "{zone} {instant}");
        }
    }
}

#[test]
fn what_is_asked_of_one_instant_agrees_with_the_shifts_around_it() {
    let roster = roster("Europe/Berlin", date(2026, 1, 5).at(2, 30, 0, 0), 1);
    let mut random = fastrand::Rng::with_seed(7);
    let begin = 1_767_225_600;
    let overrides: Vec<Override> = (1..40)
        .map(|number| {
            let from = begin + random.i64(0..300 * DAY);
            let until = from + random.i64(1..4 * DAY);
            let person = PEOPLE[random.usize(0..3)].into();
            Override { number, person, from: at(from, 0), until: at(until, 0), by: "lina".into() }
        })
        .collect();
    let all = shifts(&roster, &overrides, at(begin, 0), at(begin + 300 * DAY, 0));
    assert!(all.windows(2).all(|pair| pair[0].until == pair[1].from && pair[0].person != pair[1].person));
    for pair in all.windows(2).skip(1) {
        for instant in [pair[0].from, at(pair[0].until.as_second(), -1)] {
            let found = who(&roster, &overrides, instant);
            assert_eq!(
                (found.holder, found.since, found.until),
                (pair[0].person.clone(), Some(pair[0].from), Some(pair[0].until))
            );
            assert_eq!(found.next, pair[1].person);
        }
    }
    // An override that covers an instant and is newer than all others that do wins there.
    for _ in 0..500 {
        let instant = at(begin + random.i64(0..300 * DAY), 0);
        let newest = overrides.iter().rev().find(|o| o.from <= instant && instant < o.until);
        let found = holder(&roster, &overrides, instant).unwrap();
        assert!(newest.is_none_or(|o| &o.person == found), "{instant}");
    }
}
