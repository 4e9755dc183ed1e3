//! The gateway's protocol, pure: a frame or the time goes in, steps come out. No socket, no clock, no randomness of its own.
//!
//! A session outlives its connections. It is resumed until Discord says that it is gone; then everything is asked anew and
//! whatever was missed is read back. What a frame holds is only looked at, never required: an unknown one changes nothing.

use super::frame::{Dispatch, Out};
use crate::chat::discord::rest::BAD_TOKEN;
use crate::limits;
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::VecDeque;

/// Our own close: it keeps the session, as any code but 1000 and 1001 does.
pub const KEEP_SESSION: u16 = 4000;

/// What Discord remembers of us across connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: String,
    /// The last event received.
    pub seen: i64,
    /// Every event up to this one is stored.
    pub kept: i64,
    /// Where it is resumed.
    pub url: String,
    /// Our own account.
    pub me: String,
}

/// What is to be done next, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Send(Out),
    /// Something happened.
    Event(Dispatch),
    /// The connection stands. `fresh`: as a new session, so that events may have been missed.
    Up {
        fresh: bool,
    },
    /// Close with [`KEEP_SESSION`] and connect again, not before so many milliseconds.
    Leave {
        why: &'static str,
        pause_ms: u64,
    },
}

/// What follows from the end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Again,
    /// Connecting again would end the same way; says what to do.
    Stop(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    /// Waits for HELLO until then.
    Greeting(i64),
    /// Waits for READY or RESUMED until then.
    Starting(i64),
    Up,
}

#[derive(Clone, Copy, Debug)]
struct Beat {
    every_ms: i64,
    next_at: i64,
    /// The one that is not acknowledged yet.
    asked_at: Option<i64>,
}

/// One bot's side of the protocol. All times are ms on the work clock.
pub struct Protocol {
    session: Option<Session>,
    phase: Phase,
    beat: Option<Beat>,
    sent: VecDeque<i64>,
    dice: Rng,
    /// Connections in a row that did not come up.
    misses: u32,
}

impl Protocol {
    /// `session` may be from an earlier process. The seed is for jitter.
    #[must_use]
    pub fn new(session: Option<Session>, seed: u64) -> Self {
        Self { session, phase: Phase::Closed, beat: None, sent: VecDeque::new(), dice: Rng::with_seed(seed), misses: 0 }
    }

    /// The session as it stands.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    #[must_use]
    pub fn is_up(&self) -> bool {
        self.phase == Phase::Up
    }

    /// Where to connect: where the session asks for, unless that did not work a few times. `None`: at the bot's usual address.
    #[must_use]
    pub fn resume_url(&self) -> Option<&str> {
        let session = self.session.as_ref()?;
        (self.misses < limits::GATEWAY_RESUME_TRIES && !session.url.is_empty()).then_some(session.url.as_str())
    }

    /// Everything of session `id` up to `seq` is stored.
    pub fn kept(&mut self, id: &str, seq: i64) {
        if let Some(session) = self.session.as_mut().filter(|s| s.id == id) {
            session.kept = session.kept.max(seq);
        }
    }

    /// A connection stands.
    pub fn opened(&mut self, now: i64) {
        self.phase = Phase::Greeting(now + limits::GATEWAY_START_MS);
        self.beat = None;
        self.sent.clear();
        self.misses = self.misses.saturating_add(1);
    }

    /// No connection came about.
    pub fn unreachable(&mut self) {
        self.misses = self.misses.saturating_add(1);
        self.phase = Phase::Closed;
    }

    /// It ended, with Discord's close code if there was one.
    pub fn closed(&mut self, code: Option<u16>) -> Ended {
        self.phase = Phase::Closed;
        self.beat = None;
        // Without its id it cannot be resumed.
        self.session.take_if(|s| s.id.is_empty());
        match code {
            Some(4004) => Ended::Stop(BAD_TOKEN),
            Some(4010..=4011) => {
                Ended::Stop("Discord asks for sharding, which signalbox does not do: use a bot of fewer servers")
            }
            Some(4012) => Ended::Stop("Discord no longer speaks this version of its gateway: update signalbox"),
            Some(4013) => Ended::Stop("Discord does not know an intent that signalbox asks for: update signalbox"),
            Some(4014) => Ended::Stop(
                "Discord refuses an intent: allow it on the Bot page of the application at the developer portal",
            ),
            Some(4007 | 4009) => {
                self.session = None;
                Ended::Again
            }
            _ => Ended::Again,
        }
    }

