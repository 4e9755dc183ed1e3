//! Who holds a roster, and what its events make of it.

use super::*;
use crate::domain::time::{Now, after};
use crate::domain::window::Window;
use jiff::Timestamp;
use jiff::civil::{Weekday, date};

fn layer(people: &[&str], turn_days: i32) -> Layer {
    Layer {
        people: people.iter().map(|p| PersonId::new(p)).collect(),
        from: date(2026, 1, 5).at(10, 0, 0, 0),
        turn_days,
        only: Vec::new(),
        source: Source::default(),
    }
}

fn roster(zone: &str, layers: Vec<Layer>) -> Roster {
    let (name, zone) = ("primary".to_owned(), zone.to_owned());
    Roster { name, zone, layers, managers: BTreeSet::new(), channel: None, source: Source::default() }
}

fn office_hours() -> Window {
    use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
    let time = |hour| jiff::civil::Time::new(hour, 0, 0, 0).unwrap();
    Window {
        days: vec![Monday, Tuesday, Wednesday, Thursday, Friday],
        from: time(9),
        to: Some(time(17)),
        zone: "Europe/Berlin".into(),
        source: Source::default(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn on(roster: &Roster, overrides: &[Override], text: &str) -> Option<String> {
    holder(roster, overrides, at(text)).map(ToString::to_string)
}

fn some(name: &str) -> Option<String> {
    Some(name.to_owned())
}

#[test]
fn turns_go_round_in_both_directions() {
    let roster = roster("+03:00", vec![layer(&["lina", "sara", "omar"], 7)]);
    for (text, who) in [
        ("2026-01-05T06:59:59Z", "omar"),
        ("2026-01-05T07:00:00Z", "lina"),
        ("2026-01-12T06:59:59Z", "lina"),
        ("2026-01-12T07:00:00Z", "sara"),
        ("2026-01-26T07:00:00Z", "lina"),
        ("2025-12-29T06:59:59Z", "sara"),
    ] {
        assert_eq!(on(&roster, &[], text), some(who), "{text}");
    }
    let found = who(&roster, &[], at("2026-01-07T00:00:00Z"));
    let (since, until) = (at("2026-01-05T07:00:00Z"), at("2026-01-12T07:00:00Z"));
    assert_eq!((found.since, found.until, found.next), (Some(since), Some(until), Some("sara".into())));
}

#[test]
fn a_hand_over_that_is_skipped_or_comes_twice_happens_once() {
    let daily = Layer { from: date(2026, 3, 1).at(2, 30, 0, 0), ..layer(&["lina", "sara"], 1) };
    let roster = roster("Europe/Berlin", vec![daily]);
    // 29 March: 02:00 becomes 03:00, so 02:30 is the instant of the skip.
    let skipped = shifts(&roster, &[], at("2026-03-28T12:00:00Z"), at("2026-03-30T12:00:00Z"));
    let begins: Vec<String> = skipped.iter().skip(1).map(|s| s.from.to_string()).collect();
    assert_eq!(begins, ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    // 25 October: 03:00 becomes 02:00, so 02:30 comes twice and the first counts.
    let twice = shifts(&roster, &[], at("2026-10-24T12:00:00Z"), at("2026-10-26T12:00:00Z"));
    let begins: Vec<String> = twice.iter().skip(1).map(|s| s.from.to_string()).collect();
    assert_eq!(begins, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
}

#[test]
fn a_later_layer_wins_while_its_hours_last() {
    let day = Layer { only: vec![office_hours()], ..layer(&["tariq"], 7) };
    let layered = roster("Europe/Berlin", vec![layer(&["lina"], 7), day.clone()]);
    assert_eq!(on(&layered, &[], "2026-01-06T08:00:00Z"), some("tariq"));
    assert_eq!(on(&layered, &[], "2026-01-06T16:00:00Z"), some("lina"));
    let gaps = roster("Europe/Berlin", vec![day]);
    assert_eq!(on(&gaps, &[], "2026-01-10T12:00:00Z"), None, "a Saturday");
    let found = who(&gaps, &[], at("2026-01-10T12:00:00Z"));
    assert_eq!((found.until, found.next), (Some(at("2026-01-12T08:00:00Z")), Some("tariq".into())));
}

#[test]
fn the_newest_override_wins_and_ends_exactly() {
    let roster = roster("UTC", vec![layer(&["lina"], 7)]);
    let one = |number, who: &str, from: &str, until: &str| Override {
        number,
        person: who.into(),
        from: at(from),
        until: at(until),
        by: "lina".into(),
    };
    let overrides = [
        one(2, "omar", "2026-01-06T04:00:00Z", "2026-01-06T05:00:00Z"),
        one(1, "sara", "2026-01-06T03:00:00Z", "2026-01-06T07:00:00Z"),
    ];
    for (text, who) in [
        ("2026-01-06T02:59:59.999Z", "lina"),
        ("2026-01-06T03:00:00Z", "sara"),
        ("2026-01-06T04:00:00Z", "omar"),
        ("2026-01-06T05:00:00Z", "sara"),
        ("2026-01-06T07:00:00Z", "lina"),
    ] {
        assert_eq!(on(&roster, &overrides, text), some(who), "{text}");
    }
    let found = who(&roster, &[], at("2026-01-06T00:00:00Z"));
    assert_eq!((found.since, found.until), (None, None), "one person alone never changes");
}

#[test]
fn people_say_times_in_many_ways() {
    // A Tuesday, 03:10 where they are.
    let now = at("2026-01-06T00:10:00Z");
    for (text, meant) in [
        ("at sunday 03:10", "2026-01-11T00:10:00Z"),
        ("tue 03:00", "2026-01-13T00:00:00Z"),
        ("tue 04:00", "2026-01-06T01:00:00Z"),
        ("03:10", "2026-01-07T00:10:00Z"),
        ("8am", "2026-01-06T05:00:00Z"),
        ("tomorrow 8:30pm", "2026-01-07T17:30:00Z"),
        ("tomorrow at noon", "2026-01-07T09:00:00Z"),
        ("2026-12-24 18:00", "2026-12-24T15:00:00Z"),
        ("2026-12-24T18:00", "2026-12-24T15:00:00Z"),
        ("now", "2026-01-06T00:10:00Z"),
        ("wednesday", "2026-01-06T21:00:00Z"),
    ] {
        assert_eq!(instant(text, "+03:00", now), Ok(at(meant)), "{text}");
    }
    for text in ["", "at", "someday", "25:00", "13pm", "primry", "2026-02-30", "8:5", "sunday sunday"] {
        assert!(instant(text, "+03:00", now).is_err(), "{text}");
    }
    for (text, from, until) in [
        ("for 4h", "2026-01-06T00:10:00Z", "2026-01-06T04:10:00Z"),
        ("for 4 hours", "2026-01-06T00:10:00Z", "2026-01-06T04:10:00Z"),
        ("until 8", "2026-01-06T00:10:00Z", "2026-01-06T05:00:00Z"),
        ("from now until 08:00", "2026-01-06T00:10:00Z", "2026-01-06T05:00:00Z"),
        ("from fri 18:00 to mon 8am", "2026-01-09T15:00:00Z", "2026-01-12T05:00:00Z"),
        ("22:00 - 06:00", "2026-01-06T19:00:00Z", "2026-01-07T03:00:00Z"),
        ("from friday to sunday", "2026-01-08T21:00:00Z", "2026-01-11T21:00:00Z"),
        ("from tomorrow for 1d", "2026-01-06T21:00:00Z", "2026-01-07T21:00:00Z"),
    ] {
        assert_eq!(interval(text, "+03:00", now), Ok((at(from), at(until))), "{text}");
    }
    let wrong = |text: &str| interval(text, "+03:00", now).unwrap_err();
    assert_eq!(wrong("sunday"), Misread::NoEnd);
    assert_eq!(wrong("for a while"), Misread::Time("a while".into()));
    assert_eq!(wrong("for 200d"), Misread::TooLong);
    assert_eq!(wrong("from 2026-01-02 to 2026-01-03"), Misread::Over);
    assert_eq!(wrong("from 2026-01-08 to 2026-01-06"), Misread::Backwards);
    assert_eq!(wrong("from 2028-01-08 for 1h"), Misread::TooFar);
}

fn handed(number: u32, outgoing: &str, incoming: &str, now: Timestamp) -> RosterEvent {
    RosterEvent::HandedOver(Box::new(Handover {
        number,
        outgoing: Some(outgoing.into()),
        incoming: incoming.into(),
        at: now,
        until: None,
        notes: Notes::default(),
        look: after(now, Span::hours(100)),
        accepted: false,
    }))
}

#[test]
fn whoever_went_before_is_pageable_until_it_is_accepted() {
    let roster = roster("UTC", vec![layer(&["lina", "sara", "omar"], 7)]);
    let monday = at("2026-01-12T10:00:00Z");
    let begun = RosterEvent::RosterBegun { holder: Some("lina".into()), look: monday };
    let state = evolve(RosterState::default(), &begun, Now::at(at("2026-01-06T00:00:00Z")));
    let people =
        |state: &RosterState, at| state.pageable(&roster, at).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(people(&state, at("2026-01-12T09:59:59Z")), ["lina"]);
    assert_eq!(people(&state, monday), ["sara", "lina"], "although nobody has looked yet");
    let state = evolve(state, &handed(1, "lina", "sara", monday), Now::at(monday));
    assert_eq!(timers(&state)[1], (Purpose::Nag, after(monday, NAGS[0])));
    assert_eq!(people(&state, after(monday, Span::hours(20))), ["sara", "lina"]);
    // Nobody accepted: whoever was on call last in earnest, and whoever went before.
    let next = at("2026-01-19T10:00:00Z");
    let state = evolve(state, &handed(2, "sara", "omar", next), Now::at(next));
    assert_eq!(people(&state, next), ["omar", "lina", "sara"]);
    assert!(state.handoffs[0].over && !state.handoffs[1].over);
    let accepted = RosterEvent::HandoffAccepted { number: 2, by: "omar".into() };
    let state = evolve(state, &accepted, Now::at(next));
    assert_eq!(people(&state, next), ["omar"]);
    assert_eq!(timers(&state).len(), 1);
}

#[test]
fn a_hand_off_is_asked_for_at_bounded_intervals() {
    let monday = at("2026-01-12T10:00:00Z");
    let begun = RosterEvent::RosterBegun { holder: Some("lina".into()), look: monday };
    let mut state = evolve(RosterState::default(), &begun, Now::at(monday));
    state = evolve(state, &handed(1, "lina", "sara", monday), Now::at(monday));
    let mut asked = Vec::new();
    for _ in 0..6 {
        let due = timers(&state)[1].1;
        asked.push(Span::between(monday, due).as_millis() / 60_000);
        let again = next_nag(state.open_handoff().unwrap(), due);
        state = evolve(state, &RosterEvent::HandoffNagged { number: 1, again }, Now::at(due));
    }
    assert_eq!(asked, [15, 60, 180, 480, 1920, 3360]);
}
