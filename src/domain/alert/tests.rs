//! What words mean in any order, what keys make of them, and which rule matches.

use super::*;
use crate::domain::time::{Now, Span, after};
use proptest::prelude::*;

fn start() -> Timestamp {
    "2026-01-05T07:00:00Z".parse().unwrap()
}

fn at(seconds: i64) -> Now {
    Now::at(after(start(), Span::secs(seconds)))
}

/// What Alertmanager says of an alert that began `began` seconds after the start.
fn word(firing: bool, began: i64) -> Alert {
    Alert { id: "f1".into(), firing, title: "x".into(), start: Some(at(began).wall), ..Alert::default() }
}

fn face() -> Face {
    Face { key: "k".into(), title: "x".into(), settle: SETTLE, ..Face::default() }
}

/// The state after a word, and what it meant.
fn hears(state: AlertState, alert: &Alert, seconds: i64) -> (AlertState, Heard) {
    let now = at(seconds);
    let heard = hear(state.members.get(&alert.id), alert, now.wall);
    if !heard.news() {
        return (state, heard);
    }
    let (member, face) = (alert.id.clone(), Box::new(face()));
    let event = AlertEvent::AlertHeard { member, heard, start: alert.start, said: alert.said, came: None, face };
    (evolve(state, &event, now), heard)
}

fn all(words: &[(bool, i64, i64)]) -> (AlertState, Vec<Heard>) {
    let mut out = (AlertState::default(), Vec::new());
    for (firing, began, seconds) in words {
        let (state, heard) = hears(out.0, &word(*firing, *began), *seconds);
        (out.0, _) = (state, out.1.push(heard));
    }
    out
}

#[test]
fn a_repetition_says_nothing_new() {
    let (state, heard) = all(&[(true, 0, 0), (true, 0, 5), (false, 0, 60), (false, 0, 61), (true, 0, 62)]);
    assert_eq!(heard, [Heard::Fires, Heard::Again, Heard::Ends, Heard::Again, Heard::Late]);
    assert_eq!(state.phase, Phase::Settling { until: at(60 + 300).wall });
}

#[test]
fn a_beginning_that_comes_after_its_end_is_heard_all_the_same() {
    let (state, heard) = all(&[(false, 0, 10), (true, 0, 11)]);
    assert_eq!(heard, [Heard::Ends, Heard::FiredBefore]);
    assert_eq!(state.phase, Phase::Settling { until: at(11 + 300).wall });
}

#[test]
fn the_same_beginning_long_after_the_end_is_taken_for_true() {
    let (state, heard) = all(&[(true, 0, 0), (false, 0, 10), (true, 0, 10 + 61)]);
    assert_eq!(heard.last(), Some(&Heard::Fires));
    assert_eq!((state.phase, state.flaps), (Phase::Firing, 1));
}

#[test]
fn a_new_episode_fires_and_an_old_word_is_late() {
    let (_, heard) = all(&[(true, 0, 0), (false, 0, 10), (true, 20, 20), (false, 0, 21), (true, 0, 22)]);
    assert_eq!(heard[2..], [Heard::Fires, Heard::Late, Heard::Late]);
}

#[test]
fn of_two_words_with_a_time_the_later_one_counts() {
    let said = |firing, seconds: i64| Alert { start: None, said: Some(at(seconds).wall), ..word(firing, 0) };
    let (state, _) = hears(AlertState::default(), &said(true, 5), 10);
    let (state, heard) = hears(state, &said(false, 3), 11);
    assert_eq!((heard, state.phase), (Heard::Late, Phase::Firing));
    let (state, _) = hears(state, &said(false, 7), 12);
    assert_eq!(hears(state, &said(true, 8), 13).1, Heard::Fires, "no minute is waited for");
}

#[test]
fn without_any_time_words_count_as_they_come() {
    let plain = |firing| Alert { start: None, ..word(firing, 0) };
    let (state, _) = hears(AlertState::default(), &plain(true), 0);
    let (state, heard) = hears(state, &plain(false), 1);
    assert_eq!(heard, Heard::Ends);
    assert_eq!(hears(state, &plain(true), 2).1, Heard::Fires);
}

#[test]
fn a_key_fires_while_one_of_its_alerts_does() {
    let of = |id: &str, firing| Alert { id: id.into(), ..word(firing, 0) };
    let mut state = AlertState::default();
    for (alert, seconds) in [(of("a", true), 0), (of("b", true), 1), (of("a", false), 2)] {
        state = hears(state, &alert, seconds).0;
    }
    assert_eq!(state.phase, Phase::Firing);
    let state = hears(state, &of("b", false), 3).0;
    assert!(matches!(state.phase, Phase::Settling { .. }) && timers(&state).len() == 1, "{state:?}");
}

#[test]
fn what_fires_is_never_forgotten() {
    let mut state = AlertState::default();
    let most = i64::try_from(MEMBERS).unwrap();
    for n in 0..most + 20 {
        let alert = Alert { id: format!("f{n}"), ..word(n < 5 || n % 2 == 0, 0) };
        state = hears(state, &alert, n).0;
    }
    assert!(state.members.len() <= MEMBERS);
    assert!((0..5).all(|n| state.members.contains_key(&format!("f{n}"))));
}

#[test]
fn a_silence_is_about_keys_labels_or_words() {
    let face = Face { labels: [("alertname".to_owned(), "HighErrorRate".to_owned())].into(), ..face() };
    let entry = Entry { service: Some("api".into()), ..Entry::of(&face, start(), false, None) };
    let labels =
        |pairs: &[(&str, &str)]| Matcher::Labels(pairs.iter().map(|(k, v)| ((*k).to_owned(), Glob::new(v))).collect());
    assert!(labels(&[("alertname", "High*"), ("service", "api")]).matches("abc", &entry));
    assert!(!labels(&[("alertname", "High*"), ("service", "frontend")]).matches("abc", &entry));
    assert!(Matcher::Words(Glob::new("higherror*")).matches("abc", &entry));
    assert!(Matcher::Keys(["abc".to_owned()].into()).matches("abc", &entry));
    assert!(!Matcher::Words(Glob::new("other")).matches("abc", &entry));
}

proptest! {
    /// What two replicas say of one episode, in any order, mixed in any way, within a minute.
    #[test]
    fn one_episode_in_any_order_is_one_beginning_and_ends(
        words in Just(vec![true, true, true, false, false, false]).prop_shuffle(),
        repeated in prop::collection::vec(0_usize..6, 0..6),
    ) {
        let trace = words.iter().copied().chain(repeated.iter().map(|n| words[*n])).enumerate();
        let trace: Vec<_> = trace.map(|(n, firing)| (firing, 0, i64::try_from(n).unwrap())).collect();
        let (state, heard) = all(&trace);
        let begins = heard.iter().filter(|h| matches!(h, Heard::Fires | Heard::FiredBefore)).count();
        prop_assert_eq!(begins, 1, "{:?} {:?}", trace, heard);
        prop_assert!(matches!(state.phase, Phase::Settling { .. }), "{:?} {:?}", trace, state);
    }

    /// Several episodes in any order: the newest decides how it ends, and no beginning is lost.
    #[test]
    fn the_newest_episode_decides(order in Just(vec![(true, 0), (false, 0), (true, 30), (false, 30), (true, 60)]).prop_shuffle()) {
        let trace: Vec<_> = order.iter().enumerate().map(|(n, (f, b))| (*f, *b, 100 + i64::try_from(n).unwrap())).collect();
        let (state, heard) = all(&trace);
        prop_assert_eq!(state.phase, Phase::Firing, "{:?} {:?}", trace, heard);
    }
}
