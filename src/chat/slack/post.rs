//! What is sent: posted once per key, edited in place.
//!
//! A message's id is `CHANNEL:TS`. What Slack will not show as blocks is sent as words alone, so that nobody waits for a
//! message that never comes.

use super::ask::Turn;
use super::directory::no_channel;
use super::error::ApiError;
use super::render::{self, Book, Rendered};
use super::{NAME, SlackPlatform};
use crate::chat::text::Reader;
use crate::chat::{ChatError, MessageRef, Post};
use crate::domain::ids::PersonId;
use crate::domain::message::Message;
use serde_json::{Value, json};

/// What marks a message of ours, with its key.
pub const EVENT: &str = "signalbox";

impl SlackPlatform {
    /// As Slack shows it now, with the pictures that were uploaded before.
    pub(super) fn rendered(&self, message: &Message) -> Rendered {
        render::blocks(message, &self.book())
    }

    /// What is known of people, channels and pictures.
    pub(super) fn book(&self) -> Book {
        let policy = (self.policy)();
        let account = |p: &crate::domain::policy::Person| Some((p.id.clone(), p.accounts.get(NAME)?.clone()));
        Book {
            reader: Reader::of(&policy),
            accounts: policy.people.values().filter_map(account).collect(),
            channels: self.directory.channels(),
            pictures: self.uploads.files(),
        }
    }

    pub(super) async fn post_once(&self, post: &Post) -> Result<MessageRef, ChatError> {
        let said = self.try_post(post).await;
        let later = match &said {
            Err(ChatError::Later { after_ms, .. }) => Some(*after_ms),
            _ => None,
        };
        self.unsent.note(&post.key, later, self.clock.now().work.as_millisecond());
        said
    }

