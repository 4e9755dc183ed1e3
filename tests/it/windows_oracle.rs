//! Windows against an independent calculator: every minute of twenty years, in zones with and without summer time.
//!
//! The calculator shares nothing with the product. It knows the zones' rules as their governments wrote them, steps through
//! the minutes of UTC, reads the local clock of each, and looks whether that reading lies in a window. Should a zone's law
//! change with a newer zone database, its rule here changes with it.

use jiff::Timestamp;
use jiff::civil::{Weekday, date, time};
use signalbox::domain::policy::Source;
use signalbox::domain::window::{Calendar, Freeze, Holiday, Opening, Window, open_intervals, opening};
use std::collections::BTreeSet;

const DAY: i64 = 1440;
const WEEK: usize = 7 * 1440;

/// Minutes since the epoch at the start of a day, by counting days in 400-year cycles.
fn midnight(year: i64, month: i64, day: i64) -> i64 {
    let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let mut days = 0;
    for y in 1970..year {
        days += if leap(y) { 366 } else { 365 };
    }
    for m in 1..month {
        days += [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][m as usize - 1];
    }
    (days + day - 1) * DAY
}

/// Monday is 0.
fn weekday(minute: i64) -> i64 {
    (minute.div_euclid(DAY) + 3).rem_euclid(7)
}

/// The `n`th Sunday of a month, or the last with 0.
fn sunday(year: i64, month: i64, n: i64) -> i64 {
    let sunday_from = |start: i64| start + (6 - weekday(start)) * DAY;
    if n == 0 {
        sunday_from(midnight(year, month, 31) - 6 * DAY)
    } else {
        sunday_from(midnight(year, month, 1 + (n - 1) * 7))
    }
}

struct Zone {
    name: &'static str,
    /// Minutes ahead of UTC in winter.
    standard: i64,
    /// Minutes added in summer.
    summer: i64,
    /// By year, in minutes of UTC: summer begins and ends.
    bounds: fn(i64) -> (i64, i64),
}

impl Zone {
    fn fixed(name: &'static str, standard: i64) -> Self {
        Self { name, standard, summer: 0, bounds: |year| (midnight(year, 1, 1), midnight(year, 1, 1)) }
    }

    /// Minutes ahead of UTC in each minute of `from..to`, by walking from one change of the clocks to the next.
    fn offsets(&self, from: i64, to: i64) -> Vec<i16> {
        let mut changes: Vec<(i64, i64)> = (2018..2043)
            .flat_map(|year| {
                let (begins, ends) = (self.bounds)(year);
                [(begins, self.standard + self.summer), (ends, self.standard)]
            })
            .collect();
        changes.sort_by_key(|c| c.0);
        let mut all = Vec::with_capacity((to - from) as usize);
        for pair in changes.windows(2) {
            let (a, b) = (pair[0].0.clamp(from, to), pair[1].0.clamp(from, to));
            all.resize(all.len() + (b - a) as usize, pair[0].1 as i16);
        }
        assert_eq!(all.len() as i64, to - from);
        all
    }
}

fn zones() -> Vec<Zone> {
    let zone = |name, standard, summer, bounds| Zone { name, standard, summer, bounds };
    vec![
        Zone::fixed("+03:00", 180),
        Zone::fixed("Asia/Kathmandu", 345),
        Zone::fixed("America/Sao_Paulo", -180),
        // Last Sundays of March and October, 01:00 UTC.
        zone("Europe/Berlin", 60, 60, |y| (sunday(y, 3, 0) + 60, sunday(y, 10, 0) + 60)),
        // Second Sunday of March and first of November, 02:00 on the clock.
        zone("America/New_York", -300, 60, |y| (sunday(y, 3, 2) + 420, sunday(y, 11, 1) + 360)),
        // By half an hour, in the southern summer: first Sundays of October and April, 02:00 on the clock.
        zone("Australia/Lord_Howe", 630, 30, |y| (sunday(y, 10, 1) + 120 - 630, sunday(y, 4, 1) + 120 - 660)),
        // At midnight, so that a day lacks its first hour: second Sunday of March, first of November.
        zone("America/Havana", -300, 60, |y| (sunday(y, 3, 2) + 300, sunday(y, 11, 1) + 300)),
    ]
}

