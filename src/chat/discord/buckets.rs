//! Rate limits as Discord tells them: which calls share a bucket, what is left in it, and when it is full again.
//!
//! Discord publishes no figures; each answer names its bucket and what is left. A call whose bucket is not known yet goes alone,
//! so that nothing is guessed. Nothing waits in here, and nothing is remembered longer than it can matter.
//!
//! Counted as well: the bot's global rate, and answers that Discord holds against a bot (401, 403, 429), since ten thousand of
//! them in ten minutes ban the address.

use super::place::Place;
use crate::chat::clip::clip;
use crate::chat::pace::{Pace, Rate};
use crate::clock::Clock;
use crate::limits;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Discord allows 50 calls a second: never more than 25 at once, and 25 in the second that follows.
const GLOBAL: Rate = Rate { burst: 25, every_ms: 40 };
/// While another call finds out what a bucket holds, in milliseconds.
const ASIDE_MS: i64 = 100;

/// All that is known about limits.
pub struct Buckets {
    clock: Arc<dyn Clock>,
    global: Pace,
    state: Mutex<State>,
}

/// By bucket and what it is about.
type Key = (String, String);

/// A call under way.
#[derive(Debug)]
pub struct Ticket {
    place: Place,
    key: Key,
}

/// Why a call may not go.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// Not for so many milliseconds.
    Wait(i64),
    /// It was refused a moment ago, with this code and these words.
    Denied(i64, String),
}

#[derive(Default)]
struct State {
    kinds: BTreeMap<String, Kind>,
    windows: BTreeMap<Key, Window>,
    /// What was refused for want of a right, and until when it is not asked again.
    denied: BTreeMap<Place, (i64, i64, String)>,
    shut_until: i64,
    /// Since when answers held against us are counted, and how many there were.
    invalid: (i64, u32),
}

/// What is known of a kind of call: its bucket, how much that holds, and for how long.
#[derive(Clone)]
struct Kind {
    bucket: String,
    limit: i64,
    lasts_ms: i64,
}

#[derive(Clone, Copy, Default)]
struct Window {
    left: i64,
    ends: i64,
    under_way: i64,
}

/// What an answer's headers say.
struct Told {
    bucket: String,
    limit: i64,
    left: i64,
    after_ms: i64,
}

