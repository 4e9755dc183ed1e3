//! A message and every version it had.

use super::world::{APP, BOT, BOT_USER, TEAM};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a message said at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    pub at_ms: i64,
    pub text: String,
    pub blocks: Vec<Value>,
    pub attachments: Vec<Value>,
    pub metadata: Option<Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub ts: String,
    /// Who wrote it; the app is [`BOT_USER`].
    pub user: String,
    pub thread_ts: Option<String>,
    pub broadcast: bool,
    /// Seen only by this person.
    pub only_for: Option<String>,
    pub deleted: bool,
    /// The oldest first; never empty.
    pub versions: Vec<Version>,
    /// Emoji to people, in the order they reacted.
    pub reactions: BTreeMap<String, Vec<String>>,
    pub files: Vec<String>,
}

impl Message {
    pub fn now(&self) -> Version {
        let nothing = Version { at_ms: 0, text: String::new(), blocks: vec![], attachments: vec![], metadata: None };
        self.versions.last().cloned().unwrap_or(nothing)
    }

    pub fn text(&self) -> String {
        self.now().text
    }

    pub fn edits(&self) -> usize {
        self.versions.len().saturating_sub(1)
    }

    pub fn by_app(&self) -> bool {
        self.user == BOT_USER
    }

    /// As the Web API shows it. Replies are counted by the caller, who knows the channel.
    pub fn json(&self, with_metadata: bool) -> Value {
        let now = self.now();
        let mut body = json!({"type": "message", "ts": self.ts, "user": self.user, "text": now.text, "team": TEAM});
        let mut set = |key: &str, value: Value| body[key] = value;
        if self.by_app() {
            set("bot_id", json!(BOT));
            set("app_id", json!(APP));
            set(
                "bot_profile",
                json!({"id": BOT, "app_id": APP, "user_id": BOT_USER, "name": "signalbox", "team_id": TEAM,
                "deleted": false, "updated": 1_700_000_000, "icons": {"image_36": "https://example.org/36.png"}}),
            );
        }
        if !now.blocks.is_empty() {
            set("blocks", json!(now.blocks));
        }
        if !now.attachments.is_empty() {
            set("attachments", json!(now.attachments));
        }
        if let Some(thread) = &self.thread_ts {
            set("thread_ts", json!(thread));
            set("parent_user_id", json!(BOT_USER));
        }
        if let Some(metadata) = now.metadata.filter(|_| with_metadata) {
            set("metadata", metadata);
        }
        if self.edits() > 0 {
            set("edited", json!({"user": self.user, "ts": format!("{}.000000", now.at_ms / 1000)}));
        }
        if !self.reactions.is_empty() {
            let all = self.reactions.iter();
            let all: Vec<_> =
                all.map(|(name, users)| json!({"name": name, "users": users, "count": users.len()})).collect();
            set("reactions", json!(all));
        }
        body
    }
}
