//! The calendar of a roster: who may read it, and that others read in it what is meant.

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use icalendar::{Calendar, CalendarComponent, Component as _};
use jiff::Timestamp;
use signalbox::domain::roster::Shift;
use signalbox::web::{Feeds, RosterShifts, calendar, feed_router};
use std::net::SocketAddr;
use std::sync::Arc;
use tower::ServiceExt as _;

const LONG: &str = "Sara; Haddad, of the back\\office ومديرة المناوبات الليلية في عطلة نهاية الأسبوع";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn some_shifts() -> RosterShifts {
    let shift = |person: Option<&str>, from: &str, until: &str| Shift {
        person: person.map(Into::into),
        from: at(from),
        until: at(until),
    };
    vec![
        (shift(Some("lina"), "2026-01-05T07:00:00Z", "2026-01-12T07:00:00Z"), "Lina Aziz".into()),
        (shift(None, "2026-01-12T07:00:00Z", "2026-01-12T08:00:00Z"), String::new()),
        (shift(Some("sara"), "2026-01-12T08:00:00Z", "2026-01-19T07:00:00Z"), LONG.into()),
    ]
}

struct Some1;

#[async_trait]
impl Feeds for Some1 {
    async fn roster(&self, name: &str) -> Result<Option<(RosterShifts, Timestamp)>, String> {
        Ok((name == "primary").then(|| (some_shifts(), at("2026-01-06T00:00:00Z"))))
    }
}

async fn ask(token: Option<&str>, path: &str, peer: &str, host: &str) -> (StatusCode, String) {
    let mut request = Request::builder().uri(path).header("host", host).body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
    let response = feed_router(Arc::new(Some1), token).oneshot(request).await.unwrap();
    let status = response.status();
    (status, String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn without_a_token_only_this_machine_reads_it() {
    let near = ("127.0.0.1:5", "localhost:8300");
    let (status, text) = ask(None, "/oncall/primary.ics", near.0, near.1).await;
    assert!(status == StatusCode::OK && text.starts_with("BEGIN:VCALENDAR\r\n"), "{status} {text}");
    assert_eq!(ask(None, "/oncall/other.ics", near.0, near.1).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(None, "/oncall/primary", near.0, near.1).await.0, StatusCode::NOT_FOUND);
    for (peer, host) in [("192.0.2.7:5", "localhost:8300"), ("127.0.0.1:5", "box.example"), ("127.0.0.1:5", "")] {
        let (status, text) = ask(None, "/oncall/primary.ics", peer, host).await;
        assert!(status == StatusCode::FORBIDDEN && text.contains("calendar_token"), "{peer} {host}");
    }
}

#[tokio::test]
async fn with_a_token_whoever_has_it_reads_it_from_anywhere() {
    let far = ("192.0.2.7:5", "box.example");
    let asked = async |path: &str| ask(Some("test-calendar-token"), path, far.0, far.1).await.0;
    assert_eq!(asked("/oncall/primary.ics?token=test-calendar-token").await, StatusCode::OK);
    for path in ["/oncall/primary.ics", "/oncall/primary.ics?token=", "/oncall/primary.ics?token=test-calendar-toke"] {
        assert_eq!(asked(path).await, StatusCode::FORBIDDEN, "{path}");
    }
    let here = ask(Some("test-calendar-token"), "/oncall/primary.ics", "127.0.0.1:5", "localhost").await.0;
    assert_eq!(here, StatusCode::FORBIDDEN, "the token is asked for here as well");
}

#[test]
fn another_program_reads_what_was_written() {
    let text = calendar("primary", &some_shifts(), at("2026-01-06T00:00:00Z"));
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    let read: Calendar = text.parse().unwrap();
    let events: Vec<_> = read.components.iter().filter_map(CalendarComponent::as_event).collect();
    assert_eq!(events.len(), 2, "a gap is no event");
    let first = events[0];
    assert_eq!(first.get_summary(), Some("Lina Aziz is on call (primary)"));
    assert_eq!(first.property_value("DTSTART"), Some("20260105T070000Z"));
    assert_eq!(first.property_value("DTEND"), Some("20260112T070000Z"));
    assert_eq!(first.property_value("UID"), Some("primary-1767596400@signalbox"));
    assert!(first.get_start().is_some() && first.get_timestamp().is_some());
    let summary =
        events[1].property_value("SUMMARY").unwrap().replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\");
    assert_eq!(summary, format!("{LONG} is on call (primary)"));
}