impl Buckets {
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { global: Pace::new(Arc::clone(&clock)), clock, state: Mutex::default() }
    }

    /// Takes a place, which [`Buckets::answered`] or [`Buckets::lost`] gives back.
    ///
    /// # Errors
    /// How long to wait, or that it was refused a moment ago.
    pub fn take(&self, place: Place) -> Result<Ticket, Stop> {
        let now = self.now();
        let mut state = self.state();
        state.forget(now);
        if let Some((_, code, what)) = state.denied.get(&place) {
            return Err(Stop::Denied(*code, what.clone()));
        }
        if state.invalid.1 >= limits::DISCORD_INVALID {
            return Err(Stop::Wait(state.invalid.0 + limits::DISCORD_INVALID_MS - now));
        }
        if !place.interaction && state.shut_until > now {
            return Err(Stop::Wait(state.shut_until - now));
        }
        let key = state.key(&place);
        if place.callback() {
            return Ok(Ticket { place, key });
        }
        let window = state.room(&place, &key, now).map_err(Stop::Wait)?;
        if !place.interaction {
            self.global.take(&[("global", GLOBAL)]).map_err(Stop::Wait)?;
        }
        state.windows.insert(key.clone(), Window { under_way: window.under_way + 1, ..window });
        Ok(Ticket { place, key })
    }

    /// Learns from an answer; for a 429, says how long to wait, in milliseconds.
    pub fn answered(&self, ticket: Ticket, status: u16, headers: &HeaderMap, body: &Value) -> i64 {
        let now = self.now();
        let mut state = self.state();
        state.give_back(&ticket.key);
        match told(headers) {
            _ if ticket.place.callback() => {}
            Some(told) => state.learn(&ticket.place, told, now),
            None if (200..300).contains(&status) => state.unlimited(&ticket.place),
            None => {}
        }
        let word = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let scope = word("x-ratelimit-scope");
        let against_us = matches!(status, 401 | 403) || (status == 429 && scope != "shared");
        if against_us {
            state.held_against_us(now);
        }
        if status == 403 && !ticket.place.interaction && state.denied.len() < limits::DISCORD_DENIED {
            let what = clip(body["message"].as_str().unwrap_or("refused"), limits::DISCORD_SAID_CHARS);
            let code = body["code"].as_i64().unwrap_or(0);
            state.denied.insert(ticket.place.clone(), (now + limits::DISCORD_DENIED_MS, code, what));
        }
        if status != 429 {
            return 0;
        }
        let seconds = body["retry_after"].as_f64().or_else(|| word("retry-after").parse().ok()).unwrap_or(1.0);
        let wait = millis(seconds).clamp(1, limits::DISCORD_PAUSE_MS);
        // Without a body it is not the API that refuses but what stands before it, and that refuses everything.
        if scope == "global" || body["global"] == Value::Bool(true) || !body.is_object() {
            state.shut_until = state.shut_until.max(now + wait);
        } else if !ticket.place.callback() {
            let key = state.key(&ticket.place);
            let window = state.windows.entry(key).or_default();
            (window.left, window.ends) = (0, window.ends.max(now + wait));
        }
        wait
    }

    /// There was no answer.
    pub fn lost(&self, ticket: &Ticket) {
        let mut state = self.state();
        state.give_back(&ticket.key);
        // It counts if it arrived.
        if let Some(window) = state.windows.get_mut(&ticket.key) {
            window.left -= 1;
        }
    }

    /// How much is remembered, for tests of growth.
    #[must_use]
    pub fn remembered(&self) -> usize {
        let state = self.state();
        state.kinds.len() + state.windows.len() + state.denied.len()
    }

    fn now(&self) -> i64 {
        self.clock.now().work.as_millisecond()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn key(&self, place: &Place) -> Key {
        let bucket = self.kinds.get(&place.kind).map_or(&place.kind, |k| &k.bucket);
        (bucket.clone(), place.top.clone())
    }

    /// The window a call would go into, or how long to wait.
    fn room(&self, place: &Place, key: &Key, now: i64) -> Result<Window, i64> {
        let mut window = self.windows.get(key).copied().unwrap_or_default();
        let runs = window.ends > now;
        match self.kinds.get(&place.kind) {
            Some(kind) if !runs => (window.left, window.ends) = (kind.limit, now + kind.lasts_ms),
            // Answers to interactions have a bucket each, and cannot wait.
            None if !runs => window.left = if place.interaction { window.under_way + 1 } else { 1 },
            _ => {}
        }
        if window.left > window.under_way {
            Ok(window)
        } else if runs {
            Err(window.ends - now)
        } else {
            Err(ASIDE_MS)
        }
    }

    fn learn(&mut self, place: &Place, told: Told, now: i64) {
        let before = self.kinds.get(&place.kind).filter(|k| k.bucket == told.bucket && k.limit == told.limit);
        let lasts_ms = before.map_or(0, |k| k.lasts_ms).max(told.after_ms);
        self.kinds.insert(place.kind.clone(), Kind { bucket: told.bucket, limit: told.limit, lasts_ms });
        let key = self.key(place);
        let window = self.windows.entry(key).or_default();
        if window.ends > now {
            // Answers overtake each other: the smallest figure of a window is the latest.
            window.left = window.left.min(told.left);
            window.ends = window.ends.max(now + told.after_ms);
        } else {
            (window.left, window.ends) = (told.left, now + told.after_ms);
        }
    }

    /// A server that names no bucket: only the global rate holds.
    fn unlimited(&mut self, place: &Place) {
        let free = Kind { bucket: place.kind.clone(), limit: i64::from(u32::MAX), lasts_ms: 0 };
        self.kinds.entry(place.kind.clone()).or_insert(free);
    }

    fn give_back(&mut self, key: &Key) {
        if let Some(window) = self.windows.get_mut(key) {
            window.under_way = (window.under_way - 1).max(0);
        }
    }

    fn held_against_us(&mut self, now: i64) {
        if self.invalid.1 == 0 {
            self.invalid.0 = now;
        }
        self.invalid.1 += 1;
        if self.invalid.1 == limits::DISCORD_INVALID {
            let most = limits::DISCORD_INVALID;
            tracing::error!(name: "discord.refused", most, "Discord refused {most} calls; none are made until it forgot them");
        }
    }

    fn forget(&mut self, now: i64) {
        self.windows.retain(|_, w| w.ends > now || w.under_way > 0);
        self.denied.retain(|_, (until, ..)| *until > now);
        if self.invalid.0 + limits::DISCORD_INVALID_MS <= now {
            self.invalid = (now, 0);
        }
    }
}

