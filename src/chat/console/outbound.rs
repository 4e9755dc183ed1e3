//! What signalbox says: posted once per key, edited in place.

use super::ConsolePlatform;
use super::entry::{Content, mentions};
use super::error::ConsoleError;
use super::read::{gone, number};
use crate::chat::text::{Reader, render_text};
use crate::chat::{ChatError, MadeRoom, MessageRef, NewRoom, Platform, Post, Spoken};
use crate::domain::ids::{ChannelName, PersonId, PlatformName};
use crate::domain::message::Message;
use crate::limits::CONSOLE_MESSAGE_BYTES;
use async_trait::async_trait;
use jiff::tz::TimeZone;
use sqlx::Row as _;
use std::collections::BTreeMap;

const INSERT: &str = "
INSERT INTO messages (rev, channel, thread, author, only_for, key, content, mentions, created)
VALUES ((SELECT COALESCE(MAX(rev), 0) + 1 FROM messages), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (key) DO NOTHING RETURNING id, rev";

/// A message's reader count and last reply show on it, so a reply is a change of it.
pub(super) const TOUCH: &str =
    "UPDATE messages SET rev = (SELECT MAX(rev) + 1 FROM messages) WHERE id = ?1 RETURNING rev";

const EDIT: &str = "
UPDATE messages SET rev = (SELECT MAX(rev) + 1 FROM messages), content = ?3, mentions = ?4, edited = ?5
WHERE id = ?1 AND channel = ?2 AND content <> ?3 RETURNING rev";

/// A message about to be stored, by anybody.
pub(super) struct New<'a> {
    pub key: &'a str,
    pub channel: &'a ChannelName,
    pub thread: Option<&'a str>,
    pub author: Option<&'a PersonId>,
    pub only_for: Option<&'a PersonId>,
    pub content: &'a Content,
}

impl ConsolePlatform {
    /// Stores a message once per key, and gives the id of the one that stands under the key.
    pub(super) async fn store(&self, new: &New<'_>) -> Result<MessageRef, ConsoleError> {
        let json = serde_json::to_string(new.content)?;
        if json.len() > CONSOLE_MESSAGE_BYTES {
            let (size, most) = (json.len(), CONSOLE_MESSAGE_BYTES);
            return Err(ConsoleError::Refused(format!("a message of {size} bytes; at most {most} fit")));
        }
        let notified = match new.content {
            Content::Message(message) => mentions(message),
            Content::Typed(_) => " ".to_owned(),
        };
        let mut tx = self.storage.write.begin_with("BEGIN IMMEDIATE").await?;
        let parent = match new.thread {
            Some(id) => Some(self.root(&mut tx, new.channel, id).await?),
            None => None,
        };
        let row = sqlx::query(INSERT)
            .bind(new.channel.as_str())
            .bind(parent)
            .bind(new.author.map(PersonId::as_str))
            .bind(new.only_for.map(PersonId::as_str))
            .bind(new.key)
            .bind(&json)
            .bind(notified)
            .bind(self.now().as_millisecond())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else {
            let (id, channel): (i64, String) = sqlx::query_as("SELECT id, channel FROM messages WHERE key = ?1")
                .bind(new.key)
                .fetch_one(&mut *tx)
                .await?;
            return Ok(MessageRef { channel: ChannelName::new(&channel), id: id.to_string() });
        };
        let (id, mut rev): (i64, i64) = (row.try_get("id")?, row.try_get("rev")?);
        if let Some(parent) = parent {
            rev = sqlx::query_scalar(TOUCH).bind(parent).fetch_one(&mut *tx).await?;
        }
        tx.commit().await?;
        self.changed(rev);
        Ok(MessageRef { channel: new.channel.clone(), id: id.to_string() })
    }

