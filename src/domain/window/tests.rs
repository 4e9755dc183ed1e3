//! Windows, freezes and holidays at their edges: instants, midnights, weekends and changes of the clocks.

use super::*;
use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::domain::policy::Source;
use jiff::Timestamp;
use jiff::civil::Weekday::{self, *};
use std::collections::BTreeSet;

const WORKDAYS: [Weekday; 4] = [Monday, Tuesday, Wednesday, Thursday];

fn source(line: u32) -> Source {
    Source { file: "signalbox.toml".into(), line }
}

fn window(days: &[Weekday], from: &str, to: &str, zone: &str, line: u32) -> Window {
    let to = (to != "24:00").then(|| to.parse().unwrap());
    Window { days: days.to_vec(), from: from.parse().unwrap(), to, zone: zone.to_owned(), source: source(line) }
}

/// Mon-Thu 10-14, Fri 10-12, UTC+3.
fn production() -> Vec<Window> {
    vec![window(&WORKDAYS, "10:00", "14:00", "+03:00", 1), window(&[Friday], "10:00", "12:00", "+03:00", 2)]
}

fn holiday(name: &str, from: &str, to: &str) -> Holiday {
    let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
    Holiday { name: name.to_owned(), from, to, zone: "+03:00".to_owned(), source: source(20) }
}

