//! Channels that signalbox makes for the work on one incident.
//!
//! Slack gives no key for the making of a channel, but no two have one name. So a lost answer is looked up by the name: a channel
//! that we made, and that is not older than the wish for it, is the one. They are public, so where the incidents channel is not,
//! none is made.

use super::SlackPlatform;
use super::error::ApiError;
use crate::chat::{ChatError, MadeRoom, NewRoom};
use crate::domain::ids::{ChannelName, PersonId};
use jiff::Timestamp;
use serde_json::json;

/// How much Slack's clock may be behind ours, in seconds.
const SKEW: i64 = 120;
/// Characters of a topic.
const TOPIC: usize = 250;
/// Slack's words for who is where they should be, or cannot be asked in.
const THERE: [&str; 6] =
    ["already_in_channel", "cant_invite_self", "user_not_found", "cant_invite", "ura_max_channels", "is_archived"];

impl SlackPlatform {
    pub(super) async fn make_channel(&self, room: &NewRoom, doubt: bool) -> Result<MadeRoom, ChatError> {
        self.is_public(&room.beside).await?;
        for name in &room.names {
            let made = match self.ask("conversations.create", &json!({"name": name})).await {
                Ok(said) => said["channel"]["id"].as_str().map(str::to_owned).ok_or_else(unnamed)?,
                Err(error) if error.code() == Some("name_taken") => {
                    let found = if doubt { self.own_channel(name, room.since).await? } else { None };
                    let Some(id) = found else { continue };
                    id
                }
                Err(error) => return Err(refused(&error)),
            };
            let name = ChannelName::new(name);
            self.learn_channel(&made, &name);
            // Slack reads no formatting in a topic without these.
            let topic: String = room.topic.chars().filter(|c| !"<>&".contains(*c)).take(TOPIC).collect();
            if let Err(error) = self.ask("conversations.setTopic", &json!({"channel": made, "topic": topic})).await {
                tracing::info!(name: "slack.no_topic", channel = %made, %error, "#{name} has no topic: {error}");
            }
            return Ok(MadeRoom { channel: ChannelName::new(&made), name });
        }
        Err(ChatError::Refused(format!("the names {} are taken on Slack", room.names.join(", "))))
    }

    pub(super) async fn ask_in(&self, room: &ChannelName, person: &PersonId) -> Result<(), ChatError> {
        let Ok(account) = self.account(person) else { return Ok(()) };
        match self.ask("conversations.invite", &json!({"channel": room, "users": account})).await {
            Err(error) if !error.code().is_some_and(|code| THERE.contains(&code)) => {
                Err(error.to_chat("conversations.invite"))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn archive(&self, room: &ChannelName) -> Result<(), ChatError> {
        match self.ask("conversations.archive", &json!({"channel": room})).await {
            Err(error) if !matches!(error.code(), Some("already_archived" | "channel_not_found")) => {
                Err(error.to_chat("conversations.archive"))
            }
            _ => Ok(()),
        }
    }

    /// What is said beside a private channel must not be said in a public one.
    async fn is_public(&self, beside: &ChannelName) -> Result<(), ChatError> {
        let id = self.channel_id(beside).await?;
        let private = || {
            let why = format!("#{beside} is private, and a channel made beside it would be public");
            ChatError::Barred(format!("{why}; leave `own_channel` out of the severities, or open #{beside}"))
        };
        match self.read("conversations.info", &[("channel", &id)]).await {
            Ok(said) if said["channel"]["is_private"] == false => Ok(()),
            Ok(_) => Err(private()),
            // Private channels are shown to nobody without a right of its own.
            Err(error) if matches!(error.code(), Some("channel_not_found" | "missing_scope")) => Err(private()),
            Err(error) => Err(error.to_chat("conversations.info")),
        }
    }

    /// The channel of this name that we made since then.
    async fn own_channel(&self, name: &str, since: Timestamp) -> Result<Option<String>, ChatError> {
        let me = self.me().await.map_err(|e| e.to_chat("auth.test"))?;
        let mut found = None;
        let seen = self.each_channel("public_channel", |channel| {
            let young = channel["created"].as_i64().is_some_and(|at| at + SKEW >= since.as_second());
            let ours = channel["name"] == name && channel["creator"] == me.as_str() && young;
            if ours {
                found = channel["id"].as_str().map(str::to_owned);
            }
            !ours
        });
        seen.await.map_err(|e| e.to_chat("conversations.list"))?;
        Ok(found)
    }
}

fn unnamed() -> ChatError {
    ChatError::Unknown("Slack made a channel and does not say which".into())
}

fn refused(error: &ApiError) -> ChatError {
    match error.code() {
        Some("restricted_action" | "user_is_restricted" | "no_permission") => ChatError::Barred(
            "Slack does not let signalbox make channels; an administrator allows it in the workspace's settings".into(),
        ),
        _ => error.to_chat("conversations.create"),
    }
}
