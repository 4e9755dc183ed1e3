//! Looking up what a lost answer may have left behind: our messages carry their key in their metadata.

use super::SlackPlatform;
use super::error::ApiError;
use super::post::{EVENT, place};
use crate::chat::{ChatError, MessageRef};
use crate::domain::ids::{ChannelName, PersonId};
use crate::limits;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Keys that this process held back a moment ago, so that nobody need be asked whether they were posted.
///
/// An entry outlives the wait that was asked for by less than another process needs to post the key and fail.
#[derive(Default)]
pub struct Unsent(Mutex<BTreeMap<String, i64>>);

impl Unsent {
    /// The key waits so many milliseconds, or it was sent.
    pub fn note(&self, key: &str, wait_ms: Option<i64>, now: i64) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|_, until| *until >= now);
        match wait_ms {
            Some(ms) => keys.insert(key.to_owned(), now + ms.clamp(0, limits::RETRY_MAX_MS) + limits::SLACK_UNSENT_MS),
            None => keys.remove(key),
        };
    }

    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn holds(&self, key: &str, now: i64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).is_some_and(|until| *until >= now)
    }
}

impl SlackPlatform {
    pub(super) async fn look_up(
        &self,
        channel: &ChannelName,
        thread: Option<&MessageRef>,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        if self.unsent.holds(key, self.clock.now().work.as_millisecond()) {
            return Ok(None);
        }
        let id = self.channel_id(channel).await?;
        let me = self.me().await.map_err(|e| e.to_chat("auth.test"))?;
        let mut found = None;
        if let Some((_, ts)) = thread.and_then(|at| place(&at.id)) {
            found = self.search("conversations.replies", &id, Some(ts), key, &me).await?;
        }
        // A message whose thread is gone was posted beside it.
        if found.is_none() {
            found = self.search("conversations.history", &id, None, key, &me).await?;
        }
        Ok(found.map(|ts| MessageRef { channel: channel.clone(), id: format!("{id}:{ts}") }))
    }

    /// The same, in the conversation with one person.
    pub(super) async fn look_up_alone(
        &self,
        person: &PersonId,
        channel: &ChannelName,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        if self.unsent.holds(key, self.clock.now().work.as_millisecond()) {
            return Ok(None);
        }
        let account = self.account(person)?;
        let me = self.me().await.map_err(|e| e.to_chat("auth.test"))?;
        let said = self.ask("conversations.open", &json!({"users": account})).await;
        let said = said.map_err(|e| e.to_chat("conversations.open"))?;
        let Some(id) = said["channel"]["id"].as_str() else { return Ok(None) };
        let found = self.search("conversations.history", id, None, key, &me).await?;
        Ok(found.map(|ts| MessageRef { channel: channel.clone(), id: format!("{id}:{ts}") }))
    }

    /// The timestamp of our message with this key, among the latest of a channel or those of a thread.
    async fn search(
        &self,
        method: &str,
        channel: &str,
        thread: Option<&str>,
        key: &str,
        me: &str,
    ) -> Result<Option<String>, ChatError> {
        let page = limits::SLACK_PAGE.to_string();
        let mut cursor = String::new();
        for _ in 0..limits::SLACK_FIND_PAGES {
            let mut params = vec![("channel", channel), ("include_all_metadata", "true"), ("limit", page.as_str())];
            params.extend(thread.map(|ts| ("ts", ts)));
            if !cursor.is_empty() {
                params.push(("cursor", &cursor));
            }
            let said = match self.read(method, &params).await {
                Ok(said) => said,
                Err(error) => return unreadable(&error, method),
            };
            let ours = |m: &&Value| {
                let meant = &m["metadata"];
                meant["event_type"] == EVENT
                    && meant["event_payload"]["key"] == key
                    && m["user"].as_str().is_none_or(|u| u == me)
            };
            if let Some(message) = said["messages"].as_array().into_iter().flatten().find(ours) {
                return Ok(message["ts"].as_str().map(str::to_owned));
            }
            cursor = said["response_metadata"]["next_cursor"].as_str().unwrap_or_default().to_owned();
            if cursor.is_empty() {
                break;
            }
        }
        Ok(None)
    }
}

/// Where nothing can be read, nothing was posted; and a bot that may not read would rather say something twice than never.
fn unreadable(error: &ApiError, method: &str) -> Result<Option<String>, ChatError> {
    match error.code() {
        Some("thread_not_found" | "channel_not_found" | "not_in_channel") => Ok(None),
        Some("missing_scope") => {
            tracing::error!(
                name: "slack.cannot_look_up", method, %error,
                "a post whose answer was lost cannot be looked up and may appear twice: {error}"
            );
            Ok(None)
        }
        _ => Err(error.to_chat(method)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_held_back_is_known_for_a_moment() {
        let unsent = Unsent::default();
        unsent.note("card:D-1", Some(1_000), 0);
        assert!(unsent.holds("card:D-1", 1_000) && unsent.holds("card:D-1", 1_000 + limits::SLACK_UNSENT_MS));
        assert!(!unsent.holds("card:D-1", 1_001 + limits::SLACK_UNSENT_MS) && !unsent.holds("card:D-2", 0));
        unsent.note("card:D-1", None, 500);
        assert!(!unsent.holds("card:D-1", 500), "it was sent");
        unsent.note("a", Some(0), 0);
        unsent.note("b", Some(0), 60_000);
        assert_eq!(unsent.0.lock().unwrap().len(), 1, "old ones are forgotten");
    }
}