fn told(headers: &HeaderMap) -> Option<Told> {
    let word = |name: &str| headers.get(name)?.to_str().ok();
    let number = |name: &str| word(name)?.parse().ok();
    Some(Told {
        bucket: word("x-ratelimit-bucket")?.to_owned(),
        limit: number("x-ratelimit-limit")?,
        left: number("x-ratelimit-remaining")?,
        after_ms: millis(word("x-ratelimit-reset-after")?.parse().ok()?).min(limits::DISCORD_PAUSE_MS),
    })
}

/// Seconds, which come with a fraction, as milliseconds, rounded up.
fn millis(seconds: f64) -> i64 {
    let span = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    i64::try_from(span.as_micros().div_ceil(1000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::VirtualClock;
    use crate::domain::time::{Now, Span, after};
    use serde_json::json;

    struct Side {
        clock: Arc<VirtualClock>,
        buckets: Buckets,
    }

    fn side() -> Side {
        let clock = Arc::new(VirtualClock::starting_at(jiff::Timestamp::UNIX_EPOCH));
        Side { buckets: Buckets::new(Arc::clone(&clock) as Arc<dyn Clock>), clock }
    }

    fn post(channel: u64) -> Place {
        Place::of("POST", &format!("/api/v10/channels/{channel}/messages"))
    }

    fn headers(left: i64, after: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("bucket", "abc"), ("limit", "2"), ("remaining", &left.to_string()), ("reset-after", after)]
        {
            let name = reqwest::header::HeaderName::try_from(format!("x-ratelimit-{name}")).unwrap();
            headers.insert(name, value.parse().unwrap());
        }
        headers
    }

    impl Side {
        fn go(&self, ms: i64) {
            self.clock.set(Now::at(after(self.clock.now().wall, Span::millis(ms))));
        }

        /// A whole call; what it had to wait instead.
        fn call(&self, place: Place, left: i64, after: &str) -> Result<i64, Stop> {
            let ticket = self.buckets.take(place)?;
            Ok(self.buckets.answered(ticket, 200, &headers(left, after), &Value::Null))
        }
    }

    #[test]
    fn a_new_kind_of_call_goes_alone_and_then_by_its_bucket() {
        let side = side();
        let first = side.buckets.take(post(1)).unwrap();
        assert_eq!(side.buckets.take(post(1)).unwrap_err(), Stop::Wait(ASIDE_MS), "what it holds is not known yet");
        assert_eq!(side.buckets.answered(first, 200, &headers(1, "5.000"), &Value::Null), 0);
        assert_eq!(side.call(post(1), 0, "4.5"), Ok(0));
        assert_eq!(side.call(post(1), 0, "1"), Err(Stop::Wait(5000)));
        assert_eq!(side.call(post(2), 1, "5"), Ok(0), "another channel has its own");
        side.go(5000);
        let both = [side.buckets.take(post(1)), side.buckets.take(post(1))].map(Result::unwrap);
        assert!(matches!(side.buckets.take(post(1)), Err(Stop::Wait(_))), "no more at once than the bucket holds");
        both.iter().for_each(|ticket| side.buckets.lost(ticket));
        assert!(matches!(side.buckets.take(post(1)), Err(Stop::Wait(_))), "what is lost may have counted");
    }

    #[test]
    fn a_refusal_is_waited_out_where_it_holds() {
        let side = side();
        side.call(post(1), 1, "5").unwrap();
        let ticket = side.buckets.take(post(1)).unwrap();
        let body = json!({"retry_after": 1.337, "global": false});
        assert_eq!(side.buckets.answered(ticket, 429, &HeaderMap::new(), &body), 1337);
        assert!(matches!(side.buckets.take(post(1)), Err(Stop::Wait(_))));
        assert!(side.buckets.take(post(2)).is_ok());
        let ticket = side.buckets.take(Place::of("GET", "/api/v10/users/@me")).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "100000".parse().unwrap());
        assert_eq!(side.buckets.answered(ticket, 429, &headers, &Value::Null), limits::DISCORD_PAUSE_MS, "capped");
        assert_eq!(side.buckets.take(post(3)).unwrap_err(), Stop::Wait(limits::DISCORD_PAUSE_MS), "all of it");
        let callback = Place::of("POST", "/api/v10/interactions/1/token/callback");
        assert!(side.buckets.take(callback).is_ok(), "interactions are outside the global limit");
    }

    #[test]
    fn no_more_than_fifty_go_in_any_second() {
        let side = side();
        let mut sent = Vec::new();
        for ms in 0..3000 {
            for channel in 0..4 {
                let me = Place::of("GET", &format!("/api/v10/guilds/{}/members/1", ms * 4 + channel + 1));
                if let Ok(ticket) = side.buckets.take(me) {
                    side.buckets.answered(ticket, 200, &HeaderMap::new(), &Value::Null);
                    sent.push(ms);
                }
            }
            side.go(1);
        }
        let most = sent.iter().map(|at| sent.iter().filter(|other| (*at..*at + 1000).contains(*other)).count()).max();
        assert!(most.is_some_and(|most| (40..=50).contains(&most)), "{most:?}");
    }

    #[test]
    fn what_is_forbidden_is_not_asked_again_soon_and_too_many_refusals_end_all_calls() {
        let side = side();
        let body = json!({"code": 50_013, "message": "Missing Permissions"});
        let ticket = side.buckets.take(post(1)).unwrap();
        side.buckets.answered(ticket, 403, &headers(1, "1"), &body);
        assert_eq!(side.buckets.take(post(1)).unwrap_err(), Stop::Denied(50_013, "Missing Permissions".into()));
        assert!(side.buckets.take(post(2)).is_ok());
        side.go(limits::DISCORD_DENIED_MS);
        assert!(side.buckets.take(post(1)).is_ok());
        for channel in 10..9 + u64::from(limits::DISCORD_INVALID) {
            side.go(50);
            let ticket = side.buckets.take(post(channel)).unwrap();
            side.buckets.answered(ticket, 401, &headers(1, "0.01"), &Value::Null);
        }
        assert!(matches!(side.buckets.take(post(9)), Err(Stop::Wait(_))));
        side.go(limits::DISCORD_INVALID_MS);
        assert!(side.buckets.take(post(9)).is_ok());
    }

    #[test]
    fn nothing_is_remembered_for_ever() {
        let side = side();
        for n in 0..5000 {
            let place = Place::of("PATCH", &format!("/api/v10/webhooks/1/token{n}/messages/@original"));
            side.call(place, 1, "0.5").unwrap();
            side.call(Place::of("POST", &format!("/api/v10/interactions/{n}/t/callback")), 1, "0.5").unwrap();
            side.go(100);
        }
        assert!(side.buckets.remembered() < 20, "{}", side.buckets.remembered());
    }
}
