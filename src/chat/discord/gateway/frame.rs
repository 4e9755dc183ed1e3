//! Frames of the gateway: what is read of one, and what we send.

use crate::chat::Token;
use serde_json::{Value, json};

/// GUILDS, GUILD_MESSAGES, GUILD_MESSAGE_REACTIONS and DIRECT_MESSAGES; none of them needs Discord's consent.
pub const INTENTS: u64 = 1 | (1 << 9) | (1 << 10) | (1 << 12);

/// Something that happened, as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispatch {
    /// `INTERACTION_CREATE`.
    pub kind: String,
    pub session: String,
    pub seq: i64,
    pub data: Value,
}

impl Dispatch {
    #[must_use]
    pub fn of(frame: &Value, session: &str, seq: i64) -> Self {
        let kind = frame["t"].as_str().unwrap_or("no type").to_owned();
        Self { kind, session: session.to_owned(), seq, data: frame["d"].clone() }
    }

    /// A frame that the protocol does not know; it has no place in the order of events.
    #[must_use]
    pub fn odd(frame: &Value) -> Self {
        Self { kind: format!("op {}", frame["op"]), session: String::new(), seq: 0, data: frame["d"].clone() }
    }
}

/// What we send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    Identify,
    Resume { session: String, seq: i64 },
    Heartbeat { seq: Option<i64> },
}

impl Out {
    /// As text, well below the 4 096 bytes that Discord takes.
    #[must_use]
    pub fn encode(&self, token: &Token) -> String {
        match self {
            Self::Identify => json!({ "op": 2, "d": {
                "token": token.expose(),
                "intents": INTENTS,
                "compress": false,
                "properties": { "os": std::env::consts::OS, "browser": "signalbox", "device": "signalbox" },
            }}),
            Self::Resume { session, seq } => {
                json!({ "op": 6, "d": { "token": token.expose(), "session_id": session, "seq": seq } })
            }
            Self::Heartbeat { seq } => json!({ "op": 1, "d": seq }),
        }
        .to_string()
    }
}
