//! The calendar of a roster: `GET /oncall/NAME.ics`, for people's own calendars to subscribe to (RFC 5545).
//!
//! Who is on call is not for everybody. With a token in config its address carries it as `?token=…`, since calendars send no
//! other proof; without one only this machine is answered, and only under its own name, so that neither a page of another
//! site nor a proxy in front opens it by accident. Deliberately absent: writing back.

use super::guard::{digest, same};
use crate::domain::roster::Shift;
use async_trait::async_trait;
use axum::Router;
use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// The shifts of a roster, each with the name of its person.
pub type RosterShifts = Vec<(Shift, String)>;

/// Asked on every request.
#[async_trait]
pub trait Feeds: Send + Sync {
    /// The shifts that its calendar shows, and the time it is; `None` when there is no such roster.
    ///
    /// # Errors
    /// What is in the way, in one line.
    async fn roster(&self, name: &str) -> Result<Option<(RosterShifts, Timestamp)>, String>;
}

#[derive(Clone)]
struct Shared {
    feeds: Arc<dyn Feeds>,
    /// Of the token; absent: only this machine.
    token: Option<[u8; 32]>,
}

/// `/oncall/NAME.ics`. An empty token counts as one that nobody has.
pub fn feed_router(feeds: Arc<dyn Feeds>, token: Option<&str>) -> Router {
    let shared = Shared { feeds, token: token.map(digest) };
    Router::new().route("/oncall/{file}", get(feed)).with_state(shared)
}

async fn feed(
    State(shared): State<Shared>,
    Path(file): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    request: Request,
) -> Response {
    let no = |status: StatusCode, why: &str| (status, format!("{why}\n")).into_response();
    let allowed = match &shared.token {
        Some(token) => query.get("token").is_some_and(|given| !given.is_empty() && same(token, &digest(given))),
        None => from_here(&request),
    };
    if !allowed {
        let why = match shared.token {
            Some(_) => "The address of a calendar ends in ?token= and the token of [server] calendar_token.",
            None => "Only this machine reads calendars; set calendar_token in [server] to open them.",
        };
        return no(StatusCode::FORBIDDEN, why);
    }
    let nothing = || no(StatusCode::NOT_FOUND, "There is no such roster.");
    let Some(name) = file.strip_suffix(".ics") else { return nothing() };
    match shared.feeds.roster(name).await {
        Ok(Some((shifts, now))) => {
            let headers = [(CONTENT_TYPE, "text/calendar; charset=utf-8"), (CACHE_CONTROL, "no-store")];
            (headers, calendar(name, &shifts, now)).into_response()
        }
        Ok(None) => nothing(),
        Err(why) => no(StatusCode::SERVICE_UNAVAILABLE, &why),
    }
}

/// Sent by this machine, to a name of this machine.
fn from_here(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let near = peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    near && local_name(request.headers())
}

fn local_name(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let port = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit());
    let name = host.rsplit_once(':').filter(|(_, p)| port(p)).map_or(host, |(name, _)| name);
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The calendar as text: an event for each shift that somebody has. Ids stay the same from reading to reading.
#[must_use]
pub fn calendar(roster: &str, shifts: &[(Shift, String)], now: Timestamp) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: &str| fold(&mut out, &format!("{name}:{value}"));
    line("BEGIN", "VCALENDAR");
    line("VERSION", "2.0");
    line("PRODID", "-//signalbox//on call//EN");
    line("CALSCALE", "GREGORIAN");
    line("METHOD", "PUBLISH");
    line("X-WR-CALNAME", &escaped(&format!("On call: {roster}")));
    line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
    for (shift, who) in shifts.iter().filter(|(shift, _)| shift.person.is_some()) {
        line("BEGIN", "VEVENT");
        line("UID", &escaped(&format!("{roster}-{}@signalbox", shift.from.as_second())));
        line("DTSTAMP", &utc(now));
        line("DTSTART", &utc(shift.from));
        line("DTEND", &utc(shift.until));
        line("SUMMARY", &escaped(&format!("{who} is on call ({roster})")));
        line("TRANSP", "TRANSPARENT");
        line("END", "VEVENT");
    }
    line("END", "VCALENDAR");
    out
}

/// `20260105T070000Z`
fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// What a text value may not hold as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Appends a content line, broken so that no line has more than 75 bytes, and never inside a letter.
fn fold(out: &mut String, text: &str) {
    const MOST: usize = 75;
    let mut length = 0;
    for c in text.chars() {
        if length + c.len_utf8() > MOST {
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(c);
        length += c.len_utf8();
    }
    out.push_str("\r\n");
}