    /// [`ChatError::Later`] says that nothing was posted.
    async fn try_post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        // What is for one person goes to them directly: what only shows in a channel while they look is no page.
        let mut channel = match &post.only_for {
            Some(person) => self.account(person)?,
            None => self.channel_id(&post.channel).await?,
        };
        let mut body = json!({"unfurl_links": false, "unfurl_media": false});
        body["metadata"] = json!({"event_type": EVENT, "event_payload": {"key": post.key}});
        let method = "chat.postMessage";
        if let Some((_, ts)) = post.thread.as_ref().and_then(|at| place(&at.id)) {
            body["thread_ts"] = json!(ts);
        }
        let (mut threaded, mut looked) = (body["thread_ts"].is_string(), false);
        let mut turn = Turn::First;
        let said = loop {
            body["channel"] = json!(channel);
            let said = self.say(turn, method, &channel, &body, &post.message).await;
            turn = Turn::Again;
            match said.as_ref().err().and_then(ApiError::code) {
                // Somebody deleted what it answers.
                Some("thread_not_found" | "cannot_reply_to_message" | "invalid_thread_ts") if threaded => {
                    threaded = false;
                    if let Some(fields) = body.as_object_mut() {
                        fields.remove("thread_ts");
                    }
                }
                // A channel of that name may have been made anew.
                Some("channel_not_found")
                    if post.only_for.is_none() && !looked && !self.settings.channels.contains_key(&post.channel) =>
                {
                    looked = true;
                    self.forget_channel(&post.channel);
                    channel = self.channel_id(&post.channel).await?;
                }
                _ => break said,
            }
        };
        let said = said.map_err(|error| refused(&error, method, post))?;
        let ts = said["ts"].as_str().or_else(|| said["message_ts"].as_str());
        let ts = ts.ok_or_else(|| ChatError::Unknown(format!("{method}: Slack names no message")))?;
        let id = format!("{}:{ts}", said["channel"].as_str().unwrap_or(&channel));
        Ok(MessageRef { channel: post.channel.clone(), id })
    }

    pub(super) async fn replace(&self, at: &MessageRef, message: &Message) -> Result<(), ChatError> {
        let (channel, ts) =
            place(&at.id).ok_or_else(|| ChatError::Gone(format!("{} is no message of Slack", at.id)))?;
        let body = json!({"channel": channel, "ts": ts});
        match self.say(Turn::First, "chat.update", channel, &body, message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(match error.code() {
                // Each of them means that this message will not change again: a new one takes its place.
                Some(
                    "message_not_found"
                    | "cant_update_message"
                    | "edit_window_closed"
                    | "channel_not_found"
                    | "is_inactive"
                    | "is_archived"
                    | "not_in_channel",
                ) => ChatError::Gone(format!("{}: {error}", at.id)),
                _ => error.to_chat("chat.update"),
            }),
        }
    }

    /// Sends blocks; without what Slack does not take of them, if need be.
    async fn say(
        &self,
        turn: Turn,
        method: &str,
        channel: &str,
        body: &Value,
        message: &Message,
    ) -> Result<Value, ApiError> {
        self.upload_all(message).await;
        let mut book = self.book();
        let sent = self.say_as(turn, method, channel, body, render::blocks(message, &book)).await;
        if !sent.as_ref().err().is_some_and(about_blocks) {
            if sent.is_ok() {
                self.uploads.shown(message);
            }
            return sent;
        }
        if render::pictures(message).next().is_some() {
            // A file is not there yet for a moment after it was uploaded.
            if let Some(after_ms) = self.uploads.fresh(message, self.clock.now().work.as_millisecond()) {
                return Err(ApiError::RateLimited { after_ms });
            }
            book.pictures.clear();
            let sent = self.say_as(Turn::Again, method, channel, body, render::blocks(message, &book)).await;
            if !sent.as_ref().err().is_some_and(about_blocks) {
                return sent;
            }
        }
        tracing::error!(name: "slack.blocks_refused", method, "Slack takes no blocks of this message; its words are sent");
        let words = Rendered { text: render::blocks(message, &book).text, blocks: json!([]) };
        self.say_as(Turn::Again, method, channel, body, words).await
    }

    async fn say_as(
        &self,
        turn: Turn,
        method: &str,
        channel: &str,
        body: &Value,
        shown: Rendered,
    ) -> Result<Value, ApiError> {
        let mut body = body.clone();
        body["text"] = json!(shown.text);
        body["blocks"] = shown.blocks;
        self.ask_inside(turn, method, channel, &body).await
    }

    pub(super) fn account(&self, person: &PersonId) -> Result<String, ChatError> {
        let policy = (self.policy)();
        let account = policy.people.get(person).and_then(|p| p.accounts.get(NAME)).cloned();
        account.ok_or_else(|| ChatError::Refused(format!("{person} has no account on Slack; name it under [people]")))
    }
}

/// Channel and timestamp of one of our ids.
pub fn place(id: &str) -> Option<(&str, &str)> {
    id.split_once(':').filter(|(channel, ts)| !channel.is_empty() && !ts.is_empty())
}

/// Slack does not take the blocks as they are.
pub fn about_blocks(error: &ApiError) -> bool {
    let of_blocks =
        ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "invalid_arguments"];
    error.code().is_some_and(|code| of_blocks.contains(&code))
}

/// Why a post does not appear, and what to do.
fn refused(error: &ApiError, method: &str, post: &Post) -> ChatError {
    let channel = &post.channel;
    match (error.code(), &post.only_for) {
        (Some("not_in_channel"), _) => {
            ChatError::Barred(format!("the bot is not in #{channel}; type `/invite @signalbox` there"))
        }
        (Some("channel_not_found"), _) => ChatError::Barred(no_channel(channel)),
        (Some("is_archived"), _) => ChatError::Barred(format!("#{channel} is archived on Slack; open it again")),
        (Some("user_not_in_channel"), Some(person)) => {
            ChatError::Refused(format!("{person} is not in #{channel} and cannot be told there"))
        }
        _ => error.to_chat(method),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_name_channel_and_time() {
        assert_eq!(place("C1:1700000000.000100"), Some(("C1", "1700000000.000100")));
        for bad in ["", "C1", ":1", "C1:"] {
            assert_eq!(place(bad), None, "{bad}");
        }
    }
}
