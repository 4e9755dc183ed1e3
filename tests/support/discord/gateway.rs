//! The gateway's sessions: who may open one, what is sent to them, what is replayed.

use super::Shared;
use super::permissions as p;
use super::routes::application_flags;
use super::world::World;
use serde_json::{Value, json};
use std::collections::VecDeque;
use tokio::sync::mpsc::UnboundedSender;

const GUILDS: u64 = 1 << 0;
const GUILD_MEMBERS: u64 = 1 << 1;
const GUILD_PRESENCES: u64 = 1 << 8;
const GUILD_MESSAGES: u64 = 1 << 9;
const GUILD_MESSAGE_REACTIONS: u64 = 1 << 10;
const DIRECT_MESSAGES: u64 = 1 << 12;
const DIRECT_MESSAGE_REACTIONS: u64 = 1 << 13;
pub const MESSAGE_CONTENT: u64 = 1 << 15;
/// Every intent there is.
const KNOWN: u64 = 0x1ffff | 3 << 20 | 3 << 24;

const IDENTIFY_GAP_MS: i64 = 5_000;
const IDENTIFIES_PER_DAY: usize = 1_000;
const DAY_MS: i64 = 86_400_000;
const SENDS: usize = 120;
const SENDS_MS: i64 = 60_000;
const PAYLOAD_BYTES: usize = 4_096;
/// Events kept for a resume.
const REPLAY: usize = 2_000;
/// For how long a session without a socket can be resumed.
const SESSION_MS: i64 = 180_000;

/// What is sent into a socket.
#[derive(Clone, Debug)]
pub enum Out {
    Text(String),
    Close(u16),
    /// The socket ends without a close frame.
    Drop,
}

pub struct Conn {
    pub to: UnboundedSender<Out>,
    pub session: Option<String>,
    pub sent: VecDeque<i64>,
    pub beat_ms: i64,
}

#[derive(Clone, Debug)]
pub struct Session {
    pub id: String,
    pub intents: u64,
    pub seq: u64,
    pub events: VecDeque<(u64, String)>,
    pub conn: Option<u64>,
    pub lost_ms: i64,
    /// How often it was resumed, and whether at the address that READY gave.
    pub resumed: usize,
    pub resumed_elsewhere: usize,
}

/// How a frame from the bot ends.
type Heard = Result<(), u16>;

impl World {
    pub fn gateway_bot(&self) -> Value {
        let now = self.ms();
        let used = self.identifies.iter().filter(|at| now - **at < DAY_MS).count();
        json!({
            "url": self.gateway_url, "shards": 1,
            "session_start_limit": {
                "total": IDENTIFIES_PER_DAY, "remaining": IDENTIFIES_PER_DAY.saturating_sub(used),
                "reset_after": DAY_MS, "max_concurrency": 1,
            },
        })
    }

    pub fn send(&self, conn: u64, payload: &Value) {
        if let Some(conn) = self.conns.get(&conn) {
            let _ = conn.to.send(Out::Text(payload.to_string()));
        }
    }

    /// A frame from the bot; an error is the code it is closed with.
    pub fn hear(&mut self, conn: u64, resume_path: bool, text: &str) -> Heard {
        let now = self.ms();
        let Some(state) = self.conns.get_mut(&conn) else { return Ok(()) };
        state.sent.push_back(now);
        while state.sent.front().is_some_and(|at| now - at >= SENDS_MS) {
            state.sent.pop_front();
        }
        if state.sent.len() > SENDS {
            return Err(4008);
        }
        if text.len() > PAYLOAD_BYTES {
            return Err(4002);
        }
        let payload: Value = serde_json::from_str(text).map_err(|_| 4002_u16)?;
        let session = state.session.clone();
        match payload["op"].as_u64() {
            Some(1) => {
                let seq = session.as_ref().and_then(|id| self.sessions.get(id)).map_or(0, |s| s.seq);
                if payload["d"].as_u64().is_some_and(|d| d > seq) {
                    return Err(4007);
                }
                self.conns.get_mut(&conn).unwrap().beat_ms = now;
                if !self.faults.zombie {
                    self.send(conn, &json!({ "op": 11, "d": null, "s": null, "t": null }));
                }
                Ok(())
            }
            Some(2) if session.is_some() => Err(4005),
            Some(2) => self.identify(conn, &payload["d"]),
            Some(6) if session.is_some() => Err(4005),
            Some(6) => self.resume(conn, resume_path, &payload["d"]),
            Some(3 | 4 | 8 | 31) if session.is_some() => Ok(()),
            Some(3 | 4 | 8 | 31) => Err(4003),
            _ => Err(4001),
        }
    }