/// From, to (minutes of the day; beyond the day: into the next) and the weekdays on which it begins, Monday first.
type Rule = (i64, i64, &'static str);

/// Each set meets other edges: shapes that overlap, nights, the hours in which clocks change, whole days.
const SETUPS: [&[Rule]; 4] = [
    &[(540, 1020, "1111000"), (540, 840, "0000100"), (1000, 1080, "0110000")],
    &[(1320, 1440 + 240, "0000101"), (1440 - 1, 1440, "1000000"), (0, 1, "0010000")],
    &[(60, 150, "0000001"), (150, 210, "0000011"), (15, 16, "0000001"), (100, 130, "1111111")],
    &[(0, 1440, "1010111"), (600, 1440 + 600, "0100000")],
];

/// The minutes of `from..to` in which the clock of one zone reads a time inside a rule.
fn inside(rules: &[Rule], offsets: &[i16], from: i64) -> Vec<bool> {
    // Whether a reading lies inside depends on its weekday and time only.
    let mut week = vec![false; WEEK];
    for (reading, slot) in week.iter_mut().enumerate() {
        let (day, minute) = (reading / 1440, (reading % 1440) as i64);
        let begins = |days: &str, day: usize| days.as_bytes()[day] == b'1';
        *slot = rules.iter().any(|(a, b, days)| {
            (begins(days, day) && *a <= minute && minute < *b) || (begins(days, (day + 6) % 7) && minute + 1440 < *b)
        });
    }
    let mut all = Vec::with_capacity(offsets.len());
    // Counted from the Monday before the epoch.
    for (minute, offset) in (from + 3 * DAY..).zip(offsets) {
        all.push(week[((minute + i64::from(*offset)) % WEEK as i64) as usize]);
    }
    all
}

/// Clears the minutes that a prohibition of local time `[a, b)` covers: from the first that reads `a` or later until the
/// last that reads earlier than `b`.
fn prohibit(open: &mut [bool], offsets: &[i16], from: i64, a: i64, b: i64) {
    let first = (a - 2 * DAY - from).max(0) as usize;
    let last = ((b + 2 * DAY - from).max(0) as usize).min(open.len());
    let reads = |i: usize| from + i as i64 + i64::from(offsets[i]);
    let begin = (first..last).find(|i| reads(*i) >= a);
    let end = (first..last).rev().find(|i| reads(*i) < b);
    if let (Some(begin), Some(end)) = (begin, end)
        && begin <= end
    {
        open[begin..end + 1].fill(false);
    }
}

type Pair = (i64, i64);

/// Local minutes at which prohibitions begin and end, first day of holidays and their number of days: every year has some,
/// at the changes of the clocks as well.
fn holidays_and_freezes(years: std::ops::Range<i64>) -> (Vec<Pair>, Vec<Pair>) {
    let (mut holidays, mut freezes) = (Vec::new(), Vec::new());
    for y in years {
        holidays.extend([
            (midnight(y, 1, 1), 1),
            (midnight(y, 12, 30), 3),
            (sunday(y, 3, 2), 1),
            (sunday(y, 11, 1), 1),
        ]);
        holidays.push((midnight(y, 2, 28), 2));
        freezes.extend([
            (midnight(y, 6, 10) + 630, midnight(y, 6, 12) + 601),
            (sunday(y, 10, 0) + 150, sunday(y, 10, 0) + 155),
            (sunday(y, 4, 1) + 90, sunday(y, 4, 1) + 105),
            (sunday(y, 3, 0) + 130, sunday(y, 3, 0) + 600),
            (midnight(y, 11, 20), midnight(y, 12, 2)),
        ]);
    }
    (holidays, freezes)
}

fn source() -> Source {
    Source { file: "oracle.toml".into(), line: 1 }
}

fn clock(minute: i64) -> jiff::civil::Time {
    time((minute / 60) as i8, (minute % 60) as i8, 0, 0)
}

fn window(rule: &Rule, zone: &str) -> Window {
    let week = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];
    let days = week.into_iter().zip(rule.2.bytes()).filter(|(_, on)| *on == b'1').map(|(day, _)| day).collect();
    let to = (rule.1 != 1440).then(|| clock(rule.1 % 1440));
    Window { days, from: clock(rule.0), to, zone: zone.to_owned(), source: source() }
}