fn freeze(name: &str, from: &str, to: &str, zone: &str) -> Freeze {
    Freeze {
        name: name.to_owned(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        zone: zone.to_owned(),
        environments: BTreeSet::new(),
        services: BTreeSet::new(),
        pass: BTreeSet::new(),
        source: source(30),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ask(windows: &[Window], calendar: &Calendar, when: &str) -> Opening {
    let (service, environment) = (ServiceName::new("api"), EnvironmentName::new("production"));
    opening(windows, calendar, &service, &environment, &BTreeSet::new(), at(when))
}

/// `open`, reason and the next flip, in one comparable line.
fn line(opening: &Opening) -> String {
    let next = opening.next_change().map_or("never".to_owned(), |t| t.to_string());
    format!("{} {} {next}", if opening.open { "open" } else { "closed" }, opening.reason.code())
}

#[track_caller]
fn check(windows: &[Window], calendar: &Calendar, cases: &[(&str, &str)]) {
    for (when, expected) in cases {
        assert_eq!(line(&ask(windows, calendar, when)), *expected, "at {when}");
    }
}

#[test]
fn edges_are_half_open_to_the_millisecond() {
    check(
        &production(),
        &Calendar::default(),
        &[
            ("2026-03-02T09:59:59.999+03:00", "closed outside_window 2026-03-02T07:00:00Z"),
            ("2026-03-02T10:00:00.000+03:00", "open inside_window 2026-03-02T11:00:00Z"),
            ("2026-03-02T13:59:59.999999999+03:00", "open inside_window 2026-03-02T11:00:00Z"),
            ("2026-03-02T14:00:00.000+03:00", "closed outside_window 2026-03-03T07:00:00Z"),
            // Friday is short, then comes the weekend.
            ("2026-03-06T11:59:59.999+03:00", "open inside_window 2026-03-06T09:00:00Z"),
            ("2026-03-06T12:00:00+03:00", "closed outside_window 2026-03-09T07:00:00Z"),
            ("2026-03-07T11:00:00+03:00", "closed outside_window 2026-03-09T07:00:00Z"),
            // A leap day on a Thursday.
            ("2024-02-29T10:30:00+03:00", "open inside_window 2024-02-29T11:00:00Z"),
            // Before the epoch.
            ("1969-12-29T06:59:59.9995Z", "closed outside_window 1969-12-29T07:00:00Z"),
        ],
    );
}

#[test]
fn the_deciding_rule_is_named() {
    let line_at = |when| ask(&production(), &Calendar::default(), when).source.map(|s| s.line);
    assert_eq!(line_at("2026-03-02T10:00:00+03:00"), Some(1));
    assert_eq!(line_at("2026-03-06T10:00:00+03:00"), Some(2));
    assert_eq!(line_at("2026-03-05T14:00:00+03:00"), Some(2), "closed until Friday's window");
    let calendar = Calendar {
        holidays: vec![holiday("Day off", "2026-03-02", "2026-03-02")],
        freezes: vec![
            freeze("short", "2026-03-02T00:00", "2026-03-02T12:00", "+03:00"),
            freeze("long", "2026-03-01T00:00", "2026-03-04T00:00", "+03:00"),
        ],
    };
    let asked = ask(&production(), &calendar, "2026-03-02T10:00:00+03:00");
    assert_eq!((asked.reason, asked.name.as_deref()), (Reason::Freeze, Some("long")));
    assert_eq!(serde_json::to_value(asked.reason).unwrap(), asked.reason.code());
}

#[test]
fn a_holiday_closes_its_local_day_and_beats_the_window() {
    let calendar = Calendar { holidays: vec![holiday("Founding Day", "2026-03-03", "2026-03-04")], freezes: vec![] };
    check(
        &production(),
        &calendar,
        &[
            ("2026-03-02T14:00:00+03:00", "closed outside_window 2026-03-05T07:00:00Z"),
            ("2026-03-02T23:59:59.999+03:00", "closed outside_window 2026-03-05T07:00:00Z"),
            ("2026-03-03T00:00:00+03:00", "closed holiday 2026-03-05T07:00:00Z"),
            ("2026-03-04T23:59:59.999+03:00", "closed holiday 2026-03-05T07:00:00Z"),
            ("2026-03-05T00:00:00+03:00", "closed outside_window 2026-03-05T07:00:00Z"),
        ],
    );
    // Without windows holidays do not count.
    check(&[], &calendar, &[("2026-03-03T12:00:00+03:00", "open always_open never")]);
}

#[test]
fn a_freeze_over_a_window_edge_cuts_it() {
    let freezes = vec![
        freeze("launch", "2026-03-02T09:00", "2026-03-02T11:00", "+03:00"),
        freeze("audit", "2026-03-02T13:00", "2026-03-04T00:00", "+03:00"),
    ];
    let calendar = Calendar { holidays: vec![], freezes };
    check(
        &production(),
        &calendar,
        &[
            ("2026-03-02T08:00:00+03:00", "closed outside_window 2026-03-02T08:00:00Z"),
            ("2026-03-02T10:30:00+03:00", "closed freeze 2026-03-02T08:00:00Z"),
            ("2026-03-02T11:00:00+03:00", "open inside_window 2026-03-02T10:00:00Z"),
            ("2026-03-02T13:00:00+03:00", "closed freeze 2026-03-04T07:00:00Z"),
        ],
    );
    check(
        &[],
        &calendar,
        &[
            ("2026-03-02T08:59:59.999+03:00", "open always_open 2026-03-02T06:00:00Z"),
            ("2026-03-02T09:00:00+03:00", "closed freeze 2026-03-02T08:00:00Z"),
            ("2026-03-04T00:00:00+03:00", "open always_open never"),
        ],
    );
}

#[test]
fn a_freeze_closes_only_whom_it_names_and_not_who_has_passed_it() {
    let mut named = freeze("launch", "2026-03-02T00:00", "2026-03-03T00:00", "UTC");
    named.environments.insert("staging".into());
    named.services.insert("api".into());
    let calendar = Calendar { holidays: vec![], freezes: vec![named] };
    let when = at("2026-03-02T12:00:00Z");
    let closed = |service: &str, environment: &str, passed: &[&str]| {
        let passed = passed.iter().map(|p| (*p).to_owned()).collect();
        !opening(&[], &calendar, &service.into(), &environment.into(), &passed, when).open
    };
    assert!(closed("api", "staging", &[]));
    assert!(closed("api", "staging", &["other"]));
    assert!(!closed("api", "staging", &["launch"]));
    assert!(!closed("api", "production", &[]));
    assert!(!closed("web", "staging", &[]));
    assert_eq!(freezes_at(&calendar, &"api".into(), &"staging".into(), when).len(), 1);
    assert_eq!(freezes_at(&calendar, &"api".into(), &"staging".into(), at("2026-03-03T00:00:00Z")).len(), 0);
    assert_eq!(freezes_at(&calendar, &"web".into(), &"staging".into(), when).len(), 0);
}

#[test]
fn two_weekday_shapes_do_not_cancel_each_other() {
    let windows = [
        window(&WORKDAYS, "09:00", "17:00", "UTC", 1),
        window(&[Friday], "09:00", "14:00", "UTC", 2),
        window(&WORKDAYS, "16:00", "18:00", "UTC", 3),
    ];
    check(
        &windows,
        &Calendar::default(),
        &[
            ("2026-03-02T09:00:00Z", "open inside_window 2026-03-02T18:00:00Z"),
            ("2026-03-05T17:30:00Z", "open inside_window 2026-03-05T18:00:00Z"),
            ("2026-03-06T09:00:00Z", "open inside_window 2026-03-06T14:00:00Z"),
            ("2026-03-06T14:00:00Z", "closed outside_window 2026-03-09T09:00:00Z"),
        ],
    );
}

#[test]
fn windows_over_midnight_belong_to_the_day_they_begin_on() {
    let night = [window(&[Friday], "22:00", "04:00", "UTC", 1)];
    check(
        &night,
        &Calendar::default(),
        &[
            ("2026-03-06T03:00:00Z", "closed outside_window 2026-03-06T22:00:00Z"),
            ("2026-03-06T22:00:00Z", "open inside_window 2026-03-07T04:00:00Z"),
            ("2026-03-07T00:00:00Z", "open inside_window 2026-03-07T04:00:00Z"),
            ("2026-03-07T04:00:00Z", "closed outside_window 2026-03-13T22:00:00Z"),
        ],
    );
    // To midnight, adjoining the next day's: one stretch.
    let whole =
        [window(&[Friday, Saturday], "00:00", "24:00", "UTC", 1), window(&[Thursday], "20:00", "00:00", "UTC", 2)];
    check(&whole, &Calendar::default(), &[("2026-03-05T20:00:00Z", "open inside_window 2026-03-08T00:00:00Z")]);
    let always =
        [window(&[Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday], "08:00", "08:00", "UTC", 1)];
    check(&always, &Calendar::default(), &[("2026-03-05T07:59:00Z", "open inside_window never")]);
    // The holiday of the day after cuts the night short.
    let calendar = Calendar {
        holidays: vec![Holiday { zone: "UTC".into(), ..holiday("x", "2026-03-07", "2026-03-07") }],
        freezes: vec![],
    };
    check(&night, &calendar, &[("2026-03-06T23:00:00Z", "open inside_window 2026-03-07T00:00:00Z")]);
}

#[test]
fn the_clocks_change() {
    // Berlin: 29 March 02:00 becomes 03:00, 25 October 03:00 becomes 02:00; both Sundays.
    let at_night = |from, to| [window(&[Sunday], from, to, "Europe/Berlin", 1)];
    check(
        &at_night("02:00", "03:00"),
        &Calendar::default(),
        &[
            ("2026-03-29T00:59:59Z", "closed outside_window 2026-04-05T00:00:00Z"), // The hour does not exist.
            ("2026-10-25T00:00:00Z", "open inside_window 2026-10-25T02:00:00Z"),    // It lasts two hours.
        ],
    );
    check(
        &at_night("02:15", "02:45"),
        &Calendar::default(),
        &[
            ("2026-10-25T00:15:00Z", "open inside_window 2026-10-25T00:45:00Z"),
            ("2026-10-25T00:45:00Z", "closed outside_window 2026-10-25T01:15:00Z"), // It comes twice.
            ("2026-10-25T01:15:00Z", "open inside_window 2026-10-25T01:45:00Z"),
        ],
    );
    check(
        &at_night("02:30", "03:30"),
        &Calendar::default(),
        &[("2026-03-29T00:00:00Z", "closed outside_window 2026-03-29T01:00:00Z")],
    );
    // The same local hour before and after.
    let noon = [window(&[Friday, Monday], "12:00", "13:00", "Europe/Berlin", 1)];
    check(
        &noon,
        &Calendar::default(),
        &[
            ("2026-03-27T11:00:00Z", "open inside_window 2026-03-27T12:00:00Z"),
            ("2026-03-27T12:00:00Z", "closed outside_window 2026-03-30T10:00:00Z"),
        ],
    );
}

#[test]
fn a_freeze_is_not_lifted_while_the_clocks_go_back() {
    let from = Calendar {
        holidays: vec![],
        freezes: vec![freeze("a", "2026-10-25T02:30", "2026-10-25T12:00", "Europe/Berlin")],
    };
    check(
        &[],
        &from,
        &[
            ("2026-10-25T00:00:00Z", "open always_open 2026-10-25T00:30:00Z"),
            ("2026-10-25T01:10:00Z", "closed freeze 2026-10-25T11:00:00Z"), // 02:10 once more.
        ],
    );
    let to = Calendar {
        holidays: vec![],
        freezes: vec![freeze("a", "2026-10-24T02:30", "2026-10-25T02:30", "Europe/Berlin")],
    };
    check(&[], &to, &[("2026-10-25T00:40:00Z", "closed freeze 2026-10-25T01:30:00Z")]);
    let gap = Calendar {
        holidays: vec![],
        freezes: vec![freeze("a", "2026-03-29T02:30", "2026-03-29T12:00", "Europe/Berlin")],
    };
    check(&[], &gap, &[("2026-03-29T00:00:00Z", "open always_open 2026-03-29T01:00:00Z")]);
}

#[test]
fn windows_in_different_zones_join() {
    let windows = [
        window(&[Monday], "09:00", "12:00", "Asia/Kathmandu", 1), // 03:15 to 06:15 UTC
        window(&[Monday], "09:15", "12:00", "+03:00", 2),         // 06:15 to 09:00 UTC
        window(&[Monday], "09:00", "12:00", "Nowhere/Land", 3),
    ];
    check(&windows, &Calendar::default(), &[("2026-03-02T03:15:00Z", "open inside_window 2026-03-02T09:00:00Z")]);
    check(&windows[2..], &Calendar::default(), &[("2026-03-02T10:00:00Z", "closed outside_window never")]);
}

#[test]
fn the_horizon_is_four_hundred_days_included() {
    let day = 86_400_000;
    let start = at("2026-03-02T00:00:00Z");
    let end = |days: i64, more: i64| (start.as_millisecond() + days * day + more).to_string();
    for (more, seen) in [(0, true), (1, false)] {
        let until = Timestamp::from_millisecond(end(400, more).parse().unwrap()).unwrap();
        let until = jiff::tz::Offset::UTC.to_datetime(until);
        let frozen = Freeze { to: until, ..freeze("long", "2026-01-01T00:00", "2026-01-02T00:00", "UTC") };
        let calendar = Calendar { holidays: vec![], freezes: vec![frozen] };
        let asked = ask(&[], &calendar, "2026-03-02T00:00:00Z");
        assert!(!asked.open);
        assert_eq!(asked.opens_at.is_some(), seen, "{more} ms past the horizon");
        let ahead =
            Freeze { from: until, to: until.saturating_add(jiff::Span::new().days(1)), ..calendar.freezes[0].clone() };
        let calendar = Calendar { holidays: vec![], freezes: vec![ahead] };
        assert_eq!(ask(&[], &calendar, "2026-03-02T00:00:00Z").closes_at.is_some(), seen, "{more} ms past the horizon");
    }
}

#[test]
fn intervals_of_a_week_are_cut_at_its_edges() {
    let calendar = Calendar { holidays: vec![holiday("x", "2026-03-04", "2026-03-04")], freezes: vec![] };
    let (from, to) = (at("2026-03-02T11:00:00+03:00"), at("2026-03-06T11:00:00+03:00"));
    let (service, environment) = (ServiceName::new("api"), EnvironmentName::new("production"));
    let open = open_intervals(&production(), &calendar, &service, &environment, from, to);
    let shown: Vec<_> = open.iter().map(|(a, b)| format!("{a}/{b}")).collect();
    assert_eq!(
        shown,
        [
            "2026-03-02T08:00:00Z/2026-03-02T11:00:00Z",
            "2026-03-03T07:00:00Z/2026-03-03T11:00:00Z",
            "2026-03-05T07:00:00Z/2026-03-05T11:00:00Z",
            "2026-03-06T07:00:00Z/2026-03-06T08:00:00Z",
        ]
    );
    assert!(open_intervals(&production(), &calendar, &service, &environment, to, from).is_empty());
}

#[test]
fn the_ends_of_time_do_not_overflow() {
    for when in [Timestamp::MIN, Timestamp::MAX] {
        let asked = opening(&production(), &Calendar::default(), &"a".into(), &"b".into(), &BTreeSet::new(), when);
        assert_eq!(asked.open, asked.reason == Reason::InsideWindow);
    }
}
