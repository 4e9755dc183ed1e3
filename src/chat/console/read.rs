//! What a person sees: channels, threads, what changed, what is unread.

use super::ConsolePlatform;
use super::entry::{Content, Entry, Reaction};
use super::error::ConsoleError;
use super::words::check_name;
use crate::domain::ids::{ChannelName, PersonId};
use crate::domain::message::{Message, Tone};
use crate::domain::time::from_millis;
use crate::limits::{CONSOLE_PAGE, CONSOLE_STREAM_BATCH};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;

/// Part of a channel, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page {
    pub messages: Vec<Entry>,
    /// Older ones exist.
    pub more: bool,
}

/// What a person has not read in a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// Messages outside threads, by others.
    pub messages: u32,
    /// Messages that notify this person, in threads too.
    pub mentions: u32,
}

/// `?1` is always the person who looks.
macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.rev, m.channel, m.thread, m.author, m.only_for, m.content, m.created, m.edited, ",
            "(SELECT json_group_array(json_array(r.emoji, r.person)) FROM ",
            "  (SELECT emoji, person FROM reactions WHERE message = m.id ORDER BY at, rowid) r) AS reactions, ",
            "(SELECT COUNT(*) FROM messages t WHERE t.thread = m.id AND (t.only_for IS NULL OR t.only_for = ?1)) AS replies, ",
            "(SELECT MAX(t.created) FROM messages t WHERE t.thread = m.id AND (t.only_for IS NULL OR t.only_for = ?1)) ",
            "  AS last_reply ",
            "FROM messages m WHERE (m.only_for IS NULL OR m.only_for = ?1) AND ",
            $rest
        )
    };
}

const CHANNEL: &str = entries!("m.channel = ?2 AND m.thread IS NULL AND m.id < ?3 ORDER BY m.id DESC LIMIT ?4");
const THREAD: &str = entries!("m.channel = ?2 AND m.thread = ?3 ORDER BY m.id");
const ONE: &str = entries!("m.id = ?2");
const CHANGES: &str = entries!("m.rev > ?2 ORDER BY m.rev LIMIT ?3");
const ANSWERS: &str = entries!("m.key >= ?2 AND m.key < ?3 ORDER BY m.id");

const UNREAD: &str = "
SELECT m.channel, SUM(m.thread IS NULL) AS messages, SUM(instr(m.mentions, ?2) > 0) AS mentions
FROM messages m LEFT JOIN reads r ON r.person = ?1 AND r.channel = m.channel
WHERE m.id > COALESCE(r.upto, 0) AND (m.author IS NULL OR m.author <> ?1) AND (m.only_for IS NULL OR m.only_for = ?1)
GROUP BY m.channel";

const MARK_READ: &str = "
INSERT INTO reads (person, channel, upto) VALUES (?1, ?2, ?3)
ON CONFLICT (person, channel) DO UPDATE SET upto = MAX(upto, excluded.upto)";