/// The civil time of a local minute, for the product's config.
fn civil(minute: i64) -> jiff::civil::DateTime {
    date(1970, 1, 1).at(0, 0, 0, 0).checked_add(jiff::Span::new().minutes(minute)).unwrap()
}

fn calendar(holidays: &[(i64, i64)], freezes: &[(i64, i64)], zone: &str) -> Calendar {
    let holiday = |(first, days): &(i64, i64)| Holiday {
        name: "day off".to_owned(),
        from: civil(*first).date(),
        to: civil(*first + (days - 1) * DAY).date(),
        zone: zone.to_owned(),
        source: source(),
    };
    let freeze = |(from, to): &(i64, i64)| Freeze {
        name: "freeze".to_owned(),
        from: civil(*from),
        to: civil(*to),
        zone: zone.to_owned(),
        environments: BTreeSet::new(),
        services: BTreeSet::new(),
        pass: BTreeSet::new(),
        source: source(),
    };
    Calendar { holidays: holidays.iter().map(holiday).collect(), freezes: freezes.iter().map(freeze).collect() }
}

fn ask(windows: &[Window], calendar: &Calendar, ms: i64) -> Opening {
    let at = Timestamp::from_millisecond(ms).unwrap();
    opening(windows, calendar, &"api".into(), &"production".into(), &BTreeSet::new(), at)
}

/// Walks the product from flip to flip over all of `expected` and compares every minute; at each flip also the last
/// millisecond before it. Returns the number of flips.
fn compare(label: &str, windows: &[Window], calendar: &Calendar, from: i64, expected: &[bool]) -> usize {
    let end = expected.len();
    let (mut at, mut flips) = (0, 0);
    while at < end {
        let asked = ask(windows, calendar, (from + at as i64) * 60_000);
        let state = expected[at];
        let flip = expected[at..].iter().position(|open| *open != state).map(|n| at + n);
        let shown = || civil(from + at as i64);
        assert_eq!(asked.open, state, "{label} at {} UTC: {asked:?}", shown());
        assert_eq!(if state { asked.opens_at } else { asked.closes_at }, None, "{label} at {} UTC", shown());
        let next = asked.next_change().map(Timestamp::as_millisecond);
        let Some(flip) = flip else {
            // The calculator ends here; the product may look further.
            assert!(next.is_none_or(|ms| ms >= (from + end as i64) * 60_000), "{label} at {} UTC: {asked:?}", shown());
            break;
        };
        let flip_ms = (from + flip as i64) * 60_000;
        assert_eq!(next, Some(flip_ms), "{label} at {} UTC: {asked:?}, next is {}", shown(), civil(from + flip as i64));
        let before = ask(windows, calendar, flip_ms - 1);
        assert_eq!((before.open, before.next_change()), (state, asked.next_change()), "{label} before {flip_ms}");
        flips += 1;
        at = flip;
    }
    flips
}

