//! What a person did that waits for an answer: a command, a click, a completion, a submitted form.

use super::error::{self, ApiError};
use super::world::World;
use serde_json::{Value, json};

pub const COMMAND: u8 = 2;
pub const COMPONENT: u8 = 3;
pub const AUTOCOMPLETE: u8 = 4;
pub const SUBMIT: u8 = 5;

/// For how long the first answer is waited for.
pub const FIRST_MS: i64 = 3_000;
/// For how long the token takes answers.
pub const TOKEN_MS: i64 = 900_000;

/// The first answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The callback's type: 4 message, 5 later, 6 later in place, 7 in place, 8 choices, 9 form.
    pub kind: u8,
    /// How long it took, by the fake's clock.
    pub after_ms: i64,
    pub ephemeral: bool,
}

#[derive(Clone, Debug)]
pub struct Interaction {
    pub id: u64,
    pub token: String,
    pub kind: u8,
    pub user: u64,
    pub channel: u64,
    pub at_ms: i64,
    pub ack: Option<Ack>,
    /// It was too late; the person read that the application did not respond.
    pub late: bool,
    /// The message whose button was clicked, with its channel.
    pub source: Option<(u64, u64)>,
    /// What `@original` is.
    pub original: Option<(u64, u64)>,
    pub followups: Vec<(u64, u64)>,
    /// Still "is thinking".
    pub loading: bool,
    pub choices: Option<Vec<Value>>,
    pub modal: Option<Value>,
}

impl World {
    /// Opens an interaction and sends it to every session. `data` and `extra` complete its payload.
    pub fn interact(&mut self, kind: u8, user: u64, channel: u64, data: Value, source: Option<(u64, u64)>) -> u64 {
        let id = self.id();
        let token = format!("test-interaction-{id}");
        let direct = self.channels[&channel].kind == 1;
        let mut payload = json!({
            "id": id.to_string(), "application_id": self.bot.to_string(), "type": kind, "data": data,
            "token": token, "version": 1, "channel_id": channel.to_string(),
            "channel": self.channel(&self.channels[&channel]), "app_permissions": self.allowed(channel).to_string(),
            "locale": "en-GB", "entitlements": [], "attachment_size_limit": 10_485_760,
            "authorizing_integration_owners": { "0": self.guild.to_string() }, "context": u8::from(direct),
        });
        if direct {
            payload["user"] = self.user(user);
        } else {
            payload["guild_id"] = json!(self.guild.to_string());
            payload["guild"] = json!({ "id": self.guild.to_string(), "locale": "en-GB", "features": [] });
            payload["guild_locale"] = json!("en-GB");
            payload["member"] = self.member(user);
            payload["member"]["permissions"] = json!(super::permissions::USUAL.to_string());
        }
        if let Some(message) = source.and_then(|key| self.messages.get(&key)) {
            payload["message"] = self.message(message, true);
        }
        let interaction = Interaction {
            id,
            token,
            kind,
            user,
            channel,
            at_ms: self.ms(),
            ack: None,
            late: false,
            source,
            original: None,
            followups: Vec::new(),
            loading: false,
            choices: None,
            modal: None,
        };
        self.interactions.insert(id, interaction);
        self.dispatch_all("INTERACTION_CREATE", &payload);
        id
    }

    /// The interaction that a first answer is for: in time, with its token, not answered yet.
    pub fn unanswered(&self, id: u64, token: &str) -> Result<&Interaction, ApiError> {
        let found = self.interactions.get(&id).filter(|i| i.token == token);
        let found = found.ok_or_else(error::unknown_interaction)?;
        if found.ack.is_some() {
            return Err(error::acknowledged());
        }
        if found.late || self.ms() - found.at_ms > FIRST_MS {
            return Err(error::unknown_interaction());
        }
        Ok(found)
    }

    /// The answered interaction behind a token that is still good.
    pub fn by_token(&self, token: &str) -> Result<&Interaction, ApiError> {
        let id: Option<u64> = token.strip_prefix("test-interaction-").and_then(|id| id.parse().ok());
        let found = id.and_then(|id| self.interactions.get(&id)).ok_or_else(error::unknown_webhook)?;
        if self.ms() - found.at_ms > TOKEN_MS {
            return Err(error::invalid_webhook_token());
        }
        match found.ack {
            Some(ack) if ack.kind != 8 => Ok(found),
            _ => Err(error::unknown_webhook()),
        }
    }

    /// Marks what was not answered in time; the person reads so.
    pub fn expire(&mut self) {
        let now = self.ms();
        let open = self.interactions.values_mut().filter(|i| i.ack.is_none() && !i.late);
        let mut some = false;
        for interaction in open.filter(|i| now - i.at_ms > FIRST_MS) {
            interaction.late = true;
            some = true;
        }
        if some {
            self.tell();
        }
    }
}
