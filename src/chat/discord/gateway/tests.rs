//! The protocol without a socket: frames and time in, steps out.

use super::frame::Out;
use super::protocol::{Ended, Protocol, Session, Step};
use crate::limits;
use serde_json::{Value, json};

const URL: &str = "wss://gateway-east.discord.gg";
const BEAT: i64 = 41_250;

fn hello() -> Value {
    json!({ "op": 10, "d": { "heartbeat_interval": BEAT, "_trace": [null] }, "s": null, "t": null })
}

fn ready(seq: i64) -> Value {
    json!({ "op": 0, "t": "READY", "s": seq, "d": {
        "v": 10, "session_id": "S1", "resume_gateway_url": URL, "user": { "id": "99", "bot": true },
        "guilds": [{ "id": "1", "unavailable": true }], "later": null } })
}

fn event(seq: i64) -> Value {
    json!({ "op": 0, "t": "GUILD_CREATE", "s": seq, "d": { "id": "1" } })
}

/// Connected at time 0, and up.
fn up() -> Protocol {
    let mut gateway = Protocol::new(None, 7);
    gateway.opened(0);
    assert_eq!(gateway.frame(&hello(), 0), [Step::Send(Out::Identify)]);
    assert_eq!(gateway.frame(&ready(1), 0), [Step::Up { fresh: true }]);
    gateway
}

fn resumed(gateway: &mut Protocol, at: i64) -> Vec<Step> {
    gateway.opened(at);
    gateway.frame(&hello(), at)
}

fn leaves(steps: &[Step]) -> bool {
    matches!(steps, [Step::Leave { .. }])
}

#[test]
fn a_dropped_connection_resumes_where_it_was_and_at_its_own_address() {
    let mut gateway = up();
    assert!(matches!(&gateway.frame(&event(5), 10)[..], [Step::Event(e)] if (e.seq, e.session.as_str()) == (5, "S1")));
    assert_eq!(gateway.closed(None), Ended::Again);
    assert_eq!(gateway.resume_url(), Some(URL));
    let resume = Step::Send(Out::Resume { session: "S1".into(), seq: 5 });
    assert_eq!(resumed(&mut gateway, 100), [resume]);
    assert!(matches!(&gateway.frame(&event(6), 110)[..], [Step::Event(_)]), "what was missed comes before RESUMED");
    let told = gateway.frame(&json!({ "op": 0, "t": "RESUMED", "s": 7, "d": null }), 120);
    assert_eq!(told, [Step::Up { fresh: false }]);
    assert_eq!(gateway.session().map(|s| (s.seen, s.me.as_str())), Some((7, "99")));
}

#[test]
fn a_session_of_an_earlier_process_is_resumed() {
    let session = Session { id: "S0".into(), seen: 12, kept: 12, url: URL.into(), me: "99".into() };
    let mut gateway = Protocol::new(Some(session), 7);
    let resume = Step::Send(Out::Resume { session: "S0".into(), seq: 12 });
    assert_eq!(resumed(&mut gateway, 0), [resume]);
}

#[test]
fn an_address_that_does_not_work_is_given_up_and_the_session_is_not() {
    let mut gateway = up();
    let _ = gateway.closed(None);
    for _ in 0..limits::GATEWAY_RESUME_TRIES {
        assert_eq!(gateway.resume_url(), Some(URL));
        gateway.unreachable();
    }
    assert_eq!(gateway.resume_url(), None);
    assert!(gateway.session().is_some());
}

#[test]
fn an_invalid_session_is_resumed_or_begun_anew_after_a_moment() {
    for (resumable, kept) in [(json!(true), true), (json!(false), false), (json!(null), false)] {
        let mut gateway = up();
        let steps = gateway.frame(&json!({ "op": 9, "d": resumable }), 10);
        assert!(
            matches!(&steps[..], [Step::Leave { pause_ms: 1_000..=5_000, .. }]),
            "one to five seconds, as Discord asks: {steps:?}"
        );
        assert_eq!(gateway.session().is_some(), kept, "{resumable}");
        let _ = gateway.closed(None);
        let first = resumed(&mut gateway, 9_000);
        assert_eq!(first == [Step::Send(Out::Identify)], !kept);
    }
}

#[test]
fn heartbeats_are_sent_in_time_and_a_missing_answer_ends_the_connection() {
    let mut gateway = up();
    let first = gateway.due().unwrap();
    assert!((0..=BEAT).contains(&first), "the first one is jittered: {first}");
    assert_eq!(gateway.tick(first - 1), []);
    assert_eq!(gateway.tick(first), [Step::Send(Out::Heartbeat { seq: Some(1) })]);
    assert_eq!(gateway.due(), Some(first + limits::GATEWAY_ACK_MS));
    assert_eq!(gateway.frame(&json!({ "op": 11 }), first + 30), []);
    let second = first + BEAT;
    assert_eq!(gateway.due(), Some(second));
    assert_eq!(gateway.tick(second).len(), 1);
    assert_eq!(gateway.tick(second + limits::GATEWAY_ACK_MS - 1), []);
    assert!(leaves(&gateway.tick(second + limits::GATEWAY_ACK_MS)));
    assert!(gateway.session().is_some(), "and is resumed");
}