    fn identify(&mut self, conn: u64, d: &Value) -> Heard {
        let now = self.ms();
        // The header's `Bot ` does not belong here.
        if d["token"].as_str() != Some(self.token.as_str()) {
            return Err(4004);
        }
        let Some(intents) = d["intents"].as_u64().filter(|i| i & !KNOWN == 0) else { return Err(4013) };
        let mut granted = !(GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT);
        granted |= if self.options.message_content { MESSAGE_CONTENT } else { 0 };
        granted |= if self.options.member_list { GUILD_MEMBERS } else { 0 };
        if intents & !granted != 0 {
            return Err(4014);
        }
        if !["os", "browser", "device"].iter().all(|key| d["properties"][*key].is_string()) {
            return Err(4002);
        }
        if d["shard"].as_array().is_some_and(|s| s.iter().map(Value::as_u64).collect::<Vec<_>>() != [Some(0), Some(1)])
        {
            return Err(4010);
        }
        let last = self.identifies.last().copied();
        self.identifies.push(now);
        self.identifies.retain(|at| now - at < DAY_MS);
        if self.options.strict && last.is_some_and(|last| now - last < IDENTIFY_GAP_MS) {
            self.refuse("gateway", 9, 0, "a second IDENTIFY within five seconds");
            self.send(conn, &json!({ "op": 9, "d": false, "s": null, "t": null }));
            return Ok(());
        }
        if self.identifies.len() > IDENTIFIES_PER_DAY {
            self.token = format!("{}-reset", self.token);
            return Err(4004);
        }
        let id = format!("session-{}", self.id());
        let session = Session {
            id: id.clone(),
            intents,
            seq: 0,
            events: VecDeque::new(),
            conn: Some(conn),
            lost_ms: 0,
            resumed: 0,
            resumed_elsewhere: 0,
        };
        self.sessions.insert(id.clone(), session);
        self.conns.get_mut(&conn).unwrap().session = Some(id.clone());
        let guild = self.guild.to_string();
        let ready = json!({
            "v": 10, "user": self.user(self.bot), "guilds": [{ "id": guild, "unavailable": true }],
            "session_id": id, "resume_gateway_url": format!("{}/resume", self.gateway_url), "shard": [0, 1],
            "application": { "id": self.bot.to_string(), "flags": application_flags(self) },
            "session_type": "normal", "private_channels": [], "relationships": [], "presences": [],
            "user_settings": {}, "geo_ordered_rtc_regions": [], "guild_join_requests": [], "_trace": ["[\"fake\"]"],
        });
        self.give(&id, "READY", &ready);
        if intents & GUILDS != 0 {
            let guild = self.full_guild();
            self.give(&id, "GUILD_CREATE", &guild);
        }
        self.tell();
        Ok(())
    }

    fn resume(&mut self, conn: u64, resume_path: bool, d: &Value) -> Heard {
        let now = self.ms();
        if d["token"].as_str() != Some(self.token.as_str()) {
            return Err(4004);
        }
        let id = d["session_id"].as_str().unwrap_or_default().to_owned();
        let seq = d["seq"].as_u64();
        let session = self.sessions.get(&id).filter(|s| s.conn.is_some() || now - s.lost_ms <= SESSION_MS);
        let first = session.and_then(|s| s.events.front().map(|(seq, _)| *seq)).unwrap_or(0);
        let Some((session, seq)) = session.zip(seq).filter(|(_, seq)| seq + 1 >= first) else {
            self.sessions.remove(&id);
            self.send(conn, &json!({ "op": 9, "d": false, "s": null, "t": null }));
            return Ok(());
        };
        if seq > session.seq {
            self.sessions.remove(&id);
            return Err(4007);
        }
        let missed: Vec<String> =
            session.events.iter().filter(|(n, _)| *n > seq).map(|(_, text)| text.clone()).collect();
        // One socket per session: the older one is told to go.
        if let Some(old) = session.conn.and_then(|old| self.conns.get_mut(&old)) {
            old.session = None;
            let _ = old.to.send(Out::Close(4000));
        }
        let session = self.sessions.get_mut(&id).unwrap();
        session.conn = Some(conn);
        session.resumed += 1;
        session.resumed_elsewhere += usize::from(!resume_path);
        let state = self.conns.get_mut(&conn).unwrap();
        state.session = Some(id.clone());
        for text in missed {
            let _ = state.to.send(Out::Text(text));
        }
        self.give(&id, "RESUMED", &json!({ "_trace": ["[\"fake\"]"] }));
        self.tell();
        Ok(())
    }