impl ConsolePlatform {
    /// The newest messages of a channel outside threads, at most `limit` and [`CONSOLE_PAGE`], before a message if one is
    /// named.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn channel(
        &self,
        viewer: &PersonId,
        channel: &ChannelName,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Page, ConsoleError> {
        let before = before.map_or(Ok(i64::MAX), number)?;
        let limit = limit.clamp(1, CONSOLE_PAGE);
        let rows = sqlx::query(CHANNEL)
            .bind(viewer.as_str())
            .bind(channel.as_str())
            .bind(before)
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.storage.read)
            .await?;
        let more = rows.len() > limit as usize;
        let mut messages = rows.iter().take(limit as usize).map(entry).collect::<Result<Vec<_>, _>>()?;
        messages.reverse();
        Ok(Page { messages, more })
    }

    /// Everything said in a thread, oldest first, without the message it hangs on.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn thread(&self, viewer: &PersonId, channel: &ChannelName, id: &str) -> Result<Vec<Entry>, ConsoleError> {
        let rows = sqlx::query(THREAD)
            .bind(viewer.as_str())
            .bind(channel.as_str())
            .bind(number(id)?)
            .fetch_all(&self.storage.read)
            .await?;
        Ok(rows.iter().map(entry).collect::<Result<_, _>>()?)
    }

    /// One message.
    ///
    /// # Errors
    /// [`ConsoleError::Gone`] when it does not exist or is not for this person.
    pub async fn entry(&self, viewer: &PersonId, id: &str) -> Result<Entry, ConsoleError> {
        let row = sqlx::query(ONE).bind(viewer.as_str()).bind(number(id)?).fetch_optional(&self.storage.read).await?;
        match row {
            Some(row) => Ok(entry(&row)?),
            None => Err(gone(id)),
        }
    }

    /// What changed after a revision, in the order of the changes, at most [`CONSOLE_STREAM_BATCH`].
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn changes(&self, viewer: &PersonId, since: i64) -> Result<Vec<Entry>, ConsoleError> {
        let rows = sqlx::query(CHANGES)
            .bind(viewer.as_str())
            .bind(since)
            .bind(i64::from(CONSOLE_STREAM_BATCH))
            .fetch_all(&self.storage.read)
            .await?;
        Ok(rows.iter().map(entry).collect::<Result<_, _>>()?)
    }

    /// What signalbox answered to one act, privately.
    pub(super) async fn answers(&self, viewer: &PersonId, envelope: &str) -> Result<Vec<Entry>, ConsoleError> {
        // `0` is the character after `/`, so this is the range of keys that begin with the envelope's.
        let rows = sqlx::query(ANSWERS)
            .bind(viewer.as_str())
            .bind(format!("answer/{envelope}/"))
            .bind(format!("answer/{envelope}0"))
            .fetch_all(&self.storage.read)
            .await?;
        Ok(rows.iter().map(entry).collect::<Result<_, _>>()?)
    }

    /// Channels in which anything was ever said.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn channels(&self) -> Result<Vec<ChannelName>, ConsoleError> {
        let names: Vec<String> = sqlx::query_scalar("SELECT DISTINCT channel FROM messages ORDER BY channel")
            .fetch_all(&self.storage.read)
            .await?;
        Ok(names.iter().map(|n| ChannelName::new(n)).collect())
    }

    /// Per channel with anything unread.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn unread(&self, person: &PersonId) -> Result<BTreeMap<ChannelName, Unread>, ConsoleError> {
        let rows =
            sqlx::query(UNREAD).bind(person.as_str()).bind(format!(" {person} ")).fetch_all(&self.storage.read).await?;
        let count = |row: &SqliteRow, name: &str| -> Result<u32, sqlx::Error> {
            Ok(u32::try_from(row.try_get::<i64, _>(name)?).unwrap_or(u32::MAX))
        };
        let mut unread = BTreeMap::new();
        for row in &rows {
            let found = Unread { messages: count(row, "messages")?, mentions: count(row, "mentions")? };
            if found != Unread::default() {
                unread.insert(ChannelName::new(row.try_get("channel")?), found);
            }
        }
        Ok(unread)
    }

    /// This person has read a channel up to a message; never moves back.
    ///
    /// # Errors
    /// When the id is none or the storage fails.
    pub async fn mark_read(&self, person: &PersonId, channel: &ChannelName, upto: &str) -> Result<(), ConsoleError> {
        check_name("person", person.as_str())?;
        check_name("channel", channel.as_str())?;
        sqlx::query(MARK_READ)
            .bind(person.as_str())
            .bind(channel.as_str())
            .bind(number(upto)?)
            .execute(&self.storage.write)
            .await?;
        Ok(())
    }

    /// The revision of the latest change.
    #[must_use]
    pub fn latest(&self) -> i64 {
        *self.latest.borrow()
    }
}

/// A message's id as the file keeps it.
pub(super) fn number(id: &str) -> Result<i64, ConsoleError> {
    let digits = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| id.parse().ok()).flatten().ok_or_else(|| gone(&id.chars().take(20).collect::<String>()))
}

pub(super) fn gone(id: &str) -> ConsoleError {
    ConsoleError::Gone(format!("There is no message {id} here."))
}

fn entry(row: &SqliteRow) -> Result<Entry, sqlx::Error> {
    let id: i64 = row.try_get("id")?;
    let person = |name: Option<String>| name.map(|n| PersonId::new(&n));
    let content: String = row.try_get("content")?;
    // A channel stays readable when one of its rows does not.
    let content = serde_json::from_str(&content).unwrap_or_else(|error| {
        tracing::warn!(message_id = id, %error, "console.message.unreadable: message {id} is kept but cannot be shown");
        Content::Message(Message::line(Tone::Warning, format!("Message {id} cannot be read; it is kept as it is.")))
    });
    Ok(Entry {
        id: id.to_string(),
        rev: row.try_get("rev")?,
        channel: ChannelName::new(row.try_get("channel")?),
        thread: row.try_get::<Option<i64>, _>("thread")?.map(|t| t.to_string()),
        from: person(row.try_get("author")?),
        only_for: person(row.try_get("only_for")?),
        content,
        created: from_millis(row.try_get("created")?),
        edited: row.try_get::<Option<i64>, _>("edited")?.map(from_millis),
        reactions: reactions(row.try_get("reactions")?),
        replies: u32::try_from(row.try_get::<i64, _>("replies")?).unwrap_or(u32::MAX),
        last_reply: row.try_get::<Option<i64>, _>("last_reply")?.map(from_millis),
    })
}

/// `[["✅","sara"],["👀","omar"],["✅","omar"]]` by emoji.
fn reactions(json: &str) -> Vec<Reaction> {
    let pairs: Vec<(String, PersonId)> = serde_json::from_str(json).unwrap_or_default();
    let mut out: Vec<Reaction> = Vec::new();
    for (emoji, person) in pairs {
        match out.iter_mut().find(|r| r.emoji == emoji) {
            Some(reaction) => reaction.people.push(person),
            None => out.push(Reaction { emoji, people: vec![person] }),
        }
    }
    out
}