#[test]
fn a_heartbeat_says_what_is_stored_and_no_more() {
    let mut gateway = up();
    let _ = gateway.frame(&event(8), 0);
    let beat = json!({ "op": 1, "d": null });
    assert_eq!(gateway.frame(&beat, 1), [Step::Send(Out::Heartbeat { seq: Some(1) })]);
    gateway.kept("S1", 8);
    gateway.kept("another", 90);
    assert_eq!(gateway.frame(&beat, 2), [Step::Send(Out::Heartbeat { seq: Some(8) })]);
}

#[test]
fn a_gateway_that_says_nothing_is_left() {
    let mut gateway = Protocol::new(None, 7);
    gateway.opened(0);
    assert_eq!(gateway.due(), Some(limits::GATEWAY_START_MS));
    assert_eq!(gateway.tick(limits::GATEWAY_START_MS - 1), []);
    assert!(leaves(&gateway.tick(limits::GATEWAY_START_MS)), "no HELLO");
    gateway.opened(0);
    let _ = gateway.frame(&hello(), 0);
    // Heartbeats are answered, READY does not come.
    let end = loop {
        let at = gateway.due().unwrap();
        let steps = gateway.tick(at);
        if leaves(&steps) {
            break at;
        }
        let _ = gateway.frame(&json!({ "op": 11, "d": null }), at);
    };
    assert_eq!(end, limits::GATEWAY_START_MS, "neither READY nor RESUMED");
}

#[test]
fn asked_to_reconnect_again_and_again_it_leaves_each_time_and_keeps_its_session() {
    let mut gateway = up();
    for n in 0..1_000 {
        assert!(leaves(&gateway.frame(&json!({ "op": 7, "d": null }), n)));
        assert_eq!(gateway.closed(Some(4000)), Ended::Again);
        assert!(gateway.frame(&json!({ "op": 7 }), n).is_empty(), "nothing is heard on a closed connection");
        gateway.opened(n);
    }
    assert!(gateway.session().is_some());
}

#[test]
fn a_flood_of_demands_is_answered_within_what_discord_takes() {
    let mut gateway = up();
    let beat = json!({ "op": 1, "d": 3 });
    let sent: usize = (0..1_000).map(|n| gateway.frame(&beat, n).len()).sum();
    assert_eq!(sent, limits::GATEWAY_SENDS - limits::GATEWAY_SENDS_SPARE - 1, "with IDENTIFY");
    let later = limits::GATEWAY_SENDS_MS + 1_000;
    assert_eq!(gateway.frame(&beat, later).len(), 1);
}

#[test]
fn close_codes_say_whether_to_come_back() {
    for code in [4004, 4010, 4011, 4012, 4013, 4014] {
        assert!(matches!(up().closed(Some(code)), Ended::Stop(what) if what.len() > 20), "{code}");
    }
    for (code, keeps) in [
        (Some(1000), true),
        (Some(1001), true),
        (None, true),
        (Some(4000), true),
        (Some(4003), true),
        (Some(4007), false),
        (Some(4008), true),
        (Some(4009), false),
        (Some(4999), true),
    ] {
        let mut gateway = up();
        assert_eq!(gateway.closed(code), Ended::Again, "{code:?}");
        assert_eq!(gateway.session().is_some(), keeps, "{code:?}");
    }
}

#[test]
fn nothing_in_a_frame_is_required() {
    let mut gateway = Protocol::new(None, 7);
    gateway.opened(0);
    let hello = json!({ "op": 10, "d": null });
    assert_eq!(gateway.frame(&hello, 0), [Step::Send(Out::Identify)]);
    assert!(gateway.due().unwrap() <= limits::GATEWAY_BEAT_MAX_MS);
    assert_eq!(gateway.frame(&json!({ "op": 0, "t": "READY", "d": null }), 0), [Step::Up { fresh: true }]);
    for (frame, kind) in [
        (json!(null), "op null"),
        (json!([1]), "op null"),
        (json!({ "op": 77, "d": {} }), "op 77"),
        (json!({ "op": 0, "t": null, "s": null }), "no type"),
        (json!({ "op": 0, "t": "HOLOGRAM_START", "s": 4, "d": "x", "u": [] }), "HOLOGRAM_START"),
    ] {
        assert!(matches!(&gateway.frame(&frame, 0)[..], [Step::Event(e)] if e.kind == kind), "{frame}");
    }
    assert_eq!(gateway.closed(None), Ended::Again);
    assert_eq!(gateway.session(), None, "a session without an id cannot be resumed");
}

#[test]
fn a_strange_interval_neither_floods_nor_stalls() {
    for interval in [json!(0), json!(-5), json!(i64::MAX), json!("soon")] {
        let mut gateway = Protocol::new(None, 7);
        gateway.opened(0);
        let _ = gateway.frame(&json!({ "op": 10, "d": { "heartbeat_interval": interval } }), 0);
        let _ = gateway.frame(&ready(1), 0);
        let first = gateway.due().unwrap();
        let _ = gateway.tick(first);
        let _ = gateway.frame(&json!({ "op": 11 }), first);
        let every = gateway.due().unwrap() - first;
        assert!((limits::GATEWAY_BEAT_MIN_MS..=limits::GATEWAY_BEAT_MAX_MS).contains(&every), "{interval}: {every}");
    }
}