    /// A socket is gone; with 1000 or 1001 from the bot its session is too.
    pub fn gone(&mut self, conn: u64, code: Option<u16>) {
        let now = self.ms();
        let Some(state) = self.conns.remove(&conn) else { return };
        if let Some(id) = state.session {
            if matches!(code, Some(1000 | 1001)) {
                self.sessions.remove(&id);
            } else if let Some(session) = self.sessions.get_mut(&id).filter(|s| s.conn == Some(conn)) {
                session.conn = None;
                session.lost_ms = now;
            }
        }
        self.tell();
    }

    /// Numbers an event for a session, keeps it for a resume, and sends it if there is a socket.
    pub fn give(&mut self, session: &str, kind: &str, d: &Value) {
        let d = self.options.noise.applied(d);
        let Some(session) = self.sessions.get_mut(session) else { return };
        session.seq += 1;
        let text = json!({ "op": 0, "t": kind, "s": session.seq, "d": d }).to_string();
        session.events.push_back((session.seq, text.clone()));
        if session.events.len() > REPLAY {
            session.events.pop_front();
        }
        if let Some(conn) = session.conn {
            self.transmit(conn, text);
        }
    }

    /// To every session.
    pub fn dispatch_all(&mut self, kind: &str, d: &Value) {
        self.dispatch_to(kind, d, d, 0);
    }

    fn dispatch_to(&mut self, kind: &str, full: &Value, bare: &Value, intent: u64) {
        let ids: Vec<(String, u64)> = self.sessions.values().map(|s| (s.id.clone(), s.intents)).collect();
        for (id, intents) in ids {
            if intents & intent == intent {
                let all = intents & MESSAGE_CONTENT != 0;
                self.give(&id, kind, if all { full } else { bare });
            }
        }
        self.tell();
    }

    /// To the sessions that asked for such events, if the bot sees the channel.
    pub fn dispatch_in(&mut self, channel: u64, kind: &str, d: &Value) {
        if let Some(intent) = self.intent(channel, kind) {
            self.dispatch_to(kind, d, d, intent);
        }
    }

    fn intent(&self, channel: u64, kind: &str) -> Option<u64> {
        if self.allowed(channel) & p::VIEW_CHANNEL == 0 {
            return None;
        }
        let direct = self.channels.get(&channel).is_some_and(|c| c.kind == 1);
        Some(match (kind, direct) {
            (kind, false) if kind.starts_with("MESSAGE_REACTION") => GUILD_MESSAGE_REACTIONS,
            (kind, true) if kind.starts_with("MESSAGE_REACTION") => DIRECT_MESSAGE_REACTIONS,
            (kind, false) if kind.starts_with("MESSAGE") => GUILD_MESSAGES,
            (kind, true) if kind.starts_with("MESSAGE") => DIRECT_MESSAGES,
            _ => GUILDS,
        })
    }

    /// MESSAGE_CREATE or MESSAGE_UPDATE, with the content for those who may read it. Ephemeral ones make no event.
    pub fn message_event(&mut self, kind: &str, channel: u64, id: u64) {
        self.tell();
        let message = &self.messages[&(channel, id)];
        let Some(intent) = self.intent(channel, kind).filter(|_| message.only_for.is_none()) else { return };
        let complete = |content: bool| {
            let mut event = self.message(message, content);
            self.place(&mut event, channel);
            if event.get("guild_id").is_some() {
                event["member"] = self.partial_member(message.author);
            }
            event
        };
        let (full, bare) = (complete(true), complete(self.readable(message)));
        self.dispatch_to(kind, &full, &bare, intent);
    }

    /// Adds the server's id where the channel has one.
    pub fn place(&self, event: &mut Value, channel: u64) {
        if self.channels.get(&channel).is_some_and(|c| c.kind != 1) {
            event["guild_id"] = json!(self.guild.to_string());
        }
        event["channel_type"] = json!(self.channels.get(&channel).map(|c| c.kind));
    }
}

/// Closes sockets that are silent for too long.
pub(super) fn silent(shared: &Shared) {
    let mut world = shared.lock();
    let now = world.ms();
    let patience = world.options.heartbeat_ms * 2;
    let late: Vec<u64> = world.conns.iter().filter(|(_, c)| now - c.beat_ms > patience).map(|(id, _)| *id).collect();
    for id in late {
        world.refuse("gateway", 4009, 0, "no heartbeat");
        if let Some(conn) = world.conns.get_mut(&id) {
            conn.beat_ms = now;
            let _ = conn.to.send(Out::Close(4009));
        }
    }
}