/// Compares one zone: an everyday setup, by turns with and without the calendar; and with the calendar, where the clocks
/// change, the hours in which they do, and whole days. Returns how many minutes were compared and how many flips.
fn compare_zone(n: usize, zone: &Zone) -> (usize, usize) {
    let (from, to) = (midnight(2020, 1, 1), midnight(2040, 1, 1));
    let (holidays, freezes) = holidays_and_freezes(2020..2040);
    let offsets = zone.offsets(from, to);
    let (mut minutes, mut flips) = (0, 0);
    let second = if zone.summer == 0 { SETUPS[3 - n % 2] } else { SETUPS[2] };
    for (rules, denied) in [(SETUPS[n % 2], n % 2 == 1), (second, true), (SETUPS[3], false)] {
        let mut expected = inside(rules, &offsets, from);
        let mut calendar_here = Calendar::default();
        if denied {
            calendar_here = calendar(&holidays, &freezes, zone.name);
            for (first, days) in &holidays {
                prohibit(&mut expected, &offsets, from, *first, first + days * DAY);
            }
            for (a, b) in &freezes {
                prohibit(&mut expected, &offsets, from, *a, *b);
            }
        }
        let windows: Vec<Window> = rules.iter().map(|r| window(r, zone.name)).collect();
        flips += compare(zone.name, &windows, &calendar_here, from, &expected);
        minutes += expected.len();
    }
    (minutes, flips)
}

#[test]
fn every_minute_of_twenty_years_in_seven_zones() {
    let zones = zones();
    let numbered: Vec<(usize, &Zone)> = zones.iter().enumerate().collect();
    let results: Vec<(usize, usize)> = std::thread::scope(|scope| {
        let part = |zones: &[(usize, &Zone)]| zones.iter().map(|(n, zone)| compare_zone(*n, zone)).collect::<Vec<_>>();
        let workers: Vec<_> = numbered.chunks(4).map(|zones| scope.spawn(move || part(zones))).collect();
        workers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    let minutes: usize = results.iter().map(|r| r.0).sum();
    println!("{minutes} minutes compared, {} flips", results.iter().map(|r| r.1).sum::<usize>());
    assert_eq!(minutes, 7 * 3 * 10_519_200);
}

/// Windows in three zones, holidays in a fourth, freezes in a fifth; and the same through `open_intervals`.
#[test]
fn rules_in_different_zones_meet() {
    let (from, to) = (midnight(2020, 1, 1), midnight(2040, 1, 1));
    let zones = zones();
    let by_name = |name: &str| zones.iter().find(|z| z.name == name).unwrap().offsets(from, to);
    let placed: [(&str, Rule); 3] = [
        ("Europe/Berlin", (540, 1020, "1111000")),
        ("America/New_York", (540, 840, "0000111")),
        ("Australia/Lord_Howe", (60, 180, "1111111")),
    ];
    let mut expected = vec![false; (to - from) as usize];
    for (zone, rule) in &placed {
        for (all, here) in expected.iter_mut().zip(inside(&[*rule], &by_name(zone), from)) {
            *all |= here;
        }
    }
    let (holidays, freezes) = holidays_and_freezes(2020..2040);
    let (day_zone, freeze_zone) = ("America/Havana", "Asia/Kathmandu");
    let offsets = by_name(day_zone);
    for (first, days) in &holidays {
        prohibit(&mut expected, &offsets, from, *first, first + days * DAY);
    }
    let offsets = by_name(freeze_zone);
    for (a, b) in &freezes {
        prohibit(&mut expected, &offsets, from, *a, *b);
    }
    let windows: Vec<Window> = placed.iter().map(|(zone, rule)| window(rule, zone)).collect();
    let calendar = Calendar {
        holidays: calendar(&holidays, &[], day_zone).holidays,
        freezes: calendar(&[], &freezes, freeze_zone).freezes,
    };
    compare("mixed", &windows, &calendar, from, &expected);

    let at = |minute: i64| Timestamp::from_millisecond(minute * 60_000).unwrap();
    let mut seen = vec![false; expected.len()];
    let intervals = open_intervals(&windows, &calendar, &"api".into(), &"production".into(), at(from), at(to));
    for (a, b) in intervals {
        for minute in a.as_millisecond() / 60_000..b.as_millisecond() / 60_000 {
            seen[(minute - from) as usize] = true;
        }
    }
    assert!(seen == expected, "open_intervals differs");
}