    /// The message that a thread hangs on; threads have no threads.
    async fn root(
        &self,
        tx: &mut sqlx::Transaction<'_, sqlx::Sqlite>,
        channel: &ChannelName,
        id: &str,
    ) -> Result<i64, ConsoleError> {
        sqlx::query_scalar("SELECT COALESCE(thread, id) FROM messages WHERE id = ?1 AND channel = ?2")
            .bind(number(id)?)
            .bind(channel.as_str())
            .fetch_optional(&mut **tx)
            .await?
            .ok_or_else(|| gone(id))
    }

    async fn replace(&self, at: &MessageRef, message: &Message) -> Result<(), ConsoleError> {
        let content = serde_json::to_string(&Content::Message(message.clone()))?;
        if content.len() > CONSOLE_MESSAGE_BYTES {
            let (size, most) = (content.len(), CONSOLE_MESSAGE_BYTES);
            return Err(ConsoleError::Refused(format!("a message of {size} bytes; at most {most} fit")));
        }
        let id = number(&at.id)?;
        let rev: Option<i64> = sqlx::query_scalar(EDIT)
            .bind(id)
            .bind(at.channel.as_str())
            .bind(content)
            .bind(mentions(message))
            .bind(self.now().as_millisecond())
            .fetch_optional(&self.storage.write)
            .await?;
        if let Some(rev) = rev {
            self.changed(rev);
            return Ok(());
        }
        // Either it says that already, or it is not there.
        let there: Option<i64> = sqlx::query_scalar("SELECT id FROM messages WHERE id = ?1 AND channel = ?2")
            .bind(id)
            .bind(at.channel.as_str())
            .fetch_optional(&self.storage.read)
            .await?;
        there.map(|_| ()).ok_or_else(|| gone(&at.id))
    }
}

#[async_trait]
impl Platform for ConsolePlatform {
    fn name(&self) -> &PlatformName {
        &self.name
    }

    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        let content = Content::Message(post.message.clone());
        let new = New {
            key: &post.key,
            channel: &post.channel,
            thread: post.thread.as_ref().map(|t| t.id.as_str()),
            author: None,
            only_for: post.only_for.as_ref(),
            content: &content,
        };
        Ok(self.store(&new).await?)
    }

    async fn edit(&self, at: &MessageRef, message: &Message) -> Result<(), ChatError> {
        Ok(self.replace(at, message).await?)
    }

    async fn find(
        &self,
        channel: &ChannelName,
        _thread: Option<&MessageRef>,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        let id: Option<i64> = sqlx::query_scalar("SELECT id FROM messages WHERE key = ?1 AND channel = ?2")
            .bind(key)
            .bind(channel.as_str())
            .fetch_optional(&self.storage.read)
            .await
            .map_err(ConsoleError::from)?;
        Ok(id.map(|id| MessageRef { channel: channel.clone(), id: id.to_string() }))
    }

    /// Channels are there as soon as somebody speaks in them.
    async fn make_room(&self, room: &NewRoom, _doubt: bool) -> Result<MadeRoom, ChatError> {
        let name = room.names.first().map(|name| ChannelName::new(name));
        let name = name.ok_or_else(|| ChatError::Refused("it has no name".into()))?;
        Ok(MadeRoom { channel: name.clone(), name })
    }

    async fn spoken(&self, at: &MessageRef) -> Result<Option<Spoken>, ChatError> {
        // Private messages are nobody else's to quote.
        let nobody = PersonId::new("");
        let entry = match self.entry(&nobody, &at.id).await {
            Ok(entry) => entry,
            Err(ConsoleError::Gone(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let text = match &entry.content {
            Content::Typed(text) => text.clone(),
            Content::Message(message) => {
                render_text(&message.title, &Reader { zone: TimeZone::UTC, names: BTreeMap::new() })
            }
        };
        let account = entry.from.map_or_else(|| "signalbox".to_owned(), |from| from.to_string());
        Ok(Some(Spoken { name: account.clone(), account, text, at: entry.created, link: None, thread: entry.thread }))
    }
}