    /// When [`Protocol::tick`] has something to do at the latest.
    #[must_use]
    pub fn due(&self) -> Option<i64> {
        let start = match self.phase {
            Phase::Greeting(until) | Phase::Starting(until) => Some(until),
            Phase::Closed | Phase::Up => None,
        };
        let beat = self.beat.map(|b| b.asked_at.map_or(b.next_at, |at| b.next_at.min(at + patience(b.every_ms))));
        [start, beat].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn tick(&mut self, now: i64) -> Vec<Step> {
        match self.phase {
            Phase::Closed => return Vec::new(),
            Phase::Greeting(until) if now >= until => return vec![leave("no HELLO")],
            Phase::Starting(until) if now >= until => return vec![leave("neither READY nor RESUMED")],
            _ => {}
        }
        let Some(beat) = self.beat.as_mut() else { return Vec::new() };
        match beat.asked_at {
            Some(at) if now >= at + patience(beat.every_ms) || now >= beat.next_at => {
                vec![leave("a heartbeat is not acknowledged")]
            }
            None if now >= beat.next_at => {
                beat.next_at = now + beat.every_ms;
                self.heartbeat(now, 0)
            }
            _ => Vec::new(),
        }
    }

    /// A frame arrived.
    pub fn frame(&mut self, frame: &Value, now: i64) -> Vec<Step> {
        if self.phase == Phase::Closed {
            return Vec::new();
        }
        match frame["op"].as_i64() {
            Some(0) => self.dispatch(frame),
            Some(1) => self.heartbeat(now, limits::GATEWAY_SENDS_SPARE),
            Some(7) => vec![leave("asked to reconnect")],
            Some(9) => self.invalid(frame["d"].as_bool().unwrap_or(false)),
            Some(10) => self.hello(frame, now),
            Some(11) => {
                if let Some(beat) = self.beat.as_mut() {
                    beat.asked_at = None;
                }
                Vec::new()
            }
            _ => vec![Step::Event(Dispatch::odd(frame))],
        }
    }

    fn hello(&mut self, frame: &Value, now: i64) -> Vec<Step> {
        if !matches!(self.phase, Phase::Greeting(_)) {
            return Vec::new();
        }
        let told = frame["d"]["heartbeat_interval"].as_i64().unwrap_or(limits::GATEWAY_BEAT_MAX_MS);
        let every_ms = told.clamp(limits::GATEWAY_BEAT_MIN_MS, limits::GATEWAY_BEAT_MAX_MS);
        self.beat = Some(Beat { every_ms, next_at: now + self.dice.i64(0..=every_ms), asked_at: None });
        self.phase = Phase::Starting(now + limits::GATEWAY_START_MS);
        self.sent.push_back(now);
        vec![Step::Send(match &self.session {
            Some(session) => Out::Resume { session: session.id.clone(), seq: session.seen },
            None => Out::Identify,
        })]
    }

    /// At most 120 sends in 60 s, of which `spare` are not for this one.
    fn heartbeat(&mut self, now: i64, spare: usize) -> Vec<Step> {
        while self.sent.front().is_some_and(|at| now - at >= limits::GATEWAY_SENDS_MS) {
            self.sent.pop_front();
        }
        if self.sent.len() + spare >= limits::GATEWAY_SENDS {
            return Vec::new();
        }
        self.sent.push_back(now);
        if let Some(beat) = self.beat.as_mut() {
            beat.asked_at.get_or_insert(now);
        }
        vec![Step::Send(Out::Heartbeat { seq: self.session.as_ref().map(|s| s.kept) })]
    }

    fn invalid(&mut self, resumable: bool) -> Vec<Step> {
        if !resumable {
            self.session = None;
        }
        vec![Step::Leave { why: "the session is not valid", pause_ms: self.dice.u64(1_000..=5_000) }]
    }

    fn dispatch(&mut self, frame: &Value) -> Vec<Step> {
        let seq = frame["s"].as_i64();
        match frame["t"].as_str() {
            Some("READY") => return self.ready(&frame["d"], seq.unwrap_or(0)),
            Some("RESUMED") => {
                self.see(seq);
                return self.up(false);
            }
            _ => {}
        }
        self.see(seq);
        let session = self.session.as_ref();
        let seq = seq.or(session.map(|s| s.seen)).unwrap_or(0);
        vec![Step::Event(Dispatch::of(frame, session.map_or("", |s| s.id.as_str()), seq))]
    }

    fn ready(&mut self, data: &Value, seq: i64) -> Vec<Step> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (id, url) = (text(&data["session_id"]), text(&data["resume_gateway_url"]));
        let me = text(&data["user"]["id"]);
        self.session = Some(Session { id, seen: seq, kept: seq, url, me });
        self.up(true)
    }

    fn up(&mut self, fresh: bool) -> Vec<Step> {
        self.phase = Phase::Up;
        self.misses = 0;
        vec![Step::Up { fresh }]
    }

    fn see(&mut self, seq: Option<i64>) {
        if let (Some(session), Some(seq)) = (self.session.as_mut(), seq) {
            session.seen = session.seen.max(seq);
        }
    }
}

fn leave(why: &'static str) -> Step {
    Step::Leave { why, pause_ms: 0 }
}

/// How long an acknowledgement may take: a dead peer is noticed well before the next heartbeat.
fn patience(every_ms: i64) -> i64 {
    every_ms.min(limits::GATEWAY_ACK_MS)
}
