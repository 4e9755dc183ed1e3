//! Channels that signalbox makes for the work on one incident.
//!
//! Two channels may have one name here. So the topic carries the incident's key, and a channel with that key is used again: what
//! a lost answer has made is found. The rights are those of the incidents channel, so nobody sees more than before.

use super::DiscordPlatform;
use super::post::explain;
use super::rest::{Call, RestError};
use crate::chat::{ChatError, MadeRoom, NewRoom};
use crate::domain::ids::ChannelName;
use reqwest::Method;
use serde_json::{Value, json};
use serenity::all::GuildId;
use serenity::http::Route;

/// Characters of a topic.
const TOPIC: usize = 1_000;
/// A text channel.
const TEXT: i64 = 0;
const NO_ACCESS: i64 = 50_001;
const NO_PERMISSION: i64 = 50_013;
/// The server is full.
const FULL: i64 = 30_013;

impl DiscordPlatform {
    pub(super) async fn make_channel(&self, room: &NewRoom) -> Result<MadeRoom, ChatError> {
        let route = || Route::GuildChannels { guild_id: GuildId::new(self.guild()) };
        let list = self.rest.send(Call::get(route())).await?;
        let all = list.as_array().map(Vec::as_slice).unwrap_or_default();
        let mark = mark(&room.key);
        let ours = |c: &&Value| c["type"] == TEXT && c["topic"].as_str().is_some_and(|topic| topic.ends_with(&mark));
        if let Some(made) = all.iter().find(ours).and_then(made) {
            self.learn_channel(made.channel.as_str(), &made.name);
            return Ok(made);
        }
        let beside = self.channel_id(&room.beside).await?.to_string();
        let beside = all.iter().find(|c| c["id"] == beside.as_str()).ok_or_else(|| {
            ChatError::Barred(format!("signalbox cannot see #{}, whose rights the new channel has", room.beside))
        })?;
        let rest = TOPIC.saturating_sub(mark.chars().count());
        let topic: String = room.topic.chars().take(rest).chain(mark.chars()).collect();
        let body = json!({
            "name": room.names.first(),
            "type": TEXT,
            "topic": topic,
            "parent_id": beside["parent_id"],
            "permission_overwrites": beside["permission_overwrites"],
        });
        let said = self.rest.send(Call::new(Method::POST, route()).body(body)).await;
        let said = said.map_err(|error| refused(error, &room.beside))?;
        let made = made(&said);
        let made = made.ok_or_else(|| ChatError::Unknown("Discord made a channel and does not say which".into()))?;
        self.learn_channel(made.channel.as_str(), &made.name);
        Ok(made)
    }
}

/// How a topic ends that is an incident's.
fn mark(key: &str) -> String {
    format!(" [signalbox {key}]")
}

fn made(channel: &Value) -> Option<MadeRoom> {
    let text = |key: &str| channel[key].as_str().filter(|text| !text.is_empty()).map(ChannelName::new);
    Some(MadeRoom { channel: text("id")?, name: text("name")? })
}

fn refused(error: RestError, beside: &ChannelName) -> ChatError {
    match &error {
        RestError::Code { code: NO_PERMISSION | NO_ACCESS, .. } => ChatError::Barred(format!(
            "signalbox may not make channels on Discord; give its role Manage Channels, and every right that #{beside} gives or takes"
        )),
        RestError::Code { code: FULL, .. } => ChatError::Refused("the Discord server takes no more channels".into()),
        _ => explain(error, beside, "make channels", false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_the_beginning_of_another() {
        assert!(format!("INC-1 P0: slow{}", mark("INC-1")).ends_with(&mark("INC-1")));
        assert!(!format!("INC-11 P0: slow{}", mark("INC-11")).ends_with(&mark("INC-1")));
        assert!(!format!("INC-1 P0: slow{}", mark("INC-1")).ends_with(&mark("INC-11")));
    }
}
