//! A message that somebody wrote, read when it is marked, and once more when its timeline is.
//!
//! Without the intent Message Content Discord gives the words of a message only where it names the bot; its author, its time and
//! its place are given in any case.

use super::DiscordPlatform;
use super::arrival::text;
use super::post::{UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, explain, place};
use super::rest::{Call, RestError};
use crate::chat::{ChatError, MessageRef, Spoken};
use serde_json::Value;
use serenity::all::{ChannelId, MessageId};
use serenity::http::Route;

/// Kinds of channel that are threads: of announcements, public, private.
const THREADS: [i64; 3] = [10, 11, 12];

impl DiscordPlatform {
    /// As it reads now, in the words of whoever wrote it.
    pub(super) async fn read_message(&self, at: &MessageRef) -> Result<Option<Spoken>, ChatError> {
        let (channel, id) = place(at)?;
        let channel_id = ChannelId::new(channel);
        let route = Route::ChannelMessage { channel_id, message_id: MessageId::new(id) };
        let message = match self.rest.send(Call::get(route)).await {
            Err(RestError::Code { code: UNKNOWN_MESSAGE | UNKNOWN_CHANNEL, .. }) => return Ok(None),
            said => said.map_err(|e| explain(e, &at.channel, "read messages", false))?,
        };
        let room = self.rest.send(Call::get(Route::Channel { channel_id })).await;
        let room = room.map_err(|e| explain(e, &at.channel, "read messages", false))?;
        let written = message["timestamp"].as_str().and_then(|at| at.parse().ok());
        let author = &message["author"];
        let Some((account, written)) = text(&author["id"]).zip(written) else { return Ok(None) };
        let name = ["global_name", "username"].iter().find_map(|name| author[*name].as_str());
        Ok(Some(Spoken {
            name: name.unwrap_or("somebody on Discord").to_owned(),
            account,
            text: self.as_typed(&message),
            at: written,
            link: Some(format!("https://discord.com/channels/{}/{channel}/{id}", self.guild())),
            thread: root(&room, channel),
        }))
    }
}

/// The message that a thread hangs on has the thread's own id, in the channel above.
pub(super) fn root(room: &Value, channel: u64) -> Option<String> {
    let thread = room["type"].as_i64().is_some_and(|kind| THREADS.contains(&kind));
    text(&room["parent_id"]).filter(|_| thread).map(|parent| format!("{parent}:{channel}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_message_of_a_thread_is_named_by_the_thread() {
        assert_eq!(root(&json!({ "type": 11, "parent_id": "7" }), 9).as_deref(), Some("7:9"));
        assert_eq!(root(&json!({ "type": 0, "parent_id": "7" }), 9), None, "a channel is in a category");
        assert_eq!(root(&json!({ "type": null }), 9), None);
    }
}
